//! Open arrivals: items come at a set rate, whether the workers keep up or not, and each is late by what passed since it
//! was meant to be sent. A closed loop would wait with its next request until the last was answered, and leave the worst
//! waits out (Tene's coordinated omission).

use std::sync::atomic::{AtomicU64, Ordering};

use rustix::thread::clock_nanosleep_absolute;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::model::probe::clock::monotonic;
use crate::model::spec::JobSpec;
use crate::record::{Measurement, Open};

/// When every item of a run is meant to be sent.
pub struct Arrivals {
    /// Nanoseconds after the first moment, rising.
    times: Vec<u64>,
    /// The first moment on the monotonic clock.
    start: AtomicU64,
}

/// When the items of a brief with a rate are meant to be sent, in nanoseconds after the first moment. They are those of a
/// Poisson process of which it is known how many come: that many moments, each anywhere in the time that the rate gives
/// them, in order. Seed and round decide them: all configurations of a round get the same, and each round others, since one draw is one
/// sample of the queue that it makes.
#[must_use]
pub fn moments(brief: &JobSpec) -> Option<Vec<u64>> {
    let rate = brief.config.rate.filter(|rate| *rate > 0)?;
    let span = brief.items as f64 / f64::from(rate) * 1e9;
    let mut random = fastrand::Rng::with_seed(
        brief.seed ^ u64::from(rate) ^ u64::from(brief.round).wrapping_mul(0x9e37_79b9_7f4a_7c15),
    );
    let mut times: Vec<u64> = (0..brief.items).map(|_| (random.f64() * span) as u64).collect();
    times.sort_unstable();
    Some(times)
}

impl Arrivals {
    /// The arrivals of a brief with a rate.
    pub fn new(brief: &JobSpec) -> Option<Self> {
        Some(Self { times: moments(brief)?, start: AtomicU64::new(0) })
    }

    /// Says that the first moment is now.
    pub fn begin(&self) {
        self.start.store(monotonic(), Ordering::Release);
    }

    /// When an item is meant to be sent, on the monotonic clock.
    pub fn due(&self, item: u64) -> u64 {
        self.start.load(Ordering::Acquire) + self.times.get(item as usize).copied().unwrap_or(0)
    }

    /// Whether an item has come.
    pub fn has_come(&self, item: u64) -> bool {
        monotonic() >= self.due(item)
    }

    /// Sleeps until an item comes.
    pub fn wait(&self, item: u64) {
        let due = self.due(item);
        while monotonic() < due {
            let until = Timespec { tv_sec: (due / 1_000_000_000) as i64, tv_nsec: (due % 1_000_000_000) as i64 };
            // An interrupted sleep is begun again.
            let _ = clock_nanosleep_absolute(ClockId::Monotonic, &until);
        }
    }

    /// The same in an event loop, by a timer of the kernel: those of the loop itself count in milliseconds.
    pub async fn wait_later(&self, item: u64) -> std::io::Result<()> {
        if self.has_come(item) {
            return Ok(());
        }
        let due = self.due(item);
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let it_value = Timespec { tv_sec: (due / 1_000_000_000) as i64, tv_nsec: (due % 1_000_000_000) as i64 };
        let once = Itimerspec { it_interval: Timespec::default(), it_value };
        timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME, &once)?;
        // SAFETY: The descriptor is the timer's own, which lives as long as its registration and stays the same.
        let timer = unsafe { AsyncFd::register_with_interest(timer, Interest::READABLE) }?;
        timer.readable().await?.retain_ready();
        Ok(())
    }

    /// How late the reply to an item is that came now.
    pub fn late(&self, item: u64) -> u64 {
        monotonic().saturating_sub(self.due(item))
    }

    /// Puts what all latencies come to into `ran`, where the last reply came at `end` on the monotonic clock.
    pub fn sum_up(&self, latencies: Vec<u64>, end: u64, ran: &mut Measurement) {
        ran.details.open = Open::of(latencies, end.saturating_sub(self.start.load(Ordering::Acquire)));
    }
}

/// Has sleeps of the calling thread end on time: by default the kernel may add 50 µs to them.
/// Threads and programs that it starts inherit that.
pub fn sleep_exactly() {
    // SAFETY: Sets a number of this thread.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1_000u64) };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(items: u64, rate: u32) -> Arrivals {
        let mut brief = crate::model::spec::brief("empty", items);
        brief.config.rate = Some(rate);
        Arrivals::new(&brief).unwrap()
    }

    #[test]
    fn arrivals_have_the_rate_and_the_spread_of_a_poisson_process() {
        let found = arrivals(20_000, 1000);
        assert!(found.times.windows(2).all(|pair| pair[0] <= pair[1]));
        let last = *found.times.last().unwrap() as f64 / 1e9;
        assert!((19.9..=20.0).contains(&last), "{last}");
        // Gaps of a Poisson process: mean and standard deviation are equal, and 1/e of them exceed the mean.
        let gaps: Vec<f64> = found.times.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e6).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let spread = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt();
        let long = gaps.iter().filter(|gap| **gap > mean).count() as f64 / gaps.len() as f64;
        assert!((mean - 1.0).abs() < 0.01 && (spread - 1.0).abs() < 0.05, "{mean} {spread}");
        assert!((long - (-1.0f64).exp()).abs() < 0.02, "{long}");
    }

    #[test]
    fn equal_seeds_give_equal_arrivals() {
        assert_eq!(arrivals(100, 50).times, arrivals(100, 50).times);
        assert_ne!(arrivals(100, 50).times, arrivals(100, 51).times);
    }

    #[test]
    fn nobody_begins_before_an_item_has_come() {
        let arrivals = arrivals(3, 200);
        arrivals.begin();
        sleep_exactly();
        for item in 0..3 {
            arrivals.wait(item);
            assert!(arrivals.has_come(item));
        }
        assert!(arrivals.late(2) < 1_000_000_000);
    }
}
