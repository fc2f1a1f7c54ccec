//! A scenario as written: what serde reads and what the JSON Schema is generated from. Every field may be absent
//! here, so that one mistake does not hide another; what is required is checked afterwards.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

pub(crate) use super::axis::{Axis, One};
use super::leaf::{Bound, Budget, FromScalar, Margin, Prose, Rounds, Scalar, Seed, Slug, Timeout, Version};
use super::problem::Fault;
use super::vocabulary::FaultWord;
use super::words::Scope;
use crate::setting::{ALL, ChartKind, Key, Metric, Model, OutcomeKind, StageConfig};

/// A mapping with known keys, read key by key.
pub(crate) trait Fields: Default {
    /// The level whose keys these are.
    const LEVEL: Scope;
    /// The known keys.
    fn keys() -> Vec<&'static str>;
    /// Reads the value of a key, if the key is known.
    fn read<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error>;
    /// What a single word in the mapping's place means.
    fn from_word(word: &str) -> Result<Self, Fault>;
}

/// Fails at the value of an unknown key, so that the error's path ends with that key.
struct Refuse;

impl<'de> DeserializeSeed<'de> for Refuse {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        IgnoredAny::deserialize(deserializer)?;
        Err(D::Error::custom("this key is not known"))
    }
}

struct FieldsVisitor<T>(PhantomData<T>);

impl<'de, T: Fields> Visitor<'de> for FieldsVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a mapping of keys to values for {}", T::LEVEL.shown())
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<T, E> {
        T::from_word(word).map_err(E::custom)
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Err(E::custom(Fault::new("there is no value here", format!("the keys of {} belong here", T::LEVEL.shown()))))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Err(wrong_shape::<T, E>())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
        Err(wrong_shape::<T, E>())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        Err(wrong_shape::<T, E>())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        Err(wrong_shape::<T, E>())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<T, A::Error> {
        Err(wrong_shape::<T, A::Error>())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut fields = T::default();
        while let Some(key) = map.next_key::<String>()? {
            if !fields.read(&key, &mut map)? {
                map.next_value_seed(Refuse)?;
            }
        }
        Ok(fields)
    }
}

fn wrong_shape<T: Fields, E: Error>() -> E {
    E::custom(shape_fault::<T>())
}

fn shape_fault<T: Fields>() -> Fault {
    let keys = super::words::list(&T::keys());
    let what = if matches!(T::LEVEL, Scope::Task | Scope::Model | Scope::Fault | Scope::Chart) {
        "a word or a mapping"
    } else {
        "a mapping"
    };
    Fault::new(format!("{what} belongs here, as {}", T::LEVEL.shown()), format!("the keys of a mapping are {keys}"))
}

/// The key of a field: a field whose key is a word of Rust is written with a mark.
fn name_of(field: &'static str) -> &'static str {
    field.strip_prefix("r#").unwrap_or(field)
}

macro_rules! fields {
    ($(#[$doc:meta])* $name:ident: $level:expr, $($(#[$field_doc:meta])* $field:ident: $type:ty,)* $(.. $rest:ident: $rest_type:ty,)*) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
        pub(crate) struct $name {
            $($(#[$field_doc])* pub $field: Option<$type>,)*
            $(#[schemars(flatten)] pub $rest: $rest_type,)*
        }

        impl Fields for $name {
            const LEVEL: Scope = $level;
            fn keys() -> Vec<&'static str> {
                #[allow(unused_mut)]
                let mut keys = vec![$(name_of(stringify!($field))),*];
                $(keys.extend(<$rest_type>::keys());)*
                keys
            }
            fn read<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
                $(if key == name_of(stringify!($field)) {
                    self.$field = Some(map.next_value()?);
                    return Ok(true);
                })*
                Ok(false $(|| self.$rest.read(key, map)?)*)
            }
            fn from_word(word: &str) -> Result<Self, Fault> {
                Self::of_word(word)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(FieldsVisitor(PhantomData))
            }
        }
    };
}

fields! {
    /// A fault that is injected into one item.
    FaultEntry: Scope::Fault,
    /// What goes wrong.
    kind: One<FaultWord>,
    /// In which item, from 0. Default: 5. Takes no list.
    item: One<Scalar>,
}

fields! {
    /// A scenario of `runner`: the work, and the configurations to run it under.
    Document: Scope::Top,
    /// The version of this language: 1.
    version: One<Version>,
    /// Names the report's folder; unique in a run.
    name: One<Slug>,
    /// The title for people. Default: the name.
    title: One<Prose>,
    /// The question that the scenario answers.
    about: One<Prose>,
    /// The work: a task's word, or a mapping with `kind` and settings; one or a list.
    tasks: Axis<TaskEntry>,
    /// What executes the items: a model's word, or a mapping with `kind` and settings of its own, which override those at the top; one or a list.
    models: Axis<ModelEntry>,
    /// Stages in a chain, in place of `tasks` and `models`: every item passes through all of them, each with workers of its own. Tasks that work on data (`compress`, `hash`, `image`, `file`, `echo`, `command`) take the output of the stage before; others run the item of that number. Two or more.
    pipeline: Axis<StageEntry>,
    /// What is compared beside models and settings, in the same rounds: other interpreters, environments, functions, commands, folders or revisions. Every configuration is run with each of them. A list of mappings, the first of which is the reference.
    variants: Axis<VariantEntry>,
    /// See the table of settings.
    queue: Axis<One<Scalar>>,
    /// See the table of settings.
    items: Axis<One<Scalar>>,
    /// How many rounds: every configuration runs once in each. `auto` runs as many as it takes to answer, within the budget; a number runs exactly so many, and answers once. Default: `auto`. Takes no list.
    rounds: One<Rounds>,
    /// How long the rounds of one workload may take where `rounds` is `auto`. Default: 20 s. Takes no list.
    budget: One<Budget>,
    /// The longest that a trial may take. Default: 30 s. Takes no list.
    timeout: One<Timeout>,
    /// The difference that matters: a simpler configuration is preferred where it costs no more than this. Default: 5%. Takes no list.
    margin: One<Margin>,
    /// Seed of items and orders. Default: from the file's text. Takes no list.
    seed: One<Seed>,
    /// What is expected of the measurement; one or a list.
    expect: Axis<Expect>,
    /// Charts to draw, in order; an empty list for none. Default: those that fit the parameters.
    charts: Axis<ChartEntry>,
    .. given: ConfigSettings,
}

fields! {
    /// A model with settings of its own, which override those at the top and those of tasks.
    ModelEntry: Scope::Model,
    /// The model's word.
    kind: One<Model>,
    .. given: ConfigSettings,
}

fields! {
    /// A task with its settings. Settings given here override those at the top.
    TaskEntry: Scope::Task,
    /// The task's word.
    kind: One<Scalar>,
    /// See the table of settings.
    items: Axis<One<Scalar>>,
    .. given: ConfigSettings,
    .. settings: Settings,
}

fields! {
    /// A stage of a pipeline: its task, and the model that runs it.
    StageEntry: Scope::Stage,
    /// The task's word.
    task: One<Scalar>,
    .. given: StageSettings,
    .. settings: Settings,
}

fields! {
    /// A variant: what it has in place of what the scenario says.
    VariantEntry: Scope::Variant,
    /// How tables name it. Default: what it has. Takes no list.
    name: One<Prose>,
    /// Its interpreter, as the setting `python`. Takes no list.
    python: One<Scalar>,
    /// Variables that are added to the environment, as a mapping of names to values.
    environment: Environment,
    /// Its function, as `call` of the task `python`. Takes no list.
    call: One<Scalar>,
    /// Its folder of modules, as `path` of the task `python`. Takes no list.
    path: One<Scalar>,
    /// Its program with arguments, as `argv` of the task `command`.
    argv: Axis<One<Scalar>>,
    /// A commit by any name that git knows, such as `main` or `HEAD~1`. It is checked out below the run's own folder, and what is relative to the current folder is looked for there; files of items are not. Needs --allow-commands. Takes no list.
    revision: One<Scalar>,
    /// With `revision`: a program with its arguments that is run there before the first trial, such as `[make]`.
    build: Axis<One<Scalar>>,
}

fields! {
    /// A chart, and how it is shaped.
    ChartEntry: Scope::Chart,
    /// Which one.
    kind: One<ChartKind>,
    /// The setting along the x axis. `time`, `breakdown` and `memory`: any setting of configurations, by which rows are ordered and named first. `speedup`: `workers`. `ipc`: `payload`. The others take none. Default: configurations as they are planned.
    x: One<Key>,
    /// A setting, each value of which has its own section (`time`, `memory`) or chart (`speedup`, `breakdown`, `service`). The others take none. Default: tasks, runtimes and measures alone.
    group: One<Key>,
    /// The configurations that it shows: all that have these values. Default: all.
    r#where: Selector,
    /// The title. The computed finding then follows below it. Default: the finding.
    title: One<Prose>,
}

fields! {
    /// An expectation, evaluated on the interval: met, not met or inconclusive.
    Expect: Scope::Expect,
    /// The configurations: all that have these values.
    compare: Selector,
    /// What they are compared with; paired on everything that is not given here. Bounds are then factors. Default for `speedup`: the reference of the workload. Not for `outcome`.
    to: Selector,
    /// What is compared. Default: `speedup`.
    metric: One<Metric>,
    /// With `metric: outcome`: how the trials end. Default: `ok`.
    is: One<OutcomeKind>,
    /// Lower bound: a factor (`1.5`), a duration (`2 s`), items per second (`1000`), a size (`64 MiB`) or a share (`100%`), depending on the metric. Default for `outcome` without any bound: 100%.
    at_least: One<Bound>,
    /// Upper bound, as the lower one.
    at_most: One<Bound>,
}

fields! {
    /// Configurations with these values; a list of values matches each of them.
    Selector: Scope::Selector,
    /// The task's word.
    task: Axis<One<Scalar>>,
    .. given: SelectorSettings,
    .. settings: Settings,
}

macro_rules! no_words {
    ($($type:ty),*) => {$(
        impl $type {
            fn of_word(_: &str) -> Result<Self, Fault> {
                Err(shape_fault::<Self>())
            }
        }
    )*};
}

no_words!(Document, StageEntry, Expect, Selector, VariantEntry);

/// Variables of the environment, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Environment(pub std::collections::BTreeMap<String, Scalar>);

impl<'de> Deserialize<'de> for Environment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::collections::BTreeMap::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for Environment {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Environment".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "object", "additionalProperties": { "type": ["boolean", "number", "string"] } })
    }
}

impl TaskEntry {
    fn of_word(word: &str) -> Result<Self, Fault> {
        Ok(Self { kind: Some(One(Scalar::Text(word.to_owned()))), ..Self::default() })
    }
}

impl ModelEntry {
    fn of_word(word: &str) -> Result<Self, Fault> {
        let kind = Model::read(&Scalar::Text(word.to_owned()))?;
        Ok(Self { kind: Some(One(kind)), ..Self::default() })
    }
}

impl ChartEntry {
    fn of_word(word: &str) -> Result<Self, Fault> {
        let kind = ChartKind::read(&Scalar::Text(word.to_owned()))?;
        Ok(Self { kind: Some(One(kind)), ..Self::default() })
    }
}

impl FaultEntry {
    fn of_word(word: &str) -> Result<Self, Fault> {
        let kind = FaultWord::read(&Scalar::Text(word.to_owned()))?;
        Ok(Self { kind: Some(One(kind)), ..Self::default() })
    }
}

/// What is written for a setting of configurations.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Written {
    /// Values of any setting but the fault.
    Values(Axis<One<Scalar>>),
    /// Faults, each of which may have an item.
    Faults(Axis<FaultEntry>),
}

/// Settings that have places of their own, and are not keys of every level: the model is what `models` names, items are the
/// tasks', a fault's item is part of the fault, a variant is what `variants` describes, and queues are for pipelines.
const APART: [Key; 5] = [Key::Model, Key::Items, Key::FaultItem, Key::Variant, Key::Queue];

/// Defines the settings of configurations that a level takes, as they are written.
macro_rules! config_settings {
    ($(#[$doc:meta])* $name:ident, $takes:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(crate) struct $name(pub Vec<(Key, Written)>);

        impl $name {
            pub fn keys() -> Vec<&'static str> {
                ALL.iter().filter(|row| $takes(&row.key)).map(|row| row.setting.name).collect()
            }

            fn read<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
                let Some(key) = Key::of_name(key).filter($takes) else { return Ok(false) };
                self.0.push((key, Written::read(key, map)?));
                Ok(true)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                super::definitions::references(&Self::keys())
            }
        }
    };
}

config_settings!(
    /// The settings of configurations at the top, of a task or of a model. Each takes one value, or a list of alternatives,
    /// which makes it a parameter.
    ConfigSettings,
    |key: &Key| !APART.contains(key)
);
config_settings!(
    /// The settings by which a selector finds configurations.
    SelectorSettings,
    |_: &Key| true
);
config_settings!(
    /// The settings of a stage of a pipeline.
    StageSettings,
    |key: &Key| StageConfig::KEYS.contains(key)
);

impl Written {
    fn read<'de, A: MapAccess<'de>>(key: Key, map: &mut A) -> Result<Self, A::Error> {
        match key {
            Key::Fault => map.next_value().map(Self::Faults),
            _ => map.next_value().map(Self::Values),
        }
    }
}

/// Keys whose meaning only a task knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings(pub Vec<(String, Axis<One<Scalar>>)>);

impl Settings {
    fn keys() -> Vec<&'static str> {
        Vec::new()
    }

    fn read<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        let value = map.next_value()?;
        self.0.push((key.to_owned(), value));
        Ok(true)
    }
}

/// The schema of settings is put in afterwards, from the registry.
impl JsonSchema for Settings {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Settings".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "object" })
    }
}
