//! Which cores threads and processes run on.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::setting::Affinity;

/// The cores that this process may use, rising.
#[must_use]
pub fn usable_cores() -> Vec<usize> {
    sched_getaffinity(None).map_or_else(|_| vec![0], |set| (0..CpuSet::MAX_CPU).filter(|i| set.is_set(*i)).collect())
}

/// The core of the dispatcher, if it has one of its own.
pub fn dispatcher_core(affinity: Affinity, cores: &[usize]) -> Option<usize> {
    match affinity {
        Affinity::Free => None,
        Affinity::Same | Affinity::Cross => cores.first().copied(),
    }
}

/// The core of worker `worker`. Where a dispatcher works beside them, `cross` keeps its core free of workers.
pub fn worker_core(affinity: Affinity, cores: &[usize], worker: usize, dispatcher: bool) -> Option<usize> {
    match affinity {
        Affinity::Free => None,
        Affinity::Same => cores.first().copied(),
        Affinity::Cross => {
            let free = if dispatcher && cores.len() > 1 { &cores[1..] } else { cores };
            (!free.is_empty()).then(|| free[worker % free.len()])
        }
    }
}

/// Keeps the calling thread on one core; `None` leaves it free. A refusal leaves it free too, as in a narrowed cpuset.
pub fn pin(core: Option<usize>) {
    if let Some(core) = core {
        let mut set = CpuSet::new();
        set.set(core);
        let _ = sched_setaffinity(None, &set);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cross_keeps_the_dispatchers_core_free() {
        let cores = [2, 5, 6];
        let workers: Vec<_> = (0..4).map(|w| worker_core(Affinity::Cross, &cores, w, true)).collect();
        assert_eq!(workers, [Some(5), Some(6), Some(5), Some(6)]);
        assert_eq!(dispatcher_core(Affinity::Cross, &cores), Some(2));
        assert_eq!(worker_core(Affinity::Cross, &[3], 1, true), Some(3));
        assert_eq!(worker_core(Affinity::Same, &cores, 1, true), Some(2));
        assert_eq!(worker_core(Affinity::Free, &cores, 1, true), None);
    }
}
