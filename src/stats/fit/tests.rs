use super::super::simulation::normal;
use super::*;

const FOUR: [u32; 4] = [1, 2, 4, 8];
const SIX: [u32; 6] = [1, 2, 3, 4, 6, 8];

/// Speed-ups of a known law, in rounds that share the noise of their reference and have noise of their own.
fn made(counts: &[u32], law: Curve, rounds: u32, noise: f64, random: &mut fastrand::Rng) -> Vec<Line> {
    let shared: Vec<f64> = (0..rounds).map(|_| noise * normal(random)).collect();
    let mut line = |workers: u32| {
        let log = law.log_speedup(f64::from(workers));
        let rounds = (0..rounds).map(|round| (round, log + shared[round as usize] + noise * normal(random)));
        Line { workers, rounds: rounds.collect() }
    };
    counts.iter().map(|workers| line(*workers)).collect()
}

fn exact(counts: &[u32], law: Curve) -> Vec<Line> {
    made(counts, law, 10, 0.0, &mut fastrand::Rng::with_seed(1))
}

#[test]
fn known_laws_are_recovered() {
    for sigma in [0.0, 0.05, 0.4, 1.0] {
        let fit = amdahl(&exact(&FOUR, Curve { sigma, kappa: 0.0 }), 1).unwrap();
        assert!((fit.sigma.value - sigma).abs() < 1e-6 && fit.residual < 1e-6, "{fit:?}");
        assert_eq!((fit.kappa, fit.most), (None, 8));
        for kappa in [0.0, 0.001, 0.05] {
            let fit = usl(&exact(&SIX, Curve { sigma, kappa }), 1).unwrap();
            let found = fit.kappa.unwrap();
            assert!((fit.sigma.value - sigma).abs() < 1e-6 && (found.value - kappa).abs() < 1e-6, "{fit:?}");
            assert!(found.high - found.low < 1e-6, "{fit:?}");
        }
    }
    // Twenty per cent serial: 1 / (0.2 + 0.8 / 8) with eight workers.
    assert!((Curve { sigma: 0.2, kappa: 0.0 }.log_speedup(8.0).exp() - 1.0 / 0.3).abs() < 1e-6);
}

#[test]
fn nothing_is_said_past_twice_the_data() {
    let law = Curve { sigma: 0.02, kappa: 0.01 };
    let fit = usl(&exact(&SIX, law), 1).unwrap();
    assert!((fit.peak().unwrap() - 98f64.sqrt()).abs() < 1e-4);
    assert!(law.log_speedup(9.9) > law.log_speedup(9.0).max(law.log_speedup(11.0)));
    let far = usl(&exact(&SIX, Curve { kappa: 0.001, ..law }), 1).unwrap();
    assert_eq!(far.peak(), None, "√980 is past sixteen");
    assert_eq!(amdahl(&exact(&SIX, law), 1).unwrap().peak(), None);
}

#[test]
fn too_few_counts_or_rounds_give_no_fit() {
    let law = Curve { sigma: 0.1, kappa: 0.0 };
    assert!(amdahl(&exact(&FOUR[..3], law), 1).is_none() && usl(&exact(&SIX[..5], law), 1).is_none());
    let twice = [exact(&FOUR[..3], law), exact(&FOUR[..3], law)].concat();
    assert!(amdahl(&twice, 1).is_none(), "a count twice is one count");
    let mut holes = exact(&FOUR, law);
    holes[1].rounds.truncate(6);
    assert!(amdahl(&holes, 1).is_some());
    holes[2].rounds.remove(0);
    assert!(amdahl(&holes, 1).is_none(), "five rounds have all counts");
    let none = Line { workers: 0, rounds: vec![] };
    assert!(amdahl(&[], 1).is_none() && usl(&vec![none; 6], 1).is_none());
}

#[test]
fn timed_out_trials_widen_or_forbid_but_are_not_dropped() {
    let mut random = fastrand::Rng::with_seed(2);
    let sound = made(&FOUR, Curve { sigma: 0.1, kappa: 0.0 }, 15, 0.02, &mut random);
    let mut some = sound.clone();
    some[3].rounds[..4].iter_mut().for_each(|(_, log)| *log = f64::NEG_INFINITY);
    let (all, fewer) = (amdahl(&sound, 1).unwrap(), amdahl(&some, 1).unwrap());
    assert!(fewer.sigma.value > all.sigma.value && fewer.sigma.high > all.sigma.high, "{all:?} {fewer:?}");
    some[3].rounds[..8].iter_mut().for_each(|(_, log)| *log = f64::NEG_INFINITY);
    assert_eq!(amdahl(&some, 1), None, "most trials with eight workers timed out");
    let mut late = made(&SIX, Curve { sigma: 0.1, kappa: 0.001 }, 15, 0.02, &mut random);
    late[5].rounds[..6].iter_mut().for_each(|(_, log)| *log = f64::NEG_INFINITY);
    assert_eq!(usl(&late, 1), None, "the interval of κ would have no upper end");
}

#[test]
fn parameters_stay_within_their_bounds() {
    // Better than one worker each: no law explains it, and none is bent to.
    let beyond = |workers: &u32| Line {
        workers: *workers,
        rounds: (0..8).map(|round| (round, 1.2 * f64::from(*workers).ln())).collect(),
    };
    let fit = usl(&SIX.iter().map(beyond).collect::<Vec<_>>(), 1).unwrap();
    assert_eq!((fit.sigma.value, fit.kappa.unwrap().value), (0.0, 0.0));
    assert!(fit.residual > 0.1, "{fit:?}");
    // Slower than one worker.
    let slowed = |workers: &u32| Line { workers: *workers, rounds: (0..8).map(|round| (round, -1.0)).collect() };
    let fit = amdahl(&FOUR.iter().map(slowed).collect::<Vec<_>>(), 1).unwrap();
    assert_eq!((fit.sigma.value, fit.sigma.high), (1.0, 1.0));
}

#[test]
fn the_same_seed_draws_the_same_rounds() {
    let lines = made(&SIX, Curve { sigma: 0.1, kappa: 0.002 }, 15, 0.02, &mut fastrand::Rng::with_seed(3));
    assert_eq!(usl(&lines, 5), usl(&lines, 5));
    assert_ne!(usl(&lines, 5), usl(&lines, 6));
}

/// Of so many runs of 15 rounds, the share whose interval holds σ and the share whose interval holds κ.
fn coverage(counts: &[u32], law: Curve, noise: f64, outliers: bool, runs: u32) -> (f64, f64) {
    let mut random = fastrand::Rng::with_seed(9);
    let mut hits = (0, 0);
    for run in 0..runs {
        let mut lines = made(counts, law, 15, noise, &mut random);
        for (_, log) in lines.iter_mut().flat_map(|line| &mut line.rounds) {
            // One trial in twenty takes three times as long.
            *log -= if outliers && random.u8(..20) == 0 { 3f64.ln() } else { 0.0 };
        }
        let fitted = if law.kappa > 0.0 { usl } else { amdahl };
        let fit = fitted(&lines, run.into()).unwrap();
        let holds = |parameter: Parameter, truth: f64| parameter.low <= truth && truth <= parameter.high;
        hits.0 += u32::from(holds(fit.sigma, law.sigma));
        hits.1 += u32::from(fit.kappa.is_some_and(|kappa| holds(kappa, law.kappa)));
    }
    (f64::from(hits.0) / f64::from(runs), f64::from(hits.1) / f64::from(runs))
}

#[test]
fn intervals_of_a_fit_hold_the_truth() {
    // Two hundred runs have a standard error of 1.5 points at 95 %; the noise scales and changes nothing else.
    for outliers in [false, true] {
        let (amdahl, _) = coverage(&FOUR, Curve { sigma: 0.1, kappa: 0.0 }, 0.02, outliers, 200);
        let (sigma, kappa) = coverage(&SIX, Curve { sigma: 0.08, kappa: 0.004 }, 0.02, outliers, 200);
        println!("outliers {outliers}: Amdahl's σ {amdahl}, USL's σ {sigma} and κ {kappa}");
        assert!(amdahl >= 0.94 && sigma >= 0.94 && kappa >= 0.94, "{amdahl} {sigma} {kappa}");
        assert!(amdahl < 1.0 && sigma < 1.0 && kappa < 1.0, "an interval that always holds is too wide");
    }
}
