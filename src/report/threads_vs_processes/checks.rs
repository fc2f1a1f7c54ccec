//! Whether what was said holds by the measured values. Nothing where a value is missing.

use super::claims::{deadly, handled, python, started, with_payload};
use super::facts::{Facts, Spot};
use crate::results::{Configuration, Seen, Workload};
use crate::setting::{Method, Model, OnCrash, OutcomeKind, ParentUse, Runtime, Start};

type Pick = (&'static str, Model, u32);

/// Whether all hold; nothing where one is not known and none fails.
pub(super) fn all<const N: usize>(found: [Option<bool>; N]) -> Option<bool> {
    if found.contains(&Some(false)) {
        return Some(false);
    }
    found.iter().all(Option::is_some).then_some(true)
}

/// Whether the whole interval of a speed-up lies above a bound.
pub(super) fn at_least(facts: &Facts<'_>, (task, model, workers): Pick, bound: f64) -> Option<bool> {
    facts.speedup_within("gil", python(task, model, workers)).map(|(low, _)| low >= bound)
}

/// Whether the whole interval of a speed-up lies below a bound.
pub(super) fn at_most(facts: &Facts<'_>, (task, model, workers): Pick, bound: f64) -> Option<bool> {
    facts.speedup_within("gil", python(task, model, workers)).map(|(_, high)| high <= bound)
}

/// Threads do not compute faster than one, and processes do.
pub(super) fn lock_matters(facts: &Facts<'_>) -> Option<bool> {
    all([at_most(facts, ("primes", Model::Threads, 4), 1.3), at_least(facts, ("primes", Model::Processes, 2), 1.2)])
}

fn seen(facts: &Facts<'_>, model: Model, start: Option<Start>) -> Option<(Seen, u64)> {
    let pick = move |workload: &Workload, configuration: &Configuration| {
        workload.runtime == Runtime::Python
            && configuration.config.model == model
            && configuration.config.start == start
    };
    let seen = facts.configuration("isolation", pick).ok()?.seen();
    let main = seen.iter().copied().find(|seen| seen.worker.is_none())?;
    Some((main, seen.iter().filter(|seen| seen.worker.is_some()).map(|seen| seen.before).min()?))
}

/// What a thread writes, main finds; what a process writes, it does not.
pub(super) fn shared_and_separate(facts: &Facts<'_>) -> Option<bool> {
    let (threads, _) = seen(facts, Model::Threads, None)?;
    let (forked, _) = seen(facts, Model::Processes, Some(Start::Fork))?;
    Some(threads.after != threads.before && forked.after == forked.before)
}

/// A forked child finds what main wrote, a spawned one what the module did.
pub(super) fn globals_differ(facts: &Facts<'_>) -> Option<bool> {
    let (main, forked) = seen(facts, Model::Processes, Some(Start::Fork))?;
    let (_, spawned) = seen(facts, Model::Processes, Some(Start::Spawn))?;
    Some(forked == main.before && spawned != main.before)
}

/// A message over any method takes longer than handing over to a thread.
pub(super) fn messages_cost(facts: &Facts<'_>) -> Option<bool> {
    let item = |model, ipc| facts.item_seconds("python-ipc", with_payload(model, ipc, 64));
    let thread = item(Model::Threads, None)?;
    all([Method::Pipe, Method::Queue, Method::SharedMemory, Method::Manager]
        .map(|ipc| Some(item(Model::Processes, Some(ipc))? > thread)))
}

fn every(spots: &[Spot<'_>], holds: impl Fn(OutcomeKind, u64) -> bool) -> Option<bool> {
    let endings: Vec<(OutcomeKind, u64, u64)> = spots.iter().filter_map(Spot::ending).collect();
    (!endings.is_empty()).then(|| endings.iter().all(|(ending, lost, _)| holds(*ending, *lost)))
}

/// A deadly fault ends a program of threads; started anew, processes lose one item.
pub(super) fn crashes(facts: &Facts<'_>) -> Option<bool> {
    all([
        every(&deadly(facts, |configuration| configuration.config.model == Model::Threads), |ending, _| {
            ending == OutcomeKind::HostDied
        }),
        every(&deadly(facts, handled(Model::Processes, Some(OnCrash::Restart))), |ending, lost| {
            ending != OutcomeKind::HostDied && lost == 1
        }),
    ])
}

/// Python's own pools finish nothing more after a worker has died.
pub(super) fn pools_do_not(facts: &Facts<'_>) -> Option<bool> {
    all([
        every(&deadly(facts, handled(Model::Pool, None)), |ending, _| ending == OutcomeKind::TimedOut),
        every(&deadly(facts, handled(Model::ProcessPoolExecutor, None)), |ending, lost| {
            ending == OutcomeKind::Failed && lost > 0
        }),
    ])
}

/// Spawning takes more than twice as long as forking.
pub(super) fn start_matters(facts: &Facts<'_>) -> Option<bool> {
    let start =
        |start| facts.configuration("start-methods", started(Model::Processes, Some(start), 1)).ok()?.start_nanos();
    Some(start(Start::Spawn)? > 2 * start(Start::Fork)?)
}

/// A forked child that reads what the parent holds has most of it to itself; one that does not, little.
pub(super) fn reading_copies(facts: &Facts<'_>) -> Option<bool> {
    let private = |what: ParentUse| {
        let pick = move |workload: &Workload, configuration: &Configuration| {
            started(Model::Processes, Some(Start::Fork), 2)(workload, configuration)
                && configuration.config.parent_use == Some(what)
        };
        facts.configuration("memory", pick).ok()?.private()
    };
    Some(private(ParentUse::Read)? > 4 * private(ParentUse::Untouched)?)
}

/// From start to join a process takes longer than a thread, however it is started.
pub(super) fn processes_live_dearer(facts: &Facts<'_>) -> Option<bool> {
    let seconds = |model, start| facts.seconds("start-methods", started(model, start, 1));
    let thread = seconds(Model::Threads, None)?;
    all([Start::Fork, Start::Spawn, Start::Forkserver]
        .map(|start| Some(seconds(Model::Processes, Some(start))? > thread)))
}
