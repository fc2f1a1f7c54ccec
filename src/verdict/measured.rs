//! What expectations are judged on: the estimate of a metric of one cell, or of its ratio to that of another.

use super::LEVEL;
use super::estimate::memory_trials;
use super::samples::{log_ratios, per_item, time_interval, times, values};
use crate::results::{Interval, Results};
use crate::setting::Metric;
use crate::stats::{self, Estimate, estimate};

/// Level of each side of a ratio of medians, so that both hold together at 95 %.
const SIDE_LEVEL: f64 = 0.975;

/// An estimate, and what to say of it.
pub(super) struct Measured {
    pub found: Estimate,
    /// Whether it is a time, so that a withheld verdict leaves it open.
    pub timing: bool,
    /// How it was made, where that is not the usual way.
    pub remark: &'static str,
}

/// Estimates a metric of `cell`, or its ratio to that of `to`.
///
/// # Errors
/// Why there is nothing to judge by.
pub(super) fn measure(results: &Results, metric: Metric, cell: usize, to: Option<usize>) -> Result<Measured, String> {
    let timed = |found: Option<Estimate>| {
        let found = found.ok_or_else(|| "no trial to evaluate".to_owned())?;
        Ok(Measured { found, timing: true, remark: "" })
    };
    match (metric, to) {
        (Metric::Speedup, to) => {
            let to = to.unwrap_or(results.groups[results.cells[cell].group].baseline);
            timed(ratio(&log_ratios(results, cell, to)))
        }
        (Metric::Time, None) => timed(estimate(&values(&times(results, cell)), LEVEL)),
        (Metric::Time, Some(to)) => timed(ratio(&log_ratios(results, to, cell))),
        (Metric::Throughput, None) => {
            let rates: Vec<f64> = per_item(results, cell).into_iter().map(|(_, seconds)| 1.0 / seconds).collect();
            timed(estimate(&rates, LEVEL))
        }
        (Metric::Throughput, Some(to)) => {
            timed(ratio(&stats::log_ratios(&per_item(results, to), &per_item(results, cell)).logs))
        }
        (Metric::ServiceP50, to) => apart(|cell| service(results, cell, 0), cell, to, true),
        (Metric::ServiceP95, to) => apart(|cell| service(results, cell, 1), cell, to, true),
        (Metric::ServiceP99, to) => apart(|cell| service(results, cell, 2), cell, to, true),
        (Metric::LatencyP50, to) => timed(late(results, cell, to, 0.50)?),
        (Metric::LatencyP95, to) => timed(late(results, cell, to, 0.95)?),
        (Metric::LatencyP99, to) => timed(late(results, cell, to, 0.99)?),
        (Metric::Memory, to) => apart(|cell| occupied(results, cell), cell, to, false),
        (Metric::Outcome, _) => Err("outcomes are counted, not estimated".into()),
    }
}

/// A percentile of the latencies of every trial in seconds, or the ratio of two of them, by round.
fn late(results: &Results, cell: usize, to: Option<usize>, share: f64) -> Result<Option<Estimate>, String> {
    let of = |cell: usize| -> Result<Vec<(u32, f64)>, String> {
        let known = results.timed(cell).map(|trial| Some((trial.round, trial.latency(share)?)));
        let known: Option<Vec<_>> = known.collect();
        known.ok_or_else(|| "there is no arrival rate, or too few items for this percentile".to_owned())
    };
    let Some(to) = to else { return Ok(estimate(&values(&of(cell)?), LEVEL)) };
    Ok(ratio(&stats::log_ratios(&of(cell)?, &of(to)?).logs))
}

/// The median over the timed trials of a cell of their latency at a share of 0.50, 0.95 or 0.99, in seconds, with its
/// interval at 95 %. `None` where items did not come at a set rate, and where a trial failed or has too few items for it.
#[must_use]
pub fn latency(results: &Results, cell: usize, share: f64) -> Option<Interval> {
    let known: Option<Vec<_>> = results.timed(cell).map(|trial| Some((trial.round, trial.latency(share)?))).collect();
    time_interval(&known?, LEVEL)
}

/// The median over the timed trials of a cell of the items a second that were answered, with its interval at 95 %. `None`
/// where items did not come at a set rate, or a trial failed.
#[must_use]
pub fn achieved(results: &Results, cell: usize) -> Option<Interval> {
    let known: Option<Vec<_>> = results.timed(cell).map(|trial| Some((trial.round, trial.achieved()?))).collect();
    time_interval(&known?, LEVEL)
}

/// A ratio from its logarithms.
fn ratio(logs: &[f64]) -> Option<Estimate> {
    let found = estimate(logs, LEVEL)?;
    Some(Estimate { median: found.median.exp(), ends: found.ends.map(|(low, high)| (low.exp(), high.exp())), ..found })
}

/// A metric from trials of their own. These are not paired by round: a ratio is one of medians, and its interval reaches
/// from the one side's lower end over the other's upper end to the reverse.
fn apart(
    samples: impl Fn(usize) -> Result<Vec<f64>, String>,
    cell: usize,
    to: Option<usize>,
    timing: bool,
) -> Result<Measured, String> {
    let side =
        |cell: usize, level: f64| estimate(&samples(cell)?, level).ok_or_else(|| "no trial to evaluate".to_owned());
    let Some(to) = to else {
        return Ok(Measured { found: side(cell, LEVEL)?, timing, remark: "" });
    };
    let (above, below) = (side(cell, SIDE_LEVEL)?, side(to, SIDE_LEVEL)?);
    if below.median <= 0.0 {
        return Err("what it is compared with is zero".into());
    }
    let ends = above.ends.zip(below.ends).filter(|(_, (low, _))| *low > 0.0);
    let found = Estimate {
        median: above.median / below.median,
        ends: ends.map(|((low, high), (least, most))| (low / most, high / least)),
        level: if ends.is_some() { above.level + below.level - 1.0 } else { 0.0 },
        ranks: (0, 0),
        n: above.n.min(below.n),
    };
    Ok(Measured { found, timing, remark: ", a ratio of medians" })
}

/// A percentile of the service time in seconds, one of each instrumented trial.
fn service(results: &Results, cell: usize, percentile: usize) -> Result<Vec<f64>, String> {
    let latency = results.latencies.iter().find(|latency| latency.cell == cell);
    let trials = latency.map(|latency| &latency.service_by_trial).filter(|trials| !trials.is_empty());
    let trials = trials.ok_or_else(|| "no profiling trial to evaluate".to_owned())?;
    let known: Option<Vec<f64>> = trials.iter().map(|trial| Some(trial[percentile]? as f64 / 1e9)).collect();
    known.ok_or_else(|| {
        let needed = [20, 200, 1000][percentile];
        format!("a trial with fewer than {needed} items has not ten above this percentile")
    })
}

/// Bytes of all processes after the work, one number of each memory trial.
fn occupied(results: &Results, cell: usize) -> Result<Vec<f64>, String> {
    let known: Vec<f64> = memory_trials(results, cell).map(|memory| memory.after.pss as f64).collect();
    if known.is_empty() { Err("no memory trial to evaluate".into()) } else { Ok(known) }
}
