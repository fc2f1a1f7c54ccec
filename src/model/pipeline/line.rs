//! The line of stages, as all its workers share it: the queues between them, and the way of an item through it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};

use crate::ipc::Requests;
use crate::model::error::{Stop, caught};
use crate::model::pipeline::bounded_queue::BoundedQueue;
use crate::model::probe::clock::monotonic;
use crate::model::probe::stopwatch::Stamps;
use crate::model::spec::{JobSpec, RunContext};
use crate::model::worker::request_source::RequestSource;
use crate::model::worker::trail::chain_digest;
use crate::record::{ItemTimes, RunError, StageTimes};
use crate::setting::StageConfig;
use crate::task::{Context, Digest, Job, expected_in_stage};

/// An item on its way through the stages.
pub struct StageItem {
    pub item: u64,
    /// What was seen of it so far.
    pub trail: Digest,
    /// The reply of the last stage that it passed.
    pub bytes: Vec<u8>,
    /// When the first stage took it, in profiling runs.
    born: u64,
    /// Nanoseconds within stages, in profiling runs.
    pub service: u64,
}

/// The whole line of stages, as its workers share it.
pub struct PipelineRun<'a> {
    pub order: &'a RunContext<'a>,
    pub stages: Vec<Stage<'a>>,
    /// The next item that enters.
    next: AtomicU64,
    /// The queue before each later stage.
    pub belts: Vec<BoundedQueue<StageItem>>,
    /// Why the run was given up: the first reason counts.
    failure: Mutex<Option<Stop>>,
    pub edges: Barrier,
}

/// A stage.
pub struct Stage<'a> {
    pub config: &'a StageConfig,
    pub brief: &'a JobSpec,
    pub job: Box<dyn Job>,
    pub requests: Requests,
    /// What the stage before replies to the first item, with which workers warm up; none in the first stage.
    pub first: Option<Vec<u8>>,
}

/// What one worker of a stage, or the thread that feeds a worker process, has done.
#[derive(Default)]
pub struct Left {
    pub times: StageTimes,
    pub done: u64,
    pub sum: Digest,
    pub clocked: Option<Box<ItemTimes>>,
    pub first_item: u64,
    pub warm_up: u64,
    pub ready: u64,
    pub died: bool,
    /// When items ran, where the run keeps its events.
    pub stamps: Option<Stamps>,
}

impl Left {
    pub fn new(spec: &JobSpec) -> Self {
        Self {
            clocked: spec.profiling().then(Box::default),
            stamps: spec.trace.then(Stamps::default),
            ready: monotonic(),
            ..Self::default()
        }
    }
}

impl<'a> PipelineRun<'a> {
    /// The line of an order, whose stages' briefs are these.
    pub fn new(order: &'a RunContext<'a>, briefs: &'a [JobSpec]) -> Result<Self, RunError> {
        let configs = &order.brief.config.stages;
        let mut came = None;
        let stage = |(config, brief): (&'a StageConfig, &'a JobSpec)| {
            let job = brief.prepare(order.tasks)?;
            let requests = RequestSource::prepare(job.as_ref(), brief.items);
            let first = came.take();
            if brief.items > 0 {
                let (mut feed, mut reply) = (RequestSource::new(job.as_ref(), &requests), Vec::new());
                let context = &mut Context::native();
                expected_in_stage(job.as_ref(), 0, first.as_deref(), feed.get(0), &mut reply, context)?;
                came = Some(reply);
            }
            Ok(Stage { config, brief, job, requests, first })
        };
        let size = order.brief.config.queue.unwrap_or(1) as usize;
        let belt = |config: &StageConfig| BoundedQueue::new(size, config.workers as usize);
        Ok(Self {
            order,
            stages: configs.iter().zip(briefs).map(stage).collect::<Result<_, RunError>>()?,
            next: AtomicU64::new(0),
            belts: configs[..configs.len().saturating_sub(1)].iter().map(belt).collect(),
            failure: Mutex::new(None),
            edges: Barrier::new(order.brief.config.all_workers() as usize + 1),
        })
    }

    /// The next item for a stage; waits while the queue before it is empty. `None` when no more will come.
    pub fn next(&self, stage: usize, times: &mut StageTimes) -> Result<Option<StageItem>, Stop> {
        match stage.checked_sub(1) {
            None => Ok(self.enter()),
            Some(before) => {
                let clock = self.order.brief.profiling().then_some(&mut times.starved);
                Ok(self.belts[before].take(self.order.deadline, clock)?)
            }
        }
    }

    /// The same without waiting; `None` also where nothing is there yet.
    pub fn next_at_once(&self, stage: usize) -> Option<StageItem> {
        match stage.checked_sub(1) {
            None => self.enter(),
            Some(before) => self.belts[before].take_at_once(),
        }
    }

    fn enter(&self) -> Option<StageItem> {
        let item = self.next.fetch_add(1, Ordering::Relaxed);
        let born = if self.order.brief.profiling() { monotonic() } else { 0 };
        let parcel = StageItem { item, trail: item, bytes: Vec::new(), born, service: 0 };
        (item < self.order.brief.items).then_some(parcel)
    }

    /// Hands an item on that a stage has run; waits while the queue after it is full. Gives the nanoseconds of that wait.
    pub fn pass(&self, stage: usize, parcel: StageItem, left: &mut Left) -> Result<u64, Stop> {
        let Some(belt) = self.belts.get(stage) else {
            left.done += 1;
            left.sum = left.sum.wrapping_add(chain_digest(parcel.item, parcel.trail, &parcel.bytes));
            if let Some(clocked) = &mut left.clocked {
                clocked.add(parcel.service, monotonic() - parcel.born);
            }
            return Ok(0);
        };
        let mut waited = 0;
        belt.put(parcel, self.order.deadline, left.clocked.is_some().then_some(&mut waited))?;
        Ok(waited)
    }

    /// Why the run was given up, where it was.
    pub fn failure(&self) -> Option<Stop> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether the run was given up.
    pub fn is_broken(&self) -> bool {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Gives the run up: nobody waits any longer.
    pub fn give_up(&self, why: Stop) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(why, Stop::Elsewhere) {
            failure.get_or_insert(why);
        }
        drop(failure);
        // Far from overflow, since claims go on from here.
        self.next.store(1 << 62, Ordering::Relaxed);
        self.belts.iter().for_each(BoundedQueue::break_off);
    }

    /// The life of a worker of a stage between the barriers, all of which it reaches whatever happens.
    pub fn live(&self, stage: usize, left: &mut Left, work: impl FnOnce(&mut Left) -> Result<(), Stop>) {
        self.edges.wait();
        self.edges.wait();
        let worked = if self.is_broken() { Ok(()) } else { caught(|| work(left)) };
        if let Err(why) = worked {
            left.died = matches!(why, Stop::RunError(RunError::WorkerDied { .. }));
            self.give_up(why);
        }
        if let Some(belt) = self.belts.get(stage) {
            belt.leave();
        }
        self.edges.wait();
    }
}
