//! What a process has used so far: CPU time, context switches, page faults.

use std::mem::MaybeUninit;

use crate::record::Usage;

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
        Self::now() + Self::of_children()
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
