//! What `--json` prints of a run: every number of the outputs, with the labels of configurations beside their indices in the
//! results file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::words::{outcomes, warnings};
use crate::results::{
    Answer, BreakEven, Change, Configuration, ConfigurationEstimate, Fault, FitRecord, Interpreter, Interval, Looks,
    Machine, ModelPrice, Pick, PickedBy, Quantiles, Results, RuntimeRow, SaturationPoint, Skipped, Word,
    WorkloadVerdict,
};
use crate::setting::{Measure, Runtime, Value, Wait};

/// A run of one scenario.
#[derive(Serialize, JsonSchema)]
pub struct ScenarioJson<'a> {
    name: &'a str,
    title: &'a str,
    /// Of the results file.
    format: u32,
    /// The version of runner.
    tool: &'a str,
    complete: bool,
    quick: bool,
    filter: Option<&'a str>,
    rounds: u32,
    budget: Option<f64>,
    seed: u64,
    /// The practical margin, as a share.
    margin: f64,
    /// Day and time in UTC.
    started: &'a str,
    resumed: u32,
    baseline: Option<&'a str>,
    regressions: Vec<RegressionJson<'a>>,
    workloads: Vec<WorkloadJson<'a>>,
    expectations: Vec<ExpectationJson<'a>>,
    break_evens: &'a [BreakEven],
    saturation: &'a [SaturationPoint],
    runtimes: Vec<RuntimesJson<'a>>,
    fits: &'a [FitRecord],
    /// How many trials ended in which way.
    outcomes: BTreeMap<String, usize>,
    skipped: &'a [Skipped],
    machine: &'a Machine,
    warnings: Vec<String>,
}

/// What became of a configuration from the other build to this one.
#[derive(Serialize, JsonSchema)]
struct RegressionJson<'a> {
    new: Option<&'a str>,
    old: Option<&'a str>,
    ratio: Interval,
    word: Change,
    smallest_effect: Option<f64>,
    rounds_needed: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct ExpectationJson<'a> {
    text: &'a str,
    answer: Answer,
    details: &'a [String],
}

/// A workload and its verdict.
#[derive(Serialize, JsonSchema)]
struct WorkloadJson<'a> {
    label: &'a str,
    task: &'a str,
    settings: &'a BTreeMap<String, Value>,
    payload: Option<u64>,
    runtime: Runtime,
    /// What it is an emulation of, where it is one.
    model_of: Option<&'a str>,
    interpreter: Option<&'a Interpreter>,
    fault: Option<&'a Fault>,
    measure: Measure,
    per_item: bool,
    reference: Option<&'a str>,
    configurations: Vec<ConfigurationJson<'a>>,
    sentence: &'a str,
    recommendation: Option<&'a str>,
    /// Why there is no verdict.
    suppressed: Option<&'a str>,
    warnings: &'a [String],
    picks: Vec<PickJson<'a>>,
    looks: &'a Looks,
    /// From the fastest to the slowest median.
    ranking: Vec<&'a str>,
    winners: Vec<&'a str>,
    pairs: Vec<PairJson<'a>>,
    checks: Vec<CheckJson<'a>>,
}

/// A configuration, what is known of it, and its times per item.
#[derive(Serialize, JsonSchema)]
struct ConfigurationJson<'a> {
    #[serde(flatten)]
    configuration: &'a Configuration,
    #[serde(flatten)]
    estimate: Option<&'a ConfigurationEstimate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<QuantilesJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<QuantilesJson>,
}

/// Quantiles in nanoseconds. The histogram is in the results file.
#[derive(Serialize, JsonSchema)]
struct QuantilesJson {
    count: u64,
    min: u64,
    p50: u64,
    p95: Option<u64>,
    p99: Option<u64>,
    max: u64,
}

/// What to use, and what that may cost.
#[derive(Serialize, JsonSchema)]
struct PickJson<'a> {
    configuration: Option<&'a str>,
    wait: Option<Wait>,
    by: PickedBy,
    price: Option<f64>,
    fastest: bool,
    speedup: Option<Interval>,
    failures: u32,
    as_good: Vec<&'a str>,
    slower: Vec<SlowerJson<'a>>,
    too_close: Vec<&'a str>,
    models: Vec<ModelPrice>,
}

#[derive(Serialize, JsonSchema)]
struct SlowerJson<'a> {
    configuration: Option<&'a str>,
    at_least: f64,
}

#[derive(Serialize, JsonSchema)]
struct PairJson<'a> {
    a: Option<&'a str>,
    b: Option<&'a str>,
    word: Word,
    ratio: Interval,
}

#[derive(Serialize, JsonSchema)]
struct CheckJson<'a> {
    configuration: Option<&'a str>,
    ratio: Interval,
    passed: bool,
}

/// Runtimes that run the same task.
#[derive(Serialize, JsonSchema)]
struct RuntimesJson<'a> {
    what: &'a str,
    rows: Vec<RuntimeJson<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct RuntimeJson<'a> {
    runtime: String,
    workload: &'a str,
    best: Option<&'a str>,
    per_item: Option<f64>,
    ratio: Option<f64>,
    best_per_item: Option<f64>,
}

/// One object per scenario, in order.
#[must_use]
pub fn json(results: &[Results]) -> Vec<ScenarioJson<'_>> {
    results.iter().map(scenario).collect()
}

fn scenario(results: &Results) -> ScenarioJson<'_> {
    let (run, derived) = (&results.run, &results.derived);
    let of = |verdict| workload(results, verdict);
    ScenarioJson {
        name: &results.scenario.name,
        title: &results.scenario.title,
        format: results.format,
        tool: &results.tool,
        complete: run.complete,
        quick: run.quick,
        filter: run.filter.as_deref(),
        rounds: run.rounds,
        budget: run.budget,
        seed: run.seed,
        margin: run.margin,
        started: &run.started,
        resumed: run.resumed,
        baseline: run.baseline.as_deref(),
        regressions: regressions(results),
        workloads: derived.workloads.iter().filter_map(of).collect(),
        expectations: expectations(results),
        break_evens: &derived.break_evens,
        saturation: &derived.saturation,
        runtimes: runtimes(results),
        fits: &derived.fits,
        outcomes: outcomes(results),
        skipped: &results.skipped,
        machine: &results.machine,
        warnings: warnings(results),
    }
}

/// The label of a configuration.
fn label(results: &Results, configuration: usize) -> Option<&str> {
    results.configurations.get(configuration).map(|configuration| configuration.label.as_str())
}

fn regressions(results: &Results) -> Vec<RegressionJson<'_>> {
    let told = |found: &crate::results::Regression| RegressionJson {
        new: label(results, found.new),
        old: label(results, found.old),
        ratio: found.ratio,
        word: found.word,
        smallest_effect: found.smallest_effect,
        rounds_needed: found.rounds_needed,
    };
    results.derived.regressions.iter().map(told).collect()
}

fn expectations(results: &Results) -> Vec<ExpectationJson<'_>> {
    let judged = results.derived.expectations.iter();
    let told = judged.filter_map(|judged| {
        let text = &results.expectations.get(judged.expectation)?.text;
        Some(ExpectationJson { text, answer: judged.answer, details: &judged.details })
    });
    told.collect()
}

fn workload<'a>(results: &'a Results, verdict: &'a WorkloadVerdict) -> Option<WorkloadJson<'a>> {
    let workload = results.workloads.get(verdict.workload)?;
    let labels = |configurations: &[usize]| {
        configurations.iter().filter_map(|configuration| label(results, *configuration)).collect()
    };
    let pairs = verdict.pairs.iter().map(|pair| PairJson {
        a: label(results, pair.a),
        b: label(results, pair.b),
        word: pair.word,
        ratio: pair.ratio,
    });
    let checks = verdict.checks.iter().map(|check| CheckJson {
        configuration: label(results, check.configuration),
        ratio: check.ratio,
        passed: check.passed,
    });
    let configurations =
        workload.configurations.iter().filter_map(|id| Some(configuration(results, results.configurations.get(*id)?)));
    Some(WorkloadJson {
        label: &workload.label,
        task: &workload.task,
        settings: &workload.settings,
        payload: workload.payload,
        runtime: workload.runtime,
        model_of: workload.is_lock_model().then_some("the GIL"),
        interpreter: workload.interpreter.as_ref(),
        fault: workload.fault.as_ref(),
        measure: workload.measure,
        per_item: workload.per_item,
        reference: label(results, workload.reference),
        configurations: configurations.collect(),
        sentence: &verdict.sentence,
        recommendation: verdict.recommendation.as_deref(),
        suppressed: verdict.suppressed.as_deref(),
        warnings: &verdict.warnings,
        picks: verdict.picks.iter().map(|pick| pick_json(results, pick)).collect(),
        looks: &workload.looks,
        ranking: labels(&verdict.ranking),
        winners: labels(&verdict.winners),
        pairs: pairs.collect(),
        checks: checks.collect(),
    })
}

fn pick_json<'a>(results: &'a Results, pick: &Pick) -> PickJson<'a> {
    let labels = |ids: &[usize]| ids.iter().filter_map(|id| label(results, *id)).collect();
    let slower = pick.slower.iter();
    PickJson {
        configuration: label(results, pick.configuration),
        wait: pick.wait,
        by: pick.by,
        price: pick.price,
        fastest: pick.fastest,
        speedup: pick.speedup,
        failures: pick.failures,
        as_good: labels(&pick.as_good),
        slower: slower
            .map(|slower| SlowerJson { configuration: label(results, slower.configuration), at_least: slower.at_least })
            .collect(),
        too_close: labels(&pick.too_close),
        models: pick.models.clone(),
    }
}

fn configuration<'a>(results: &'a Results, configuration: &'a Configuration) -> ConfigurationJson<'a> {
    let latency = results.latencies.iter().find(|latency| latency.configuration == configuration.id);
    ConfigurationJson {
        configuration,
        estimate: results.derived.estimates.get(configuration.id),
        service: latency.map(|latency| quantiles(&latency.service)),
        response: latency.map(|latency| quantiles(&latency.response)),
    }
}

fn quantiles(of: &Quantiles) -> QuantilesJson {
    QuantilesJson { count: of.count, min: of.min, p50: of.p50, p95: of.p95, p99: of.p99, max: of.max }
}

fn runtimes(results: &Results) -> Vec<RuntimesJson<'_>> {
    let row = |row: &RuntimeRow| {
        let workload = results.workloads.get(row.workload)?;
        Some(RuntimeJson {
            runtime: workload.runtime_shown(),
            workload: &workload.label,
            best: row.best.and_then(|configuration| label(results, configuration)),
            per_item: row.per_item,
            ratio: row.ratio,
            best_per_item: row.best_per_item,
        })
    };
    let tables = results.derived.runtimes.iter();
    tables.map(|table| RuntimesJson { what: &table.what, rows: table.rows.iter().filter_map(row).collect() }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::setting::Outcome;
    use crate::verdict::fixture::Made;

    #[test]
    fn every_number_has_a_name() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        made.fail(0, &(0..1), &Outcome::TimedOut);
        let results = made.finish();
        let all = json!(json(&[results.clone(), results]));
        assert_eq!(all.as_array().unwrap().len(), 2);
        let first = &all[0];
        assert_eq!(
            (&first["name"], &first["complete"], &first["outcomes"]["timed out"]),
            (&json!("made"), &json!(true), &json!(1))
        );
        let workload = &first["workloads"][0];
        assert_eq!((&workload["winners"], &workload["pairs"][0]["word"]), (&json!(["threads × 2"]), &json!("faster")));
        let configuration = &workload["configurations"][1];
        assert_eq!(
            (&configuration["label"], &configuration["ok"], &configuration["speedup"]["n"]),
            (&json!("threads × 2"), &json!(15), &json!(15))
        );
        assert!((configuration["speedup"]["median"].as_f64().unwrap() - 2.0).abs() < 0.1);
        assert!(configuration["id"] == 1 && workload["sentence"].as_str().unwrap().starts_with("Use threads × 2: 2.0"));
    }
}
