//! What configurations, workloads and axes are called: all that tells them apart, and no more.

use super::{Configuration, Parameter, Workload};
use crate::model::StageTask;
use crate::runtime::Interpreter;
use crate::setting::{
    ALL, Config, ConfigSetting, Dispatch, Key, Part, SettingKind, StageConfig, Value, of_stage, varying,
};
use crate::task::Tasks;
use crate::text::show_count;

/// Labels the configurations of a workload: model, workers, method, and further settings where they vary within it.
pub(super) fn label_configurations(workload: &Workload, configurations: &mut [Configuration]) {
    let configs: Vec<Config> = workload.configurations.iter().map(|id| configurations[*id].config.clone()).collect();
    let varying = varying(configs.iter());
    let labels = configs.iter().map(|config| match config.stages.is_empty() {
        true => configuration_label(config, &varying),
        false => stages_label(workload, config, &configs),
    });
    for (id, label) in workload.configurations.iter().zip(unique(labels.collect())) {
        configurations[*id].label = label;
    }
}

/// The same with a number behind those that occur again: a label cuts long texts, and no two things have one name.
fn unique(mut labels: Vec<String>) -> Vec<String> {
    for at in 1..labels.len() {
        let twins = labels[..at].iter().filter(|label| **label == labels[at]).count();
        if twins > 0 {
            let numbered = (twins + 1..).map(|number| format!("{} ({number})", labels[at]));
            let free = numbered.into_iter().find(|label| !labels.contains(label));
            labels[at] = free.unwrap_or_default();
        }
    }
    labels
}

fn varies<T: PartialEq>(configs: &[Config], field: impl Fn(&Config) -> Option<T>) -> bool {
    let mut values = configs.iter().filter_map(field);
    let Some(first) = values.next() else { return false };
    values.any(|value| value != first)
}

/// The method is always named, and that items are claimed from a table; other settings are where they vary.
fn configuration_label(config: &Config, varying: &[Key]) -> String {
    let named = |key: &Key| match key {
        Key::Model | Key::Workers => false,
        Key::Ipc => true,
        Key::Dispatch if config.dispatch == Some(Dispatch::Claim) => true,
        key => varying.contains(key),
    };
    let rest = Key::of_configurations().filter(named).filter_map(|key| config.shown(key));
    std::iter::once(config.head()).chain(rest).collect::<Vec<_>>().join(", ")
}

/// `hash × 2 | primes × 2, pipe | sleep × 4`, then the size of the queues where it varies.
fn stages_label(workload: &Workload, config: &Config, configs: &[Config]) -> String {
    let stage = |(at, (work, stage)): (usize, (&StageTask, &StageConfig))| {
        let mut parts = vec![format!("{} × {}", work.task, stage.workers)];
        parts.extend(stage.ipc.map(|method| method.shown().to_owned()));
        if varies(configs, |s| s.stages.get(at).and_then(|stage| stage.in_flight)) {
            parts.extend(stage.in_flight.map(|count| format!("{count} in flight")));
        }
        parts.join(", ")
    };
    let stages: Vec<String> = workload.stages.iter().zip(&config.stages).enumerate().map(stage).collect();
    let queue = config.queue.filter(|_| varies(configs, |s| s.queue));
    stages.join(" | ") + &queue.map_or(String::new(), |queue| format!(", queue {}", show_count(queue.into())))
}

/// Labels of workloads, unique in the file: the task, and what differs between its workloads.
pub(super) fn workload_labels(workloads: &[Workload], configurations: &[Configuration], tasks: &Tasks) -> Vec<String> {
    unique(workloads.iter().map(|workload| workload_label(workload, workloads, configurations, tasks)).collect())
}

fn workload_label(
    workload: &Workload,
    workloads: &[Workload],
    configurations: &[Configuration],
    tasks: &Tasks,
) -> String {
    let same: Vec<&Workload> = workloads.iter().filter(|other| other.task == workload.task).collect();
    let mut parts = vec![workload.task.clone()];
    for (name, value) in workload.settings.iter() {
        if same.iter().any(|other| other.settings.get(name) != Some(value)) {
            let (task, own) = owner(workload, name);
            match workload.stages.is_empty() {
                true => parts.push(kind_of(tasks, task, own).show_named(own, value)),
                false => {
                    parts.push(format!("{} {}", stage_words(name), kind_of(tasks, task, own).show_named(own, value)))
                }
            }
        }
    }
    let config = |workload: &Workload| workload.configurations.first().map(|id| &configurations[*id].config);
    for row in ALL.iter().filter(|row| row.part == Part::Workload) {
        let fact = |workload: &Workload| config(workload).and_then(|config| config.fact(row.key));
        // How many items there are is compared among workloads of one task.
        let others = if row.key == Key::Items { &same } else { &workloads.iter().collect::<Vec<_>>() };
        let differs = others.iter().any(|other| fact(other) != fact(workload));
        let interpreters = || workloads.iter().any(|other| other.interpreter != workload.interpreter);
        match row.key {
            // The interpreter says more than its name.
            Key::Python => {}
            Key::Runtime if differs || interpreters() => parts.push(runtime_words(workload, workloads)),
            Key::Runtime => {}
            key if differs => parts.extend(condition(key, config(workload))),
            _ => {}
        }
    }
    parts.join(", ")
}

/// How the label of a workload shows one of its settings: `1,000 items`, `600/s`, `kill in item 5`, `end to end`.
fn condition(key: Key, config: Option<&Config>) -> Option<String> {
    let config = config?;
    let none = |row: &ConfigSetting| format!("no {}", row.setting.name.replace('_', " "));
    Some(match (key, config.get(key)) {
        (Key::FaultItem, _) => return None,
        (Key::Items, None) => "items chosen".into(),
        (Key::Rate, Some(Value::Whole(rate))) => format!("{}/s", show_count(rate)),
        (Key::Fault, Some(_)) => {
            let item = config.fault_item.map_or(String::new(), |item| format!(" in item {}", show_count(item)));
            format!("{}{item}", config.shown(key)?)
        }
        (_, None) => none(key.row()),
        _ => config.shown(key)?,
    })
}

/// The task to which a setting of a workload belongs, and how the task calls it: of a pipeline, those of a stage.
fn owner<'a>(workload: &'a Workload, name: &'a str) -> (&'a str, &'a str) {
    let staged = name.strip_prefix("stage").and_then(|rest| rest.split_once('_'));
    let stage =
        staged.and_then(|(at, own)| Some((workload.stages.get(at.parse::<usize>().ok()?.checked_sub(1)?)?, own)));
    stage.map_or((&workload.task, name), |(stage, own)| (&stage.task, own))
}

/// `stage 2` of `stage2_limit`.
fn stage_words(name: &str) -> String {
    name.split_once('_').map_or("", |(stage, _)| stage).replace("stage", "stage ")
}

/// What executes a workload's items, told apart from all others: two programs of one version by their names.
fn runtime_words(workload: &Workload, workloads: &[Workload]) -> String {
    let Some(interpreter) = &workload.interpreter else { return workload.runtime.word().to_owned() };
    let label = interpreter.label();
    let others = workloads.iter().filter_map(|other| other.interpreter.as_ref());
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

fn kind_of(tasks: &Tasks, task: &str, setting: &str) -> SettingKind {
    let found = tasks.get(task).and_then(|task| task.settings().iter().find(|known| known.name == setting));
    found.map_or(SettingKind::Share, |setting| setting.kind)
}

/// The parameters: every key with more than one value among the configurations.
pub(super) fn parameters(workloads: &[Workload], configurations: &[Configuration], tasks: &Tasks) -> Vec<Parameter> {
    let mut all: Vec<Parameter> = Vec::new();
    let mut add = |key: &str, value: String| match all.iter_mut().find(|parameter| parameter.key == key) {
        Some(parameter) if parameter.values.contains(&value) => {}
        Some(parameter) => parameter.values.push(value),
        None => all.push(Parameter { key: key.to_owned(), values: vec![value] }),
    };
    for workload in workloads {
        add("task", workload.task.clone());
        for (name, value) in workload.settings.iter() {
            let (task, own) = owner(workload, name);
            add(name, kind_of(tasks, task, own).show(value));
        }
        for config in workload.configurations.iter().map(|id| &configurations[*id].config) {
            for (name, value) in config.facts() {
                let own = of_stage(&name).map_or(name.as_str(), |(_, own)| own);
                let shown = match (Key::of_name(own), &workload.interpreter) {
                    (Some(Key::Python), Some(interpreter)) => interpreter.label(),
                    (Some(key), _) => key.row().setting.kind.show_plain(&value),
                    (None, _) => value.plain(),
                };
                add(&name, shown);
            }
        }
    }
    all.retain(|parameter| parameter.values.len() > 1);
    all
}

/// A configuration in words, before it has a label: `processes × 2, pipe`.
pub(super) fn describe_facts(facts: &[(String, Value)]) -> String {
    let find = |key: &str| facts.iter().find(|(known, _)| known == key).map(|(_, value)| value.plain());
    let model = find("model").unwrap_or_default();
    let workers = find("workers").map_or(String::new(), |workers| format!(" × {workers}"));
    let method = find("ipc").map_or(String::new(), |method| format!(", {method}"));
    format!("`{model}{workers}{method}`")
}
