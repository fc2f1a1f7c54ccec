//! Listens to the driver: whole lines, its end, and never for longer than a deadline.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::Child;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Most bytes of a line: a result with the times of some ten million items. More is no result.
const LONGEST: usize = 256 << 20;

/// What was heard.
pub(super) enum ReadEvent {
    /// A line, without its end.
    Line(Vec<u8>),
    /// The driver has ended.
    End,
    /// The deadline passed.
    Late,
}

/// The driver's answers and its end. Its end is looked for beside theirs: processes that it has forked may hold the descriptor
/// open for longer than it lives.
pub(super) struct Listener {
    answers: File,
    pidfd: OwnedFd,
    buffer: Vec<u8>,
}

impl Listener {
    pub(super) fn new(child: &Child, answers: OwnedFd) -> std::io::Result<Self> {
        let flags = rustix::fs::fcntl_getfl(answers.as_fd())?;
        rustix::fs::fcntl_setfl(answers.as_fd(), flags | rustix::fs::OFlags::NONBLOCK)?;
        Ok(Self {
            answers: answers.into(),
            pidfd: pidfd_open(Pid::from_child(child), PidfdFlags::empty())?,
            buffer: Vec::new(),
        })
    }

    /// The next line.
    pub(super) fn line(&mut self, deadline: Instant) -> std::io::Result<ReadEvent> {
        let mut looked = 0;
        loop {
            if let Some(at) = self.buffer[looked..].iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(looked + at + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.pop();
                return Ok(ReadEvent::Line(line));
            }
            looked = self.buffer.len();
            if looked > LONGEST {
                return Err(std::io::Error::other("a line without an end"));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(ReadEvent::Late);
            }
            let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
            let mut fds = [PollFd::new(&self.answers, PollFlags::IN), PollFd::new(&self.pidfd, PollFlags::IN)];
            match poll(&mut fds, Some(&timeout)) {
                Err(rustix::io::Errno::INTR) => continue,
                other => other?,
            };
            let ended = !fds[1].revents().is_empty();
            if !self.read()? && ended && self.buffer.len() == looked {
                return Ok(ReadEvent::End);
            }
        }
    }

    /// Takes what there is; says whether there may be more.
    fn read(&mut self) -> std::io::Result<bool> {
        let mut part = [0; 64 * 1024];
        match self.answers.read(&mut part) {
            Ok(0) => Ok(false),
            Ok(count) => {
                self.buffer.extend_from_slice(&part[..count]);
                Ok(true)
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(false),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error),
        }
    }
}
