//! What happened when: lives of workers, events of a timeline, and what each saw of a global.

use serde::{Deserialize, Serialize};

use super::run::{JobSpec, Ran};
use super::stint::{Stopwatch, monotonic};

/// The life of one worker, in nanoseconds since the start of its run. A replacement has a life of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Which worker, from 0.
    pub worker: u32,
    /// When it was asked for.
    pub start: u64,
    /// When it said that it was ready, or ran its first instruction where nobody waits for that.
    pub ready: u64,
    /// When it was known to have ended.
    pub end: u64,
    /// Whether it died before it was told to end.
    pub died: bool,
}

/// What one party saw of the global variable of the task `globals`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Which worker; `None` is main.
    pub worker: Option<u32>,
    /// The value that it found first: main before it starts workers, a worker in its first item before it writes.
    pub before: u64,
    /// The value that it found last, when every worker had written its own.
    pub after: u64,
}

/// What an event of a timeline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// From being asked for to being ready.
    Start,
    /// An item.
    Item,
    /// The interpreter lock was held.
    Held,
    /// The worker's death was found out at the start of the event; at its end it was known how the
    /// worker died. Another in its place starts after that.
    Crash,
    /// From being told to end to having ended.
    Join,
}

/// An event, in nanoseconds since the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// 0 is main, worker n is n + 1.
    pub lane: u32,
    /// What it is.
    pub kind: EventKind,
    /// When it began.
    pub start: u64,
    /// When it ended.
    pub end: u64,
}

/// Most events that a run keeps of one lane and kind: beyond that a timeline is a blur.
pub const MOST_EVENTS: usize = 400;

/// Collects what happens in a run. What it is told is on the monotonic clock; what it keeps counts from the run's start.
#[derive(Default)]
pub(super) struct Trace {
    origin: u64,
    /// Whether events are kept beside lives.
    events: bool,
    lives: Vec<Life>,
    kept: Vec<Event>,
    /// Items of workers as they were told with the replies, by worker: all there is of those that never report.
    told: Vec<(usize, u64, u64)>,
    pub(super) left_out: u64,
}

impl Trace {
    pub(super) fn new(brief: &JobSpec) -> Self {
        Self { origin: monotonic(), events: brief.trace && brief.profiling(), ..Self::default() }
    }

    /// Says that the run starts now.
    pub(super) fn begin(&mut self) {
        self.origin = monotonic();
    }

    /// Says that the run started then, on the monotonic clock.
    pub(super) fn since(&mut self, origin: u64) {
        self.origin = origin;
    }

    /// Adds the life of a worker that is over. One that never said that it is ready was ready at no time before its end.
    pub(super) fn life(&mut self, worker: usize, start: u64, ready: u64, end: u64, died: bool) {
        let since = |time: u64| time.saturating_sub(self.origin);
        let ready = if ready == 0 { end } else { ready };
        self.lives.push(Life {
            worker: worker as u32,
            start: since(start),
            ready: since(ready),
            end: since(end),
            died,
        });
        self.event(worker, EventKind::Start, start, ready);
    }

    /// Adds an event of a worker, where events are kept.
    pub(super) fn event(&mut self, worker: usize, kind: EventKind, start: u64, end: u64) {
        let lane = worker as u32 + 1;
        if !self.events {
            return;
        }
        if self.kept.iter().filter(|event| event.lane == lane && event.kind == kind).count() >= MOST_EVENTS {
            self.left_out += 1;
            return;
        }
        let (start, end) = (start.saturating_sub(self.origin), end.saturating_sub(self.origin));
        self.kept.push(Event { lane, kind, start, end });
    }

    /// Notes the items of a message of replies that came now, by how long each took: they ran one after the other.
    pub(super) fn tell(&mut self, worker: usize, took: &[u64]) {
        if self.events && self.told.len() < 4 * MOST_EVENTS {
            let mut end = monotonic();
            for nanos in took.iter().rev() {
                self.told.push((worker, end.saturating_sub(*nanos), end));
                end = end.saturating_sub(*nanos);
            }
        }
    }

    /// Takes for the items of a worker what was told of them, where it did not live to report them.
    pub(super) fn believe(&mut self, worker: usize) {
        let mut told = std::mem::take(&mut self.told);
        told.retain(|(of, start, end)| {
            if *of == worker {
                self.event(worker, EventKind::Item, *start, *end);
            }
            *of != worker
        });
        self.told = told;
    }

    /// Adds the items of a worker that clocked them itself.
    pub(super) fn stamps(&mut self, worker: usize, watch: Option<&mut Stopwatch>) {
        let Some(stamps) = watch.and_then(|watch| watch.stamps.take()) else { return };
        stamps.kept.iter().for_each(|(start, end)| self.event(worker, EventKind::Item, *start, *end));
        self.left_out += stamps.left_out;
    }

    /// Leaves what it has.
    pub(super) fn into_ran(mut self, ran: &mut Ran) {
        self.lives.sort_by_key(|life| (life.worker, life.start));
        ran.lives = self.lives;
        ran.events.extend(self.kept);
        ran.events.sort_by_key(|event| (event.lane, event.start, event.end));
        ran.left_out += self.left_out;
    }
}
