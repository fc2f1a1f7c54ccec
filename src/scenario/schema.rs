//! The JSON Schema (draft-07) of scenarios, for editors: generated from the types that are read, plus the registry.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json, json};

use super::raw::{Document, Fields, Ways};
use super::setting::{schema_of, takes};
use crate::task::{SettingKind, Task, Tasks};

/// The schema of a scenario file with these tasks.
#[must_use]
pub fn schema(tasks: &Tasks) -> Json {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Document>().to_value();
    drop_nulls(&mut schema);
    share_ways(&mut schema);
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

/// Ways are valid at several levels: each is described once, and the levels refer to it.
fn share_ways(schema: &mut Json) {
    for key in Ways::keys() {
        let shared = schema["properties"][key].clone();
        let reference = json!({ "$ref": format!("#/definitions/{key}") });
        schema["properties"][key] = reference.clone();
        let Some(definitions) = schema.get_mut("definitions").and_then(Json::as_object_mut) else { return };
        // What a stage takes has defaults of its own.
        for (_, shape) in definitions.iter_mut().filter(|(name, _)| *name != "StageEntry") {
            if let Some(property) = shape.pointer_mut(&format!("/properties/{key}")) {
                *property = reference.clone();
            }
        }
        definitions.insert(key.to_owned(), shared);
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

fn axis(one: &Json) -> Json {
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
        for setting in task.settings() {
            let one = schema_of(setting);
            let is_list = matches!(setting.kind, SettingKind::List { .. });
            let mut property = if is_list { one } else { axis(&one) };
            property["description"] = json!(match is_list {
                true => format!("{}; {}.", setting.about, takes(setting)),
                false => {
                    format!("{}; {}. Default: {}. A list is an axis.", setting.about, takes(setting), setting.default)
                }
            });
            entry["properties"][setting.name] = property;
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
    shape["properties"]["task"] = axis(&json!({ "enum": words }));
    shape["properties"]["task"]["description"] = described;
    let any = axis(&json!({ "type": ["boolean", "number", "string"] }));
    let mut queue = any.clone();
    queue["description"] = json!("Pipelines whose queues are that long.");
    shape["properties"]["queue"] = queue;
    let mut staged = any;
    staged["description"] = json!(
        "Pipelines of which a stage has this value: `model`, `workers`, `ipc`, `in_flight`, `task` or a setting of its \
         task, such as `stage2_workers`."
    );
    shape["patternProperties"] = json!({ "^stage[1-9][0-9]*_": staged });
    for setting in tasks.iter().flat_map(|task| task.settings()) {
        let one = json!({ "type": ["boolean", "number", "string"] });
        let mut property = axis(&one);
        property["description"] = json!(format!("Cells whose `{}` has this value.", setting.name));
        shape["properties"][setting.name] = property;
    }
}
