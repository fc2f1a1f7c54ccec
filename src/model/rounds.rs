//! Work in rounds within one process: what the parts are told, send to each other and keep, and the gate between rounds.

use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

use super::bench::Bench;
use super::run::{Brief, Trouble};
use crate::task::{Job, Letter, Rounds, TaskError, Tasks, Turn};

/// What a part has between its turns.
#[derive(Default)]
struct Place {
    turn: Turn,
    reply: Vec<u8>,
}

/// The parts of a job in rounds, for workers that share memory.
pub(super) struct Board<'a> {
    rounds: &'a dyn Rounds,
    /// Items of a round.
    pub(super) parts: u64,
    /// How many rounds.
    pub(super) count: u64,
    told: RwLock<Arc<[u8]>>,
    places: Vec<Mutex<Place>>,
}

/// Which parts worker `worker` of `workers` has: about equally many neighbours.
pub(super) fn parts_of(worker: usize, workers: usize, parts: u64) -> Range<u64> {
    let edge = |worker: usize| worker as u64 * parts / workers as u64;
    edge(worker)..edge(worker + 1)
}

/// The rounds of a job, how many parts each has, and how many there are; `None` for a job without rounds.
///
/// # Errors
/// Where the number of items makes no whole rounds.
pub(super) fn rounds_of<'a>(
    brief: &Brief,
    tasks: &Tasks,
    job: &'a dyn Job,
) -> Result<Option<(&'a dyn Rounds, u64, u64)>, Trouble> {
    let (Some(parts), Some(rounds)) = (brief.topology(tasks).parts(), job.rounds()) else { return Ok(None) };
    if !brief.items.is_multiple_of(parts) {
        let text = format!("{} items make no whole rounds of {parts} parts", brief.items);
        return Err(Trouble::Failed(text));
    }
    Ok(Some((rounds, parts, brief.items / parts)))
}

/// What the first round is told.
pub(super) fn first_told(rounds: &dyn Rounds) -> Arc<[u8]> {
    let mut told = Vec::new();
    rounds.first(&mut told);
    told.into()
}

/// What the parts of a round are told, and the letters that each of them receives.
type Next = (Arc<[u8]>, Vec<Vec<Letter>>);

/// Ends a round: works out what the next is told, and gives letters to those that they are for, in the order of senders.
///
/// # Errors
/// What the job says; a letter to a part that does not exist.
pub(super) fn turn_over(
    rounds: &dyn Rounds,
    round: u64,
    told: &[u8],
    replies: &[Vec<u8>],
    sent: Vec<Vec<Letter>>,
) -> Result<Next, TaskError> {
    let mut next = told.to_vec();
    rounds.reduce(round, replies, &mut next)?;
    let mut received: Vec<Vec<Letter>> = vec![Vec::new(); replies.len()];
    for (from, letters) in sent.into_iter().enumerate() {
        for (to, bytes) in letters {
            let place = usize::try_from(to).ok().and_then(|to| received.get_mut(to));
            let none = || TaskError::Settings(format!("part {from} wrote to part {to}, which does not exist"));
            place.ok_or_else(none)?.push((from as u64, bytes));
        }
    }
    Ok((next.into(), received))
}

impl<'a> Board<'a> {
    /// The board of a job in rounds; `None` for others.
    ///
    /// # Errors
    /// As [`rounds_of`].
    pub(super) fn new(brief: &Brief, tasks: &Tasks, job: &'a dyn Job) -> Result<Option<Self>, Trouble> {
        let Some((rounds, parts, count)) = rounds_of(brief, tasks, job)? else { return Ok(None) };
        let places = (0..parts).map(|_| Mutex::default()).collect();
        Ok(Some(Self { rounds, parts, count, told: RwLock::new(first_told(rounds)), places }))
    }

    fn place(&self, part: usize) -> MutexGuard<'_, Place> {
        self.places[part].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one part of a round.
    ///
    /// # Errors
    /// What the item says.
    pub(super) fn play(&self, round: u64, part: u64, bench: &mut Bench<'_>, request: &[u8]) -> Result<(), TaskError> {
        // No two workers have the same part in a round, so that nobody waits here.
        let mut place = self.place(part as usize);
        bench.context.turn = std::mem::take(&mut place.turn);
        bench.context.turn.told = Arc::clone(&self.told.read().unwrap_or_else(PoisonError::into_inner));
        let ran = bench.item(round * self.parts + part, request);
        place.turn = std::mem::take(&mut bench.context.turn);
        place.reply.clear();
        place.reply.extend_from_slice(&bench.reply);
        ran
    }

    /// Ends a round, in one thread while all others wait.
    ///
    /// # Errors
    /// As [`turn_over`].
    pub(super) fn turn_over(&self, round: u64) -> Result<(), TaskError> {
        let (mut replies, mut sent) = (Vec::new(), Vec::new());
        for part in 0..self.places.len() {
            let mut place = self.place(part);
            replies.push(std::mem::take(&mut place.reply));
            sent.push(std::mem::take(&mut place.turn.sent));
        }
        let mut told = self.told.write().unwrap_or_else(PoisonError::into_inner);
        let (next, received) = turn_over(self.rounds, round, &told, &replies, sent)?;
        *told = next;
        for (part, letters) in received.into_iter().enumerate() {
            let mut place = self.place(part);
            place.turn.received = letters;
            place.reply = std::mem::take(&mut replies[part]);
        }
        Ok(())
    }
}

/// Where all workers wait for the last; whoever comes last does what is to be done between rounds. Unlike a barrier of the
/// standard library it can be given up, so that nobody waits for a worker that failed.
pub(super) struct Gate {
    workers: usize,
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    waiting: usize,
    passed: u64,
    given_up: bool,
}

impl Gate {
    pub(super) fn new(workers: usize) -> Self {
        Self { workers, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits until all are here, and has the last one do `between`. Says whether to go on.
    ///
    /// # Errors
    /// What `between` says, to whoever did it; the others are told to stop.
    pub(super) fn pass(&self, between: impl FnOnce() -> Result<(), Trouble>) -> Result<bool, Trouble> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting += 1;
        if state.waiting == self.workers && !state.given_up {
            let done = between();
            state.waiting = 0;
            state.passed += 1;
            state.given_up = done.is_err();
            self.changed.notify_all();
            return done.map(|()| true);
        }
        let passed = state.passed;
        while state.passed == passed && !state.given_up {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(!state.given_up)
    }

    /// Lets everybody stop.
    pub(super) fn give_up(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).given_up = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_dealt_in_runs() {
        let all = |workers, parts| (0..workers).map(|worker| parts_of(worker, workers, parts)).collect::<Vec<_>>();
        assert_eq!(all(3, 8), [0..2, 2..5, 5..8]);
        assert_eq!(all(4, 2), [0..0, 0..1, 1..1, 1..2]);
    }

    #[test]
    fn a_gate_that_is_given_up_holds_nobody() {
        let gate = Gate::new(3);
        std::thread::scope(|scope| {
            let waiting: Vec<_> = (0..2).map(|_| scope.spawn(|| gate.pass(|| Ok(())))).collect();
            gate.give_up();
            for worker in waiting {
                assert_eq!(worker.join().unwrap(), Ok(false));
            }
        });
    }

    #[test]
    fn the_last_at_a_gate_works_once_a_round() {
        let (gate, turns) = (Gate::new(4), Mutex::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..100 {
                        let between = || {
                            *turns.lock().unwrap() += 1;
                            Ok(())
                        };
                        assert_eq!(gate.pass(between), Ok(true));
                        assert!(*turns.lock().unwrap() > round);
                    }
                });
            }
        });
        assert_eq!(turns.into_inner().unwrap(), 100);
    }
}
