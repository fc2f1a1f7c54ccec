//! The matrix: every combination of every axis, grouped, with what collapses and what is skipped.

use std::collections::BTreeSet;

use super::built::{ConfigMatrix, MatrixPoint, WorkloadKey};
use super::{Collapsed, Group, Items, Options, Skipped};
use crate::ipc::{Dispatch, Method, Wait};
use crate::model::{Affinity, Api, Config, Key, Measure, Model, OnCrash, ParentUse, Start, impossible, uses};

use crate::runtime::{Interpreter, Runtime};
use crate::scenario::{
    Choice, Diagnostics, Fault, KEYS, MOST_WORKERS, ModelChoice, Scenario, TaskChoice, Ways, Workers, list, word_of,
};
use crate::task::{FaultKind, Settings, Task, Tasks, Topology, Value};

/// The interpreter where a scenario names none.
pub(super) const DEFAULT_PYTHON: &str = "python3";
/// CPython's own switch interval, in nanoseconds.
const SWITCH_INTERVAL: u64 = 5_000_000;
/// How long CPython was found to hold its lock around a short write, in nanoseconds.
const GIL_HOLD: u64 = 1_200;

pub(super) struct Builder<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) options: &'a Options,
    wait: Wait,
    built: ConfigMatrix,
    pub(super) problems: Diagnostics,
}

/// Builds the matrix.
pub(super) fn build(scenario: &Scenario, tasks: &Tasks, options: &Options) -> Result<ConfigMatrix, Diagnostics> {
    let built = ConfigMatrix {
        groups: Vec::new(),
        points: Vec::new(),
        skipped: Vec::new(),
        collapsed: Vec::new(),
        wanting: false,
    };
    let mut builder = Builder { scenario, options, wait: Wait::Spin, built, problems: Diagnostics::new() };
    builder.wait = builder.default_wait();
    for choice in &scenario.tasks {
        if let Some(task) = tasks.get(&choice.task) {
            builder.task(choice, task);
        }
    }
    if let Some(pipeline) = &scenario.pipeline {
        builder.pipeline(pipeline, tasks);
    }
    builder.no_meaning();
    let Builder { mut built, mut problems, .. } = builder;
    if built.points.is_empty() && problems.is_empty() && !built.wanting {
        let reasons: Vec<String> =
            built.skipped.iter().map(|skipped| format!("{}: {}", skipped.what, skipped.why)).collect();
        let first = scenario.models.first().map(|model| &model.place);
        let place = first.or(scenario.pipeline.as_ref().map(|pipeline| &pipeline.place)).map_or(0..0, Clone::clone);
        let fault = Fault::new("no cell is left to run", format!("all are skipped; {}", reasons.join("; ")));
        problems.push(fault.at(&scenario.text, &place));
    }
    built.group_in_order();
    if problems.is_empty() { Ok(built) } else { Err(problems) }
}

impl Builder<'_> {
    /// Methodology, rule 8: asleep where the scenario's largest worker count and the dispatcher exceed the cores.
    fn default_wait(&mut self) -> Wait {
        let mut largest = 0;
        for task in &self.scenario.tasks {
            for model in &self.scenario.models {
                if model.model.entry().uses.contains(&Key::Workers) {
                    let counts = self.workers(&self.scenario.ways_of(task, model));
                    largest = counts.into_iter().fold(largest, u32::max);
                }
            }
        }
        if largest + 1 > self.options.cores { Wait::Sleep } else { Wait::Spin }
    }

    /// The worker counts of these ways, without repeats, in order.
    fn workers(&mut self, ways: &Ways) -> Vec<u32> {
        match &ways.workers {
            Some(choice) => self.counts(choice),
            None => vec![self.options.cores.clamp(1, MOST_WORKERS)],
        }
    }

    /// The worker counts of a choice, without repeats, in order.
    pub(super) fn counts(&mut self, choice: &Choice<Workers>) -> Vec<u32> {
        let mut counts = Vec::new();
        for workers in &choice.values {
            let (low, high) = match workers {
                Workers::Range(low, high) => (*low, *high),
                Workers::Cores(factor) => {
                    let count = factor.saturating_mul(self.options.cores);
                    (count, count)
                }
            };
            if high > MOST_WORKERS {
                let message = format!("{high} workers on this machine of {} cores", self.options.cores);
                let help = format!("at most {MOST_WORKERS} are possible: lower the factor");
                let problem = Fault::new(message, help).at(&self.scenario.text, &choice.place);
                if !self.problems.list().contains(&&problem) {
                    self.problems.push(problem);
                }
                continue;
            }
            counts.extend(low..=high);
        }
        let all = counts.len();
        let mut seen = BTreeSet::new();
        counts.retain(|count| seen.insert(*count));
        if counts.len() < all {
            self.collapse(
                "equal worker counts".into(),
                format!("`workers` names some counts more than once on {} cores", self.options.cores),
            );
        }
        counts
    }

    pub(super) fn collapse(&mut self, what: String, why: String) {
        let collapsed = Collapsed { what, why };
        if !self.built.collapsed.contains(&collapsed) {
            self.built.collapsed.push(collapsed);
        }
    }

    pub(super) fn skip(&mut self, what: String, why: &str) {
        let skipped = Skipped { what, why: why.to_owned() };
        if !self.built.skipped.contains(&skipped) {
            self.built.skipped.push(skipped);
        }
    }

    /// Skips what another machine, or a permission, would have run.
    pub(super) fn want(&mut self, what: String, why: &str) {
        self.built.wanting = true;
        self.skip(what, why);
    }

    fn task(&mut self, choice: &TaskChoice, task: &dyn Task) {
        for settings in every(&choice.settings) {
            if let Err(why) = task.check(&settings) {
                let fault = Fault::new(why, "see `runner list` for its settings");
                self.problems.push(fault.at(&self.scenario.text, &choice.items.place));
                return;
            }
            let grain = task.topology(&settings).grain();
            for items in &choice.items.values {
                if let Items::Fixed(count) = items
                    && count % grain != 0
                {
                    let message = format!("{count} items make no whole iterations of {grain}");
                    let near = count.next_multiple_of(grain);
                    let fault = Fault::new(message, format!("give a multiple of {grain}, such as {near}, or `auto`"));
                    self.problems.push(fault.at(&self.scenario.text, &choice.items.place));
                    continue;
                }
                if self.too_few(choice, *items) {
                    continue;
                }
                for model in &self.scenario.models {
                    let ways = self.scenario.ways_of(choice, model);
                    self.model(task, &settings, *items, model, &ways);
                }
            }
        }
    }

    fn model(&mut self, task: &dyn Task, settings: &Settings, items: Items, model: &ModelChoice, ways: &Ways) {
        let measures = ways.measure.as_ref().map_or(vec![Measure::Work], |choice| choice.values.clone());
        let faults = ways.fault.as_ref().map_or(vec![None], |choice| choice.values.clone());
        let rates = ways.rate.as_ref().map_or(vec![None], |choice| choice.values.iter().copied().map(Some).collect());
        for runtime in ways.runtimes() {
            if let Some(why) = impossible(model.model, runtime) {
                self.skip(format!("{} × {}", model.model.entry().word, word_of(runtime)), why);
                continue;
            }
            for (python, interpreter) in self.interpreters(task, runtime, ways) {
                let arranged = measures.iter().flat_map(|m| faults.iter().map(move |f| (m, f)));
                for ((&measure, &fault), &rate) in arranged.flat_map(|a| rates.iter().map(move |r| (a, r))) {
                    let common = WorkloadKey {
                        task: task.name().to_owned(),
                        settings: settings.clone(),
                        items,
                        runtime,
                        measure,
                        python: python.clone(),
                        fault,
                        rate,
                    };
                    self.cells(&common, task, interpreter.as_ref(), model, ways);
                }
            }
        }
    }

    /// The cells of a model in one group.
    fn cells(
        &mut self,
        common: &WorkloadKey,
        task: &dyn Task,
        interpreter: Option<&Interpreter>,
        model: &ModelChoice,
        ways: &Ways,
    ) {
        let is_python = common.runtime == Runtime::Python;
        let wrong = match common.fault.map(|fault| fault.kind) {
            Some(FaultKind::Panic) if is_python => Some("Python has no panics: `exception` is its word"),
            Some(FaultKind::Exception) if !is_python => Some("Rust has no exceptions: `panic` is its word"),
            _ => None,
        };
        if let (Some(why), Some(fault)) = (wrong, common.fault) {
            self.skip(format!("{} × {}", fault.kind.word(), word_of(common.runtime)), why);
            return;
        }
        if let (Items::Fixed(items), Some(fault)) = (common.items, common.fault)
            && fault.item >= items
        {
            let what = format!("{} in item {} of {}", fault.kind.word(), fault.item, task.name());
            self.skip(what, &format!("items are numbered from 0, and there are {items}"));
            return;
        }
        for config in self.configs(model.model, ways, common) {
            if self.is_possible(&common.settings, &config, ways)
                && self.holds_together(task, common, &config)
                && interpreter.is_none_or(|found| self.is_possible_in(found, task, &common.settings, &config))
            {
                let config = self.finish(config, common, task.topology(&common.settings));
                self.add(common, task, interpreter, config);
            }
        }
    }

    /// The interpreters that a runtime takes: those that were found, or none where it needs none.
    fn interpreters(
        &mut self,
        task: &dyn Task,
        runtime: Runtime,
        ways: &Ways,
    ) -> Vec<(Option<String>, Option<Interpreter>)> {
        let what = format!("{} × {}", task.name(), word_of(runtime));
        if task.needs_permission() && !self.options.allow_commands {
            self.want(what, "needs --allow-commands: it runs what the scenario names");
            return Vec::new();
        }
        if runtime != Runtime::Python {
            if task.is_users_code() {
                self.skip(what, "is Python code");
                return Vec::new();
            }
            return vec![(None, None)];
        }
        if !task.in_python() {
            self.skip(what, "the Python driver does not have this task");
            return Vec::new();
        }
        let names = ways.python.as_ref().map_or(vec![DEFAULT_PYTHON.to_owned()], |choice| choice.values.clone());
        let mut found = Vec::new();
        for name in names {
            match self.options.pythons.get(&name) {
                Some(Ok(interpreter)) => found.push((Some(name), Some(interpreter.clone()))),
                Some(Err(why)) => self.want(what.clone(), why),
                None => self.want(what.clone(), "nobody looked for interpreters"),
            }
        }
        found
    }

    /// Every combination of the keys that the model uses, before impossible ones are sorted out.
    fn configs(&mut self, model: Model, ways: &Ways, common: &WorkloadKey) -> Vec<Config> {
        fn values<T: Clone>(choice: Option<&Choice<T>>, default: T) -> Vec<Option<T>> {
            choice.map_or(vec![Some(default)], |choice| choice.values.iter().cloned().map(Some).collect())
        }
        let runtime = common.runtime;
        let uses = |key| uses(model, runtime, key);
        let mut configs = vec![Config::new(model, common.measure)];
        macro_rules! nest {
            ($key:expr, $field:ident, $values:expr) => {
                if uses($key) {
                    let values = $values;
                    let nested = configs.iter().flat_map(|config| {
                        values.iter().map(move |value| Config { $field: value.clone(), ..config.clone() })
                    });
                    configs = nested.collect();
                }
            };
        }
        nest!(Key::Ipc, ipc, ways.ipc.as_ref().map_or(vec![None], |c| c.values.iter().copied().map(Some).collect()));
        nest!(Key::Dispatch, dispatch, values(ways.dispatch.as_ref(), Dispatch::Stream));
        nest!(Key::Chunk, chunk, values(ways.chunk.as_ref(), 1));
        // An item that comes is not sent to wait behind another while somebody else might be free.
        let in_flight = if common.rate.is_some() && model == Model::Processes { 1 } else { 2 };
        nest!(Key::InFlight, in_flight, values(ways.in_flight.as_ref(), in_flight));
        nest!(Key::Wait, wait, values(ways.wait.as_ref(), self.wait));
        nest!(Key::Affinity, affinity, values(ways.affinity.as_ref(), Affinity::Free));
        nest!(Key::Workers, workers, self.workers(ways).into_iter().map(Some).collect::<Vec<_>>());
        let start = if runtime == Runtime::Python { Start::Fork } else { Start::Spawn };
        nest!(Key::Start, start, values(ways.start.as_ref(), start));
        nest!(Key::Api, api, values(ways.api.as_ref(), Api::Process));
        nest!(Key::SwitchInterval, switch_interval, values(ways.switch_interval.as_ref(), SWITCH_INTERVAL));
        nest!(Key::GilHold, gil_hold, values(ways.gil_hold.as_ref(), GIL_HOLD));
        if common.fault.is_some() || ways.on_crash.is_some() {
            nest!(Key::OnCrash, on_crash, values(ways.on_crash.as_ref(), OnCrash::Stop));
        }
        if ways.parent_memory.is_some() {
            nest!(Key::ParentMemory, parent_memory, values(ways.parent_memory.as_ref(), 0));
            nest!(Key::ParentUse, parent_use, values(ways.parent_use.as_ref(), ParentUse::Untouched));
        }
        configs
    }

    /// Puts in what follows from other settings.
    fn finish(&mut self, mut config: Config, common: &WorkloadKey, topology: Topology) -> Config {
        let runtime = common.runtime;
        if topology.parts().is_some() {
            // Nothing is sent ahead of an iteration, and every worker has its parts.
            (config.chunk, config.in_flight) = (config.chunk.map(|_| 1), config.in_flight.map(|_| 1));
        }
        if common.rate.is_some() {
            // What comes is not sent in chunks.
            (config.rate, config.chunk) = (common.rate, config.chunk.map(|_| 1));
        }
        let stock = config.api.is_some_and(|api| api != Api::Process);
        if stock {
            let words = "`ipc`, `in_flight` and `on_crash` under `api: pool` and `executor`";
            if config.ipc.is_some() || config.on_crash.is_some_and(|answer| answer != OnCrash::Stop) {
                self.collapse(words.into(), "Python's own pools bring their own".into());
            }
            (config.ipc, config.in_flight, config.on_crash) = (None, None, None);
        }
        if runtime == Runtime::Python && config.model == Model::Processes && !stock {
            config.dispatch = Some(Dispatch::Stream);
        }
        if config.parent_memory == Some(0) {
            (config.parent_memory, config.parent_use) = (None, None);
        }
        match config.dispatch {
            Some(Dispatch::Claim) => {
                config.ipc = Some(Method::SharedMemory);
                config.in_flight = None;
                config.wait = None;
            }
            Some(Dispatch::Stream) => config.ipc = config.ipc.or(Some(Method::Pipe)),
            None => {}
        }
        config
    }

    fn add(&mut self, common: &WorkloadKey, task: &dyn Task, interpreter: Option<&Interpreter>, config: Config) {
        self.put(common, config, |id| {
            let payload = task.settings().iter().any(|setting| setting.name == "payload");
            Group {
                id,
                label: String::new(),
                task: common.task.clone(),
                describe: task.describe(&common.settings),
                bound: task.bound(),
                settings: common.settings.clone(),
                items: common.items,
                payload: payload.then(|| common.settings.whole("payload")),
                runtime: common.runtime,
                interpreter: interpreter.cloned(),
                fault: common.fault,
                rate: common.rate,
                users_code: task.is_users_code(),
                unknown: task.needs_permission(),
                grain: task.topology(&common.settings).grain(),
                measure: common.measure,
                stages: Vec::new(),
                cells: Vec::new(),
                baseline: 0,
            }
        });
    }

    /// Adds a cell to its group, which `make` makes where it is the first.
    pub(super) fn put(&mut self, common: &WorkloadKey, config: Config, make: impl FnOnce(usize) -> Group) {
        let found = self.built.groups.iter().position(|(known, _)| known == common);
        let group = found.unwrap_or_else(|| {
            let id = self.built.groups.len();
            self.built.groups.push((common.clone(), make(id)));
            id
        });
        let point = MatrixPoint { group, config };
        let members = &self.built.groups[group].1.cells;
        if members.iter().any(|id| self.built.points[*id] == point) {
            // Under a table, settings that it does not use make equal cells: that has been said already.
            if point.config.dispatch != Some(Dispatch::Claim) {
                let what = format!("equal cells of {}", point.config.model.entry().word);
                self.collapse(what, "two entries ask for one and the same cell".into());
            }
            return;
        }
        self.built.groups[group].1.cells.push(self.built.points.len());
        self.built.points.push(point);
    }

    /// Keys that are given for all and mean nothing to some of the models.
    fn no_meaning(&mut self) {
        let scenario = self.scenario;
        for model in &scenario.models {
            let mut words = Vec::new();
            for (key, word) in KEYS {
                let ways = scenario.tasks.iter().map(|task| scenario.ways_of(task, model));
                let idle = |ways: Ways| ways.extent(*key).is_some() && !ways.are_used(model.model, *key);
                if ways.into_iter().any(idle) {
                    words.push(*word);
                }
            }
            if !words.is_empty() {
                let word = model.model.entry().word;
                self.collapse(
                    format!("{} for `{word}`", list(&words)),
                    format!("`{word}` has no use for {}", if words.len() == 1 { "it" } else { "them" }),
                );
            }
        }
    }
}

/// Every combination of a task's settings, in the order in which the scenario gives them.
pub(super) fn every(settings: &[(String, Choice<Value>)]) -> Vec<Settings> {
    let mut all = vec![Settings::default()];
    for (name, values) in settings {
        let with = |settings: &Settings, value: &Value| {
            let mut settings = settings.clone();
            settings.put(name, value.clone());
            settings
        };
        all = all.iter().flat_map(|settings| values.values.iter().map(move |value| with(settings, value))).collect();
    }
    all
}
