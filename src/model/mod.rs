//! Who runs the items.

mod bench;
mod crew;
mod memory;
mod placing;
mod processes;
mod run;
mod serial;
mod stint;
mod stream;
mod threads;
mod usage;
mod watch;
mod wire;
mod work_stealing;
mod worker;

use serde::{Deserialize, Serialize};

pub use bench::Clocked;
pub use memory::{Memory, MemoryUse};
pub use placing::usable_cores;
pub use run::{Brief, Order, PhaseUsage, Purpose, Ran, Trouble};
pub use serial::reference;
pub use stint::Spent;
pub use usage::Usage;
pub use worker::{manager_main, worker_main};

use crate::ipc::{Dispatch, Method, Wait};

/// Runs the items of an order as its setup says. Blocks until all is done, or until something went wrong.
#[must_use]
pub fn run(order: &Order<'_>) -> Ran {
    match order.brief.setup.model {
        Model::Serial => serial::run(order),
        Model::Threads => threads::run(order),
        Model::Rayon => work_stealing::run(order),
        Model::Processes => processes::run(order),
    }
}

/// Who runs the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// One after the other, in the host's main thread.
    Serial,
    /// Operating system threads that claim items from a shared counter.
    Threads,
    /// A work-stealing pool of the rayon package.
    Rayon,
    /// Worker processes, fed over an IPC method.
    Processes,
}

/// A setting of a cell beside task, model and runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// How many workers.
    Workers,
    /// The IPC method.
    Ipc,
    /// How items reach workers.
    Dispatch,
    /// Items per message or claim.
    Chunk,
    /// Chunks handed to a worker and not yet answered.
    InFlight,
    /// How a side waits.
    Wait,
    /// Which cores the processes or threads may use.
    Placement,
}

/// One entry of the list of models.
#[derive(Debug)]
pub struct Entry {
    /// The model.
    pub model: Model,
    /// The word in scenarios.
    pub word: &'static str,
    /// How charts and tables show it.
    pub shown: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The keys that it uses; others collapse.
    pub uses: &'static [Key],
}

/// Every model, in the order in which outputs list them.
pub const MODELS: &[Entry] = &[
    Entry {
        model: Model::Serial,
        word: "serial",
        shown: "serial",
        about: "one item after the other, in one thread: the reference",
        uses: &[],
    },
    Entry {
        model: Model::Threads,
        word: "threads",
        shown: "threads",
        about: "threads of one process, claiming items from a shared counter",
        uses: &[Key::Workers, Key::Chunk, Key::Placement],
    },
    Entry {
        model: Model::Rayon,
        word: "rayon",
        shown: "work stealing (rayon)",
        about: "a rayon pool of its own with that many threads; chunk is its smallest split",
        uses: &[Key::Workers, Key::Chunk, Key::Placement],
    },
    Entry {
        model: Model::Processes,
        word: "processes",
        shown: "processes",
        about: "worker processes (this program again), fed over an IPC method",
        uses: &[Key::Workers, Key::Ipc, Key::Dispatch, Key::Chunk, Key::InFlight, Key::Wait, Key::Placement],
    },
];

impl Model {
    /// The model's entry in [`MODELS`].
    #[must_use]
    pub fn entry(self) -> &'static Entry {
        &MODELS[self as usize]
    }
}

/// Which cores may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// Wherever the system puts them.
    Free,
    /// Dispatcher and all workers on one core.
    Same,
    /// The dispatcher on the first core, workers dealt over the others (over all where there is one core).
    Cross,
}

/// What the clock covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// From the barrier, when every worker is ready and warm, to the last reply.
    Work,
    /// From before the first worker is started to after the last has ended; no barrier, no warm-up.
    EndToEnd,
}

/// Everything that says how the items of one cell are run. Keys that the model does not use hold `None`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Setup {
    /// Who runs the items.
    pub model: Model,
    /// How many workers; `None` for serial.
    pub workers: Option<u32>,
    /// The IPC method; processes only. `shared_memory` where dispatch is `table`.
    pub ipc: Option<Method>,
    /// How items reach workers; processes only.
    pub dispatch: Option<Dispatch>,
    /// Items per message or claim.
    pub chunk: Option<u32>,
    /// Chunks in flight per worker; `stream` only.
    pub in_flight: Option<u32>,
    /// How a side waits; `stream` only.
    pub wait: Option<Wait>,
    /// Which cores.
    pub placement: Option<Placement>,
    /// What the clock covers.
    pub measure: Measure,
}
