//! How a worker runs items one by one: where requests come from, how they are clocked and added up.

use std::sync::Arc;

use crate::model::probe::clock::monotonic;
use crate::model::probe::stopwatch::Stopwatch;
use crate::model::spec::JobSpec;
use crate::model::worker::arrivals::Arrivals;
use crate::model::worker::gil::context;
use crate::model::worker::iterations::first_told;
use crate::record::ItemTimes;
use crate::runtime::Gil;
use crate::task::{Context, Digest, Fault, Job, PartContext, TaskError, digest, item_digest, run_in_stage};

/// Runs items one after the other and keeps the sums.
pub struct ItemRunner<'a> {
    pub job: &'a dyn Job,
    pub context: Context<'a>,
    pub reply: Vec<u8>,
    pub done: u64,
    pub sum: Digest,
    /// Boxed, so that moving a bench does not move two histograms.
    pub clocked: Option<Box<ItemTimes>>,
    /// Where the worker's time goes, in profiling runs, once [`ItemRunner::begin_watch`] was called.
    pub watch: Option<Stopwatch>,
    pub first_item: u64,
    /// Nanoseconds of all that ran to warm up.
    pub warm_up: u64,
    /// How late each reply was, where items come at a set rate.
    pub late: Vec<u64>,
    /// What the thread had waited for a lock when its item began, in profiling runs.
    lock_before: u64,
    /// What goes wrong on purpose, and in which item.
    fault: Option<Fault>,
    /// Whether nothing is done beside the items: no clocks, and nothing goes wrong on purpose. One question for both, since
    /// it is asked for every item.
    bare: bool,
    /// Whether the run keeps its events.
    trace: bool,
}

impl<'a> ItemRunner<'a> {
    pub fn new(job: &'a dyn Job, brief: &JobSpec) -> Self {
        let profiling = brief.profiling();
        Self {
            job,
            context: Context::native(),
            reply: Vec::with_capacity(job.sizes().1),
            done: 0,
            sum: 0,
            clocked: profiling.then(Box::default),
            watch: None,
            first_item: 0,
            warm_up: 0,
            late: Vec::new(),
            lock_before: 0,
            fault: brief.fault,
            bare: !profiling && brief.fault.is_none(),
            trace: brief.trace,
        }
    }

    /// The same, under a lock where there is one, as thread `thread` of its process.
    pub fn under(self, brief: &JobSpec, lock: Option<&Arc<Gil>>, thread: usize) -> Self {
        Self { context: context(brief, lock, thread), ..self }
    }

    /// Has the calling thread's time clocked from here on, in profiling runs.
    pub fn begin_watch(&mut self) {
        self.watch = self.clocked.is_some().then(|| Stopwatch::start(self.trace));
    }

    /// Says that the work begins, some time after its worker was ready.
    pub fn begin_work(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.begin();
        }
    }

    /// Says that no item will follow.
    pub fn end_watch(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.end();
        }
    }

    /// Says that an item may begin, after a pause.
    #[inline]
    pub fn resume(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.resume();
        }
    }

    /// The clock, in profiling runs.
    #[inline]
    pub fn clock(&mut self) -> Option<u64> {
        self.clocked.as_ref()?;
        self.lock_before = self.context.waited_for_lock();
        Some(monotonic())
    }

    /// Ends an item that began at `start`, in profiling runs; its nanoseconds.
    pub fn stop(&mut self, start: Option<u64>) -> u64 {
        let Some(start) = start else { return 0 };
        let end = monotonic();
        if let Some(watch) = &mut self.watch {
            watch.item(start, end, self.context.waited_for_lock() - self.lock_before);
        }
        end.saturating_sub(start)
    }

    /// Runs one item as whoever receives it must: digests the request, runs it, leaves the reply in `self.reply`. Where
    /// something goes wrong on purpose, it goes wrong here.
    #[inline]
    pub fn serve(&mut self, item: u64, request: &[u8]) -> Result<Digest, TaskError> {
        if let Some(fault) = self.fault
            && fault.item == item
        {
            inject(fault, &mut self.context)?;
        }
        self.execute(request)
    }

    /// The same for an item that is not counted, in which nothing goes wrong on purpose.
    #[inline(always)]
    fn execute(&mut self, request: &[u8]) -> Result<Digest, TaskError> {
        let seen = digest(request);
        self.reply.clear();
        self.job.run(request, &mut self.reply, &mut self.context)?;
        Ok(seen)
    }

    /// Runs an item of a stage, whose receiver has digested what came, in all but the first stage `input`; the reply is left
    /// in `self.reply`.
    #[inline]
    pub fn stage(&mut self, item: u64, input: Option<&[u8]>, request: &[u8]) -> Result<(), TaskError> {
        self.reply.clear();
        run_in_stage(self.job, item, input, request, &mut self.reply, &mut self.context)
    }

    /// The same for the first item, which is not counted.
    pub fn warm_up_stage(&mut self, input: Option<&[u8]>, request: &[u8]) -> Result<(), TaskError> {
        self.context.warming = true;
        let start = monotonic();
        self.stage(0, input, request)?;
        self.first_item = monotonic() - start;
        self.warm_up = self.first_item;
        self.context.warming = false;
        Ok(())
    }

    /// Runs one item and adds it to the sums.
    #[inline(always)]
    pub fn item(&mut self, item: u64, request: &[u8]) -> Result<(), TaskError> {
        if !self.bare {
            return self.special_item(item, request);
        }
        let seen = self.execute(request)?;
        self.account(item, seen);
        Ok(())
    }

    /// Waits until an item comes, runs it, and notes how late its reply is.
    pub fn item_on_time(&mut self, arrivals: &Arrivals, item: u64, request: &[u8]) -> Result<(), TaskError> {
        self.context.release();
        arrivals.wait(item);
        self.context.acquire();
        self.item(item, request)?;
        self.late.push(arrivals.late(item));
        Ok(())
    }

    /// The same as [`ItemRunner::item`] in an event loop.
    pub async fn item_later(&mut self, item: u64, request: &[u8]) -> Result<(), TaskError> {
        let start = self.clock();
        if let Some(fault) = self.fault
            && fault.item == item
        {
            inject(fault, &mut self.context)?;
        }
        let seen = self.execute_later(request).await?;
        self.account(item, seen);
        self.clock_out(start);
        Ok(())
    }

    /// The same as [`ItemRunner::execute`] in an event loop.
    async fn execute_later(&mut self, request: &[u8]) -> Result<Digest, TaskError> {
        let (job, seen) = (self.job, digest(request));
        self.reply.clear();
        job.run_later(request, &mut self.reply, &mut self.context).await?;
        Ok(seen)
    }

    /// Runs an item unrecorded in an event loop, and clocks it, since it finds everything cold.
    pub async fn warm_up_later(&mut self, request: &[u8]) -> Result<(), TaskError> {
        self.context.warming = true;
        let start = monotonic();
        self.execute_later(request).await?;
        self.first_item = monotonic() - start;
        self.warm_up = self.first_item;
        self.context.take_yielded();
        self.context.warming = false;
        Ok(())
    }

    #[cold]
    fn special_item(&mut self, item: u64, request: &[u8]) -> Result<(), TaskError> {
        let start = self.clock();
        let seen = self.serve(item, request)?;
        self.account(item, seen);
        self.clock_out(start);
        Ok(())
    }

    /// Ends an item that began at `start`, and records how long it took, in profiling runs.
    fn clock_out(&mut self, start: Option<u64>) {
        let nanos = self.stop(start);
        if let Some(clocked) = &mut self.clocked {
            clocked.add(nanos, nanos);
        }
    }

    #[inline(always)]
    fn account(&mut self, item: u64, seen: Digest) {
        self.sum = self.sum.wrapping_add(item_digest(item, seen, digest(&self.reply)));
        self.done += 1;
    }

    /// Runs one chunk unrecorded, and clocks its first item, which finds everything cold.
    pub fn warm_up<'r>(&mut self, count: u64, mut request: impl FnMut(u64) -> &'r [u8]) -> Result<(), TaskError> {
        self.context.warming = true;
        let begun = monotonic();
        for item in 0..count {
            if let Some(iterations) = self.job.iterations() {
                self.context.turn = PartContext { told: first_told(iterations), ..PartContext::default() };
            }
            let start = monotonic();
            self.execute(request(item))?;
            if item == 0 {
                self.first_item = monotonic() - start;
            }
            self.context.take_yielded();
        }
        self.warm_up = monotonic() - begun;
        (self.context.warming, self.context.turn) = (false, PartContext::default());
        Ok(())
    }
}

/// Out of the way of the items in which nothing goes wrong.
#[cold]
fn inject(fault: Fault, context: &mut Context<'_>) -> Result<(), TaskError> {
    fault.inject(context)
}
