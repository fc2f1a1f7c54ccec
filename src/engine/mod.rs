//! From a plan to results: calibrates, runs every round, keeps every trial at once in the journal.

mod blank;
mod calibrate;
mod histogram;
mod resume;
#[cfg(test)]
mod simulation;
mod turns;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::host::{HostError, HostPlace, JobSpec, Outcome, Purpose, Report, Role, TrialLauncher, TrialSpec};
use crate::plan::{Plan, Variant};
use crate::results::{Clocks, Details, FileError, Finished, Flag, Head, Journal, Kind, Results, Timeline, Trial};

use crate::setting::{Config, GilState};
pub use calibrate::recorded_counts;
pub use resume::{Resumed, continued};
use turns::Turns;
pub use turns::{OVERRUN, ScheduledTrial};

/// Measured time under which a trial is marked as too short, in nanoseconds.
const TOO_SHORT: u64 = 10_000_000;

/// Told about the progress of a run.
pub trait Progress {
    /// Item counts are being chosen: `done` of `total` configurations.
    fn calibrating(&mut self, done: usize, total: usize);
    /// A trial is over: the `done`th of `total` at most.
    fn trial(&mut self, done: usize, total: usize, configuration: &str, trial: &Trial);
    /// Others take so many cores that the run waits for a quiet machine, for so long at most.
    fn waiting(&mut self, _cores: f64, _most: Duration) {}
    /// Something went wrong that takes nothing from the results.
    fn trouble(&mut self, _what: &str) {}
}

/// Why a run has no results.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Interrupted before the first trial.
    #[error("interrupted before the first trial")]
    Interrupted,
    /// What is to be done before the first trial or after the last did not succeed.
    #[error("{0}")]
    Around(String),
    /// The journal could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// What one run needs beside its plan.
pub struct Run<'a> {
    /// What is run.
    pub plan: &'a Plan,
    /// Where trials run.
    pub host: &'a mut dyn TrialLauncher,
    /// Where finished trials are kept.
    pub journal: &'a mut Journal,
    /// Who is told.
    pub progress: &'a mut dyn Progress,
    /// Item counts of an earlier run by configuration, from [`recorded_counts`].
    pub counts: Option<Vec<u64>>,
    /// What an earlier run left done.
    pub continued: Option<Resumed>,
    /// The time since some moment.
    pub clock: &'a dyn Fn() -> Duration,
}

/// Runs a plan, or what an earlier run left of it. Interrupted, it gives what there is, marked as not complete. Verdicts
/// are not filled in.
///
/// # Errors
/// Where there is nothing to give.
pub fn run(mut run: Run<'_>, results: Results) -> Result<Results, EngineError> {
    let ran = around(&mut run, Role::SetUp).and_then(|()| run_trials(&mut run, results));
    if let Err(error @ EngineError::Around(_)) = around(&mut run, Role::CleanUp) {
        // What was measured is worth more than what was left behind, of which the user is told.
        run.progress.trouble(&error.to_string());
    }
    ran
}

/// Does what the workloads want done before the first trial, or after the last.
fn around(run: &mut Run<'_>, role: Role) -> Result<(), EngineError> {
    for workload in run.plan.workloads.iter().filter(|workload| workload.acts_around) {
        let mut spec = sound(run.plan, workload.reference, 1);
        spec.role = role;
        // It may build or fetch what all trials use.
        spec.timeout = run.plan.timeout * 10;
        let outcome = match run.host.run(&spec) {
            Ok(report) => report.outcome,
            Err(HostError::Interrupted) => return Err(EngineError::Interrupted),
            Err(error @ HostError::Start { .. }) => Outcome::Failed { detail: error.to_string() },
        };
        match outcome {
            Outcome::Ok => {}
            Outcome::Failed { detail } => return Err(EngineError::Around(detail)),
            other => return Err(EngineError::Around(other.words())),
        }
    }
    Ok(())
}

fn run_trials(run: &mut Run<'_>, mut results: Results) -> Result<Results, EngineError> {
    let mut finished = Vec::new();
    let (mut known, mut written) = (None, 0);
    if let Some(continued) = run.continued.take() {
        results.machine = continued.head.machine;
        (results.run.started, results.run.resumed) = (continued.head.started, continued.resumed);
        (known, finished, written) = (continued.items, continued.finished, continued.looks);
    }
    wait_for_quiet(run, &results)?;
    let counts = match known {
        Some(counts) => counts,
        None => {
            let counts = match run.counts.take() {
                Some(counts) => counts,
                None => calibrate::choose(run).map_err(|calibrate::Interrupted| EngineError::Interrupted)?,
            };
            run.journal.items(&counts)?;
            counts
        }
    };
    blank::set_counts(&mut results, &counts);
    let mut trials =
        TrialRunner { run, turns: Turns::default(), written, references: BTreeMap::new(), clocks: BTreeMap::new() };
    for finished in finished {
        trials.turns.next(trials.run.plan, &mut results);
        trials.note_looks(&results)?;
        trials.take(&mut results, finished);
    }
    let ended = trials.all(&mut results);
    results.run.rounds = trials.run.plan.rounds.unwrap_or_else(|| turns::most_rounds(&results));
    results.latencies = histogram::latencies(trials.clocks);
    results.timelines.sort_by_key(|timeline| timeline.configuration);
    match ended {
        Ok(()) => results.run.complete = true,
        Err(Stopped::Interrupted) if results.trials.is_empty() => return Err(EngineError::Interrupted),
        Err(Stopped::Interrupted) => {}
        Err(Stopped::File(error)) => return Err(error.into()),
    }
    Ok(results)
}

/// Share of the granted cores that others may take before a run waits with its first trial.
const BUSY: f64 = 0.1;
/// How long is looked at first whether they do, and how long each time while they do.
const GLANCE: Duration = Duration::from_millis(100);
const WATCH: Duration = Duration::from_millis(500);
/// The share of the budgets for which it waits at most.
const MOST_WAITED: f64 = 0.1;

/// Waits until others leave the machine alone, and says so once. What quick runs measure counts for nothing.
fn wait_for_quiet(run: &mut Run<'_>, results: &Results) -> Result<(), EngineError> {
    if results.run.quick {
        return Ok(());
    }
    let most = run.plan.budget.mul_f64(MOST_WAITED * run.plan.workloads.len() as f64);
    let granted = f64::from(results.machine.cores.max(1));
    let granted = results.machine.quota.map_or(granted, |quota| quota.min(granted));
    let mut waited = Duration::ZERO;
    loop {
        let time = if waited.is_zero() { GLANCE } else { WATCH };
        let taken = run.host.watch(time).map_err(|_| EngineError::Interrupted)?;
        if taken <= BUSY || waited >= most {
            return Ok(());
        }
        if waited.is_zero() {
            run.progress.waiting(taken * granted, most);
        }
        waited += time;
    }
}

/// The first line of the journal of a run, from its results before the first trial. `build` tells the program from other
/// builds of its version, and `baseline` likewise the one that it is compared with.
#[must_use]
pub fn head(blank: &Results, build: String, baseline: Option<String>) -> Head {
    blank::head(blank, build, baseline)
}

/// The results of a plan before its first trial.
#[must_use]
pub fn blank(plan: &Plan, machine: crate::results::Machine, started: String) -> Results {
    blank::blank(plan, machine, started)
}

enum Stopped {
    Interrupted,
    File(FileError),
}

/// The sum of the right replies and their count; the error where there is none.
type Known = Result<(u64, u64), String>;

struct TrialRunner<'r, 'a> {
    run: &'r mut Run<'a>,
    turns: Turns,
    /// How many changes of looks the journal of an earlier run has, which are not written again.
    written: usize,
    /// Sum of the right replies and count of items, by workload, variant and items; the error where there is none.
    references: BTreeMap<(usize, Option<usize>, u64), Known>,
    /// Per-item times of profiling trials by configuration.
    clocks: BTreeMap<usize, Vec<Clocks>>,
}

impl TrialRunner<'_, '_> {
    /// Runs every trial that is not done yet, until nothing is left to find out.
    fn all(&mut self, results: &mut Results) -> Result<(), Stopped> {
        // The time goes on where the last trial ended, whatever passed since.
        let before = results.trials.last().map_or(0, |trial| trial.at + trial.took);
        let started = (self.run.clock)();
        loop {
            let next = self.turns.next(self.run.plan, results);
            self.note_looks(results).map_err(Stopped::File)?;
            let Some(next) = next else { return Ok(()) };
            self.one(results, &next, before, started)?;
        }
    }

    fn one(
        &mut self,
        results: &mut Results,
        planned: &ScheduledTrial,
        before: u64,
        started: Duration,
    ) -> Result<(), Stopped> {
        let ScheduledTrial { configuration, round, kind, duplicate } = *planned;
        let items = results.configurations[configuration].items;
        let reference = self.reference(configuration, items)?;
        let now = |clock: &dyn Fn() -> Duration| before + clock().saturating_sub(started).as_millis() as u64;
        let at = now(self.run.clock);
        let report = self.host(&spec(self.run.plan, configuration, round, items, kind))?;
        let took = now(self.run.clock) - at;
        let order = results.trials.len() as u32;
        let trial = to_trial(
            &report,
            &reference,
            &Trial { configuration, round, order, at, took, kind, duplicate, ..blank_trial() },
        );
        let clocked = kind == Kind::Profiling && trial.ok();
        let times = report.measurement.times.as_ref().filter(|_| clocked);
        let clocks = times.map(|times| {
            let (service, response) = times.pairs();
            Clocks { service, response }
        });
        let timeline = self.timeline(results, &trial, &report);
        let finished = Finished { trial, clocks, timeline };
        self.run.journal.add(&finished).map_err(Stopped::File)?;
        let label = &results.configurations[configuration].label;
        let (done, left) = (results.trials.len(), self.turns.at_most(self.run.plan, results));
        self.run.progress.trial(done + 1, done + 1 + left, label, &finished.trial);
        self.take(results, finished);
        Ok(())
    }

    /// Writes into the journal which looks are over and who sits out.
    fn note_looks(&mut self, results: &Results) -> Result<(), FileError> {
        for (workload, _) in self.turns.take_changes() {
            match self.written.checked_sub(1) {
                Some(left) => self.written = left,
                None => self.run.journal.looks(workload, &results.workloads[workload].looks)?,
            }
        }
        Ok(())
    }

    /// Puts a finished trial into the results.
    fn take(&mut self, results: &mut Results, finished: Finished) {
        if let Some(clocks) = finished.clocks {
            self.clocks.entry(finished.trial.configuration).or_default().push(clocks);
        }
        results.timelines.extend(finished.timeline);
        results.trials.push(finished.trial);
    }

    /// What happened when in a trial, if it is to be kept: of the first profiling one of its configuration that ended right, or
    /// as its fault would have it.
    fn timeline(&self, results: &Results, trial: &Trial, report: &Report) -> Option<Timeline> {
        let plan = self.run.plan;
        let faulty = plan.workloads[plan.configurations[trial.configuration].workload].fault.is_some();
        let wanted = plan.timeline && trial.kind == Kind::Profiling && (trial.ok() || faulty);
        let first = results.timelines.iter().all(|known| known.configuration != trial.configuration);
        let kept = wanted && first && !report.measurement.events.is_empty();
        kept.then(|| Timeline::of(trial.configuration, &report.measurement.events, report.measurement.left_out))
    }

    fn host(&mut self, spec: &TrialSpec) -> Result<Report, Stopped> {
        match self.run.host.run(spec) {
            Ok(report) => Ok(report),
            Err(HostError::Interrupted) => Err(Stopped::Interrupted),
            Err(error @ HostError::Start { .. }) => Ok(Report::empty(Outcome::Failed { detail: error.to_string() })),
        }
    }

    /// The sum of the right replies, computed once by a serial host without waiting.
    fn reference(&mut self, configuration: usize, items: u64) -> Result<Known, Stopped> {
        let plan = self.run.plan;
        let workload = &plan.workloads[plan.configurations[configuration].workload];
        // What is right is what the first variant says, whichever comes first in a round. Results of a user's function are
        // objects, which another variant's serial run compares with those of the first.
        let first = plan.configurations[workload.reference].variant;
        let own = plan.configurations[configuration].variant.filter(|_| workload.users_code).or(first);
        let key = (workload.id, own, items);
        if let Some(known) = self.references.get(&key) {
            return Ok(known.clone());
        }
        if own != first
            && let Err(why) = self.reference(workload.reference, items)?
        {
            return Ok(Err(why));
        }
        let mut spec = sound(plan, if own == first { workload.reference } else { configuration }, items);
        spec.role = Role::Reference;
        // It is one host for all trials of the workload, and runs all items on one core.
        spec.timeout = match workload.unknown {
            // All trials would wait for it.
            true => plan.timeout * 2,
            false => plan.timeout.max(Duration::from_secs(15)) * 4,
        };
        let report = self.host(&spec)?;
        let found = match report.outcome {
            Outcome::Ok => Ok((report.measurement.digest, report.measurement.known)),
            other => Err(format!("the expected results are unknown: {}", other.words())),
        };
        self.references.insert(key, found.clone());
        Ok(found)
    }
}

/// What a host is told about a trial in which nothing goes wrong on purpose.
fn sound(plan: &Plan, configuration: usize, items: u64) -> TrialSpec {
    let mut spec = spec(plan, configuration, 0, items, Kind::Timed);
    spec.brief.fault = None;
    spec
}

/// What a host is told about one trial.
fn spec(plan: &Plan, configuration: usize, round: u32, items: u64, kind: Kind) -> TrialSpec {
    let configuration = &plan.configurations[configuration];
    let workload = &plan.workloads[configuration.workload];
    let variant = configuration.variant.and_then(|index| plan.variants.get(index));
    let interpreter = variant.and_then(|variant| variant.interpreter.as_ref()).or(workload.interpreter.as_ref());
    let brief = JobSpec {
        task: workload.task.clone(),
        settings: variant.map_or_else(|| workload.settings.clone(), |variant| variant.apply(&workload.settings)),
        workload: format!("{}-{}", plan.name, workload.id),
        seed: plan.seed,
        items,
        round,
        folder: std::path::PathBuf::new(),
        config: configuration.config.clone(),
        purpose: match kind {
            Kind::Timed => Purpose::Timed,
            Kind::Profiling => Purpose::Profiling,
            Kind::Memory => Purpose::Memory,
        },
        runtime: workload.runtime,
        interpreter: interpreter.map(|found| found.path.clone()),
        environment: environment(variant, &configuration.config),
        fault: workload.fault,
        trace: kind == Kind::Profiling && plan.timeline,
        server: None,
        stages: workload.stages.clone(),
    };
    let place = variant.map_or_else(HostPlace::default, |variant| HostPlace {
        folder: variant.folder.clone(),
        program: variant.program.clone(),
    });
    TrialSpec { brief, role: Role::Trial, timeout: plan.timeout, prefix: String::new(), place }
}

/// Variables that are added to the environment: those of a variant, and what tells an interpreter whether it has its lock.
fn environment(variant: Option<&Variant>, config: &Config) -> BTreeMap<String, String> {
    let mut all = variant.map(|variant| variant.environment.clone()).unwrap_or_default();
    if let Some(state) = config.gil {
        let value = if state == GilState::Disabled { "0" } else { "1" };
        all.insert("PYTHON_GIL".into(), value.into());
    }
    all
}

fn blank_trial() -> Trial {
    Trial {
        configuration: 0,
        round: 0,
        order: 0,
        at: 0,
        took: 0,
        kind: Kind::Timed,
        duplicate: false,
        outcome: Outcome::Ok,
        measured: 0,
        phases: Default::default(),
        done: 0,
        lost: 0,
        digest: String::new(),
        first_item: 0,
        details: Details::default(),
        others: 0.0,
        flags: Vec::new(),
        stderr: String::new(),
    }
}

/// A trial from what its host left; compares the sum of its replies with the right one.
fn to_trial(report: &Report, reference: &Result<(u64, u64), String>, place: &Trial) -> Trial {
    let outcome = match (&report.outcome, reference) {
        (Outcome::Ok, Ok((digest, known)))
            if (report.measurement.digest, report.measurement.done) != (*digest, *known) =>
        {
            Outcome::ResultMismatch
        }
        (Outcome::Ok, Err(why)) => Outcome::Failed { detail: why.clone() },
        (other, _) => other.clone(),
    };
    let known = report.measurement.known.max(reference.as_ref().map_or(0, |(_, known)| *known));
    let measured = report.measured();
    let mut flags = report.flags.clone();
    if outcome == Outcome::Ok && measured < TOO_SHORT {
        flags.push(Flag::TooShort);
    }
    let measurement = &report.measurement;
    Trial {
        measured,
        phases: measurement.phases,
        done: measurement.done,
        lost: known.saturating_sub(measurement.done),
        digest: format!("{:016x}", measurement.digest),
        first_item: measurement.first_item,
        details: measurement.details.clone(),
        others: report.others,
        flags,
        stderr: report.stderr.clone(),
        outcome,
        ..place.clone()
    }
}
