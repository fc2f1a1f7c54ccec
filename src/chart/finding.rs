//! What titles may say: who shares the first place of a workload, and what was shown about a pair. Read from the verdicts only.

use crate::results::{Results, Word, Workload, WorkloadVerdict};

/// The verdict of a workload, if the results hold one.
pub(super) fn verdict_of<'a>(results: &'a Results, workload: &Workload) -> Option<&'a WorkloadVerdict> {
    results.derived.workloads.iter().find(|verdict| verdict.workload == workload.id)
}

/// Whether verdicts of this workload may be stated.
pub(super) fn decided(results: &Results, verdict: Option<&WorkloadVerdict>) -> bool {
    !results.run.quick && verdict.is_some_and(|verdict| verdict.suppressed.is_none())
}

/// What a title ends with where there is no pick.
pub(super) fn suffix(results: &Results, verdict: Option<&WorkloadVerdict>) -> &'static str {
    if results.run.quick {
        " (quick run: no pick)"
    } else if decided(results, verdict) {
        ""
    } else {
        " (no pick)"
    }
}

/// Why there is no pick, for the footer.
pub(super) fn suppressed(verdict: Option<&WorkloadVerdict>) -> Option<String> {
    verdict.and_then(|verdict| verdict.suppressed.as_ref()).map(|why| format!("No pick: {}", why.trim_end_matches('.')))
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
