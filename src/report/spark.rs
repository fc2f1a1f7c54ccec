//! Sparklines: the lines of charts in a row of characters, for axes of at least three numbers.

use super::grid::Column;
use super::words::NONE;
use crate::results::{Cell, Group, Results};
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

/// Speed-up over workers, where some way of the group has three counts or more: from nothing to the highest.
pub(super) fn over_workers(results: &Results, group: &Group) -> Option<Sparks> {
    let lines = lines_over_workers(results, group);
    let lines: Vec<(String, Vec<&Cell>)> = lines.into_iter().filter(|(_, cells)| cells.len() >= FEWEST).collect();
    let mut counts: Vec<u32> =
        lines.iter().flat_map(|(_, cells)| cells).filter_map(|cell| cell.config.workers).collect();
    counts.sort_unstable();
    counts.dedup();
    let speedup = |cell: &Cell| results.derived.estimates.get(cell.id)?.speedup;
    let series: Vec<Vec<Option<f64>>> = lines
        .iter()
        .map(|(_, cells)| {
            let at = |count: &u32| cells.iter().find(|cell| cell.config.workers == Some(*count));
            counts.iter().map(|count| Some(speedup(at(count)?)?.median)).collect()
        })
        .collect();
    let highest = series.iter().flatten().flatten().copied().fold(0.0, f64::max);
    let shown = |cell: &Cell| {
        let text = speedup(cell).map(|found| speedup_interval(&found));
        text.map_or(NONE.into(), |text| text.split(" (").next().unwrap_or_default().to_owned())
    };
    let rows: Vec<[String; 3]> = lines
        .iter()
        .zip(&series)
        .filter_map(|((name, cells), values)| {
            let line = spark(values, |value| value / highest);
            Some([name.clone(), line, format!("{} → {}", shown(cells.first()?), shown(cells.last()?))])
        })
        .collect();
    let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
    (!rows.is_empty()).then(|| Sparks { title: format!("Speedup over {} workers:", counts.join(", ")), rows })
}

/// Throughput over payload, where groups that differ in nothing else have three sizes or more: on a logarithmic scale.
pub(super) fn over_payload(results: &Results) -> Vec<Sparks> {
    let mut families: Vec<Vec<&Group>> = Vec::new();
    for group in results.groups.iter().filter(|group| group.payload.is_some()) {
        match families.iter_mut().find(|family| is_alike(family[0], group)) {
            Some(family) => family.push(group),
            None => families.push(vec![group]),
        }
    }
    for family in &mut families {
        family.sort_by_key(|group| group.payload);
    }
    families.iter().filter(|family| family.len() >= FEWEST).filter_map(|family| of_family(results, family)).collect()
}

/// Whether two groups differ in their payload alone.
fn is_alike(a: &Group, b: &Group) -> bool {
    let others = |group: &Group| {
        let mut settings = group.settings.clone();
        settings.remove("payload");
        settings
    };
    let kind = |group: &Group| (group.task.clone(), group.runtime_shown(), group.measure, group.fault.clone());
    kind(a) == kind(b) && a.payload != b.payload && others(a) == others(b)
}

fn of_family(results: &Results, family: &[&Group]) -> Option<Sparks> {
    let first = family.first()?;
    let value = |group: &Group, label: &str| {
        let cell = group.cells.iter().filter_map(|id| results.cells.get(*id)).find(|cell| cell.label == label)?;
        Some(results.derived.estimates.get(cell.id)?.throughput?.median)
    };
    let labels = first.cells.iter().filter_map(|id| results.cells.get(*id)).map(|cell| cell.label.as_str());
    let series: Vec<(&str, Vec<Option<f64>>)> =
        labels.map(|label| (label, family.iter().map(|group| value(group, label)).collect())).collect();
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
    let sizes: Vec<String> = family.iter().filter_map(|group| group.payload).map(show_bytes).collect();
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
