//! What the right replies of a job come to: its items one after the other, by the plainest code that there is.

use std::sync::Arc;

use crate::model::harness::job;
use crate::model::spec::RunContext;
use crate::model::worker::item_ids::ItemIds;
use crate::model::worker::iterations::{finish_iteration, first_told, iterations_of};
use crate::record::RunError;
use crate::setting::Runtime;
use crate::task::{
    Context, Digest, Iterations, Job, PartContext, TaskError, checksum, digest, item_checksum, item_digest,
};

/// The sum of the right replies, and how many items there are with those that are yielded.
///
/// # Errors
/// What the task says.
pub fn reference(order: &RunContext<'_>) -> Result<(Digest, u64), RunError> {
    let brief = &order.brief;
    let job = job(brief, order.tasks)?;
    let mut right = Right::new(job.as_ref(), brief.runtime);
    if let Some((iterations, parts, count)) = iterations_of(brief, order.tasks, job.as_ref())? {
        right.add_iterations(iterations, parts, count)?;
        return Ok((right.sum, right.known));
    }
    let mut ids = ItemIds::new(brief.topology(order.tasks), job.as_ref(), brief.items);
    let mut stack = Vec::new();
    for first in 0..brief.items {
        let mut request = Vec::new();
        job.request(first, &mut request);
        stack.push((first, request));
        while let Some((item, request)) = stack.pop() {
            right.add(item, &request)?;
            stack.extend(ids.name_all(item, right.context.take_yielded()));
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
