//! What goes wrong in a run: why its work stops, and what the errors of other rooms are to it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::ipc::IpcError;
use crate::record::RunError;
use crate::task::TaskError;

/// Why work stopped before it was done.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// A worker process is gone: which of those that whoever says so has.
    Gone(usize),
    /// The run was given up elsewhere, where the reason is known.
    Elsewhere,
    /// Anything else.
    RunError(RunError),
}

impl Stop {
    /// What went wrong here, where `cause_of` says why a worker is gone; nothing where that is known elsewhere.
    ///
    /// # Errors
    /// That is what it gives.
    pub fn outcome(self, cause_of: impl FnOnce(usize) -> RunError) -> Result<(), RunError> {
        match self {
            Self::Gone(worker) => Err(cause_of(worker)),
            Self::Elsewhere => Ok(()),
            Self::RunError(trouble) => Err(trouble),
        }
    }
}

/// A damaged message.
#[derive(Debug)]
pub struct Damaged;

impl From<RunError> for Stop {
    fn from(trouble: RunError) -> Self {
        Self::RunError(trouble)
    }
}

impl From<IpcError> for Stop {
    fn from(error: IpcError) -> Self {
        match error {
            IpcError::Gone(worker) => Self::Gone(worker),
            other => Self::RunError(other.into()),
        }
    }
}

impl From<TaskError> for Stop {
    fn from(error: TaskError) -> Self {
        Self::RunError(error.into())
    }
}

impl From<Damaged> for Stop {
    fn from(damaged: Damaged) -> Self {
        Self::RunError(damaged.into())
    }
}

impl From<TaskError> for RunError {
    fn from(error: TaskError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<IpcError> for RunError {
    fn from(error: IpcError) -> Self {
        match error {
            IpcError::Deadline => Self::TimedOut,
            IpcError::Protocol(detail) => Self::Protocol(detail),
            IpcError::ManagerGone => Self::WorkerDied { cause: "the manager process ended".into() },
            IpcError::Gone(_) | IpcError::Os { .. } => Self::Failed(error.to_string()),
        }
    }
}

impl From<Damaged> for RunError {
    fn from(_: Damaged) -> Self {
        Self::Protocol("a message is damaged".into())
    }
}

/// Does it; a panic is the death of whoever did.
///
/// # Errors
/// What `work` says, and its panic.
pub fn caught<T, E: From<RunError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(panic_cause(payload.as_ref()).into()))
}

/// The words of a panic.
pub fn panic_cause(payload: &(dyn std::any::Any + Send)) -> RunError {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
    RunError::WorkerDied { cause: format!("panic: {text}") }
}

/// The text of a worker's error message as a failure.
pub fn reported(message: &[u8]) -> Stop {
    Stop::RunError(RunError::Failed(String::from_utf8_lossy(&message[1..]).into_owned()))
}

/// A system call's refusal as a failure of `what`.
pub fn system(what: &'static str) -> impl FnOnce(rustix::io::Errno) -> RunError {
    move |error| RunError::Failed(format!("{what}: {error}"))
}
