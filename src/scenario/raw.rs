//! A scenario as written: what serde reads and what the JSON Schema is generated from. Every field may be absent
//! here, so that one mistake does not hide another; what is required is checked afterwards.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::leaf::{Bound, Budget, FromScalar, Margin, Prose, Rounds, Scalar, Seed, Slug, Timeout, Version};
use super::problem::Fault;
use super::vocabulary::FaultWord;
use super::words::Scope;
use crate::setting::{ALL, ChartKind, Key, Metric, Model, OutcomeKind, StageConfig};

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct One<T>(pub T);

/// One value, or a list of alternatives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis<T> {
    pub values: Vec<T>,
    /// Whether it was written as a list.
    pub list: bool,
}

impl<'de, T: FromScalar> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(&Scalar::deserialize(deserializer)?).map(One).map_err(D::Error::custom)
    }
}

/// Scalars as they are, where only a task knows what they mean.
impl FromScalar for Scalar {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        Ok(scalar.clone())
    }
    fn schema() -> serde_json::Value {
        serde_json::json!({ "type": ["boolean", "number", "string"] })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Axis<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany<T>(PhantomData<T>);
        macro_rules! single {
            ($($method:ident: $type:ty),*) => {$(
                fn $method<E: Error>(self, value: $type) -> Result<Self::Value, E> {
                    let value = T::deserialize(serde::de::IntoDeserializer::into_deserializer(value))?;
                    Ok(Axis { values: vec![value], list: false })
                }
            )*};
        }
        impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrMany<T> {
            type Value = Axis<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a list of alternatives")
            }
            single!(visit_bool: bool, visit_u64: u64, visit_i64: i64, visit_f64: f64, visit_str: &str);
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Err(E::custom(Fault::new("there is no value here", "give one, or remove the key")))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let value = T::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Axis { values: vec![value], list: false })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(Axis { values, list: true })
            }
        }
        deserializer.deserialize_any(OneOrMany(PhantomData))
    }
}

impl<T: FromScalar> JsonSchema for One<T> {
    fn inline_schema() -> bool {
        T::definition().is_none()
    }
    fn schema_name() -> Cow<'static, str> {
        T::definition().unwrap_or(std::any::type_name::<Self>()).into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::try_from(T::schema()).unwrap_or_default()
    }
}

impl<T: JsonSchema> JsonSchema for Axis<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        std::any::type_name::<Self>().into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        schemars::json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

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

no_words!(Document, StageEntry, Expect, Selector);

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
/// tasks', a fault's item is part of the fault, and queues are for pipelines.
const APART: [Key; 4] = [Key::Model, Key::Items, Key::FaultItem, Key::Queue];

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
