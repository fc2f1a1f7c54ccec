//! What is known of one configuration.

use std::collections::BTreeMap;

use super::samples::{bare, log_ratios, per_item, ratio_interval, time_interval, times, turned, values};
use super::{LEVEL, breakdown, happened, stages};
use crate::results::{
    Breakdown, Configuration, ConfigurationEstimate, Flag, Interval, Kind, MemoryEstimate, Phase, Resources, Results,
    Trial,
};
use crate::stats;

/// Estimates of one configuration from its timed trials.
pub(super) fn configuration(results: &Results, configuration: &Configuration) -> ConfigurationEstimate {
    let trials: Vec<&Trial> = results.timed(configuration.id).collect();
    let right: Vec<&Trial> = trials.iter().copied().filter(|trial| trial.ok()).collect();
    let flagged = |flag: Flag| trials.iter().filter(|trial| trial.flags.contains(&flag)).count() as u32;
    let seconds = times(results, configuration.id);
    let per_item = time_interval(&per_item(results, configuration.id), LEVEL);
    let speedup = speedup(results, configuration);
    let breakdown = split(results, configuration);
    ConfigurationEstimate {
        configuration: configuration.id,
        time: time_interval(&seconds, LEVEL),
        throughput: per_item.as_ref().and_then(turned),
        per_item,
        breakdown,
        speedup,
        phases: phases(&right),
        cpu: middle(&right, |trial| total(trial, |phase| phase.usage.cpu()) / 1e9),
        switches: middle(&right, |trial| total(trial, |phase| phase.usage.voluntary))
            .zip(middle(&right, |trial| total(trial, |phase| phase.usage.involuntary))),
        resources: resources(&right),
        memory: memory(results, configuration.id),
        fault: happened::fault(results, configuration),
        lives: happened::lives(results, configuration.id),
        lock: happened::lock(results, configuration.id),
        seen: happened::seen(results, configuration.id),
        pipeline: stages::of(results, configuration),
        ok: right.len() as u32,
        trials: trials.len() as u32,
        too_short: flagged(Flag::TooShort),
        bimodal: stats::bimodal(&values(&seconds)),
        note: note(&trials),
    }
}

/// Where the speedup went, for what has no rate.
fn split(results: &Results, configuration: &Configuration) -> Option<Breakdown> {
    let reference = breakdown::reference(results, configuration)?;
    let speedup = speedup_over(results, configuration, reference.id);
    let has_rate = results.workloads[configuration.workload].rate.is_some();
    breakdown::of(results, configuration, speedup.as_ref().filter(|_| !has_rate))
}

/// From this share of the measured speedup on that items would have gained, more profiling trials may tell better.
const UNSETTLED_FROM: f64 = 0.1;

/// Configurations whose split says that items ran faster than in the reference by more than a little.
#[must_use]
pub fn unsettled_breakdowns(results: &Results) -> Vec<usize> {
    let is_unsettled = |split: Breakdown| !split.useless() && split.gained() > UNSETTLED_FROM * split.measured;
    let unsettled =
        results.configurations.iter().filter(|configuration| split(results, configuration).is_some_and(is_unsettled));
    unsettled.map(|configuration| configuration.id).collect()
}

/// The in-round speed-up over the reference; `None` where either has no finite ratio.
fn speedup(results: &Results, configuration: &Configuration) -> Option<Interval> {
    speedup_over(results, configuration, results.workloads[configuration.workload].reference)
}

fn speedup_over(results: &Results, configuration: &Configuration, reference: usize) -> Option<Interval> {
    if reference == configuration.id {
        let known = times(results, configuration.id);
        return known.iter().any(|(_, seconds)| seconds.is_finite()).then(|| bare(1.0, known.len()));
    }
    let logs = log_ratios(results, configuration.id, reference);
    stats::median(&logs).filter(|median| median.is_finite())?;
    ratio_interval(&logs, LEVEL)
}

fn phases(right: &[&Trial]) -> Option<[f64; 3]> {
    let of = |i: usize| middle(right, |trial| trial.phases[i].wall as f64 / 1e9);
    // A warm-up takes as long as a chunk of items, and is no part of what it costs to start.
    let start = middle(right, |trial| trial.phases[0].wall.saturating_sub(trial.details.warm_up) as f64 / 1e9);
    Some([start?, of(1)?, of(2)?])
}

/// What the right trials used, phase by phase and per item of the work.
fn resources(right: &[&Trial]) -> Option<Resources> {
    let phase = |part: &dyn Fn(&Phase) -> u64, scale: f64| -> Option<[f64; 3]> {
        let of = |i: usize| middle(right, |trial| part(&trial.phases[i]) as f64 / scale);
        Some([of(0)?, of(1)?, of(2)?])
    };
    let per_item =
        |part: fn(&Phase) -> u64| middle(right, |trial| part(&trial.phases[1]) as f64 / trial.done.max(1) as f64);
    Some(Resources {
        user: phase(&|phase| phase.usage.user, 1e9)?,
        system: phase(&|phase| phase.usage.system, 1e9)?,
        voluntary: phase(&|phase| phase.usage.voluntary, 1.0)?,
        involuntary: phase(&|phase| phase.usage.involuntary, 1.0)?,
        minor_faults: phase(&|phase| phase.usage.minor_faults, 1.0)?,
        major_faults: phase(&|phase| phase.usage.major_faults, 1.0)?,
        busy: middle(right, |trial| {
            total(trial, |phase| phase.usage.cpu()) / total(trial, |phase| phase.wall).max(1.0)
        })?,
        cpu_per_item: per_item(|phase| phase.usage.cpu())? / 1e9,
        switches_per_item: per_item(|phase| phase.usage.voluntary + phase.usage.involuntary)?,
        faults_per_item: per_item(|phase| phase.usage.minor_faults + phase.usage.major_faults)?,
    })
}

/// What the processes of the right memory trials occupied.
fn memory(results: &Results, configuration: usize) -> Option<MemoryEstimate> {
    let known: Vec<_> = memory_trials(results, configuration).collect();
    let of = |value: &dyn Fn(&crate::results::MemoryUse) -> f64| {
        stats::median(&known.iter().map(|memory| value(memory)).collect::<Vec<_>>())
    };
    let workers: Vec<f64> = known.iter().flat_map(|memory| &memory.workers).map(|worker| worker.pss as f64).collect();
    Some(MemoryEstimate {
        private: of(&|memory| memory.after.private as f64)?,
        shared: of(&|memory| memory.after.shared() as f64)?,
        pss: of(&|memory| memory.after.pss as f64)?,
        rss: of(&|memory| memory.after.rss as f64)?,
        growth: of(&|memory| memory.after.pss as f64 - memory.before.pss as f64)?,
        per_worker: stats::median(&workers),
        trials: known.len() as u32,
    })
}

/// What the right memory trials of a configuration read.
pub(super) fn memory_trials(
    results: &Results,
    configuration: usize,
) -> impl Iterator<Item = &crate::results::MemoryUse> {
    let right = move |trial: &&Trial| trial.configuration == configuration && trial.kind == Kind::Memory && trial.ok();
    results.trials.iter().filter(right).filter_map(|trial| trial.details.memory.as_ref())
}

fn total(trial: &Trial, part: impl Fn(&Phase) -> u64) -> f64 {
    trial.phases.iter().map(part).sum::<u64>() as f64
}

fn middle(trials: &[&Trial], value: impl Fn(&Trial) -> f64) -> Option<f64> {
    stats::median(&trials.iter().map(|trial| value(trial)).collect::<Vec<_>>())
}

/// What went wrong and how often, such as `2 of 15 timed out; 1 of 15 result mismatch`.
fn note(trials: &[&Trial]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for trial in trials.iter().filter(|trial| !trial.ok()) {
        *counts.entry(trial.outcome.words()).or_default() += 1;
    }
    let lines: Vec<String> = counts.iter().map(|(what, count)| format!("{count} of {} {what}", trials.len())).collect();
    lines.join("; ")
}
