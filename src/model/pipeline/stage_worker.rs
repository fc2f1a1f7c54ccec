//! A worker process of a pipeline's stage, with the thread of the host that feeds it.
//!
//! Every worker process has a connection and a thread of its own: so whoever has nothing to do takes from the stage's queue,
//! and nobody has to wait for a queue and for a message at once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::ipc::{self, DispatcherEnd, IpcError};
use crate::model::dispatch::wire::{self, Cursor, JobMessage, Report};
use crate::model::dispatch::worker_pool::WorkerPool;
use crate::model::error::Damaged;
use crate::model::error::{Stop, reported};
use crate::model::pipeline::line::{Left, PipelineRun, StageItem};
use crate::model::probe::clock::monotonic;
use crate::model::spec::RunContext;
use crate::model::worker::parent_memory::ParentMemory;
use crate::model::worker::request_source::RequestSource;
use crate::model::worker::trail::{needs_request, passed};
use crate::record::{Event, Life, Measurement, Phase, RunError, Usage};
use crate::setting::{Method, Wait};

/// How long to wait for a reply before looking whether the run was given up elsewhere.
const GLANCE: Duration = Duration::from_millis(50);
/// How long to look for what a worker said before it ended.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// A worker process and the way to it.
pub struct StageWorker<'a> {
    pub crew: WorkerPool<'a>,
    /// Which stage it works in, from 0.
    pub stage: usize,
    hub: Box<dyn DispatcherEnd>,
    order: &'a RunContext<'a>,
    /// Its number among all carriers.
    number: usize,
    /// Its number among the workers of its stage.
    worker: u32,
    message: Vec<u8>,
    /// What it said at its end.
    report: Option<Report>,
}

impl<'a> StageWorker<'a> {
    /// Starts the process. Messages to it and from it have about `largest` bytes at most.
    pub fn hire(
        stage: usize,
        number: usize,
        worker: u32,
        order: &'a RunContext<'a>,
        parent: &'a ParentMemory,
        largest: usize,
    ) -> Result<Self, Stop> {
        let config = &order.brief.config;
        let (method, wait) = (config.ipc.unwrap_or(Method::Pipe), config.wait.unwrap_or(Wait::Sleep));
        let (mut hub, tickets) = ipc::hub(method, 1, wait, largest + 64, &order.prefix)?;
        let mut crew = WorkerPool::new(order, parent, method, wait)?;
        let started = crew
            .start(hub.server(), tickets)
            .and_then(|()| crew.watch(hub.obituary(), None))
            .and_then(|()| Ok(hub.accept(order.deadline)?));
        if let Err(why) = started.or_else(|stop| stop.outcome(|worker| crew.cause_of(worker))) {
            crew.dismiss(&mut Measurement::default());
            return Err(why.into());
        }
        Ok(Self { crew, stage, hub, order, number, worker, message: Vec::new(), report: None })
    }

    /// Tells it what to do.
    pub fn brief(&mut self) -> Result<(), Stop> {
        let brief = self.order.brief.clone();
        let message = JobMessage { brief, worker: self.worker as usize, core: None, table: None };
        let text = serde_json::to_vec(&message).map_err(|_| Damaged)?;
        self.send(&[&[wire::JOB], &text[..]].concat())
    }

    /// Waits until it is ready, and has it run an item unrecorded, after what the stage before replies to it. What a manager used meanwhile is added to `start`.
    pub fn warm_up(
        &mut self,
        feed: &mut RequestSource<'_>,
        input: Option<&[u8]>,
        start: &mut Phase,
    ) -> Result<(), Stop> {
        self.expect(wire::READY)?;
        self.crew.note_ready(0);
        self.hub.connected();
        if self.order.brief.items > 0 {
            let mut message = vec![wire::WARM_STAGE];
            wire::put_stage(&mut message, 0, input, feed.get(0));
            self.send(&message)?;
            self.expect(wire::WARM)?;
        }
        self.send(&[wire::GO])?;
        self.expect(wire::STANDING)?;
        let used = self.server_usage()?;
        self.crew.manager_edge(used, start);
        Ok(())
    }

    /// Tells it that all is done.
    pub fn tell_the_end(&mut self) -> Result<(), Stop> {
        self.crew.told = monotonic();
        self.send(&[wire::FINISH])
    }

    /// Takes its report. What a manager used since the last edge is added to `phase`.
    pub fn take_report(&mut self, phase: &mut Phase) -> Result<(), Stop> {
        self.expect(wire::REPORT)?;
        self.report = Some(serde_json::from_slice(&self.message[1..]).map_err(|_| Damaged)?);
        let used = self.server_usage()?;
        self.crew.manager_edge(used, phase);
        Ok(())
    }

    /// Waits for the end of a process that has made its report, ends another, and adds what either used and how long it
    /// lived, as worker `number` of the run.
    pub fn part(self, number: u32, ran: &mut Measurement) {
        let Self { mut crew, hub, report, .. } = self;
        // A manager ends when this connection does.
        drop(hub);
        let mut part = Measurement::default();
        if report.is_some() {
            crew.join(&[report], &mut part);
        }
        crew.dismiss(&mut part);
        for (phase, own) in ran.phases.iter_mut().zip(part.phases) {
            phase.usage += own.usage;
        }
        ran.first_item = ran.first_item.max(part.first_item);
        ran.details.warm_up = ran.details.warm_up.max(part.details.warm_up);
        ran.cpu_mismatch |= part.cpu_mismatch;
        // The crew has this worker alone, which is its first.
        ran.details.lives.extend(part.details.lives.into_iter().map(|life| Life { worker: number, ..life }));
        ran.events
            .extend(part.events.into_iter().map(|Event(_, kind, start, end)| Event(number + 1, kind, start, end)));
        ran.left_out += part.left_out;
    }

    /// Its number among the workers of its stage.
    pub fn worker(&self) -> u32 {
        self.worker
    }

    fn server_usage(&mut self) -> Result<Option<Usage>, Stop> {
        let used = self.hub.server_usage(self.order.deadline);
        Ok(used.map_err(|error| halt(self.number, error.into()))?.map(Usage::from_numbers))
    }

    fn send(&mut self, message: &[u8]) -> Result<(), Stop> {
        let sent = self.hub.send(0, message);
        sent.map_err(|error| self.last_words(error.into()))
    }

    /// Waits for a message of this kind.
    fn expect(&mut self, kind: u8) -> Result<(), Stop> {
        let received = self.hub.receive(&mut self.message, self.order.deadline);
        received.map_err(|error| self.last_words(error.into()))?;
        self.is(kind)
    }

    fn is(&self, kind: u8) -> Result<(), Stop> {
        match self.message.first() {
            Some(found) if *found == kind => Ok(()),
            Some(&wire::ERROR) => Err(halt(self.number, reported(&self.message))),
            _ => Err(Damaged.into()),
        }
    }

    /// Waits for replies, but not beyond the end of the run elsewhere.
    fn receive(&mut self, line: &PipelineRun<'_>) -> Result<(), Stop> {
        loop {
            let until = self.order.deadline.min(Instant::now() + GLANCE);
            match self.hub.receive(&mut self.message, until) {
                Err(IpcError::Deadline) if line.is_broken() => return Err(Stop::Elsewhere),
                Err(IpcError::Deadline) if Instant::now() < self.order.deadline => {}
                other => {
                    other.map_err(|error| self.last_words(error.into()))?;
                    return self.is(wire::REPLIES);
                }
            }
        }
    }

    /// Why the worker is gone: one that failed has said so before it ended.
    fn last_words(&mut self, stop: Stop) -> Stop {
        let Stop::Gone(_) = stop else { return halt(self.number, stop) };
        let soon = Instant::now() + LAST_WORDS;
        while self.hub.receive(&mut self.message, soon).is_ok() {
            if self.message.first() == Some(&wire::ERROR) {
                return halt(self.number, reported(&self.message));
            }
        }
        halt(self.number, stop)
    }
}

/// Names the worker by its number among all carriers: its own connection has no other.
fn halt(number: usize, stop: Stop) -> Stop {
    if matches!(stop, Stop::Gone(_)) { Stop::Gone(number) } else { stop }
}

/// A wait for room after the stage, in which the worker process may have gone on with what it had.
#[derive(Default)]
struct Held {
    waited: u64,
    /// So many items were out.
    out: usize,
}

impl Held {
    /// An item came back that took so long. Gives how long the worker had nothing to do, once that is known.
    fn came_back(&mut self, service: u64) -> u64 {
        if self.out == 0 {
            return 0;
        }
        self.waited = self.waited.saturating_sub(service);
        self.out -= 1;
        if self.out == 0 { std::mem::take(&mut self.waited) } else { 0 }
    }
}

/// Carries items from the queue before the stage to the worker process, and its replies to the queue after it.
pub fn carry(
    line: &PipelineRun<'_>,
    carrier: &mut StageWorker<'_>,
    feed: &mut RequestSource<'_>,
    left: &mut Left,
) -> Result<(), Stop> {
    let (at, in_flight) = (carrier.stage, carrier.order.brief.config.in_flight.unwrap_or(1).max(1) as usize);
    let needs = needs_request(line.stages[at].job.as_ref(), at);
    let (mut out, mut held, mut message) = (VecDeque::<StageItem>::new(), Held::default(), Vec::new());
    loop {
        while out.len() < in_flight {
            // Only a worker that has nothing to do waits for the queue; else what comes may as well be another's.
            let next = if out.is_empty() { line.next(at, &mut left.times)? } else { line.next_at_once(at) };
            let Some(parcel) = next else { break };
            message.clear();
            message.push(wire::STAGE);
            let request = if needs { feed.get(parcel.item) } else { &[] };
            wire::put_stage(&mut message, parcel.item, (at > 0).then_some(&parcel.bytes), request);
            carrier.send(&message)?;
            out.push_back(parcel);
        }
        if out.is_empty() {
            return Ok(());
        }
        carrier.receive(line)?;
        let mut cursor = Cursor::new(&carrier.message[1..]);
        let reply = wire::take_reply(&mut cursor)?;
        let Some(mut parcel) = out.pop_front().filter(|parcel| parcel.item == reply.item) else {
            return Err(RunError::Protocol(format!("a result for item {}, which was not requested", reply.item)).into());
        };
        parcel.trail = passed(parcel.trail, reply.seen);
        parcel.bytes.clear();
        parcel.bytes.extend_from_slice(reply.bytes);
        parcel.service += reply.service;
        left.times.busy += reply.service;
        left.times.blocked += held.came_back(reply.service);
        let waited = line.pass(at, parcel, left)?;
        if out.is_empty() {
            left.times.blocked += waited;
        } else if waited > 0 {
            held = Held { waited: held.waited + waited, out: out.len() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_went_on_meanwhile_was_not_blocked_for_that_time() {
        let mut held = Held { waited: 10, out: 2 };
        assert_eq!((held.came_back(3), held.came_back(4), held.came_back(5)), (0, 3, 0));
        let mut held = Held { waited: 10, out: 1 };
        assert_eq!(held.came_back(12), 0);
    }
}
