//! The phases of a trial: how long each took, and what was used in it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many counters the kernel keeps of a process that a phase has: the fields of [`Usage`].
pub const COUNTERS: usize = 6;
/// How many numbers a phase is written as: the wall time and the counters.
pub const PHASE_NUMBERS: usize = 1 + COUNTERS;

/// One phase of a trial over all processes of the host: written as an array of the wall time and the counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "[u64; PHASE_NUMBERS]", into = "[u64; PHASE_NUMBERS]")]
pub struct Phase {
    /// Wall time in nanoseconds.
    pub wall: u64,
    /// What was used in it.
    pub usage: Usage,
}

impl From<[u64; PHASE_NUMBERS]> for Phase {
    fn from([wall, counters @ ..]: [u64; PHASE_NUMBERS]) -> Self {
        Self { wall, usage: Usage::from_numbers(counters) }
    }
}

impl From<Phase> for [u64; PHASE_NUMBERS] {
    fn from(phase: Phase) -> Self {
        let [user, system, voluntary, involuntary, minor_faults, major_faults] = phase.usage.numbers();
        [phase.wall, user, system, voluntary, involuntary, minor_faults, major_faults]
    }
}

/// Counters of one process, or a difference or sum of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// CPU time in user mode, in nanoseconds.
    pub user: u64,
    /// CPU time in the kernel, in nanoseconds.
    pub system: u64,
    /// Voluntary context switches.
    pub voluntary: u64,
    /// Involuntary context switches.
    pub involuntary: u64,
    /// Page faults without I/O.
    pub minor_faults: u64,
    /// Page faults with I/O.
    pub major_faults: u64,
}

impl Usage {
    /// What was used since `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        let (now, then) = (self.numbers(), earlier.numbers());
        Self::from_numbers(std::array::from_fn(|i| now[i].saturating_sub(then[i])))
    }

    /// User and system time, in nanoseconds.
    #[must_use]
    pub fn cpu(self) -> u64 {
        self.user + self.system
    }

    /// The counters in the order of the fields.
    #[must_use]
    pub fn numbers(self) -> [u64; COUNTERS] {
        [self.user, self.system, self.voluntary, self.involuntary, self.minor_faults, self.major_faults]
    }

    /// The inverse of [`Usage::numbers`].
    #[must_use]
    pub fn from_numbers([user, system, voluntary, involuntary, minor_faults, major_faults]: [u64; COUNTERS]) -> Self {
        Self { user, system, voluntary, involuntary, minor_faults, major_faults }
    }
}

impl std::ops::Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (a, b) = (self.numbers(), other.numbers());
        Self::from_numbers(std::array::from_fn(|i| a[i] + b[i]))
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
