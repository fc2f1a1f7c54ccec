//! How bad is the tail? Of every configuration the share of its items by their time, on one logarithmic axis.

use super::frame::Frame;
use super::lines::shade_of;
use super::service_plot::{Layout, Row};
use super::theme::Hue;
use super::words::{self, capital, times_short};
use super::{Chart, view};
use crate::results::{Configuration, Kind, Latency, Quantiles, Results, Workload};
use crate::setting::{ChartKind, Key};
use crate::text::{plural, show_count, show_seconds};

/// More rows than these in one picture are not read; then every configuration has its row of most workers alone, as long as those fit.
const MOST_ROWS: usize = 12;
/// A tail is told of from this many times the median on.
const TAIL: f64 = 1.5;

/// One chart per workload whose items were clocked, or one line that says why there is none.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let clocked = |workload: &&Workload| {
        workload.configurations.iter().any(|configuration| latency(results, *configuration).is_some())
    };
    let workloads: Vec<&Workload> = results.workloads.iter().filter(clocked).collect();
    if workloads.is_empty() {
        let title = "Times of single items".to_owned();
        return vec![Chart::refused(ChartKind::Service, base.to_owned(), title, why_not(results).to_owned())];
    }
    let labels: Vec<String> = workloads.iter().map(|workload| workload.label.clone()).collect();
    let stems = words::stems(base, &labels);
    workloads.into_iter().zip(stems).map(|(workload, stem)| chart(results, workload, stem)).collect()
}

fn why_not(results: &Results) -> &'static str {
    if results.run.quick {
        "a quick run has no profiling trials, which time single items"
    } else if results.run.baseline.is_some() {
        "two builds are compared by timed trials alone, and only profiling trials time single items"
    } else if !results.workloads.is_empty() && results.workloads.iter().all(|workload| workload.rate.is_some()) {
        "with a rate there are no profiling trials, which time single items; see the chart `latency`"
    } else if !results.trials.iter().any(|trial| trial.kind == Kind::Profiling) {
        "no profiling trial, which times single items, was run"
    } else {
        "no profiling trial, which times single items, succeeded"
    }
}

/// The items of a configuration, where there are any.
fn latency(results: &Results, configuration: usize) -> Option<&Latency> {
    let sound = |times: &Quantiles| times.count > 0 && !times.histogram.is_empty();
    results.latencies.iter().find(|latency| latency.configuration == configuration && sound(&latency.service))
}

fn chart(results: &Results, workload: &Workload, stem: String) -> Chart {
    let all: Vec<(&Configuration, &Latency)> = workload
        .configurations
        .iter()
        .filter_map(|configuration| {
            Some((results.configurations.get(*configuration)?, latency(results, *configuration)?))
        })
        .collect();
    let shown = if all.len() > MOST_ROWS { most_workers(&all) } else { all.clone() };
    if shown.len() > MOST_ROWS {
        let why = format!("{} rows are too many for one picture; `where` chooses among them", shown.len());
        let title = format!("Times of single items, {}", workload.label);
        return Chart::refused(ChartKind::Service, stem, title, why);
    }
    let rows: Vec<Row> = shown.iter().map(|(configuration, latency)| row(configuration, latency)).collect();
    let (title, subtitle) = view::headline(results, title(&rows), subtitle(results, workload, &shown));
    let sheet = Frame::new(results, &[workload], &title, &subtitle, &notes(&rows, all.len()));
    let numbers: Vec<String> = rows.iter().map(Row::in_words).collect();
    let alt = format!("{title}. {subtitle}. {}.", numbers.join("; "));
    let picture = Layout::new(&sheet, &rows).draw(results, &stem, &alt);
    Chart { kind: ChartKind::Service, stem, title, subtitle, alt, picture: picture.map_err(|error| error.to_string()) }
}

/// Of configurations that differ in nothing but their workers the one with the most.
fn most_workers<'a>(all: &[(&'a Configuration, &'a Latency)]) -> Vec<(&'a Configuration, &'a Latency)> {
    let mut chosen: Vec<(&Configuration, &Latency)> = Vec::new();
    let plain = |configuration: &Configuration| Configuration {
        id: 0,
        label: String::new(),
        config: configuration.config.without(&[Key::Workers]),
        items: 0,
        checked: false,
        oversubscribed: false,
        ..configuration.clone()
    };
    for (configuration, latency) in all {
        match chosen.iter_mut().find(|(known, _)| plain(known) == plain(configuration)) {
            Some(known) if known.0.config.workers < configuration.config.workers => *known = (configuration, latency),
            Some(_) => {}
            None => chosen.push((configuration, latency)),
        }
    }
    chosen
}

fn row(configuration: &Configuration, latency: &Latency) -> Row {
    let (hue, shade) = (Hue::of_model(configuration.config.model), shade_of(configuration.config.ipc));
    Row::new(configuration.label.clone(), &latency.service, &latency.response, (hue, shade))
}

/// The longest tail, as a multiple of its median. It is a description of the items that were clocked, no verdict.
fn title(rows: &[Row]) -> String {
    let tail = |row: &Row| {
        let (share, slow) = row.service.highest()?;
        let median = row.service.p50.filter(|median| *median > 0.0)?;
        Some((share, slow, slow / median))
    };
    let tails = rows.iter().filter_map(|row| Some((row, tail(row)?)));
    let Some((row, (share, slow, factor))) = tails.max_by(|a, b| a.1.2.total_cmp(&b.1.2)) else {
        let most = rows.iter().map(|row| row.service.count).max().unwrap_or(0);
        return format!("{} at most: too few for a tail", plural(most, "item"));
    };
    let share_words = if share > 0.98 { "1%" } else { "5%" };
    if factor < TAIL {
        let who = if rows.len() == 1 { row.label.clone() } else { "any configuration".to_owned() };
        let within = if share > 0.98 { "99%" } else { "95%" };
        // The slowest of all rows: with any configuration it took no longer than this.
        let most = rows.iter().filter_map(|row| Some(row.service.max / row.service.p50?)).fold(1.0, f64::max);
        return format!(
            "With {who}, {within} of the items take up to {} the median, and the slowest {}",
            round(factor),
            round(most)
        );
    }
    capital(&format!(
        "with {}, the slowest {share_words} of items take {} or more, {} the median",
        row.label,
        show_seconds(slow),
        round(factor)
    ))
}

fn round(factor: f64) -> String {
    if factor < 1000.0 { times_short(factor) } else { "over 1000×".to_owned() }
}

fn subtitle(results: &Results, workload: &Workload, shown: &[(&Configuration, &Latency)]) -> String {
    let trials = shown.iter().map(|(_, latency)| latency.trials);
    let (low, high) = trials.fold((u32::MAX, 0), |(low, high), count| (low.min(count), high.max(count)));
    let trials = match (low, high) {
        (1, 1) => "1 profiling trial of each".to_owned(),
        (low, high) if low >= high => format!("{high} profiling trials of each"),
        (low, high) => format!("{low} to {high} profiling trials of each"),
    };
    let items = shown.iter().map(|(_, latency)| latency.service.count);
    let (fewest, most) = items.fold((u64::MAX, 0), |(low, high), count| (low.min(count), high.max(count)));
    let items =
        if fewest >= most { plural_items(most) } else { format!("{} to {}", show_count(fewest), plural_items(most)) };
    format!(
        "Share of items by service time (received until replied){}; {items}, {trials}, no interval. {}",
        words::what(results, workload),
        words::unbroken("Further left and steeper is better")
    )
}

fn plural_items(count: u64) -> String {
    format!("{} {}", show_count(count), if count == 1 { "item" } else { "items" })
}

fn notes(rows: &[Row], of: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if rows.iter().any(Row::is_curve) {
        notes.push("Dashed, and below in numbers: response, dispatched until replied. Dots: p50, p95, p99".to_owned());
    }
    if rows.iter().any(|row| !row.is_curve()) {
        notes.push("Points: single items, of which there are fewer than 50".to_owned());
    }
    if rows.iter().any(|row| row.service.quantiles().iter().any(Option::is_none)) {
        notes.push("A percentile takes 10 items beyond it".to_owned());
    }
    if of > rows.len() {
        notes.push(format!("Only the configurations with the most workers, of {of}"));
    }
    notes
}
