//! Which trial is next: workloads take turns round by round, and each ends when it is answered.
//!
//! What comes next follows from the plan and the trials that are over, with their times, and from nothing else: so a run
//! that was broken off goes on as if it had not been, and the order of a run can be found again from its results.

use std::collections::VecDeque;
use std::time::Duration;

use crate::plan::{CHECKED_EVERY, Entry, Plan, round_order};
use crate::results::{Ended, Kind, Looks, Results, SatOut, Trial};
use crate::stats::{self, FAMILY_ERROR, LOOKS};
use crate::verdict::{self, SPAN};

/// What a unit takes at least (methodology, rule 12): spells in which a machine is slower last about a second, and hit whole rounds.
const UNIT: Duration = Duration::from_millis(500);
/// Units before which no configuration sits out.
const UNITS_BEFORE_SITTING_OUT: u32 = 20;
/// A configuration sits out where it is slower than the pick by more than so many margins.
const MARGINS_BEHIND: f64 = 3.0;
/// Looks pay where a budget allows so many units. With fewer, the whole error is spent at one look, which then bounds prices
/// by ranks that are not the largest.
const UNITS_FOR_LOOKS: usize = LOOKS[2];

/// A budget may be overrun by this factor where only then the span is covered, or a look allows a pick.
pub const OVERRUN: f64 = 1.5;

/// How many more profiling trials a configuration gets whose split is not settled, and how often at most.
const PROFILED_AGAIN: u32 = 2;
const MOST_ADDED: u32 = 2;

/// One trial that is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduledTrial {
    /// The configuration.
    pub configuration: usize,
    /// The round.
    pub round: u32,
    /// What it is run for.
    pub kind: Kind,
    /// Whether it is the other run of a checked configuration.
    pub duplicate: bool,
}

/// The state of a run between two trials.
#[derive(Debug, Default)]
pub(super) struct Turns {
    round: u32,
    /// The workload whose round is run or was run last.
    workload: usize,
    started: bool,
    /// What is left of its round.
    entries: VecDeque<Entry>,
    /// What follows all rounds: profiling and memory trials.
    apart: Option<VecDeque<ScheduledTrial>>,
    /// How often more of them were added.
    added: u32,
    /// Workloads whose looks changed since they were last taken, with how many trials were over then.
    changed: Vec<(usize, usize)>,
}

impl Turns {
    /// The next trial, after everything in `results`; nothing where all are over. Writes into the results which looks are over
    /// and who sits out.
    pub fn next(&mut self, plan: &Plan, results: &mut Results) -> Option<ScheduledTrial> {
        while self.apart.is_none() {
            if let Some(entry) = self.entries.pop_front() {
                let Entry { configuration, duplicate } = entry;
                return Some(ScheduledTrial { configuration, round: self.round, kind: Kind::Timed, duplicate });
            }
            if self.started {
                self.after_round(plan, results);
            }
            self.advance(plan, results);
        }
        if self.apart.as_ref().is_some_and(VecDeque::is_empty) && self.added < MOST_ADDED {
            self.added += 1;
            self.apart = Some(profiled_again(plan, results).collect());
        }
        self.apart.as_mut()?.pop_front()
    }

    /// Workloads whose looks changed since the last call, each with the number of trials before.
    pub fn take_changes(&mut self) -> Vec<(usize, usize)> {
        std::mem::take(&mut self.changed)
    }

    /// About how many trials are still to come behind the last that was given, where every workload uses its budget up.
    pub fn at_most(&self, plan: &Plan, results: &Results) -> usize {
        let left = |id: usize| -> usize {
            let workload = &plan.workloads[id];
            // What is left of the round that has begun is counted below.
            let begun = self.started && self.apart.is_none() && id == self.workload;
            let done = if begun { self.round + 1 } else { rounds_of(results, id) };
            let looks = &results.workloads[id].looks;
            if looks.ended.is_some() {
                return 0;
            }
            let once = workload.configurations.len() - looks.sat_out.len().min(workload.configurations.len());
            let twice = workload.configurations.iter().filter(|id| plan.configurations[**id].checked).count();
            let rounds = match plan.rounds {
                Some(rounds) => rounds,
                None => {
                    let spent = spent(results, id).as_secs_f64();
                    let whole = plan.budget.as_secs_f64() * f64::from(done.max(1)) / spent.max(1e-3);
                    let last = looks.planned.last().map_or(u32::MAX, |units| looks.rounds_of(*units));
                    // Before the first round nobody knows how long one takes.
                    if done == 0 { LOOKS[2] as u32 } else { (whole.ceil() as u32).min(last) }
                }
            };
            let left = rounds.saturating_sub(done) as usize;
            left * once + left.div_ceil(doubled_every(plan) as usize) * twice
        };
        let apart = match &self.apart {
            Some(left) => left.len(),
            None => apart(plan).count(),
        };
        (0..plan.workloads.len()).map(left).sum::<usize>() + self.entries.len() + apart
    }

    /// Goes to the next workload that has not ended, in this round or the next.
    fn advance(&mut self, plan: &Plan, results: &mut Results) {
        let first = if self.started { self.workload + 1 } else { 0 };
        self.started = true;
        let open = |results: &Results, id: usize| results.workloads[id].looks.ended.is_none();
        if let Some(next) = (first..plan.workloads.len()).find(|id| open(results, *id)) {
            self.begin(plan, results, next);
            return;
        }
        if self.round == 0 {
            self.set_units(plan, results);
        }
        match (0..plan.workloads.len()).find(|id| open(results, *id)) {
            Some(next) => {
                self.round += 1;
                self.begin(plan, results, next);
            }
            None => self.apart = Some(apart(plan).collect()),
        }
    }

    fn begin(&mut self, plan: &Plan, results: &mut Results, workload: usize) {
        self.lengthen_units(plan, results, workload);
        let looks = &results.workloads[workload].looks;
        let gone = &looks.sat_out;
        let every = doubled_every(plan);
        // Where so few looks are planned that the A/A check can show nothing, nothing runs twice for it.
        let planned: Vec<usize> = looks.planned.iter().map(|units| doubled(looks, *units, every)).collect();
        let checked = self.round.is_multiple_of(every)
            && (planned.is_empty() || stats::look_ranks(verdict::CHECK_ERROR, &planned).iter().any(Option::is_some));
        let runs = |entry: &Entry| {
            gone.iter().all(|gone| gone.configuration != entry.configuration) && (checked || !entry.duplicate)
        };
        self.workload = workload;
        self.entries = round_order(plan, workload, self.round).into_iter().filter(runs).collect();
    }

    /// Where rounds have become shorter, since other workloads have ended or configurations sit out, more of them make a unit.
    fn lengthen_units(&mut self, plan: &Plan, results: &mut Results, workload: usize) {
        let looks = &results.workloads[workload].looks;
        let begins = looks.begins_at(self.round);
        let Some((_, now)) = looks.units.last().copied().filter(|_| begins && plan.rounds.is_none()) else { return };
        let is_open = |id: &usize| results.workloads[*id].looks.ended.is_none();
        let fewer = !(0..plan.workloads.len()).all(|id| is_open(&id)) || !looks.sat_out.is_empty();
        if !fewer {
            return;
        }
        let open = (0..plan.workloads.len()).filter(is_open);
        let needed = odd_rounds(open.map(|id| last_round(results, id, doubled_every(plan))).sum());
        if needed > now {
            results.workloads[workload].looks.units.push((self.round, needed));
            self.changed(results, workload);
        }
    }

    fn changed(&mut self, results: &Results, workload: usize) {
        self.changed.push((workload, results.trials.len()));
    }

    /// After the first round of all workloads: how many rounds make a unit, and when is looked.
    fn set_units(&mut self, plan: &Plan, results: &mut Results) {
        let every = doubled_every(plan);
        let all = || 0..plan.workloads.len();
        let rounds = odd_rounds(all().map(|id| last_round(results, id, every)).sum());
        let unit = all().map(|id| cost_of_round(results, id, every)).sum::<f64>() * f64::from(rounds);
        for id in all() {
            let k = plan.workloads[id].configurations.len();
            let looks = &mut results.workloads[id].looks;
            match plan.rounds {
                Some(all) => {
                    // Few rounds that were asked for are used, with units as long as they allow.
                    let most = (all / fewest_units(k) as u32).max(1);
                    let rounds = rounds.min(most - (most + 1) % 2);
                    looks.units = vec![(0, rounds)];
                    looks.planned = vec![(all / rounds).max(1)];
                }
                None => {
                    looks.units = vec![(0, rounds)];
                    let cost = cost_of_round(results, id, every) * f64::from(rounds);
                    results.workloads[id].looks.planned = planned(plan.budget.as_secs_f64(), cost, unit, k);
                }
            }
            self.changed(results, id);
            // A single round may be all that was asked for.
            self.look(plan, results, id, 1);
        }
    }

    fn after_round(&mut self, plan: &Plan, results: &mut Results) {
        if !results.workloads[self.workload].looks.planned.is_empty() {
            self.look(plan, results, self.workload, self.round + 1);
        }
    }

    /// Whether a look is due after so many rounds of a workload, and what follows from it.
    fn look(&mut self, plan: &Plan, results: &mut Results, id: usize, rounds: u32) {
        self.leave_out(plan, results, id, rounds);
        self.postpone(plan, results, id, rounds);
        let looks = &mut results.workloads[id].looks;
        let units = looks.units_in(rounds);
        let due = looks.planned.iter().take_while(|planned| **planned <= units).count() as u32;
        let is_look = due > looks.completed;
        looks.completed = looks.completed.max(due);
        let all = looks.completed as usize == looks.planned.len();
        let ended = match plan.rounds {
            Some(planned) => (rounds >= planned).then_some(Ended::Rounds),
            None if is_look => self.after_look(plan, results, id, rounds).or(all.then_some(Ended::LastLook)),
            None => None,
        };
        let ended = ended.or_else(|| self.spent(plan, results, id));
        results.workloads[id].looks.ended = ended;
        if is_look || ended.is_some() {
            self.changed(results, id);
        }
    }

    /// Leaves the unit that ends with these rounds out, if it was noisy: another follows in its place. After half as many as the next
    /// look counts, every unit counts as it comes. What is decided here is never taken back.
    fn leave_out(&mut self, plan: &Plan, results: &mut Results, id: usize, rounds: u32) {
        let looks = &results.workloads[id].looks;
        let Some(unit) = looks.whole(rounds).last().copied().filter(|(first, size)| first + size == rounds) else {
            return;
        };
        let next = looks.planned.get(looks.completed as usize).copied().unwrap_or(0);
        let may = plan.rounds.is_none() && looks.noisy.len() < next.div_ceil(2) as usize;
        if may && verdict::is_noisy(results, id, unit) {
            results.workloads[id].looks.noisy.push(unit.0);
            self.changed(results, id);
        }
    }

    /// Where the one look of a workload would come before its rounds cover the span, since rounds have become shorter, it comes a unit
    /// later. Times of rounds decide that, and nothing that is compared.
    fn postpone(&mut self, plan: &Plan, results: &mut Results, id: usize, rounds: u32) {
        let looks = &results.workloads[id].looks;
        let units = looks.units_in(rounds);
        let is_due =
            plan.rounds.is_none() && looks.completed == 0 && looks.planned.len() == 1 && looks.planned[0] <= units;
        let at = |trial: Option<&Trial>| Duration::from_millis(trial.map_or(0, |trial| trial.at));
        let covered = at(timed(results, Some(id)).next_back()).saturating_sub(at(timed(results, Some(id)).next()));
        // What it costs to cover the span, at what covering so much of it has cost: a budget is overrun for an answer only.
        let needed = spent(results, id).as_secs_f64() * SPAN.as_secs_f64() / covered.as_secs_f64().max(1e-3);
        if is_due && covered < SPAN && needed < OVERRUN * plan.budget.as_secs_f64() {
            results.workloads[id].looks.planned = vec![units + 1];
            self.changed(results, id);
        }
    }

    /// Judges a workload at a look: it may be answered, and configurations may sit out.
    fn after_look(&self, plan: &Plan, results: &mut Results, id: usize, rounds: u32) -> Option<Ended> {
        if verdict::span(results, id) < SPAN {
            return None;
        }
        if verdict::is_answered(results, id) {
            return Some(Ended::Answered);
        }
        if results.workloads[id].looks.counted() >= UNITS_BEFORE_SITTING_OUT {
            let by = MARGINS_BEHIND * plan.margin.ln_1p();
            for configuration in verdict::far_behind(results, id, by) {
                results.workloads[id].looks.sat_out.push(SatOut { configuration, from: rounds });
            }
        }
        None
    }

    /// Whether the budget of a workload is spent, or will not reach to its next look. One look is made whatever it takes.
    fn spent(&self, plan: &Plan, results: &Results, id: usize) -> Option<Ended> {
        let looks = &results.workloads[id].looks;
        if plan.rounds.is_some() || looks.planned.len() < 2 {
            return None;
        }
        let spent = spent(results, id).as_secs_f64();
        let budget = plan.budget.as_secs_f64();
        let next = looks.planned.get(looks.completed as usize).map_or(0, |units| looks.rounds_of(*units));
        let to_come = f64::from(next.saturating_sub(self.round + 1)) * cost_of_round(results, id, doubled_every(plan));
        // Rounds that became longer than the first one may not reach a look: a little more is better than no pick at all.
        if !can_pick(looks, plan.workloads[id].configurations.len()) && spent < OVERRUN * budget {
            return None;
        }
        // Before anything can be decided the budget alone ends a run: an estimate may be wrong.
        let short = looks.completed > 0 && verdict::span(results, id) >= SPAN && spent + to_come > budget * 1.1;
        (spent >= budget || short).then_some(Ended::Budget)
    }
}

/// After how many units is looked, where a unit costs the workload so many seconds of its budget and takes so many of the run.
/// Where no look within the budget covers the span, there is one: after as many units as the budget allows, or a few more
/// where those cover the span, but after no fewer than a pick of `k` configurations takes.
fn planned(budget: f64, cost: f64, unit: f64, k: usize) -> Vec<u32> {
    let affordable = (budget / cost.max(1e-6)).floor();
    let covering = (SPAN.as_secs_f64() / unit.max(1e-6)).ceil() + 1.0;
    let is_usable = |units: &usize| (covering..=affordable).contains(&(*units as f64));
    if LOOKS.iter().filter(|units| **units >= UNITS_FOR_LOOKS).any(is_usable) {
        return LOOKS.map(|units| units as u32).to_vec();
    }
    // A little over the budget is better than no pick at all.
    let reaching = if covering <= OVERRUN * affordable { covering } else { 0.0 };
    let wanted = affordable.max(reaching).max(fewest_units(k) as f64);
    vec![wanted.min(f64::from(u16::MAX)) as u32]
}

/// Profiling and memory trials, which follow the rounds.
fn apart(plan: &Plan) -> impl Iterator<Item = ScheduledTrial> + '_ {
    [(Kind::Profiling, plan.profiling), (Kind::Memory, plan.memory)].into_iter().flat_map(move |(kind, rounds)| {
        let of = move |id| if kind == Kind::Memory { plan.memory_of(id) } else { plan.profiling_of(id) };
        (0..rounds).flat_map(move |round| {
            let all = (0..plan.configurations.len()).filter(move |id| round < of(*id));
            all.map(move |configuration| ScheduledTrial { configuration, round, kind, duplicate: false })
        })
    })
}

/// More profiling trials of configurations whose split says that items gained what noise alone gives: too few trials saw too much of
/// what disturbs a machine. Where the number of rounds is given, that of these trials is too.
fn profiled_again(plan: &Plan, results: &Results) -> impl Iterator<Item = ScheduledTrial> {
    let unsettled =
        if plan.profiling > 0 && plan.rounds.is_none() { verdict::unsettled_breakdowns(results) } else { Vec::new() };
    let trials = |configuration: usize| {
        let of_it = |trial: &&Trial| trial.configuration == configuration && trial.kind == Kind::Profiling;
        let made = results.trials.iter().filter(of_it).count() as u32;
        (made..made + PROFILED_AGAIN).map(move |round| (configuration, round))
    };
    let all: Vec<(usize, u32)> = unsettled.into_iter().flat_map(trials).collect();
    all.into_iter().map(|(configuration, round)| ScheduledTrial {
        configuration,
        round,
        kind: Kind::Profiling,
        duplicate: false,
    })
}

/// Whether the looks that are over allow a pick among `k` configurations.
fn can_pick(looks: &Looks, k: usize) -> bool {
    let planned: Vec<usize> = looks.planned.iter().map(|units| *units as usize).collect();
    let ranks = stats::look_ranks(FAMILY_ERROR / (k.max(2) - 1) as f64, &planned);
    ranks[..(looks.completed as usize).min(ranks.len())].iter().any(Option::is_some)
}

/// The fewest units with which both a configuration among `k` can be bounded and an expectation be judged.
fn fewest_units(k: usize) -> usize {
    let errors = [FAMILY_ERROR / (k.max(2) - 1) as f64, verdict::EXPECTATION_ERROR];
    let enough = |units: &usize| errors.iter().all(|error| stats::look_ranks(*error, &[*units])[0].is_some());
    (1..64).find(enough).unwrap_or(64)
}

/// The odd number of rounds that take a unit's time together.
fn odd_rounds(round: Duration) -> u32 {
    let rounds = (UNIT.as_secs_f64() / round.as_secs_f64().max(1e-6)).ceil().clamp(1.0, 10_000.0) as u32;
    rounds + (rounds + 1) % 2
}

/// Timed trials, those of one workload or all.
fn timed(results: &Results, workload: Option<usize>) -> impl DoubleEndedIterator<Item = &Trial> {
    let of = move |trial: &&Trial| workload.is_none_or(|id| results.configurations[trial.configuration].workload == id);
    results.trials.iter().filter(|trial| trial.kind == Kind::Timed).filter(of)
}

fn rounds_of(results: &Results, workload: usize) -> u32 {
    timed(results, Some(workload)).next_back().map_or(0, |trial| trial.round + 1)
}

/// The most rounds that any workload ran.
pub(super) fn most_rounds(results: &Results) -> u32 {
    timed(results, None).map(|trial| trial.round + 1).max().unwrap_or(0)
}

/// In one round of how many the second runs of the A/A check are.
fn doubled_every(plan: &Plan) -> u32 {
    if plan.rounds.is_some() { 1 } else { CHECKED_EVERY }
}

/// How many of the first units have a round with second runs.
fn doubled(looks: &Looks, units: u32, every: u32) -> usize {
    let has = |(first, size): &(u32, u32)| first.next_multiple_of(every) < first + size;
    looks.spans(units).iter().filter(|span| has(span)).count()
}

/// What the trials of a workload's last round took, with starting and ending them; but for second runs, where not every round
/// has such.
fn last_round(results: &Results, workload: usize, every: u32) -> Duration {
    let last = timed(results, Some(workload)).next_back().map(|trial| trial.round);
    let of_it = timed(results, Some(workload)).rev().take_while(|trial| Some(trial.round) == last);
    Duration::from_millis(of_it.filter(|trial| every == 1 || !trial.duplicate).map(|trial| trial.took).sum())
}

/// Seconds that a round of a workload takes on average, with second runs in one round of so many.
fn cost_of_round(results: &Results, workload: usize, every: u32) -> f64 {
    let own = last_round(results, workload, every).as_secs_f64();
    if every == 1 {
        return own;
    }
    let second = || timed(results, Some(workload)).rev().filter(|trial| trial.duplicate);
    let last = second().next().map(|trial| trial.round);
    let second: u64 = second().take_while(|trial| Some(trial.round) == last).map(|trial| trial.took).sum();
    own + Duration::from_millis(second).as_secs_f64() / f64::from(every)
}

/// What all rounds of a workload took that count: a budget buys quiet ones.
fn spent(results: &Results, workload: usize) -> Duration {
    let left_out = results.workloads[workload].looks.left_out();
    let counts = |trial: &&Trial| !left_out.iter().any(|rounds| rounds.contains(&trial.round));
    Duration::from_millis(timed(results, Some(workload)).filter(counts).map(|trial| trial.took).sum())
}

/// Whether a journal's looks are those that its trials lead to. Before any is over, they may be planned anew for another
/// budget.
pub(super) fn same_looks(kept: &[(usize, usize, Looks)], led_to: &[(usize, usize, Looks)], other_budget: bool) -> bool {
    let planned_anew = |kept: &Looks, led_to: &Looks| {
        other_budget && kept.completed == 0 && *kept == Looks { planned: kept.planned.clone(), ..led_to.clone() }
    };
    let same = |((after, workload, kept), led_to): (&(usize, usize, Looks), &(usize, usize, Looks))| {
        (*after, *workload) == (led_to.0, led_to.1) && (*kept == led_to.2 || planned_anew(kept, &led_to.2))
    };
    kept.len() <= led_to.len() && kept.iter().zip(led_to).all(same)
}

#[cfg(test)]
mod tests;
