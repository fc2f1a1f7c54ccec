//! Comparing the configurations of a workload: who may be compared, the family of tests, the A/A check, and reasons for silence.

use std::collections::{BTreeMap, BTreeSet};

use super::samples::{bare, compared, ratio_interval, second_runs};
use super::sentence::thousandths;
use super::{FEWEST_ROUNDS, crashed, range};
use crate::results::{Check, Pair, Results, Word, Workload};
use crate::setting::comparable;
use crate::stats::{self, FAMILY_ERROR, Step};
use crate::text::plural;

/// Level of the A/A check (methodology, rule 15).
const CHECK_LEVEL: f64 = 0.99;

/// Every pair of the family with its verdict; `family` is in ranking order.
pub(super) fn pairs(results: &Results, family: &[usize]) -> Vec<Pair> {
    let all = family.iter().enumerate().flat_map(|(i, a)| family[i + 1..].iter().map(move |b| (*a, *b)));
    let series: BTreeMap<usize, Vec<(u32, f64)>> =
        family.iter().map(|configuration| (*configuration, compared(results, *configuration))).collect();
    let shown: Vec<(usize, usize, Vec<f64>)> = all
        .filter(|(a, b)| comparable(&results.configurations[*a].config, &results.configurations[*b].config))
        .map(|(a, b)| (a, b, stats::log_ratios(&series[&b], &series[&a]).logs))
        .filter(|(.., logs)| logs.len() >= FEWEST_ROUNDS)
        .collect();
    let margin = results.run.margin.ln_1p();
    let p = |test: &dyn Fn(&[f64]) -> f64| shown.iter().map(|(.., logs)| test(logs)).collect::<Vec<_>>();
    let differences = stats::holm(&p(&|logs| stats::two_sided_p(logs, 0.0)), FAMILY_ERROR);
    let equivalences = stats::holm(&p(&|logs| stats::equivalence_p(logs, margin)), FAMILY_ERROR);
    let steps = differences.iter().zip(&equivalences);
    shown.iter().zip(steps).map(|((a, b, logs), (d, e))| pair((*a, *b), logs, margin, (*d, *e))).collect()
}

/// The verdict on one pair. Its interval has the level of the test that decided it; an undecided one has the wider of both
/// levels, so that it holds 1 and reaches beyond the margin.
fn pair((a, b): (usize, usize), logs: &[f64], margin: f64, (difference, equivalence): (Step, Step)) -> Pair {
    // Each of the two one-sided tests may err with its step's error: together they are an interval with twice that.
    let (word, error) = if equivalence.rejected {
        (Word::Equivalent, 2.0 * equivalence.error)
    } else if difference.rejected {
        let above = logs.iter().filter(|log| **log > 0.0).count();
        (if 2 * above > logs.len() { Word::Faster } else { Word::Slower }, difference.error)
    } else {
        (Word::NoSignificantDifference, difference.error.min(2.0 * equivalence.error))
    };
    let undecided = word == Word::NoSignificantDifference;
    Pair {
        a,
        b,
        ratio: ratio_interval(logs, 1.0 - error).unwrap_or_else(|| bare(1.0, 0)),
        word,
        smallest_effect: undecided.then(|| stats::smallest_effect(logs, difference.error).map(f64::exp)).flatten(),
        rounds_needed: undecided.then(|| stats::rounds_needed(logs, margin, difference.error)).flatten(),
    }
}

/// The A/A checks of a workload: how much longer the second run of a configuration took than the first, inside rounds.
pub(super) fn checks(results: &Results, workload: &Workload) -> Vec<Check> {
    let checked =
        workload.configurations.iter().copied().filter(|configuration| results.configurations[*configuration].checked);
    checked
        .map(|configuration| {
            let logs = stats::log_ratios(&second_runs(results, configuration), &compared(results, configuration)).logs;
            let apart = stats::interval(&logs, CHECK_LEVEL).is_some_and(|(low, high)| low > 0.0 || high < 0.0);
            Check {
                configuration,
                ratio: ratio_interval(&logs, CHECK_LEVEL).unwrap_or_else(|| bare(1.0, 0)),
                passed: !apart,
            }
        })
        .collect()
}

/// Why a workload has no verdict, if so.
pub(super) fn withheld(results: &Results, workload: &Workload, checks: &[Check], comparable: usize) -> Option<String> {
    if workload.fault.is_some() {
        return Some(crashed::WITHHELD.into());
    }
    if results.run.quick {
        return Some("--quick takes small sizes and few rounds".into());
    }
    let rounds_of =
        |configuration: usize| results.timed(configuration).map(|trial| trial.round).collect::<BTreeSet<_>>().len();
    let rounds = workload.configurations.iter().map(|configuration| rounds_of(*configuration)).min().unwrap_or(0);
    if !results.run.complete && rounds < results.run.rounds as usize {
        return Some(format!("the run was broken off after {rounds} of {} rounds", results.run.rounds));
    }
    if rounds < FEWEST_ROUNDS {
        let are = if rounds == 1 { "is" } else { "are" };
        let rounds = plural(rounds as u64, "round");
        return Some(format!("{rounds} {are} too few for an interval at 95%; it takes {FEWEST_ROUNDS}"));
    }
    if let Some(check) = checks.iter().find(|check| !check.passed) {
        let label = &results.configurations[check.configuration].label;
        let ratio = range(&check.ratio, thousandths(&check.ratio));
        return Some(format!("the A/A check failed: {label} against itself gave a ratio of {ratio} at 99%"));
    }
    let wanted = workload.configurations.len().min(2);
    (comparable < wanted).then(|| {
        format!(
            "fewer than {wanted} configurations have {FEWEST_ROUNDS} trials whose time \
                                           counts"
        )
    })
}
