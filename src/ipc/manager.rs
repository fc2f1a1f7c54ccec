//! `manager`: a server process owns the queues. Dispatcher and workers each have a connection to it, and every put and get
//! is a round trip on that connection, as with the manager of Python's multiprocessing.
//!
//! A message is its payload, then an operation and a worker's number, at the end, so that they can be replaced and taken
//! off without moving the payload. `PUT_TO`: a request for that worker; `PUT`: a reply of the worker that this connection
//! belongs to; both are answered by `STORED`, or by `REFUSED` where the worker is gone. `GET`: answered by `ITEM` with the
//! worker's number and the message, once there is one, or by a worker's number and `GONE`, or `DAMAGED` where what the
//! worker sent was no message. `USAGE`: answered by `ITEM` and six numbers.

use std::collections::VecDeque;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::fd::{give, inherited, set_nonblocking, take};
use super::frame::{FrameReader, FrameWriter, Step};
use super::waiting::{AdaptiveWait, Spinner, sleep_until_ready, timespec};
use super::{ConnectInfo, DispatcherEnd, IpcError, Wait, WorkerEnd};
use crate::record::COUNTERS;

const PUT_TO: u8 = 1;
const PUT: u8 = 2;
const GET: u8 = 3;
const USAGE: u8 = 4;
const STORED: u8 = 5;
const ITEM: u8 = 6;
const GONE: u8 = 7;
const REFUSED: u8 = 8;
const DAMAGED: u8 = 9;

/// Bytes after the payload: operation and worker.
const TAIL: usize = 5;

fn tail(operation: u8, worker: usize) -> [u8; TAIL] {
    let mut bytes = [operation; TAIL];
    bytes[1..].copy_from_slice(&(worker as u32).to_le_bytes());
    bytes
}

fn parse(message: &[u8]) -> Result<(u8, usize), IpcError> {
    match message.last_chunk::<TAIL>() {
        Some([operation, a, b, c, d]) => Ok((*operation, u32::from_le_bytes([*a, *b, *c, *d]) as usize)),
        None => Err(IpcError::Protocol("a message of the manager is cut short".into())),
    }
}

/// One end of a connection, with whole messages over it.
struct Wire {
    fd: OwnedFd,
    reader: FrameReader,
    writer: FrameWriter,
    habit: AdaptiveWait,
}

impl Wire {
    fn new(fd: OwnedFd) -> Result<Self, IpcError> {
        set_nonblocking(&fd)?;
        Ok(Self { fd, reader: FrameReader::default(), writer: FrameWriter::default(), habit: AdaptiveWait::default() })
    }

    /// Writes a whole message, waiting for room.
    fn send(&mut self, parts: [&[u8]; 2], deadline: Instant) -> Result<(), IpcError> {
        let mut step = self.writer.push(&self.fd, parts)?;
        loop {
            match step {
                Step::End => return Err(IpcError::ManagerGone),
                _ if !self.writer.pending() => return Ok(()),
                Step::WouldBlock => sleep_until_ready(&mut [PollFd::new(&self.fd, PollFlags::OUT)], deadline)?,
                Step::Moved => {}
            }
            step = self.writer.advance(&self.fd)?;
        }
    }

    /// Reads a whole message, waiting for it.
    fn receive(&mut self, message: &mut Vec<u8>, wait: Wait, deadline: Instant) -> Result<(), IpcError> {
        if self.reader.take(message)? {
            return Ok(());
        }
        let ready = |fd: &OwnedFd| sleep_until_ready(&mut [PollFd::new(fd, PollFlags::IN)], deadline);
        if self.habit.sleeps_first(wait) {
            ready(&self.fd)?;
        }
        let mut spinner = Spinner::new(wait);
        while !self.reader.take(message)? {
            match self.reader.advance(&self.fd)? {
                Step::Moved => {}
                Step::End => return Err(IpcError::ManagerGone),
                Step::WouldBlock => {
                    self.habit.found_nothing();
                    if !spinner.again_after_call() {
                        ready(&self.fd)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The longest that storing may take: the server does nothing else, so more means that it is stopped.
const STORE: Duration = Duration::from_secs(10);

/// The dispatcher's or a worker's side of a connection: asks the server and tells its answers apart.
struct Client {
    wire: Wire,
    wait: Wait,
    /// Whether a `GET` was sent and not yet answered, as after a wait that met its deadline.
    asked: bool,
    /// Answers to that `GET` that came while something else was waited for.
    early: VecDeque<Vec<u8>>,
}

fn not_asked_for() -> IpcError {
    IpcError::Protocol("the manager sent an answer that was not requested".into())
}

impl Client {
    fn new(fd: OwnedFd, wait: Wait) -> Result<Self, IpcError> {
        Ok(Self { wire: Wire::new(fd)?, wait, asked: false, early: VecDeque::new() })
    }

    /// Waits for an answer other than to the open `GET`.
    fn answer(&mut self, message: &mut Vec<u8>, deadline: Instant) -> Result<(), IpcError> {
        loop {
            self.wire.receive(message, self.wait, deadline)?;
            let (operation, _) = parse(message)?;
            if !matches!(operation, ITEM | GONE | DAMAGED) || !self.asked {
                return Ok(());
            }
            self.asked = false;
            self.early.push_back(std::mem::take(message));
        }
    }

    /// Has the server store a message; says whether it did.
    fn put(&mut self, tail: [u8; TAIL], message: &[u8], deadline: Instant) -> Result<bool, IpcError> {
        self.wire.send([message, &tail], deadline)?;
        let mut answer = Vec::new();
        self.answer(&mut answer, deadline)?;
        match parse(&answer)? {
            (STORED, _) => Ok(true),
            (REFUSED, _) => Ok(false),
            _ => Err(not_asked_for()),
        }
    }

    /// Gets the next message and says whose it is.
    fn get(&mut self, message: &mut Vec<u8>, deadline: Instant) -> Result<usize, IpcError> {
        if let Some(early) = self.early.pop_front() {
            *message = early;
        } else {
            if !self.asked {
                self.wire.send([&tail(GET, 0), &[]], deadline)?;
                self.asked = true;
            }
            self.wire.receive(message, self.wait, deadline)?;
            self.asked = false;
        }
        let (operation, worker) = parse(message)?;
        match operation {
            ITEM => {
                message.truncate(message.len() - TAIL);
                Ok(worker)
            }
            GONE => Err(IpcError::Gone(worker)),
            DAMAGED => {
                Err(IpcError::Protocol(format!("the manager got something from worker {worker} that is not a message")))
            }
            _ => Err(not_asked_for()),
        }
    }
}

struct ManagerHub {
    client: Client,
    /// Connections of workers that take the place of dead ones go to the server through it.
    door: OwnedFd,
    server: Option<ConnectInfo>,
}

fn pair(kind: SocketType) -> Result<(OwnedFd, OwnedFd), IpcError> {
    socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None).map_err(|e| IpcError::os("socketpair")(e.into()))
}

pub(super) fn hub(workers: usize, wait: Wait) -> Result<(Box<dyn DispatcherEnd>, Vec<ConnectInfo>), IpcError> {
    let (ours, theirs) = pair(SocketType::STREAM)?;
    let (door, their_door) = pair(SocketType::SEQPACKET)?;
    let mut servers = vec![their_door, theirs];
    let mut tickets = Vec::new();
    for _ in 0..workers {
        let (server, worker) = pair(SocketType::STREAM)?;
        servers.push(server);
        tickets.push(ConnectInfo { text: worker.as_raw_fd().to_string(), inherit: vec![worker] });
    }
    let text = servers.iter().map(|fd| fd.as_raw_fd().to_string()).collect::<Vec<_>>().join(",");
    let server = Some(ConnectInfo { text, inherit: servers });
    Ok((Box::new(ManagerHub { client: Client::new(ours, wait)?, door, server }), tickets))
}

impl DispatcherEnd for ManagerHub {
    fn accept(&mut self, _: Instant) -> Result<(), IpcError> {
        Ok(())
    }

    fn send(&mut self, worker: usize, message: &[u8]) -> Result<(), IpcError> {
        let stored = self.client.put(tail(PUT_TO, worker), message, Instant::now() + STORE)?;
        if stored { Ok(()) } else { Err(IpcError::Gone(worker)) }
    }

    fn receive(&mut self, message: &mut Vec<u8>, deadline: Instant) -> Result<usize, IpcError> {
        self.client.get(message, deadline)
    }

    fn replace(&mut self, worker: usize) -> Result<ConnectInfo, IpcError> {
        let (theirs, ours) = pair(SocketType::STREAM)?;
        give(&self.door, &(worker as u32).to_le_bytes(), &[theirs.as_fd()])?;
        // Nothing may be put for the worker before the server has its connection.
        sleep_until_ready(&mut [PollFd::new(&self.door, PollFlags::IN)], Instant::now() + STORE)?;
        match take(&self.door)? {
            Some((answer, _)) if answer == b"taken" => {}
            Some(_) => return Err(not_asked_for()),
            None => return Err(IpcError::ManagerGone),
        }
        Ok(ConnectInfo { text: ours.as_raw_fd().to_string(), inherit: vec![ours] })
    }

    fn server(&mut self) -> Option<ConnectInfo> {
        self.server.take()
    }

    fn server_usage(&mut self, deadline: Instant) -> Result<Option<[u64; COUNTERS]>, IpcError> {
        // An answer to an open `GET` is an `ITEM` too, so there must be none open: usage is asked between phases.
        if self.client.asked {
            return Ok(None);
        }
        self.client.wire.send([&tail(USAGE, 0), &[]], deadline)?;
        let mut answer = Vec::new();
        self.client.answer(&mut answer, deadline)?;
        parse(&answer)?;
        let mut numbers = [0; COUNTERS];
        let (words, _) = answer[..answer.len() - TAIL].as_chunks::<8>();
        for (number, word) in numbers.iter_mut().zip(words) {
            *number = u64::from_le_bytes(*word);
        }
        Ok(Some(numbers))
    }
}

struct ManagerChannel {
    client: Client,
}

pub(super) fn open(ticket: &str, wait: Wait) -> Result<Box<dyn WorkerEnd>, IpcError> {
    Ok(Box::new(ManagerChannel { client: Client::new(inherited(ticket)?, wait)? }))
}

impl WorkerEnd for ManagerChannel {
    fn send(&mut self, message: &[u8], deadline: Instant) -> Result<(), IpcError> {
        if self.client.put(tail(PUT, 0), message, deadline)? { Ok(()) } else { Err(not_asked_for()) }
    }

    fn receive(&mut self, message: &mut Vec<u8>, deadline: Instant) -> Result<(), IpcError> {
        self.client.get(message, deadline).map(|_| ())
    }
}

/// A connection in the server: 0 is the dispatcher's, worker `n` has `n + 1`.
struct Connection {
    wire: Wire,
    ended: bool,
    /// Whether it waits for an answer to `GET`.
    waiting: bool,
    /// What waits to be got by it.
    queue: VecDeque<Vec<u8>>,
}

impl Connection {
    fn new(fd: OwnedFd) -> Result<Self, IpcError> {
        Ok(Self { wire: Wire::new(fd)?, ended: false, waiting: false, queue: VecDeque::new() })
    }
}

/// What stands for the door in a list of connections that are ready.
const DOOR: usize = usize::MAX;

struct Server {
    clients: Vec<Connection>,
    door: OwnedFd,
    usage: fn() -> [u64; COUNTERS],
}

/// The server's whole life: runs in the manager process until the dispatcher's connection ends. `usage` reads the CPU
/// time (user and system, ns), switches (voluntary, involuntary) and faults (minor, major) of this process.
///
/// # Errors
/// Where the ticket is damaged or the system refuses something.
pub fn serve(ticket: &str, wait: Wait, usage: fn() -> [u64; COUNTERS]) -> Result<(), IpcError> {
    let mut clients = Vec::new();
    let mut numbers = ticket.split(',');
    let door = inherited(numbers.next().unwrap_or_default())?;
    for number in numbers {
        clients.push(Connection::new(inherited(number)?)?);
    }
    let mut server = Server { clients, door, usage };
    while !server.clients[0].ended {
        for index in server.ready(wait)? {
            if index == DOOR {
                server.admit()?;
                continue;
            }
            match server.turn(index) {
                // A worker that sends garbage harms nobody else: it is cut off, and the dispatcher is told.
                Err(IpcError::Protocol(_)) if index > 0 => server.end(index, DAMAGED)?,
                other => other?,
            }
        }
    }
    Ok(())
}

/// How long the server sleeps at most; the end of the dispatcher's connection wakes it anyway.
const NAP: Duration = Duration::from_secs(60);

impl Server {
    /// Waits until connections are ready, and says which.
    fn ready(&self, wait: Wait) -> Result<Vec<usize>, IpcError> {
        let alive: Vec<usize> = (0..self.clients.len()).filter(|index| !self.clients[*index].ended).collect();
        let watched = |index: &usize| {
            let wire = &self.clients[*index].wire;
            let out = if wire.writer.pending() { PollFlags::OUT } else { PollFlags::empty() };
            PollFd::new(&wire.fd, PollFlags::IN | out)
        };
        let mut fds: Vec<PollFd<'_>> = alive.iter().map(watched).collect();
        fds.push(PollFd::new(&self.door, PollFlags::IN));
        let mut spinner = Spinner::new(wait);
        loop {
            let limit = if spinner.again_after_call() { Duration::ZERO } else { NAP };
            match poll(&mut fds, Some(&timespec(limit))) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => break,
                Err(error) => return Err(IpcError::Os { what: "poll", source: error.into() }),
            }
        }
        let ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
        let mut found: Vec<usize> =
            alive.into_iter().zip(&fds).filter(|(_, fd)| ready(fd)).map(|(index, _)| index).collect();
        // That the hub is gone shows at its connection: at the door only a message counts.
        if fds.last().is_some_and(|door| door.revents().contains(PollFlags::IN)) {
            found.push(DOOR);
        }
        Ok(found)
    }

    /// Takes in the connection of a worker in the place of one that has ended.
    fn admit(&mut self) -> Result<(), IpcError> {
        let Some((number, fds)) = take(&self.door)? else {
            self.clients[0].ended = true;
            return Ok(());
        };
        let worker = number.as_slice().try_into().map(u32::from_le_bytes).unwrap_or(u32::MAX) as usize;
        let place = self.clients.get_mut(worker.saturating_add(1)).filter(|client| client.ended);
        if let (Some(place), Some(fd)) = (place, fds.into_iter().next()) {
            *place = Connection::new(fd)?;
            give(&self.door, b"taken", &[])?;
            return Ok(());
        }
        Err(IpcError::Protocol(format!("worker {worker} cannot be replaced")))
    }

    /// Serves one connection that is ready: writes what waits, reads once, and answers what has come.
    fn turn(&mut self, index: usize) -> Result<(), IpcError> {
        let Wire { fd, reader, writer, .. } = &mut self.clients[index].wire;
        // A peer that reads no more may have sent something before: only the end of what it sent is its end.
        writer.advance(fd)?;
        if reader.advance(fd)? == Step::End {
            return self.end(index, GONE);
        }
        let mut message = Vec::new();
        while self.clients[index].wire.reader.take(&mut message)? {
            self.serve_one(index, std::mem::take(&mut message))?;
        }
        Ok(())
    }

    /// Notes that a connection ended, and tells the dispatcher whose and how.
    fn end(&mut self, index: usize, how: u8) -> Result<(), IpcError> {
        self.clients[index].ended = true;
        if index > 0 {
            self.give(0, tail(how, index - 1).to_vec())?;
        }
        Ok(())
    }

    /// Hands an answer to a client that waits for one, or keeps it.
    fn give(&mut self, index: usize, answer: Vec<u8>) -> Result<(), IpcError> {
        let client = &mut self.clients[index];
        if client.waiting && !client.ended {
            client.waiting = false;
            client.wire.writer.push(&client.wire.fd, [&answer, &[]])?;
        } else {
            client.queue.push_back(answer);
        }
        Ok(())
    }

    fn answer(&mut self, index: usize, operation: u8, payload: &[u8]) -> Result<(), IpcError> {
        let client = &mut self.clients[index];
        client.wire.writer.push(&client.wire.fd, [payload, &tail(operation, 0)]).map(|_| ())
    }

    fn serve_one(&mut self, index: usize, message: Vec<u8>) -> Result<(), IpcError> {
        let (operation, worker) = parse(&message)?;
        match operation {
            PUT_TO if index == 0 && worker + 1 < self.clients.len() => {
                if self.clients[worker + 1].ended {
                    return self.answer(0, REFUSED, &[]);
                }
                self.give(worker + 1, retailed(message, tail(ITEM, 0)))?;
                self.answer(0, STORED, &[])
            }
            PUT if index > 0 => {
                self.give(0, retailed(message, tail(ITEM, index - 1)))?;
                self.answer(index, STORED, &[])
            }
            GET => {
                let client = &mut self.clients[index];
                match client.queue.pop_front() {
                    Some(answer) => client.wire.writer.push(&client.wire.fd, [&answer, &[]]).map(|_| ()),
                    None => {
                        client.waiting = true;
                        Ok(())
                    }
                }
            }
            USAGE => {
                let numbers = (self.usage)().map(u64::to_le_bytes).concat();
                self.answer(index, ITEM, &numbers)
            }
            _ => Err(IpcError::Protocol(format!("operation {operation} of connection {index}"))),
        }
    }
}

/// The same payload under another operation.
fn retailed(mut message: Vec<u8>, tail: [u8; TAIL]) -> Vec<u8> {
    message.truncate(message.len() - TAIL);
    message.extend_from_slice(&tail);
    message
}
