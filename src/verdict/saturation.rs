//! Up to which rate a configuration keeps up with what comes.

use super::LEVEL;
use super::samples::{ratio_interval, values};
use super::sentence::verb;
use crate::results::{Configuration, Interval, RatePoint, Results, SaturationPoint, Workload};
use crate::text::show_count;

/// A configuration keeps up where it answers at least this share of what comes, from the first moment to the last reply. The reply to
/// the last item is late by its own latency even on an idle machine, and random arrivals leave some of the time over: less
/// than this at the shortest runs that are allowed.
const SUSTAINED: f64 = 0.95;

/// Every configuration over all rates at which it ran, in workloads that differ in their rate alone.
pub(super) fn all(results: &Results) -> Vec<SaturationPoint> {
    let mut found = Vec::new();
    let mut seen: Vec<usize> = Vec::new();
    for first in results.workloads.iter().filter(|workload| workload.rate.is_some()) {
        if seen.contains(&first.id) {
            continue;
        }
        let mut workloads: Vec<&Workload> = results.workloads.iter().filter(|other| alike(first, other)).collect();
        workloads.sort_by_key(|workload| workload.rate);
        seen.extend(workloads.iter().map(|workload| workload.id));
        let mut labels: Vec<&str> = Vec::new();
        for configuration in
            workloads.iter().flat_map(|workload| &workload.configurations).map(|id| &results.configurations[*id])
        {
            if !configuration.is_of_baseline() && !labels.contains(&configuration.label.as_str()) {
                labels.push(&configuration.label);
            }
        }
        found.extend(labels.into_iter().filter_map(|label| saturation_point(results, &workloads, label)));
    }
    found
}

/// Whether two groups differ in their rate alone.
fn alike(a: &Workload, b: &Workload) -> bool {
    b.rate.is_some()
        && (&a.task, &a.settings, &a.runtime, &a.measure) == (&b.task, &b.settings, &b.runtime, &b.measure)
        && (&a.interpreter, &a.fault) == (&b.interpreter, &b.fault)
}

fn saturation_point(results: &Results, workloads: &[&Workload], label: &str) -> Option<SaturationPoint> {
    let point = |workload: &&Workload| {
        let rate = workload.rate?;
        let configuration: &Configuration = workload
            .configurations
            .iter()
            .map(|id| &results.configurations[*id])
            .find(|configuration| configuration.label == label)?;
        let share = share(results, configuration.id, rate)?;
        Some(RatePoint { workload: workload.id, configuration: configuration.id, rate, share })
    };
    let points: Vec<RatePoint> = workloads.iter().filter_map(point).collect();
    let sustains = points.iter().take_while(|point| point.share.low.is_some_and(|low| low >= SUSTAINED)).last();
    let behind =
        |point: &&RatePoint| point.share.low.is_some() && point.share.high.is_some_and(|high| high < SUSTAINED);
    let saturates_at = points.iter().find(behind);
    let sentence = sentence(label, &points, sustains, saturates_at)?;
    let (sustains, saturates_at) = (sustains.map(|point| point.rate), saturates_at.map(|point| point.rate));
    Some(SaturationPoint { configuration: label.to_owned(), sustains, saturates_at, sentence, points })
}

/// Whether a configuration was shown to sustain its rate.
pub(super) fn sustains(results: &Results, configuration: usize, rate: u32) -> bool {
    share(results, configuration, rate).and_then(|share| share.low).is_some_and(|low| low >= SUSTAINED)
}

/// Which share of what came was answered in time, by trial.
fn share(results: &Results, configuration: usize, rate: u32) -> Option<Interval> {
    let of_trial = |trial: &crate::results::Trial| Some((trial.round, (trial.achieved()? / f64::from(rate)).ln()));
    let logs: Vec<(u32, f64)> = results.counted(configuration).filter_map(of_trial).collect();
    ratio_interval(&values(&logs), LEVEL)
}

fn sentence(
    label: &str,
    points: &[RatePoint],
    sustains: Option<&RatePoint>,
    saturates_at: Option<&RatePoint>,
) -> Option<String> {
    let (does, is) = (verb(label, "sustains", "sustain"), verb(label, "is", "are"));
    let rate = |point: &RatePoint| format!("{}/s", show_count(u64::from(point.rate)));
    let answered = |point: &RatePoint| {
        let achieved = point.share.median * f64::from(point.rate);
        format!(
            "{} at {} (completes {}/s)",
            verb(label, "saturates", "saturate"),
            rate(point),
            show_count(achieved as u64)
        )
    };
    Some(match (sustains, saturates_at) {
        (Some(last), Some(first)) => format!("{label} {does} {} and {}.", rate(last), answered(first)),
        (Some(last), None) if Some(last.rate) == points.last().map(|point| point.rate) => {
            format!("{label} {does} every rate up to {}.", rate(last))
        }
        (Some(last), None) => format!("{label} {does} {}; above that it is inconclusive.", rate(last)),
        (None, Some(first)) => format!("{label} {}.", answered(first)),
        (None, None) => format!("{label} {is} inconclusive at every rate up to {}.", rate(points.last()?)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Made;
    use crate::results::{Open, Results};
    use crate::verdict::derive;

    /// Workloads at these rates, whose trials answer these shares of what comes.
    fn at(rates: &[(u32, f64)], rounds: u32) -> Results {
        let mut made = Made::new(rounds);
        for (index, _) in rates.iter().enumerate() {
            made = made.payload(64 + index as u64, &format!("{index}")).configuration("threads × 2", 0.2);
        }
        let mut results = made.results;
        for (workload, (rate, share)) in rates.iter().enumerate() {
            results.workloads[workload].rate = Some(*rate);
            results.workloads[workload].settings.clear();
            for trial in results.trials.iter_mut().filter(|trial| trial.configuration == workload) {
                let noise = 1.0 + 0.001 * f64::from(trial.round % 3);
                let span = (trial.done as f64 / (f64::from(*rate) * share * noise) * 1e9) as u64;
                trial.details.open =
                    Some(Open { p50: 1_000_000, p95: 2_000_000, p99: 3_000_000, max: 4_000_000, span });
            }
        }
        results
    }

    fn told(rates: &[(u32, f64)], rounds: u32) -> (Option<u32>, Option<u32>, String) {
        let saturations = derive(&at(rates, rounds)).saturation;
        assert_eq!(saturations.len(), 1);
        (saturations[0].sustains, saturations[0].saturates_at, saturations[0].sentence.clone())
    }

    #[test]
    fn the_knee_lies_between_the_last_rate_kept_up_with_and_the_first_that_is_not() {
        let (up, behind, sentence) = told(&[(400, 0.99), (800, 0.98), (1600, 0.80)], 9);
        assert_eq!((up, behind), (Some(800), Some(1600)));
        assert_eq!(sentence, "threads × 2 sustains 800/s and saturates at 1600/s (completes 1281/s).");
    }

    #[test]
    fn all_kept_up_with_none_and_undecided_are_told_apart() {
        assert_eq!(told(&[(400, 0.99), (800, 0.98)], 9).2, "threads × 2 sustains every rate up to 800/s.");
        let (up, behind, _) = told(&[(400, 0.8), (800, 0.4)], 9);
        assert_eq!((up, behind), (None, Some(400)));
        let (up, behind, sentence) = told(&[(400, 0.99), (800, 0.98)], 3);
        assert_eq!((up, behind, sentence.contains("inconclusive")), (None, None, true), "three rounds decide nothing");
    }

    #[test]
    fn latencies_are_what_is_compared_at_a_rate() {
        let results = at(&[(400, 0.99)], 9);
        let derived = derive(&results);
        assert!((derived.estimates[0].time.unwrap().median - 0.002).abs() < 1e-9);
    }
}
