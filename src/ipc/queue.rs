//! `queue`: the channels of the ipc-channel package. One channel per worker for requests, one that all share for replies.
//!
//! A send of ipc-channel never returns when the receiver is killed while more than a socket buffer is under way, since the
//! sender holds the other end itself. So messages travel in pieces of at most 64 KiB, which fail promptly, and what may
//! have to wait for the worker goes out from a thread of its own. Typed channels carry the pieces as one byte string;
//! the package's own byte channels have no receive with a deadline.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use ipc_channel::TryRecvError;
use ipc_channel::ipc::{IpcOneShotServer, IpcReceiver, IpcSender};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::waiting::{Spinner, left};
use super::{ConnectInfo, DeathNotifier, DispatcherEnd, IpcError, MESSAGE_LIMIT, Wait, WorkerEnd};

/// Largest piece of a message.
const PIECE: usize = 64 * 1024;
/// Bytes of a piece before its part of the message.
const HEADER: usize = 21;
/// What a small piece takes up in a socket buffer beside its bytes, at most.
const SLACK: u64 = 2048;
/// How much may be under way to a worker that may be busy: well under the 212 KB that a socket buffer holds.
const WINDOW: u64 = 96 * 1024;

/// A byte string that is carried as one, not byte by byte.
struct Piece(Vec<u8>);

impl Serialize for Piece {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Piece {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl serde::de::Visitor<'_> for Bytes {
            type Value = Piece;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a byte string")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Piece, E> {
                Ok(Piece(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// What a worker sends when it connects: where it reads requests, and where it waits for the shared reply channel.
#[derive(Serialize, Deserialize)]
struct Hello {
    requests: IpcSender<Piece>,
    setup: IpcSender<IpcSender<Piece>>,
}

/// Kinds of pieces: the last of a message, one before the last, a worker's death.
const LAST: u8 = 0;
const MORE: u8 = 1;
const DEATH: u8 = 2;

/// Builds a piece: kind, worker, bytes that the sender of the piece has consumed so far, length of the whole message, part.
fn piece(kind: u8, worker: usize, consumed: u64, whole: usize, part: &[u8]) -> Piece {
    let mut bytes = Vec::with_capacity(HEADER + part.len());
    bytes.push(kind);
    bytes.extend_from_slice(&(worker as u32).to_le_bytes());
    bytes.extend_from_slice(&consumed.to_le_bytes());
    bytes.extend_from_slice(&(whole as u64).to_le_bytes());
    bytes.extend_from_slice(part);
    Piece(bytes)
}

/// A piece taken apart.
struct Parsed<'a> {
    kind: u8,
    worker: usize,
    consumed: u64,
    whole: usize,
    part: &'a [u8],
}

fn parse(bytes: &[u8]) -> Result<Parsed<'_>, IpcError> {
    let damaged = || IpcError::Protocol("a piece is damaged".into());
    let (head, part) = bytes.split_at_checked(HEADER).ok_or_else(damaged)?;
    let number = |from: usize, to: usize| head[from..to].iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let whole = number(13, 21) as usize;
    if head[0] > DEATH || whole > MESSAGE_LIMIT || part.len() > whole {
        return Err(damaged());
    }
    Ok(Parsed { kind: head[0], worker: number(1, 5) as usize, consumed: number(5, 13), whole, part })
}

/// Sends a message in pieces.
fn send_all(to: &IpcSender<Piece>, worker: usize, consumed: u64, message: &[u8]) -> Result<(), ipc_channel::IpcError> {
    let mut rest = message;
    loop {
        let (part, after) = rest.split_at(rest.len().min(PIECE - HEADER));
        let kind = if after.is_empty() { LAST } else { MORE };
        to.send(piece(kind, worker, consumed, message.len(), part))?;
        if after.is_empty() {
            return Ok(());
        }
        rest = after;
    }
}

/// Puts pieces of one sender together.
#[derive(Default)]
struct Assembly {
    partial: Vec<u8>,
}

impl Assembly {
    /// Adds a piece; says whether `message` now holds the whole message.
    fn add(&mut self, parsed: &Parsed<'_>, message: &mut Vec<u8>) -> Result<bool, IpcError> {
        if self.partial.is_empty() {
            self.partial.reserve(parsed.whole);
        }
        self.partial.extend_from_slice(parsed.part);
        if self.partial.len() > parsed.whole || (parsed.kind == LAST && self.partial.len() != parsed.whole) {
            return Err(IpcError::Protocol("pieces do not add up to their message".into()));
        }
        if parsed.kind == MORE {
            return Ok(false);
        }
        std::mem::swap(&mut self.partial, message);
        self.partial.clear();
        Ok(true)
    }
}

/// Receives a piece as `wait` says.
fn receive_piece(from: &IpcReceiver<Piece>, wait: Wait, deadline: Instant) -> Result<Piece, IpcError> {
    let mut spinner = Spinner::new(wait);
    loop {
        let got = if spinner.again_after_call() { from.try_recv() } else { from.try_recv_timeout(left(deadline)?) };
        match got {
            Ok(piece) => return Ok(piece),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::IpcError(ipc_channel::IpcError::Disconnected)) => return Err(IpcError::Gone(0)),
            Err(TryRecvError::IpcError(error)) => return Err(IpcError::Protocol(error.to_string())),
        }
    }
}

#[derive(Default)]
struct Peer {
    requests: Option<IpcSender<Piece>>,
    assembly: Assembly,
    /// Bytes sent and bytes known to be consumed, both with the slack of every message.
    sent: u64,
    consumed: u64,
    /// Sends what the worker may not take at once; started when first needed.
    thread: Option<mpsc::Sender<Vec<u8>>>,
    gone: bool,
}

struct QueueHub {
    /// Those that wait for their worker.
    servers: Vec<(usize, IpcOneShotServer<Hello>)>,
    names: Arc<Names>,
    peers: Vec<Peer>,
    replies: IpcReceiver<Piece>,
    wait: Wait,
}

/// What the thread that watches processes needs: names of servers that wait for a worker, and the reply channel.
struct Names {
    waiting: Mutex<Vec<Option<String>>>,
    replies: Mutex<IpcSender<Piece>>,
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> IpcError {
    IpcError::Os { what: "ipc-channel", source: std::io::Error::other(error) }
}

pub(super) fn hub(workers: usize, wait: Wait) -> Result<(Box<dyn DispatcherEnd>, Vec<ConnectInfo>), IpcError> {
    let (to_replies, replies) = ipc_channel::ipc::channel::<Piece>().map_err(broken)?;
    let (mut servers, mut tickets, mut peers, mut waiting) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for worker in 0..workers {
        let (server, name) = IpcOneShotServer::<Hello>::new().map_err(broken)?;
        servers.push((worker, server));
        waiting.push(Some(name.clone()));
        tickets.push(ConnectInfo { text: format!("{worker},{name}"), inherit: Vec::new() });
        peers.push(Peer::default());
    }
    let names = Arc::new(Names { waiting: Mutex::new(waiting), replies: Mutex::new(to_replies) });
    Ok((Box::new(QueueHub { servers, names, peers, replies, wait }), tickets))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // The data is whole even if a holder panicked: every change of it is a single assignment.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Peer {
    fn send(&mut self, message: &[u8]) -> Result<(), IpcError> {
        let Some(requests) = &self.requests else { return Err(IpcError::Gone(0)) };
        let cost = message.len() as u64 + SLACK;
        let under_way = self.sent - self.consumed;
        self.sent += cost;
        if self.thread.is_none() && under_way + cost <= WINDOW {
            return send_all(requests, 0, 0, message).map_err(|_| IpcError::Gone(0));
        }
        // Once the thread has started, everything goes through it, so that the order stays.
        let thread = self.thread.get_or_insert_with(|| {
            let (thread, inbox) = mpsc::channel::<Vec<u8>>();
            let requests = requests.clone();
            std::thread::spawn(move || {
                while let Ok(message) = inbox.recv() {
                    if send_all(&requests, 0, 0, &message).is_err() {
                        break;
                    }
                }
            });
            thread
        });
        thread.send(message.to_vec()).map_err(|_| IpcError::Gone(0))
    }
}

impl DispatcherEnd for QueueHub {
    /// `IpcOneShotServer::accept` has no deadline, so it waits in a thread; the obituary of a worker that died before it
    /// connected connects in its stead, which ends the wait.
    fn accept(&mut self, deadline: Instant) -> Result<(), IpcError> {
        let (done, results) = mpsc::channel();
        let awaited = self.servers.len();
        for (worker, server) in self.servers.drain(..) {
            let done = done.clone();
            std::thread::spawn(move || {
                let hello = server.accept().map(|(_, hello)| hello);
                // The hub may have given up at its deadline.
                let _ = done.send((worker, hello));
            });
        }
        for _ in 0..awaited {
            let (worker, hello) = results.recv_timeout(left(deadline)?).map_err(|_| IpcError::Deadline)?;
            let Ok(hello) = hello else { return Err(IpcError::Gone(worker)) };
            locked(&self.names.waiting)[worker] = None;
            let replies = locked(&self.names.replies).clone();
            hello.setup.send(replies).map_err(|_| IpcError::Gone(worker))?;
            self.peers[worker].requests = Some(hello.requests);
        }
        Ok(())
    }

    fn send(&mut self, worker: usize, message: &[u8]) -> Result<(), IpcError> {
        let peer = &mut self.peers[worker];
        if peer.gone || peer.send(message).is_err() {
            return Err(IpcError::Gone(worker));
        }
        Ok(())
    }

    fn receive(&mut self, message: &mut Vec<u8>, deadline: Instant) -> Result<usize, IpcError> {
        loop {
            let Piece(bytes) = receive_piece(&self.replies, self.wait, deadline)?;
            let parsed = parse(&bytes)?;
            let worker = parsed.worker;
            let unknown = || IpcError::Protocol(format!("there is no worker {worker}"));
            let peer = self.peers.get_mut(worker).ok_or_else(unknown)?;
            if parsed.kind == DEATH {
                peer.gone = true;
                return Err(IpcError::Gone(worker));
            }
            peer.consumed = parsed.consumed.clamp(peer.consumed, peer.sent);
            if peer.assembly.add(&parsed, message)? {
                return Ok(worker);
            }
        }
    }

    /// All that the dead worker had sent stood before the news of its death in the one channel of replies, so that nothing of
    /// it is left there.
    fn replace(&mut self, worker: usize) -> Result<ConnectInfo, IpcError> {
        let (server, name) = IpcOneShotServer::<Hello>::new().map_err(broken)?;
        self.servers.push((worker, server));
        self.peers[worker] = Peer::default();
        locked(&self.names.waiting)[worker] = Some(name.clone());
        Ok(ConnectInfo { text: format!("{worker},{name}"), inherit: Vec::new() })
    }

    fn obituary(&self) -> Option<Arc<dyn DeathNotifier>> {
        Some(Arc::clone(&self.names) as Arc<dyn DeathNotifier>)
    }
}

impl DeathNotifier for Names {
    fn died(&self, worker: usize) {
        if let Some(name) = locked(&self.waiting)[worker].take() {
            // A hello whose other ends are closed at once: the accepting thread ends, and the setup fails as `Gone`.
            if let Ok(server) = IpcSender::<Hello>::connect(name)
                && let (Ok((requests, _)), Ok((setup, _))) = (ipc_channel::ipc::channel(), ipc_channel::ipc::channel())
            {
                let _ = server.send(Hello { requests, setup });
            }
        }
        let _ = locked(&self.replies).send(piece(DEATH, worker, 0, 0, &[]));
    }
}

struct QueueChannel {
    worker: usize,
    requests: IpcReceiver<Piece>,
    replies: IpcSender<Piece>,
    assembly: Assembly,
    consumed: u64,
    wait: Wait,
}

pub(super) fn open(ticket: &str, wait: Wait, deadline: Instant) -> Result<Box<dyn WorkerEnd>, IpcError> {
    let damaged = || IpcError::Protocol(format!("`{ticket}` is not a ticket"));
    let (worker, name) = ticket.split_once(',').ok_or_else(damaged)?;
    let worker = worker.parse().map_err(|_| damaged())?;
    let server = IpcSender::<Hello>::connect(name.to_owned()).map_err(broken)?;
    let (to_requests, requests) = ipc_channel::ipc::channel().map_err(broken)?;
    let (to_setup, setup) = ipc_channel::ipc::channel().map_err(broken)?;
    server.send(Hello { requests: to_requests, setup: to_setup }).map_err(|_| IpcError::Gone(0))?;
    let replies = match setup.try_recv_timeout(left(deadline)?) {
        Ok(replies) => replies,
        Err(TryRecvError::Empty) => return Err(IpcError::Deadline),
        Err(_) => return Err(IpcError::Gone(0)),
    };
    Ok(Box::new(QueueChannel { worker, requests, replies, assembly: Assembly::default(), consumed: 0, wait }))
}

impl WorkerEnd for QueueChannel {
    fn send(&mut self, message: &[u8], _: Instant) -> Result<(), IpcError> {
        // The dispatcher always reads, and the kernel ends the send when it is gone: the wait is bounded by its life.
        send_all(&self.replies, self.worker, self.consumed, message).map_err(|_| IpcError::Gone(0))
    }

    fn receive(&mut self, message: &mut Vec<u8>, deadline: Instant) -> Result<(), IpcError> {
        loop {
            let Piece(bytes) = receive_piece(&self.requests, self.wait, deadline)?;
            let parsed = parse(&bytes)?;
            if self.assembly.add(&parsed, message)? {
                self.consumed += message.len() as u64 + SLACK;
                return Ok(());
            }
        }
    }
}
