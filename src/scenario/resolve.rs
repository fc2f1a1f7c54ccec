//! From the scenario as written to a valid one: required keys, task settings, keys that nothing uses, limits.

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::leaf::{Items, Scalar};
use super::problem::{Diagnostic, Fault as Complaint, Text};
use super::raw::{self, Axis, Document, One, Written};
use super::read::{Reading, keys_of};
use super::setting::{default_of, read_alternative, read_list, read_setting};
use super::spans::Path;
use super::valid::{Alternative, Choice, ConfigSettings, ModelChoice, Scenario, TaskChoice};
use super::vocabulary::FaultWord;
use super::words::{Scope, list, unknown_key, unknown_word};
use crate::setting::{Key, Runtime, Setting, SettingKind, Stored, Value};
use crate::task::{Task, Tasks};
use crate::text::show_count;

/// Most configurations of a scenario.
pub(crate) const MOST_CONFIGURATIONS: u64 = 10_000;

/// Collects problems while a document is resolved.
pub(super) struct Resolver<'a> {
    pub text: &'a Text,
    pub reading: &'a Reading,
    pub tasks: &'a Tasks,
    pub problems: Vec<Diagnostic>,
}

/// Resolves what was read. The problems are those of this step alone.
pub(super) fn resolve(
    text: &Text,
    bytes: &[u8],
    reading: &Reading,
    tasks: &Tasks,
) -> (Option<Scenario>, Vec<Diagnostic>) {
    let mut resolver = Resolver { text, reading, tasks, problems: Vec::new() };
    let scenario = resolver.scenario(bytes);
    (scenario, resolver.problems)
}

/// How long the rounds of a workload may take where a scenario does not say it.
pub const DEFAULT_BUDGET: std::time::Duration = std::time::Duration::from_secs(20);

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
        let given = self.given(&self.document().given.0.clone(), &root);
        let tasks = self.task_entries();
        let models = self.model_entries();
        let pipeline = self.pipeline();
        let variants = self.variants(&tasks);
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
            variants,
            given,
            rounds: document.rounds.as_ref().and_then(|rounds| rounds.0.0),
            budget: document.budget.as_ref().map_or(DEFAULT_BUDGET, |budget| budget.0.0),
            timeout: document.timeout.as_ref().map_or(std::time::Duration::from_secs(30), |timeout| timeout.0.0),
            margin: document.margin.as_ref().map_or(0.05, |margin| margin.0.0),
            seed: document.seed.as_ref().map(|seed| seed.0.0),
            expect,
            charts,
        };
        self.unused_keys(&scenario);
        self.beside_pipeline(&scenario);
        self.count_configurations(&scenario);
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

    /// How many values of a list are looked at: none of one that is too long in itself.
    fn longest(&mut self, values: usize, path: &Path) -> usize {
        if values as u64 <= MOST_CONFIGURATIONS {
            return values;
        }
        let place = self.key_place(path);
        let message = format!(
            "this list has {} values; a scenario has at most {} configurations",
            show_count(values as u64),
            show_count(MOST_CONFIGURATIONS)
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

    /// The settings of configurations that a level gives.
    pub fn given(&mut self, written: &[(Key, Written)], path: &Path) -> ConfigSettings {
        let read = |(key, written): &(Key, Written)| (*key, self.alternatives(*key, written, &path.key(key.name())));
        ConfigSettings(written.iter().map(read).collect())
    }

    /// The alternatives of a setting of configurations: no two equal; those that cannot be read are reported.
    pub(super) fn alternatives(&mut self, key: Key, written: &Written, path: &Path) -> Choice<Alternative> {
        match written {
            Written::Values(axis) => self.plain(axis, path, |scalar| read_alternative(key.row(), scalar)),
            Written::Faults(axis) => self.faults(axis, path),
        }
    }

    /// The alternatives of a setting, each read from a scalar.
    pub(super) fn plain<T: PartialEq>(
        &mut self,
        axis: &Axis<One<Scalar>>,
        path: &Path,
        read: impl Fn(&Scalar) -> Result<T, Complaint>,
    ) -> Choice<T> {
        let mut values = Vec::new();
        for (i, One(scalar)) in axis.values.iter().take(self.longest(axis.values.len(), path)).enumerate() {
            let place = self.value_place(&entry_path(path, i, axis.list));
            match read(scalar) {
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

    /// Faults as written to faults of items.
    fn faults(&mut self, axis: &Axis<raw::FaultEntry>, path: &Path) -> Choice<Alternative> {
        let mut values = Vec::new();
        for (i, entry) in axis.values.iter().enumerate() {
            let here = entry_path(path, i, axis.list);
            let Some(One(FaultWord(kind))) = &entry.kind else {
                self.missing_kind(&here, "fault");
                continue;
            };
            let fault = match kind {
                Some(kind) => Alternative::Fault(*kind, self.faulty_item(entry, &here)),
                None => Alternative::Absent,
            };
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

    /// The item that a fault is injected into.
    fn faulty_item(&mut self, entry: &raw::FaultEntry, path: &Path) -> u64 {
        let default = default_of(&Key::FaultItem.row().setting).ok().and_then(|value| u64::from_value(&value));
        let default = default.unwrap_or_default();
        let Some(One(scalar)) = &entry.item else { return default };
        let setting = Setting { name: "item", ..Key::FaultItem.row().setting };
        match read_setting(&setting, scalar) {
            Ok(value) => u64::from_value(&value).unwrap_or(default),
            Err(fault) => {
                let place = self.value_place(&path.key("item"));
                self.report(fault, &place);
                default
            }
        }
    }

    fn model_entries(&mut self) -> Vec<ModelChoice> {
        let Some(axis) = self.document().models.clone() else { return Vec::new() };
        let path = Path::default().key("models");
        self.not_empty(axis.values.is_empty(), &path);
        let mut models = Vec::new();
        for (i, entry) in axis.values.iter().enumerate() {
            let here = entry_path(&path, i, axis.list);
            let given = self.given(&entry.given.0, &here);
            let place = self.value_place(&here);
            match &entry.kind {
                Some(One(model)) => models.push(ModelChoice { model: *model, given, place }),
                None => self.missing_kind(&here, "model"),
            }
        }
        models
    }

    pub fn missing_kind(&mut self, path: &Path, what: &str) {
        if !self.reading.cut.contains(&path.key("kind")) {
            let place = self.value_place(path);
            self.report(
                Complaint::new(format!("this entry names no {what}"), format!("add `kind:` with the {what}'s name")),
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

    fn task_entry(&mut self, entry: &raw::TaskEntry, path: &Path) -> Option<TaskChoice> {
        let given = self.given(&entry.given.0, path);
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
        let settings = self.task_settings(task, &entry.settings, Scope::Task, path);
        let entry_place = self.value_place(path);
        let items = match &entry.items {
            Some(axis) => self.plain(axis, &path.key("items"), read_items),
            None => Choice { values: vec![Items::Auto], place: entry_place },
        };
        Some(TaskChoice { task: word, settings, items, given })
    }

    /// Reports a task that there is not.
    pub(super) fn unknown_task(&mut self, word: &str, place: &Range<usize>) {
        let known: Vec<&str> = self.tasks.iter().map(|t| t.name()).collect();
        self.report(unknown_word("task", word, &known), place);
    }

    /// The settings of a task: those that are written, and the others' defaults.
    pub(super) fn task_settings(
        &mut self,
        task: &dyn Task,
        written: &raw::Settings,
        level: Scope,
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
        self.plain(axis, path, |scalar| read_setting(setting, scalar))
    }

    /// Keys that no model of the file uses, and keys of a model entry that this model does not use.
    fn unused_keys(&mut self, scenario: &Scenario) {
        if scenario.tasks.is_empty() {
            return;
        }
        let used = |model: &ModelChoice, key: Key| {
            scenario.tasks.iter().any(|task| scenario.given_for(task, model).are_used(model.model, key))
        };
        for model in &scenario.models {
            for key in model.given.keys().filter(|key| !used(model, *key)) {
                if let Some((_, place)) = model.given.extent(key) {
                    self.report(unused(key, &format!("the model `{}`", model.model.word())), place);
                }
            }
        }
        if self.reading.is_damaged("models") || scenario.models.is_empty() {
            return;
        }
        let levels = scenario.tasks.iter().map(|task| &task.given).chain([&scenario.given]);
        for given in levels {
            for key in given.keys() {
                let used = scenario.models.iter().any(|model| used(model, key));
                if let (Some((_, place)), false) = (given.extent(key), used) {
                    self.report(unused(key, "no model of this file"), place);
                }
            }
        }
    }

    /// Counts the configurations without building them.
    fn count_configurations(&mut self, scenario: &Scenario) {
        let mut configurations = 0u64;
        let mut longest: Option<(u64, Range<usize>)> = None;
        let mut times = |product: &mut u64, extent: u64, place: &Range<usize>| {
            *product = product.saturating_mul(extent);
            if longest.as_ref().is_none_or(|(most, _)| extent > *most) {
                longest = Some((extent, place.clone()));
            }
        };
        for task in &scenario.tasks {
            for model in &scenario.models {
                let given = scenario.given_for(task, model);
                let mut product = 1;
                task.settings.iter().for_each(|(_, c)| times(&mut product, c.values.len() as u64, &c.place));
                times(&mut product, task.items.values.len() as u64, &task.items.place);
                let used = given.keys().filter(|key| given.are_used(model.model, *key));
                used.filter_map(|key| given.extent(key)).for_each(|(n, place)| times(&mut product, n, place));
                product = product.saturating_mul(scenario.variants.len().max(1) as u64);
                configurations = configurations.saturating_add(product);
            }
        }
        if let Some(pipeline) = &scenario.pipeline {
            let mut product = 1;
            pipeline.each_extent(|extent, place| times(&mut product, extent, place));
            configurations = configurations.saturating_add(product);
        }
        if let (true, Some((extent, place))) = (configurations > MOST_CONFIGURATIONS, longest) {
            let message = format!(
                "the parameters make {} configurations; the limit is {}",
                show_count(configurations),
                show_count(MOST_CONFIGURATIONS)
            );
            let help = format!(
                "this parameter has {} values: shorten it or another one, or split the scenario",
                show_count(extent)
            );
            self.report(Complaint::new(message, help), &place);
        }
    }
}

fn unused(key: Key, who: &str) -> Complaint {
    let row = key.row();
    let users: Vec<&str> = row.models.iter().map(|model| model.word()).collect();
    let runtimes: Vec<&str> = row.runtimes.iter().map(|runtime| runtime.word()).collect();
    let under = match row.runtimes.contains(&Runtime::Native) {
        true => String::new(),
        false => format!(" under the runtime {}", list(&runtimes)),
    };
    let verb = if who.starts_with("no ") { "uses" } else { "does not use" };
    Complaint::new(
        format!("{who} {verb} `{}`", key.name()),
        format!("it is for {}{under}: add one of them, or remove the key", list(&users)),
    )
}

/// How many items a trial has.
pub(super) fn read_items(scalar: &Scalar) -> Result<Items, Complaint> {
    Ok(match read_alternative(Key::Items.row(), scalar)?.value() {
        Some(Value::Whole(count)) => Items::Fixed(count),
        _ => Items::Auto,
    })
}

/// The path of entry `index`; a single value stands at the path itself.
pub(super) fn entry_path(path: &Path, index: usize, is_list: bool) -> Path {
    if is_list { path.index(index) } else { path.clone() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
