//! What workers clocked of their own time, and what that says of a work phase.

use serde::{Deserialize, Serialize};

use super::Spent;

/// What one worker clocked, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerTimes {
    /// Within items, all of it.
    pub service: u64,
    /// Within items, waiting for a lock.
    #[serde(default)]
    pub lock: u64,
    /// Within items without a core.
    pub preempted: u64,
    /// Within items, neither running nor waiting for a core, where that is known.
    #[serde(default)]
    pub blocked: u64,
    /// Between items, waiting for a lock that the runtime holds around them.
    #[serde(default)]
    pub locked_out: u64,
    /// Between items without a core.
    #[serde(default)]
    pub held_up: u64,
    /// Waits for items that others might find, which ended with an item.
    pub waited: u64,
    /// When the last item ended, on the monotonic clock; 0 where there was none.
    pub last: u64,
}

impl Spent {
    /// Splits `workers` times a work phase of `wall` nanoseconds that ended at `end` on the monotonic clock. A worker
    /// without times waited all the time. Nothing exceeds the phase, even where a worker without a barrier began early.
    #[must_use]
    pub fn split(times: &[WorkerTimes], workers: usize, wall: u64, end: u64) -> Self {
        let mut spent = Self::default();
        for worker in 0..workers {
            let stint = times.get(worker).copied().unwrap_or_default();
            let within = stint.service.min(wall);
            let lock = stint.lock.min(within);
            let preempted = stint.preempted.min(within - lock);
            let idle = if stint.last == 0 { wall } else { end.saturating_sub(stint.last) };
            let waiting = idle.saturating_add(stint.waited).min(wall - within);
            let held_up = stint.held_up.min(wall - within - waiting);
            let locked_out = stint.locked_out.min(wall - within - waiting - held_up);
            spent.service += within - lock - preempted;
            spent.lock += lock + locked_out;
            spent.blocked += stint.blocked.min(within - lock - preempted);
            spent.preempted += preempted + held_up;
            spent.waiting += waiting;
            spent.dispatch += wall - within - waiting - held_up - locked_out;
        }
        spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(spent: Spent) -> u64 {
        spent.service + spent.dispatch + spent.waiting + spent.lock + spent.preempted
    }

    #[test]
    fn time_is_split_after_the_last_item() {
        let busy = WorkerTimes { service: 700, preempted: 200, last: 10_000, ..WorkerTimes::default() };
        let early = WorkerTimes { service: 300, lock: 100, waited: 100, last: 9_500, ..WorkerTimes::default() };
        let spent = Spent::split(&[busy, early], 3, 1000, 10_000);
        assert_eq!(
            spent,
            Spent {
                service: 700,
                lock: 100,
                preempted: 200,
                waiting: 500 + 100 + 1000,
                dispatch: 300 + 100,
                blocked: 0
            }
        );
        assert_eq!(all(spent), 3000);
    }

    #[test]
    fn the_sum_is_exact_whatever_was_clocked() {
        let values = [0, 1, 999, 1000, 1001, 5000, u64::MAX];
        for service in values {
            for preempted in values {
                for (waited, last) in values.into_iter().flat_map(|waited| values.map(|last| (waited, last))) {
                    let (lock, held_up) = (waited, preempted);
                    let spent = Spent::split(
                        &[WorkerTimes { service, lock, preempted, blocked: 0, locked_out: 0, held_up, waited, last }],
                        2,
                        1000,
                        5000,
                    );
                    assert_eq!(all(spent), 2000);
                }
            }
        }
    }

    #[test]
    fn being_kept_from_a_core_between_items_is_no_dispatch() {
        let late = WorkerTimes { service: 300, preempted: 100, held_up: 500, last: 10_000, ..WorkerTimes::default() };
        let spent = Spent::split(&[late], 1, 1000, 10_000);
        assert_eq!(spent, Spent { service: 200, preempted: 600, dispatch: 200, ..Spent::default() });
        // What was not within items and no wait bounds it.
        let spent = Spent::split(&[WorkerTimes { last: 9_600, ..late }], 1, 1000, 10_000);
        assert_eq!(spent, Spent { service: 200, preempted: 400, waiting: 400, ..Spent::default() });
    }
}
