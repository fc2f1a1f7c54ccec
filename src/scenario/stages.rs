//! The stages of a pipeline: from what is written to what is valid.

use std::ops::Range;

use super::leaf::{FromScalar, Items, Scalar};
use super::problem::Fault;
use super::raw::{self, One, Written};
use super::resolve::{Resolver, entry_path, read_items};
use super::setting::{default_of, read_alternative, read_setting};
use super::spans::Path;
use super::valid::{Alternative, Choice, Pipeline, Scenario, StageChoice};
use super::vocabulary::stage_model;
use super::words::Scope;
use crate::setting::{Key, Method, Model, Stored};

/// Items handed to a worker process where a scenario does not say.
const IN_FLIGHT: u32 = 2;

impl Pipeline {
    /// Calls `each` with the number of alternatives of every axis and its place.
    pub(super) fn each_extent(&self, mut each: impl FnMut(u64, &Range<usize>)) {
        each(self.queue.values.len() as u64, &self.queue.place);
        each(self.items.values.len() as u64, &self.items.place);
        for stage in &self.stages {
            stage.settings.iter().for_each(|(_, choice)| each(choice.values.len() as u64, &choice.place));
            each(stage.model.values.len() as u64, &stage.model.place);
            each(stage.ipc.values.len() as u64, &stage.ipc.place);
            each(stage.in_flight.values.len() as u64, &stage.in_flight.place);
            each(stage.workers.extent(), &stage.workers.place);
        }
    }
}

impl Resolver<'_> {
    /// The pipeline, where the scenario has one.
    pub(super) fn pipeline(&mut self) -> Option<Pipeline> {
        let axis = self.document().pipeline.clone()?;
        let path = Path::default().key("pipeline");
        self.not_empty(axis.values.is_empty(), &path);
        let entries = axis.values.iter().enumerate();
        let stages: Vec<StageChoice> =
            entries.filter_map(|(i, entry)| self.stage(entry, i > 0, &entry_path(&path, i, axis.list))).collect();
        let place = self.key_place(&path);
        if axis.values.len() == 1 && !self.reading.is_damaged("pipeline") {
            let help = "add another stage; work of one kind is what `tasks` and `models` are for";
            self.report(Fault::new("a pipeline of one stage", help), &place);
        }
        let document = self.document();
        let (queue, items) = (document.queue.clone(), document.items.clone());
        let items = items.map(|axis| self.plain(&axis, &Path::default().key("items"), read_items));
        let queue =
            queue.map(|axis| self.plain(&axis, &Path::default().key("queue"), |scalar| typed(Key::Queue, scalar)));
        Some(Pipeline {
            stages,
            queue: queue.unwrap_or_else(|| default_choice(Key::Queue, &place)),
            items: items.unwrap_or(Choice { values: vec![Items::Auto], place: place.clone() }),
            place,
        })
    }

    fn stage(&mut self, entry: &raw::StageEntry, later: bool, path: &Path) -> Option<StageChoice> {
        let place = self.value_place(path);
        let Some(One(word)) = &entry.task else {
            if !self.reading.cut.contains(&path.key("task")) {
                self.report(Fault::new("this stage names no task", "add `task:` with the task's name"), &place);
            }
            return None;
        };
        let (word, tasks) = (word.to_string(), self.tasks);
        let Some(task) = tasks.get(&word) else {
            let place = self.value_place(&path.key("task"));
            self.unknown_task(&word, &place);
            return None;
        };
        let settings = self.task_settings(task, &entry.settings, Scope::Stage, path);
        for key in task.own_data().filter(|_| later).into_iter().flatten() {
            if entry.settings.0.iter().any(|(given, _)| given == key) {
                let help =
                    "its items take what the stage before has made: remove the key, or move it to the first stage";
                let place = self.key_place(&path.key(key));
                self.report(Fault::new(format!("a later stage of `{word}` has no use for `{key}`"), help), &place);
            }
        }
        let written = |key: Key| entry.given.0.iter().find(|(known, _)| *known == key).map(|(_, written)| written);
        let values = |key: Key| match written(key) {
            Some(Written::Values(axis)) => Some(axis),
            _ => None,
        };
        let model = match values(Key::Model) {
            Some(axis) => self.plain(axis, &path.key(Key::Model.name()), stage_model),
            None => Choice { values: vec![Model::Threads], place: place.clone() },
        };
        for key in [Key::Ipc, Key::InFlight] {
            if values(key).is_some() && !model.values.contains(&Model::Processes) && !model.values.is_empty() {
                let help = "it is for `processes`: make that the stage's `model`, or remove the key";
                let place = self.key_place(&path.key(key.name()));
                self.report(Fault::new(format!("this stage has no use for `{}`", key.name()), help), &place);
            }
        }
        let workers = match values(Key::Workers) {
            Some(axis) => {
                let read = |scalar: &Scalar| read_alternative(Key::Workers.row(), scalar);
                self.plain(axis, &path.key(Key::Workers.name()), read)
            }
            None => Choice { values: vec![Alternative::Range(1, 1)], place: place.clone() },
        };
        let ipc = values(Key::Ipc).map(|axis| self.plain(axis, &path.key("ipc"), Method::read));
        let read = |scalar: &Scalar| typed(Key::InFlight, scalar);
        let in_flight = values(Key::InFlight).map(|axis| self.plain(axis, &path.key("in_flight"), read));
        Some(StageChoice {
            workers,
            ipc: ipc.unwrap_or(Choice { values: vec![Method::Pipe], place: place.clone() }),
            in_flight: in_flight.unwrap_or(Choice { values: vec![IN_FLIGHT], place: place.clone() }),
            task: word,
            settings,
            model,
            place,
        })
    }

    /// What cannot stand beside a pipeline, and what can stand only there.
    pub(super) fn beside_pipeline(&mut self, scenario: &Scenario) {
        let document = self.document();
        let given = |flag: bool, key: &'static str| flag.then_some(key);
        let top = Path::default();
        if scenario.pipeline.is_none() {
            let lost = [given(document.queue.is_some(), "queue"), given(document.items.is_some(), "items")];
            for key in lost.into_iter().flatten().filter(|_| !self.reading.is_damaged("pipeline")) {
                let help = match key {
                    "items" => "it belongs to an entry of `tasks`; at the top level it is for a `pipeline`",
                    _ => "it is for a `pipeline`: add one, or remove the key",
                };
                let place = self.key_place(&top.key(key));
                self.report(Fault::new(format!("there is no `pipeline` for `{key}`"), help), &place);
            }
            return;
        }
        let others = [given(document.tasks.is_some(), "tasks"), given(document.models.is_some(), "models")];
        for key in others.into_iter().flatten() {
            let help = "a scenario has either a `pipeline`, or `tasks` and `models`: remove one of them";
            let place = self.key_place(&top.key(key));
            self.report(Fault::new(format!("`{key}` cannot be combined with a `pipeline`"), help), &place);
        }
        let keys: Vec<&str> = scenario.given.keys().map(Key::name).collect();
        for key in keys {
            let help = match key {
                "workers" | "ipc" | "in_flight" => "give it to the stages that it is for",
                _ => "stages take `model`, `workers`, `ipc` and `in_flight`, and are run natively: remove the key",
            };
            let place = self.key_place(&top.key(key));
            self.report(Fault::new(format!("a `pipeline` has no use for `{key}` at the top level"), help), &place);
        }
    }
}

/// A whole number of a setting.
fn typed(key: Key, scalar: &Scalar) -> Result<u32, Fault> {
    let wrong = || Fault::plain(format!("`{}` cannot be `{scalar}`", key.name()));
    read_setting(&key.row().setting, scalar).and_then(|value| u32::from_value(&value).ok_or_else(wrong))
}

/// The default of a setting whose values are whole numbers, as its only alternative.
fn default_choice(key: Key, place: &Range<usize>) -> Choice<u32> {
    let value = default_of(&key.row().setting).ok().and_then(|value| u32::from_value(&value));
    Choice { values: value.into_iter().collect(), place: place.clone() }
}
