//! What a process has used so far: CPU time, context switches, page faults.

use std::mem::MaybeUninit;

use serde::{Deserialize, Serialize};

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
    /// Of this process, all its threads, so far.
    #[must_use]
    pub fn now() -> Self {
        Self::of(libc::RUSAGE_SELF)
    }

    /// Of all children of this process that have ended and were waited for.
    #[must_use]
    pub fn of_children() -> Self {
        Self::of(libc::RUSAGE_CHILDREN)
    }

    /// Of this process with the programs that it ran to their end.
    #[must_use]
    pub fn with_children() -> Self {
        Self::now().plus(Self::of_children())
    }

    fn of(whom: i32) -> Self {
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: The structure is large enough, and any bit pattern is valid for it.
        let usage = unsafe {
            libc::getrusage(whom, usage.as_mut_ptr());
            usage.assume_init()
        };
        Self::from(&usage)
    }

    /// What was used since `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        let (now, then) = (self.numbers(), earlier.numbers());
        Self::from_numbers(std::array::from_fn(|i| now[i].saturating_sub(then[i])))
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let (a, b) = (self.numbers(), other.numbers());
        Self::from_numbers(std::array::from_fn(|i| a[i] + b[i]))
    }

    /// User and system time, in nanoseconds.
    #[must_use]
    pub fn cpu(self) -> u64 {
        self.user + self.system
    }

    /// The counters in the order of the fields.
    #[must_use]
    pub fn numbers(self) -> [u64; 6] {
        [self.user, self.system, self.voluntary, self.involuntary, self.minor_faults, self.major_faults]
    }

    /// The inverse of [`Usage::numbers`].
    #[must_use]
    pub fn from_numbers([user, system, voluntary, involuntary, minor_faults, major_faults]: [u64; 6]) -> Self {
        Self { user, system, voluntary, involuntary, minor_faults, major_faults }
    }
}

impl From<&libc::rusage> for Usage {
    fn from(usage: &libc::rusage) -> Self {
        let nanos = |time: libc::timeval| time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1000;
        Self {
            user: nanos(usage.ru_utime),
            system: nanos(usage.ru_stime),
            voluntary: usage.ru_nvcsw as u64,
            involuntary: usage.ru_nivcsw as u64,
            minor_faults: usage.ru_minflt as u64,
            major_faults: usage.ru_majflt as u64,
        }
    }
}
