//! Clocks of workers and their items, in profiling runs.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use crate::model::probe::clock::monotonic;
use crate::record::{MOST_EVENTS, WorkerTimes};

/// Nanoseconds from which an item counts as long, so that the scheduler's count is read, which takes about one
/// microsecond; and from which looking for work counts as waiting for it.
const LONG: u64 = 50_000;

/// When items began and ended on the monotonic clock: the first ones, and the count of those beyond.
#[derive(Default)]
pub struct Stamps {
    pub kept: Vec<(u64, u64)>,
    pub left_out: u64,
}

impl Stamps {
    /// Keeps when an item ran.
    pub fn add(&mut self, start: u64, end: u64) {
        if self.kept.len() < MOST_EVENTS {
            self.kept.push((start, end));
        } else {
            self.left_out += 1;
        }
    }
}

/// Clocks one worker's time. It belongs to the thread that started it.
pub struct Stopwatch {
    pub times: WorkerTimes,
    /// When items ran, where the run keeps its events.
    pub stamps: Option<Stamps>,
    /// The scheduler's counts of the thread; none where the kernel does not keep them.
    scheduler: Option<File>,
    /// Nanoseconds without a core when they were last read.
    delayed: u64,
    /// Whether the last item was long enough for the count to be read around the next.
    long: bool,
}

impl Stopwatch {
    /// A stopwatch of the calling thread; with `trace` it keeps when items ran.
    pub fn start(trace: bool) -> Self {
        let scheduler = File::open("/proc/thread-self/schedstat").ok();
        let stamps = trace.then(Stamps::default);
        let mut watch = Self { times: WorkerTimes::default(), stamps, scheduler, delayed: 0, long: true };
        watch.begin();
        watch
    }

    /// Says that the work begins: delays until now are not part of it.
    pub fn begin(&mut self) {
        self.delayed = self.delay();
    }

    /// Says that an item may begin, after a pause: delays since the last item were not within items.
    #[inline]
    pub fn resume(&mut self) {
        if self.long {
            self.times.held_up += self.since_last_read();
        }
    }

    /// Says that an item may begin, after looking for one since the last, or since `began` where it is the first. Short
    /// looks are part of handing work over, and do not count as waits.
    pub fn found(&mut self, began: u64) {
        let looked = monotonic().saturating_sub(self.times.last.max(began));
        if looked >= LONG {
            self.waited(looked);
        } else {
            self.resume();
        }
    }

    /// Says that an item may begin, after waiting for it for so many nanoseconds. Whoever was woken without a core waited
    /// for that and no longer for an item.
    pub fn waited(&mut self, nanos: u64) {
        let held_up = if self.long || nanos >= LONG { self.since_last_read() } else { 0 };
        self.times.held_up += held_up;
        self.times.waited += nanos.saturating_sub(held_up);
    }

    /// Says that no item will follow. What was not read since a long item lay between short ones: an item that is kept
    /// from running for long is a long one.
    pub fn end(&mut self) {
        if !self.long {
            self.times.held_up += self.since_last_read();
        }
    }

    /// Adds an item that ran from `start` to `end`, and waited for a lock for `lock` nanoseconds of it.
    pub fn item(&mut self, start: u64, end: u64, lock: u64) {
        if let Some(stamps) = &mut self.stamps {
            stamps.add(start, end);
        }
        let took = end.saturating_sub(start);
        self.times.service += took;
        self.times.lock += lock;
        self.times.last = end;
        self.long = took >= LONG;
        if self.long {
            // What is more than the item took was between the short ones before it.
            let delayed = self.since_last_read();
            self.times.preempted += delayed.min(took);
            self.times.held_up += delayed.saturating_sub(took);
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

    #[test]
    fn a_stopwatch_adds_items_up() {
        let mut watch = Stopwatch::start(false);
        watch.resume();
        watch.item(1000, 1500, 0);
        watch.item(2000, 3_002_000, 700);
        let WorkerTimes { service, lock, preempted, waited, last, .. } = watch.times;
        assert_eq!((service, lock, waited, last), (3_000_500, 700, 0, 3_002_000));
        assert!(preempted <= service);
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
            while watch.times.held_up <= 5_000_000 && monotonic() < hang {
                std::thread::sleep(std::time::Duration::from_micros(200));
                let until = monotonic() + 2_000_000;
                while monotonic() < until {}
                watch.resume();
                let start = monotonic();
                watch.item(start, start + LONG, 0);
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(watch.times.held_up > 5_000_000, "{:?}", watch.times);
        });
    }

    /// Keeps the calling thread, and those that it starts, on one core until the end of the test.
    fn one_core() {
        let first = crate::model::worker::affinity::usable_cores().into_iter().next();
        crate::model::worker::affinity::pin(first);
    }
}
