//! Ratios inside rounds: what keeps a comparison true while a shared machine drifts.

use std::borrow::Cow;

/// Log ratios of two series, and the rounds that gave none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paired {
    /// ln(numerator / denominator), one per round in which both are known, in round order. ±∞ where one is infinite.
    pub logs: Vec<f64>,
    /// Rounds in which either is missing.
    pub missing: usize,
    /// Rounds in which both are infinite, or a ratio has no meaning: they tell nothing about which is larger.
    pub silent: usize,
}

/// Pairs two series of (round, value) by round. The first value counts where a round holds several.
#[must_use]
pub fn log_ratios(numerator: &[(u32, f64)], denominator: &[(u32, f64)]) -> Paired {
    let (above, below) = (by_round(numerator), by_round(denominator));
    let mut paired = Paired::default();
    let (mut rest, mut met) = (&below[..], 0);
    for (round, a) in above.iter() {
        let earlier = rest.iter().take_while(|(other, _)| other < round).count();
        rest = &rest[earlier..];
        let Some((_, b)) = rest.first().filter(|(other, _)| other == round) else {
            paired.missing += 1;
            continue;
        };
        met += 1;
        let log = a.ln() - b.ln();
        if log.is_nan() {
            paired.silent += 1;
        } else {
            paired.logs.push(log);
        }
    }
    paired.missing += below.len() - met;
    paired
}

/// The series in rising order of rounds, each once. Most series are so already.
fn by_round(series: &[(u32, f64)]) -> Cow<'_, [(u32, f64)]> {
    if series.windows(2).all(|pair| pair[0].0 < pair[1].0) {
        return series.into();
    }
    let mut sorted = series.to_vec();
    sorted.sort_by_key(|(round, _)| *round);
    sorted.dedup_by_key(|(round, _)| *round);
    sorted.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_paired_by_number_and_holes_are_counted() {
        let found = log_ratios(&[(0, 2.0), (2, 8.0), (3, 1.0)], &[(3, 1.0), (2, 2.0), (1, 5.0)]);
        // Rounds 0 and 1 have one side each.
        assert_eq!(found.missing, 2);
        assert!((found.logs[0] - 4f64.ln()).abs() < 1e-12 && found.logs[1] == 0.0 && found.logs.len() == 2);
    }

    #[test]
    fn the_first_value_of_a_round_counts() {
        let found = log_ratios(&[(4, 1.0), (1, 8.0), (1, 2.0), (4, 3.0)], &[(1, 2.0), (4, 1.0), (4, 7.0)]);
        assert_eq!(found, Paired { logs: vec![8f64.ln() - 2f64.ln(), 0.0], missing: 0, silent: 0 });
    }

    #[test]
    fn infinite_times_give_infinite_ratios_or_none() {
        let inf = f64::INFINITY;
        let found = log_ratios(&[(0, inf), (1, 1.0), (2, inf)], &[(0, 1.0), (1, inf), (2, inf)]);
        assert_eq!(found, Paired { logs: vec![inf, -inf], missing: 0, silent: 1 });
    }
}
