//! Whether samples fall into two groups.

/// Fewest samples of which anything is said.
const FEWEST: usize = 10;

/// Whether the samples have two modes: a gap in the middle that is wide against the whole range.
///
/// The rule is a deliberately dull one. On a logarithmic scale, look at the gaps between neighbours that leave at least a
/// fifth of the samples (and three) on either side; flag when the widest exceeds 6/n of the whole range, though never less
/// than 15 % and never more than half of it. By simulation it flags under 1 % of normal and lognormal
/// samples and about 2 % of uniform ones at n = 10 to 100, and at n = 15 most samples of two modes that lie eight spreads apart. Samples
/// that are not finite and positive are left out; below ten samples nothing is flagged.
#[must_use]
pub fn bimodal(samples: &[f64]) -> bool {
    let mut logs: Vec<f64> = samples.iter().filter(|s| s.is_finite() && **s > 0.0).map(|s| s.ln()).collect();
    logs.sort_by(f64::total_cmp);
    let n = logs.len();
    if n < FEWEST {
        return false;
    }
    let side = n.div_ceil(5).max(3);
    let range = logs[n - 1] - logs[0];
    let widest = (side..=n - side).map(|i| logs[i] - logs[i - 1]).fold(0.0, f64::max);
    range > 0.0 && widest > range * (6.0 / n as f64).clamp(0.15, 0.5)
}

#[cfg(test)]
mod tests {
    use super::super::simulation::normal;
    use super::*;

    #[test]
    fn one_mode_is_seldom_flagged() {
        let mut random = fastrand::Rng::with_seed(11);
        for n in [10, 15, 40] {
            for sigma in [0.02, 1.0] {
                let flagged = (0..4000)
                    .filter(|_| bimodal(&(0..n).map(|_| (sigma * normal(&mut random)).exp()).collect::<Vec<_>>()))
                    .count();
                assert!(flagged <= 60, "{flagged} of 4000 at n = {n}, σ = {sigma}");
            }
        }
    }

    #[test]
    fn two_far_modes_are_mostly_flagged() {
        let mut random = fastrand::Rng::with_seed(12);
        let flagged = (0..1000)
            .filter(|_| {
                let sample = |i| (0.01 * normal(&mut random) + if i % 2 == 0 { 0.1 } else { 0.0 }).exp();
                bimodal(&(0..15).map(sample).collect::<Vec<_>>())
            })
            .count();
        assert!(flagged > 850, "{flagged}");
    }

    #[test]
    fn equal_few_or_infinite_samples_are_not_flagged() {
        assert!(!bimodal(&[1.0; 15]));
        assert!(!bimodal(&[1.0, 1.0, 1.0, 9.0, 9.0, 9.0]));
        assert!(!bimodal(&[[1.0; 8], [f64::INFINITY; 8]].concat()));
    }
}
