//! From a results file to what it says: estimates, verdicts in four words, answers to expectations.
//!
//! Everything here is computed from the trials, so that a results file can be checked against itself.
//!
//! Of each workload one configuration is picked, with what that may cost (`pick`). Bounds hold at every look at the data, so
//! that a run may end as soon as it is answered (`look`).

mod answer;
mod break_even;
mod breakdown;
mod compare;
mod crashed;
mod estimate;
mod finding;
mod fits;
#[cfg(test)]
#[path = "../../tests/verdict/fixture.rs"]
pub(crate) mod fixture;
mod happened;
mod judge;
mod look;
mod measured;
mod noise;
mod others;
mod own_metric;
mod pick;
mod rates;
mod regression;
mod runs;
mod samples;
mod saturation;
mod seen;
mod sentence;
mod simplicity;
mod stages;
mod units;
mod variants;
mod when;
mod worker_cost;

use seen::Seen;

use crate::results::{ConfigurationEstimate, Derived, Pick, Results, Workload, WorkloadVerdict};

pub use answer::{LEAST_TOLD, at_least, price};
pub use break_even::lines as lines_over_workers;
pub use compare::{CHECK_ERROR, contrast};
pub use estimate::unsettled_breakdowns;
pub use judge::{EXPECTATION_ERROR, is_planned};
pub use look::{SPAN, far_behind, is_answered, span};
pub use measured::{achieved, latency};
pub use noise::{is_noisy, warning as noise_warning};
pub use others::{pace, rounded, rounded_median, rounded_seconds};
pub use regression::{change, change_interval};
pub use runs::{Comparison, Drift, Matched, Side, Unpaired, compare_runs};
pub use samples::UNBOUNDED;
pub use sentence::{effect, range, seconds_interval, speedup_interval, times_interval};
pub use worker_cost::{WorkerCost, memory_in_all, worker_costs};

/// Fewest rounds that give an interval of a median at 95% (methodology, rule 12).
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
    let noise = noise::of(results);
    let expectations = judge::all(results, &workloads, &noise);
    if results.run.baseline.is_some() {
        // Two builds of every configuration are no configurations to choose from.
        let regressions = regression::all(results, &mut workloads, &noise);
        return Derived { noise, estimates, workloads, expectations, regressions, ..Derived::default() };
    }
    let runtimes = happened::runtimes(results, &estimates);
    let break_evens = break_even::all(results, &workloads);
    for verdict in &mut workloads {
        verdict.recommendation = when::sentence(results, verdict, &estimates, &break_evens);
    }
    Derived {
        noise,
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
    let units = units::Units::of(results, workload);
    let checks = compare::checks(&units);
    let mut verdict = WorkloadVerdict {
        workload: workload.id,
        ranking,
        picks: vec![],
        winners: vec![],
        pairs: vec![],
        variants: vec![],
        warnings: vec![],
        suppressed: compare::suppressed(results, workload),
        checks,
        sentence: String::new(),
        recommendation: None,
    };
    if verdict.suppressed.is_none() && workload.configurations.len() > 1 {
        verdict.pairs = compare::pairs(&units, &verdict.ranking);
        verdict.variants = variants::all(&units);
        verdict.warnings = compare::warnings(results, workload, &verdict.checks);
        if !look::has_no_question(workload) && results.run.baseline.is_none() {
            verdict.picks = picks(results, workload, &units);
        }
        let best = |id: &usize| verdict.picks.iter().any(|pick| pick.configuration == *id || pick.as_good.contains(id));
        verdict.winners = verdict.ranking.iter().copied().filter(best).collect();
    }
    verdict.sentence = finding::finding(&Seen { results, workload, estimates }, &verdict);
    if let Some(bottleneck) = stages::sentence(results, &verdict.ranking, estimates) {
        verdict.sentence += &format!(" {bottleneck}");
    }
    verdict
}

/// What to use, of each family of configurations that are ranked together.
fn picks(results: &Results, workload: &Workload, units: &units::Units<'_>) -> Vec<Pick> {
    let pick = |(wait, family): (_, pick::Family<'_>)| match workload.rate {
        Some(_) => rates::pick(results, workload, &family, wait),
        None => family.pick(wait),
    };
    pick::families(units).into_iter().filter_map(pick).collect()
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

#[cfg(test)]
mod tests {
    use super::fixture::{Made, check_configuration};
    use super::*;
    use crate::results::{FileError, Open, PickedBy, Spent, Word, read, write};
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
        assert!(first.workloads[0].sentence.starts_with("Use threads × 2: 2.0"), "{}", first.workloads[0].sentence);
        assert!(
            first.workloads[0]
                .sentence
                .ends_with("0× serial, compared with 1.7× for processes × 2, pipe. Every other configuration is slower, by at least 19% (95% confidence)."),
            "{}",
            first.workloads[0].sentence
        );
        let second = made(0.60, 0.50);
        assert!(
            second.workloads[0].sentence.starts_with("Use processes × 2, pipe: 2.0"),
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
            Made::new(15).serial(1.0).configuration("threads × 2", 0.5).configuration("rayon × 2", 0.497).derive();
        let workload = &near.workloads[0];
        assert_eq!(workload.ranking, [2, 1, 0]);
        assert_eq!(workload.winners, [2, 1]);
        assert_eq!((workload.picks[0].configuration, workload.picks[0].by), (1, PickedBy::Simplicity));
        assert_eq!(workload.pairs[0].word, Word::Equivalent);
        assert!(workload.pairs[0].ratio.low.unwrap() > 1.0 / 1.03 && workload.pairs[0].ratio.high.unwrap() < 1.03);
        assert!(
            workload.sentence.starts_with("Use threads × 2: 2.0")
                && workload.sentence.ends_with("Nothing comparable here is more than 1% faster (95% confidence)."),
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
        let pick = &workload.picks[0];
        // What it costs is known well enough, and the other is neither as good nor slower.
        assert!(!pick.fastest && pick.price.is_some_and(|price| (0.001..0.25).contains(&price)), "{pick:?}");
        assert_eq!((pick.as_good.len(), pick.slower.len(), pick.too_close.len()), (0, 1, 1), "{pick:?}");
        assert!(
            workload.sentence.starts_with("Use ") && workload.sentence.contains("2% faster"),
            "{}",
            workload.sentence
        );
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
        let few = Made::new(4).serial(1.0).configuration("threads × 2", 0.5);
        let mut broken_off = Made::new(9).serial(1.0).configuration("threads × 2", 0.5);
        (broken_off.results.run.complete, broken_off.results.run.rounds) = (false, 15);
        for (made, why) in
            [(quick, "--quick"), (few, "4 rounds are too few"), (broken_off, "broken off after 9 rounds")]
        {
            let derived = made.derive();
            let workload = &derived.workloads[0];
            assert!(workload.suppressed.as_ref().unwrap().contains(why), "{:?}", workload.suppressed);
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
            trial.details.open = Some(Open { p50: p95 / 2, p95, p99: 2 * p95, max: 4 * p95, span: trial.measured });
        }
        let sentence = told(&results);
        assert!(sentence.ends_with("Lowest p95 latency: serial, 4.05 ms; next threads × 2, 4.20 ms."), "{sentence}");
    }

    #[test]
    fn a_failed_check_warns_of_the_price() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        check_configuration(&mut made.results, 1, 1.0);
        let sound = made.derive();
        assert!(sound.workloads[0].checks[0].passed && sound.workloads[0].suppressed.is_none());
        check_configuration(&mut made.results, 0, 1.2);
        let failed = made.derive();
        let check = failed.workloads[0].checks.iter().find(|check| check.configuration == 0).unwrap();
        assert!(!check.passed && check.ratio.level >= 0.99 && check.ratio.low.unwrap() > 1.0);
        let warnings = &failed.workloads[0].warnings;
        assert!(
            warnings[0].starts_with("The A/A check failed: serial compared with itself gave a ratio of 1.2"),
            "{warnings:?}"
        );
        let all_of_a_sort =
            |derived: &Derived| derived.workloads[0].warnings.iter().filter(|w| w.contains("A/A")).count();
        assert_eq!((all_of_a_sort(&failed), all_of_a_sort(&sound)), (1, 0));
        // It takes nothing back.
        assert_eq!(failed.workloads[0].suppressed, None);
        assert_eq!((&failed.workloads[0].picks, failed.workloads[0].picks.len()), (&sound.workloads[0].picks, 1));
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
        // Of four only one always ended right, and nothing else is picked, however slow it is.
        let pick = &derived.workloads[0].picks[0];
        assert_eq!((derived.workloads[0].winners.as_slice(), pick.configuration, pick.failures), (&[0][..], 0, 0));
        // One that mostly crashes was 2.5 times as fast in the rounds in which it did not.
        assert!((pick.price.unwrap() - 1.5).abs() < 0.02, "{pick:?}");
        assert_eq!(pick.slower.iter().map(|slower| slower.configuration).collect::<Vec<_>>(), [2]);
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
            derived.workloads[0]
                .sentence
                .contains("Not all trials succeeded: processes × 2, manager (12 of 15 worker died"),
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
        assert_eq!(one.workloads[0].suppressed, None);
    }

    #[test]
    fn without_a_sound_reference_there_is_no_speedup_but_a_verdict() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5).configuration("rayon × 2", 0.6);
        made.fail(0, &(0..15), &Outcome::ResultMismatch);
        let derived = made.derive();
        assert_eq!(derived.estimates[1].speedup, None);
        assert!(derived.workloads[0].sentence.starts_with("Use threads × 2: 5"), "{}", derived.workloads[0].sentence);
        assert!(derived.workloads[0].sentence.contains("0 ms, compared with 6"), "{}", derived.workloads[0].sentence);
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
    fn trials_of_unequal_length_tell_no_difference_below_five_per_cent() {
        let told = |longer: f64, items| {
            // Per item 4% apart, with trials that are as long as each other or three times as long.
            let mut made = Made::new(15).serial(1.04 * longer).configuration("threads × 2", 1.0);
            made.results.workloads[0].per_item = true;
            made.items(0, items);
            made.items(1, 100);
            let derived = made.derive();
            let speedup = derived.estimates[1].speedup.unwrap();
            (derived.workloads[0].pairs[0].word, speedup)
        };
        let (word, ratio) = told(1.0, 100);
        assert_eq!(word, Word::Faster, "{ratio:?}");
        let (word, ratio) = told(3.0, 300);
        assert_eq!(word, Word::NoSignificantDifference, "{ratio:?}");
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
        made.results.trials[0].flags = vec![crate::results::Flag::Leaked, crate::results::Flag::TooShort];
        let derived = made.derive();
        assert_eq!(derived.estimates[0].too_short, 1);
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
