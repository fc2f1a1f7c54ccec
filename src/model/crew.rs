//! The processes of one run of `processes`: how they are asked, counted and ended.

use std::os::fd::OwnedFd;
use std::time::Duration;

use super::bench::Clocked;
use super::memory::Others;
use super::run::{PhaseUsage, Ran, Trouble};
use super::stream::Stop;
use super::usage::Usage;
use super::watch::Started;
use super::wire::Report;

/// How long a worker may take to end after it has sent its report.
const FAREWELL: Duration = Duration::from_secs(5);
/// CPU time in nanoseconds by which a worker's own report may exceed what `wait4` says, for the grain of both clocks.
const CPU_GRAIN: u64 = 10_000_000;

/// The processes of one run. Dropping the lifeline ends those that are left.
#[derive(Default)]
pub(super) struct Crew {
    pub(super) workers: Vec<Started>,
    pub(super) manager: Option<Started>,
    lifeline: Option<OwnedFd>,
    /// What the manager had used at the last edge.
    manager_before: Usage,
}

impl Crew {
    /// The end of the lifeline that children inherit as standard input; the other end stays here.
    pub(super) fn lifeline(&mut self) -> Result<OwnedFd, Stop> {
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(system("a lifeline"))?;
        self.lifeline = Some(write);
        Ok(read)
    }

    pub(super) fn cause_of(&mut self, worker: usize) -> Trouble {
        match self.workers.get_mut(worker) {
            Some(started) => {
                let cause = started.cause();
                self.workers.remove(worker);
                cause
            }
            None => Trouble::WorkerDied { cause: "it ended".into() },
        }
    }

    /// The processes as those who read their memory name them.
    pub(super) fn others(&self) -> Others {
        let pid = |started: &Started| started.child.id();
        Others { workers: self.workers.iter().map(pid).collect(), manager: self.manager.as_ref().map(pid) }
    }

    /// Adds what the manager process used since the last edge, given what it has used in all.
    pub(super) fn manager_edge(&mut self, now: Option<Usage>, phase: &mut PhaseUsage) {
        if let Some(now) = now {
            phase.usage = phase.usage.plus(now.since(self.manager_before));
            self.manager_before = now;
        }
    }

    /// Waits for all processes to end, and adds what they used.
    pub(super) fn join(&mut self, reports: &[Report], ran: &mut Ran) {
        for (worker, report) in self.workers.iter_mut().zip(reports) {
            if !worker.ended_within(FAREWELL) {
                let _ = worker.child.kill();
            }
            let (life, _) = worker.reap();
            let told = report.start.plus(report.work);
            let rest = life.since(told);
            ran.cpu_mismatch |= told.cpu() > life.cpu() + CPU_GRAIN;
            for (phase, usage) in ran.phases.iter_mut().zip([report.start, report.work, rest]) {
                phase.usage = phase.usage.plus(usage);
            }
            ran.first_item = ran.first_item.max(report.first_item);
            if let Some(used) = report.lock {
                ran.lock = Some(ran.lock.unwrap_or_default().plus(used));
            }
            if !report.service.is_empty() {
                let clocked = ran.clocked.get_or_insert_with(Clocked::default);
                for (value, count) in &report.service {
                    clocked.service.saturating_record_n(*value, *count);
                    // In a table an item is handed over by being claimed.
                    clocked.turnaround.saturating_record_n(*value, *count);
                }
            }
        }
        self.workers.clear();
        // The manager ends when the dispatcher's connection does.
        if let Some(mut manager) = self.manager.take() {
            if !manager.ended_within(FAREWELL) {
                let _ = manager.child.kill();
            }
            let (life, _) = manager.reap();
            ran.phases[2].usage = ran.phases[2].usage.plus(life.since(self.manager_before));
        }
    }

    /// Ends and reaps whatever is left after trouble.
    pub(super) fn dismiss(&mut self) {
        for mut started in self.workers.drain(..).chain(self.manager.take()) {
            let _ = started.child.kill();
            started.reap();
        }
    }
}

pub(super) fn system(what: &'static str) -> impl FnOnce(rustix::io::Errno) -> Stop {
    move |error| Stop::Trouble(Trouble::Failed(format!("{what}: {error}")))
}
