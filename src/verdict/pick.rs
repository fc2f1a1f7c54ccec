//! The pick: which configuration to use, and what that may cost.
//!
//! For configuration i let d_ij be the log ratios time_i / time_j, one per unit. U_i is the largest, over all j ≠ i, of the
//! upper bounds of the median of d_ij, each at the one-sided level α / (k − 1). Whichever i is picked, however, at whatever look,
//! it is slower than the best by more than exp(U_i) − 1 with probability α at most: only its comparison with the truly best can
//! fail, and i has k − 1 of those (Hsu, *Constrained simultaneous confidence intervals for multiple comparisons with the best*,
//! Annals of Statistics 12, 1984). The bounds hold at every look (`stats::look_ranks`).

use std::collections::BTreeSet;

use super::samples::UNBOUNDED;
use super::simplicity::simplicity;
use super::units::Units;
use crate::results::{Interval, ModelPrice, Pick, PickedBy, Results, SlowerBy, Workload};
use crate::setting::{Config, Model, Wait};
use crate::stats::{self, FAMILY_ERROR};

/// From this price on a pick is called weak, and the lowest median decides.
pub const WEAK: f64 = 0.25;

/// Configurations that are ranked together, at one look.
pub(super) struct Family<'a> {
    units: &'a Units<'a>,
    /// Its configurations, in the order of the workload.
    pub members: Vec<usize>,
    /// Those that some other was shown to be faster than at some look: the best is none of them, whatever comes later.
    out: BTreeSet<usize>,
}

/// Whether a configuration is ranked with those that wait so.
pub(super) fn belongs(config: &Config, wait: Option<Wait>) -> bool {
    wait.is_none_or(|wait| config.wait.is_none_or(|own| own == wait))
}

/// The families of a workload: one, or one for each way to wait. Who waits for no message belongs to all of them.
fn waits(results: &Results, workload: &Workload) -> Vec<Option<Wait>> {
    let waits = workload.configurations.iter().filter_map(|id| results.configurations[*id].config.wait);
    let waits: BTreeSet<Wait> = waits.collect();
    if waits.len() < 2 { vec![None] } else { waits.into_iter().map(Some).collect() }
}

/// The families of a workload at its last look, each with how it waits.
pub(super) fn families<'a>(units: &'a Units<'a>) -> Vec<(Option<Wait>, Family<'a>)> {
    let each = waits(units.results(), units.workload()).into_iter();
    each.filter_map(|wait| Some((wait, Family::at(units, wait)?))).collect()
}

impl<'a> Family<'a> {
    /// The family that waits so, at the last look; `None` before the first.
    fn at(units: &'a Units<'a>, wait: Option<Wait>) -> Option<Self> {
        let here = |id: &usize| belongs(&units.results().configurations[*id].config, wait);
        let members: Vec<usize> = units.configurations().iter().copied().filter(here).collect();
        let mut family = Self { units, members, out: BTreeSet::new() };
        (1..=units.over().len()).for_each(|look| family.leave(look));
        (!units.over().is_empty()).then_some(family)
    }

    /// Takes those out of every maximum that some other is faster than at a look.
    fn leave(&mut self, look: usize) {
        let error = self.error();
        let beaten = |j: &usize| {
            let others = self.members.iter().filter(|i| *i != j);
            others.copied().any(|i| self.bounds_at(look, i, *j, error, f64::INFINITY).high < 0.0)
        };
        let gone: Vec<usize> = self.members.iter().copied().filter(|j| !self.out.contains(j)).filter(beaten).collect();
        self.out.extend(gone);
    }

    /// The error of each comparison of a configuration with another.
    fn error(&self) -> f64 {
        FAMILY_ERROR / (self.members.len().max(2) - 1) as f64
    }

    /// The error of each comparison where all pairs are compared, in both directions.
    fn error_of_all_pairs(&self) -> f64 {
        let k = self.members.len().max(2) as f64;
        FAMILY_ERROR / (k * (k - 1.0))
    }

    fn bounds_at(&self, look: usize, i: usize, j: usize, error: f64, silent: f64) -> stats::Bounds {
        let over = &self.units.over()[..look];
        let logs = self.units.logs(i, j, over[look - 1], silent);
        stats::bounds(&logs, over, self.units.planned(), error).wider(self.units.doubt(i, j))
    }

    /// An upper bound of the log ratio of the time of `i` to that of `j`.
    fn upper(&self, i: usize, j: usize, error: f64) -> f64 {
        self.bounds_at(self.units.over().len(), i, j, error, f64::INFINITY).high
    }

    /// A lower bound of the same, at the last look that had both.
    fn lower(&self, i: usize, j: usize, error: f64) -> f64 {
        let looks = [i, j].map(|id| self.units.looks_with(id)).into_iter().min().unwrap_or(0);
        match looks {
            0 => f64::NEG_INFINITY,
            looks => {
                let over = &self.units.over()[..looks];
                let logs = self.units.logs_of_right(i, j, over[looks - 1], f64::NEG_INFINITY);
                stats::bounds(&logs, over, self.units.planned(), error).wider(self.units.doubt(i, j)).low
            }
        }
    }

    fn sits_out(&self, id: usize) -> bool {
        self.units.looks_with(id) < self.units.over().len()
    }

    /// U of a configuration: how much slower than the best it may be, as a logarithm.
    fn cost(&self, i: usize) -> f64 {
        let others = self.members.iter().copied().filter(|j| *j != i && !self.out.contains(j));
        let error = self.error();
        // Those that are out are slower than some other, so that the best is among the rest, or is i.
        let most = others.map(|j| self.upper(i, j, error)).fold(f64::NEG_INFINITY, f64::max);
        if most == f64::NEG_INFINITY && self.members.len() > 1 {
            // All others are out: how far behind is told by those that are slower, not here.
            return if self.out.contains(&i) { f64::INFINITY } else { -f64::MIN_POSITIVE };
        }
        most
    }

    /// Rounds that count at the last look.
    fn rounds(&self) -> u32 {
        let looks = &self.units.workload().looks;
        looks.rounds_of(looks.counted())
    }

    /// How many of its counted trials went wrong or were not run.
    fn failures(&self, id: usize) -> u32 {
        let rounds = self.rounds();
        let right = self.units.results().timed(id).filter(|trial| trial.round < rounds && trial.ok()).count();
        rounds - (right as u32).min(rounds)
    }

    /// Those that may be picked: all whose counted trials ended right, else those with the fewest failures.
    pub fn candidates(&self) -> Vec<usize> {
        let able: Vec<(usize, u32)> =
            self.members.iter().copied().filter(|id| !self.sits_out(*id)).map(|id| (id, self.failures(id))).collect();
        let fewest = able.iter().map(|(_, failures)| *failures).min().unwrap_or(0);
        let best = able.into_iter().filter(|(_, failures)| *failures == fewest && fewest < self.rounds());
        best.map(|(id, _)| id).collect()
    }

    /// Which is picked: the simplest within the margin; else the one with the least price; and where even that is weak, the one
    /// with the lowest median.
    pub fn choose(&self) -> Option<(usize, PickedBy)> {
        self.choose_among(&self.members)
    }

    /// As [`Self::choose`], of some of them.
    pub fn choose_among(&self, some: &[usize]) -> Option<(usize, PickedBy)> {
        let results = self.units.results();
        let margin = results.run.margin.ln_1p();
        let candidates = self.candidates().into_iter().filter(|id| some.contains(id));
        let costs: Vec<(usize, f64)> = candidates.map(|id| (id, self.cost(id))).collect();
        let simple = |id: usize| (simplicity(&results.configurations[id].config), id);
        let within = costs.iter().filter(|(_, cost)| *cost <= margin).min_by_key(|(id, _)| simple(*id));
        if let Some((id, _)) = within {
            return Some((*id, PickedBy::Simplicity));
        }
        // Of how much slower than any other it is in half of the units.
        let lowest = |id: usize| -> f64 {
            let n = self.units.workload().looks.counted() as usize;
            let others = self.members.iter().filter(|j| **j != id);
            let medians = others.filter_map(|j| stats::median(&self.units.logs(id, *j, n, f64::INFINITY)));
            medians.fold(f64::NEG_INFINITY, f64::max)
        };
        let by_median = |a: usize, b: usize| lowest(a).total_cmp(&lowest(b)).then_with(|| simple(a).cmp(&simple(b)));
        let least = costs.iter().copied().min_by(|(_, one), (_, other)| one.total_cmp(other))?;
        if least.1 > WEAK.ln_1p() {
            // Early bounds are the largest of all units, which one spell decides.
            return costs.into_iter().min_by(|(a, _), (b, _)| by_median(*a, *b)).map(|(id, _)| (id, PickedBy::Median));
        }
        let cheapest = costs.into_iter().filter(|(_, cost)| *cost <= least.1);
        cheapest.min_by(|(a, _), (b, _)| by_median(*a, *b)).map(|(id, _)| (id, PickedBy::Price))
    }

    /// The pick with its price and its lists.
    pub fn pick(&self, wait: Option<Wait>) -> Option<Pick> {
        let (id, by) = self.choose()?;
        Some(self.pick_of(id, by, wait))
    }

    /// What there is to say of a configuration that was picked.
    pub fn pick_of(&self, id: usize, by: PickedBy, wait: Option<Wait>) -> Pick {
        let margin = self.units.results().run.margin.ln_1p();
        let cost = self.cost(id);
        let mut pick = Pick {
            configuration: id,
            wait,
            by,
            price: share(cost),
            fastest: cost < 0.0,
            speedup: self.speedup(id),
            failures: self.failures(id),
            as_good: vec![],
            slower: vec![],
            too_close: vec![],
            models: self.models(),
        };
        let error = self.error_of_all_pairs();
        for other in self.members.iter().copied().filter(|other| *other != id) {
            let least = self.lower(other, id, error);
            if !self.sits_out(other) && self.failures(other) <= pick.failures && self.cost(other) <= margin {
                pick.as_good.push(other);
            } else if least > 0.0 || pick.fastest {
                // Where the pick is fastest, all others are slower, although it may not be known by how much.
                let at_least = least.max(0.0).exp_m1().min(UNBOUNDED);
                pick.slower.push(SlowerBy { configuration: other, at_least });
            } else {
                pick.too_close.push(other);
            }
        }
        pick
    }

    /// The in-unit speedup over the reference, two-sided at α / (k − 1): any of the k − 1 others could have been picked in
    /// its place.
    fn speedup(&self, id: usize) -> Option<Interval> {
        let reference = self.units.workload().reference;
        if reference == id {
            return None;
        }
        self.units.ratio(reference, id, self.units.over().len(), self.error() / 2.0)
    }

    /// The price of each model: the least, over its configurations, of how much slower than the best of all other models it
    /// may be, at α / (k (m − 1)) for m models, since each of the k configurations may be the one.
    fn models(&self) -> Vec<ModelPrice> {
        let model_of = |id: usize| self.units.results().configurations[id].config.model;
        let mut models: Vec<Model> = Vec::new();
        for model in self.members.iter().map(|id| model_of(*id)) {
            if !models.contains(&model) {
                models.push(model);
            }
        }
        if models.len() < 2 {
            return vec![];
        }
        let error = FAMILY_ERROR / (self.members.len() * (models.len() - 1)) as f64;
        let candidates = self.candidates();
        let cost = |i: usize| {
            let others = self.members.iter().filter(|j| model_of(**j) != model_of(i) && !self.sits_out(**j));
            others.map(|j| self.upper(i, *j, error)).fold(f64::NEG_INFINITY, f64::max)
        };
        let price = |model: Model| {
            let own = candidates.iter().copied().filter(|id| model_of(*id) == model);
            ModelPrice { model, price: share(own.map(cost).fold(f64::INFINITY, f64::min)) }
        };
        models.into_iter().map(price).collect()
    }

    /// Those that are slower than `pick` by more than so much, as logarithms.
    pub fn far_behind(&self, pick: usize, by: f64) -> Vec<usize> {
        let error = self.error_of_all_pairs();
        let far = |id: &usize| *id != pick && !self.sits_out(*id) && self.lower(*id, pick, error) > by;
        self.members.iter().copied().filter(far).collect()
    }
}

/// A bound of a logarithm as a share above nothing; `None` where it is infinite.
fn share(cost: f64) -> Option<f64> {
    cost.is_finite().then(|| cost.exp_m1().clamp(0.0, UNBOUNDED)).or_else(|| (cost < 0.0).then_some(0.0))
}

#[cfg(test)]
mod tests;
