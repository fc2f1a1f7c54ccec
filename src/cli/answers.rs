//! What commands answer with `--json`: each kind of answer in one envelope, `{"version": 1, "kind": "...", ...}`, with its
//! JSON Schema.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Value, json};

use super::dictionary::Entry;
use crate::report::ScenarioJson;
use crate::setting::Config;
use crate::task::Settings;
use crate::verdict::Comparison;

/// The version of the form in which commands answer.
const VERSION: u32 = 1;

/// What a command answers.
pub(super) trait Answer: Serialize + JsonSchema {
    /// The word in the envelope, which is the command's.
    const KIND: &'static str;
}

/// An answer with what every answer has.
#[derive(Serialize, JsonSchema)]
struct Envelope<'a, A> {
    /// The version of the form.
    version: u32,
    /// Which command answered.
    kind: &'static str,
    #[serde(flatten)]
    answer: &'a A,
}

/// The text of an answer.
///
/// # Errors
///
/// Where it cannot be written as JSON.
pub(super) fn text<A: Answer>(answer: &A) -> anyhow::Result<String> {
    // By way of a value, whose keys are sorted.
    let value = serde_json::to_value(Envelope { version: VERSION, kind: A::KIND, answer })?;
    Ok(serde_json::to_string_pretty(&value)?)
}

/// The JSON Schema (draft-07) of a kind of answer.
pub(super) fn schema<A: Answer + 'static>() -> Value {
    let settings = SchemaSettings::draft07().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Envelope<'static, A>>().to_value();
    schema["title"] = json!(format!("What `runner {} --json` answers", A::KIND));
    schema["properties"]["version"] = json!({"const": VERSION});
    schema["properties"]["kind"] = json!({"const": A::KIND});
    schema
}

/// A run, or runs that were read again.
#[derive(Serialize, JsonSchema)]
pub(super) struct Run<'a> {
    /// In the order of the files.
    pub(super) scenarios: Vec<ScenarioJson<'a>>,
}

impl Answer for Run<'_> {
    const KIND: &'static str = "run";
}

impl Answer for Comparison {
    const KIND: &'static str = "compare";
}

/// Words of the language.
#[derive(Serialize, JsonSchema)]
pub(super) struct Explained<'a> {
    pub(super) entries: Vec<&'a Entry>,
}

impl Answer for Explained<'_> {
    const KIND: &'static str = "explain";
}

/// What is wrong with scenarios; nothing, where they are valid.
#[derive(Serialize, JsonSchema)]
pub(super) struct Checked {
    pub(super) problems: Vec<ProblemJson>,
}

impl Answer for Checked {
    const KIND: &'static str = "check";
}

/// One error in a file.
#[derive(Serialize, JsonSchema)]
pub(super) struct ProblemJson {
    pub(super) file: String,
    /// From 1; 0 where it is about the file as a whole.
    pub(super) line: usize,
    /// From 1, in characters; 0 where it is about the file as a whole.
    pub(super) column: usize,
    pub(super) message: String,
    /// How to mend it.
    pub(super) help: Option<String>,
}

/// What would run.
#[derive(Serialize, JsonSchema)]
pub(super) struct Planned {
    pub(super) plans: Vec<PlanJson>,
}

impl Answer for Planned {
    const KIND: &'static str = "plan";
}

/// The plan of one scenario.
#[derive(Serialize, JsonSchema)]
pub(super) struct PlanJson {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) seed: u64,
    /// How many rounds; null for as many as it takes within the budget.
    pub(super) rounds: Option<u32>,
    /// Seconds that the rounds of a workload may take; null where their number is fixed.
    pub(super) budget: Option<f64>,
    pub(super) quick: bool,
    /// Keys with more than one value, and their values.
    pub(super) parameters: Vec<ParameterJson>,
    pub(super) workloads: Vec<PlannedWorkload>,
    /// Combinations that came to the same.
    pub(super) collapsed: Vec<Why>,
    /// Combinations that cannot be.
    pub(super) skipped: Vec<Why>,
    pub(super) expectations: Vec<String>,
    pub(super) cost: CostJson,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ParameterJson {
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct PlannedWorkload {
    pub(super) label: String,
    pub(super) task: String,
    pub(super) describe: String,
    pub(super) settings: Settings,
    pub(super) configurations: Vec<PlannedConfiguration>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct PlannedConfiguration {
    pub(super) label: String,
    pub(super) config: Config,
    /// Whether it runs twice in some rounds, for the A/A check.
    pub(super) checked: bool,
    pub(super) reference: bool,
    /// Whether it has more processes or threads than there are cores.
    pub(super) oversubscribed: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Why {
    pub(super) what: String,
    pub(super) why: String,
}

/// How many trials of each kind, and about how many seconds all of them take: each as (least, most).
#[derive(Serialize, JsonSchema)]
pub(super) struct CostJson {
    pub(super) timed: (u64, u64),
    pub(super) profiling: u64,
    pub(super) memory: u64,
    pub(super) seconds: (f64, f64),
}

/// What a scenario may name.
#[derive(Serialize, JsonSchema)]
pub(super) struct Listed {
    pub(super) tasks: Vec<TaskJson>,
    pub(super) models: Vec<WordJson>,
    pub(super) ipc_methods: Vec<WordJson>,
    pub(super) runtimes: Vec<WordJson>,
    pub(super) charts: Vec<WordJson>,
    pub(super) metrics: Vec<WordJson>,
}

impl Answer for Listed {
    const KIND: &'static str = "list";
}

#[derive(Serialize, JsonSchema)]
pub(super) struct TaskJson {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) settings: Vec<TaskSetting>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct TaskSetting {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) default: String,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct WordJson {
    pub(super) name: String,
    pub(super) about: String,
}
