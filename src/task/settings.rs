//! Settings of tasks: what a scenario may give, and the resolved values that a job is prepared from.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::text::{show_bytes, show_count, show_seconds};

/// Most characters of a text that a label shows.
const LONGEST_SHOWN: usize = 40;

/// A resolved value of a setting.
#[derive(Clone, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A count, a size in bytes, or a duration in nanoseconds: the setting's kind says which.
    Whole(u64),
    /// A share or a factor.
    Real(f64),
    /// One of a setting's words, or a text.
    Word(String),
    /// A list of texts.
    List(Vec<String>),
}

/// What a setting takes, with its inclusive range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SettingKind {
    /// A whole number.
    Count {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// A size in bytes, written as a number or with a unit (`64 KiB`).
    Bytes {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// A duration with a unit (`5 ms`); resolved to nanoseconds.
    Duration {
        /// Smallest, in nanoseconds.
        min: u64,
        /// Largest, in nanoseconds.
        max: u64,
    },
    /// A number from 0 to 1.
    Share,
    /// `true` or `false`.
    Bool,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text, which may have lines.
    Text {
        /// Most bytes.
        longest: usize,
    },
    /// A list of texts, which is one value and no axis.
    List {
        /// Most texts.
        most: usize,
        /// Most bytes of each.
        longest: usize,
    },
}

impl SettingKind {
    /// How a value is shown in labels: `200 000`, `64 KiB`, `5 ms`.
    #[must_use]
    pub fn show(self, value: &Value) -> String {
        match (self, value) {
            (Self::Bytes { .. }, Value::Whole(bytes)) => show_bytes(*bytes),
            (Self::Duration { .. }, Value::Whole(nanos)) => show_seconds(*nanos as f64 / 1e9),
            (_, Value::Whole(count)) => show_count(*count),
            (_, Value::Real(share)) => share.to_string(),
            (_, Value::Bool(flag)) => flag.to_string(),
            (Self::Text { .. }, Value::Word(text)) => {
                let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("none").trim();
                line.chars().take(LONGEST_SHOWN).collect()
            }
            (_, Value::Word(word)) => word.clone(),
            (_, Value::List(list)) => list.join(" ").chars().take(LONGEST_SHOWN).collect(),
        }
    }

    /// The same with the setting's name: `payload 64 B`, `fsync`, `no fsync`.
    pub(crate) fn show_named(self, name: &str, value: &Value) -> String {
        let words = name.replace('_', " ");
        match value {
            Value::Bool(true) => words,
            Value::Bool(false) => format!("no {words}"),
            _ => format!("{words} {}", self.show(value)),
        }
    }
}

/// One setting of a task.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The key in scenarios.
    pub name: &'static str,
    /// What it means, in one line.
    pub about: &'static str,
    /// What it takes.
    pub kind: SettingKind,
    /// The default as one would write it in YAML, such as `64 KiB`.
    pub default: &'static str,
}

/// The resolved settings of one task: every setting of the task is present and in range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
