//! Turns over made-up trials: nothing is run, and the only clock is what trials say that they took.

use std::time::Duration;

use super::*;
use crate::engine::{blank, blank_trial};
use crate::plan::of_text;
use crate::results::{Machine, Phase};

const HEAD: &str = "version: 1\nname: a\nmodels: [serial, threads]\nworkers: 2\n";
const ONE: &str = "tasks: [{kind: primes, items: 64}]\n";
const TWO: &str = "tasks: [{kind: primes, items: 64}, {kind: hash, items: 64}]\n";

fn planned(rest: &str) -> Plan {
    of_text(&format!("{HEAD}{rest}"))
}

/// What a trial takes, and how long its work took, in milliseconds.
type Times = dyn Fn(ScheduledTrial) -> (u64, f64);

struct Run {
    plan: Plan,
    results: Results,
    /// The looks of every workload after so many trials, as they changed.
    changes: Vec<(usize, usize, Looks)>,
}

fn trial(results: &Results, next: ScheduledTrial, (took, work): (u64, f64)) -> Trial {
    let ScheduledTrial { configuration, round, kind, duplicate } = next;
    let at = results.trials.last().map_or(0, |last| last.at + last.took);
    let measured = (work * 1e6) as u64;
    let mut phases: [Phase; 3] = Default::default();
    phases[1].wall = measured;
    let order = results.trials.len() as u32;
    Trial { configuration, round, kind, duplicate, order, at, took, measured, phases, done: 64, ..blank_trial() }
}

fn run(plan: Plan, times: &Times) -> Run {
    let mut results = blank(&plan, Machine::default(), String::new());
    let (mut turns, mut changes) = (Turns::default(), Vec::new());
    loop {
        let next = turns.next(&plan, &mut results);
        for (workload, after) in turns.take_changes() {
            assert_eq!(after, results.trials.len());
            changes.push((after, workload, results.workloads[workload].looks.clone()));
        }
        let Some(next) = next else { return Run { plan, results, changes } };
        let made = trial(&results, next, times(next));
        results.trials.push(made);
        assert!(results.trials.len() < 20_000, "it never ends");
    }
}

impl Run {
    fn looks(&self, workload: usize) -> &Looks {
        &self.results.workloads[workload].looks
    }

    fn timed(&self) -> Vec<&Trial> {
        self.results.trials.iter().filter(|trial| trial.kind == Kind::Timed).collect()
    }

    fn workload_of(&self, trial: &Trial) -> usize {
        self.results.configurations[trial.configuration].workload
    }

    fn rounds(&self, workload: usize) -> u32 {
        rounds_of(&self.results, workload)
    }
}

/// The same, where others take a whole core during the trials that begin within these milliseconds.
fn run_beside(plan: Plan, times: &Times, busy: impl Fn(u64) -> bool) -> Run {
    let mut results = blank(&plan, Machine { cores: 2, ..Machine::default() }, String::new());
    let (mut turns, mut changes) = (Turns::default(), Vec::new());
    while let Some(next) = turns.next(&plan, &mut results) {
        for (workload, after) in turns.take_changes() {
            changes.push((after, workload, results.workloads[workload].looks.clone()));
        }
        let mut made = trial(&results, next, times(next));
        made.others = if busy(made.at) { made.took as f64 / 1e3 } else { 0.0 };
        results.trials.push(made);
        assert!(results.trials.len() < 20_000, "it never ends");
    }
    Run { plan, results, changes }
}

#[test]
fn another_unit_follows_in_the_place_of_a_noisy_one_and_what_was_left_out_stays_out() {
    let alone = run(planned(ONE), &open);
    let run = run_beside(planned(ONE), &open, |at| (3000..5000).contains(&at));
    let looks = run.looks(0);
    assert!(looks.noisy.len() >= 3, "{looks:?}");
    let left_out = looks.left_out();
    let at = |trial: &Trial| trial.at;
    for trial in run.timed().into_iter().filter(|trial| left_out.iter().any(|rounds| rounds.contains(&trial.round))) {
        assert!((2000..6000).contains(&at(trial)), "{trial:?}");
    }
    // As many units count as without, and the budget does not pay for what was left out.
    assert_eq!((looks.completed, looks.counted()), (alone.looks(0).completed, alone.looks(0).counted()));
    assert!(run.rounds(0) > alone.rounds(0));
    for (before, after) in run.changes.iter().zip(&run.changes[1..]) {
        assert!(after.2.noisy.starts_with(&before.2.noisy), "append-only");
    }
}

#[test]
fn where_all_units_are_noisy_half_as_many_are_left_out_and_the_others_count() {
    let run = run_beside(planned(ONE), &clear, |_| true);
    let looks = run.looks(0);
    let next = looks.planned[looks.completed.saturating_sub(1) as usize];
    assert_eq!(looks.noisy.len() as u32, next.div_ceil(2), "{looks:?}");
    assert!(looks.completed > 0 && looks.ended.is_some());
    let fixed = run_beside(Plan { rounds: Some(12), ..planned(ONE) }, &clear, |_| true);
    assert!(fixed.looks(0).noisy.is_empty(), "a number of rounds that was asked for is run as it is");
}

/// Every trial takes 50 ms, 30 of them for its work; threads are twice as fast.
fn clear(next: ScheduledTrial) -> (u64, f64) {
    (50, if next.configuration.is_multiple_of(2) { 30.0 } else { 15.0 } + 0.01 * f64::from(next.round % 7))
}

/// Nothing is ever decided.
fn open(next: ScheduledTrial) -> (u64, f64) {
    let higher = next.round.is_multiple_of(2) == next.configuration.is_multiple_of(2);
    (50, if higher { 40.0 } else { 30.0 })
}

#[test]
fn workloads_take_turns_round_by_round() {
    let run = run(planned(TWO), &clear);
    let order: Vec<(u32, usize)> = run.timed().iter().map(|trial| (trial.round, run.workload_of(trial))).collect();
    assert!(order.is_sorted(), "rounds rise, and within one the workloads follow each other");
    for round in 0..run.rounds(0) {
        let here = |t: &&Trial, workload| t.round == round && run.workload_of(t) == workload;
        let own = |workload| run.timed().into_iter().filter(|t| here(t, workload)).collect::<Vec<&Trial>>();
        // Two configurations, each with its second run for the A/A check in every third round.
        let doubled = round.is_multiple_of(CHECKED_EVERY);
        let each = if doubled { 4 } else { 2 };
        assert_eq!((own(0).len(), own(1).len()), (each, each), "{round}");
        let mut planned = round_order(&run.plan, 1, round);
        planned.retain(|entry| doubled || !entry.duplicate);
        let found: Vec<Entry> =
            own(1).iter().map(|t| Entry { configuration: t.configuration, duplicate: t.duplicate }).collect();
        assert_eq!(found, planned);
    }
    assert!(run.results.trials.iter().enumerate().all(|(at, trial)| trial.order as usize == at));
    let after = run.results.trials.iter().skip_while(|trial| trial.kind == Kind::Timed);
    let kinds: Vec<Kind> = after.map(|trial| trial.kind).collect();
    assert_eq!(kinds, [[Kind::Profiling; 8].as_slice(), &[Kind::Memory; 4]].concat());
}

#[test]
fn units_are_set_after_the_first_round_and_take_half_a_second() {
    // Four trials of a round take 200 ms, of one workload 100 ms; and second runs, which not every round has.
    for (text, trials, rounds) in [(TWO, 8, 3), (ONE, 4, 5)] {
        let run = run(planned(text), &clear);
        let (after, _, looks) = &run.changes[0];
        assert_eq!((*after, looks.units.as_slice()), (trials, &[(0, rounds)][..]));
        assert_eq!(looks.planned, LOOKS.map(|units| units as u32));
        assert_eq!((looks.completed, looks.ended), (0, None));
    }
    for (took, rounds) in [(1, 251), (10, 25), (249, 3), (250, 1), (900, 1)] {
        let run = run(planned(ONE), &move |next| (took, clear(next).1));
        assert_eq!(run.looks(0).units, [(0, rounds)], "{took} ms");
    }
}

#[test]
fn nothing_ends_before_ten_seconds_lie_between_the_first_and_the_last_round_that_count() {
    for (text, took) in [(ONE, 50), (TWO, 50), (ONE, 7), (TWO, 130), (ONE, 260)] {
        let run = run(planned(text), &move |next| (took, clear(next).1));
        for workload in 0..run.results.workloads.len() {
            let looks = run.looks(workload);
            assert_eq!(looks.ended, Some(Ended::Answered), "{took} ms: {looks:?}");
            assert!(verdict::span(&run.results, workload) >= SPAN);
            // It was over at the first look behind that.
            let mut before = run.results.clone();
            before.workloads[workload].looks.completed -= 1;
            assert!(verdict::span(&before, workload) < SPAN, "{took} ms: {looks:?}");
            // No round was run that does not count.
            assert_eq!(run.rounds(workload), looks.rounds_of(looks.counted()));
        }
    }
}

#[test]
fn a_budget_ends_what_is_not_answered() {
    for (text, seconds) in [(ONE, 20), (TWO, 20), (ONE, 14), (ONE, 60)] {
        let run = run(planned(&format!("{text}budget: {seconds} s\n")), &open);
        for workload in 0..run.results.workloads.len() {
            let looks = run.looks(workload);
            assert_eq!(looks.ended, Some(Ended::Budget), "{looks:?}");
            assert!(looks.completed >= 1 && (looks.completed as usize) < LOOKS.len());
            let spent = spent(&run.results, workload).as_secs_f64();
            assert!(spent <= f64::from(seconds) + 0.2, "{spent} s");
            // The next look was out of reach.
            let next = looks.rounds_of(looks.planned[looks.completed as usize]);
            assert!(f64::from(next) * 0.2 > f64::from(seconds), "{looks:?}");
        }
    }
    // A second is over before the first look.
    let run = run(planned(&format!("{ONE}budget: 1 s\n")), &clear);
    let looks = run.looks(0);
    assert_eq!(looks.planned.len(), 1, "{looks:?}");
}

#[test]
fn a_budget_is_overrun_by_half_where_rounds_became_too_long_for_a_look() {
    // Trials of 50 ms in the first round and of 200 ms behind it: eight units of five rounds take 21 s.
    let slower = |next: ScheduledTrial| (if next.round == 0 { 50 } else { 200 }, clear(next).1);
    let run = run(planned(&format!("{ONE}budget: 16 s\n")), &slower);
    let looks = run.looks(0);
    assert!(looks.completed >= 1 && looks.ended.is_some(), "{looks:?}");
    let spent = spent(&run.results, 0).as_secs_f64();
    assert!((16.0..24.5).contains(&spent), "{spent} s");
}

#[test]
fn where_a_round_takes_long_there_is_one_look_after_as_many_as_it_needs() {
    // Four trials of 3 s: the budget of 20 s ends in the second round.
    let run = run(planned(ONE), &|next| (3000, clear(next).1 * 100.0));
    let looks = run.looks(0);
    // Six rounds judge two configurations and an expectation.
    assert_eq!((looks.planned.as_slice(), looks.units.as_slice(), looks.completed), (&[6][..], &[(0, 1)][..], 1));
    assert_eq!((run.rounds(0), looks.ended), (6, Some(Ended::Answered)));
    // With one look the A/A check has 9 units at least, so that nothing runs for it once that is known.
    let second = |from: u32| run.timed().iter().filter(|trial| trial.duplicate && trial.round >= from).count();
    assert_eq!((second(0), second(1)), (2, 0));
}

#[test]
fn a_fixed_number_of_rounds_has_one_look_at_the_end() {
    for (rounds, took, unit, units) in
        [(15, 200, 1, 15), (15, 50, 1, 15), (30, 50, 3, 10), (18, 50, 3, 6), (1, 50, 1, 1), (100, 10, 7, 14)]
    {
        let run = run(planned(&format!("{TWO}rounds: {rounds}\n")), &move |next| (took, open(next).1));
        for workload in 0..2 {
            let looks = run.looks(workload);
            assert_eq!(
                (looks.units.as_slice(), looks.planned.as_slice()),
                (&[(0, unit)][..], &[units][..]),
                "{rounds}"
            );
            assert_eq!((looks.completed, looks.ended, run.rounds(workload)), (1, Some(Ended::Rounds), rounds));
            assert!(looks.rounds_of(units) <= rounds && looks.sat_out.is_empty());
        }
    }
    // Below nine units the A/A check shows nothing, and nothing runs for it.
    let run = run(planned(&format!("{ONE}rounds: 8\n")), &clear);
    let second = run.timed().iter().filter(|trial| trial.duplicate && trial.round > 0).count();
    assert_eq!((second, run.rounds(0)), (0, 8));
}

#[test]
fn who_is_far_behind_sits_out_after_twenty_units_and_ten_seconds() {
    let text = "version: 1\nname: a\nmodels: [serial, threads, rayon, {kind: processes, ipc: pipe}]\nworkers: 2\n\
                tasks: [{kind: primes, items: 64}]\nbudget: 90 s\n";
    let plan = of_text(text);
    let id = |word: &str| plan.configurations.iter().find(|one| one.config.model.word() == word).unwrap().id;
    let (serial, rayon, processes) = (id("serial"), id("rayon"), id("processes"));
    let run = run(plan, &move |next| {
        let (took, work) = open(next);
        (
            took,
            if next.configuration == processes {
                200.0
            } else if next.configuration == serial {
                900.0
            } else {
                work
            },
        )
    });
    let looks = run.looks(0);
    // Serial is the reference, and the A/A check needs it and the configuration with the most workers.
    let out: Vec<usize> = looks.sat_out.iter().map(|out| out.configuration).collect();
    let expected = if run.results.configurations[processes].checked { vec![] } else { vec![processes] };
    assert_eq!(out, expected, "{looks:?}");
    assert!(!out.contains(&rayon));
    for out in &looks.sat_out {
        assert!(looks.units_in(out.from) >= UNITS_BEFORE_SITTING_OUT);
        let first_without = run.timed().into_iter().find(|trial| trial.round >= out.from).unwrap();
        assert!(Duration::from_millis(first_without.at) >= SPAN, "{out:?}");
        let of_it = run.timed().iter().filter(|t| t.configuration == out.configuration).map(|t| t.round).max();
        assert_eq!(of_it, Some(out.from - 1));
    }
}

#[test]
fn what_comes_next_follows_from_the_trials_alone() {
    let text = format!("{TWO}budget: 12 s\n");
    let first = |next: ScheduledTrial| {
        let (took, work) = if next.configuration < 2 { clear(next) } else { open(next) };
        (took + u64::from(next.round % 5) * 3, work)
    };
    let whole = run(planned(&text), &first);
    let all = &whole.results.trials;
    assert_ne!(whole.looks(0).ended, whole.looks(1).ended, "{:?} {:?}", whole.looks(0), whole.looks(1));
    for cut in 0..=all.len() {
        // As a run that continues goes through what is done.
        let (mut turns, mut again) = (Turns::default(), blank(&whole.plan, Machine::default(), String::new()));
        for done in &all[..cut] {
            turns.next(&whole.plan, &mut again).unwrap();
            again.trials.push(done.clone());
        }
        let next = turns.next(&whole.plan, &mut again);
        let found = next.map(|next| (next.configuration, next.round, next.kind, next.duplicate));
        let expected = all.get(cut).map(|trial| (trial.configuration, trial.round, trial.kind, trial.duplicate));
        assert_eq!(found, expected, "after {cut} trials");
        let led_to: Vec<_> = whole.changes.iter().filter(|(after, ..)| *after <= cut).collect();
        assert_eq!(turns.take_changes().len(), led_to.len(), "after {cut} trials");
        for workload in 0..2 {
            let last = led_to.iter().rfind(|(_, of, _)| *of == workload).map(|(.., looks)| looks.clone());
            assert_eq!(again.workloads[workload].looks, last.unwrap_or_default(), "after {cut} trials");
        }
    }
}

#[test]
fn where_no_look_lies_within_the_budget_there_is_one_that_does() {
    let run = run(planned(&format!("{ONE}budget: 12 s\n")), &open);
    let looks = run.looks(0);
    // 15 units of 0.67 s cover less than ten seconds, and 20 take longer than the budget.
    assert_eq!((looks.planned.as_slice(), looks.completed, looks.ended), (&[18][..], 1, Some(Ended::LastLook)));
    assert!(verdict::span(&run.results, 0) >= SPAN && spent(&run.results, 0) <= Duration::from_secs(12));
}

#[test]
fn what_is_left_of_a_fixed_number_of_rounds_is_known_all_the_time() {
    let plan = planned(&format!("{TWO}rounds: 9\n"));
    let mut results = blank(&plan, Machine::default(), String::new());
    let mut turns = Turns::default();
    let total = 2 * 9 * 4 + 2 * (4 + 2);
    while let Some(next) = turns.next(&plan, &mut results) {
        assert_eq!(results.trials.len() + turns.at_most(&plan, &results), total - 1, "{next:?}");
        let made = trial(&results, next, clear(next));
        results.trials.push(made);
    }
    assert_eq!(results.trials.len(), total);
}

#[test]
fn looks_are_the_same_as_far_as_they_were_written() {
    let looks = |completed| (8, 0, Looks { completed, ..Looks::default() });
    let led_to = [looks(0), looks(1), looks(2)];
    assert!(
        same_looks(&[], &led_to, false)
            && same_looks(&led_to[..2], &led_to, false)
            && same_looks(&led_to, &led_to, false)
    );
    assert!(!same_looks(&[looks(1)], &led_to, true) && !same_looks(&led_to, &led_to[..2], true));
    // For another budget, as long as none is over.
    let planned =
        |completed, planned: &[u32]| (8, 0, Looks { completed, planned: planned.to_vec(), ..Looks::default() });
    let looked = |completed, other| same_looks(&[planned(completed, &[21])], &[planned(completed, &[22])], other);
    assert!(looked(0, true) && !looked(0, false));
    assert!(!looked(1, true));
}
