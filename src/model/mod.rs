//! Who runs the items.

mod affinity;
mod arrivals;
mod belt;
mod bench;
mod carrier;
mod chain;
mod circuit;
mod crew;
mod event_loop;
mod found;
mod gather;
mod glance;
mod iterations;
mod lock;
mod memory;
mod names;
mod nursery;
mod parent;
mod pipeline;
mod processes;
mod rescue;
mod run;
mod serial;
mod starter;
mod stint;
mod stream;
mod threads;
mod trace;
mod usage;
mod watch;
mod wire;
mod work_stealing;
mod worker;

use serde::{Deserialize, Serialize};

pub use affinity::usable_cores;
pub use arrivals::{Open, moments, sleep_exactly};
pub use bench::Clocked;
pub use memory::{Memory, MemoryUse, weigh};
pub use nursery::forkserver_main;
pub use pipeline::StageTimes;
#[cfg(test)]
pub(crate) use run::brief;
pub use run::{JobSpec, PhaseUsage, Purpose, Ran, RunContext, RunError, StageTask};
pub use serial::reference;
pub use stint::{Spent, WorkerTimes, monotonic, split};
pub use trace::{Event, EventKind, Life, MOST_EVENTS, Seen};
pub use usage::Usage;
pub use worker::{die_with_parent, manager_main, worker_main};

use crate::ipc::{Dispatch, Method, Wait};
use crate::runtime::Runtime;

/// Runs the items of an order as its setup says. Blocks until all is done, or until something went wrong.
#[must_use]
pub fn run(order: &RunContext<'_>) -> Ran {
    match order.brief.config.model {
        Model::Serial => serial::run(order),
        Model::Threads => threads::run(order),
        Model::Rayon => work_stealing::run(order),
        Model::Processes => processes::run(order),
        Model::Async => event_loop::run(order),
        Model::Interpreters => Ran::refused(order, "this way is one of Python's"),
        Model::Pipeline => pipeline::run(order),
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
    /// Tasks of one event loop in one thread; for work that waits.
    Async,
    /// Sub-interpreters of one process, each with a lock of its own, in a thread each.
    Interpreters,
    /// Stages in a chain, each with workers of its own and a bounded queue before it. It is written with a key of its own
    /// and not among models, so that it is not in [`MODELS`].
    Pipeline,
}

/// The entry of [`Model::Pipeline`].
static PIPELINE: Entry = Entry {
    model: Model::Pipeline,
    word: "pipeline",
    shown: "pipeline",
    about: "stages in a chain, each with workers of its own and a bounded queue before it",
    uses: &[],
};

/// How one stage of a pipeline is run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StageWay {
    /// `threads` or `processes`.
    pub model: Model,
    /// How many workers.
    pub workers: u32,
    /// How items cross to worker processes and back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipc: Option<Method>,
    /// Items handed to a worker process and not yet answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
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
    Affinity,
    /// How worker processes are started.
    Start,
    /// Which of Python's own classes run the workers.
    Api,
    /// How long a thread may keep the interpreter lock that another waits for.
    SwitchInterval,
    /// How long the lock is held around a blocking operation.
    GilHold,
    /// Which interpreter.
    Python,
    /// What goes wrong on purpose.
    Fault,
    /// What happens after a worker process has died.
    OnCrash,
    /// Memory that the parent holds when workers start.
    ParentMemory,
    /// What workers do with it.
    ParentUse,
    /// Items a second that come whether workers keep up or not.
    Rate,
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
        uses: &[
            Key::SwitchInterval,
            Key::GilHold,
            Key::Python,
            Key::Fault,
            Key::ParentMemory,
            Key::ParentUse,
            Key::Rate,
        ],
    },
    Entry {
        model: Model::Threads,
        word: "threads",
        shown: "threads",
        about: "threads of one process, claiming items from a shared counter",
        uses: &[
            Key::Workers,
            Key::Chunk,
            Key::Affinity,
            Key::Api,
            Key::SwitchInterval,
            Key::GilHold,
            Key::Python,
            Key::Fault,
            Key::ParentMemory,
            Key::ParentUse,
            Key::Rate,
        ],
    },
    Entry {
        model: Model::Rayon,
        word: "rayon",
        shown: "work stealing (rayon)",
        about: "a rayon pool of its own with that many threads; chunk is its smallest split",
        uses: &[Key::Workers, Key::Chunk, Key::Affinity, Key::Fault, Key::ParentMemory, Key::ParentUse, Key::Rate],
    },
    Entry {
        model: Model::Processes,
        word: "processes",
        shown: "processes",
        about: "worker processes (this program again), fed over an IPC method",
        uses: &[
            Key::Workers,
            Key::Ipc,
            Key::Dispatch,
            Key::Chunk,
            Key::InFlight,
            Key::Wait,
            Key::Affinity,
            Key::Start,
            Key::Api,
            Key::SwitchInterval,
            Key::GilHold,
            Key::Python,
            Key::Fault,
            Key::OnCrash,
            Key::ParentMemory,
            Key::ParentUse,
            Key::Rate,
        ],
    },
    Entry {
        model: Model::Async,
        word: "async",
        shown: "async",
        about: "tasks of one event loop in one thread, so many in flight; for work that waits (tokio, or asyncio in Python)",
        uses: &[Key::InFlight, Key::Python, Key::Fault, Key::ParentMemory, Key::ParentUse, Key::Rate],
    },
    Entry {
        model: Model::Interpreters,
        word: "interpreters",
        shown: "sub-interpreters",
        about: "sub-interpreters of one process, each with a lock of its own (CPython 3.12 or newer, runtime python)",
        uses: &[Key::Workers, Key::Chunk, Key::SwitchInterval, Key::Python, Key::Fault, Key::Rate],
    },
];

/// Whether a model under a runtime has a use for a key; others collapse.
#[must_use]
pub fn uses(model: Model, runtime: Runtime, key: Key) -> bool {
    let of_runtime = match runtime {
        Runtime::Native => !matches!(key, Key::Api | Key::SwitchInterval | Key::GilHold | Key::Python),
        Runtime::GilEmulation => !matches!(key, Key::Api | Key::Python),
        Runtime::Python => !matches!(key, Key::Dispatch | Key::Wait | Key::Affinity | Key::GilHold),
    };
    of_runtime && model.entry().uses.contains(&key)
}

/// Why a runtime cannot run a model's way of working, if it cannot.
#[must_use]
pub fn impossible(model: Model, runtime: Runtime) -> Option<&'static str> {
    match (model, runtime) {
        (Model::Pipeline, Runtime::GilEmulation | Runtime::Python) => Some("stages are run natively"),
        (Model::Async, Runtime::GilEmulation) => Some("an event loop has one thread, which nobody keeps from the lock"),
        (Model::Interpreters, Runtime::Native | Runtime::GilEmulation) => Some("sub-interpreters are CPython's"),
        (Model::Rayon, Runtime::Python) => Some("rayon is a Rust library"),
        (Model::Rayon, Runtime::GilEmulation) => Some("CPython has no work-stealing pool that could be modelled"),
        _ => None,
    }
}

impl Model {
    /// The model's entry in [`MODELS`].
    #[must_use]
    pub fn entry(self) -> &'static Entry {
        MODELS.get(self as usize).unwrap_or(&PIPELINE)
    }
}

/// Which cores may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Affinity {
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

/// How worker processes come to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// A fresh program.
    #[default]
    Spawn,
    /// A copy of the parent, made before it has any thread. One that takes the place of a dead one is a copy of a copy that
    /// was made then too.
    Fork,
    /// A copy of a small server process, which was started first.
    Forkserver,
}

/// Which of Python's own classes run the workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// `Process` or `Thread`, fed by the driver over the IPC method.
    #[default]
    Process,
    /// `multiprocessing.Pool` or `multiprocessing.pool.ThreadPool`.
    Pool,
    /// `ProcessPoolExecutor` or `ThreadPoolExecutor` of `concurrent.futures`.
    Executor,
}

/// What happens after a worker process has died.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnCrash {
    /// The run ends.
    #[default]
    Stop,
    /// Another worker takes its place, and its items are handed out again; the one that was running is tried three times in
    /// all, then given up.
    Restart,
    /// The others go on with the rest; the items that the worker held are given up.
    Skip,
}

/// What workers do with memory that the parent holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParentUse {
    /// Nothing.
    #[default]
    Untouched,
    /// Every worker that has it reads all of it before the work: threads, and copies of the parent.
    Read,
}

/// Everything that says how the items of one cell are run. Keys that the model does not use hold `None`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Config {
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
    pub affinity: Option<Affinity>,
    /// What the clock covers.
    pub measure: Measure,
    /// How worker processes are started; processes only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// Which of Python's own classes run the workers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<Api>,
    /// Nanoseconds after which a thread that waits for the interpreter lock asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch_interval: Option<u64>,
    /// Nanoseconds that the emulated lock is held before each blocking operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gil_hold: Option<u64>,
    /// What happens after a worker process has died; where a fault is injected, or where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_crash: Option<OnCrash>,
    /// Bytes that the parent holds when workers start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_memory: Option<u64>,
    /// What workers do with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_use: Option<ParentUse>,
    /// Items a second that come whether workers keep up or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// How the stages of a pipeline are run, in their order; empty under other models.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageWay>,
    /// Items that may wait before each later stage of a pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<u32>,
}

impl Config {
    /// Threads and worker processes that run items.
    #[must_use]
    pub fn all_workers(&self) -> u32 {
        match self.stages.is_empty() {
            true => self.workers.unwrap_or(1),
            false => self.stages.iter().map(|stage| stage.workers).sum(),
        }
    }

    /// How the IPC method is shown, where there is one: Python's own are not those of this program.
    #[must_use]
    pub fn ipc_shown(&self) -> Option<String> {
        let method = self.ipc?;
        Some(if self.api.is_some() { method.word().replace('_', " ") } else { method.shown().to_owned() })
    }

    /// The setup of a model in which every key is yet to be given.
    #[must_use]
    pub fn new(model: Model, measure: Measure) -> Self {
        Self {
            model,
            workers: None,
            ipc: None,
            dispatch: None,
            chunk: None,
            in_flight: None,
            wait: None,
            affinity: None,
            measure,
            start: None,
            api: None,
            switch_interval: None,
            gil_hold: None,
            on_crash: None,
            parent_memory: None,
            parent_use: None,
            rate: None,
            stages: Vec::new(),
            queue: None,
        }
    }
}
