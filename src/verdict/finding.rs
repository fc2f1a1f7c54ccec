//! The finding of a workload in plain English, every word of it computed.

use super::answer::Told;
use super::look::has_no_question;
use super::seen::Seen;
use super::sentence::{late, list, seconds_interval, speedup_interval};
use super::{crashed, own_metric};
use crate::results::WorkloadVerdict;

/// The finding in one sentence or two: the pick, or why there is none and what was seen.
pub(super) fn finding(seen: &Seen<'_>, verdict: &WorkloadVerdict) -> String {
    let timed: Vec<usize> = verdict.ranking.iter().copied().filter(|id| seen.estimates[*id].time.is_some()).collect();
    if let Some(fault) = &seen.workload.fault {
        return crashed::finding(seen, fault);
    }
    if timed.is_empty() {
        return seen.nothing(&verdict.ranking);
    }
    if let Some(own) = own_metric::finding(seen).filter(|_| verdict.picks.is_empty()) {
        return own;
    }
    if let Some(why) = &verdict.suppressed {
        return format!("No pick: {why}. {}", seen.lowest(&timed));
    }
    if let [only] = verdict.ranking[..] {
        return format!("Only {} was run: {}.", seen.label(only), seen.pace(only));
    }
    if has_no_question(seen.workload) {
        return format!(
            "These times come from the GIL emulation: nothing is recommended from them. {}",
            seen.lowest(&timed)
        );
    }
    if verdict.picks.is_empty() {
        return format!("No pick: no configuration can be picked. {}", seen.lowest(&timed));
    }
    let told = Told { results: seen.results, workload: seen.workload, estimates: seen.estimates };
    told.picks(&verdict.picks) + &seen.failing(verdict)
}

impl Seen<'_> {
    fn label(&self, id: usize) -> &str {
        &self.results.configurations[id].label
    }

    /// How fast a configuration is: its speedup, or its time where it is the reference or has no speedup.
    fn pace(&self, id: usize) -> String {
        if self.workload.rate.is_some() {
            return self.estimates[id].time.map_or(String::new(), |time| late(&time));
        }
        match self.estimates[id].speedup.filter(|_| id != self.workload.reference) {
            Some(speedup) => format!("{} over {}", speedup_interval(&speedup), self.label(self.workload.reference)),
            None => self.duration(id),
        }
    }

    fn duration(&self, id: usize) -> String {
        let estimate = &self.estimates[id];
        let (time, per) = match self.workload.per_item {
            true => (estimate.per_item, " per item"),
            false => (estimate.time, ""),
        };
        time.map_or(String::new(), |time| seconds_interval(&time) + per)
    }

    fn nothing(&self, configurations: &[usize]) -> String {
        let told = |configuration: &usize| {
            let note = &self.estimates[*configuration].note;
            format!("{} ({})", self.label(*configuration), if note.is_empty() { "never run" } else { note })
        };
        let some = configurations.iter().any(|configuration| self.estimates[*configuration].ok > 0);
        let what = if some { "No configuration succeeded in most rounds" } else { "No trial succeeded" };
        format!("{what}: {}.", list(&configurations.iter().map(told).collect::<Vec<_>>()))
    }

    /// What was seen, without a verdict.
    fn lowest(&self, timed: &[usize]) -> String {
        let what = if self.workload.rate.is_some() { "p95 latency" } else { "median" };
        // Times of both: a median of ratios may contradict the order of the medians.
        let told = |configuration: usize| format!("{}, {}", self.label(configuration), self.duration(configuration));
        let next = timed.get(1).map_or(String::new(), |second| format!("; next {}", told(*second)));
        format!("Lowest {what}: {}{next}.", told(timed[0]))
    }

    /// Configurations whose trials went wrong, and that no pick is, with how they ended.
    fn failing(&self, verdict: &WorkloadVerdict) -> String {
        let failed = verdict.ranking.iter().filter(|id| {
            let estimate = &self.estimates[**id];
            estimate.ok < estimate.trials && verdict.picks.iter().all(|pick| pick.configuration != **id)
        });
        let told: Vec<String> =
            failed.map(|id| format!("{} ({})", self.label(*id), self.estimates[*id].note)).collect();
        if told.is_empty() { String::new() } else { format!(" Not all trials succeeded: {}.", list(&told)) }
    }
}
