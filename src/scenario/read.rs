//! From text to the scenario as written, with every mistake in it.
//!
//! serde stops at the first mistake. So the mistake is noted, what it is about is cut out of the parsed values and
//! out of the tree of places alike, and the rest is read again until nothing is left to note.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_path_to_error::Segment;
use serde_yaml::{Mapping, Value};

use super::problem::{Diagnostic, Fault, Text};
use super::raw::{
    ChartEntry, Document, Expect, FaultEntry, Fields, ModelEntry, Selector, StageEntry, TaskEntry, VariantEntry,
};
use super::spans::{Node, Path, Step};
use super::words::{Scope, unknown_key};
use crate::task::Tasks;
use crate::text::escape::printable;

/// More mistakes than this in one file are not listed: the first ones usually explain the rest.
const MOST_PROBLEMS: usize = 20;

/// What was read, and what had to be left out.
pub(crate) struct Reading {
    pub document: Document,
    pub places: Node,
    pub problems: Vec<Diagnostic>,
    /// The paths that were cut out.
    pub cut: Vec<Path>,
}

impl Reading {
    /// Whether something was cut out at or below this key of the top level.
    pub fn is_damaged(&self, key: &str) -> bool {
        self.cut.iter().any(|path| matches!(path.0.first(), Some(Step::Key(first)) if first == key))
    }
}

/// Reads the text, which has passed the guard.
pub(crate) fn read(text: &Text, mut places: Node, tasks: &Tasks) -> Result<Reading, Diagnostic> {
    let mut value = match serde_yaml::from_str::<FirstWins>(&without_lone_tabs(&text.content)) {
        Ok(FirstWins(value)) => value,
        Err(error) => {
            let at = error.location().map_or(0, |location| location.index());
            return Err(unreadable(&error.to_string()).at(text, &(at..at + 1)));
        }
    };
    let mut problems = Vec::new();
    let mut cut = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, Document>(&value) {
            Ok(document) => return Ok(Reading { document, places, problems, cut }),
            Err(error) => error,
        };
        let path = path_of(error.path());
        problems.push(explain(&error.inner().to_string(), &path, tasks).place(text, &places, &path));
        if path.0.is_empty() || !places.has(&path) || problems.len() >= MOST_PROBLEMS || !remove(&mut value, &path) {
            return Ok(Reading { document: Document::default(), places, problems, cut: every_key() });
        }
        places.remove(&path);
        cut.push(path);
    }
}

/// What the parser says of text that it cannot read, in our words where they are better.
fn unreadable(error: &str) -> Fault {
    let number = error.split_once("invalid type: integer `").and_then(|(_, rest)| rest.split_once("` as "));
    match number {
        Some((digits, _)) => Fault::new(
            format!("the number {} is too large", printable(digits)),
            "no number here goes beyond 64 bits; most have far lower limits",
        ),
        None => Fault::new(format!("this is not YAML: {error}"), "look at the punctuation and the indentation here"),
    }
}

/// Where reading had to stop, every key counts as damaged, so that nothing is reported as missing.
fn every_key() -> Vec<Path> {
    Document::keys().into_iter().map(|key| Path::default().key(key)).collect()
}

fn path_of(path: &serde_path_to_error::Path) -> Path {
    let steps = path.iter().map_while(|segment| match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    Path(steps.collect())
}

/// A fault, and whether it is about the key or about its value.
struct Explained {
    fault: Fault,
    about_key: bool,
}

impl Explained {
    fn place(self, text: &Text, places: &Node, path: &Path) -> Diagnostic {
        let span = if self.about_key { places.key_span(path) } else { places.value_span(path) };
        self.fault.at(text, &span)
    }
}

fn explain(message: &str, path: &Path, tasks: &Tasks) -> Explained {
    if let Some((Step::Key(key), before)) = path.0.split_last()
        && let Some(level) = level_of(before)
        && !keys_of(level).contains(&key.as_str())
        && !matches!(level, Scope::Task | Scope::Stage | Scope::Selector)
    {
        return Explained { fault: unknown_key(key, level, None, tasks, keys_of), about_key: true };
    }
    Explained { fault: Fault::from_lines(message), about_key: false }
}

/// The level of the mapping at a path.
fn level_of(path: &[Step]) -> Option<Scope> {
    let mut keys = path.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    match (keys.next(), keys.next()) {
        (None, _) => Some(Scope::Top),
        (Some("fault"), None) | (Some("tasks" | "models"), Some("fault")) => Some(Scope::Fault),
        (Some("tasks"), None) => Some(Scope::Task),
        (Some("models"), None) => Some(Scope::Model),
        (Some("expect"), None) => Some(Scope::Expect),
        (Some("expect"), Some("compare" | "to")) | (Some("charts"), Some("where")) => Some(Scope::Selector),
        (Some("charts"), None) => Some(Scope::Chart),
        (Some("pipeline"), None) => Some(Scope::Stage),
        (Some("variants"), None) => Some(Scope::Variant),
        _ => None,
    }
}

/// The keys of a level, without the settings of tasks.
pub(crate) fn keys_of(level: Scope) -> Vec<&'static str> {
    match level {
        Scope::Top => Document::keys(),
        Scope::Task => TaskEntry::keys(),
        Scope::Model => ModelEntry::keys(),
        Scope::Expect => Expect::keys(),
        Scope::Selector => Selector::keys(),
        Scope::Fault => FaultEntry::keys(),
        Scope::Chart => ChartEntry::keys(),
        Scope::Stage => StageEntry::keys(),
        Scope::Variant => VariantEntry::keys(),
    }
}

/// Cuts a value out. False where the path leads nowhere.
fn remove(value: &mut Value, path: &Path) -> bool {
    let Some((last, before)) = path.0.split_last() else { return false };
    let mut here = value;
    for step in before {
        let next = match (here, step) {
            (Value::Sequence(list), Step::Index(index)) => list.get_mut(*index),
            (Value::Mapping(mapping), Step::Key(key)) => mapping.get_mut(key.as_str()),
            _ => None,
        };
        let Some(next) = next else { return false };
        here = next;
    }
    match (here, last) {
        (Value::Sequence(list), Step::Index(index)) if *index < list.len() => {
            list.remove(*index);
            true
        }
        (Value::Mapping(mapping), Step::Key(key)) => mapping.shift_remove(key.as_str()).is_some(),
        _ => false,
    }
}

/// Any YAML value, where the first of two equal keys wins: the guard has reported the second.
struct FirstWins(Value);

impl<'de> Deserialize<'de> for FirstWins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = FirstWins;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a YAML value")
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<FirstWins, E> {
                Ok(FirstWins(value.into()))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<FirstWins, E> {
                Ok(FirstWins(value.into()))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<FirstWins, E> {
                Ok(FirstWins(value.into()))
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<FirstWins, E> {
                Ok(FirstWins(value.into()))
            }
            fn visit_str<E: Error>(self, value: &str) -> Result<FirstWins, E> {
                Ok(FirstWins(value.into()))
            }
            fn visit_unit<E: Error>(self) -> Result<FirstWins, E> {
                Ok(FirstWins(Value::Null))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<FirstWins, A::Error> {
                let mut list = Vec::new();
                while let Some(FirstWins(value)) = seq.next_element()? {
                    list.push(value);
                }
                Ok(FirstWins(Value::Sequence(list)))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FirstWins, A::Error> {
                let mut mapping = Mapping::new();
                while let Some((key, FirstWins(value))) = map.next_entry::<String, _>()? {
                    mapping.entry(Value::String(key)).or_insert(value);
                }
                Ok(FirstWins(Value::Mapping(mapping)))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// The text with lines of nothing but blanks and tabs as lines of blanks, as long as before: YAML takes them for empty, and this
/// parser does not.
pub(super) fn without_lone_tabs(text: &str) -> Cow<'_, str> {
    let lone = |line: &str| line.contains('\t') && line.trim().is_empty();
    match text.lines().any(lone) {
        true => text
            .split_inclusive('\n')
            .map(|line| if lone(line) { line.replace('\t', " ") } else { line.into() })
            .collect(),
        false => text.into(),
    }
}
