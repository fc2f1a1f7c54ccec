//! Which is fastest? The time of every configuration, with its interval, as bars or dots.

use super::finding::{self, decided, verdict_of};
use super::frame::Frame;
use super::lines::{is_plural, shade_of};
use super::theme::Hue;
use super::time_row::Row;
use super::time_rows::{Layout, Section, is_wide};
use super::words::{self, capital, estimate};
use super::{Chart, pick_title, view};
use crate::results::{Configuration, ConfigurationEstimate, Interval, LOCK_MODEL, Results, Workload};
use crate::setting::{ChartKind, Measure};
use crate::text::show_seconds;
use crate::verdict::rounded_seconds;

/// More rows than this in one picture are not read: workloads get pictures of their own, and a larger workload none.
const MOST_ROWS_TOGETHER: usize = 40;
const MOST_ROWS: usize = 64;

/// One chart with the workloads as sections while that stays readable, else one per workload.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let workloads: Vec<&Workload> = results.workloads.iter().collect();
    let rows: usize = workloads.iter().map(|workload| workload.configurations.len()).sum();
    if workloads.len() == 1 || (rows <= MOST_ROWS_TOGETHER && !workloads.is_empty()) {
        return vec![chart(results, &workloads, base.to_owned())];
    }
    let labels: Vec<String> = workloads.iter().map(|workload| workload.label.clone()).collect();
    let stems = words::stems(base, &labels);
    workloads.iter().zip(stems).map(|(workload, stem)| chart(results, &[workload], stem)).collect()
}

/// Whether times are per item: where the configurations of a chart have counts of their own, whole times would not compare.
fn is_per_item(results: &Results, workloads: &[&Workload]) -> bool {
    let configurations = workloads
        .iter()
        .flat_map(|workload| &workload.configurations)
        .filter_map(|configuration| results.configurations.get(*configuration));
    let mut counts: Vec<u64> = configurations.map(|configuration| configuration.items).collect();
    counts.dedup();
    counts.len() > 1 || workloads.iter().any(|workload| workload.per_item)
}

fn chart(results: &Results, workloads: &[&Workload], stem: String) -> Chart {
    let per_item = is_per_item(results, workloads);
    let mut sections: Vec<Section> = workloads.iter().map(|workload| section(results, workload, per_item)).collect();
    if common(workloads).is_some() {
        sections.iter_mut().for_each(|section| section.sub.clear());
    }
    let what = if workloads.len() == 1 { workloads[0].label.clone() } else { format!("{} workloads", workloads.len()) };
    let refused = |why: String| {
        Chart::refused(ChartKind::Time, stem.clone(), format!("Time of every configuration, {what}"), why)
    };
    let rows: usize = sections.iter().map(|section| section.rows.len()).sum();
    if rows > MOST_ROWS {
        return refused(format!(
            "{rows} rows are too many for one picture; an entry of `charts:` with `group:` or `where:` makes smaller ones"
        ));
    }
    if !sections.iter().flat_map(|section| &section.rows).any(|row| row.value.is_some()) {
        let configurations = workloads.iter().flat_map(|workload| workload.configurations.iter().copied());
        let trouble = words::trouble(results, configurations, 2).map_or(String::new(), |notes| format!(" ({notes})"));
        return refused(format!("no trial succeeded{trouble}"));
    }
    let title = match workloads {
        [one] => title_of_one(results, one),
        several => title_of_several(results, several),
    };
    let subtitle = subtitle(results, workloads, &sections);
    let (title, subtitle) = view::headline(results, title, subtitle);
    let sheet = Frame::new(results, workloads, &title, &subtitle, &notes(results, workloads, &sections));
    let numbers: Vec<String> = sections.iter().map(|section| section_in_words(section, sections.len() > 1)).collect();
    let alt = format!("{title}. {subtitle}. {}.", numbers.join(". "));
    let picture = Layout::new(&sheet, &sections).draw(results, &stem, &alt);
    Chart { kind: ChartKind::Time, stem, title, subtitle, alt, picture: picture.map_err(|error| error.to_string()) }
}

/// The work of all workloads, where that is one and the heads do not say it.
fn common<'a>(workloads: &[&'a Workload]) -> Option<&'a str> {
    let first = workloads.first()?;
    let alike = workloads.iter().all(|workload| workload.describe == first.describe && !workload.is_lock_model());
    (workloads.len() > 1 && alike && !first.describe.is_empty()).then_some(first.describe.as_str())
}

fn section_in_words(section: &Section, named: bool) -> String {
    let numbers = section.rows.iter().map(|row| match row.value {
        Some(value) => format!("{} {}", row.label, show_seconds(value.median)),
        None => format!("{} {}", row.label, row.note),
    });
    let numbers = numbers.collect::<Vec<_>>().join("; ");
    if named { format!("{}: {numbers}", section.head) } else { numbers }
}

fn section(results: &Results, workload: &Workload, per_item: bool) -> Section {
    let verdict = verdict_of(results, workload);
    let telling = verdict.filter(|verdict| decided(results, Some(verdict)));
    let winners = telling.filter(|_| workload.configurations.len() > 1).map_or(&[][..], |verdict| &verdict.winners);
    let configurations =
        workload.configurations.iter().filter_map(|configuration| results.configurations.get(*configuration));
    let rows = configurations
        .map(|configuration| row(results, workload, configuration, per_item, winners.contains(&configuration.id)))
        .collect();
    let sub = if workload.describe == workload.label { String::new() } else { workload.describe.clone() };
    let sub = match (workload.is_lock_model(), sub.is_empty()) {
        (false, _) => sub,
        (true, true) => capital(LOCK_MODEL),
        (true, false) => format!("{sub}; {LOCK_MODEL}"),
    };
    Section { head: capital(&workload.label), sub, rows }
}

fn row(results: &Results, workload: &Workload, configuration: &Configuration, per_item: bool, first: bool) -> Row {
    let estimate = estimate(results, configuration.id);
    let value = estimate.and_then(|estimate| time_of(per_item, estimate));
    let note = match estimate.map(|estimate| estimate.note.clone()).unwrap_or_default() {
        note if note.is_empty() && value.is_none() => "no trial was run".to_owned(),
        note => note,
    };
    let phases = estimate
        .and_then(|estimate| estimate.phases)
        .filter(|_| workload.measure == Measure::EndToEnd)
        .and_then(shares);
    let (hue, shade) = (Hue::of_model(configuration.config.model), shade_of(configuration.config.ipc));
    Row { label: configuration.label.clone(), value, phases, note, hue, shade, first }
}

/// The time that is compared.
fn time_of(per_item: bool, estimate: &ConfigurationEstimate) -> Option<Interval> {
    let time = if per_item { estimate.per_item } else { estimate.time };
    time.and_then(words::drawable)
}

fn shares(phases: [f64; 3]) -> Option<[f64; 3]> {
    let sum: f64 = phases.iter().sum();
    (sum > 0.0).then(|| phases.map(|phase| phase / sum))
}

fn subtitle(results: &Results, workloads: &[&Workload], sections: &[Section]) -> String {
    let all = |measure: Measure| workloads.iter().all(|workload| workload.measure == measure);
    let measured = if all(Measure::Work) {
        "Time of the work phase"
    } else if all(Measure::EndToEnd) {
        "Time end to end"
    } else {
        "Time, of the work phase or end to end"
    };
    let per_item = if is_per_item(results, workloads) { " per item" } else { "" };
    let what = match workloads {
        [one] => words::what_beside_measure(results, one),
        several => common(several).map_or(String::new(), |work| format!(": {work}")),
    };
    let axis = if is_wide(sections) { ", logarithmic axis" } else { "" };
    let values = sections.iter().flat_map(|section| &section.rows).filter_map(|row| row.value.as_ref());
    let quick = if results.run.quick { ". Quick run" } else { "" };
    format!(
        "{measured}{per_item}{what}; {}{axis}{quick}. {}",
        words::trials_and_interval(values),
        words::unbroken("Shorter is better")
    )
}

fn notes(results: &Results, workloads: &[&Workload], sections: &[Section]) -> Vec<String> {
    let mut notes = Vec::new();
    let firsts: Vec<usize> =
        sections.iter().map(|section| section.rows.iter().filter(|row| row.first).count()).collect();
    if firsts.iter().any(|count| *count > 1) {
        notes.push("Bold: the pick, and what is as good".to_owned());
    } else if firsts.contains(&1) {
        notes.push("Bold: the pick".to_owned());
    }
    if !is_wide(sections) && sections.iter().flat_map(|section| &section.rows).any(|row| row.phases.is_some()) {
        notes.push("Shades from the left: start, work, join".to_owned());
    }
    let mut reasons: Vec<String> =
        workloads.iter().filter_map(|workload| finding::suppressed(verdict_of(results, workload))).collect();
    reasons.dedup();
    match reasons.as_slice() {
        [] => {}
        [one] => notes.push(one.clone()),
        several => notes.push(format!("No pick in {} workloads", several.len())),
    }
    if workloads.iter().any(|workload| workload.is_lock_model()) {
        notes.push("No pick from the GIL emulation".to_owned());
    }
    notes
}

fn be(label: &str) -> &'static str {
    if is_plural(label) { "are" } else { "is" }
}

/// The finding of one workload.
fn title_of_one(results: &Results, workload: &Workload) -> String {
    let verdict = verdict_of(results, workload);
    let label = |configuration: usize| {
        results.configurations.get(configuration).map_or(String::new(), |configuration| configuration.label.clone())
    };
    let seconds = |configuration: usize| {
        estimate(results, configuration)
            .and_then(|estimate| time_of(workload.per_item, estimate))
            .map(|time| time.median)
    };
    let per_item = if workload.per_item { " per item" } else { "" };
    let shown = |value: f64| format!("{}{per_item}", show_seconds(value));
    let timed = workload
        .configurations
        .iter()
        .copied()
        .filter_map(|configuration| Some((configuration, seconds(configuration)?)));
    let Some((fastest, time)) = timed.min_by(|a, b| a.1.total_cmp(&b.1)) else {
        return "No configuration has a time".to_owned();
    };
    if workload.configurations.len() == 1 {
        let take = if is_plural(&label(fastest)) { "take" } else { "takes" };
        return capital(&format!("{} {take} {}", label(fastest), shown(time)));
    }
    let suffix = finding::suffix(results, verdict);
    let Some(verdict) = verdict.filter(|_| decided(results, verdict)) else {
        return capital(&format!("{} has the lowest median time, {}{suffix}", label(fastest), shown(time)));
    };
    if let Some(title) = pick_title::of_one(results, workload) {
        return title;
    }
    // A part of a workload may have no pick of its own, and somebody who beats all others in it.
    let others = || workload.configurations.iter().copied().filter(|configuration| seconds(*configuration).is_some());
    let first = verdict.ranking.iter().copied().find(|configuration| seconds(*configuration).is_some());
    match first.filter(|one| !workload.is_lock_model() && finding::beats_all(verdict, *one, others())) {
        Some(one) => {
            let time = estimate(results, one).and_then(|estimate| time_of(workload.per_item, estimate));
            let time = time.map_or(String::new(), |time| format!(": {}{per_item}", rounded_seconds(&time)));
            capital(&format!("{} {} fastest{time}", label(one), be(&label(one))))
        }
        None => capital(&format!("{} has the lowest median time, {}", label(fastest), shown(time))),
    }
}

/// The finding of several workloads: the contrast between them, or else what the scenario is about.
fn title_of_several(results: &Results, workloads: &[&Workload]) -> String {
    // Of one configuration nobody is first.
    let timed =
        |configuration: &&usize| estimate(results, **configuration).is_some_and(|estimate| estimate.time.is_some());
    let compared: Vec<&Workload> =
        workloads.iter().copied().filter(|workload| workload.configurations.iter().filter(timed).count() > 1).collect();
    if let Some(title) = pick_title::of_several(results, &compared).filter(|_| !compared.is_empty()) {
        return title;
    }
    let told = |workload: &&Workload| decided(results, verdict_of(results, workload));
    let undecided = compared.iter().find(|workload| !told(workload)).or(workloads.first());
    let suffix = match compared.iter().any(told) {
        true => "",
        false => finding::suffix(results, undecided.and_then(|workload| verdict_of(results, workload))),
    };
    format!("{}{suffix}", capital(&results.scenario.title))
}
