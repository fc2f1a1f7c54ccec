//! Two runs side by side, in words: advice, since they are not paired.

use super::ChartRef;
use super::grid::Column;
use super::markdown::chart;
use super::markdown_table::table as markdown_table;
use super::page::{BOLD, DIM, PLAIN, Page, RED, TerminalOptions, YELLOW};
use crate::text::escape::markdown as escape;
use crate::text::{plural, three_digits};
use crate::verdict::{Comparison, Drift, Matched, Side, Unpaired, change, seconds_interval, times_interval};

/// What must be said of every such comparison.
const UNPAIRED: &str = "The runs are not paired, so any change of the machine between them is in these numbers, and a \
                        slowdown that the reference shares looks like a slower machine. For a paired comparison, run both \
                        in the same rounds: runner --baseline REVISION FILES.";

/// The line that says which run was not on a quiet machine, if one was not.
fn disturbed(comparison: &Comparison) -> Option<String> {
    let were = match comparison.disturbed[..] {
        [] => return None,
        [one] => format!("the {one} run was"),
        _ => "both runs were".into(),
    };
    Some(format!("not quiet: {were} on a machine that others used too, so that no gate shuts for a time"))
}

/// A comparison of two runs for the terminal.
#[must_use]
pub fn comparison_terminal(comparison: &Comparison, options: &TerminalOptions) -> String {
    let mut page = Page::new(options);
    page.line(BOLD, &head(comparison));
    page.wrapped("", UNPAIRED, DIM);
    if let Some(line) = disturbed(comparison) {
        page.wrapped("", &line, YELLOW);
    }
    for drift in &comparison.drift {
        page.wrapped("", &drift_words(drift), YELLOW);
    }
    let workloads = workloads(comparison);
    for (workload, rows) in &workloads {
        page.line(PLAIN, "");
        page.line(BOLD, workload);
        let text = |of: fn(&Matched) -> String| rows.iter().map(|row| of(row)).collect::<Vec<_>>();
        let columns = [
            Column::new("", false, text(|row| row.label.clone())),
            Column::new("earlier", true, text(|row| seconds(row, &row.time.old))),
            Column::new("later", true, text(|row| seconds(row, &row.time.new))),
            Column::new("change", true, text(|row| change(row.time.ratio))),
            Column::new("", false, text(|row| short(row.time.side).to_owned())),
            Column::new("to reference", true, text(relative_change)),
            Column::new("", false, text(|row| row.relative.map_or("", |of| short(of.side)).to_owned())),
        ];
        page.table(&columns, |row| if rows[row].slower() { RED } else { PLAIN });
    }
    page.line(PLAIN, "");
    let margin = three_digits(comparison.margin * 100.0);
    let legend = "slower and faster: the intervals are further apart than the margin of";
    page.wrapped("", &format!("{legend} {margin}%; apart: they do not overlap; overlap: they do."), DIM);
    for line in notes(comparison) {
        page.wrapped("", &line, PLAIN);
    }
    page.wrapped("", &finding(comparison), BOLD);
    page.text
}

/// A comparison of two runs as Markdown for a pull request.
#[must_use]
pub fn comparison_markdown(comparison: &Comparison, charts: &[ChartRef]) -> String {
    let mut out =
        format!("# {}\n\n> {}\n\n{}\n\n", escape(&head(comparison)), escape(&finding(comparison)), escape(UNPAIRED));
    if let Some(line) = disturbed(comparison) {
        out += &format!("**{}**\n\n", escape(&line));
    }
    for drift in &comparison.drift {
        out += &format!("- {}\n", escape(&drift_words(drift)));
    }
    for shown in charts {
        out += &format!("\n{}", chart(shown));
    }
    for (workload, rows) in workloads(comparison) {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                let label = escape(&row.label);
                let label = if row.slower() { format!("**{label}**") } else { label };
                let word = row.relative.map_or("", |of| side(of.side)).to_owned();
                let times = [seconds(row, &row.time.old), seconds(row, &row.time.new), change(row.time.ratio)];
                [&[label], &times[..], &[side(row.time.side).to_owned(), relative(row), word]].concat()
            })
            .collect();
        let head = ["config", "earlier", "later", "change", "intervals", "relative to the reference", "intervals"];
        out += &format!("\n## {}\n\n{}", escape(&workload), markdown_table(&head, &rows));
    }
    let notes: String = notes(comparison).iter().map(|line| format!("- {}\n", escape(line))).collect();
    if notes.is_empty() { out } else { format!("{out}\n## What else differs\n\n{notes}") }
}

fn head(comparison: &Comparison) -> String {
    let (old, new) = &comparison.started;
    format!("{}: the run of {new} compared with that of {old}", comparison.name)
}

fn drift_words(drift: &Drift) -> String {
    match (&drift.reference, drift.ratio) {
        (Some(label), Some(ratio)) => {
            format!(
                "{}: the reference, {label}, changed by {}; relative times take that out.",
                drift.workload,
                change(ratio)
            )
        }
        (Some(label), None) => format!("{}: the reference, {label}, has no time in one of the runs.", drift.workload),
        (None, _) => {
            format!("{}: the runs have different references, so a drift of the machine is not known.", drift.workload)
        }
    }
}

/// The matched configurations by workload, in order.
fn workloads(comparison: &Comparison) -> Vec<(String, Vec<&Matched>)> {
    let mut workloads: Vec<(String, Vec<&Matched>)> = Vec::new();
    for matched in &comparison.matched {
        match workloads.last_mut() {
            Some((workload, rows)) if *workload == matched.workload => rows.push(matched),
            _ => workloads.push((matched.workload.clone(), vec![matched])),
        }
    }
    workloads
}

fn seconds(row: &Matched, time: &crate::results::Interval) -> String {
    seconds_interval(time) + if row.per_item { " per item" } else { "" }
}

/// How the time relative to the reference changed.
fn relative_change(row: &Matched) -> String {
    match row.relative {
        Some(of) => change(of.ratio),
        None if row.reference => "reference".into(),
        None => "unknown".into(),
    }
}

/// The same with both intervals.
fn relative(row: &Matched) -> String {
    let both =
        |of: Unpaired| format!("{}, {} to {}", change(of.ratio), times_interval(&of.old), times_interval(&of.new));
    match row.relative {
        Some(of) => both(of),
        None => relative_change(row),
    }
}

fn short(side: Side) -> &'static str {
    match side {
        Side::Slower => "slower",
        Side::Faster => "faster",
        Side::Apart => "apart",
        Side::Overlapping => "overlap",
        Side::Unknown => "no intervals",
    }
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Slower => "slower beyond the margin",
        Side::Faster => "faster beyond the margin",
        Side::Apart => "apart, perhaps within the margin",
        Side::Overlapping => "intervals overlap",
        Side::Unknown => "no intervals",
    }
}

/// What else differs, and what was not compared.
fn notes(comparison: &Comparison) -> Vec<String> {
    let differs = comparison.differences.iter().map(|(what, old, new)| format!("{what}: {old}, later {new}"));
    let only = |which: &str, configurations: &[String]| {
        (!configurations.is_empty()).then(|| format!("only in the {which} run: {}", configurations.join("; ")))
    };
    let few = comparison.too_few_rounds().map(|least| format!("an interval takes {least} rounds, and a run has fewer"));
    let only = [only("earlier", &comparison.only_old), only("later", &comparison.only_new)];
    differs.chain(only.into_iter().flatten()).chain(few).collect()
}

fn finding(comparison: &Comparison) -> String {
    let margin = three_digits(comparison.margin * 100.0);
    let compared = plural(comparison.common as u64, "configuration");
    let mut parts = Vec::new();
    if !comparison.failing.is_empty() {
        parts.push(format!("fewer trials are ok: {}", comparison.failing.join("; ")));
    }
    let several = workloads(comparison).len() > 1;
    let name = |matched: &&Matched| {
        if several { format!("{}: {}", matched.workload, matched.label) } else { matched.label.clone() }
    };
    let names = |configurations: Vec<&Matched>| configurations.iter().map(name).collect::<Vec<_>>().join("; ");
    let slower: Vec<&Matched> = comparison.matched.iter().filter(|matched| matched.slower()).collect();
    if !slower.is_empty() {
        parts.push(format!("{} slower beyond {margin}% by both views: {}", slower.len(), names(slower)));
    }
    let references: Vec<&Matched> = comparison.slower_references().collect();
    if !references.is_empty() {
        parts.push(format!(
            "slower beyond {margin}% with nothing to compare it with: {} (a slower machine or a slower build: only \
             --baseline can distinguish them)",
            names(references)
        ));
    }
    if parts.is_empty() && comparison.too_few_rounds().is_some() {
        return format!("{compared} in both runs; there are too few rounds to say more than the medians.");
    }
    if parts.is_empty() {
        parts.push(format!("none is slower beyond {margin}% both by its time and relative to the reference"));
    }
    format!("Of {compared} in both runs: {}.", parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::compare_runs;
    use crate::verdict::fixture::Made;

    #[test]
    fn every_page_says_what_it_is_and_what_differs() {
        let old = Made::new(15).serial(1.0).configuration("threads × 2", 0.5).finish();
        let mut new =
            Made::new(15).serial(1.0).configuration("threads × 2", 0.6).configuration("rayon × 2", 0.6).finish();
        new.machine.kernel = "Linux | 7".into();
        let comparison = compare_runs(&old, &new);
        let terminal = comparison_terminal(&comparison, &TerminalOptions { width: 120, color: false, verbose: false });
        let markdown = comparison_markdown(&comparison, &[]);
        let parts = ["not paired", "the reference, serial, changed by", "+20%", "slower", "rayon × 2"];
        for text in [&terminal, &markdown] {
            for part in parts {
                assert!(text.contains(part), "{part} in {text}");
            }
        }
        assert!(terminal.lines().all(|line| line.chars().count() <= 120), "{terminal}");
        assert!(
            terminal.contains("machine: kernel: Linux 6.1, later Linux | 7") && markdown.contains("later Linux \\| 7")
        );
        assert!(
            terminal.contains("Of 2 configurations in both runs: 1 slower beyond 3% by both views: threads × 2."),
            "{terminal}"
        );
        let same = comparison_terminal(
            &compare_runs(&old, &old),
            &TerminalOptions { width: 120, color: false, verbose: false },
        );
        assert!(same.contains("none is slower") && !same.contains("later Linux"), "{same}");
    }
}
