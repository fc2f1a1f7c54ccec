//! `threads`: operating system threads that claim runs of items from a shared counter.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, MutexGuard, PoisonError};

use super::bench::{Bench, Feed};
use super::glance::{Glance, look_again};
use super::lock::{lock_of, note};
use super::memory::{Others, Scale};
use super::parent::Parent;
use super::placing::{pin, usable_cores, worker_core};
use super::run::{Brief, Edges, Order, Ran, Trouble, panic_cause};
use super::stint::{Stint, monotonic};
use super::trace::{EventKind, Trace};
use crate::ipc::Requests;
use crate::runtime::Gil;
use crate::task::{Job, yielded_item};

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

/// Items that other items yielded, and how many items are not done yet.
pub(super) struct Found {
    queue: Mutex<VecDeque<(u64, Vec<u8>)>>,
    changed: Condvar,
    open: AtomicU64,
    known: AtomicU64,
}

impl Found {
    pub(super) fn new(items: u64) -> Self {
        let (queue, changed) = (Mutex::default(), Condvar::new());
        Self { queue, changed, open: AtomicU64::new(items), known: AtomicU64::new(items) }
    }

    pub(super) fn known(&self) -> u64 {
        self.known.load(Ordering::Relaxed)
    }

    fn locked(&self) -> MutexGuard<'_, VecDeque<(u64, Vec<u8>)>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that `item` is done and what it yielded.
    pub(super) fn done(&self, item: u64, yielded: Vec<Vec<u8>>) {
        let count = yielded.len() as u64;
        self.known.fetch_add(count, Ordering::Relaxed);
        self.open.fetch_add(count, Ordering::Relaxed);
        let mut queue = self.locked();
        queue.extend(yielded.into_iter().enumerate().map(|(k, request)| (yielded_item(item, k as u64), request)));
        let last = self.open.fetch_sub(1, Ordering::AcqRel) == 1;
        drop(queue);
        if last || count > 1 {
            self.changed.notify_all();
        } else if count == 1 {
            self.changed.notify_one();
        }
    }

    /// Waits for a found item; `None` once everything is done. Adds the nanoseconds of a wait that ended with an item to
    /// `waited`, where there is one.
    pub(super) fn next(&self, waited: Option<&mut u64>) -> Option<(u64, Vec<u8>)> {
        let (mut queue, mut since) = (self.locked(), None);
        loop {
            if let Some(found) = queue.pop_front() {
                if let (Some(since), Some(waited)) = (since, waited) {
                    *waited += monotonic() - since;
                }
                return Some(found);
            }
            if self.open.load(Ordering::Acquire) == 0 {
                return None;
            }
            since = since.or_else(|| waited.is_some().then(monotonic));
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets everybody stop, after an error.
    pub(super) fn abandon(&self) {
        self.locked().clear();
        self.open.store(0, Ordering::Release);
        self.changed.notify_all();
    }
}

/// What the workers of one run share.
struct Shared<'a> {
    brief: &'a Brief,
    job: &'a dyn Job,
    requests: &'a Requests,
    parent: &'a Parent,
    cursor: Cursor,
    found: Option<Found>,
    edges: Barrier,
    /// The interpreter lock, where the runtime has one.
    lock: Option<Arc<Gil>>,
}

pub(super) fn run(order: &Order<'_>) -> Ran {
    let mut ran = Ran { known: order.brief.items, ..Ran::default() };
    ran.trouble = work(order, &mut ran).err();
    ran
}

fn work(order: &Order<'_>, ran: &mut Ran) -> Result<(), Trouble> {
    let brief = &order.brief;
    let job = brief.job(order.tasks)?;
    let requests = Feed::prepare(job.as_ref(), brief.items);
    let workers = brief.workers();
    let parent = Parent::hold(brief);
    let shared = Shared {
        brief,
        job: job.as_ref(),
        requests: &requests,
        parent: &parent,
        cursor: Cursor::default(),
        found: brief.yields(order.tasks).then(|| Found::new(brief.items)),
        edges: Barrier::new(workers + 1),
        lock: lock_of(brief),
    };
    let cores = usable_cores();
    let mut all = All { trace: Trace::new(brief), stints: Vec::new(), trouble: None, end: 0 };
    let glance = Glance::of_main(job.as_ref());
    std::thread::scope(|scope| {
        let mut edges = Edges::start();
        all.trace.begin();
        let start = |worker| {
            let (shared, core) = (&shared, worker_core(brief.placement(), &cores, worker, false));
            (monotonic(), scope.spawn(move || worker_main(shared, worker, core)))
        };
        let handles: Vec<_> = (0..workers).map(start).collect();
        if brief.warm() {
            // Everybody is ready and warm; the phase ends; everybody goes.
            shared.edges.wait();
        }
        let scale = Scale::before(brief, &Others::default());
        edges.edge(ran);
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
        edges.edge(ran);
        note(ran, shared.lock.as_ref(), edges.began());
    });
    look_again(glance, job.as_ref(), ran);
    all.trace.into_ran(ran);
    ran.split_work(brief, &all.stints, all.end);
    if let Some(found) = &shared.found {
        ran.known = found.known();
    }
    all.trouble.map_or(Ok(()), Err)
}

/// What all workers left, put together.
struct All {
    trace: Trace,
    stints: Vec<Stint>,
    trouble: Option<Trouble>,
    /// When the work ended, on the monotonic clock.
    end: u64,
}

impl All {
    /// Adds what a worker left that was asked for at that time and has been joined.
    fn add(&mut self, worker: usize, asked: u64, left: Left<'_>, job: &dyn Job, ran: &mut Ran) {
        let Left { mut bench, glance, ready, died, worked } = left;
        let joined = monotonic();
        self.trace.life(worker, asked, ready, joined, worked.is_err());
        self.trace.stamps(worker, bench.watch.as_mut());
        if let Some(died) = died {
            self.trace.event(worker, EventKind::Crash, died, died);
        }
        self.trace.event(worker, EventKind::Join, self.end, joined);
        self.stints.push(ran.add(bench));
        look_again(glance, job, ran);
        self.trouble = self.trouble.take().or(worked.err());
    }
}

/// What a worker leaves.
struct Left<'a> {
    bench: Bench<'a>,
    glance: Option<Glance>,
    /// When it ran its first instruction.
    ready: u64,
    /// When its work went wrong.
    died: Option<u64>,
    worked: Result<(), Trouble>,
}

/// A worker's life. It reaches every barrier even after an error, or the others would wait for ever.
fn worker_main<'a>(shared: &Shared<'a>, worker: usize, core: Option<usize>) -> Left<'a> {
    let ready = monotonic();
    pin(core);
    shared.parent.visit();
    let glance = Glance::of_worker(shared.job, worker);
    let mut feed = Feed::new(shared.job, shared.requests);
    let bench = Bench::new(shared.job, shared.brief);
    let mut bench = bench.under(shared.brief, shared.lock.as_ref(), worker);
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
        worked = caught(|| claim_all(shared, &mut bench, &mut feed));
    }
    bench.end_stint();
    bench.context.leave();
    let died = worked.is_err().then(monotonic);
    if died.is_some() {
        shared.cursor.exhaust();
        if let Some(found) = &shared.found {
            found.abandon();
        }
    }
    shared.edges.wait();
    if shared.brief.weighs() {
        shared.edges.wait();
    }
    Left { bench, glance, ready, died, worked }
}

fn caught(work: impl FnOnce() -> Result<(), Trouble>) -> Result<(), Trouble> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(panic_cause(payload.as_ref())))
}

fn claim_all(shared: &Shared<'_>, bench: &mut Bench<'_>, feed: &mut Feed<'_>) -> Result<(), Trouble> {
    let (items, chunk) = (shared.brief.items, shared.brief.chunk());
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
