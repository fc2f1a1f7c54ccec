//! The JSON Schema (draft-07) of results files, generated from the types that are read and written.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::{FORMAT, Results};

/// The schema of a results file. It is open: other versions may add keys, which readers pass over.
#[must_use]
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Results>().to_value();
    schema["title"] = json!(format!("A results file of runner, format {FORMAT}"));
    let format = &mut schema["properties"]["format"];
    (format["minimum"], format["maximum"]) = (json!(1), json!(FORMAT));
    schema
}
