//! Where did the speed-up go? Of every configuration with a split, the ideal in parts: what was measured, and what was lost to what.

use super::breakdown_plot::{Layout, Row};
use super::frame::Frame;
use super::lines::shade_of;
use super::theme::Hue;
use super::words::{self, capital, estimate, times_short};
use super::{Chart, view};
use crate::results::{Breakdown, Loss, Results, Workload};
use crate::setting::ChartKind;

/// More rows than this in one picture are not read.
const MOST_ROWS: usize = 40;

/// A part below this share of the ideal is no finding.
const HARDLY: f64 = 0.05;

/// One chart per workload that has a split, or one line that says why there is none.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let known: Vec<(&Workload, Vec<Row>)> = results
        .workloads
        .iter()
        .map(|workload| (workload, rows(results, workload)))
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    if known.is_empty() {
        let title = "Speedup breakdown".to_owned();
        return vec![Chart::refused(ChartKind::Breakdown, base.to_owned(), title, why_not(results))];
    }
    let labels: Vec<String> = known.iter().map(|(workload, _)| workload.label.clone()).collect();
    let stems = words::stems(base, &labels);
    known.iter().zip(stems).map(|((workload, rows), stem)| chart(results, workload, rows, stem)).collect()
}

/// Why no configuration has a split.
fn why_not(results: &Results) -> String {
    let workers = |configuration: usize| {
        results.configurations.get(configuration).and_then(|configuration| configuration.config.workers).unwrap_or(1)
    };
    if results.run.quick {
        return "a quick run has no profiling trials, which show where time went".to_owned();
    }
    if results.configurations.iter().all(|configuration| configuration.config.workers.unwrap_or(1) < 2) {
        return "no configuration has two workers or more".to_owned();
    }
    if results.workloads.iter().all(|workload| workers(workload.reference) > 1) {
        return "no workload has a configuration with one worker to refer to".to_owned();
    }
    if results.trials.iter().all(|trial| trial.details.spent.is_none()) {
        return "these results have no profiling trials that show where time went".to_owned();
    }
    let wide = |configuration: &usize| workers(*configuration) > 1;
    if !results.workloads.iter().flat_map(|workload| &workload.configurations).any(wide) {
        return "no configuration that is shown has two workers or more".to_owned();
    }
    let shown = results
        .workloads
        .iter()
        .flat_map(|workload| &workload.configurations)
        .filter_map(|configuration| estimate(results, *configuration));
    if shown.filter_map(|estimate| estimate.breakdown.as_ref()).any(Breakdown::useless) {
        return "profiling made all configurations take over twice as long, so the breakdown means nothing".to_owned();
    }
    "no configuration with two or more workers has both a speedup and a successful profiling trial".to_owned()
}

fn rows(results: &Results, workload: &Workload) -> Vec<Row> {
    let configurations =
        workload.configurations.iter().filter_map(|configuration| results.configurations.get(*configuration));
    let row = |configuration: &crate::results::Configuration| {
        let breakdown = estimate(results, configuration.id)?.breakdown.clone().filter(drawable)?;
        let (hue, shade) = (Hue::of_model(configuration.config.model), shade_of(configuration.config.ipc));
        // Only where nobody else was seen at work is it our own workers alone that stand in each other's way.
        let crowded = configuration.oversubscribed && results.derived.noise.noisy == 0;
        Some(Row { label: configuration.label.clone(), crowded, breakdown, hue, shade })
    };
    configurations.filter_map(row).collect()
}

/// Whether an axis from zero can show the split, and one worker is not all there is.
fn drawable(breakdown: &Breakdown) -> bool {
    let within = |value: f64| value.is_finite() && value.abs() < 1e6;
    breakdown.workers > 1
        && !breakdown.useless()
        && breakdown.measured > 0.0
        && within(breakdown.measured)
        && breakdown.parts.iter().all(|(_, part)| within(*part))
}

fn chart(results: &Results, workload: &Workload, rows: &[Row], stem: String) -> Chart {
    let title = title(results, rows);
    if rows.len() > MOST_ROWS {
        let why = format!(
            "{} rows are too many for one picture; an entry of `charts:` with `group:` or `where:` makes smaller ones",
            rows.len()
        );
        return Chart::refused(ChartKind::Breakdown, stem, title, why);
    }
    let subtitle = subtitle(results, workload, rows);
    let (title, subtitle) = view::headline(results, title, subtitle);
    let sheet = Frame::new(results, &[workload], &title, &subtitle, &notes(results, workload, rows));
    let numbers: Vec<String> = rows.iter().map(Row::in_words).collect();
    let alt = format!("{title}. {subtitle}. {}.", numbers.join("; "));
    let picture = Layout::new(&sheet, rows).draw(results, &stem, &alt);
    Chart {
        kind: ChartKind::Breakdown,
        stem,
        title,
        subtitle,
        alt,
        picture: picture.map_err(|error| error.to_string()),
    }
}

/// The largest part that any configuration lost.
fn title(results: &Results, rows: &[Row]) -> String {
    let quick = if results.run.quick { " (quick run)" } else { "" };
    let all = rows.iter().flat_map(|row| row.breakdown.parts.iter().map(move |(loss, part)| (row, *loss, *part)));
    // No part costs more than what is missing in all: the rest of it was made good elsewhere, or is the clocks'.
    let cost = |(row, _, part): &(&Row, Loss, f64)| part.min(f64::from(row.breakdown.workers) - row.breakdown.measured);
    let Some(most) = all.rev().max_by(|a, b| cost(a).total_cmp(&cost(b))) else {
        return "Nothing was lost".to_owned();
    };
    let ((row, loss, _), part) = (most, cost(&most));
    let ideal = f64::from(row.breakdown.workers);
    if part < HARDLY * ideal {
        let (label, measured) = (&row.label, times_short(row.breakdown.measured));
        return capital(&format!(
            "almost no speedup is lost: {label} at {measured} of {}{quick}",
            row.breakdown.workers
        ));
    }
    let (what, plural) = match loss {
        Loss::Start => ("starting and joining workers", false),
        Loss::Dispatch => ("dispatch and serialization", true),
        Loss::Waiting => ("idle time", false),
        Loss::Lock => ("waiting for the GIL", false),
        Loss::Oversubscription if row.crowded => ("oversubscription", false),
        Loss::Oversubscription => ("CPU contention (oversubscription or other load)", false),
        Loss::Unexplained => ("unattributed slowdown", false),
    };
    let s = if plural { "" } else { "s" };
    let rough = if row.breakdown.rough() { ", approximately" } else { "" };
    let (label, workers) = (&row.label, row.breakdown.workers);
    capital(&if rows.len() > 1 {
        format!("{what} cost{s} {label} the most: {part:.1} of {workers}{rough}{quick}")
    } else {
        format!("{what} take{s} {part:.1} of {workers} from {label}{rough}{quick}")
    })
}

fn subtitle(results: &Results, workload: &Workload, rows: &[Row]) -> String {
    let reference = results.configurations.get(workload.reference);
    let several = workload
        .configurations
        .iter()
        .any(|id| reference.is_some_and(|reference| results.configurations[*id].variant != reference.variant));
    // Each variant is split against its own.
    let reference = match reference {
        Some(reference) if several => format!("{} of the same variant", reference.config.head()),
        Some(reference) => reference.label.clone(),
        None => String::new(),
    };
    let speedups = workload
        .configurations
        .iter()
        .filter_map(|configuration| estimate(results, *configuration))
        .filter(|e| e.breakdown.is_some());
    let speedups: Vec<_> = speedups.filter_map(|estimate| estimate.speedup.as_ref()).collect();
    let n = speedups.iter().map(|speedup| speedup.n).max().unwrap_or(0);
    let split = rows.iter().map(|row| row.breakdown.trials).max().unwrap_or(0);
    let trials = if split == 1 { "1 profiling trial".to_owned() } else { format!("{split} profiling trials") };
    format!(
        "Speedup over {reference}{}; median of {n} trials, with the gap to one per worker from {trials}. {}",
        words::what(results, workload),
        words::unbroken("Higher is better")
    )
}

fn notes(results: &Results, workload: &Workload, rows: &[Row]) -> Vec<String> {
    let mut notes = vec!["First segment: measured. Tick: ideal".to_owned()];
    if rows.iter().any(|row| row.gain() > 0.0) {
        notes.push("Dashes: items ran faster than in the reference, by this much".to_owned());
    }
    if let Some(rough) = rows
        .iter()
        .filter(|row| row.breakdown.slowed())
        .max_by(|a, b| a.breakdown.inflation.total_cmp(&b.breakdown.inflation))
    {
        notes.push(format!(
            "Approximate: profiling made {} take {:.1} times as long",
            rough.label, rough.breakdown.inflation
        ));
    }
    let apart: Vec<&Row> = rows.iter().filter(|row| !row.breakdown.slowed() && row.breakdown.disagrees()).collect();
    match apart.as_slice() {
        [] => {}
        [one] => notes.push(format!("Approximate: the profiling trials of {} disagree with the timed ones", one.label)),
        many => {
            notes.push(format!(
                "Approximate: the profiling trials of {} configurations disagree with the timed ones",
                many.len()
            ));
        }
    }
    let wide = |configuration: &&usize| {
        results
            .configurations
            .get(**configuration)
            .is_some_and(|configuration| configuration.config.workers.unwrap_or(1) > 1)
    };
    let missing = workload.configurations.iter().filter(wide).count().saturating_sub(rows.len());
    if missing > 0 {
        notes.push(format!("{missing} without a usable breakdown are not shown"));
    }
    notes
}
