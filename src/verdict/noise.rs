//! How quiet the machine was: what others took of it, unit by unit of the rounds.
//!
//! Over a whole unit, never by trial: the kernel counts CPU time in steps of 10 ms, and a trial is as short as that.

use crate::results::{Kind, Noise, Results, Trial};
use crate::text::plural;

/// A unit is noisy where others took more than this share of the granted cores.
const NOISY: f64 = 0.1;

/// What was seen in some rounds of a workload.
#[derive(Default)]
struct Seen {
    /// Seconds that its trials took, one after the other.
    wall: f64,
    /// Seconds of granted CPU time that others took.
    others: f64,
    /// Periods in which control groups were held back.
    throttled: u64,
}

impl Seen {
    fn of<'a>(trials: impl Iterator<Item = &'a Trial>) -> Self {
        trials.fold(Self::default(), |seen, trial| Self {
            wall: seen.wall + trial.took as f64 / 1e3,
            others: seen.others + trial.others,
            throttled: seen.throttled + trial.details.throttled,
        })
    }

    fn is_noisy(&self, granted: f64) -> bool {
        self.throttled > 0 || self.others > NOISY * granted * self.wall
    }
}

/// The cores that the machine granted, which a quota may make a fraction.
fn granted(results: &Results) -> f64 {
    let cores = f64::from(results.machine.cores.max(1));
    results.machine.quota.map_or(cores, |quota| quota.min(cores))
}

/// What was seen in a unit of a workload, which begins with the round `first` and has `size` rounds.
fn seen(results: &Results, workload: usize, (first, size): (u32, u32)) -> Seen {
    let within = |trial: &&Trial| {
        trial.kind == Kind::Timed
            && (first..first + size).contains(&trial.round)
            && results.configurations[trial.configuration].workload == workload
    };
    Seen::of(results.trials.iter().filter(within))
}

/// Whether others took too much of the machine during a unit.
#[must_use]
pub fn is_noisy(results: &Results, workload: usize, unit: (u32, u32)) -> bool {
    seen(results, workload, unit).is_noisy(granted(results))
}

/// How quiet the machine was during the rounds of all workloads.
pub(super) fn of(results: &Results) -> Noise {
    let granted = granted(results);
    let (mut noise, mut all) = (Noise::default(), Seen::default());
    for workload in &results.workloads {
        let of_workload = |trial: &&Trial| {
            trial.kind == Kind::Timed && results.configurations[trial.configuration].workload == workload.id
        };
        let rounds = results.trials.iter().filter(of_workload).map(|trial| trial.round + 1).max().unwrap_or(0);
        for unit in workload.looks.whole(rounds) {
            let seen = seen(results, workload.id, unit);
            noise.units += 1;
            if seen.is_noisy(granted) {
                noise.noisy += 1;
                all.wall += seen.wall;
                all.others += seen.others;
                noise.throttled += seen.throttled;
            }
        }
        noise.left_out += workload.looks.noisy.len() as u32;
    }
    noise.others = if all.wall > 0.0 { (all.others / all.wall).max(0.0) } else { 0.0 };
    noise
}

/// What stands on top of everything that is said of a run on a machine that was not quiet; nothing where it was.
#[must_use]
pub fn warning(results: &Results) -> Option<String> {
    let noise = results.derived.noise;
    if !noise.is_disturbed() {
        return None;
    }
    let cores = plural(u64::from(results.machine.cores), "core");
    let of = format!("in {} of {} of the rounds", noise.noisy, plural(u64::from(noise.units), "unit"));
    let others = match noise.throttled {
        0 => format!("others took about {:.1} of its {cores} {of}", noise.others),
        periods => {
            let also = if noise.others >= 0.05 {
                format!(", and others took {:.1} cores", noise.others)
            } else {
                String::new()
            };
            format!("a quota held the program back in {} {of}{also}", plural(periods, "period"))
        }
    };
    Some(format!(
        "not quiet: this machine had less than its {cores}, since {others}; nothing is called not met or slower than before"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Made;
    use super::*;

    fn made(others: impl Fn(u32) -> f64) -> Results {
        let mut results = Made::new(20).serial(1.0).configuration("threads × 2", 0.5).finish();
        results.machine.cores = 2;
        for trial in &mut results.trials {
            trial.took = 1000;
            trial.others = others(trial.round);
        }
        results
    }

    #[test]
    fn a_unit_is_noisy_where_others_took_a_tenth_of_the_granted_cores() {
        let noise = |others: f64| of(&made(move |round| if round < 5 { others } else { 0.0 }));
        assert_eq!((noise(0.19).noisy, noise(0.21).noisy, noise(1.0).units), (0, 5, 20));
        assert!((noise(0.8).others - 0.8).abs() < 1e-9);
        let mut quota = made(|_| 0.06);
        assert_eq!(of(&quota).noisy, 0);
        quota.machine.quota = Some(0.5);
        assert_eq!(of(&quota).noisy, 20);
        quota.trials.iter_mut().for_each(|trial| trial.others = -5.0);
        assert_eq!(of(&quota).noisy, 0);
        quota.trials[0].details.throttled = 1;
        assert_eq!((of(&quota).noisy, of(&quota).throttled), (1, 1));
    }

    #[test]
    fn more_than_a_quarter_of_noisy_units_is_warned_about() {
        let said = |noisy: u32| {
            let mut results = made(move |round| if round < noisy { 1.0 } else { 0.0 });
            results.derived.noise = of(&results);
            warning(&results)
        };
        assert_eq!(said(5), None);
        assert!(said(6).unwrap().contains("others took about 1.0 of its 2 cores in 6 of 20 units"), "{:?}", said(6));
    }
}
