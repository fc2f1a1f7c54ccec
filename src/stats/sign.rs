//! The exact sign test of a median, equivalence by two one-sided ones, and Holm's step-down over a family.

use super::binomial::lower_tail;
use super::median::ROUNDING;

/// The chance of any false word of a kind that a family of comparisons may have.
pub const FAMILY_ERROR: f64 = 0.05;

/// Exact p-value of "the median is `bound`" against "it is not".
///
/// A sample at the bound counts for both sides, which can only raise the value; so the test rejects exactly where the
/// closed interval of the same level excludes the bound.
#[must_use]
pub fn two_sided_p(samples: &[f64], bound: f64) -> f64 {
    let contrary = at_most(samples, bound).min(at_least(samples, bound));
    (2.0 * tail(samples.len(), contrary)).min(1.0)
}

/// Exact p-value of "the median lies at or outside ±`margin`" against "it lies inside": the larger of two one-sided
/// sign tests (Schuirmann, 1987), each valid by itself, so that no correction for the two is needed.
#[must_use]
pub fn equivalence_p(samples: &[f64], margin: f64) -> f64 {
    let n = samples.len();
    tail(n, at_least(samples, margin)).max(tail(n, at_most(samples, -margin)))
}

/// Exact p-value of "the median lies at or above `bound`" against "it lies below".
#[must_use]
pub fn below_p(samples: &[f64], bound: f64) -> f64 {
    tail(samples.len(), at_least(samples, bound))
}

fn at_most(samples: &[f64], bound: f64) -> usize {
    samples.iter().filter(|sample| **sample <= bound).count()
}

fn at_least(samples: &[f64], bound: f64) -> usize {
    samples.iter().filter(|sample| **sample >= bound).count()
}

/// P(so many or fewer of n fair coins show heads); 1 without samples.
fn tail(n: usize, heads: usize) -> f64 {
    if n == 0 { 1.0 } else { lower_tail(n, heads, 0.5) }
}

/// What Holm's step-down decided on one hypothesis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Whether it is rejected with the whole family's error held.
    pub rejected: bool,
    /// The error that its own test was allowed: the family's, divided by the hypotheses not yet rejected.
    pub error: f64,
}

/// Holm's step-down (1979): holds the chance of any false rejection in the family at `error`, whatever depends on what.
///
/// The smallest p-value is compared with `error / m`, the next with `error / (m − 1)`, and so on up to the first that fails;
/// all that remain were then tested with the error of that step.
#[must_use]
pub fn holm(p_values: &[f64], error: f64) -> Vec<Step> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut steps = vec![Step { rejected: false, error }; p_values.len()];
    let mut stopped = None;
    for (done, index) in order.into_iter().enumerate() {
        let share = stopped.unwrap_or(error / (p_values.len() - done) as f64);
        let rejected = stopped.is_none() && p_values[index] <= share * (1.0 + ROUNDING);
        if !rejected {
            stopped = Some(share);
        }
        steps[index] = Step { rejected, error: share };
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::super::estimate;
    use super::*;

    #[test]
    fn a_test_rejects_exactly_where_the_interval_excludes_the_bound() {
        let mut random = fastrand::Rng::with_seed(7);
        for n in 6..25 {
            for _ in 0..200 {
                // Few distinct values, so that samples tie with each other and with the bound.
                let samples: Vec<f64> = (0..n).map(|_| f64::from(random.i32(-3..6))).collect();
                for error in [0.05, 0.02] {
                    let Some((low, high)) = estimate(&samples, 1.0 - error).unwrap().ends else { continue };
                    let excluded = low > 0.0 || high < 0.0;
                    assert_eq!(two_sided_p(&samples, 0.0) <= error, excluded, "{samples:?}");
                }
            }
        }
    }

    #[test]
    fn ties_at_the_bound_speak_for_no_side() {
        assert_eq!(two_sided_p(&[0.0; 15], 0.0), 1.0);
        assert!((two_sided_p(&[1.0; 15], 0.0) - 2.0 / 32768.0).abs() < 1e-15);
        assert!((two_sided_p(&[1.0, 1.0, 1.0, 1.0, 1.0, 0.0], 0.0) - 14.0 / 64.0).abs() < 1e-15);
        assert_eq!(two_sided_p(&[], 0.0), 1.0);
    }

    #[test]
    fn equivalence_needs_both_sides() {
        assert!(equivalence_p(&[0.001; 15], 0.03) < 1e-4);
        assert_eq!(equivalence_p(&[0.05; 15], 0.03), 1.0);
        assert_eq!(equivalence_p(&[0.03; 15], 0.03), 1.0, "at the margin is not inside");
        assert_eq!(equivalence_p(&[-0.05; 15], 0.03), 1.0);
    }

    #[test]
    fn holm_steps_down_and_stops() {
        let steps = holm(&[0.04, 0.001, 0.02, 0.9], 0.05);
        assert_eq!(steps.iter().map(|step| step.rejected).collect::<Vec<_>>(), [false, true, false, false]);
        assert_eq!(steps[1].error, 0.0125);
        assert!((steps[2].error - 0.05 / 3.0).abs() < 1e-12 && steps[0].error == steps[2].error);
        let all = holm(&[0.01, 0.04, 0.02], 0.05);
        assert!(all.iter().all(|step| step.rejected) && all[1].error == 0.05);
        assert!(holm(&[], 0.05).is_empty());
    }
}
