//! The dispatcher of `stream`: hands chunks to workers on demand, so many in flight, and adds up the replies.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use crate::ipc::{DispatcherEnd, IpcError};
use crate::model::dispatch::retry_ledger::{Held, RetryLedger};
use crate::model::dispatch::wire::{self, Cursor};
use crate::model::dispatch::worker_pool::WorkerPool;
use crate::model::error::Damaged;
use crate::model::error::{Stop, reported};
use crate::model::harness::{PreparedJob, Run};
use crate::model::probe::clock::monotonic;
use crate::model::spec::RunContext;
use crate::model::worker::arrivals::{Arrivals, sleep_exactly};
use crate::model::worker::item_ids::ItemIds;
use crate::model::worker::request_source::RequestSource;
use crate::record::{ItemTimes, Measurement, RunError};
use crate::setting::OnCrash;
use crate::task::{Consumer, Context, Made, digest, item_digest};

/// Which items are done. First items are numbered from 0, so that a bit each suffices; yielded ones are a set.
struct Done {
    first: Vec<u64>,
    yielded: HashSet<u64>,
}

impl Done {
    fn new(items: u64) -> Self {
        Self { first: vec![0; items.div_ceil(64) as usize], yielded: HashSet::new() }
    }

    /// Marks an item; says whether it was new, or `None` for a number that no item has.
    #[inline]
    fn mark(&mut self, item: u64) -> Option<bool> {
        if item >> 63 == 1 {
            return Some(self.yielded.insert(item));
        }
        let (word, bit) = ((item / 64) as usize, 1u64 << (item % 64));
        let word = self.first.get_mut(word)?;
        let new = *word & bit == 0;
        *word |= bit;
        Some(new)
    }
}

/// What a run is dispatched over.
pub struct DispatchContext<'a, 'b, 'c> {
    pub hub: &'a mut dyn DispatcherEnd,
    pub feed: &'a mut RequestSource<'b>,
    pub order: &'a RunContext<'a>,
    pub crew: &'a mut WorkerPool<'c>,
    /// Writes what a worker in the place of another is to be told.
    pub job: &'a dyn Fn(usize) -> Result<Vec<u8>, Stop>,
}

/// The dispatching of one run.
pub struct StreamDispatcher<'a, 'b, 'c> {
    means: DispatchContext<'a, 'b, 'c>,
    /// What is in flight, where the run goes on after a crash.
    rescue: Option<RetryLedger>,
    /// Whether a worker was lost and not replaced, by worker.
    gone: Vec<bool>,
    next: u64,
    found: VecDeque<(u64, Vec<u8>)>,
    done: Done,
    open: Vec<u32>,
    /// Items that are out and not back.
    out: u64,
    message: Vec<u8>,
    ids: ItemIds,
    /// When items come, where they have a rate, and how late replies were.
    arrivals: Option<&'a Arrivals>,
    late: Vec<u64>,
    /// Who takes all replies, where somebody does, and what it runs under.
    consumer: Option<(Box<dyn Consumer>, Context<'a>)>,
    /// When each chunk in flight was handed over, by worker; replies of a worker come in order.
    handed: Vec<VecDeque<u64>>,
    /// Since when each worker has had nothing while others might still find items; profiling runs only.
    starved: Vec<Option<u64>>,
    /// Nanoseconds of such waits that ended with an item, by worker.
    waited: Vec<u64>,
}

impl<'a, 'b, 'c> StreamDispatcher<'a, 'b, 'c> {
    /// The dispatching of a job's items.
    ///
    /// # Errors
    /// What the job says.
    pub fn new(means: DispatchContext<'a, 'b, 'c>, job: &'a PreparedJob<'a>) -> Result<Self, Stop> {
        let brief = &means.order.brief;
        let (workers, items) = (brief.workers(), brief.items);
        let consumer = job.job.consumer()?;
        Ok(Self {
            ids: ItemIds::new(job.topology, job.job.as_ref(), items),
            arrivals: job.arrivals.as_ref(),
            late: Vec::new(),
            consumer: consumer.map(|consumer| (consumer, Context::native())),
            rescue: RetryLedger::new(brief),
            gone: vec![false; workers],
            means,
            next: 0,
            found: VecDeque::new(),
            done: Done::new(items),
            open: vec![0; workers],
            out: 0,
            message: Vec::new(),
            handed: vec![VecDeque::new(); workers],
            starved: vec![None; workers],
            waited: vec![0; workers],
        })
    }

    /// Runs all items, from the first hand-over to the last reply. Gives the nanoseconds that each worker waited for items
    /// which others were yet to find; zeros unless the run is a profiling run.
    pub fn run(mut self, run: &mut Run<'_>) -> Result<Vec<u64>, Stop> {
        let ran = &mut *run.measured;
        let in_flight = self.in_flight();
        if self.means.order.brief.profiling() {
            ran.times = Some(ItemTimes::default());
        }
        if let Some(arrivals) = self.arrivals {
            sleep_exactly();
            arrivals.begin();
        }
        for _ in 0..in_flight {
            for worker in 0..self.open.len() {
                self.hand_over(worker, ran)?;
            }
        }
        self.note_starved();
        let mut message = Vec::new();
        while self.out > 0 || self.are_coming() {
            let worker = match self.means.hub.receive(&mut message, self.until()) {
                Err(IpcError::Deadline) if Instant::now() < self.means.order.deadline => {
                    // The next item has come.
                    self.fill(ran)?;
                    continue;
                }
                Err(IpcError::Gone(worker)) if self.rescue.is_some() => {
                    self.lose(worker, ran)?;
                    self.fill(ran)?;
                    continue;
                }
                other => other?,
            };
            match message.first() {
                Some(&wire::REPLIES) => self.take_replies(worker, &message, ran)?,
                // Without a barrier workers report ready while work is under way.
                Some(&wire::READY) => {
                    self.means.crew.note_ready(worker);
                    continue;
                }
                Some(&wire::ERROR) => return Err(reported(&message)),
                _ => return Err(Damaged.into()),
            }
            self.open[worker] -= 1;
            self.fill(ran)?;
        }
        run.late.append(&mut self.late);
        if let Some((consumer, context)) = &mut self.consumer {
            consumer.finish(context)?;
        }
        // Where everything was done after all, there is no trouble.
        ran.trouble = self.rescue.and_then(RetryLedger::cause).filter(|_| ran.done < ran.known);
        Ok(self.waited)
    }

    fn in_flight(&self) -> u32 {
        self.means.order.brief.config.in_flight.unwrap_or(1).max(1)
    }

    /// Hands out as much as may be in flight.
    fn fill(&mut self, ran: &mut Measurement) -> Result<(), Stop> {
        let in_flight = self.in_flight();
        if self.arrivals.is_some() {
            // What comes goes to whoever has least to do.
            while let Some(worker) = (0..self.open.len()).filter(|w| !self.gone[*w]).min_by_key(|w| self.open[*w])
                && self.open[worker] < in_flight
                && self.hand_over(worker, ran)?
            {}
            return Ok(());
        }
        for worker in 0..self.open.len() {
            while self.open[worker] < in_flight && self.hand_over(worker, ran)? {}
        }
        self.note_starved();
        Ok(())
    }

    /// Whether items are yet to come.
    fn are_coming(&self) -> bool {
        let left = self.next < self.means.order.brief.items && !self.gone.iter().all(|gone| *gone);
        self.arrivals.is_some() && left
    }

    /// Whether the next item has come.
    fn has_come(&self) -> bool {
        self.arrivals.is_none_or(|arrivals| arrivals.has_come(self.next))
    }

    /// Until when to wait for a message: the end of the run, or until the next item comes that somebody is free for.
    fn until(&self) -> Instant {
        let deadline = self.means.order.deadline;
        let free = (0..self.open.len()).any(|worker| !self.gone[worker] && self.open[worker] < self.in_flight());
        match self.arrivals.filter(|_| free && self.are_coming()) {
            Some(arrivals) => {
                let wait = arrivals.due(self.next).saturating_sub(monotonic());
                deadline.min(Instant::now() + Duration::from_nanos(wait))
            }
            None => deadline,
        }
    }

    /// Deals with a worker's death: another takes its place, or the others go on without it.
    fn lose(&mut self, worker: usize, ran: &mut Measurement) -> Result<(), Stop> {
        let noticed = monotonic();
        let (used, cause) = self.means.crew.bury(worker)?;
        ran.phases[1].usage += used;
        self.open[worker] = 0;
        self.handed[worker].clear();
        let Some(rescue) = &mut self.rescue else { return Ok(()) };
        self.out -= rescue.lose(worker, cause, noticed);
        if rescue.answer != OnCrash::Restart {
            self.gone[worker] = true;
            return Ok(());
        }
        let DispatchContext { hub, order, crew, job, .. } = &mut self.means;
        let ticket = hub.replace(worker)?;
        crew.replace(worker, &ticket, hub.obituary())?;
        drop(ticket);
        hub.accept(order.deadline)?;
        match hub.send(worker, &job(worker)?) {
            // It will be told like the first.
            Ok(()) | Err(IpcError::Gone(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Notes which workers have nothing to do from now on, in profiling runs.
    fn note_starved(&mut self) {
        if self.means.order.brief.profiling() {
            for (since, _) in self.starved.iter_mut().zip(&self.open).filter(|(_, open)| **open == 0) {
                *since = since.or_else(|| Some(monotonic()));
            }
        }
    }

    /// Hands the next chunk to a worker; says whether there was one.
    fn hand_over(&mut self, worker: usize, ran: &mut Measurement) -> Result<bool, Stop> {
        if self.rescue.is_some() {
            return self.hand_over_noted(worker, ran);
        }
        let (items, chunk) = (self.means.order.brief.items, self.means.order.brief.chunk());
        let mut count = 0;
        self.message.clear();
        self.message.push(wire::ITEMS);
        while count < chunk {
            if let Some((item, request)) = self.found.pop_front() {
                wire::put_item(&mut self.message, item, &request);
            } else if self.next < items && self.has_come() {
                wire::put_item(&mut self.message, self.next, self.means.feed.get(self.next));
                self.next += 1;
            } else {
                break;
            }
            count += 1;
        }
        self.send(worker, count)
    }

    /// The same where the run goes on after a crash: what is handed over is noted, and what came back from the dead goes
    /// first.
    fn hand_over_noted(&mut self, worker: usize, ran: &mut Measurement) -> Result<bool, Stop> {
        let (items, chunk) = (self.means.order.brief.items, self.means.order.brief.chunk());
        let Some(rescue) = self.rescue.as_mut().filter(|_| !self.gone[worker]) else { return Ok(false) };
        let mut held: Vec<Held> = rescue.next().into_iter().collect();
        ran.details.retried += held.len() as u64;
        let most = if held.is_empty() { chunk } else { 1 };
        while (held.len() as u64) < most {
            if let Some((item, request)) = self.found.pop_front() {
                held.push((item, Some(request)));
            } else if self.next < items && self.arrivals.is_none_or(|arrivals| arrivals.has_come(self.next)) {
                held.push((self.next, None));
                self.next += 1;
            } else {
                break;
            }
        }
        self.message.clear();
        self.message.push(wire::ITEMS);
        for (item, request) in &held {
            let request = request.as_deref().unwrap_or_else(|| self.means.feed.get(*item));
            wire::put_item(&mut self.message, *item, request);
        }
        let count = held.len() as u64;
        if count > 0 {
            rescue.handed(worker, held);
        }
        self.send(worker, count)
    }

    /// Sends the message of so many items; says whether there were any.
    fn send(&mut self, worker: usize, count: u64) -> Result<bool, Stop> {
        if count == 0 {
            return Ok(false);
        }
        if self.means.order.brief.profiling() {
            let now = monotonic();
            self.handed[worker].push_back(now);
            self.waited[worker] += self.starved[worker].take().map_or(0, |since| now - since);
        }
        match self.means.hub.send(worker, &self.message) {
            // What the worker sent before it died comes first, and then the news of its death.
            Ok(()) | Err(IpcError::Gone(_)) => {}
            Err(error) => return Err(error.into()),
        }
        self.open[worker] += 1;
        self.out += count;
        Ok(true)
    }

    fn take_replies(&mut self, worker: usize, message: &[u8], ran: &mut Measurement) -> Result<(), Stop> {
        if self.open[worker] == 0 {
            return Err(RunError::Protocol("results that were not requested".into()).into());
        }
        if let Some(rescue) = &mut self.rescue
            && let Some(took) = rescue.replied(worker, monotonic())
        {
            ran.details.recovered = took;
        }
        let response = self.handed[worker].pop_front().map(|handed| monotonic() - handed);
        let mut cursor = Cursor::new(&message[1..]);
        let mut took = Vec::new();
        while !cursor.is_empty() {
            let reply = wire::take_reply(&mut cursor)?;
            let item = reply.item;
            if self.means.order.brief.trace {
                took.push(reply.service);
            }
            let Some(new) = self.done.mark(item) else {
                return Err(RunError::Protocol(format!("a result for item {item}, which does not exist")).into());
            };
            if !new {
                ran.details.duplicated += 1;
                continue;
            }
            ran.done += 1;
            self.out = self.out.saturating_sub(1);
            self.late.extend(self.arrivals.map(|arrivals| arrivals.late(item)));
            ran.digest = ran.digest.wrapping_add(item_digest(item, reply.seen, digest(reply.bytes)));
            for ordinal in 0..u64::from(reply.yielded) {
                let request = cursor.block()?;
                if let Some(name) = self.ids.name(item, ordinal, request) {
                    self.found.push_back((name, request.to_vec()));
                    ran.known += 1;
                }
            }
            if let Some((consumer, context)) = &mut self.consumer {
                let made = Made { producer: worker, turn: item, reply: reply.bytes };
                consumer.take(&made, context)?;
            }
            if let (Some(clocked), Some(response)) = (&mut ran.times, response) {
                clocked.add(reply.service, response);
            }
        }
        self.means.crew.trace.tell(worker, &took);
        Ok(())
    }
}
