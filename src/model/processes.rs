//! `processes`: this program again as workers, fed over an IPC method.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::ipc::{self, DispatcherEnd, IpcError, Table};
use crate::model::dispatch::iterations::IterationDispatcher;
use crate::model::dispatch::stream::{DispatchContext, StreamDispatcher};
use crate::model::dispatch::wire::{self, JobMessage, Report};
use crate::model::dispatch::worker_pool::WorkerPool;
use crate::model::error::{Damaged, Stop, reported};
use crate::model::harness::{PreparedJob, Run};
use crate::model::probe::clock::monotonic;
use crate::model::spec::JobSpec;
use crate::model::worker::affinity::{dispatcher_core, pin, usable_cores, worker_core};
use crate::model::worker::iterations::iterations_of;
use crate::model::worker::request_source::RequestSource;
use crate::record::{Measurement, RunError, Usage, WorkerTimes};
use crate::setting::{Dispatch, Method, Wait};

/// How long to look for what a worker said before it ended.
const LAST_WORDS: Duration = Duration::from_millis(100);

pub fn run(job: &PreparedJob<'_>, run: &mut Run<'_>) -> Result<(), RunError> {
    let config = &job.spec.config;
    let (method, wait) = (config.ipc.unwrap_or(Method::Pipe), config.wait.unwrap_or(Wait::Sleep));
    let mut crew = WorkerPool::new(job.context, &job.parent, method, wait)?;
    let worked = work(job, &mut crew, run).or_else(|stop| stop.outcome(|worker| crew.cause_of(worker)));
    crew.dismiss(run.measured);
    worked
}

/// The hub and what goes with it.
struct WorkerLinks<'a> {
    hub: Box<dyn DispatcherEnd>,
    table: Option<Arc<Table>>,
    job: &'a PreparedJob<'a>,
    /// The cores that may be used, as they were before the dispatcher pinned itself.
    cores: Vec<usize>,
}

fn work(job: &PreparedJob<'_>, crew: &mut WorkerPool<'_>, run: &mut Run<'_>) -> Result<(), Stop> {
    let mut source = job.source();
    run.begin();
    // Workers say themselves what they used.
    run.leave_children_out();
    crew.trace.since(run.began());
    let mut links = connect(job, crew)?;
    let reports = drive(&mut links, &mut source, crew, run).map_err(|stop| links.last_words(stop))?;
    drop(links);
    crew.join(&reports, run.measured);
    run.end_join();
    Ok(())
}

/// From the first message to the workers' reports; none of those that died.
fn drive(
    links: &mut WorkerLinks<'_>,
    source: &mut RequestSource<'_>,
    crew: &mut WorkerPool<'_>,
    run: &mut Run<'_>,
) -> Result<Vec<Option<Report>>, Stop> {
    links.brief_all(crew)?;
    if links.job.spec.warm() {
        links.warm_up(source, crew)?;
        links.barrier(crew)?;
    }
    run.begin_work(&crew.others());
    crew.manager_edge(links.manager_usage()?, &mut run.measured.phases[0]);

    let waited = match links.table.clone() {
        Some(table) => links.run_table(&table, run.measured)?,
        None => links.run_stream(source, crew, run)?,
    };
    run.end_work(&crew.others());
    crew.manager_edge(links.manager_usage()?, &mut run.measured.phases[1]);

    let reports = links.finish(crew)?;
    crew.manager_edge(links.manager_usage()?, &mut run.measured.phases[2]);
    if links.job.spec.profiling() {
        let times = |report: &Option<Report>| report.as_ref().and_then(|report| report.times).unwrap_or_default();
        let told = reports.iter().zip(waited);
        run.times.extend(told.map(|(report, waited)| WorkerTimes { waited, ..times(report) }));
    }
    Ok(reports)
}

/// Creates the connections and starts the processes.
fn connect<'a>(job: &'a PreparedJob<'a>, crew: &mut WorkerPool<'_>) -> Result<WorkerLinks<'a>, Stop> {
    let (order, brief) = (job.context, job.spec);
    let method = brief.config.ipc.unwrap_or(Method::Pipe);
    let wait = brief.config.wait.unwrap_or(Wait::Sleep);
    let (request, reply) = job.job.sizes();
    let largest = (request.max(reply) + 64) * brief.chunk() as usize;
    let (mut hub, tickets) = ipc::hub(method, brief.workers(), wait, largest, &order.prefix)?;
    let table = match brief.config.dispatch {
        Some(Dispatch::Claim) => Some(Arc::new(Table::create(&order.prefix, brief.workers(), &job.requests)?)),
        _ => None,
    };
    crew.start(hub.server(), tickets)?;
    crew.watch(hub.obituary(), table.clone())?;
    hub.accept(order.deadline)?;
    let cores = usable_cores();
    pin(dispatcher_core(brief.affinity(), &cores));
    Ok(WorkerLinks { hub, table, job, cores })
}

/// What a worker is told to do.
fn job_message(brief: &JobSpec, cores: &[usize], worker: usize, table: Option<&Table>) -> Result<Vec<u8>, Stop> {
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
        let brief = self.job.spec;
        for worker in 0..brief.workers() {
            let message = job_message(brief, &self.cores, worker, self.table.as_deref())?;
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
        let workers = self.job.spec.workers();
        let mut messages = vec![Vec::new(); workers];
        let (mut missing, mut message) = (workers, Vec::new());
        while missing > 0 {
            let worker = self.hub.receive(&mut message, self.job.context.deadline)?;
            if message.first() == Some(&wire::READY) {
                crew.note_ready(worker);
            }
            match message.first() {
                Some(found) if *found == kind && messages[worker].is_empty() => {
                    messages[worker] = std::mem::take(&mut message);
                    missing -= 1;
                }
                // Without a barrier a worker may say that it is ready when others have done all the work.
                Some(&wire::READY) if !self.job.spec.warm() => {}
                Some(&wire::ERROR) => return Err(reported(&message)),
                _ => return Err(Damaged.into()),
            }
        }
        Ok(messages)
    }

    /// One chunk per worker, unrecorded.
    fn warm_up(&mut self, feed: &mut RequestSource<'_>, crew: &mut WorkerPool<'_>) -> Result<(), Stop> {
        let brief = self.job.spec;
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
        for worker in 0..self.job.spec.workers() {
            self.hub.send(worker, &[wire::GO])?;
        }
        self.gather(wire::STANDING, crew).map(|_| ())
    }

    /// What the manager process has used so far, where there is one.
    fn manager_usage(&mut self) -> Result<Option<Usage>, Stop> {
        Ok(self.hub.server_usage(self.job.context.deadline)?.map(Usage::from_numbers))
    }

    /// Hands all items out over the hub.
    fn run_stream(
        &mut self,
        source: &mut RequestSource<'_>,
        crew: &mut WorkerPool<'_>,
        run: &mut Run<'_>,
    ) -> Result<Vec<u64>, Stop> {
        let Self { hub, job, cores, .. } = self;
        let (spec, context) = (job.spec, job.context);
        let message = |worker: usize| job_message(spec, cores, worker, None);
        let means = DispatchContext { hub: hub.as_mut(), feed: source, order: context, crew, job: &message };
        match iterations_of(spec, context.tasks, job.job.as_ref())? {
            Some((iterations, parts, count)) => {
                IterationDispatcher::new(means, iterations, parts).run(count, run.measured)
            }
            None => StreamDispatcher::new(means, job)?.run(run),
        }
    }

    /// Runs the items of a table, none of which is found by another.
    fn run_table(&mut self, table: &Table, ran: &mut Measurement) -> Result<Vec<u64>, Stop> {
        table.start();
        let waited =
            table.wait_until_finished(self.job.spec.config.wait.unwrap_or(Wait::Sleep), self.job.context.deadline);
        (ran.done, ran.digest) = table.totals();
        waited?;
        Ok(vec![0; self.job.spec.workers()])
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
        let mut reports: Vec<Option<Report>> = (0..self.job.spec.workers()).map(|_| None).collect();
        let mut message = Vec::new();
        while places.iter().any(|worker| reports[*worker].is_none()) {
            match self.hub.receive(&mut message, self.job.context.deadline) {
                Ok(worker) if message.first() == Some(&wire::REPORT) => {
                    reports[worker] = Some(serde_json::from_slice(&message[1..]).map_err(|_| Damaged)?);
                }
                Ok(worker) if message.first() == Some(&wire::READY) => crew.note_ready(worker),
                Ok(_) if message.first() == Some(&wire::ERROR) => return Err(reported(&message)),
                Ok(_) => return Err(Damaged.into()),
                Err(IpcError::Gone(worker)) if reports[worker].is_some() => {}
                Err(IpcError::Gone(worker)) => return Err(crew.cause_of(worker).into()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(reports)
    }
}
