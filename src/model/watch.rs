//! A thread that watches worker processes, so that the thread that sends and receives hears of a death at once.

use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::run::Trouble;
use super::usage::Usage;
use crate::ipc::{Obituary, Table};

/// How long a worker that has closed its end may take to end, before it counts as alive and confused.
const LAST_BREATH: Duration = Duration::from_secs(1);

/// A started worker or manager.
pub(super) struct Started {
    pub(super) child: Child,
    pidfd: OwnedFd,
}

impl Started {
    pub(super) fn new(child: Child) -> Result<Self, Trouble> {
        let pid = Pid::from_child(&child);
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).map_err(|e| Trouble::Failed(format!("pidfd_open: {e}")))?;
        Ok(Self { child, pidfd })
    }

    /// Waits until the process has ended; says whether it has.
    pub(super) fn ended_within(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
            match poll(&mut [PollFd::new(&self.pidfd, PollFlags::IN)], Some(&timeout)) {
                Ok(0) => return false,
                Err(rustix::io::Errno::INTR) => {}
                _ => return true,
            }
        }
    }

    /// Reaps the process; what it used in all, and how it ended.
    pub(super) fn reap(&mut self) -> (Usage, String) {
        let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
        // SAFETY: The pid is that of our child, which nobody else reaps; both out-pointers are valid.
        let usage = unsafe {
            while libc::wait4(self.child.id() as i32, &raw mut status, 0, usage.as_mut_ptr()) < 0
                && *libc::__errno_location() == libc::EINTR
            {}
            usage.assume_init()
        };
        (Usage::from(&usage), crate::name::exit_words(status))
    }

    /// Why the peer is gone: how it ended, once it has.
    pub(super) fn cause(&mut self) -> Trouble {
        if !self.ended_within(LAST_BREATH) {
            return Trouble::Protocol("a worker closed its end, but lives".into());
        }
        Trouble::WorkerDied { cause: self.reap().1 }
    }
}

/// Starts the watching thread. It ends by itself when all watched processes have ended.
pub(super) fn watch(
    workers: &[Started],
    obituary: Option<Arc<dyn Obituary>>,
    table: Option<Arc<Table>>,
) -> Result<(), Trouble> {
    if obituary.is_none() && table.is_none() {
        return Ok(());
    }
    let mut fds = Vec::new();
    for worker in workers {
        fds.push(Some(worker.pidfd.try_clone().map_err(|e| Trouble::Failed(format!("a pidfd: {e}")))?));
    }
    std::thread::spawn(move || watch_all(fds, obituary.as_deref(), table.as_deref()));
    Ok(())
}

fn watch_all(mut fds: Vec<Option<OwnedFd>>, obituary: Option<&dyn Obituary>, table: Option<&Table>) {
    while fds.iter().any(Option::is_some) {
        let alive: Vec<usize> = (0..fds.len()).filter(|i| fds[*i].is_some()).collect();
        let mut polled: Vec<PollFd<'_>> = fds.iter().flatten().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
        if poll(&mut polled, None).is_err() {
            continue;
        }
        let ended: Vec<usize> =
            alive.into_iter().zip(&polled).filter(|(_, fd)| !fd.revents().is_empty()).map(|(i, _)| i).collect();
        for worker in ended {
            fds[worker] = None;
            if let Some(obituary) = obituary {
                obituary.died(worker);
            }
            if let Some(table) = table {
                table.worker_died(worker);
            }
        }
    }
}
