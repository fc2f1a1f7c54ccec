//! `items: auto`: chooses one count for each workload, or counts per configuration where one cannot suit all (methodology, rule 9).

use crate::host::{HostError, Outcome};
use crate::plan::{Items, Plan, items_at_rate};
use crate::results::{Flag, Kind, Results, Trial};

use super::{Run, sound};

/// Seconds that a trial of the fastest configuration should take at least. Many short trials say more than few long ones,
/// while what disturbs a machine lasts about a second.
const TARGET: f64 = 0.025;
/// Fixed costs within the clock, such as waking workers, may differ between configurations by this share of a trial.
const FIXED: f64 = 0.01;
/// The two sizes at which they are measured, as multiples of the chosen count, and how often each.
const SIZES: [f64; 2] = [1.0, 3.0];
const REPEATS: u32 = 2;
/// The count is raised so much at most: a noisy machine would raise it without end, and more rounds tell more than longer ones.
const MOST_RAISED: f64 = 2.0;
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

/// More too short ones than this share of an earlier run's timed trials, and its counts are not used again, and neither are those that
/// were chosen on a machine that had other things to do.
const MOST_TOO_SHORT: f64 = 0.1;

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
    share(Flag::TooShort) <= MOST_TOO_SHORT && !earlier.derived.noise.is_disturbed()
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
        let mut known = Vec::new();
        // The other build of a configuration does the same work, whatever it takes for it.
        let own: Vec<usize> =
            workload.configurations.iter().copied().filter(|id| plan.configurations[*id].partner.is_none()).collect();
        for id in &own {
            run.progress.calibrating(done, plan.configurations.len());
            known.push((*id, seconds_per_item(run, *id)?));
            done += 1;
        }
        let around =
            known.iter().filter_map(|(_, found)| found.map(|found| found.around)).fold(f64::INFINITY, f64::min);
        let wanted = target(plan, around) * MARGIN;
        let mut chosen = counts_for(plan, &known, wanted);
        let common = chosen.windows(2).all(|pair| pair[0].1 == pair[1].1);
        // In CPython trials are long as it is, and their fixed costs small beside them.
        if common && !plan.quick && chosen.len() > 1 && workload.interpreter.is_none() {
            let raised = raised(run, &chosen, wanted)?;
            let longest = plan.timeout.as_secs_f64() / 4.0;
            let slowest = known.iter().filter_map(|(_, found)| *found).map(|found| found.item).fold(0.0, f64::max);
            for (id, count) in &mut chosen {
                let most = if slowest > 0.0 { (longest / slowest).max(*count as f64) } else { f64::INFINITY };
                *count = round((*count as f64 * raised).min(most), multiple(plan, *id));
            }
        }
        for (id, count) in chosen {
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

/// What a trial of the fastest configuration should take, where starting and ending one costs so much: less would spend most
/// of the time on that.
fn target(plan: &Plan, around: f64) -> f64 {
    if plan.quick || !around.is_finite() { TARGET } else { TARGET.max(around) }
}

/// What a calibration found of a configuration, in seconds.
#[derive(Clone, Copy, Debug)]
struct Found {
    /// An item.
    item: f64,
    /// Around the clock: starting and ending a trial.
    around: f64,
}

/// By what the count has to be multiplied so that fixed costs within the clock differ little between configurations. Of
/// times at two sizes, what does not grow with the size is fixed.
fn raised(run: &mut Run<'_>, chosen: &[(usize, u64)], wanted: f64) -> Result<f64, Interrupted> {
    let plan = run.plan;
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for (id, count) in chosen {
        let mut times = [f64::INFINITY; 2];
        for _ in 0..REPEATS {
            for (time, size) in times.iter_mut().zip(SIZES) {
                let items = round(*count as f64 * size, multiple(plan, *id));
                match run.host.run(&sound(plan, *id, items)) {
                    // What disturbs a trial only lengthens it.
                    Ok(report) if report.outcome == Outcome::Ok => *time = time.min(report.measured() as f64 / 1e9),
                    Err(HostError::Interrupted) => return Err(Interrupted),
                    Ok(_) | Err(HostError::Start { .. }) => {}
                }
            }
        }
        let [small, large] = times;
        if small.is_finite() && large.is_finite() {
            let per_size = (large - small) / (SIZES[1] - SIZES[0]);
            let fixed = (small - SIZES[0] * per_size).max(0.0);
            (least, most) = (least.min(fixed), most.max(fixed));
        }
    }
    let differ = (most - least).max(0.0);
    Ok(if differ.is_finite() { (differ / (FIXED * wanted)).clamp(1.0, MOST_RAISED) } else { 1.0 })
}

/// Seconds that an item takes in a configuration; `None` where its trials go wrong.
fn seconds_per_item(run: &mut Run<'_>, configuration: usize) -> Result<Option<Found>, Interrupted> {
    let plan = run.plan;
    let mut around = f64::INFINITY;
    let mut items = whole(fewest(plan, configuration).min(MOST), grain(plan, configuration)) as f64;
    let (mut known, mut told) = (None, 0);
    for _ in 0..ROUNDS {
        let begun = (run.clock)();
        let report = match run.host.run(&sound(plan, configuration, items as u64)) {
            Ok(report) if report.outcome == Outcome::Ok => report,
            Err(HostError::Interrupted) => return Err(Interrupted),
            // Too many items for the time limit, or a configuration that fails anyway: what was learned before stands.
            Ok(_) | Err(HostError::Start { .. }) => break,
        };
        let seconds = report.measured() as f64 / 1e9;
        around = around.min(((run.clock)() - begun).as_secs_f64() - seconds).max(0.0);
        let enough = target(plan, around) * TELLING;
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
    Ok(known.map(|item| Found { item, around }))
}

/// One count for all, where the fastest configuration then takes the target and the slowest less than a quarter of the timeout;
/// else each configuration's own.
fn counts_for(plan: &Plan, configurations: &[(usize, Option<Found>)], wanted: f64) -> Vec<(usize, u64)> {
    let least = configurations.iter().map(|(id, _)| fewest(plan, *id)).fold(1.0, f64::max);
    let times = || configurations.iter().filter_map(|(_, found)| found.map(|found| found.item));
    let (fastest, slowest) = (times().fold(f64::INFINITY, f64::min), times().fold(0.0, f64::max));
    let longest = plan.timeout.as_secs_f64() / 4.0;
    let common = (wanted / fastest).max(least);
    if common * slowest <= longest {
        return configurations.iter().map(|(id, _)| (*id, round(common, multiple(plan, *id)))).collect();
    }
    let own = |(id, found): &(usize, Option<Found>)| {
        let count = (wanted / found.map_or(slowest, |found| found.item)).max(fewest(plan, *id));
        (*id, round(count, multiple(plan, *id)))
    };
    configurations.iter().map(own).collect()
}

/// What the number of items is a multiple of, where that is not far apart: the grain, and every number of workers of the
/// workload, so that no worker is left without its share.
fn multiple(plan: &Plan, configuration: usize) -> u64 {
    let grain = grain(plan, configuration);
    let workload = &plan.workloads[plan.configurations[configuration].workload];
    let workers = workload.configurations.iter().map(|id| u64::from(plan.configurations[*id].config.all_workers()));
    let common = |a: u64, b: u64| a / gcd(a, b) * b;
    workers.filter(|workers| *workers > 0).fold(grain, |all, workers| match common(all, workers) {
        more if more <= MOST_MULTIPLE.max(grain) => more,
        _ => all,
    })
}

/// Most of such a multiple: worker counts without a common one are many items apart.
const MOST_MULTIPLE: u64 = 256;

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
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
