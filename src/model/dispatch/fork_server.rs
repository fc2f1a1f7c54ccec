//! A small process that makes worker processes as copies of itself, when asked over a socket: the server of `forkserver`,
//! and what stands by where workers are copies of a parent that has threads by the time that one of them must be replaced.
//!
//! It has one thread, so that its copies find no lock held. Its copies are made as its siblings, not as its children: the
//! process that asks is their parent, hears of their death and is told what they used, as with workers that it started
//! itself.

use std::os::fd::{AsFd as _, AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::Pid;

use crate::ipc::{ConnectInfo, give, take};
use crate::model::dispatch::child::{Ended, Started};
use crate::model::dispatch::worker_process::{be_worker, end_with};
use crate::model::error::Stop;
use crate::model::error::system;
use crate::model::probe::clock::monotonic;
use crate::model::worker::parent_memory::ParentMemory;
use crate::record::RunError;
use crate::task::Tasks;

/// The asking side.
pub struct ForkServer {
    control: OwnedFd,
    started: Started,
}

/// Both ends of a new control socket: the asking side's, and the nursery's.
pub fn control() -> Result<(OwnedFd, OwnedFd), RunError> {
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).map_err(system("a socket"))
}

impl ForkServer {
    pub fn new(control: OwnedFd, started: Started) -> Self {
        Self { control, started }
    }

    pub fn id(&self) -> u32 {
        self.started.id()
    }

    /// Has a worker made with these arguments and the ticket's descriptors.
    pub fn worker(&self, arguments: &[&str], ticket: &ConnectInfo) -> Result<Started, Stop> {
        let gone = || Stop::RunError(RunError::WorkerDied { cause: "the process that starts workers ended".into() });
        let asked = monotonic();
        let fds: Vec<_> = ticket.inherit.iter().map(|fd| fd.as_fd()).collect();
        let numbers = fds.iter().map(|fd| fd.as_raw_fd().to_string()).collect::<Vec<_>>().join(",");
        let message = [&[numbers.as_str()], arguments].concat().join("\n");
        give(&self.control, message.as_bytes(), &fds).map_err(|_| gone())?;
        let (answer, _) = take(&self.control).ok().flatten().ok_or_else(gone)?;
        let number = answer.as_slice().try_into().map_or(-1, i32::from_le_bytes);
        match Pid::from_raw(number.max(0)) {
            Some(pid) => Started::new(pid, asked).map_err(Stop::RunError),
            None => {
                Err(Stop::RunError(RunError::Failed("a copy of the process that starts workers was refused".into())))
            }
        }
    }

    /// Ends it.
    pub fn end(self) -> Ended {
        drop(self.control);
        self.started.kill();
        self.started.reap()
    }
}

/// The server of `forkserver`: what runs behind the hidden subcommand. Arguments: the control socket. Returns the exit code.
#[must_use]
pub fn forkserver_main(tasks: &Tasks, arguments: &[String]) -> u8 {
    let Some(number) = arguments.first().and_then(|number| number.parse::<RawFd>().ok()).filter(|n| *n > 2) else {
        return 2;
    };
    // SAFETY: The program that started this one handed the descriptor over for this use alone.
    let control = unsafe { OwnedFd::from_raw_fd(number) };
    // It has nothing of what the parent holds.
    serve(tasks, &control, &ParentMemory::default())
}

/// Makes workers until nobody asks any more. Returns the exit code.
pub fn serve(tasks: &Tasks, control: &OwnedFd, parent: &ParentMemory) -> u8 {
    // SAFETY: Only sets the signal that the kernel sends when the parent ends.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    while let Ok(Some((message, fds))) = take(control) {
        let text = String::from_utf8_lossy(&message).into_owned();
        let mut words = text.split('\n').map(str::to_owned);
        let numbers = words.next().unwrap_or_default();
        let numbers: Vec<RawFd> = numbers.split(',').filter_map(|number| number.parse().ok()).collect();
        let arguments: Vec<String> = words.collect();
        // SAFETY: This process has one thread, so its copy is whole.
        let child = unsafe { fork_sibling() };
        if child == 0 {
            end_with(|| {
                renumber(fds, &numbers);
                be_worker(tasks, &arguments, parent)
            });
        }
        if give(control, &(child as i32).to_le_bytes(), &[]).is_err() {
            break;
        }
    }
    0
}

/// Like `fork`, but the parent of the copy is the parent of this process.
///
/// # Safety
/// As for `fork`, this process must have one thread only.
unsafe fn fork_sibling() -> i64 {
    let flags = libc::CLONE_PARENT | libc::SIGCHLD;
    // SAFETY: Without a stack and without shared memory it copies the process, as `fork` does.
    unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) }
}

/// Gives descriptors the numbers that they have in the ticket, and closes all others but the standard ones.
fn renumber(fds: Vec<OwnedFd>, numbers: &[RawFd]) {
    let beyond = numbers.iter().copied().max().unwrap_or(2) + 1;
    // First out of the way of the numbers that they are to have, then to those.
    let aside: Vec<RawFd> = fds.iter().map(|fd| duplicate(fd.as_raw_fd(), beyond)).collect();
    fds.into_iter().for_each(std::mem::forget);
    for (from, to) in aside.iter().zip(numbers) {
        // SAFETY: Whatever had that number is not used any more in this process, which is to be a worker.
        unsafe { libc::dup2(*from, *to) };
    }
    keep_only(numbers);
}

/// A copy of a descriptor at `least` or above.
fn duplicate(fd: RawFd, least: RawFd) -> RawFd {
    // SAFETY: Only makes another number for an open descriptor.
    unsafe { libc::fcntl(fd, libc::F_DUPFD, least) }
}

/// Closes all descriptors but the standard ones and these.
pub fn keep_only(numbers: &[RawFd]) {
    let mut kept: Vec<u32> = numbers.iter().map(|number| number.unsigned_abs()).collect();
    kept.sort_unstable();
    let mut from = 3u32;
    for number in kept.into_iter().chain([u32::MAX]) {
        if number > from {
            // SAFETY: What is closed belongs to the parent's work, which this copy does not go on with.
            unsafe { libc::syscall(libc::SYS_close_range, from, number.saturating_sub(1), 0) };
        }
        from = number.saturating_add(1);
    }
}
