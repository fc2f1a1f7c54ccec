//! What there is and a baseline in one plan: every configuration has one of either, next to each other in every round.

use super::{Chart, Configuration, Expectation, Plan, Variant, Workload};
use crate::setting::ChartKind;

/// What the label of a configuration of the baseline ends in.
const BASELINE: &str = " (baseline)";

/// Rounds in which a baseline is compared with, where a scenario does not fix their number: the test is made once.
const ROUNDS: u32 = 25;

/// The same plan with every configuration twice: as it is, and with a baseline. Configuration 2n is what configuration n was, and 2n + 1 the
/// same of the baseline. Nothing but the timed trials is asked of it, and it draws no chart but that of two sides, since the
/// others compare configurations.
#[must_use]
pub fn doubled(plan: &Plan, baseline: Variant) -> Plan {
    let both = |id: &usize| [2 * id, 2 * id + 1];
    let variant = Some(plan.variants.len());
    let configurations = plan.configurations.iter().flat_map(|configuration| {
        let own = Configuration { id: 2 * configuration.id, ..configuration.clone() };
        let label = format!("{}{BASELINE}", configuration.label);
        // The A/A check of the machine needs one side alone.
        let other = Configuration {
            id: own.id + 1,
            label,
            checked: false,
            variant,
            partner: Some(own.id),
            ..configuration.clone()
        };
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
        variants: plan.variants.iter().cloned().chain([baseline]).collect(),
        configurations: configurations.collect(),
        workloads: plan.workloads.iter().map(workload).collect(),
        expectations: plan.expectations.iter().map(expectation).collect(),
        charts: charts(plan, both),
        ..alone(plan)
    }
}

/// The same plan with one of its two variants as the baseline of the other.
///
/// # Errors
/// Where there are not two of them, in words.
pub fn with_baseline(plan: &Plan, name: &str) -> Result<Plan, String> {
    let used = |index: &usize| plan.configurations.iter().any(|configuration| configuration.variant == Some(*index));
    let variants: Vec<usize> = (0..plan.variants.len()).filter(used).collect();
    let [first, second] = variants.as_slice() else {
        let names: Vec<&str> = variants.iter().map(|index| plan.variants[*index].name.as_str()).collect();
        return Err(format!(
            "{name} is a baseline of one other variant, and here are {}: choose with --filter variant={name},OTHER",
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        ));
    };
    let baseline = if plan.variants[*first].name == name { *first } else { *second };
    let mut held = Plan { charts: charts(plan, |id| [*id]), ..alone(plan) };
    for at in 0..held.configurations.len() {
        if held.configurations[at].variant != Some(baseline) {
            continue;
        }
        let own = twin(&held, at);
        let one = &mut held.configurations[at];
        (one.partner, one.checked) = (own, false);
    }
    for workload in 0..held.workloads.len() {
        let reference = held.workloads[workload].reference;
        held.workloads[workload].reference = held.configurations[reference].partner.unwrap_or(reference);
    }
    Ok(held)
}

/// The configuration of another variant that is the same otherwise.
fn twin(plan: &Plan, of: usize) -> Option<usize> {
    let one = &plan.configurations[of];
    // Which interpreter it is, is the variant's.
    let rest = |configuration: &Configuration| {
        let mut config = configuration.config.clone();
        (config.variant, config.python) = (None, None);
        config
    };
    let is_twin = |other: &&Configuration| {
        other.workload == one.workload && other.variant != one.variant && rest(other) == rest(one)
    };
    plan.configurations.iter().find(is_twin).map(|other| other.id)
}

/// What is asked of a run with a baseline.
fn alone(plan: &Plan) -> Plan {
    Plan { rounds: plan.rounds.or(Some(ROUNDS)), profiling: 0, memory: 0, timeline: false, ..plan.clone() }
}

/// The charts of two sides that the scenario names, else the plain one; `ids` gives what became of a configuration.
fn charts<const N: usize>(plan: &Plan, ids: impl Fn(&usize) -> [usize; N]) -> Vec<Chart> {
    let named = plan.charts.iter().filter(|chart| chart.kind == ChartKind::Compare).map(|chart| Chart {
        configurations: chart.configurations.as_ref().map(|all| all.iter().flat_map(&ids).collect()),
        ..chart.clone()
    });
    let named: Vec<Chart> = named.collect();
    if named.is_empty() { vec![Chart::of(ChartKind::Compare)] } else { named }
}
