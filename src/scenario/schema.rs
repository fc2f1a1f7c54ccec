//! The JSON Schema (draft-07) of scenarios, for editors: generated from the types that are read, the table of settings and the
//! registry of tasks. Every setting is defined once, and the levels that take it refer to it.

use schemars::generate::SchemaSettings;
use serde::Serialize as _;
use serde_json::{Map, Value as Json, json};

use super::definitions::reference;
use super::raw::{ConfigSettings, Document};
use super::setting::{schema_of, takes};
use crate::setting::{ALL, ConfigSetting, Key, Setting, SettingKind, StageConfig};
use crate::task::{Task, Tasks};
use crate::text::capital;

/// What any setting of a task may be where a selector names it: which task is meant is not known there.
const ANY_VALUE: &str = "AnyValue";
/// The keys of an entry of `tasks` that are not the task's own settings.
const SHARED_KEYS: &str = "SharedKeys";
/// The same of a stage of a pipeline.
const STAGE_KEYS: &str = "StageKeys";

/// The schema of a scenario file with these tasks.
#[must_use]
pub fn schema(tasks: &Tasks) -> Json {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Document>().to_value();
    drop_nulls(&mut schema);
    let shown: Vec<&dyn Task> = tasks.iter().collect();
    if let Some(definitions) = schema.get_mut("definitions").and_then(Json::as_object_mut) {
        for (name, shape) in definitions.iter_mut() {
            if shape.get("properties").is_some() {
                shape["additionalProperties"] = json!(false);
            }
            match name.as_str() {
                "TaskEntry" => *shape = task_entry(shape, &shown),
                "StageEntry" => *shape = stage_entry(shape, &shown),
                "ModelEntry" | "FaultEntry" | "ChartEntry" => *shape = word_or_entry(shape),
                "Selector" => add_settings(shape, &shown),
                _ => {}
            }
        }
        let shared: Vec<&str> = ConfigSettings::keys().into_iter().chain(["kind", Key::Items.name()]).collect();
        definitions.insert(SHARED_KEYS.into(), json!({ "enum": shared }));
        let shared: Vec<&str> = StageConfig::KEYS.iter().map(|key| key.name()).chain(["task"]).collect();
        definitions.insert(STAGE_KEYS.into(), json!({ "enum": shared }));
        let any = json!({ "type": ["boolean", "number", "string"] });
        definitions.insert(ANY_VALUE.into(), parameter(ANY_VALUE, &any));
        for row in ALL {
            definitions.insert(row.setting.name.to_owned(), config_setting(row));
        }
        for task in &shown {
            for setting in task.settings() {
                let name = own_name(*task, setting);
                definitions.insert(name.clone(), task_setting(&name, setting));
            }
        }
    }
    for key in [Key::Items, Key::Queue] {
        schema["properties"][key.name()] = reference(key.name());
    }
    // No charts are a choice too.
    if let Some(list) = schema.pointer_mut("/properties/charts/anyOf/1").and_then(Json::as_object_mut) {
        list.remove("minItems");
    }
    schema["title"] = json!("A scenario of runner, version 1");
    schema["additionalProperties"] = json!(false);
    schema["required"] = json!(["version", "name"]);
    schema["oneOf"] = json!([{ "required": ["tasks", "models"] }, { "required": ["pipeline"] }]);
    schema
}

/// The schema as text: a line for each value, so that versions compare well, and no indentation, since it has many levels.
#[must_use]
pub fn schema_text(schema: &Json) -> String {
    let mut text = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"");
    // Writing a value to memory cannot fail.
    let _ = schema.serialize(&mut serde_json::Serializer::with_formatter(&mut text, format));
    String::from_utf8_lossy(&text).into_owned() + "\n"
}

/// How a setting of a task is called among the definitions: several tasks may have one of that name.
fn own_name(task: &dyn Task, setting: &Setting) -> String {
    format!("{}.{}", task.name(), setting.name)
}

/// The definition of a setting of configurations.
fn config_setting(row: &ConfigSetting) -> Json {
    let one = match (row.key, row.absent(), row.setting.kind) {
        (Key::Fault, ..) => reference("FaultEntry"),
        (Key::Model, ..) => reference("Model"),
        // A size of nothing is a size.
        (_, Some(word), kind) if !matches!(kind, SettingKind::Bytes { .. }) => {
            json!({ "anyOf": [{ "const": word }, schema_of(&row.setting)] })
        }
        _ => schema_of(&row.setting),
    };
    let mut schema = parameter(row.setting.name, &one);
    schema["description"] =
        json!(format!("{}. Default: {}. A list is a parameter.", capital(row.setting.about), row.default.shown()));
    schema
}

/// The definition of a setting of a task, of that name among the definitions.
fn task_setting(name: &str, setting: &Setting) -> Json {
    let one = schema_of(setting);
    let is_list = matches!(setting.kind, SettingKind::List { .. });
    let mut schema = if is_list { one } else { parameter(name, &one) };
    let about = capital(setting.about);
    schema["description"] = json!(match is_list {
        true => format!("{about}; {}.", takes(setting)),
        false => format!("{about}; {}. Default: {}. A list is a parameter.", takes(setting), setting.default),
    });
    schema
}

/// Takes the alternative `null` out: a key that is there has a value.
fn drop_nulls(schema: &mut Json) {
    match schema {
        Json::Array(list) => list.iter_mut().for_each(drop_nulls),
        Json::Object(map) => {
            map.values_mut().for_each(drop_nulls);
            drop_null_alternative(map);
        }
        _ => {}
    }
}

fn drop_null_alternative(map: &mut Map<String, Json>) {
    if let Some(Json::Array(types)) = map.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            map["type"] = only.clone();
        }
    }
    let Some(Json::Array(list)) = map.get_mut("anyOf") else { return };
    list.retain(|alternative| alternative.get("type").and_then(Json::as_str) != Some("null"));
    if let [only] = list.as_slice() {
        let only = only.clone();
        map.remove("anyOf");
        if let Json::Object(only) = only {
            map.extend(only);
        }
    }
}

/// One value, or a list of alternatives, for the definition of this name: what one value may be stands in it once.
fn parameter(name: &str, one: &Json) -> Json {
    let same = reference(&format!("{name}/anyOf/0"));
    json!({ "anyOf": [one, { "type": "array", "items": same, "minItems": 1 }] })
}

/// The words of tasks, with what each is.
fn task_words(tasks: &[&dyn Task]) -> Vec<Json> {
    tasks.iter().map(|task| json!({ "const": task.name(), "description": task.about() })).collect()
}

/// What a task has of its own: its word under `key`, and its settings.
fn own_properties(task: &dyn Task, key: &str) -> Json {
    let mut properties = json!({ key: { "const": task.name() } });
    for setting in task.settings() {
        properties[setting.name] = reference(&own_name(task, setting));
    }
    properties
}

/// An alternative for each task that has settings, and one for all others: its word under `key`, its settings, and no keys but
/// these and the shared ones.
fn alternatives(tasks: &[&dyn Task], key: &str, shared: &str) -> Json {
    let (own, plain): (Vec<&dyn Task>, Vec<&dyn Task>) = tasks.iter().partition(|task| !task.settings().is_empty());
    let own = own.into_iter().map(|task| {
        let names: Vec<&str> = task.settings().iter().map(|setting| setting.name).collect();
        json!({
            "properties": own_properties(task, key),
            "propertyNames": { "anyOf": [reference(shared), { "enum": names }] }
        })
    });
    let words: Vec<&str> = plain.iter().map(|task| task.name()).collect();
    let plain = json!({ "properties": { key: { "enum": words } }, "propertyNames": reference(shared) });
    own.chain([plain]).collect()
}

/// What all tasks take, and an alternative for each, so that editors offer the settings of the task that is named. The word
/// alone will do.
fn task_entry(shape: &Json, tasks: &[&dyn Task]) -> Json {
    let mut shared = shape.clone();
    shared["properties"][Key::Items.name()] = reference(Key::Items.name());
    shared["properties"]["kind"] = json!({ "type": "string", "description": "The task's word." });
    shared["required"] = json!(["kind"]);
    if let Some(shared) = shared.as_object_mut() {
        // What is not shared is judged by the task's alternative.
        shared.remove("additionalProperties");
    }
    shared["anyOf"] = alternatives(tasks, "kind", SHARED_KEYS);
    json!({ "description": shape["description"], "anyOf": [{ "oneOf": task_words(tasks) }, shared] })
}

/// The same for a stage, which takes few keys, and no word alone.
fn stage_entry(shape: &Json, tasks: &[&dyn Task]) -> Json {
    let own = alternatives(tasks, "task", STAGE_KEYS);
    let mut properties = json!({ "task": { "type": "string", "description": "The task's word." } });
    for key in StageConfig::KEYS {
        properties[key.name()] = reference(key.name());
    }
    json!({
        "description": shape["description"], "type": "object", "required": ["task"], "properties": properties,
        "anyOf": own
    })
}

/// The word alone will do.
fn word_or_entry(shape: &Json) -> Json {
    let mut entry = shape.clone();
    entry["required"] = json!(["kind"]);
    json!({ "description": shape["description"], "anyOf": [shape["properties"]["kind"], entry] })
}

/// Settings of tasks are keys of selectors as well.
fn add_settings(shape: &mut Json, tasks: &[&dyn Task]) {
    let words: Vec<&str> = tasks.iter().map(|task| task.name()).collect();
    let described = shape["properties"]["task"]["description"].take();
    let one = json!({ "enum": words });
    let same = reference("Selector/properties/task/anyOf/0");
    shape["properties"]["task"] =
        json!({ "anyOf": [one, { "type": "array", "items": same, "minItems": 1 }], "description": described });
    shape["patternProperties"] = json!({ "^stage[1-9][0-9]*_": reference(ANY_VALUE) });
    for setting in tasks.iter().flat_map(|task| task.settings()) {
        shape["properties"][setting.name] = reference(ANY_VALUE);
    }
}
