//! Words that a scenario may use although what they name is built further down: metrics, charts, outcomes, settings of a cell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an expectation may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// In-block ratio of the time of `to` (or of the group's baseline) to the time of `compare`; above one is better.
    Speedup,
    /// Time of the whole trial's measured phase in seconds; below is better.
    Time,
    /// Items a second of the measured phase.
    Throughput,
    /// Median of the service time in seconds, from the instrumented trials.
    ServiceP50,
    /// 95th percentile of the service time in seconds, from the instrumented trials.
    ServiceP95,
    /// 99th percentile of the service time in seconds, from the instrumented trials.
    ServiceP99,
    /// Median of the latency in seconds, where items come at a set rate.
    LatencyP50,
    /// 95th percentile of the latency in seconds, where items come at a set rate.
    LatencyP95,
    /// 99th percentile of the latency in seconds, where items come at a set rate.
    LatencyP99,
    /// Proportional set size of all processes after the work in bytes, from the memory trials.
    Memory,
    /// Share of the timed trials that end in one way.
    Outcome,
}

/// Every metric with its word and what it means, in the order in which help lists them.
pub const METRICS: &[(Metric, &str, &str)] = &[
    (Metric::Speedup, "speedup", "how many times faster `compare` is than `to`, by block"),
    (Metric::Time, "time", "seconds of the measured phase"),
    (Metric::Throughput, "throughput", "items a second"),
    (Metric::ServiceP50, "service_p50", "median time of an item, received until replied"),
    (Metric::ServiceP95, "service_p95", "95th percentile of the time of an item"),
    (Metric::ServiceP99, "service_p99", "99th percentile of the time of an item"),
    (Metric::LatencyP50, "latency_p50", "median time from when an item came to its reply, at a set rate"),
    (Metric::LatencyP95, "latency_p95", "95th percentile of that time"),
    (Metric::LatencyP99, "latency_p99", "99th percentile of that time; takes 1,000 items"),
    (Metric::Memory, "memory", "memory of all processes after the work, shared pages once"),
    (Metric::Outcome, "outcome", "share of the trials that end as `is` says"),
];

/// What a bound of an expectation counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// How many times as much.
    Factor,
    /// Seconds.
    Seconds,
    /// Items a second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// A share, 0 to 1.
    Share,
}

impl Metric {
    /// The word used in scenarios.
    #[must_use]
    pub fn word(self) -> &'static str {
        METRICS.iter().find(|(metric, ..)| *metric == self).map_or("", |(_, word, _)| word)
    }

    /// What its bounds count. Where a metric of one cell is compared with another, bounds are factors.
    #[must_use]
    pub fn unit(self, compared: bool) -> Unit {
        match self {
            Self::Outcome => Unit::Share,
            _ if compared => Unit::Factor,
            Self::Speedup => Unit::Factor,
            Self::Time | Self::ServiceP50 | Self::ServiceP95 | Self::ServiceP99 => Unit::Seconds,
            Self::LatencyP50 | Self::LatencyP95 | Self::LatencyP99 => Unit::Seconds,
            Self::Throughput => Unit::PerSecond,
            Self::Memory => Unit::Bytes,
        }
    }

    /// Whether it is a percentile of the service time.
    #[must_use]
    pub fn is_service(self) -> bool {
        matches!(self, Self::ServiceP50 | Self::ServiceP95 | Self::ServiceP99)
    }
}

/// The charts that can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    /// Does it scale? Lines over workers.
    Speedup,
    /// Which is fastest? Horizontal bars.
    Time,
    /// How bad is the tail? The share of items by their time.
    Service,
    /// How late are replies at which rate? Lines over the rate at which items come.
    Latency,
    /// Where did the speedup go? Stacked bars from what was measured up to the ideal.
    Losses,
    /// Which method at which payload size? Lines over payload.
    Ipc,
    /// What does a worker cost? Stacked bars of private and shared memory.
    Memory,
    /// Where did the time go? A lane per worker.
    Timeline,
    /// Is work lost? A matrix of ways and faults.
    Crash,
    /// Did it get worse? Dumbbells of two builds or two runs.
    Compare,
}

/// Every chart with its word and the question it answers, in the order in which reports show them.
pub const CHARTS: &[(ChartKind, &str, &str)] = &[
    (ChartKind::Speedup, "speedup", "does it scale? speedup over workers"),
    (ChartKind::Time, "time", "which is fastest? time of every way, as bars"),
    (ChartKind::Service, "service", "how bad is the tail? shares of the items by their time"),
    (ChartKind::Latency, "latency", "how late are replies at which rate, and where does a way fall behind?"),
    (ChartKind::Losses, "losses", "where did the speedup go? its parts from the ideal to what was measured"),
    (ChartKind::Ipc, "ipc", "which IPC method at which size? over payload"),
    (ChartKind::Memory, "memory", "what does a worker cost? private and shared memory"),
    (ChartKind::Timeline, "timeline", "where did the time go? a lane per worker, from start to join"),
    (ChartKind::Crash, "crash", "is work lost? what a fault does under every way"),
    (ChartKind::Compare, "compare", "did it get worse? two builds (--against) or two runs (runner compare)"),
];

impl ChartKind {
    /// The word used in scenarios and file names.
    #[must_use]
    pub fn word(self) -> &'static str {
        CHARTS.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, word, _)| word)
    }

    /// What may stand along the axis of the ways or sizes; none where it is always the same thing that no key names.
    #[must_use]
    pub fn takes_x(self) -> &'static [ChartKey] {
        match self {
            Self::Time | Self::Losses | Self::Memory => WAYS,
            Self::Speedup => &[ChartKey::Workers],
            Self::Ipc => &[ChartKey::Payload],
            Self::Service | Self::Latency | Self::Timeline | Self::Crash | Self::Compare => &[],
        }
    }

    /// By what ways may be set apart, each in a section or a picture of its own.
    #[must_use]
    pub fn takes_group(self) -> &'static [ChartKey] {
        match self {
            Self::Time | Self::Losses | Self::Memory | Self::Service => WAYS,
            // Workers are its axis.
            Self::Speedup => WAYS_BUT_WORKERS,
            Self::Ipc | Self::Latency | Self::Timeline | Self::Crash | Self::Compare => &[],
        }
    }
}

/// A setting by which a chart may order or part the ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChartKey {
    /// How many workers.
    Workers,
    /// Who runs the items.
    Model,
    /// How bytes cross between processes.
    Ipc,
    /// How items reach workers.
    Dispatch,
    /// Items per message or claim.
    Chunk,
    /// Chunks in flight per worker.
    InFlight,
    /// How a side waits.
    Wait,
    /// Which cores.
    Placement,
    /// How worker processes are started.
    Start,
    /// Which of Python's own classes run the workers.
    Api,
    /// How long a thread may keep the interpreter lock.
    SwitchInterval,
    /// How long the emulated lock is held before a blocking operation.
    HeldPerOperation,
    /// What happens after a worker process has died.
    OnCrash,
    /// What the parent holds.
    ParentMemory,
    /// What workers do with it.
    ParentUse,
    /// Bytes that a request carries.
    Payload,
}

/// Every such setting with its word and what it is.
pub const CHART_KEYS: &[(ChartKey, &str, &str)] = &[
    (ChartKey::Workers, "workers", "how many workers"),
    (ChartKey::Model, "model", "who runs the items"),
    (ChartKey::Ipc, "ipc", "how bytes cross between processes"),
    (ChartKey::Dispatch, "dispatch", "how items reach worker processes"),
    (ChartKey::Chunk, "chunk", "items per message or claim"),
    (ChartKey::InFlight, "in_flight", "chunks that a worker process was handed and has not answered"),
    (ChartKey::Wait, "wait", "how a side waits for a message"),
    (ChartKey::Placement, "placement", "which cores may be used"),
    (ChartKey::Start, "start", "how worker processes are started"),
    (ChartKey::Api, "api", "which of Python's own classes run the workers"),
    (ChartKey::SwitchInterval, "switch_interval", "how long a thread may keep the interpreter lock"),
    (
        ChartKey::HeldPerOperation,
        "held_per_operation",
        "how long the emulated lock is held before a blocking operation",
    ),
    (ChartKey::OnCrash, "on_crash", "what happens after a worker process has died"),
    (ChartKey::ParentMemory, "parent_memory", "memory that the parent holds"),
    (ChartKey::ParentUse, "parent_use", "what workers do with the parent's memory"),
    (ChartKey::Payload, "payload", "bytes that a request carries; only along the axis of `ipc`"),
];

/// The settings of ways: workers first, payload not among them, since that sets groups apart.
const WAYS: &[ChartKey] = &[
    ChartKey::Workers,
    ChartKey::Model,
    ChartKey::Ipc,
    ChartKey::Dispatch,
    ChartKey::Chunk,
    ChartKey::InFlight,
    ChartKey::Wait,
    ChartKey::Placement,
    ChartKey::Start,
    ChartKey::Api,
    ChartKey::SwitchInterval,
    ChartKey::HeldPerOperation,
    ChartKey::OnCrash,
    ChartKey::ParentMemory,
    ChartKey::ParentUse,
];

const WAYS_BUT_WORKERS: &[ChartKey] = WAYS.split_at(1).1;

impl ChartKey {
    /// The word used in scenarios.
    #[must_use]
    pub fn word(self) -> &'static str {
        CHART_KEYS.iter().find(|(key, ..)| *key == self).map_or("", |(_, word, _)| word)
    }
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Outcome {
    /// Every item was done and its reply is right.
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
    WrongReply,
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
            Outcome::WrongReply => "wrong reply".into(),
            Outcome::ProtocolError { detail } => format!("protocol error: {detail}"),
            Outcome::Failed { detail } => format!("failed: {detail}"),
        }
    }
}

/// How a trial ends, without the details of [`Outcome`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// [`Outcome::Ok`].
    Ok,
    /// [`Outcome::TimedOut`].
    TimedOut,
    /// [`Outcome::WorkerDied`].
    WorkerDied,
    /// [`Outcome::HostDied`].
    HostDied,
    /// [`Outcome::WrongReply`].
    WrongReply,
    /// [`Outcome::ProtocolError`].
    ProtocolError,
    /// [`Outcome::Failed`].
    Failed,
}

/// Every ending with its word and what it means, in the order in which help lists them.
pub const ENDINGS: &[(Ending, &str, &str)] = &[
    (Ending::Ok, "ok", "every item was done and its reply is right"),
    (Ending::TimedOut, "timed_out", "the deadline of the trial passed"),
    (Ending::WorkerDied, "worker_died", "a worker process ended before its work did"),
    (Ending::HostDied, "host_died", "the process of the trial ended before it reported"),
    (Ending::WrongReply, "wrong_reply", "the replies differ from those of a serial run"),
    (Ending::ProtocolError, "protocol_error", "what a worker sent was not a message"),
    (Ending::Failed, "failed", "an item or the preparation failed with an error of its own"),
];

impl Ending {
    /// A few words for tables: `timed out`.
    #[must_use]
    pub fn words(self) -> String {
        let word = ENDINGS.iter().find(|(ending, ..)| *ending == self).map_or("", |(_, word, _)| word);
        word.replace('_', " ")
    }
}

impl Outcome {
    /// How it ended, without the details.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match self {
            Self::Ok => Ending::Ok,
            Self::TimedOut => Ending::TimedOut,
            Self::WorkerDied { .. } => Ending::WorkerDied,
            Self::HostDied { .. } => Ending::HostDied,
            Self::WrongReply => Ending::WrongReply,
            Self::ProtocolError { .. } => Ending::ProtocolError,
            Self::Failed { .. } => Ending::Failed,
        }
    }
}

/// Words of the language that this program knows only where it was built with an optional feature of the same name, with
/// what they do.
pub const OPTIONAL: &[(&str, &str)] = &[("video", "a task that encodes AV1")];
