//! What happened when in a trial: lives of workers, timelines, what each saw of a global, and what a lock cost.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plausible;

/// What the interpreter locks of a trial cost, summed over its processes: written as an array in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "[u64; 4]", into = "[u64; 4]")]
pub struct LockUse {
    /// Takes that found it held.
    pub waits: u64,
    /// Nanoseconds of those waits.
    pub waited: u64,
    /// Times that it went from one thread to another.
    pub hand_overs: u64,
    /// Those of them that a thread was made to, after a request.
    pub forced: u64,
}

impl From<[u64; 4]> for LockUse {
    fn from([waits, waited, hand_overs, forced]: [u64; 4]) -> Self {
        Self { waits, waited, hand_overs, forced }
    }
}

impl From<LockUse> for [u64; 4] {
    fn from(lock: LockUse) -> Self {
        [lock.waits, lock.waited, lock.hand_overs, lock.forced]
    }
}

/// The life of one worker, in nanoseconds since the start of its trial: written as an array, with 1 for `died`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "[u64; 5]", into = "[u64; 5]")]
pub struct Life {
    /// Which worker, from 0. A replacement has the number of the one that it replaces.
    pub worker: u32,
    /// When it was asked for.
    pub start: u64,
    /// When it said that it was ready.
    pub ready: u64,
    /// When it was known to have ended.
    pub end: u64,
    /// Whether it died before it was told to end.
    pub died: bool,
}

impl From<[u64; 5]> for Life {
    fn from([worker, start, ready, end, died]: [u64; 5]) -> Self {
        Self { worker: u32::try_from(worker).unwrap_or(u32::MAX), start, ready, end, died: died != 0 }
    }
}

impl From<Life> for [u64; 5] {
    fn from(life: Life) -> Self {
        [life.worker.into(), life.start, life.ready, life.end, life.died.into()]
    }
}

/// What one party saw of the global variable of the task `globals`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// Which worker; `null` is main.
    pub worker: Option<u32>,
    /// What it found first: main before it starts workers, a worker in its first item before it writes.
    pub before: u64,
    /// What it found last, when every worker had written a value of its own.
    pub after: u64,
}

/// What an event of a timeline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// From being asked for to being ready.
    Start,
    /// An item.
    Item,
    /// The interpreter lock was held.
    Held,
    /// The worker died, at the start of the event; it was found out at its end.
    Crash,
    /// From being told to end to having ended.
    Join,
}

/// An event of a timeline, in nanoseconds since the start of the trial: lane (0 is main, worker n is n + 1), kind, start,
/// end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event(pub u32, pub EventKind, pub u64, pub u64);

/// What happened when in one profiling trial of a configuration; only where the scenario asks for the chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timeline {
    /// The configuration.
    pub configuration: usize,
    /// The events, at most 400 of a lane and kind: the first ones.
    pub events: Vec<Event>,
    /// Events beyond those.
    #[serde(rename = "dropped")]
    pub left_out: u64,
}

/// Most workers that a timeline can have: as many as a scenario may ask for.
const MOST_WORKERS: u32 = 1024;

/// Most events of a lane and kind.
const MOST_EVENTS: usize = 400;

impl Timeline {
    /// A timeline that a file can hold, of whatever a host sent: events beyond what is kept are counted instead, and clocks
    /// of different threads may put an end a little before its start.
    #[must_use]
    pub fn of(configuration: usize, events: &[Event], left_out: u64) -> Self {
        let mut timeline = Self { configuration, events: Vec::with_capacity(events.len()), left_out };
        let mut counts: BTreeMap<(u32, EventKind), usize> = BTreeMap::new();
        for Event(lane, kind, start, end) in events {
            let count = counts.entry((*lane, *kind)).or_default();
            *count += 1;
            if *lane > MOST_WORKERS || *count > MOST_EVENTS {
                timeline.left_out += 1;
            } else {
                timeline.events.push(Event(*lane, *kind, *start, *end.max(start)));
            }
        }
        timeline
    }

    /// Whether every event is on a lane that can be, ends after it starts, and is plausible.
    pub(super) fn check(&self) -> Result<(), String> {
        plausible(self.left_out)?;
        let mut counts: BTreeMap<(u32, EventKind), usize> = BTreeMap::new();
        for Event(lane, kind, start, end) in &self.events {
            plausible(*end)?;
            if *lane > MOST_WORKERS {
                return Err(format!("a timeline of configuration {} has a lane {lane}", self.configuration));
            }
            if start > end {
                return Err(format!("an event of configuration {} ends before it starts", self.configuration));
            }
            let count = counts.entry((*lane, *kind)).or_default();
            *count += 1;
            if *count > MOST_EVENTS {
                return Err(format!(
                    "a timeline of configuration {} has too many events of one kind on lane {lane}",
                    self.configuration
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_host_sent_becomes_a_timeline_that_is_read_again() {
        let mut events: Vec<Event> = (0..500).map(|at| Event(1, EventKind::Held, at, at + 1)).collect();
        events.extend([Event(2, EventKind::Crash, 9, 7), Event(9_999, EventKind::Item, 1, 2)]);
        assert!(Timeline { configuration: 0, events: events.clone(), left_out: 0 }.check().is_err());
        let timeline = Timeline::of(0, &events, 5);
        timeline.check().unwrap();
        assert_eq!((timeline.events.len(), timeline.left_out), (401, 106));
        assert_eq!(timeline.events.last(), Some(&Event(2, EventKind::Crash, 9, 9)));
    }
}
