//! The values of settings: what a setting may take, and how a value is shown.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::WordRow;
use crate::text::{exact_bytes, exact_seconds, show_count};

/// Most characters of a text that a label shows.
const LONGEST_SHOWN: usize = 40;

/// A resolved value of a setting.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
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

impl Value {
    /// The order of kinds, for values of different kinds.
    fn rank(&self) -> u8 {
        match self {
            Self::Bool(_) => 0,
            Self::Whole(_) => 1,
            Self::Real(_) => 2,
            Self::Word(_) => 3,
            Self::List(_) => 4,
        }
    }

    /// The value as scenarios write it, without a unit.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::Bool(flag) => flag.to_string(),
            Self::Whole(count) => count.to_string(),
            Self::Real(share) => share.to_string(),
            Self::Word(word) => word.clone(),
            Self::List(list) => list.join(" "),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Reals are compared by `total_cmp`, so that values can be keys.
impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Whole(a), Self::Whole(b)) => a.cmp(b),
            (Self::Real(a), Self::Real(b)) => a.total_cmp(b),
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rank().hash(state);
        match self {
            Self::Bool(flag) => flag.hash(state),
            Self::Whole(count) => count.hash(state),
            Self::Real(share) => share.to_bits().hash(state),
            Self::Word(word) => word.hash(state),
            Self::List(list) => list.hash(state),
        }
    }
}

#[cfg(test)]
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}

#[cfg(test)]
impl From<&str> for Value {
    fn from(word: &str) -> Self {
        Self::Word(word.to_owned())
    }
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
    /// One of a closed set of words with meanings.
    Enum {
        /// What the words name, such as `IPC method`.
        what: &'static str,
        /// The words.
        rows: &'static [WordRow],
    },
    /// A number of workers, a range of them, or a multiple of the cores.
    Workers {
        /// Largest.
        max: u64,
    },
    /// A text, which may have lines.
    Text {
        /// Most bytes.
        longest: usize,
    },
    /// A list of texts, which is one value and makes no parameter.
    List {
        /// Most texts.
        most: usize,
        /// Most bytes of each.
        longest: usize,
    },
}

impl SettingKind {
    /// How a value is shown in labels: `200,000`, `64 KiB`, `5 ms`, `shared memory`.
    #[must_use]
    pub fn show(self, value: &Value) -> String {
        match (self, value) {
            (Self::Bytes { .. }, Value::Whole(bytes)) => exact_bytes(*bytes),
            (Self::Duration { .. }, Value::Whole(nanos)) => exact_seconds(*nanos),
            (_, Value::Whole(count)) => show_count(*count),
            (Self::Text { .. }, Value::Word(text)) => {
                let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("none").trim();
                line.chars().take(LONGEST_SHOWN).collect()
            }
            (Self::Enum { rows, .. }, Value::Word(word)) => {
                rows.iter().find(|row| row.word == word).map_or(word.clone(), |row| row.shown.to_owned())
            }
            (_, Value::List(list)) => list.join(" ").chars().take(LONGEST_SHOWN).collect(),
            (_, value) => value.plain(),
        }
    }

    /// The same with words as scenarios write them: `shared_memory`.
    #[must_use]
    pub fn show_plain(self, value: &Value) -> String {
        match value {
            Value::Word(word) => word.clone(),
            value => self.show(value),
        }
    }

    /// The same with the setting's name: `size 64 B`, `fsync`, `no fsync`.
    #[must_use]
    pub fn show_named(self, name: &str, value: &Value) -> String {
        let words = name.replace('_', " ");
        match value {
            Value::Bool(true) => words,
            Value::Bool(false) => format!("no {words}"),
            _ => format!("{words} {}", self.show(value)),
        }
    }

    /// The value that a word for none stands for: a size of nothing, a number, or the word itself.
    #[must_use]
    pub(super) fn absent(self, word: &str) -> Value {
        match (self, word.parse()) {
            (Self::Bytes { .. }, _) => Value::Whole(0),
            (_, Ok(number)) => Value::Whole(number),
            (_, Err(_)) => Value::Word(word.to_owned()),
        }
    }

    /// Whether values have an order that means something, so that they can stand along an axis.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(
            self,
            Self::Count { .. } | Self::Bytes { .. } | Self::Duration { .. } | Self::Workers { .. } | Self::Share
        )
    }
}

/// A typed field of a configuration, as a value and back.
pub trait Stored: Sized {
    /// The value.
    fn to_value(&self) -> Value;
    /// What a value says; `None` where it is of another kind or out of range.
    fn from_value(value: &Value) -> Option<Self>;
}

impl Stored for u32 {
    fn to_value(&self) -> Value {
        Value::Whole(u64::from(*self))
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Whole(count) => Self::try_from(*count).ok(),
            _ => None,
        }
    }
}

impl Stored for u64 {
    fn to_value(&self) -> Value {
        Value::Whole(*self)
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Whole(count) => Some(*count),
            _ => None,
        }
    }
}

impl Stored for String {
    fn to_value(&self) -> Value {
        Value::Word(self.clone())
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Word(word) => Some(word.clone()),
            _ => None,
        }
    }
}

impl<T: super::EnumWords> Stored for T {
    fn to_value(&self) -> Value {
        Value::Word(self.row().word.to_owned())
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Word(word) => T::of_word(word),
            _ => None,
        }
    }
}
