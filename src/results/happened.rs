//! What happened in the trials of a configuration beside its times: faults, lives of workers, interpreter locks, what was seen of a
//! global; and runtimes compared with each other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::setting::Runtime;

/// What a fault did to a configuration, over its timed trials. Counts of items are medians.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FaultEstimate {
    /// How many trials.
    pub trials: u32,
    /// In how many of them the program lived on: it neither died nor hung.
    pub survived: u32,
    /// In how many the process that holds the workers died.
    pub died: u32,
    /// In how many something hung until the deadline.
    pub hung: u32,
    /// Items whose reply arrived.
    pub done: f64,
    /// Items whose reply never arrived.
    pub lost: f64,
    /// Items that were retried.
    pub retried: f64,
    /// Seconds from a worker's death to the first result of its replacement, where there was one.
    pub recovered: Option<f64>,
}

/// How long workers took to start and to end, in seconds: medians over the workers of all timed trials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LifeEstimate {
    /// Lives that were seen, those of replacements included.
    pub lives: u32,
    /// Lives that ended in a death.
    pub deaths: u32,
    /// From being asked for to being ready.
    pub start: f64,
    /// From the end of the work to having ended; `None` where every worker had died before.
    pub join: Option<f64>,
}

/// What interpreter locks cost in a trial: medians over the right timed trials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LockEstimate {
    /// How many trials.
    pub trials: u32,
    /// Takes that found it held.
    pub waits: f64,
    /// Seconds of those waits, over all workers.
    pub waited: f64,
    /// Times that it went from one thread to another.
    pub hand_overs: f64,
    /// Those of them that a thread was made to, after a request.
    pub forced: f64,
    /// The same by second of the work phase.
    pub forced_per_second: f64,
}

/// What one party saw of the global variable of the task `globals`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeenEstimate {
    /// Which worker; `null` is main.
    pub worker: Option<u32>,
    /// What it found first, in the first right trial.
    pub before: u64,
    /// What it found last.
    pub after: u64,
    /// In how many trials it saw just that.
    pub alike: u32,
    /// In how many it was asked.
    pub trials: u32,
}

/// One runtime among those that run the same task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RuntimeRow {
    /// Its workload.
    pub workload: usize,
    /// Seconds per item of the workload's reference.
    pub per_item: Option<f64>,
    /// How many times as long as in the first runtime of the table that is. The runs are not paired.
    pub ratio: Option<f64>,
    /// The configuration with the least time per item.
    pub best: Option<usize>,
    /// Its seconds per item.
    pub best_per_item: Option<f64>,
}

/// Runtimes and interpreters that run the same task, per item. They are no workload: nothing of it enters a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RuntimeTable {
    /// What they run, such as `primes, limit 200 000`.
    pub what: String,
    /// The runtimes in the order of their workloads; the first is what ratios refer to.
    pub rows: Vec<RuntimeRow>,
}

/// How outputs name the model of the interpreter lock, so that nobody takes it for CPython.
pub const LOCK_MODEL: &str = "GIL emulation";

impl super::Workload {
    /// Whether its items ran under a model of the interpreter lock, and not in an interpreter.
    #[must_use]
    pub fn is_lock_model(&self) -> bool {
        self.runtime == Runtime::GilEmulation
    }

    /// The label, with what it is a model of where it is one.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.is_lock_model() { format!("{} ({LOCK_MODEL})", self.label) } else { self.label.clone() }
    }

    /// How tables name the runtime: `native`, the interpreter, or what it is a model of.
    #[must_use]
    pub fn runtime_shown(&self) -> String {
        match &self.interpreter {
            Some(interpreter) => interpreter.label.clone(),
            None => self.runtime.shown().to_owned(),
        }
    }
}
