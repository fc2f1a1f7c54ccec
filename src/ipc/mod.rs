//! How bytes cross between processes: the methods, and what they promise.

mod fd;
mod frame;
mod manager;
mod pipe;
mod queue;
mod ring;
mod segment;
mod shared;
mod table;
mod waiting;

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

pub use fd::{give, take};
pub use manager::serve as serve_manager;
pub use segment::{leftovers, sweep, sweep_for_good};
pub use table::{Requests, Table};

use crate::record::COUNTERS;
use crate::setting::{Method, Wait};

/// The longest message. A header that claims more is damaged.
pub const MESSAGE_LIMIT: usize = (1 << 30) + (1 << 20);

/// What a wait or a transfer may end with instead of a message.
#[derive(Debug, thiserror::Error)]
pub enum IpcError {
    /// The deadline passed.
    #[error("the deadline passed")]
    Deadline,
    /// The process at the other end is gone.
    #[error("the other end is gone (peer {0})")]
    Gone(usize),
    /// The server process in between is gone.
    #[error("the manager process is gone")]
    ManagerGone,
    /// What arrived is not a message.
    #[error("protocol error: {0}")]
    Protocol(String),
    /// The operating system refused something.
    #[error("{what}: {source}")]
    Os {
        /// What was tried.
        what: &'static str,
        /// The refusal.
        source: std::io::Error,
    },
}

impl IpcError {
    fn os(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Os { what, source }
    }
}

/// What one worker needs to open its end: a text for its command line, and descriptors that it inherits.
#[derive(Debug)]
pub struct ConnectInfo {
    /// Passed to [`open`] in the worker.
    pub text: String,
    /// Descriptors that the worker's process inherits under the same numbers; the parent closes its copies after the start.
    pub inherit: Vec<OwnedFd>,
}

/// The dispatcher's end: connected with all workers of a trial. Used by one thread.
///
/// Messages are whole and ordered per worker and direction, of any size up to `MESSAGE_LIMIT`. `send` never waits for
/// the worker to read: what does not fit is kept and goes out during later calls. Every wait ends at its deadline, and
/// promptly once the peer is dead, after what the peer had sent before was delivered.
pub trait DispatcherEnd: Send {
    /// Completes the connections after the workers' processes were started: those of all workers at first, and that of a
    /// new worker after [`DispatcherEnd::replace`]. Methods that need no handshake return at once.
    ///
    /// # Errors
    /// `Gone` with the worker that died before it connected; `Deadline`.
    fn accept(&mut self, deadline: Instant) -> Result<(), IpcError>;

    /// Told when every worker has sent its first message: names that served for opening are removed.
    fn connected(&mut self) {}

    /// Hands `message` to `worker`.
    ///
    /// # Errors
    /// `Gone` where that is known already.
    fn send(&mut self, worker: usize, message: &[u8]) -> Result<(), IpcError>;

    /// Waits for a message of any worker, replaces `message` by it and says whose it is.
    ///
    /// # Errors
    /// `Gone`, `ManagerGone`, `Deadline`, or `Protocol` where what arrived is no message.
    fn receive(&mut self, message: &mut Vec<u8>, deadline: Instant) -> Result<usize, IpcError>;

    /// Makes a new connection for the worker in place of one whose death [`DispatcherEnd::receive`] has told, and gives the ticket to
    /// start it with; then call [`DispatcherEnd::accept`]. What was under way to the dead one is dropped, and nothing that it left
    /// reaches the new one. Other workers are not disturbed.
    ///
    /// # Errors
    /// What the system refused; `ManagerGone`.
    fn replace(&mut self, worker: usize) -> Result<ConnectInfo, IpcError>;

    /// A handle with which another thread reports a worker's death, where the method does not notice it by itself.
    fn obituary(&self) -> Option<Arc<dyn DeathNotifier>> {
        None
    }

    /// The server process between dispatcher and workers, where there is one: what to start it with.
    fn server(&mut self) -> Option<ConnectInfo> {
        None
    }

    /// CPU time, switches and faults of that server so far.
    ///
    /// # Errors
    /// As [`DispatcherEnd::receive`].
    fn server_usage(&mut self, _deadline: Instant) -> Result<Option<[u64; COUNTERS]>, IpcError> {
        Ok(None)
    }
}

/// Told about dead workers by the thread that watches their processes.
pub trait DeathNotifier: Send + Sync {
    /// The worker's process has ended; every wait for it ends with `Gone`.
    fn died(&self, worker: usize);
}

/// A worker's end. The same promises as [`DispatcherEnd`], but `send` waits until the message is handed over.
pub trait WorkerEnd {
    /// Hands over a message.
    ///
    /// # Errors
    /// `Gone`, `Deadline`.
    fn send(&mut self, message: &[u8], deadline: Instant) -> Result<(), IpcError>;

    /// Waits for a message and replaces `message` by it.
    ///
    /// # Errors
    /// `Gone`, `Deadline`, `Protocol`.
    fn receive(&mut self, message: &mut Vec<u8>, deadline: Instant) -> Result<(), IpcError>;
}

/// Creates the dispatcher's end for `workers` workers. `largest` is the expected size of a message in bytes, from which
/// buffers are sized; larger ones pass too. `prefix` starts the names of shared segments (see `sweep`).
///
/// # Errors
/// What the system refused: descriptors, shared memory.
pub fn hub(
    method: Method,
    workers: usize,
    wait: Wait,
    largest: usize,
    prefix: &str,
) -> Result<(Box<dyn DispatcherEnd>, Vec<ConnectInfo>), IpcError> {
    match method {
        Method::Pipe => pipe::hub(workers, wait),
        Method::SharedMemory => shared::hub(workers, wait, largest, prefix),
        Method::Queue => queue::hub(workers, wait),
        Method::Manager => manager::hub(workers, wait),
    }
}

/// Opens a worker's end from its ticket's text. Call it before the process starts others.
///
/// # Errors
/// `Protocol` for a text that is no ticket, `Os` where what it names cannot be opened.
pub fn open(method: Method, ticket: &str, wait: Wait, deadline: Instant) -> Result<Box<dyn WorkerEnd>, IpcError> {
    match method {
        Method::Pipe => pipe::open(ticket, wait),
        Method::SharedMemory => shared::open(ticket, wait),
        Method::Queue => queue::open(ticket, wait, deadline),
        Method::Manager => manager::open(ticket, wait),
    }
}
