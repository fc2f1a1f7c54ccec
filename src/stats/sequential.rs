//! Bounds of a median that hold at every look at growing data.
//!
//! A comparison that may be looked at several times errs more often than one that is looked at once, unless each look
//! spends a part of the error. Here equal parts are spent at looks that are fixed beforehand, and what a look cannot spend
//! (ranks are whole numbers) is carried on to the next (error spending: Lan and DeMets, *Biometrika* 70, 1983). The error
//! at each look is exact: of the walk of the number of units on one side of the median, Bin(n, ½), only paths count that have
//! crossed no earlier boundary, by recursion over the walk (Armitage, McPherson and Rowe, *Journal of the Royal Statistical
//! Society A* 132, 1969). As with any sign test, nothing is assumed of the distribution of the units but that they are
//! independent and have that median.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use super::median::ROUNDING;

/// After how many units a run of `rounds: auto` is looked at: each about a third more than the one before.
pub const LOOKS: [usize; 11] = [8, 11, 15, 20, 27, 36, 48, 64, 86, 115, 153];

/// What the ranks of one comparison are computed from: its error's bits and its looks.
type Known = HashMap<(u64, Vec<usize>), Arc<[Option<usize>]>>;

/// For each look the rank from 1, of the units in rising order, whose value is an upper bound of their median; all of them
/// together fail with probability `error` at most. `None` where the error allows none yet. The lower bound has the rank
/// `n + 1 − rank`.
///
/// `looks` are rising numbers of units.
#[must_use]
pub fn look_ranks(error: f64, looks: &[usize]) -> Arc<[Option<usize>]> {
    static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
    let key = (error.to_bits(), looks.to_vec());
    let known = KNOWN.get_or_init(Mutex::default);
    // A panic elsewhere leaves a map of finished entries, which are as good as before.
    let mut known = known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    known.entry(key).or_insert_with(|| walk(error, looks).into()).clone()
}

/// The recursion: `at[c]` is the chance that c units so far lie below the median and no boundary was crossed.
fn walk(error: f64, looks: &[usize]) -> Vec<Option<usize>> {
    let (mut at, mut units, mut spent) = (vec![1.0], 0, 0.0);
    let mut ranks = Vec::with_capacity(looks.len());
    for (index, look) in looks.iter().enumerate() {
        for _ in units..*look {
            at = step(&at);
        }
        units = *look;
        let allowed = error * (index + 1) as f64 / looks.len() as f64 - spent;
        // Counts that no path reaches any more, since it would have crossed a boundary before, cost nothing.
        let (mut tail, mut rank) = (0.0, (at.len() <= units).then_some(at.len()));
        for (count, chance) in at.iter().enumerate().rev() {
            if tail + chance > allowed * (1.0 + ROUNDING) {
                break;
            }
            tail += chance;
            rank = Some(count);
        }
        spent += tail;
        // The bound is exceeded where at least `rank` units lie below the median; 0 would be exceeded always.
        let rank = rank.filter(|rank| (1..=units).contains(rank));
        if let Some(rank) = rank {
            at.truncate(rank);
        }
        ranks.push(rank);
    }
    ranks
}

/// One more unit, which lies on either side with equal chance.
fn step(at: &[f64]) -> Vec<f64> {
    let mut next = vec![0.0; at.len() + 1];
    for (count, chance) in at.iter().enumerate() {
        next[count] += chance / 2.0;
        next[count + 1] += chance / 2.0;
    }
    next
}

/// Bounds of the median of what is measured in units, at one look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The lower bound; −∞ where there is none.
    pub low: f64,
    /// The upper bound; +∞ where there is none.
    pub high: f64,
    /// Rank of the upper bound from 1, of the lower one from above; `None` where the error allows none yet.
    pub rank: Option<usize>,
}

impl Bounds {
    /// The same median's bounds, each moved outwards by `doubt`.
    #[must_use]
    pub fn wider(self, doubt: f64) -> Self {
        Self { low: self.low - doubt, high: self.high + doubt, ..self }
    }
}

/// Both bounds of the median of `units` at the last of `looks`, each of which fails with probability `error` at most over
/// all looks. Units may be infinite; those that are missing (fewer `units` than the look counts) are taken as +∞ for the
/// upper bound and as −∞ for the lower one, so that the number and the ranks are those of the look.
#[must_use]
pub fn bounds(units: &[f64], looks: &[usize], all_looks: &[usize], error: f64) -> Bounds {
    let none = Bounds { low: f64::NEG_INFINITY, high: f64::INFINITY, rank: None };
    let Some(look) = looks.last() else { return none };
    let Some(rank) = look_ranks(error, all_looks).get(looks.len() - 1).copied().flatten() else { return none };
    let mut sorted = units[..units.len().min(*look)].to_vec();
    sorted.sort_by(f64::total_cmp);
    let high = sorted.get(rank - 1).copied().unwrap_or(f64::INFINITY);
    // Counted from above: with some missing, so many fewer lie between.
    let low = sorted.len().checked_sub(rank).map_or(f64::NEG_INFINITY, |at| sorted[at]);
    Bounds { low, high, rank: Some(rank) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(error: f64) -> String {
        let ranks = look_ranks(error, &LOOKS);
        let each = ranks.iter().map(|rank| rank.map_or("–".to_owned(), |rank| rank.to_string()));
        each.collect::<Vec<_>>().join(" ")
    }

    /// The table of 400,000 walks by another program.
    #[test]
    fn ranks_are_those_of_an_independent_computation() {
        let slower = |k: f64| 0.05 / (k * (k - 1.0));
        for (error, ranks) in [
            (0.05, "8 10 13 16 20 25 33 42 54 70 91"),
            (0.05 / 2.0, "– 11 13 16 21 26 33 43 55 72 93"),
            (0.05 / 4.0, "– 11 14 17 21 27 34 43 57 73 94"),
            (0.05 / 9.0, "– 11 14 17 22 28 35 45 58 74 96"),
            (0.05 / 14.0, "– 11 14 18 22 28 36 45 59 75 97"),
            (slower(5.0), "– – 14 18 23 28 36 46 59 75 98"),
            (slower(10.0), "– – 15 19 23 29 38 47 61 78 100"),
            (0.025, "– 11 13 16 21 26 33 43 55 72 93"),
            (0.0025, "– – 14 18 23 28 36 46 59 75 98"),
            // What was spent at 11 units leaves nothing to spend at 15, but no path gets there that would have to be paid.
            (0.05 / 18.0, "– 11 15 18 23 28 36 45 59 76 97"),
            (slower(15.0), "– – 15 19 24 30 38 48 61 79 102"),
        ] {
            assert_eq!(shown(error), ranks, "{error}");
        }
    }

    #[test]
    fn one_look_is_the_sign_test() {
        // P(B ≥ 12) of 15 is 0.0176, P(B ≥ 11) 0.0592.
        assert_eq!(*look_ranks(0.025, &[15]), [Some(12)]);
        assert_eq!(*look_ranks(0.05, &[4]), [None]);
        assert_eq!(*look_ranks(0.05, &[5]), [Some(5)]);
    }

    #[test]
    fn bounds_fail_as_seldom_as_they_say_over_all_looks_together() {
        let mut random = fastrand::Rng::with_seed(3);
        const WALKS: usize = 4000;
        let failed = (0..WALKS).filter(|_| {
            let units: Vec<f64> = (0..153).map(|_| random.f64() - 0.5).collect();
            (1..=LOOKS.len()).any(|looks| {
                let looks = &LOOKS[..looks];
                bounds(&units[..*looks.last().unwrap_or(&0)], looks, &LOOKS, 0.05).high < 0.0
            })
        });
        let share = failed.count() as f64 / WALKS as f64;
        assert!((0.035..0.06).contains(&share), "{share}");
    }

    #[test]
    fn what_is_missing_counts_against_both_bounds() {
        let units: Vec<f64> = (0..20).map(f64::from).collect();
        let whole = bounds(&units, &[20], &[20], 0.05);
        assert_eq!((whole.low, whole.high, whole.rank), (5.0, 14.0, Some(15)));
        let some = bounds(&units[..18], &[20], &[20], 0.05);
        assert_eq!((some.low, some.high), (3.0, 14.0));
        let few = bounds(&units[..10], &[20], &[20], 0.05);
        assert_eq!((few.low, few.high), (f64::NEG_INFINITY, f64::INFINITY));
        assert_eq!(bounds(&units, &[], &LOOKS, 0.05).rank, None);
    }
}
