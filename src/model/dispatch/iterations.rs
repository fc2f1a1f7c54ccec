//! Iterations among worker processes: every worker gets its parts of an iteration in one message, with what they are told and what
//! others sent to them, and answers with replies and letters. What parts keep stays in the worker, so that a worker always
//! has the same parts, and so do letters among these. Letters to parts of other workers ride on the messages that an iteration
//! needs anyway, over the configuration's IPC method; a connection of their own would take a message more for each neighbour.

use std::ops::Range;
use std::sync::Arc;

use crate::model::dispatch::stream::DispatchContext;
use crate::model::dispatch::wire::{self, Cursor};
use crate::model::error::Damaged;
use crate::model::error::{Stop, reported};
use crate::model::probe::clock::monotonic;
use crate::model::worker::iterations::{finish_iteration, first_told, parts_of};
use crate::record::{ItemTimes, Measurement, RunError};
use crate::task::{Iterations, Message, digest, item_digest};

/// The iterations of one run.
pub struct IterationDispatcher<'a, 'b, 'c> {
    means: DispatchContext<'a, 'b, 'c>,
    iterations: &'a dyn Iterations,
    /// The parts of each worker.
    parts: Vec<Range<u64>>,
    told: Arc<[u8]>,
    /// What each part received, and what it replied and sent in this iteration.
    received: Vec<Vec<Message>>,
    replies: Vec<Vec<u8>>,
    sent: Vec<Vec<Message>>,
    message: Vec<u8>,
    /// When the iteration's message was handed to each worker, and when its answer came; profiling runs only.
    handed: Vec<u64>,
    answered: Vec<u64>,
    /// Nanoseconds that each worker waited for others to end their parts of an iteration.
    waited: Vec<u64>,
}

impl<'a, 'b, 'c> IterationDispatcher<'a, 'b, 'c> {
    pub fn new(means: DispatchContext<'a, 'b, 'c>, iterations: &'a dyn Iterations, parts: u64) -> Self {
        let workers = means.order.brief.workers();
        Self {
            means,
            iterations,
            parts: (0..workers).map(|worker| parts_of(worker, workers, parts)).collect(),
            told: first_told(iterations),
            received: vec![Vec::new(); parts as usize],
            replies: vec![Vec::new(); parts as usize],
            sent: vec![Vec::new(); parts as usize],
            message: Vec::new(),
            handed: vec![0; workers],
            answered: vec![0; workers],
            waited: vec![0; workers],
        }
    }

    /// Runs all iterations. Gives the nanoseconds that each worker waited for the others; zeros unless the run is a profiling run.
    pub fn run(mut self, count: u64, ran: &mut Measurement) -> Result<Vec<u64>, Stop> {
        if self.means.order.brief.profiling() {
            ran.times = Some(ItemTimes::default());
        }
        for iteration in 0..count {
            for worker in 0..self.parts.len() {
                self.hand_over(iteration, worker)?;
            }
            self.gather(iteration, ran)?;
            let sent = std::mem::replace(&mut self.sent, vec![Vec::new(); self.replies.len()]);
            let over = finish_iteration(self.iterations, iteration, &self.told, &self.replies, sent);
            (self.told, self.received) = over?;
        }
        Ok(self.waited)
    }

    /// Sends a worker its parts of an iteration.
    fn hand_over(&mut self, iteration: u64, worker: usize) -> Result<(), Stop> {
        let parts = self.parts[worker].clone();
        if parts.is_empty() {
            return Ok(());
        }
        self.message.clear();
        self.message.push(wire::ITERATION);
        wire::put_block(&mut self.message, &self.told);
        for part in parts {
            let item = iteration * self.replies.len() as u64 + part;
            wire::put_item(&mut self.message, item, self.means.feed.get(item));
            wire::put_letters(&mut self.message, &self.received[part as usize]);
        }
        if self.means.order.brief.profiling() {
            let now = monotonic();
            if iteration > 0 {
                self.waited[worker] += now - self.answered[worker];
            }
            self.handed[worker] = now;
        }
        Ok(self.means.hub.send(worker, &self.message)?)
    }

    /// Waits for the answers of all workers that have parts.
    fn gather(&mut self, iteration: u64, ran: &mut Measurement) -> Result<(), Stop> {
        let mut missing: Vec<bool> = self.parts.iter().map(|parts| !parts.is_empty()).collect();
        let mut message = Vec::new();
        while missing.contains(&true) {
            let worker = self.means.hub.receive(&mut message, self.means.order.deadline)?;
            match message.first() {
                Some(&wire::REPLIES) if missing[worker] => missing[worker] = false,
                // Without a barrier workers report ready while work is under way.
                Some(&wire::READY) => {
                    self.means.crew.note_ready(worker);
                    continue;
                }
                Some(&wire::ERROR) => return Err(reported(&message)),
                _ => return Err(Damaged.into()),
            }
            self.take_replies(iteration, worker, &message[1..], ran)?;
        }
        Ok(())
    }

    fn take_replies(
        &mut self,
        iteration: u64,
        worker: usize,
        message: &[u8],
        ran: &mut Measurement,
    ) -> Result<(), Stop> {
        let brief = &self.means.order.brief;
        self.answered[worker] = if brief.profiling() { monotonic() } else { 0 };
        let (mut cursor, mut took) = (Cursor::new(message), Vec::new());
        let first = iteration * self.replies.len() as u64;
        for part in self.parts[worker].clone() {
            let reply = wire::take_reply(&mut cursor)?;
            if reply.item != first + part {
                let text = format!("a result for item {} instead of {}", reply.item, first + part);
                return Err(RunError::Protocol(text).into());
            }
            ran.done += 1;
            ran.digest = ran.digest.wrapping_add(item_digest(reply.item, reply.seen, digest(reply.bytes)));
            if brief.trace {
                took.push(reply.service);
            }
            if let Some(clocked) = &mut ran.times {
                clocked.add(reply.service, self.answered[worker] - self.handed[worker]);
            }
            let part = part as usize;
            self.replies[part].clear();
            self.replies[part].extend_from_slice(reply.bytes);
            for _ in 0..reply.yielded {
                self.sent[part].push(wire::block_letter(cursor.block()?)?);
            }
        }
        self.means.crew.trace.tell(worker, &took);
        if cursor.is_empty() { Ok(()) } else { Err(Damaged.into()) }
    }
}
