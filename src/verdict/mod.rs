//! From a results file to what it says: estimates, verdicts in four words, answers to expectations.
//!
//! Everything here is computed from the trials, so that a results file can be checked against itself.
//!
//! The comparisons of a workload are one family. Two step-downs of Holm hold, each at 5 %, the chance that *any* pair is
//! called faster or slower although it is not, and that any is called equivalent although it differs by the margin or more. The
//! interval shown with a pair has the level at which that pair was decided, so that the word and the interval agree.

mod break_even;
mod breakdown;
mod compare;
mod crashed;
mod estimate;
mod fits;
#[cfg(test)]
pub(crate) mod fixture;
mod happened;
mod judge;
mod measured;
mod regression;
mod runs;
mod samples;
mod saturation;
mod sentence;
#[cfg(test)]
mod simulation;
mod stages;
mod when;

use sentence::Seen;

use crate::results::{ConfigurationEstimate, Derived, Results, Word, Workload, WorkloadVerdict};

pub use break_even::lines as lines_over_workers;
pub use judge::is_planned;
pub use measured::{achieved, latency};
pub use regression::{change, change_interval};
pub use runs::{Comparison, Drift, Matched, Side, Unpaired, compare_runs};
pub use samples::UNBOUNDED;
pub use sentence::{effect, range, seconds_interval, speedup_interval, times_interval};

/// Fewest rounds that give a verdict (methodology, rule 12: below, there is no interval of a median at 95 %).
pub const FEWEST_ROUNDS: usize = 6;

/// Level of the intervals of single configurations.
const LEVEL: f64 = 0.95;

/// Computes everything that the trials say.
#[must_use]
pub fn derive(results: &Results) -> Derived {
    let estimates: Vec<ConfigurationEstimate> =
        results.configurations.iter().map(|configuration| estimate::configuration(results, configuration)).collect();
    let mut workloads: Vec<WorkloadVerdict> =
        results.workloads.iter().map(|workload| decide(results, workload, &estimates)).collect();
    let expectations = judge::all(results, &workloads);
    if results.run.against.is_some() {
        // Two builds of every configuration are no configurations to choose from.
        let regressions = regression::all(results, &mut workloads);
        return Derived { estimates, workloads, expectations, regressions, ..Derived::default() };
    }
    let runtimes = happened::runtimes(results, &estimates);
    let break_evens = break_even::all(results, &workloads);
    for verdict in &mut workloads {
        verdict.when = when::sentence(results, verdict, &estimates, &break_evens);
    }
    Derived {
        estimates,
        workloads,
        expectations,
        regressions: vec![],
        break_evens,
        fits: fits::all(results),
        saturation: saturation::all(results),
        runtimes,
    }
}

/// The verdict on one workload.
fn decide(results: &Results, workload: &Workload, estimates: &[ConfigurationEstimate]) -> WorkloadVerdict {
    let ranking = rank(workload, estimates);
    let family: Vec<usize> = ranking
        .iter()
        .copied()
        .filter(|configuration| samples::compared(results, *configuration).len() >= FEWEST_ROUNDS)
        .collect();
    let checks = compare::checks(results, workload);
    let withheld = compare::withheld(results, workload, &checks, family.len());
    let mut verdict = WorkloadVerdict {
        workload: workload.id,
        ranking,
        winners: vec![],
        pairs: vec![],
        checks,
        withheld,
        sentence: String::new(),
        when: None,
    };
    if verdict.withheld.is_none() {
        verdict.pairs = compare::pairs(results, &family);
        verdict.winners = winners(&family, &verdict);
    }
    verdict.sentence = sentence::finding(&Seen { results, workload, estimates, family: &family }, &verdict);
    if let Some(bottleneck) = stages::sentence(results, &verdict.ranking, estimates) {
        verdict.sentence += &format!(" {bottleneck}");
    }
    verdict
}

/// Configurations from the fastest median to the slowest; those without one keep their order at the end.
fn rank(workload: &Workload, estimates: &[ConfigurationEstimate]) -> Vec<usize> {
    let key = |configuration: &usize| {
        let estimate = &estimates[*configuration];
        let time = if workload.per_item { estimate.per_item } else { estimate.time };
        time.map_or(f64::INFINITY, |time| time.median)
    };
    let mut ranking = workload.configurations.clone();
    ranking.sort_by(|a, b| key(a).total_cmp(&key(b)));
    ranking
}

/// The leader (the first in the ranking that was not shown to be slower than another), and those that were compared with it
/// and not shown to be slower than any.
fn winners(family: &[usize], verdict: &WorkloadVerdict) -> Vec<usize> {
    let slower = |configuration: usize| {
        verdict.pairs.iter().any(|pair| {
            (pair.a == configuration && pair.word == Word::Slower)
                || (pair.b == configuration && pair.word == Word::Faster)
        })
    };
    let Some(leader) = family.iter().find(|configuration| !slower(**configuration)) else {
        return vec![];
    };
    let met = |configuration: usize| {
        verdict.pairs.iter().any(|p| (p.a, p.b) == (*leader, configuration) || (p.b, p.a) == (*leader, configuration))
    };
    family
        .iter()
        .copied()
        .filter(|configuration| configuration == leader || (met(*configuration) && !slower(*configuration)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::fixture::{Made, check_configuration};
    use super::*;
    use crate::results::{FileError, Open, Spent, read, write};
    use crate::setting::Outcome;

    #[test]
    fn the_winner_of_the_data_wins() {
        let made = |threads, processes| {
            Made::new(15)
                .serial(1.0)
                .configuration("threads × 2", threads)
                .configuration("processes × 2, pipe", processes)
                .derive()
        };
        let first = made(0.50, 0.60);
        assert_eq!(first.workloads[0].ranking, [1, 2, 0]);
        assert_eq!(first.workloads[0].winners, [1]);
        assert!(
            first.workloads[0].sentence.starts_with("threads × 2 is fastest: 2.0"),
            "{}",
            first.workloads[0].sentence
        );
        assert!(
            first.workloads[0].sentence.contains("ahead of processes × 2, pipe by 2"),
            "{}",
            first.workloads[0].sentence
        );
        let second = made(0.60, 0.50);
        assert!(
            second.workloads[0].sentence.starts_with("processes × 2, pipe is fastest"),
            "{}",
            second.workloads[0].sentence
        );
        assert_eq!(second.workloads[0].pairs.len(), 3);
        assert!(
            second.workloads[0].pairs.iter().all(|pair| pair.word == Word::Faster && pair.ratio.low.unwrap() > 1.0)
        );
    }

    #[test]
    fn speedups_are_ratios_inside_rounds() {
        let derived = Made::new(15).serial(1.0).configuration("threads × 2", 0.5).derive();
        let speedup = derived.estimates[1].speedup.unwrap();
        assert!(
            (speedup.median - 2.0).abs() < 0.02 && speedup.high.unwrap() - speedup.low.unwrap() < 0.05,
            "{speedup:?}"
        );
        assert_eq!((speedup.ranks, speedup.n), ((4, 12), 15));
        let time = derived.estimates[1].time.unwrap();
        assert!(time.high.unwrap() / time.low.unwrap() > 1.1, "the machine drifts, the ratio does not");
        let own = derived.estimates[0].speedup.unwrap();
        assert_eq!((own.median, own.low, own.level), (1.0, None, 0.0));
    }

    #[test]
    fn near_configurations_are_equivalent_and_noisy_ones_undecided() {
        let near =
            Made::new(15).serial(1.0).configuration("threads × 2", 0.5).configuration("rayon × 2", 0.503).derive();
        let workload = &near.workloads[0];
        assert_eq!(workload.winners, [1, 2]);
        assert_eq!(workload.pairs[0].word, Word::Equivalent);
        assert!(workload.pairs[0].ratio.low.unwrap() > 1.0 / 1.03 && workload.pairs[0].ratio.high.unwrap() < 1.03);
        assert!(
            workload.sentence.starts_with("threads × 2 and rayon × 2 are equivalent (within ±3%) and fastest: 2.0"),
            "{}",
            workload.sentence
        );

        let noisy = Made::new(15)
            .noise(0.08)
            .serial(1.0)
            .configuration("threads × 2", 0.5)
            .configuration("rayon × 2", 0.503)
            .derive();
        let workload = &noisy.workloads[0];
        assert_eq!(workload.pairs[0].word, Word::NoSignificantDifference, "{:?}", workload.pairs[0]);
        let ratio = workload.pairs[0].ratio;
        assert!(ratio.low.unwrap() <= 1.0 && ratio.high.unwrap() >= 1.0);
        assert!(workload.pairs[0].smallest_effect.unwrap() > 1.03 && workload.pairs[0].rounds_needed.unwrap() > 15);
        assert!(workload.sentence.starts_with("No significant difference between "), "{}", workload.sentence);
        assert!(workload.sentence.contains("15 rounds can detect"), "{}", workload.sentence);
    }

    #[test]
    fn ties_decide_nothing_but_equivalence() {
        let derived = Made::new(15).noise(0.0).serial(1.0).configuration("threads × 1", 1.0).derive();
        assert_eq!(derived.workloads[0].pairs[0].word, Word::Equivalent);
        assert_eq!(derived.workloads[0].pairs[0].ratio.median, 1.0);
    }

    #[test]
    fn quick_runs_few_rounds_and_interrupted_ones_have_no_verdict() {
        let words = ["faster", "slower", "equivalent", "ndecided", "fastest"];
        let mut quick = Made::new(3).serial(1.0).configuration("threads × 2", 0.5);
        quick.results.run.quick = true;
        let few = Made::new(5).serial(1.0).configuration("threads × 2", 0.5);
        let mut broken_off = Made::new(9).serial(1.0).configuration("threads × 2", 0.5);
        (broken_off.results.run.complete, broken_off.results.run.rounds) = (false, 15);
        for (made, why) in [(quick, "--quick"), (few, "5 rounds"), (broken_off, "9 of 15 rounds")] {
            let derived = made.derive();
            let workload = &derived.workloads[0];
            assert!(workload.withheld.as_ref().unwrap().contains(why), "{:?}", workload.withheld);
            assert!(workload.pairs.is_empty() && workload.winners.is_empty());
            assert!(workload.sentence.contains("Lowest median: threads × 2, 5"), "{}", workload.sentence);
            assert!(!words.iter().any(|word| workload.sentence.contains(word)), "{}", workload.sentence);
        }
    }

    #[test]
    fn the_lowest_median_and_the_next_are_told_as_times() {
        let mut results = Made::new(3).serial(0.0807).configuration("threads × 2", 0.084).results;
        // In most rounds the threads are faster, although their median is higher.
        for (trial, millis) in results.trials.iter_mut().zip([80, 90, 81, 75, 84, 85]) {
            trial.measured = millis * 1_000_000;
        }
        let told = |results: &Results| derive(results).workloads[0].sentence.clone();
        let sentence = told(&results);
        assert!(sentence.ends_with("Lowest median: serial, 81.0 ms; next threads × 2, 84.0 ms."), "{sentence}");
        results.workloads[0].rate = Some(600);
        for trial in &mut results.trials {
            let p95 = trial.measured / 20;
            trial.open = Some(Open { p50: p95 / 2, p95, p99: 2 * p95, max: 4 * p95, span: trial.measured });
        }
        let sentence = told(&results);
        assert!(sentence.ends_with("Lowest p95 latency: serial, 4.05 ms; next threads × 2, 4.20 ms."), "{sentence}");
    }

    #[test]
    fn a_failed_check_withholds() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        check_configuration(&mut made.results, 1, 1.0);
        let sound = made.derive();
        assert!(sound.workloads[0].checks[0].passed && sound.workloads[0].withheld.is_none());
        check_configuration(&mut made.results, 0, 1.2);
        let failed = made.derive();
        let check = failed.workloads[0].checks.iter().find(|check| check.configuration == 0).unwrap();
        assert!(!check.passed && check.ratio.level >= 0.99 && check.ratio.low.unwrap() > 1.0);
        assert!(
            failed.workloads[0].withheld.as_ref().unwrap().contains("serial"),
            "{:?}",
            failed.workloads[0].withheld
        );
        assert!(
            (failed.estimates[0].time.unwrap().median - sound.estimates[0].time.unwrap().median).abs() < 1e-12,
            "a duplicate enters no estimate"
        );
    }

    #[test]
    fn time_outs_count_as_infinite_and_crashes_are_named() {
        let mut made = Made::new(15)
            .serial(1.0)
            .configuration("threads × 2", 0.5)
            .configuration("processes × 2, pipe", 0.4)
            .configuration("processes × 2, manager", 0.4);
        made.fail(2, &(0..15), &Outcome::TimedOut);
        made.fail(1, &(0..2), &Outcome::TimedOut);
        made.fail(3, &(0..12), &Outcome::WorkerDied { cause: "signal 9 (SIGKILL)".into() });
        let derived = made.derive();
        assert_eq!(derived.workloads[0].ranking[..2], [3, 1]);
        assert_eq!(derived.workloads[0].winners, [1]);
        let out = &derived.estimates[2];
        assert_eq!((out.time, out.ok, out.trials, out.note.as_str()), (None, 0, 15, "15 of 15 timed out"));
        assert_eq!((derived.estimates[1].ok, derived.estimates[1].note.as_str()), (13, "2 of 15 timed out"));
        assert_eq!(derived.estimates[1].time.unwrap().n, 15);
        assert_eq!(derived.estimates[3].note, "12 of 15 worker died: signal 9 (SIGKILL)");
        let lost = derived.workloads[0].pairs.iter().find(|pair| (pair.a, pair.b) == (1, 2)).unwrap();
        assert_eq!((lost.word, lost.ratio.median, lost.ratio.high), (Word::Faster, UNBOUNDED, None));
        let text = serde_json::to_string(&derived).unwrap();
        assert!(serde_json::from_str::<Derived>(&text).is_ok(), "nothing infinite is written: {text}");
        assert!(
            derived.workloads[0].sentence.contains("Not compared: processes × 2, manager (12 of 15 worker died"),
            "{}",
            derived.workloads[0].sentence
        );
    }

    #[test]
    fn a_workload_of_failures_and_a_workload_of_one_say_so() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        made.fail(0, &(0..15), &Outcome::ResultMismatch);
        made.fail(1, &(0..15), &Outcome::ResultMismatch);
        let derived = made.derive();
        assert!(derived.workloads[0].sentence.contains("No trial succeeded"), "{}", derived.workloads[0].sentence);
        let one = Made::new(15).serial(1.0).derive();
        assert!(one.workloads[0].sentence.starts_with("Only serial was run: 1"), "{}", one.workloads[0].sentence);
        assert_eq!(one.workloads[0].withheld, None);
    }

    #[test]
    fn without_a_sound_reference_there_is_no_speedup_but_a_verdict() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5).configuration("rayon × 2", 0.6);
        made.fail(0, &(0..15), &Outcome::ResultMismatch);
        let derived = made.derive();
        assert_eq!(derived.estimates[1].speedup, None);
        assert!(
            derived.workloads[0].sentence.starts_with("threads × 2 is fastest: 5"),
            "{}",
            derived.workloads[0].sentence
        );
        assert!(derived.workloads[0].sentence.contains(" ms ("), "{}", derived.workloads[0].sentence);
    }

    #[test]
    fn configurations_of_unequal_counts_are_compared_per_item() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 1.0);
        made.results.workloads[0].per_item = true;
        made.items(0, 100);
        made.items(1, 200);
        let derived = made.derive();
        assert_eq!(derived.workloads[0].ranking, [1, 0]);
        assert!((derived.estimates[1].speedup.unwrap().median - 2.0).abs() < 0.02);
        assert!((derived.estimates[0].per_item.unwrap().median - 0.01).abs() < 0.002);
    }

    #[test]
    fn methods_are_paired_only_where_the_rest_is_equal() {
        let mut made = Made::new(15)
            .configuration("processes × 2, pipe", 0.5)
            .configuration("processes × 2, shared memory", 0.4)
            .configuration("processes × 2, table", 0.3)
            .configuration("threads × 2", 0.6);
        for (configuration, ipc, dispatch) in
            [(0, "pipe", "stream"), (1, "shared_memory", "stream"), (2, "shared_memory", "claim")]
        {
            let configuration = &mut made.results.configurations[configuration];
            (configuration.config.model, configuration.config.ipc, configuration.config.dispatch) =
                ("processes".into(), Some(ipc.into()), Some(dispatch.into()));
        }
        let derived = made.derive();
        let pairs: Vec<_> = derived.workloads[0].pairs.iter().map(|pair| (pair.a, pair.b)).collect();
        assert_eq!(pairs, [(2, 1), (2, 3), (1, 0), (1, 3), (0, 3)]);
        assert_eq!(derived.workloads[0].winners, [2]);
    }

    #[test]
    fn marks_are_counted() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        made.results.trials[0].flags = vec![crate::results::Flag::Noisy, crate::results::Flag::TooShort];
        let derived = made.derive();
        assert_eq!((derived.estimates[0].noisy, derived.estimates[0].too_short), (1, 1));
        assert_eq!(derived.estimates[0].phases.unwrap()[0], 0.01);
    }

    #[test]
    fn reasons_survive_the_file_and_damaged_ones_are_refused() {
        let counts: Vec<(u32, f64)> = (1..=4).map(|n| (n, 1.0 / f64::from(n))).collect();
        let mut made = Made::new(15).serial(1.3).line("threads", "", &counts);
        made.results.machine.cores = 4;
        made.instrument(2, 0.5, Spent { service: 9, waiting: 1, ..Spent::default() });
        let results = made.finish();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        write(&path, &results).unwrap();
        let again = read(&path).unwrap().derived;
        assert_eq!(again.break_evens[0].sentence, results.derived.break_evens[0].sentence);
        assert_eq!(again.estimates[2].breakdown.as_ref().unwrap().parts.len(), 6);
        assert_eq!(again.fits.len(), results.derived.fits.len());
        let damages: [fn(&mut Derived); 6] = [
            |derived| derived.break_evens[0].points[0].a = 99,
            |derived| derived.break_evens[0].workloads.clear(),
            |derived| derived.break_evens[0].at = Some(1e305),
            |derived| derived.fits[0].configurations[0] = 99,
            |derived| derived.fits[0].sigma.value = -1e305,
            |derived| derived.estimates[2].breakdown.iter_mut().for_each(|breakdown| breakdown.parts.truncate(2)),
        ];
        for (i, damage) in damages.iter().enumerate() {
            let mut damaged = results.clone();
            damage(&mut damaged.derived);
            write(&path, &damaged).unwrap();
            assert!(matches!(read(&path), Err(FileError::Damaged { .. })), "damage {i}");
        }
    }
}
