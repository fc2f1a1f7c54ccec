//! Two builds in one plan: every way has a cell of this build and one of the other.

use super::{Cell, Chart, Expectation, Group, Plan};
use crate::setting::ChartKind;

/// What the label of a cell of the other build ends in.
const OTHER: &str = " (other build)";

/// The same plan with every way twice: run by this build, and by another. Cell 2n is what cell n was, and 2n + 1 the same
/// of the other build. Nothing but the timed trials is asked of it, and it draws no chart but the one of two builds, since the
/// others compare ways.
#[must_use]
pub fn doubled(plan: &Plan) -> Plan {
    let both = |id: &usize| [2 * id, 2 * id + 1];
    let cells = plan.cells.iter().flat_map(|cell| {
        let own = Cell { id: 2 * cell.id, ..cell.clone() };
        let label = format!("{}{OTHER}", cell.label);
        // The A/A check of the machine needs this build alone.
        let other = Cell { id: own.id + 1, label, checked: false, partner: Some(own.id), ..cell.clone() };
        [own, other]
    });
    let group = |group: &Group| Group {
        cells: group.cells.iter().flat_map(both).collect(),
        baseline: 2 * group.baseline,
        ..group.clone()
    };
    let expectation = |expectation: &Expectation| Expectation {
        pairs: expectation.pairs.iter().map(|(cell, to)| (2 * cell, to.map(|to| 2 * to))).collect(),
        ..expectation.clone()
    };
    Plan {
        cells: cells.collect(),
        groups: plan.groups.iter().map(group).collect(),
        expectations: plan.expectations.iter().map(expectation).collect(),
        instrumented: 0,
        memory: 0,
        charts: charts(plan),
        timeline: false,
        ..plan.clone()
    }
}

/// The charts of two builds that the scenario names, else the plain one.
fn charts(plan: &Plan) -> Vec<Chart> {
    let named = plan.charts.iter().filter(|chart| chart.kind == ChartKind::Compare).map(|chart| Chart {
        cells: chart.cells.as_ref().map(|cells| cells.iter().flat_map(|id| [2 * id, 2 * id + 1]).collect()),
        ..chart.clone()
    });
    let named: Vec<Chart> = named.collect();
    if named.is_empty() { vec![Chart::of(ChartKind::Compare)] } else { named }
}
