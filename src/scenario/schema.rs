//! The JSON Schema (draft-07) of scenarios, for editors: generated from the types that are read, the table of settings and the
//! registry of tasks. Every setting is defined once, and the levels that take it refer to it.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json, json};

use super::raw::Document;
use super::setting::{schema_of, takes};
use crate::setting::{ALL, ConfigSetting, Key, Setting, SettingKind};
use crate::task::{Task, Tasks};

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
                "TaskEntry" => *shape = task_entry(shape, &shown, "kind"),
                "StageEntry" => *shape = task_entry(shape, &shown, "task"),
                "ModelEntry" | "FaultEntry" | "ChartEntry" => *shape = word_or_entry(shape),
                "Selector" => add_settings(shape, &shown),
                _ => {}
            }
        }
        for row in ALL {
            definitions.insert(row.setting.name.to_owned(), config_setting(row));
        }
        for task in &shown {
            for setting in task.settings() {
                definitions.insert(own_name(*task, setting), task_setting(setting));
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

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// Properties that refer to the definitions of these settings.
pub(super) fn references(names: &[&'static str]) -> Schema {
    let properties: Map<String, Json> = names.iter().map(|name| ((*name).to_owned(), reference(name))).collect();
    schemars::json_schema!({ "type": "object", "properties": properties })
}

/// How a setting of a task is called among the definitions: several tasks may have one of that name.
fn own_name(task: &dyn Task, setting: &Setting) -> String {
    format!("{}.{}", task.name(), setting.name)
}

/// The definition of a setting of configurations.
fn config_setting(row: &ConfigSetting) -> Json {
    let mut one = schema_of(&row.setting);
    if let Some(word) = row.absent() {
        one = match row.setting.kind {
            // A size of nothing is a size.
            SettingKind::Bytes { .. } => one,
            _ => json!({ "anyOf": [{ "const": word }, one] }),
        };
    }
    let mut schema = match row.key {
        Key::Fault => parameter(&json!({ "$ref": "#/definitions/FaultEntry" })),
        _ => parameter(&one),
    };
    schema["description"] =
        json!(format!("{}. Default: {}. A list is a parameter.", capital(row.setting.about), row.default.shown()));
    schema
}

/// The definition of a setting of a task.
fn task_setting(setting: &Setting) -> Json {
    let one = schema_of(setting);
    let is_list = matches!(setting.kind, SettingKind::List { .. });
    let mut schema = if is_list { one } else { parameter(&one) };
    let about = capital(setting.about);
    schema["description"] = json!(match is_list {
        true => format!("{about}; {}.", takes(setting)),
        false => format!("{about}; {}. Default: {}. A list is a parameter.", takes(setting), setting.default),
    });
    schema
}

/// A sentence begins with a capital; a term of code or a number stays as it is.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
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

/// One value, or a list of alternatives.
fn parameter(one: &Json) -> Json {
    json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
}

/// One alternative per task, so that editors offer the settings of the task that is named.
fn task_entry(shape: &Json, tasks: &[&dyn Task], key: &str) -> Json {
    let words: Vec<Json> =
        tasks.iter().map(|task| json!({ "const": task.name(), "description": task.about() })).collect();
    // A task can be named by its word alone, a stage cannot.
    let mut alternatives = if key == "kind" { vec![json!({ "oneOf": words })] } else { Vec::new() };
    for task in tasks {
        let mut entry = shape.clone();
        entry["description"] = json!(task.about());
        entry["required"] = json!([key]);
        entry["properties"][key] = json!({ "const": task.name(), "description": "The task's word." });
        if key == "kind" {
            entry["properties"][Key::Items.name()] = reference(Key::Items.name());
        }
        for setting in task.settings() {
            entry["properties"][setting.name] = reference(&own_name(*task, setting));
        }
        alternatives.push(entry);
    }
    json!({ "description": shape["description"], "anyOf": alternatives })
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
    shape["properties"]["task"] = parameter(&json!({ "enum": words }));
    shape["properties"]["task"]["description"] = described;
    let any = parameter(&json!({ "type": ["boolean", "number", "string"] }));
    let mut staged = any.clone();
    staged["description"] = json!(
        "Pipelines of which a stage has this value: `model`, `workers`, `ipc`, `in_flight`, `task` or a setting of its \
         task, such as `stage2_workers`."
    );
    shape["patternProperties"] = json!({ "^stage[1-9][0-9]*_": staged });
    for setting in tasks.iter().flat_map(|task| task.settings()) {
        let mut property = any.clone();
        property["description"] = json!(format!("Configurations whose `{}` has this value.", setting.name));
        shape["properties"][setting.name] = property;
    }
}
