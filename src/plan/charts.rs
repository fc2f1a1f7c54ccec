//! Charts: those that a scenario names, with their configurations found, and those that fit where it names none.

use super::CoreCounts;
use super::expect::{Facts, all_facts, in_vain, matching, selector_words};
use super::matrix::{ConfigMatrix, Selection};
use super::{Chart, Configuration, Skipped, Workload};
use crate::scenario::{self, Diagnostics, Fault, Scenario};
use crate::setting::{ChartKind, Config, Dispatch, Key, Model};

impl Chart {
    /// A chart that shows everything as it comes.
    #[must_use]
    pub fn of(kind: ChartKind) -> Self {
        Self { kind, x: None, group: None, configurations: None, chosen: String::new(), title: None }
    }
}

type Resolved = (Option<Vec<Chart>>, Vec<Skipped>);

/// Finds the points of the charts that a scenario names. As with expectations, a chart of configurations that this machine or a
/// permission keeps from being run is skipped.
pub(super) fn resolve(scenario: &Scenario, built: &ConfigMatrix, cores: CoreCounts) -> Result<Resolved, Diagnostics> {
    let Some(named) = &scenario.charts else { return Ok((None, Vec::new())) };
    let facts = all_facts(built);
    let (mut problems, mut charts, mut skipped) = (Diagnostics::new(), Vec::new(), Vec::new());
    for chart in named {
        match resolve_one(scenario, chart, &facts, cores) {
            Ok(found) => charts.push(found),
            Err(_) if built.wanting => skipped.push(Skipped {
                what: format!("chart {}", chart.kind.word()),
                why: "configurations that it names are skipped here".into(),
            }),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok((Some(charts), skipped)) } else { Err(problems) }
}

fn resolve_one(
    scenario: &Scenario,
    chart: &scenario::Chart,
    facts: &Facts,
    cores: CoreCounts,
) -> Result<Chart, Diagnostics> {
    let mut problems = Diagnostics::new();
    if let Some(only) = &chart.only {
        for (term, fault) in in_vain(&only.terms, facts, cores) {
            problems.push(fault.at(&scenario.text, term.map_or(&only.place, |term| &term.place)));
        }
    }
    let points = match &chart.only {
        Some(only) => matching(&only.terms, facts, cores),
        None => (0..facts.len()).collect(),
    };
    for (key, place) in [chart.x, chart.group].into_iter().zip(&chart.places) {
        let Some(word) = key.map(Key::name) else { continue };
        let has = |point: &usize| facts[*point].iter().any(|(known, _)| known == word);
        if problems.is_empty() && !points.iter().any(has) {
            let help = "name a setting that they have, change `where`, or remove this key";
            problems.push(
                Fault::new(format!("no configuration of this chart has `{word}`"), help).at(&scenario.text, place),
            );
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let chosen = chart.only.as_ref().map_or(String::new(), selector_words);
    let configurations = chart.only.is_some().then_some(points);
    Ok(Chart { kind: chart.kind, x: chart.x, group: chart.group, configurations, chosen, title: chart.title.clone() })
}

/// The charts with the numbers of the configurations that are run; those of which none is are named among what is skipped.
pub(super) fn keep(charts: Option<Vec<Chart>>, narrowed: &Selection, skipped: &mut Vec<Skipped>) -> Option<Vec<Chart>> {
    let mut kept = Vec::new();
    for mut chart in charts? {
        if let Some(points) = chart.configurations {
            let configurations: Vec<usize> =
                points.into_iter().filter_map(|point| narrowed.configurations[point]).collect();
            if configurations.is_empty() {
                skipped.push(Skipped {
                    what: format!("chart {} of {}", chart.kind.word(), chart.chosen),
                    why: "its configurations are not among those that were selected".into(),
                });
                continue;
            }
            chart.configurations = Some(configurations);
        }
        kept.push(chart);
    }
    Some(kept)
}

/// The charts that have something to show.
pub(super) fn fitting(workloads: &[Workload], configurations: &[Configuration], quick: bool) -> Vec<Chart> {
    let distinct = |mut values: Vec<u64>| {
        values.sort_unstable();
        values.dedup();
        values.len()
    };
    let of =
        |workload: &Workload| workload.configurations.iter().map(|id| &configurations[*id].config).collect::<Vec<_>>();
    let scales = workloads.iter().any(|workload| {
        Model::named().any(|model| {
            let counts = of(workload).into_iter().filter(|config| config.model == model);
            distinct(counts.filter_map(|config| config.workers.map(u64::from)).collect()) > 1
        })
    });
    let stream = |config: &&Config| config.dispatch == Some(Dispatch::Stream);
    let methods =
        workloads.iter().flat_map(of).filter(stream).filter_map(|config| config.ipc.map(|method| method as u64));
    let payloads = workloads.iter().filter_map(|workload| workload.payload).collect();
    let mut charts: Vec<ChartKind> = Vec::new();
    let rates: Vec<u64> = workloads.iter().filter_map(|workload| workload.rate.map(u64::from)).collect();
    let rated = rates.len() == workloads.len();
    if distinct(rates) > 1 {
        charts.push(ChartKind::Latency);
    }
    // At a rate, trials take as long as items take to come.
    let scales = scales && !rated;
    if scales {
        charts.push(ChartKind::Speedup);
    }
    if workloads.iter().any(|workload| workload.configurations.len() > 1 && workload.rate.is_none()) {
        charts.push(ChartKind::Time);
    }
    // What was lost is told by profiling trials, of which a quick run has none.
    let workers = |id: &usize| configurations[*id].config.workers.unwrap_or(1);
    let loses = |workload: &Workload| {
        workers(&workload.reference) == 1 && workload.configurations.iter().any(|id| workers(id) > 1)
    };
    if !quick && !rated && workloads.iter().any(loses) {
        charts.push(ChartKind::Breakdown);
    }
    if distinct(methods.collect()) > 1 && distinct(payloads) > 1 {
        charts.push(ChartKind::Ipc);
    }
    if workloads.iter().any(|workload| workload.fault.is_some()) {
        charts.push(ChartKind::Crash);
    }
    charts.into_iter().map(Chart::of).collect()
}
