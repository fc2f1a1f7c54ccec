//! Selectors: from what is written to terms that a plan can match against its configurations.

use super::leaf::Scalar;
use super::problem::Fault;
use super::raw::{self, Axis, One, Written};
use super::read::keys_of;
use super::resolve::{Resolver, entry_path};
use super::setting::{read_alternative, read_setting};
use super::spans::Path;
use super::valid::{Alternative, Selector, Term, Wanted};
use super::vocabulary::stage_model;
use super::words::{Scope, unknown_key, unknown_word};
use crate::setting::{Key, StageConfig, Stored, Value, of_stage};
use crate::task::Tasks;

/// What a scalar asks for as the value of a key that is not `task`: a setting of configurations, of a stage, or of tasks.
/// `None` where there is no such key.
pub(crate) fn read_wanted(tasks: &Tasks, name: &str, scalar: &Scalar) -> Option<Result<Wanted, Fault>> {
    if let Some(key) = Key::of_name(name) {
        return Some(read_alternative(key.row(), scalar).map(|alternative| wanted(key, &alternative)));
    }
    if let Some((_, own)) = of_stage(name) {
        return read_staged(tasks, name, own, scalar);
    }
    read_any(tasks, name, scalar).map(|read| read.map(Wanted::Any))
}

/// Values that a scalar may mean as a setting of that name: each task that has it reads it in its own way.
fn read_any(tasks: &Tasks, name: &str, scalar: &Scalar) -> Option<Result<Vec<Value>, Fault>> {
    let settings = tasks.iter().flat_map(|task| task.settings()).filter(|setting| setting.name == name);
    let mut read: Vec<Value> = Vec::new();
    let mut fault = None;
    for setting in settings {
        match read_setting(setting, scalar) {
            Ok(value) if read.contains(&value) => {}
            Ok(value) => read.push(value),
            Err(why) => fault = Some(why),
        }
    }
    match (read.is_empty(), fault) {
        (false, _) => Some(Ok(read)),
        (true, Some(fault)) => Some(Err(fault)),
        (true, None) => None,
    }
}

/// The same for what the stages of a pipeline have.
fn read_staged(tasks: &Tasks, name: &str, own: &str, scalar: &Scalar) -> Option<Result<Wanted, Fault>> {
    let key = Key::of_name(own).filter(|key| StageConfig::KEYS.contains(key));
    match (key, own) {
        (Some(Key::Model), _) => Some(stage_model(scalar).map(|model| Wanted::Any(vec![model.to_value()]))),
        (Some(key), _) => Some(read_alternative(key.row(), scalar).and_then(|alternative| match alternative {
            Alternative::Cores(..) => {
                Err(Fault::new(format!("`{name}` cannot be `{scalar}` here"), "write a number, or a range (`1-8`)"))
            }
            alternative => Ok(wanted(key, &alternative)),
        })),
        (None, "task") => Some(Ok(Wanted::Any(vec![Value::Word(scalar.to_string())]))),
        (None, own) => read_any(tasks, own, scalar).map(|read| read.map(Wanted::Any)),
    }
}

/// What a selector that names an alternative matches.
fn wanted(key: Key, alternative: &Alternative) -> Wanted {
    match alternative {
        Alternative::Range(low, high) => Wanted::Range(*low, *high),
        Alternative::Cores(which, factor) => Wanted::Cores(*which, *factor),
        Alternative::Absent => Wanted::Any(key.row().absent_value().into_iter().collect()),
        Alternative::Value(_) | Alternative::Fault(..) => Wanted::Any(alternative.value().into_iter().collect()),
    }
}

impl Resolver<'_> {
    pub(super) fn selector(&mut self, selector: &raw::Selector, path: &Path) -> Selector {
        let mut terms = Vec::new();
        if let Some(axis) = &selector.task {
            let here = path.key("task");
            terms.push(Term { key: "task".into(), values: self.task_words(axis, &here), place: self.key_place(&here) });
        }
        let of_tasks = selector.settings.0.iter().map(|(name, axis)| (name.as_str(), axis));
        for (name, values) in selector.given.0.iter().map(|(key, written)| (key.name(), written)) {
            let here = path.key(name);
            let values = match values {
                Written::Values(axis) => self.wanted_values(name, axis, &here),
                Written::Faults(axis) => Some(self.wanted_faults(axis)),
            };
            let place = self.key_place(&here);
            terms.extend(values.map(|values| Term { key: name.to_owned(), values, place }));
        }
        for (name, axis) in of_tasks {
            let here = path.key(name);
            let values = self.wanted_values(name, axis, &here);
            let place = self.key_place(&here);
            terms.extend(values.map(|values| Term { key: name.to_owned(), values, place }));
        }
        Selector { terms, place: self.key_place(path) }
    }

    fn task_words(&mut self, axis: &Axis<One<Scalar>>, path: &Path) -> Vec<(Wanted, String)> {
        let mut values = Vec::new();
        for (i, One(scalar)) in axis.values.iter().enumerate() {
            let word = scalar.to_string();
            if self.tasks.get(&word).is_none() {
                let known: Vec<&str> = self.tasks.iter().map(|task| task.name()).collect();
                let place = self.value_place(&entry_path(path, i, axis.list));
                self.report(unknown_word("task", &word, &known), &place);
            }
            values.push((Wanted::Any(vec![Value::Word(word.clone())]), word));
        }
        values
    }

    /// Kinds of faults; the item is a key of its own, `fault_item`.
    fn wanted_faults(&mut self, axis: &Axis<raw::FaultEntry>) -> Vec<(Wanted, String)> {
        let kinds = axis.values.iter().filter_map(|entry| entry.kind.as_ref());
        let word = |One(kind): &One<super::vocabulary::FaultWord>| match kind.0 {
            Some(kind) => kind.word(),
            None => Key::Fault.row().absent().unwrap_or_default(),
        };
        kinds.map(word).map(|word| (Wanted::Any(vec![Value::Word(word.to_owned())]), word.to_owned())).collect()
    }

    /// The values that a selector names of a key; `None`, and reported, where there is no such key.
    fn wanted_values(&mut self, name: &str, axis: &Axis<One<Scalar>>, path: &Path) -> Option<Vec<(Wanted, String)>> {
        let mut values = Vec::new();
        for (i, One(scalar)) in axis.values.iter().enumerate() {
            match read_wanted(self.tasks, name, scalar) {
                None => {
                    let place = self.key_place(path);
                    self.report(unknown_key(name, Scope::Selector, None, self.tasks, keys_of), &place);
                    return None;
                }
                Some(Ok(read)) => values.push((read, scalar.to_string())),
                Some(Err(fault)) => {
                    let place = self.value_place(&entry_path(path, i, axis.list));
                    self.report(fault, &place);
                }
            }
        }
        Some(values)
    }
}
