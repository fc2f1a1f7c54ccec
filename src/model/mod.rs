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

use crate::record::Measurement;
use crate::setting::{Affinity, Config, Measure, Model, OnCrash, ParentUse, Runtime, StageConfig, Start};

pub use affinity::usable_cores;
pub use arrivals::{moments, sleep_exactly};
pub use gather::WAITING_REPLIES;
#[cfg(test)]
pub(crate) use iterations::{finish_iteration, first_told, parts_of};
pub use memory::weigh;
pub use nursery::forkserver_main;
pub use rescue::TRIES;
#[cfg(test)]
pub(crate) use run::brief;
pub use run::{JobSpec, Purpose, RunContext, StageTask};
pub use serial::reference;
pub use stint::{WorkerTimes, monotonic, split};
pub use worker::{die_with_parent, manager_main, worker_main};

/// Runs the items of an order as its setup says. Blocks until all is done, or until something went wrong.
#[must_use]
pub fn run(order: &RunContext<'_>) -> Measurement {
    match order.brief.config.model {
        Model::Serial => serial::run(order),
        Model::Threads => threads::run(order),
        Model::Rayon => work_stealing::run(order),
        Model::Processes => processes::run(order),
        Model::Async => event_loop::run(order),
        Model::Interpreters
        | Model::ThreadPoolExecutor
        | Model::ProcessPoolExecutor
        | Model::InterpreterPoolExecutor
        | Model::ThreadPool
        | Model::Pool => Measurement::refused(order, "this model is one of Python's"),
        Model::Pipeline => pipeline::run(order),
    }
}

/// Why a runtime cannot run a model's way of working, if it cannot.
#[must_use]
pub fn impossible(model: Model, runtime: Runtime) -> Option<&'static str> {
    match (model, runtime) {
        (Model::Pipeline, Runtime::GilEmulation | Runtime::Python) => Some("stages are run natively"),
        (Model::Async, Runtime::GilEmulation) => Some(
            "an event loop has one thread, so no other thread contends for \
                                                       the GIL",
        ),
        (Model::Interpreters, Runtime::Native | Runtime::GilEmulation) => Some("sub-interpreters are CPython's"),
        (Model::Rayon, Runtime::Python) => Some("rayon is a Rust library"),
        (Model::Rayon, Runtime::GilEmulation) => Some("CPython has no work-stealing pool that could be emulated"),
        (model, Runtime::Native | Runtime::GilEmulation) if model.is_pool() => Some("a pool of Python's own"),
        _ => None,
    }
}
