//! How large the trials of `runner try` are, and with how many workers it tries.

use std::time::Duration;

use super::output::Output;
use super::try_args::Tuned;
use crate::host::granted_cores;
use crate::text::{plural, show_seconds};

/// How long the rounds take at most, unless the user says it.
const BUDGET: Duration = Duration::from_secs(20);
/// Seconds that a serial trial should take at least: about what starting and ending one costs, so that there are many rounds.
const TRIAL: f64 = 0.15;
/// Seconds that starting and ending the host and the workers of a trial takes, about.
const AROUND: f64 = 0.15;
/// Trials of every configuration beside those of the rounds: with clocks, with memory read.
const APART: f64 = 4.0;
/// Seconds that handing over an item to a process takes, about: what a chunk should be far beyond.
const HAND_OVER: f64 = 1e-4;
/// A trial of the slowest of several may take so many times as long as one is meant to.
const MOST_APART: f64 = 10.0;
/// Below so many seconds of an item, configurations differ too much for one number of items.
const SMALL: f64 = 1e-4;
/// Most bytes of results that a trial should keep.
const MOST_RESULTS: u64 = 64 << 20;
/// Numbers of workers that work which waits is tried with, beside the cores.
const WAITING: [u32; 2] = [4, 16];
/// Chunks that are walked to find the best.
const CHUNKS: [u64; 5] = [1, 4, 16, 64, 256];

/// What was seen of what is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried {
    /// Seconds of an item.
    pub(super) seconds: f64,
    /// Whether most of that is waiting.
    pub(super) waits: bool,
    pub(super) coroutine: bool,
    /// Bytes of a result.
    pub(super) result_bytes: u64,
}

/// Seconds of an item by which trials are sized, of several things that are compared: of the fastest, unless trials of the slowest would then
/// take far longer.
pub(super) fn seconds_of(each: impl Iterator<Item = f64> + Clone) -> f64 {
    let (fastest, slowest) = (each.clone().fold(f64::INFINITY, f64::min), each.fold(0.0, f64::max));
    if slowest > MOST_APART * fastest { slowest } else { fastest }
}

/// With how many workers it is tried: what the user says, else the cores, and more where it waits.
pub(super) fn workers_of(given: &[u32], tune: &[Tuned], tried: &Tried) -> Vec<u32> {
    let cores = granted_cores();
    let mut workers = given.to_vec();
    if workers.is_empty() {
        workers = vec![cores.max(2)];
        if tried.waits || tried.coroutine {
            workers.extend(WAITING);
        }
        if tune.contains(&Tuned::Workers) {
            let most = if tried.waits || tried.coroutine { 64 } else { 2 * cores };
            workers.extend((0..).map(|power| 1 << power).take_while(|workers| *workers <= most));
        }
    }
    workers.sort_unstable();
    workers.dedup();
    workers
}

/// How many items a process is sent at once: so many that sending them takes a hundredth of what they take.
pub(super) fn chunk_of(tune: &[Tuned], tried: &Tried) -> Vec<u64> {
    if tune.contains(&Tuned::Chunk) {
        return CHUNKS.to_vec();
    }
    let wanted = 100.0 * HAND_OVER / tried.seconds.max(1e-8);
    vec![CHUNKS.into_iter().find(|chunk| *chunk as f64 >= wanted).unwrap_or(256)]
}

/// Numbers as a list of YAML.
pub(super) fn listed<T: ToString>(numbers: &[T]) -> String {
    match numbers {
        [one] => one.to_string(),
        several => format!("[{}]", several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// How many items a trial has, and how long all of it takes.
pub(super) struct Size {
    /// Items of a trial; `None` where each configuration has as many of its own as suit it.
    items: Option<u64>,
    pub(super) timeout: u64,
    /// How many rounds, where that is fixed.
    rounds: Option<u32>,
    budget: Duration,
    /// About how long a round takes.
    round: f64,
    /// About how long the trials beside the rounds take.
    apart: f64,
}

impl Size {
    pub(super) fn of(tried: &Tried, configurations: f64, workers: &[u32], chunks: &[u64]) -> Self {
        let item = tried.seconds.max(1e-8);
        let most = workers.iter().copied().max().unwrap_or(1);
        let least = f64::from(most) * if item > 1.0 { 1.0 } else { 3.0 };
        let wanted = (TRIAL / item).max(least).ceil() as u64;
        let kept = (MOST_RESULTS / tried.result_bytes.max(1)).max(u64::from(most));
        let items = in_whole_turns(wanted.min(kept).min(1_000_000), workers, chunks);
        let serial = items as f64 * item;
        // In the worst case every configuration takes as long as the serial one.
        let (trial, per_round) = (serial + AROUND, configurations + 1.0);
        let timeout = (serial * 10.0).clamp(10.0, 600.0).ceil() as u64;
        let (round, apart) = (trial * per_round, trial * APART * configurations);
        // Handing over what is so small takes some configurations a hundred times as long as doing it.
        let items = (item >= SMALL).then_some(items);
        Self { items, timeout, rounds: None, budget: BUDGET, round, apart }
    }

    /// The same for so many variants: each adds as much to a round as there is of it, and what is between them may be less than what
    /// is between models.
    pub(super) fn times(self, variants: u32) -> Self {
        let budget = if variants > 1 { self.budget * (variants + 1) } else { self.budget };
        Self { budget, ..self }
    }

    /// The same with so many rounds or so long a budget, where the user says it.
    pub(super) fn with(self, rounds: Option<u32>, budget: Option<Duration>) -> Self {
        Self { rounds, budget: budget.unwrap_or(self.budget), ..self }
    }

    /// How many items a trial has, as a scenario says it.
    pub(super) fn items(&self) -> String {
        self.items.map_or("auto".into(), |items| items.to_string())
    }

    /// The lines of the scenario that say how long it runs.
    pub(super) fn length(&self) -> String {
        match self.rounds {
            Some(rounds) => format!("rounds: {rounds}"),
            None => format!("budget: {} s", self.budget.as_secs_f64()),
        }
    }

    pub(super) fn announce(&self, what: &str, kind: &str, seconds: f64, output: &Output) {
        let long = match self.rounds {
            Some(rounds) => format!("{}, about {}", plural(rounds.into(), "round"), show_seconds(self.seconds())),
            None => format!("about {} at most", show_seconds(self.seconds())),
        };
        let trials = self.items.map_or(String::new(), |items| format!("trials of {} each, ", plural(items, "item")));
        output.progress(&format!("{what}, {kind}, takes about {} per item: {trials}{long}", show_seconds(seconds)));
    }

    fn seconds(&self) -> f64 {
        // A few rounds are made whatever they take.
        let rounds = self.rounds.map_or(self.budget.as_secs_f64().max(6.0 * self.round), |n| f64::from(n) * self.round);
        rounds + self.apart
    }
}

/// The least multiple of a chunk for each worker, of every number of them, that is no less: in a last turn that is not full, some
/// would have nothing to do.
/// Where numbers have no small multiple in common, so many items that such a turn does not matter.
fn in_whole_turns(items: u64, workers: &[u32], chunks: &[u64]) -> u64 {
    let gcd = |mut a: u64, mut b: u64| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let least_common = |all: u64, one: u64| all / gcd(all, one) * one;
    let chunk = chunks.iter().copied().fold(1, least_common);
    let common = workers.iter().copied().map(u64::from).fold(1, least_common) * chunk;
    let step = if common <= 4 * items.max(1) { common } else { u64::from(workers.iter().copied().max().unwrap_or(1)) };
    items.max(1).next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(seconds: f64) -> Tried {
        Tried { seconds, waits: false, coroutine: false, result_bytes: 8 }
    }

    #[test]
    fn the_size_follows_from_what_an_item_takes() {
        let of = |seconds| Size::of(&tried(seconds), 3.0, &[2], &[1]);
        assert_eq!([of(1e-6).items(), of(0.01).items(), of(2.0).items()], ["auto", "16", "2"]);
        let usual = of(0.01);
        assert!(usual.seconds() < 30.0, "{}", usual.seconds());
        assert_eq!(usual.with(None, Some(Duration::from_secs(90))).length(), "budget: 90 s");
        assert_eq!(of(2.0).with(Some(7), None).length(), "rounds: 7");
        let large = Tried { result_bytes: 8 << 20, ..tried(1e-3) };
        assert_eq!(Size::of(&large, 3.0, &[2], &[1]).items(), "8", "results are kept, and may not fill the memory");
    }

    #[test]
    fn items_are_shared_out_in_whole_turns() {
        assert_eq!(in_whole_turns(15, &[2], &[1]), 16);
        assert_eq!(in_whole_turns(15, &[2, 4, 16], &[1]), 16);
        assert_eq!(in_whole_turns(30, &[3, 4], &[1]), 36);
        assert_eq!(in_whole_turns(5, &[7, 11, 13], &[1]), 13);
        assert_eq!(in_whole_turns(280, &[2], &[16]), 288);
    }

    #[test]
    fn chunks_grow_as_items_shrink_and_what_waits_has_more_workers() {
        let of = |seconds| chunk_of(&[], &tried(seconds));
        assert_eq!([of(0.02), of(3e-3), of(1e-3), of(1e-7)], [vec![1], vec![4], vec![16], vec![256]]);
        let waits = Tried { waits: true, ..tried(0.02) };
        assert!(workers_of(&[], &[], &waits).ends_with(&[4, 16]));
        assert_eq!(workers_of(&[4, 1, 4], &[], &waits), [1, 4]);
        assert!(workers_of(&[], &[Tuned::Workers], &tried(1.0)).starts_with(&[1, 2]));
        assert_eq!((listed(&[2]), listed(&[1, 2])), ("2".into(), "[1, 2]".into()));
    }
}
