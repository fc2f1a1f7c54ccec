//! What cells, groups and axes are called: all that tells them apart, and no more.

use super::built::stage_facts;
use super::{Axis, Cell, Group, Items};
use crate::ipc::Dispatch;
use crate::model::{Api, Measure, Model, Placement, Setup, StageTask, StageWay};
use crate::runtime::Interpreter;
use crate::scenario::{NO_FAULT, word_of};
use crate::task::{Fault, SettingKind, Tasks, Value};
use crate::text::{show_bytes, show_count, show_seconds};

/// Labels the cells of a group: model, workers, method, and further settings where they vary within the group.
pub(super) fn label_cells(group: &Group, cells: &mut [Cell]) {
    let setups: Vec<Setup> = group.cells.iter().map(|id| cells[*id].setup.clone()).collect();
    for (id, setup) in group.cells.iter().zip(&setups) {
        cells[*id].label = match setup.stages.is_empty() {
            true => cell_label(setup, &setups),
            false => stages_label(group, setup, &setups),
        };
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
    parts.extend(setup.ipc_shown());
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
    parts.extend(further(setup, setups));
    parts.join(", ")
}

/// `hash × 2 | primes × 2, pipe | sleep × 4`, then the size of the queues where it varies.
fn stages_label(group: &Group, setup: &Setup, setups: &[Setup]) -> String {
    let stage = |(at, (work, way)): (usize, (&StageTask, &StageWay))| {
        let mut parts = vec![format!("{} × {}", work.task, way.workers)];
        parts.extend(way.ipc.map(|method| method.shown().to_owned()));
        if varies(setups, |s| s.stages.get(at).and_then(|stage| stage.in_flight)) {
            parts.extend(way.in_flight.map(|count| format!("{count} in flight")));
        }
        parts.join(", ")
    };
    let stages: Vec<String> = group.stages.iter().zip(&setup.stages).enumerate().map(stage).collect();
    let queue = setup.queue.filter(|_| varies(setups, |s| s.queue));
    stages.join(" | ") + &queue.map_or(String::new(), |queue| format!(", queue {}", show_count(queue.into())))
}

/// Settings that few scenarios give, where they vary; of Python's classes also which.
fn further(setup: &Setup, setups: &[Setup]) -> Vec<String> {
    let mut parts = Vec::new();
    if varies(setups, |s| s.start) {
        parts.extend(setup.start.map(|start| word_of(start).to_owned()));
    }
    if varies(setups, |s| s.api) {
        let plain = if setup.model == Model::Threads { "Thread" } else { "Process" };
        parts.extend(setup.api.map(|api| if api == Api::Process { plain.into() } else { word_of(api).to_owned() }));
    }
    let seconds = |nanos: u64| show_seconds(nanos as f64 / 1e9);
    if varies(setups, |s| s.switch_interval) {
        parts.extend(setup.switch_interval.map(|nanos| format!("switch interval {}", seconds(nanos))));
    }
    if varies(setups, |s| s.held_per_operation) {
        parts.extend(setup.held_per_operation.map(|nanos| format!("held {}", seconds(nanos))));
    }
    if varies(setups, |s| s.on_crash) {
        parts.extend(setup.on_crash.map(|answer| word_of(answer).to_owned()));
    }
    if varies(setups, |s| Some(s.parent_memory.unwrap_or(0))) {
        parts.push(format!("parent {}", show_bytes(setup.parent_memory.unwrap_or(0))));
    }
    if varies(setups, |s| s.parent_use) {
        parts.extend(setup.parent_use.map(|what| word_of(what).to_owned()));
    }
    parts
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
            let (task, own) = owner(group, name);
            match group.stages.is_empty() {
                true => parts.push(kind_of(tasks, task, own).show_named(own, value)),
                false => {
                    parts.push(format!("{} {}", stage_words(name), kind_of(tasks, task, own).show_named(own, value)))
                }
            }
        }
    }
    if same.iter().any(|other| other.items != group.items) {
        parts.push(match group.items {
            Items::Auto => "items chosen".into(),
            Items::Fixed(items) => format!("{} items", show_count(items)),
        });
    }
    if groups.iter().any(|other| (other.runtime, &other.interpreter) != (group.runtime, &group.interpreter)) {
        parts.push(runtime_words(group, groups));
    }
    if groups.iter().any(|other| other.rate != group.rate) {
        parts.push(group.rate.map_or("no rate".into(), |rate| format!("{}/s", show_count(u64::from(rate)))));
    }
    if groups.iter().any(|other| other.fault != group.fault) {
        parts.push(fault_words(group.fault));
    }
    if groups.iter().any(|other| other.measure != group.measure) {
        parts.push(measure_words(group.measure).to_owned());
    }
    parts.join(", ")
}

/// The task to which a setting of a group belongs, and how the task calls it: of a pipeline, those of a stage.
fn owner<'a>(group: &'a Group, name: &'a str) -> (&'a str, &'a str) {
    let staged = name.strip_prefix("stage").and_then(|rest| rest.split_once('_'));
    let stage = staged.and_then(|(at, own)| Some((group.stages.get(at.parse::<usize>().ok()?.checked_sub(1)?)?, own)));
    stage.map_or((&group.task, name), |(stage, own)| (&stage.task, own))
}

/// `stage 2` of `stage2_limit`.
fn stage_words(name: &str) -> String {
    name.split_once('_').map_or("", |(stage, _)| stage).replace("stage", "stage ")
}

/// What executes a group's items, told apart from all others: two programs of one version by their names.
fn runtime_words(group: &Group, groups: &[Group]) -> String {
    let Some(interpreter) = &group.interpreter else { return word_of(group.runtime).to_owned() };
    let label = interpreter.label();
    let others = groups.iter().filter_map(|other| other.interpreter.as_ref());
    let twins: Vec<&Interpreter> =
        others.filter(|other| other.label() == label && other.path != interpreter.path).collect();
    let name = interpreter.path.file_name().unwrap_or_default().to_string_lossy();
    let same_name = |twin: &&&Interpreter| twin.path.file_name() == interpreter.path.file_name();
    let namesakes: Vec<&&Interpreter> = twins.iter().filter(same_name).collect();
    match (twins.is_empty(), namesakes.is_empty()) {
        (true, _) => label,
        (false, true) => format!("{label} ({name})"),
        // No path goes into outputs, so their order has to do.
        (false, false) => {
            let before = namesakes.iter().filter(|twin| twin.path < interpreter.path).count();
            format!("{label} ({name}, {})", before + 1)
        }
    }
}

/// `kill in item 5`.
fn fault_words(fault: Option<Fault>) -> String {
    match fault {
        Some(Fault { kind, item }) => format!("{} in item {}", kind.word().replace('_', " "), show_count(item)),
        None => "no fault".into(),
    }
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
            let (task, own) = owner(group, name);
            add(name, kind_of(tasks, task, own).show(value));
        }
        add("measure", measure_words(group.measure).to_owned());
        add("runtime", word_of(group.runtime).to_owned());
        if let Some(interpreter) = &group.interpreter {
            add("python", interpreter.label());
        }
        if let Some(rate) = group.rate {
            add("rate", rate.to_string());
        }
        add("fault", group.fault.map_or(NO_FAULT, |fault| fault.kind.word()).to_owned());
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
                ("start", setup.start.map(|start| word_of(start).to_owned())),
                ("api", setup.api.map(|api| word_of(api).to_owned())),
                ("switch_interval", setup.switch_interval.map(|nanos| show_seconds(nanos as f64 / 1e9))),
                ("held_per_operation", setup.held_per_operation.map(|nanos| show_seconds(nanos as f64 / 1e9))),
                ("on_crash", setup.on_crash.map(|answer| word_of(answer).to_owned())),
                ("parent_memory", setup.parent_memory.map(show_bytes)),
                ("parent_use", setup.parent_use.map(|what| word_of(what).to_owned())),
            ];
            facts.into_iter().for_each(|(key, value)| value.into_iter().for_each(|value| add(key, value)));
            setup.queue.into_iter().for_each(|queue| add("queue", queue.to_string()));
            for (key, value) in stage_facts(setup) {
                add(&key, SettingKind::Count { min: 0, max: u64::MAX }.show(&value));
            }
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
            Value::List(list) => list.join(" "),
        })
    };
    let model = find("model").unwrap_or_default();
    let workers = find("workers").map_or(String::new(), |workers| format!(" × {workers}"));
    let method = find("ipc").map_or(String::new(), |method| format!(", {method}"));
    format!("`{model}{workers}{method}`")
}
