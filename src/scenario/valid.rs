//! A valid scenario: every word known, every value in range, every key used by something.

use std::ops::Range;
use std::time::Duration;

use super::leaf::{Items, Workers};
use super::problem::Text;
use crate::ipc::{Dispatch, Method, Wait};
use crate::model::{Affinity, Api, Key, Measure, Model, OnCrash, ParentUse, Start, uses};
use crate::runtime::Runtime;
use crate::task::{Fault, Value};
use crate::vocab::{ChartKey, ChartKind, Ending, Metric};

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
    /// Ways given at the top level.
    pub ways: Ways,
    /// How many rounds.
    pub trials: u32,
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
    /// Ways given in this entry.
    pub ways: Ways,
}

/// An entry of `models`.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelChoice {
    /// The model.
    pub model: Model,
    /// Ways given in this entry.
    pub ways: Ways,
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
    pub workers: Option<Choice<Workers>>,
    /// How items cross to worker processes.
    pub ipc: Choice<Method>,
    /// Items handed to a worker process and not yet answered.
    pub in_flight: Choice<u32>,
    pub(crate) place: Range<usize>,
}

/// Ways given at one level; `None` where the level does not give the key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ways {
    /// How many workers.
    pub workers: Option<Choice<Workers>>,
    /// How bytes cross between processes.
    pub ipc: Option<Choice<Method>>,
    /// How items reach workers.
    pub dispatch: Option<Choice<Dispatch>>,
    /// Items per message or claim.
    pub chunk: Option<Choice<u32>>,
    /// Chunks in flight per worker.
    pub in_flight: Option<Choice<u32>>,
    /// How a side waits.
    pub wait: Option<Choice<Wait>>,
    /// Which cores.
    pub affinity: Option<Choice<Affinity>>,
    /// What executes items.
    pub runtime: Option<Choice<Runtime>>,
    /// What the clock covers.
    pub measure: Option<Choice<Measure>>,
    /// How worker processes are started.
    pub start: Option<Choice<Start>>,
    /// Which of Python's own classes run the workers.
    pub api: Option<Choice<Api>>,
    /// Nanoseconds that a thread may keep the interpreter lock.
    pub switch_interval: Option<Choice<u64>>,
    /// Nanoseconds that the emulated lock is held before a blocking operation.
    pub gil_hold: Option<Choice<u64>>,
    /// Which interpreters, as written.
    pub python: Option<Choice<String>>,
    /// What goes wrong on purpose; `None` is a cell in which nothing does.
    pub fault: Option<Choice<Option<Fault>>>,
    /// What happens after a worker process has died.
    pub on_crash: Option<Choice<OnCrash>>,
    /// Bytes that the parent holds.
    pub parent_memory: Option<Choice<u64>>,
    /// What workers do with them.
    pub parent_use: Option<Choice<ParentUse>>,
    /// Items a second that come whether workers keep up or not.
    pub rate: Option<Choice<u32>>,
}

/// Every key that a model may or may not use, with its word, in the order in which the matrix is nested.
pub const KEYS: &[(Key, &str)] = &[
    (Key::Workers, "workers"),
    (Key::Ipc, "ipc"),
    (Key::Dispatch, "dispatch"),
    (Key::Chunk, "chunk"),
    (Key::InFlight, "in_flight"),
    (Key::Wait, "wait"),
    (Key::Affinity, "affinity"),
    (Key::Start, "start"),
    (Key::Api, "api"),
    (Key::SwitchInterval, "switch_interval"),
    (Key::GilHold, "gil_hold"),
    (Key::Python, "python"),
    (Key::Fault, "fault"),
    (Key::OnCrash, "on_crash"),
    (Key::ParentMemory, "parent_memory"),
    (Key::ParentUse, "parent_use"),
    (Key::Rate, "rate"),
];

impl Ways {
    /// These ways, and those of `other` where these are silent.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        macro_rules! first {
            ($($key:ident),*) => { Self { $($key: self.$key.clone().or_else(|| other.$key.clone()),)* } };
        }
        first!(
            workers,
            ipc,
            dispatch,
            chunk,
            in_flight,
            wait,
            affinity,
            runtime,
            measure,
            start,
            api,
            switch_interval,
            gil_hold,
            python,
            fault,
            on_crash,
            parent_memory,
            parent_use,
            rate
        )
    }

    /// What executes the items: `native` where nothing is said.
    #[must_use]
    pub fn runtimes(&self) -> Vec<Runtime> {
        self.runtime.as_ref().map_or(vec![Runtime::Native], |choice| choice.values.clone())
    }

    /// Whether a model has a use for a key under any of these ways' runtimes.
    #[must_use]
    pub fn are_used(&self, model: Model, key: Key) -> bool {
        self.runtimes().into_iter().any(|runtime| uses(model, runtime, key))
    }

    /// Where a key is given and how many alternatives it has; a range of workers counts each.
    pub(crate) fn extent(&self, key: Key) -> Option<(u64, &Range<usize>)> {
        fn of<T>(choice: &Option<Choice<T>>) -> Option<(u64, &Range<usize>)> {
            choice.as_ref().map(|choice| (choice.values.len() as u64, &choice.place))
        }
        match key {
            Key::Workers => self.workers.as_ref().map(|choice| {
                let counts = choice.values.iter().map(|workers| match workers {
                    Workers::Range(low, high) => u64::from(high - low) + 1,
                    Workers::Cores(_) => 1,
                });
                (counts.sum(), &choice.place)
            }),
            Key::Ipc => of(&self.ipc),
            Key::Dispatch => of(&self.dispatch),
            Key::Chunk => of(&self.chunk),
            Key::InFlight => of(&self.in_flight),
            Key::Wait => of(&self.wait),
            Key::Affinity => of(&self.affinity),
            Key::Start => of(&self.start),
            Key::Api => of(&self.api),
            Key::SwitchInterval => of(&self.switch_interval),
            Key::GilHold => of(&self.gil_hold),
            Key::Python => of(&self.python),
            Key::Fault => of(&self.fault),
            Key::OnCrash => of(&self.on_crash),
            Key::ParentMemory => of(&self.parent_memory),
            Key::ParentUse => of(&self.parent_use),
            Key::Rate => of(&self.rate),
        }
    }
}

impl Scenario {
    /// The ways of a task under a model: the model's own, else the task's, else those at the top.
    #[must_use]
    pub fn ways_of(&self, task: &TaskChoice, model: &ModelChoice) -> Ways {
        model.ways.or(&task.ways).or(&self.ways)
    }
}

/// A chart to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// Which one.
    pub kind: ChartKind,
    /// What stands along the axis of the ways or sizes.
    pub x: Option<ChartKey>,
    /// What sets sections or pictures apart.
    pub group: Option<ChartKey>,
    /// The cells that it shows, if not all.
    pub only: Option<Selector>,
    /// The headline, if one is given.
    pub title: Option<String>,
    /// Where `x` and `group` stand.
    pub(crate) places: [Range<usize>; 2],
}

/// Something that should come out.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// Which cells.
    pub compare: Selector,
    /// What they are compared with; `None` means the group's baseline, or nothing where the metric is of one cell.
    pub to: Option<Selector>,
    /// What is compared.
    pub metric: Metric,
    /// How the trials end, where the metric is `outcome`.
    pub is: Option<Ending>,
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

/// A value that a selector matches.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// Any of these values: a word may mean several, since each task reads its settings in its own way.
    Any(Vec<Value>),
    /// From the first to the last number of workers.
    Range(u32, u32),
    /// So many times the cores.
    Cores(u32),
}

/// Matches every cell that has these values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// All of them must match.
    pub terms: Vec<Term>,
    pub(crate) place: Range<usize>,
}
