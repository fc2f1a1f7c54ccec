//! What happened when: lives of workers, events of a timeline, and what each saw of a global.

use serde::{Deserialize, Serialize};

/// The life of one worker, in nanoseconds since the start of its run. A replacement has a life of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Which worker, from 0.
    pub worker: u32,
    /// When it was asked for.
    pub start: u64,
    /// When it said that it was ready, or ran its first instruction where nobody waits for that.
    pub ready: u64,
    /// When it was known to have ended.
    pub end: u64,
    /// Whether it died before it was told to end.
    pub died: bool,
}

/// What one party saw of the global variable of the task `globals`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Which worker; `None` is main.
    pub worker: Option<u32>,
    /// The value that it found first: main before it starts workers, a worker in its first item before it writes.
    pub before: u64,
    /// The value that it found last, when every worker had written its own.
    pub after: u64,
}

/// What an event of a timeline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// An event, in nanoseconds since the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// 0 is main, worker n is n + 1.
    pub lane: u32,
    /// What it is.
    pub kind: EventKind,
    /// When it began.
    pub start: u64,
    /// When it ended.
    pub end: u64,
}

/// Most events that a run keeps of one lane and kind: beyond that a timeline is a blur.
pub const MOST_EVENTS: usize = 400;
