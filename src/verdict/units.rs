//! The units of a workload: what its tests count.
//!
//! Rounds that follow each other within a second are hit by the same disturbance, so that they are not independent. A unit is
//! the median over an odd number of consecutive rounds that take half a second together (methodology, rule 12).

use super::pick::interval;
use super::samples::compared;
use crate::results::{Interval, Results, Workload};
use crate::stats;

/// The times of a workload by configuration and round, and the rounds of its units.
pub(super) struct Units<'a> {
    results: &'a Results,
    workload: &'a Workload,
    /// By place in the workload and round: the logarithm of the time, +∞ where the trial timed out, failed or was not run.
    times: Vec<Vec<f64>>,
    spans: Vec<(u32, u32)>,
    planned: Vec<usize>,
}

impl<'a> Units<'a> {
    /// The units of a workload up to its last look.
    pub fn of(results: &'a Results, workload: &'a Workload) -> Self {
        let spans = workload.looks.spans(workload.looks.counted());
        let rounds = spans.last().map_or(0, |(first, size)| first + size) as usize;
        let times = workload.configurations.iter().map(|id| by_round(&compared(results, *id), rounds)).collect();
        let planned = workload.looks.planned.iter().map(|units| *units as usize).collect();
        Self { results, workload, times, spans, planned }
    }

    /// Numbers of units after which is looked.
    pub fn planned(&self) -> &[usize] {
        &self.planned
    }

    /// Those of the looks that are over.
    pub fn over(&self) -> &[usize] {
        &self.planned[..(self.workload.looks.completed as usize).min(self.planned.len())]
    }

    /// How many of these looks a configuration took part in: all, unless it sits out.
    pub fn looks_with(&self, id: usize) -> usize {
        let looks = &self.workload.looks;
        let Some(out) = looks.sat_out.iter().find(|out| out.configuration == id) else { return self.over().len() };
        let whole = looks.units_in(out.from) as usize;
        self.over().iter().take_while(|units| **units <= whole).count()
    }

    /// The ratio of the time of `above` to that of `below` at the last of the first `looks` looks, each end with an error of
    /// `error` over all looks. Units of which one side alone is known are infinite, and those of neither are left out.
    pub fn ratio(&self, above: usize, below: usize, looks: usize, error: f64) -> Option<Interval> {
        let over = &self.over()[..looks];
        let logs = self.logs(above, below, *over.last()?, f64::NAN);
        let known: Vec<f64> = logs.into_iter().filter(|log| !log.is_nan()).collect();
        interval(&known, over, &self.planned, error)
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

    /// As [`Self::logs`], of the times `other` against those of `j`, of all units; what neither has is left out.
    pub fn logs_against(&self, other: &[(u32, f64)], j: usize) -> Vec<f64> {
        let Some(j) = self.place(j) else { return vec![] };
        let rounds = self.spans.last().map_or(0, |(first, size)| first + size) as usize;
        let known = units_of(&by_round(other, rounds), &self.times[j], &self.spans, f64::NAN);
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
