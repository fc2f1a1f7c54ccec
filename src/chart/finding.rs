//! What titles may say: who shares the first place of a workload, and what was shown about a pair. Read from the verdicts only.

use crate::results::{Pair, Results, Word, Workload, WorkloadVerdict};
use crate::text::plural;

/// The verdict of a workload, if the results hold one.
pub(super) fn verdict_of<'a>(results: &'a Results, workload: &Workload) -> Option<&'a WorkloadVerdict> {
    results.derived.workloads.iter().find(|verdict| verdict.workload == workload.id)
}

/// Whether verdicts of this workload may be stated.
pub(super) fn decided(results: &Results, verdict: Option<&WorkloadVerdict>) -> bool {
    !results.run.quick && verdict.is_some_and(|verdict| verdict.withheld.is_none())
}

/// What a title ends with where there is no verdict.
pub(super) fn suffix(results: &Results, verdict: Option<&WorkloadVerdict>) -> &'static str {
    if results.run.quick {
        " (quick run: no verdict)"
    } else if decided(results, verdict) {
        ""
    } else {
        " (no verdict)"
    }
}

/// Why there is no verdict, for the footer.
pub(super) fn withheld(verdict: Option<&WorkloadVerdict>) -> Option<String> {
    verdict
        .and_then(|verdict| verdict.withheld.as_ref())
        .map(|why| format!("No verdict: {}", why.trim_end_matches('.')))
}

/// The verdict on `a` against `b`, whichever way round they were compared.
pub(super) fn word(verdict: &WorkloadVerdict, a: usize, b: usize) -> Option<Word> {
    verdict.pairs.iter().find_map(|pair| match (pair.a, pair.b) {
        (first, second) if (first, second) == (a, b) => Some(pair.word),
        (first, second) if (first, second) == (b, a) => Some(match pair.word {
            Word::Faster => Word::Slower,
            Word::Slower => Word::Faster,
            same => same,
        }),
        _ => None,
    })
}

/// How many times faster `a` was than `b`, where that was shown.
pub(super) fn shown_faster(verdict: &WorkloadVerdict, a: usize, b: usize) -> Option<f64> {
    let ratio = |pair: &Pair| pair.ratio.median;
    verdict.pairs.iter().find_map(|pair| match pair.word {
        Word::Faster if (pair.a, pair.b) == (a, b) => Some(ratio(pair)),
        Word::Slower if (pair.a, pair.b) == (b, a) => Some(1.0 / ratio(pair)),
        _ => None,
    })
}

/// Whether all of these were shown to be equivalent to each other; otherwise it is undecided which is faster.
pub(super) fn equivalent(verdict: &WorkloadVerdict, configurations: &[usize]) -> bool {
    configurations
        .iter()
        .enumerate()
        .all(|(index, a)| configurations[index + 1..].iter().all(|b| word(verdict, *a, *b) == Some(Word::Equivalent)))
}

/// What to say in place of a finding where nothing could be found: no comparison was decided, whatever was measured, since
/// there are too few rounds for so many.
pub(super) fn too_few_rounds(verdict: &WorkloadVerdict) -> Option<String> {
    let open = |pair: &Pair| pair.word == Word::NoSignificantDifference && pair.smallest_effect.is_none();
    let rounds = verdict.pairs.iter().map(|pair| pair.ratio.n).max()?;
    let comparisons = if verdict.pairs.len() == 1 { "this comparison" } else { "this many comparisons" };
    verdict.pairs.iter().all(open).then(|| format!("{} are too few for {comparisons}", plural(rounds.into(), "round")))
}

/// Whether `a` was shown to be faster than every one of the others.
pub(super) fn beats_all(verdict: &WorkloadVerdict, a: usize, others: impl Iterator<Item = usize>) -> bool {
    others.into_iter().filter(|other| *other != a).all(|other| word(verdict, a, other) == Some(Word::Faster))
}

/// Those of `configurations` that share the first place among themselves, by the verdicts on their pairs: the first by rank that was
/// not shown to be slower than another, and those that were not shown to be slower than any.
pub(super) fn leaders(verdict: &WorkloadVerdict, configurations: &[usize]) -> Vec<usize> {
    let slower = |configuration: usize| {
        configurations.iter().any(|other| word(verdict, configuration, *other) == Some(Word::Slower))
    };
    verdict
        .ranking
        .iter()
        .copied()
        .filter(|configuration| configurations.contains(configuration) && !slower(*configuration))
        .collect()
}
