//! How trials end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::words;

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    /// Every item was done and its result is right.
    Ok,
    /// The deadline of the trial passed; the trial counts as infinitely slow.
    TimedOut,
    /// A worker process ended before its work did.
    WorkerDied {
        /// Such as `signal 9 (SIGKILL)` or `exit code 3`.
        cause: String,
    },
    /// The host process itself ended before it reported.
    HostDied {
        /// Such as `signal 11 (SIGSEGV)`.
        cause: String,
    },
    /// The sum of the replies differs from that of a serial run.
    ResultMismatch,
    /// What a worker sent was not a message.
    ProtocolError {
        /// What was found.
        detail: String,
    },
    /// An item or the preparation failed with an error of its own.
    Failed {
        /// The error.
        detail: String,
    },
}

impl Outcome {
    /// A few words for tables: `ok`, `timed out`, `worker died: signal 9 (SIGKILL)`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Outcome::Ok => "ok".into(),
            Outcome::TimedOut => "timed out".into(),
            Outcome::WorkerDied { cause } => format!("worker died: {cause}"),
            Outcome::HostDied { cause } => format!("host died: {cause}"),
            Outcome::ResultMismatch => "result mismatch".into(),
            Outcome::ProtocolError { detail } => format!("protocol error: {detail}"),
            Outcome::Failed { detail } => format!("failed: {detail}"),
        }
    }
}

words! {
    /// How a trial ends, without the details of [`Outcome`].
    pub enum OutcomeKind, "outcome" {
        Ok = "ok": "every item was done and its result is right",
        TimedOut = "timed_out" ("timed out"): "the deadline of the trial passed",
        WorkerDied = "worker_died" ("worker died"): "a worker process ended before its work did",
        HostDied = "host_died" ("host died"): "the process of the trial ended before it reported",
        ResultMismatch = "result_mismatch" ("result mismatch"): "the results differ from those of a serial run",
        ProtocolError = "protocol_error" ("protocol error"): "what a worker sent was not a message",
        Failed = "failed": "an item or the preparation failed with an error of its own",
    }
}

impl Outcome {
    /// How it ended, without the details.
    #[must_use]
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Ok => OutcomeKind::Ok,
            Self::TimedOut => OutcomeKind::TimedOut,
            Self::WorkerDied { .. } => OutcomeKind::WorkerDied,
            Self::HostDied { .. } => OutcomeKind::HostDied,
            Self::ResultMismatch => OutcomeKind::ResultMismatch,
            Self::ProtocolError { .. } => OutcomeKind::ProtocolError,
            Self::Failed { .. } => OutcomeKind::Failed,
        }
    }
}
