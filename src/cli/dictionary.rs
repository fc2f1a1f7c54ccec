//! Every word of the language as an entry of a dictionary, made of what validation, `runner list` and the schema are made of:
//! keys and their words from the schema, tasks from the registry, metrics and charts from their lists.

use crate::setting::{ALL, ConfigSetting, Key, Model, Setting, SettingKind};
use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::samples;
use crate::scenario::{self, Scope};
use crate::task::{Task, Tasks};
use crate::text::show_count;

/// What the word `runner explain` is asked for may be.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Entry {
    /// The word, such as `delay`.
    pub(super) word: String,
    /// The word with what it belongs to, such as `download.delay`.
    pub(super) name: String,
    /// What kind of word it is, such as ``a setting of the task `download` ``.
    pub(super) what: String,
    /// Under which heading it is listed.
    #[serde(skip)]
    pub(super) heading: String,
    pub(super) about: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) takes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default: Option<String>,
    /// Where it may stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) stands_in: Vec<String>,
    /// Its words, or the settings of a task, each with its meaning.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) values: Vec<(String, String)>,
    /// The models that take it, where not all do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) users: Vec<String>,
    /// A part of a scenario that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) example: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related: Vec<String>,
}

/// Where keys stand, with what holds them: none holds those at the top.
const LEVELS: &[(Scope, &str)] = &[
    (Scope::Top, ""),
    (Scope::Task, "tasks"),
    (Scope::Model, "models"),
    (Scope::Expect, "expect"),
    (Scope::Selector, "compare"),
    (Scope::Fault, "fault"),
    (Scope::Stage, "pipeline"),
    (Scope::Variant, "variants"),
    (Scope::Chart, "charts"),
];

/// What words of these keys are called, and their heading; words of other keys are values of that key.
const KINDS: &[(&str, &str, &str)] = &[
    ("models", "a model", "Models"),
    ("ipc", "an IPC method", "IPC methods"),
    ("runtime", "a runtime", "Runtimes"),
    ("charts", "a chart", "Charts"),
    ("metric", "a metric", "Metrics"),
    ("fault", "a fault", "Faults"),
    ("is", "an ending of a trial", "Endings"),
];
/// Keys whose words are said in full by other entries.
const SAID_ELSEWHERE: &[&str] = &["kind", "tasks", "model", "task", "x", "group"];

/// The words of the language with these tasks: keys, then their words, tasks and their settings, terms.
pub(super) fn entries(tasks: &Tasks) -> Vec<Entry> {
    let schema = scenario::schema(tasks);
    let mut entries = keys(&schema, tasks);
    let words: Vec<Entry> = entries.iter().flat_map(words_of).collect();
    for task in tasks.iter() {
        entries.push(task_entry(task));
        entries.extend(settings_of(task));
    }
    entries.extend(words);
    entries.extend(
        samples::TERMS.iter().map(|(word, about)| Entry {
            heading: "Terms".into(),
            ..Entry::new(word, word, "a term of reports", about)
        }),
    );
    relate(&mut entries);
    entries
}

impl Entry {
    fn new(word: &str, name: &str, what: &str, about: &str) -> Self {
        Self {
            word: word.into(),
            name: name.into(),
            what: what.into(),
            heading: String::new(),
            about: about.into(),
            takes: None,
            default: None,
            stands_in: Vec::new(),
            values: Vec::new(),
            users: Vec::new(),
            example: None,
            related: Vec::new(),
        }
    }

    /// The same, with its default taken out of the description that the schema has.
    fn described(word: &str, name: &str, what: &str, description: &str) -> Self {
        let text = description.replace('\n', " ");
        let (about, rest) = text.split_once(" Default: ").map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
        let mut entry = Self::new(word, name, what, about);
        if let Some(rest) = rest {
            let (default, after) = rest.split_once(". ").unwrap_or((rest.trim_end_matches('.'), ""));
            entry.default = (!default.is_empty()).then(|| default.to_owned());
            if !after.is_empty() {
                entry.about = format!("{} {after}", entry.about);
            }
        }
        entry
    }
}

/// What a schema refers to, and the first of its alternatives, which is one value where there may be a list.
fn one<'a>(schema: &'a Json, mut part: &'a Json) -> &'a Json {
    loop {
        let reference = part["$ref"].as_str().and_then(|path| schema.pointer(path.trim_start_matches('#')));
        match reference.or_else(|| part.pointer("/allOf/0")).or_else(|| part.pointer("/anyOf/0")) {
            Some(inner) => part = inner,
            None => return part,
        }
    }
}

/// The keys of a level with their schemas, without settings of tasks.
fn keys_of<'a>(schema: &'a Json, level: Scope, tasks: &Tasks) -> Vec<(&'a str, &'a Json)> {
    let path = match level {
        Scope::Top => "/properties",
        Scope::Task => "/definitions/TaskEntry/anyOf/1/properties",
        Scope::Model => "/definitions/ModelEntry/anyOf/1/properties",
        Scope::Expect => "/definitions/Expect/properties",
        Scope::Selector => "/definitions/Selector/properties",
        Scope::Fault => "/definitions/FaultEntry/anyOf/1/properties",
        Scope::Stage => "/definitions/StageEntry/properties",
        Scope::Variant => "/definitions/VariantEntry/properties",
        Scope::Chart => "/definitions/ChartEntry/anyOf/1/properties",
    };
    let settings: BTreeSet<&str> = tasks.iter().flat_map(|task| task.settings()).map(|setting| setting.name).collect();
    let of_task = matches!(level, Scope::Task | Scope::Selector | Scope::Stage);
    let own = |key: &str| ["task", "model", "kind", "items"].contains(&key) || schema["properties"].get(key).is_some();
    let properties = schema.pointer(path).and_then(Json::as_object);
    let keys = properties.into_iter().flatten().map(|(key, part)| (key.as_str(), part));
    keys.filter(|(key, _)| !of_task || own(key) || !settings.contains(key)).collect()
}

/// An entry for each key and each meaning that it has: those of the table of settings, and the others as the schema says.
fn keys(schema: &Json, tasks: &Tasks) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (level, holder) in LEVELS {
        for (key, part) in keys_of(schema, *level, tasks).into_iter().filter(|(key, _)| Key::of_name(key).is_none()) {
            let whole = part["$ref"].as_str().and_then(|path| schema.pointer(path.trim_start_matches('#')));
            let direct = part["description"].as_str();
            let description = direct.or_else(|| whole?["description"].as_str()).unwrap_or_default();
            // The task's word is described beside its constant alone.
            let name = if holder.is_empty() { key.to_owned() } else { format!("{holder}.{key}") };
            match found.get(&(key.to_owned(), description.to_owned())) {
                Some(at) => entries[*at].stands_in.push(level.shown().into()),
                None => {
                    let mut entry = Entry::described(key, &name, "a key", description);
                    entry.heading = format!("Keys of {}", level.shown());
                    entry.stands_in = vec![level.shown().into()];
                    let leaf = one(schema, part);
                    entry.values = if key == "kind" { Vec::new() } else { constants(leaf) };
                    entry.takes = takes(leaf);
                    entry.example = samples::of_key(&name);
                    found.insert((key.to_owned(), description.to_owned()), entries.len());
                    entries.push(entry);
                }
            }
        }
    }
    entries.extend(ALL.iter().filter(|row| row.key != Key::Model).map(config_setting));
    entries
}

/// The entry of a setting of configurations.
fn config_setting(row: &'static ConfigSetting) -> Entry {
    let name = row.setting.name;
    let mut entry = Entry::new(name, name, "a setting of configurations", row.setting.about);
    entry.heading = "Settings of configurations".into();
    entry.default = Some(row.default.shown());
    let stands = LEVELS.iter().filter(|(level, _)| scenario::keys_of(*level).contains(&name));
    entry.stands_in = stands.map(|(level, _)| level.shown().to_owned()).collect();
    match row.setting.kind {
        SettingKind::Enum { rows, .. } => {
            entry.values = rows.iter().map(|row| (row.word.to_owned(), row.about.to_owned())).collect();
        }
        _ => entry.takes = Some(scenario::takes(&row.setting).trim_start_matches("it takes ").to_owned()),
    }
    let users = row.models.iter().map(|model| model.word().to_owned());
    entry.users = if row.models.len() < Model::named().count() { users.collect() } else { Vec::new() };
    entry.example = Some(row.example.to_owned());
    entry
}

/// The words of a closed set with their meanings.
fn constants(leaf: &Json) -> Vec<(String, String)> {
    let rows = leaf["oneOf"].as_array().into_iter().flatten();
    let text = |row: &Json, key: &str| row[key].as_str().map(str::to_owned);
    rows.filter_map(|row| Some((text(row, "const")?, text(row, "description")?))).collect()
}

/// What a value may be, where its schema says more than its description does.
fn takes(leaf: &Json) -> Option<String> {
    let alternatives = leaf["oneOf"].as_array();
    let texts: Vec<String> = match alternatives {
        Some(list) => list.iter().filter_map(|one| take(one).or_else(|| described(one))).collect(),
        // Its description is that of the key.
        None => return take(leaf),
    };
    (!texts.is_empty()).then(|| texts.join(", or "))
}

/// What the schema says of one of several alternatives, unless it is a word with a meaning.
fn described(alternative: &Json) -> Option<String> {
    alternative["description"].as_str().filter(|_| alternative.get("const").is_none()).map(str::to_owned)
}

fn take(leaf: &Json) -> Option<String> {
    let bounds = (leaf["minimum"].as_u64(), leaf["maximum"].as_u64());
    if let (Some("integer"), (Some(low), Some(high))) = (leaf["type"].as_str(), bounds) {
        return Some(format!("a whole number from {} to {}", show_count(low), show_count(high)));
    }
    if let (Some(low), Some(high)) = (leaf["minimum"].as_f64(), leaf["maximum"].as_f64()) {
        return Some(format!("a number from {low} to {high}"));
    }
    let pattern = leaf["pattern"].as_str()?;
    let of = |mark: &str| pattern.contains(mark);
    if of("min)") {
        Some("a duration, such as 5 ms".into())
    } else if of("KiB") {
        Some("a size, such as 64 MiB".into())
    } else if of("%") {
        Some("a share, such as 3%".into())
    } else {
        None
    }
}

/// An entry for each word of a key.
fn words_of(key: &Entry) -> Vec<Entry> {
    if SAID_ELSEWHERE.contains(&key.word.as_str()) {
        return Vec::new();
    }
    let kind = KINDS.iter().find(|(of, ..)| *of == key.word);
    let entry = |(word, about): &(String, String)| {
        let what = kind.map_or_else(|| format!("a value of `{}`", key.word), |(_, what, _)| (*what).to_owned());
        let mut entry = Entry::new(word, &format!("{}.{word}", key.word), &what, about);
        entry.heading = kind.map_or_else(|| "Values of other keys".into(), |(.., heading)| (*heading).to_owned());
        entry.stands_in = vec![format!("`{}`", key.word)];
        entry.example = Some(samples::of_word(&key.word, word));
        entry.related = vec![key.word.clone()];
        let others = key.values.iter().map(|(other, _)| other).filter(|other| *other != word);
        entry.related.extend(others.cloned());
        entry
    };
    key.values.iter().map(entry).collect()
}

fn task_entry(task: &dyn Task) -> Entry {
    let mut about = task.about().to_owned();
    if task.in_python() {
        about += "; CPython has it too (`runtime: python`)";
    }
    if task.is_async() {
        about += "; it can wait in an event loop (`models: [async]`)";
    }
    if let Some(own) = task.own_data() {
        let own = own.iter().map(|setting| format!("`{setting}`")).collect::<Vec<_>>().join(" and ");
        about += &format!("; in a later stage of a `pipeline` it works on what comes, and takes no {own}");
    }
    let mut entry = Entry::new(task.name(), &format!("tasks.{}", task.name()), "a task", &about);
    entry.heading = "Tasks".into();
    entry.stands_in = vec![Scope::Task.shown().into()];
    entry.example = Some(samples::of_task(task.name()));
    let setting = |setting: &Setting| {
        let default =
            if setting.default.is_empty() { String::new() } else { format!(" (default {})", setting.default) };
        (setting.name.to_owned(), format!("{}{default}", setting.about))
    };
    entry.values = task.settings().iter().map(setting).collect();
    entry
}

/// The settings of a task.
fn settings_of(task: &dyn Task) -> Vec<Entry> {
    let entry = |setting: &Setting| {
        let what = format!("a setting of the task `{}`", task.name());
        let mut entry = Entry::new(setting.name, &format!("{}.{}", task.name(), setting.name), &what, setting.about);
        entry.heading = "Settings of tasks".into();
        entry.takes = Some(scenario::takes(setting).trim_start_matches("it takes ").to_owned());
        entry.default = (!setting.default.is_empty()).then(|| setting.default.to_owned());
        entry.stands_in = vec![format!("an entry of `tasks` whose `kind` is `{}`", task.name())];
        entry.example = Some(samples::of_setting(task.name(), setting));
        entry.related = vec![task.name().to_owned()];
        let others = task.settings().iter().map(|other| other.name).filter(|name| *name != setting.name);
        entry.related.extend(others.map(str::to_owned));
        entry
    };
    task.settings().iter().map(entry).collect()
}

/// Adds what belongs together although it stands apart.
fn relate(entries: &mut [Entry]) {
    for entry in entries {
        for circle in samples::RELATED {
            if circle.contains(&entry.word.as_str()) && !entry.what.starts_with("a setting") {
                let others = circle.iter().filter(|word| **word != entry.word).map(|word| (*word).to_owned());
                let fresh: Vec<String> = others.filter(|word| !entry.related.contains(word)).collect();
                entry.related.extend(fresh);
            }
        }
    }
}
