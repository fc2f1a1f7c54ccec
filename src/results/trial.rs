//! What one trial left: scalars, and histograms of the profiling ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Details, Phase};
use crate::record::PHASE_NUMBERS;
use crate::setting::{Outcome, words};

/// What a trial was run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A bare trial, whose times count.
    Timed,
    /// A trial with clocks around every item, whose own times do not count.
    Profiling,
    /// A trial that reads the memory of its processes at the edges of the work, whose own times do not count.
    Memory,
}

words! {
    /// What has to be known of a trial before its numbers are trusted.
    pub enum Flag, "flag of a trial" {
        TooShort = "too_short" ("too short"): "the measured phase took under 10 ms",
        Leaked = "leaked": "it left a process behind, which was swept",
        CpuMismatch = "cpu_mismatch" ("CPU mismatch"): "the CPU time of its phases is not that of its processes",
    }
}

/// One run of one configuration in a fresh host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    /// Index of the configuration.
    pub configuration: usize,
    /// The round, from 0.
    pub round: u32,
    /// Place in the whole run, from 0.
    pub order: u32,
    /// Milliseconds from the start of the run to that of the trial, without what passed while the run was broken off.
    pub at: u64,
    /// Milliseconds that it took, with starting and ending its processes.
    pub took: u64,
    /// What it was run for.
    pub kind: Kind,
    /// Whether it is the second run of its configuration in the round, for the A/A check; enters no estimate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// Nanoseconds that the measure covers: the work phase, or all three. Meaningless unless the outcome is `ok`.
    pub measured: u64,
    /// Start, work and join.
    pub phases: [Phase; 3],
    /// Items whose reply arrived once.
    #[serde(rename = "completed")]
    pub done: u64,
    /// Items whose reply never arrived.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// Sum of the item digests, 16 hexadecimal digits.
    #[serde(rename = "checksum")]
    pub digest: String,
    /// Nanoseconds of the first item on a cold worker, from hand-over to reply; 0 where there was no warm-up.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub first_item: u64,
    /// What only some trials have.
    #[serde(default, skip_serializing_if = "Details::is_empty")]
    pub details: Details,
    /// Seconds of the granted CPU time that other programs or the hypervisor took during the trial; below zero where cores were
    /// to spare, and by the 10 ms in which the kernel counts. A unit of rounds is long enough for it to mean something.
    pub others: f64,
    /// Marks: `too_short` (measured under 10 ms), `leaked` (a process was left behind and swept), `cpu_mismatch` (the phases and `wait4` disagree on CPU time).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// Last lines of stderr, where the trial went wrong.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr: String,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// Every whole number of a results file fits 53 bits, as JSON carries it, so that sums of some of them cannot overflow.
pub(super) fn plausible(number: u64) -> Result<(), String> {
    if number < 1 << 53 { Ok(()) } else { Err(format!("{number} is not a plausible number here")) }
}

/// The same of every whole number below `value`, whichever they are.
fn all_plausible(value: &serde_json::Value) -> Result<(), String> {
    match value {
        serde_json::Value::Array(items) => items.iter().try_for_each(all_plausible),
        serde_json::Value::Object(fields) => fields.values().try_for_each(all_plausible),
        value => value.as_u64().map_or(Ok(()), plausible),
    }
}

impl Latency {
    pub(super) fn check(&self) -> Result<(), String> {
        [&self.service, &self.response].into_iter().try_for_each(|times| {
            let all = times.histogram.iter().flat_map(|(bound, count)| [*bound, *count]);
            [times.count, times.min, times.p50, times.max].into_iter().chain(all).try_for_each(plausible)
        })?;
        self.service_by_trial.iter().flatten().flatten().copied().try_for_each(plausible)
    }
}

impl Trial {
    pub(super) fn check(&self) -> Result<(), String> {
        let counts = [self.at, self.took, self.measured, self.done, self.lost, self.first_item];
        let phases = self.phases.into_iter().flat_map(<[u64; PHASE_NUMBERS]>::from);
        counts.into_iter().chain(phases).try_for_each(plausible)?;
        serde_json::to_value(&self.details)
            .map_err(|error| error.to_string())
            .and_then(|details| all_plausible(&details))
    }

    /// Whether its time counts: everything was done and is right.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }

    /// The measured seconds; +∞ where the trial timed out (methodology, rule 17), `None` where it ended otherwise.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        match self.outcome {
            Outcome::Ok => Some(self.measured as f64 / 1e9),
            Outcome::TimedOut => Some(f64::INFINITY),
            _ => None,
        }
    }
}

/// A percentile is trusted where at least so many items lie above it.
pub const ABOVE: f64 = 10.0;

impl Trial {
    /// The latency in seconds that the share 0.50, 0.95 or 0.99 of the items does not exceed; +∞ where the trial timed out.
    /// `None` where items did not come at a set rate, where the trial failed, and where under ten items lie above.
    #[must_use]
    pub fn latency(&self, share: f64) -> Option<f64> {
        if self.outcome == Outcome::TimedOut {
            return Some(f64::INFINITY);
        }
        let open = self.details.open.filter(|_| self.ok() && self.done as f64 * (1.0 - share) >= ABOVE - 1e-9)?;
        let nanos = if share < 0.9 {
            open.p50
        } else if share < 0.97 {
            open.p95
        } else {
            open.p99
        };
        Some(nanos as f64 / 1e9)
    }

    /// Items per second from the first moment to the last reply, where items came at a set rate.
    #[must_use]
    pub fn achieved(&self) -> Option<f64> {
        let open = self.details.open.filter(|open| self.ok() && open.span > 0)?;
        Some(self.done as f64 / (open.span as f64 / 1e9))
    }
}

/// Most buckets that a results file holds of one histogram.
pub const MOST_BUCKETS: usize = 80;

/// Quantiles of one kind of per-item time, in nanoseconds, merged over a configuration's profiling trials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quantiles {
    /// How many items.
    pub count: u64,
    /// Smallest.
    pub min: u64,
    /// Median.
    pub p50: u64,
    /// 95th percentile, where at least 10 items lie above it.
    pub p95: Option<u64>,
    /// 99th percentile, where at least 10 items lie above it.
    pub p99: Option<u64>,
    /// Largest.
    pub max: u64,
    /// The merged histogram as (upper bound of the bucket in nanoseconds, count), rising, at most [`MOST_BUCKETS`].
    #[serde(with = "super::steps")]
    #[schemars(with = "super::steps::Written")]
    pub histogram: Vec<(u64, u64)>,
}

/// Per-item times of one configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// Index of the configuration.
    pub configuration: usize,
    /// How many profiling trials it was merged from.
    pub trials: u32,
    /// Received until replied, clocked where the item runs.
    pub service: Quantiles,
    /// Handed over (in a shared table: claimed) until the reply, clocked at the dispatcher.
    pub response: Quantiles,
    /// Service times of each profiling trial in nanoseconds, in the order in which they were run: the 50th, 95th and
    /// 99th percentile, where at least 10 items of that trial lie above it.
    #[serde(default)]
    pub service_by_trial: Vec<[Option<u64>; 3]>,
}
