//! The versioned results file: plain types of its own, from which everything that people see is derived.
//!
//! Charts, reports and verdicts read these types and nothing else.

mod charted;
mod derived;
mod file;
mod happened;
mod journal;
mod machine;
mod pairs;
mod reasons;
mod rows;
mod schema;
mod stages;
mod steps;
mod trace;
mod trial;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use charted::*;
pub use derived::*;
pub use file::*;
pub use happened::*;
pub use journal::*;
pub use machine::*;
pub use reasons::*;
pub use schema::schema;
pub use stages::*;
pub use trace::*;
pub use trial::*;

use crate::vocab::{Ending, Metric};

/// The format number that this version writes. Older ones are migrated, newer ones refused.
pub const FORMAT: u32 = 5;

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
    /// Cells that are compared with each other.
    pub groups: Vec<Group>,
    /// All cells; `Cell::id` is the index here.
    pub cells: Vec<Cell>,
    /// Combinations that were asked for and not run.
    pub skipped: Vec<Skipped>,
    /// What the scenario expects.
    pub expectations: Vec<Expectation>,
    /// Charts to draw, in order.
    pub charts: Vec<ChartShape>,
    /// Every trial in the order in which it was run.
    #[serde(with = "rows")]
    #[schemars(with = "Vec<rows::Written>")]
    pub trials: Vec<Trial>,
    /// Histograms of the instrumented trials, one per cell that has any.
    pub latencies: Vec<Latency>,
    /// Timelines, one per cell, where the scenario asks for the chart.
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
    /// Blocks that were planned.
    pub blocks: u32,
    /// Whether `--quick` was given: small sizes, few blocks, no verdict.
    pub quick: bool,
    /// Whether every planned trial was run.
    pub complete: bool,
    /// The `--only` selector, if one narrowed the run.
    pub only: Option<String>,
    /// Practical margin for `equivalent`, as a share: 0.03 is 3%.
    pub delta: f64,
    /// Seconds after which a trial was ended.
    pub timeout: f64,
    /// Day and time of the start in UTC, such as `2026-11-23 14:02`. Not drawn on charts.
    pub started: String,
    /// How often the run was broken off and continued. The block in which it was broken off spans the gap.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub resumed: u32,
    /// Version of the other build, where this one was held against one: then every way has a cell of each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Cells that are compared with each other: equal in task, settings, runtime and measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// Index in [`Results::groups`].
    pub id: usize,
    /// What sets this group apart within its scenario, such as `primes, limit 200 000`; unique in the file.
    pub label: String,
    /// The task's word.
    pub task: String,
    /// The work in words, such as `π(200 000) in 64 blocks`.
    pub describe: String,
    /// Whether the task mostly `computing`, `waiting` or `moving`.
    pub bound: String,
    /// The task's settings, resolved (durations in nanoseconds, sizes in bytes), without `items`.
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Size in bytes of the payload that a request carries, where the task has the setting.
    pub payload: Option<u64>,
    /// The runtime's word.
    pub runtime: String,
    /// The interpreter, where the runtime is Python.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<Interpreter>,
    /// What went wrong on purpose in every trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Items a second that came whether workers kept up or not: then what is compared is the 95th percentile of latencies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// `work` or `end_to_end`.
    pub measure: String,
    /// Cells, in the order in which outputs list them.
    pub cells: Vec<usize>,
    /// The cell to which speedups refer (rule 16): serial, else one worker of the first model that has it, else the first cell.
    pub baseline: usize,
    /// Whether the cells have item counts of their own, so that times are compared per item.
    pub per_item: bool,
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
    /// Its kind: `kill`, `panic`, `hang`, …
    pub kind: String,
    /// Which item, from 0.
    pub item: u64,
}

/// One point of the matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// Index in [`Results::cells`].
    pub id: usize,
    /// Index of its group.
    pub group: usize,
    /// How tables show it, unique in its group: `processes × 2, pipe`.
    pub label: String,
    /// The model's word: `serial`, `threads`, `rayon`, `processes`.
    pub model: String,
    /// How charts show the model: `work stealing (rayon)`.
    pub model_shown: String,
    /// Workers; `None` for serial.
    pub workers: Option<u32>,
    /// The IPC method's word.
    pub ipc: Option<String>,
    /// How charts show the method: `queue (ipc-channel)`.
    pub ipc_shown: Option<String>,
    /// `stream` or `table`.
    pub dispatch: Option<String>,
    /// Items per message or claim.
    pub chunk: Option<u32>,
    /// Chunks in flight per worker.
    pub in_flight: Option<u32>,
    /// `sleep` or `spin`.
    pub wait: Option<String>,
    /// `free`, `same` or `cross`.
    pub placement: Option<String>,
    /// `spawn`, `fork` or `forkserver`; worker processes only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Which of Python's own classes run the workers: `process`, `pool` or `executor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// Nanoseconds after which a thread that waits for the interpreter lock asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch_interval: Option<u64>,
    /// Nanoseconds that the emulated lock is held before each blocking operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_per_operation: Option<u64>,
    /// `stop`, `restart` or `skip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_crash: Option<String>,
    /// Bytes that the parent held when workers started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_memory: Option<u64>,
    /// `untouched` or `read`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_use: Option<String>,
    /// The stages of a pipeline, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
    /// Items that may wait before each later stage of a pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<u32>,
    /// Items of one trial (before any yields further ones).
    pub items: u64,
    /// Whether it runs twice per block for the A/A check.
    pub checked: bool,
    /// Whether the other build runs it, the one that this one is held against.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub against: bool,
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

/// Something that the scenario's author expects. Cells are resolved, so that nothing downstream needs selectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Expectation {
    /// The expectation in words, such as `speedup of processes × 2, pipe over serial is at least 1.5`.
    pub text: String,
    /// What is compared.
    pub metric: Metric,
    /// How the trials end, where the metric is `outcome`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Ending>,
    /// Pairs of cells (compared, reference); the reference is `None` for metrics of one cell. With a reference, bounds are
    /// factors; without, they are in the metric's own unit: seconds, bytes, items a second, a share.
    pub pairs: Vec<(usize, Option<usize>)>,
    /// Lower bound.
    pub at_least: Option<f64>,
    /// Upper bound.
    pub at_most: Option<f64>,
}

impl Results {
    /// Timed trials of a cell that count for estimates: not duplicates, in block order.
    pub fn timed(&self, cell: usize) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(move |trial| trial.cell == cell && trial.kind == Kind::Timed && !trial.duplicate)
    }
}
