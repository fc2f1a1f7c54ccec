//! `serial`: one item after the other in the calling thread. The reference of every speed-up, and of every reply.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::arrivals::{Arrivals, sleep_exactly};
use super::bench::{ItemRunner, RequestSource};
use super::glance::{GlobalProbe, look_again};
use super::iterations::{IterationState, finish_iteration, first_told, iterations_of};
use super::lock::{lock_of, note};
use super::memory::{MemorySampler, Others};
use super::names::Names;
use super::parent::Parent;
use super::run::{PhaseTimer, RunContext, panic_cause};
use super::trace::Trace;
use crate::record::{Measurement, RunError};
use crate::setting::Runtime;
use crate::task::{
    Consumer, Context, Digest, Iterations, Job, Made, PartContext, TaskError, Topology, checksum, digest,
    item_checksum, item_digest,
};

pub(super) fn run(order: &RunContext<'_>) -> Measurement {
    let mut ran = Measurement { known: order.brief.items, ..Measurement::default() };
    let outcome = catch_unwind(AssertUnwindSafe(|| work(order, &mut ran)));
    ran.trouble = outcome.unwrap_or_else(|payload| Err(panic_cause(payload.as_ref()))).err();
    ran
}

fn work(order: &RunContext<'_>, ran: &mut Measurement) -> Result<(), RunError> {
    let brief = &order.brief;
    let job = brief.job(order.tasks)?;
    let requests = RequestSource::prepare(job.as_ref(), brief.items);
    let parent = Parent::hold(brief);
    let glance = GlobalProbe::of_main(job.as_ref());
    let mut edges = PhaseTimer::start();
    let mut trace = Trace::new(brief);
    let mut feed = RequestSource::new(job.as_ref(), &requests);
    let lock = lock_of(brief);
    let mut bench = ItemRunner::new(job.as_ref(), brief).under(brief, lock.as_ref(), 0);
    let mut means = DispatchContext {
        topology: brief.topology(order.tasks),
        board: IterationState::new(brief, order.tasks, job.as_ref())?,
        consumer: job.consumer()?,
        arrivals: Arrivals::new(brief),
    };
    bench.context.acquire();
    if brief.warm() && brief.items > 0 {
        let request = feed.get(0).to_vec();
        bench.warm_up(1, |_| &request)?;
    }
    parent.visit();
    let own = GlobalProbe::of_worker(job.as_ref(), 0);
    let scale = MemorySampler::before(brief, &Others::default());
    bench.begin_stint();
    edges.edge(ran);
    if let Some(arrivals) = &means.arrivals {
        sleep_exactly();
        arrivals.begin();
    }
    bench.resume();
    let worked = work_through(&mut bench, &mut feed, brief.items, &mut means, &mut ran.known);
    let end = edges.edge(ran);
    ran.memory = scale.after(&Others::default());
    bench.end_stint();
    bench.context.leave();
    trace.stamps(0, bench.watch.as_mut());
    if let Some(arrivals) = &means.arrivals {
        arrivals.sum_up(std::mem::take(&mut bench.late), end, ran);
    }
    let stint = ran.add(bench);
    note(ran, lock.as_ref(), edges.began());
    edges.edge(ran);
    look_again(glance, job.as_ref(), ran);
    look_again(own, job.as_ref(), ran);
    trace.into_ran(ran);
    ran.split_work(brief, &[stint], end);
    worked
}

/// What the items of a job hang together by.
struct DispatchContext<'a> {
    topology: Topology,
    board: Option<IterationState<'a>>,
    consumer: Option<Box<dyn Consumer>>,
    arrivals: Option<Arrivals>,
}

fn work_through(
    bench: &mut ItemRunner<'_>,
    feed: &mut RequestSource<'_>,
    items: u64,
    means: &mut DispatchContext<'_>,
    known: &mut u64,
) -> Result<(), RunError> {
    if let Some(board) = &means.board {
        for iteration in 0..board.count {
            for part in 0..board.parts {
                board.play(iteration, part, bench, feed.get(iteration * board.parts + part))?;
            }
            board.finish_iteration(iteration)?;
        }
        return Ok(());
    }
    if means.topology.finds() {
        return find_all(bench, feed, items, Names::new(means.topology, bench.job, items), known);
    }
    if let Some(arrivals) = &means.arrivals {
        for item in 0..items {
            bench.item_on_time(arrivals, item, feed.get(item))?;
        }
        return Ok(());
    }
    let Some(consumer) = &mut means.consumer else {
        for item in 0..items {
            bench.item(item, feed.get(item))?;
        }
        return Ok(());
    };
    for item in 0..items {
        bench.item(item, feed.get(item))?;
        consumer.take(&Made { producer: 0, turn: item, reply: &bench.reply }, &mut bench.context)?;
    }
    Ok(consumer.finish(&mut bench.context)?)
}

/// Runs items and those that they yield, the last found first.
fn find_all(
    bench: &mut ItemRunner<'_>,
    feed: &mut RequestSource<'_>,
    items: u64,
    mut names: Names,
    known: &mut u64,
) -> Result<(), RunError> {
    let mut stack = Vec::new();
    for item in 0..items {
        bench.item(item, feed.get(item))?;
        stack.extend(names.name_all(item, bench.context.take_yielded()));
        while let Some((child, request)) = stack.pop() {
            *known += 1;
            bench.item(child, &request)?;
            stack.extend(names.name_all(child, bench.context.take_yielded()));
        }
    }
    Ok(())
}

/// The sum of the right replies, and how many items there are with those that are yielded.
///
/// # Errors
/// What the task says.
pub fn reference(order: &RunContext<'_>) -> Result<(Digest, u64), RunError> {
    let brief = &order.brief;
    let job = brief.job(order.tasks)?;
    let mut right = Right::new(job.as_ref(), brief.runtime);
    if let Some((iterations, parts, count)) = iterations_of(brief, order.tasks, job.as_ref())? {
        right.add_iterations(iterations, parts, count)?;
        return Ok((right.sum, right.known));
    }
    let mut names = Names::new(brief.topology(order.tasks), job.as_ref(), brief.items);
    let mut stack = Vec::new();
    for first in 0..brief.items {
        let mut request = Vec::new();
        job.request(first, &mut request);
        stack.push((first, request));
        while let Some((item, request)) = stack.pop() {
            right.add(item, &request)?;
            stack.extend(names.name_all(item, right.context.take_yielded()));
        }
    }
    Ok((right.sum, right.known))
}

/// Adds up right replies.
struct Right<'a> {
    job: &'a dyn Job,
    python: bool,
    context: Context<'a>,
    reply: Vec<u8>,
    sum: Digest,
    known: u64,
}

impl<'a> Right<'a> {
    fn new(job: &'a dyn Job, runtime: Runtime) -> Self {
        let python = runtime == Runtime::Python;
        Self { job, python, context: Context::native(), reply: Vec::new(), sum: 0, known: 0 }
    }

    fn add(&mut self, item: u64, request: &[u8]) -> Result<(), TaskError> {
        self.reply.clear();
        self.job.expected(request, &mut self.reply, &mut self.context)?;
        self.sum = self.sum.wrapping_add(match self.python {
            true => item_checksum(item, checksum(request), checksum(&self.reply)),
            false => item_digest(item, digest(request), digest(&self.reply)),
        });
        self.known += 1;
        Ok(())
    }

    /// Plays all iterations, part by part.
    fn add_iterations(&mut self, iterations: &dyn Iterations, parts: u64, count: u64) -> Result<(), TaskError> {
        let mut turns: Vec<PartContext> = (0..parts).map(|_| PartContext::default()).collect();
        let mut told = first_told(iterations);
        for iteration in 0..count {
            let (mut replies, mut sent) = (Vec::new(), Vec::new());
            for part in 0..parts {
                let (item, mut request) = (iteration * parts + part, Vec::new());
                self.job.request(item, &mut request);
                let turn = std::mem::take(&mut turns[part as usize]);
                self.context.turn = PartContext { told: Arc::clone(&told), ..turn };
                self.add(item, &request)?;
                sent.push(std::mem::take(&mut self.context.turn.sent));
                turns[part as usize] = std::mem::take(&mut self.context.turn);
                replies.push(self.reply.clone());
            }
            let (next, received) = finish_iteration(iterations, iteration, &told, &replies, sent)?;
            told = next;
            turns.iter_mut().zip(received).for_each(|(turn, letters)| turn.received = letters);
        }
        Ok(())
    }
}
