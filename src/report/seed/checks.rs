//! Whether what was said holds by the measured values. Nothing where a value is missing.

use super::claims::{deadly, python, started, way, with_payload};
use super::facts::{Facts, Spot};
use crate::results::{Cell, Group, Seen};
use crate::vocab::Ending;

type Pick = (&'static str, &'static str, u32);

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
    all([at_most(facts, ("primes", "threads", 4), 1.3), at_least(facts, ("primes", "processes", 2), 1.2)])
}

fn seen(facts: &Facts<'_>, model: &'static str, start: Option<&'static str>) -> Option<(Seen, u64)> {
    let pick = move |group: &Group, cell: &Cell| {
        group.runtime == "python" && cell.model == model && cell.start.as_deref() == start
    };
    let seen = facts.cell("isolation", pick).ok()?.seen();
    let main = seen.iter().copied().find(|seen| seen.worker.is_none())?;
    Some((main, seen.iter().filter(|seen| seen.worker.is_some()).map(|seen| seen.before).min()?))
}

/// What a thread writes, main finds; what a process writes, it does not.
pub(super) fn shared_and_separate(facts: &Facts<'_>) -> Option<bool> {
    let (threads, _) = seen(facts, "threads", None)?;
    let (forked, _) = seen(facts, "processes", Some("fork"))?;
    Some(threads.after != threads.before && forked.after == forked.before)
}

/// A forked child finds what main wrote, a spawned one what the module did.
pub(super) fn globals_differ(facts: &Facts<'_>) -> Option<bool> {
    let (main, forked) = seen(facts, "processes", Some("fork"))?;
    let (_, spawned) = seen(facts, "processes", Some("spawn"))?;
    Some(forked == main.before && spawned != main.before)
}

/// A message over any method takes longer than handing over to a thread.
pub(super) fn messages_cost(facts: &Facts<'_>) -> Option<bool> {
    let item = |model, ipc| facts.item_seconds("python-ipc", with_payload(model, ipc, 64));
    let thread = item("threads", None)?;
    all(["pipe", "queue", "shared_memory", "manager"].map(|ipc| Some(item("processes", Some(ipc))? > thread)))
}

fn every(spots: &[Spot<'_>], holds: impl Fn(Ending, u64) -> bool) -> Option<bool> {
    let endings: Vec<(Ending, u64, u64)> = spots.iter().filter_map(Spot::ending).collect();
    (!endings.is_empty()).then(|| endings.iter().all(|(ending, lost, _)| holds(*ending, *lost)))
}

/// A deadly fault ends a program of threads; started anew, processes lose one item.
pub(super) fn crashes(facts: &Facts<'_>) -> Option<bool> {
    all([
        every(&deadly(facts, |cell| cell.model == "threads"), |ending, _| ending == Ending::HostDied),
        every(&deadly(facts, way("process", Some("restart"))), |ending, lost| ending != Ending::HostDied && lost == 1),
    ])
}

/// Python's own pools finish nothing more after a worker has died.
pub(super) fn pools_do_not(facts: &Facts<'_>) -> Option<bool> {
    all([
        every(&deadly(facts, way("pool", None)), |ending, _| ending == Ending::TimedOut),
        every(&deadly(facts, way("executor", None)), |ending, lost| ending == Ending::Failed && lost > 0),
    ])
}

/// Spawning takes more than twice as long as forking.
pub(super) fn start_matters(facts: &Facts<'_>) -> Option<bool> {
    let start = |start| facts.cell("start-methods", started("processes", Some(start), 1)).ok()?.start_nanos();
    Some(start("spawn")? > 2 * start("fork")?)
}

/// A forked child that reads what the parent holds has most of it to itself; one that does not, little.
pub(super) fn reading_copies(facts: &Facts<'_>) -> Option<bool> {
    let private = |what: &'static str| {
        let pick = move |group: &Group, cell: &Cell| {
            started("processes", Some("fork"), 2)(group, cell) && cell.parent_use.as_deref() == Some(what)
        };
        facts.cell("memory", pick).ok()?.private()
    };
    Some(private("read")? > 4 * private("untouched")?)
}

/// From start to join a process takes longer than a thread, however it is started.
pub(super) fn processes_live_dearer(facts: &Facts<'_>) -> Option<bool> {
    let seconds = |model, start| facts.seconds("start-methods", started(model, start, 1));
    let thread = seconds("threads", None)?;
    all(["fork", "spawn", "forkserver"].map(|start| Some(seconds("processes", Some(start))? > thread)))
}
