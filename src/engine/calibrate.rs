//! `items: auto`: chooses one count for each workload, or counts per configuration where one cannot suit all (methodology, rule 9).

use crate::host::{HostError, Outcome};
use crate::plan::{Items, Plan, items_at_rate};
use crate::results::{Flag, Kind, Results, Trial};

use super::{Run, sound};

/// The least time in seconds that the fastest configuration's trial should take.
const TARGET: f64 = 0.1;
const QUICK_TARGET: f64 = 0.025;
/// How much longer a trial in CPython takes: its threads change every 5 ms, and its first items are slower than the rest.
const IN_PYTHON: f64 = 3.0;
/// Aimed at beyond the target, so that the noise of a calibration seldom leaves a trial too short.
const MARGIN: f64 = 1.2;
/// A calibrating trial this long, as a share of the target, tells the time of an item well enough.
const TELLING: f64 = 0.3;
/// So many of them are made.
const TELLING_TRIALS: u32 = 2;
/// Most items of a trial: their bookkeeping stays below a few hundred MiB.
const MOST: f64 = (1u64 << 25) as f64;
/// Most calibrating trials of a configuration.
const ROUNDS: u32 = 7;

/// More too short ones than this share of an earlier run's timed trials, or more noisy ones, and its counts are not
/// used again: they were too small, or chosen on a machine that had other things to do.
const MOST_TOO_SHORT: f64 = 0.1;
const MOST_NOISY: f64 = 0.5;

/// The counts of an earlier run, where scenario, machine, kernel and size are the same, so that re-runs do the same work.
/// None where its trials show that they suit badly.
#[must_use]
pub fn recorded_counts(plan: &Plan, machine: &crate::results::Machine, earlier: &Results) -> Option<Vec<u64>> {
    let same = earlier.scenario.hash == plan.hash
        && earlier.run.quick == plan.quick
        && earlier.run.seed == plan.seed
        && earlier.machine.cpu == machine.cpu
        && earlier.machine.cores == machine.cores
        && earlier.machine.kernel == machine.kernel
        && earlier.configurations.len() == plan.configurations.len()
        && earlier
            .configurations
            .iter()
            .zip(&plan.configurations)
            .all(|(old, new)| old.label == new.label && old.workload == new.workload);
    (same && suited(plan, earlier))
        .then(|| earlier.configurations.iter().map(|configuration| configuration.items).collect())
}

/// Whether the trials whose counts were chosen were long enough, and mostly undisturbed. Fixed counts are what they are.
fn suited(plan: &Plan, earlier: &Results) -> bool {
    let chosen = |trial: &&Trial| {
        let workload =
            plan.configurations.get(trial.configuration).map(|configuration| &plan.workloads[configuration.workload]);
        trial.kind == Kind::Timed && workload.is_some_and(|workload| workload.items == Items::Auto)
    };
    let trials: Vec<&Trial> = earlier.trials.iter().filter(chosen).collect();
    let share = |flag: Flag| {
        let flagged = trials.iter().filter(|trial| trial.flags.contains(&flag)).count();
        flagged as f64 / trials.len().max(1) as f64
    };
    share(Flag::TooShort) <= MOST_TOO_SHORT && share(Flag::Noisy) <= MOST_NOISY
}

/// The user or the system asked the program to end.
pub(super) struct Interrupted;

/// Chooses the item count of every configuration.
pub(super) fn choose(run: &mut Run<'_>) -> Result<Vec<u64>, Interrupted> {
    let plan = run.plan;
    let mut counts = vec![0; plan.configurations.len()];
    let mut done = 0;
    for workload in &plan.workloads {
        if let Items::Fixed(items) = workload.items {
            workload.configurations.iter().for_each(|id| counts[*id] = items);
            done += workload.configurations.len();
            continue;
        }
        if let Some(rate) = workload.rate {
            workload.configurations.iter().for_each(|id| counts[*id] = items_at_rate(rate, plan.quick));
            done += workload.configurations.len();
            continue;
        }
        let mut configurations = Vec::new();
        // The other build of a configuration does the same work, whatever it takes for it.
        for id in workload.configurations.iter().filter(|id| plan.configurations[**id].partner.is_none()) {
            run.progress.calibrating(done, plan.configurations.len());
            configurations.push((*id, seconds_per_item(run, *id)?));
            done += 1;
        }
        for (id, count) in counts_for(plan, &configurations) {
            counts[id] = count;
        }
    }
    for (id, configuration) in plan.configurations.iter().enumerate() {
        if let Some(own) = configuration.partner {
            counts[id] = counts[own];
        }
    }
    Ok(counts)
}

/// The least items that a configuration needs so that all its workers have several chunks.
fn fewest(plan: &Plan, configuration: usize) -> f64 {
    let (config, grain) = (&plan.configurations[configuration].config, grain(plan, configuration));
    // Items of a round wait for each other, so that rounds count and not items.
    let chunks = if grain > 1 { 8.0 * grain as f64 } else { 8.0 * f64::from(config.all_workers()) };
    chunks * f64::from(config.chunk.unwrap_or(1))
}

/// What a configuration's number of items is a multiple of.
fn grain(plan: &Plan, configuration: usize) -> u64 {
    plan.workloads[plan.configurations[configuration].workload].grain
}

fn target(plan: &Plan, workload: usize) -> f64 {
    let factor = if plan.workloads[workload].interpreter.is_some() { IN_PYTHON } else { 1.0 };
    factor * if plan.quick { QUICK_TARGET } else { TARGET }
}

/// Seconds that an item takes in a configuration; `None` where its trials go wrong.
fn seconds_per_item(run: &mut Run<'_>, configuration: usize) -> Result<Option<f64>, Interrupted> {
    let plan = run.plan;
    let enough = target(plan, plan.configurations[configuration].workload) * TELLING;
    let mut items = whole(fewest(plan, configuration).min(MOST), grain(plan, configuration)) as f64;
    let (mut known, mut told) = (None, 0);
    for _ in 0..ROUNDS {
        let report = match run.host.run(&sound(plan, configuration, items as u64)) {
            Ok(report) if report.outcome == Outcome::Ok => report,
            Err(HostError::Interrupted) => return Err(Interrupted),
            // Too many items for the time limit, or a configuration that fails anyway: what was learned before stands.
            Ok(_) | Err(HostError::Start { .. }) => break,
        };
        let seconds = report.measured() as f64 / 1e9;
        // What disturbs a trial only lengthens it, and short ones are mostly overhead: the shortest time an item is right.
        known = Some(known.map_or(seconds / items, |known: f64| known.min(seconds / items)));
        if seconds >= enough || items >= MOST {
            // One long trial may be a noisy one, which would leave all later ones too short.
            told += 1;
            if told == TELLING_TRIALS {
                break;
            }
            continue;
        }
        // A short trial is mostly overhead, so a first guess of the growth is bounded.
        items = (items * (enough * MARGIN / seconds).clamp(2.0, 1000.0)).min(MOST);
        items = whole(items, grain(plan, configuration)) as f64;
    }
    Ok(known)
}

/// One count for all, where the fastest configuration then takes the target and the slowest less than a quarter of the timeout;
/// else each configuration's own.
fn counts_for(plan: &Plan, configurations: &[(usize, Option<f64>)]) -> Vec<(usize, u64)> {
    let least = configurations.iter().map(|(id, _)| fewest(plan, *id)).fold(1.0, f64::max);
    let times = || configurations.iter().filter_map(|(_, seconds)| *seconds);
    let (fastest, slowest) = (times().fold(f64::INFINITY, f64::min), times().fold(0.0, f64::max));
    let Some(workload) = configurations.first().map(|(id, _)| plan.configurations[*id].workload) else {
        return Vec::new();
    };
    let wanted = target(plan, workload) * MARGIN;
    let longest = plan.timeout.as_secs_f64() / 4.0;
    let common = (wanted / fastest).max(least);
    if common * slowest <= longest {
        return configurations.iter().map(|(id, _)| (*id, round(common, grain(plan, *id)))).collect();
    }
    let own = |(id, seconds): &(usize, Option<f64>)| {
        let count = (wanted / seconds.unwrap_or(slowest)).max(fewest(plan, *id));
        (*id, round(count, grain(plan, *id)))
    };
    configurations.iter().map(own).collect()
}

/// A multiple of 64, so that tasks whose items come in sets of 64 do whole sets, at least where rounding is small; and of
/// the workload's grain.
fn round(count: f64, grain: u64) -> u64 {
    let count = whole(count.clamp(1.0, MOST), 1);
    whole(if count > 128 { count.next_multiple_of(64) } else { count } as f64, grain)
}

/// The next whole multiple of `grain`.
fn whole(count: f64, grain: u64) -> u64 {
    (count.ceil() as u64).next_multiple_of(grain)
}
