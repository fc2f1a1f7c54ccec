//! Times of items, and where the time of workers went.

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the workers' time of a profiling trial went, summed over workers, in nanoseconds: written as an array in
/// this order. The sum of all but the last is workers × wall time of the work phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "[u64; 6]", into = "[u64; 6]")]
pub struct Spent {
    /// Within items: from the request until the reply, without the two parts below.
    pub service: u64,
    /// Around items: claims, messages, copies, splits, waits for the dispatcher while it still had items; without what is
    /// `preempted`.
    pub dispatch: u64,
    /// Waiting for work: after the worker's last item until the phase ended, or for items yet to be found; of a
    /// work-stealing pool also a thread's looking for items, where it took 50 µs or more.
    pub waiting: u64,
    /// Waiting for a lock that the runtime holds around items.
    pub lock: u64,
    /// Ready to run, but without a core, as the scheduler counts it: within items and between them, up to the worker's
    /// last item. Where the kernel does not count it, it is part of the others; within items under 50 µs, of `service`.
    pub preempted: u64,
    /// Of `service`, time in which the thread neither ran nor waited for a core, where that is known: in CPython what items that compute
    /// wait for the GIL, and what items that wait wait for.
    pub blocked: u64,
}

impl From<[u64; 6]> for Spent {
    fn from([service, dispatch, waiting, lock, preempted, blocked]: [u64; 6]) -> Self {
        Self { service, dispatch, waiting, lock, preempted, blocked }
    }
}

impl From<Spent> for [u64; 6] {
    fn from(spent: Spent) -> Self {
        [spent.service, spent.dispatch, spent.waiting, spent.lock, spent.preempted, spent.blocked]
    }
}

impl Spent {
    /// Workers × wall time of the work phase.
    #[must_use]
    pub fn whole(self) -> u64 {
        self.service + self.dispatch + self.waiting + self.lock + self.preempted
    }
}

/// What a trial with open arrivals left, in nanoseconds: written as an array in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "[u64; 5]", into = "[u64; 5]")]
pub struct Open {
    /// Median latency: from the moment at which an item was meant to be sent to its reply.
    pub p50: u64,
    /// Its 95th percentile.
    pub p95: u64,
    /// Its 99th percentile; trustworthy from 1,000 items on.
    pub p99: u64,
    /// The longest.
    pub max: u64,
    /// From the first moment to the last reply: items by this is the rate that was achieved.
    pub span: u64,
}

impl From<[u64; 5]> for Open {
    fn from([p50, p95, p99, max, span]: [u64; 5]) -> Self {
        Self { p50, p95, p99, max, span }
    }
}

impl From<Open> for [u64; 5] {
    fn from(open: Open) -> Self {
        [open.p50, open.p95, open.p99, open.max, open.span]
    }
}

impl Open {
    /// What all latencies and the time from the first moment to the last reply come to, in nanoseconds; `None` where there
    /// are none. Percentiles are those of the nearest rank.
    #[must_use]
    pub fn of(mut latencies: Vec<u64>, span: u64) -> Option<Self> {
        latencies.sort_unstable();
        let last = latencies.len().checked_sub(1)?;
        // The nearest rank: the smallest that at least this share do not exceed.
        let at = |share: f64| latencies[((share * latencies.len() as f64).ceil() as usize).clamp(1, last + 1) - 1];
        Some(Self { p50: at(0.50), p95: at(0.95), p99: at(0.99), max: latencies[last], span })
    }
}

/// What a stage did in a profiling trial, summed over its workers, in nanoseconds: written as an array in this order.
/// The rest of workers × wall time of the work phase went into handing items over, and passed after the stage's last item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "[u64; 4]", into = "[u64; 4]")]
pub struct StageTimes {
    /// Within items.
    pub busy: u64,
    /// Nothing to do, since the queue after the stage was full.
    pub blocked: u64,
    /// Nothing to do, since the queue before the stage was empty.
    pub starved: u64,
    /// The most items that ever waited in the queue before the stage.
    pub most: u64,
}

impl From<[u64; 4]> for StageTimes {
    fn from([busy, blocked, starved, most]: [u64; 4]) -> Self {
        Self { busy, blocked, starved, most }
    }
}

impl From<StageTimes> for [u64; 4] {
    fn from(times: StageTimes) -> Self {
        [times.busy, times.blocked, times.starved, times.most]
    }
}

impl StageTimes {
    /// Adds what another worker of the stage did.
    pub fn add(&mut self, other: Self) {
        self.busy += other.busy;
        self.blocked += other.blocked;
        self.starved += other.starved;
    }
}

/// Per-item times of a profiling trial, in nanoseconds: written as pairs of a value and how many items took about that long,
/// rising.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(Pairs, Pairs)", into = "(Pairs, Pairs)")]
pub struct ItemTimes {
    /// Received until replied.
    pub service: Histogram<u64>,
    /// Handed over until reply.
    pub response: Histogram<u64>,
}

/// Values and counts.
pub type Pairs = Vec<(u64, u64)>;

/// Nanoseconds that no item can exceed: two hours, where a trial may take one.
const LONGEST_ITEM: u64 = 7_200_000_000_000;

impl Default for ItemTimes {
    fn default() -> Self {
        // Recording clamps to these bounds and never grows, so they reach beyond the longest timeout from the start.
        let empty = || {
            Histogram::new_with_bounds(1, LONGEST_ITEM, 3).unwrap_or_else(|_| unreachable!("the bounds are allowed"))
        };
        Self { service: empty(), response: empty() }
    }
}

impl ItemTimes {
    /// Adds an item.
    pub fn add(&mut self, service: u64, response: u64) {
        self.service.saturating_record(service);
        self.response.saturating_record(response);
    }

    /// Adds all of `other`.
    pub fn add_all(&mut self, other: &Self) {
        // Both have the same bounds, so that adding cannot fail.
        let _ = self.service.add(&other.service);
        let _ = self.response.add(&other.response);
    }

    /// Values and counts of both.
    #[must_use]
    pub fn pairs(&self) -> (Pairs, Pairs) {
        let of = |times: &Histogram<u64>| {
            times.iter_recorded().map(|value| (value.value_iterated_to(), value.count_at_value())).collect()
        };
        (of(&self.service), of(&self.response))
    }
}

impl From<(Pairs, Pairs)> for ItemTimes {
    fn from((service, response): (Pairs, Pairs)) -> Self {
        let mut times = Self::default();
        service.iter().for_each(|(value, count)| times.service.saturating_record_n(*value, *count));
        response.iter().for_each(|(value, count)| times.response.saturating_record_n(*value, *count));
        times
    }
}

impl From<ItemTimes> for (Pairs, Pairs) {
    fn from(times: ItemTimes) -> Self {
        times.pairs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_summed_up_by_the_nearest_rank() {
        let open = Open::of((1..=200).rev().collect(), 7);
        assert_eq!(open, Some(Open { p50: 100, p95: 190, p99: 198, max: 200, span: 7 }));
        assert_eq!(Open::of(Vec::new(), 7), None);
    }

    #[test]
    fn long_items_are_recorded_as_long_as_they_are() {
        let mut clocked = ItemTimes::default();
        for nanos in [40, 5_000_000, 3_600_000_000_000] {
            clocked.service.saturating_record(nanos);
        }
        let mut sum = ItemTimes::default();
        sum.add_all(&clocked);
        let at = |share| sum.service.value_at_quantile(share);
        assert_eq!(at(0.0), 40);
        assert!((4_990_000..5_010_000).contains(&at(0.5)), "{}", at(0.5));
        assert!(at(1.0) >= 3_590_000_000_000, "{}", at(1.0));
    }
}
