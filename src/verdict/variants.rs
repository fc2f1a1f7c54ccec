//! How two configurations compare, and every variant with the first.

use super::units::Units;
use crate::results::{Pair, Word};
use crate::stats::FAMILY_ERROR;

/// Every configuration of a later variant beside the same of the first, by the same way: a family of its own, each bound at α / (2 m)
/// where there are m of them.
pub(super) fn all(units: &Units<'_>) -> Vec<Pair> {
    let results = units.results();
    let first = results.configurations[units.workload().reference].variant;
    let twin = |id: &usize| {
        let one = &results.configurations[*id];
        let other = results.under(first, one).filter(|_| one.variant.is_some() && one.variant != first)?;
        Some((one.id, other.id))
    };
    let twins: Vec<(usize, usize)> = units.configurations().iter().filter_map(twin).collect();
    let error = FAMILY_ERROR / (2.0 * twins.len().max(1) as f64);
    twins.into_iter().filter_map(|both| pair(units, both, results.run.margin.ln_1p(), error)).collect()
}

/// The verdict on one pair, at the last look that both took part in; nothing where there was none.
pub(super) fn pair(units: &Units<'_>, (a, b): (usize, usize), margin: f64, error: f64) -> Option<Pair> {
    let looks = units.looks_with(a).min(units.looks_with(b));
    let ratio = units.ratio(b, a, looks, error)?;
    let low = ratio.low.unwrap_or(0.0);
    let high = ratio.low.map_or(f64::INFINITY, |_| ratio.high.unwrap_or(f64::INFINITY));
    let word = if low > (-margin).exp() && high < margin.exp() {
        Word::Equivalent
    } else if low > 1.0 {
        Word::Faster
    } else if high < 1.0 {
        Word::Slower
    } else {
        Word::NoSignificantDifference
    };
    Some(Pair { a, b, ratio, word })
}
