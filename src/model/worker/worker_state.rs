//! What a worker in this process has: who runs its items, and where its requests come from.

use std::sync::Arc;

use crate::model::spec::JobSpec;
use crate::model::worker::arrivals::Arrivals;
use crate::model::worker::item_runner::ItemRunner;
use crate::model::worker::iteration_state::IterationState;
use crate::model::worker::request_source::RequestSource;
use crate::runtime::Gil;
use crate::task::TaskError;

/// A worker in this process.
pub struct WorkerState<'a> {
    pub runner: ItemRunner<'a>,
    pub source: RequestSource<'a>,
}

impl WorkerState<'_> {
    /// The same under an interpreter lock where there is one, as thread `thread` of its process.
    pub fn under(self, lock: Option<&Arc<Gil>>, spec: &JobSpec, thread: usize) -> Self {
        Self { runner: self.runner.under(spec, lock, thread), ..self }
    }

    /// Runs one of the job's own items.
    #[inline(always)]
    pub fn item(&mut self, item: u64) -> Result<(), TaskError> {
        self.runner.item(item, self.source.get(item))
    }

    /// Waits until an item comes, and runs it.
    pub fn item_on_time(&mut self, arrivals: &Arrivals, item: u64) -> Result<(), TaskError> {
        self.runner.item_on_time(arrivals, item, self.source.get(item))
    }

    /// Runs one part of an iteration.
    pub fn play(&mut self, iterations: &IterationState<'_>, iteration: u64, part: u64) -> Result<(), TaskError> {
        let request = self.source.get(iteration * iterations.parts + part);
        iterations.play(iteration, part, &mut self.runner, request)
    }

    /// Runs the first item so many times, unrecorded.
    pub fn warm_up(&mut self, count: u64) -> Result<(), TaskError> {
        let request = if count > 0 { self.source.get(0).to_vec() } else { Vec::new() };
        self.runner.warm_up(count, |_| &request)
    }
}
