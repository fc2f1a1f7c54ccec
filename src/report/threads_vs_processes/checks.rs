//! Whether what was said holds by the measured values. Nothing where a value is missing.

use super::facts::{Facts, Spot, deadly, handled};
use super::pickers::{python, started, with_payload};
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

/// Whether the first was shown to be faster than the second: the whole interval of their ratio lies above one.
pub(super) fn faster(facts: &Facts<'_>, first: Pick, second: Pick) -> Option<bool> {
    let ratio = facts.contrast("gil", python(first.0, first.1, first.2), python(second.0, second.1, second.2))?;
    match (ratio.low?, ratio.high.unwrap_or(f64::INFINITY)) {
        (low, _) if low > 1.0 => Some(true),
        (_, high) if high < 1.0 => Some(false),
        _ => None,
    }
}

/// Processes compute faster than as many threads, which nothing but the GIL keeps from it.
pub(super) fn lock_matters(facts: &Facts<'_>) -> Option<bool> {
    faster(facts, ("primes", Model::Processes, 2), ("primes", Model::Threads, 2))
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
