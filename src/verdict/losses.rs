//! Where the speed-up of a cell went: workers × time that was not the baseline's work, split by what the instrumented
//! trials saw.

use super::samples::{per_item, values};
use crate::results::{Cell, Interval, Kind, Loss, Losses, Results, Spent, Trial};
use crate::setting::Measure;
use crate::stats;

/// The split of one cell. `None` for the baseline, for ways without workers whose time it could be, such as an event loop,
/// where the baseline itself has several workers, where the speed-up is not known, and without instrumented trials that say
/// where time went.
pub(super) fn of(results: &Results, cell: &Cell, speedup: Option<&Interval>) -> Option<Losses> {
    let group = &results.groups[cell.group];
    let baseline = &results.cells[group.baseline];
    if baseline.id == cell.id || baseline.config.workers.unwrap_or(1) != 1 {
        return None;
    }
    let workers = cell.config.workers?.max(1);
    let measured = speedup?.median;
    let instrumented: Vec<&Trial> = results
        .trials
        .iter()
        .filter(|trial| {
            trial.cell == cell.id && trial.kind == Kind::Instrumented && trial.ok() && trial.spent.is_some()
        })
        .collect();
    let start = if group.measure == Measure::EndToEnd { start_share(results, cell.id)? } else { 0.0 };
    // Outside of start and join, the workers' time splits as it did in the work phase of the instrumented trials.
    let work = f64::from(workers) * (1.0 - start);
    let part = |part: fn(&Spent) -> u64| Some(work * share(&instrumented, part)?);
    let mut parts = vec![
        (Loss::Start, f64::from(workers) * start),
        (Loss::Dispatch, part(|spent| spent.dispatch)?),
        (Loss::Waiting, part(|spent| spent.waiting)?),
        (Loss::Lock, part(|spent| spent.lock)?),
        (Loss::Oversubscription, part(|spent| spent.preempted)?),
    ];
    let seen: f64 = parts.iter().map(|(_, part)| part).sum();
    parts.push((Loss::Unexplained, f64::from(workers) - measured - seen));
    let inflation = inflation(results, cell.id, &instrumented)?;
    let whole = parts.iter().all(|(_, part)| part.is_finite()) && inflation.is_finite();
    whole.then_some(Losses { workers, measured, parts, inflation, trials: instrumented.len() as u32 })
}

/// The share of a whole trial that starting and joining take, from the bare trials.
fn start_share(results: &Results, cell: usize) -> Option<f64> {
    let share = |trial: &Trial| {
        let [start, work, join] = trial.phases.map(|phase| phase.wall as f64);
        (start + join) / (start + work + join)
    };
    let shares: Vec<f64> = results.timed(cell).filter(|trial| trial.ok()).map(share).collect();
    stats::median(&shares).filter(|share| share.is_finite())
}

/// The median share of a part in all of the workers' time. What was spent is workers × wall time of the work phase in all.
fn share(instrumented: &[&Trial], part: fn(&Spent) -> u64) -> Option<f64> {
    let share = |spent: Spent| {
        let whole: u64 = <[u64; 5]>::from(spent).iter().sum();
        (whole > 0).then(|| part(&spent) as f64 / whole as f64)
    };
    let shares: Vec<f64> = instrumented.iter().filter_map(|trial| share(trial.spent?)).collect();
    stats::median(&shares)
}

/// How many times longer an item took with clocks around it.
fn inflation(results: &Results, cell: usize, instrumented: &[&Trial]) -> Option<f64> {
    let clocked = instrumented.iter().filter_map(|trial| Some(trial.seconds()? / trial.done.max(1) as f64));
    let bare = stats::median(&values(&per_item(results, cell)))?;
    let clocked = stats::median(&clocked.collect::<Vec<_>>())?;
    (bare > 0.0).then(|| clocked / bare)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Made;
    use super::*;

    fn made(threads: f64) -> Made {
        Made::new(15).noise(0.0).serial(1.0).cell("threads × 4", threads).of(4)
    }

    fn sum(losses: &Losses) -> f64 {
        losses.parts.iter().map(|(_, part)| part).sum()
    }

    #[test]
    fn parts_are_shares_of_the_workers_time_and_sum_to_what_was_lost() {
        let mut made = made(0.5);
        // Of four workers for half a second: 60 % within items, where half of that would do.
        let spent = Spent { service: 1200, dispatch: 200, waiting: 400, lock: 100, preempted: 100 };
        made.instrument(1, 0.55, spent);
        let losses = made.derive().estimates[1].losses.clone().unwrap();
        assert_eq!((losses.workers, losses.trials, losses.rough()), (4, 1, false));
        assert!((losses.measured - 2.0).abs() < 1e-6);
        let expected = [0.0, 0.4, 0.8, 0.2, 0.2, 0.4];
        for ((loss, part), expected) in losses.parts.iter().zip(expected) {
            assert!((part - expected).abs() < 1e-6, "{loss:?}: {part}");
        }
        assert!((sum(&losses) - (4.0 - losses.measured)).abs() < 1e-12);
    }

    #[test]
    fn items_that_ran_faster_are_a_gain_and_slow_clocks_make_it_rough() {
        let mut made = made(0.2);
        made.instrument(1, 0.3, Spent { service: 900, dispatch: 100, ..Spent::default() });
        let losses = made.derive().estimates[1].losses.clone().unwrap();
        let (loss, part) = losses.parts[5];
        assert!(loss == Loss::Unexplained && (part + 1.4).abs() < 1e-6, "{part}");
        assert!((sum(&losses) + 1.0).abs() < 1e-6);
        assert!(losses.rough(), "{}", losses.inflation);
    }

    #[test]
    fn start_counts_where_the_clock_covers_it() {
        let mut made = made(0.5);
        made.results.groups[0].measure = "end_to_end".into();
        made.instrument(1, 0.5, Spent { service: 500, waiting: 500, ..Spent::default() });
        let losses = made.derive().estimates[1].losses.clone().unwrap();
        // 11 ms of start and join beside half a second or more of work.
        let start = losses.parts[0].1;
        assert!(start > 4.0 * 0.011 / 0.7 && start < 4.0 * 0.011 / 0.5, "{start}");
        assert!((losses.parts[2].1 - (4.0 - start) / 2.0).abs() < 1e-9);
        assert!((sum(&losses) - (4.0 - losses.measured)).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_split_without_its_ground() {
        let mut bare = made(0.5);
        assert_eq!(bare.derive().estimates[1].losses, None, "no profiling trial");
        bare.instrument(1, 0.5, Spent::default());
        assert_eq!(bare.derive().estimates[1].losses, None, "nothing was spent");
        let mut looped = made(0.2);
        looped.instrument(1, 0.2, Spent { service: 1, ..Spent::default() });
        looped.results.cells[1].config.workers = None;
        assert_eq!(looped.derive().estimates[1].losses, None, "an event loop has no workers");
        let mut wide = Made::new(15).cell("threads × 2", 0.5).of(2).cell("threads × 4", 0.4).of(4);
        wide.instrument(1, 0.4, Spent { service: 1, ..Spent::default() });
        assert_eq!(wide.derive().estimates[1].losses, None, "the reference has two workers");
    }
}
