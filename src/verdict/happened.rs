//! What happened in the trials of a configuration beside its times, and runtimes compared with each other per item.

use crate::results::{
    Configuration, ConfigurationEstimate, FaultEstimate, LifeEstimate, LockEstimate, Results, RuntimeRow, RuntimeTable,
    SeenEstimate, Trial, Workload,
};
use crate::setting::{Measure, OutcomeKind};
use crate::stats::median;

/// What the fault of the configuration's workload did to it, over all of its timed trials: what goes wrong is the result.
pub(super) fn fault(results: &Results, configuration: &Configuration) -> Option<FaultEstimate> {
    results.workloads.get(configuration.workload)?.fault.as_ref()?;
    let trials: Vec<&Trial> = results.timed(configuration.id).collect();
    let ended = |ending: OutcomeKind| trials.iter().filter(|trial| trial.outcome.kind() == ending).count() as u32;
    let middle = |of: fn(&Trial) -> u64| median(&trials.iter().map(|trial| of(trial) as f64).collect::<Vec<_>>());
    let recovered: Vec<f64> = trials
        .iter()
        .filter(|trial| trial.details.recovered > 0)
        .map(|trial| trial.details.recovered as f64 / 1e9)
        .collect();
    let (died, hung) = (ended(OutcomeKind::HostDied), ended(OutcomeKind::TimedOut));
    Some(FaultEstimate {
        trials: trials.len() as u32,
        survived: trials.len() as u32 - died - hung,
        died,
        hung,
        done: middle(|trial| trial.done)?,
        lost: middle(|trial| trial.lost)?,
        retried: middle(|trial| trial.details.retried)?,
        recovered: median(&recovered),
    })
}

/// How long the workers of a configuration took to start and to end.
pub(super) fn lives(results: &Results, configuration: usize) -> Option<LifeEstimate> {
    let (mut starts, mut joins, mut deaths) = (Vec::new(), Vec::new(), 0);
    for trial in results.timed(configuration) {
        let told = trial.phases[0].wall + trial.phases[1].wall;
        for life in &trial.details.lives {
            starts.push(life.ready.saturating_sub(life.start) as f64 / 1e9);
            if life.died {
                deaths += 1;
            } else if trial.phases[2].wall > 0 {
                // Where a run was broken off, as by a hang, nobody knows when its work would have ended.
                joins.push(life.end.saturating_sub(told) as f64 / 1e9);
            }
        }
    }
    Some(LifeEstimate { lives: starts.len() as u32, deaths, start: median(&starts)?, join: median(&joins) })
}

/// What interpreter locks cost in the right trials of a configuration.
pub(super) fn lock(results: &Results, configuration: usize) -> Option<LockEstimate> {
    let trials = results.timed(configuration).filter(|trial| trial.ok());
    let known: Vec<_> =
        trials.filter_map(|trial| Some((trial.details.lock?, trial.phases[1].wall.max(1) as f64 / 1e9))).collect();
    let middle = |of: &dyn Fn(&crate::results::LockUse, f64) -> f64| {
        median(&known.iter().map(|(lock, work)| of(lock, *work)).collect::<Vec<_>>())
    };
    Some(LockEstimate {
        trials: known.len() as u32,
        waits: middle(&|lock, _| lock.waits as f64)?,
        waited: middle(&|lock, _| lock.waited as f64 / 1e9)?,
        hand_overs: middle(&|lock, _| lock.hand_overs as f64)?,
        forced: middle(&|lock, _| lock.forced as f64)?,
        forced_per_second: middle(&|lock, work| lock.forced as f64 / work)?,
    })
}

/// What each party saw in the first right trial, and in how many others it saw the same.
pub(super) fn seen(results: &Results, configuration: usize) -> Vec<SeenEstimate> {
    let trials: Vec<&Trial> =
        results.timed(configuration).filter(|trial| trial.ok() && !trial.details.seen.is_empty()).collect();
    let Some(first) = trials.first() else { return Vec::new() };
    let of = |seen: &crate::results::Seen| {
        let same = trials.iter().flat_map(|trial| &trial.details.seen).filter(|other| other.worker == seen.worker);
        let (mut alike, mut asked) = (0, 0);
        for other in same {
            asked += 1;
            alike += u32::from(other == seen);
        }
        let crate::results::Seen { worker, before, after } = *seen;
        SeenEstimate { worker, before, after, alike, trials: asked }
    };
    first.details.seen.iter().map(of).collect()
}

/// What two groups must have in common for their runtimes to be compared.
type Same<'a> = (&'a str, String, Option<u64>, Measure);

/// Tables of the runtimes that run the same task without a fault, where there are several.
pub(super) fn runtimes(results: &Results, estimates: &[ConfigurationEstimate]) -> Vec<RuntimeTable> {
    let mut tables: Vec<(Same<'_>, Vec<&Workload>)> = Vec::new();
    for workload in results.workloads.iter().filter(|workload| workload.fault.is_none()) {
        let settings = serde_json::to_string(&workload.settings).unwrap_or_default();
        let same = (workload.task.as_str(), settings, workload.payload, workload.measure);
        match tables.iter_mut().find(|(other, _)| *other == same) {
            Some((_, workloads)) => workloads.push(workload),
            None => tables.push((same, vec![workload])),
        }
    }
    tables.iter().filter(|(_, workloads)| differ(workloads)).map(|(_, workloads)| table(workloads, estimates)).collect()
}

fn differ(workloads: &[&Workload]) -> bool {
    let runtime = |workload: &Workload| (workload.runtime, workload.interpreter.clone());
    workloads.iter().any(|workload| runtime(workload) != runtime(workloads[0]))
}

fn table(workloads: &[&Workload], estimates: &[ConfigurationEstimate]) -> RuntimeTable {
    let per_item =
        |configuration: usize| Some(estimates.get(configuration)?.per_item?.median).filter(|time| *time > 0.0);
    let first = per_item(workloads[0].reference);
    let row = |workload: &&Workload| {
        let timed = workload
            .configurations
            .iter()
            .filter_map(|configuration| Some((*configuration, per_item(*configuration)?)));
        let best = timed.min_by(|a, b| a.1.total_cmp(&b.1));
        let base = per_item(workload.reference);
        RuntimeRow {
            workload: workload.id,
            per_item: base,
            ratio: base.zip(first).map(|(time, first)| time / first).filter(|ratio| ratio.is_finite()),
            best: best.map(|(configuration, _)| configuration),
            best_per_item: best.map(|(_, time)| time),
        }
    };
    let what = if workloads[0].describe.is_empty() { &workloads[0].task } else { &workloads[0].describe };
    RuntimeTable { what: what.clone(), rows: workloads.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use crate::results::{Fault, Life, LockUse, Seen};
    use crate::setting::Outcome;
    use crate::verdict::fixture::Made;

    #[test]
    fn a_fault_is_told_by_who_lived_and_what_was_lost() {
        let mut made = Made::new(7).configuration("threads × 2", 1.0).configuration("processes × 2", 1.0);
        made.results.workloads[0].fault = Some(Fault { kind: "segfault".into(), item: 3 });
        made.fail(0, &(0..6), &Outcome::HostDied { cause: "signal 11 (SIGSEGV)".into() });
        made.fail(0, &(6..7), &Outcome::TimedOut);
        for trial in &mut made.results.trials {
            (trial.lost, trial.details.retried, trial.details.recovered) =
                (1, 2, 4_000_000 * u64::from(trial.configuration == 1));
        }
        let derived = made.derive();
        let [threads, processes] = [0, 1].map(|configuration| derived.estimates[configuration].fault.clone().unwrap());
        assert_eq!((threads.trials, threads.survived, threads.died, threads.hung), (7, 0, 6, 1));
        assert_eq!((processes.survived, processes.lost, processes.retried), (7, 1.0, 2.0));
        assert_eq!((threads.recovered, processes.recovered), (None, Some(0.004)));
    }

    #[test]
    fn lives_locks_and_globals_are_medians_of_the_trials() {
        let mut made = Made::new(7).configuration("processes × 2", 1.0);
        for trial in &mut made.results.trials {
            let told = trial.phases[0].wall + trial.phases[1].wall;
            let life = |worker, ready, end| Life { worker, start: 1_000_000, ready, end, died: false };
            trial.details.lives = vec![life(0, 3_000_000, told + 500_000), life(1, 5_000_000, told + 1_500_000)];
            trial.details.lives.push(Life { died: true, ..life(1, 3_000_000, 9) });
            trial.details.lock = Some(LockUse { waits: 5, waited: 2_000_000_000, hand_overs: 9, forced: 200 });
            trial.details.seen = vec![Seen { worker: None, before: 1, after: u64::from(trial.round > 0) }];
        }
        let derived = made.derive();
        let estimate = &derived.estimates[0];
        let lives = estimate.lives.clone().unwrap();
        assert_eq!((lives.lives, lives.deaths, lives.start, lives.join), (21, 7, 0.002, Some(0.001)));
        let lock = estimate.lock.clone().unwrap();
        assert_eq!((lock.trials, lock.waits, lock.waited, lock.hand_overs), (7, 5.0, 2.0, 9.0));
        assert!((lock.forced_per_second - 190.0).abs() < 10.0, "{lock:?}");
        let seen = &estimate.seen[0];
        assert_eq!((seen.worker, seen.before, seen.after, seen.alike, seen.trials), (None, 1, 0, 1, 7));
    }

    #[test]
    fn runtimes_of_one_task_are_compared_per_item() {
        let mut made =
            Made::new(7).payload(64, "64 B").serial(1.0).payload(64, "64 B").serial(25.0).configuration("threads", 5.0);
        assert!(made.derive().runtimes.is_empty());
        made.results.workloads[1].runtime = "gil_emulation".into();
        let tables = made.derive().runtimes;
        assert_eq!((tables.len(), tables[0].rows.len()), (1, 2));
        let row = &tables[0].rows[1];
        assert!((row.ratio.unwrap() - 25.0).abs() < 1.0 && row.best == Some(2), "{row:?}");
        made.results.workloads[1].fault = Some(Fault { kind: "kill".into(), item: 0 });
        assert!(made.derive().runtimes.is_empty());
    }
}
