//! What went wrong.

use serde::{Deserialize, Serialize};

/// Why a run did not end well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunError {
    /// The deadline passed.
    TimedOut,
    /// A worker (a process or a thread) ended before its work did.
    WorkerDied {
        /// Such as `signal 9 (SIGKILL)`.
        cause: String,
    },
    /// The program that ran the items ended itself, with all that it had, where it is not the host process.
    HostDied {
        /// Such as `signal 11 (SIGSEGV)`.
        cause: String,
    },
    /// What arrived is no message.
    Protocol(String),
    /// An item, a preparation or the system said no.
    Failed(String),
}
