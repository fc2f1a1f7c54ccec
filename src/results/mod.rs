//! The versioned results file: plain types of its own, from which everything that people see is derived.
//!
//! Charts, reports and verdicts read these types and nothing else.

mod charts;
mod derived;
mod file;
mod happened;
mod interval;
mod journal;
mod machine;
mod pairs;
mod pick;
mod plausible;
mod reasons;
mod rows;
mod schema;
mod stages;
mod steps;
mod trace;
mod trial;

use crate::setting::{Config, FaultKind, Key, Measure, Metric, OutcomeKind, Runtime, Value, fact_name};
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::record::{
    Details, Event, EventKind, Life, LockUse, MOST_EVENTS, Memory, MemoryUse, Open, Phase, Seen, Spent, StageTimes,
    Usage,
};
pub use charts::*;
pub use derived::*;
pub use file::*;
pub use happened::*;
pub use interval::*;
pub use journal::*;
pub use machine::*;
pub use pairs::Pair;
pub use pick::*;
pub use reasons::*;
pub use schema::schema;
pub use stages::*;
pub use trace::*;
pub use trial::*;

/// The format number that this version writes, the first that anybody has. Others are refused.
pub const FORMAT: u32 = 1;

/// One results file: one run of one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Results {
    /// The format number, [`FORMAT`].
    pub format: u32,
    /// Version of the program, such as `0.1.0`.
    pub tool: String,
    /// The scenario.
    pub scenario: ScenarioRecord,
    /// How it was run.
    pub run: RunRecord,
    /// Where it was run.
    pub machine: Machine,
    /// What configurations were run with in place of what their workload says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// Configurations that are compared with each other.
    pub workloads: Vec<Workload>,
    /// All configurations; `Configuration::id` is the index here.
    pub configurations: Vec<Configuration>,
    /// Combinations that were asked for and not run.
    pub skipped: Vec<Skipped>,
    /// What the scenario expects.
    pub expectations: Vec<Expectation>,
    /// Charts to draw, in order.
    pub charts: Vec<ChartShape>,
    /// Every trial in the order in which it was run.
    #[serde(with = "rows")]
    #[schemars(with = "Vec<rows::Row>")]
    pub trials: Vec<Trial>,
    /// Histograms of the profiling trials, one per configuration that has any.
    pub latencies: Vec<Latency>,
    /// Timelines, one per configuration, where the scenario asks for the chart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timelines: Vec<Timeline>,
    /// Verdicts, recomputable from all of the above.
    pub derived: Derived,
}

/// The scenario of a results file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioRecord {
    /// The slug that names the report folder.
    pub name: String,
    /// The title for people.
    pub title: String,
    /// What it asks, or empty.
    pub about: String,
    /// The file's text.
    pub text: String,
    /// SHA-256 of the text, lower-case hexadecimal.
    pub hash: String,
}

/// How a scenario was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// Seed of items and orders.
    pub seed: u64,
    /// Rounds that were planned; where a budget decided, the most that any workload ran.
    pub rounds: u32,
    /// Seconds that each workload could take, where that decided how many rounds were run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<f64>,
    /// Whether `--quick` was given: small sizes, few rounds, no verdict.
    pub quick: bool,
    /// Whether every planned trial was run.
    pub complete: bool,
    /// The `--filter` selector, if one narrowed the run.
    pub filter: Option<String>,
    /// Practical margin for `equivalent`, as a share: 0.05 is 5%.
    pub margin: f64,
    /// Seconds after which a trial was ended.
    pub timeout: f64,
    /// Day and time of the start in UTC, such as `2026-11-23 14:02`. Not drawn on charts.
    pub started: String,
    /// How often the run was broken off and continued. The round in which it was broken off spans the gap.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub resumed: u32,
    /// What was compared with a baseline, such as `this tree (1a2b3c4, changed)`: then every configuration occurs with either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<String>,
    /// The baseline, such as `main (5d6e7f8)` or `runner 0.1.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Configurations that are compared with each other: equal in task, settings, runtime and measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Workload {
    /// Index in [`Results::workloads`].
    pub id: usize,
    /// What sets this workload apart within its scenario, such as `primes, limit 200 000`; unique in the file.
    pub label: String,
    /// The task's word.
    pub task: String,
    /// The work in words, such as `π(200 000) in 64 blocks`.
    pub describe: String,
    /// Whether the task mostly `computing`, `waiting` or `moving`.
    pub bound: String,
    /// The task's settings, resolved (durations in nanoseconds, sizes in bytes), without `items`.
    pub settings: BTreeMap<String, Value>,
    /// Size in bytes of the payload that a request carries, where the task has the setting.
    pub payload: Option<u64>,
    /// What executes the items.
    pub runtime: Runtime,
    /// The interpreter, where the runtime is Python.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<Interpreter>,
    /// What went wrong on purpose in every trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Items per second that arrived whether workers kept up or not: then what is compared is the 95th percentile of latencies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// What the clock covered.
    pub measure: Measure,
    /// Configurations, in the order in which outputs list them.
    pub configurations: Vec<usize>,
    /// Reference of speedups (methodology, rule 16): serial, else one worker of the first model with it, else the first configuration.
    pub reference: usize,
    /// Whether the configurations have different item counts, so that times are compared per item.
    pub per_item: bool,
    /// At which looks at the data it was decided how long to run, and which rounds count.
    pub looks: Looks,
}

/// What configurations were run with in place of what their workload says. No paths but those that the scenario has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Variant {
    /// Its name, unique in the file.
    pub name: String,
    /// Its interpreter, where that is not the workload's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<Interpreter>,
    /// Variables that were added to the environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Settings of the task in place of the workload's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, Value>,
    /// A commit, as it was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The version of the build of this program that ran its trials, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A CPython, as outputs name it. No paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interpreter {
    /// Such as `CPython 3.11.7`; a `t` behind the version is for free-threaded.
    pub label: String,
    /// Such as `3.11.7`.
    pub version: String,
    /// Whether it was built without the interpreter lock.
    pub free_threaded: bool,
    /// Whether the interpreter lock is on.
    pub gil: bool,
}

/// A fault that was injected into one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// How the item went wrong.
    pub kind: FaultKind,
    /// Which item, from 0.
    pub item: u64,
}

/// One point of the matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Configuration {
    /// Index in [`Results::configurations`].
    pub id: usize,
    /// Index of its workload.
    pub workload: usize,
    /// How tables show it, unique in its workload: `processes × 2, pipe`.
    pub label: String,
    /// How its items were run.
    pub config: Config,
    /// Items of one trial (before any yields further ones).
    pub items: u64,
    /// Whether it runs twice in some rounds, for the A/A check.
    pub checked: bool,
    /// What it was run with: an index into [`Results::variants`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<usize>,
    /// Where the baseline ran it: the configuration that is compared with it, by its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<usize>,
    /// Whether workers and dispatcher exceed the cores that may be used.
    pub oversubscribed: bool,
}

/// A combination that was asked for and is not run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    /// The combination.
    pub what: String,
    /// Why.
    pub why: String,
}

/// Something that the scenario's author expects. Configurations are resolved, so that nothing downstream needs selectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Expectation {
    /// The expectation in words, such as `speedup of processes × 2, pipe over serial is at least 1.5`.
    pub text: String,
    /// What is compared.
    pub metric: Metric,
    /// How the trials end, where the metric is `outcome`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<OutcomeKind>,
    /// Pairs of configurations (compared, reference); the reference is `None` for metrics of one configuration. With a reference, bounds are
    /// factors; without, they are in the metric's own unit: seconds, bytes, items per second, a share.
    pub pairs: Vec<(usize, Option<usize>)>,
    /// Lower bound.
    pub at_least: Option<f64>,
    /// Upper bound.
    pub at_most: Option<f64>,
}

impl Configuration {
    /// Whether it is that of the baseline.
    #[must_use]
    pub fn is_of_baseline(&self) -> bool {
        self.partner.is_some()
    }

    /// How charts show the model: `work stealing (rayon)`.
    #[must_use]
    pub fn model_shown(&self) -> &'static str {
        self.config.model.shown()
    }

    /// How charts show the IPC method, where there is one: `queue (ipc-channel)`.
    #[must_use]
    pub fn ipc_shown(&self) -> Option<String> {
        self.config.get(Key::Ipc).and_then(|_| self.config.shown(Key::Ipc))
    }
}

impl Variant {
    /// What it is beyond its name: `CPython 3.13.5`, `LEVEL=2`, `commit 1a2b3c4d5e`; empty where it is what the scenario says.
    #[must_use]
    pub fn shown(&self) -> String {
        let interpreter = self.interpreter.iter().map(|found| found.label.clone());
        let environment = self.environment.iter().map(|(name, value)| format!("{name}={value}"));
        let settings = self.settings.values().map(Value::plain).filter(|value| *value != self.name);
        let commit = self.commit.iter().map(|commit| format!("commit {}", commit.get(..10).unwrap_or(commit)));
        let version = self.version.iter().map(|version| format!("runner {version}"));
        interpreter.chain(environment).chain(settings).chain(commit).chain(version).collect::<Vec<_>>().join(", ")
    }
}

impl Workload {
    /// A whole number among the task's settings.
    #[must_use]
    pub fn whole(&self, setting: &str) -> Option<u64> {
        match self.settings.get(setting) {
            Some(Value::Whole(value)) => Some(*value),
            _ => None,
        }
    }

    /// A number among the task's settings.
    #[must_use]
    pub fn number(&self, setting: &str) -> Option<f64> {
        match self.settings.get(setting) {
            Some(Value::Whole(value)) => Some(*value as f64),
            Some(Value::Real(value)) => Some(*value),
            _ => None,
        }
    }

    /// A word among the task's settings.
    #[must_use]
    pub fn word(&self, setting: &str) -> Option<&str> {
        match self.settings.get(setting) {
            Some(Value::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// The task of a stage of a pipeline, from 0.
    #[must_use]
    pub fn stage_task(&self, stage: usize) -> &str {
        self.word(&fact_name(stage, "task")).unwrap_or_default()
    }
}

impl Results {
    /// What a configuration was run with, where there are variants.
    #[must_use]
    pub fn variant_of(&self, configuration: &Configuration) -> Option<&Variant> {
        self.variants.get(configuration.variant?)
    }

    /// The configuration of another variant that is the same otherwise.
    #[must_use]
    pub fn under(&self, variant: Option<usize>, configuration: &Configuration) -> Option<&Configuration> {
        // Which interpreter it is, is the variant's.
        let rest = |one: &Configuration| one.config.without(&[Key::Variant, Key::Python]);
        self.workloads.get(configuration.workload)?.configurations.iter().map(|id| &self.configurations[*id]).find(
            |other| {
                other.variant == variant
                    && other.is_of_baseline() == configuration.is_of_baseline()
                    && rest(other) == rest(configuration)
            },
        )
    }

    /// The interpreter of a configuration: that of its variant, else that of its workload.
    #[must_use]
    pub fn interpreter_of(&self, configuration: &Configuration) -> Option<&Interpreter> {
        let own = self.variant_of(configuration).and_then(|variant| variant.interpreter.as_ref());
        own.or_else(|| self.workloads.get(configuration.workload)?.interpreter.as_ref())
    }

    /// Timed trials of a configuration that count for estimates: not duplicates, in round order.
    pub fn timed(&self, configuration: usize) -> impl Iterator<Item = &Trial> {
        self.trials
            .iter()
            .filter(move |trial| trial.configuration == configuration && trial.kind == Kind::Timed && !trial.duplicate)
    }

    /// Those of them that lie in no unit that was left out since it was noisy.
    pub fn counted(&self, configuration: usize) -> impl Iterator<Item = &Trial> {
        let workload = self.configurations.get(configuration).and_then(|known| self.workloads.get(known.workload));
        let left_out = workload.map(|workload| workload.looks.left_out()).unwrap_or_default();
        self.timed(configuration).filter(move |trial| !left_out.iter().any(|rounds| rounds.contains(&trial.round)))
    }
}
