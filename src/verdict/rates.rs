//! The pick where items arrive at a rate: not the fastest, but the one that needs the fewest workers for what is expected.

use super::pick::Family;
use super::simplicity::simplicity;
use super::{judge, saturation};
use crate::results::{Pick, PickedBy, Results, Workload};
use crate::setting::Wait;

/// The pick of a family at a rate: the fewest workers that hold an expected latency; where none is expected, by 95th
/// percentile of latencies among those that sustain the rate; where none does, the one that answers the most.
pub(super) fn pick(results: &Results, workload: &Workload, family: &Family<'_>, wait: Option<Wait>) -> Option<Pick> {
    let rate = workload.rate?;
    let config = |id: usize| &results.configurations[id].config;
    let able = family.candidates();
    let holding: Vec<usize> =
        judge::holding_latency(results, workload).into_iter().filter(|id| able.contains(id)).collect();
    if let Some(fewest) = holding.into_iter().min_by_key(|id| (config(*id).all_workers(), simplicity(config(*id)))) {
        return Some(family.pick_of(fewest, PickedBy::ExpectedLatency, wait));
    }
    let sustaining: Vec<usize> =
        family.members.iter().copied().filter(|id| saturation::sustains(results, *id, rate)).collect();
    if let Some((id, by)) = family.choose_among(&sustaining) {
        return Some(family.pick_of(id, by, wait));
    }
    let answered = |id: &usize| super::achieved(results, *id).map_or(0.0, |achieved| achieved.median);
    let most = able.into_iter().max_by(|a, b| answered(a).total_cmp(&answered(b)))?;
    (answered(&most) > 0.0).then(|| family.pick_of(most, PickedBy::Throughput, wait))
}

#[cfg(test)]
mod tests {
    use super::super::derive;
    use super::super::fixture::{Made, looked_at};
    use super::*;
    use crate::results::{Expectation, Open};
    use crate::setting::Metric;

    /// 300 items at 100 per second: 95th percentiles in milliseconds, and how long each fifth took in seconds.
    fn at_a_rate(ways: &[(&str, u64, f64)]) -> Results {
        let made = ways.iter().fold(Made::new(15), |made, (label, ..)| made.configuration(label, 3.0));
        let mut results = made.results;
        results.workloads[0].rate = Some(100);
        for trial in &mut results.trials {
            let (_, p95, span) = ways[trial.configuration];
            let p95 = p95 * 1_000_000 + u64::from(trial.round) * 1000;
            let span = (span * 5e9) as u64;
            trial.done = 300;
            trial.details.open = Some(Open { p50: p95 / 2, p95, p99: p95 * 2, max: p95 * 4, span });
        }
        looked_at(results)
    }

    fn picked(results: &Results) -> (usize, PickedBy, String) {
        let verdict = &derive(results).workloads[0];
        let [pick] = verdict.picks.as_slice() else { panic!("{verdict:?}") };
        (pick.configuration, pick.by, verdict.sentence.clone())
    }

    const WAYS: [(&str, u64, f64); 3] =
        [("threads × 4", 5, 0.6), ("threads × 2", 8, 0.6), ("processes × 2, pipe", 4, 0.6)];

    #[test]
    fn the_fewest_workers_that_hold_what_is_expected_are_picked() {
        let mut results = at_a_rate(&WAYS);
        let pairs = (0..3).map(|id| (id, None)).collect();
        let (text, metric) = (String::new(), Metric::LatencyP95);
        results.expectations =
            vec![Expectation { text, metric, is: None, pairs, at_least: None, at_most: Some(0.010) }];
        let (id, by, sentence) = picked(&results);
        assert_eq!((id, by), (1, PickedBy::ExpectedLatency));
        assert!(
            sentence.starts_with(
                "At 100 per second, use threads × 2, the fewest workers that hold the expected latency of 10 ms: 95% of the \
                 replies within 8.0"
            ),
            "{sentence}"
        );
        // Who does not hold it is not picked for it.
        results.expectations[0].at_most = Some(0.006);
        assert_eq!(picked(&results).0, 2, "of two workers, and processes");
        // A share of the latency of another is no bound of the service.
        results.expectations[0].pairs = vec![(1, Some(0))];
        assert!(matches!(picked(&results).1, PickedBy::Price | PickedBy::Simplicity));
    }

    #[test]
    fn without_an_expectation_the_latency_of_those_that_sustain_the_rate_decides() {
        let (id, by, sentence) = picked(&at_a_rate(&WAYS));
        assert_eq!((id, by), (2, PickedBy::Simplicity));
        assert!(sentence.contains("Every other configuration has a higher p95 latency, by at least 24%"), "{sentence}");
        // The one with the lowest answers too little.
        let [four, two, _] = WAYS;
        let (id, by, _) = picked(&at_a_rate(&[four, two, ("processes × 2, pipe", 4, 1.3)]));
        assert_eq!((id, by), (0, PickedBy::Price));
    }

    #[test]
    fn where_none_sustains_the_rate_the_one_that_answers_the_most_is_picked() {
        let ways = [("threads × 4", 500, 1.5), ("threads × 2", 400, 1.6), ("processes × 2, pipe", 300, 2.0)];
        let (id, by, sentence) = picked(&at_a_rate(&ways));
        assert_eq!((id, by), (0, PickedBy::Throughput));
        assert!(
            sentence.contains("No configuration is shown to sustain this rate; this one answers the most"),
            "{sentence}"
        );
    }
}
