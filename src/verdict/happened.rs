//! What happened in the trials of a cell beside its times, and runtimes held against each other per item.

use crate::results::{
    Cell, CellEstimate, FaultEstimate, Group, LifeEstimate, LockEstimate, Results, RuntimeRow, RuntimeTable,
    SeenEstimate, Trial,
};
use crate::setting::{Measure, OutcomeKind};
use crate::stats::median;

/// What the fault of the cell's group did to it, over all of its timed trials: what goes wrong is the result.
pub(super) fn fault(results: &Results, cell: &Cell) -> Option<FaultEstimate> {
    results.groups.get(cell.group)?.fault.as_ref()?;
    let trials: Vec<&Trial> = results.timed(cell.id).collect();
    let ended = |ending: OutcomeKind| trials.iter().filter(|trial| trial.outcome.kind() == ending).count() as u32;
    let middle = |of: fn(&Trial) -> u64| median(&trials.iter().map(|trial| of(trial) as f64).collect::<Vec<_>>());
    let recovered: Vec<f64> =
        trials.iter().filter(|trial| trial.recovered > 0).map(|trial| trial.recovered as f64 / 1e9).collect();
    let (died, hung) = (ended(OutcomeKind::HostDied), ended(OutcomeKind::TimedOut));
    Some(FaultEstimate {
        trials: trials.len() as u32,
        survived: trials.len() as u32 - died - hung,
        died,
        hung,
        done: middle(|trial| trial.done)?,
        lost: middle(|trial| trial.lost)?,
        retried: middle(|trial| trial.retried)?,
        recovered: median(&recovered),
    })
}

/// How long the workers of a cell took to start and to end.
pub(super) fn lives(results: &Results, cell: usize) -> Option<LifeEstimate> {
    let (mut starts, mut joins, mut deaths) = (Vec::new(), Vec::new(), 0);
    for trial in results.timed(cell) {
        let told = trial.phases[0].wall + trial.phases[1].wall;
        for life in &trial.lives {
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

/// What interpreter locks cost in the right trials of a cell.
pub(super) fn lock(results: &Results, cell: usize) -> Option<LockEstimate> {
    let trials = results.timed(cell).filter(|trial| trial.ok());
    let known: Vec<_> =
        trials.filter_map(|trial| Some((trial.lock?, trial.phases[1].wall.max(1) as f64 / 1e9))).collect();
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
pub(super) fn seen(results: &Results, cell: usize) -> Vec<SeenEstimate> {
    let trials: Vec<&Trial> = results.timed(cell).filter(|trial| trial.ok() && !trial.seen.is_empty()).collect();
    let Some(first) = trials.first() else { return Vec::new() };
    let of = |seen: &crate::results::Seen| {
        let same = trials.iter().flat_map(|trial| &trial.seen).filter(|other| other.worker == seen.worker);
        let (mut alike, mut asked) = (0, 0);
        for other in same {
            asked += 1;
            alike += u32::from(other == seen);
        }
        let crate::results::Seen { worker, before, after } = *seen;
        SeenEstimate { worker, before, after, alike, trials: asked }
    };
    first.seen.iter().map(of).collect()
}

/// What two groups must have in common for their runtimes to be compared.
type Same<'a> = (&'a str, String, Option<u64>, Measure);

/// Tables of the runtimes that run the same task without a fault, where there are several.
pub(super) fn runtimes(results: &Results, estimates: &[CellEstimate]) -> Vec<RuntimeTable> {
    let mut tables: Vec<(Same<'_>, Vec<&Group>)> = Vec::new();
    for group in results.groups.iter().filter(|group| group.fault.is_none()) {
        let settings = serde_json::to_string(&group.settings).unwrap_or_default();
        let same = (group.task.as_str(), settings, group.payload, group.measure);
        match tables.iter_mut().find(|(other, _)| *other == same) {
            Some((_, groups)) => groups.push(group),
            None => tables.push((same, vec![group])),
        }
    }
    tables.iter().filter(|(_, groups)| differ(groups)).map(|(_, groups)| table(groups, estimates)).collect()
}

fn differ(groups: &[&Group]) -> bool {
    let runtime = |group: &Group| (group.runtime, group.interpreter.clone());
    groups.iter().any(|group| runtime(group) != runtime(groups[0]))
}

fn table(groups: &[&Group], estimates: &[CellEstimate]) -> RuntimeTable {
    let per_item = |cell: usize| Some(estimates.get(cell)?.per_item?.median).filter(|time| *time > 0.0);
    let first = per_item(groups[0].baseline);
    let row = |group: &&Group| {
        let timed = group.cells.iter().filter_map(|cell| Some((*cell, per_item(*cell)?)));
        let best = timed.min_by(|a, b| a.1.total_cmp(&b.1));
        let base = per_item(group.baseline);
        RuntimeRow {
            group: group.id,
            per_item: base,
            ratio: base.zip(first).map(|(time, first)| time / first).filter(|ratio| ratio.is_finite()),
            best: best.map(|(cell, _)| cell),
            best_per_item: best.map(|(_, time)| time),
        }
    };
    let what = if groups[0].describe.is_empty() { &groups[0].task } else { &groups[0].describe };
    RuntimeTable { what: what.clone(), rows: groups.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use crate::results::{Fault, Life, LockUse, Seen};
    use crate::setting::Outcome;
    use crate::verdict::fixture::Made;

    #[test]
    fn a_fault_is_told_by_who_lived_and_what_was_lost() {
        let mut made = Made::new(7).cell("threads × 2", 1.0).cell("processes × 2", 1.0);
        made.results.groups[0].fault = Some(Fault { kind: "segfault".into(), item: 3 });
        made.fail(0, &(0..6), &Outcome::HostDied { cause: "signal 11 (SIGSEGV)".into() });
        made.fail(0, &(6..7), &Outcome::TimedOut);
        for trial in &mut made.results.trials {
            (trial.lost, trial.retried, trial.recovered) = (1, 2, 4_000_000 * u64::from(trial.cell == 1));
        }
        let derived = made.derive();
        let [threads, processes] = [0, 1].map(|cell| derived.estimates[cell].fault.clone().unwrap());
        assert_eq!((threads.trials, threads.survived, threads.died, threads.hung), (7, 0, 6, 1));
        assert_eq!((processes.survived, processes.lost, processes.retried), (7, 1.0, 2.0));
        assert_eq!((threads.recovered, processes.recovered), (None, Some(0.004)));
    }

    #[test]
    fn lives_locks_and_globals_are_medians_of_the_trials() {
        let mut made = Made::new(7).cell("processes × 2", 1.0);
        for trial in &mut made.results.trials {
            let told = trial.phases[0].wall + trial.phases[1].wall;
            let life = |worker, ready, end| Life { worker, start: 1_000_000, ready, end, died: false };
            trial.lives = vec![life(0, 3_000_000, told + 500_000), life(1, 5_000_000, told + 1_500_000)];
            trial.lives.push(Life { died: true, ..life(1, 3_000_000, 9) });
            trial.lock = Some(LockUse { waits: 5, waited: 2_000_000_000, hand_overs: 9, forced: 200 });
            trial.seen = vec![Seen { worker: None, before: 1, after: u64::from(trial.round > 0) }];
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
            Made::new(7).payload(64, "64 B").serial(1.0).payload(64, "64 B").serial(25.0).cell("threads", 5.0);
        assert!(made.derive().runtimes.is_empty());
        made.results.groups[1].runtime = "gil_emulation".into();
        let tables = made.derive().runtimes;
        assert_eq!((tables.len(), tables[0].rows.len()), (1, 2));
        let row = &tables[0].rows[1];
        assert!((row.ratio.unwrap() - 25.0).abs() < 1.0 && row.best == Some(2), "{row:?}");
        made.results.groups[1].fault = Some(Fault { kind: "kill".into(), item: 0 });
        assert!(made.derive().runtimes.is_empty());
    }
}
