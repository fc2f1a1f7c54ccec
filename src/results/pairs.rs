//! How a results file writes the comparisons of a group: as rows beside a table of the levels that they share, since a group
//! of a hundred ways has thousands. Format 1 wrote objects, which are read too.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Interval, Pair, Word};

/// The comparisons of a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct PairTable {
    /// Of intervals: true coverage, ranks of both ends (0 where there is no interval), samples.
    levels: Vec<Level>,
    /// One per comparison.
    rows: Vec<PairRow>,
}

/// True coverage, ranks of both ends, samples.
type Level = (f64, u32, u32, u32);

/// First cell, second cell, the word on the first, how many times faster it is (median, lower and upper end, `null` where
/// there is none), index of the level; an undecided one adds the smallest effect that could have been shown and the blocks
/// that would decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum PairRow {
    /// Decided.
    Decided(usize, usize, Word, f64, Option<f64>, Option<f64>, usize),
    /// Left open.
    Open(usize, usize, Word, f64, Option<f64>, Option<f64>, usize, Option<f64>, Option<u32>),
}

/// A comparison as format 1 wrote it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(super) struct PairObject {
    a: usize,
    b: usize,
    ratio: Interval,
    word: Word,
    #[serde(default)]
    smallest_effect: Option<f64>,
    #[serde(default)]
    blocks_needed: Option<u32>,
}

/// Either form.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum PairForm {
    /// As it is written now.
    Table(PairTable),
    /// As it was written.
    Objects(Vec<PairObject>),
}

pub(super) fn serialize<S: Serializer>(pairs: &[Pair], serializer: S) -> Result<S::Ok, S::Error> {
    let mut table = PairTable::default();
    for pair in pairs {
        let Interval { median, low, high, level, ranks, n } = pair.ratio;
        let shared = (level, ranks.0, ranks.1, n);
        let known = table.levels.iter().position(|other| *other == shared);
        let at = known.unwrap_or(table.levels.len());
        if known.is_none() {
            table.levels.push(shared);
        }
        let (a, b, word) = (pair.a, pair.b, pair.word);
        table.rows.push(match (pair.smallest_effect, pair.blocks_needed) {
            (None, None) => PairRow::Decided(a, b, word, median, low, high, at),
            (effect, blocks) => PairRow::Open(a, b, word, median, low, high, at, effect, blocks),
        });
    }
    table.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Pair>, D::Error> {
    match PairForm::deserialize(deserializer)? {
        PairForm::Objects(objects) => Ok(objects.into_iter().map(Pair::from).collect()),
        PairForm::Table(table) => {
            let pairs = table.rows.iter().map(|row| row.pair(&table.levels));
            pairs.collect::<Option<_>>().ok_or_else(|| serde::de::Error::custom("a comparison has no such level"))
        }
    }
}

impl PairRow {
    /// The comparison; nothing where its level is not in the table.
    fn pair(&self, levels: &[Level]) -> Option<Pair> {
        let (a, b, word, median, low, high, at, smallest_effect, blocks_needed) = match *self {
            Self::Decided(a, b, word, median, low, high, at) => (a, b, word, median, low, high, at, None, None),
            Self::Open(a, b, word, median, low, high, at, effect, blocks) => {
                (a, b, word, median, low, high, at, effect, blocks)
            }
        };
        let (level, first, last, n) = *levels.get(at)?;
        let ratio = Interval { median, low, high, level, ranks: (first, last), n };
        Some(Pair { a, b, ratio, word, smallest_effect, blocks_needed })
    }
}

impl From<PairObject> for Pair {
    fn from(PairObject { a, b, ratio, word, smallest_effect, blocks_needed }: PairObject) -> Self {
        Self { a, b, ratio, word, smallest_effect, blocks_needed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Group(#[serde(with = "super")] Vec<Pair>);

    #[test]
    fn pairs_survive_their_table_and_are_read_as_objects() {
        let ratio = Interval { median: 1.5, low: Some(1.25), high: None, level: 0.999, ranks: (2, 14), n: 15 };
        let none = Interval { low: None, level: 0.0, ranks: (0, 0), ..ratio };
        let decided = Pair { a: 3, b: 1, ratio, word: Word::Faster, smallest_effect: None, blocks_needed: None };
        let open = Pair { word: Word::Undecided, smallest_effect: Some(1.0625), ..decided.clone() };
        let bare = Pair { ratio: none, blocks_needed: Some(70), ..open.clone() };
        let all = Group(vec![decided.clone(), open, bare]);
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(
            text,
            "{\"levels\":[[0.999,2,14,15],[0.0,0,0,15]],\"rows\":[[3,1,\"faster\",1.5,1.25,null,0],\
             [3,1,\"undecided\",1.5,1.25,null,0,1.0625,null],[3,1,\"undecided\",1.5,null,null,1,1.0625,70]]}"
        );
        assert_eq!(serde_json::from_str::<Group>(&text).unwrap(), all);
        assert!(serde_json::from_str::<Group>(&text.replacen("null,0]", "null,7]", 1)).is_err());
        let object = serde_json::json!([{"a": 3, "b": 1, "ratio": ratio, "word": "faster"}]);
        assert_eq!(serde_json::from_value::<Group>(object).unwrap(), Group(vec![decided]));
    }
}
