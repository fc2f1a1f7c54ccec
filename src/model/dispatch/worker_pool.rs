//! The processes of one run of `processes`: how they are started, counted and ended.

use std::sync::Arc;
use std::time::Duration;

use crate::ipc::{ConnectInfo, DeathNotifier, Table};
use crate::model::dispatch::child::{Ended, Started, watch};
use crate::model::dispatch::spawner::Spawner;
use crate::model::dispatch::wire::Report;
use crate::model::error::{Stop, system};
use crate::model::probe::clock::monotonic;
use crate::model::probe::memory::Others;
use crate::model::probe::trace::Trace;
use crate::model::spec::RunContext;
use crate::model::worker::parent_memory::ParentMemory;
use crate::record::{EventKind, ItemTimes, Measurement, Phase, RunError, Usage};
use crate::setting::{Method, Wait};

/// How long a worker may take to end after it has sent its report.
const FAREWELL: Duration = Duration::from_secs(5);
/// CPU time in nanoseconds by which a worker's own report may exceed what `wait4` says, for the grain of both clocks.
const CPU_GRAIN: u64 = 10_000_000;

/// The processes of one run. Dropping the lifeline ends those that are left.
pub struct WorkerPool<'a> {
    starter: Spawner<'a>,
    _lifeline: std::os::fd::OwnedFd,
    /// By place; none where one died and nobody took its place.
    workers: Vec<Option<Started>>,
    manager: Option<Started>,
    /// What the manager had used at the last edge.
    manager_before: Usage,
    /// What happened so far.
    pub trace: Trace,
    /// When workers were told to end, on the monotonic clock.
    pub told: u64,
}

impl<'a> WorkerPool<'a> {
    /// Nobody yet.
    pub fn new(
        order: &'a RunContext<'a>,
        parent: &'a ParentMemory,
        method: Method,
        wait: Wait,
    ) -> Result<Self, RunError> {
        // The end that children inherit as standard input; the other end stays here.
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(system("a lifeline"))?;
        Ok(Self {
            starter: Spawner::new(order, parent, method, wait, read),
            _lifeline: write,
            workers: Vec::new(),
            manager: None,
            manager_before: Usage::default(),
            trace: Trace::new(&order.brief, monotonic()),
            told: 0,
        })
    }

    /// Starts whatever makes workers, the manager, where there is one, and all workers.
    pub fn start(&mut self, manager: Option<ConnectInfo>, workers: Vec<ConnectInfo>) -> Result<(), Stop> {
        self.starter.prepare()?;
        if let Some(ticket) = manager {
            self.manager = Some(self.starter.manager(&ticket)?);
        }
        for ticket in workers {
            self.workers.push(Some(self.starter.worker(&ticket)?));
        }
        self.starter.all_started();
        Ok(())
    }

    /// Starts a worker in the place of one that died.
    pub fn replace(
        &mut self,
        worker: usize,
        ticket: &ConnectInfo,
        obituary: Option<Arc<dyn DeathNotifier>>,
    ) -> Result<(), Stop> {
        let started = self.starter.worker(ticket)?;
        let handle = started.handle()?;
        self.workers[worker] = Some(started);
        watch(vec![(worker, handle)], obituary, None);
        Ok(())
    }

    /// Has the workers watched.
    pub fn watch(&self, obituary: Option<Arc<dyn DeathNotifier>>, table: Option<Arc<Table>>) -> Result<(), Stop> {
        let handle = |(at, started): (usize, &Option<Started>)| started.as_ref().map(|s| Ok((at, s.handle()?)));
        let handles: Result<_, RunError> = self.workers.iter().enumerate().filter_map(handle).collect();
        watch(handles?, obituary, table);
        Ok(())
    }

    /// The places that have a worker.
    pub fn places(&self) -> Vec<usize> {
        (0..self.workers.len()).filter(|worker| self.workers[*worker].is_some()).collect()
    }

    /// Notes that a worker has said that it is ready.
    pub fn note_ready(&mut self, worker: usize) {
        if let Some(Some(started)) = self.workers.get_mut(worker).filter(|s| s.as_ref().is_some_and(|s| s.ready == 0)) {
            started.ready = monotonic();
        }
    }

    /// Takes a dead worker out of its place, and says what it used and why it died.
    pub fn bury(&mut self, worker: usize) -> Result<(Usage, RunError), RunError> {
        let noticed = monotonic();
        let Some(started) = self.workers.get_mut(worker).and_then(Option::take) else {
            return Ok((Usage::default(), RunError::WorkerDied { cause: "it ended".into() }));
        };
        let Ended { usage, cause, asked, ready, at } = started.reap_gone()?;
        self.trace.life(worker, asked, ready, at, true);
        self.trace.believe(worker);
        self.trace.event(worker, EventKind::Crash, noticed, at);
        Ok((usage, RunError::WorkerDied { cause }))
    }

    /// Why a worker is gone.
    pub fn cause_of(&mut self, worker: usize) -> RunError {
        self.bury(worker).map_or_else(|trouble| trouble, |(_, cause)| cause)
    }

    /// The processes as those who read their memory name them.
    pub fn others(&self) -> Others {
        let helpers = self.manager.iter().map(Started::id).chain(self.starter.nursery.iter().map(|n| n.id()));
        Others { workers: self.workers.iter().flatten().map(Started::id).collect(), helpers: helpers.collect() }
    }

    /// Adds what the manager process used since the last edge, given what it has used in all.
    pub fn manager_edge(&mut self, now: Option<Usage>, phase: &mut Phase) {
        if let Some(now) = now {
            phase.usage += now.since(self.manager_before);
            self.manager_before = now;
        }
    }

    /// Waits for all processes to end, and adds what they used.
    pub fn join(&mut self, reports: &[Option<Report>], ran: &mut Measurement) {
        let nothing = Report::default();
        for (worker, report) in reports.iter().enumerate() {
            let Some(started) = self.workers.get_mut(worker).and_then(Option::take) else { continue };
            let report = report.as_ref().unwrap_or(&nothing);
            if !started.ended_within(FAREWELL) {
                started.kill();
            }
            let Ended { usage: life, asked, ready, at, .. } = started.reap();
            self.trace.life(worker, asked, ready, at, false);
            self.trace.event(worker, EventKind::Join, self.told, at);
            let told = report.start + report.work;
            let rest = life.since(told);
            ran.cpu_mismatch |= told.cpu() > life.cpu() + CPU_GRAIN;
            for (phase, usage) in ran.phases.iter_mut().zip([report.start, report.work, rest]) {
                phase.usage += usage;
            }
            self.take_report(worker, report, ran);
        }
        // The manager ends when the dispatcher's connection does.
        if let Some(manager) = self.manager.take() {
            if !manager.ended_within(FAREWELL) {
                manager.kill();
            }
            ran.phases[2].usage += manager.reap().usage.since(self.manager_before);
        }
        if let Some(nursery) = self.starter.nursery.take() {
            ran.phases[0].usage += nursery.end().usage;
        }
    }

    /// Adds what a worker said of its items.
    fn take_report(&mut self, worker: usize, report: &Report, ran: &mut Measurement) {
        ran.first_item = ran.first_item.max(report.first_item);
        ran.details.warm_up = ran.details.warm_up.max(report.warm_up);
        if let Some(used) = report.lock {
            ran.details.lock = Some(ran.details.lock.unwrap_or_default().plus(used));
        }
        ran.details.seen.extend(report.seen);
        report.items.iter().for_each(|(start, end)| self.trace.event(worker, EventKind::Item, *start, *end));
        self.trace.left_out += report.left_out;
        if !report.service.is_empty() {
            let clocked = ran.times.get_or_insert_with(ItemTimes::default);
            for (value, count) in &report.service {
                clocked.service.saturating_record_n(*value, *count);
                // In a table an item is handed over by being claimed.
                clocked.response.saturating_record_n(*value, *count);
            }
        }
    }

    /// Ends and reaps whatever is left after trouble, and leaves what happened.
    pub fn dismiss(mut self, ran: &mut Measurement) {
        for (worker, started) in self.workers.iter_mut().enumerate() {
            if let Some(started) = started.take() {
                started.kill();
                let Ended { asked, ready, at, .. } = started.reap();
                self.trace.life(worker, asked, ready, at, false);
                self.trace.believe(worker);
            }
        }
        if let Some(manager) = self.manager.take() {
            manager.kill();
            manager.reap();
        }
        if let Some(nursery) = self.starter.nursery.take() {
            nursery.end();
        }
        self.trace.into_measurement(ran);
    }
}
