//! What a trial measured: one [`Measurement`], which models, worker processes and interpreters fill in, hosts hand over, and the
//! engine puts into the results. A new number has a field here, and appears where it is measured and where it is shown.

mod error;
mod memory;
mod phase;
mod times;
mod trace;
mod worker_times;

use serde::{Deserialize, Serialize};

pub use error::RunError;
pub use memory::{Memory, MemoryUse};
pub use phase::{Phase, Usage};
pub use times::{ItemTimes, Open, Spent, StageTimes};
pub use trace::{Event, EventKind, Life, LockUse, MOST_EVENTS, Seen};
pub use worker_times::WorkerTimes;

/// What one trial measured, in nanoseconds and numbers of items.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measurement {
    /// Start, work and join, over all processes.
    pub phases: [Phase; 3],
    /// Items whose reply arrived once.
    pub done: u64,
    /// Items known of: those of the job and those that others yielded.
    pub known: u64,
    /// Replies that came again.
    pub duplicated: u64,
    /// Sum of the item digests.
    pub digest: u64,
    /// Of the first item on a cold worker (the slowest worker's); 0 without warm-up.
    pub first_item: u64,
    /// How late replies were, where items came at a set rate.
    pub open: Option<Open>,
    /// Per-item times, in profiling trials.
    pub times: Option<ItemTimes>,
    /// Where the workers' time went, in profiling trials.
    pub spent: Option<Spent>,
    /// What its processes occupied, in memory trials, where the system says it.
    pub memory: Option<MemoryUse>,
    /// Items that were handed out again after their worker had died.
    pub retried: u64,
    /// From the first death of a worker, as it was found out, to the first reply of the one in its place; 0 where there was none.
    pub recovered: u64,
    /// What interpreter locks cost, where there are any.
    pub lock: Option<LockUse>,
    /// When each worker was started, ready and gone.
    pub lives: Vec<Life>,
    /// What was seen of the global variable of the task `globals`.
    pub seen: Vec<Seen>,
    /// What the stages of a pipeline did, in their order, in profiling trials.
    pub stages: Vec<StageTimes>,
    /// Events of a timeline, where they are kept.
    pub events: Vec<Event>,
    /// Events beyond those.
    pub left_out: u64,
    /// Share of the machine's CPU time that others used during the trial, 0 to 1.
    pub others: f64,
    /// Whether `wait4` and the workers' own reports disagree on CPU time.
    pub cpu_mismatch: bool,
    /// Why it did not end well.
    pub trouble: Option<RunError>,
}
