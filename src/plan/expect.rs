//! Selectors against the configurations of a plan, and expectations resolved to pairs of configurations.

use super::CoreCounts;
use super::matrix::{ConfigMatrix, Selection, facts, reference};
use super::{Expectation, Options, Skipped};
use crate::scenario::{self, Diagnostics, Fault, Scenario, Selector, Term, Wanted, list};
use crate::setting::{Metric, Unit, Value};
use crate::text::{show_bytes, show_percent, show_seconds, three_digits};

/// What stands before an expectation among what is skipped.
pub(super) const EXPECTATION: &str = "expectation: ";

/// The expectations among what is skipped, in words. A run that is narrowed on purpose loses none by accident.
pub(super) fn lost(skipped: &[Skipped], options: &Options) -> Vec<String> {
    let skipped = skipped.iter().filter(|_| options.filter.is_none());
    skipped.map(|lost| lost.what.trim_start_matches(EXPECTATION).to_owned()).collect()
}

/// The facts of every point.
pub(super) type Facts = Vec<Vec<(String, Value)>>;

/// The facts of all points of a matrix.
pub(super) fn all_facts(built: &ConfigMatrix) -> Facts {
    built.points.iter().map(|point| facts(&built.workloads[point.workload].0, &point.config)).collect()
}

fn fact<'a>(facts: &'a [(String, Value)], key: &str) -> Option<&'a Value> {
    facts.iter().find(|(known, _)| known == key).map(|(_, value)| value)
}

fn is_wanted(wanted: &Wanted, value: &Value, cores: CoreCounts) -> bool {
    match (wanted, value) {
        (Wanted::Any(values), value) => values.contains(value),
        (Wanted::Range(low, high), Value::Whole(count)) => (u64::from(*low)..=u64::from(*high)).contains(count),
        (Wanted::Cores(which, factor), Value::Whole(count)) => {
            *count == u64::from(*factor) * u64::from(cores.of(*which))
        }
        _ => false,
    }
}

fn matches(term: &Term, facts: &[(String, Value)], cores: CoreCounts) -> bool {
    fact(facts, &term.key).is_some_and(|value| term.values.iter().any(|(wanted, _)| is_wanted(wanted, value, cores)))
}

/// The points that meet all terms.
pub(super) fn matching(terms: &[Term], facts: &Facts, cores: CoreCounts) -> Vec<usize> {
    (0..facts.len()).filter(|id| terms.iter().all(|term| matches(term, &facts[*id], cores))).collect()
}

/// How a fact is written in scenarios.
fn written(value: &Value) -> String {
    match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Whole(count) => count.to_string(),
        Value::Real(share) => share.to_string(),
        Value::Word(word) => word.clone(),
        Value::List(list) => list.join(" "),
    }
}

/// What the terms ask for in vain: each value that no configuration has, or all terms together.
pub(super) fn in_vain<'a>(terms: &'a [Term], facts: &Facts, cores: CoreCounts) -> Vec<(Option<&'a Term>, Fault)> {
    let mut faults = Vec::new();
    for term in terms {
        let mut there: Vec<&Value> = Vec::new();
        for value in facts.iter().filter_map(|facts| fact(facts, &term.key)) {
            if !there.contains(&value) {
                there.push(value);
            }
        }
        let shown: Vec<String> = there.iter().map(|value| written(value)).collect();
        let shown: Vec<&str> = shown.iter().take(20).map(String::as_str).collect();
        for (wanted, text) in &term.values {
            if there.iter().any(|value| is_wanted(wanted, value, cores)) {
                continue;
            }
            let help = match (shown.is_empty(), crate::text::nearest(text, shown.iter().copied())) {
                (true, _) => format!("no configuration of this scenario has `{}`", term.key),
                (false, Some(near)) if text.parse::<f64>().is_err() => {
                    format!("did you mean `{near}`? there are {}", list(&shown))
                }
                (false, _) => format!("the configurations of this scenario have {}", list(&shown)),
            };
            faults.push((
                Some(term),
                Fault::new(
                    format!("no configuration has `{}` {}", term.key, crate::text::escape::printable(text)),
                    help,
                ),
            ));
        }
    }
    if faults.is_empty() && matching(terms, facts, cores).is_empty() {
        let help = "each value occurs, but not together: such configurations collapse, are skipped or are not asked \
                    for; `plan` lists them";
        faults.push((None, Fault::new("no configuration has all of these values", help)));
    }
    faults
}

/// Resolves the expectations of a scenario to pairs of points. Of configurations that this machine or a permission keeps from being
/// run nothing can be expected: where there are such, expectations that find none are skipped.
pub(super) fn resolve(
    scenario: &Scenario,
    built: &ConfigMatrix,
    cores: CoreCounts,
) -> Result<(Vec<Expectation>, Vec<Skipped>), Diagnostics> {
    let facts = all_facts(built);
    let (mut problems, mut resolved, mut skipped) = (Diagnostics::new(), Vec::new(), Vec::new());
    for expectation in &scenario.expect {
        match resolve_one(scenario, expectation, built, &facts, cores) {
            Ok(found) => resolved.push(found),
            Err(_) if built.wanting => skipped.push(Skipped {
                what: format!("{EXPECTATION}{}", words(expectation)),
                why: "configurations that it names are skipped here".into(),
            }),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok((resolved, skipped)) } else { Err(problems) }
}

/// What selectors ask for in vain however the matrix comes out, for where it has problems of its own: tasks and models that
/// the scenario does not name.
pub(super) fn unnamed(scenario: &Scenario, cores: CoreCounts) -> Diagnostics {
    let fact = |key: &str, word: &str| vec![(key.to_owned(), Value::Word(word.to_owned()))];
    let named = scenario.tasks.iter().map(|choice| fact("task", &choice.task));
    let facts: Facts = named.chain(scenario.models.iter().map(|choice| fact("model", choice.model.word()))).collect();
    let mut problems = Diagnostics::new();
    let expected = scenario.expect.iter().flat_map(|expectation| [Some(&expectation.compare), expectation.to.as_ref()]);
    let drawn = scenario.charts.iter().flatten().map(|chart| chart.only.as_ref());
    for term in expected.chain(drawn).flatten().flat_map(|selector| &selector.terms) {
        if matches!(term.key.as_str(), "task" | "model") {
            let faults = in_vain(std::slice::from_ref(term), &facts, cores);
            faults.into_iter().for_each(|(_, fault)| problems.push(fault.at(&scenario.text, &term.place)));
        }
    }
    problems
}

fn resolve_one(
    scenario: &Scenario,
    expectation: &scenario::Expectation,
    built: &ConfigMatrix,
    facts: &Facts,
    cores: CoreCounts,
) -> Result<Expectation, Diagnostics> {
    let mut problems = Diagnostics::new();
    for selector in [Some(&expectation.compare), expectation.to.as_ref()].into_iter().flatten() {
        for (term, fault) in in_vain(&selector.terms, facts, cores) {
            problems.push(fault.at(&scenario.text, term.map_or(&selector.place, |term| &term.place)));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    pairs(expectation, built, facts, cores)
        .map(|pairs| Expectation {
            text: words(expectation),
            metric: expectation.metric,
            is: expectation.is,
            pairs,
            at_least: expectation.at_least,
            at_most: expectation.at_most,
        })
        .map_err(|fault| {
            let place = expectation.to.as_ref().map_or(&expectation.compare.place, |to| &to.place);
            problems.push(fault.at(&scenario.text, place));
            problems
        })
}

type Pairs = Vec<(usize, Option<usize>)>;

fn pairs(
    expectation: &scenario::Expectation,
    built: &ConfigMatrix,
    facts: &Facts,
    cores: CoreCounts,
) -> Result<Pairs, Fault> {
    let compared = matching(&expectation.compare.terms, facts, cores);
    if expectation.metric.is_latency() && compared.iter().any(|id| built.points[*id].config.rate.is_none()) {
        let message = format!("`{}` is expected where nothing arrives at a rate", expectation.metric.word());
        return Err(Fault::new(
            message,
            "add `rate: N` per second, or select the workloads that have one, such as `rate: 200`",
        ));
    }
    if expectation.metric != Metric::Speedup && expectation.to.is_none() {
        return Ok(compared.into_iter().map(|configuration| (configuration, None)).collect());
    }
    let references = expectation.to.as_ref().map(|to| (to, matching(&to.terms, facts, cores)));
    let mut pairs = Pairs::new();
    for &configuration in &compared {
        let workload = built.points[configuration].workload;
        let Some((to, candidates)) = &references else {
            let base = reference(&built.workloads[workload].1.configurations, |id| &built.points[id].config);
            if base != configuration {
                pairs.push((configuration, Some(base)));
            }
            continue;
        };
        let suits = |other: &&usize| {
            **other != configuration
                && built.points[**other].workload == workload
                && agree(&facts[configuration], &facts[**other], to)
        };
        let before = pairs.len();
        pairs.extend(candidates.iter().filter(suits).map(|other| (configuration, Some(*other))));
        if pairs.len() == before && !candidates.contains(&configuration) {
            let help = "it is paired with configurations of the same workload that are equal in everything which `to` \
                        leaves open";
            let name = super::label::describe_facts(&facts[configuration]);
            return Err(Fault::new(format!("`to` has no configuration to pair {name} with"), help));
        }
    }
    match pairs.is_empty() {
        true => Err(Fault::new(
            "every compared configuration would be paired with itself",
            "name other configurations in `compare` or `to`",
        )),
        false => Ok(pairs),
    }
}

/// Whether two configurations are equal in everything that the selector leaves open and that both have.
fn agree(one: &[(String, Value)], other: &[(String, Value)], to: &Selector) -> bool {
    let open = one.iter().filter(|(key, _)| to.terms.iter().all(|term| term.key != *key));
    open.into_iter().all(|(key, value)| fact(other, key).is_none_or(|there| there == value))
}

/// The expectations whose configurations are run; the others are named among what is skipped.
pub(super) fn keep(expected: Vec<Expectation>, narrowed: &Selection, skipped: &mut Vec<Skipped>) -> Vec<Expectation> {
    let number = |point: usize| narrowed.configurations[point];
    let mut kept = Vec::new();
    for mut expectation in expected {
        let pairs = expectation.pairs.iter().filter_map(|(configuration, other)| match other {
            Some(other) => Some((number(*configuration)?, Some(number(*other)?))),
            None => Some((number(*configuration)?, None)),
        });
        expectation.pairs = pairs.collect();
        if expectation.pairs.is_empty() {
            skipped.push(Skipped {
                what: expectation.text,
                why: "its configurations are not among those that were selected".into(),
            });
        } else {
            kept.push(expectation);
        }
    }
    kept
}

/// `speedup of processes × 2, pipe over serial is at least 1.5`.
fn words(expectation: &scenario::Expectation) -> String {
    let metric = expectation.metric;
    let unit = metric.unit(expectation.to.is_some());
    let bounds = [
        expectation.at_least.map(|low| format!("at least {}", bound_words(low, unit))),
        expectation.at_most.map(|high| format!("at most {}", bound_words(high, unit))),
    ];
    let bounds: Vec<String> = bounds.into_iter().flatten().collect();
    let (bounds, who) = (bounds.join(" and "), selector_words(&expectation.compare));
    if let Some(is) = expectation.is {
        return format!("outcome of {who} is `{}` in {bounds} of the trials", is.shown());
    }
    let over = match (&expectation.to, metric) {
        (Some(to), Metric::Speedup) => format!(" over {}", selector_words(to)),
        (Some(to), _) => format!(" relative to {}", selector_words(to)),
        (None, Metric::Speedup) => " over the reference".into(),
        (None, _) => String::new(),
    };
    format!("{} of {who}{over} is {bounds}", metric.word())
}

fn bound_words(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Factor => three_digits(value),
        Unit::Seconds => show_seconds(value),
        Unit::PerSecond => format!("{} items/s", three_digits(value)),
        Unit::Bytes => show_bytes(value as u64),
        Unit::Share => show_percent(value),
    }
}

pub(super) fn selector_words(selector: &Selector) -> String {
    let values = |term: &Term| term.values.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>().join(" or ");
    let find = |key: &str| selector.terms.iter().find(|term| term.key == key);
    let mut parts = Vec::new();
    parts.extend(find("task").map(values));
    match (find("model").map(values), find("workers").map(values)) {
        (Some(model), Some(workers)) => parts.push(format!("{model} × {workers}")),
        (Some(model), None) => parts.push(model),
        (None, Some(workers)) => parts.push(format!("workers {workers}")),
        (None, None) => {}
    }
    for term in &selector.terms {
        match term.key.as_str() {
            "task" | "model" | "workers" => {}
            "ipc" | "dispatch" | "measure" | "runtime" => parts.push(values(term)),
            key => parts.push(format!("{} {}", key.replace('_', " "), values(term))),
        }
    }
    if parts.is_empty() { "all configurations".into() } else { parts.join(", ") }
}
