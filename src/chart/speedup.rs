//! Does it scale? Speed-up over workers, on two logarithmic axes.

use super::finding::{self, verdict_of};
use super::frame::Frame;
use super::lines::{self, Line, Point};
use super::speedup_plot::{self, Layout};
use super::speedup_title::title;
use super::words::{self, estimate, times};
use super::{Chart, fits, view};
use crate::results::{Cell, Group, GroupVerdict, Interval, Results};
use crate::setting::{ChartKind, Key, Measure};

/// More lines than this cannot be told apart.
const MOST_LINES: usize = 32;
/// More lines than this have no bands: they would hide each other.
pub(super) const MOST_BANDS: usize = 8;

/// One chart per group.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let labels: Vec<String> = results.groups.iter().map(|group| group.label.clone()).collect();
    let stems = words::stems(base, &labels);
    results.groups.iter().zip(stems).map(|(group, stem)| chart(results, group, stem)).collect()
}

/// A line with its points.
pub(super) struct Drawn<'a> {
    pub(super) line: Line<'a>,
    pub(super) points: Vec<Point>,
}

impl Drawn<'_> {
    /// The cell with the highest speed-up, and that speed-up.
    pub(super) fn best(&self) -> Option<(&Cell, Interval)> {
        let known = self.line.cells.iter().zip(&self.points).filter_map(|(cell, point)| Some((*cell, point.value?)));
        known.max_by(|a, b| a.1.median.total_cmp(&b.1.median))
    }

    /// The point with the most workers.
    pub(super) fn last(&self) -> Option<(f64, Interval)> {
        self.points.iter().rev().find_map(|point| Some((point.x, point.value?)))
    }
}

fn drawn<'a>(results: &'a Results, group: &Group) -> Vec<Drawn<'a>> {
    let with_workers =
        group.cells.iter().copied().filter(|cell| results.cells.get(*cell).is_some_and(|c| c.config.workers.is_some()));
    let mut all: Vec<Drawn> = lines::lines(results, &[Key::Workers], with_workers)
        .into_iter()
        .map(|mut line| {
            line.cells.sort_by_key(|cell| cell.config.workers);
            let points = line.cells.iter().map(|cell| point(results, group, cell)).collect();
            Drawn { line, points }
        })
        .collect();
    all.retain(|drawn| !drawn.points.is_empty());
    all
}

fn point(results: &Results, group: &Group, cell: &Cell) -> Point {
    let estimate = estimate(results, cell.id);
    let itself = Interval { median: 1.0, low: None, high: None, level: 0.0, ranks: (0, 0), n: 0 };
    let known = estimate.filter(|estimate| estimate.ok > 0).and_then(|estimate| estimate.speedup);
    let value = known.or((cell.id == group.baseline && estimate.is_some_and(|e| e.ok > 0)).then_some(itself));
    let value = value.and_then(words::drawable);
    let title = value.map_or(cell.label.clone(), |interval| format!("{}: {}", cell.label, with_interval(&interval)));
    Point { x: f64::from(cell.config.workers.unwrap_or(1)), value, title }
}

/// `1.93× (1.90 to 1.96)`.
fn with_interval(interval: &Interval) -> String {
    match (interval.low, interval.high) {
        (Some(low), Some(high)) => format!("{} ({} to {})", times(interval.median), times(low), times(high)),
        _ => times(interval.median),
    }
}

fn chart(results: &Results, group: &Group, stem: String) -> Chart {
    let all = drawn(results, group);
    let refused = |why: String| {
        Chart::refused(ChartKind::Speedup, stem.clone(), format!("Speedup over workers, {}", group.label), why)
    };
    let mut counts: Vec<u32> =
        all.iter().flat_map(|drawn| &drawn.line.cells).filter_map(|cell| cell.config.workers).collect();
    counts.sort_unstable();
    counts.dedup();
    if counts.len() < 2 {
        let had =
            counts.first().map_or("no worker count".to_owned(), |count| format!("only one worker count ({count})"));
        // What a chart shows may be less than what was run.
        let chosen = results.charts.first().map_or("", |shape| shape.chosen.as_str());
        return refused(if chosen.is_empty() {
            format!("{had} was run, and a line over workers needs two")
        } else {
            format!("`where` ({chosen}) leaves {had}, and a line over workers needs two")
        });
    }
    let with_value = all.iter().flat_map(|drawn| &drawn.points).filter(|point| point.value.is_some()).count();
    if with_value < 2 {
        let trouble = words::trouble(results, group.cells.iter().copied(), 2)
            .map_or(String::new(), |notes| format!(" ({notes})"));
        return refused(format!("fewer than two configurations have a speedup{trouble}"));
    }
    if all.len() > MOST_LINES {
        return refused(format!(
            "{} lines are too many for one picture; an entry of `charts:` with `group:` or `where:` makes smaller \
             pictures",
            all.len()
        ));
    }
    let verdict = verdict_of(results, group);
    let title = title(results, group, verdict, &all);
    let subtitle = subtitle(results, group, &all);
    let (title, subtitle) = view::headline(results, title, subtitle);
    let sheet = Frame::new(results, &[group], &title, &subtitle, &notes(results, group, verdict, &all));
    let numbers: Vec<String> = all
        .iter()
        .filter_map(|drawn| {
            let (x, value) = drawn.last()?;
            Some(format!("{} {} on {x} workers", drawn.line.name, with_interval(&value)))
        })
        .collect();
    let alt = format!("{title}. {subtitle}. {}.", numbers.join("; "));
    let picture = Layout::new(results, group, verdict, &sheet, &all, &counts).draw(results, &stem, &alt);
    Chart { kind: ChartKind::Speedup, stem, title, subtitle, alt, picture: picture.map_err(|error| error.to_string()) }
}

/// `serial`, or the cell that speed-ups refer to where there is no serial one.
pub(super) fn reference(results: &Results, group: &Group) -> String {
    let Some(cell) = results.cells.get(group.baseline) else { return "the reference".to_owned() };
    match cell.config.workers {
        Some(1) => format!("{} with one worker", cell.model_shown()),
        Some(_) => cell.label.clone(),
        None => cell.model_shown().to_owned(),
    }
}

fn subtitle(results: &Results, group: &Group, all: &[Drawn]) -> String {
    // The baseline's ratio to itself is no estimate.
    let pairs = all.iter().flat_map(|drawn| drawn.line.cells.iter().zip(&drawn.points));
    let intervals = pairs.filter(|(cell, _)| cell.id != group.baseline).filter_map(|(_, point)| point.value.as_ref());
    let measure = if group.measure == Measure::EndToEnd { ", end to end" } else { "" };
    let quick = if results.run.quick { ". Quick run" } else { "" };
    format!(
        "Speedup over {}{measure}{}; {}{quick}. {}",
        reference(results, group),
        words::what_beside_measure(results, group),
        words::trials_and_interval(intervals),
        words::unbroken("Higher is better")
    )
}

fn notes(results: &Results, group: &Group, verdict: Option<&GroupVerdict>, all: &[Drawn]) -> Vec<String> {
    let cells = || group.cells.iter().copied();
    let mut notes: Vec<String> = finding::withheld(verdict).into_iter().collect();
    let hero = speedup_plot::hero(results, verdict, all);
    notes.extend(fits::shown(results, group, all, hero).map(fits::note));
    notes.extend(words::trouble(results, cells(), 2));
    notes.extend(words::disturbed(results, cells()));
    if all.len() > MOST_BANDS {
        notes.push("Intervals are in the table: so many bands would hide each other".to_owned());
    }
    if notes.is_empty() {
        notes.push("Medians of the ratios within rounds".to_owned());
    }
    notes
}
