//! A line of the chart of latencies.

use super::lines::{Line, Point};
use crate::text::show_count;

/// A line with its points.
pub(super) struct Drawn<'a> {
    pub(super) line: Line<'a>,
    pub(super) points: Vec<Point>,
    /// For every point, whether it is shown that the configuration falls behind there.
    pub(super) behind: Vec<bool>,
}

/// A rate in words: `1200/s`.
pub(super) fn per_second(rate: u32) -> String {
    format!("{}/s", show_count(u64::from(rate)))
}
