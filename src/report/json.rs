//! What `--json` prints: every number of the outputs, with the names of ways instead of their indices.

use serde_json::{Map, Value, json};

use super::words::{outcomes, warnings};
use crate::results::{Cell, Group, GroupVerdict, Latency, Quantiles, Results, RuntimeRow, RuntimeTable};

/// One object per scenario, in order.
#[must_use]
pub fn json(results: &[Results]) -> Value {
    Value::Array(results.iter().map(scenario).collect())
}

fn scenario(results: &Results) -> Value {
    let run = &results.run;
    let groups: Vec<Value> = results
        .derived
        .groups
        .iter()
        .filter_map(|verdict| Some(group(results, results.groups.get(verdict.group)?, verdict)))
        .collect();
    let expectations: Vec<Value> = results
        .derived
        .expectations
        .iter()
        .filter_map(|judged| {
            let text = &results.expectations.get(judged.expectation)?.text;
            Some(json!({"text": text, "answer": judged.answer, "details": judged.details}))
        })
        .collect();
    let label = |cell: usize| results.cells.get(cell).map(|cell| cell.label.as_str());
    let regressions = results.derived.regressions.iter().map(|found| {
        let mut all = object(json!(found));
        all.insert("new".into(), json!(label(found.new)));
        all.insert("old".into(), json!(label(found.old)));
        Value::Object(all)
    });
    json!({
        "name": results.scenario.name,
        "title": results.scenario.title,
        "format": results.format,
        "tool": results.tool,
        "complete": run.complete,
        "quick": run.quick,
        "filter": run.filter,
        "rounds": run.rounds,
        "seed": run.seed,
        "margin": run.margin,
        "started": run.started,
        "resumed": run.resumed,
        "against": run.against,
        "regressions": regressions.collect::<Vec<_>>(),
        "workloads": groups,
        "expectations": expectations,
        "break_evens": results.derived.break_evens,
        "saturation": results.derived.knees,
        "runtimes": runtimes(results),
        "fits": results.derived.fits,
        "outcomes": outcomes(results),
        "skipped": results.skipped,
        "machine": results.machine,
        "warnings": warnings(results),
    })
}

fn group(results: &Results, group: &Group, verdict: &GroupVerdict) -> Value {
    let label = |cell: usize| results.cells.get(cell).map(|cell| cell.label.as_str());
    let labels = |cells: &[usize]| cells.iter().map(|cell| label(*cell)).collect::<Vec<_>>();
    let cells: Vec<Value> = group.cells.iter().filter_map(|id| Some(way(results, results.cells.get(*id)?))).collect();
    let pairs = verdict.pairs.iter().map(|pair| {
        json!({
            "a": label(pair.a),
            "b": label(pair.b),
            "word": pair.word,
            "ratio": pair.ratio,
            "smallest_effect": pair.smallest_effect,
            "rounds_needed": pair.rounds_needed,
        })
    });
    let checks = verdict
        .checks
        .iter()
        .map(|check| json!({"configuration": label(check.cell), "ratio": check.ratio, "passed": check.passed}));
    json!({
        "label": group.label,
        "task": group.task,
        "settings": group.settings,
        "payload": group.payload,
        "runtime": group.runtime,
        "model_of": group.is_lock_model().then_some("the GIL"),
        "interpreter": group.interpreter,
        "fault": group.fault,
        "measure": group.measure,
        "per_item": group.per_item,
        "reference": label(group.baseline),
        "configurations": cells,
        "sentence": verdict.sentence,
        "when": verdict.when,
        "withheld": verdict.withheld,
        "ranking": labels(&verdict.ranking),
        "winners": labels(&verdict.winners),
        "pairs": pairs.collect::<Vec<_>>(),
        "checks": checks.collect::<Vec<_>>(),
    })
}

/// Runtimes that run the same task, with their names in the place of indices.
fn runtimes(results: &Results) -> Vec<Value> {
    let table = |table: &RuntimeTable| {
        let row = |row: &RuntimeRow| {
            let group = results.groups.get(row.group)?;
            let mut all = object(json!(row));
            all.insert("runtime".into(), json!(group.runtime_shown()));
            all.insert("workload".into(), json!(group.label));
            let best = row.best.and_then(|cell| results.cells.get(cell));
            all.insert("best".into(), json!(best.map(|cell| &cell.label)));
            Some(Value::Object(all))
        };
        json!({"what": table.what, "rows": table.rows.iter().filter_map(row).collect::<Vec<_>>()})
    };
    results.derived.runtimes.iter().map(table).collect()
}

/// A cell: what it is, what is known of it, and its times per item, in one object.
fn way(results: &Results, cell: &Cell) -> Value {
    let mut all = object(json!(cell));
    if let Some(estimate) = results.derived.estimates.get(cell.id) {
        all.append(&mut object(json!(estimate)));
    }
    if let Some(latency) = results.latencies.iter().find(|latency| latency.cell == cell.id) {
        let Latency { service, response, .. } = latency;
        all.insert("service".into(), quantiles(service));
        all.insert("response".into(), quantiles(response));
    }
    for index in ["id", "workload", "configuration"] {
        all.remove(index);
    }
    Value::Object(all)
}

/// Quantiles in nanoseconds, without the histogram, which the results file has.
fn quantiles(of: &Quantiles) -> Value {
    let mut all = object(json!(of));
    all.remove("histogram");
    Value::Object(all)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::Outcome;
    use crate::verdict::fixture::Made;

    #[test]
    fn every_number_has_a_name() {
        let mut made = Made::new(15).serial(1.0).cell("threads × 2", 0.5);
        made.fail(0, &(0..1), &Outcome::TimedOut);
        let results = made.finish();
        let all = json(&[results.clone(), results]);
        assert_eq!(all.as_array().unwrap().len(), 2);
        let first = &all[0];
        assert_eq!(
            (&first["name"], &first["complete"], &first["outcomes"]["timed out"]),
            (&json!("made"), &json!(true), &json!(1))
        );
        let group = &first["workloads"][0];
        assert_eq!((&group["winners"], &group["pairs"][0]["word"]), (&json!(["threads × 2"]), &json!("faster")));
        let cell = &group["configurations"][1];
        assert_eq!(
            (&cell["label"], &cell["ok"], &cell["speedup"]["n"]),
            (&json!("threads × 2"), &json!(15), &json!(15))
        );
        assert!((cell["speedup"]["median"].as_f64().unwrap() - 2.0).abs() < 0.1);
        assert!(cell.get("id").is_none() && group["sentence"].as_str().unwrap().contains("fastest"));
    }
}
