//! `--filter model=threads,rayon,workers=2`: narrows a run to the configurations with these values.

use super::CoreCounts;
use super::expect::{all_facts, in_vain, matching};
use super::matrix::{ConfigMatrix, Selection};
use crate::scenario::{Diagnostic, Diagnostics, Scalar, Scenario, Term, Wanted, list, read_wanted};
use crate::setting::{ALL, StageConfig, of_stage};
use crate::task::Tasks;
use crate::text::escape::printable;
use crate::text::nearest;

/// A selector from the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// As written, several joined by commas.
    pub text: String,
    terms: Vec<(String, Vec<String>)>,
}

/// A selector that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// The first part is not `key=value`.
    #[error("`{0}` is not `key=value`; write for example `model=threads,rayon,workers=2`")]
    NotAPair(String),
    /// A key or a value is missing.
    #[error("`{0}` has no key or no value; write for example `model=threads,rayon,workers=2`")]
    Empty(String),
    /// A key stands twice.
    #[error("`{0}` is given twice; alternatives are separated by commas, as in `{0}=a,b`")]
    Twice(String),
}

/// Where problems with the selector are said to be.
const PLACE: &str = "--filter";

/// The keys that are no settings of tasks.
fn keys() -> Vec<&'static str> {
    std::iter::once("task").chain(ALL.iter().map(|row| row.setting.name)).collect()
}

impl Filter {
    /// Reads selectors: commas separate `key=value` pairs, and a part without `=` is another value of the key before it.
    /// Several selectors are one whose pairs must all hold. Whether keys and values exist is checked when a scenario is
    /// planned.
    ///
    /// # Errors
    /// A first part that is not a pair, a pair without key or value, a key that stands twice.
    pub fn parse(texts: &[String]) -> Result<Self, FilterError> {
        let mut terms: Vec<(String, Vec<String>)> = Vec::new();
        for text in texts {
            let mut open = false;
            for part in text.split(',') {
                match (part.split_once('='), terms.last_mut().filter(|_| open)) {
                    (Some((key, value)), _) => {
                        let (key, value) = (key.trim(), value.trim());
                        if key.is_empty() || value.is_empty() {
                            return Err(FilterError::Empty(printable(part)));
                        }
                        if terms.iter().any(|(known, _)| known == key) {
                            return Err(FilterError::Twice(printable(key)));
                        }
                        terms.push((key.to_owned(), vec![value.to_owned()]));
                        open = true;
                    }
                    (None, Some((_, values))) if !part.trim().is_empty() => values.push(part.trim().to_owned()),
                    (None, Some(_)) => return Err(FilterError::Empty(printable(text))),
                    (None, None) => return Err(FilterError::NotAPair(printable(part))),
                }
            }
        }
        Ok(Self { text: texts.join(","), terms })
    }

    /// What it asks for, with these tasks.
    pub(super) fn terms_of(&self, tasks: &Tasks) -> Result<Vec<Term>, Diagnostics> {
        let mut problems = Diagnostics::new();
        let mut terms = Vec::new();
        for (key, values) in &self.terms {
            match term(key, values, tasks) {
                Ok(term) => terms.push(term),
                Err((message, help)) => problems.push(Diagnostic::of_file(PLACE, message, Some(help))),
            }
        }
        if problems.is_empty() { Ok(terms) } else { Err(problems) }
    }

    /// The points that match.
    pub(super) fn narrow(
        &self,
        built: &ConfigMatrix,
        scenario: &Scenario,
        tasks: &Tasks,
        cores: CoreCounts,
    ) -> Result<Selection, Diagnostics> {
        let terms = self.terms_of(tasks)?;
        let facts = all_facts(built);
        let mut problems = Diagnostics::new();
        for (_, fault) in in_vain(&terms, &facts, cores) {
            let message = format!("{} in {}", fault.message, scenario.text.name);
            problems.push(Diagnostic::of_file(PLACE, message, fault.help));
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
    let known = |key: &str| keys().contains(&key) || settings.contains(&key);
    let of_a_stage = |(_, own): (usize, &str)| {
        own == "task" || settings.contains(&own) || StageConfig::KEYS.iter().any(|key| key.name() == own)
    };
    if !known(key) && !of_stage(key).is_some_and(of_a_stage) {
        let help = match nearest(key, keys().into_iter().chain(settings)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the keys are {} and the settings of tasks", list(&keys())),
        };
        return Err((format!("`{}` is not a key of configurations", printable(key)), help));
    }
    let wanted = values.iter().map(|value| want(key, value, tasks).map(|wanted| (wanted, value.clone())));
    Ok(Term::of(key, wanted.collect::<Result<Vec<_>, _>>()?))
}

fn want(key: &str, value: &str, tasks: &Tasks) -> Result<Wanted, (String, String)> {
    if key == "task" {
        return Ok(Wanted::Any(vec![crate::setting::Value::Word(value.to_owned())]));
    }
    let scalar = serde_yaml::from_str::<Scalar>(value).unwrap_or_else(|_| Scalar::Text(value.to_owned()));
    let parts = |fault: crate::scenario::Fault| (fault.message, fault.help.unwrap_or_default());
    read_wanted(tasks, key, &scalar).unwrap_or(Ok(Wanted::Any(Vec::new()))).map_err(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Vec<(String, Vec<String>)>, FilterError> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        Filter::parse(&texts).map(|filter| filter.terms)
    }

    #[test]
    fn a_part_without_a_sign_continues_the_list_before_it() {
        let pair = |key: &str, values: &[&str]| (key.to_owned(), values.iter().map(|v| (*v).to_owned()).collect());
        let both = vec![pair("model", &["threads", "rayon"]), pair("workers", &["2"])];
        assert_eq!(read(&["model=threads,rayon,workers=2"]), Ok(both.clone()));
        assert_eq!(read(&["model=threads, rayon", "workers=2"]), Ok(both));
        assert_eq!(read(&["threads"]), Err(FilterError::NotAPair("threads".into())));
        assert_eq!(read(&["model=threads", "rayon"]), Err(FilterError::NotAPair("rayon".into())));
        assert_eq!(read(&["model="]), Err(FilterError::Empty("model=".into())));
        assert_eq!(read(&["model=a,,b"]), Err(FilterError::Empty("model=a,,b".into())));
        assert_eq!(read(&["model=a,model=b"]), Err(FilterError::Twice("model".into())));
    }
}
