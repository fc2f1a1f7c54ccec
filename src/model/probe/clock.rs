//! The clock of all measurements.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of the monotonic clock, which is one and the same in all processes of a machine.
#[inline]
#[must_use]
pub fn monotonic() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
