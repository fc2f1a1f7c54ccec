//! How the processes of a run come to be: as a fresh program, as copies of this process, or as copies of a server.

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::process::Stdio;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::Pid;

use crate::ipc::ConnectInfo;
use crate::model::dispatch::child::Started;
use crate::model::dispatch::fork_server::{ForkServer, control, keep_only, serve};
use crate::model::dispatch::worker_process::{be_worker, end_with};
use crate::model::error::Stop;
use crate::model::error::system;
use crate::model::probe::clock::monotonic;
use crate::model::spec::RunContext;
use crate::model::worker::parent_memory::ParentMemory;
use crate::record::RunError;
use crate::reexec;
use crate::setting::{Method, Wait};
use crate::setting::{OnCrash, Start};

/// Starts the processes of one run.
pub struct Spawner<'a> {
    order: &'a RunContext<'a>,
    method: Method,
    wait: &'static str,
    /// Its end tells children that this process is gone; they have it as standard input.
    lifeline: OwnedFd,
    parent: &'a ParentMemory,
    pub nursery: Option<ForkServer>,
    /// Whether this process has one thread still, so that it may be copied.
    alone: bool,
}

impl<'a> Spawner<'a> {
    pub fn new(
        order: &'a RunContext<'a>,
        parent: &'a ParentMemory,
        method: Method,
        wait: Wait,
        lifeline: OwnedFd,
    ) -> Self {
        let wait = if wait == Wait::Spin { "spin" } else { "sleep" };
        let alone = order.brief.config.start == Some(Start::Fork);
        Self { order, method, wait, lifeline, parent, nursery: None, alone }
    }

    /// Starts what makes workers, where that is another process.
    pub fn prepare(&mut self) -> Result<(), Stop> {
        let config = &self.order.brief.config;
        match config.start.unwrap_or(Start::Spawn) {
            Start::Forkserver => self.start_server(),
            // By the time that a worker dies this process has threads, so the one in its place is a copy of a copy that is
            // made now.
            Start::Fork if config.on_crash == Some(OnCrash::Restart) => self.stand_by(),
            Start::Fork | Start::Spawn => Ok(()),
        }
    }

    fn start_server(&mut self) -> Result<(), Stop> {
        let (ours, theirs) = control()?;
        let ticket = ConnectInfo { text: theirs.as_raw_fd().to_string(), inherit: vec![theirs] };
        let started = self.program(reexec::FORKSERVER, &[&ticket.text], &ticket)?;
        self.nursery = Some(ForkServer::new(ours, started));
        Ok(())
    }

    fn stand_by(&mut self) -> Result<(), Stop> {
        let (ours, theirs) = control()?;
        let (tasks, parent) = (self.order.tasks, self.parent);
        let started = self.copy(&[theirs.as_raw_fd()], || serve(tasks, &theirs, parent))?;
        self.nursery = Some(ForkServer::new(ours, started));
        Ok(())
    }

    /// Starts the manager process.
    pub fn manager(&self, ticket: &ConnectInfo) -> Result<Started, Stop> {
        self.program(reexec::MANAGER, &[self.wait, &ticket.text], ticket)
    }

    /// Starts a worker.
    pub fn worker(&self, ticket: &ConnectInfo) -> Result<Started, Stop> {
        let arguments = [self.method.word(), self.wait, &ticket.text];
        match &self.nursery {
            _ if self.alone => {
                let (tasks, parent) = (self.order.tasks, self.parent);
                let keep: Vec<i32> = ticket.inherit.iter().map(|fd| fd.as_raw_fd()).collect();
                self.copy(&keep, || be_worker(tasks, &arguments.map(str::to_owned), parent))
            }
            Some(nursery) => nursery.worker(&arguments, ticket),
            None => self.program(reexec::WORKER, &arguments, ticket),
        }
    }

    /// Says that all workers were started: this process may have threads from now on.
    pub fn all_started(&mut self) {
        if std::mem::take(&mut self.alone) {
            (self.order.copied)();
        }
    }

    /// Starts this program again with the ticket's descriptors. Only this thread starts processes, so that no other child
    /// inherits them while they may be inherited.
    fn program(&self, subcommand: &str, arguments: &[&str], ticket: &ConnectInfo) -> Result<Started, Stop> {
        let failed = |e: std::io::Error| Stop::RunError(RunError::Failed(format!("starting a worker: {e}")));
        let inherit = |flags: FdFlags| ticket.inherit.iter().try_for_each(|fd| fcntl_setfd(fd, flags));
        let stdin = self.lifeline.try_clone().map_err(failed)?;
        let asked = monotonic();
        inherit(FdFlags::empty()).map_err(system("inheriting"))?;
        let mut command = self.order.program.command(subcommand, arguments);
        let child = command.stdin(Stdio::from(stdin)).stdout(Stdio::null()).spawn();
        inherit(FdFlags::CLOEXEC).map_err(system("inheriting"))?;
        Started::new(Pid::from_child(&child.map_err(failed)?), asked).map_err(Stop::RunError)
    }

    /// Copies this process; the copy keeps these descriptors alone, runs `body` and ends with its exit code.
    fn copy(&self, keep: &[i32], body: impl FnOnce() -> u8) -> Result<Started, Stop> {
        let asked = monotonic();
        // SAFETY: This process has one thread: threads begin only after `all_started`. So no lock is held in the copy.
        let child = unsafe { libc::fork() };
        if child == 0 {
            end_with(|| {
                let null = rustix::fs::open(c"/dev/null", rustix::fs::OFlags::WRONLY, rustix::fs::Mode::empty());
                // Neither what the runner says to this process nor what this process answers is for its copy.
                let streams = [Some(self.lifeline.as_raw_fd()), null.ok().map(std::os::fd::IntoRawFd::into_raw_fd)];
                for (stream, from) in streams.into_iter().enumerate() {
                    // SAFETY: Replaces a standard stream of the copy.
                    from.map(|from| unsafe { libc::dup2(from, stream as i32) });
                }
                keep_only(keep);
                body()
            });
        }
        let pid = Pid::from_raw(child.max(0))
            .ok_or_else(|| Stop::RunError(RunError::Failed(format!("fork: {}", std::io::Error::last_os_error()))))?;
        Started::new(pid, asked).map_err(Stop::RunError)
    }
}
