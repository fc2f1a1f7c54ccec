//! The results of a plan before its trials: everything that is known without running anything.

use sha2::{Digest as _, Sha256};

use crate::plan::Plan;
use crate::results::{self, Derived, FORMAT, Machine, Results, RunRecord, ScenarioRecord};

pub(super) fn blank(plan: &Plan, machine: Machine, started: String) -> Results {
    Results {
        format: FORMAT,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: ScenarioRecord {
            name: plan.name.clone(),
            title: plan.title.clone(),
            about: plan.about.clone(),
            text: plan.text.clone(),
            hash: plan.hash.clone(),
        },
        run: RunRecord {
            seed: plan.seed,
            rounds: plan.rounds.unwrap_or(0),
            budget: plan.rounds.is_none().then_some(plan.budget.as_secs_f64()),
            quick: plan.quick,
            complete: false,
            filter: plan.filter.clone(),
            margin: plan.margin,
            timeout: plan.timeout.as_secs_f64(),
            started,
            resumed: 0,
            candidate: None,
            baseline: None,
        },
        machine,
        variants: plan.variants.iter().map(variant).collect(),
        workloads: plan.workloads.iter().map(workload).collect(),
        configurations: plan.configurations.iter().map(configuration).collect(),
        skipped: plan
            .skipped
            .iter()
            .map(|skipped| results::Skipped { what: skipped.what.clone(), why: skipped.why.clone() })
            .collect(),
        expectations: plan.expectations.iter().map(expectation).collect(),
        charts: plan.charts.iter().map(chart).collect(),
        trials: Vec::new(),
        latencies: Vec::new(),
        timelines: Vec::new(),
        derived: Derived::default(),
    }
}

fn chart(chart: &crate::plan::Chart) -> results::ChartShape {
    let crate::plan::Chart { kind, x, group, configurations, chosen, title } = chart.clone();
    results::ChartShape { kind, x, group, configurations, chosen, title }
}

/// The first line of a journal of this run.
pub(super) fn head(blank: &Results, build: String, baseline: Option<String>) -> results::Head {
    let (scenario, run) = (&blank.scenario, &blank.run);
    // Item counts are chosen later, and have a line of their own.
    let resolved = serde_json::to_vec(&(&blank.variants, &blank.workloads, &blank.configurations)).unwrap_or_default();
    let configurations = Sha256::digest(&resolved).iter().map(|byte| format!("{byte:02x}")).collect();
    results::Head {
        scenario: scenario.name.clone(),
        hash: scenario.hash.clone(),
        seed: run.seed,
        rounds: run.rounds,
        budget: run.budget,
        quick: run.quick,
        filter: run.filter.clone(),
        configurations,
        tool: blank.tool.clone(),
        build,
        baseline,
        machine: blank.machine.clone(),
        started: run.started.clone(),
    }
}

fn workload(workload: &crate::plan::Workload) -> results::Workload {
    results::Workload {
        id: workload.id,
        label: workload.label.clone(),
        task: workload.task.clone(),
        describe: workload.describe.clone(),
        bound: format!("{:?}", workload.bound).to_lowercase(),
        settings: workload.settings.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect(),
        payload: workload.payload,
        rate: workload.rate,
        runtime: workload.runtime,
        interpreter: workload.interpreter.as_ref().map(interpreter),
        fault: workload.fault.map(|fault| results::Fault { kind: fault.kind, item: fault.item }),
        measure: workload.measure,
        configurations: workload.configurations.clone(),
        reference: workload.reference,
        per_item: false,
        looks: results::Looks::default(),
    }
}

fn interpreter(found: &crate::plan::Interpreter) -> results::Interpreter {
    results::Interpreter {
        label: found.label(),
        version: found.version.clone(),
        free_threaded: found.free_threaded,
        gil: found.gil,
    }
}

fn variant(variant: &crate::plan::Variant) -> results::Variant {
    results::Variant {
        name: variant.name.clone(),
        interpreter: variant.interpreter.as_ref().map(interpreter),
        environment: variant.environment.clone(),
        settings: variant.settings.iter().cloned().collect(),
        revision: variant.revision.clone(),
        commit: variant.commit.clone(),
        version: variant.version.clone(),
    }
}

fn configuration(configuration: &crate::plan::Configuration) -> results::Configuration {
    results::Configuration {
        id: configuration.id,
        workload: configuration.workload,
        label: configuration.label.clone(),
        config: configuration.config.clone(),
        items: 0,
        checked: configuration.checked,
        variant: configuration.variant,
        partner: configuration.partner,
        oversubscribed: configuration.oversubscribed,
    }
}

fn expectation(expectation: &crate::plan::Expectation) -> results::Expectation {
    results::Expectation {
        text: expectation.text.clone(),
        metric: expectation.metric,
        is: expectation.is,
        pairs: expectation.pairs.clone(),
        at_least: expectation.at_least,
        at_most: expectation.at_most,
    }
}

/// Puts the chosen item counts into the configurations, and says of each workload whether they differ.
pub(super) fn set_counts(results: &mut Results, counts: &[u64]) {
    for (configuration, count) in results.configurations.iter_mut().zip(counts) {
        configuration.items = *count;
    }
    for workload in &mut results.workloads {
        let first = workload.configurations.first().map(|id| results.configurations[*id].items);
        workload.per_item = workload.configurations.iter().any(|id| Some(results.configurations[*id].items) != first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::of_text;
    use crate::setting::pairs;

    #[test]
    fn a_run_is_only_gone_on_with_where_every_setting_is_the_same() {
        let plan = of_text("version: 1\nname: a\ntasks: [primes]\nmodels: [threads]\nworkers: 2\n");
        let head_of = |config: crate::setting::Config| {
            let mut plan = plan.clone();
            plan.configurations[0].config = config;
            head(&blank(&plan, Machine::default(), String::new()), String::new(), None)
        };
        for (row, one, other) in pairs::all() {
            assert_eq!(head_of(one.clone()), head_of(one.clone()));
            assert_ne!(head_of(one), head_of(other), "{}", row.setting.name);
        }
    }
}
