//! Two builds in one plan: every configuration has a configuration of this build and one of the other.

use super::{Chart, Configuration, Expectation, Plan, Workload};
use crate::setting::ChartKind;

/// What the label of a configuration of the other build ends in.
const OTHER: &str = " (other build)";

/// Rounds in which two builds are compared, where a scenario does not fix their number: their test is made once.
const ROUNDS: u32 = 15;

/// The same plan with every configuration twice: run by this build, and by another. Configuration 2n is what configuration n was, and 2n + 1 the same
/// of the other build. Nothing but the timed trials is asked of it, and it draws no chart but the one of two builds, since the
/// others compare configurations.
#[must_use]
pub fn doubled(plan: &Plan) -> Plan {
    let both = |id: &usize| [2 * id, 2 * id + 1];
    let configurations = plan.configurations.iter().flat_map(|configuration| {
        let own = Configuration { id: 2 * configuration.id, ..configuration.clone() };
        let label = format!("{}{OTHER}", configuration.label);
        // The A/A check of the machine needs this build alone.
        let other =
            Configuration { id: own.id + 1, label, checked: false, partner: Some(own.id), ..configuration.clone() };
        [own, other]
    });
    let workload = |workload: &Workload| Workload {
        configurations: workload.configurations.iter().flat_map(both).collect(),
        reference: 2 * workload.reference,
        ..workload.clone()
    };
    let expectation = |expectation: &Expectation| Expectation {
        pairs: expectation.pairs.iter().map(|(configuration, to)| (2 * configuration, to.map(|to| 2 * to))).collect(),
        ..expectation.clone()
    };
    Plan {
        configurations: configurations.collect(),
        workloads: plan.workloads.iter().map(workload).collect(),
        expectations: plan.expectations.iter().map(expectation).collect(),
        rounds: plan.rounds.or(Some(ROUNDS)),
        profiling: 0,
        memory: 0,
        charts: charts(plan),
        timeline: false,
        ..plan.clone()
    }
}

/// The charts of two builds that the scenario names, else the plain one.
fn charts(plan: &Plan) -> Vec<Chart> {
    let named = plan.charts.iter().filter(|chart| chart.kind == ChartKind::Compare).map(|chart| Chart {
        configurations: chart
            .configurations
            .as_ref()
            .map(|configurations| configurations.iter().flat_map(|id| [2 * id, 2 * id + 1]).collect()),
        ..chart.clone()
    });
    let named: Vec<Chart> = named.collect();
    if named.is_empty() { vec![Chart::of(ChartKind::Compare)] } else { named }
}
