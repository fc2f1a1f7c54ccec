//! The units of a workload: what its tests count.
//!
//! Rounds that follow each other within a second are hit by the same disturbance, so that they are not independent. A unit is
//! the median over an odd number of consecutive rounds that take half a second together (methodology, rule 12).

use super::samples::compared;
use crate::results::{Results, Workload};
use crate::stats;

/// The times of a workload by configuration and round, and the rounds of its units.
pub(super) struct Units<'a> {
    results: &'a Results,
    workload: &'a Workload,
    /// By place in the workload and round: the logarithm of the time, +∞ where the trial timed out, failed or was not run.
    times: Vec<Vec<f64>>,
    spans: Vec<(u32, u32)>,
}

impl<'a> Units<'a> {
    /// Up to `units` units of a workload.
    pub fn of(results: &'a Results, workload: &'a Workload, units: u32) -> Self {
        let spans = workload.looks.spans(units);
        let rounds = spans.last().map_or(0, |(first, size)| first + size) as usize;
        let times = workload.configurations.iter().map(|id| by_round(&compared(results, *id), rounds)).collect();
        Self { results, workload, times, spans }
    }

    /// The workload's configurations.
    pub fn configurations(&self) -> &'a [usize] {
        &self.workload.configurations
    }

    /// The results.
    pub fn results(&self) -> &'a Results {
        self.results
    }

    /// The workload.
    pub fn workload(&self) -> &'a Workload {
        self.workload
    }

    /// ln(time of `i` / time of `j`) of each of the first `n` units, `silent` where neither has a time or both are infinite.
    /// A missing time is longer than any other.
    pub fn logs(&self, i: usize, j: usize, n: usize, silent: f64) -> Vec<f64> {
        let (Some(i), Some(j)) = (self.place(i), self.place(j)) else { return vec![] };
        units_of(&self.times[i], &self.times[j], &self.spans[..n.min(self.spans.len())], silent)
    }

    /// As [`Self::logs`], of one time of each round against the other of the A/A check.
    pub fn logs_against(&self, other: &[(u32, f64)], j: usize, n: usize) -> Vec<f64> {
        let Some(j) = self.place(j) else { return vec![] };
        let spans = &self.spans[..n.min(self.spans.len())];
        let rounds = spans.last().map_or(0, |(first, size)| first + size) as usize;
        let known = units_of(&by_round(other, rounds), &self.times[j], spans, f64::NAN);
        known.into_iter().filter(|log| !log.is_nan()).collect()
    }

    fn place(&self, id: usize) -> Option<usize> {
        self.workload.configurations.iter().position(|known| *known == id)
    }
}

fn by_round(series: &[(u32, f64)], rounds: usize) -> Vec<f64> {
    let mut times = vec![f64::INFINITY; rounds];
    // The first value counts where a round holds several.
    for (round, seconds) in series.iter().rev() {
        if let Some(time) = times.get_mut(*round as usize) {
            *time = seconds.ln();
        }
    }
    times
}

fn units_of(above: &[f64], below: &[f64], spans: &[(u32, u32)], silent: f64) -> Vec<f64> {
    let log = |round: u32| {
        let log = above[round as usize] - below[round as usize];
        if log.is_nan() { silent } else { log }
    };
    let unit = |(first, size): &(u32, u32)| {
        let logs: Vec<f64> = (*first..first + size).map(log).filter(|log| !log.is_nan()).collect();
        stats::median(&logs).unwrap_or(silent)
    };
    spans.iter().map(unit).collect()
}
