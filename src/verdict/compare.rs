//! Comparing the configurations of a workload: every pair, the A/A check, reasons for silence and for doubt.

use std::collections::BTreeSet;

use super::look::{SPAN, has_no_question, span};
use super::samples::{bare, second_runs};
use super::sentence::thousandths;
use super::units::Units;
use super::variants::pair;
use super::{EXPECTATION_ERROR, FEWEST_ROUNDS, crashed, range};
use crate::results::{Check, Ended, Interval, Pair, Results, Workload};
use crate::setting::comparable;
use crate::stats::{self, FAMILY_ERROR};
use crate::text::{plural, show_seconds};

/// The error of each side of the A/A check (methodology, rule 15).
pub const CHECK_ERROR: f64 = 0.0025;

/// Every pair that may be compared, in the order of `ranking`. The comparisons with the reference, which speedups are about, are
/// a family of their own, each bound at α / (2 (k − 1)); so are all others, each bound at α / (k (k − 1)). The bounds of a
/// family hold together at 95% confidence, over all looks.
pub(super) fn pairs(units: &Units<'_>, ranking: &[usize]) -> Vec<Pair> {
    let results = units.results();
    let config = |id: usize| &results.configurations[id].config;
    let all = ranking.iter().enumerate().flat_map(|(i, a)| ranking[i + 1..].iter().map(move |b| (*a, *b)));
    let fair = |(a, b): &(usize, usize)| {
        let waits = config(*a).wait.zip(config(*b).wait);
        comparable(config(*a), config(*b)) && waits.is_none_or(|(a, b)| a == b)
    };
    let k = units.configurations().len().max(2) as f64;
    let reference = units.workload().reference;
    let error = |a: usize, b: usize| match a == reference || b == reference {
        true => FAMILY_ERROR / (2.0 * (k - 1.0)),
        false => FAMILY_ERROR / (k * (k - 1.0)),
    };
    let margin = results.run.margin.ln_1p();
    all.filter(fair).filter_map(|(a, b)| pair(units, (a, b), margin, error(a, b))).collect()
}

/// How many times faster `a` is than `b`, of one workload, where that one comparison was asked for beforehand: at 95% over all
/// looks. `None` before the first look, and where there is no such workload.
#[must_use]
pub fn contrast(results: &Results, a: usize, b: usize) -> Option<Interval> {
    let workload = &results.workloads[results.configurations.get(a)?.workload];
    if results.configurations.get(b)?.workload != workload.id || suppressed(results, workload).is_some() {
        return None;
    }
    let units = Units::of(results, workload);
    units.ratio(b, a, units.over().len(), EXPECTATION_ERROR)
}

/// The A/A checks of a workload: how much longer the second run of a configuration took than the first.
pub(super) fn checks(units: &Units<'_>) -> Vec<Check> {
    let results = units.results();
    let checked = units.configurations().iter().copied().filter(|id| results.configurations[*id].checked);
    checked
        .map(|configuration| {
            let second = second_runs(results, configuration);
            let ratio = units.ratio_of_second_runs(&second, configuration, CHECK_ERROR).unwrap_or_else(|| bare(1.0, 0));
            let apart = ratio.low.is_some_and(|low| low > 1.0 || ratio.high.is_some_and(|high| high < 1.0));
            Check { configuration, ratio, passed: !apart }
        })
        .collect()
}

/// Why nothing is said of a workload, if so.
pub(super) fn suppressed(results: &Results, workload: &Workload) -> Option<String> {
    if workload.fault.is_some() {
        return Some(crashed::SUPPRESSED.into());
    }
    if results.run.quick {
        return Some("--quick takes small sizes and few rounds".into());
    }
    let looks = &workload.looks;
    let rounds_of = |id: usize| results.timed(id).map(|trial| trial.round).collect::<BTreeSet<_>>().len();
    let rounds = workload.configurations.iter().map(|id| rounds_of(*id)).max().unwrap_or(0) as u64;
    if looks.completed == 0 {
        return Some(match looks.ended {
            Some(Ended::Budget) => format!(
                "the budget of {} ended before the first look; a longer one (--budget) reaches it",
                show_seconds(results.run.budget.unwrap_or_default())
            ),
            Some(_) => {
                let are = if rounds == 1 { "is" } else { "are" };
                format!("{} {are} too few for an interval at 95%; it takes {FEWEST_ROUNDS}", plural(rounds, "round"))
            }
            None => format!("the run was broken off after {}, before the first look", plural(rounds, "round")),
        });
    }
    if results.run.budget.is_some() && span(results, workload.id) < SPAN {
        let covered = show_seconds(span(results, workload.id).as_secs_f64());
        let why = if looks.ended.is_some() { "; a longer budget (--budget) reaches it" } else { "; it was broken off" };
        return Some(format!("its rounds cover {covered}, and nothing is decided within {} s{why}", SPAN.as_secs()));
    }
    let planned: Vec<usize> = looks.planned.iter().map(|n| *n as usize).collect();
    let k = workload.configurations.len().max(2);
    let rank = stats::look_ranks(FAMILY_ERROR / (k - 1) as f64, &planned)[looks.completed as usize - 1];
    rank.is_none().then(|| {
        let units = u64::from(looks.counted());
        let counted = if looks.units.iter().all(|(_, rounds)| *rounds == 1) { "round" } else { "unit" };
        let are = if units == 1 { "is" } else { "are" };
        format!("{} {are} too few to compare {k} configurations at 95%", plural(units, counted))
    })
}

/// What to know before trusting a pick.
pub(super) fn warnings(results: &Results, workload: &Workload, checks: &[Check]) -> Vec<String> {
    let mut warnings = Vec::new();
    for check in checks.iter().filter(|check| !check.passed) {
        let label = &results.configurations[check.configuration].label;
        let ratio = range(&check.ratio, thousandths(&check.ratio));
        warnings.push(format!(
            "The A/A check failed: {label} compared with itself gave a ratio of {ratio} at 99.5%, so prices are not what \
             they say."
        ));
    }
    let covered = span(results, workload.id);
    if !has_no_question(workload) && covered < SPAN {
        warnings.push(format!(
            "All rounds lie within {}: a disturbance that lasts longer than that would not be seen. `rounds: auto` covers {} s.",
            show_seconds(covered.as_secs_f64()),
            SPAN.as_secs()
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::super::derive;
    use super::super::fixture::Made;
    use super::*;
    use crate::results::Looks;
    use crate::stats::LOOKS;

    /// A run whose rounds its budget decided, one a second, after so many looks.
    fn auto(rounds: u32, completed: u32, ended: Option<Ended>) -> Results {
        let mut results = Made::new(rounds).serial(1.0).configuration("threads × 2", 0.5).results;
        results.run.budget = Some(20.0);
        let planned = LOOKS.map(|units| units as u32).to_vec();
        results.workloads[0].looks = Looks { planned, units: vec![(0, 1)], completed, ended, ..Looks::default() };
        results
    }

    #[test]
    fn why_there_is_no_pick_is_said_with_what_to_do() {
        let why = |results: &Results| derive(results).workloads[0].suppressed.clone().unwrap_or_default();
        for (rounds, completed, ended, words) in [
            (5, 0, Some(Ended::Budget), "the budget of 20 s ended before the first look"),
            (5, 0, None, "broken off after 5 rounds, before the first look"),
            (
                8,
                1,
                Some(Ended::Budget),
                "its rounds cover 7 s, and nothing is decided within 10 s; a longer budget (--budget)",
            ),
            (8, 1, None, "nothing is decided within 10 s; it was broken off"),
        ] {
            let found = why(&auto(rounds, completed, ended));
            assert!(found.contains(words), "{found}");
        }
        assert_eq!(why(&auto(11, 2, Some(Ended::Answered))), "");
        // Those that look once need as many units as their configurations take.
        assert!(
            why(&Made::new(4).serial(1.0).configuration("threads × 2", 0.5).finish()).contains("4 rounds are too few")
        );
    }

    #[test]
    fn a_fixed_number_of_rounds_within_a_moment_is_warned_of() {
        let mut results = Made::new(15).serial(1.0).configuration("threads × 2", 0.5).finish();
        assert!(derive(&results).workloads[0].warnings.is_empty(), "15 rounds, one a second");
        for trial in &mut results.trials {
            trial.at /= 10;
        }
        let warnings = derive(&results).workloads[0].warnings.clone();
        assert!(warnings.len() == 1 && warnings[0].starts_with("All rounds lie within 1.4 s"), "{warnings:?}");
    }

    /// Everything against the reference at 0.05 / (2 (k − 1)), all else at 0.05 / (k (k − 1)).
    #[test]
    fn pairs_with_the_reference_are_a_family_of_their_own() {
        let labels = ["serial", "threads × 2", "rayon × 2", "processes × 2, pipe"];
        let made = labels.iter().fold(Made::new(20), |made, label| made.configuration(label, 1.0));
        let verdict = derive(&made.finish()).workloads.remove(0);
        assert_eq!(verdict.pairs.len(), 6);
        for pair in &verdict.pairs {
            let error = if pair.a == 0 || pair.b == 0 { 0.05 / 6.0 } else { 0.05 / 12.0 };
            let rank = stats::look_ranks(error, &[20])[0].unwrap() as u32;
            assert_eq!(pair.ratio.ranks, (21 - rank, rank), "{pair:?}");
            assert!((pair.ratio.level - (1.0 - 2.0 * error)).abs() < 1e-9, "{pair:?}");
        }
    }

    #[test]
    fn a_contrast_that_was_asked_for_has_an_error_of_its_own() {
        let results =
            Made::new(15).serial(1.0).configuration("threads × 2", 0.5).configuration("rayon × 2", 0.6).finish();
        let found = contrast(&results, 1, 2).unwrap();
        assert!((found.median - 1.2).abs() < 0.01 && found.ranks == (4, 12) && (found.level - 0.95).abs() < 1e-9);
        let back = contrast(&results, 2, 1).unwrap();
        assert!((found.low.unwrap() * back.high.unwrap() - 1.0).abs() < 1e-9);
        assert_eq!((contrast(&results, 1, 9), contrast(&auto(5, 0, None), 1, 0)), (None, None));
    }
}
