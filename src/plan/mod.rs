//! From a valid scenario to what is run: workloads, configurations, their order, and a rough cost. Pure: nothing is started,
//! read or measured here.

mod baseline;
mod build;
mod charts;
mod cost;
mod expect;
mod filter;
mod found;
mod label;
mod matrix;
mod order;
mod possible;
mod stages;
mod together;
mod variant;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::runtime::NamedPython;
use crate::scenario::{CoreKind, Diagnostics, Scenario};
use crate::setting::{ChartKind, Config, Key, Measure, Metric, OutcomeKind, Runtime};
use crate::task::{Bound, Fault, Settings, Tasks};

pub use crate::model::StageTask;
pub use crate::runtime::Interpreter;
pub use crate::scenario::Items;
pub use baseline::{doubled, with_baseline};
pub use cost::estimate;
pub use filter::Filter;
pub use order::{CHECKED_EVERY, Entry, round_order};
pub use variant::Variant;

/// Most rounds of a quick run: enough to see that everything works, too few for any verdict.
pub const QUICK_ROUNDS: u32 = 3;
/// Fewest rounds in which the A/A check can show anything: with an error of 0.0025 a side, 2⁻⁹ is the first below.
pub const FEWEST_ROUNDS_FOR_CHECKS: u32 = 9;
/// Fewest items that come at a rate, so that ten lie above the 95th percentile of their latencies.
pub const FEWEST_AT_A_RATE: u64 = 200;
/// Profiling trials of a configuration.
const PROFILING: u32 = 2;
/// Memory trials of a configuration, and those where a chart of them is drawn.
const MEMORY: u32 = 1;
const MEMORY_DRAWN: u32 = 3;
/// Trials of either kind where something is expected of times per item or memory: fewest with a 97.5 % interval of a
/// median, so that the ratio of two of them has one at 95 %: 1 − 2^(1−7) is 98.4 %.
const APART_FOR_EXPECTATIONS: u32 = 7;

/// How a scenario is to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Few rounds and small sizes.
    pub quick: bool,
    /// How many rounds, in place of the scenario's.
    pub rounds: Option<u32>,
    /// How long the rounds of a workload may take, in place of the scenario's.
    pub budget: Option<Duration>,
    /// The seed, in place of the scenario's.
    pub seed: Option<u64>,
    /// Which configurations alone are run.
    pub filter: Option<Filter>,
    /// Cores that are granted.
    pub cores: u32,
    /// Physical cores among them.
    pub physical: u32,
    /// Free memory in bytes, where known: configurations whose payloads in flight would not fit are skipped.
    pub memory: Option<u64>,
    /// The interpreters that scenarios name: what was found, or why nothing was.
    pub pythons: BTreeMap<NamedPython, Result<Interpreter, String>>,
    /// Whether scenarios may run code of the user's own.
    pub allow_commands: bool,
}

impl Options {
    /// A whole run on so many cores.
    #[must_use]
    pub fn new(cores: u32) -> Self {
        Self {
            quick: false,
            rounds: None,
            budget: None,
            seed: None,
            filter: None,
            cores,
            physical: cores,
            memory: None,
            pythons: BTreeMap::new(),
            allow_commands: false,
        }
    }

    fn core_counts(&self) -> CoreCounts {
        CoreCounts { granted: self.cores, physical: self.physical.clamp(1, self.cores.max(1)) }
    }
}

/// What the words for cores stand for on a machine.
#[derive(Clone, Copy, Debug)]
struct CoreCounts {
    granted: u32,
    physical: u32,
}

impl CoreCounts {
    fn of(self, which: CoreKind) -> u32 {
        match which {
            CoreKind::Granted => self.granted,
            CoreKind::Physical => self.physical,
        }
    }
}

/// Everything that is run of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The slug that names the report's folder.
    pub name: String,
    /// The title for people.
    pub title: String,
    /// The question, or empty.
    pub about: String,
    /// The scenario's text.
    pub text: String,
    /// SHA-256 of the scenario file, lower-case hexadecimal.
    pub hash: String,
    /// Rounds: timed trials of each configuration. `None` for as many as it takes to answer.
    pub rounds: Option<u32>,
    /// How long the rounds of a workload may take, where their number is not fixed.
    pub budget: Duration,
    /// Profiling trials of each configuration whose work is sound.
    pub profiling: u32,
    /// Memory trials of each configuration whose work is sound.
    pub memory: u32,
    /// Whether it is a quick run.
    pub quick: bool,
    /// The selector that narrows the run, as written.
    pub filter: Option<String>,
    /// Seed of items and orders. Fits 53 bits.
    pub seed: u64,
    /// Cores that may be used.
    pub cores: u32,
    /// The practical margin as a share.
    pub margin: f64,
    /// When a trial is given up.
    pub timeout: Duration,
    /// The axes with their values, in the order of the scenario, for people.
    pub parameters: Vec<Parameter>,
    /// What configurations are run with in place of what their workload says; empty where there is nothing of the kind.
    pub variants: Vec<Variant>,
    /// Configurations that are compared with each other.
    pub workloads: Vec<Workload>,
    /// All configurations; a configuration's id is its index.
    pub configurations: Vec<Configuration>,
    /// Combinations that are asked for and not run.
    pub skipped: Vec<Skipped>,
    /// Keys that collapsed for configurations that do not use them, and configurations that turned out equal.
    pub collapsed: Vec<Collapsed>,
    /// What should come out.
    pub expectations: Vec<Expectation>,
    /// Expectations all of whose configurations are skipped here, in words.
    pub lost: Vec<String>,
    /// Charts to draw.
    pub charts: Vec<Chart>,
    /// Whether profiling trials keep their events, for the chart of who ran what when.
    pub timeline: bool,
}

impl Plan {
    /// Profiling trials of a configuration. What is read beside the clock means little where something goes wrong on purpose; only
    /// a timeline shows it.
    #[must_use]
    pub fn profiling_of(&self, configuration: usize) -> u32 {
        if self.is_sound(configuration) || self.timeline { self.profiling } else { 0 }
    }

    /// Memory trials of a configuration, in the same way.
    #[must_use]
    pub fn memory_of(&self, configuration: usize) -> u32 {
        if self.is_sound(configuration) { self.memory } else { 0 }
    }

    fn is_sound(&self, configuration: usize) -> bool {
        self.configurations
            .get(configuration)
            .is_some_and(|configuration| self.workloads[configuration.workload].fault.is_none())
    }
}

/// A setting with more than one value among the configurations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The key.
    pub key: String,
    /// Its values as people read them.
    pub values: Vec<String>,
}

/// Configurations that are compared with each other: equal in task, settings, items, runtime and measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Index in [`Plan::workloads`].
    pub id: usize,
    /// What sets it apart within the file.
    pub label: String,
    /// The task's word.
    pub task: String,
    /// The work in words.
    pub describe: String,
    /// What the task mostly does.
    pub bound: Bound,
    /// The task's settings.
    pub settings: Settings,
    /// How many items a trial has.
    pub items: Items,
    /// Bytes that a request carries, where the task has the setting.
    pub payload: Option<u64>,
    /// What executes the items.
    pub runtime: Runtime,
    /// The interpreter, where that is a CPython.
    pub interpreter: Option<Interpreter>,
    /// What goes wrong on purpose.
    pub fault: Option<Fault>,
    /// Items a second that come whether workers keep up or not.
    pub rate: Option<u32>,
    /// Whether the items are code of the user's own, of which only a run of it knows the right replies.
    pub users_code: bool,
    /// Whether its items run what the user named, which may as well never return.
    pub unknown: bool,
    /// Whether something is to be done before its first trial and after its last.
    pub acts_around: bool,
    /// What the number of items is a multiple of: the parts of a round, where items come in rounds.
    pub grain: u64,
    /// What the clock covers.
    pub measure: Measure,
    /// What the stages of a pipeline do; empty for a task.
    pub stages: Vec<StageTask>,
    /// Its configurations, in the order in which outputs list them.
    pub configurations: Vec<usize>,
    /// The configuration to which speed-ups refer: serial, else one worker of the first model that has it, else the first configuration.
    pub reference: usize,
}

/// One point of the matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    /// Index in [`Plan::configurations`].
    pub id: usize,
    /// Index of its workload.
    pub workload: usize,
    /// How tables show it, unique in its workload.
    pub label: String,
    /// How its items are run.
    pub config: Config,
    /// Whether it runs twice in some rounds, for the A/A check.
    pub checked: bool,
    /// What it is run with: an index into [`Plan::variants`].
    pub variant: Option<usize>,
    /// Where the baseline runs it: the configuration that is compared with it.
    pub partner: Option<usize>,
    /// Whether workers and dispatcher exceed the cores that may be used.
    pub oversubscribed: bool,
}

/// A combination that is asked for and not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The combination.
    pub what: String,
    /// Why.
    pub why: String,
}

/// A key that has no meaning for some configurations, or configurations that are one and the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collapsed {
    /// What collapsed, such as `ipc and in_flight for threads`.
    pub what: String,
    /// Why.
    pub why: String,
}

/// An expectation with its configurations found.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// In words.
    pub text: String,
    /// What is compared.
    pub metric: Metric,
    /// How the trials end, where the metric is `outcome`.
    pub is: Option<OutcomeKind>,
    /// Pairs of configurations (compared, reference); the reference is `None` for metrics of one configuration.
    pub pairs: Vec<(usize, Option<usize>)>,
    /// Lower bound.
    pub at_least: Option<f64>,
    /// Upper bound.
    pub at_most: Option<f64>,
}

/// A chart with its configurations found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// Which one.
    pub kind: ChartKind,
    /// What stands along the axis of the configurations or sizes.
    pub x: Option<Key>,
    /// What sets sections or pictures apart.
    pub group: Option<Key>,
    /// The configurations that it shows, where not all, rising.
    pub configurations: Option<Vec<usize>>,
    /// How they were chosen, in words; empty where all are shown.
    pub chosen: String,
    /// The headline, if one is given.
    pub title: Option<String>,
}

/// The interpreters that a scenario names.
#[must_use]
pub fn pythons(scenario: &Scenario) -> Vec<NamedPython> {
    let mut names: Vec<NamedPython> = Vec::new();
    for (task, model) in scenario.tasks.iter().flat_map(|task| scenario.models.iter().map(move |model| (task, model))) {
        let given = scenario.given_for(task, model);
        if given.runtimes().contains(&Runtime::Python) {
            let plain = found::pythons_of(&given);
            for variant in &scenario.variants {
                let own = variant.python.iter().chain(if variant.python.is_none() { plain.as_slice() } else { &[] });
                names.extend(own.map(|name| NamedPython::of(name, &variant.environment)));
            }
            names.extend(plain.iter().map(|name| NamedPython::from(name.as_str())));
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Plans a scenario.
///
/// # Errors
/// Selectors that match nothing, more workers than there may be, and a scenario of which no configuration is left, unless it is the
/// machine or a permission that is wanting: then the plan is empty, and says what was skipped.
pub fn plan(scenario: &Scenario, tasks: &Tasks, options: &Options) -> Result<Plan, Diagnostics> {
    let mut built = build::build(scenario, tasks, options)
        .map_err(|problems| and(problems, expect::unnamed(scenario, options.core_counts())))?;
    // Of what this machine lacks altogether, nothing can be expected.
    let (expected, wanting) = match built.points.is_empty() {
        true => (Vec::new(), Vec::new()),
        false => expect::resolve(scenario, &built, options.core_counts())?,
    };
    let (charts, undrawn) = match built.points.is_empty() {
        true => (None, Vec::new()),
        false => charts::resolve(scenario, &built, options.core_counts())?,
    };
    let mut skipped = std::mem::take(&mut built.skipped);
    let lost = expect::lost(&wanting, options);
    skipped.extend(wanting.into_iter().chain(undrawn));
    let narrowed = match &options.filter {
        Some(filter) if !built.points.is_empty() => filter.narrow(&built, scenario, tasks, options.core_counts())?,
        _ => built.everything(),
    };
    let expectations = expect::keep(expected, &narrowed, &mut skipped);
    let charts = charts::keep(charts, &narrowed, &mut skipped);
    let variants = std::mem::take(&mut built.variants);
    let (workloads, mut configurations) = built.into_configurations(&narrowed, options.cores);
    let rounds = rounds(scenario, options);
    let parameters = label::parameters(&workloads, &configurations, tasks);
    let workloads = labelled(workloads, &configurations, tasks);
    for workload in &workloads {
        label::label_configurations(workload, &mut configurations);
        if workload.fault.is_none() && can_check(options, rounds) {
            mark_checked(workload, &mut configurations);
        }
    }
    let charts = charts.unwrap_or_else(|| charts::fitting(&workloads, &configurations, options.quick));
    let (profiling, weighed) = usual(&workloads, &charts);
    Ok(Plan {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        about: scenario.about.clone(),
        text: scenario.text.content.clone(),
        hash: scenario.hash.clone(),
        rounds,
        budget: options.budget.unwrap_or(scenario.budget),
        profiling: trials_apart(options.quick, profiling, &expectations, Metric::is_service),
        memory: trials_apart(options.quick, weighed, &expectations, |metric| metric == Metric::Memory),
        quick: options.quick,
        filter: options.filter.as_ref().map(|filter| filter.text.clone()),
        seed: options.seed.or(scenario.seed).unwrap_or_else(|| seed_of(&scenario.hash)),
        cores: options.cores,
        margin: scenario.margin,
        timeout: scenario.timeout,
        parameters,
        timeline: charts.iter().any(|chart| chart.kind == ChartKind::Timeline),
        charts,
        variants,
        workloads,
        configurations,
        skipped,
        collapsed: narrowed.collapsed,
        expectations,
        lost,
    })
}

/// Workloads with what sets each apart within the file.
fn labelled(workloads: Vec<Workload>, configurations: &[Configuration], tasks: &Tasks) -> Vec<Workload> {
    let labels = label::workload_labels(&workloads, configurations, tasks);
    workloads.into_iter().zip(labels).map(|(workload, label)| Workload { label, ..workload }).collect()
}

/// Whether there are rounds enough for the A/A check to show anything.
fn can_check(options: &Options, rounds: Option<u32>) -> bool {
    !options.quick && rounds.is_none_or(|rounds| rounds >= FEWEST_ROUNDS_FOR_CHECKS)
}

/// How many rounds are run; `None` for as many as it takes.
fn rounds(scenario: &Scenario, options: &Options) -> Option<u32> {
    let usual = match scenario.rounds {
        _ if options.quick => Some(QUICK_ROUNDS.min(scenario.rounds.unwrap_or(QUICK_ROUNDS))),
        rounds => rounds,
    };
    options.rounds.or(usual)
}

fn and(mut problems: Diagnostics, more: Diagnostics) -> Diagnostics {
    problems.extend(more);
    problems
}

/// How many profiling and how many memory trials a configuration has where nothing is expected of them. Where items come at a
/// rate, every trial says how late each was, and one more tells how long an item takes once a worker has it.
fn usual(workloads: &[Workload], charts: &[Chart]) -> (u32, u32) {
    let drawn = charts.iter().any(|chart| chart.kind == ChartKind::Memory);
    match workloads.iter().all(|workload| workload.rate.is_some()) {
        true => (1, 0),
        false => (PROFILING, if drawn { MEMORY_DRAWN } else { MEMORY }),
    }
}

/// How many items come at so many a second where a scenario leaves that open: as many as in a quarter of a second, but
/// enough for a percentile.
#[must_use]
pub fn items_at_rate(rate: u32, quick: bool) -> u64 {
    if quick { FEWEST_AT_A_RATE } else { (u64::from(rate) / 4).max(FEWEST_AT_A_RATE) }
}

/// How many trials of a kind that is not timed a configuration has: more where something is expected of what they read.
fn trials_apart(quick: bool, usual: u32, expectations: &[Expectation], read: impl Fn(Metric) -> bool) -> u32 {
    match expectations.iter().any(|expectation| read(expectation.metric)) {
        _ if quick => 0,
        true => APART_FOR_EXPECTATIONS,
        false => usual,
    }
}

/// A fixed number from the text, short enough to be typed.
fn seed_of(hash: &str) -> u64 {
    hash.get(..8).and_then(|head| u64::from_str_radix(head, 16).ok()).unwrap_or(1)
}

/// The reference and the configuration with most workers run twice in some rounds (methodology, rule 15).
fn mark_checked(workload: &Workload, configurations: &mut [Configuration]) {
    let workers = |id: usize| match &configurations[id].config {
        config if config.stages.is_empty() => config.workers.unwrap_or(0),
        config => config.all_workers(),
    };
    let most =
        workload.configurations.iter().copied().reduce(|best, id| if workers(id) > workers(best) { id } else { best });
    for id in [Some(workload.reference), most].into_iter().flatten() {
        configurations[id].checked = true;
    }
}

/// The plan of a scenario's text on two cores, for tests.
#[cfg(test)]
pub(crate) fn of_text(text: &str) -> Plan {
    let tasks = Tasks::builtin();
    let source = crate::scenario::Source { name: "test.yaml".into(), bytes: text.into() };
    let scenarios = crate::scenario::load(&[source], &tasks).unwrap_or_else(|problems| panic!("{problems}"));
    plan(&scenarios[0], &tasks, &Options::new(2)).unwrap_or_else(|problems| panic!("{problems}"))
}

#[cfg(test)]
mod tests;
