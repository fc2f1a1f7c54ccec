//! How a results file writes the comparisons of a workload: as rows beside a table of the levels and words that they share,
//! since a workload of a hundred configurations has thousands.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Interval, Word};

/// The comparison of two configurations of a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The first configuration.
    pub a: usize,
    /// The second configuration.
    pub b: usize,
    /// How many times faster `a` is: in-round ratio of the time of `b` to that of `a`, at the family-wise level of this comparison.
    pub ratio: Interval,
    /// The verdict on `a`.
    pub word: Word,
}

/// The comparisons of a workload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct PairTable {
    /// Of intervals: true coverage, ranks of both ends (0 where there is no interval), samples; and the word on the first.
    levels: Vec<(f64, u32, u32, u32, Word)>,
    /// The comparisons of a first configuration, behind that configuration.
    rows: Vec<(usize, Vec<PairRow>)>,
}

/// Second configuration, how many times faster the first is (median, lower and upper end, `null` where there is none), index
/// of the level.
type PairRow = (usize, f64, Option<f64>, Option<f64>, usize);

pub(super) fn serialize<S: Serializer>(pairs: &[Pair], serializer: S) -> Result<S::Ok, S::Error> {
    let mut table = PairTable::default();
    for pair in pairs {
        let Interval { median, low, high, level, ranks, n } = pair.ratio;
        let shared = (level, ranks.0, ranks.1, n, pair.word);
        let known = table.levels.iter().position(|other| *other == shared);
        let at = known.unwrap_or(table.levels.len());
        if known.is_none() {
            table.levels.push(shared);
        }
        let row = (pair.b, median, low, high, at);
        match table.rows.last_mut() {
            Some((a, rows)) if *a == pair.a => rows.push(row),
            _ => table.rows.push((pair.a, vec![row])),
        }
    }
    table.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Pair>, D::Error> {
    let PairTable { levels, rows } = PairTable::deserialize(deserializer)?;
    let pair = |a: usize, row: &PairRow| {
        let (b, median, low, high, at) = *row;
        let (level, first, last, n, word) = *levels.get(at)?;
        Some(Pair { a, b, ratio: Interval { median, low, high, level, ranks: (first, last), n }, word })
    };
    let pairs: Option<Vec<Pair>> = rows.iter().flat_map(|(a, rows)| rows.iter().map(|row| pair(*a, row))).collect();
    // A level that is not in the table.
    pairs.ok_or_else(|| serde::de::Error::custom("a comparison has no such level"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Workload(#[serde(with = "super")] Vec<Pair>);

    #[test]
    fn pairs_survive_their_table() {
        let ratio = Interval { median: 1.5, low: Some(1.25), high: None, level: 0.999, ranks: (2, 14), n: 15 };
        let none = Interval { low: None, level: 0.0, ranks: (0, 0), ..ratio };
        let decided = Pair { a: 3, b: 1, ratio, word: Word::Faster };
        let open = Pair { word: Word::NoSignificantDifference, ..decided.clone() };
        let bare = Pair { ratio: none, ..open.clone() };
        let all = Workload(vec![decided.clone(), open, bare]);
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(
            text,
            "{\"levels\":[[0.999,2,14,15,\"faster\"],[0.999,2,14,15,\"no_significant_difference\"],[0.0,0,0,15,\"no_significant_difference\"]],\
             \"rows\":[[3,[[1,1.5,1.25,null,0],[1,1.5,1.25,null,1],[1,1.5,null,null,2]]]]}"
        );
        assert_eq!(serde_json::from_str::<Workload>(&text).unwrap(), all);
        assert!(serde_json::from_str::<Workload>(&text.replacen("null,0]", "null,7]", 1)).is_err());
    }
}
