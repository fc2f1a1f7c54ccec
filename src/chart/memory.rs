//! What does a worker cost? Private and shared memory of every configuration, stacked, with the summed RSS as a tick.

use super::frame::Frame;
use super::lines::shade_of;
use super::memory_plot::{Layout, Row, Section};
use super::memory_title::title;
use super::theme::Hue;
use super::words::{self, capital, estimate};
use super::{Chart, view};
use crate::results::{Configuration, LOCK_MODEL, Results, Workload};
use crate::setting::ChartKind;
use crate::text::show_bytes;

/// More rows than this in one picture are not read: workloads get pictures of their own, and a larger workload none.
const MOST_ROWS_TOGETHER: usize = 40;
const MOST_ROWS: usize = 64;

/// One chart with the workloads as sections while that stays readable, else one per workload.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let known = |workload: &&Workload| {
        workload.configurations.iter().any(|configuration| memory(results, *configuration).is_some())
    };
    let workloads: Vec<&Workload> = results.workloads.iter().filter(known).collect();
    if workloads.is_empty() {
        let title = "Memory of every configuration".to_owned();
        return vec![Chart::refused(ChartKind::Memory, base.to_owned(), title, why_not(results))];
    }
    let rows: usize = workloads.iter().map(|workload| workload.configurations.len()).sum();
    if workloads.len() == 1 || rows <= MOST_ROWS_TOGETHER {
        return vec![chart(results, &workloads, base.to_owned())];
    }
    let labels: Vec<String> = workloads.iter().map(|workload| workload.label.clone()).collect();
    let stems = words::stems(base, &labels);
    workloads.iter().zip(stems).map(|(workload, stem)| chart(results, &[workload], stem)).collect()
}

fn why_not(results: &Results) -> String {
    if results.run.quick {
        return "a quick run has no trials that read memory".to_owned();
    }
    let configurations = results.configurations.iter().map(|configuration| configuration.id);
    let trouble = words::trouble(results, configurations, 2).map_or(String::new(), |notes| format!(" ({notes})"));
    format!("no trial that read memory succeeded{trouble}")
}

/// What the processes of a configuration occupied, as far as a bar can show it.
fn memory(results: &Results, configuration: usize) -> Option<crate::results::MemoryEstimate> {
    let within = |value: f64| value.is_finite() && (0.0..1e15).contains(&value);
    estimate(results, configuration)?.memory.filter(|memory| {
        memory.pss > 0.0 && [memory.private, memory.shared, memory.pss, memory.rss].into_iter().all(within)
    })
}

fn chart(results: &Results, workloads: &[&Workload], stem: String) -> Chart {
    let sections: Vec<Section> = workloads.iter().map(|workload| section(results, workload)).collect();
    let title = title(results, workloads);
    let rows: usize = sections.iter().map(|section| section.rows.len()).sum();
    if rows > MOST_ROWS {
        let why = format!(
            "{rows} rows are too many for one picture; an entry of `charts:` with `group:` or `where:` makes smaller ones"
        );
        return Chart::refused(ChartKind::Memory, stem, title, why);
    }
    let subtitle = subtitle(results, workloads, &sections);
    let (title, subtitle) = view::headline(results, title, subtitle);
    let sheet = Frame::new(results, workloads, &title, &subtitle, &notes(&sections));
    let numbers: Vec<String> = sections
        .iter()
        .map(|section| {
            let rows: Vec<String> = section.rows.iter().map(Row::in_words).collect();
            if sections.len() > 1 { format!("{}: {}", section.head, rows.join("; ")) } else { rows.join("; ") }
        })
        .collect();
    let alt = format!("{title}. {subtitle}. {}.", numbers.join(". "));
    let picture = Layout::new(&sheet, &sections).draw(results, &stem, &alt);
    Chart { kind: ChartKind::Memory, stem, title, subtitle, alt, picture: picture.map_err(|error| error.to_string()) }
}

fn section(results: &Results, workload: &Workload) -> Section {
    let configurations: Vec<&Configuration> =
        workload.configurations.iter().filter_map(|configuration| results.configurations.get(*configuration)).collect();
    let common = held_by_all(&configurations);
    let rows = configurations.into_iter().map(|configuration| row(results, configuration, common)).collect();
    let sub = if workload.describe == workload.label { String::new() } else { workload.describe.clone() };
    let parent = common.map(|bytes| format!("the parent holds {}", show_bytes(bytes)));
    let parts = [Some(sub), parent, workload.is_lock_model().then(|| LOCK_MODEL.to_owned())];
    let sub: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    Section { head: capital(&workload.label), sub: sub.join("; "), rows }
}

fn row(results: &Results, configuration: &Configuration, common: Option<u64>) -> Row {
    let memory = memory(results, configuration.id);
    let note = match (&memory, estimate(results, configuration.id)) {
        (Some(_), _) => String::new(),
        (None, Some(estimate)) if !estimate.note.is_empty() => estimate.note.clone(),
        _ => "no trial read its memory".to_owned(),
    };
    let (hue, shade) = (Hue::of_model(configuration.config.model), shade_of(configuration.config.ipc));
    Row { label: label(configuration, common), memory, note, hue, shade }
}

/// The configuration's label, with what its parent held where neither it nor the head of its section says so.
fn label(configuration: &Configuration, common: Option<u64>) -> String {
    let Some(bytes) = configuration.config.parent_memory.filter(|bytes| *bytes > 0 && common.is_none()) else {
        return configuration.label.clone();
    };
    let (size, plain) = (show_bytes(bytes), |text: &str| text.replace('\u{a0}', " "));
    if plain(&configuration.label).contains(&plain(&size)) {
        return configuration.label.clone();
    }
    format!("{}, parent {size}", configuration.label)
}

/// What the parent held, where that is the same for all configurations of a workload.
fn held_by_all(configurations: &[&Configuration]) -> Option<u64> {
    let first = configurations.first()?.config.parent_memory.filter(|bytes| *bytes > 0)?;
    configurations.iter().all(|configuration| configuration.config.parent_memory == Some(first)).then_some(first)
}

fn subtitle(results: &Results, workloads: &[&Workload], sections: &[Section]) -> String {
    let what = if let [one] = workloads { words::what(results, one) } else { String::new() };
    let memories = sections.iter().flat_map(|section| &section.rows).filter_map(|row| row.memory);
    let (low, high) =
        memories.fold((u32::MAX, 0), |(low, high), memory| (low.min(memory.trials), high.max(memory.trials)));
    let trials = match (low, high) {
        (1, 1) => "one trial".to_owned(),
        (low, high) if low >= high => format!("median of {high} trials"),
        (low, high) => format!("median of {low} to {high} trials"),
    };
    format!(
        "PSS of all processes after the last reply (shared pages once, no kernel buffers){what}; {trials}. {}",
        words::unbroken("Shorter is better")
    )
}

fn notes(sections: &[Section]) -> Vec<String> {
    let rows = || sections.iter().flat_map(|section| &section.rows).filter_map(|row| row.memory);
    let mut notes = vec!["Full: private pages; pale: shared".to_owned()];
    if rows().any(|memory| memory.rss > memory.pss) {
        notes.push("Tick: summed RSS (shared pages in every process)".to_owned());
    }
    notes
}
