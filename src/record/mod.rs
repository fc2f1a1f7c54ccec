//! What a trial measured: one [`Measurement`], which models, worker processes and interpreters fill in, hosts hand over, and the
//! engine puts into the results. A new number has a field here, and appears where it is measured and where it is shown.

mod error;
mod memory;
mod phase;
mod times;
mod trace;
mod worker_times;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use error::RunError;
pub use memory::{Memory, MemoryUse};
pub use phase::{COUNTERS, PHASE_NUMBERS, Phase, Usage};
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
    /// Sum of the item digests.
    pub digest: u64,
    /// Of the first item on a cold worker (the slowest worker's); 0 without warm-up.
    pub first_item: u64,
    /// What only some trials have.
    pub details: Details,
    /// Per-item times, in profiling trials.
    pub times: Option<ItemTimes>,
    /// Events of a timeline, where they are kept.
    pub events: Vec<Event>,
    /// Events beyond those.
    pub left_out: u64,
    /// Whether `wait4` and the workers' own reports disagree on CPU time.
    pub cpu_mismatch: bool,
    /// Why it did not end well.
    pub trouble: Option<RunError>,
}

/// What only some trials have, in nanoseconds and numbers of items. It goes through from where it is measured to the results file
/// as it is, where what is zero or empty is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Details {
    /// Nanoseconds of the slowest worker's warm-up, which is part of the start of a trial.
    #[serde(skip_serializing_if = "is_zero")]
    pub warm_up: u64,
    /// Items that were handed out again after their worker had died.
    #[serde(skip_serializing_if = "is_zero")]
    pub retried: u64,
    /// Replies that came again for an item already done.
    #[serde(skip_serializing_if = "is_zero")]
    pub duplicated: u64,
    /// From the first death of a worker, as it was found out, to the first reply of the one in its place; 0 where there was none.
    #[serde(skip_serializing_if = "is_zero")]
    pub recovered: u64,
    /// Periods in which the control groups of the trial were held back, since they had used up their quota of CPU time.
    #[serde(skip_serializing_if = "is_zero")]
    pub throttled: u64,
    /// How late replies were, where items came at a set rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<Open>,
    /// Where the workers' time went, in profiling trials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spent: Option<Spent>,
    /// What its processes occupied, in memory trials, where the system says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryUse>,
    /// What interpreter locks cost, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockUse>,
    /// When each worker was started, ready and gone, where workers have lives of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lives: Vec<Life>,
    /// What main and each worker saw of the global variable of the task `globals`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Seen>,
    /// What the stages of a pipeline did, in their order, in profiling trials.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageTimes>,
}

impl Details {
    /// Whether there is nothing of all that.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}
