//! A model of CPython's interpreter lock: the algorithm of `ceval_gil` as of 3.11 to 3.13, over the same primitives.
//!
//! *take*: while the lock is held, wait for at most the switch interval; where the wait times out and nobody else got the
//! lock meanwhile, ask the holder to drop it. *drop*: let it go, wake one waiter, and, where dropping was asked for, wait
//! until another thread has it (forced switching). The holder looks at the request at check points.
//!
//! CPython waits on POSIX condition variables, and which waiter a signal wakes decides how long a thread waits among
//! several: so this model uses the same ones, and not those of the standard library.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::record::LockUse;
use crate::task::Hooks;

/// One stretch of time in which a thread held the lock, in nanoseconds of the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which thread.
    pub thread: u32,
    /// When it got the lock.
    pub start: u64,
    /// When it let it go.
    pub end: u64,
}

/// The lock of one process.
pub struct Gil {
    /// Guards `state`, and `taken` its hand-over, as CPython's two mutexes do.
    mutex: Mutex,
    freed: Condition,
    switch_mutex: Mutex,
    taken: Condition,
    drop_request: AtomicBool,
    interval: Duration,
    /// At most so many stretches are kept.
    most_held: usize,
    state: UnsafeCell<State>,
}

struct State {
    locked: bool,
    last_holder: Option<u32>,
    switches: u64,
    used: LockUse,
    since: u64,
    held: Vec<Held>,
    left_out: u64,
}

// SAFETY: `state` is looked at and changed with `mutex` held, `last_holder` also with `switch_mutex` by a thread that waits
// for it to change, as in CPython; the mutexes and conditions are meant to be shared.
unsafe impl Sync for Gil {}
// SAFETY: Nothing in it belongs to a thread while nobody holds it, and it cannot be moved while somebody does.
unsafe impl Send for Gil {}

fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

impl Gil {
    /// A lock that nobody holds. It keeps at most `most_held` stretches in which it was held.
    #[must_use]
    pub fn new(interval: Duration, most_held: usize) -> Arc<Self> {
        let state = State {
            locked: false,
            last_holder: None,
            switches: 0,
            used: LockUse::default(),
            since: 0,
            held: Vec::with_capacity(most_held),
            left_out: 0,
        };
        Arc::new(Self {
            mutex: Mutex::new(),
            freed: Condition::new(),
            switch_mutex: Mutex::new(),
            taken: Condition::new(),
            drop_request: AtomicBool::new(false),
            interval,
            most_held,
            state: UnsafeCell::new(state),
        })
    }

    /// What it was asked for so far.
    #[must_use]
    pub fn used(&self) -> LockUse {
        self.with(&self.mutex.lock(), |state| state.used)
    }

    /// The stretches in which it was held, and how many more there were.
    #[must_use]
    pub fn held(&self) -> (Vec<Held>, u64) {
        self.with(&self.mutex.lock(), |state| (state.held.clone(), state.left_out))
    }

    /// What only a thread that has `mutex` may look at and change. A place and no reference, since a wait lets the mutex go.
    fn with<T>(&self, _: &Guard<'_>, work: impl FnOnce(&mut State) -> T) -> T {
        // SAFETY: The guard is that of `mutex`, and `work` neither waits nor lets it go.
        work(unsafe { &mut *self.state.get() })
    }

    /// Takes the lock for a thread; the nanoseconds that it waited.
    fn take(&self, thread: u32) -> u64 {
        let guard = self.mutex.lock();
        let mut waited = 0;
        if self.with(&guard, |state| state.locked) {
            let since = now();
            loop {
                let before = self.with(&guard, |state| state.switches);
                let timed_out = self.freed.wait_for(&guard, self.interval);
                let (locked, switches) = self.with(&guard, |state| (state.locked, state.switches));
                if !locked {
                    break;
                }
                if timed_out && switches == before {
                    self.drop_request.store(true, Ordering::Relaxed);
                }
            }
            waited = now() - since;
        }
        let switching = self.switch_mutex.lock();
        self.with(&guard, |state| {
            state.used.waits += u64::from(waited > 0);
            state.used.waited += waited;
            state.locked = true;
            if state.last_holder != Some(thread) {
                state.used.hand_overs += u64::from(state.last_holder.is_some());
                state.last_holder = Some(thread);
                state.switches += 1;
            }
            if self.most_held > 0 {
                state.since = now();
            }
        });
        self.taken.signal();
        drop(switching);
        self.drop_request.store(false, Ordering::Relaxed);
        waited
    }

    /// Lets the lock go. A thread that goes on later waits until another has it, where that was asked for.
    fn let_go(&self, thread: u32, goes_on: bool) {
        let guard = self.mutex.lock();
        let forced = goes_on && self.drop_request.load(Ordering::Relaxed);
        self.with(&guard, |state| {
            if self.most_held > state.held.len() {
                state.held.push(Held { thread, start: state.since, end: now() });
            } else if self.most_held > 0 {
                state.left_out += 1;
            }
            state.used.forced += u64::from(forced);
            state.last_holder = Some(thread);
            state.locked = false;
        });
        self.freed.signal();
        drop(guard);
        if forced {
            let switching = self.switch_mutex.lock();
            // SAFETY: `last_holder` changes with `switch_mutex` held, except in `let_go` of a holder, of which there is none
            // before the change that is looked for here.
            if unsafe { (*self.state.get()).last_holder } == Some(thread) {
                self.drop_request.store(false, Ordering::Relaxed);
                self.taken.wait(&switching);
            }
        }
    }
}

/// One thread's way to a lock: what an item's points call.
pub struct Holder {
    gil: Arc<Gil>,
    thread: u32,
    /// How long the lock is held before each blocking operation, in nanoseconds: what the interpreter does around a call.
    gil_hold: u64,
    holding: bool,
    waited: u64,
}

impl Holder {
    /// The way of thread `thread` to a lock.
    #[must_use]
    pub fn new(gil: &Arc<Gil>, thread: u32, gil_hold: Duration) -> Self {
        let gil_hold = gil_hold.as_nanos() as u64;
        Self { gil: Arc::clone(gil), thread, gil_hold, holding: false, waited: 0 }
    }
}

impl Hooks for Holder {
    fn check_point(&mut self) {
        if self.gil.drop_request.load(Ordering::Relaxed) {
            self.release();
            self.acquire();
        }
    }

    fn before_blocking(&mut self) {
        let until = now() + self.gil_hold;
        while now() < until {
            std::hint::spin_loop();
        }
        self.release();
    }

    fn release(&mut self) {
        if std::mem::take(&mut self.holding) {
            self.gil.let_go(self.thread, true);
        }
    }

    fn acquire(&mut self) {
        if !std::mem::replace(&mut self.holding, true) {
            self.waited += self.gil.take(self.thread);
        }
    }

    fn leave(&mut self) {
        if std::mem::take(&mut self.holding) {
            self.gil.let_go(self.thread, false);
        }
    }

    fn waited(&self) -> u64 {
        self.waited
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.leave();
    }
}

/// A POSIX mutex at a fixed place.
struct Mutex(Box<UnsafeCell<libc::pthread_mutex_t>>);

struct Guard<'a>(&'a Mutex);

impl Mutex {
    fn new() -> Self {
        Self(Box::new(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER)))
    }

    fn lock(&self) -> Guard<'_> {
        // SAFETY: The mutex is initialised, stays at its place, and no thread locks it twice.
        unsafe { libc::pthread_mutex_lock(self.0.get()) };
        Guard(self)
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        // SAFETY: This thread locked it.
        unsafe { libc::pthread_mutex_unlock(self.0.0.get()) };
    }
}

impl Drop for Mutex {
    fn drop(&mut self) {
        // SAFETY: Nobody can have it locked any more.
        unsafe { libc::pthread_mutex_destroy(self.0.get()) };
    }
}

/// A POSIX condition variable on the monotonic clock, at a fixed place.
struct Condition(Box<UnsafeCell<libc::pthread_cond_t>>);

impl Condition {
    fn new() -> Self {
        let condition = Box::new(UnsafeCell::new(libc::PTHREAD_COND_INITIALIZER));
        let mut attributes = MaybeUninit::<libc::pthread_condattr_t>::uninit();
        // SAFETY: The attributes are initialised first and destroyed last; the condition stays at its place in the box.
        unsafe {
            libc::pthread_condattr_init(attributes.as_mut_ptr());
            libc::pthread_condattr_setclock(attributes.as_mut_ptr(), libc::CLOCK_MONOTONIC);
            libc::pthread_cond_init(condition.get(), attributes.as_ptr());
            libc::pthread_condattr_destroy(attributes.as_mut_ptr());
        }
        Self(condition)
    }

    fn signal(&self) {
        // SAFETY: The condition is initialised.
        unsafe { libc::pthread_cond_signal(self.0.get()) };
    }

    fn wait(&self, guard: &Guard<'_>) {
        // SAFETY: The condition is initialised, and the guard's mutex is locked by this thread.
        unsafe { libc::pthread_cond_wait(self.0.get(), guard.0.0.get()) };
    }

    /// Waits for so long at most; says whether that ended the wait.
    fn wait_for(&self, guard: &Guard<'_>, limit: Duration) -> bool {
        let until = now() + limit.as_nanos() as u64;
        let until = libc::timespec {
            tv_sec: (until / 1_000_000_000) as libc::time_t,
            tv_nsec: (until % 1_000_000_000) as libc::c_long,
        };
        // SAFETY: As in `wait`, with a valid time.
        unsafe { libc::pthread_cond_timedwait(self.0.get(), guard.0.0.get(), &raw const until) == libc::ETIMEDOUT }
    }
}

impl Drop for Condition {
    fn drop(&mut self) {
        // SAFETY: Nobody can wait for it any more.
        unsafe { libc::pthread_cond_destroy(self.0.get()) };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    fn compute(holder: &mut Holder, until: u64) {
        while now() < until {
            holder.check_point();
        }
    }

    #[test]
    fn one_thread_at_a_time_holds_it_and_all_get_it() {
        let gil = Gil::new(Duration::from_millis(1), 1000);
        let (inside, most) = (AtomicU64::new(0), AtomicU64::new(0));
        let had: [AtomicU64; 4] = Default::default();
        // Until each has had it; the bound is there for a lock that one of them never gets.
        let until = now() + 20_000_000_000;
        let all_had = || had.iter().all(|had| had.load(Ordering::SeqCst) > 0);
        std::thread::scope(|scope| {
            for (thread, own) in had.iter().enumerate() {
                let (gil, inside, most, all_had) = (&gil, &inside, &most, &all_had);
                scope.spawn(move || {
                    let mut holder = Holder::new(gil, thread as u32, Duration::ZERO);
                    while own.load(Ordering::SeqCst) < 50 || !all_had() && now() < until {
                        holder.acquire();
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::hint::black_box((0..100).sum::<u64>());
                        inside.fetch_sub(1, Ordering::SeqCst);
                        own.fetch_add(1, Ordering::SeqCst);
                        holder.check_point();
                        holder.release();
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 1);
        let (held, _) = gil.held();
        assert!(held.windows(2).all(|pair| pair[0].end <= pair[1].start), "stretches never overlap");
        assert!(all_had(), "each of them had it: {had:?}");
    }

    #[test]
    fn computing_threads_hand_over_when_asked_about_once_an_interval() {
        let gil = Gil::new(Duration::from_millis(5), 1000);
        let began = now();
        std::thread::scope(|scope| {
            for thread in 0..2 {
                let gil = &gil;
                scope.spawn(move || {
                    let mut holder = Holder::new(gil, thread, Duration::ZERO);
                    holder.acquire();
                    // Until there are some; the bound is there for a lock that is never handed over.
                    while gil.used().hand_overs < 20 && now() < began + 20_000_000_000 {
                        compute(&mut holder, now() + 1_000_000);
                    }
                    holder.leave();
                });
            }
        });
        let (used, took) = (gil.used(), now() - began);
        // A busy machine takes longer for them, and none makes many more than one in 5 ms.
        assert!((20..=took / 5_000_000 + 10).contains(&used.hand_overs), "{used:?} in {took} ns");
        assert!(used.forced > 0 && used.forced <= used.hand_overs + 1, "{used:?}");
        assert!(used.waits > 0 && used.waited > 0);
    }

    #[test]
    fn a_lock_alone_is_never_waited_for() {
        let gil = Gil::new(Duration::from_millis(5), 0);
        let mut holder = Holder::new(&gil, 0, Duration::from_micros(1));
        holder.acquire();
        holder.before_blocking();
        holder.acquire();
        compute(&mut holder, now() + 20_000_000);
        drop(holder);
        assert_eq!(gil.used(), LockUse::default());
    }
}
