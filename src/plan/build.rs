//! The matrix: every combination of every axis, grouped, with what collapses and what is skipped.

use std::collections::BTreeSet;

use super::matrix::{ConfigMatrix, MatrixPoint, WorkloadKey};
use super::{Collapsed, Items, Options, Skipped, Variant, Workload};
use crate::model::impossible;
use crate::runtime::Interpreter;
use crate::scenario::{
    Alternative, Choice, ConfigSettings, Diagnostics, Fault, ModelChoice, Scenario, TaskChoice, default_of, list,
};
use crate::setting::{
    ALL, Config, Default, Dispatch, FaultKind, Key, MOST_WORKERS, Measure, Method, Model, OnCrash, ParentUse, Runtime,
    Start, Stored, Value, Wait, takes,
};
use crate::task::{Settings, Task, Tasks, Topology};

pub(super) struct Builder<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) options: &'a Options,
    wait: Wait,
    pub(super) built: ConfigMatrix,
    pub(super) problems: Diagnostics,
}

/// Builds the matrix.
pub(super) fn build(scenario: &Scenario, tasks: &Tasks, options: &Options) -> Result<ConfigMatrix, Diagnostics> {
    let built = ConfigMatrix {
        variants: scenario.variants.iter().map(Variant::of).collect(),
        workloads: Vec::new(),
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
        let fault = Fault::new("no configuration is left to run", format!("all are skipped; {}", reasons.join("; ")));
        problems.push(fault.at(&scenario.text, &place));
    }
    built.workload_in_order();
    if problems.is_empty() { Ok(built) } else { Err(problems) }
}

impl Builder<'_> {
    /// Methodology, rule 8: asleep where the scenario's largest worker count and the dispatcher exceed the cores.
    fn default_wait(&mut self) -> Wait {
        let mut largest = 0;
        for task in &self.scenario.tasks {
            for model in &self.scenario.models {
                if Key::Workers.row().models.contains(&model.model) {
                    let counts = self.workers(&self.scenario.given_for(task, model));
                    largest = counts.into_iter().fold(largest, u32::max);
                }
            }
        }
        if largest + 1 > self.options.cores { Wait::Sleep } else { Wait::Spin }
    }

    /// The worker counts of these settings, without repeats, in order.
    fn workers(&mut self, given: &ConfigSettings) -> Vec<u32> {
        match given.get(Key::Workers) {
            Some(choice) => self.counts(choice),
            None => vec![self.options.cores.clamp(1, MOST_WORKERS)],
        }
    }

    /// The worker counts of a choice, without repeats, in order.
    pub(super) fn counts(&mut self, choice: &Choice<Alternative>) -> Vec<u32> {
        let mut counts = Vec::new();
        for workers in &choice.values {
            let (low, high) = match workers {
                Alternative::Range(low, high) => (*low, *high),
                Alternative::Cores(which, factor) => {
                    let count = factor.saturating_mul(self.options.core_counts().of(*which));
                    (count, count)
                }
                Alternative::Absent | Alternative::Value(_) | Alternative::Fault(..) => continue,
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
            if !self.is_sound(choice, task, &settings) {
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
                if self.too_few(choice, *items) || self.outlasts(choice, *items) {
                    continue;
                }
                for model in &self.scenario.models {
                    let given = self.scenario.given_for(choice, model);
                    self.model(task, &settings, *items, model, &given);
                }
            }
        }
    }

    fn model(
        &mut self,
        task: &dyn Task,
        settings: &Settings,
        items: Items,
        model: &ModelChoice,
        given: &ConfigSettings,
    ) {
        for runtime in given.runtimes() {
            if let Some(why) = impossible(model.model, runtime) {
                self.skip(format!("{} × {}", model.model.word(), runtime.word()), why);
                continue;
            }
            if runtime != Runtime::Python && task.needs_numpy(settings) {
                self.skip(format!("{} × {}", task.name(), runtime.word()), "arrays of numpy are Python's own");
                continue;
            }
            for found in self.interpreters(task, runtime, given) {
                let mut base = Config::new(model.model, Measure::Work);
                (base.runtime, base.python) = (runtime, found.python);
                if let Items::Fixed(count) = items {
                    base.items = Some(count);
                }
                let shared = [Key::Measure, Key::Fault, Key::Rate];
                for shared in shared.into_iter().fold(vec![base], |all, key| self.nested(&all, key, given, None)) {
                    let key = WorkloadKey::of(task.name(), settings, &shared);
                    if found.variants.is_empty() {
                        self.configurations(&key, &shared, None, task, found.interpreter.as_ref(), given);
                    }
                    for one in &found.variants {
                        let variant = Some(self.built.variants[one.index].name.clone());
                        let shared = Config { variant, python: one.python.clone(), ..shared.clone() };
                        self.configurations(&key, &shared, Some(one.index), task, one.interpreter.as_ref(), given);
                    }
                }
            }
        }
    }

    /// The configurations of a model in one workload.
    fn configurations(
        &mut self,
        key: &WorkloadKey,
        shared: &Config,
        variant: Option<usize>,
        task: &dyn Task,
        interpreter: Option<&Interpreter>,
        given: &ConfigSettings,
    ) {
        let is_python = shared.runtime == Runtime::Python;
        let wrong = match shared.fault {
            Some(FaultKind::Panic) if is_python => Some("Python has no panics: use `exception`"),
            Some(FaultKind::Exception) if !is_python => Some("Rust has no exceptions: use `panic`"),
            _ => None,
        };
        if let (Some(why), Some(fault)) = (wrong, shared.fault) {
            self.skip(format!("{} × {}", fault.word(), shared.runtime.word()), why);
            return;
        }
        if let (Some(items), Some(fault), Some(item)) = (shared.items, shared.fault, shared.fault_item)
            && item >= items
        {
            let what = format!("{} in item {item} of {}", fault.word(), task.name());
            self.skip(what, &format!("items are numbered from 0, and there are {items}"));
            return;
        }
        for config in self.configs(shared, given, interpreter) {
            if self.is_possible(&key.settings, &config, given)
                && self.holds_together(task, key, &config)
                && interpreter.is_none_or(|found| self.is_possible_in(found, task, &key.settings, &config))
            {
                let config = self.finish(config, task.topology(&key.settings));
                self.add(key, task, interpreter, variant, config);
            }
        }
    }

    /// Every combination of the settings that the model takes, before impossible ones are sorted out.
    fn configs(&mut self, shared: &Config, given: &ConfigSettings, interpreter: Option<&Interpreter>) -> Vec<Config> {
        Key::of_configurations()
            .filter(|key| !matches!(key, Key::Model | Key::Variant) && takes(shared.model, shared.runtime, *key))
            .fold(vec![shared.clone()], |all, key| self.nested(&all, key, given, interpreter))
    }

    /// Every one of these with every alternative of a setting: those that are given, else its default.
    fn nested(
        &mut self,
        all: &[Config],
        key: Key,
        given: &ConfigSettings,
        interpreter: Option<&Interpreter>,
    ) -> Vec<Config> {
        let Some(first) = all.first() else { return Vec::new() };
        let alternatives = match (key, given.get(key)) {
            (Key::Workers, _) => {
                self.workers(given).into_iter().map(|count| Alternative::Range(count, count)).collect()
            }
            (_, Some(choice)) => choice.values.clone(),
            (_, None) => vec![self.default(first, key, given, interpreter)],
        };
        let with = |config: &Config, alternative: &Alternative| {
            let mut config = config.clone();
            match alternative {
                Alternative::Range(count, _) => config.workers = Some(*count),
                Alternative::Fault(kind, item) => (config.fault, config.fault_item) = (Some(*kind), Some(*item)),
                other => _ = config.set(key, other.value().as_ref()),
            }
            config
        };
        all.iter().flat_map(|config| alternatives.iter().map(move |one| with(config, one))).collect()
    }

    /// What a configuration has of a setting that is not given.
    fn default(
        &self,
        config: &Config,
        key: Key,
        given: &ConfigSettings,
        interpreter: Option<&Interpreter>,
    ) -> Alternative {
        let value = match key {
            // The method of a table is shared memory, and that of a stream is a pipe: known when the dispatch is.
            Key::Ipc => None,
            // An item that arrives is not sent to wait behind another while somebody else might be free.
            Key::InFlight => Some(Value::Whole(if config.rate.is_some() { 1 } else { 2 })),
            Key::Wait => Some(self.wait.to_value()),
            // As multiprocessing does there where a program says nothing: another method from 3.14 on.
            Key::Start if config.runtime == Runtime::Python => {
                let own = interpreter.map(|found| Value::Word(found.default_start.clone()));
                Some(own.filter(|word| Start::from_value(word).is_some()).unwrap_or(Start::Fork.to_value()))
            }
            Key::Start => Some(Start::Spawn.to_value()),
            Key::OnCrash => config.fault.map(|_| OnCrash::Stop.to_value()),
            Key::ParentUse => given.has(Key::ParentMemory).then(|| ParentUse::Untouched.to_value()),
            key => match key.row().default {
                Default::Fixed(_) => default_of(&key.row().setting).ok(),
                Default::Rule(_) | Default::Absent(_) => None,
            },
        };
        value.map_or(Alternative::Absent, Alternative::Value)
    }

    /// Puts in what follows from other settings.
    fn finish(&mut self, mut config: Config, topology: Topology) -> Config {
        if topology.parts().is_some() {
            // Nothing is sent ahead of an iteration, and every worker has its parts.
            (config.chunk, config.in_flight) = (config.chunk.map(|_| 1), config.in_flight.map(|_| 1));
        }
        if config.rate.is_some() {
            // What arrives is not sent in chunks.
            config.chunk = config.chunk.map(|_| 1);
        }
        if config.runtime == Runtime::Python && config.model == Model::Processes {
            config.dispatch = Some(Dispatch::Stream);
        }
        if config.parent_memory.is_none() {
            config.parent_use = None;
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

    fn add(
        &mut self,
        key: &WorkloadKey,
        task: &dyn Task,
        interpreter: Option<&Interpreter>,
        variant: Option<usize>,
        config: Config,
    ) {
        let first =
            variant.map_or_else(|| key.settings.clone(), |index| self.built.variants[index].apply(&key.settings));
        self.put(key, variant, config, |id| {
            let payload = task.settings().iter().any(|setting| setting.name == "payload");
            Workload {
                id,
                label: String::new(),
                task: key.task.clone(),
                describe: task.describe(&first),
                bound: task.bound(),
                settings: key.settings.clone(),
                items: key.items(),
                payload: payload.then(|| key.settings.whole("payload")),
                runtime: key.config.runtime,
                interpreter: interpreter.cloned(),
                fault: key.fault(),
                rate: key.config.rate,
                users_code: task.is_users_code(),
                unknown: task.needs_permission(),
                acts_around: task.acts_around(&first),
                grain: task.topology(&key.settings).grain(),
                measure: key.config.measure,
                stages: Vec::new(),
                configurations: Vec::new(),
                reference: 0,
            }
        });
    }

    /// Adds a configuration to its workload, which `make` makes where it is the first.
    pub(super) fn put(
        &mut self,
        common: &WorkloadKey,
        variant: Option<usize>,
        config: Config,
        make: impl FnOnce(usize) -> Workload,
    ) {
        let found = self.built.workloads.iter().position(|(known, _)| known == common);
        let workload = found.unwrap_or_else(|| {
            let id = self.built.workloads.len();
            self.built.workloads.push((common.clone(), make(id)));
            id
        });
        let point = MatrixPoint { workload, config, variant };
        let members = &self.built.workloads[workload].1.configurations;
        if members.iter().any(|id| self.built.points[*id] == point) {
            // Under a table, settings that it does not use make equal configurations: that has been said already.
            if point.config.dispatch != Some(Dispatch::Claim) {
                let what = format!("equal configurations of {}", point.config.model.word());
                self.collapse(what, "two entries ask for the same configuration".into());
            }
            return;
        }
        self.built.workloads[workload].1.configurations.push(self.built.points.len());
        self.built.points.push(point);
    }

    /// Keys that are given for all and mean nothing to some of the models.
    fn no_meaning(&mut self) {
        let scenario = self.scenario;
        for model in &scenario.models {
            let idle = |key: &Key| {
                scenario.tasks.iter().any(|task| {
                    let given = scenario.given_for(task, model);
                    given.has(*key) && !given.are_used(model.model, *key)
                })
            };
            let names: Vec<&str> = ALL.iter().map(|row| row.key).filter(idle).map(Key::name).collect();
            if !names.is_empty() {
                let word = model.model.word();
                self.collapse(
                    format!("{} for `{word}`", list(&names)),
                    format!("`{word}` has no use for {}", if names.len() == 1 { "it" } else { "them" }),
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
