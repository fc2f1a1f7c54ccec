//! Phrases that several charts print: counts of trials, intervals, the machine, what went wrong.

use super::canvas::Type;
use super::font;
use crate::results::{ConfigurationEstimate, Interval, LOCK_MODEL, Results, Workload};
use crate::setting::Measure;
pub(super) use crate::text::capital;
use crate::text::{fixed_three_digits, slug, three_digits};

/// `AMD EPYC · 2 cores · runner 0.1.0`.
pub(super) fn machine(results: &Results) -> String {
    let machine = &results.machine;
    let cpu = if machine.cpu.is_empty() { &machine.arch } else { &machine.cpu };
    let quota = machine.quota.map_or(String::new(), |quota| format!(", quota {}", three_digits(quota)));
    let cores = if machine.cores == 1 { "1 core".to_owned() } else { format!("{} cores", machine.cores) };
    let parts = [cpu.clone(), cores + &quota, format!("runner {}", results.tool)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// Whether a name in these workloads has a sign that the font lacks.
pub(super) fn has_missing_signs(results: &Results, workloads: &[&Workload]) -> bool {
    let missing = |text: &str| font::drawable(text).1;
    workloads.iter().any(|workload| missing(&workload.label) || missing(&workload.describe))
        || results
            .configurations
            .iter()
            .filter(|configuration| workloads.iter().any(|workload| workload.id == configuration.workload))
            .any(|configuration| {
                missing(&configuration.label)
                    || missing(configuration.model_shown())
                    || configuration.ipc_shown().as_deref().is_some_and(missing)
            })
        || missing(&results.machine.cpu)
}

/// The estimate of a configuration.
pub(super) fn estimate(results: &Results, configuration: usize) -> Option<&ConfigurationEstimate> {
    results.derived.estimates.iter().find(|estimate| estimate.configuration == configuration)
}

/// What a logarithmic axis can show of an interval: nothing where the median is no positive number, and only such ends.
pub(super) fn drawable(interval: Interval) -> Option<Interval> {
    let positive = |value: &f64| value.is_finite() && *value > 0.0;
    let (low, high) = (interval.low.filter(positive), interval.high.filter(positive));
    positive(&interval.median).then_some(Interval { low, high, ..interval })
}

/// `median of 15 trials, 96.5 % interval`, over the intervals that a chart shows.
pub(super) fn trials_and_interval<'a>(shown: impl Iterator<Item = &'a Interval>) -> String {
    let (mut fewest, mut most, mut lowest, mut highest, mut without) = (u32::MAX, 0, f64::INFINITY, 0.0_f64, false);
    for interval in shown {
        fewest = fewest.min(interval.n);
        most = most.max(interval.n);
        if interval.level > 0.0 {
            lowest = lowest.min(interval.level);
            highest = highest.max(interval.level);
        } else {
            without = true;
        }
    }
    if most == 0 {
        return "no trial succeeded".to_owned();
    }
    let trials = match (fewest, most) {
        (1, 1) => "one trial".to_owned(),
        (low, high) if low == high => format!("median of {high} trials"),
        (low, high) => format!("median of {low} to {high} trials"),
    };
    let percent = |level: f64| three_digits((level * 1000.0).round() / 10.0);
    let interval = if highest == 0.0 {
        "too few for an interval".to_owned()
    } else {
        let (low, high) = (percent(lowest), percent(highest));
        let level = if low == high { format!("{low}% interval") } else { format!("{low} to {high}% intervals") };
        if without { format!("{level} where there are enough") } else { level }
    };
    format!("{trials}, {interval}")
}

/// What is too small for a number that is read.
fn tiny(value: f64) -> bool {
    value.abs() < 0.001 && value != 0.0
}

/// Ratios from a half on have two decimals at most, as in tables and verdicts: `0.57`.
fn ratio(value: f64) -> String {
    if (0.5..1.0).contains(&value) { format!("{value:.2}") } else { fixed_three_digits(value) }
}

/// A ratio for labels: `1.93×`, digits kept so that values line up.
pub(super) fn times(value: f64) -> String {
    if tiny(value) { "under 0.001×".to_owned() } else { format!("{}×", ratio(value)) }
}

/// A ratio in a sentence: `9.1×`.
pub(super) fn times_short(value: f64) -> String {
    times_short_of(&times(value))
}

/// A ratio on an axis: `2×`, `0.25×`, and below a tenth as a part of one: `1/64×`.
pub(super) fn times_on_axis(value: f64) -> String {
    let parts = 1.0 / value;
    let whole = value > 0.0 && value < 0.1 && (parts - parts.round()).abs() < 1e-6 * parts;
    if whole { format!("1/{}×", parts.round()) } else { format!("{}×", three_digits(value)) }
}

fn times_short_of(text: &str) -> String {
    let number = text.trim_end_matches('×');
    let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    format!("{number}×")
}

/// What is said shorter where there is no room, the first first.
const SHORTER: &[(&str, &str)] = &[
    (" (ipc-channel)", ""),
    (" (rayon)", ""),
    ("shared memory", "shm"),
    ("affinity ", ""),
    (" in flight", " in fl."),
    ("processes", "proc."),
];

/// The label of a row in this width: whole where there is room, else shorter, else cut.
pub(super) fn label(style: Type, label: &str, width: f64) -> String {
    if style.width(label) <= width {
        return label.to_owned();
    }
    let mut short = label.to_owned();
    for (long, brief) in SHORTER {
        short = short.replace(long, brief);
        if style.width(&short) <= width {
            return short;
        }
    }
    style.fit(&short, width)
}

/// A clause that is not broken across lines.
pub(super) fn unbroken(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Notes on what went wrong in the configurations: at most `most` by name, the others counted.
pub(super) fn trouble(results: &Results, configurations: impl Iterator<Item = usize>, most: usize) -> Option<String> {
    let notes: Vec<String> = configurations
        .filter_map(|configuration| estimate(results, configuration))
        .filter(|estimate| !estimate.note.is_empty())
        .filter_map(|estimate| {
            results
                .configurations
                .get(estimate.configuration)
                .map(|configuration| format!("{}: {}", configuration.label, estimate.note))
        })
        .collect();
    match notes.len() {
        0 => None,
        count if count <= most => Some(notes.join("; ")),
        count => Some(format!("{}; trouble in {} more", notes[..most].join("; "), count - most)),
    }
}

/// `: ` and what a workload is about: the work, or what sets it apart where there are several workloads.
pub(super) fn what(results: &Results, workload: &Workload) -> String {
    // Parts of one workload have the work in common, and their labels say what sets them apart.
    let parted = results.charts.first().is_some_and(|shape| shape.group.is_some());
    let alike = || results.workloads.iter().all(|other| other.describe == workload.describe);
    let both = format!("{}, {}", workload.describe, workload.label);
    let text = if parted && results.workloads.len() > 1 && !workload.describe.is_empty() && alike() {
        &both
    } else if results.workloads.len() > 1 || workload.describe.is_empty() {
        &workload.label
    } else {
        &workload.describe
    };
    let model = if workload.is_lock_model() { format!(" ({LOCK_MODEL})") } else { String::new() };
    if text.is_empty() { model } else { format!(": {text}{model}") }
}

/// The same beside words that say what the clock covers.
pub(super) fn what_beside_measure(results: &Results, workload: &Workload) -> String {
    let what = what(results, workload);
    if workload.measure == Measure::EndToEnd {
        return what.replacen(", end to end", "", 1);
    }
    what.strip_suffix(", work").map_or(what.clone(), str::to_owned)
}

/// A file name's part for a label: a slug that says something.
pub(super) fn stem_part(label: &str) -> String {
    let part = slug(label, 48);
    if part.is_empty() { "group".to_owned() } else { part }
}

/// Stems for charts of one kind: the plain word for a single one, else with the slugs of their labels, made unique.
pub(super) fn stems(word: &str, labels: &[String]) -> Vec<String> {
    if labels.len() == 1 {
        return vec![word.to_owned()];
    }
    let mut stems: Vec<String> = Vec::new();
    for label in labels {
        let plain = format!("{word}-{}", stem_part(label));
        let mut stem = plain.clone();
        let mut next = 2;
        while stems.contains(&stem) {
            stem = format!("{plain}-{next}");
            next += 1;
        }
        stems.push(stem);
    }
    stems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_are_plain_where_alone_and_unique_where_not() {
        assert_eq!(stems("time", &["A b".into()]), ["time"]);
        let labels = ["primes, limit 200 000", "Primes limit 200/000", "中"].map(str::to_owned);
        assert_eq!(stems("time", &labels), ["time-primes-limit-200-000", "time-primes-limit-200-000-2", "time-group"]);
    }

    #[test]
    fn intervals_are_described_as_they_are() {
        let interval = |n, level| Interval { median: 1.0, low: None, high: None, level, ranks: (0, 0), n };
        let words = |list: &[Interval]| trials_and_interval(list.iter());
        assert_eq!(words(&[interval(15, 0.9648)]), "median of 15 trials, 96.5% interval");
        assert_eq!(words(&[interval(3, 0.0)]), "median of 3 trials, too few for an interval");
        assert_eq!(
            words(&[interval(15, 0.9648), interval(12, 0.961), interval(3, 0.0)]),
            "median of 3 to 15 trials, 96.1 to 96.5% intervals where there are enough"
        );
    }

    #[test]
    fn lists_and_ratios_read_well() {
        assert_eq!(listed(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert_eq!(
            (times(9.1), times_short(9.1), times(1.2e-6)),
            ("9.10×".into(), "9.1×".into(), "under 0.001×".into())
        );
        assert_eq!(
            (times(0.572), times_short(0.6), times_short(0.412)),
            ("0.57×".into(), "0.6×".into(), "0.412×".into())
        );
        assert_eq!([1.0 / 64.0, 0.25, 2.0].map(times_on_axis), ["1/64×", "0.25×", "2×"]);
    }
}
