//! What the processes of a trial occupy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Memory of one process or of all of a trial's, in bytes: written as an array in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "[u64; 3]", into = "[u64; 3]")]
pub struct Memory {
    /// Proportional set size: pages that several processes share count once over all of them.
    pub pss: u64,
    /// Pages that no other process has; the rest of `pss` is this process's part of shared ones.
    pub private: u64,
    /// Resident set size: shared pages count in every process.
    pub rss: u64,
}

impl From<[u64; 3]> for Memory {
    fn from([pss, private, rss]: [u64; 3]) -> Self {
        Self { pss, private, rss }
    }
}

impl From<Memory> for [u64; 3] {
    fn from(memory: Memory) -> Self {
        [memory.pss, memory.private, memory.rss]
    }
}

impl Memory {
    /// What is shared with other processes, counted once.
    #[must_use]
    pub fn shared(&self) -> u64 {
        self.pss.saturating_sub(self.private)
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { pss: self.pss + other.pss, private: self.private + other.private, rss: self.rss + other.rss }
    }
}

/// What a memory trial read from `smaps_rollup` of the host, its workers and its manager. Kernel buffers (pipes, sockets,
/// page tables) are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryUse {
    /// All processes of the trial when every worker is ready and warm, before the work. Measured end to end there is no
    /// such moment: then it is when the last worker was started, while the first may be at work.
    pub before: Memory,
    /// All processes of the trial after the last reply, before any worker ends.
    pub after: Memory,
    /// Worker processes after the last reply, in order; empty where workers are threads.
    pub workers: Vec<Memory>,
}
