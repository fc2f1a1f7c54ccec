//! How a side waits: spinning briefly or not at all, then sleeping until a deadline.

use std::time::{Duration, Instant};

use rustix::event::{PollFd, Timespec, poll};

use super::{IpcError, Wait};
use crate::setting::SPIN;

/// Counts one wait's spinning.
pub(super) struct Spinner {
    until: Option<Instant>,
    turns: u32,
    enabled: bool,
}

impl Spinner {
    pub(super) fn new(wait: Wait) -> Self {
        Self { until: None, turns: 0, enabled: wait == Wait::Spin }
    }

    /// Whether to look once more before sleeping. The clock is read every 64 turns, as reading it costs as much as looking.
    pub(super) fn again(&mut self) -> bool {
        if !self.enabled {
            return false;
        }
        self.turns += 1;
        if self.turns.is_multiple_of(64) {
            let now = Instant::now();
            if now >= *self.until.get_or_insert(now + SPIN) {
                self.enabled = false;
                return false;
            }
        }
        std::hint::spin_loop();
        true
    }

    /// The same where every look is a system call, after which the clock is cheap.
    pub(super) fn again_after_call(&mut self) -> bool {
        if self.enabled {
            self.turns += 63 - self.turns % 64;
        }
        self.again()
    }
}

/// Whether to look before sleeping, where a look is a system call: after a look that found nothing the next message has to
/// be waited for too, as in a ping-pong, and a look first would be wasted; after a wait that brought more than one
/// message there may be more.
#[derive(Default)]
pub(super) struct AdaptiveWait {
    sleep_first: bool,
}

impl AdaptiveWait {
    /// Whether to sleep before the first look.
    pub(super) fn sleeps_first(&self, wait: Wait) -> bool {
        self.sleep_first && wait == Wait::Sleep
    }

    /// Notes that a look found nothing.
    pub(super) fn found_nothing(&mut self) {
        self.sleep_first = true;
    }

    /// Notes that a message was found before any read: there was more than one.
    pub(super) fn found_more(&mut self) {
        self.sleep_first = false;
    }
}

/// The time left, or `Deadline`.
pub(super) fn left(deadline: Instant) -> Result<Duration, IpcError> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(IpcError::Deadline) } else { Ok(left) }
}

/// A duration as the kernel takes it.
pub(super) fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs() as i64, tv_nsec: i64::from(duration.subsec_nanos()) }
}

/// Sleeps until one of the descriptors is ready.
pub(super) fn sleep_until_ready(fds: &mut [PollFd<'_>], deadline: Instant) -> Result<(), IpcError> {
    loop {
        match poll(fds, Some(&timespec(left(deadline)?))) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(IpcError::Os { what: "poll", source: error.into() }),
        }
    }
}
