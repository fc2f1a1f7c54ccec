//! `async`: an event loop in the host's main thread, with so many items under way at once. Each of as many tasks of the loop
//! claims an item, awaits it, and claims the next.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use futures_util::future::try_join_all;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use crate::model::harness::{PreparedJob, Run};
use crate::model::probe::memory::Others;
use crate::model::worker::item_ids::ItemIds;
use crate::model::worker::item_runner::ItemRunner;
use crate::model::worker::worker_state::WorkerState;
use crate::record::{EventKind, RunError};
use crate::task::{Consumer, Context, Made};

/// What the tasks of the loop share, all in one thread.
struct Shared<'a> {
    job: &'a PreparedJob<'a>,
    next: Cell<u64>,
    found: RefCell<VecDeque<(u64, Vec<u8>)>>,
    ids: RefCell<Option<ItemIds>>,
    /// Items that are known and not done yet, where items find others.
    open: Cell<u64>,
    known: Cell<u64>,
    changed: Notify,
    /// Replies that the consumer was given.
    made: Cell<u64>,
    consumer: RefCell<Option<(Box<dyn Consumer>, Context<'a>)>>,
}

pub fn run(job: &PreparedJob<'_>, run: &mut Run<'_>) -> Result<(), RunError> {
    let shared = Shared {
        job,
        next: Cell::new(0),
        found: RefCell::default(),
        ids: RefCell::new(job.item_ids()),
        open: Cell::new(job.spec.items),
        known: Cell::new(job.spec.items),
        changed: Notify::new(),
        made: Cell::new(0),
        consumer: RefCell::new(job.job.consumer()?.map(|consumer| (consumer, Context::native()))),
    };
    run.begin();
    let reactor = reactor()?;
    let concurrency = job.spec.config.concurrency.unwrap_or(1).max(1) as usize;
    let mut workers: Vec<_> = (0..concurrency).map(|_| job.worker()).collect();
    if job.spec.warm() && job.spec.items > 0 {
        warm_up(&reactor, &mut workers)?;
    }
    run.probes.extend(job.visit(0));
    run.begin_work(&Others::default());
    job.begin_arrivals();
    let worked = reactor.block_on(all(&shared, &mut workers));
    run.end_work(&Others::default());
    drop(reactor);
    let joined = run.end_join();
    run.trace.event(0, EventKind::Join, run.end, joined);
    workers.into_iter().for_each(|worker| run.add(0, worker.runner));
    run.measured.known = shared.known.get();
    worked
}

/// An event loop of one thread.
fn reactor() -> Result<Runtime, RunError> {
    let built = Builder::new_current_thread().enable_all().build();
    built.map_err(|error| RunError::Failed(format!("the event loop: {error}")))
}

/// Runs the first item once in every task of the loop, unrecorded: each may hold something of its own, such as a connection.
fn warm_up(reactor: &Runtime, workers: &mut [WorkerState<'_>]) -> Result<(), RunError> {
    let warm = async |worker: &mut WorkerState<'_>| {
        let request = worker.source.get(0).to_vec();
        worker.runner.warm_up_later(&request).await
    };
    Ok(reactor.block_on(try_join_all(workers.iter_mut().map(warm))).map(|_| ())?)
}

/// Runs all items. The first trouble ends all of them.
async fn all(shared: &Shared<'_>, workers: &mut [WorkerState<'_>]) -> Result<(), RunError> {
    try_join_all(workers.iter_mut().map(|worker| claim_all(shared, worker))).await?;
    match shared.consumer.borrow_mut().as_mut() {
        Some((consumer, context)) => Ok(consumer.finish(context)?),
        None => Ok(()),
    }
}

/// One task of the loop.
async fn claim_all(shared: &Shared<'_>, worker: &mut WorkerState<'_>) -> Result<(), RunError> {
    let WorkerState { runner, source } = worker;
    let arrivals = shared.job.arrivals.as_ref();
    loop {
        let first = shared.next.get();
        if first < shared.job.spec.items {
            shared.next.set(first + 1);
            if let Some(arrivals) = arrivals {
                arrivals.wait_later(first).await.map_err(|error| RunError::Failed(format!("a timer: {error}")))?;
            }
            runner.item_later(first, source.get(first)).await?;
            runner.late.extend(arrivals.map(|arrivals| arrivals.late(first)));
            shared.done(first, runner)?;
            continue;
        }
        let found = shared.found.borrow_mut().pop_front();
        if let Some((item, request)) = found {
            runner.item_later(item, &request).await?;
            shared.done(item, runner)?;
        } else if shared.open.get() > 0 && shared.ids.borrow().is_some() {
            // Those that are under way may yet find some.
            shared.changed.notified().await;
        } else {
            return Ok(());
        }
    }
}

impl Shared<'_> {
    /// Notes that an item is done, what it yielded, and its reply.
    fn done(&self, item: u64, runner: &mut ItemRunner<'_>) -> Result<(), RunError> {
        if let Some((consumer, context)) = self.consumer.borrow_mut().as_mut() {
            self.made.set(self.made.get() + 1);
            consumer.take(&Made { producer: 0, turn: self.made.get(), reply: &runner.reply }, context)?;
        }
        let Some(ids) = &mut *self.ids.borrow_mut() else { return Ok(()) };
        let new = ids.name_all(item, runner.context.take_yielded());
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
