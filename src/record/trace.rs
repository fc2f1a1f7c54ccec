//! What happened when in a trial: lives of workers, events of a timeline, what each saw of a global, and what a lock cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

impl LockUse {
    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            waits: self.waits + other.waits,
            waited: self.waited + other.waited,
            hand_overs: self.hand_overs + other.hand_overs,
            forced: self.forced + other.forced,
        }
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

/// Most events that are kept of one lane and kind: beyond that a timeline is a blur.
pub const MOST_EVENTS: usize = 400;
