//! What a planned run can show: in words, and as JSON.

use serde_json::{Value, json};

use crate::plan::{Group, Plan, comparisons};
use crate::stats::{POWER, blocks_to_show, detectable, fewest_blocks};
use crate::text::{plural, show_percent};
use crate::verdict::effect;

/// How much the ratio of two cells may vary from block to block, as shares: a quiet machine, a shared one, a noisy one. What
/// it will be is known only afterwards.
const SPREADS: [f64; 3] = [0.01, 0.03, 0.1];

/// What the blocks of a group can show, one line; empty where nothing is compared.
pub(super) fn line(plan: &Plan, group: &Group) -> String {
    let compared = comparisons(plan, group);
    if compared == 0 || plan.quick {
        return String::new();
    }
    let least = fewest_blocks(compared);
    let (blocks, family) = (plural(plan.blocks.into(), "block"), plural(compared.into(), "comparison"));
    if plan.blocks < least {
        return format!("    power: {blocks} cannot decide {family}; it takes at least {least} blocks\n");
    }
    let shown = SPREADS.into_iter().enumerate().map(|(at, spread)| {
        let shown = detectable(plan.blocks, compared, spread).map_or("nothing".into(), |log| effect(log.exp()));
        format!("{shown} {} {}", if at == 0 { "where blocks differ by" } else { "at" }, show_percent(spread))
    });
    let [quiet, shared, noisy] = SPREADS.map(|spread| wanted(plan, compared, spread));
    let (shown, margin) = (shown.collect::<Vec<_>>().join(", "), show_percent(plan.delta));
    format!("    power: {blocks}, {family}: four runs in five show a difference of {shown}; ")
        + &format!("{margin} would take about {quiet}, {shared} or {noisy} blocks\n")
}

/// How many blocks would show the margin.
fn wanted(plan: &Plan, compared: u32, spread: f64) -> String {
    let needed = blocks_to_show(plan.delta.ln_1p(), compared, spread);
    needed.map_or("over 1,000".into(), |blocks| blocks.to_string())
}

/// The same for programs.
pub(super) fn facts(plan: &Plan, group: &Group) -> Value {
    let compared = comparisons(plan, group);
    let each = |spread: f64| {
        json!({
            "spread": spread,
            "shows": detectable(plan.blocks, compared, spread).map(f64::exp),
            "blocks_for_delta": blocks_to_show(plan.delta.ln_1p(), compared, spread),
        })
    };
    json!({
        "comparisons": compared,
        "fewest_blocks": fewest_blocks(compared),
        "chance": POWER,
        "spreads": SPREADS.map(each),
    })
}
