//! A valid scenario: every word known, every value in range, every key used by something.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use super::leaf::Items;
use super::problem::Text;
use crate::setting::{ChartKind, FaultKind, Key, Method, Metric, Model, OutcomeKind, Runtime, Stored, Value, takes};

/// A scenario that has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The slug that names the report's folder.
    pub name: String,
    /// The title for people.
    pub title: String,
    /// The question, or empty.
    pub about: String,
    /// The file.
    pub text: Text,
    /// SHA-256 of the file's bytes, lower-case hexadecimal.
    pub hash: String,
    /// The work.
    pub tasks: Vec<TaskChoice>,
    /// Who runs it.
    pub models: Vec<ModelChoice>,
    /// The stages, in place of tasks and models.
    pub pipeline: Option<Pipeline>,
    /// What every configuration is run with, one after the other; empty where the scenario says it all.
    pub variants: Vec<VariantChoice>,
    /// Settings of configurations given at the top level.
    pub given: ConfigSettings,
    /// How many rounds; `None` for as many as it takes to answer.
    pub rounds: Option<u32>,
    /// How long the rounds of a workload may take, where their number is not fixed.
    pub budget: Duration,
    /// When a trial is given up.
    pub timeout: Duration,
    /// The practical margin as a share.
    pub margin: f64,
    /// The seed, if the scenario sets one.
    pub seed: Option<u64>,
    /// What should come out.
    pub expect: Vec<Expectation>,
    /// The charts, if the scenario names them.
    pub charts: Option<Vec<Chart>>,
}

/// The alternatives of one setting, with its place in the text. Never empty, no two equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice<T> {
    /// The alternatives.
    pub values: Vec<T>,
    pub(crate) place: Range<usize>,
}

/// An entry of `tasks`.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskChoice {
    /// The task's word.
    pub task: String,
    /// Every setting of the task, those of the scenario first.
    pub settings: Vec<(String, Choice<Value>)>,
    /// How many items.
    pub items: Choice<Items>,
    /// Settings of configurations given in this entry.
    pub given: ConfigSettings,
}

/// An entry of `models`.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelChoice {
    /// The model.
    pub model: Model,
    /// Settings of configurations given in this entry.
    pub given: ConfigSettings,
    pub(crate) place: Range<usize>,
}

/// An entry of `variants`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VariantChoice {
    /// Its name, unique in the scenario.
    pub name: String,
    /// Its interpreter, as written.
    pub python: Option<String>,
    /// Variables that are added to the environment, by name.
    pub environment: BTreeMap<String, String>,
    /// Settings of the tasks that it has in place of theirs.
    pub settings: Vec<(String, Value)>,
    /// A commit, as written.
    pub revision: Option<String>,
    /// What is run in that commit's folder before the first trial; empty for nothing.
    pub build: Vec<String>,
    pub(crate) place: Range<usize>,
}

/// Stages in a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// The stages in their order: two or more.
    pub stages: Vec<StageChoice>,
    /// Items that may wait before each later stage.
    pub queue: Choice<u32>,
    /// How many items.
    pub items: Choice<Items>,
    pub(crate) place: Range<usize>,
}

/// An entry of `pipeline`.
#[derive(Clone, Debug, PartialEq)]
pub struct StageChoice {
    /// The task's word.
    pub task: String,
    /// Every setting of the task, those of the scenario first.
    pub settings: Vec<(String, Choice<Value>)>,
    /// `threads` or `processes`; `serial` is `threads` with one worker.
    pub model: Choice<Model>,
    /// How many workers.
    pub workers: Choice<Alternative>,
    /// How items cross to worker processes.
    pub ipc: Choice<Method>,
    /// Items handed to a worker process and not yet answered.
    pub in_flight: Choice<u32>,
    pub(crate) place: Range<usize>,
}

/// One alternative of a setting, before it is known on how many cores it is run.
#[derive(Clone, Debug, PartialEq)]
pub enum Alternative {
    /// The setting is not set.
    Absent,
    /// This value.
    Value(Value),
    /// From the first to the last number of workers.
    Range(u32, u32),
    /// This many times the cores.
    Cores(CoreKind, u32),
    /// A fault of an item, from 0.
    Fault(FaultKind, u64),
}

impl Alternative {
    /// How many configurations it makes.
    fn extent(&self) -> u64 {
        match self {
            Self::Range(low, high) => u64::from(high - low) + 1,
            _ => 1,
        }
    }

    /// The value, or none where the setting is not set; the kind of a fault.
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value.clone()),
            Self::Fault(kind, _) => Some(kind.to_value()),
            _ => None,
        }
    }
}

/// Settings of configurations given at one level, by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigSettings(pub(crate) BTreeMap<Key, Choice<Alternative>>);

impl ConfigSettings {
    /// These settings, and those of `other` where these are silent.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let mut all = other.0.clone();
        all.extend(self.0.iter().map(|(key, choice)| (*key, choice.clone())));
        Self(all)
    }

    /// The alternatives of a setting, where it is given.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&Choice<Alternative>> {
        self.0.get(&key)
    }

    /// Whether a setting is given.
    #[must_use]
    pub fn has(&self, key: Key) -> bool {
        self.0.contains_key(&key)
    }

    /// The settings that are given.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.0.keys().copied()
    }

    /// What executes the items: `native` where nothing is said.
    #[must_use]
    pub fn runtimes(&self) -> Vec<Runtime> {
        let given = self.get(Key::Runtime).map(|choice| &choice.values);
        let read = |one: &Alternative| one.value().and_then(|value| Runtime::from_value(&value));
        given.map_or(vec![Runtime::Native], |values| values.iter().filter_map(read).collect())
    }

    /// Whether a model takes a setting under any of these runtimes.
    #[must_use]
    pub fn are_used(&self, model: Model, key: Key) -> bool {
        self.runtimes().into_iter().any(|runtime| takes(model, runtime, key))
    }

    /// Where a setting is given and how many alternatives it has; a range of workers counts each.
    pub(crate) fn extent(&self, key: Key) -> Option<(u64, &Range<usize>)> {
        self.get(key).map(|choice| (choice.extent(), &choice.place))
    }
}

impl Choice<Alternative> {
    /// How many configurations the alternatives make.
    pub(crate) fn extent(&self) -> u64 {
        self.values.iter().map(Alternative::extent).sum()
    }
}

impl Scenario {
    /// The settings of a task under a model: the model's own, else the task's, else those at the top.
    #[must_use]
    pub fn given_for(&self, task: &TaskChoice, model: &ModelChoice) -> ConfigSettings {
        model.given.or(&task.given).or(&self.given)
    }
}

/// A chart to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// Which one.
    pub kind: ChartKind,
    /// What stands along the axis of the ways or sizes.
    pub x: Option<Key>,
    /// What sets sections or pictures apart.
    pub group: Option<Key>,
    /// The configurations that it shows, if not all.
    pub only: Option<Selector>,
    /// The headline, if one is given.
    pub title: Option<String>,
    /// Where `x` and `group` stand.
    pub(crate) places: [Range<usize>; 2],
}

/// Something that should come out.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// Which configurations.
    pub compare: Selector,
    /// What they are compared with; `None` means the workload's reference, or nothing where the metric is of one configuration.
    pub to: Option<Selector>,
    /// What is compared.
    pub metric: Metric,
    /// How the trials end, where the metric is `outcome`.
    pub is: Option<OutcomeKind>,
    /// Lower bound.
    pub at_least: Option<f64>,
    /// Upper bound.
    pub at_most: Option<f64>,
}

/// What a selector demands of one key: one of some values.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The key: `task`, `model`, a way, or a setting of a task.
    pub key: String,
    /// The values that match, and how they were written.
    pub values: Vec<(Wanted, String)>,
    pub(crate) place: Range<usize>,
}

impl Term {
    /// A term from outside a scenario's text.
    pub(crate) fn of(key: &str, values: Vec<(Wanted, String)>) -> Self {
        Self { key: key.to_owned(), values, place: 0..0 }
    }
}

/// Which cores are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoreKind {
    /// `cores`: those that the program is granted.
    Granted,
    /// `physical`: of these, one thread of each physical core.
    Physical,
}

impl CoreKind {
    /// What a number of workers calls it.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word {
            "cores" => Some(Self::Granted),
            "physical" => Some(Self::Physical),
            _ => None,
        }
    }
}

/// A value that a selector matches.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// Any of these values: a word may mean several, since each task reads its settings in its own way.
    Any(Vec<Value>),
    /// From the first to the last number of workers.
    Range(u32, u32),
    /// So many times the cores.
    Cores(CoreKind, u32),
}

/// Matches every configuration that has these values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// All of them must match.
    pub terms: Vec<Term>,
    pub(crate) place: Range<usize>,
}
