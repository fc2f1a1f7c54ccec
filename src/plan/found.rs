//! Interpreters that a workload can be run in, and variants that can be run there.

use super::build::Builder;
use crate::runtime::{Interpreter, NamedPython};
use crate::scenario::{Alternative, ConfigSettings, Fault, TaskChoice, default_of};
use crate::setting::{Key, Runtime, Stored as _};
use crate::task::{Settings, Task};

/// An interpreter that a workload is run in, or none, with the variants that can be run there.
pub(super) struct Ways {
    pub(super) python: Option<String>,
    pub(super) interpreter: Option<Interpreter>,
    pub(super) variants: Vec<VariantOf>,
}

/// A variant with its interpreter, where it has one.
pub(super) struct VariantOf {
    pub(super) index: usize,
    pub(super) python: Option<String>,
    pub(super) interpreter: Option<Interpreter>,
}

impl Builder<'_> {
    /// Whether the task can run with these settings, of every variant. Those of a commit lie in a folder that is not there yet.
    pub(super) fn is_sound(&mut self, choice: &TaskChoice, task: &dyn Task, settings: &Settings) -> bool {
        let here = self.built.variants.iter().filter(|variant| variant.revision.is_none());
        let mut all: Vec<Settings> = here.map(|variant| variant.apply(settings)).collect();
        if self.built.variants.is_empty() {
            all.push(settings.clone());
        }
        for settings in all {
            if let Err(why) = task.check(&settings) {
                let fault = Fault::new(why, "see `runner list` for its settings");
                self.problems.push(fault.at(&self.scenario.text, &choice.items.place));
                return false;
            }
        }
        true
    }

    /// The interpreters that a runtime takes, each with the variants that can run there: those that were found, or none where it needs none.
    pub(super) fn interpreters(&mut self, task: &dyn Task, runtime: Runtime, given: &ConfigSettings) -> Vec<Ways> {
        let what = format!("{} × {}", task.name(), runtime.word());
        if task.needs_permission() && !self.options.allow_commands {
            self.want(what, "needs --allow-commands: it runs what the scenario names");
            return Vec::new();
        }
        if runtime != Runtime::Python {
            if task.is_users_code() {
                self.skip(what, "is Python code");
                return Vec::new();
            }
            let variants = self.variants(&what, task, None);
            return match variants.is_empty() && !self.built.variants.is_empty() {
                true => Vec::new(),
                false => vec![Ways { python: None, interpreter: None, variants }],
            };
        }
        if !task.in_python() {
            self.skip(what, "the Python driver does not have this task");
            return Vec::new();
        }
        let names = pythons_of(given);
        let mut found = Vec::new();
        for name in names {
            if !self.built.variants.is_empty() {
                let variants = self.variants(&what, task, Some(&name));
                // The first that is there stands for the workload.
                if let Some(first) = variants.first() {
                    let interpreter = first.interpreter.clone();
                    found.push(Ways { python: Some(name), interpreter, variants });
                }
                continue;
            }
            match self.options.pythons.get(&NamedPython::from(name.as_str())) {
                Some(Ok(interpreter)) => {
                    let interpreter = Some(interpreter.clone());
                    found.push(Ways { python: Some(name), interpreter, variants: Vec::new() });
                }
                Some(Err(why)) => self.want(what.clone(), why),
                None => self.want(what.clone(), "no interpreter was looked for"),
            }
        }
        found
    }

    /// The variants that can be run here, each with its interpreter, where the runtime is a CPython of this name.
    fn variants(&mut self, what: &str, task: &dyn Task, python: Option<&str>) -> Vec<VariantOf> {
        let mut able = Vec::new();
        for index in 0..self.built.variants.len() {
            let variant = self.built.variants[index].clone();
            let what = format!("{what}, {}", variant.name);
            if variant.revision.is_some() && !self.options.allow_commands {
                self.want(what, "needs --allow-commands: it runs what is in another commit");
                continue;
            }
            let own = self.scenario.variants[index].python.clone();
            let Some(name) = python else {
                if own.is_some() {
                    self.skip(what, "has an interpreter, and this runtime has none");
                } else {
                    able.push(VariantOf { index, python: None, interpreter: None });
                }
                continue;
            };
            let name = own.unwrap_or_else(|| name.to_owned());
            match self.options.pythons.get(&NamedPython::of(&name, &variant.environment)) {
                Some(Ok(found)) if task.in_python() => {
                    self.built.variants[index].interpreter = Some(found.clone());
                    able.push(VariantOf { index, python: Some(name), interpreter: Some(found.clone()) });
                }
                Some(Err(why)) => self.want(what, why),
                _ => self.want(what, "no interpreter was looked for"),
            }
        }
        able
    }
}

/// The interpreters that these settings name, as written.
pub(super) fn pythons_of(given: &ConfigSettings) -> Vec<String> {
    let named = given.get(Key::Python).map(|choice| choice.values.iter().filter_map(Alternative::value).collect());
    let named = named.unwrap_or_else(|| default_of(&Key::Python.row().setting).into_iter().collect::<Vec<_>>());
    named.iter().filter_map(String::from_value).collect()
}
