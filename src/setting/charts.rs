//! The kinds of charts, and the settings by which each may be shaped.

use super::words::words;
use super::{Key, Part};

words! {
    /// The charts that can be drawn.
    pub enum ChartKind, "chart" {
        Speedup = "speedup": "does it scale? speedup over workers",
        Time = "time": "which is fastest? time of every configuration, as bars",
        Service = "service": "how bad is the tail? shares of the items by their time",
        Latency = "latency": "how high is the latency at which rate, and where does a configuration saturate?",
        Breakdown = "breakdown": "where did the speedup go? its parts from the ideal to what was measured",
        Ipc = "ipc": "which IPC method at which size? over the payload's size",
        Memory = "memory": "what does a worker cost? private and shared memory",
        Timeline = "timeline": "where did the time go? a lane per worker, from start to join",
        Crash = "crash": "is work lost? what a fault does under every configuration",
        Compare = "compare": "did it get worse? a baseline (--baseline) or two runs (runner compare)",
    }
}

impl ChartKind {
    /// Whether a setting may stand along the axis of the configurations. `speedup` is always over workers.
    #[must_use]
    pub fn takes_x(self, key: Key) -> bool {
        match self {
            Self::Time | Self::Breakdown | Self::Memory => is_of_configurations(key),
            Self::Speedup => key == Key::Workers,
            _ => false,
        }
    }

    /// Whether configurations may be set apart by a setting, each value in a section or a picture of its own.
    #[must_use]
    pub fn takes_group(self, key: Key) -> bool {
        match self {
            Self::Time | Self::Breakdown | Self::Memory | Self::Service => is_of_configurations(key),
            // Workers are its axis.
            Self::Speedup => is_of_configurations(key) && key != Key::Workers,
            _ => false,
        }
    }
}

/// Whether charts can be shaped by a setting: not by one that sets workloads apart, nor by the queues of pipelines, which
/// have no workers of their own.
fn is_of_configurations(key: Key) -> bool {
    key.row().part == Part::Configuration
}
