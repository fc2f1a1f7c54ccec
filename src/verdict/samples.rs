//! The samples of configurations, by round, and intervals as results files hold them.

use crate::results::{Interval, Kind, Results, Trial};
use crate::stats;

/// Stands for an infinite ratio in results files, since JSON has no infinity: one side timed out in most rounds.
pub const UNBOUNDED: f64 = 1e300;

/// Seconds of one trial of each round; +∞ for time-outs, nothing for other failures. Where items come at a set rate, a
/// trial takes as long as they take to come: then the 95th percentile of its latencies stands for it.
pub(super) fn times(results: &Results, configuration: usize) -> Vec<(u32, f64)> {
    results.counted(configuration).filter_map(|trial| Some((trial.round, seconds(trial)?))).collect()
}

fn seconds(trial: &Trial) -> Option<f64> {
    let measured = trial.seconds()?;
    Some(trial.details.open.filter(|_| trial.ok()).map_or(measured, |open| open.p95 as f64 / 1e9))
}

/// Seconds per item of one trial of each round. A right trial has done all its items, those that others yielded included.
pub(super) fn per_item(results: &Results, configuration: usize) -> Vec<(u32, f64)> {
    let each = |trial: &Trial| Some((trial.round, trial.seconds()? / trial.done.max(1) as f64));
    results.counted(configuration).filter_map(each).collect()
}

/// What the workload compares: times, or times per item where its configurations have counts of their own.
pub(super) fn compared(results: &Results, configuration: usize) -> Vec<(u32, f64)> {
    if results.workloads[results.configurations[configuration].workload].per_item {
        per_item(results, configuration)
    } else {
        times(results, configuration)
    }
}

/// As [`compared`], of the second runs of the A/A check, of which not every round has one; +∞ for all that went wrong.
pub(super) fn second_runs(results: &Results, configuration: usize) -> Vec<(u32, f64)> {
    let second = |trial: &&Trial| trial.configuration == configuration && trial.kind == Kind::Timed && trial.duplicate;
    let per_item = results.workloads[results.configurations[configuration].workload].per_item;
    let items = |trial: &Trial| if per_item { trial.done.max(1) as f64 } else { 1.0 };
    let left_out = results.workloads[results.configurations[configuration].workload].looks.left_out();
    let counts = |trial: &&Trial| !left_out.iter().any(|rounds| rounds.contains(&trial.round));
    let trials = results.trials.iter().filter(second).filter(counts);
    trials.map(|trial| (trial.round, seconds(trial).map_or(f64::INFINITY, |time| time / items(trial)))).collect()
}

/// Logarithms of how many times faster `a` is than `b`, by round.
pub(super) fn log_ratios(results: &Results, a: usize, b: usize) -> Vec<f64> {
    stats::log_ratios(&compared(results, b), &compared(results, a)).logs
}

/// The values without their rounds.
pub(super) fn values(series: &[(u32, f64)]) -> Vec<f64> {
    series.iter().map(|(_, value)| *value).collect()
}

/// The interval of a median of times. `None` without samples, and where the median is infinite.
pub(super) fn time_interval(series: &[(u32, f64)], level: f64) -> Option<Interval> {
    let found = stats::estimate(&values(series), level)?;
    found.median.is_finite().then(|| written(&found, |value| value))
}

/// The interval of a median ratio from logarithms. `None` without samples.
pub(super) fn ratio_interval(logs: &[f64], level: f64) -> Option<Interval> {
    Some(written(&stats::estimate(logs, level)?, f64::exp))
}

fn written(found: &stats::Estimate, value: impl Fn(f64) -> f64) -> Interval {
    let finite = |x: f64| value(x).min(UNBOUNDED);
    Interval {
        median: finite(found.median),
        low: found.ends.map(|(low, _)| finite(low)),
        high: found.ends.map(|(_, high)| value(high)).filter(|high| high.is_finite()),
        level: found.level,
        ranks: (found.ranks.0 as u32, found.ranks.1 as u32),
        n: found.n as u32,
    }
}

/// A value without an interval.
pub(super) fn bare(median: f64, n: usize) -> Interval {
    Interval { median, low: None, high: None, level: 0.0, ranks: (0, 0), n: n as u32 }
}

/// The interval of one over a quantity, such as items a second from seconds an item. `None` where the median is zero.
pub(super) fn turned(interval: &Interval) -> Option<Interval> {
    let over = |value: f64| (value > 0.0).then(|| 1.0 / value).filter(|turned| turned.is_finite());
    Some(Interval {
        median: over(interval.median)?,
        low: interval.low.map(|_| interval.high.map_or(0.0, |high| over(high).unwrap_or(0.0))),
        high: interval.low.and_then(over),
        ..*interval
    })
}

/// The interval of a median at a look, from logarithms of units: each end fails with `error` at most over all looks.
pub(super) fn interval(logs: &[f64], looks: &[usize], planned: &[usize], error: f64) -> Option<Interval> {
    let n = *looks.last()?;
    let median = stats::median(logs)?;
    let found = stats::bounds(logs, looks, planned, error);
    let value = |log: f64| log.exp().min(UNBOUNDED);
    let rank = found.rank.unwrap_or(0) as u32;
    Some(Interval {
        median: value(median),
        low: found.rank.map(|_| value(found.low)),
        high: found.rank.map(|_| found.high.exp()).filter(|high| high.is_finite()),
        level: found.rank.map_or(0.0, |_| 1.0 - 2.0 * error),
        ranks: if rank == 0 { (0, 0) } else { (n as u32 + 1 - rank, rank) },
        n: logs.len() as u32,
    })
}
