//! The engine over a host that answers from a table: sizes, order, outcomes, interruption, exactly.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use runner::internal::engine::{self, EngineError, Progress, Run, recorded_counts};
use runner::internal::host::{HostError, Outcome, Purpose, Report, Role, TrialLauncher, TrialSpec};
use runner::internal::plan::{Entry, Options, Plan, plan, round_order};
use runner::internal::scenario::{Source, load};
use runner::internal::setting::{Measure, Model};
use runner::results::{
    Event, EventKind, Finished, Flag, JOURNAL, Journal, Kind, Machine, Memory, MemoryUse, Phase, Results, Trial,
};
use runner::task::Tasks;

use crate::support::{Place, head};

pub type Answer<'a> = dyn FnMut(&TrialSpec) -> Result<Report, HostError> + 'a;

/// A host that starts no process, and a clock that only its trials move.
pub struct Table<'a> {
    pub answer: Box<Answer<'a>>,
    pub asked: Vec<TrialSpec>,
    pub now: Rc<Cell<Duration>>,
    /// How often others are still seen to take half of the machine.
    pub busy: u32,
}

impl<'a> Table<'a> {
    pub fn new(answer: impl FnMut(&TrialSpec) -> Result<Report, HostError> + 'a) -> Self {
        Self { answer: Box::new(answer), asked: Vec::new(), now: Rc::default(), busy: 0 }
    }

    /// The clock, for [`Run::clock`].
    pub fn clock(&self) -> impl Fn() -> Duration + use<> {
        let now = Rc::clone(&self.now);
        move || now.get()
    }
}

/// What it takes to start and end a process.
const AROUND: Duration = Duration::from_millis(30);

impl TrialLauncher for Table<'_> {
    fn run(&mut self, spec: &TrialSpec) -> Result<Report, HostError> {
        self.asked.push(spec.clone());
        let answer = (self.answer)(spec);
        // The right replies are computed again by a run that goes on.
        if let Some(report) = answer.as_ref().ok().filter(|_| spec.role == Role::Trial) {
            let within: u64 = report.measurement.phases.iter().map(|phase| phase.wall).sum();
            self.now.set(self.now.get() + AROUND + Duration::from_millis(within / 1_000_000));
        }
        answer
    }

    fn watch(&mut self, time: Duration) -> Result<f64, HostError> {
        self.now.set(self.now.get() + time);
        let is_busy = self.busy > 0;
        self.busy = self.busy.saturating_sub(1);
        Ok(if is_busy { 0.5 } else { 0.0 })
    }
}

/// A right report: so many nanoseconds an item, and the digest that every right run of so many items has.
pub fn right(spec: &TrialSpec, nanos_per_item: u64) -> Report {
    let items = spec.brief.items;
    let phase = |wall| Phase { wall, ..Phase::default() };
    let mut report = Report::empty(Outcome::Ok);
    report.measure = Measure::Work;
    report.measurement.phases = [phase(1_000_000), phase(items * nanos_per_item), phase(500_000)];
    (report.measurement.done, report.measurement.known, report.measurement.digest) =
        (items, items, items * 1_000_003 + spec.brief.seed);
    if spec.brief.purpose == Purpose::Profiling {
        report.measurement.times = Some((vec![(nanos_per_item, items)], vec![(2 * nanos_per_item, items)]).into());
    }
    if spec.brief.trace {
        report.measurement.events =
            vec![Event(1, EventKind::Start, 0, 900), Event(1, EventKind::Item, 1_000, 1_000 + items)];
        report.measurement.left_out = items - 1;
    }
    report
}

/// Nanoseconds of an item by model.
fn right_by(spec: &TrialSpec, times: &[(Model, u64)]) -> Report {
    let model = spec.brief.config.model;
    right(spec, times.iter().find(|row| row.0 == model).map_or(1000, |row| row.1))
}

#[derive(Default)]
pub struct Told {
    pub calibrating: usize,
    pub trials: Vec<(usize, usize, String)>,
    pub waiting: Vec<(f64, Duration)>,
}

impl Progress for Told {
    fn calibrating(&mut self, _: usize, _: usize) {
        self.calibrating += 1;
    }
    fn trial(&mut self, done: usize, total: usize, configuration: &str, _: &Trial) {
        self.trials.push((done, total, configuration.to_owned()));
    }
    fn waiting(&mut self, cores: f64, most: Duration) {
        self.waiting.push((cores, most));
    }
}

/// The plan of a scenario on four cores, of 15 rounds unless `shape` says otherwise.
pub fn planned(rest: &str, shape: impl FnOnce(&mut Options)) -> Plan {
    let source = Source { name: "l.yaml".into(), bytes: (head("l") + rest).into_bytes() };
    let (tasks, mut options) = (Tasks::builtin(), Options { rounds: Some(15), ..Options::new(4) });
    shape(&mut options);
    let scenarios = load(&[source], &tasks).unwrap_or_else(|problems| panic!("{problems}"));
    plan(&scenarios[0], &tasks, &options).unwrap_or_else(|problems| panic!("{problems}"))
}

/// As [`planned`], with the chart of who did what when.
pub fn traced(rest: &str) -> Plan {
    let mut plan = planned(rest, |options| options.rounds = None);
    plan.timeline = true;
    plan
}

/// What a run left: results or the error, every spec that the host got, what was told, the journal's lines of trials.
struct Ran {
    results: Result<Results, EngineError>,
    asked: Vec<TrialSpec>,
    told: Told,
    journal: Vec<String>,
}

fn run(plan: &Plan, answer: impl FnMut(&TrialSpec) -> Result<Report, HostError>) -> Ran {
    run_when(plan, 0, answer)
}

/// The same on a machine that others use for so many looks at it.
fn run_when(plan: &Plan, busy: u32, answer: impl FnMut(&TrialSpec) -> Result<Report, HostError>) -> Ran {
    let place = Place::new();
    let folder = place.temporary();
    let blank = engine::blank(plan, Machine::default(), "2026-01-01 00:00".into());
    let mut journal = Journal::open(&folder).unwrap();
    journal.start(&engine::head(&blank, "a build".into(), None)).unwrap();
    let (mut host, mut told) = (Table { busy, ..Table::new(answer) }, Told::default());
    let clock = host.clock();
    let what = Run {
        plan,
        host: &mut host,
        journal: &mut journal,
        progress: &mut told,
        counts: None,
        continued: None,
        clock: &clock,
    };
    let results = engine::run(what, blank);
    let text = std::fs::read_to_string(folder.join(JOURNAL)).unwrap();
    // Behind the head and the item counts.
    let trials = text.lines().filter(|line| line.starts_with("{\"finished\"")).map(str::to_owned).collect();
    Ran { results, asked: host.asked, told, journal: trials }
}

fn counts(results: &Results) -> Vec<u64> {
    results.configurations.iter().map(|configuration| configuration.items).collect()
}

const TWO: &str = "tasks: [{kind: primes, items: 100}]\nmodels: [serial, threads]\nworkers: 2\n";
const AUTO: &str =
    "tasks: [primes]\nmodels: [serial, threads, {kind: processes, ipc: pipe}]\nworkers: 2\ntimeout: 2 s\n";

#[test]
fn one_count_suits_all_where_it_can() {
    let plan = planned(AUTO, |_| {});
    let times = [(Model::Serial, 1000), (Model::Threads, 500), (Model::Processes, 2000)];
    let ran = run(&plan, |spec| Ok(right_by(spec, &times)));
    let results = ran.results.unwrap();
    let counts = counts(&results);
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    assert!(!results.workloads[0].per_item);
    // The fastest takes 20 ms at least, the slowest less than a quarter of the timeout.
    assert!((20_000_000..100_000_000).contains(&(counts[0] * 500)), "{counts:?}");
    assert!(counts[0] * 2000 < 500_000_000 && counts[0].is_multiple_of(64));
    assert_eq!(ran.told.calibrating, 3);
    assert!(results.trials.iter().filter(|trial| trial.kind == Kind::Timed).all(|trial| trial.flags.is_empty()));
}

#[test]
fn counts_differ_where_none_suits_all() {
    let plan = planned(AUTO, |_| {});
    let times = [(Model::Serial, 1000), (Model::Threads, 500), (Model::Processes, 1_000_000)];
    let results = run(&plan, |spec| Ok(right_by(spec, &times))).results.unwrap();
    assert!(results.workloads[0].per_item);
    for (configuration, nanos) in results.configurations.iter().zip([1000, 500, 1_000_000]) {
        let seconds = (configuration.items * nanos) as f64 / 1e9;
        assert!((0.02..0.25).contains(&seconds), "{}: {} items", configuration.label, configuration.items);
    }
    assert!(results.trials.iter().all(Trial::ok), "each count has right replies of its own");
}

#[test]
fn every_worker_gets_several_chunks_however_slow_an_item_is() {
    let plan = planned("tasks: [primes]\nmodels: [threads]\nworkers: [1, 8]\nchunk: 16\n", |_| {});
    let results = run(&plan, |spec| Ok(right(spec, 40_000_000))).results.unwrap();
    assert!(results.configurations[1].items >= 8 * 8 * 16, "{:?}", counts(&results));
}

#[test]
fn configurations_that_fail_while_sizes_are_chosen_do_not_stop_the_others() {
    let plan = planned(AUTO, |_| {});
    let results = run(&plan, |spec| match spec.brief.config.model {
        // Whose trial comes first has the expected results made, which depends on the order.
        Model::Threads if spec.role == Role::Trial => Ok(Report::empty(Outcome::TimedOut)),
        _ => Ok(right(spec, 1000)),
    });
    let results = results.results.unwrap();
    for trial in &results.trials {
        let threads = results.configurations[trial.configuration].config.model.word() == "threads";
        assert_eq!(trial.outcome, if threads { Outcome::TimedOut } else { Outcome::Ok });
    }
    assert!(results.configurations[0].items >= 20_000 && results.run.complete);
}

#[test]
fn a_host_that_could_not_be_started_once_does_not_make_empty_trials() {
    let plan = planned(AUTO, |_| {});
    let mut first = true;
    let ran = run(&plan, |spec| {
        if std::mem::take(&mut first) {
            return Err(HostError::Start {
                what: "starting a host process",
                source: std::io::ErrorKind::WouldBlock.into(),
            });
        }
        Ok(right(spec, 1000))
    });
    let results = ran.results.unwrap();
    assert!(counts(&results).iter().all(|count| *count >= 20_000), "{:?}", counts(&results));
}

#[test]
fn a_host_that_cannot_be_started_is_a_failed_trial() {
    let plan = planned(TWO, |options| options.rounds = Some(2));
    let ran = run(&plan, |spec| match (spec.role == Role::Reference, spec.brief.config.model) {
        (false, Model::Threads) => {
            Err(HostError::Start { what: "starting a host process", source: std::io::ErrorKind::WouldBlock.into() })
        }
        _ => Ok(right(spec, 1000)),
    });
    for trial in ran.results.unwrap().trials {
        assert_eq!(trial.ok(), trial.configuration == 0);
        assert!(trial.ok() || trial.outcome.words().starts_with("failed: starting a host process"));
    }
}

#[test]
fn rounds_follow_the_planned_order_with_duplicates_recorded() {
    let plan = planned(TWO, |options| options.rounds = Some(9));
    let ran = run(&plan, |spec| Ok(right(spec, 1_000_000)));
    let results = ran.results.unwrap();
    let timed: Vec<(u32, Entry)> = results
        .trials
        .iter()
        .filter(|trial| trial.kind == Kind::Timed)
        .map(|trial| (trial.round, Entry { configuration: trial.configuration, duplicate: trial.duplicate }))
        .collect();
    let expected: Vec<(u32, Entry)> =
        (0..9).flat_map(|round| round_order(&plan, 0, round).into_iter().map(move |entry| (round, entry))).collect();
    assert_eq!(timed, expected);
    // Serial and the most workers run twice; each configuration has two profiling trials and one for memory at the end.
    assert_eq!((timed.len(), results.trials.len()), (9 * 4, 9 * 4 + 2 * 2 + 2));
    assert!(results.trials.iter().enumerate().all(|(at, trial)| trial.order == at as u32));
    // One line of the journal, and one word of progress, for every trial.
    assert_eq!(ran.journal.len(), results.trials.len());
    for (line, trial) in ran.journal.iter().zip(&results.trials) {
        let line: BTreeMap<String, Finished> = serde_json::from_str(line).unwrap();
        assert_eq!(line["finished"].trial, *trial);
    }
    let told: Vec<usize> = ran.told.trials.iter().map(|(done, ..)| *done).collect();
    assert_eq!(told, (1..=42).collect::<Vec<_>>());
    assert!(ran.told.trials.iter().all(|(done, total, _)| done <= total && *total <= 42), "{:?}", ran.told.trials);
    // The right replies were computed once, before all else, and nothing was calibrated.
    let references: Vec<usize> = (0..ran.asked.len()).filter(|at| ran.asked[*at].role == Role::Reference).collect();
    assert_eq!((references, ran.told.calibrating), (vec![0], 0));
    assert!(ran.asked.iter().all(|spec| (spec.brief.seed, spec.brief.items) == (plan.seed, 100)));
}

#[test]
fn wrong_sums_and_wrong_counts_are_wrong_replies() {
    for harm in
        [|report: &mut Report| report.measurement.digest += 1, |report: &mut Report| report.measurement.done -= 1]
    {
        let plan = planned(TWO, |options| options.rounds = Some(3));
        let ran = run(&plan, |spec| {
            let mut report = right(spec, 1000);
            if spec.brief.config.model == Model::Threads {
                harm(&mut report);
            }
            Ok(report)
        });
        let results = ran.results.unwrap();
        for trial in &results.trials {
            assert_eq!(trial.outcome, if trial.configuration == 1 { Outcome::ResultMismatch } else { Outcome::Ok });
        }
        assert!(results.latencies.iter().all(|latency| latency.configuration == 0), "wrong trials clock nothing");
    }
}

#[test]
fn a_dead_host_loses_its_items_and_nobody_elses() {
    let plan = planned(TWO, |options| options.rounds = Some(2));
    let died = Outcome::HostDied { cause: "signal 9 (SIGKILL)".into() };
    let mut first = true;
    let ran = run(&plan, |spec| {
        if spec.role == Role::Trial && spec.brief.config.model == Model::Threads && std::mem::take(&mut first) {
            return Ok(Report { stderr: "error".into(), ..Report::empty(died.clone()) });
        }
        Ok(right(spec, 1000))
    });
    let results = ran.results.unwrap();
    let wrong: Vec<&Trial> = results.trials.iter().filter(|trial| !trial.ok()).collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!((wrong[0].done, wrong[0].lost, wrong[0].stderr.as_str()), (0, 100, "error"));
    assert_eq!(wrong[0].outcome, died);
    assert!(results.run.complete);
}

#[test]
fn without_the_right_replies_nothing_is_right() {
    let plan = planned(TWO, |options| options.rounds = Some(2));
    let ran = run(&plan, |spec| match spec.role == Role::Reference {
        true => Ok(Report::empty(Outcome::TimedOut)),
        false => Ok(right(spec, 1000)),
    });
    let results = ran.results.unwrap();
    assert_eq!(
        ran.asked.iter().filter(|spec| spec.role == Role::Reference).count(),
        1,
        "it is not tried again for every trial"
    );
    for trial in results.trials {
        assert_eq!(trial.outcome.words(), "failed: the expected results are unknown: timed out");
    }
}

#[test]
fn an_interruption_keeps_what_was_finished() {
    let plan = planned(TWO, |options| options.rounds = Some(5));
    for after in 1..6 {
        let mut trials = 0;
        let ran = run(&plan, |spec| {
            trials += usize::from(spec.role == Role::Trial);
            if trials > after { Err(HostError::Interrupted) } else { Ok(right(spec, 1000)) }
        });
        let results = ran.results.unwrap();
        assert!(!results.run.complete);
        assert_eq!((results.trials.len(), ran.journal.len()), (after, after));
        // What is written can be read and judged.
        let mut judged = results;
        judged.derived = runner::internal::verdict::derive(&judged);
        assert!(judged.derived.workloads[0].pairs.is_empty() && judged.derived.workloads[0].suppressed.is_some());
    }
}

#[test]
fn an_interruption_before_the_first_trial_leaves_nothing() {
    for (rest, calls) in [(AUTO, 0), (AUTO, 3), (TWO, 0), (TWO, 1)] {
        let plan = planned(rest, |_| {});
        let mut call = 0;
        let ran = run(&plan, |spec| {
            call += 1;
            if call > calls { Err(HostError::Interrupted) } else { Ok(right(spec, 1_000_000_000)) }
        });
        assert!(matches!(ran.results, Err(EngineError::Interrupted)));
        assert_eq!((ran.asked.len(), ran.journal.len()), (calls + 1, 0));
    }
}

#[test]
fn a_quick_run_has_three_rounds_and_no_clocks() {
    let plan = planned(TWO, |options| (options.quick, options.rounds) = (true, None));
    let ran = run(&plan, |spec| Ok(right(spec, 1000)));
    let results = ran.results.unwrap();
    assert!(results.run.quick && results.latencies.is_empty());
    assert_eq!(results.trials.len(), 3 * 2);
    assert!(ran.asked.iter().all(|spec| spec.brief.purpose == Purpose::Timed));
}

#[test]
fn clocks_of_profiling_trials_are_merged() {
    let plan = planned(TWO, |options| options.rounds = Some(2));
    let results = run(&plan, |spec| Ok(right(spec, 1000))).results.unwrap();
    assert_eq!(results.latencies.len(), 2);
    for latency in &results.latencies {
        assert_eq!((latency.trials, latency.service.count), (2, 200));
        assert!(latency.service.p50.abs_diff(1000) <= 10 && latency.response.p50.abs_diff(2000) <= 20);
        // Ten items must lie above a percentile: of 200, ten lie above the 95th and two above the 99th.
        assert!(latency.service.p95.is_some() && latency.service.p99.is_none());
    }
}

#[test]
fn of_each_way_the_first_trial_that_shows_what_it_should_leaves_a_timeline() {
    let plan = traced(TWO);
    let mut asked = 0;
    let results = run(&plan, |spec| {
        let mut report = right(spec, 1000);
        if spec.brief.trace {
            asked += 1;
            report.measurement.left_out = asked;
            // The first of threads goes wrong without anybody having asked for it.
            report.outcome = if asked == 2 { Outcome::TimedOut } else { Outcome::Ok };
        }
        Ok(report)
    });
    let kept = |results: &Results| results.timelines.iter().map(|t| (t.configuration, t.left_out)).collect::<Vec<_>>();
    assert_eq!(kept(&results.results.unwrap()), [(0, 1), (1, 4)]);
    assert_eq!(results.journal.iter().filter(|line| line.contains("\"timeline\"")).count(), 2);
    let ways = TWO.replace("serial, threads", "{kind: processes, ipc: pipe}");
    let plan = traced(&format!("{ways}fault: {{kind: kill, item: 3}}\n"));
    let results = run(&plan, |spec| {
        let mut report = right(spec, 1000);
        if spec.brief.trace {
            report.outcome = Outcome::WorkerDied { cause: "signal 9 (SIGKILL)".into() };
        }
        Ok(report)
    });
    assert_eq!(results.results.unwrap().timelines.len(), 1, "what goes wrong on purpose is the result");
    let plain = run(&planned(TWO, |_| {}), |spec| Ok(right(spec, 1000)));
    assert!(plain.results.unwrap().timelines.is_empty(), "nobody asked for it");
}

#[test]
fn memory_trials_enter_no_estimate_and_no_histogram() {
    let plan = planned(TWO, |options| options.rounds = Some(7));
    let memory = MemoryUse { after: Memory { pss: 3, private: 2, rss: 4 }, ..MemoryUse::default() };
    let ran = run(&plan, |spec| {
        let weighed = spec.brief.purpose == Purpose::Memory;
        let mut report = right(spec, if weighed { 90_000_000 } else { 1_000_000 });
        if weighed {
            report.measurement.details.memory = Some(memory.clone());
            report.measurement.times = Some((vec![(77, 100)], vec![(77, 100)]).into());
        }
        Ok(report)
    });
    let results = ran.results.unwrap();
    let weighed: Vec<&Trial> = results.trials.iter().filter(|trial| trial.kind == Kind::Memory).collect();
    // One of each configuration, after all others.
    assert_eq!(weighed.iter().map(|trial| (trial.round, trial.configuration)).collect::<Vec<_>>(), [(0, 0), (0, 1)]);
    assert!(
        results.trials[results.trials.len() - 2..].iter().all(|trial| trial.details.memory.as_ref() == Some(&memory))
    );
    assert!(results.trials.iter().all(|trial| trial.details.memory.is_some() == (trial.kind == Kind::Memory)));
    assert!(results.latencies.iter().all(|latency| latency.trials == 2 && latency.service.min > 77));
    let mut without = results.clone();
    without.trials.retain(|trial| trial.kind != Kind::Memory);
    let mut derived = runner::internal::verdict::derive(&results);
    assert!(derived.estimates.iter_mut().all(|estimate| estimate.memory.take().is_some()));
    assert_eq!(derived, runner::internal::verdict::derive(&without));
}

#[test]
fn a_run_waits_for_a_quiet_machine_within_a_tenth_of_its_budgets() {
    let plan = planned(TWO, |options| options.rounds = Some(1));
    let ran = |busy| run_when(&plan, busy, |spec| Ok(right(spec, 1_000_000)));
    assert!(ran(0).told.waiting.is_empty());
    for busy in [1, 4, 1000] {
        let ran = ran(busy);
        assert_eq!(ran.told.waiting, [(0.5, Duration::from_secs(2))], "said once");
        assert_eq!(ran.results.unwrap().trials[0].at, 0, "waiting is no part of the run's time");
    }
    let quick = planned(TWO, |options| options.quick = true);
    assert!(run_when(&quick, 9, |spec| Ok(right(spec, 1_000_000))).told.waiting.is_empty());
}

#[test]
fn short_and_disturbed_trials_are_marked_and_kept() {
    let plan = planned(TWO, |options| options.rounds = Some(1));
    let ran = run(&plan, |spec| {
        let mut report = right(spec, if spec.brief.config.model == Model::Serial { 1000 } else { 1_000_000 });
        report.others = if spec.brief.config.model == Model::Serial { 0.0 } else { 0.5 };
        Ok(report)
    });
    for trial in ran.results.unwrap().trials {
        assert_eq!(trial.flags.as_slice(), if trial.configuration == 0 { &[Flag::TooShort][..] } else { &[] });
        assert_eq!(trial.others, if trial.configuration == 0 { 0.0 } else { 0.5 });
        assert!(trial.ok());
    }
}

#[test]
fn counts_are_reused_for_the_same_work_alone() {
    let plan = planned(AUTO, |_| {});
    let results = run(&plan, |spec| Ok(right(spec, 1000))).results.unwrap();
    let machine = Machine::default();
    assert_eq!(recorded_counts(&plan, &machine, &results), Some(counts(&results)));
    let other_seed = planned(AUTO, |options| options.seed = Some(1));
    let other_size = planned(AUTO, |options| options.quick = true);
    let other_text = planned(&AUTO.replace("2 s", "3 s"), |_| {});
    for other in [other_seed, other_size, other_text] {
        assert_eq!(recorded_counts(&other, &machine, &results), None);
    }
    assert_eq!(recorded_counts(&plan, &Machine { cores: 64, ..machine.clone() }, &results), None);
    assert_eq!(recorded_counts(&plan, &Machine { kernel: "Linux 9".into(), ..machine }, &results), None);
}

#[test]
fn counts_that_suited_badly_are_chosen_anew() {
    let plan = planned(AUTO, |_| {});
    let mut results = run(&plan, |spec| Ok(right(spec, 1_000_000))).results.unwrap();
    let reused = |results: &Results| recorded_counts(&plan, &Machine::default(), results).is_some();
    let timed: Vec<usize> = (0..results.trials.len()).filter(|i| results.trials[*i].kind == Kind::Timed).collect();
    results.trials.iter_mut().for_each(|trial| trial.flags.clear());
    let mut disturbed = results.clone();
    disturbed.derived.noise = runner::results::Noise { units: 10, noisy: 3, ..Default::default() };
    assert!(reused(&results) && !reused(&disturbed));
    let (mark, most) = (Flag::TooShort, timed.len() / 10);
    let mut marked = results.clone();
    timed[..most].iter().for_each(|i| marked.trials[*i].flags = vec![mark]);
    assert!(reused(&marked), "{most} {mark:?}");
    marked.trials[timed[most]].flags = vec![mark];
    assert!(!reused(&marked), "one more {mark:?}");
    // What is not timed says nothing.
    let others = || (0..results.trials.len()).filter(|i| !timed.contains(i));
    let mut marked = results.clone();
    others().for_each(|i| marked.trials[i].flags = vec![mark]);
    assert!(reused(&marked));
}

#[test]
fn a_host_gets_the_timeout_of_the_scenario() {
    let plan = planned(AUTO, |_| {});
    let ran = run(&plan, |spec| Ok(right(spec, 1000)));
    for spec in ran.asked {
        if spec.role == Role::Reference {
            assert!(spec.timeout >= Duration::from_secs(2));
        } else {
            assert_eq!(spec.timeout, Duration::from_secs(2));
        }
    }
}
