//! Sparklines: the lines of charts in a row of characters, for axes of at least three numbers.

use super::grid::Column;
use super::words::NONE;
use crate::results::{Configuration, Results, Workload};
use crate::text::{show_bytes, show_count, three_digits};
use crate::verdict::{lines_over_workers, speedup_interval};

/// From so many values on there is a line to see.
const FEWEST: usize = 3;

/// From low to high.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Stands where a line has no value.
const GAP: char = '·';

/// Lines over one axis.
pub(super) struct Sparks {
    pub(super) title: String,
    /// Name, line, first and last value.
    rows: Vec<[String; 3]>,
}

impl Sparks {
    pub(super) fn columns(&self) -> [Column; 3] {
        let texts = |at: usize| self.rows.iter().map(|row| row[at].clone()).collect::<Vec<_>>();
        [Column::new("", false, texts(0)), Column::new("", false, texts(1)), Column::new("", false, texts(2))]
    }
}

/// Speed-up over workers, where some configuration of the workload has three counts or more: from nothing to the highest.
pub(super) fn over_workers(results: &Results, workload: &Workload) -> Option<Sparks> {
    let lines = lines_over_workers(results, workload);
    let lines: Vec<(String, Vec<&Configuration>)> =
        lines.into_iter().filter(|(_, configurations)| configurations.len() >= FEWEST).collect();
    let mut counts: Vec<u32> = lines
        .iter()
        .flat_map(|(_, configurations)| configurations)
        .filter_map(|configuration| configuration.config.workers)
        .collect();
    counts.sort_unstable();
    counts.dedup();
    let speedup = |configuration: &Configuration| results.derived.estimates.get(configuration.id)?.speedup;
    let series: Vec<Vec<Option<f64>>> = lines
        .iter()
        .map(|(_, configurations)| {
            let at =
                |count: &u32| configurations.iter().find(|configuration| configuration.config.workers == Some(*count));
            counts.iter().map(|count| Some(speedup(at(count)?)?.median)).collect()
        })
        .collect();
    let highest = series.iter().flatten().flatten().copied().fold(0.0, f64::max);
    let shown = |configuration: &Configuration| {
        let text = speedup(configuration).map(|found| speedup_interval(&found));
        text.map_or(NONE.into(), |text| text.split(" (").next().unwrap_or_default().to_owned())
    };
    let rows: Vec<[String; 3]> = lines
        .iter()
        .zip(&series)
        .filter_map(|((name, configurations), values)| {
            let line = spark(values, |value| value / highest);
            Some([
                name.clone(),
                line,
                format!("{} → {}", shown(configurations.first()?), shown(configurations.last()?)),
            ])
        })
        .collect();
    let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
    (!rows.is_empty()).then(|| Sparks { title: format!("Speedup over {} workers:", counts.join(", ")), rows })
}

/// Throughput over payload, where workloads that differ in nothing else have three sizes or more: on a logarithmic scale.
pub(super) fn over_payload(results: &Results) -> Vec<Sparks> {
    let mut families: Vec<Vec<&Workload>> = Vec::new();
    for workload in results.workloads.iter().filter(|workload| workload.payload.is_some()) {
        match families.iter_mut().find(|family| is_alike(family[0], workload)) {
            Some(family) => family.push(workload),
            None => families.push(vec![workload]),
        }
    }
    for family in &mut families {
        family.sort_by_key(|workload| workload.payload);
    }
    families.iter().filter(|family| family.len() >= FEWEST).filter_map(|family| of_family(results, family)).collect()
}

/// Whether two groups differ in their payload alone.
fn is_alike(a: &Workload, b: &Workload) -> bool {
    let others = |workload: &Workload| {
        let mut settings = workload.settings.clone();
        settings.remove("payload");
        settings
    };
    let kind = |workload: &Workload| {
        (workload.task.clone(), workload.runtime_shown(), workload.measure, workload.fault.clone())
    };
    kind(a) == kind(b) && a.payload != b.payload && others(a) == others(b)
}

fn of_family(results: &Results, family: &[&Workload]) -> Option<Sparks> {
    let first = family.first()?;
    let value = |workload: &Workload, label: &str| {
        let configuration = workload
            .configurations
            .iter()
            .filter_map(|id| results.configurations.get(*id))
            .find(|configuration| configuration.label == label)?;
        Some(results.derived.estimates.get(configuration.id)?.throughput?.median)
    };
    let labels = first
        .configurations
        .iter()
        .filter_map(|id| results.configurations.get(*id))
        .map(|configuration| configuration.label.as_str());
    let series: Vec<(&str, Vec<Option<f64>>)> =
        labels.map(|label| (label, family.iter().map(|workload| value(workload, label)).collect())).collect();
    let all = || series.iter().flat_map(|(_, values)| values).flatten().copied().filter(|value| *value > 0.0);
    let (low, high) = (all().fold(f64::INFINITY, f64::min).ln(), all().fold(0.0, f64::max).ln());
    let share = |value: f64| if high > low { (value.ln() - low) / (high - low) } else { 1.0 };
    let rate = |rate: f64| if rate < 1000.0 { three_digits(rate) } else { show_count(rate.round() as u64) };
    let shown = |value: Option<&Option<f64>>| value.copied().flatten().map_or(NONE.into(), rate);
    let rows = series.iter().filter(|(_, values)| values.iter().flatten().count() >= FEWEST).map(|(name, values)| {
        let ends = format!("{} → {}", shown(values.first()), shown(values.last()));
        [(*name).to_owned(), spark(values, share), ends]
    });
    let rows: Vec<[String; 3]> = rows.collect();
    let sizes: Vec<String> = family.iter().filter_map(|workload| workload.payload).map(show_bytes).collect();
    let title = format!("Items per second over {}, on a logarithmic scale:", sizes.join(", "));
    (!rows.is_empty()).then_some(Sparks { title, rows })
}

/// A character for each value, by its share of the highest level.
fn spark(values: &[Option<f64>], share: impl Fn(f64) -> f64) -> String {
    let level = |value: f64| LEVELS[((share(value) * 8.0).round() as usize).clamp(1, 8) - 1];
    values.iter().map(|value| value.map_or(GAP, level)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{TerminalOptions, terminal};
    use crate::verdict::fixture::Made;

    const PLAIN: TerminalOptions = TerminalOptions { width: 80, color: false, verbose: false };

    #[test]
    fn speedup_over_three_worker_counts_is_a_line() {
        let line = |seconds: fn(u32) -> f64| [1, 2, 4, 8].map(|n| (n, seconds(n)));
        let made = Made::new(15).serial(1.0).line("threads", "", &line(|n| 1.0 / f64::from(n)));
        let results = made.line("processes", ", pipe", &line(|_| 1.0)).finish();
        let text = terminal(&results, &PLAIN);
        assert!(text.contains("\nSpeedup over 1, 2, 4, 8 workers:\n"), "{text}");
        let line =
            |name: &str| text.lines().find(|line| line.starts_with(name) && line.contains(" → ")).unwrap().to_owned();
        assert!(line("threads ").contains("  ▁▂▄█  1.0") && line("threads ").ends_with('×'), "{text}");
        assert!(line("processes, pipe").contains("  ▁▁▁▁  1.0"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let two = Made::new(15).serial(1.0).line("threads", "", &[(1, 1.0), (2, 0.5)]).finish();
        assert!(!terminal(&two, &PLAIN).contains("Speedup over"));
    }

    #[test]
    fn throughput_over_three_payloads_is_a_line() {
        let mut made = Made::new(7);
        for (bytes, label, seconds) in [(64, "64 B", 0.001), (4096, "4 KiB", 0.01), (65_536, "64 KiB", 0.1)] {
            made = made.payload(bytes, label).serial(seconds);
        }
        let text = terminal(&made.finish(), &PLAIN);
        assert!(text.contains("Items per second over 64 B, 4 KiB, 64 KiB, on a logarithmic scale:\n"), "{text}");
        assert!(text.lines().any(|line| line.starts_with("serial  █▄▁  ")), "{text}");
    }

    #[test]
    fn a_value_that_is_missing_leaves_a_gap() {
        assert_eq!(spark(&[Some(0.1), None, Some(1.0)], |value| value), "▁·█");
    }
}
