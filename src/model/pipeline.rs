//! `pipeline`: stages in a chain, each with workers of its own. What a stage has made waits for the next in a bounded queue;
//! a full queue stops those who fill it, so that no stage runs far ahead and memory is bounded.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};

use super::belt::{BoundedQueue, Off};
use super::bench::{ItemRunner, RequestSource};
use super::carrier::{StageWorker, carry};
use super::chain::{chain_digest, needs_request, passed, seen};
use super::memory::{MemorySampler, Others};
use super::parent::Parent;
use super::run::{JobSpec, PhaseTimer, RunContext, panic_cause};
use super::stint::monotonic;
use super::trace::Trace;
use super::{Model, StageConfig};
use crate::ipc::Requests;
use crate::record::{Event, EventKind, ItemTimes, MOST_EVENTS, Measurement, RunError, StageTimes};
use crate::task::{Context, Digest, Job, expected_in_stage};

impl StageTimes {
    fn add(&mut self, other: Self) {
        self.busy += other.busy;
        self.blocked += other.blocked;
        self.starved += other.starved;
    }
}

/// An item on its way through the stages.
pub(super) struct StageItem {
    pub(super) item: u64,
    /// What was seen of it so far.
    pub(super) trail: Digest,
    /// The reply of the last stage that it passed.
    pub(super) bytes: Vec<u8>,
    /// When the first stage took it, in profiling runs.
    born: u64,
    /// Nanoseconds within stages, in profiling runs.
    pub(super) service: u64,
}

/// Why a worker of a stage ended before its work did.
pub(super) enum Halt {
    /// Somebody else did, who says why.
    Elsewhere,
    /// The worker process of the carrier with this number is gone.
    Gone(usize),
    /// Anything else.
    RunError(RunError),
}

impl<T: Into<RunError>> From<T> for Halt {
    fn from(trouble: T) -> Self {
        Self::RunError(trouble.into())
    }
}

impl From<Off> for Halt {
    fn from(off: Off) -> Self {
        match off {
            Off::Broken => Self::Elsewhere,
            Off::Late => Self::RunError(RunError::TimedOut),
        }
    }
}

/// The whole line of stages, as its workers share it.
pub(super) struct Line<'a> {
    pub(super) order: &'a RunContext<'a>,
    pub(super) stages: Vec<Stage<'a>>,
    /// The next item that enters.
    next: AtomicU64,
    /// The queue before each later stage.
    belts: Vec<BoundedQueue<StageItem>>,
    /// Why the run was given up: the first reason counts.
    failure: Mutex<Option<Halt>>,
    edges: Barrier,
}

/// A stage.
pub(super) struct Stage<'a> {
    pub(super) config: &'a StageConfig,
    pub(super) brief: &'a JobSpec,
    pub(super) job: Box<dyn Job>,
    pub(super) requests: Requests,
    /// What the stage before replies to the first item, with which workers warm up; none in the first stage.
    first: Option<Vec<u8>>,
}

/// What one worker of a stage, or the carrier of a worker process, has done.
#[derive(Default)]
pub(super) struct Left {
    pub(super) times: StageTimes,
    done: u64,
    sum: Digest,
    clocked: Option<Box<ItemTimes>>,
    pub(super) first_item: u64,
    ready: u64,
    died: bool,
    /// When items ran, where the run keeps its events, and how many more there were.
    items: Vec<(u64, u64)>,
    left_out: u64,
}

impl Left {
    pub(super) fn new(brief: &JobSpec) -> Self {
        Self { clocked: brief.profiling().then(Box::default), ready: monotonic(), ..Self::default() }
    }

    /// Keeps when an item ran, where the run keeps its events.
    fn keep(&mut self, line: &Line<'_>, start: u64, end: u64) {
        if line.order.brief.trace && self.items.len() < MOST_EVENTS {
            self.items.push((start, end));
        } else if line.order.brief.trace {
            self.left_out += 1;
        }
    }
}

impl<'a> Line<'a> {
    /// The line of an order, whose stages' briefs are these.
    fn new(order: &'a RunContext<'a>, briefs: &'a [JobSpec]) -> Result<Self, RunError> {
        let configs = &order.brief.config.stages;
        let mut came = None;
        let stage = |(config, brief): (&'a StageConfig, &'a JobSpec)| {
            let job = brief.job(order.tasks)?;
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
    pub(super) fn next(&self, stage: usize, times: &mut StageTimes) -> Result<Option<StageItem>, Halt> {
        match stage.checked_sub(1) {
            None => Ok(self.enter()),
            Some(before) => {
                let clock = self.order.brief.profiling().then_some(&mut times.starved);
                Ok(self.belts[before].take(self.order.deadline, clock)?)
            }
        }
    }

    /// The same without waiting; `None` also where nothing is there yet.
    pub(super) fn next_at_once(&self, stage: usize) -> Option<StageItem> {
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
    pub(super) fn pass(&self, stage: usize, parcel: StageItem, left: &mut Left) -> Result<u64, Halt> {
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

    /// Whether the run was given up.
    pub(super) fn is_broken(&self) -> bool {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Gives the run up: nobody waits any longer.
    fn give_up(&self, why: Halt) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(why, Halt::Elsewhere) {
            failure.get_or_insert(why);
        }
        drop(failure);
        // Far from overflow, since claims go on from here.
        self.next.store(1 << 62, Ordering::Relaxed);
        self.belts.iter().for_each(BoundedQueue::break_off);
    }

    /// The life of a worker of a stage between the barriers, all of which it reaches whatever happens.
    fn live(&self, stage: usize, left: &mut Left, work: impl FnOnce(&mut Left) -> Result<(), Halt>) {
        self.edges.wait();
        self.edges.wait();
        let worked = if self.is_broken() { Ok(()) } else { caught(|| work(left)) };
        if let Err(why) = worked {
            left.died = matches!(why, Halt::RunError(RunError::WorkerDied { .. }));
            self.give_up(why);
        }
        if let Some(belt) = self.belts.get(stage) {
            belt.leave();
        }
        self.edges.wait();
    }
}

fn caught(work: impl FnOnce() -> Result<(), Halt>) -> Result<(), Halt> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(panic_cause(payload.as_ref()).into()))
}

/// A thread that works in a stage.
fn thread_main(line: &Line<'_>, at: usize) -> Left {
    let stage = &line.stages[at];
    let mut left = Left::new(stage.brief);
    let mut feed = RequestSource::new(stage.job.as_ref(), &stage.requests);
    let mut bench = ItemRunner::new(stage.job.as_ref(), stage.brief);
    let warmed = caught(|| match stage.brief.items {
        0 => Ok(()),
        _ => Ok(bench.warm_up_stage(stage.first.as_deref(), feed.get(0))?),
    });
    left.first_item = bench.first_item;
    if let Err(why) = warmed {
        line.give_up(why);
    }
    line.live(at, &mut left, |left| work(line, at, &mut bench, &mut feed, left));
    left
}

fn work(
    line: &Line<'_>,
    at: usize,
    bench: &mut ItemRunner<'_>,
    feed: &mut RequestSource<'_>,
    left: &mut Left,
) -> Result<(), Halt> {
    let needs = needs_request(line.stages[at].job.as_ref(), at);
    while let Some(mut parcel) = line.next(at, &mut left.times)? {
        let start = left.clocked.is_some().then(monotonic);
        let request = if needs { feed.get(parcel.item) } else { &[] };
        parcel.trail = passed(parcel.trail, seen(&parcel.bytes, request));
        bench.stage(parcel.item, (at > 0).then_some(&parcel.bytes), request)?;
        // The buffer of what came is that of the next reply.
        std::mem::swap(&mut parcel.bytes, &mut bench.reply);
        if let Some(start) = start {
            let end = monotonic();
            parcel.service += end - start;
            left.times.busy += end - start;
            left.keep(line, start, end);
        }
        left.times.blocked += line.pass(at, parcel, left)?;
    }
    Ok(())
}

pub(super) fn run(order: &RunContext<'_>) -> Measurement {
    let mut ran = Measurement { known: order.brief.items, ..Measurement::default() };
    let brief = &order.brief;
    if brief.config.stages.len() != brief.stages.len() || brief.stages.is_empty() {
        return Measurement::refused(order, "these are not stages of a pipeline");
    }
    let briefs: Vec<JobSpec> = (0..brief.stages.len()).map(|stage| brief.of_stage(stage)).collect();
    let orders: Vec<RunContext<'_>> = briefs.iter().map(|brief| of_stage(order, brief)).collect();
    let parent = Parent::default();
    let mut edges = PhaseTimer::start();
    let mut carriers = Vec::new();
    let worked = Line::new(order, &briefs).map_err(Halt::from).and_then(|line| {
        hire(&line, &orders, &parent, &mut carriers, &mut ran)?;
        carriers.iter_mut().for_each(|carrier| carrier.crew.trace.since(edges.began()));
        drive(&line, &mut carriers, &mut edges, &mut ran)
    });
    ran.trouble = match worked {
        Ok(()) | Err(Halt::Elsewhere) => None,
        Err(Halt::Gone(at)) => Some(carriers[at].crew.cause_of(0)),
        Err(Halt::RunError(trouble)) => Some(trouble),
    };
    for carrier in carriers {
        let number = first_of(&brief.config.stages, carrier.stage) + carrier.worker();
        carrier.part(number, &mut ran);
    }
    ran.lives.sort_by_key(|life| life.worker);
    ran.events.sort_by_key(|Event(lane, _, start, end)| (*lane, *start, *end));
    if ran.trouble.is_none() {
        edges.edge_alone(&mut ran);
    }
    ran
}

/// The number of the first worker of a stage among those of all stages.
fn first_of(stages: &[StageConfig], stage: usize) -> u32 {
    stages.iter().take(stage).map(|config| config.workers).sum()
}

fn nothing() {}

fn of_stage<'a>(order: &RunContext<'a>, brief: &JobSpec) -> RunContext<'a> {
    let (brief, prefix) = (brief.clone(), order.prefix.clone());
    RunContext { tasks: order.tasks, program: order.program, brief, deadline: order.deadline, prefix, copied: &nothing }
}

/// Starts the worker processes of all stages that have any, and tells them what to do.
fn hire<'a>(
    line: &Line<'_>,
    orders: &'a [RunContext<'a>],
    parent: &'a Parent,
    carriers: &mut Vec<StageWorker<'a>>,
    ran: &mut Measurement,
) -> Result<(), Halt> {
    let mut came = None;
    for (at, (stage, order)) in line.stages.iter().zip(orders).enumerate() {
        let goes = stage.job.transform().map_or(stage.job.sizes().1, |transform| transform.room(came));
        let largest = came.unwrap_or(0) + stage.job.sizes().0.max(goes);
        came = Some(goes);
        for worker in 0..stage.config.workers {
            if stage.config.model == Model::Processes {
                carriers.push(StageWorker::hire(at, carriers.len(), worker, order, parent, largest)?);
            }
        }
    }
    carriers.iter_mut().try_for_each(StageWorker::brief)?;
    carriers.iter_mut().try_for_each(|carrier| {
        let stage = &line.stages[carrier.stage];
        let mut feed = RequestSource::new(stage.job.as_ref(), &stage.requests);
        carrier.warm_up(&mut feed, stage.first.as_deref(), &mut ran.phases[0])
    })
}

fn drive(
    line: &Line<'_>,
    carriers: &mut [StageWorker<'_>],
    edges: &mut PhaseTimer,
    ran: &mut Measurement,
) -> Result<(), Halt> {
    let brief = &line.order.brief;
    let mut trace = Trace::new(brief);
    trace.since(edges.began());
    let mut others = Others::default();
    for carrier in carriers.iter() {
        let Others { workers, helpers } = carrier.crew.others();
        others.workers.extend(workers);
        others.helpers.extend(helpers);
    }
    ran.stages = vec![StageTimes::default(); line.stages.len()];
    std::thread::scope(|scope| {
        let thread = |(at, worker): (usize, u32)| (at, worker, monotonic(), scope.spawn(move || thread_main(line, at)));
        let own = |(at, _): &(usize, u32)| line.stages[*at].config.model != Model::Processes;
        let all =
            (0..line.stages.len()).flat_map(|at| (0..line.stages[at].config.workers).map(move |worker| (at, worker)));
        let threads: Vec<_> = all.filter(own).map(thread).collect();
        let carry_one = |carrier| scope.spawn(move || carrier_main(line, carrier));
        let carried: Vec<_> = carriers.iter_mut().map(|c| (c.stage, carry_one(c))).collect();
        line.edges.wait();
        let scale = MemorySampler::before(brief, &others);
        edges.edge(ran);
        line.edges.wait();
        line.edges.wait();
        edges.edge(ran);
        ran.memory = scale.after(&others);
        for (at, worker, asked, handle) in threads {
            if let Ok(left) = handle.join() {
                let number = first_of(&brief.config.stages, at) + worker;
                trace.life(number as usize, asked, left.ready, monotonic(), left.died);
                left.items.iter().for_each(|(start, end)| trace.event(number as usize, EventKind::Item, *start, *end));
                trace.left_out += left.left_out;
                add(ran, at, left);
            }
        }
        for (at, handle) in carried {
            if let Ok(left) = handle.join() {
                add(ran, at, left);
            }
        }
    });
    for (times, belt) in ran.stages.iter_mut().skip(1).zip(&line.belts) {
        times.most = belt.most() as u64;
    }
    if !brief.profiling() {
        ran.stages.clear();
    }
    trace.into_ran(ran);
    if let Some(why) = line.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(why);
    }
    // All are told to end before anybody waits for one of them.
    carriers.iter_mut().try_for_each(StageWorker::tell_the_end)?;
    carriers.iter_mut().try_for_each(|carrier| carrier.take_report(&mut ran.phases[1]))
}

/// The life of the thread that feeds a worker process.
fn carrier_main(line: &Line<'_>, carrier: &mut StageWorker<'_>) -> Left {
    let stage = &line.stages[carrier.stage];
    let mut left = Left::new(stage.brief);
    let mut feed = RequestSource::new(stage.job.as_ref(), &stage.requests);
    line.live(carrier.stage, &mut left, |left| carry(line, carrier, &mut feed, left));
    left
}

/// Adds what a worker of a stage has done.
fn add(ran: &mut Measurement, at: usize, left: Left) {
    ran.done += left.done;
    ran.digest = ran.digest.wrapping_add(left.sum);
    ran.first_item = ran.first_item.max(left.first_item);
    ran.stages[at].add(left.times);
    if let Some(clocked) = left.clocked {
        ran.times.get_or_insert_with(ItemTimes::default).add_all(&clocked);
    }
}

#[cfg(test)]
mod tests {
    use crate::setting::{Config, Measure, Setting};
    use std::sync::atomic::AtomicI64;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::model::StageTask;
    use crate::model::run::brief;
    use crate::reexec::Program;
    use crate::task::{Bound, Context, Place, Settings, Task, TaskError, Tasks};

    /// Items that the first stage has begun and the second has not.
    static AHEAD: AtomicI64 = AtomicI64::new(0);
    /// The most that there ever were.
    static MOST: AtomicI64 = AtomicI64::new(0);

    /// Counts items into a pipeline, and out of it slowly.
    struct Door(&'static str, i64);

    impl Task for Door {
        fn name(&self) -> &'static str {
            self.0
        }
        fn about(&self) -> &'static str {
            "counts items"
        }
        fn bound(&self) -> Bound {
            Bound::Waiting
        }
        fn settings(&self) -> &'static [Setting] {
            &[]
        }
        fn describe(&self, _: &Settings) -> String {
            self.0.into()
        }
        fn prepare(&self, _: &Settings, _: &Place) -> Result<Box<dyn Job>, TaskError> {
            Ok(Box::new(Door(self.0, self.1)))
        }
    }

    impl Job for Door {
        fn request(&self, item: u64, request: &mut Vec<u8>) {
            request.extend_from_slice(&item.to_le_bytes());
        }
        fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
            if !context.warming {
                let ahead = AHEAD.fetch_add(self.1, Ordering::SeqCst) + self.1;
                MOST.fetch_max(ahead, Ordering::SeqCst);
                if self.1 < 0 {
                    std::thread::sleep(Duration::from_micros(300));
                }
            }
            reply.extend_from_slice(request);
            Ok(())
        }
        fn sizes(&self) -> (usize, usize) {
            (8, 8)
        }
    }

    #[test]
    fn a_fast_stage_gets_no_further_ahead_than_queue_and_workers() {
        let tasks = Tasks::builtin().with(Door("in", 1)).with(Door("out", -1));
        let stage = |task: &str| StageTask { task: task.into(), settings: Settings::default() };
        let config = |workers| StageConfig { model: Model::Threads, workers, ipc: None, in_flight: None };
        let mut brief = brief("pipeline", 300);
        brief.stages = vec![stage("in"), stage("out")];
        let stages = vec![config(3), config(2)];
        brief.config = Config { stages, queue: Some(5), ..Config::new(Model::Pipeline, Measure::Work) };
        let deadline = Instant::now() + Duration::from_secs(60);
        let program = Program::current();
        let order =
            RunContext { tasks: &tasks, program: &program, brief, deadline, prefix: String::new(), copied: &nothing };
        let ran = run(&order);
        assert_eq!((ran.trouble, ran.done, ran.known), (None, 300, 300));
        let (sum, known) = crate::model::reference(&order).unwrap();
        // What the reference ran has been counted too, as often in as out.
        assert_eq!((ran.digest, known, AHEAD.load(Ordering::SeqCst)), (sum, 300, 0));
        // Those that wait, one in the hands of each worker of the first stage, and of the second one that is taken and not
        // yet begun.
        let most = MOST.load(Ordering::SeqCst);
        assert!((5..=5 + 3 + 2).contains(&most), "{most}");
    }
}
