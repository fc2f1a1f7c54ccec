//! A configuration as a value: every setting that it has, from the scenario to the results file.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::table::{ALL, Config, ConfigSetting, Default, Key, LabelForm, Part, takes};
use super::value::{Stored, Value};
use super::words::{Method, Model, Runtime};

impl Key {
    /// The setting's row in the table.
    #[must_use]
    pub fn row(self) -> &'static ConfigSetting {
        // The table and the keys come from the same rows, in the same order.
        &ALL[self as usize]
    }

    /// The key in scenarios.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().setting.name
    }

    /// The setting of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        ALL.iter().find(|row| row.setting.name == name).map(|row| row.key)
    }

    /// Every setting that sets configurations of one workload apart, in the order of the table.
    pub fn of_configurations() -> impl Iterator<Item = Self> {
        ALL.iter().filter(|row| row.part == Part::Configuration).map(|row| row.key)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::of_name(&name).ok_or_else(|| D::Error::custom(format!("there is no setting `{name}`")))
    }
}

impl JsonSchema for Key {
    fn schema_name() -> Cow<'static, str> {
        "Key".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = ALL.iter().map(|row| row.setting.name).collect();
        schemars::json_schema!({ "enum": names, "description": "A setting of configurations." })
    }
}

/// How one stage of a pipeline is run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StageConfig {
    /// `threads` or `processes`.
    pub model: Model,
    /// How many workers.
    pub workers: u32,
    /// How items cross to worker processes and back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipc: Option<Method>,
    /// Items handed to a worker process and not yet answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
}

impl StageConfig {
    /// The settings that a stage takes of those of configurations.
    pub const KEYS: [Key; 4] = [Key::Model, Key::Workers, Key::Ipc, Key::InFlight];

    /// The value of one of them, where it is set.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<Value> {
        match key {
            Key::Model => Some(self.model.to_value()),
            Key::Workers => Some(self.workers.to_value()),
            Key::Ipc => self.ipc.map(|method| method.to_value()),
            Key::InFlight => self.in_flight.map(|count| count.to_value()),
            _ => None,
        }
    }
}

/// How selectors name the setting of a stage, counted from 0: `stage2_workers`.
#[must_use]
pub fn fact_name(stage: usize, name: &str) -> String {
    format!("stage{}_{name}", stage + 1)
}

/// The stage, from 0, and the setting that such a name means: `(1, "workers")` of `stage2_workers`.
#[must_use]
pub fn of_stage(name: &str) -> Option<(usize, &str)> {
    let (stage, own) = name.strip_prefix("stage")?.split_once('_')?;
    let number: usize = stage.parse().ok().filter(|number| *number > 0)?;
    (!stage.starts_with(['0', '+'])).then_some((number - 1, own))
}

impl Config {
    /// What it has of a setting, with the word for none where that is a value too; `None` where its model does not take it.
    #[must_use]
    pub fn fact(&self, key: Key) -> Option<Value> {
        let none = || key.row().absent_value().filter(|_| takes(self.model, self.runtime, key));
        self.get(key).or_else(none)
    }

    /// Everything by which it can be selected, by name, in the order of the table; stages come last.
    #[must_use]
    pub fn facts(&self) -> Vec<(String, Value)> {
        let own = ALL.iter().filter_map(|row| Some((row.setting.name.to_owned(), self.fact(row.key)?)));
        let staged = self.stages.iter().enumerate().flat_map(|(at, stage)| {
            let own = StageConfig::KEYS.into_iter();
            own.filter_map(move |key| Some((fact_name(at, key.name()), stage.get(key)?)))
        });
        own.chain(staged).collect()
    }

    /// The names of the settings in which two configurations differ, those of stages included.
    #[must_use]
    pub fn differing(&self, other: &Self) -> BTreeSet<String> {
        let (mine, theirs): (BTreeMap<_, _>, BTreeMap<_, _>) =
            (self.facts().into_iter().collect(), other.facts().into_iter().collect());
        let names = mine.keys().chain(theirs.keys());
        names.filter(|name| mine.get(*name) != theirs.get(*name)).cloned().collect()
    }

    /// The same without these settings, for comparing what is left. A setting that cannot be absent stays.
    #[must_use]
    pub fn without(&self, keys: &[Key]) -> Self {
        let mut rest = self.clone();
        for key in keys {
            rest.set(*key, None);
        }
        rest
    }

    /// How many of its settings have another value than their default.
    #[must_use]
    pub fn beyond_defaults(&self) -> usize {
        let other = |row: &&ConfigSetting| match (row.default, self.get(row.key)) {
            (_, None) => false,
            (Default::Fixed(text), Some(value)) => {
                row.setting.kind.show(&value) != text && value != Value::Word(text.into())
            }
            (Default::Rule(_), Some(_)) => false,
            (Default::Absent(_), Some(_)) => true,
        };
        ALL.iter().filter(other).count()
    }

    /// Threads and worker processes that run items.
    #[must_use]
    pub fn all_workers(&self) -> u32 {
        match self.stages.is_empty() {
            true => self.workers.unwrap_or(1),
            false => self.stages.iter().map(|stage| stage.workers).sum(),
        }
    }

    /// How a label shows what it has of a setting; `None` where its model does not take it. Python's own ways between
    /// processes are not those of this program, and have their plain names.
    #[must_use]
    pub fn shown(&self, key: Key) -> Option<String> {
        let (row, value) = (key.row(), self.fact(key)?);
        let text = match (key, self.ipc) {
            (Key::Ipc, Some(method)) if self.runtime == Runtime::Python => method.word().replace('_', " "),
            _ => row.setting.kind.show(&value),
        };
        Some(match row.label {
            LabelForm::Value => text,
            LabelForm::After(words) => format!("{words} {text}"),
            LabelForm::Before("workers") if self.workers == Some(1) => format!("{text} worker"),
            LabelForm::Before(words) => format!("{text} {words}"),
        })
    }

    /// `threads × 2`, or `serial`.
    #[must_use]
    pub fn head(&self) -> String {
        match self.workers {
            Some(workers) => format!("{} × {workers}", self.model.word()),
            None => self.model.word().to_owned(),
        }
    }
}

/// The settings in which some of these configurations differ from others that take them too, in the order of the table.
/// Whether a model takes a setting at all follows from the model, and makes no difference of its own.
pub fn varying<'a>(configs: impl Iterator<Item = &'a Config>) -> Vec<Key> {
    let configs: Vec<&Config> = configs.collect();
    let varies = |key: &Key| {
        let mut values = configs.iter().filter_map(|config| config.fact(*key));
        values.next().is_some_and(|first| values.any(|value| value != first))
    };
    ALL.iter().map(|row| row.key).filter(varies).collect()
}

/// Whether two configurations of one workload may be compared (methodology, rule 7): different IPC
/// methods only where they differ in nothing else that decides how messages travel. Claims from a table beside a stream over
/// the same method are a comparison of dispatch, and allowed.
#[must_use]
pub fn comparable(a: &Config, b: &Config) -> bool {
    let manner = [Key::Dispatch, Key::Chunk, Key::InFlight, Key::Wait, Key::Affinity];
    a.ipc.is_none() || b.ipc.is_none() || a.ipc == b.ipc || manner.iter().all(|key| a.get(*key) == b.get(*key))
}

/// For tests of every place that must see each setting: two configurations that differ in one setting alone, for each row of
/// the table.
#[cfg(test)]
pub(crate) mod pairs {
    use super::super::{Measure, SettingKind};
    use super::*;

    /// A configuration that has every setting.
    pub(crate) fn full() -> Config {
        let mut config = Config::new(Model::Processes, Measure::Work);
        for row in ALL.iter().filter(|row| row.key != Key::Model) {
            assert!(config.set(row.key, Some(&some(row, 0))), "{}", row.setting.name);
        }
        config
    }

    /// One of two values that a setting takes.
    fn some(row: &ConfigSetting, which: usize) -> Value {
        match row.setting.kind {
            SettingKind::Enum { rows, .. } => Value::Word(rows[which].word.to_owned()),
            SettingKind::Text { .. } => Value::Word(["python3", "python3.13"][which].to_owned()),
            SettingKind::Count { max, .. } | SettingKind::Bytes { max, .. } | SettingKind::Duration { max, .. } => {
                Value::Whole([max, max - 1][which])
            }
            SettingKind::Workers { max } => Value::Whole([max, 1][which]),
            _ => panic!("{} has a kind of which this test knows no values", row.setting.name),
        }
    }

    /// The pairs, each with the row in which they differ.
    pub(crate) fn all() -> impl Iterator<Item = (&'static ConfigSetting, Config, Config)> {
        ALL.iter().map(|row| {
            let one = full();
            let mut other = one.clone();
            // The first model of the table is another one than that of `full`.
            let which = usize::from(row.key != Key::Model);
            assert!(other.set(row.key, Some(&some(row, which))), "{}", row.setting.name);
            (row, one, other)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Measure;
    use super::*;

    #[test]
    fn each_setting_alone_makes_configurations_different() {
        for (row, one, other) in pairs::all() {
            assert_ne!(one, other, "{}", row.setting.name);
            let names = one.differing(&other);
            assert!(names.contains(row.setting.name), "{}: {names:?}", row.setting.name);
            assert_ne!(one.shown(row.key), other.shown(row.key), "{}", row.setting.name);
            assert!(varying([&one, &other].into_iter()).contains(&row.key), "{}", row.setting.name);
            if row.key != Key::Model {
                assert_eq!(names.len(), 1, "{names:?}");
            }
        }
    }

    #[test]
    fn a_configuration_survives_json_and_refuses_what_it_does_not_know() {
        let mut config = pairs::full();
        config.stages =
            vec![StageConfig { model: Model::Processes, workers: 2, ipc: Some(Method::Pipe), in_flight: None }];
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
        assert!(serde_json::from_str::<Config>(&text.replacen("\"chunk\"", "\"chunks\"", 1)).is_err());
        let plain = Config::new(Model::Serial, Measure::Work);
        assert_eq!(serde_json::to_string(&plain).unwrap(), r#"{"model":"serial","runtime":"native","measure":"work"}"#);
    }

    #[test]
    fn what_is_absent_has_a_word_where_that_is_a_value() {
        let config = Config::new(Model::Serial, Measure::Work);
        assert_eq!(config.fact(Key::Fault), Some(Value::Word("none".into())));
        assert_eq!(config.fact(Key::ParentMemory), Some(Value::Whole(0)));
        assert_eq!(config.fact(Key::Ipc), None, "serial takes none");
        assert_eq!(config.shown(Key::ParentMemory).as_deref(), Some("parent 0 B"));
    }

    #[test]
    fn stages_have_names_of_their_own() {
        assert_eq!((of_stage("stage2_workers"), of_stage("stage0_x")), (Some((1, "workers")), None));
        assert_eq!((of_stage("stage+1_x"), of_stage("stages_x"), of_stage("stage1")), (None, None, None));
        assert_eq!(fact_name(1, "workers"), "stage2_workers");
    }
}
