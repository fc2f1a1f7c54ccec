//! Work in iterations within one process: what the parts keep between their turns, and where workers wait for each other.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

use crate::model::spec::JobSpec;
use crate::model::worker::item_runner::ItemRunner;
use crate::model::worker::iterations::{finish_iteration, first_told, iterations_of};
use crate::record::RunError;
use crate::task::{Iterations, Job, PartContext, TaskError, Tasks};

/// What a part has between its turns.
#[derive(Default)]
struct Place {
    turn: PartContext,
    reply: Vec<u8>,
}

/// The parts of a job in iterations, for workers that share memory.
pub struct IterationState<'a> {
    iterations: &'a dyn Iterations,
    /// Items of an iteration.
    pub parts: u64,
    /// How many iterations.
    pub count: u64,
    told: RwLock<Arc<[u8]>>,
    places: Vec<Mutex<Place>>,
}

impl<'a> IterationState<'a> {
    /// The parts of a job in iterations; `None` for others.
    ///
    /// # Errors
    /// As [`iterations_of`].
    pub fn new(brief: &JobSpec, tasks: &Tasks, job: &'a dyn Job) -> Result<Option<Self>, RunError> {
        let Some((iterations, parts, count)) = iterations_of(brief, tasks, job)? else { return Ok(None) };
        let places = (0..parts).map(|_| Mutex::default()).collect();
        Ok(Some(Self { iterations, parts, count, told: RwLock::new(first_told(iterations)), places }))
    }

    fn place(&self, part: usize) -> MutexGuard<'_, Place> {
        self.places[part].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one part of an iteration.
    ///
    /// # Errors
    /// What the item says.
    pub fn play(&self, iteration: u64, part: u64, bench: &mut ItemRunner<'_>, request: &[u8]) -> Result<(), TaskError> {
        // No two workers have the same part in an iteration, so that nobody waits here.
        let mut place = self.place(part as usize);
        bench.context.turn = std::mem::take(&mut place.turn);
        bench.context.turn.told = Arc::clone(&self.told.read().unwrap_or_else(PoisonError::into_inner));
        let ran = bench.item(iteration * self.parts + part, request);
        place.turn = std::mem::take(&mut bench.context.turn);
        place.reply.clear();
        place.reply.extend_from_slice(&bench.reply);
        ran
    }

    /// Ends an iteration, in one thread while all others wait.
    ///
    /// # Errors
    /// As [`finish_iteration`].
    pub fn finish_iteration(&self, iteration: u64) -> Result<(), TaskError> {
        let (mut replies, mut sent) = (Vec::new(), Vec::new());
        for part in 0..self.places.len() {
            let mut place = self.place(part);
            replies.push(std::mem::take(&mut place.reply));
            sent.push(std::mem::take(&mut place.turn.sent));
        }
        let mut told = self.told.write().unwrap_or_else(PoisonError::into_inner);
        let (next, received) = finish_iteration(self.iterations, iteration, &told, &replies, sent)?;
        *told = next;
        for (part, letters) in received.into_iter().enumerate() {
            let mut place = self.place(part);
            place.turn.received = letters;
            place.reply = std::mem::take(&mut replies[part]);
        }
        Ok(())
    }
}

/// Where all workers wait for the last; whoever comes last does what is to be done between iterations. Unlike a barrier of the
/// standard library it can be given up, so that nobody waits for a worker that failed.
pub struct IterationBarrier {
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

impl IterationBarrier {
    pub fn new(workers: usize) -> Self {
        Self { workers, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits until all are here, and has the last one do `between`. Says whether to go on.
    ///
    /// # Errors
    /// What `between` says, to whoever did it; the others are told to stop.
    pub fn pass(&self, between: impl FnOnce() -> Result<(), RunError>) -> Result<bool, RunError> {
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
    pub fn give_up(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).given_up = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_is_given_up_holds_nobody() {
        let gate = IterationBarrier::new(3);
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
        let (gate, turns) = (IterationBarrier::new(4), Mutex::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for iteration in 0..100 {
                        let between = || {
                            *turns.lock().unwrap() += 1;
                            Ok(())
                        };
                        assert_eq!(gate.pass(between), Ok(true));
                        assert!(*turns.lock().unwrap() > iteration);
                    }
                });
            }
        });
        assert_eq!(turns.into_inner().unwrap(), 100);
    }
}
