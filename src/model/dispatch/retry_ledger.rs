//! What is in flight at each worker, where a run goes on after a crash: so that it can be handed out again, or given up.

use std::collections::{BTreeMap, VecDeque};

use crate::model::spec::JobSpec;
use crate::record::RunError;
use crate::setting::OnCrash;

/// How often an item is run in all, where its worker dies each time.
pub const TRIES: u32 = 3;

/// An item; with its request where it was yielded, since nobody else has that.
pub type Held = (u64, Option<Vec<u8>>);

/// The book of what is where.
pub struct RetryLedger {
    pub answer: OnCrash,
    /// The chunks in flight at each worker, the oldest first.
    held: Vec<VecDeque<Vec<Held>>>,
    /// Items that are to be handed out again, before all others, and one by one: where another dies, it is known of what.
    again: VecDeque<Held>,
    /// How often the worker died that had an item in its oldest chunk.
    charged: BTreeMap<u64, u32>,
    /// When the first death was known, until the worker in that place has replied.
    waiting: Option<(usize, u64)>,
    /// Whether there was a death before.
    died: bool,
    /// Why the first one died.
    cause: Option<RunError>,
}

impl RetryLedger {
    /// A book, where the run is to go on after a crash.
    pub fn new(brief: &JobSpec) -> Option<Self> {
        let answer = brief.config.on_crash.filter(|answer| *answer != OnCrash::Stop)?;
        Some(Self {
            answer,
            held: vec![VecDeque::new(); brief.workers()],
            again: VecDeque::new(),
            charged: BTreeMap::new(),
            waiting: None,
            died: false,
            cause: None,
        })
    }

    /// The next item that is to be handed out again.
    pub fn next(&mut self) -> Option<Held> {
        self.again.pop_front()
    }

    /// Notes that a chunk went to a worker.
    pub fn handed(&mut self, worker: usize, chunk: Vec<Held>) {
        self.held[worker].push_back(chunk);
    }

    /// Notes that the oldest chunk of a worker came back at this time; gives how long it took to recover, once.
    pub fn replied(&mut self, worker: usize, now: u64) -> Option<u64> {
        self.held[worker].pop_front();
        let (_, since) = self.waiting.take_if(|(place, _)| *place == worker)?;
        Some(now.saturating_sub(since))
    }

    /// Takes a dead worker's items, and says how many there were. Where it is replaced, they are to be handed out again,
    /// but those that were in its oldest chunk too often.
    pub fn lose(&mut self, worker: usize, cause: RunError, now: u64) -> u64 {
        let chunks = std::mem::take(&mut self.held[worker]);
        let count = chunks.iter().map(Vec::len).sum::<usize>() as u64;
        if self.answer == OnCrash::Restart {
            if !self.died {
                self.waiting = Some((worker, now));
            }
            for (at, item) in
                chunks.into_iter().enumerate().flat_map(|(at, chunk)| chunk.into_iter().map(move |i| (at, i)))
            {
                let tries = self.charged.entry(item.0).or_default();
                *tries += u32::from(at == 0);
                if *tries < TRIES {
                    self.again.push_back(item);
                }
            }
        }
        self.died = true;
        self.cause.get_or_insert(cause);
        count
    }

    /// Why the first worker died, where one did.
    pub fn cause(self) -> Option<RunError> {
        self.cause
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spec::brief;
    use crate::setting::{Config, Measure, Model};

    fn book(answer: OnCrash) -> RetryLedger {
        let mut config = Config::new(Model::Processes, Measure::Work);
        (config.workers, config.on_crash) = (Some(2), Some(answer));
        let brief = JobSpec { config, ..brief("empty", 9) };
        RetryLedger::new(&brief).unwrap()
    }

    fn died() -> RunError {
        RunError::WorkerDied { cause: "signal 9 (SIGKILL)".into() }
    }

    fn chunk(items: &[u64]) -> Vec<Held> {
        items.iter().map(|item| (*item, None)).collect()
    }

    #[test]
    fn the_item_that_ran_is_tried_three_times_and_the_others_again() {
        let mut book = book(OnCrash::Restart);
        book.handed(0, chunk(&[0, 1]));
        book.handed(0, chunk(&[2]));
        book.handed(1, chunk(&[3]));
        assert_eq!(book.lose(0, died(), 1000), 3);
        let mut again: Vec<u64> = std::iter::from_fn(|| book.next()).map(|(item, _)| item).collect();
        assert_eq!(again, [0, 1, 2]);
        assert_eq!(book.replied(1, 1500), None, "the other worker is no replacement");
        for tries in 2..=3 {
            again.iter().for_each(|item| book.handed(0, chunk(&[*item])));
            assert_eq!(book.replied(0, 1700), (tries == 2).then_some(700), "only the first recovery is told");
            assert_eq!(book.lose(0, died(), 2000), again.len() as u64 - 1);
            again = std::iter::from_fn(|| book.next()).map(|(item, _)| item).collect();
            if tries == 2 {
                assert_eq!(again, [1, 2], "item 0 came back");
                again.insert(0, 4);
            }
        }
        assert_eq!(again, [2], "item 1 was run three times");
        assert_eq!(book.cause(), Some(died()));
    }

    #[test]
    fn what_is_skipped_is_not_handed_out_again() {
        let mut book = book(OnCrash::Skip);
        book.handed(0, chunk(&[0]));
        assert_eq!(book.lose(0, died(), 1), 1);
        assert_eq!(book.next(), None);
    }
}
