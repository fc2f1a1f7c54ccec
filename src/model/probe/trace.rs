//! What happened when: lives of workers, events of a timeline, and what each saw of a global.

use crate::model::probe::clock::monotonic;
use crate::model::probe::stopwatch::Stamps;
use crate::model::spec::JobSpec;
use crate::record::{Event, EventKind, Life, MOST_EVENTS, Measurement};

/// Collects what happens in a run. What it is told is on the monotonic clock; what it keeps counts from the run's start.
#[derive(Default)]
pub struct Trace {
    origin: u64,
    /// Whether events are kept beside lives.
    events: bool,
    lives: Vec<Life>,
    kept: Vec<Event>,
    /// Items of workers as they were told with the replies, by worker: all there is of those that never report.
    told: Vec<(usize, u64, u64)>,
    pub left_out: u64,
}

impl Trace {
    /// The trace of a run that starts at `origin`, on the monotonic clock.
    pub fn new(brief: &JobSpec, origin: u64) -> Self {
        Self { origin, events: brief.trace && brief.profiling(), ..Self::default() }
    }

    /// Says that the run started then, on the monotonic clock.
    pub fn since(&mut self, origin: u64) {
        self.origin = origin;
    }

    /// Adds the life of a worker that is over. One that never said that it is ready was ready at no time before its end.
    pub fn life(&mut self, worker: usize, start: u64, ready: u64, end: u64, died: bool) {
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
    pub fn event(&mut self, worker: usize, kind: EventKind, start: u64, end: u64) {
        let lane = worker as u32 + 1;
        if !self.events {
            return;
        }
        if self.kept.iter().filter(|event| event.0 == lane && event.1 == kind).count() >= MOST_EVENTS {
            self.left_out += 1;
            return;
        }
        let (start, end) = (start.saturating_sub(self.origin), end.saturating_sub(self.origin));
        self.kept.push(Event(lane, kind, start, end));
    }

    /// Notes the items of a message of replies that came now, by how long each took: they ran one after the other.
    pub fn tell(&mut self, worker: usize, took: &[u64]) {
        if self.events && self.told.len() < 4 * MOST_EVENTS {
            let mut end = monotonic();
            for nanos in took.iter().rev() {
                self.told.push((worker, end.saturating_sub(*nanos), end));
                end = end.saturating_sub(*nanos);
            }
        }
    }

    /// Takes for the items of a worker what was told of them, where it did not live to report them.
    pub fn believe(&mut self, worker: usize) {
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
    pub fn stamps(&mut self, worker: usize, stamps: Option<Stamps>) {
        let Some(stamps) = stamps else { return };
        stamps.kept.iter().for_each(|(start, end)| self.event(worker, EventKind::Item, *start, *end));
        self.left_out += stamps.left_out;
    }

    /// Leaves what it has beside what is there already.
    pub fn into_measurement(self, ran: &mut Measurement) {
        ran.details.lives.extend(self.lives);
        ran.details.lives.sort_by_key(|life| (life.worker, life.start));
        ran.events.extend(self.kept);
        ran.events.sort_by_key(|Event(lane, _, start, end)| (*lane, *start, *end));
        ran.left_out += self.left_out;
    }
}
