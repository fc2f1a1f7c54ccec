//! What the driver says, as it says it, and as what a run leaves.

use serde::Deserialize;

use crate::model::JobSpec;
use crate::record::{
    COUNTERS, Details, Event, EventKind, ItemTimes, Life, Measurement, Open, Phase, RunError, Seen, Spent, Usage,
    WorkerTimes,
};

/// A line of the driver.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DriverMessage {
    /// The memory of these processes and its own is to be read.
    Weigh { workers: Vec<u32>, others: Vec<u32> },
    /// The end.
    Result(Box<Outcome>),
    /// A look at a function has come to this step.
    Step(String),
    /// What a look at a function has seen.
    Look(Box<FunctionLook>),
}

/// What was seen of a function.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct FunctionLook {
    /// What calling it gives: `plain`, `coroutine` or `generator`.
    pub kind: String,
    /// Seconds of the second call, or of the first where that took long.
    pub seconds: f64,
    /// CPU seconds of the second call; `None` where there was none.
    pub cpu_seconds: Option<f64>,
    /// Seconds that importing its module took.
    pub import_seconds: f64,
    /// How many items code has made, where it made any.
    pub made: Option<u64>,
    /// The first item, as Python shows it.
    pub item: String,
    /// Bytes of a result once it is pickled.
    pub result_bytes: Option<u64>,
    /// What cannot be pickled, and why.
    pub unpicklable: Option<String>,
    /// Why the function cannot be pickled by its name.
    pub by_name: Option<String>,
    /// Where the results of two calls with one item differ.
    pub differs: Option<String>,
    /// During which step the look ended: `import`, `items` or `call`.
    pub(super) step: String,
    /// What it ended with.
    pub(super) error: Option<String>,
}

/// The driver's result. Sizes are bounded by that of its line, and nothing of it is trusted further.
#[derive(Deserialize)]
pub(super) struct Outcome {
    phases: [PhaseMessage; 3],
    done: u64,
    known: u64,
    duplicated: u64,
    sum: u64,
    first_item: u64,
    warm_up: u64,
    retried: u64,
    recovered: u64,
    /// How late each reply was, where items come at a rate, and the time from the first moment to the last reply.
    late: Vec<u64>,
    span: u64,
    service: Vec<u64>,
    response: Vec<u64>,
    /// By worker: nanoseconds within items, when the last of them ended, and nanoseconds of waits for others between iterations;
    /// and within items, where one thread runs them, those in which it was blocked and in which it had no core; and between items, in
    /// which it was blocked under a GIL.
    stints: Vec<[u64; 6]>,
    /// When the work phase ended, on the monotonic clock.
    end: u64,
    lives: Vec<Life>,
    seen: Vec<Seen>,
    events: Vec<Event>,
    left_out: u64,
    trouble: Option<(Kind, String)>,
}

#[derive(Clone, Copy, Deserialize)]
struct PhaseMessage {
    wall: u64,
    usage: [u64; COUNTERS],
}

impl PhaseMessage {
    fn phase(self) -> Phase {
        Phase { wall: self.wall, usage: Usage::from_numbers(self.usage) }
    }
}

/// What went wrong, in the driver's words for it.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    TimedOut,
    WorkerDied,
    HostDied,
    Failed,
}

impl Outcome {
    /// As what every model leaves.
    pub(super) fn ran(mut self, brief: &JobSpec) -> Measurement {
        let phases = self.phases.map(PhaseMessage::phase);
        let stint = |&[service, last, waited, blocked, preempted, locked_out]: &[u64; 6]| WorkerTimes {
            service,
            last,
            waited,
            blocked,
            preempted,
            locked_out,
            ..WorkerTimes::default()
        };
        let stints: Vec<WorkerTimes> = self.stints.iter().map(stint).collect();
        let spent = brief.profiling().then(|| Spent::split(&stints, brief.workers(), phases[1].wall, self.end));
        self.events.sort_by_key(|Event(lane, kind, start, _)| (*lane, *start, *kind == EventKind::Item));
        Measurement {
            phases,
            times: brief.profiling().then(|| times(&self.service, &self.response)),
            done: self.done,
            known: self.known,
            digest: self.sum,
            first_item: self.first_item,
            details: Details {
                warm_up: self.warm_up,
                spent,
                open: Open::of(self.late, self.span),
                retried: self.retried,
                duplicated: self.duplicated,
                recovered: self.recovered,
                lives: self.lives,
                seen: self.seen,
                ..Details::default()
            },
            events: self.events,
            left_out: self.left_out,
            trouble: self.trouble.map(|(kind, text)| trouble(&kind, text)),
            ..Measurement::default()
        }
    }
}

fn times(service: &[u64], response: &[u64]) -> ItemTimes {
    let mut times = ItemTimes::default();
    service.iter().for_each(|nanos| times.service.saturating_record(*nanos));
    response.iter().for_each(|nanos| times.response.saturating_record(*nanos));
    times
}

fn trouble(kind: &Kind, text: String) -> RunError {
    match kind {
        Kind::TimedOut => RunError::TimedOut,
        Kind::WorkerDied => RunError::WorkerDied { cause: text },
        Kind::HostDied => RunError::HostDied { cause: text },
        Kind::Failed => RunError::Failed(text),
    }
}
