//! How a results file writes a histogram: flat, each bound as what it is above the one before, which takes half the room of
//! pairs. Buckets whose bounds do not rise stay pairs.

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// A histogram as a file may hold it.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Written {
    /// Step to the bound of a bucket in nanoseconds and its count, in turn.
    Flat(Vec<u64>),
    /// Bound and count of each bucket, where bounds do not rise.
    Pairs(Vec<(u64, u64)>),
}

/// Writes buckets as steps and counts; as pairs where bounds do not rise.
pub(super) fn serialize<S: Serializer>(buckets: &[(u64, u64)], into: S) -> Result<S::Ok, S::Error> {
    if !buckets.is_sorted_by_key(|(bound, _)| *bound) {
        return into.collect_seq(buckets);
    }
    let mut before = 0;
    into.collect_seq(buckets.iter().flat_map(|(bound, count)| {
        let step = bound - before;
        before = *bound;
        [step, *count]
    }))
}

/// Reads buckets as steps and counts, or as pairs.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(u64, u64)>, D::Error> {
    let flat = match Written::deserialize(from).map_err(|_| D::Error::custom("this is not a histogram"))? {
        Written::Pairs(pairs) => return Ok(pairs),
        Written::Flat(flat) => flat,
    };
    if flat.len() % 2 == 1 {
        return Err(D::Error::custom("a histogram has a count for each of its bounds"));
    }
    let mut bound = 0_u64;
    let bucket = |pair: &[u64]| {
        bound = bound.checked_add(pair[0])?;
        Some((bound, pair[1]))
    };
    let buckets: Option<Vec<(u64, u64)>> = flat.chunks_exact(2).map(bucket).collect();
    buckets.ok_or_else(|| D::Error::custom("the bounds of a histogram are too large"))
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Kept(#[serde(with = "super")] Vec<(u64, u64)>);

    #[test]
    fn both_ways_of_writing_are_read() {
        let kept = Kept(vec![(95, 2), (96, 1), (1_000, 7)]);
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(text, "[95,2,1,1,904,7]");
        for text in [text.as_str(), "[[95,2],[96,1],[1000,7]]"] {
            assert_eq!(serde_json::from_str::<Kept>(text).unwrap(), kept);
        }
        let fallen = Kept(vec![(9, 1), (3, 1)]);
        assert_eq!(serde_json::from_str::<Kept>(&serde_json::to_string(&fallen).unwrap()).unwrap(), fallen);
        assert_eq!(serde_json::from_str::<Kept>("[]").unwrap(), Kept(vec![]));
    }

    #[test]
    fn damage_is_refused() {
        for text in ["[1]", "[1,2,3]", "[[1]]", "{}", "[-1,1]", "[18446744073709551615,1,1,1]", "[1,[2,3]]"] {
            assert!(serde_json::from_str::<Kept>(text).is_err(), "{text}");
        }
    }
}
