//! What configurations are run with in place of what their workload says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::runtime::Interpreter;
use crate::scenario::VariantChoice;
use crate::setting::Value;
use crate::task::Settings;

/// An interpreter, an environment, settings of the task, a commit or a program of this tool, each where it is not what the scenario says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variant {
    /// Its name, unique in the plan.
    pub name: String,
    /// Its interpreter.
    pub interpreter: Option<Interpreter>,
    /// Variables that are added to the environment.
    pub environment: BTreeMap<String, String>,
    /// Settings of the task that it has in place of the workload's.
    pub settings: Vec<(String, Value)>,
    /// A commit by name, as written.
    pub revision: Option<String>,
    /// The hash of that commit, once it was asked for.
    pub commit: Option<String>,
    /// What is run in the commit's folder before the first trial.
    pub build: Vec<String>,
    /// Where its trials are run, once the commit was checked out.
    pub folder: Option<PathBuf>,
    /// Another build of this program that runs its trials.
    pub program: Option<PathBuf>,
    /// The version of that build.
    pub version: Option<String>,
}

impl Variant {
    /// What a scenario says of it.
    #[must_use]
    pub fn of(choice: &VariantChoice) -> Self {
        Self {
            name: choice.name.clone(),
            environment: choice.environment.clone(),
            settings: choice.settings.clone(),
            revision: choice.revision.clone(),
            build: choice.build.clone(),
            ..Self::default()
        }
    }

    /// A workload's settings with its own in their places. Files of items stay those of the current folder, so that all variants have the
    /// same items.
    #[must_use]
    pub fn apply(&self, settings: &Settings) -> Settings {
        let mut own = settings.clone();
        for (name, value) in &self.settings {
            own.put(name, value.clone());
        }
        if self.revision.is_some() && !own.text("data").is_empty() {
            let whole = std::path::absolute(own.text("data")).unwrap_or_else(|_| own.text("data").into());
            own.put("data", Value::Word(whole.to_string_lossy().into_owned()));
        }
        // A program whose whole environment is listed sees what is added too.
        let listed = own.list("environment").to_vec();
        if !listed.is_empty() {
            let added = self.environment.iter().map(|(name, value)| format!("{name}={value}"));
            own.put("environment", Value::List(listed.into_iter().chain(added).collect()));
        }
        own
    }
}
