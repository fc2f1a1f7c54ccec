//! What cells, groups and axes are called: all that tells them apart, and no more.

use super::{Axis, Cell, Group, Items};
use crate::ipc::Dispatch;
use crate::model::{Measure, Model, Placement, Setup};
use crate::name::show_count;
use crate::scenario::{show_value, word_of};
use crate::task::{SettingKind, Tasks, Value};

/// Labels the cells of a group: model, workers, method, and further settings where they vary within the group.
pub(super) fn label_cells(group: &Group, cells: &mut [Cell]) {
    let setups: Vec<Setup> = group.cells.iter().map(|id| cells[*id].setup.clone()).collect();
    for (id, setup) in group.cells.iter().zip(&setups) {
        cells[*id].label = cell_label(setup, &setups);
    }
}

fn varies<T: PartialEq>(setups: &[Setup], field: impl Fn(&Setup) -> Option<T>) -> bool {
    let mut values = setups.iter().filter_map(field);
    let Some(first) = values.next() else { return false };
    values.any(|value| value != first)
}

fn cell_label(setup: &Setup, setups: &[Setup]) -> String {
    let word = setup.model.entry().word;
    let mut parts = vec![match setup.workers {
        Some(workers) if setup.model != Model::Serial => format!("{word} × {workers}"),
        _ => word.to_owned(),
    }];
    parts.extend(setup.ipc.map(|method| method.shown().to_owned()));
    if varies(setups, |s| s.dispatch) {
        parts.extend(setup.dispatch.map(|dispatch| word_of(dispatch).to_owned()));
    } else if setup.dispatch == Some(Dispatch::Table) {
        parts.push("table".into());
    }
    if varies(setups, |s| s.chunk) {
        parts.extend(setup.chunk.map(|chunk| format!("chunk {}", show_count(chunk.into()))));
    }
    if varies(setups, |s| s.in_flight) {
        parts.extend(setup.in_flight.map(|count| format!("{count} in flight")));
    }
    if varies(setups, |s| s.wait) {
        parts.extend(setup.wait.map(|wait| word_of(wait).to_owned()));
    }
    if varies(setups, |s| s.placement) {
        parts.extend(setup.placement.map(|placement| placement_words(placement).to_owned()));
    }
    parts.join(", ")
}

fn placement_words(placement: Placement) -> &'static str {
    match placement {
        Placement::Free => "any core",
        Placement::Same => "same core",
        Placement::Cross => "across cores",
    }
}

/// Labels of groups, unique in the file: the task, and what differs between its groups.
pub(super) fn group_labels(groups: &[Group], tasks: &Tasks) -> Vec<String> {
    groups.iter().map(|group| group_label(group, groups, tasks)).collect()
}

fn group_label(group: &Group, groups: &[Group], tasks: &Tasks) -> String {
    let same: Vec<&Group> = groups.iter().filter(|other| other.task == group.task).collect();
    let mut parts = vec![group.task.clone()];
    for (name, value) in group.settings.iter() {
        if same.iter().any(|other| other.settings.get(name) != Some(value)) {
            parts.push(setting_words(tasks, &group.task, name, value));
        }
    }
    if same.iter().any(|other| other.items != group.items) {
        parts.push(match group.items {
            Items::Auto => "items chosen".into(),
            Items::Fixed(items) => format!("{} items", show_count(items)),
        });
    }
    if groups.iter().any(|other| other.runtime != group.runtime) {
        parts.push(word_of(group.runtime).to_owned());
    }
    if groups.iter().any(|other| other.measure != group.measure) {
        parts.push(measure_words(group.measure).to_owned());
    }
    parts.join(", ")
}

fn measure_words(measure: Measure) -> &'static str {
    match measure {
        Measure::Work => "work",
        Measure::EndToEnd => "end to end",
    }
}

fn kind_of(tasks: &Tasks, task: &str, setting: &str) -> SettingKind {
    let found = tasks.get(task).and_then(|task| task.settings().iter().find(|known| known.name == setting));
    found.map_or(SettingKind::Share, |setting| setting.kind)
}

/// `payload 64 B`, `fsync`, `no fsync`.
fn setting_words(tasks: &Tasks, task: &str, name: &str, value: &Value) -> String {
    let words = name.replace('_', " ");
    match value {
        Value::Bool(true) => words,
        Value::Bool(false) => format!("no {words}"),
        _ => format!("{words} {}", show_value(kind_of(tasks, task, name), value)),
    }
}

/// The axes: every key with more than one value among the cells.
pub(super) fn axes(groups: &[Group], cells: &[Cell], tasks: &Tasks) -> Vec<Axis> {
    let mut axes: Vec<Axis> = Vec::new();
    let mut add = |key: &str, value: String| match axes.iter_mut().find(|axis| axis.key == key) {
        Some(axis) if axis.values.contains(&value) => {}
        Some(axis) => axis.values.push(value),
        None => axes.push(Axis { key: key.to_owned(), values: vec![value] }),
    };
    for group in groups {
        add("task", group.task.clone());
        for (name, value) in group.settings.iter() {
            add(name, show_value(kind_of(tasks, &group.task, name), value));
        }
        add("measure", measure_words(group.measure).to_owned());
        add("runtime", word_of(group.runtime).to_owned());
        for cell in group.cells.iter().map(|id| &cells[*id]) {
            let setup = &cell.setup;
            add("model", setup.model.entry().word.to_owned());
            let facts = [
                ("workers", setup.workers.map(|n| n.to_string())),
                ("ipc", setup.ipc.map(|method| method.word().to_owned())),
                ("dispatch", setup.dispatch.map(|dispatch| word_of(dispatch).to_owned())),
                ("chunk", setup.chunk.map(|n| n.to_string())),
                ("in_flight", setup.in_flight.map(|n| n.to_string())),
                ("wait", setup.wait.map(|wait| word_of(wait).to_owned())),
                ("placement", setup.placement.map(|placement| word_of(placement).to_owned())),
            ];
            facts.into_iter().for_each(|(key, value)| value.into_iter().for_each(|value| add(key, value)));
        }
    }
    axes.retain(|axis| axis.values.len() > 1);
    axes
}

/// A cell in words, before it has a label: `processes × 2, pipe`.
pub(super) fn describe_facts(facts: &[(String, Value)]) -> String {
    let find = |key: &str| {
        facts.iter().find(|(known, _)| known == key).map(|(_, value)| match value {
            Value::Word(word) => word.clone(),
            Value::Whole(count) => count.to_string(),
            Value::Real(share) => share.to_string(),
            Value::Bool(flag) => flag.to_string(),
        })
    };
    let model = find("model").unwrap_or_default();
    let workers = find("workers").map_or(String::new(), |workers| format!(" × {workers}"));
    let method = find("ipc").map_or(String::new(), |method| format!(", {method}"));
    format!("`{model}{workers}{method}`")
}
