//! `--only model=threads|rayon,workers=2`: narrows a run to the cells with these values.

use super::built::{Built, Narrowed};
use super::expect::{all_facts, in_vain, matching};
use crate::scenario::{
    KEYS, Problem, Problems, Scalar, Scenario, Term, Wanted, list, of_stage, read_any, read_way, read_workers,
};
use crate::task::{Tasks, Value};
use crate::text::escape::printable;
use crate::text::nearest;

/// A selector from the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Only {
    /// As written.
    pub text: String,
    terms: Vec<(String, Vec<String>)>,
}

/// A selector that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OnlyError {
    /// A part is not `key=value`.
    #[error("`{0}` is not `key=value`; write for example `model=threads|rayon,workers=2`")]
    NotAPair(String),
    /// A key stands twice.
    #[error("`{0}` is given twice; alternatives are separated by `|`, as in `{0}=a|b`")]
    Twice(String),
}

/// Where problems with the selector are said to be.
const PLACE: &str = "--only";

/// The keys that are no settings of tasks.
fn keys() -> Vec<&'static str> {
    let ways = KEYS.iter().map(|(_, word)| *word);
    ["task", "model"].into_iter().chain(ways).chain(["runtime", "measure"]).collect()
}

impl Only {
    /// Reads a selector: `key=value` pairs with commas between them; values may repeat, separated by `|`.
    /// Whether keys and values exist is checked when a scenario is planned.
    ///
    /// # Errors
    /// A part that is not a pair, a key that stands twice.
    pub fn parse(text: &str) -> Result<Self, OnlyError> {
        let mut terms: Vec<(String, Vec<String>)> = Vec::new();
        for part in text.split(',') {
            let pair = part.split_once('=').map(|(key, values)| (key.trim(), values.trim()));
            let Some((key, values)) = pair.filter(|(key, values)| !key.is_empty() && !values.is_empty()) else {
                return Err(OnlyError::NotAPair(printable(part)));
            };
            if terms.iter().any(|(known, _)| known == key) {
                return Err(OnlyError::Twice(printable(key)));
            }
            terms.push((key.to_owned(), values.split('|').map(|value| value.trim().to_owned()).collect()));
        }
        Ok(Self { text: text.to_owned(), terms })
    }

    /// The points that match.
    pub(super) fn narrow(
        &self,
        built: &Built,
        scenario: &Scenario,
        tasks: &Tasks,
        cores: u32,
    ) -> Result<Narrowed, Problems> {
        let mut problems = Problems::new();
        let mut terms = Vec::new();
        for (key, values) in &self.terms {
            match term(key, values, tasks) {
                Ok(term) => terms.push(term),
                Err((message, help)) => problems.push(Problem::of_file(PLACE, message, Some(help))),
            }
        }
        let facts = all_facts(built);
        if problems.is_empty() {
            for (_, fault) in in_vain(&terms, &facts, cores) {
                let message = format!("{} in {}", fault.message, scenario.text.name);
                problems.push(Problem::of_file(PLACE, message, fault.help));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let kept = matching(&terms, &facts, cores);
        Ok(built.narrowed(|point| kept.contains(&point)))
    }
}

fn term(key: &str, values: &[String], tasks: &Tasks) -> Result<Term, (String, String)> {
    let settings: Vec<&str> = tasks.iter().flat_map(|task| task.settings()).map(|setting| setting.name).collect();
    let known = |key: &str| keys().contains(&key) || settings.contains(&key) || key == "queue";
    let of_a_stage =
        |own: &str| ["task", "model", "workers", "ipc", "in_flight"].contains(&own) || settings.contains(&own);
    if !known(key) && !of_stage(key).is_some_and(of_a_stage) {
        let help = match nearest(key, keys().into_iter().chain(settings)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys are {} and the settings of tasks", list(&keys())),
        };
        return Err((format!("`{}` is not a key of cells", printable(key)), help));
    }
    let wanted = values.iter().map(|value| want(key, value, tasks).map(|wanted| (wanted, value.clone())));
    Ok(Term::of(key, wanted.collect::<Result<Vec<_>, _>>()?))
}

fn want(key: &str, value: &str, tasks: &Tasks) -> Result<Wanted, (String, String)> {
    let scalar = serde_yaml::from_str::<Scalar>(value).unwrap_or_else(|_| Scalar::Text(value.to_owned()));
    let parts = |fault: crate::scenario::Fault| (fault.message, fault.help.unwrap_or_default());
    if key == "workers" {
        return read_workers(&scalar).map_err(parts);
    }
    if !keys().contains(&key) {
        return match read_any(tasks, key, &scalar) {
            Some(read) => read.map(Wanted::Any).map_err(parts),
            None => Ok(Wanted::Any(Vec::new())),
        };
    }
    if let Some(read) = read_way(key, &scalar) {
        return read.map(|whole| Wanted::Any(vec![Value::Whole(whole)])).map_err(parts);
    }
    Ok(Wanted::Any(vec![match scalar {
        Scalar::Whole(count) => Value::Whole(count),
        _ => Value::Word(value.to_owned()),
    }]))
}
