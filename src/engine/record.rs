//! The results of a plan before its trials: everything that is known without running anything.

use sha2::{Digest as _, Sha256};

use crate::plan::{Plan, StageTask, StageWay};
use crate::results::{self, Derived, FORMAT, Machine, Results, RunRecord, ScenarioRecord};

/// A word of a serialisable enumeration, as scenarios write it.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

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
            rounds: plan.rounds,
            quick: plan.quick,
            complete: false,
            only: plan.only.clone(),
            margin: plan.margin,
            timeout: plan.timeout.as_secs_f64(),
            started,
            resumed: 0,
            against: None,
        },
        machine,
        groups: plan.groups.iter().map(group).collect(),
        cells: plan.cells.iter().map(|one| cell(one, &plan.groups[one.group].stages)).collect(),
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
    let crate::plan::Chart { kind, x, group, cells, chosen, title } = chart.clone();
    results::ChartShape { kind, x, group, cells, chosen, title }
}

/// The first line of a journal of this run.
pub(super) fn head(blank: &Results, build: String, against: Option<String>) -> results::Head {
    let (scenario, run) = (&blank.scenario, &blank.run);
    // Item counts are chosen later, and have a line of their own.
    let resolved = serde_json::to_vec(&(&blank.groups, &blank.cells)).unwrap_or_default();
    let cells = Sha256::digest(&resolved).iter().map(|byte| format!("{byte:02x}")).collect();
    results::Head {
        scenario: scenario.name.clone(),
        hash: scenario.hash.clone(),
        seed: run.seed,
        rounds: run.rounds,
        quick: run.quick,
        only: run.only.clone(),
        cells,
        tool: blank.tool.clone(),
        build,
        against,
        machine: blank.machine.clone(),
        started: run.started.clone(),
    }
}

fn group(group: &crate::plan::Group) -> results::Group {
    let json = |value| serde_json::to_value(value).unwrap_or_default();
    results::Group {
        id: group.id,
        label: group.label.clone(),
        task: group.task.clone(),
        describe: group.describe.clone(),
        bound: format!("{:?}", group.bound).to_lowercase(),
        settings: group.settings.iter().map(|(name, value)| (name.to_owned(), json(value))).collect(),
        payload: group.payload,
        rate: group.rate,
        runtime: word(&group.runtime),
        interpreter: group.interpreter.as_ref().map(|found| results::Interpreter {
            label: found.label(),
            version: found.version.clone(),
            free_threaded: found.free_threaded,
            gil: found.gil,
        }),
        fault: group.fault.map(|fault| results::Fault { kind: fault.kind.word().to_owned(), item: fault.item }),
        measure: word(&group.measure),
        cells: group.cells.clone(),
        baseline: group.baseline,
        per_item: false,
    }
}

fn cell(cell: &crate::plan::Cell, works: &[StageTask]) -> results::Cell {
    let config = &cell.config;
    results::Cell {
        id: cell.id,
        group: cell.group,
        label: cell.label.clone(),
        model: config.model.entry().word.to_owned(),
        model_shown: config.model.entry().shown.to_owned(),
        workers: config.workers,
        ipc: config.ipc.map(|method| method.word().to_owned()),
        ipc_shown: config.ipc_shown(),
        dispatch: config.dispatch.as_ref().map(word),
        chunk: config.chunk,
        in_flight: config.in_flight,
        wait: config.wait.as_ref().map(word),
        affinity: config.affinity.as_ref().map(word),
        start: config.start.as_ref().map(word),
        api: config.api.as_ref().map(word),
        switch_interval: config.switch_interval,
        gil_hold: config.gil_hold,
        on_crash: config.on_crash.as_ref().map(word),
        parent_memory: config.parent_memory,
        parent_use: config.parent_use.as_ref().map(word),
        stages: works.iter().zip(&config.stages).map(stage).collect(),
        queue: config.queue,
        items: 0,
        checked: cell.checked,
        against: cell.against.is_some(),
        oversubscribed: cell.oversubscribed,
    }
}

fn stage((work, way): (&StageTask, &StageWay)) -> results::Stage {
    results::Stage {
        task: work.task.clone(),
        model: way.model.entry().word.to_owned(),
        workers: way.workers,
        ipc: way.ipc.map(|method| method.word().to_owned()),
        in_flight: way.in_flight,
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

/// Puts the chosen item counts into the cells, and says of each group whether they differ.
pub(super) fn set_counts(results: &mut Results, counts: &[u64]) {
    for (cell, count) in results.cells.iter_mut().zip(counts) {
        cell.items = *count;
    }
    for group in &mut results.groups {
        let first = group.cells.first().map(|id| results.cells[*id].items);
        group.per_item = group.cells.iter().any(|id| Some(results.cells[*id].items) != first);
    }
}
