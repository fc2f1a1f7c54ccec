//! Finding the configuration that a marker means: `where model=processes workers=2 ipc=pipe`.

use crate::setting::{Key, Value};
use std::collections::BTreeMap;

use super::Problem;
use super::marker::meant;
use crate::results::{Configuration, Results, Workload};
use crate::text::{parse_bytes, parse_duration};

/// What a configuration has of one setting.
type Facts = BTreeMap<String, Value>;

/// Whether a value is what is written: a number also with a unit.
fn is(value: &Value, text: &str) -> bool {
    match value {
        Value::Whole(number) => {
            let bytes = parse_bytes(text).ok().map(|bytes| bytes as f64);
            let nanos = parse_duration(text).ok().map(|time| time.as_nanos() as f64);
            [text.parse().ok(), bytes, nanos].into_iter().flatten().any(|wanted: f64| wanted == *number as f64)
        }
        Value::Real(number) => text.parse::<f64>().is_ok_and(|wanted| wanted == *number),
        value => value.plain() == text,
    }
}

/// Everything by which a configuration can be meant.
fn facts(results: &Results, configuration: &Configuration) -> Facts {
    let mut facts = Facts::new();
    let Some(workload) = results.workloads.get(configuration.workload) else { return facts };
    facts.extend(workload.settings.iter().map(|(name, value)| (name.clone(), value.clone())));
    facts.extend(configuration.config.facts());
    let word = |word: &str| Value::Word(word.to_owned());
    facts.insert("config".into(), word(&configuration.label));
    facts.insert("workload".into(), word(&workload.label));
    facts.insert("task".into(), word(&workload.task));
    facts.extend(workload.payload.map(|bytes| ("payload".to_owned(), Value::Whole(bytes))));
    // The interpreter says more than how the scenario names it.
    facts.extend(workload.interpreter.as_ref().map(|found| (Key::Python.name().to_owned(), word(&found.label))));
    facts
}

/// The configurations that have all these settings; what none has is a problem.
pub(super) fn matching<'a>(
    results: &'a Results,
    wanted: &[(String, String)],
) -> Result<Vec<&'a Configuration>, Problem> {
    let mut left: Vec<(&Configuration, Facts)> =
        results.configurations.iter().map(|configuration| (configuration, facts(results, configuration))).collect();
    let keys: Vec<String> = left.iter().flat_map(|(_, facts)| facts.keys().cloned()).collect();
    for (key, value) in wanted {
        if !keys.contains(key) {
            let mut known: Vec<&str> = keys.iter().map(String::as_str).collect();
            known.sort_unstable();
            known.dedup();
            return Err(Problem::new(
                format!("no configuration of `{}` has a setting `{key}`", results.scenario.name),
                meant(key, &known),
            ));
        }
        let had = values(&left, key);
        left.retain(|(_, facts)| facts.get(key).is_some_and(|has| is(has, value)));
        if left.is_empty() {
            let help = match had.as_slice() {
                [] => "the configurations that are left have no such setting".into(),
                // Of numbers, one that looks alike is no likelier than another.
                had if value.starts_with(|c: char| c.is_ascii_digit()) => there_is(had),
                had => meant(value, &had.iter().map(String::as_str).collect::<Vec<_>>()),
            };
            return Err(Problem::new(
                format!("no configuration of `{}` has `{key}={value}`", results.scenario.name),
                help,
            ));
        }
    }
    Ok(left.into_iter().map(|(configuration, _)| configuration).collect())
}

/// What configurations have of a setting, each once.
fn values(configurations: &[(&Configuration, Facts)], key: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for value in configurations.iter().filter_map(|(_, facts)| facts.get(key)).map(Value::plain) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// The one configuration that has all these settings.
pub(super) fn one<'a>(results: &'a Results, wanted: &[(String, String)]) -> Result<&'a Configuration, Problem> {
    let found = matching(results, wanted)?;
    if let [one] = found.as_slice() {
        return Ok(one);
    }
    let all: Vec<(&Configuration, Facts)> =
        found.iter().map(|configuration| (*configuration, facts(results, configuration))).collect();
    let lacks = |key: &str| all.iter().any(|(_, facts)| !facts.contains_key(key));
    let order =
        ["model", "workers", "ipc", "payload", "task", "runtime", "python", "rate", "start", "chunk", "workload"];
    let apart = order.iter().find(|key| values(&all, key).len() > 1 || (lacks(key) && !values(&all, key).is_empty()));
    let labels: Vec<&str> = found.iter().take(4).map(|configuration| configuration.label.as_str()).collect();
    let more = if found.len() > labels.len() { ", …" } else { "" };
    let key = apart.copied().unwrap_or("config");
    let named = values(&all, key).iter().map(|value| format!("`{key}={}`", quoted(value))).collect::<Vec<_>>();
    Err(Problem::new(
        format!("{} configurations are meant: {}{more}", found.len(), labels.join("; ")),
        format!("behind `where`, add one of {}", named.join(", ")),
    ))
}

/// All values.
fn there_is(values: &[String]) -> String {
    format!("there is {}", values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", "))
}

fn quoted(value: &str) -> String {
    if value.contains(char::is_whitespace) { format!("\"{value}\"") } else { value.to_owned() }
}

/// The workloads that are meant: one by its label, or all.
pub(super) fn workloads<'a>(results: &'a Results, label: Option<&str>) -> Result<Vec<&'a Workload>, Problem> {
    let Some(label) = label else { return Ok(results.workloads.iter().collect()) };
    let found: Vec<&Workload> = results.workloads.iter().filter(|workload| workload.label == label).collect();
    if found.is_empty() {
        let known: Vec<&str> = results.workloads.iter().map(|workload| workload.label.as_str()).collect();
        let message = format!("`{}` has no workload `{label}`", results.scenario.name);
        return Err(Problem::new(message, meant(label, &known)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::marker::is_key;
    use super::*;
    use crate::verdict::fixture::Made;

    /// A configuration that comes at a rate and has every setting that a configuration can have.
    fn rated() -> Results {
        let mut results =
            Made::new(7).configuration("threads × 2", 0.2).payload(64, "b").configuration("threads × 2", 0.1).finish();
        for (workload, rate) in results.workloads.iter_mut().zip([600, 900]) {
            workload.rate = Some(rate);
            workload
                .configurations
                .iter()
                .for_each(|configuration| results.configurations[*configuration].config.rate = Some(rate));
        }
        results
    }

    #[test]
    fn ways_are_meant_by_their_rate() {
        let results = rated();
        let of = |key: &str, value: &str| one(&results, &[(key.to_owned(), value.to_owned())]);
        assert_eq!(of("rate", "900").unwrap().id, 1);
        let none = of("rate", "60").unwrap_err();
        assert_eq!(none.help.as_deref(), Some("there is `600`, `900`"));
    }

    #[test]
    fn pipelines_are_meant_by_their_stages() {
        let mut results = rated();
        let stage = |workers| crate::setting::StageConfig {
            model: "processes".into(),
            workers,
            ipc: Some("pipe".into()),
            in_flight: Some(2),
        };
        for (configuration, workers) in results.configurations.iter_mut().zip([1, 4]) {
            (configuration.config.stages, configuration.config.queue) =
                (vec![stage(1), stage(workers)], Some(workers * 8));
        }
        let of = |key: &str, value: &str| {
            one(&results, &[(key.to_owned(), value.to_owned())]).map(|configuration| configuration.id)
        };
        assert_eq!((of("stage2_workers", "4").unwrap(), of("queue", "8").unwrap()), (1, 0));
        assert!(of("stage1_ipc", "pipe").unwrap_err().message.contains("2 configurations are meant"));
    }

    #[test]
    fn every_setting_of_a_way_is_a_known_word() {
        let results = rated();
        for key in facts(&results, &results.configurations[1]).into_keys() {
            let of_task = results.workloads[1].settings.contains_key(&key);
            assert!(of_task || key == "workload" || is_key(&key), "{key}");
        }
    }
}
