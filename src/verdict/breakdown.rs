//! Where the speed-up of a configuration went: workers × time that was not the reference's work, split by what the profiling
//! trials saw.

use super::samples::{per_item, values};
use crate::results::{Breakdown, Configuration, Interval, Kind, Loss, Results, Spent, Trial};
use crate::setting::{GilState, Measure, Runtime};
use crate::stats;

/// The split of one configuration. `None` for the reference, for configurations without workers whose time it could be, such as an event loop,
/// where the reference itself has several workers or sends messages to one, where the speed-up is not known, and without profiling trials that say
/// where time went.
pub(super) fn of(results: &Results, configuration: &Configuration, speedup: Option<&Interval>) -> Option<Breakdown> {
    let workload = &results.workloads[configuration.workload];
    let reference = reference(results, configuration)?;
    // Where the reference sends messages too, its time is no measure of the work.
    let is_work = reference.config.ipc.is_none() && reference.config.workers.unwrap_or(1) == 1;
    if reference.id == configuration.id || !is_work {
        return None;
    }
    let workers = configuration.config.workers?.max(1);
    let measured = speedup?.median;
    let profiling: Vec<&Trial> = results
        .trials
        .iter()
        .filter(|trial| {
            trial.configuration == configuration.id
                && trial.kind == Kind::Profiling
                && trial.ok()
                && trial.details.spent.is_some()
        })
        .collect();
    let start = if workload.measure == Measure::EndToEnd { start_share(results, configuration.id)? } else { 0.0 };
    // Outside of start and join, the workers' time splits as it did in the work phase of the profiling trials.
    let work = f64::from(workers) * (1.0 - start);
    let part = |part: fn(&Spent) -> u64| Some(work * share(&profiling, part)?);
    let mut parts = vec![
        (Loss::Start, f64::from(workers) * start),
        (Loss::Dispatch, part(|spent| spent.dispatch)?),
        (Loss::Waiting, part(|spent| spent.waiting)?),
        (Loss::Lock, part(|spent| spent.lock)? + work * gil_share(results, configuration, &profiling)),
        (Loss::Oversubscription, part(|spent| spent.preempted)?),
    ];
    let seen: f64 = parts.iter().map(|(_, part)| part).sum();
    parts.push((Loss::Unexplained, f64::from(workers) - measured - seen));
    let inflation = inflation(results, configuration.id, &profiling)?;
    let whole = parts.iter().all(|(_, part)| part.is_finite()) && inflation.is_finite();
    whole.then_some(Breakdown { workers, measured, parts, inflation, trials: profiling.len() as u32 })
}

/// What its speedup is split against: the reference of the workload as its own variant runs it, so that what is lost is the model's doing.
pub(super) fn reference<'a>(results: &'a Results, configuration: &Configuration) -> Option<&'a Configuration> {
    let reference = &results.configurations[results.workloads[configuration.workload].reference];
    results.under(configuration.variant, reference)
}

/// The share of a whole trial that starting and joining take, from the bare trials.
fn start_share(results: &Results, configuration: usize) -> Option<f64> {
    let share = |trial: &Trial| {
        let [start, work, join] = trial.phases.map(|phase| phase.wall as f64);
        (start + join) / (start + work + join)
    };
    let shares: Vec<f64> = results.timed(configuration).filter(|trial| trial.ok()).map(share).collect();
    stats::median(&shares).filter(|share| share.is_finite())
}

/// The median share of a part in all of the workers' time. What was spent is workers × wall time of the work phase in all.
fn share(profiling: &[&Trial], part: fn(&Spent) -> u64) -> Option<f64> {
    let share = |spent: Spent| {
        let whole = spent.whole();
        (whole > 0).then(|| part(&spent) as f64 / whole as f64)
    };
    let shares: Vec<f64> = profiling.iter().filter_map(|trial| share(trial.details.spent?)).collect();
    stats::median(&shares)
}

/// The share of the workers' time in which items of CPython waited for the GIL: their threads were blocked for longer than the same
/// items are in the reference, which nobody holds it against. 0 where there is no GIL or nothing is known of it.
fn gil_share(results: &Results, configuration: &Configuration, profiling: &[&Trial]) -> f64 {
    let workload = &results.workloads[configuration.workload];
    let has_gil = workload.runtime == Runtime::Python
        && match configuration.config.gil {
            Some(state) => state == GilState::Enabled,
            None => results.interpreter_of(configuration).is_none_or(|found| found.gil),
        };
    let each = |trial: &Trial| Some(trial.details.spent?.blocked as f64 / trial.done.max(1) as f64);
    let alone_in = reference(results, configuration).map_or(workload.reference, |reference| reference.id);
    let of_reference = results
        .trials
        .iter()
        .filter(|trial| trial.configuration == alone_in && trial.kind == Kind::Profiling && trial.ok());
    let Some(alone) = stats::median(&of_reference.filter_map(each).collect::<Vec<_>>()).filter(|_| has_gil) else {
        return 0.0;
    };
    let share = |trial: &&Trial| {
        let spent = trial.details.spent?;
        let waited = spent.blocked as f64 - alone * trial.done as f64;
        (spent.whole() > 0).then(|| waited.max(0.0) / spent.whole() as f64)
    };
    stats::median(&profiling.iter().filter_map(share).collect::<Vec<_>>()).unwrap_or(0.0)
}

/// How many times longer an item took with clocks around it.
fn inflation(results: &Results, configuration: usize, profiling: &[&Trial]) -> Option<f64> {
    let clocked = profiling.iter().filter_map(|trial| Some(trial.seconds()? / trial.done.max(1) as f64));
    let bare = stats::median(&values(&per_item(results, configuration)))?;
    let clocked = stats::median(&clocked.collect::<Vec<_>>())?;
    (bare > 0.0).then(|| clocked / bare)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Made;
    use super::*;

    fn made(threads: f64) -> Made {
        Made::new(15).noise(0.0).serial(1.0).configuration("threads × 4", threads).of(4)
    }

    fn sum(breakdown: &Breakdown) -> f64 {
        breakdown.parts.iter().map(|(_, part)| part).sum()
    }

    #[test]
    fn parts_are_shares_of_the_workers_time_and_sum_to_what_was_lost() {
        let mut made = made(0.5);
        // Of four workers for half a second: 60 % within items, where half of that would do.
        let spent = Spent { service: 1200, dispatch: 200, waiting: 400, lock: 100, preempted: 100, blocked: 0 };
        made.instrument(1, 0.55, spent);
        let breakdown = made.derive().estimates[1].breakdown.clone().unwrap();
        assert_eq!((breakdown.workers, breakdown.trials, breakdown.rough()), (4, 1, false));
        assert!((breakdown.measured - 2.0).abs() < 1e-6);
        let expected = [0.0, 0.4, 0.8, 0.2, 0.2, 0.4];
        for ((loss, part), expected) in breakdown.parts.iter().zip(expected) {
            assert!((part - expected).abs() < 1e-6, "{loss:?}: {part}");
        }
        assert!((sum(&breakdown) - (4.0 - breakdown.measured)).abs() < 1e-12);
    }

    #[test]
    fn items_that_ran_faster_are_a_gain_and_slow_clocks_make_it_rough() {
        let mut made = made(0.2);
        made.instrument(1, 0.3, Spent { service: 900, dispatch: 100, ..Spent::default() });
        let breakdown = made.derive().estimates[1].breakdown.clone().unwrap();
        let (loss, part) = breakdown.parts[5];
        assert!(loss == Loss::Unexplained && (part + 1.4).abs() < 1e-6, "{part}");
        assert!((sum(&breakdown) + 1.0).abs() < 1e-6);
        assert!(breakdown.rough(), "{}", breakdown.inflation);
    }

    #[test]
    fn start_counts_where_the_clock_covers_it() {
        let mut made = made(0.5);
        made.results.workloads[0].measure = "end_to_end".into();
        made.instrument(1, 0.5, Spent { service: 500, waiting: 500, ..Spent::default() });
        let breakdown = made.derive().estimates[1].breakdown.clone().unwrap();
        // 11 ms of start and join beside half a second or more of work.
        let start = breakdown.parts[0].1;
        assert!(start > 4.0 * 0.011 / 0.7 && start < 4.0 * 0.011 / 0.5, "{start}");
        assert!((breakdown.parts[2].1 - (4.0 - start) / 2.0).abs() < 1e-9);
        assert!((sum(&breakdown) - (4.0 - breakdown.measured)).abs() < 1e-12);
    }

    #[test]
    fn the_wait_for_the_gil_is_what_threads_are_blocked_for_beyond_the_reference() {
        let gil = |blocked: u64, alone: u64, gil: bool| {
            let mut made = made(0.5);
            made.results.workloads[0].runtime = Runtime::Python;
            made.results.workloads[0].interpreter = Some(crate::results::Interpreter {
                label: "CPython 3.11".into(),
                version: "3.11".into(),
                free_threaded: !gil,
                gil,
            });
            made.instrument(0, 1.0, Spent { service: 1000, blocked: alone, ..Spent::default() });
            made.instrument(1, 0.5, Spent { service: 1600, dispatch: 400, blocked, ..Spent::default() });
            let breakdown = made.derive().estimates[1].breakdown.clone().unwrap();
            assert!((sum(&breakdown) - (4.0 - breakdown.measured)).abs() < 1e-12);
            breakdown.parts[3].1
        };
        assert!((gil(1000, 0, true) - 2.0).abs() < 1e-9, "half of the time of four workers");
        assert!((gil(1000, 500, true) - 1.0).abs() < 1e-9, "items that wait for something else do so alone too");
        assert_eq!((gil(1000, 1200, true), gil(1000, 0, false)), (0.0, 0.0));
    }

    #[test]
    fn nothing_is_split_without_its_ground() {
        let mut bare = made(0.5);
        assert_eq!(bare.derive().estimates[1].breakdown, None, "no profiling trial");
        bare.instrument(1, 0.5, Spent::default());
        assert_eq!(bare.derive().estimates[1].breakdown, None, "nothing was spent");
        let mut looped = made(0.2);
        looped.instrument(1, 0.2, Spent { service: 1, ..Spent::default() });
        looped.results.configurations[1].config.workers = None;
        assert_eq!(looped.derive().estimates[1].breakdown, None, "an event loop has no workers");
        let mut sent = made(0.2);
        sent.instrument(1, 0.2, Spent { service: 1, ..Spent::default() });
        sent.results.configurations[0].config.ipc = Some(crate::setting::Method::Pipe);
        assert_eq!(sent.derive().estimates[1].breakdown, None, "the reference is another IPC method");
        let mut wide = Made::new(15).configuration("threads × 2", 0.5).of(2).configuration("threads × 4", 0.4).of(4);
        wide.instrument(1, 0.4, Spent { service: 1, ..Spent::default() });
        assert_eq!(wide.derive().estimates[1].breakdown, None, "the reference has two workers");
    }
}
