//! `async`: an event loop in the host's main thread, with so many items under way at once. Each of as many tasks of the loop
//! claims an item, awaits it, and claims the next.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::future::try_join_all;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use super::arrivals::Arrivals;
use super::bench::{ItemRunner, RequestSource};
use super::glance::{GlobalProbe, look_again};
use super::memory::{MemorySampler, Others};
use super::names::Names;
use super::parent::Parent;
use super::run::{JobSpec, PhaseTimer, RunContext, panic_cause};
use super::trace::Trace;
use crate::record::{EventKind, Measurement, RunError};
use crate::task::{Consumer, Context, Made};

pub(super) fn run(order: &RunContext<'_>) -> Measurement {
    let mut ran = Measurement { known: order.brief.items, ..Measurement::default() };
    let outcome = catch_unwind(AssertUnwindSafe(|| work(order, &mut ran)));
    ran.trouble = outcome.unwrap_or_else(|payload| Err(panic_cause(payload.as_ref()))).err();
    ran
}

/// What the tasks of the loop share, all in one thread.
struct Shared<'a> {
    brief: &'a JobSpec,
    next: Cell<u64>,
    found: RefCell<VecDeque<(u64, Vec<u8>)>>,
    names: RefCell<Option<Names>>,
    /// Items that are known and not done yet, where items find others.
    open: Cell<u64>,
    known: Cell<u64>,
    changed: Notify,
    /// When items come, where they have a rate.
    arrivals: Option<Arrivals>,
    /// Replies that the consumer was given.
    made: Cell<u64>,
    consumer: RefCell<Option<(Box<dyn Consumer>, Context<'a>)>>,
}

fn work(order: &RunContext<'_>, ran: &mut Measurement) -> Result<(), RunError> {
    let brief = &order.brief;
    let job = brief.job(order.tasks)?;
    let requests = RequestSource::prepare(job.as_ref(), brief.items);
    let parent = Parent::hold(brief);
    let glance = GlobalProbe::of_main(job.as_ref());
    let topology = brief.topology(order.tasks);
    let names = topology.finds().then(|| Names::new(topology, job.as_ref(), brief.items));
    let shared = Shared {
        brief,
        next: Cell::new(0),
        found: RefCell::default(),
        names: RefCell::new(names),
        open: Cell::new(brief.items),
        known: Cell::new(brief.items),
        changed: Notify::new(),
        arrivals: Arrivals::new(brief),
        made: Cell::new(0),
        consumer: RefCell::new(job.consumer()?.map(|consumer| (consumer, Context::native()))),
    };
    let mut edges = PhaseTimer::start();
    let mut trace = Trace::new(brief);
    let reactor = reactor()?;
    let concurrency = brief.config.concurrency.unwrap_or(1).max(1) as usize;
    let desk = || (ItemRunner::new(job.as_ref(), brief), RequestSource::new(job.as_ref(), &requests));
    let mut desks: Vec<_> = (0..concurrency).map(|_| desk()).collect();
    if brief.warm() && brief.items > 0 {
        warm_up(&reactor, &mut desks)?;
    }
    parent.visit();
    let own = GlobalProbe::of_worker(job.as_ref(), 0);
    let scale = MemorySampler::before(brief, &Others::default());
    edges.edge(ran);
    shared.arrivals.iter().for_each(Arrivals::begin);
    let worked = reactor.block_on(all(&shared, &mut desks));
    let end = edges.edge(ran);
    ran.memory = scale.after(&Others::default());
    drop(reactor);
    trace.event(0, EventKind::Join, end, edges.edge(ran));
    let mut late = Vec::new();
    for (mut bench, _) in desks {
        late.append(&mut bench.late);
        ran.add(bench);
    }
    if let Some(arrivals) = &shared.arrivals {
        arrivals.sum_up(late, end, ran);
    }
    ran.known = shared.known.get();
    look_again(glance, job.as_ref(), ran);
    look_again(own, job.as_ref(), ran);
    trace.into_ran(ran);
    worked
}

/// An event loop of one thread.
fn reactor() -> Result<Runtime, RunError> {
    let built = Builder::new_current_thread().enable_all().build();
    built.map_err(|error| RunError::Failed(format!("the event loop: {error}")))
}

type WorkerState<'a> = (ItemRunner<'a>, RequestSource<'a>);

/// Runs the first item once in every task of the loop, unrecorded: each may hold something of its own, such as a connection.
fn warm_up(reactor: &Runtime, desks: &mut [WorkerState<'_>]) -> Result<(), RunError> {
    let warm = async |(bench, feed): &mut WorkerState<'_>| {
        let request = feed.get(0).to_vec();
        bench.warm_up_later(&request).await
    };
    Ok(reactor.block_on(try_join_all(desks.iter_mut().map(warm))).map(|_| ())?)
}

/// Runs all items. The first trouble ends all of them.
async fn all(shared: &Shared<'_>, desks: &mut [WorkerState<'_>]) -> Result<(), RunError> {
    try_join_all(desks.iter_mut().map(|(bench, feed)| claim_all(shared, bench, feed))).await?;
    match shared.consumer.borrow_mut().as_mut() {
        Some((consumer, context)) => Ok(consumer.finish(context)?),
        None => Ok(()),
    }
}

/// One task of the loop.
async fn claim_all(
    shared: &Shared<'_>,
    bench: &mut ItemRunner<'_>,
    feed: &mut RequestSource<'_>,
) -> Result<(), RunError> {
    loop {
        let first = shared.next.get();
        if first < shared.brief.items {
            shared.next.set(first + 1);
            if let Some(arrivals) = &shared.arrivals {
                arrivals.wait_later(first).await.map_err(|error| RunError::Failed(format!("a timer: {error}")))?;
            }
            bench.item_later(first, feed.get(first)).await?;
            bench.late.extend(shared.arrivals.as_ref().map(|arrivals| arrivals.late(first)));
            shared.done(first, bench)?;
            continue;
        }
        let found = shared.found.borrow_mut().pop_front();
        if let Some((item, request)) = found {
            bench.item_later(item, &request).await?;
            shared.done(item, bench)?;
        } else if shared.open.get() > 0 && shared.names.borrow().is_some() {
            // Those that are under way may yet find some.
            shared.changed.notified().await;
        } else {
            return Ok(());
        }
    }
}

impl Shared<'_> {
    /// Notes that an item is done, what it yielded, and its reply.
    fn done(&self, item: u64, bench: &mut ItemRunner<'_>) -> Result<(), RunError> {
        if let Some((consumer, context)) = self.consumer.borrow_mut().as_mut() {
            self.made.set(self.made.get() + 1);
            consumer.take(&Made { producer: 0, turn: self.made.get(), reply: &bench.reply }, context)?;
        }
        let Some(names) = &mut *self.names.borrow_mut() else { return Ok(()) };
        let new = names.name_all(item, bench.context.take_yielded());
        let count = new.len() as u64;
        self.known.set(self.known.get() + count);
        self.open.set(self.open.get() + count - 1);
        self.found.borrow_mut().extend(new);
        if count > 0 || self.open.get() == 0 {
            self.changed.notify_waiters();
        }
        Ok(())
    }
}
