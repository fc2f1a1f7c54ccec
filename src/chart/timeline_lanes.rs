//! From the events of a trial to lanes of bars.

use std::collections::BTreeMap;

use crate::results::{Configuration, Event, EventKind, Timeline};
use crate::text::show_seconds;

/// Height of a lane's bar.
pub(super) const BAR: f64 = 19.0;

/// More lanes or bars than these are told by shares.
const MOST_LANES: usize = 16;
const MOST_BARS: usize = 400;

/// So many events of a lane and kind are kept; where a lane has them, later ones may be missing.
const KEPT: usize = 400;

/// More workers than a scenario may ask for.
const MOST_WORKERS: u32 = 1024;

/// What a bar stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Start,
    /// The start of the one in the place of a dead one.
    Restart,
    Item,
    Crash,
    /// Main has nothing to do but to wait.
    Waiting,
    Join,
}

impl What {
    pub(super) fn name(self) -> &'static str {
        match self {
            What::Start => "start",
            What::Restart => "restart",
            What::Item => "item",
            What::Crash => "died",
            What::Waiting => "waiting for replies",
            What::Join => "join",
        }
    }
}

/// From when to when, in nanoseconds since the start of the trial.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bar {
    pub(super) what: What,
    pub(super) from: u64,
    pub(super) to: u64,
}

impl Bar {
    pub(super) fn length(&self) -> String {
        show_seconds(self.to.saturating_sub(self.from) as f64 / 1e9)
    }
}

/// A lane: main, a worker, or several workers whose shares are told.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) main: bool,
    /// How many parties it is of.
    pub(super) workers: u32,
    pub(super) bars: Vec<Bar>,
    /// When the interpreter lock was held.
    pub(super) held: Vec<(u64, u64)>,
    /// From when on events may be missing.
    pub(super) known_until: Option<u64>,
}

/// Everything that is drawn of a timeline.
pub(super) struct Story {
    pub(super) lanes: Vec<Lane>,
    /// Lanes as they were, before workers were put together.
    pub(super) single: Vec<Lane>,
    pub(super) bars: usize,
    pub(super) left_out: u64,
    pub(super) end: u64,
    /// When the last item that was kept ended, and when the last of all did, where that is known.
    pub(super) last_item: Option<u64>,
    pub(super) last_reply: Option<u64>,
}

impl Story {
    pub(super) fn of(timeline: &Timeline, configuration: &Configuration) -> Self {
        let mut events: BTreeMap<u32, Vec<Event>> = BTreeMap::new();
        timeline.events.iter().for_each(|event| events.entry(event.0).or_default().push(*event));
        let count =
            events.keys().max().copied().unwrap_or(0).max(configuration.config.workers.unwrap_or(0)).min(MOST_WORKERS);
        let of = |number| lane(number, events.remove(&number).unwrap_or_default(), timeline.left_out > 0);
        let mut single: Vec<Lane> = (0..=count).map(of).collect();
        complete_main(&mut single);
        let bars = single.iter().map(|lane| lane.bars.len()).sum();
        let end = timeline.events.iter().map(|event| event.3).max().unwrap_or(0);
        let items = single.iter().flat_map(|lane| &lane.bars).filter(|bar| bar.what == What::Item);
        // Where later items were not kept, the last one that was is not the last.
        let cut = single.iter().any(|lane| lane.known_until.is_some());
        let last_item = items.map(|bar| bar.to).max();
        let last_reply = last_item.filter(|_| !cut);
        let lanes = if single.len() > MOST_LANES { together(&single) } else { single.clone() };
        Self { lanes, single, bars, left_out: timeline.left_out, end, last_item, last_reply }
    }

    /// Whether there is too much for a bar each.
    pub(super) fn aggregated(&self) -> bool {
        self.single.len() > MOST_LANES || self.bars > MOST_BARS
    }

    pub(super) fn has(&self, what: What) -> bool {
        self.single.iter().any(|lane| lane.bars.iter().any(|bar| bar.what == what))
    }

    pub(super) fn has_lock(&self) -> bool {
        self.single.iter().any(|lane| !lane.held.is_empty())
    }

    /// The part of the trial in which items ran and nothing is missing.
    pub(super) fn window(&self) -> Option<(u64, u64)> {
        let items = || self.single.iter().flat_map(|lane| &lane.bars).filter(|bar| bar.what == What::Item);
        let from = items().map(|bar| bar.from).min()?;
        let known = self.single.iter().filter_map(|lane| lane.known_until);
        let to = known.chain(self.last_item).min()?;
        (to > from).then_some((from, to))
    }
}

/// The lane of main (0) or of a worker.
fn lane(number: u32, mut events: Vec<Event>, cut: bool) -> Lane {
    events.sort_by_key(|event| (event.2, event.3, event.1));
    let name = if number == 0 { "main".to_owned() } else { format!("worker {number}") };
    let mut lane = Lane { name, main: number == 0, workers: 1, ..Lane::default() };
    let mut died = false;
    for Event(_, kind, from, to) in &events {
        let what = match kind {
            EventKind::Held => {
                lane.held.push((*from, *to));
                continue;
            }
            EventKind::Start if died => What::Restart,
            EventKind::Start => What::Start,
            EventKind::Item => What::Item,
            EventKind::Crash => What::Crash,
            EventKind::Join => What::Join,
        };
        died |= what == What::Crash;
        lane.bars.push(Bar { what, from: *from, to: *to });
    }
    if cut {
        let ends = |kind: EventKind| {
            let own = events.iter().filter(|event| event.1 == kind);
            (own.clone().count() >= KEPT).then(|| own.map(|event| event.3).max()).flatten()
        };
        lane.known_until = [EventKind::Item, EventKind::Held].into_iter().filter_map(ends).min();
    }
    lane
}

/// Main asks for its workers, waits and joins them: what it left out of that follows from theirs.
fn complete_main(lanes: &mut [Lane]) {
    let [main, workers @ ..] = lanes else { return };
    if workers.is_empty() || main.bars.iter().any(|bar| bar.what == What::Item) {
        return;
    }
    let of = |what: What| workers.iter().flat_map(move |lane| lane.bars.iter().filter(move |bar| bar.what == what));
    for what in [What::Start, What::Join] {
        if !main.bars.iter().any(|bar| bar.what == what)
            && let (Some(from), Some(to)) = (of(what).map(|bar| bar.from).min(), of(what).map(|bar| bar.to).max())
        {
            main.bars.push(Bar { what, from, to });
        }
    }
    let started = main.bars.iter().filter(|bar| bar.what == What::Start).map(|bar| bar.to).max();
    let joined = main.bars.iter().filter(|bar| bar.what == What::Join).map(|bar| bar.from).min();
    // Where a death ended it all, nobody was joined.
    let joined = joined.or_else(|| workers.iter().flat_map(|lane| &lane.bars).map(|bar| bar.to).max());
    if let (Some(from), Some(to)) = (started, joined)
        && from < to
    {
        main.bars.push(Bar { what: What::Waiting, from, to });
    }
    main.bars.sort_by_key(|bar| bar.from);
}

/// Main, and the workers in as many lanes as can be told apart.
fn together(single: &[Lane]) -> Vec<Lane> {
    let (main, workers) = single.split_at(1);
    let size = workers.len().div_ceil(MOST_LANES - 1).max(1);
    let bundle = |(index, lanes): (usize, &[Lane])| {
        let first = index * size + 1;
        let last = first + lanes.len() - 1;
        let name = if first == last { format!("worker {first}") } else { format!("workers {first}–{last}") };
        Lane {
            name,
            main: false,
            workers: lanes.len() as u32,
            bars: lanes.iter().flat_map(|lane| lane.bars.iter().copied()).collect(),
            held: lanes.iter().flat_map(|lane| lane.held.iter().copied()).collect(),
            known_until: lanes.iter().filter_map(|lane| lane.known_until).min(),
        }
    };
    main.iter().cloned().chain(workers.chunks(size).enumerate().map(bundle)).collect()
}
