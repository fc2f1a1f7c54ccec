//! Which configuration to use, and what that may cost; and at which looks at the data that was found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Interval;
use crate::setting::{Model, Wait};

/// What to use of the configurations of one workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pick {
    /// The configuration.
    pub configuration: usize,
    /// How its family waits for messages, where the workload has configurations that sleep and others that spin: these are not
    /// ranked together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
    /// What decided.
    pub by: PickedBy,
    /// It is slower than the best of its family by this share at most, at 95% confidence; `null` where nothing bounds it.
    pub price: Option<f64>,
    /// Whether every other configuration of its family was shown to be slower.
    pub fastest: bool,
    /// Its speedup over the reference of the workload, corrected for having been picked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speedup: Option<Interval>,
    /// Trials of it that went wrong, where there is no configuration without such.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures: u32,
    /// Others whose own price lies within the margin.
    pub as_good: Vec<usize>,
    /// Those that were shown to be slower than the pick.
    pub slower: Vec<SlowerBy>,
    /// All others.
    pub too_close: Vec<usize>,
    /// Each model at its best against the other models, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ModelPrice>,
}

impl Pick {
    /// Every configuration that it names.
    pub(super) fn named(&self) -> impl Iterator<Item = usize> + '_ {
        let lists = self.as_good.iter().chain(&self.too_close).copied();
        lists.chain(self.slower.iter().map(|slower| slower.configuration)).chain([self.configuration])
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What decided which configuration is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PickedBy {
    /// It is the simplest of those whose price lies within the margin.
    Simplicity,
    /// None has a price within the margin: it has the lowest.
    Price,
    /// None has a price below 25%: it has the lowest median.
    Median,
    /// Items arrive at a rate, and it has the fewest workers of those that hold the expected latency.
    ExpectedLatency,
    /// Items arrive at a rate that none sustains, and it answers the most.
    Throughput,
}

/// A configuration that is slower than the pick.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SlowerBy {
    /// Which.
    pub configuration: usize,
    /// By this share at least, all of the list together at 95% confidence; 0 where no more is known than that it is slower.
    pub at_least: f64,
}

/// A model, each of whose configurations could be the one to use.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelPrice {
    /// The model.
    pub model: Model,
    /// Its best configuration is slower than the best of all other models by this share at most, at 95% confidence.
    pub price: Option<f64>,
}

/// When the trials of a workload were looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Looks {
    /// Numbers of units after which they are looked at, fixed before the first. Empty until the first round has shown how long
    /// rounds take.
    pub planned: Vec<u32>,
    /// How many consecutive rounds make a unit, from which round on: (first round, rounds), rising. A unit takes half a
    /// second or more, so that what disturbs several rounds in a row counts once.
    pub units: Vec<(u32, u32)>,
    /// The first rounds of units that do not count, since others took too much of the machine meanwhile; another unit followed in
    /// the place of each. Rising.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub noisy: Vec<u32>,
    /// How many looks are over.
    pub completed: u32,
    /// Why no more rounds were run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// Configurations that were slower beyond doubt and ran no more from a round on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sat_out: Vec<SatOut>,
}

/// A configuration that runs no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SatOut {
    /// Which.
    pub configuration: usize,
    /// The first round without it.
    pub from: u32,
}

/// Why no more rounds of a workload were run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The price of the pick lies within the margin, and every expectation is met or not met.
    Answered,
    /// The budget is spent, or does not reach to the next look.
    Budget,
    /// All looks are over.
    LastLook,
    /// The number of rounds was fixed, and they are over.
    Rounds,
}

/// Most looks, and most units and rounds of one: more than any run has.
const MOST: u32 = 1_000_000;

impl Looks {
    /// Whether they can be those of a workload with configurations up to `configurations`.
    pub(super) fn check(&self, configurations: usize) -> Result<(), String> {
        let rises = |numbers: &[u32]| numbers.windows(2).all(|pair| pair[0] < pair[1]);
        let first: Vec<u32> = self.units.iter().map(|unit| unit.0).collect();
        let sizes = self.planned.iter().chain(self.units.iter().flat_map(|unit| [&unit.0, &unit.1]));
        let noisy_at = |first: &u32| *first <= MOST && self.begins_at(*first);
        if self.planned.len() > 64
            || !rises(&self.planned)
            || !rises(&first)
            || sizes.into_iter().any(|n| *n > MOST)
            || !rises(&self.noisy)
            || !self.noisy.iter().all(noisy_at)
        {
            return Err("looks that no run has".into());
        }
        if self.completed as usize > self.planned.len() {
            return Err(format!("{} of {} looks are over", self.completed, self.planned.len()));
        }
        match self.sat_out.iter().find(|out| out.configuration >= configurations) {
            Some(out) => Err(format!("configuration {} sits out, which does not exist", out.configuration)),
            None => Ok(()),
        }
    }

    /// The rounds of each unit that counts, as (first, number), without end.
    fn each(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.every().filter(|(first, _)| !self.noisy.contains(first))
    }

    /// The rounds of each unit, those that do not count included.
    fn every(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let size =
            |round: u32| self.units.iter().rev().find(|(from, _)| *from <= round).map_or(1, |unit| unit.1.max(1));
        std::iter::successors(Some((0, size(0))), move |(first, rounds): &(u32, u32)| {
            let next = first.checked_add(*rounds)?;
            Some((next, size(next)))
        })
    }

    /// The rounds of the first units, as (first, number).
    #[must_use]
    pub fn spans(&self, units: u32) -> Vec<(u32, u32)> {
        self.each().take(units as usize).collect()
    }

    /// How many whole units so many rounds make.
    #[must_use]
    pub fn units_in(&self, rounds: u32) -> u32 {
        self.each().take_while(|(first, size)| first + size <= rounds).count() as u32
    }

    /// The rounds of every whole unit of so many rounds, those that do not count included.
    #[must_use]
    pub fn whole(&self, rounds: u32) -> Vec<(u32, u32)> {
        self.every().take_while(|(first, size)| first + size <= rounds).collect()
    }

    /// The rounds that do not count.
    #[must_use]
    pub fn left_out(&self) -> Vec<std::ops::Range<u32>> {
        let Some(last) = self.noisy.last() else { return Vec::new() };
        let units = self.every().take_while(|(first, _)| first <= last);
        units.filter(|(first, _)| self.noisy.contains(first)).map(|(first, size)| first..first + size).collect()
    }

    /// Whether a unit begins with this round.
    #[must_use]
    pub fn begins_at(&self, round: u32) -> bool {
        self.every().take_while(|(first, _)| *first <= round).any(|(first, _)| first == round)
    }

    /// Units of the last look that is over; 0 before the first.
    #[must_use]
    pub fn counted(&self) -> u32 {
        (self.completed as usize).checked_sub(1).and_then(|last| self.planned.get(last)).copied().unwrap_or(0)
    }

    /// Rounds that so many units cover.
    #[must_use]
    pub fn rounds_of(&self, units: u32) -> u32 {
        self.spans(units).last().map_or(0, |(first, size)| first + size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_change_their_size_where_one_begins() {
        let looks = Looks { planned: vec![3, 5], units: vec![(0, 3), (7, 5)], completed: 1, ..Looks::default() };
        assert_eq!(looks.spans(4), [(0, 3), (3, 3), (6, 3), (9, 5)]);
        assert_eq!([0, 2, 3, 8, 9, 13, 14].map(|rounds| looks.units_in(rounds)), [0, 0, 1, 2, 3, 3, 4]);
        assert_eq!((looks.counted(), looks.rounds_of(3), looks.rounds_of(0)), (3, 9, 0));
        assert_eq!([0, 1, 6, 9, 13, 14].map(|round| looks.begins_at(round)), [true, false, true, true, false, true]);
        assert_eq!(Looks::default().counted(), 0);
    }

    #[test]
    fn another_unit_takes_the_place_of_a_noisy_one() {
        let looks = Looks { planned: vec![3], units: vec![(0, 3), (7, 5)], noisy: vec![0, 6], ..Looks::default() };
        assert_eq!(looks.spans(3), [(3, 3), (9, 5), (14, 5)]);
        assert_eq!(looks.whole(14), [(0, 3), (3, 3), (6, 3), (9, 5)]);
        assert_eq!([3, 6, 9, 14].map(|rounds| looks.units_in(rounds)), [0, 1, 1, 2]);
        assert_eq!((looks.left_out(), looks.rounds_of(2)), (vec![0..3, 6..9], 14));
        assert!(looks.check(1).is_ok());
        for noisy in [vec![1], vec![3, 0], vec![u32::MAX]] {
            assert!(Looks { noisy, ..looks.clone() }.check(1).is_err());
        }
    }
}
