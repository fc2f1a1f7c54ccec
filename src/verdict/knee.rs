//! Up to which rate a way keeps up with what comes.

use super::LEVEL;
use super::samples::{ratio_interval, values};
use super::sentence::verb;
use crate::results::{Cell, Group, Interval, RatePoint, Results, SaturationPoint};
use crate::text::show_count;

/// A way keeps up where it answers at least this share of what comes, from the first moment to the last reply. The reply to
/// the last item is late by its own latency even on an idle machine, and random arrivals leave some of the time over: less
/// than this at the shortest runs that are allowed.
const KEPT_UP: f64 = 0.95;

/// Every way over all rates at which it ran, in groups that differ in their rate alone.
pub(super) fn all(results: &Results) -> Vec<SaturationPoint> {
    let mut found = Vec::new();
    let mut seen: Vec<usize> = Vec::new();
    for first in results.groups.iter().filter(|group| group.rate.is_some()) {
        if seen.contains(&first.id) {
            continue;
        }
        let mut groups: Vec<&Group> = results.groups.iter().filter(|other| alike(first, other)).collect();
        groups.sort_by_key(|group| group.rate);
        seen.extend(groups.iter().map(|group| group.id));
        let mut labels: Vec<&str> = Vec::new();
        for cell in groups.iter().flat_map(|group| &group.cells).map(|id| &results.cells[*id]) {
            if !cell.is_of_other_build() && !labels.contains(&cell.label.as_str()) {
                labels.push(&cell.label);
            }
        }
        found.extend(labels.into_iter().filter_map(|label| knee(results, &groups, label)));
    }
    found
}

/// Whether two groups differ in their rate alone.
fn alike(a: &Group, b: &Group) -> bool {
    b.rate.is_some()
        && (&a.task, &a.settings, &a.runtime, &a.measure) == (&b.task, &b.settings, &b.runtime, &b.measure)
        && (&a.interpreter, &a.fault) == (&b.interpreter, &b.fault)
}

fn knee(results: &Results, groups: &[&Group], label: &str) -> Option<SaturationPoint> {
    let point = |group: &&Group| {
        let rate = group.rate?;
        let cell: &Cell = group.cells.iter().map(|id| &results.cells[*id]).find(|cell| cell.label == label)?;
        let share = share(results, cell.id, rate)?;
        Some(RatePoint { group: group.id, cell: cell.id, rate, share })
    };
    let points: Vec<RatePoint> = groups.iter().filter_map(point).collect();
    let keeps_up = points.iter().take_while(|point| point.share.low.is_some_and(|low| low >= KEPT_UP)).last();
    let behind = |point: &&RatePoint| point.share.low.is_some() && point.share.high.is_some_and(|high| high < KEPT_UP);
    let saturated = points.iter().find(behind);
    let sentence = sentence(label, &points, keeps_up, saturated)?;
    let (keeps_up, saturated) = (keeps_up.map(|point| point.rate), saturated.map(|point| point.rate));
    Some(SaturationPoint { way: label.to_owned(), keeps_up, saturated, sentence, points })
}

/// Which share of what came was answered in time, by trial.
fn share(results: &Results, cell: usize, rate: u32) -> Option<Interval> {
    let of_trial = |trial: &crate::results::Trial| Some((trial.round, (trial.achieved()? / f64::from(rate)).ln()));
    let logs: Vec<(u32, f64)> = results.timed(cell).filter_map(of_trial).collect();
    ratio_interval(&values(&logs), LEVEL)
}

fn sentence(
    label: &str,
    points: &[RatePoint],
    keeps_up: Option<&RatePoint>,
    saturated: Option<&RatePoint>,
) -> Option<String> {
    let (sustains, is) = (verb(label, "sustains", "sustain"), verb(label, "is", "are"));
    let rate = |point: &RatePoint| format!("{}/s", show_count(u64::from(point.rate)));
    let answered = |point: &RatePoint| {
        let achieved = point.share.median * f64::from(point.rate);
        format!(
            "{} at {} (completes {}/s)",
            verb(label, "saturates", "saturate"),
            rate(point),
            show_count(achieved as u64)
        )
    };
    Some(match (keeps_up, saturated) {
        (Some(last), Some(first)) => format!("{label} {sustains} {} and {}.", rate(last), answered(first)),
        (Some(last), None) if Some(last.rate) == points.last().map(|point| point.rate) => {
            format!("{label} {sustains} every rate up to {}.", rate(last))
        }
        (Some(last), None) => format!("{label} {sustains} {}; above that it is inconclusive.", rate(last)),
        (None, Some(first)) => format!("{label} {}.", answered(first)),
        (None, None) => format!("{label} {is} inconclusive at every rate up to {}.", rate(points.last()?)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Made;
    use crate::results::{Open, Results};
    use crate::verdict::derive;

    /// Groups at these rates, whose trials answer these shares of what comes.
    fn at(rates: &[(u32, f64)], rounds: u32) -> Results {
        let mut made = Made::new(rounds);
        for (index, _) in rates.iter().enumerate() {
            made = made.payload(64 + index as u64, &format!("{index}")).cell("threads × 2", 0.2);
        }
        let mut results = made.results;
        for (group, (rate, share)) in rates.iter().enumerate() {
            results.groups[group].rate = Some(*rate);
            results.groups[group].settings.clear();
            for trial in results.trials.iter_mut().filter(|trial| trial.cell == group) {
                let noise = 1.0 + 0.001 * f64::from(trial.round % 3);
                let span = (trial.done as f64 / (f64::from(*rate) * share * noise) * 1e9) as u64;
                trial.open = Some(Open { p50: 1_000_000, p95: 2_000_000, p99: 3_000_000, max: 4_000_000, span });
            }
        }
        results
    }

    fn told(rates: &[(u32, f64)], rounds: u32) -> (Option<u32>, Option<u32>, String) {
        let knees = derive(&at(rates, rounds)).knees;
        assert_eq!(knees.len(), 1);
        (knees[0].keeps_up, knees[0].saturated, knees[0].sentence.clone())
    }

    #[test]
    fn the_knee_lies_between_the_last_rate_kept_up_with_and_the_first_that_is_not() {
        let (up, behind, sentence) = told(&[(400, 0.99), (800, 0.98), (1600, 0.80)], 9);
        assert_eq!((up, behind), (Some(800), Some(1600)));
        assert_eq!(sentence, "threads × 2 sustains 800/s and saturates at 1600/s (completes 1281/s).");
    }

    #[test]
    fn all_kept_up_with_none_and_undecided_are_told_apart() {
        assert_eq!(told(&[(400, 0.99), (800, 0.98)], 9).2, "threads × 2 sustains every rate up to 800/s.");
        let (up, behind, _) = told(&[(400, 0.8), (800, 0.4)], 9);
        assert_eq!((up, behind), (None, Some(400)));
        let (up, behind, sentence) = told(&[(400, 0.99), (800, 0.98)], 3);
        assert_eq!((up, behind, sentence.contains("inconclusive")), (None, None, true), "three rounds decide nothing");
    }

    #[test]
    fn latencies_are_what_is_compared_at_a_rate() {
        let results = at(&[(400, 0.99)], 9);
        let derived = derive(&results);
        assert!((derived.estimates[0].time.unwrap().median - 0.002).abs() < 1e-9);
    }
}
