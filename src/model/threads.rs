//! `threads`: operating system threads that claim runs of items from a shared counter.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};

use super::affinity::{pin, usable_cores, worker_core};
use super::arrivals::{Arrivals, sleep_exactly};
use super::bench::{ItemRunner, RequestSource};
use super::found::Found;
use super::gather::{Outlets, Receiver, Sender, gather, no_consumer};
use super::glance::{GlobalProbe, look_again};
use super::iterations::{IterationBarrier, IterationState, parts_of};
use super::lock::{context, lock_of, note};
use super::memory::{MemorySampler, Others};
use super::names::Names;
use super::parent::Parent;
use super::run::{JobSpec, PhaseTimer, RunContext, panic_cause};
use super::stint::{WorkerTimes, monotonic};
use super::trace::Trace;
use crate::ipc::Requests;
use crate::record::{EventKind, Measurement, RunError};
use crate::runtime::Gil;
use crate::task::Job;

/// The counter that all workers claim from, on a cache line of its own.
#[repr(align(64))]
#[derive(Default)]
pub(super) struct Cursor(AtomicU64);

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
    brief: &'a JobSpec,
    job: &'a dyn Job,
    requests: &'a Requests,
    parent: &'a Parent,
    cursor: Cursor,
    found: Option<Found>,
    board: Option<IterationState<'a>>,
    /// When items come, where they have a rate.
    arrivals: Option<Arrivals>,
    /// Between the iterations of a board.
    gate: IterationBarrier,
    /// Where replies go, where they have a consumer.
    outlets: Option<Outlets>,
    edges: Barrier,
    /// The interpreter lock, where the runtime has one.
    lock: Option<Arc<Gil>>,
}

pub(super) fn run(order: &RunContext<'_>) -> Measurement {
    let mut ran = Measurement { known: order.brief.items, ..Measurement::default() };
    ran.trouble = work(order, &mut ran).err();
    ran
}

fn work(order: &RunContext<'_>, ran: &mut Measurement) -> Result<(), RunError> {
    let brief = &order.brief;
    let job = brief.job(order.tasks)?;
    let requests = RequestSource::prepare(job.as_ref(), brief.items);
    let workers = brief.workers();
    let parent = Parent::hold(brief);
    let (shared, inlet) = Shared::new(order, job.as_ref(), &requests, &parent)?;
    let cores = usable_cores();
    let mut all = All { trace: Trace::new(brief), stints: Vec::new(), late: Vec::new(), trouble: None, end: 0 };
    let glance = GlobalProbe::of_main(job.as_ref());
    std::thread::scope(|scope| {
        let mut edges = PhaseTimer::start();
        all.trace.begin();
        let start = |worker| {
            let (shared, core) = (&shared, worker_core(brief.affinity(), &cores, worker, false));
            (monotonic(), scope.spawn(move || worker_main(shared, worker, core)))
        };
        let handles: Vec<_> = (0..workers).map(start).collect();
        let consumer = inlet.map(|inlet| scope.spawn(|| consumer_main(&shared, inlet)));
        if brief.warm() {
            // Everybody is ready and warm; the phase ends; everybody goes.
            shared.edges.wait();
        }
        let scale = MemorySampler::before(brief, &Others::default());
        edges.edge(ran);
        shared.arrivals.iter().for_each(Arrivals::begin);
        if brief.warm() {
            shared.edges.wait();
        }
        shared.edges.wait();
        all.end = edges.edge(ran);
        ran.memory = scale.after(&Others::default());
        if brief.weighs() {
            // What belongs to a thread counts while it lives.
            shared.edges.wait();
        }
        for (worker, (asked, handle)) in handles.into_iter().enumerate() {
            match handle.join() {
                Ok(left) => all.add(worker, asked, left, job.as_ref(), ran),
                Err(payload) => all.trouble = Some(panic_cause(payload.as_ref())),
            }
        }
        if let Some(Ok(consumed)) = consumer.map(|consumer| consumer.join()) {
            all.consumed(consumed);
        }
        edges.edge(ran);
        note(ran, shared.lock.as_ref(), edges.began());
    });
    look_again(glance, job.as_ref(), ran);
    all.trace.into_ran(ran);
    if let Some(arrivals) = &shared.arrivals {
        arrivals.sum_up(all.late, all.end, ran);
    }
    ran.split_work(brief, &all.stints, all.end);
    if let Some(found) = &shared.found {
        ran.known = found.known();
    }
    all.trouble.map_or(Ok(()), Err)
}

impl<'a> Shared<'a> {
    /// What the workers share, and the consumer's end, where replies have one.
    fn new(
        order: &'a RunContext<'_>,
        job: &'a dyn Job,
        requests: &'a Requests,
        parent: &'a Parent,
    ) -> Result<(Self, Option<Receiver>), RunError> {
        let brief = &order.brief;
        let topology = brief.topology(order.tasks);
        let (inlet, outlets) = gather(job, brief.workers())?.unzip();
        let shared = Self {
            brief,
            job,
            requests,
            parent,
            cursor: Cursor::default(),
            found: topology.finds().then(|| Found::new(brief.items, Names::new(topology, job, brief.items))),
            board: IterationState::new(brief, order.tasks, job)?,
            arrivals: Arrivals::new(brief),
            gate: IterationBarrier::new(brief.workers()),
            outlets: outlets.map(Outlets::new),
            edges: Barrier::new(brief.workers() + 1 + usize::from(inlet.is_some())),
            lock: lock_of(brief),
        };
        Ok((shared, inlet))
    }
}

/// What all workers left, put together.
struct All {
    trace: Trace,
    stints: Vec<WorkerTimes>,
    trouble: Option<RunError>,
    /// How late replies were, where items come at a set rate.
    late: Vec<u64>,
    /// When the work ended, on the monotonic clock.
    end: u64,
}

impl All {
    /// Adds how the consumer ended. What a producer met follows from what its consumer did.
    fn consumed(&mut self, consumed: Result<(), RunError>) {
        if self.trouble.as_ref().is_none_or(|trouble| *trouble == no_consumer()) {
            self.trouble = consumed.err();
        }
    }

    /// Adds what a worker left that was asked for at that time and has been joined.
    fn add(&mut self, worker: usize, asked: u64, left: Left<'_>, job: &dyn Job, ran: &mut Measurement) {
        let Left { mut bench, glance, ready, died, worked } = left;
        let joined = monotonic();
        self.trace.life(worker, asked, ready, joined, worked.is_err());
        self.trace.stamps(worker, bench.watch.as_mut());
        if let Some(died) = died {
            self.trace.event(worker, EventKind::Crash, died, died);
        }
        self.trace.event(worker, EventKind::Join, self.end, joined);
        self.late.append(&mut bench.late);
        self.stints.push(ran.add(bench));
        look_again(glance, job, ran);
        self.trouble = self.trouble.take().or(worked.err());
    }
}

/// What a worker leaves.
struct Left<'a> {
    bench: ItemRunner<'a>,
    glance: Option<GlobalProbe>,
    /// When it ran its first instruction.
    ready: u64,
    /// When its work went wrong.
    died: Option<u64>,
    worked: Result<(), RunError>,
}

/// A worker's life. It reaches every barrier even after an error, or the others would wait for ever.
fn worker_main<'a>(shared: &Shared<'a>, worker: usize, core: Option<usize>) -> Left<'a> {
    let ready = monotonic();
    pin(core);
    shared.parent.visit();
    let glance = GlobalProbe::of_worker(shared.job, worker);
    let mut feed = RequestSource::new(shared.job, shared.requests);
    let bench = ItemRunner::new(shared.job, shared.brief);
    let mut bench = bench.under(shared.brief, shared.lock.as_ref(), worker);
    let mut outlet = shared.outlets.as_ref().and_then(|outlets| outlets.take(worker));
    let mut worked = Ok(());
    if shared.brief.warm() {
        bench.context.acquire();
        worked = caught(|| {
            let request = if shared.brief.items > 0 { feed.get(0).to_vec() } else { Vec::new() };
            bench.warm_up(shared.brief.chunk().min(shared.brief.items), |_| &request)?;
            Ok(())
        });
        bench.context.leave();
        bench.begin_stint();
        shared.edges.wait();
        shared.edges.wait();
    } else {
        bench.begin_stint();
    }
    bench.context.acquire();
    bench.resume();
    if worked.is_ok() {
        worked = caught(|| match &shared.board {
            Some(board) => play_all(shared, board, worker, &mut bench, &mut feed),
            None => claim_all(shared, outlet.as_mut(), &mut bench, &mut feed),
        });
    }
    // The consumer ends once all have let go of their ends.
    drop(outlet);
    bench.end_stint();
    bench.context.leave();
    let died = worked.is_err().then(monotonic);
    if died.is_some() {
        shared.cursor.exhaust();
        if let Some(found) = &shared.found {
            found.abandon();
        }
        shared.gate.give_up();
    }
    shared.edges.wait();
    if shared.brief.weighs() {
        shared.edges.wait();
    }
    Left { bench, glance, ready, died, worked }
}

fn caught(work: impl FnOnce() -> Result<(), RunError>) -> Result<(), RunError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(panic_cause(payload.as_ref())))
}

/// The consumer's life, which keeps to the same barriers.
fn consumer_main(shared: &Shared<'_>, inlet: Receiver) -> Result<(), RunError> {
    let mut context = context(shared.brief, shared.lock.as_ref(), shared.brief.workers());
    if shared.brief.warm() {
        shared.edges.wait();
        shared.edges.wait();
    }
    let consumed = caught(|| inlet.take_all(&mut context));
    context.leave();
    shared.edges.wait();
    if shared.brief.weighs() {
        shared.edges.wait();
    }
    consumed
}

/// Plays a worker's parts in every iteration.
fn play_all(
    shared: &Shared<'_>,
    board: &IterationState<'_>,
    worker: usize,
    bench: &mut ItemRunner<'_>,
    feed: &mut RequestSource<'_>,
) -> Result<(), RunError> {
    let parts = parts_of(worker, shared.brief.workers(), board.parts);
    for iteration in 0..board.count {
        for part in parts.clone() {
            board.play(iteration, part, bench, feed.get(iteration * board.parts + part))?;
        }
        // A wait for others lets the lock go, or none of them could end the iteration.
        bench.context.release();
        let since = bench.watch.is_some().then(monotonic);
        let go_on = shared.gate.pass(|| Ok(board.finish_iteration(iteration)?))?;
        bench.context.acquire();
        if !go_on {
            break;
        }
        if let (Some(watch), Some(since)) = (&mut bench.watch, since)
            && iteration + 1 < board.count
            && !parts.is_empty()
        {
            watch.waited(monotonic() - since);
        }
    }
    Ok(())
}

/// Claims items one by one, each before it comes: whoever is free first has the next.
fn claim_as_they_come(
    shared: &Shared<'_>,
    arrivals: &Arrivals,
    bench: &mut ItemRunner<'_>,
    feed: &mut RequestSource<'_>,
) -> Result<(), RunError> {
    loop {
        let item = shared.cursor.claim(1);
        if item >= shared.brief.items {
            return Ok(());
        }
        bench.item_on_time(arrivals, item, feed.get(item))?;
    }
}

fn claim_all(
    shared: &Shared<'_>,
    mut outlet: Option<&mut Sender>,
    bench: &mut ItemRunner<'_>,
    feed: &mut RequestSource<'_>,
) -> Result<(), RunError> {
    let (items, chunk) = (shared.brief.items, shared.brief.chunk());
    if let Some(arrivals) = &shared.arrivals {
        sleep_exactly();
        return claim_as_they_come(shared, arrivals, bench, feed);
    }
    loop {
        let start = shared.cursor.claim(chunk);
        if start >= items {
            break;
        }
        for item in start..items.min(start + chunk) {
            bench.item(item, feed.get(item))?;
            if let Some(found) = &shared.found {
                found.done(item, bench.context.take_yielded());
            }
            if let Some(outlet) = &mut outlet {
                bench.context.release();
                let taken = outlet.put(&bench.reply);
                bench.context.acquire();
                if !taken {
                    return Err(no_consumer());
                }
            }
        }
    }
    let Some(found) = &shared.found else { return Ok(()) };
    loop {
        // A wait for others lets the lock go, or none of them could find anything.
        bench.context.release();
        let mut waited = 0;
        let next = found.next(bench.watch.is_some().then_some(&mut waited));
        bench.context.acquire();
        let Some((item, request)) = next else { break };
        if let Some(watch) = &mut bench.watch {
            watch.waited(waited);
        }
        bench.item(item, &request)?;
        found.done(item, bench.context.take_yielded());
    }
    Ok(())
}
