//! `threads`: operating system threads that claim runs of items from a shared counter.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};

use crate::model::error::{caught, panic_cause};
use crate::model::harness::{PreparedJob, Run};
use crate::model::probe::clock::monotonic;
use crate::model::probe::global::GlobalProbe;
use crate::model::probe::memory::Others;
use crate::model::worker::affinity::{pin, usable_cores, worker_core};
use crate::model::worker::arrivals::{Arrivals, sleep_exactly};
use crate::model::worker::fan_in::{Outlets, Receiver, Sender, fan_in, no_consumer};
use crate::model::worker::gil;
use crate::model::worker::item_runner::ItemRunner;
use crate::model::worker::iteration_state::{IterationBarrier, IterationState};
use crate::model::worker::iterations::parts_of;
use crate::model::worker::work_queue::WorkQueue;
use crate::model::worker::worker_state::WorkerState;
use crate::record::{EventKind, RunError};
use crate::runtime::Gil;

/// The counter that all workers claim from, on a cache line of its own.
#[repr(align(64))]
#[derive(Default)]
struct Cursor(AtomicU64);

impl Cursor {
    #[inline]
    fn claim(&self, chunk: u64) -> u64 {
        self.0.fetch_add(chunk, Ordering::Relaxed)
    }

    /// Ends all claiming, after an error. Far from overflow, since claims go on from here.
    fn exhaust(&self) {
        self.0.store(1 << 62, Ordering::Relaxed);
    }
}

/// What the workers of one run share.
struct Shared<'a> {
    job: &'a PreparedJob<'a>,
    cursor: Cursor,
    /// Items that items yielded, where they yield any.
    found: Option<WorkQueue>,
    iterations: Option<IterationState<'a>>,
    /// Between the iterations.
    gate: IterationBarrier,
    /// Where replies go, where they have a consumer.
    outlets: Option<Outlets>,
    edges: Barrier,
    /// The interpreter lock, where the runtime has one.
    lock: Option<Arc<Gil>>,
}

pub fn run(job: &PreparedJob<'_>, run: &mut Run<'_>) -> Result<(), RunError> {
    let (shared, inlet) = Shared::new(job)?;
    let (spec, cores) = (job.spec, usable_cores());
    let mut outcome = Ok(());
    std::thread::scope(|scope| {
        run.begin();
        let start = |worker| {
            let (shared, core) = (&shared, worker_core(spec.affinity(), &cores, worker, false));
            (monotonic(), scope.spawn(move || worker_main(shared, worker, core)))
        };
        let handles: Vec<_> = (0..spec.workers()).map(start).collect();
        let consumer = inlet.map(|inlet| scope.spawn(|| consumer_main(&shared, inlet)));
        if spec.warm() {
            // Everybody is ready and warm; the phase ends; everybody goes.
            shared.edges.wait();
        }
        run.begin_work(&Others::default());
        job.begin_arrivals();
        if spec.warm() {
            shared.edges.wait();
        }
        shared.edges.wait();
        run.end_work(&Others::default());
        if spec.weighs() {
            // What belongs to a thread counts while it lives.
            shared.edges.wait();
        }
        for (worker, (asked, handle)) in handles.into_iter().enumerate() {
            match handle.join() {
                Ok(left) => outcome = std::mem::replace(&mut outcome, Ok(())).and(add(run, worker, asked, left)),
                Err(payload) => outcome = Err(panic_cause(payload.as_ref())),
            }
        }
        if let Some(Ok(consumed)) = consumer.map(|consumer| consumer.join())
            && (outcome.is_ok() || outcome == Err(no_consumer()))
        {
            // What a producer met follows from what its consumer did.
            outcome = consumed;
        }
        run.end_join();
    });
    gil::note(run.measured, shared.lock.as_ref(), run.began());
    if let Some(found) = &shared.found {
        run.measured.known = found.known();
    }
    outcome
}

/// Adds what a worker left that was asked for at that time and has been joined, and says how its work ended.
fn add(run: &mut Run<'_>, worker: usize, asked: u64, left: Left<'_>) -> Result<(), RunError> {
    let Left { runner, probe, ready, died, worked } = left;
    let joined = monotonic();
    run.trace.life(worker, asked, ready, joined, worked.is_err());
    if let Some(died) = died {
        run.trace.event(worker, EventKind::Crash, died, died);
    }
    run.trace.event(worker, EventKind::Join, run.end, joined);
    run.add(worker, runner);
    run.probes.extend(probe);
    worked
}

impl<'a> Shared<'a> {
    /// What the workers share, and the consumer's end, where replies have one.
    fn new(job: &'a PreparedJob<'a>) -> Result<(Self, Option<Receiver>), RunError> {
        let workers = job.spec.workers();
        let (inlet, outlets) = fan_in(job.job.as_ref(), workers)?.unzip();
        let shared = Self {
            job,
            cursor: Cursor::default(),
            found: job.item_ids().map(|ids| WorkQueue::new(job.spec.items, ids)),
            iterations: job.iterations()?,
            gate: IterationBarrier::new(workers),
            outlets: outlets.map(Outlets::new),
            edges: Barrier::new(workers + 1 + usize::from(inlet.is_some())),
            lock: gil::of(job.spec),
        };
        Ok((shared, inlet))
    }
}

/// What a worker leaves.
struct Left<'a> {
    runner: ItemRunner<'a>,
    probe: Option<GlobalProbe>,
    /// When it ran its first instruction.
    ready: u64,
    /// When its work went wrong.
    died: Option<u64>,
    worked: Result<(), RunError>,
}

/// A worker's life. It reaches every barrier even after an error, or the others would wait for ever.
fn worker_main<'a>(shared: &Shared<'a>, number: usize, core: Option<usize>) -> Left<'a> {
    let (ready, spec) = (monotonic(), shared.job.spec);
    pin(core);
    let probe = shared.job.visit(number);
    let mut worker = shared.job.worker().under(shared.lock.as_ref(), spec, number);
    let mut outlet = shared.outlets.as_ref().and_then(|outlets| outlets.take(number));
    let mut worked = Ok(());
    if spec.warm() {
        worker.runner.context.acquire();
        worked = caught(|| Ok(worker.warm_up(spec.chunk().min(spec.items))?));
        worker.runner.context.leave();
        worker.runner.begin_watch();
        shared.edges.wait();
        shared.edges.wait();
    } else {
        worker.runner.begin_watch();
    }
    worker.runner.context.acquire();
    worker.runner.resume();
    if worked.is_ok() {
        worked = caught(|| match &shared.iterations {
            Some(iterations) => play_all(shared, iterations, number, &mut worker),
            None => claim_all(shared, outlet.as_mut(), &mut worker),
        });
    }
    // The consumer ends once all have let go of their ends.
    drop(outlet);
    worker.runner.end_watch();
    worker.runner.context.leave();
    let died = worked.is_err().then(monotonic);
    if died.is_some() {
        shared.give_up();
    }
    shared.last_edges();
    Left { runner: worker.runner, probe, ready, died, worked }
}

impl Shared<'_> {
    /// Lets everybody stop, after an error.
    fn give_up(&self) {
        self.cursor.exhaust();
        if let Some(found) = &self.found {
            found.abandon();
        }
        self.gate.give_up();
    }

    /// The end of the work, and that of reading memory, which belongs to a thread while it lives.
    fn last_edges(&self) {
        self.edges.wait();
        if self.job.spec.weighs() {
            self.edges.wait();
        }
    }
}

/// The consumer's life, which keeps to the same barriers.
fn consumer_main(shared: &Shared<'_>, inlet: Receiver) -> Result<(), RunError> {
    let spec = shared.job.spec;
    let mut context = gil::context(spec, shared.lock.as_ref(), spec.workers());
    if spec.warm() {
        shared.edges.wait();
        shared.edges.wait();
    }
    let consumed = caught(|| inlet.take_all(&mut context));
    context.leave();
    shared.last_edges();
    consumed
}

/// Plays a worker's parts in every iteration.
fn play_all(
    shared: &Shared<'_>,
    iterations: &IterationState<'_>,
    number: usize,
    worker: &mut WorkerState<'_>,
) -> Result<(), RunError> {
    let parts = parts_of(number, shared.job.spec.workers(), iterations.parts);
    for iteration in 0..iterations.count {
        for part in parts.clone() {
            worker.play(iterations, iteration, part)?;
        }
        // A wait for others lets the lock go, or none of them could end the iteration.
        worker.runner.context.release();
        let since = worker.runner.watch.is_some().then(monotonic);
        let go_on = shared.gate.pass(|| Ok(iterations.finish_iteration(iteration)?))?;
        worker.runner.context.acquire();
        if !go_on {
            break;
        }
        if let (Some(watch), Some(since)) = (&mut worker.runner.watch, since)
            && iteration + 1 < iterations.count
            && !parts.is_empty()
        {
            watch.waited(monotonic() - since);
        }
    }
    Ok(())
}

/// Claims items, and runs them and what they yield.
fn claim_all(
    shared: &Shared<'_>,
    mut outlet: Option<&mut Sender>,
    worker: &mut WorkerState<'_>,
) -> Result<(), RunError> {
    let (items, chunk) = (shared.job.spec.items, shared.job.spec.chunk());
    if let Some(arrivals) = &shared.job.arrivals {
        sleep_exactly();
        return claim_as_they_come(shared, arrivals, worker);
    }
    // Asked once, since a question for every item would be part of what a small item costs.
    let plain = shared.found.is_none() && outlet.is_none();
    loop {
        let start = shared.cursor.claim(chunk);
        if start >= items {
            break;
        }
        let claimed = start..items.min(start + chunk);
        if plain {
            claimed.into_iter().try_for_each(|item| worker.item(item))?;
            continue;
        }
        for item in claimed {
            worker.item(item)?;
            if let Some(found) = &shared.found {
                found.done(item, worker.runner.context.take_yielded());
            }
            if let Some(outlet) = &mut outlet {
                worker.runner.context.release();
                let taken = outlet.put(&worker.runner.reply);
                worker.runner.context.acquire();
                if !taken {
                    return Err(no_consumer());
                }
            }
        }
    }
    shared.found.as_ref().map_or(Ok(()), |found| run_found(found, &mut worker.runner))
}

/// Claims items one by one, each before it comes: whoever is free first has the next.
fn claim_as_they_come(shared: &Shared<'_>, arrivals: &Arrivals, worker: &mut WorkerState<'_>) -> Result<(), RunError> {
    loop {
        let item = shared.cursor.claim(1);
        if item >= shared.job.spec.items {
            return Ok(());
        }
        worker.item_on_time(arrivals, item)?;
    }
}

/// Runs items that items yielded, until no more will come.
fn run_found(found: &WorkQueue, runner: &mut ItemRunner<'_>) -> Result<(), RunError> {
    loop {
        // A wait for others lets the lock go, or none of them could find anything.
        runner.context.release();
        let mut waited = 0;
        let next = found.next(runner.watch.is_some().then_some(&mut waited));
        runner.context.acquire();
        let Some((item, request)) = next else { return Ok(()) };
        if let Some(watch) = &mut runner.watch {
            watch.waited(waited);
        }
        runner.item(item, &request)?;
        found.done(item, runner.context.take_yielded());
    }
}
