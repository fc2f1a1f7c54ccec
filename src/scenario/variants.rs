//! Variants: what every configuration is run with, one after the other.

use std::collections::BTreeMap;

use super::leaf::Scalar;
use super::problem::Fault;
use super::raw::{self, Axis, Fields as _, One, VariantEntry};
use super::resolve::{Resolver, entry_path};
use super::setting::{read_list, read_setting};
use super::spans::Path;
use super::valid::{TaskChoice, VariantChoice};
use super::words::list;
use crate::setting::{Key, Setting, SettingKind, Value};

/// Most variants of a scenario.
const MOST_VARIANTS: usize = 16;
/// Most characters of a name: tables have a column for it.
const LONGEST_NAME: usize = 30;
/// A commit by name.
const REVISION: Setting = Setting {
    name: "revision",
    about: "a commit by any name that git knows",
    kind: SettingKind::Text { longest: 200 },
    default: "",
};
/// A program with its arguments.
const BUILD: Setting = Setting {
    name: "build",
    about: "a program with its arguments",
    kind: SettingKind::List { most: 256, longest: 4096 },
    default: "",
};

impl Resolver<'_> {
    pub(super) fn variants(&mut self, tasks: &[TaskChoice]) -> Vec<VariantChoice> {
        let Some(axis) = self.document().variants.clone() else { return Vec::new() };
        let path = Path::default().key("variants");
        self.not_empty(axis.values.is_empty(), &path);
        if self.document().pipeline.is_some() {
            let place = self.key_place(&path);
            self.report(
                Fault::new(
                    "a `pipeline` has no `variants`",
                    "compare them with `tasks` and `models`, or remove the key",
                ),
                &place,
            );
        }
        if axis.values.len() > MOST_VARIANTS {
            let place = self.key_place(&path);
            let help = format!("at most {MOST_VARIANTS} are compared with each other: split the scenario");
            self.report(Fault::new(format!("there are {} variants", axis.values.len()), help), &place);
        }
        let mut variants: Vec<VariantChoice> = Vec::new();
        for (i, entry) in axis.values.iter().enumerate() {
            let here = entry_path(&path, i, axis.list);
            let before = self.problems.len();
            let variant = self.variant(entry, tasks, &here);
            if self.problems.len() > before || self.reading.cut.iter().any(|cut| cut.0.starts_with(&here.0)) {
                continue;
            }
            if variants.iter().any(|known| known.name == variant.name) {
                let place = self.value_place(&here);
                let message = format!("two variants are called `{}`", variant.name);
                self.report(Fault::new(message, "give one of them another `name`"), &place);
            }
            variants.push(variant);
        }
        variants
    }

    fn variant(&mut self, entry: &VariantEntry, tasks: &[TaskChoice], path: &Path) -> VariantChoice {
        let place = self.value_place(path);
        let python = self.text_of(&Key::Python.row().setting, entry.python.as_ref(), path);
        let revision = self.text_of(&REVISION, entry.revision.as_ref(), path);
        if let Some(name) = revision.as_deref().filter(|name| name.is_empty() || name.starts_with('-')) {
            let place = self.value_place(&path.key("revision"));
            self.report(Fault::new(format!("`{name}` names no commit"), "write a branch, a tag or a hash"), &place);
        }
        let build = self.list_of(&BUILD, entry.build.as_ref(), path);
        if build.is_some() && revision.is_none() {
            let place = self.key_place(&path.key("build"));
            self.report(Fault::new("there is no `revision` to build", "add one, or remove `build`"), &place);
        }
        let environment = self.environment(entry, path);
        let mut settings = Vec::new();
        for (name, one) in [("call", &entry.call), ("path", &entry.path)] {
            if let Some(one) = one
                && let Some(setting) = self.of_all_tasks(name, tasks, path)
            {
                settings
                    .extend(self.text_of(&setting, Some(one), path).map(|text| (name.to_owned(), Value::Word(text))));
            }
        }
        if entry.argv.is_some()
            && let Some(setting) = self.of_all_tasks("argv", tasks, path)
        {
            let argv = self.list_of(&setting, entry.argv.as_ref(), path);
            settings.extend(argv.map(|argv| ("argv".to_owned(), Value::List(argv))));
        }
        let shown = |(_, value): &(String, Value)| value.plain();
        let own = [python.clone(), revision.clone()].into_iter().flatten().next();
        let derived = own
            .or_else(|| settings.first().map(shown))
            .or_else(|| environment.iter().next().map(|(name, value)| format!("{name}={value}")))
            .map(|text| text.chars().take(LONGEST_NAME).collect::<String>());
        let name = match (&entry.name, derived) {
            (Some(One(name)), _) => name.0.clone(),
            (None, Some(derived)) => derived,
            (None, None) => {
                let help = format!(
                    "it takes {}; with a `name` alone it is what the scenario says",
                    list(&VariantEntry::keys())
                );
                self.report(Fault::new("this variant has nothing of its own", help), &place);
                String::new()
            }
        };
        if entry.name.is_some() && (name.is_empty() || name.chars().count() > LONGEST_NAME) {
            let place = self.value_place(&path.key("name"));
            let help = format!("a name has 1 to {LONGEST_NAME} characters");
            self.report(Fault::new("this name is too long, or empty", help), &place);
        }
        VariantChoice { name, python, environment, settings, revision, build: build.unwrap_or_default(), place }
    }

    /// A setting that every task of the scenario has; reports where one does not.
    fn of_all_tasks(&mut self, name: &str, tasks: &[TaskChoice], path: &Path) -> Option<Setting> {
        let registry = self.tasks;
        let mut found = None;
        for choice in tasks {
            let task = registry.get(&choice.task)?;
            found = task.settings().iter().find(|setting| setting.name == name).copied();
            if found.is_none() {
                let place = self.key_place(&path.key(name));
                let message = format!("the task `{}` has no setting `{name}`", choice.task);
                self.report(Fault::new(message, "a variant changes what all tasks of its scenario have"), &place);
                return None;
            }
        }
        found
    }

    fn text_of(&mut self, setting: &Setting, written: Option<&One<Scalar>>, path: &Path) -> Option<String> {
        let One(scalar) = written?;
        // A number is a name too, such as that of a version.
        let scalar = match scalar {
            Scalar::Text(_) => scalar.clone(),
            other => Scalar::Text(other.to_string()),
        };
        match read_setting(setting, &scalar) {
            Ok(value) => Some(value.plain()),
            Err(fault) => {
                let place = self.value_place(&path.key(setting.name));
                self.report(fault, &place);
                None
            }
        }
    }

    fn list_of(&mut self, setting: &Setting, written: Option<&Axis<One<Scalar>>>, path: &Path) -> Option<Vec<String>> {
        let scalars: Vec<Scalar> = written?.values.iter().map(|One(scalar)| scalar.clone()).collect();
        let SettingKind::List { most, longest } = setting.kind else { return None };
        match read_list(setting, &scalars, most, longest) {
            Ok(Value::List(texts)) => Some(texts),
            Ok(_) => None,
            Err(fault) => {
                let place = self.value_place(&path.key(setting.name));
                self.report(fault, &place);
                None
            }
        }
    }

    fn environment(&mut self, entry: &VariantEntry, path: &Path) -> BTreeMap<String, String> {
        let Some(raw::Environment(written)) = &entry.environment else { return BTreeMap::new() };
        let path = path.key("environment");
        self.not_empty(written.is_empty(), &path);
        let mut environment = BTreeMap::new();
        for (name, scalar) in written {
            let value = match scalar {
                Scalar::Text(text) => text.clone(),
                other => other.to_string(),
            };
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                let place = self.value_place(&path.key(name));
                self.report(Fault::new("this is no variable of an environment", "write `NAME: value`"), &place);
                continue;
            }
            environment.insert(name.clone(), value);
        }
        environment
    }
}
