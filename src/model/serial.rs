//! `serial`: one item after the other in the calling thread. The reference of every speed-up, and of every reply.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::bench::{Bench, Feed};
use super::glance::{Glance, look_again};
use super::lock::{lock_of, note};
use super::memory::{Others, Scale};
use super::parent::Parent;
use super::run::{Edges, Order, Ran, Trouble, panic_cause};
use super::trace::Trace;
use crate::runtime::Runtime;
use crate::task::{Context, Digest, checksum, digest, item_checksum, item_digest, yielded_item};

pub(super) fn run(order: &Order<'_>) -> Ran {
    let mut ran = Ran { known: order.brief.items, ..Ran::default() };
    let outcome = catch_unwind(AssertUnwindSafe(|| work(order, &mut ran)));
    ran.trouble = outcome.unwrap_or_else(|payload| Err(panic_cause(payload.as_ref()))).err();
    ran
}

fn work(order: &Order<'_>, ran: &mut Ran) -> Result<(), Trouble> {
    let brief = &order.brief;
    let job = brief.job(order.tasks)?;
    let requests = Feed::prepare(job.as_ref(), brief.items);
    let parent = Parent::hold(brief);
    let glance = Glance::of_main(job.as_ref());
    let mut edges = Edges::start();
    let mut trace = Trace::new(brief);
    let mut feed = Feed::new(job.as_ref(), &requests);
    let lock = lock_of(brief);
    let mut bench = Bench::new(job.as_ref(), brief).under(brief, lock.as_ref(), 0);
    bench.context.acquire();
    if brief.warm() && brief.items > 0 {
        let request = feed.get(0).to_vec();
        bench.warm_up(1, |_| &request)?;
    }
    parent.visit();
    let own = Glance::of_worker(job.as_ref(), 0);
    let scale = Scale::before(brief, &Others::default());
    bench.begin_stint();
    edges.edge(ran);
    bench.resume();
    let worked = work_through(&mut bench, &mut feed, brief.items, brief.yields(order.tasks), &mut ran.known);
    let end = edges.edge(ran);
    ran.memory = scale.after(&Others::default());
    bench.end_stint();
    bench.context.leave();
    trace.stamps(0, bench.watch.as_mut());
    let stint = ran.add(bench);
    note(ran, lock.as_ref(), edges.began());
    edges.edge(ran);
    look_again(glance, job.as_ref(), ran);
    look_again(own, job.as_ref(), ran);
    trace.into_ran(ran);
    ran.split_work(brief, &[stint], end);
    worked
}

fn work_through(
    bench: &mut Bench<'_>,
    feed: &mut Feed<'_>,
    items: u64,
    yields: bool,
    known: &mut u64,
) -> Result<(), Trouble> {
    if !yields {
        for item in 0..items {
            bench.item(item, feed.get(item))?;
        }
        return Ok(());
    }
    let mut stack = Vec::new();
    for item in 0..items {
        bench.item(item, feed.get(item))?;
        push_yielded(bench, item, &mut stack);
        while let Some((child, request)) = stack.pop() {
            *known += 1;
            bench.item(child, &request)?;
            push_yielded(bench, child, &mut stack);
        }
    }
    Ok(())
}

fn push_yielded(bench: &mut Bench<'_>, parent: u64, stack: &mut Vec<(u64, Vec<u8>)>) {
    let yielded = bench.context.take_yielded();
    stack.extend(yielded.into_iter().enumerate().map(|(k, request)| (yielded_item(parent, k as u64), request)));
}

/// The sum of the right replies, and how many items there are with those that are yielded.
///
/// # Errors
/// What the task says.
pub fn reference(order: &Order<'_>) -> Result<(Digest, u64), Trouble> {
    let brief = &order.brief;
    let job = brief.job(order.tasks)?;
    let (mut sum, mut known, mut stack) = (0u64, 0u64, Vec::new());
    let (mut request, mut reply, mut context) = (Vec::new(), Vec::new(), Context::native());
    let of_item = match brief.runtime {
        Runtime::Python => |item, request: &[u8], reply: &[u8]| item_checksum(item, checksum(request), checksum(reply)),
        _ => |item, request: &[u8], reply: &[u8]| item_digest(item, digest(request), digest(reply)),
    };
    for first in 0..brief.items {
        request.clear();
        job.request(first, &mut request);
        stack.push((first, std::mem::take(&mut request)));
        while let Some((item, bytes)) = stack.pop() {
            reply.clear();
            job.expected(&bytes, &mut reply, &mut context)?;
            sum = sum.wrapping_add(of_item(item, &bytes, &reply));
            known += 1;
            let yielded = context.take_yielded();
            stack.extend(yielded.into_iter().enumerate().map(|(k, child)| (yielded_item(item, k as u64), child)));
            request = bytes;
        }
    }
    Ok((sum, known))
}
