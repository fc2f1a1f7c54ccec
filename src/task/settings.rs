//! Settings of tasks: what a scenario may give, and the resolved values that a job is prepared from.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::setting::Value;

/// The resolved settings of one task: every setting of the task is present and in range.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Settings {
    values: BTreeMap<String, Value>,
}

impl Settings {
    /// Puts a value; the caller has checked it against the setting's kind.
    pub fn put(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// The value of a setting, if present.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// All values in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// A count or a size in bytes; 0 where the setting does not exist.
    #[must_use]
    pub fn whole(&self, name: &str) -> u64 {
        match self.get(name) {
            Some(Value::Whole(value)) => *value,
            _ => 0,
        }
    }

    /// A duration.
    #[must_use]
    pub fn duration(&self, name: &str) -> Duration {
        Duration::from_nanos(self.whole(name))
    }

    /// A share or a factor; 0 where the setting does not exist.
    #[must_use]
    pub fn real(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(Value::Real(value)) => *value,
            Some(Value::Whole(value)) => *value as f64,
            _ => 0.0,
        }
    }

    /// A switch; false where the setting does not exist.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Bool(true)))
    }

    /// A list of texts; empty where the setting does not exist.
    #[must_use]
    pub fn list(&self, name: &str) -> &[String] {
        match self.get(name) {
            Some(Value::List(list)) => list,
            _ => &[],
        }
    }

    /// A text; empty where the setting does not exist.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.word(name)
    }

    /// A word; empty where the setting does not exist.
    #[must_use]
    pub fn word(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Value::Word(word)) => word,
            _ => "",
        }
    }
}
