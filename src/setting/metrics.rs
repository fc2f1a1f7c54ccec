//! What an expectation may be about, and what its bounds count.

use super::words::words;

words! {
    /// What an expectation may be about.
    pub enum Metric, "metric" {
        Speedup = "speedup": "how many times faster `compare` is than `to`, by round: the ratio of the time of `to` (or of the workload's reference) to that of `compare`",
        Time = "time": "seconds of the measured phase",
        Throughput = "throughput": "items per second of the measured phase",
        ServiceP50 = "service_p50": "median service time of an item (received until replied), from the profiling trials",
        ServiceP95 = "service_p95": "95th percentile of the service time",
        ServiceP99 = "service_p99": "99th percentile of the service time",
        LatencyP50 = "latency_p50": "median time from an item's arrival to its result, at a set rate",
        LatencyP95 = "latency_p95": "95th percentile of that time",
        LatencyP99 = "latency_p99": "99th percentile of that time; takes 1,000 items",
        Memory = "memory": "memory of all processes after the work in bytes, shared pages once (PSS), from the memory trials",
        Outcome = "outcome": "share of the timed trials whose outcome is what `is` says",
    }
}

/// What a bound of an expectation counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// How many times as much.
    Factor,
    /// Seconds.
    Seconds,
    /// Items per second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// A share, 0 to 1.
    Share,
}

impl Metric {
    /// What its bounds count. Where a metric of one configuration is compared with another, bounds are factors.
    #[must_use]
    pub fn unit(self, compared: bool) -> Unit {
        match self {
            Self::Outcome => Unit::Share,
            _ if compared => Unit::Factor,
            Self::Speedup => Unit::Factor,
            Self::Time | Self::ServiceP50 | Self::ServiceP95 | Self::ServiceP99 => Unit::Seconds,
            Self::LatencyP50 | Self::LatencyP95 | Self::LatencyP99 => Unit::Seconds,
            Self::Throughput => Unit::PerSecond,
            Self::Memory => Unit::Bytes,
        }
    }

    /// Whether it is a percentile of the service time.
    #[must_use]
    pub fn is_service(self) -> bool {
        matches!(self, Self::ServiceP50 | Self::ServiceP95 | Self::ServiceP99)
    }

    /// Whether it is how late results are of what arrives at a rate.
    #[must_use]
    pub fn is_latency(self) -> bool {
        matches!(self, Self::LatencyP50 | Self::LatencyP95 | Self::LatencyP99)
    }
}
