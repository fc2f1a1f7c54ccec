//! From the scenario as written to a valid one: required keys, task settings, keys that nothing uses, limits.

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::leaf::{Items, Scalar};
use super::locate::Path;
use super::problem::{Fault as Complaint, Problem, Text};
use super::read::{Reading, keys_of};
use super::resolved::{Choice, KEYS, ModelChoice, Scenario, TaskChoice, Ways};
use super::setting::{default_of, read_list, read_setting};
use super::vocabulary::FaultWord;
use super::words::{Level, list, unknown_key, unknown_word};
use super::written::{self, Axis, Document, One};
use crate::model::{Key, uses};
use crate::task::{Fault, Setting, SettingKind, Task, Tasks, Value};
use crate::text::show_count;

/// Most cells of a scenario.
pub(crate) const MOST_CELLS: u64 = 10_000;

/// The item that goes wrong where a scenario does not say which: not the first, so that something is done before.
const FAULTY_ITEM: u64 = 5;

/// Collects problems while a document is resolved.
pub(super) struct Resolver<'a> {
    pub text: &'a Text,
    pub reading: &'a Reading,
    pub tasks: &'a Tasks,
    pub problems: Vec<Problem>,
}

/// Resolves what was read. The problems are those of this step alone.
pub(super) fn resolve(text: &Text, bytes: &[u8], reading: &Reading, tasks: &Tasks) -> (Option<Scenario>, Vec<Problem>) {
    let mut resolver = Resolver { text, reading, tasks, problems: Vec::new() };
    let scenario = resolver.scenario(bytes);
    (scenario, resolver.problems)
}

impl Resolver<'_> {
    pub fn document(&self) -> &Document {
        &self.reading.document
    }

    pub fn key_place(&self, path: &Path) -> Range<usize> {
        self.reading.places.key_span(path)
    }

    pub fn value_place(&self, path: &Path) -> Range<usize> {
        self.reading.places.value_span(path)
    }

    pub fn report(&mut self, fault: Complaint, place: &Range<usize>) {
        self.problems.push(fault.at(self.text, place));
    }

    fn scenario(&mut self, bytes: &[u8]) -> Option<Scenario> {
        self.required();
        let root = Path::default();
        let ways = self.ways(&self.document().ways.clone(), &root);
        let tasks = self.task_entries();
        let models = self.model_entries();
        let pipeline = self.pipeline();
        let expect = self.expectations();
        let charts = self.charts();
        let document = self.document();
        let name = document.name.as_ref().map(|name| name.0.0.clone())?;
        let scenario = Scenario {
            title: document.title.as_ref().map_or_else(|| name.clone(), |title| title.0.0.clone()),
            about: document.about.as_ref().map_or_else(String::new, |about| about.0.0.clone()),
            name,
            text: self.text.clone(),
            hash: hex(&Sha256::digest(bytes)),
            tasks,
            models,
            pipeline,
            ways,
            trials: document.trials.as_ref().map_or(15, |trials| trials.0.0),
            timeout: document.timeout.as_ref().map_or(std::time::Duration::from_secs(30), |timeout| timeout.0.0),
            delta: document.delta.as_ref().map_or(0.03, |delta| delta.0.0),
            seed: document.seed.as_ref().map(|seed| seed.0.0),
            expect,
            charts,
        };
        self.unused_keys(&scenario);
        self.beside_pipeline(&scenario);
        self.count_cells(&scenario);
        Some(scenario)
    }

    fn required(&mut self) {
        let document = self.document();
        let staged = document.pipeline.is_some() || self.reading.is_damaged("pipeline");
        let missing = [
            ("version", document.version.is_none(), "add `version: 1`, the version of the scenario language"),
            ("name", document.name.is_none(), "add one, such as `name: my-question`; it names the report's folder"),
            (
                "tasks",
                document.tasks.is_none() && !staged,
                "say what to compute, such as `tasks: [primes]`; `runner list` shows the tasks",
            ),
            (
                "models",
                document.models.is_none() && !staged,
                "say who runs it, such as `models: [serial, threads]`; `runner list` shows the models",
            ),
        ];
        let top = self.value_place(&Path::default());
        for (key, is_missing, help) in missing {
            if is_missing && !self.reading.is_damaged(key) {
                self.report(Complaint::new(format!("there is no `{key}`"), help), &top);
            }
        }
    }

    /// The alternatives of a setting: at least one, no two equal.
    pub fn choice<T: Clone, U: PartialEq>(
        &mut self,
        axis: &Axis<One<T>>,
        path: &Path,
        turn: impl Fn(T) -> U,
    ) -> Choice<U> {
        let mut values: Vec<U> = Vec::new();
        for (i, One(value)) in axis.values.iter().take(self.longest(axis.values.len(), path)).enumerate() {
            let value = turn(value.clone());
            if values.contains(&value) {
                let place = self.value_place(&entry_path(path, i, axis.list));
                self.report(Complaint::new("this value is listed twice", "remove one of them"), &place);
            } else {
                values.push(value);
            }
        }
        self.not_empty(axis.values.is_empty(), path);
        Choice { values, place: self.key_place(path) }
    }

    /// How many values of a list are looked at: none of one that is too long in itself.
    fn longest(&mut self, values: usize, path: &Path) -> usize {
        if values as u64 <= MOST_CELLS {
            return values;
        }
        let place = self.key_place(path);
        let message = format!(
            "this list has {} values; a scenario has at most {} cells",
            show_count(values as u64),
            show_count(MOST_CELLS)
        );
        self.report(Complaint::new(message, "shorten it, or split the scenario"), &place);
        0
    }

    pub(super) fn not_empty(&mut self, empty: bool, path: &Path) {
        let damaged = self.reading.cut.iter().any(|cut| cut.0.starts_with(&path.0));
        if empty && !damaged {
            let place = self.key_place(path);
            self.report(Complaint::new("this list is empty", "give at least one value, or remove the key"), &place);
        }
    }

    pub fn ways(&mut self, ways: &written::Ways, path: &Path) -> Ways {
        macro_rules! take {
            ($key:ident, $turn:expr) => {
                ways.$key.as_ref().map(|axis| self.choice(axis, &path.key(stringify!($key)), $turn))
            };
        }
        Ways {
            workers: take!(workers, |w| w),
            ipc: take!(ipc, |m| m),
            dispatch: take!(dispatch, |d| d),
            chunk: take!(chunk, |c: super::leaf::Chunk| c.0),
            in_flight: take!(in_flight, |c: super::leaf::InFlight| c.0),
            wait: take!(wait, |w| w),
            placement: take!(placement, |p| p),
            runtime: take!(runtime, |r| r),
            measure: take!(measure, |m| m),
            start: take!(start, |s| s),
            api: take!(api, |a| a),
            switch_interval: take!(switch_interval, |s: super::leaf::SwitchInterval| s.0),
            held_per_operation: take!(held_per_operation, |h: super::leaf::HeldPerOperation| h.0),
            python: take!(python, |p: super::leaf::Python| p.0),
            fault: ways.fault.as_ref().map(|axis| self.faults(axis, &path.key("fault"))),
            on_crash: take!(on_crash, |o| o),
            parent_memory: take!(parent_memory, |p: super::leaf::ParentMemory| p.0),
            parent_use: take!(parent_use, |p| p),
            rate: take!(rate, |r: super::leaf::Rate| r.0),
        }
    }

    /// Faults as written to faults of items.
    fn faults(&mut self, axis: &Axis<written::FaultEntry>, path: &Path) -> Choice<Option<Fault>> {
        let mut values = Vec::new();
        for (i, entry) in axis.values.iter().enumerate() {
            let here = entry_path(path, i, axis.list);
            let Some(One(FaultWord(kind))) = &entry.kind else {
                self.missing_kind(&here, "fault");
                continue;
            };
            let item = entry.item.as_ref().map_or(FAULTY_ITEM, |item| item.0.0);
            let fault = kind.map(|kind| Fault { kind, item });
            if values.contains(&fault) {
                let place = self.value_place(&here);
                self.report(Complaint::new("this value is listed twice", "remove one of them"), &place);
            } else {
                values.push(fault);
            }
        }
        self.not_empty(axis.values.is_empty(), path);
        Choice { values, place: self.key_place(path) }
    }

    fn model_entries(&mut self) -> Vec<ModelChoice> {
        let Some(axis) = self.document().models.clone() else { return Vec::new() };
        let path = Path::default().key("models");
        self.not_empty(axis.values.is_empty(), &path);
        let mut models = Vec::new();
        for (i, entry) in axis.values.iter().enumerate() {
            let here = entry_path(&path, i, axis.list);
            let ways = self.ways(&entry.ways, &here);
            let place = self.value_place(&here);
            match &entry.kind {
                Some(One(model)) => models.push(ModelChoice { model: *model, ways, place }),
                None => self.missing_kind(&here, "model"),
            }
        }
        models
    }

    pub fn missing_kind(&mut self, path: &Path, what: &str) {
        if !self.reading.cut.contains(&path.key("kind")) {
            let place = self.value_place(path);
            self.report(
                Complaint::new(format!("this entry names no {what}"), format!("add `kind:` with the {what}'s word")),
                &place,
            );
        }
    }

    fn task_entries(&mut self) -> Vec<TaskChoice> {
        let Some(axis) = self.document().tasks.clone() else { return Vec::new() };
        let path = Path::default().key("tasks");
        self.not_empty(axis.values.is_empty(), &path);
        let entries = axis.values.iter().enumerate();
        entries.filter_map(|(i, entry)| self.task_entry(entry, &entry_path(&path, i, axis.list))).collect()
    }

    fn task_entry(&mut self, entry: &written::TaskEntry, path: &Path) -> Option<TaskChoice> {
        let ways = self.ways(&entry.ways, path);
        let Some(One(kind)) = &entry.kind else {
            self.missing_kind(path, "task");
            return None;
        };
        let (word, tasks) = (kind.to_string(), self.tasks);
        let Some(task) = tasks.get(&word) else {
            let place = match self.reading.places.has(&path.key("kind")) {
                true => self.value_place(&path.key("kind")),
                false => self.value_place(path),
            };
            self.unknown_task(&word, &place);
            return None;
        };
        let settings = self.task_settings(task, &entry.settings, Level::Task, path);
        let entry_place = self.value_place(path);
        let items = match &entry.items {
            Some(axis) => self.choice(axis, &path.key("items"), |items| items),
            None => Choice { values: vec![Items::Auto], place: entry_place },
        };
        Some(TaskChoice { task: word, settings, items, ways })
    }

    /// Reports a task that there is not.
    pub(super) fn unknown_task(&mut self, word: &str, place: &Range<usize>) {
        // Self-tests of the engine are tasks too, but not what somebody looks for.
        let known: Vec<&str> = self.tasks.iter().map(|t| t.name()).filter(|name| !name.starts_with("probe_")).collect();
        self.report(unknown_word("task", word, &known), place);
    }

    /// The settings of a task: those that are written, and the others' defaults.
    pub(super) fn task_settings(
        &mut self,
        task: &dyn Task,
        written: &written::Settings,
        level: Level,
        path: &Path,
    ) -> Vec<(String, Choice<Value>)> {
        let mut settings = Vec::new();
        for (key, axis) in &written.0 {
            let here = path.key(key);
            match task.settings().iter().find(|setting| setting.name == key) {
                Some(setting) => settings.push((key.clone(), self.setting(setting, axis, &here))),
                None => {
                    let place = self.key_place(&here);
                    self.report(unknown_key(key, level, Some(task.name()), self.tasks, keys_of), &place);
                }
            }
        }
        let entry_place = self.value_place(path);
        for setting in task.settings() {
            if settings.iter().all(|(name, _)| name != setting.name)
                && let Ok(value) = default_of(setting)
            {
                settings.push((setting.name.to_owned(), Choice { values: vec![value], place: entry_place.clone() }));
            }
        }
        settings
    }

    fn setting(&mut self, setting: &Setting, axis: &Axis<One<Scalar>>, path: &Path) -> Choice<Value> {
        if let SettingKind::List { most, longest } = setting.kind {
            let scalars: Vec<Scalar> = axis.values.iter().map(|One(scalar)| scalar.clone()).collect();
            let place = self.key_place(path);
            let read = read_list(setting, &scalars, most, longest);
            let values = read.map_err(|fault| self.report(fault, &place)).into_iter().collect();
            return Choice { values, place };
        }
        let mut values = Vec::new();
        for (i, One(scalar)) in axis.values.iter().take(self.longest(axis.values.len(), path)).enumerate() {
            let place = self.value_place(&entry_path(path, i, axis.list));
            match read_setting(setting, scalar) {
                Ok(value) if values.contains(&value) => {
                    self.report(Complaint::new("this value is listed twice", "remove one of them"), &place);
                }
                Ok(value) => values.push(value),
                Err(fault) => self.report(fault, &place),
            }
        }
        self.not_empty(axis.values.is_empty(), path);
        Choice { values, place: self.key_place(path) }
    }

    /// Keys that no model of the file uses, and keys of a model entry that this model does not use.
    fn unused_keys(&mut self, scenario: &Scenario) {
        let used = |model: &ModelChoice, key: Key| {
            scenario.tasks.iter().any(|task| scenario.ways_of(task, model).are_used(model.model, key))
        };
        for model in &scenario.models {
            for (key, word) in KEYS {
                if let Some((_, place)) = model.ways.extent(*key)
                    && !used(model, *key)
                    && !scenario.tasks.is_empty()
                {
                    self.report(unused(*key, word, &format!("the model `{}`", model.model.entry().word)), place);
                }
            }
        }
        if self.reading.is_damaged("models") || scenario.models.is_empty() {
            return;
        }
        let levels = scenario.tasks.iter().map(|task| &task.ways).chain([&scenario.ways]);
        for ways in levels {
            for (key, word) in KEYS {
                let used = scenario.models.iter().any(|model| used(model, *key));
                if let (Some((_, place)), false) = (ways.extent(*key), used || scenario.tasks.is_empty()) {
                    self.report(unused(*key, word, "no model of this file"), place);
                }
            }
        }
    }

    /// Counts the cells without building them.
    fn count_cells(&mut self, scenario: &Scenario) {
        let mut cells = 0u64;
        let mut longest: Option<(u64, Range<usize>)> = None;
        let mut times = |product: &mut u64, extent: u64, place: &Range<usize>| {
            *product = product.saturating_mul(extent);
            if longest.as_ref().is_none_or(|(most, _)| extent > *most) {
                longest = Some((extent, place.clone()));
            }
        };
        for task in &scenario.tasks {
            for model in &scenario.models {
                let ways = scenario.ways_of(task, model);
                let mut product = 1;
                task.settings.iter().for_each(|(_, c)| times(&mut product, c.values.len() as u64, &c.place));
                times(&mut product, task.items.values.len() as u64, &task.items.place);
                let used = model.model.entry().uses.iter().filter(|key| ways.are_used(model.model, **key));
                used.filter_map(|key| ways.extent(*key)).for_each(|(n, place)| times(&mut product, n, place));
                if let Some(runtime) = &ways.runtime {
                    times(&mut product, runtime.values.len() as u64, &runtime.place);
                }
                if let Some(measure) = &ways.measure {
                    times(&mut product, measure.values.len() as u64, &measure.place);
                }
                cells = cells.saturating_add(product);
            }
        }
        if let Some(pipeline) = &scenario.pipeline {
            let mut product = 1;
            pipeline.each_extent(|extent, place| times(&mut product, extent, place));
            cells = cells.saturating_add(product);
        }
        if let (true, Some((extent, place))) = (cells > MOST_CELLS, longest) {
            let message = format!("the axes make {} cells; the limit is {}", show_count(cells), show_count(MOST_CELLS));
            let help = format!(
                "this axis has {} values: shorten it or another one, or split the scenario",
                show_count(extent)
            );
            self.report(Complaint::new(message, help), &place);
        }
    }
}

fn unused(key: Key, word: &str, who: &str) -> Complaint {
    let users: Vec<&str> =
        crate::model::MODELS.iter().filter(|entry| entry.uses.contains(&key)).map(|entry| entry.word).collect();
    let runtimes = crate::runtime::RUNTIMES.iter();
    let runtimes: Vec<&str> = runtimes
        .filter(|(runtime, ..)| crate::model::MODELS.iter().any(|entry| uses(entry.model, *runtime, key)))
        .map(|(_, word, _)| *word)
        .collect();
    let under = match runtimes.contains(&"native") {
        true => String::new(),
        false => format!(" under the runtime {}", list(&runtimes)),
    };
    let verb = if who.starts_with("no ") { "uses" } else { "does not use" };
    Complaint::new(
        format!("{who} {verb} `{word}`"),
        format!("it is for {}{under}: add one of them, or remove the key", list(&users)),
    )
}

/// The path of entry `index`; a single value stands at the path itself.
pub(super) fn entry_path(path: &Path, index: usize, is_list: bool) -> Path {
    if is_list { path.index(index) } else { path.clone() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
