//! Work in iterations within one process: what the parts are told, send to each other and keep, and the gate between iterations.

use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

use super::bench::ItemRunner;
use super::run::JobSpec;
use crate::record::RunError;
use crate::task::{Iterations, Job, Message, PartContext, TaskError, Tasks};

/// What a part has between its turns.
#[derive(Default)]
struct Place {
    turn: PartContext,
    reply: Vec<u8>,
}

/// The parts of a job in iterations, for workers that share memory.
pub(super) struct IterationState<'a> {
    iterations: &'a dyn Iterations,
    /// Items of an iteration.
    pub(super) parts: u64,
    /// How many iterations.
    pub(super) count: u64,
    told: RwLock<Arc<[u8]>>,
    places: Vec<Mutex<Place>>,
}

/// Which parts worker `worker` of `workers` has: about equally many neighbours.
pub(crate) fn parts_of(worker: usize, workers: usize, parts: u64) -> Range<u64> {
    let edge = |worker: usize| worker as u64 * parts / workers as u64;
    edge(worker)..edge(worker + 1)
}

/// The iterations of a job, how many parts each has, and how many there are; `None` for a job without iterations.
///
/// # Errors
/// Where the number of items makes no whole iterations.
pub(super) fn iterations_of<'a>(
    brief: &JobSpec,
    tasks: &Tasks,
    job: &'a dyn Job,
) -> Result<Option<(&'a dyn Iterations, u64, u64)>, RunError> {
    let (Some(parts), Some(iterations)) = (brief.topology(tasks).parts(), job.iterations()) else { return Ok(None) };
    if !brief.items.is_multiple_of(parts) {
        let text = format!("{} items make no whole iterations of {parts} parts", brief.items);
        return Err(RunError::Failed(text));
    }
    Ok(Some((iterations, parts, brief.items / parts)))
}

/// What the first iteration is told.
pub(crate) fn first_told(iterations: &dyn Iterations) -> Arc<[u8]> {
    let mut told = Vec::new();
    iterations.first(&mut told);
    told.into()
}

/// What the parts of an iteration are told, and the letters that each of them receives.
type Next = (Arc<[u8]>, Vec<Vec<Message>>);

/// Ends an iteration: works out what the next is told, and gives letters to those that they are for, in the order of senders.
///
/// # Errors
/// What the job says; a letter to a part that does not exist.
pub(crate) fn finish_iteration(
    iterations: &dyn Iterations,
    iteration: u64,
    told: &[u8],
    replies: &[Vec<u8>],
    sent: Vec<Vec<Message>>,
) -> Result<Next, TaskError> {
    let mut next = told.to_vec();
    iterations.reduce(iteration, replies, &mut next)?;
    let mut received: Vec<Vec<Message>> = vec![Vec::new(); replies.len()];
    for (from, letters) in sent.into_iter().enumerate() {
        for (to, bytes) in letters {
            let place = usize::try_from(to).ok().and_then(|to| received.get_mut(to));
            let none = || TaskError::Settings(format!("part {from} wrote to part {to}, which does not exist"));
            place.ok_or_else(none)?.push((from as u64, bytes));
        }
    }
    Ok((next.into(), received))
}

impl<'a> IterationState<'a> {
    /// The board of a job in iterations; `None` for others.
    ///
    /// # Errors
    /// As [`iterations_of`].
    pub(super) fn new(brief: &JobSpec, tasks: &Tasks, job: &'a dyn Job) -> Result<Option<Self>, RunError> {
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
    pub(super) fn play(
        &self,
        iteration: u64,
        part: u64,
        bench: &mut ItemRunner<'_>,
        request: &[u8],
    ) -> Result<(), TaskError> {
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
    pub(super) fn finish_iteration(&self, iteration: u64) -> Result<(), TaskError> {
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
pub(super) struct IterationBarrier {
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
    pub(super) fn new(workers: usize) -> Self {
        Self { workers, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits until all are here, and has the last one do `between`. Says whether to go on.
    ///
    /// # Errors
    /// What `between` says, to whoever did it; the others are told to stop.
    pub(super) fn pass(&self, between: impl FnOnce() -> Result<(), RunError>) -> Result<bool, RunError> {
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
