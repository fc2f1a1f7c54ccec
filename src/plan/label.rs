//! What cells, groups and axes are called: all that tells them apart, and no more.

use super::built::stage_facts;
use super::{Axis, Cell, Group, Items};
use crate::ipc::Dispatch;
use crate::model::{Affinity, Api, Config, Measure, Model, StageTask, StageWay};
use crate::name::{show_bytes, show_count, show_seconds};
use crate::runtime::Interpreter;
use crate::scenario::{NO_FAULT, word_of};
use crate::task::{Fault, SettingKind, Tasks, Value};

/// Labels the cells of a group: model, workers, method, and further settings where they vary within the group.
pub(super) fn label_cells(group: &Group, cells: &mut [Cell]) {
    let configs: Vec<Config> = group.cells.iter().map(|id| cells[*id].config.clone()).collect();
    for (id, config) in group.cells.iter().zip(&configs) {
        cells[*id].label = match config.stages.is_empty() {
            true => cell_label(config, &configs),
            false => stages_label(group, config, &configs),
        };
    }
}

fn varies<T: PartialEq>(configs: &[Config], field: impl Fn(&Config) -> Option<T>) -> bool {
    let mut values = configs.iter().filter_map(field);
    let Some(first) = values.next() else { return false };
    values.any(|value| value != first)
}

fn cell_label(config: &Config, configs: &[Config]) -> String {
    let word = config.model.entry().word;
    let mut parts = vec![match config.workers {
        Some(workers) if config.model != Model::Serial => format!("{word} × {workers}"),
        _ => word.to_owned(),
    }];
    parts.extend(config.ipc_shown());
    if varies(configs, |s| s.dispatch) {
        parts.extend(config.dispatch.map(|dispatch| word_of(dispatch).to_owned()));
    } else if config.dispatch == Some(Dispatch::Claim) {
        parts.push("table".into());
    }
    if varies(configs, |s| s.chunk) {
        parts.extend(config.chunk.map(|chunk| format!("chunk {}", show_count(chunk.into()))));
    }
    if varies(configs, |s| s.in_flight) {
        parts.extend(config.in_flight.map(|count| format!("{count} in flight")));
    }
    if varies(configs, |s| s.wait) {
        parts.extend(config.wait.map(|wait| word_of(wait).to_owned()));
    }
    if varies(configs, |s| s.affinity) {
        parts.extend(config.affinity.map(|affinity| affinity_words(affinity).to_owned()));
    }
    parts.extend(further(config, configs));
    parts.join(", ")
}

/// `hash × 2 | primes × 2, pipe | sleep × 4`, then the size of the queues where it varies.
fn stages_label(group: &Group, config: &Config, configs: &[Config]) -> String {
    let stage = |(at, (work, way)): (usize, (&StageTask, &StageWay))| {
        let mut parts = vec![format!("{} × {}", work.task, way.workers)];
        parts.extend(way.ipc.map(|method| method.shown().to_owned()));
        if varies(configs, |s| s.stages.get(at).and_then(|stage| stage.in_flight)) {
            parts.extend(way.in_flight.map(|count| format!("{count} in flight")));
        }
        parts.join(", ")
    };
    let stages: Vec<String> = group.stages.iter().zip(&config.stages).enumerate().map(stage).collect();
    let queue = config.queue.filter(|_| varies(configs, |s| s.queue));
    stages.join(" | ") + &queue.map_or(String::new(), |queue| format!(", queue {}", show_count(queue.into())))
}

/// Settings that few scenarios give, where they vary; of Python's classes also which.
fn further(config: &Config, configs: &[Config]) -> Vec<String> {
    let mut parts = Vec::new();
    if varies(configs, |s| s.start) {
        parts.extend(config.start.map(|start| word_of(start).to_owned()));
    }
    if varies(configs, |s| s.api) {
        let plain = if config.model == Model::Threads { "Thread" } else { "Process" };
        parts.extend(config.api.map(|api| if api == Api::Process { plain.into() } else { word_of(api).to_owned() }));
    }
    let seconds = |nanos: u64| show_seconds(nanos as f64 / 1e9);
    if varies(configs, |s| s.switch_interval) {
        parts.extend(config.switch_interval.map(|nanos| format!("switch interval {}", seconds(nanos))));
    }
    if varies(configs, |s| s.gil_hold) {
        parts.extend(config.gil_hold.map(|nanos| format!("held {}", seconds(nanos))));
    }
    if varies(configs, |s| s.on_crash) {
        parts.extend(config.on_crash.map(|answer| word_of(answer).to_owned()));
    }
    if varies(configs, |s| Some(s.parent_memory.unwrap_or(0))) {
        parts.push(format!("parent {}", show_bytes(config.parent_memory.unwrap_or(0))));
    }
    if varies(configs, |s| s.parent_use) {
        parts.extend(config.parent_use.map(|what| word_of(what).to_owned()));
    }
    parts
}

fn affinity_words(affinity: Affinity) -> &'static str {
    match affinity {
        Affinity::Free => "any core",
        Affinity::Same => "same core",
        Affinity::Cross => "across cores",
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
            let config = &cell.config;
            add("model", config.model.entry().word.to_owned());
            let facts = [
                ("workers", config.workers.map(|n| n.to_string())),
                ("ipc", config.ipc.map(|method| method.word().to_owned())),
                ("dispatch", config.dispatch.map(|dispatch| word_of(dispatch).to_owned())),
                ("chunk", config.chunk.map(|n| n.to_string())),
                ("in_flight", config.in_flight.map(|n| n.to_string())),
                ("wait", config.wait.map(|wait| word_of(wait).to_owned())),
                ("affinity", config.affinity.map(|affinity| word_of(affinity).to_owned())),
                ("start", config.start.map(|start| word_of(start).to_owned())),
                ("api", config.api.map(|api| word_of(api).to_owned())),
                ("switch_interval", config.switch_interval.map(|nanos| show_seconds(nanos as f64 / 1e9))),
                ("gil_hold", config.gil_hold.map(|nanos| show_seconds(nanos as f64 / 1e9))),
                ("on_crash", config.on_crash.map(|answer| word_of(answer).to_owned())),
                ("parent_memory", config.parent_memory.map(show_bytes)),
                ("parent_use", config.parent_use.map(|what| word_of(what).to_owned())),
            ];
            facts.into_iter().for_each(|(key, value)| value.into_iter().for_each(|value| add(key, value)));
            config.queue.into_iter().for_each(|queue| add("queue", queue.to_string()));
            for (key, value) in stage_facts(config) {
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
