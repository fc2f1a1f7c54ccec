//! From the per-item times of profiling trials to quantiles and a small histogram.

use std::collections::BTreeMap;

use crate::results::{ABOVE, Clocks, Latency, MOST_BUCKETS, Quantiles};

/// Merges the clocks of each configuration's trials.
pub(super) fn latencies(clocks: BTreeMap<usize, Vec<Clocks>>) -> Vec<Latency> {
    let merge = |trials: &[Clocks], of: fn(&Clocks) -> &Vec<(u64, u64)>| {
        let mut merged = BTreeMap::new();
        for (value, count) in trials.iter().flat_map(of) {
            *merged.entry(*value).or_insert(0) += count;
        }
        quantiles(&merged.into_iter().collect::<Vec<_>>())
    };
    let latency = |(configuration, trials): (usize, Vec<Clocks>)| {
        let service = merge(&trials, |clocks| &clocks.service)?;
        let response = merge(&trials, |clocks| &clocks.response)?;
        let service_by_trial = trials.iter().filter_map(|clocks| percentiles(&clocks.service)).collect();
        Some(Latency { configuration, trials: trials.len() as u32, service, response, service_by_trial })
    };
    clocks.into_iter().filter_map(latency).collect()
}

/// The 50th, 95th and 99th percentile of one trial, where enough items lie above.
fn percentiles(pairs: &[(u64, u64)]) -> Option<[Option<u64>; 3]> {
    let found = quantiles(pairs)?;
    let median = found.count as f64 * 0.5 >= ABOVE;
    Some([median.then_some(found.p50), found.p95, found.p99])
}

/// Quantiles of (value, count) pairs that rise; `None` where there are none.
fn quantiles(pairs: &[(u64, u64)]) -> Option<Quantiles> {
    let count: u64 = pairs.iter().map(|(_, count)| count).sum();
    let (first, last) = (pairs.first()?, pairs.last()?);
    let at = |p: f64| {
        let rank = (p * count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let found = pairs.iter().find(|(_, n)| {
            seen += n;
            seen >= rank
        });
        found.map_or(last.0, |(value, _)| *value)
    };
    let tail = |p: f64| (count as f64 * (1.0 - p) >= ABOVE).then(|| at(p));
    Some(Quantiles {
        count,
        min: first.0,
        p50: at(0.5),
        p95: tail(0.95),
        p99: tail(0.99),
        max: last.0,
        histogram: thin_out(pairs),
    })
}

/// Joins neighbouring buckets into at most [`MOST_BUCKETS`], evenly on a logarithmic scale.
fn thin_out(pairs: &[(u64, u64)]) -> Vec<(u64, u64)> {
    if pairs.len() <= MOST_BUCKETS {
        return pairs.to_vec();
    }
    let log = |value: u64| (value.max(1) as f64).ln();
    let low = pairs.first().map_or(0.0, |pair| log(pair.0));
    let high = pairs.last().map_or(1.0, |pair| log(pair.0));
    let step = ((high - low) / (MOST_BUCKETS - 1) as f64).max(f64::MIN_POSITIVE);
    let mut joined: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for (value, count) in pairs {
        let bucket = joined.entry(((log(*value) - low) / step) as u64).or_insert((0, 0));
        *bucket = (*value, bucket.1 + count);
    }
    joined.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_given_only_where_ten_items_lie_above() {
        let pairs: Vec<(u64, u64)> = (1..=250).map(|value| (value, 1)).collect();
        let found = quantiles(&pairs).unwrap();
        assert_eq!((found.min, found.p50, found.p95, found.p99, found.max), (1, 125, Some(238), None, 250));
        assert_eq!(quantiles(&[]), None);
    }

    #[test]
    fn a_thinned_histogram_keeps_every_count_and_the_largest_value() {
        let pairs: Vec<(u64, u64)> = (1..5000).map(|value| (value * value, 2)).collect();
        let thin = thin_out(&pairs);
        assert!(thin.len() <= MOST_BUCKETS);
        assert_eq!(thin.iter().map(|pair| pair.1).sum::<u64>(), 2 * 4999);
        assert_eq!(thin.last().unwrap().0, 4999 * 4999);
        assert!(thin.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
