//! What the pick is compared with: the others of its workload, each kind at its best.

use super::pick::belongs;
use super::sentence::listed;
use crate::results::{Configuration, ConfigurationEstimate, Interval, Pick, PickedBy, Results, Workload};
use crate::setting::{Key, Measure};
use crate::text::show_seconds;

/// How many others a sentence names. Where there are more kinds, finer differences between them are left out.
const MOST: usize = 6;

/// Tasks without work of their own: what they take is what a method or a model costs, so that it is told as a time.
const COSTS: [&str; 3] = ["echo", "empty", "globals"];

/// A ratio with no more digits than its interval has: `1.9×` where it reaches from 1.88 to 1.97.
#[must_use]
pub fn rounded(ratio: &Interval) -> String {
    let width = ratio.low.zip(ratio.high).map_or(f64::INFINITY, |(low, high)| high - low);
    let decimals = match width {
        width if width < 0.02 => 2,
        width if width < 2.0 => 1,
        _ => 0,
    };
    // Small ratios keep two digits, whatever their interval.
    let decimals = match ratio.median {
        median if median < 0.01 => 4,
        median if median < 0.1 => 3,
        median if median < 1.0 => decimals.max(2),
        median if median < 10.0 => decimals.max(1),
        _ => decimals,
    };
    format!("{:.decimals$}×", ratio.median)
}

/// A time with no more digits than its interval has.
#[must_use]
pub fn rounded_seconds(time: &Interval) -> String {
    show_seconds(rounded_median(time))
}

/// A median with two digits, or three where its interval is so narrow.
#[must_use]
pub fn rounded_median(value: &Interval) -> f64 {
    if value.median <= 0.0 || !value.median.is_finite() {
        return value.median;
    }
    let width = value.low.zip(value.high).map_or(f64::INFINITY, |(low, high)| high - low);
    let digits = if width < 0.02 * value.median { 3 } else { 2 };
    let unit = 10_f64.powi(value.median.log10().floor() as i32 + 1 - digits);
    (value.median / unit).round() * unit
}

/// How fast a pick is, for a title: its speedup over the reference, or its time, with no more digits than the interval has.
#[must_use]
pub fn pace(results: &Results, workload: &Workload, pick: &Pick) -> String {
    let others = Others { results, workload, estimates: &results.derived.estimates, pick };
    let reference = others.label(workload.reference);
    match others.speedup().filter(|_| pick.configuration != workload.reference && !others.is_cost()) {
        Some(speedup) if reference != "serial" => format!("{} the speed of {reference}", rounded(&speedup)),
        _ => others.pace(),
    }
}

/// A workload, seen from a pick.
pub(super) struct Others<'a> {
    pub results: &'a Results,
    pub workload: &'a Workload,
    pub estimates: &'a [ConfigurationEstimate],
    pub pick: &'a Pick,
}

impl Others<'_> {
    fn label(&self, id: usize) -> &str {
        &self.results.configurations[id].label
    }

    fn is_cost(&self) -> bool {
        COSTS.contains(&self.workload.task.as_str()) || self.workload.measure == Measure::EndToEnd
    }

    /// Whether times tell more than speedups: where the question is a cost, and where nothing serial was run to compare with.
    pub fn in_seconds(&self) -> bool {
        self.is_cost()
            || self.workload.rate.is_some()
            || self.label(self.workload.reference) != "serial"
            || self.pick.configuration == self.workload.reference
            || self.speedup().is_none()
    }

    /// What one item or one trial of a configuration takes, in seconds; at a rate, its 95th percentile of latencies.
    pub fn time(&self, id: usize) -> Option<&Interval> {
        let estimate = self.estimates.get(id)?;
        let per_item = self.workload.per_item || COSTS.contains(&self.workload.task.as_str());
        match per_item && self.workload.rate.is_none() && self.workload.measure == Measure::Work {
            true => estimate.per_item.as_ref(),
            false => estimate.time.as_ref(),
        }
    }

    /// What [`Self::time`] is of: ` per item`, or nothing.
    pub fn per(&self) -> &'static str {
        let items = self.workload.per_item || COSTS.contains(&self.workload.task.as_str());
        // With more than one on its way, an item takes less than its way there and back.
        let alone = self.results.configurations[self.pick.configuration].config.in_flight.unwrap_or(1) == 1;
        match self.workload.measure {
            Measure::Work if items && alone && self.workload.task == "echo" => " per round trip",
            Measure::Work if items => " per item",
            _ => "",
        }
    }

    /// The speedup of the pick over serial, or its time, where that is what the others are told by.
    pub fn pace(&self) -> String {
        match self.speedup().filter(|_| !self.in_seconds()) {
            Some(speedup) => format!("{} serial", rounded(&speedup)),
            None => self.time(self.pick.configuration).map_or(String::new(), |time| rounded_seconds(time) + self.per()),
        }
    }

    fn speedup(&self) -> Option<Interval> {
        let own = self.pick.speedup.or_else(|| self.estimates.get(self.pick.configuration)?.speedup);
        own.filter(|speedup| speedup.median.is_finite() && speedup.median < 1e9)
    }

    /// Lower is better.
    fn key(&self, id: usize) -> Option<f64> {
        match self.in_seconds() {
            true => self.time(id).map(|time| time.median),
            false => self.estimates.get(id)?.speedup.filter(|speedup| speedup.median < 1e9).map(|one| 1.0 / one.median),
        }
    }

    fn value(&self, id: usize) -> String {
        match self.in_seconds() {
            true => self.time(id).map_or(String::new(), rounded_seconds),
            // One digit after the point tells them apart; finer ones would only say how narrow each interval is.
            false => self.estimates[id].speedup.map_or(String::new(), |speedup| match speedup.median {
                median if (1.0..10.0).contains(&median) => format!("{median:.1}×"),
                _ => rounded(&speedup),
            }),
        }
    }

    /// The best of each kind, the best kind first; those that `kind` gives the same are of one kind.
    fn best_of_each<K: PartialEq>(&self, kind: impl Fn(&Configuration) -> K) -> Vec<usize> {
        let own = kind(&self.results.configurations[self.pick.configuration]);
        let mut kinds: Vec<(K, usize, f64)> = Vec::new();
        let others = self.workload.configurations.iter().copied().filter(|id| self.is_beside(*id));
        for (id, key) in others.filter_map(|id| Some((id, self.key(id)?))) {
            let kind = kind(&self.results.configurations[id]);
            match kinds.iter_mut().find(|(known, ..)| *known == kind) {
                Some(known) if key < known.2 => (known.1, known.2) = (id, key),
                Some(_) => {}
                None if kind == own => {}
                None => kinds.push((kind, id, key)),
            }
        }
        kinds.sort_by(|a, b| a.2.total_cmp(&b.2));
        kinds.into_iter().map(|(_, id, _)| id).collect()
    }

    /// Whether a configuration is ranked with the pick and is neither it nor what speedups are told over.
    fn is_beside(&self, id: usize) -> bool {
        let config = &self.results.configurations[id].config;
        let told_over = id == self.workload.reference && !self.in_seconds();
        id != self.pick.configuration && !told_over && belongs(config, self.pick.wait)
    }

    /// `, compared with 0.48× for threads × 2; not shown to be slower: 7.1× for async`: those that were shown to be slower, and apart from
    /// them those that were not. Nothing where there is nobody else. A pick that others are not to outdo, but to hold a bound
    /// with, is compared with all of them.
    pub fn sentence(&self) -> String {
        let fine = self.best_of_each(|one| one.config.without(&[Key::Workers]));
        let by_method = || self.best_of_each(|one| (one.config.model, one.config.ipc));
        let by_model = || self.best_of_each(|one| one.config.model);
        let mut shown = fine;
        for coarser in [&by_method as &dyn Fn() -> Vec<usize>, &by_model] {
            if shown.len() > MOST {
                shown = coarser();
            }
        }
        shown.truncate(MOST);
        let bound = self.pick.by == PickedBy::ExpectedLatency;
        let good = |id: &usize| !bound && self.pick.as_good.contains(id);
        let close = |id: &usize| !bound && self.pick.too_close.contains(id);
        let (good, rest): (Vec<_>, Vec<_>) = shown.into_iter().partition(good);
        let (close, slower): (Vec<_>, Vec<_>) = rest.into_iter().partition(close);
        let told = [(", compared with ", slower), ("; as good: ", good), ("; not shown to be slower: ", close)];
        told.into_iter().filter_map(|(before, ids)| Some(format!("{before}{}", self.list(&ids)?))).collect()
    }

    /// `0.48× for threads × 2 and 7.1× for async`; nothing where there is none.
    fn list(&self, ids: &[usize]) -> Option<String> {
        let mut head = head(self.label(self.pick.configuration));
        let mut parts = Vec::new();
        for id in ids.iter().copied() {
            let label = self.label(id);
            parts.push(match label.split_once(", ").filter(|_| self::head(label) == head && head.is_some()) {
                Some((_, rest)) => format!("{} with {rest}", self.value(id)),
                None => format!("{} for {label}", self.value(id)),
            });
            head = self::head(label);
        }
        (!parts.is_empty()).then(|| listed(&parts, MOST))
    }
}

/// What stands in a label before its settings: `processes × 2` of `processes × 2, pipe`. A pipeline has none: its parts are
/// stages.
fn head(label: &str) -> Option<&str> {
    label.split_once(", ").map(|(head, _)| head).filter(|_| !label.contains(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::Method;
    use crate::verdict::fixture::Made;

    #[test]
    fn each_kind_is_told_at_its_best_and_settings_of_one_head_once() {
        let mut made = Made::new(15).serial(1.0);
        for (label, seconds) in [
            ("threads × 2", 0.5),
            ("processes × 2, pipe", 0.6),
            ("processes × 2, queue", 0.8),
            ("processes × 4, queue", 0.7),
        ] {
            made = made.configuration(label, seconds);
        }
        for (id, ipc) in [(2, Method::Pipe), (3, Method::Queue), (4, Method::Queue)] {
            made.results.configurations[id].config.ipc = Some(ipc);
        }
        let sentence = &made.derive().workloads[0].sentence;
        let told = "compared with 1.7× for processes × 2, pipe and 1.4× for processes × 4, queue. Every other";
        assert!(sentence.contains(told), "{sentence}");
        let same = "compared with 1.7× for processes × 2, pipe and 1.3× with queue. ";
        made.results.configurations.truncate(4);
        made.results.workloads[0].configurations.truncate(4);
        made.results.trials.retain(|trial| trial.configuration < 4);
        let sentence = &made.derive().workloads[0].sentence;
        assert!(sentence.contains(same), "{sentence}");
    }

    #[test]
    fn what_costs_or_has_nothing_serial_beside_it_is_told_as_a_time() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        made.results.workloads[0].task = "empty".into();
        made.items(0, 1000);
        made.items(1, 1000);
        let sentence = &made.derive().workloads[0].sentence;
        assert!(
            sentence.starts_with("Use threads × 2: 5") && sentence.contains(" µs per item, compared with 1"),
            "{sentence}"
        );
        let without =
            Made::new(15).configuration("threads × 1", 0.5).configuration("processes × 1, pipe", 1.0).derive();
        let sentence = &without.workloads[0].sentence;
        assert!(sentence.contains("0 ms, compared with 1.1 s for processes × 1, pipe"), "{sentence}");
    }

    #[test]
    fn no_number_is_finer_than_its_interval() {
        let of = |median, low, high| {
            rounded(&Interval { median, low: Some(low), high: Some(high), level: 0.95, ranks: (2, 9), n: 10 })
        };
        assert_eq!(of(1.943, 1.88, 1.97), "1.9×");
        assert_eq!(of(1.943, 1.94, 1.945), "1.94×");
        assert_eq!(of(15.72, 13.0, 16.0), "16×");
        assert_eq!(of(0.0231, 0.02, 0.03), "0.023×");
        assert_eq!(of(3.4, 1.0, 9.0), "3.4×");
    }
}
