//! The pick in words: what to use, and what that may cost.

use super::others::Others;
use super::pick::WEAK;
use super::sentence::{late, list};
use crate::results::{ConfigurationEstimate, Expectation, Kind, Pick, PickedBy, Results, Trial, Workload};
use crate::setting::{Model, SPIN, Wait};
use crate::text::{capital, plural, show_count, show_percent, show_seconds};

/// A difference is told from 1% on: below, it is only said that there is one.
pub const LEAST_TOLD: f64 = 0.01;

/// A share in whole per cent, rounded up: a price is never said to be finer than 1%. Beyond any number it is `∞`.
#[must_use]
pub fn price(share: f64) -> String {
    let percent = (share * 100.0 - 1e-9).ceil().max(1.0);
    if percent < 1e6 { format!("{percent:.0}%") } else { "∞".into() }
}

/// By how much something is slower at least, rounded down: `12%`, or as a factor from two on.
#[must_use]
pub fn at_least(share: f64) -> String {
    if share >= 1.0 {
        let factor = 1.0 + share;
        return match factor {
            factor if factor < 10.0 => format!("{:.1}×", (factor * 10.0).floor() / 10.0),
            factor if factor < 1e6 => format!("{:.0}×", factor.floor()),
            _ => "∞".into(),
        };
    }
    format!("{:.0}%", (share * 100.0 + 1e-9).floor())
}

/// What a pick is told from.
pub(super) struct Told<'a> {
    pub results: &'a Results,
    pub workload: &'a Workload,
    pub estimates: &'a [ConfigurationEstimate],
}

impl Told<'_> {
    fn label(&self, id: usize) -> &str {
        &self.results.configurations[id].label
    }

    /// The picks of a workload, one after the other.
    pub fn picks(&self, picks: &[Pick]) -> String {
        let each: Vec<String> = picks.iter().map(|pick| self.pick(pick)).collect();
        each.join(" ")
    }

    fn pick(&self, pick: &Pick) -> String {
        let before = match (self.workload.rate, pick.wait) {
            (Some(rate), _) => format!("At {} per second, use ", show_count(u64::from(rate))),
            (None, Some(wait)) => format!("Where both sides {}, use ", wait.word()),
            (None, None) => "Use ".into(),
        };
        let failed = match pick.failures {
            0 => String::new(),
            failures => format!(", of which {} went wrong, as few as of any", plural(u64::from(failures), "trial")),
        };
        let others = Others { results: self.results, workload: self.workload, estimates: self.estimates, pick };
        let (with, label) = (others.sentence(), self.label(pick.configuration));
        // What it was picked for stands before its numbers, which others may outdo.
        let least = match (pick.by == PickedBy::ExpectedLatency, self.expected_latency()) {
            (true, Some(bound)) => {
                format!(", the fewest workers that hold the expected latency of {}", show_seconds(bound))
            }
            _ => String::new(),
        };
        let cost = self.cost(pick);
        let cost = if cost.is_empty() { cost } else { format!(" {cost}") };
        format!("{before}{label}{least}{}{with}{failed}.{cost}", self.how_fast(pick, &others))
    }

    /// Behind a colon, how fast the pick is.
    fn how_fast(&self, pick: &Pick, others: &Others<'_>) -> String {
        if self.workload.rate.is_some() {
            let time = others.time(pick.configuration);
            return time.map_or(String::new(), |time| format!(": {}", late(time)));
        }
        let pace = others.pace();
        if pace.is_empty() { pace } else { format!(": {pace}") }
    }

    /// What the pick may cost.
    fn cost(&self, pick: &Pick) -> String {
        let by = |share: f64| match self.workload.rate {
            Some(_) => format!("has a p95 latency that is more than {} lower", price(share)),
            None => format!("is more than {} faster", price(share)),
        };
        if pick.by == PickedBy::ExpectedLatency {
            return String::new();
        }
        match pick.price {
            _ if pick.by == PickedBy::Throughput => {
                let answered = super::achieved(self.results, pick.configuration);
                let answered = answered.map_or(String::new(), |it| {
                    format!(", {} of {} per second", show_count(it.median.round() as u64), show_count(self.rate()))
                });
                format!("No configuration is shown to sustain this rate; this one answers the most{answered}.")
            }
            None => format!("How much slower than the best it may be is not bounded yet: {}.", self.remedy()),
            Some(_) if pick.fastest => self.ahead(pick),
            Some(share) if share <= self.results.run.margin => {
                format!("Nothing comparable here {} (95% confidence).", by(share))
            }
            Some(share) if share < WEAK => {
                format!("It is at most {} slower than the best configuration here (95% confidence).", price(share))
            }
            Some(share) => format!(
                "This is weak: the best may be up to {} faster (95% confidence); {}.",
                price(share),
                self.remedy()
            ),
        }
    }

    fn rate(&self) -> u64 {
        self.workload.rate.map_or(0, u64::from)
    }

    /// The least latency in seconds that is expected at most of some configuration of the workload.
    fn expected_latency(&self) -> Option<f64> {
        let here = |expected: &&Expectation| {
            let of_workload =
                |(one, to): &(usize, Option<usize>)| to.is_none() && self.workload.configurations.contains(one);
            expected.metric.is_latency() && expected.pairs.iter().any(of_workload)
        };
        let bounds = self.results.expectations.iter().filter(here).filter_map(|expected| expected.at_most);
        bounds.min_by(f64::total_cmp)
    }

    fn ahead(&self, pick: &Pick) -> String {
        let is = if self.workload.rate.is_some() { "has a higher p95 latency" } else { "is slower" };
        let nearest = pick.slower.iter().min_by(|a, b| a.at_least.total_cmp(&b.at_least));
        let everyone = pick.slower.len() == 1 && pick.as_good.is_empty() && pick.too_close.is_empty();
        match nearest {
            Some(nearest) if nearest.at_least < LEAST_TOLD => {
                format!("Every other configuration {is} (95% confidence).")
            }
            Some(only) if everyone => {
                format!(
                    "{} {is} by at least {} (95% confidence).",
                    capital(self.label(only.configuration)),
                    at_least(only.at_least)
                )
            }
            Some(nearest) if pick.as_good.is_empty() && pick.too_close.is_empty() => {
                format!("Every other configuration {is}, by at least {} (95% confidence).", at_least(nearest.at_least))
            }
            _ => format!("Every other configuration {is} (95% confidence)."),
        }
    }

    /// What would lower a price.
    fn remedy(&self) -> &'static str {
        match self.results.run.budget {
            Some(_) => "a longer run (--budget 60s) or a quieter machine would narrow it",
            None => "more rounds or a quieter machine would narrow it",
        }
    }

    /// Models first, then numbers of workers: which are as good as each other, each at its best.
    pub fn models(&self, pick: &Pick) -> Option<String> {
        let margin = self.results.run.margin;
        let good: Vec<_> =
            pick.models.iter().filter(|model| model.price.is_some_and(|price| price <= margin)).collect();
        let own = &self.results.configurations[pick.configuration].config;
        if good.len() < 2 || !good.iter().any(|model| model.model == own.model) || self.workload.rate.is_some() {
            return None;
        }
        let most = good.iter().filter_map(|model| model.price).fold(0.0, f64::max);
        let names: Vec<String> = good.iter().map(|model| model.model.word().to_owned()).collect();
        let more = self.workload.configurations.iter().any(|id| {
            let config = &self.results.configurations[*id].config;
            config.model == own.model && config.all_workers() > own.all_workers()
        });
        let enough = match own.workers.filter(|_| more) {
            Some(1) => "; 1 worker is enough".into(),
            Some(workers) => format!("; {workers} workers are enough"),
            None => String::new(),
        };
        Some(format!("{} are within {} of each other, each at its best{enough}.", capital(&list(&names)), price(most)))
    }

    /// Where items arrive at a rate: how long one takes once a worker has it, and how busy that keeps the workers of a pick.
    pub fn utilisation(&self, pick: &Pick) -> Option<String> {
        self.workload.rate?;
        let config = &self.results.configurations[pick.configuration].config;
        // An event loop runs many items at once: how busy it is, is no share of its time.
        if config.model == Model::Async {
            return None;
        }
        let of_pick =
            |trial: &&Trial| trial.configuration == pick.configuration && trial.kind == Kind::Profiling && trial.ok();
        let profiled = self.results.trials.iter().filter(of_pick);
        let (busy, items, wall) = profiled
            .filter_map(|trial| Some((trial.details.spent?.service, trial.done, trial.phases[1].wall)))
            .fold((0, 0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2));
        let workers = config.all_workers();
        let share = busy as f64 / (wall as f64 * f64::from(workers));
        (items > 0 && share.is_finite()).then(|| {
            format!(
                "An item takes {} once a worker has it, which keeps {} busy {} of the time.",
                show_seconds(busy as f64 / 1e9 / items as f64),
                if workers == 1 { "its worker".to_owned() } else { format!("its {workers} workers") },
                show_percent((share * 100.0).round() / 100.0)
            )
        })
    }

    /// What spinning costs, where a pick spins.
    pub fn spin(&self, picks: &[Pick]) -> Option<String> {
        let spins =
            picks.iter().any(|pick| self.results.configurations[pick.configuration].config.wait == Some(Wait::Spin));
        spins.then(|| {
            format!(
                "A receiver spins for {} before it sleeps: the figure holds for replies that come within that time, and while it \
                 spins it keeps a core busy.",
                show_seconds(SPIN.as_secs_f64())
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_whole_per_cent_rounded_against_the_pick() {
        assert_eq!([0.0, 0.001, 0.0101, 0.05, 0.249].map(price), ["1%", "1%", "2%", "5%", "25%"]);
        assert_eq!([0.0101, 0.12, 0.999, 1.0, 14.72, 2e6].map(at_least), ["1%", "12%", "99%", "2.0×", "15×", "∞"]);
    }
}
