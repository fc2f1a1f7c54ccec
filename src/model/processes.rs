//! `processes`: this program again as workers, fed over an IPC method.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::affinity::{dispatcher_core, pin, usable_cores, worker_core};
use super::bench::RequestSource;
use super::circuit::IterationDispatcher;
use super::crew::WorkerPool;
use super::glance::{GlobalProbe, look_again};
use super::iterations::iterations_of;
use super::memory::MemorySampler;
use super::parent::Parent;
use super::run::{PhaseTimer, RunContext};
use super::stint::{WorkerTimes, monotonic};
use super::stream::{DispatchContext, Stop, StreamDispatcher, reported};
use super::wire::{self, Damaged, JobMessage, Report};
use crate::ipc::{self, DispatcherEnd, IpcError, Table};
use crate::record::{Measurement, Usage};
use crate::setting::{Dispatch, Method, Wait};
use crate::task::Job;

/// How long to look for what a worker said before it ended.
const LAST_WORDS: Duration = Duration::from_millis(100);

pub(super) fn run(order: &RunContext<'_>) -> Measurement {
    let mut ran = Measurement { known: order.brief.items, ..Measurement::default() };
    let parent = Parent::hold(&order.brief);
    let method = order.brief.config.ipc.unwrap_or(Method::Pipe);
    let wait = order.brief.config.wait.unwrap_or(Wait::Sleep);
    let worked = WorkerPool::new(order, &parent, method, wait).and_then(|mut crew| {
        let worked = work(order, &mut crew, &mut ran);
        let worked = worked.map_err(|stop| match stop {
            Stop::Gone(worker) => Stop::RunError(crew.cause_of(worker)),
            Stop::RunError(_) => stop,
        });
        crew.dismiss(&mut ran);
        worked
    });
    if let Err(Stop::RunError(trouble)) = worked {
        ran.trouble = Some(trouble);
    }
    ran
}

/// The hub and what goes with it.
struct WorkerLinks<'a> {
    hub: Box<dyn DispatcherEnd>,
    table: Option<Arc<Table>>,
    order: &'a RunContext<'a>,
    /// The cores that may be used, as they were before the dispatcher pinned itself.
    cores: Vec<usize>,
}

fn work(order: &RunContext<'_>, crew: &mut WorkerPool<'_>, ran: &mut Measurement) -> Result<(), Stop> {
    let brief = &order.brief;
    let job = brief.job(order.tasks).map_err(Stop::RunError)?;
    let requests = RequestSource::prepare(job.as_ref(), brief.items);
    let mut feed = RequestSource::new(job.as_ref(), &requests);
    let glance = GlobalProbe::of_main(job.as_ref());
    let mut edges = PhaseTimer::start();
    crew.trace.begin();
    let mut links = connect(order, crew, job.as_ref(), &requests)?;
    let driven = drive(job.as_ref(), &mut links, &mut feed, crew, &mut edges, ran);
    let reports = driven.map_err(|stop| links.last_words(stop))?;
    drop(links);
    crew.join(&reports, ran);
    edges.edge_alone(ran);
    look_again(glance, job.as_ref(), ran);
    Ok(())
}

/// From the first message to the workers' reports; none of those that died.
fn drive(
    job: &dyn Job,
    links: &mut WorkerLinks<'_>,
    feed: &mut RequestSource<'_>,
    crew: &mut WorkerPool<'_>,
    edges: &mut PhaseTimer,
    ran: &mut Measurement,
) -> Result<Vec<Option<Report>>, Stop> {
    links.brief_all(crew)?;
    if links.order.brief.warm() {
        links.warm_up(feed, crew)?;
        links.barrier(crew)?;
    }
    let scale = MemorySampler::before(&links.order.brief, &crew.others());
    edges.edge_alone(ran);
    crew.manager_edge(links.manager_usage()?, &mut ran.phases[0]);

    let waited = match links.table.clone() {
        Some(table) => links.run_table(&table, ran)?,
        None => links.run_stream(job, feed, crew, ran)?,
    };
    let end = edges.edge_alone(ran);
    crew.manager_edge(links.manager_usage()?, &mut ran.phases[1]);
    ran.memory = scale.after(&crew.others());

    let reports = links.finish(crew)?;
    crew.manager_edge(links.manager_usage()?, &mut ran.phases[2]);
    let stint = |report: &Option<Report>| report.as_ref().and_then(|report| report.stint).unwrap_or_default();
    let told = reports.iter().zip(waited);
    let stints: Vec<WorkerTimes> = told.map(|(report, waited)| WorkerTimes { waited, ..stint(report) }).collect();
    ran.split_work(&links.order.brief, &stints, end);
    Ok(reports)
}

/// Creates the connections and starts the processes.
fn connect<'a>(
    order: &'a RunContext<'a>,
    crew: &mut WorkerPool<'_>,
    job: &dyn Job,
    requests: &ipc::Requests,
) -> Result<WorkerLinks<'a>, Stop> {
    let brief = &order.brief;
    let method = brief.config.ipc.unwrap_or(Method::Pipe);
    let wait = brief.config.wait.unwrap_or(Wait::Sleep);
    let (request, reply) = job.sizes();
    let largest = (request.max(reply) + 64) * brief.chunk() as usize;
    let (mut hub, tickets) = ipc::hub(method, brief.workers(), wait, largest, &order.prefix)?;
    let table = match brief.config.dispatch {
        Some(Dispatch::Claim) => Some(Arc::new(Table::create(&order.prefix, brief.workers(), requests)?)),
        _ => None,
    };
    crew.start(hub.server(), tickets)?;
    crew.watch(hub.obituary(), table.clone())?;
    hub.accept(order.deadline)?;
    let cores = usable_cores();
    pin(dispatcher_core(brief.affinity(), &cores));
    Ok(WorkerLinks { hub, table, order, cores })
}

/// What a worker is told to do.
fn job_message(order: &RunContext<'_>, cores: &[usize], worker: usize, table: Option<&Table>) -> Result<Vec<u8>, Stop> {
    let brief = &order.brief;
    let message = JobMessage {
        brief: brief.clone(),
        worker,
        core: worker_core(brief.affinity(), cores, worker, true),
        table: table.map(|table| table.name().to_owned()),
    };
    let text = serde_json::to_vec(&message).map_err(|_| Damaged)?;
    Ok([&[wire::JOB], &text[..]].concat())
}

impl WorkerLinks<'_> {
    /// Tells every worker what to do, and waits until all are ready, unless there is no barrier.
    fn brief_all(&mut self, crew: &mut WorkerPool<'_>) -> Result<(), Stop> {
        let brief = &self.order.brief;
        for worker in 0..brief.workers() {
            let message = job_message(self.order, &self.cores, worker, self.table.as_deref())?;
            self.hub.send(worker, &message)?;
        }
        if brief.warm() || self.table.is_some() {
            self.gather(wire::READY, crew)?;
            self.hub.connected();
            if let Some(table) = &self.table {
                table.unlink();
            }
            if !brief.warm() {
                self.barrier(crew)?;
            }
        }
        Ok(())
    }

    /// Waits for one message of this kind from every worker.
    fn gather(&mut self, kind: u8, crew: &mut WorkerPool<'_>) -> Result<Vec<Vec<u8>>, Stop> {
        let workers = self.order.brief.workers();
        let mut messages = vec![Vec::new(); workers];
        let (mut missing, mut message) = (workers, Vec::new());
        while missing > 0 {
            let worker = self.hub.receive(&mut message, self.order.deadline)?;
            if message.first() == Some(&wire::READY) {
                crew.note_ready(worker);
            }
            match message.first() {
                Some(found) if *found == kind && messages[worker].is_empty() => {
                    messages[worker] = std::mem::take(&mut message);
                    missing -= 1;
                }
                // Without a barrier a worker may say that it is ready when others have done all the work.
                Some(&wire::READY) if !self.order.brief.warm() => {}
                Some(&wire::ERROR) => return Err(reported(&message)),
                _ => return Err(Damaged.into()),
            }
        }
        Ok(messages)
    }

    /// One chunk per worker, unrecorded.
    fn warm_up(&mut self, feed: &mut RequestSource<'_>, crew: &mut WorkerPool<'_>) -> Result<(), Stop> {
        let brief = &self.order.brief;
        let mut message = vec![wire::WARM];
        for item in 0..brief.chunk().min(brief.items) {
            // The first items again: what is warmed is the way and the code, not the data.
            wire::put_item(&mut message, item, feed.get(item));
        }
        for worker in 0..brief.workers() {
            self.hub.send(worker, &message)?;
        }
        self.gather(wire::WARM, crew).map(|_| ())
    }

    fn barrier(&mut self, crew: &mut WorkerPool<'_>) -> Result<(), Stop> {
        for worker in 0..self.order.brief.workers() {
            self.hub.send(worker, &[wire::GO])?;
        }
        self.gather(wire::STANDING, crew).map(|_| ())
    }

    /// What the manager process has used so far, where there is one.
    fn manager_usage(&mut self) -> Result<Option<Usage>, Stop> {
        Ok(self.hub.server_usage(self.order.deadline)?.map(Usage::from_numbers))
    }

    /// Hands all items out over the hub.
    fn run_stream(
        &mut self,
        job: &dyn Job,
        feed: &mut RequestSource<'_>,
        crew: &mut WorkerPool<'_>,
        ran: &mut Measurement,
    ) -> Result<Vec<u64>, Stop> {
        let Self { hub, order, cores, .. } = self;
        let message = |worker: usize| job_message(order, cores, worker, None);
        let means = DispatchContext { hub: hub.as_mut(), feed, order, crew, job: &message };
        match iterations_of(&order.brief, order.tasks, job).map_err(Stop::RunError)? {
            Some((iterations, parts, count)) => IterationDispatcher::new(means, iterations, parts).run(count, ran),
            None => StreamDispatcher::new(means, job)?.run(ran),
        }
    }

    /// Runs the items of a table, none of which is found by another.
    fn run_table(&mut self, table: &Table, ran: &mut Measurement) -> Result<Vec<u64>, Stop> {
        table.start();
        let waited =
            table.wait_until_finished(self.order.brief.config.wait.unwrap_or(Wait::Sleep), self.order.deadline);
        (ran.done, ran.digest) = table.totals();
        waited?;
        Ok(vec![0; self.order.brief.workers()])
    }

    /// Why a worker is gone. One that failed has said so before it ended: where a send found it gone, or another thread
    /// saw its end first, its message still waits to be read.
    fn last_words(&mut self, stop: Stop) -> Stop {
        let Stop::Gone(gone) = stop else { return stop };
        let (mut message, soon) = (Vec::new(), Instant::now() + LAST_WORDS);
        loop {
            match self.hub.receive(&mut message, soon) {
                Ok(_) if message.first() == Some(&wire::ERROR) => return reported(&message),
                Ok(_) => {}
                Err(IpcError::Gone(worker)) if worker != gone => {}
                Err(error @ IpcError::Protocol(_)) => return error.into(),
                Err(_) => return stop,
            }
        }
    }

    /// Ends the work in every worker and collects what each used. A worker that ends right after its report is not gone.
    fn finish(&mut self, crew: &mut WorkerPool<'_>) -> Result<Vec<Option<Report>>, Stop> {
        let places = crew.places();
        crew.told = monotonic();
        for worker in &places {
            self.hub.send(*worker, &[wire::FINISH])?;
        }
        let mut reports: Vec<Option<Report>> = (0..self.order.brief.workers()).map(|_| None).collect();
        let mut message = Vec::new();
        while places.iter().any(|worker| reports[*worker].is_none()) {
            match self.hub.receive(&mut message, self.order.deadline) {
                Ok(worker) if message.first() == Some(&wire::REPORT) => {
                    reports[worker] = Some(serde_json::from_slice(&message[1..]).map_err(|_| Damaged)?);
                }
                Ok(worker) if message.first() == Some(&wire::READY) => crew.note_ready(worker),
                Ok(_) if message.first() == Some(&wire::ERROR) => return Err(reported(&message)),
                Ok(_) => return Err(Damaged.into()),
                Err(IpcError::Gone(worker)) if reports[worker].is_some() => {}
                Err(IpcError::Gone(worker)) => return Err(Stop::RunError(crew.cause_of(worker))),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(reports)
    }
}
