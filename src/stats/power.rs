//! What a number of rounds can show, and how many rounds an effect needs: before a run and after it.
//!
//! All follow the sign test: rounds whose log ratios lie around an effect `e` with spread σ fall on its side with
//! probability q = Φ(e / σ). Before a run, [`rounds_to_show`] takes the spread as given and the exact power of
//! the first step of Holm's procedure, the strictest: it holds for the one pair of a workload that differs, and where more differ,
//! more is seen. After a run the spread is that of the samples: [`smallest_effect`] finds the q at which the exact
//! test rejects in four of five runs; [`rounds_needed`] uses Noether's approximation n = (z₁ + z₂)² / (4 (q − ½)²) (*Journal of the American Statistical
//! Association* 82, 1987). σ is estimated from the samples by their median absolute deviation times 1.4826, which a few
//! noisy rounds do not move. All are guides to planning; no verdict rests on them.

use super::binomial::{bisect, lower_tail, normal_cdf, normal_quantile};
use super::median::{median, outer_rank};
use super::sign::FAMILY_ERROR;

/// The chance with which an effect of the size named would have been shown.
pub(super) const POWER: f64 = 0.8;

/// Beyond so many rounds the answer is "no number of rounds that anyone would run".
const MOST_ROUNDS: f64 = 100_000.0;

/// Beyond so many rounds no number is given.
const MOST_PLANNED: u32 = 1000;

/// Spread of the samples: 1.4826 × their median absolute deviation, which a few noisy ones do not move. `None` where it
/// is zero or unknown.
fn spread(samples: &[f64]) -> Option<f64> {
    let middle = median(samples).filter(|middle| middle.is_finite())?;
    let deviations: Vec<f64> = samples.iter().map(|sample| (sample - middle).abs()).collect();
    median(&deviations).map(|deviation| 1.4826 * deviation).filter(|spread| *spread > 0.0 && spread.is_finite())
}

/// The smallest effect (a log ratio above zero) that as many rounds with this spread show in four of five runs, when the
/// two-sided test may err with `error`. `None` where no effect would do or the spread is unknown.
#[must_use]
pub fn smallest_effect(logs: &[f64], error: f64) -> Option<f64> {
    // The spread first: it is cheap, and without one there is no answer.
    spread(logs).and_then(|spread| shown(logs.len(), error, spread))
}

/// The effect that n rounds of this spread show with a chance of [`POWER`], when the two-sided test may err with `error`.
fn shown(n: usize, error: f64, spread: f64) -> Option<f64> {
    let (rank, _) = outer_rank(n, error)?;
    let share = bisect(0.5, 1.0, |q| lower_tail(n, rank - 1, 1.0 - q) >= POWER);
    Some(spread * normal_quantile(share))
}

/// The smallest effect (a log ratio above zero) that so many rounds show with a chance of [`POWER`], otherwise as
/// [`rounds_to_show`]. `None` where no effect would do: see [`fewest_rounds`].
#[cfg(test)]
pub(super) fn detectable(rounds: u32, comparisons: u32, spread: f64) -> Option<f64> {
    shown(rounds as usize, first_step(comparisons), spread)
}

/// The fewest rounds with which Holm's first step can reject anything: 2 / 2ⁿ must not exceed its error.
fn fewest_rounds(comparisons: u32) -> u32 {
    (1.0 - first_step(comparisons).log2()).ceil() as u32
}

/// The fewest rounds that show an effect (a log ratio above zero) with a chance of `POWER`, in a workload of so many
/// comparisons of which this one alone differs. `spread` is the standard deviation of the log ratio between rounds. `None`
/// where 1,000 do not.
#[must_use]
pub fn rounds_to_show(effect: f64, comparisons: u32, spread: f64) -> Option<u32> {
    let error = first_step(comparisons);
    let contrary = 1.0 - normal_cdf(effect / spread);
    let shows = |n: &u32| {
        let n = *n as usize;
        outer_rank(n, error).is_some_and(|(rank, _)| lower_tail(n, rank - 1, contrary) >= POWER)
    };
    (fewest_rounds(comparisons)..=MOST_PLANNED).find(shows)
}

/// What Holm's first step allows one of so many comparisons.
fn first_step(comparisons: u32) -> f64 {
    FAMILY_ERROR / f64::from(comparisons.max(1))
}

/// About how many rounds it takes to decide the effect seen, either as a difference or as equivalence within ±`margin`,
/// whichever needs fewer: always more than there are. `None` where no sensible number would.
#[must_use]
pub fn rounds_needed(logs: &[f64], margin: f64, error: f64) -> Option<u32> {
    let effect = median(logs).filter(|effect| effect.is_finite())?.abs();
    let spread = spread(logs)?;
    let noether = |distance: f64, error: f64| {
        let share = normal_cdf(distance / spread) - 0.5;
        (share > 0.0).then(|| ((normal_quantile(1.0 - error) + normal_quantile(POWER)) / (2.0 * share)).powi(2))
    };
    let as_difference = noether(effect, error / 2.0);
    let as_equivalence = (effect < margin).then(|| noether(margin - effect, error)).flatten();
    let needed = [as_difference, as_equivalence].into_iter().flatten().fold(f64::INFINITY, f64::min);
    let least = (1.0 - error.log2()).ceil().max(logs.len() as f64 + 1.0);
    (needed <= MOST_ROUNDS).then(|| needed.ceil().max(least) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Log ratios around `centre` at the quantiles of a normal distribution.
    fn around(centre: f64, spread: f64, n: usize) -> Vec<f64> {
        (0..n).map(|i| centre + spread * normal_quantile((i as f64 + 0.5) / n as f64)).collect()
    }

    #[test]
    fn more_rounds_show_smaller_effects_and_stricter_levels_larger_ones() {
        let few = smallest_effect(&around(0.0, 0.02, 15), 0.05).unwrap();
        let many = smallest_effect(&around(0.0, 0.02, 60), 0.05).unwrap();
        let strict = smallest_effect(&around(0.0, 0.02, 15), 0.005).unwrap();
        assert!(many < few && few < strict, "{many} {few} {strict}");
        // Fifteen rounds need 84 % of the rounds on one side: one spread.
        assert!((0.018..0.023).contains(&few), "{few}");
        assert_eq!(smallest_effect(&around(0.0, 0.02, 5), 0.05), None);
        assert_eq!(smallest_effect(&[0.0; 15], 0.05), None);
    }

    #[test]
    fn smaller_effects_need_more_rounds() {
        let small = rounds_needed(&around(0.005, 0.02, 15), 0.0, 0.05).unwrap();
        let large = rounds_needed(&around(0.012, 0.02, 15), 0.0, 0.05).unwrap();
        // By hand: the deviation of these fifteen is 0.73 · 1.4826 = 1.08 spreads, so q = Φ(0.6 / 1.08) = 0.7104, and
        // (1.96 + 0.84)² / (4 · 0.2104²) = 44.3.
        assert!((44..=46).contains(&large), "{large}");
        assert!(small > 3 * large, "{small}");
        assert!(rounds_needed(&around(0.2, 0.02, 15), 0.03, 0.05).unwrap() > 15);
    }

    #[test]
    fn an_effect_near_zero_is_decided_as_equivalence_or_not_at_all() {
        assert!(rounds_needed(&around(0.0, 0.02, 15), 0.03, 0.05).unwrap() < 40);
        assert_eq!(rounds_needed(&around(0.0, 0.02, 15), 0.0, 0.05), None);
        assert_eq!(rounds_needed(&[f64::INFINITY; 15], 0.03, 0.05), None);
    }

    #[test]
    fn a_family_that_the_rounds_cannot_decide_is_told_how_many_it_takes() {
        // 2 / 2⁶ = 0.031 is within 0.05, and 2 / 2⁹ = 0.0039 within a tenth of that.
        assert_eq!([1, 10, 28].map(fewest_rounds), [6, 9, 11]);
        for comparisons in [1, 2, 3, 10, 28, 496] {
            let least = fewest_rounds(comparisons);
            assert_eq!(detectable(least - 1, comparisons, 0.02), None);
            assert!(detectable(least, comparisons, 0.02).unwrap() > 0.02);
        }
        assert_eq!(detectable(15, 0, 0.02), detectable(15, 1, 0.02));
    }

    #[test]
    fn rounds_and_effects_agree_with_each_other() {
        for (effect, comparisons, spread) in [(0.03, 1, 0.02), (0.03, 10, 0.05), (0.1, 28, 0.05)] {
            let rounds = rounds_to_show(effect, comparisons, spread).unwrap();
            assert!(detectable(rounds, comparisons, spread).unwrap() <= effect * 1.000_1);
            let fewer = detectable(rounds - 1, comparisons, spread);
            assert!(fewer.is_none_or(|shown| shown > effect * 0.999_9), "{rounds}: {fewer:?}");
        }
        assert_eq!(rounds_to_show(0.001, 10, 0.05), None, "a tenth of a per cent takes tens of thousands");
        // Effects scale with the spread.
        let (small, large) = (detectable(15, 10, 0.02).unwrap(), detectable(15, 10, 0.05).unwrap());
        assert!((large / small - 2.5).abs() < 1e-9);
    }
}
