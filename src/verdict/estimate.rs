//! What is known of one cell.

use std::collections::BTreeMap;

use super::samples::{bare, log_ratios, per_item, ratio_interval, time_interval, times, turned, values};
use super::{LEVEL, happened, losses, stages};
use crate::results::{Cell, CellEstimate, Flag, Interval, Kind, MemoryEstimate, Phase, Resources, Results, Trial};
use crate::stats;

/// Estimates of one cell from its timed trials.
pub(super) fn cell(results: &Results, cell: &Cell) -> CellEstimate {
    let trials: Vec<&Trial> = results.timed(cell.id).collect();
    let right: Vec<&Trial> = trials.iter().copied().filter(|trial| trial.ok()).collect();
    let flagged = |flag: Flag| trials.iter().filter(|trial| trial.flags.contains(&flag)).count() as u32;
    let seconds = times(results, cell.id);
    let per_item = time_interval(&per_item(results, cell.id), LEVEL);
    let speedup = speedup(results, cell);
    CellEstimate {
        cell: cell.id,
        time: time_interval(&seconds, LEVEL),
        throughput: per_item.as_ref().and_then(turned),
        per_item,
        losses: losses::of(results, cell, speedup.as_ref().filter(|_| results.groups[cell.group].rate.is_none())),
        speedup,
        phases: phases(&right),
        cpu: middle(&right, |trial| total(trial, |phase| phase.user + phase.system) / 1e9),
        switches: middle(&right, |trial| total(trial, |phase| phase.voluntary))
            .zip(middle(&right, |trial| total(trial, |phase| phase.involuntary))),
        resources: resources(&right),
        memory: memory(results, cell.id),
        fault: happened::fault(results, cell),
        lives: happened::lives(results, cell.id),
        lock: happened::lock(results, cell.id),
        seen: happened::seen(results, cell.id),
        pipeline: stages::of(results, cell),
        ok: right.len() as u32,
        trials: trials.len() as u32,
        disturbed: flagged(Flag::Noisy),
        too_short: flagged(Flag::TooShort),
        two_modes: stats::two_modes(&values(&seconds)),
        note: note(&trials),
    }
}

/// The in-round speed-up over the baseline; `None` where either has no finite ratio.
fn speedup(results: &Results, cell: &Cell) -> Option<Interval> {
    let baseline = results.groups[cell.group].baseline;
    if baseline == cell.id {
        let known = times(results, cell.id);
        return known.iter().any(|(_, seconds)| seconds.is_finite()).then(|| bare(1.0, known.len()));
    }
    let logs = log_ratios(results, cell.id, baseline);
    stats::median(&logs).filter(|median| median.is_finite())?;
    ratio_interval(&logs, LEVEL)
}

fn phases(right: &[&Trial]) -> Option<[f64; 3]> {
    let of = |i: usize| middle(right, |trial| trial.phases[i].wall as f64 / 1e9);
    Some([of(0)?, of(1)?, of(2)?])
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
        user: phase(&|phase| phase.user, 1e9)?,
        system: phase(&|phase| phase.system, 1e9)?,
        voluntary: phase(&|phase| phase.voluntary, 1.0)?,
        involuntary: phase(&|phase| phase.involuntary, 1.0)?,
        minor_faults: phase(&|phase| phase.minor_faults, 1.0)?,
        major_faults: phase(&|phase| phase.major_faults, 1.0)?,
        busy: middle(right, |trial| {
            total(trial, |phase| phase.user + phase.system) / total(trial, |phase| phase.wall).max(1.0)
        })?,
        cpu_per_item: per_item(|phase| phase.user + phase.system)? / 1e9,
        switches_per_item: per_item(|phase| phase.voluntary + phase.involuntary)?,
        faults_per_item: per_item(|phase| phase.minor_faults + phase.major_faults)?,
    })
}

/// What the processes of the right memory trials occupied.
fn memory(results: &Results, cell: usize) -> Option<MemoryEstimate> {
    let known: Vec<_> = memory_trials(results, cell).collect();
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

/// What the right memory trials of a cell read.
pub(super) fn memory_trials(results: &Results, cell: usize) -> impl Iterator<Item = &crate::results::MemoryUse> {
    let right = move |trial: &&Trial| trial.cell == cell && trial.kind == Kind::Memory && trial.ok();
    results.trials.iter().filter(right).filter_map(|trial| trial.memory.as_ref())
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
