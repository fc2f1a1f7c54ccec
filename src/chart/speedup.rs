//! Does it scale? Speed-up over workers, on two logarithmic axes.

use super::finding::{self, verdict_of};
use super::frame::Frame;
use super::lines::{self, Point};
use super::speedup_line::{Drawn, MOST_BANDS, reference};
use super::speedup_plot::{self, Layout};
use super::speedup_title::title;
use super::words::{self, estimate, times};
use super::{Chart, fits, view};
use crate::results::{Configuration, Interval, Results, Workload, WorkloadVerdict};
use crate::setting::{ChartKind, Key, Measure};

/// More lines than this cannot be told apart.
const MOST_LINES: usize = 32;

/// One chart per workload.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let labels: Vec<String> = results.workloads.iter().map(|workload| workload.label.clone()).collect();
    let stems = words::stems(base, &labels);
    results.workloads.iter().zip(stems).map(|(workload, stem)| chart(results, workload, stem)).collect()
}

fn drawn<'a>(results: &'a Results, workload: &Workload) -> Vec<Drawn<'a>> {
    let with_workers =
        workload.configurations.iter().copied().filter(|configuration| {
            results.configurations.get(*configuration).is_some_and(|c| c.config.workers.is_some())
        });
    let mut all: Vec<Drawn> = lines::lines(results, &[Key::Workers], with_workers)
        .into_iter()
        .map(|mut line| {
            line.configurations.sort_by_key(|configuration| configuration.config.workers);
            let points =
                line.configurations.iter().map(|configuration| point(results, workload, configuration)).collect();
            Drawn { line, points }
        })
        .collect();
    all.retain(|drawn| !drawn.points.is_empty());
    all
}

fn point(results: &Results, workload: &Workload, configuration: &Configuration) -> Point {
    let estimate = estimate(results, configuration.id);
    let itself = Interval { median: 1.0, low: None, high: None, level: 0.0, ranks: (0, 0), n: 0 };
    let known = estimate.filter(|estimate| estimate.ok > 0).and_then(|estimate| estimate.speedup);
    let value =
        known.or((configuration.id == workload.reference && estimate.is_some_and(|e| e.ok > 0)).then_some(itself));
    let value = value.and_then(words::drawable);
    let title = value.map_or(configuration.label.clone(), |interval| {
        format!("{}: {}", configuration.label, with_interval(&interval))
    });
    Point { x: f64::from(configuration.config.workers.unwrap_or(1)), value, title }
}

/// `1.93× (1.90 to 1.96)`.
fn with_interval(interval: &Interval) -> String {
    match (interval.low, interval.high) {
        (Some(low), Some(high)) => format!("{} ({} to {})", times(interval.median), times(low), times(high)),
        _ => times(interval.median),
    }
}

fn chart(results: &Results, workload: &Workload, stem: String) -> Chart {
    let all = drawn(results, workload);
    let refused = |why: String| {
        Chart::refused(ChartKind::Speedup, stem.clone(), format!("Speedup over workers, {}", workload.label), why)
    };
    let mut counts: Vec<u32> = all
        .iter()
        .flat_map(|drawn| &drawn.line.configurations)
        .filter_map(|configuration| configuration.config.workers)
        .collect();
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
        let trouble = words::trouble(results, workload.configurations.iter().copied(), 2)
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
    let verdict = verdict_of(results, workload);
    let title = title(results, workload, verdict, &all);
    let subtitle = subtitle(results, workload, &all);
    let (title, subtitle) = view::headline(results, title, subtitle);
    let sheet = Frame::new(results, &[workload], &title, &subtitle, &notes(results, workload, verdict, &all));
    let numbers: Vec<String> = all
        .iter()
        .filter_map(|drawn| {
            let (x, value) = drawn.last()?;
            Some(format!("{} {} on {x} workers", drawn.line.name, with_interval(&value)))
        })
        .collect();
    let alt = format!("{title}. {subtitle}. {}.", numbers.join("; "));
    let picture = Layout::new(results, workload, verdict, &sheet, &all, &counts).draw(results, &stem, &alt);
    Chart { kind: ChartKind::Speedup, stem, title, subtitle, alt, picture: picture.map_err(|error| error.to_string()) }
}

fn subtitle(results: &Results, workload: &Workload, all: &[Drawn]) -> String {
    // The reference's ratio to itself is no estimate.
    let pairs = all.iter().flat_map(|drawn| drawn.line.configurations.iter().zip(&drawn.points));
    let intervals = pairs
        .filter(|(configuration, _)| configuration.id != workload.reference)
        .filter_map(|(_, point)| point.value.as_ref());
    let measure = if workload.measure == Measure::EndToEnd { ", end to end" } else { "" };
    let quick = if results.run.quick { ". Quick run" } else { "" };
    format!(
        "Speedup over {}{measure}{}; {}{quick}. {}",
        reference(results, workload),
        words::what_beside_measure(results, workload),
        words::trials_and_interval(intervals),
        words::unbroken("Higher is better")
    )
}

fn notes(results: &Results, workload: &Workload, verdict: Option<&WorkloadVerdict>, all: &[Drawn]) -> Vec<String> {
    let configurations = || workload.configurations.iter().copied();
    let mut notes: Vec<String> = finding::suppressed(verdict).into_iter().collect();
    let hero = speedup_plot::hero(results, verdict, all);
    notes.extend(fits::shown(results, workload, all, hero).map(fits::note));
    notes.extend(words::trouble(results, configurations(), 2));
    if all.len() > MOST_BANDS {
        notes.push("Intervals are in the table: so many bands would hide each other".to_owned());
    }
    if notes.is_empty() {
        notes.push("Medians of the ratios within rounds".to_owned());
    }
    notes
}
