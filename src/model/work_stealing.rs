//! `rayon`: a work-stealing pool of the rayon package, of its own and of a set size.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rayon::iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _};
use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use crate::model::error::{caught, panic_cause};
use crate::model::harness::{PreparedJob, Run};
use crate::model::probe::clock::monotonic;
use crate::model::probe::global::GlobalProbe;
use crate::model::probe::memory::Others;
use crate::model::probe::stopwatch::Stopwatch;
use crate::model::spec::JobSpec;
use crate::model::worker::affinity::{pin, usable_cores, worker_core};
use crate::model::worker::arrivals::{Arrivals, sleep_exactly};
use crate::model::worker::fan_in::{Outlets, Receiver, Sender, fan_in, no_consumer};
use crate::model::worker::item_ids::ItemIds;
use crate::model::worker::iteration_state::IterationState;
use crate::model::worker::worker_state::WorkerState;
use crate::record::{EventKind, RunError};
use crate::task::Context;

/// What one leaf of the splitting uses, lent from a store so that buffers are made before the clock.
struct Leaf<'a> {
    worker: WorkerState<'a>,
    error: Option<RunError>,
}

/// A leaf as it is lent: boxed, since a fold moves its state with every item.
type BorrowedLeaf<'a> = Box<Leaf<'a>>;

/// A pool and the handles of its threads.
type Pool = (ThreadPool, Mutex<Vec<Member>>);

/// A thread of the pool: which, when it was asked for, and its handle, which gives when it ran its first instruction.
type Member = (usize, u64, JoinHandle<u64>);

struct Shared<'a> {
    job: &'a PreparedJob<'a>,
    /// What each thread of the pool saw of a global variable.
    probes: Mutex<Vec<GlobalProbe>>,
    leaves: Mutex<Vec<BorrowedLeaf<'a>>>,
    /// The stopwatch of each thread of the pool, while it is not on a leaf: leaves change threads, stopwatches do not.
    watches: Vec<Mutex<Option<Stopwatch>>>,
    /// When the work phase began, on the monotonic clock.
    began: AtomicU64,
    known: AtomicU64,
    /// Numbers of items that are found.
    ids: Option<Mutex<ItemIds>>,
    iterations: Option<IterationState<'a>>,
    /// Where replies go, where they have a consumer.
    outlets: Option<Outlets>,
    /// The outlet of each thread of the pool, once it has made a reply.
    hands: Vec<Mutex<Option<Sender>>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn run(job: &PreparedJob<'_>, run: &mut Run<'_>) -> Result<(), RunError> {
    let (shared, inlet) = Shared::new(job)?;
    run.begin();
    let (pool, threads) = pool(job.spec)?;
    let mut outcome = if job.spec.warm() { warm_up(&pool, &shared) } else { Ok(()) };
    let consumer = inlet.map(|inlet| std::thread::spawn(move || inlet.take_all(&mut Context::native())));
    shared.began.store(run.begin_work(&Others::default()), Ordering::Relaxed);
    if outcome.is_ok() {
        outcome = caught(|| work(&pool, &shared));
    }
    shared.let_go();
    let consumed = consumer
        .map_or(Ok(()), |consumer| consumer.join().unwrap_or_else(|payload| Err(panic_cause(payload.as_ref()))));
    run.end_work(&Others::default());
    drop(pool);
    for (worker, asked, thread) in threads.into_inner().unwrap_or_else(PoisonError::into_inner) {
        // A pool thread that panicked has said so through the pool.
        let ready = thread.join().unwrap_or(asked);
        run.trace.life(worker, asked, ready, monotonic(), false);
        run.trace.event(worker, EventKind::Join, run.end, monotonic());
    }
    run.end_join();
    for (worker, watch) in shared.watches.iter().enumerate() {
        run.watched(worker, locked(watch).take());
    }
    run.probes.append(&mut locked(&shared.probes));
    run.measured.known = shared.known.into_inner();
    for leaf in shared.leaves.into_inner().unwrap_or_else(PoisonError::into_inner) {
        outcome = leaf.error.map_or(outcome, Err);
        // Its stopwatch is back in its place, so that it is no worker's in particular.
        run.add(0, leaf.worker.runner);
    }
    // What a producer met follows from what its consumer did.
    if outcome.is_ok() || outcome == Err(no_consumer()) { consumed } else { outcome }
}

/// All of the work, in the way of the job's topology.
fn work(pool: &ThreadPool, shared: &Shared<'_>) -> Result<(), RunError> {
    if let Some(arrivals) = &shared.job.arrivals {
        sleep_exactly();
        arrivals.begin();
        pool.in_place_scope(|scope| spawn_as_they_come(scope, shared, arrivals));
    } else if let Some(iterations) = &shared.iterations {
        for iteration in 0..iterations.count {
            pool.install(|| play_all(shared, iterations, iteration))?;
            iterations.finish_iteration(iteration)?;
        }
    } else if shared.ids.is_some() {
        pool.scope(|scope| (0..shared.job.spec.items).for_each(|item| spawn_item(scope, shared, item, None)));
    } else {
        pool.install(|| split(shared));
    }
    Ok(())
}

/// A pool whose threads can be joined: rayon's own drop does not wait for them.
fn pool(spec: &JobSpec) -> Result<Pool, RunError> {
    let handles = Mutex::new(Vec::new());
    let (cores, affinity) = (usable_cores(), spec.affinity());
    let pool = ThreadPoolBuilder::new()
        .num_threads(spec.workers())
        .spawn_handler(|thread| {
            let (worker, asked) = (thread.index(), monotonic());
            let core = worker_core(affinity, &cores, worker, false);
            let handle = std::thread::Builder::new().spawn(move || {
                let ready = monotonic();
                pin(core);
                thread.run();
                ready
            })?;
            locked(&handles).push((worker, asked, handle));
            Ok(())
        })
        .build()
        .map_err(|error| RunError::Failed(format!("the pool: {error}")))?;
    Ok((pool, handles))
}

impl<'a> Shared<'a> {
    /// What the threads share, and the consumer's end, where replies have one.
    fn new(job: &'a PreparedJob<'a>) -> Result<(Self, Option<Receiver>), RunError> {
        let workers = job.spec.workers();
        let (inlet, outlets) = fan_in(job.job.as_ref(), workers)?.unzip();
        let shared = Self {
            job,
            probes: Mutex::default(),
            leaves: Mutex::default(),
            watches: (0..workers).map(|_| Mutex::default()).collect(),
            began: 0.into(),
            known: job.spec.items.into(),
            ids: job.item_ids().map(Mutex::new),
            iterations: job.iterations()?,
            outlets: outlets.map(Outlets::new),
            hands: (0..workers).map(|_| Mutex::default()).collect(),
        };
        Ok((shared, inlet))
    }

    fn new_leaf(&self) -> BorrowedLeaf<'a> {
        Box::new(Leaf { worker: self.job.worker(), error: None })
    }

    fn borrow(&self) -> BorrowedLeaf<'a> {
        let kept = locked(&self.leaves).pop();
        let mut leaf = kept.unwrap_or_else(|| self.new_leaf());
        if self.job.spec.profiling() {
            let kept = self.watch().and_then(|mut watch| watch.take());
            let watch = kept.unwrap_or_else(|| Stopwatch::start(self.job.spec.trace));
            leaf.worker.runner.watch.insert(watch).found(self.began.load(Ordering::Relaxed));
        }
        leaf
    }

    /// A leaf comes back in the thread that it was lent to.
    fn give_back(&self, mut leaf: BorrowedLeaf<'a>) {
        if let (Some(watch), Some(mut place)) = (leaf.worker.runner.watch.take(), self.watch()) {
            *place = Some(watch);
        }
        locked(&self.leaves).push(leaf);
    }

    /// Hands the reply on the leaf to the consumer, where there is one.
    fn put(&self, leaf: &mut Leaf<'_>) {
        let Some(outlets) = &self.outlets else { return };
        let thread = rayon::current_thread_index().unwrap_or_default();
        let mut hand = locked(&self.hands[thread]);
        if hand.is_none() {
            *hand = outlets.take(thread);
        }
        if !hand.as_mut().is_some_and(|outlet| outlet.put(&leaf.worker.runner.reply)) {
            leaf.error = Some(no_consumer());
        }
    }

    /// Lets go of every producer's end, so that the consumer ends.
    fn let_go(&self) {
        for (thread, hand) in self.hands.iter().enumerate() {
            let kept = locked(hand).take();
            drop(kept.or_else(|| self.outlets.as_ref()?.take(thread)));
        }
    }

    /// The place of the calling thread's stopwatch.
    fn watch(&self) -> Option<MutexGuard<'_, Option<Stopwatch>>> {
        self.watches.get(rayon::current_thread_index()?).map(locked)
    }
}

/// Runs a chunk unrecorded on every thread, which also makes one leaf per thread before the clock.
fn warm_up(pool: &ThreadPool, shared: &Shared<'_>) -> Result<(), RunError> {
    let spec = shared.job.spec;
    let warm = || {
        pool.broadcast(|_| {
            let mut leaf = shared.new_leaf();
            leaf.error = leaf.worker.warm_up(spec.chunk().min(spec.items)).err().map(RunError::from);
            leaf.worker.runner.begin_watch();
            let probe = shared.job.visit(rayon::current_thread_index().unwrap_or_default());
            locked(&shared.probes).extend(probe);
            shared.give_back(leaf);
        });
        Ok(())
    };
    caught(warm)
}

/// The natural way of rayon: a parallel iterator that splits as threads run idle, down to `chunk` items.
fn split(shared: &Shared<'_>) {
    (0..shared.job.spec.items as usize)
        .into_par_iter()
        .with_min_len(shared.job.spec.chunk() as usize)
        .fold(
            || shared.borrow(),
            |mut leaf, item| {
                if leaf.error.is_none() {
                    leaf.error = leaf.worker.item(item as u64).err().map(RunError::from);
                    if leaf.error.is_none() {
                        shared.put(&mut leaf);
                    }
                }
                leaf
            },
        )
        .for_each(|leaf| shared.give_back(leaf));
}

/// One iteration: a parallel iterator over its parts.
fn play_all(shared: &Shared<'_>, iterations: &IterationState<'_>, iteration: u64) -> Result<(), RunError> {
    let parts = (0..iterations.parts as usize).into_par_iter().with_min_len(shared.job.spec.chunk() as usize);
    parts.try_for_each(|part| {
        let mut leaf = shared.borrow();
        let played = leaf.worker.play(iterations, iteration, part as u64);
        shared.give_back(leaf);
        Ok(played?)
    })
}

/// Items that come: one job of the pool for each, spawned by the calling thread, which is none of the pool's.
fn spawn_as_they_come<'s>(scope: &Scope<'s>, shared: &'s Shared<'_>, arrivals: &'s Arrivals) {
    for item in 0..shared.job.spec.items {
        arrivals.wait(item);
        scope.spawn(move |_| {
            let mut leaf = shared.borrow();
            let ran = leaf.worker.item_on_time(arrivals, item);
            leaf.error = leaf.error.take().or(ran.err().map(RunError::from));
            shared.give_back(leaf);
        });
    }
}

/// Spawns one item, whose job spawns those that it yields; `request` is that of a yielded one.
fn spawn_item<'s>(scope: &Scope<'s>, shared: &'s Shared<'_>, item: u64, request: Option<Vec<u8>>) {
    scope.spawn(move |scope| {
        let mut leaf = shared.borrow();
        let ran = match &request {
            Some(request) => leaf.worker.runner.item(item, request),
            None => leaf.worker.item(item),
        };
        leaf.error = leaf.error.take().or(ran.err().map(RunError::from));
        let yielded = leaf.worker.runner.context.take_yielded();
        shared.give_back(leaf);
        let Some(ids) = &shared.ids else { return };
        let found = locked(ids).name_all(item, yielded);
        shared.known.fetch_add(found.len() as u64, Ordering::Relaxed);
        for (item, request) in found {
            spawn_item(scope, shared, item, Some(request));
        }
    });
}
