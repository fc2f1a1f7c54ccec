//! What is read beside the work: clocks, counters of the kernel, memory, events.

pub mod clock;
pub mod global;
pub mod memory;
pub mod phase_timer;
pub mod stopwatch;
pub mod trace;
mod usage;
