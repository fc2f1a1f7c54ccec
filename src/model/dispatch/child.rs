//! Started processes: how they end, and a thread that watches them, so that the one that sends and receives hears of a
//! death at once.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::ipc::{DeathNotifier, Table};
use crate::model::probe::clock::monotonic;
use crate::record::{RunError, Usage};

/// How long a worker that has closed its end may take to end, before it counts as alive and confused.
const LAST_BREATH: Duration = Duration::from_secs(1);

/// A started worker or helper: a child of this process, whoever made it.
pub struct Started {
    pid: Pid,
    pidfd: OwnedFd,
    /// When it was asked for, on the monotonic clock.
    pub asked: u64,
    /// When it said that it was ready; 0 before.
    pub ready: u64,
}

impl Started {
    pub fn new(pid: Pid, asked: u64) -> Result<Self, RunError> {
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).map_err(|e| RunError::Failed(format!("pidfd_open: {e}")))?;
        Ok(Self { pid, pidfd, asked, ready: 0 })
    }

    /// The process number.
    pub fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// A handle for a thread that watches it.
    pub fn handle(&self) -> Result<OwnedFd, RunError> {
        self.pidfd.try_clone().map_err(|e| RunError::Failed(format!("a pidfd: {e}")))
    }

    pub fn kill(&self) {
        // One that has ended already needs no signal.
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
    }

    /// Waits until the process has ended; says whether it has.
    pub fn ended_within(&self, limit: Duration) -> bool {
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

    /// Reaps the process.
    pub fn reap(self) -> Ended {
        let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
        // SAFETY: The pid is that of our child, which nobody else reaps; both out-pointers are valid.
        let usage = unsafe {
            while libc::wait4(self.pid.as_raw_nonzero().get(), &raw mut status, 0, usage.as_mut_ptr()) < 0
                && *libc::__errno_location() == libc::EINTR
            {}
            usage.assume_init()
        };
        let Self { asked, ready, .. } = self;
        Ended { usage: Usage::from(&usage), cause: crate::text::exit_words(status), asked, ready, at: monotonic() }
    }

    /// Reaps a process whose peer is gone, once it has ended.
    pub fn reap_gone(self) -> Result<Ended, RunError> {
        if !self.ended_within(LAST_BREATH) {
            self.kill();
            self.reap();
            return Err(RunError::Protocol("a worker closed its end, but lives".into()));
        }
        Ok(self.reap())
    }
}

/// How a process ended, and what it had used in all.
pub struct Ended {
    pub usage: Usage,
    /// Such as `signal 9 (SIGKILL)`.
    pub cause: String,
    pub asked: u64,
    pub ready: u64,
    /// When it was known to have ended, on the monotonic clock.
    pub at: u64,
}

/// Starts a thread that watches these workers, where anybody wants to know. It ends by itself when all of them have ended.
pub fn watch(workers: Vec<(usize, OwnedFd)>, obituary: Option<Arc<dyn DeathNotifier>>, table: Option<Arc<Table>>) {
    if obituary.is_some() || table.is_some() {
        std::thread::spawn(move || watch_all(workers, obituary.as_deref(), table.as_deref()));
    }
}

fn watch_all(mut workers: Vec<(usize, OwnedFd)>, obituary: Option<&dyn DeathNotifier>, table: Option<&Table>) {
    while !workers.is_empty() {
        let mut polled: Vec<PollFd<'_>> = workers.iter().map(|(_, fd)| PollFd::new(fd, PollFlags::IN)).collect();
        if poll(&mut polled, None).is_err() {
            continue;
        }
        let ended: Vec<bool> = polled.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut ended = ended.into_iter();
        workers.retain(|(worker, _)| {
            let over = ended.next().unwrap_or(false);
            if let Some(obituary) = obituary.filter(|_| over) {
                obituary.died(*worker);
            }
            if let Some(table) = table.filter(|_| over) {
                table.worker_died(*worker);
            }
            !over
        });
    }
}
