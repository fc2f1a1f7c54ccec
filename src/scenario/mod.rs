//! From the text of scenario files to valid scenarios, with all problems of all files at once.
//!
//! The way in has four steps: the guard refuses what a YAML parser must not see and notes where everything stands;
//! `serde_yaml` reads the values into the scenario as written; what is written is resolved against the lists of
//! tasks, models and methods; names are compared across files.

mod assign;
mod axis;
mod charts;
mod definitions;
mod expected;
mod leaf;
mod limits;
mod problem;
mod raw;
mod read;
mod resolve;
mod schema;
mod select;
mod setting;
mod spans;
mod stages;
mod valid;
mod variants;
mod vocabulary;
mod words;

pub use assign::{Assignment, assign};
pub use leaf::{BUDGETS, Items};
pub use problem::{Diagnostic, Diagnostics};
pub use schema::{schema, schema_text};
pub use valid::{
    Alternative, Chart, Choice, ConfigSettings, CoreKind, Expectation, ModelChoice, Pipeline, Scenario, Selector,
    StageChoice, TaskChoice, Term, VariantChoice, Wanted,
};

pub(crate) use leaf::Scalar;
pub(crate) use problem::Fault;
pub(crate) use read::keys_of;
pub(crate) use select::read_wanted;
pub(crate) use setting::{default_of, takes};
pub(crate) use words::{Scope, list};

use std::collections::BTreeMap;

use spans::Path;

use crate::task::Tasks;

/// A scenario file as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The file as shown, such as `scenarios/cpu-bound.yaml`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Reads scenarios, in the order of their files.
///
/// # Errors
/// Every problem of every file.
pub fn load(sources: &[Source], tasks: &Tasks) -> Result<Vec<Scenario>, Diagnostics> {
    let mut problems = Diagnostics::new();
    let mut scenarios = Vec::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for source in sources {
        let (scenario, name, found) = load_one(source, tasks);
        found.into_iter().for_each(|problem| problems.push(problem));
        if let Some((name, clash)) = name {
            match names.get(&name) {
                Some(other) => {
                    let mut problem = clash;
                    problem.message = format!("{other} has the name `{name}` too");
                    problems.push(problem);
                }
                None => {
                    names.insert(name, crate::text::escape::printable(&source.name));
                }
            }
        }
        scenarios.extend(scenario);
    }
    if problems.is_empty() { Ok(scenarios) } else { Err(problems) }
}

type Loaded = (Option<Scenario>, Option<(String, Diagnostic)>, Vec<Diagnostic>);

/// Reads one file. The name comes with the problem that it makes if another file has it too.
fn load_one(source: &Source, tasks: &Tasks) -> Loaded {
    let text = match limits::read_text(&source.name, &source.bytes) {
        Ok(text) => text,
        Err(problem) => return (None, None, vec![problem]),
    };
    let (places, mut problems) = match limits::check(&text) {
        Ok(passed) => passed,
        Err(problems) => return (None, None, problems),
    };
    let mut reading = match read::read(&text, places, tasks) {
        Ok(reading) => reading,
        Err(problem) => return (None, None, vec![problem]),
    };
    problems.append(&mut reading.problems);
    let name = reading.document.name.as_ref().map(|name| {
        let fault = Fault::new("", "a name is unique in a run, since it names the report's folder: change one of them");
        (name.0.0.clone(), fault.at(&text, &reading.places.value_span(&Path::default().key("name"))))
    });
    let (scenario, mut found) = resolve::resolve(&text, &source.bytes, &reading, tasks);
    problems.append(&mut found);
    (scenario, name, problems)
}

#[cfg(test)]
mod tests;
