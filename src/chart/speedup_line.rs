//! A line of the chart of speed-ups.

use super::lines::{Line, Point};
use crate::results::{Configuration, Interval, Results, Workload};

/// More lines than this have no bands: they would hide each other.
pub(super) const MOST_BANDS: usize = 8;

/// A line with its points.
pub(super) struct Drawn<'a> {
    pub(super) line: Line<'a>,
    pub(super) points: Vec<Point>,
}

impl Drawn<'_> {
    /// The configuration with the highest speed-up, and that speed-up.
    pub(super) fn best(&self) -> Option<(&Configuration, Interval)> {
        let known = self
            .line
            .configurations
            .iter()
            .zip(&self.points)
            .filter_map(|(configuration, point)| Some((*configuration, point.value?)));
        known.max_by(|a, b| a.1.median.total_cmp(&b.1.median))
    }

    /// The point with the most workers.
    pub(super) fn last(&self) -> Option<(f64, Interval)> {
        self.points.iter().rev().find_map(|point| Some((point.x, point.value?)))
    }
}

/// `serial`, or the configuration that speed-ups refer to where there is no serial one.
pub(super) fn reference(results: &Results, workload: &Workload) -> String {
    let Some(configuration) = results.configurations.get(workload.reference) else { return "the reference".to_owned() };
    match configuration.config.workers {
        Some(1) => format!("{} with one worker", configuration.model_shown()),
        Some(_) => configuration.label.clone(),
        None => configuration.model_shown().to_owned(),
    }
}
