//! Where the workers' time goes, in profiling runs.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::record::{MOST_EVENTS, Spent};

/// Nanoseconds from which an item counts as long, so that the scheduler's count is read, which takes about one
/// microsecond; and from which looking for work counts as waiting for it.
const LONG: u64 = 50_000;

/// Nanoseconds of the monotonic clock, which is one and the same in all processes of a machine.
#[inline]
#[must_use]
pub fn monotonic() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// What one worker clocked, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerTimes {
    /// Within items, all of it.
    pub service: u64,
    /// Within items, waiting for a lock.
    #[serde(default)]
    pub lock: u64,
    /// Within items without a core.
    pub preempted: u64,
    /// Between items without a core.
    #[serde(default)]
    pub held_up: u64,
    /// Waits for items that others might find, which ended with an item.
    pub waited: u64,
    /// When the last item ended, on the monotonic clock; 0 where there was none.
    pub last: u64,
}

/// Splits `workers` times a work phase of `wall` nanoseconds that ended at `end` on the monotonic clock. A worker
/// without a stint waited all the time. Nothing exceeds the phase, even where a worker without a barrier began early.
#[must_use]
pub fn split(stints: &[WorkerTimes], workers: usize, wall: u64, end: u64) -> Spent {
    let mut spent = Spent::default();
    for worker in 0..workers {
        let stint = stints.get(worker).copied().unwrap_or_default();
        let within = stint.service.min(wall);
        let lock = stint.lock.min(within);
        let preempted = stint.preempted.min(within - lock);
        let idle = if stint.last == 0 { wall } else { end.saturating_sub(stint.last) };
        let waiting = idle.saturating_add(stint.waited).min(wall - within);
        let held_up = stint.held_up.min(wall - within - waiting);
        spent.service += within - lock - preempted;
        spent.lock += lock;
        spent.preempted += preempted + held_up;
        spent.waiting += waiting;
        spent.dispatch += wall - within - waiting - held_up;
    }
    spent
}

/// When items began and ended on the monotonic clock: the first ones, and the count of those beyond.
#[derive(Default)]
pub(super) struct Stamps {
    pub(super) kept: Vec<(u64, u64)>,
    pub(super) left_out: u64,
}

impl Stamps {
    fn add(&mut self, start: u64, end: u64) {
        if self.kept.len() < MOST_EVENTS {
            self.kept.push((start, end));
        } else {
            self.left_out += 1;
        }
    }
}

/// Clocks one worker's stint. It belongs to the thread that started it.
pub(super) struct Stopwatch {
    pub(super) stint: WorkerTimes,
    /// When items ran, where the run keeps its events.
    pub(super) stamps: Option<Stamps>,
    /// The scheduler's counts of the thread; none where the kernel does not keep them.
    scheduler: Option<File>,
    /// Nanoseconds without a core when they were last read.
    delayed: u64,
    /// Whether the last item was long enough for the count to be read around the next.
    long: bool,
}

impl Stopwatch {
    /// A stopwatch of the calling thread; with `trace` it keeps when items ran.
    pub(super) fn start(trace: bool) -> Self {
        let scheduler = File::open("/proc/thread-self/schedstat").ok();
        let stamps = trace.then(Stamps::default);
        let mut watch = Self { stint: WorkerTimes::default(), stamps, scheduler, delayed: 0, long: true };
        watch.begin();
        watch
    }

    /// Says that the work begins: delays until now are not part of it.
    pub(super) fn begin(&mut self) {
        self.delayed = self.delay();
    }

    /// Says that an item may begin, after a pause: delays since the last item were not within items.
    #[inline]
    pub(super) fn resume(&mut self) {
        if self.long {
            self.stint.held_up += self.since_last_read();
        }
    }

    /// Says that an item may begin, after looking for one since the last, or since `began` where it is the first. Short
    /// looks are part of handing work over, and do not count as waits.
    pub(super) fn found(&mut self, began: u64) {
        let looked = monotonic().saturating_sub(self.stint.last.max(began));
        if looked >= LONG {
            self.waited(looked);
        } else {
            self.resume();
        }
    }

    /// Says that an item may begin, after waiting for it for so many nanoseconds. Whoever was woken without a core waited
    /// for that and no longer for an item.
    pub(super) fn waited(&mut self, nanos: u64) {
        let held_up = if self.long || nanos >= LONG { self.since_last_read() } else { 0 };
        self.stint.held_up += held_up;
        self.stint.waited += nanos.saturating_sub(held_up);
    }

    /// Says that no item will follow. What was not read since a long item lay between short ones: an item that is kept
    /// from running for long is a long one.
    pub(super) fn end(&mut self) {
        if !self.long {
            self.stint.held_up += self.since_last_read();
        }
    }

    /// Adds an item that ran from `start` to `end`, and waited for a lock for `lock` nanoseconds of it.
    pub(super) fn item(&mut self, start: u64, end: u64, lock: u64) {
        if let Some(stamps) = &mut self.stamps {
            stamps.add(start, end);
        }
        let took = end.saturating_sub(start);
        self.stint.service += took;
        self.stint.lock += lock;
        self.stint.last = end;
        self.long = took >= LONG;
        if self.long {
            // What is more than the item took was between the short ones before it.
            let delayed = self.since_last_read();
            self.stint.preempted += delayed.min(took);
            self.stint.held_up += delayed.saturating_sub(took);
        }
    }

    /// Nanoseconds without a core since the scheduler's count was last read.
    fn since_last_read(&mut self) -> u64 {
        let delayed = self.delay();
        let since = delayed.saturating_sub(self.delayed);
        self.delayed = delayed;
        since
    }

    /// Nanoseconds that the thread has been ready to run without a core: the second number of `schedstat`.
    fn delay(&self) -> u64 {
        let mut buffer = [0; 64];
        let length = self.scheduler.as_ref().and_then(|file| file.read_at(&mut buffer, 0).ok()).unwrap_or(0);
        let text = str::from_utf8(&buffer[..length]).unwrap_or_default();
        text.split(' ').nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(spent: Spent) -> u64 {
        spent.service + spent.dispatch + spent.waiting + spent.lock + spent.preempted
    }

    #[test]
    fn time_is_split_after_the_last_item() {
        let busy = WorkerTimes { service: 700, preempted: 200, last: 10_000, ..WorkerTimes::default() };
        let early = WorkerTimes { service: 300, lock: 100, waited: 100, last: 9_500, ..WorkerTimes::default() };
        let spent = split(&[busy, early], 3, 1000, 10_000);
        assert_eq!(
            spent,
            Spent { service: 700, lock: 100, preempted: 200, waiting: 500 + 100 + 1000, dispatch: 300 + 100 }
        );
        assert_eq!(all(spent), 3000);
    }

    #[test]
    fn the_sum_is_exact_whatever_was_clocked() {
        let values = [0, 1, 999, 1000, 1001, 5000, u64::MAX];
        for service in values {
            for preempted in values {
                for (waited, last) in values.into_iter().flat_map(|waited| values.map(|last| (waited, last))) {
                    let (lock, held_up) = (waited, preempted);
                    let spent =
                        split(&[WorkerTimes { service, lock, preempted, held_up, waited, last }], 2, 1000, 5000);
                    assert_eq!(all(spent), 2000);
                }
            }
        }
    }

    #[test]
    fn a_stopwatch_adds_items_up() {
        let mut watch = Stopwatch::start(false);
        watch.resume();
        watch.item(1000, 1500, 0);
        watch.item(2000, 3_002_000, 700);
        let WorkerTimes { service, lock, preempted, waited, last, .. } = watch.stint;
        assert_eq!((service, lock, waited, last), (3_000_500, 700, 0, 3_002_000));
        assert!(preempted <= service);
    }

    #[test]
    fn being_kept_from_a_core_between_items_is_no_dispatch() {
        let late = WorkerTimes { service: 300, preempted: 100, held_up: 500, last: 10_000, ..WorkerTimes::default() };
        let spent = split(&[late], 1, 1000, 10_000);
        assert_eq!(spent, Spent { service: 200, preempted: 600, dispatch: 200, ..Spent::default() });
        // What was not within items and no wait bounds it.
        let spent = split(&[WorkerTimes { last: 9_600, ..late }], 1, 1000, 10_000);
        assert_eq!(spent, Spent { service: 200, preempted: 400, waiting: 400, ..Spent::default() });
    }

    #[test]
    fn a_worker_that_yields_its_core_between_items_was_without_it() {
        one_core();
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            // Both are on one core, so that whoever gives it up waits until the other was made to.
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
            let mut watch = Stopwatch::start(false);
            if watch.scheduler.is_none() {
                stop.store(true, std::sync::atomic::Ordering::Relaxed);
                return;
            }
            // How long the other keeps the core is the scheduler's to say, so that only a hang bounds the tries.
            let hang = monotonic() + 60_000_000_000;
            while watch.stint.held_up <= 5_000_000 && monotonic() < hang {
                std::thread::sleep(std::time::Duration::from_micros(200));
                let until = monotonic() + 2_000_000;
                while monotonic() < until {}
                watch.resume();
                let start = monotonic();
                watch.item(start, start + LONG, 0);
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(watch.stint.held_up > 5_000_000, "{:?}", watch.stint);
        });
    }

    /// Keeps the calling thread, and those that it starts, on one core until the end of the test.
    fn one_core() {
        let first = crate::model::affinity::usable_cores().into_iter().next();
        crate::model::affinity::pin(first);
    }
}
