//! Picks of made-up times, each worked out by hand or in another way.

use super::super::fixture::{Made, looked_at};
use super::super::look::{far_behind, is_answered};
use super::super::{decide, derive};
use super::*;
use crate::results::{Ended, Expectation, Looks, SatOut, WorkloadVerdict};
use crate::setting::{Metric, Outcome};
use crate::stats::LOOKS;

/// Results whose configuration `i` takes `seconds(i, round)` in each of 15 rounds, or of as many as are given.
fn of(labels: &[&str], rounds: u32, seconds: impl Fn(usize, u32) -> f64) -> Results {
    let made = labels.iter().fold(Made::new(rounds), |made, label| made.configuration(label, 1.0));
    let mut results = made.results;
    for trial in &mut results.trials {
        trial.measured = (seconds(trial.configuration, trial.round) * 1e9) as u64;
    }
    looked_at(results)
}

fn steady(labels: &[&str], seconds: &[f64]) -> Results {
    of(labels, 15, |i, _| seconds[i])
}

/// As many looks at the same rounds as are over after so many.
fn look_after(results: &mut Results, units: u32) {
    let completed = LOOKS.iter().filter(|look| **look <= units as usize).count() as u32;
    let planned = LOOKS.map(|units| units as u32).to_vec();
    results.workloads[0].looks =
        Looks { planned, units: vec![(0, 1)], completed, ended: Some(Ended::Budget), ..Looks::default() };
}

fn with_family<T>(results: &Results, ask: impl Fn(&Family<'_>) -> T) -> T {
    let workload = &results.workloads[0];
    let units = Units::of(results, workload);
    ask(&Family::at(&units, None).unwrap())
}

fn verdict(results: &Results) -> WorkloadVerdict {
    derive(results).workloads.remove(0)
}

/// The one pick, and its sentence.
fn picked(results: &Results) -> (Pick, String) {
    let mut verdict = verdict(results);
    assert_eq!(verdict.picks.len(), 1, "{verdict:?}");
    (verdict.picks.remove(0), verdict.sentence)
}

fn near(price: Option<f64>, expected: f64) -> bool {
    price.is_some_and(|price| (price - expected).abs() < 1e-6)
}

#[test]
fn the_simplest_within_the_margin_is_picked() {
    let labels = ["serial", "processes × 2, pipe", "rayon × 2", "threads × 4", "threads × 2"];
    let (pick, sentence) = picked(&steady(&labels, &[1.0, 0.5, 0.49, 0.492, 0.495]));
    assert_eq!((pick.configuration, pick.by, pick.fastest), (4, PickedBy::Simplicity, false));
    assert!(near(pick.price, 0.495 / 0.49 - 1.0), "{pick:?}");
    assert_eq!(pick.as_good, [1, 2, 3]);
    assert!(
        pick.slower.len() == 1
            && pick.slower[0].configuration == 0
            && near(Some(pick.slower[0].at_least), 1.0 / 0.495 - 1.0)
    );
    assert_eq!(
        sentence,
        "Use threads × 2: 2.02× serial; as good: 2.0× for rayon × 2 and 2.0× for processes × 2, pipe. Nothing \
         comparable here is more than 2% faster (95% confidence)."
    );
    // One that costs a hair more than the margin is not, however simple it is.
    let (pick, _) = picked(&steady(&labels, &[1.0, 0.5, 0.49, 0.52, 0.505]));
    assert_eq!((pick.configuration, pick.as_good.as_slice()), (2, &[1][..]));
    assert!(pick.fastest && pick.price == Some(0.0), "{pick:?}");
}

#[test]
fn a_tie_is_won_by_what_is_simpler_and_everybody_is_as_good() {
    let (pick, sentence) = picked(&steady(&["processes × 2, pipe", "serial", "threads × 2"], &[0.5; 3]));
    assert_eq!((pick.configuration, pick.price, pick.fastest), (1, Some(0.0), false));
    assert_eq!((pick.as_good.as_slice(), pick.slower.len(), pick.too_close.len()), (&[0, 2][..], 0, 0));
    assert!(sentence.ends_with("Nothing comparable here is more than 1% faster (95% confidence)."), "{sentence}");
    // Of the same model and workers, the simpler method.
    let (pick, _) = picked(&steady(&["processes × 2, shared memory", "processes × 2, pipe"], &[0.5; 2]));
    assert_eq!(pick.configuration, 1);
}

/// In 8 of 15 rounds the first takes 10% longer, in the others the second 12%. The bound of a pair has rank 12.
#[test]
fn where_nothing_is_within_the_margin_the_least_price_decides() {
    let results = of(&["threads × 2", "rayon × 2"], 15, |i, round| match (i, round % 2) {
        (0, 0) => 0.110,
        (1, 0) => 0.100,
        (0, _) => 0.100,
        _ => 0.112,
    });
    let (pick, sentence) = picked(&results);
    assert_eq!((pick.configuration, pick.by, pick.too_close.as_slice()), (0, PickedBy::Price, &[1][..]));
    assert!(near(pick.price, 0.1), "{pick:?}");
    assert!(
        sentence.contains("It is at most 10% slower than the best configuration here (95% confidence)."),
        "{sentence}"
    );
    let weak = of(&["threads × 2", "rayon × 2"], 15, |i, round| if i == round as usize % 2 { 0.1 } else { 0.15 });
    let (pick, sentence) = picked(&weak);
    assert!(near(pick.price, 0.5) && sentence.contains("This is weak: ") && sentence.contains("50%"), "{sentence}");
    // Bounded by nothing: five of 15 rounds of each are missing.
    let mut open = steady(&["threads × 2", "rayon × 2"], &[0.1, 0.11]);
    open.trials.retain(|trial| trial.round % 3 != trial.configuration as u32);
    let (pick, sentence) = picked(&open);
    assert_eq!((pick.price, pick.failures), (None, 5), "{pick:?}");
    assert!(sentence.contains("is not bounded yet"), "{sentence}");
}

#[test]
fn who_is_faster_than_everybody_is_fastest_and_is_ahead_by_what_was_shown() {
    let (pick, sentence) = picked(&steady(&["serial", "threads × 2", "rayon × 2"], &[1.0, 0.5, 0.6]));
    assert!(pick.fastest && pick.price == Some(0.0) && pick.as_good.is_empty() && pick.too_close.is_empty());
    let ahead: Vec<(usize, i64)> =
        pick.slower.iter().map(|slower| (slower.configuration, (slower.at_least * 1000.0).round() as i64)).collect();
    assert_eq!(ahead, [(0, 1000), (2, 200)]);
    assert!(sentence.ends_with("Every other configuration is slower, by at least 20% (95% confidence)."), "{sentence}");
    let (_, two) = picked(&steady(&["serial", "threads × 2"], &[1.0, 0.4]));
    assert_eq!(two, "Use threads × 2: 2.50× serial. Serial is slower by at least 2.5× (95% confidence).");
}

#[test]
fn time_outs_and_crashes_keep_a_configuration_from_being_picked() {
    let labels = ["serial", "threads × 2", "rayon × 2"];
    let fail = |which: &[(usize, std::ops::Range<u32>, Outcome)]| {
        let mut made = Made::new(15).noise(0.0).serial(1.0).configuration(labels[1], 0.5).configuration(labels[2], 0.6);
        which.iter().for_each(|(id, rounds, outcome)| made.fail(*id, rounds, outcome));
        made.finish()
    };
    let died = || Outcome::WorkerDied { cause: "signal 9".into() };
    for outcome in [Outcome::TimedOut, Outcome::ResultMismatch, died()] {
        // One of fifteen is enough, wherever there is one that never fails.
        let (pick, sentence) = picked(&fail(&[(1, 3..4, outcome.clone())]));
        assert_eq!((pick.configuration, pick.failures), (2, 0), "{outcome:?}");
        assert!(sentence.contains("Not all trials succeeded: threads × 2 (1 of 15"), "{sentence}");
        // The price counts the other as it is: it is faster in 14 of 15.
        assert!(near(pick.price, 0.2) && !pick.fastest, "{pick:?}");
        // Always: it is never the one to use. Without a time nobody knows by how much; timed out, it is slower than any number.
        let (pick, _) = picked(&fail(&[(1, 0..15, outcome.clone())]));
        assert_eq!(pick.configuration, 2);
        let slower = pick.slower.iter().find(|slower| slower.configuration == 1).unwrap();
        let by = if outcome == Outcome::TimedOut { UNBOUNDED } else { 0.0 };
        assert!(pick.fastest && slower.at_least >= by && (by > 0.0 || slower.at_least == 0.0), "{pick:?}");
        assert!(serde_json::to_string(&pick).is_ok_and(|text| serde_json::from_str::<Pick>(&text).is_ok()));
    }
    // If there is none without, those with the fewest; and it is said.
    let all = fail(&[(0, 0..3, died()), (1, 4..6, died()), (2, 6..7, Outcome::TimedOut)]);
    let (pick, sentence) = picked(&all);
    assert_eq!((pick.configuration, pick.failures), (2, 1));
    assert!(sentence.starts_with("Use rayon × 2") && sentence.contains("of which 1 trial went wrong"), "{sentence}");
    // Nobody is picked who never ended right.
    let none = verdict(&fail(&[(0, 0..15, died()), (1, 0..15, died()), (2, 0..15, Outcome::TimedOut)]));
    assert!(none.picks.is_empty() && none.winners.is_empty(), "{none:?}");
}

#[test]
fn rounds_in_which_both_failed_or_one_is_missing_count_against_whoever_is_asked_about() {
    let mut results = steady(&["threads × 2", "rayon × 2"], &[0.5, 0.6]);
    let upper = |results: &Results, i, j| with_family(results, |family| family.upper(i, j, 0.05));
    assert!((upper(&results, 0, 1) - (0.5_f64 / 0.6).ln()).abs() < 1e-9);
    // The bound has rank 12 of 15: three rounds more do not matter, four do.
    let whole = results.trials.clone();
    for (missing, bounded) in [(3, true), (4, false)] {
        results.trials = whole.iter().filter(|t| t.configuration != 0 || t.round >= missing).cloned().collect();
        assert_eq!(upper(&results, 0, 1).is_finite(), bounded, "{missing} missing");
        // The other way round they are as good as any.
        assert!(upper(&results, 1, 0).is_finite());
        results.trials = whole.clone();
        for trial in results.trials.iter_mut().filter(|trial| trial.round < missing) {
            trial.outcome = Outcome::TimedOut;
        }
        assert_eq!(upper(&results, 0, 1).is_finite(), bounded, "{missing} timed out, both");
        assert_eq!(upper(&results, 1, 0).is_finite(), bounded);
    }
}

/// The definition, written down once more: the largest of the bounds over all others.
#[test]
fn the_price_is_the_largest_upper_bound_over_all_others() {
    let mut random = fastrand::Rng::with_seed(8);
    let labels = ["serial", "threads × 2", "rayon × 2", "processes × 2, pipe", "processes × 2, queue"];
    for _ in 0..40 {
        let times: Vec<Vec<f64>> = (0..5).map(|_| (0..15).map(|_| 0.1 + 0.01 * random.f64()).collect()).collect();
        let results = of(&labels, 15, |i, round| times[i][round as usize]);
        let rank = stats::look_ranks(0.05 / 4.0, &[15])[0].unwrap();
        let time = |i: usize, round: u32| {
            results.trials.iter().find(|t| (t.configuration, t.round) == (i, round)).unwrap().measured as f64
        };
        let bound = |i: usize, j: usize| {
            let mut logs: Vec<f64> = (0..15).map(|round| (time(i, round) / time(j, round)).ln()).collect();
            logs.sort_by(f64::total_cmp);
            logs[rank - 1]
        };
        let out: Vec<usize> = (0..5).filter(|j| (0..5).any(|i| i != *j && bound(i, *j) < 0.0)).collect();
        for i in 0..5 {
            let others = (0..5).filter(|j| *j != i && !out.contains(j));
            let expected = others.map(|j| bound(i, j)).fold(f64::NEG_INFINITY, f64::max);
            let found = with_family(&results, |family| family.cost(i));
            assert!((found - expected).abs() < 1e-9 || out.len() == 4, "{i}: {found} {expected}");
        }
    }
}

#[test]
fn who_sat_out_stays_slower_and_is_never_picked() {
    let mut results = of(&["serial", "threads × 2", "processes × 2, pipe"], 40, |i, _| [1.0, 0.5, 0.8][i]);
    look_after(&mut results, 36);
    let mut whole = verdict(&results).picks.remove(0);
    results.workloads[0].looks.sat_out = vec![SatOut { configuration: 2, from: 20 }];
    results.trials.retain(|trial| trial.configuration != 2 || trial.round < 20);
    let (mut pick, _) = picked(&results);
    // What its model could cost is not known any more.
    assert_eq!(pick.models.pop().unwrap().price, None);
    whole.models.pop();
    assert_eq!(pick, whole, "nothing else is lost by it");
    assert!(pick.slower.iter().any(|slower| slower.configuration == 2 && near(Some(slower.at_least), 0.6)), "{pick:?}");
    // Its pair is that of the last look that had both.
    let pairs = verdict(&results).pairs;
    let of_it = pairs.iter().find(|pair| (pair.a, pair.b) == (1, 2)).unwrap();
    let other = pairs.iter().find(|pair| (pair.a, pair.b) == (1, 0)).unwrap();
    assert_eq!((of_it.ratio.n, other.ratio.n), (20, 36));
    // It is picked by nobody, even if it is the one that is left.
    for trial in results.trials.iter_mut().filter(|trial| trial.configuration != 2) {
        trial.outcome = Outcome::ResultMismatch;
    }
    assert!(verdict(&results).picks.is_empty());
}

#[test]
fn a_configuration_that_was_beaten_once_leaves_every_maximum() {
    // Half as fast up to the look at 20 units, and the fastest of all behind it.
    let seconds = |i: usize, round: u32| match (i, round < 20) {
        (1, true) => 1.0,
        (1, false) => 0.1,
        _ => 0.5 + 0.001 * i as f64,
    };
    let mut results = of(&["threads × 2", "rayon × 2", "processes × 2, pipe"], 36, seconds);
    look_after(&mut results, 36);
    let (pick, _) = picked(&results);
    assert_eq!(pick.configuration, 0);
    assert!(near(pick.price, 0.0), "{pick:?}");
}

#[test]
fn those_that_sleep_and_those_that_spin_have_a_pick_each() {
    let labels = [
        "serial",
        "processes × 2, pipe",
        "processes × 2, pipe, spin",
        "processes × 2, queue",
        "processes × 2, queue, spin",
    ];
    let mut results = steady(&labels, &[1.0, 0.5, 0.3, 0.6, 0.2]);
    for (id, wait) in [(1, Wait::Sleep), (2, Wait::Spin), (3, Wait::Sleep), (4, Wait::Spin)] {
        results.configurations[id].config.wait = Some(wait);
    }
    assert_eq!(waits(&results, &results.workloads[0]).len(), 2);
    let verdict = verdict(&results);
    let picks: Vec<_> = verdict.picks.iter().map(|pick| (pick.configuration, pick.wait)).collect();
    assert_eq!(picks, [(1, Some(Wait::Sleep)), (4, Some(Wait::Spin))]);
    for (pick, own) in verdict.picks.iter().zip([[0, 1, 3], [0, 2, 4]]) {
        let mut named: Vec<usize> = pick.slower.iter().map(|slower| slower.configuration).collect();
        named.extend([&pick.as_good[..], &pick.too_close, &[pick.configuration]].concat());
        named.sort_unstable();
        assert_eq!(named, own, "serial belongs to both, and nobody else does");
    }
    let between = |pair: &&crate::results::Pair| [1, 3].contains(&pair.a) != [1, 3].contains(&pair.b);
    let apart = verdict.pairs.iter().filter(|pair| pair.a != 0 && pair.b != 0).filter(between).count();
    assert_eq!(apart, 0, "{:?}", verdict.pairs);
    assert!(verdict.sentence.starts_with("Where both sides sleep, use processes × 2, pipe: "), "{}", verdict.sentence);
    assert!(
        verdict.sentence.contains(" Where both sides spin, use processes × 2, queue, spin: "),
        "{}",
        verdict.sentence
    );
}

#[test]
fn models_are_compared_each_at_its_best() {
    let labels = ["serial", "threads × 2", "threads × 4", "rayon × 2", "rayon × 4", "processes × 2, pipe"];
    let (pick, _) = picked(&steady(&labels, &[1.0, 0.50, 0.70, 0.80, 0.505, 0.6]));
    let prices: Vec<(Model, i64)> =
        pick.models.iter().map(|model| (model.model, (model.price.unwrap() * 1000.0).round() as i64)).collect();
    // Against the best of all other models.
    assert_eq!(prices, [(Model::Serial, 1000), (Model::Threads, 0), (Model::Rayon, 10), (Model::Processes, 200)],);
    let said = derive(&steady(&labels, &[1.0, 0.50, 0.70, 0.80, 0.505, 0.6])).workloads[0].recommendation.clone();
    let said = said.unwrap();
    assert!(
        said.starts_with("Threads and rayon are within 1% of each other, each at its best; 2 workers are enough."),
        "{said}"
    );
    // Of one model alone there is nothing to say.
    assert!(picked(&steady(&labels[1..3], &[0.5, 0.7])).0.models.is_empty());
}

#[test]
fn the_speedup_of_a_pick_is_corrected_for_the_choice() {
    let seconds = |i: usize, round: u32| if i == 0 { 1.0 + 0.01 * f64::from(round % 15) } else { 0.5 + 0.1 * i as f64 };
    let results = of(&["serial", "threads × 2", "rayon × 2", "processes × 2, pipe"], 15, seconds);
    let (pick, _) = picked(&results);
    let speedup = pick.speedup.unwrap();
    // Two-sided at 0.05 / 3: 0.0083 a side, where one comparison would have 0.025 a side.
    let rank = stats::look_ranks(0.05 / 6.0, &[15])[0].unwrap() as u32;
    assert_eq!((speedup.n, speedup.ranks), (15, (16 - rank, rank)));
    assert!((speedup.level - (1.0 - 0.05 / 3.0)).abs() < 1e-9, "{speedup:?}");
    assert!((speedup.median - 1.07 / 0.6).abs() < 1e-6);
    // The reference has none.
    assert_eq!(picked(&steady(&["serial", "threads × 2"], &[0.5, 1.0])).0.speedup, None);
}

#[test]
fn far_behind_sits_out_who_is_needed_for_nothing() {
    let labels = ["serial", "threads × 2", "processes × 2, pipe", "rayon × 2"];
    let mut results = of(&labels, 20, |i, _| [1.0, 0.5, 0.7, 0.55][i]);
    look_after(&mut results, 20);
    let by = 3.0 * 0.05_f64.ln_1p();
    assert_eq!(far_behind(&results, 0, by), [2], "serial is the reference, and 10% are not three margins");
    results.expectations = vec![Expectation {
        text: String::new(),
        metric: Metric::Speedup,
        is: None,
        pairs: vec![(2, Some(0))],
        at_least: Some(1.2),
        at_most: None,
    }];
    assert!(far_behind(&results, 0, by).is_empty(), "an expectation needs it");
    results.expectations.clear();
    results.configurations[2].checked = true;
    assert!(far_behind(&results, 0, by).is_empty(), "the check needs it");
    results.configurations[2].checked = false;
    results.workloads[0].rate = Some(100);
    assert!(far_behind(&results, 0, by).is_empty(), "at a rate nobody sits out");
}

#[test]
fn a_workload_is_answered_when_its_price_and_expectations_are() {
    let mut results =
        of(&["serial", "threads × 2"], 20, |i, round| if i == 0 { 1.0 + 0.001 * f64::from(round) } else { 0.5 });
    look_after(&mut results, 20);
    assert!(is_answered(&results, 0));
    let expect = |at_least| Expectation {
        text: String::new(),
        metric: Metric::Speedup,
        is: None,
        pairs: vec![(1, Some(0))],
        at_least: Some(at_least),
        at_most: None,
    };
    for (bound, answered) in [(1.5, true), (3.0, true), (2.02, false)] {
        results.expectations = vec![expect(bound)];
        assert_eq!(is_answered(&results, 0), answered, "{bound}");
    }
    results.expectations.clear();
    let mut open = of(&["threads × 2", "rayon × 2"], 20, |i, round| if i == round as usize % 2 { 0.1 } else { 0.12 });
    look_after(&mut open, 20);
    assert!(!is_answered(&open, 0));
    // What has no answer to wait for.
    open.workloads[0].runtime = crate::setting::Runtime::GilEmulation;
    assert!(is_answered(&open, 0));
    let mut one = of(&["serial"], 20, |_, _| 1.0);
    look_after(&mut one, 20);
    assert!(is_answered(&one, 0));
}

#[test]
fn before_the_first_look_there_is_no_family_and_no_pick() {
    let mut results = of(&["serial", "threads × 2"], 7, |i, _| if i == 0 { 1.0 } else { 0.5 });
    look_after(&mut results, 7);
    let workload = &results.workloads[0];
    let units = Units::of(&results, workload);
    assert!(Family::at(&units, None).is_none());
    let verdict = decide(&results, workload, &derive(&results).estimates);
    assert!(verdict.picks.is_empty() && verdict.suppressed.is_some(), "{verdict:?}");
}

#[test]
fn where_every_price_is_weak_the_lowest_median_is_picked() {
    // In one round of six threads take five times as long, in all others half as long as serial.
    let mut made = Made::new(6).noise(0.0).serial(1.0).configuration("threads × 2", 0.5);
    for trial in made.results.trials.iter_mut().filter(|trial| trial.configuration == 1 && trial.round == 2) {
        trial.measured *= 10;
    }
    let (pick, sentence) = picked(&made.finish());
    assert_eq!((pick.configuration, pick.by), (1, PickedBy::Median), "{pick:?}");
    assert!(near(pick.price, 4.0) && sentence.contains("This is weak"), "{pick:?} {sentence}");
}
