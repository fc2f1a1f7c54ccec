//! A bounded queue between two stages of a pipeline: who puts waits while it is full, who takes waits while it is empty.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::model::error::Stop;
use crate::model::probe::clock::monotonic;
use crate::record::RunError;

/// A queue of at most so many.
pub struct BoundedQueue<T> {
    state: Mutex<State<T>>,
    room: Condvar,
    more: Condvar,
    size: usize,
}

struct State<T> {
    waiting: VecDeque<T>,
    /// Those who may still put something.
    producers: usize,
    broken: bool,
    /// The most that ever waited.
    most: usize,
}

impl<T> BoundedQueue<T> {
    /// An empty queue for at most `size` (at least one), filled by so many producers.
    pub fn new(size: usize, producers: usize) -> Self {
        let state = State { waiting: VecDeque::new(), producers, broken: false, most: 0 };
        Self { state: Mutex::new(state), room: Condvar::new(), more: Condvar::new(), size: size.max(1) }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts one, as soon as there is room. Nanoseconds of the wait are added to `waited`, where somebody asks.
    ///
    /// # Errors
    /// The run was given up, or the deadline passed.
    pub fn put(&self, value: T, deadline: Instant, waited: Option<&mut u64>) -> Result<(), Stop> {
        let full = |state: &State<T>| state.waiting.len() >= self.size;
        let mut state = wait_while(self.state(), &self.room, full, deadline, waited)?;
        state.waiting.push_back(value);
        state.most = state.most.max(state.waiting.len());
        drop(state);
        self.more.notify_one();
        Ok(())
    }

    /// Takes the first, as soon as there is one; `None` once all producers have left and nothing waits.
    ///
    /// # Errors
    /// As [`BoundedQueue::put`].
    pub fn take(&self, deadline: Instant, waited: Option<&mut u64>) -> Result<Option<T>, Stop> {
        let empty = |state: &State<T>| state.waiting.is_empty() && state.producers > 0;
        let mut state = wait_while(self.state(), &self.more, empty, deadline, waited)?;
        Ok(self.first(&mut state))
    }

    /// Takes the first, if one waits.
    pub fn take_at_once(&self) -> Option<T> {
        let mut state = self.state();
        if state.broken { None } else { self.first(&mut state) }
    }

    fn first(&self, state: &mut State<T>) -> Option<T> {
        let first = state.waiting.pop_front();
        if first.is_some() {
            self.room.notify_one();
        }
        first
    }

    /// Says that one producer has ended.
    pub fn leave(&self) {
        let mut state = self.state();
        state.producers = state.producers.saturating_sub(1);
        if state.producers == 0 {
            self.more.notify_all();
        }
    }

    /// Ends every wait, now and later.
    pub fn break_off(&self) {
        self.state().broken = true;
        self.room.notify_all();
        self.more.notify_all();
    }

    /// The most that ever waited.
    pub fn most(&self) -> usize {
        self.state().most
    }
}

/// Waits while `held_up` says so.
fn wait_while<'a, T>(
    mut state: MutexGuard<'a, State<T>>,
    change: &Condvar,
    held_up: impl Fn(&State<T>) -> bool,
    deadline: Instant,
    waited: Option<&mut u64>,
) -> Result<MutexGuard<'a, State<T>>, Stop> {
    if !state.broken && !held_up(&state) {
        return Ok(state);
    }
    let since = waited.is_some().then(monotonic);
    let ended = loop {
        if state.broken {
            break Err(Stop::Elsewhere);
        }
        if !held_up(&state) {
            break Ok(());
        }
        let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
            break Err(Stop::RunError(RunError::TimedOut));
        };
        state = change.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
    };
    if let (Some(waited), Some(since)) = (waited, since) {
        *waited += monotonic() - since;
    }
    ended.map(|()| state)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn a_full_queue_stops_its_producer() {
        let belt = BoundedQueue::new(3, 1);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                (0..100).for_each(|value| belt.put(value, soon(), None).unwrap());
                belt.leave();
            });
            while belt.most() < 3 {
                std::thread::yield_now();
            }
            let mut taken = Vec::new();
            while let Some(value) = belt.take(soon(), None).unwrap() {
                taken.push(value);
            }
            assert_eq!(taken, (0..100).collect::<Vec<_>>());
        });
        assert_eq!((belt.most(), belt.take(soon(), None)), (3, Ok(None)));
    }

    #[test]
    fn waits_end_at_the_deadline_and_are_clocked() {
        let belt = BoundedQueue::new(1, 1);
        let in_a_moment = || Instant::now() + Duration::from_millis(20);
        let mut waited = 0;
        assert_eq!(belt.take(in_a_moment(), Some(&mut waited)), Err(Stop::RunError(RunError::TimedOut)));
        assert!(waited >= 19_000_000, "{waited}");
        belt.put(1, soon(), None).unwrap();
        assert_eq!(belt.put(2, in_a_moment(), None), Err(Stop::RunError(RunError::TimedOut)));
        assert_eq!((belt.take_at_once(), belt.take_at_once()), (Some(1), None));
    }

    #[test]
    fn a_run_that_is_given_up_ends_all_waits() {
        let (empty, full) = (BoundedQueue::<u32>::new(1, 1), BoundedQueue::new(1, 1));
        full.put(1, soon(), None).unwrap();
        std::thread::scope(|scope| {
            let takes = scope.spawn(|| empty.take(soon(), None));
            let puts = scope.spawn(|| full.put(2, soon(), None));
            empty.break_off();
            full.break_off();
            assert_eq!((takes.join().unwrap(), puts.join().unwrap()), (Err(Stop::Elsewhere), Err(Stop::Elsewhere)));
        });
        assert_eq!((full.take_at_once(), full.take(soon(), None)), (None, Err(Stop::Elsewhere)));
    }
}
