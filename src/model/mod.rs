//! Who runs the items: the concurrency models, over one [`harness`].

mod dispatch;
mod error;
mod event_loop;
mod harness;
mod pipeline;
mod probe;
mod processes;
mod reference;
mod serial;
mod spec;
mod threads;
mod work_stealing;
mod worker;

use crate::record::{Measurement, RunError};
use crate::setting::{Model, Runtime};

pub use dispatch::fork_server::forkserver_main;
pub use dispatch::retry_ledger::TRIES;
pub use dispatch::worker_process::{die_with_parent, manager_main, worker_main};
pub use harness::job;
pub use probe::clock::monotonic;
pub use probe::memory::weigh;
pub use reference::reference;
#[cfg(test)]
pub(crate) use spec::brief;
pub use spec::{JobSpec, Purpose, RunContext, StageTask};
pub use worker::affinity::usable_cores;
pub use worker::arrivals::{moments, sleep_exactly};
pub use worker::fan_in::WAITING_REPLIES;
#[cfg(test)]
pub(crate) use worker::iterations::{finish_iteration, first_told, parts_of};

/// Runs the items of an order as its setup says. Blocks until all is done, or until something went wrong.
#[must_use]
pub fn run(order: &RunContext<'_>) -> Measurement {
    match order.brief.config.model {
        Model::Serial => harness::run(order, serial::run),
        Model::Threads => harness::run(order, threads::run),
        Model::Rayon => harness::run(order, work_stealing::run),
        Model::Processes => harness::run(order, processes::run),
        Model::Async => harness::run(order, event_loop::run),
        Model::Pipeline => pipeline::run(order),
        Model::Interpreters
        | Model::ThreadPoolExecutor
        | Model::ProcessPoolExecutor
        | Model::InterpreterPoolExecutor
        | Model::ThreadPool
        | Model::Pool => harness::measure(order, |_| Err(RunError::Failed("this model is one of Python's".into()))),
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
