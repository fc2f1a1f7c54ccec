//! References to the definitions of the schema.

use schemars::Schema;
use serde_json::{Map, Value as Json, json};

/// A reference to a definition.
pub(super) fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// Properties that refer to the definitions of these settings.
pub(super) fn references(names: &[&'static str]) -> Schema {
    let properties: Map<String, Json> = names.iter().map(|name| ((*name).to_owned(), reference(name))).collect();
    schemars::json_schema!({ "type": "object", "properties": properties })
}
