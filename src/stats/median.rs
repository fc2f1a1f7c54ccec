//! Medians, quantiles, and the exact interval of a median.

use super::binomial::terms;

/// Levels such as 1 − 0.05 are not exact in binary; a level counts as reached when it is missed by less than this share of the error.
pub(super) const ROUNDING: f64 = 1e-9;

/// A median with its exact interval. Ends are `None` where there are too few samples for the level asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The median; may be infinite.
    pub median: f64,
    /// Lower and upper end; may be infinite.
    pub ends: Option<(f64, f64)>,
    /// True coverage of the interval; 0 where there is none.
    pub level: f64,
    /// Ranks of the ends, from 1; (0, 0) where there is no interval.
    pub ranks: (usize, usize),
    /// How many samples.
    pub n: usize,
}

/// The samples in rising order.
fn sorted(samples: &[f64]) -> Vec<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The median: the middle sample, or the mean of the middle two. `None` without samples.
#[must_use]
pub fn median(samples: &[f64]) -> Option<f64> {
    quantile(samples, 0.5)
}

/// The quantile `share` (0 to 1) by linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996).
/// Where the upper neighbour is infinite and carries any weight, the quantile is infinite.
#[must_use]
pub fn quantile(samples: &[f64], share: f64) -> Option<f64> {
    between(&sorted(samples), share)
}

/// As [`quantile`], of samples in rising order.
fn between(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (below, weight) = (place.floor() as usize, place.fract());
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    Some(if weight == 0.0 || low == high { low } else { low + (high - low) * weight })
}

/// The narrowest symmetric ranks (k, n + 1 − k) whose interval covers the median with at least `level`, and the true coverage.
///
/// For independent samples of any continuous distribution the coverage is 1 − 2·P(B < k) with B ~ Bin(n, ½), whatever
/// the shape (David and Nagaraja, *Order Statistics*, §7.1); discrete samples are covered at least as often.
/// `None` where even the whole range does not reach the level: below 6 samples for 95 %.
fn ranks(n: usize, level: f64) -> Option<((usize, usize), f64)> {
    let (k, error) = outer_rank(n, 1.0 - level)?;
    Some(((k, n + 1 - k), 1.0 - error))
}

/// The largest rank k at which 2·P(B < k) stays within `error`, and that chance. `None` where not even 1 does.
pub(super) fn outer_rank(n: usize, error: f64) -> Option<(usize, f64)> {
    let allowed = error * (1.0 + ROUNDING);
    let mut sum = 0.0;
    let errors = terms(n, 0.5).take(n / 2).map(|term| {
        sum += term;
        2.0 * sum
    });
    errors.enumerate().take_while(|(_, error)| *error <= allowed).last().map(|(below, error)| (below + 1, error))
}

/// Median and exact interval together. `None` without samples.
#[must_use]
pub fn estimate(samples: &[f64], level: f64) -> Option<Estimate> {
    let sorted = sorted(samples);
    let found = ranks(sorted.len(), level);
    Some(Estimate {
        median: between(&sorted, 0.5)?,
        ends: found.map(|((low, high), _)| (sorted[low - 1], sorted[high - 1])),
        level: found.map_or(0.0, |(_, level)| level),
        ranks: found.map_or((0, 0), |(ranks, _)| ranks),
        n: samples.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_samples_give_the_fourth_and_the_twelfth() {
        let (found, level) = ranks(15, 0.95).unwrap();
        assert_eq!(found, (4, 12));
        assert!((level - 0.964_843_75).abs() < 1e-12);
        assert_eq!(ranks(15, 0.99).unwrap().0, (3, 13));
    }

    #[test]
    fn too_few_samples_have_no_interval() {
        assert_eq!(ranks(5, 0.95), None);
        assert_eq!(ranks(6, 0.95).unwrap().0, (1, 6));
        assert_eq!((ranks(7, 0.99), ranks(8, 0.99).unwrap().0), (None, (1, 8)));
        let few = estimate(&[1.0, 2.0], 0.95).unwrap();
        assert_eq!((few.median, few.ends, few.level, few.ranks), (1.5, None, 0.0, (0, 0)));
        assert_eq!(estimate(&[], 0.95), None);
    }

    #[test]
    fn infinite_samples_take_their_rank() {
        let mut samples: Vec<f64> = (1..=12).map(f64::from).collect();
        samples.extend([f64::INFINITY; 3]);
        let found = estimate(&samples, 0.95).unwrap();
        assert_eq!((found.median, found.ends), (8.0, Some((4.0, 12.0))));
        samples.extend([f64::INFINITY; 2]);
        assert_eq!(estimate(&samples, 0.95).unwrap().ends, Some((5.0, f64::INFINITY)));
        assert_eq!(median(&[1.0, f64::INFINITY]), Some(f64::INFINITY));
        assert_eq!(median(&[f64::INFINITY; 4]), Some(f64::INFINITY));
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.5), Some(2.5));
        assert_eq!(quantile(&[1.0, 2.0, 3.0], 1.0), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
