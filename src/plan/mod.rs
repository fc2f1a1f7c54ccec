//! From a valid scenario to what is run: groups, cells, their order, and a rough cost. Pure: nothing is started,
//! read or measured here.

mod against;
mod build;
mod built;
mod charted;
mod compared;
mod cost;
mod expect;
mod filter;
mod label;
mod order;
mod possible;
mod staged;
mod together;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::runtime::Interpreter;
use crate::scenario::{Diagnostics, Scenario};
use crate::setting::{ChartKind, Config, Key, Measure, Metric, OutcomeKind, Runtime};
use crate::task::{Bound, Fault, Settings, Tasks};

pub use crate::model::StageTask;
pub use crate::scenario::Items;
pub use against::doubled;
pub use compared::comparisons;
pub use cost::{Cost, estimate};
pub use filter::{Filter, FilterError};
pub use order::{Entry, round_order};

/// Most rounds of a quick run: enough to see that everything works, too few for any verdict.
pub const QUICK_ROUNDS: u32 = 3;
/// Fewest rounds with a 99 % interval of a median, which the A/A check needs: 1 − 2^(1−8) is 99.2 %.
pub const FEWEST_ROUNDS_FOR_CHECKS: u32 = 8;
/// Fewest items that come at a rate, so that ten lie above the 95th percentile of their latencies.
pub const FEWEST_AT_A_RATE: u64 = 200;
/// Instrumented trials of a cell.
const INSTRUMENTED: u32 = 2;
/// Memory trials of a cell, and those where a chart of them is drawn.
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
    /// The seed, in place of the scenario's.
    pub seed: Option<u64>,
    /// Which cells alone are run.
    pub filter: Option<Filter>,
    /// Cores that may be used.
    pub cores: u32,
    /// Free memory in bytes, where known: cells whose payloads in flight would not fit are skipped.
    pub memory: Option<u64>,
    /// The interpreters that scenarios name, as written: what was found, or why nothing was.
    pub pythons: BTreeMap<String, Result<Interpreter, String>>,
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
            seed: None,
            filter: None,
            cores,
            memory: None,
            pythons: BTreeMap::new(),
            allow_commands: false,
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
    /// Rounds: timed trials of each cell.
    pub rounds: u32,
    /// Instrumented trials of each cell whose work is sound.
    pub instrumented: u32,
    /// Memory trials of each cell whose work is sound.
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
    /// Cells that are compared with each other.
    pub groups: Vec<Group>,
    /// All cells; a cell's id is its index.
    pub cells: Vec<Cell>,
    /// Combinations that are asked for and not run.
    pub skipped: Vec<Skipped>,
    /// Keys that collapsed for cells that do not use them, and cells that turned out equal.
    pub collapsed: Vec<Collapsed>,
    /// What should come out.
    pub expectations: Vec<Expectation>,
    /// Charts to draw.
    pub charts: Vec<Chart>,
    /// Whether instrumented trials keep their events, for the chart of who ran what when.
    pub timeline: bool,
}

impl Plan {
    /// Instrumented trials of a cell. What is read beside the clock means little where something goes wrong on purpose; only
    /// a timeline shows it.
    #[must_use]
    pub fn instrumented_of(&self, cell: usize) -> u32 {
        if self.is_sound(cell) || self.timeline { self.instrumented } else { 0 }
    }

    /// Memory trials of a cell, in the same way.
    #[must_use]
    pub fn memory_of(&self, cell: usize) -> u32 {
        if self.is_sound(cell) { self.memory } else { 0 }
    }

    fn is_sound(&self, cell: usize) -> bool {
        self.cells.get(cell).is_some_and(|cell| self.groups[cell.group].fault.is_none())
    }
}

/// A setting with more than one value among the cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The key.
    pub key: String,
    /// Its values as people read them.
    pub values: Vec<String>,
}

/// Cells that are compared with each other: equal in task, settings, items, runtime and measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Index in [`Plan::groups`].
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
    /// What the number of items is a multiple of: the parts of a round, where items come in rounds.
    pub grain: u64,
    /// What the clock covers.
    pub measure: Measure,
    /// What the stages of a pipeline do; empty for a task.
    pub stages: Vec<StageTask>,
    /// Its cells, in the order in which outputs list them.
    pub cells: Vec<usize>,
    /// The cell to which speed-ups refer: serial, else one worker of the first model that has it, else the first cell.
    pub baseline: usize,
}

/// One point of the matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Index in [`Plan::cells`].
    pub id: usize,
    /// Index of its group.
    pub group: usize,
    /// How tables show it, unique in its group.
    pub label: String,
    /// How its items are run.
    pub config: Config,
    /// Whether it runs twice per round, for the A/A check.
    pub checked: bool,
    /// Where the other build runs it: the cell of this build that is held against it.
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

/// A key that has no meaning for some cells, or cells that are one and the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collapsed {
    /// What collapsed, such as `ipc and in_flight for threads`.
    pub what: String,
    /// Why.
    pub why: String,
}

/// An expectation with its cells found.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// In words.
    pub text: String,
    /// What is compared.
    pub metric: Metric,
    /// How the trials end, where the metric is `outcome`.
    pub is: Option<OutcomeKind>,
    /// Pairs of cells (compared, reference); the reference is `None` for metrics of one cell.
    pub pairs: Vec<(usize, Option<usize>)>,
    /// Lower bound.
    pub at_least: Option<f64>,
    /// Upper bound.
    pub at_most: Option<f64>,
}

/// A chart with its cells found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// Which one.
    pub kind: ChartKind,
    /// What stands along the axis of the ways or sizes.
    pub x: Option<Key>,
    /// What sets sections or pictures apart.
    pub group: Option<Key>,
    /// The cells that it shows, where not all, rising.
    pub cells: Option<Vec<usize>>,
    /// How they were chosen, in words; empty where all are shown.
    pub chosen: String,
    /// The headline, if one is given.
    pub title: Option<String>,
}

/// The interpreters that a scenario names, as written.
#[must_use]
pub fn pythons(scenario: &Scenario) -> Vec<String> {
    let mut names = Vec::new();
    for (task, model) in scenario.tasks.iter().flat_map(|task| scenario.models.iter().map(move |model| (task, model))) {
        let given = scenario.given_for(task, model);
        if given.runtimes().contains(&Runtime::Python) {
            names.extend(build::pythons_of(&given));
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Plans a scenario.
///
/// # Errors
/// Selectors that match nothing, more workers than there may be, and a scenario of which no cell is left, unless it is the
/// machine or a permission that is wanting: then the plan is empty, and says what was skipped.
pub fn plan(scenario: &Scenario, tasks: &Tasks, options: &Options) -> Result<Plan, Diagnostics> {
    let mut built = build::build(scenario, tasks, options)
        .map_err(|problems| and(problems, expect::unnamed(scenario, options.cores)))?;
    // Of what this machine lacks altogether, nothing can be expected.
    let (expected, wanting) = match built.points.is_empty() {
        true => (Vec::new(), Vec::new()),
        false => expect::resolve(scenario, &built, options.cores)?,
    };
    let (charts, undrawn) = match built.points.is_empty() {
        true => (None, Vec::new()),
        false => charted::resolve(scenario, &built, options.cores)?,
    };
    let mut skipped = std::mem::take(&mut built.skipped);
    skipped.extend(wanting.into_iter().chain(undrawn));
    let narrowed = match &options.filter {
        Some(filter) if !built.points.is_empty() => filter.narrow(&built, scenario, tasks, options.cores)?,
        _ => built.everything(),
    };
    let expectations = expect::keep(expected, &narrowed, &mut skipped);
    let charts = charted::keep(charts, &narrowed, &mut skipped);
    let (groups, mut cells) = built.into_cells(&narrowed, options.cores);
    let usual_rounds = if options.quick { QUICK_ROUNDS.min(scenario.rounds) } else { scenario.rounds };
    let rounds = options.rounds.unwrap_or(usual_rounds);
    let parameters = label::parameters(&groups, &cells, tasks);
    let labels = label::group_labels(&groups, &cells, tasks);
    let groups: Vec<Group> = groups.into_iter().zip(labels).map(|(group, label)| Group { label, ..group }).collect();
    for group in &groups {
        label::label_cells(group, &mut cells);
        if !options.quick && rounds >= FEWEST_ROUNDS_FOR_CHECKS && group.fault.is_none() {
            mark_checked(group, &mut cells);
        }
    }
    let charts = charts.unwrap_or_else(|| charted::fitting(&groups, &cells, options.quick));
    let (instrumented, weighed) = usual(&groups, &charts);
    Ok(Plan {
        name: scenario.name.clone(),
        title: scenario.title.clone(),
        about: scenario.about.clone(),
        text: scenario.text.content.clone(),
        hash: scenario.hash.clone(),
        rounds,
        instrumented: trials_apart(options.quick, instrumented, &expectations, Metric::is_service),
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
        groups,
        cells,
        skipped,
        collapsed: narrowed.collapsed,
        expectations,
    })
}

fn and(mut problems: Diagnostics, more: Diagnostics) -> Diagnostics {
    problems.extend(more);
    problems
}

/// How many instrumented and how many memory trials a cell has where nothing is expected of them. Where items come at a
/// rate, every trial says how late each was: none is needed beside.
fn usual(groups: &[Group], charts: &[Chart]) -> (u32, u32) {
    let drawn = charts.iter().any(|chart| chart.kind == ChartKind::Memory);
    match groups.iter().all(|group| group.rate.is_some()) {
        true => (0, 0),
        false => (INSTRUMENTED, if drawn { MEMORY_DRAWN } else { MEMORY }),
    }
}

/// How many items come at so many a second where a scenario leaves that open: as many as in a quarter of a second, but
/// enough for a percentile.
#[must_use]
pub fn items_at_rate(rate: u32, quick: bool) -> u64 {
    if quick { FEWEST_AT_A_RATE } else { (u64::from(rate) / 4).max(FEWEST_AT_A_RATE) }
}

/// How many trials of a kind that is not timed a cell has: more where something is expected of what they read.
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

/// The baseline and the cell with most workers run twice per round (methodology, rule 15).
fn mark_checked(group: &Group, cells: &mut [Cell]) {
    let workers = |id: usize| match &cells[id].config {
        config if config.stages.is_empty() => config.workers.unwrap_or(0),
        config => config.all_workers(),
    };
    let most = group.cells.iter().copied().reduce(|best, id| if workers(id) > workers(best) { id } else { best });
    for id in [Some(group.baseline), most].into_iter().flatten() {
        cells[id].checked = true;
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
