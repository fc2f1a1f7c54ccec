//! The units of a workload: what its tests count.
//!
//! Rounds that follow each other within a second are hit by the same disturbance, so that they are not independent. A unit is
//! the median over an odd number of consecutive rounds that take half a second together (methodology, rule 12).

use super::samples::{compared, interval, times as times_of, values};
use crate::results::{Interval, Results, Workload};
use crate::stats;

/// Trials of configurations with item counts of their own may differ by this factor in length.
const MOST_UNEQUAL: f64 = 2.0;
/// Where they differ by more, fixed costs weigh more in the shorter ones, and no difference below this is told.
const UNEQUAL_DOUBT: f64 = 0.05;

/// The times of a workload by configuration and round, and the rounds of its units.
pub(super) struct Units<'a> {
    results: &'a Results,
    workload: &'a Workload,
    /// By place in the workload and round: the logarithm of the time, +∞ where the trial timed out, and NaN where it went wrong
    /// in another way or was not run.
    right: Vec<Vec<f64>>,
    /// As `right`, with +∞ for NaN.
    times: Vec<Vec<f64>>,
    spans: Vec<(u32, u32)>,
    planned: Vec<usize>,
    /// By place: seconds of a trial, where configurations have item counts of their own.
    lengths: Vec<Option<f64>>,
}

impl<'a> Units<'a> {
    /// The units of a workload up to its last look.
    pub fn of(results: &'a Results, workload: &'a Workload) -> Self {
        let spans = workload.looks.spans(workload.looks.counted());
        let rounds = spans.last().map_or(0, |(first, size)| first + size) as usize;
        let right: Vec<Vec<f64>> =
            workload.configurations.iter().map(|id| by_round(&compared(results, *id), rounds)).collect();
        let missing_is_longest = |log: &f64| if log.is_nan() { f64::INFINITY } else { *log };
        let times = right.iter().map(|logs| logs.iter().map(missing_is_longest).collect()).collect();
        let planned = workload.looks.planned.iter().map(|units| *units as usize).collect();
        let length = |id: &usize| stats::median(&values(&times_of(results, *id)));
        let lengths = if workload.per_item { workload.configurations.iter().map(length).collect() } else { Vec::new() };
        Self { results, workload, right, times, spans, planned, lengths }
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
        let wider = self.doubt(above, below).exp();
        let found = interval(&known, over, &self.planned, error)?;
        Some(Interval { low: found.low.map(|low| low / wider), high: found.high.map(|high| high * wider), ..found })
    }

    /// By how much every bound of the log ratio of two configurations is moved outwards: nothing, unless they have item counts
    /// of their own and trials of unequal length (methodology, rule 9).
    pub fn doubt(&self, i: usize, j: usize) -> f64 {
        let length = |id| self.lengths.get(self.place(id)?).copied().flatten();
        let unequal = |(a, b): (f64, f64)| a.max(b) > MOST_UNEQUAL * a.min(b);
        if length(i).zip(length(j)).is_some_and(unequal) { UNEQUAL_DOUBT.ln_1p() } else { 0.0 }
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

    /// As [`Self::logs`], where a trial that went wrong says nothing: `silent` wherever a side has no time, unless it timed
    /// out. A trial that crashed is not a slow one.
    pub fn logs_of_right(&self, i: usize, j: usize, n: usize, silent: f64) -> Vec<f64> {
        let (Some(i), Some(j)) = (self.place(i), self.place(j)) else { return vec![] };
        units_of(&self.right[i], &self.right[j], &self.spans[..n.min(self.spans.len())], silent)
    }

    /// The ratio of the times of second runs to those of the first ones of `id`, over the units that have second runs, each end
    /// with an error of `error` over all looks.
    pub fn ratio_of_second_runs(&self, second: &[(u32, f64)], id: usize, error: f64) -> Option<Interval> {
        let rounds = self.spans.last().map_or(0, |(first, size)| first + size) as usize;
        let logs = units_of(&by_round(second, rounds), &self.times[self.place(id)?], &self.spans, f64::NAN);
        let known: Vec<f64> = logs.into_iter().filter(|log| !log.is_nan()).collect();
        // What counts at a look are the units with second runs. Looks to come have no bearing on those that are over.
        let had = |units: &usize| {
            let spans = &self.spans[..(*units).min(self.spans.len())];
            let has =
                |(first, size): &(u32, u32)| second.iter().any(|(round, _)| (*first..first + size).contains(round));
            spans.iter().filter(|span| has(span)).count()
        };
        let planned: Vec<usize> = self.planned.iter().map(had).collect();
        interval(&known, &planned[..self.over().len()], &planned, error)
    }

    fn place(&self, id: usize) -> Option<usize> {
        self.workload.configurations.iter().position(|known| *known == id)
    }
}

/// Logarithms of times by round, with NaN for rounds without one.
fn by_round(series: &[(u32, f64)], rounds: usize) -> Vec<f64> {
    let mut times = vec![f64::NAN; rounds];
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
