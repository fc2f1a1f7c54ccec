//! What expectations are judged on: the estimate of a metric of one configuration, or of its ratio to that of another.

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
    /// Whether it is a time, so that a suppressed verdict leaves it open.
    pub timing: bool,
    /// How it was made, where that is not the usual way.
    pub remark: &'static str,
}

/// Estimates a metric of `configuration`, or its ratio to that of `to`.
///
/// # Errors
/// Why there is nothing to judge by.
pub(super) fn measure(
    results: &Results,
    metric: Metric,
    configuration: usize,
    to: Option<usize>,
) -> Result<Measured, String> {
    let timed = |found: Option<Estimate>| {
        let found = found.ok_or_else(|| "no trial to evaluate".to_owned())?;
        Ok(Measured { found, timing: true, remark: "" })
    };
    match (metric, to) {
        (Metric::Speedup, to) => {
            let to = to.unwrap_or(results.workloads[results.configurations[configuration].workload].reference);
            timed(ratio(&log_ratios(results, configuration, to)))
        }
        (Metric::Time, None) => timed(estimate(&values(&times(results, configuration)), LEVEL)),
        (Metric::Time, Some(to)) => timed(ratio(&log_ratios(results, to, configuration))),
        (Metric::Throughput, None) => {
            let rates: Vec<f64> =
                per_item(results, configuration).into_iter().map(|(_, seconds)| 1.0 / seconds).collect();
            timed(estimate(&rates, LEVEL))
        }
        (Metric::Throughput, Some(to)) => {
            timed(ratio(&stats::log_ratios(&per_item(results, to), &per_item(results, configuration)).logs))
        }
        (Metric::ServiceP50, to) => apart(|configuration| service(results, configuration, 0), configuration, to, true),
        (Metric::ServiceP95, to) => apart(|configuration| service(results, configuration, 1), configuration, to, true),
        (Metric::ServiceP99, to) => apart(|configuration| service(results, configuration, 2), configuration, to, true),
        (Metric::LatencyP50, to) => timed(late(results, configuration, to, 0.50)?),
        (Metric::LatencyP95, to) => timed(late(results, configuration, to, 0.95)?),
        (Metric::LatencyP99, to) => timed(late(results, configuration, to, 0.99)?),
        (Metric::Memory, to) => apart(|configuration| occupied(results, configuration), configuration, to, false),
        (Metric::Outcome, _) => Err("outcomes are counted, not estimated".into()),
    }
}

/// A percentile of the latencies of every trial in seconds, or the ratio of two of them, by round.
fn late(results: &Results, configuration: usize, to: Option<usize>, share: f64) -> Result<Option<Estimate>, String> {
    let of = |configuration: usize| -> Result<Vec<(u32, f64)>, String> {
        let known = results.counted(configuration).map(|trial| Some((trial.round, trial.latency(share)?)));
        let known: Option<Vec<_>> = known.collect();
        known.ok_or_else(|| "there is no arrival rate, or too few items for this percentile".to_owned())
    };
    let Some(to) = to else { return Ok(estimate(&values(&of(configuration)?), LEVEL)) };
    Ok(ratio(&stats::log_ratios(&of(configuration)?, &of(to)?).logs))
}

/// The median over the timed trials of a configuration of their latency at a share of 0.50, 0.95 or 0.99, in seconds, with its
/// interval at 95 %. `None` where items did not come at a set rate, and where a trial failed or has too few items for it.
#[must_use]
pub fn latency(results: &Results, configuration: usize, share: f64) -> Option<Interval> {
    let known: Option<Vec<_>> =
        results.counted(configuration).map(|trial| Some((trial.round, trial.latency(share)?))).collect();
    time_interval(&known?, LEVEL)
}

/// The median over the timed trials of a configuration of the items a second that were answered, with its interval at 95 %. `None`
/// where items did not come at a set rate, or a trial failed.
#[must_use]
pub fn achieved(results: &Results, configuration: usize) -> Option<Interval> {
    let known: Option<Vec<_>> =
        results.counted(configuration).map(|trial| Some((trial.round, trial.achieved()?))).collect();
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
    configuration: usize,
    to: Option<usize>,
    timing: bool,
) -> Result<Measured, String> {
    let side = |configuration: usize, level: f64| {
        estimate(&samples(configuration)?, level).ok_or_else(|| "no trial to evaluate".to_owned())
    };
    let Some(to) = to else {
        return Ok(Measured { found: side(configuration, LEVEL)?, timing, remark: "" });
    };
    let (above, below) = (side(configuration, SIDE_LEVEL)?, side(to, SIDE_LEVEL)?);
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

/// A percentile of the service time in seconds, one of each profiling trial.
fn service(results: &Results, configuration: usize, percentile: usize) -> Result<Vec<f64>, String> {
    let latency = results.latencies.iter().find(|latency| latency.configuration == configuration);
    let trials = latency.map(|latency| &latency.service_by_trial).filter(|trials| !trials.is_empty());
    let trials = trials.ok_or_else(|| "no profiling trial to evaluate".to_owned())?;
    let known: Option<Vec<f64>> = trials.iter().map(|trial| Some(trial[percentile]? as f64 / 1e9)).collect();
    known.ok_or_else(|| {
        let needed = [20, 200, 1000][percentile];
        format!("a trial with fewer than {needed} items has not ten above this percentile")
    })
}

/// Bytes of all processes after the work, one number of each memory trial.
fn occupied(results: &Results, configuration: usize) -> Result<Vec<f64>, String> {
    let known: Vec<f64> = memory_trials(results, configuration).map(|memory| memory.after.pss as f64).collect();
    if known.is_empty() { Err("no memory trial to evaluate".into()) } else { Ok(known) }
}
