//! What a planned run can show: in words, and as JSON.

use super::answers::{Power, SpreadJson};
use crate::plan::{Plan, Workload, comparisons};
use crate::stats::{POWER, detectable, fewest_rounds, rounds_to_show};
use crate::text::{plural, show_percent};
use crate::verdict::effect;

/// How much the ratio of two configurations may vary from round to round, as shares: a quiet machine, a shared one, a noisy one. What
/// it will be is known only afterwards.
const SPREADS: [f64; 3] = [0.01, 0.03, 0.1];

/// What the rounds of a workload can show, one line; empty where nothing is compared.
pub(super) fn line(plan: &Plan, workload: &Workload) -> String {
    let compared = comparisons(plan, workload);
    if compared == 0 || plan.quick {
        return String::new();
    }
    let least = fewest_rounds(compared);
    let (rounds, family) = (plural(plan.rounds.into(), "round"), plural(compared.into(), "comparison"));
    if plan.rounds < least {
        return format!("    power: {rounds} are too few for {family}; at least {least} rounds are needed\n");
    }
    let shown = SPREADS.into_iter().enumerate().map(|(at, spread)| {
        let shown = detectable(plan.rounds, compared, spread).map_or("nothing".into(), |log| effect(log.exp()));
        format!("{shown} {} {}", if at == 0 { "where rounds differ by" } else { "at" }, show_percent(spread))
    });
    let [quiet, shared, noisy] = SPREADS.map(|spread| wanted(plan, compared, spread));
    let (shown, margin) = (shown.collect::<Vec<_>>().join(", "), show_percent(plan.margin));
    format!("    power: {rounds}, {family}: 80% power to detect {shown}; ")
        + &format!("{margin} takes about {quiet}, {shared} or {noisy} rounds\n")
}

/// How many rounds would show the margin.
fn wanted(plan: &Plan, compared: u32, spread: f64) -> String {
    let needed = rounds_to_show(plan.margin.ln_1p(), compared, spread);
    needed.map_or("over 1,000".into(), |rounds| rounds.to_string())
}

/// The same for programs.
pub(super) fn facts(plan: &Plan, workload: &Workload) -> Power {
    let compared = comparisons(plan, workload);
    let each = |spread: f64| SpreadJson {
        spread,
        shows: detectable(plan.rounds, compared, spread).map(f64::exp),
        rounds_for_margin: rounds_to_show(plan.margin.ln_1p(), compared, spread),
    };
    Power {
        comparisons: compared,
        fewest_rounds: fewest_rounds(compared),
        chance: POWER,
        spreads: SPREADS.into_iter().map(each).collect(),
    }
}
