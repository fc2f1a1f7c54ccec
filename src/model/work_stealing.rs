//! `rayon`: a work-stealing pool of the rayon package, of its own and of a set size.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rayon::iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _};
use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use super::affinity::{pin, usable_cores, worker_core};
use super::arrivals::{Arrivals, sleep_exactly};
use super::bench::{ItemRunner, RequestSource};
use super::gather::{Outlets, Receiver, Sender, gather, no_consumer};
use super::glance::{GlobalProbe, look_again};
use super::iterations::IterationState;
use super::memory::{MemorySampler, Others};
use super::names::Names;
use super::parent::Parent;
use super::run::{JobSpec, PhaseTimer, RunContext, panic_cause};
use super::stint::{Stopwatch, WorkerTimes, monotonic};
use super::trace::Trace;
use crate::ipc::Requests;
use crate::record::{EventKind, Measurement, RunError};
use crate::task::{Context, Job};

/// What one leaf of the splitting uses, lent from a store so that buffers are made before the clock.
struct WorkerState<'a> {
    bench: ItemRunner<'a>,
    feed: RequestSource<'a>,
    error: Option<RunError>,
}

/// A desk as it is lent: boxed, since a fold moves its state with every item.
type BorrowedState<'a> = Box<WorkerState<'a>>;

/// A pool and the handles of its threads.
type Pool = (ThreadPool, Mutex<Vec<Member>>);

/// A thread of the pool: which, when it was asked for, and its handle, which gives when it ran its first instruction.
type Member = (usize, u64, JoinHandle<u64>);

struct Shared<'a> {
    brief: &'a JobSpec,
    job: &'a dyn Job,
    requests: &'a Requests,
    parent: &'a Parent,
    /// What each thread of the pool saw of a global variable.
    glances: Mutex<Vec<GlobalProbe>>,
    desks: Mutex<Vec<BorrowedState<'a>>>,
    /// The stopwatch of each thread of the pool, while it is not on a desk: desks change threads, stints do not.
    watches: Vec<Mutex<Option<Stopwatch>>>,
    /// When the work phase began, on the monotonic clock.
    began: AtomicU64,
    known: AtomicU64,
    /// Numbers of items that are found.
    names: Option<Mutex<Names>>,
    board: Option<IterationState<'a>>,
    /// Where replies go, where they have a consumer.
    outlets: Option<Outlets>,
    /// When items come, where they have a rate.
    arrivals: Option<Arrivals>,
    /// The outlet of each thread of the pool, once it has made a reply.
    hands: Vec<Mutex<Option<Sender>>>,
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
    let parent = Parent::hold(brief);
    let (shared, inlet) = Shared::new(order, job.as_ref(), &requests, &parent)?;
    let glance = GlobalProbe::of_main(job.as_ref());
    let mut edges = PhaseTimer::start();
    let mut trace = Trace::new(brief);
    let (pool, threads) = pool(brief)?;
    let mut result = if brief.warm() { warm_up(&pool, &shared) } else { Ok(()) };
    let consumer = inlet.map(|inlet| std::thread::spawn(move || inlet.take_all(&mut Context::native())));
    let scale = MemorySampler::before(brief, &Others::default());
    shared.began.store(edges.edge(ran), Ordering::Relaxed);
    if result.is_ok() {
        result = catch_unwind(AssertUnwindSafe(|| go(&pool, &shared)))
            .unwrap_or_else(|payload| Err(panic_cause(payload.as_ref())));
    }
    shared.let_go();
    let consumed = consumer
        .map_or(Ok(()), |consumer| consumer.join().unwrap_or_else(|payload| Err(panic_cause(payload.as_ref()))));
    let end = edges.edge(ran);
    ran.memory = scale.after(&Others::default());
    drop(pool);
    for (worker, asked, thread) in threads.into_inner().unwrap_or_else(PoisonError::into_inner) {
        // A pool thread that panicked has said so through the pool.
        let ready = thread.join().unwrap_or(asked);
        trace.life(worker, asked, ready, monotonic(), false);
        trace.event(worker, EventKind::Join, end, monotonic());
        let mut watch = shared.watches[worker].lock().unwrap_or_else(PoisonError::into_inner);
        trace.stamps(worker, watch.as_mut());
    }
    edges.edge(ran);
    trace.into_ran(ran);
    look_again(glance, job.as_ref(), ran);
    for glance in shared.glances.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        look_again(Some(glance), job.as_ref(), ran);
    }
    ran.split_work(brief, &shared.stints(), end);
    ran.known = shared.known.into_inner();
    let mut late = Vec::new();
    for mut desk in shared.desks.into_inner().unwrap_or_else(PoisonError::into_inner) {
        if let Some(error) = desk.error {
            result = Err(error);
        }
        late.append(&mut desk.bench.late);
        ran.add(desk.bench);
    }
    if let Some(arrivals) = &shared.arrivals {
        arrivals.sum_up(late, end, ran);
    }
    // What a producer met follows from what its consumer did.
    if result.is_ok() || result == Err(no_consumer()) {
        result = consumed;
    }
    result
}

/// All of the work, in the way of the job's topology.
fn go(pool: &ThreadPool, shared: &Shared<'_>) -> Result<(), RunError> {
    if let Some(arrivals) = &shared.arrivals {
        sleep_exactly();
        arrivals.begin();
        pool.in_place_scope(|scope| spawn_as_they_come(scope, shared, arrivals));
    } else if let Some(board) = &shared.board {
        for iteration in 0..board.count {
            pool.install(|| play_all(shared, board, iteration))?;
            board.finish_iteration(iteration)?;
        }
    } else if shared.names.is_some() {
        pool.scope(|scope| spawn_all(scope, shared));
    } else {
        pool.install(|| split(shared));
    }
    Ok(())
}

/// A pool whose threads can be joined: rayon's own drop does not wait for them.
fn pool(brief: &JobSpec) -> Result<Pool, RunError> {
    let handles = Mutex::new(Vec::new());
    let (cores, affinity) = (usable_cores(), brief.affinity());
    let pool = ThreadPoolBuilder::new()
        .num_threads(brief.workers())
        .spawn_handler(|thread| {
            let (worker, asked) = (thread.index(), monotonic());
            let core = worker_core(affinity, &cores, worker, false);
            let handle = std::thread::Builder::new().spawn(move || {
                let ready = monotonic();
                pin(core);
                thread.run();
                ready
            })?;
            handles.lock().unwrap_or_else(PoisonError::into_inner).push((worker, asked, handle));
            Ok(())
        })
        .build()
        .map_err(|error| RunError::Failed(format!("the pool: {error}")))?;
    Ok((pool, handles))
}

impl<'a> Shared<'a> {
    /// What the threads share, and the consumer's end, where replies have one.
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
            glances: Mutex::default(),
            desks: Mutex::default(),
            watches: (0..brief.workers()).map(|_| Mutex::default()).collect(),
            began: 0.into(),
            known: brief.items.into(),
            names: topology.finds().then(|| Mutex::new(Names::new(topology, job, brief.items))),
            board: IterationState::new(brief, order.tasks, job)?,
            outlets: outlets.map(Outlets::new),
            arrivals: Arrivals::new(brief),
            hands: (0..brief.workers()).map(|_| Mutex::default()).collect(),
        };
        Ok((shared, inlet))
    }

    fn new_desk(&self) -> BorrowedState<'a> {
        let bench = ItemRunner::new(self.job, self.brief);
        Box::new(WorkerState { bench, feed: RequestSource::new(self.job, self.requests), error: None })
    }

    fn borrow(&self) -> BorrowedState<'a> {
        let kept = self.desks.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut desk = kept.unwrap_or_else(|| self.new_desk());
        if self.brief.profiling() {
            let kept = self.watch().and_then(|mut watch| watch.take());
            let watch = desk.bench.watch.insert(kept.unwrap_or_else(|| Stopwatch::start(self.brief.trace)));
            watch.found(self.began.load(Ordering::Relaxed));
        }
        desk
    }

    /// A desk comes back in the thread that it was lent to.
    fn give_back(&self, mut desk: BorrowedState<'a>) {
        if let (Some(watch), Some(mut place)) = (desk.bench.watch.take(), self.watch()) {
            *place = Some(watch);
        }
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).push(desk);
    }

    /// Hands the reply on the desk to the consumer, where there is one.
    fn put(&self, desk: &mut WorkerState<'_>) {
        let Some(outlets) = &self.outlets else { return };
        let thread = rayon::current_thread_index().unwrap_or_default();
        let mut hand = self.hands[thread].lock().unwrap_or_else(PoisonError::into_inner);
        if hand.is_none() {
            *hand = outlets.take(thread);
        }
        if !hand.as_mut().is_some_and(|outlet| outlet.put(&desk.bench.reply)) {
            desk.error = Some(no_consumer());
        }
    }

    /// Lets go of every producer's end, so that the consumer ends.
    fn let_go(&self) {
        for (thread, hand) in self.hands.iter().enumerate() {
            let kept = hand.lock().unwrap_or_else(PoisonError::into_inner).take();
            drop(kept.or_else(|| self.outlets.as_ref()?.take(thread)));
        }
    }

    /// The place of the calling thread's stopwatch.
    fn watch(&self) -> Option<MutexGuard<'_, Option<Stopwatch>>> {
        let place = self.watches.get(rayon::current_thread_index()?)?;
        Some(place.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn stints(&self) -> Vec<WorkerTimes> {
        let stint = |place: &Mutex<Option<Stopwatch>>| {
            let place = place.lock().unwrap_or_else(PoisonError::into_inner);
            place.as_ref().map(|watch| watch.stint).unwrap_or_default()
        };
        self.watches.iter().map(stint).collect()
    }
}

/// Runs a chunk unrecorded on every thread, which also makes one desk per thread before the clock.
fn warm_up(pool: &ThreadPool, shared: &Shared<'_>) -> Result<(), RunError> {
    let warm = || {
        pool.broadcast(|_| {
            let mut desk = shared.new_desk();
            let request = if shared.brief.items > 0 { desk.feed.get(0).to_vec() } else { Vec::new() };
            let count = shared.brief.chunk().min(shared.brief.items);
            desk.error = desk.bench.warm_up(count, |_| &request).err().map(RunError::from);
            desk.bench.begin_stint();
            shared.parent.visit();
            let worker = rayon::current_thread_index().unwrap_or_default();
            let mut glances = shared.glances.lock().unwrap_or_else(PoisonError::into_inner);
            glances.extend(GlobalProbe::of_worker(shared.job, worker));
            drop(glances);
            shared.give_back(desk);
        });
    };
    catch_unwind(AssertUnwindSafe(warm)).map_err(|payload| panic_cause(payload.as_ref()))
}

/// The natural way of rayon: a parallel iterator that splits as threads run idle, down to `chunk` items.
fn split(shared: &Shared<'_>) {
    (0..shared.brief.items as usize)
        .into_par_iter()
        .with_min_len(shared.brief.chunk() as usize)
        .fold(
            || shared.borrow(),
            |mut desk, item| {
                if desk.error.is_none() {
                    let WorkerState { bench, feed, error } = desk.as_mut();
                    let item = item as u64;
                    *error = bench.item(item, feed.get(item)).err().map(RunError::from);
                    if error.is_none() {
                        shared.put(&mut desk);
                    }
                }
                desk
            },
        )
        .for_each(|desk| shared.give_back(desk));
}

/// One iteration: a parallel iterator over its parts.
fn play_all(shared: &Shared<'_>, board: &IterationState<'_>, iteration: u64) -> Result<(), RunError> {
    (0..board.parts as usize).into_par_iter().with_min_len(shared.brief.chunk() as usize).try_for_each(|part| {
        let mut desk = shared.borrow();
        let WorkerState { bench, feed, .. } = desk.as_mut();
        let part = part as u64;
        let played = board.play(iteration, part, bench, feed.get(iteration * board.parts + part));
        shared.give_back(desk);
        Ok(played?)
    })
}

/// Items that come: one job of the pool for each, spawned by the calling thread, which is none of the pool's.
fn spawn_as_they_come<'s>(scope: &Scope<'s>, shared: &'s Shared<'_>, arrivals: &'s Arrivals) {
    for item in 0..shared.brief.items {
        arrivals.wait(item);
        scope.spawn(move |_| {
            let mut desk = shared.borrow();
            let WorkerState { bench, feed, error } = desk.as_mut();
            let ran = bench.item_on_time(arrivals, item, feed.get(item));
            *error = error.take().or(ran.err().map(RunError::from));
            shared.give_back(desk);
        });
    }
}

/// Items that yield items: one job of the pool per item.
fn spawn_all<'s>(scope: &Scope<'s>, shared: &'s Shared<'_>) {
    for item in 0..shared.brief.items {
        spawn_item(scope, shared, item, None);
    }
}

/// Spawns one item; `request` is that of a yielded one.
fn spawn_item<'s>(scope: &Scope<'s>, shared: &'s Shared<'_>, item: u64, request: Option<Vec<u8>>) {
    scope.spawn(move |scope| {
        let mut desk = shared.borrow();
        let WorkerState { bench, feed, error } = desk.as_mut();
        let ran = match &request {
            Some(request) => bench.item(item, request),
            None => bench.item(item, feed.get(item)),
        };
        *error = error.take().or(ran.err().map(RunError::from));
        let yielded = bench.context.take_yielded();
        shared.give_back(desk);
        let Some(names) = &shared.names else { return };
        let found = names.lock().unwrap_or_else(PoisonError::into_inner).name_all(item, yielded);
        shared.known.fetch_add(found.len() as u64, Ordering::Relaxed);
        for (item, request) in found {
            spawn_item(scope, shared, item, Some(request));
        }
    });
}
