//! Break-even points: from how many workers, or from which payload or other setting on, one configuration beats another.
//!
//! Where two configurations cross is told by the verdicts alone, whose words hold together for all pairs of a workload: above the largest
//! value at which the one is shown faster, and not beyond the smallest from which on the other is. The value in between,
//! where the median ratio passes one, is interpolated and only tells where in that range to look first.

use crate::setting::{Measure, Runtime};
use std::collections::BTreeMap;

use super::samples::{UNBOUNDED, log_ratios};
use super::sentence::{list, verb};
use crate::results::{BreakEven, BreakPoint, Configuration, Crossing, Results, Word, Workload, WorkloadVerdict};
use crate::stats;
use crate::text::{plural, show_bytes, three_digits};

/// Every pair of configurations along every axis on which both have two values or more.
pub(super) fn all(results: &Results, workloads: &[WorkloadVerdict]) -> Vec<BreakEven> {
    let mut found: Vec<BreakEven> =
        results.workloads.iter().flat_map(|workload| over_workers(results, workloads, workload)).collect();
    found.extend(over_settings(results, workloads));
    found
}

/// Configurations that differ in the number of workers alone, with their common label, by rising number.
#[must_use]
pub fn lines<'a>(results: &'a Results, workload: &Workload) -> Vec<(String, Vec<&'a Configuration>)> {
    let mut lines: Vec<(String, Vec<&Configuration>)> = Vec::new();
    for configuration in workload
        .configurations
        .iter()
        .map(|id| &results.configurations[*id])
        .filter(|configuration| configuration.config.workers.is_some() && !configuration.is_of_baseline())
    {
        let label = line_label(configuration);
        match lines.iter_mut().find(|(known, _)| *known == label) {
            Some((_, configurations)) => configurations.push(configuration),
            None => lines.push((label, vec![configuration])),
        }
    }
    lines
        .iter_mut()
        .for_each(|(_, configurations)| configurations.sort_by_key(|configuration| configuration.config.workers));
    lines.retain(|(_, configurations)| configurations.len() > 1);
    lines
}

/// The label without the number of workers: `processes, pipe` of `processes × 2, pipe`.
fn line_label(configuration: &Configuration) -> String {
    let count = configuration.config.workers.map_or(String::new(), |workers| format!(" × {workers}"));
    configuration.label.replacen(&count, "", 1)
}

/// Lines over workers against the reference, unless it is part of one, and against each other.
fn over_workers(results: &Results, verdicts: &[WorkloadVerdict], workload: &Workload) -> Vec<BreakEven> {
    let lines = lines(results, workload);
    let place = |configuration: &Configuration| {
        let workers = configuration.config.workers.unwrap_or(1);
        (f64::from(workers), plural(u64::from(workers), "worker"))
    };
    let make = |a: &str, b: &str, configurations: Vec<(&Configuration, &Configuration)>| {
        let points = configurations.into_iter().filter_map(|(a, b)| {
            let (value, shown) = place(b);
            point(results, verdicts, (value, shown), (a.id, b.id))
        });
        let axis = Axis {
            name: "workers",
            of: workload.label.clone(),
            workloads: vec![workload.id],
            measure: workload.measure,
        };
        judge(axis, (a, b), points.collect())
    };
    let mut found = Vec::new();
    let reference = &results.configurations[workload.reference];
    let apart = lines
        .iter()
        .all(|(_, configurations)| configurations.iter().all(|configuration| configuration.id != reference.id));
    for (i, (label, configurations)) in lines.iter().enumerate() {
        if apart {
            found.extend(make(
                &reference.label,
                label,
                configurations.iter().map(|configuration| (reference, *configuration)).collect(),
            ));
        }
        for (other, others) in &lines[i + 1..] {
            let all = configurations
                .iter()
                .flat_map(|configuration| others.iter().map(move |other| (*configuration, *other)));
            found.extend(make(label, other, all.filter(|(a, b)| a.config.workers == b.config.workers).collect()));
        }
    }
    found
}

/// Workloads that are equal in everything but one numeric setting of the task: configurations of equal label and equal workers.
fn over_settings(results: &Results, verdicts: &[WorkloadVerdict]) -> Vec<BreakEven> {
    let mut found = Vec::new();
    for ((_, measure, ..), (name, workloads)) in families(results) {
        let Some(first) = workloads.first() else { continue };
        let known = of_this_build(results, first);
        let axis = || Axis {
            name: &name,
            of: common_label(&workloads),
            workloads: workloads.iter().map(|workload| workload.id).collect(),
            measure,
        };
        for (i, a) in known.iter().enumerate() {
            for b in &known[i + 1..] {
                if a.config.workers.zip(b.config.workers).is_some_and(|(a, b)| a != b) {
                    continue;
                }
                let points = workloads.iter().filter_map(|workload| {
                    let like = |wanted: &Configuration| {
                        of_this_build(results, workload)
                            .into_iter()
                            .find(|configuration| configuration.label == wanted.label)
                            .map(|configuration| configuration.id)
                    };
                    let value = workload.number(&name)?;
                    point(results, verdicts, (value, shown(workload, &name, value)), (like(a)?, like(b)?))
                });
                found.extend(judge(axis(), (&a.label, &b.label), points.collect()));
            }
        }
    }
    found
}

/// The configurations of a workload that this build runs.
fn of_this_build<'a>(results: &'a Results, workload: &Workload) -> Vec<&'a Configuration> {
    workload
        .configurations
        .iter()
        .map(|id| &results.configurations[*id])
        .filter(|configuration| !configuration.is_of_baseline())
        .collect()
}

/// Task, measure, runtime, all settings but one, and the name of that one.
type Family = (String, Measure, Runtime, String);

/// Workloads by all that they have in common but one numeric setting, with that setting's name; each value occurs once.
fn families(results: &Results) -> BTreeMap<Family, (String, Vec<&Workload>)> {
    let mut families: BTreeMap<Family, (String, Vec<&Workload>)> = BTreeMap::new();
    for workload in &results.workloads {
        for (name, _) in workload.settings.iter().filter(|(name, _)| workload.number(name).is_some()) {
            let others: Vec<_> = workload.settings.iter().filter(|(key, _)| *key != name).collect();
            // Configurations at different rates are compared by their saturation points.
            let rest = format!("{name} {} {:?}", serde_json::json!(others), workload.rate);
            let key = (workload.task.clone(), workload.measure, workload.runtime, rest);
            families.entry(key).or_insert_with(|| (name.clone(), vec![])).1.push(workload);
        }
    }
    let value = |workload: &Workload, name: &str| workload.number(name).unwrap_or(0.0);
    families.retain(|_, (name, workloads)| {
        workloads.sort_by(|a, b| value(a, name).total_cmp(&value(b, name)));
        workloads.len() > 1 && workloads.windows(2).all(|pair| value(pair[0], name) < value(pair[1], name))
    });
    families
}

/// The parts that the labels of all workloads have.
fn common_label(workloads: &[&Workload]) -> String {
    let Some((first, rest)) = workloads.split_first() else { return String::new() };
    let everywhere = |part: &&str| rest.iter().all(|workload| workload.label.split(", ").any(|other| other == *part));
    first.label.split(", ").filter(everywhere).collect::<Vec<_>>().join(", ")
}

/// A setting's value as the workload's label shows it.
fn shown(workload: &Workload, name: &str, value: f64) -> String {
    let words = format!("{} ", name.replace('_', " "));
    let found = workload.label.split(", ").find_map(|part| part.strip_prefix(&words));
    found.map_or_else(|| three_digits(value), str::to_owned)
}

/// Two configurations at one value; `None` where they have no round in common.
fn point(
    results: &Results,
    verdicts: &[WorkloadVerdict],
    (value, shown): (f64, String),
    (a, b): (usize, usize),
) -> Option<(BreakPoint, bool)> {
    let verdict = verdicts.get(results.configurations[a].workload)?;
    let pair = verdict.pairs.iter().find(|pair| (pair.a, pair.b) == (a, b) || (pair.a, pair.b) == (b, a));
    let word = match pair {
        None => Word::NoSignificantDifference,
        Some(pair) if pair.a == b => pair.word,
        Some(pair) => turned(pair.word),
    };
    let ratio = stats::median(&log_ratios(results, b, a))?.exp().clamp(1.0 / UNBOUNDED, UNBOUNDED);
    Some((BreakPoint { value, shown, a, b, ratio, word }, pair.is_some()))
}

/// The verdict seen from the other side.
fn turned(word: Word) -> Word {
    match word {
        Word::Faster => Word::Slower,
        Word::Slower => Word::Faster,
        same => same,
    }
}

/// Along what two configurations are compared.
struct Axis<'a> {
    name: &'a str,
    of: String,
    workloads: Vec<usize>,
    measure: Measure,
}

/// How two configurations stand along an axis; `None` with fewer than two values, or where they were never compared.
fn judge(axis: Axis<'_>, (a, b): (&str, &str), points: Vec<(BreakPoint, bool)>) -> Option<BreakEven> {
    let compared = points.iter().any(|(_, compared)| *compared);
    let mut points: Vec<BreakPoint> = points.into_iter().map(|(point, _)| point).collect();
    if points.len() < 2 || !compared {
        return None;
    }
    let (mut a, mut b) = (a, b);
    if is_behind(&points) {
        (a, b) = (b, a);
        for point in &mut points {
            (point.a, point.b) = (point.b, point.a);
            (point.ratio, point.word) = (1.0 / point.ratio, turned(point.word));
        }
    }
    let upto = points.iter().rposition(|point| point.word != Word::Faster).map_or(0, |last| last + 1);
    let high = points.get(upto).map(|point| point.value);
    let below = points.iter().rev().find(|point| point.word == Word::Slower);
    let crossing = match upto {
        0 => Crossing::Always,
        _ if high.is_some() => Crossing::From,
        _ if points.iter().all(|point| point.word == Word::Equivalent) => Crossing::Equivalent,
        _ => Crossing::Inconclusive,
    };
    let mut found = BreakEven {
        axis: axis.name.to_owned(),
        of: axis.of,
        workloads: axis.workloads,
        measure: axis.measure,
        a: a.to_owned(),
        b: b.to_owned(),
        crossing,
        at: if crossing == Crossing::From { passes_one(&points) } else { None },
        low: below.map(|point| point.value),
        high: high.filter(|_| crossing == Crossing::From),
        points,
        sentence: String::new(),
    };
    found.sentence = sentence(&found);
    Some(found)
}

/// Whether `b` is the configuration that is behind at the end of the axis, by the last word that gives an order.
fn is_behind(points: &[BreakPoint]) -> bool {
    let last = points.iter().rev().find(|point| matches!(point.word, Word::Faster | Word::Slower));
    last.is_some_and(|point| point.word == Word::Slower)
}

/// Where the median ratio passes one for the last time, between two neighbouring values. The axis is logarithmic, unless it
/// starts at zero.
fn passes_one(points: &[BreakPoint]) -> Option<f64> {
    let pair = points.windows(2).rev().find(|pair| pair[0].ratio <= 1.0 && pair[1].ratio > 1.0)?;
    let (low, high) = (&pair[0], &pair[1]);
    let (below, above) = (low.ratio.ln(), high.ratio.ln());
    let share = -below / (above - below);
    let at = match low.value > 0.0 {
        true => (low.value.ln() + share * (high.value.ln() - low.value.ln())).exp(),
        false => low.value + share * (high.value - low.value),
    };
    Some(at.clamp(low.value, high.value))
}

/// The finding in one sentence.
fn sentence(found: &BreakEven) -> String {
    let BreakEven { a, b, points, .. } = found;
    let scope = if found.measure == Measure::EndToEnd { ", end to end" } else { "" };
    let every = match (points.first(), points.last()) {
        (Some(first), Some(last)) => format!("at every value from {} to {}", first.shown, last.shown),
        _ => String::new(),
    };
    let beats = verb(b, "beats", "beat");
    let at = |value: f64| points.iter().find(|point| point.value == value).map_or("", |point| point.shown.as_str());
    match (found.crossing, found.high) {
        (Crossing::Always, _) => format!("{b} {beats} {a} {every}{scope}."),
        (Crossing::Equivalent, _) => format!("{a} and {b} are equivalent {every}{scope}."),
        (Crossing::From, Some(high)) => {
            let near = found.at.map(|near| near_words(found, near)).unwrap_or_default();
            let low = found.low.map_or("below, no significant difference".into(), |low| {
                format!("{a} {} ahead at {}", verb(a, "is", "are"), at(low))
            });
            format!("{b} {beats} {a} at {} and above{scope} ({low}{near}).", at(high))
        }
        _ => format!("No significant difference between {a} and {b}{scope}: {}.", by_word(found)),
    }
}

/// `; the medians cross near 2.8 workers`.
fn near_words(found: &BreakEven, near: f64) -> String {
    let value = match found.axis.as_str() {
        "workers" => format!("{} workers", three_digits(near)),
        "payload" => show_bytes(near.round() as u64),
        _ => return String::new(),
    };
    format!("; the medians cross near {value}")
}

/// `threads ahead at 1 worker; undecided at 2 workers`.
fn by_word(found: &BreakEven) -> String {
    let words = [Word::Faster, Word::Slower, Word::Equivalent, Word::NoSignificantDifference];
    let told = words.into_iter().filter_map(|word| {
        let at: Vec<String> = found.points.iter().filter(|p| p.word == word).map(|p| p.shown.clone()).collect();
        let what = match word {
            Word::Faster => format!("{} ahead", found.b),
            Word::Slower => format!("{} ahead", found.a),
            Word::Equivalent => "equivalent".into(),
            Word::NoSignificantDifference => "no significant difference".into(),
        };
        (!at.is_empty()).then(|| format!("{what} at {}", list(&at)))
    });
    told.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Made;
    use super::*;

    #[track_caller]
    fn one<'a>(found: &'a [BreakEven], a: &str, b: &str) -> &'a BreakEven {
        let known: Vec<_> = found.iter().map(|found| (&found.a, &found.b)).collect();
        found.iter().find(|found| (found.a.as_str(), found.b.as_str()) == (a, b)).unwrap_or_else(|| panic!("{known:?}"))
    }

    fn scaling(threads: [f64; 3]) -> Vec<BreakEven> {
        let at = |seconds: [f64; 3]| [1, 2, 4].into_iter().zip(seconds).collect::<Vec<_>>();
        let made = Made::new(15).serial(1.0);
        let made = made.line("threads", "", &at(threads)).line("processes", ", pipe", &at([1.6, 0.8, 0.4]));
        made.derive().break_evens
    }

    #[test]
    fn a_line_overtakes_the_reference_between_two_counts() {
        let found = scaling([0.9, 0.5, 0.3]);
        assert_eq!(found.len(), 3);
        let processes = one(&found, "serial", "processes, pipe");
        assert_eq!((processes.crossing, processes.low, processes.high), (Crossing::From, Some(1.0), Some(2.0)));
        // The logarithm of the ratio goes from ln 1/1.6 to ln 1/0.8 in one doubling: zero at ln 1.6 / ln 2 of it.
        let at = 2f64.powf(1.6f64.ln() / 2f64.ln());
        assert!((processes.at.unwrap() - at).abs() < 0.01, "{:?}", processes.at);
        let expected = "processes, pipe beat serial at 2 workers and above (serial is ahead at 1 worker; the medians cross near 1.6 workers).";
        assert_eq!(processes.sentence, expected);
        let threads = one(&found, "serial", "threads");
        assert_eq!((threads.crossing, threads.at, threads.low), (Crossing::Always, None, None));
        assert_eq!(threads.sentence, "threads beat serial at every value from 1 worker to 4 workers.");
        assert_eq!(one(&found, "processes, pipe", "threads").crossing, Crossing::Always);
    }

    #[test]
    fn the_other_winner_gives_the_other_sentence() {
        let found = scaling([0.9, 0.5, 0.5]);
        let crossed = one(&found, "threads", "processes, pipe");
        assert_eq!((crossed.low, crossed.high), (Some(2.0), Some(4.0)));
        assert!(
            crossed.sentence.starts_with("processes, pipe beat threads at 4 workers and above (threads are ahead at 2")
        );
    }

    #[test]
    fn what_is_not_shown_is_not_claimed() {
        let found = scaling([1.0, 1.0, 1.0]);
        let flat = one(&found, "serial", "threads");
        assert_eq!((flat.crossing, flat.at, flat.high), (Crossing::Equivalent, None, None));
        let open = scaling([1.5, 1.2, 1.0]);
        let open = one(&open, "threads", "serial");
        assert_eq!((open.crossing, open.low, open.high), (Crossing::Inconclusive, None, None));
        assert_eq!(
            open.sentence,
            "No significant difference between threads and serial: serial ahead at 1 worker and 2 workers; equivalent \
             at 4 workers."
        );
    }

    fn payloads(pipe: [f64; 3]) -> Made {
        let mut made = Made::new(15);
        for ((bytes, shown), pipe) in [(64, "64 B"), (4096, "4 KiB"), (262_144, "256 KiB")].into_iter().zip(pipe) {
            made = made.payload(bytes, shown).configuration("processes × 1, pipe", pipe).of(1);
            made = made
                .configuration("processes × 1, shared memory", 1.0)
                .of(1)
                .configuration("processes × 2, pipe", 0.7)
                .of(2);
        }
        made
    }

    #[test]
    fn methods_cross_along_the_payload_of_several_workloads() {
        let found = payloads([0.5, 0.8, 3.0]).derive().break_evens;
        let crossed = one(&found, "processes × 1, pipe", "processes × 1, shared memory");
        assert_eq!(
            (crossed.axis.as_str(), crossed.of.as_str(), &crossed.workloads[..]),
            ("payload", "echo", &[0, 1, 2][..])
        );
        assert_eq!((crossed.low, crossed.high), (Some(4096.0), Some(262_144.0)));
        assert!((4096.0..262_144.0).contains(&crossed.at.unwrap()));
        assert!(
            crossed.sentence.starts_with("processes × 1, shared memory beats processes × 1, pipe at 256 KiB and above")
        );
        let unequal =
            |found: &&BreakEven| found.a.contains("× 2") != found.b.contains("× 2") && found.axis == "payload";
        assert_eq!(found.iter().filter(unequal).count(), 0, "unequal workers are no pair");
        let always = payloads([0.5, 0.6, 0.7]).derive().break_evens;
        let always = one(&always, "processes × 1, shared memory", "processes × 1, pipe");
        assert_eq!(always.crossing, Crossing::Always);
        assert!(always.sentence.contains("at every value from 64 B to 256 KiB"), "{}", always.sentence);
    }

    #[test]
    fn a_withheld_workload_leaves_the_order_open() {
        let mut made = payloads([0.5, 0.8, 3.0]);
        made.results.workloads[2].fault =
            Some(crate::results::Fault { kind: crate::setting::FaultKind::Kill, item: 0 });
        let derived = made.derive();
        assert!(derived.workloads[2].suppressed.is_some());
        let open = one(&derived.break_evens, "processes × 1, shared memory", "processes × 1, pipe");
        assert_eq!((open.crossing, open.points[2].word), (Crossing::Inconclusive, Word::NoSignificantDifference));
        assert!(
            open.sentence.ends_with("ahead at 64 B and 4 KiB; no significant difference at 256 KiB."),
            "{}",
            open.sentence
        );
    }
}
