//! `pipe`: two pipes per worker, with 1 MiB buffers where the system allows it.

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use super::fd::{inherited, set_nonblocking};
use super::frame::{FrameReader, FrameWriter, Step};
use super::waiting::{AdaptiveWait, Spinner, sleep_until_ready};
use super::{ConnectInfo, DispatcherEnd, IpcError, Wait, WorkerEnd};

/// The default of 64 KiB makes a 1 MiB message 3.3 times as slow (measured by prototype).
const BUFFER: usize = 1 << 20;

struct Peer {
    requests: OwnedFd,
    replies: OwnedFd,
    writer: FrameWriter,
    reader: FrameReader,
    ended: bool,
}

struct PipeHub {
    peers: Vec<Peer>,
    wait: Wait,
    /// Where to look first, so that no worker is always served last.
    next: usize,
    habit: AdaptiveWait,
}

fn new_pipe() -> Result<(OwnedFd, OwnedFd), IpcError> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).map_err(|e| IpcError::os("pipe")(e.into()))?;
    // An unprivileged user may have used up the allowance; the pipe works with its default size too.
    let _ = fcntl_setpipe_size(&write, BUFFER);
    set_nonblocking(&read)?;
    set_nonblocking(&write)?;
    Ok((read, write))
}

fn new_peer() -> Result<(Peer, ConnectInfo), IpcError> {
    let (their_requests, requests) = new_pipe()?;
    let (replies, their_replies) = new_pipe()?;
    let text = format!("{},{}", their_requests.as_raw_fd(), their_replies.as_raw_fd());
    let (writer, reader) = (FrameWriter::default(), FrameReader::default());
    let peer = Peer { requests, replies, writer, reader, ended: false };
    Ok((peer, ConnectInfo { text, inherit: vec![their_requests, their_replies] }))
}

pub(super) fn hub(workers: usize, wait: Wait) -> Result<(Box<dyn DispatcherEnd>, Vec<ConnectInfo>), IpcError> {
    let (mut peers, mut tickets) = (Vec::new(), Vec::new());
    for _ in 0..workers {
        let (peer, ticket) = new_peer()?;
        peers.push(peer);
        tickets.push(ticket);
    }
    Ok((Box::new(PipeHub { peers, wait, next: 0, habit: AdaptiveWait::default() }), tickets))
}

impl PipeHub {
    /// Takes a message that was read already.
    fn take(&mut self, message: &mut Vec<u8>) -> Result<Option<usize>, IpcError> {
        for (worker, peer) in self.peers.iter_mut().enumerate() {
            if peer.reader.take(message)? {
                return Ok(Some(worker));
            }
        }
        Ok(None)
    }

    /// Moves what can be moved without waiting, and takes a whole message if there is one.
    fn look(&mut self, message: &mut Vec<u8>) -> Result<Option<usize>, IpcError> {
        let count = self.peers.len();
        for turn in 0..count {
            let worker = (self.next + turn) % count;
            let peer = &mut self.peers[worker];
            peer.writer.advance(&peer.requests)?;
            loop {
                if peer.reader.take(message)? {
                    self.next = (worker + 1) % count;
                    return Ok(Some(worker));
                }
                if peer.ended {
                    break;
                }
                match peer.reader.advance(&peer.replies)? {
                    Step::Moved => {}
                    Step::WouldBlock => break,
                    Step::End => {
                        peer.ended = true;
                        return Err(IpcError::Gone(worker));
                    }
                }
            }
        }
        Ok(None)
    }

    fn sleep(&self, deadline: Instant) -> Result<(), IpcError> {
        let mut fds = Vec::with_capacity(self.peers.len() * 2);
        for peer in self.peers.iter().filter(|peer| !peer.ended) {
            fds.push(PollFd::new(&peer.replies, PollFlags::IN));
            if peer.writer.pending() {
                fds.push(PollFd::new(&peer.requests, PollFlags::OUT));
            }
        }
        sleep_until_ready(&mut fds, deadline)
    }
}

impl DispatcherEnd for PipeHub {
    fn accept(&mut self, _: Instant) -> Result<(), IpcError> {
        Ok(())
    }

    fn send(&mut self, worker: usize, message: &[u8]) -> Result<(), IpcError> {
        let peer = &mut self.peers[worker];
        if peer.ended || peer.writer.push(&peer.requests, [message, &[]])? == Step::End {
            return Err(IpcError::Gone(worker));
        }
        Ok(())
    }

    fn receive(&mut self, message: &mut Vec<u8>, deadline: Instant) -> Result<usize, IpcError> {
        if self.habit.sleeps_first(self.wait) && !self.peers.iter().any(|peer| peer.ended) {
            if let Some(worker) = self.take(message)? {
                self.habit.found_more();
                return Ok(worker);
            }
            self.sleep(deadline)?;
        }
        let mut spinner = Spinner::new(self.wait);
        loop {
            if let Some(worker) = self.look(message)? {
                return Ok(worker);
            }
            self.habit.found_nothing();
            if !spinner.again_after_call() {
                self.sleep(deadline)?;
            }
        }
    }

    fn replace(&mut self, worker: usize) -> Result<ConnectInfo, IpcError> {
        let (peer, ticket) = new_peer()?;
        self.peers[worker] = peer;
        Ok(ticket)
    }
}

struct PipeChannel {
    requests: OwnedFd,
    replies: OwnedFd,
    reader: FrameReader,
    writer: FrameWriter,
    wait: Wait,
    habit: AdaptiveWait,
}

pub(super) fn open(ticket: &str, wait: Wait) -> Result<Box<dyn WorkerEnd>, IpcError> {
    let (requests, replies) =
        ticket.split_once(',').ok_or_else(|| IpcError::Protocol(format!("`{ticket}` is not a ticket")))?;
    Ok(Box::new(PipeChannel {
        requests: inherited(requests)?,
        replies: inherited(replies)?,
        reader: FrameReader::default(),
        writer: FrameWriter::default(),
        wait,
        habit: AdaptiveWait::default(),
    }))
}

impl WorkerEnd for PipeChannel {
    fn send(&mut self, message: &[u8], deadline: Instant) -> Result<(), IpcError> {
        let mut step = self.writer.push(&self.replies, [message, &[]])?;
        loop {
            match step {
                Step::End => return Err(IpcError::Gone(0)),
                _ if !self.writer.pending() => return Ok(()),
                Step::WouldBlock => sleep_until_ready(&mut [PollFd::new(&self.replies, PollFlags::OUT)], deadline)?,
                Step::Moved => {}
            }
            step = self.writer.advance(&self.replies)?;
        }
    }

    fn receive(&mut self, message: &mut Vec<u8>, deadline: Instant) -> Result<(), IpcError> {
        if self.reader.take(message)? {
            self.habit.found_more();
            return Ok(());
        }
        let ready = |fd: &OwnedFd| sleep_until_ready(&mut [PollFd::new(fd, PollFlags::IN)], deadline);
        if self.habit.sleeps_first(self.wait) {
            ready(&self.requests)?;
        }
        let mut spinner = Spinner::new(self.wait);
        while !self.reader.take(message)? {
            match self.reader.advance(&self.requests)? {
                Step::Moved => {}
                Step::End => return Err(IpcError::Gone(0)),
                Step::WouldBlock => {
                    self.habit.found_nothing();
                    if !spinner.again_after_call() {
                        ready(&self.requests)?;
                    }
                }
            }
        }
        Ok(())
    }
}
