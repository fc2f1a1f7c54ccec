//! How quiet a machine is, found out by looking at it for some seconds: what others use, and how much equal work varies.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::others::OthersClock;
use crate::stats;

/// How long others are watched.
const WATCHED: Duration = Duration::from_secs(1);
/// How long equal work is repeated.
const PROBED: Duration = Duration::from_secs(5);
/// Work of one repetition, about what a trial measures.
const WORK: Duration = Duration::from_millis(20);
/// Seconds of a unit, as those of verdicts.
const UNIT: f64 = 0.5;
/// Seconds of rounds for which the smallest difference is told: the default budget of a workload.
const BUDGET: f64 = 20.0;
/// Programs that are named at most, and the least share of a core from which one is.
const NAMED: usize = 3;
const LEAST: f64 = 0.02;

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// Cores that other programs used while this one slept.
    pub others: f64,
    /// The busiest of them: names, without arguments, and cores used.
    pub programs: Vec<(String, f64)>,
    /// How much equal work varies from unit to unit: the standard deviation of log ratios, estimated as 1.4826 × their median
    /// absolute deviation from their median. 0.01 is about 1%.
    pub noise: f64,
    /// How many units that is from.
    pub units: usize,
}

impl Survey {
    /// The smallest difference, as a share, that a run of `BUDGET` seconds would most likely show: 2.8 standard errors of a
    /// median, which gives a power of 80% at an error of 5%; the median's standard error is 1.2533 times that of a mean.
    #[must_use]
    pub fn smallest(&self) -> f64 {
        let units = BUDGET / UNIT;
        (2.8 * 1.2533 * self.noise / units.sqrt()).exp_m1()
    }

    /// Seconds that a survey takes.
    #[must_use]
    pub fn seconds() -> f64 {
        (WATCHED + PROBED).as_secs_f64()
    }
}

/// Looks at the machine, with as many threads as it has cores for.
#[must_use]
pub fn survey(cores: u32) -> Survey {
    let (others, before) = (OthersClock::start(), used_by_programs());
    let begun = Instant::now();
    std::thread::sleep(WATCHED);
    let (others, after, took) = (others.used(), used_by_programs(), begun.elapsed().as_secs_f64());
    let per_second = rustix::param::clock_ticks_per_second() as f64;
    let cores_of = |ticks: u64| ticks as f64 / per_second / took;
    let mut programs: BTreeMap<String, u64> = BTreeMap::new();
    for (pid, (name, ticks)) in &after {
        // Threads of the kernel change their names.
        let earlier = before.get(pid).map_or(0, |(_, ticks)| *ticks);
        *programs.entry(name.clone()).or_default() += ticks.saturating_sub(earlier);
    }
    let mut programs: Vec<(String, f64)> = programs
        .into_iter()
        .map(|(name, ticks)| (name, cores_of(ticks)))
        .filter(|(_, cores)| *cores >= LEAST)
        .collect();
    programs.sort_by(|a, b| b.1.total_cmp(&a.1));
    programs.truncate(NAMED);
    let ratios = unit_ratios(&probe(cores));
    Survey { others: (others / took).max(0.0), programs, noise: spread(&ratios), units: ratios.len() }
}

/// Names and clock ticks of all programs but this one.
fn used_by_programs() -> BTreeMap<u32, (String, u64)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let others = pids.filter(|pid| *pid != std::process::id());
    others
        .filter_map(|pid| Some((pid, used_by(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?)))
        .collect()
}

/// The name and the ticks of a line of /proc/PID/stat. A name may hold blanks and parentheses.
fn used_by(stat: &str) -> Option<(String, u64)> {
    let (head, tail) = stat.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let fields: Vec<&str> = tail.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    // The name is the second field, and these are the 14th and the 15th.
    Some((name.to_owned(), ticks(11)? + ticks(12)?))
}

/// Repeats equal work on all cores at once: when each repetition began, in seconds, and how long it took.
fn probe(cores: u32) -> Vec<(f64, f64)> {
    let steps = steps_for(WORK);
    let begun = Instant::now();
    let mut taken = Vec::new();
    while begun.elapsed() < PROBED {
        let at = begun.elapsed().as_secs_f64();
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(|| spin(steps));
            }
        });
        taken.push((at, start.elapsed().as_secs_f64()));
    }
    taken
}

/// How many steps take so long, at the best of some tries.
fn steps_for(time: Duration) -> u64 {
    const STEPS: u64 = 1 << 18;
    let once = || {
        let start = Instant::now();
        spin(STEPS);
        start.elapsed().as_secs_f64()
    };
    let least = (0..8).map(|_| once()).fold(f64::INFINITY, f64::min).max(1e-9);
    (STEPS as f64 * time.as_secs_f64() / least).max(1.0) as u64
}

/// Computes, without memory: a linear congruential generator.
fn spin(steps: u64) {
    let mut state = 1u64;
    for _ in 0..steps {
        state = std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}

/// Medians, unit by unit, of the log ratios of neighbours: what two equal configurations would be said to differ by.
fn unit_ratios(taken: &[(f64, f64)]) -> Vec<f64> {
    let mut units: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for pair in taken.chunks_exact(2) {
        units.entry((pair[0].0 / UNIT) as u64).or_default().push((pair[1].1 / pair[0].1).ln());
    }
    units.values().filter_map(|ratios| stats::median(ratios)).collect()
}

/// A robust standard deviation.
fn spread(values: &[f64]) -> f64 {
    let Some(middle) = stats::median(values) else { return 0.0 };
    let apart: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    1.4826 * stats::median(&apart).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_told_by_its_name_alone() {
        let line = "42 (a (b) c) S 1 42 42 0 -1 4194304 1 2 3 4 70 30 5 6 20 0 1 0 99";
        assert_eq!(used_by(line), Some(("a (b) c".into(), 100)));
        assert_eq!((used_by("42 (a"), used_by("")), (None, None));
    }

    #[test]
    fn noise_is_that_of_units_and_shrinks_what_can_be_shown() {
        let steady: Vec<(f64, f64)> = (0..100).map(|i| (f64::from(i) * 0.02, 0.02)).collect();
        assert_eq!(unit_ratios(&steady).len(), 4);
        assert!(spread(&unit_ratios(&steady)) < 1e-12);
        let of = |noise| Survey { others: 0.0, programs: vec![], noise, units: 10 }.smallest();
        assert!(of(0.0) == 0.0 && of(0.02) < of(0.04) && (0.005..0.02).contains(&of(0.02)), "{}", of(0.02));
        // 0, 1, 2, 3 and 100 are 1 apart from their middle, in the middle.
        assert!((spread(&[0.0, 1.0, 2.0, 3.0, 100.0]) - 1.4826).abs() < 1e-12);
    }
}
