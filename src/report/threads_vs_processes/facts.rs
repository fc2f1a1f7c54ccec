//! Looking measured values up in the results of several scenarios, each with its interval, or why there is none.

use crate::results::{Configuration, ConfigurationEstimate, Interval, Kind, Results, Seen, Trial, Workload};
use crate::setting::{FaultKind, Model, OnCrash, OutcomeKind, Runtime};
use crate::text::{show_bytes, show_seconds, three_digits};
use crate::verdict::{contrast, seconds_interval, speedup_interval};

/// The results of a folder, by the names of their scenarios.
pub(super) struct Facts<'a> {
    all: &'a [Results],
}

/// A configuration that was found.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) results: &'a Results,
    pub(super) configuration: &'a Configuration,
    pub(super) estimate: &'a ConfigurationEstimate,
}

impl<'a> Facts<'a> {
    pub(super) fn new(all: &'a [Results]) -> Self {
        Self { all }
    }

    pub(super) fn scenario(&self, name: &str) -> Option<&'a Results> {
        self.all.iter().find(|results| results.scenario.name == name)
    }

    /// Every configuration of a scenario that is picked.
    pub(super) fn configurations(
        &self,
        scenario: &str,
        pick: impl Fn(&Workload, &Configuration) -> bool,
    ) -> Vec<Spot<'a>> {
        let Some(results) = self.scenario(scenario) else { return Vec::new() };
        let spot = |configuration: &'a Configuration| {
            let workload = results.workloads.get(configuration.workload)?;
            let estimate = results.derived.estimates.get(configuration.id)?;
            pick(workload, configuration).then_some(Spot { results, configuration, estimate })
        };
        results.configurations.iter().filter_map(spot).collect()
    }

    /// The first configuration that is picked, or in words why there is none.
    pub(super) fn configuration(
        &self,
        scenario: &str,
        pick: impl Fn(&Workload, &Configuration) -> bool,
    ) -> Result<Spot<'a>, String> {
        let Some(results) = self.scenario(scenario) else { return Err(format!("– ({scenario} was not run)")) };
        let why = || {
            let python = results.skipped.iter().find(|skipped| skipped.what.contains("python"));
            python.map_or_else(|| "– (not measured)".to_owned(), |skipped| format!("– (skipped: {})", skipped.why))
        };
        self.configurations(scenario, pick).first().copied().ok_or_else(why)
    }

    /// `1.93× (1.90–1.98)`.
    pub(super) fn speedup(&self, scenario: &str, pick: impl Fn(&Workload, &Configuration) -> bool) -> String {
        self.shown(scenario, pick, |spot| spot.estimate.speedup.map(|speedup| speedup_interval(&speedup)))
    }

    /// The interval of a speed-up, where it has one.
    pub(super) fn speedup_within(
        &self,
        scenario: &str,
        pick: impl Fn(&Workload, &Configuration) -> bool,
    ) -> Option<(f64, f64)> {
        let speedup = self.configuration(scenario, pick).ok()?.estimate.speedup?;
        Some((speedup.low?, speedup.high?))
    }

    /// How many times faster the first that is picked is than the second, of one workload.
    pub(super) fn contrast(
        &self,
        scenario: &str,
        first: impl Fn(&Workload, &Configuration) -> bool,
        second: impl Fn(&Workload, &Configuration) -> bool,
    ) -> Option<Interval> {
        let (first, second) = (self.configuration(scenario, first).ok()?, self.configuration(scenario, second).ok()?);
        contrast(first.results, first.configuration.id, second.configuration.id)
    }

    /// The same in words: `1.58× (1.52–1.61)`.
    pub(super) fn contrasted(
        &self,
        scenario: &str,
        first: impl Fn(&Workload, &Configuration) -> bool,
        second: impl Fn(&Workload, &Configuration) -> bool,
    ) -> String {
        let why = self.configuration(scenario, &first).err().or_else(|| self.configuration(scenario, &second).err());
        let found = self.contrast(scenario, first, second);
        found.map_or_else(|| why.unwrap_or_else(|| "not compared".into()), |ratio| speedup_interval(&ratio))
    }

    /// The median time of an item, in seconds.
    pub(super) fn item_seconds(&self, scenario: &str, pick: impl Fn(&Workload, &Configuration) -> bool) -> Option<f64> {
        Some(self.configuration(scenario, pick).ok()?.estimate.per_item?.median)
    }

    /// The median time of a trial, in seconds.
    pub(super) fn seconds(&self, scenario: &str, pick: impl Fn(&Workload, &Configuration) -> bool) -> Option<f64> {
        Some(self.configuration(scenario, pick).ok()?.estimate.time?.median)
    }

    /// Time of a trial: `12.1 ms (11.9–12.4)`.
    pub(super) fn time(&self, scenario: &str, pick: impl Fn(&Workload, &Configuration) -> bool) -> String {
        self.shown(scenario, pick, |spot| spot.estimate.time.map(|time| seconds_interval(&time)))
    }

    /// Time per item.
    pub(super) fn per_item(&self, scenario: &str, pick: impl Fn(&Workload, &Configuration) -> bool) -> String {
        self.shown(scenario, pick, |spot| spot.estimate.per_item.map(|time| seconds_interval(&time)))
    }

    /// Context switches per item.
    pub(super) fn switches(&self, scenario: &str, pick: impl Fn(&Workload, &Configuration) -> bool) -> String {
        self.shown(scenario, pick, |spot| spot.estimate.resources.map(|used| three_digits(used.switches_per_item)))
    }

    fn shown(
        &self,
        scenario: &str,
        pick: impl Fn(&Workload, &Configuration) -> bool,
        show: impl Fn(Spot<'a>) -> Option<String>,
    ) -> String {
        match self.configuration(scenario, pick) {
            Ok(spot) => show(spot).unwrap_or_else(|| match spot.estimate.note.as_str() {
                "" => "no value".into(),
                note => note.to_owned(),
            }),
            Err(why) => why,
        }
    }
}

impl<'a> Spot<'a> {
    /// The trials that tell what happens: timed ones, of every outcome.
    pub(super) fn trials(&self) -> impl Iterator<Item = &'a Trial> {
        self.results.timed(self.configuration.id)
    }

    /// How the first trial ended, and how many items it lost of how many.
    pub(super) fn ending(&self) -> Option<(OutcomeKind, u64, u64)> {
        let trial = self.trials().next()?;
        Some((trial.outcome.kind(), trial.lost, trial.done + trial.lost))
    }

    /// What main and the workers saw.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.trials().map(|trial| trial.details.seen.clone()).find(|seen| !seen.is_empty()).unwrap_or_default()
    }

    /// Seconds of the start of all workers: the median, with the extremes.
    pub(super) fn start(&self) -> Option<String> {
        spread(self.starts())
    }

    fn starts(&self) -> Vec<u64> {
        self.trials().filter(|trial| trial.ok()).map(|trial| trial.phases[0].wall).collect()
    }

    /// Median bytes that are private to a worker, after the work.
    pub(super) fn private(&self) -> Option<u64> {
        let trials = self.results.trials.iter().filter(|trial| trial.configuration == self.configuration.id);
        let read = trials.filter_map(|trial| trial.details.memory.as_ref());
        middle(read.flat_map(|memory| memory.workers.iter().map(|worker| worker.private)).collect())
    }

    /// Median nanoseconds of the start of all workers.
    pub(super) fn start_nanos(&self) -> Option<u64> {
        middle(self.starts())
    }

    /// Memory in words: in all, and what a worker has to itself.
    pub(super) fn memory(&self) -> Option<String> {
        let trials = || {
            self.results
                .trials
                .iter()
                .filter(|trial| trial.configuration == self.configuration.id && trial.kind == Kind::Memory)
        };
        let read: Vec<_> = trials().filter_map(|trial| trial.details.memory.as_ref()).collect();
        let all = middle(read.iter().map(|memory| memory.after.pss).collect())?;
        let own = middle(read.iter().flat_map(|memory| memory.workers.iter().map(|worker| worker.private)).collect());
        let own = own.map_or(String::new(), |own| format!(", {} private to each worker", show_bytes(rounded(own))));
        Some(format!("{} in all{own}", show_bytes(rounded(all))))
    }
}

/// Whole KiB, which is what the kernel counts in.
fn rounded(bytes: u64) -> u64 {
    bytes.div_ceil(1024) * 1024
}

fn middle(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// `2.1 ms (1.9–3.0)` from nanoseconds: median and extremes.
fn spread(mut nanos: Vec<u64>) -> Option<String> {
    nanos.sort_unstable();
    let (low, high) = (*nanos.first()?, *nanos.last()?);
    let seconds = |value: u64| show_seconds(value as f64 / 1e9);
    Some(format!("{} ({} to {})", seconds(middle(nanos)?), seconds(low), seconds(high)))
}

/// Faults that end a process.
const DEADLY: &[FaultKind] = &[FaultKind::Abort, FaultKind::Segfault, FaultKind::Exit, FaultKind::Kill];

pub(super) fn deadly<'a>(facts: &Facts<'a>, pick: impl Fn(&Configuration) -> bool) -> Vec<Spot<'a>> {
    let is_deadly = |workload: &Workload| workload.fault.as_ref().is_some_and(|fault| DEADLY.contains(&fault.kind));
    facts.configurations("crash-safety", |workload, configuration| {
        workload.runtime == Runtime::Python && is_deadly(workload) && pick(configuration)
    })
}

/// Processes of a model that answers a crash like this.
pub(super) fn handled(model: Model, on_crash: Option<OnCrash>) -> impl Fn(&Configuration) -> bool {
    move |configuration| configuration.config.model == model && configuration.config.on_crash == on_crash
}
