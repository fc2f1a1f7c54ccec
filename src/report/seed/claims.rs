//! The claims of the text, one by one, each with the cells that measure it.

use super::checks::{
    all, at_least, at_most, crashes, globals_differ, lock_matters, messages_cost, pools_do_not, processes_live_dearer,
    reading_copies, shared_and_separate, start_matters,
};
use super::facts::{Facts, Spot};
use super::{Row, So};
use crate::results::{Cell, Group};
use crate::text::plural;
use crate::vocab::Ending;

/// Picks a cell of Python by task, model and workers.
pub(super) fn python(task: &'static str, model: &'static str, workers: u32) -> impl Fn(&Group, &Cell) -> bool + Copy {
    move |group, cell| {
        group.runtime == "python" && group.task == task && cell.model == model && cell.workers == Some(workers)
    }
}

pub(super) fn with_payload(
    model: &'static str,
    ipc: Option<&'static str>,
    payload: u64,
) -> impl Fn(&Group, &Cell) -> bool + Copy {
    move |group, cell| {
        group.runtime == "python" && cell.model == model && cell.ipc.as_deref() == ipc && group.payload == Some(payload)
    }
}

pub(super) fn started(
    model: &'static str,
    start: Option<&'static str>,
    workers: u32,
) -> impl Fn(&Group, &Cell) -> bool + Copy {
    move |group, cell| {
        group.runtime == "python"
            && cell.model == model
            && cell.start.as_deref() == start
            && cell.workers == Some(workers)
    }
}

fn hashing(bytes: u64) -> impl Fn(&Group, &Cell) -> bool + Copy {
    move |group, cell| {
        let size = group.settings.get("bytes").and_then(serde_json::Value::as_u64);
        group.runtime == "python" && size == Some(bytes) && cell.model == "threads"
    }
}

fn using(access: &'static str, model: &'static str) -> impl Fn(&Group, &Cell) -> bool + Copy {
    move |group, cell| {
        let how = group.settings.get("access").and_then(serde_json::Value::as_str);
        group.runtime == "python" && how == Some(access) && cell.model == model && cell.workers == Some(2)
    }
}

/// The first table: multithreading and multiprocessing.
pub(super) fn comparison(facts: &Facts<'_>) -> Vec<Row> {
    let speed = |pick: (&'static str, &'static str, u32)| facts.speedup("gil", python(pick.0, pick.1, pick.2));
    vec![
        Row {
            feature: "Memory space",
            sides: [
                ("Shared (same process)", globals(facts, "threads", None)),
                ("Separate (independent processes)", globals(facts, "processes", Some("fork"))),
            ],
            so: So {
                holds: shared_and_separate(facts),
                then: "true: a thread's write is seen by main, a process's is not",
            },
            scenarios: &["isolation"],
        },
        Row {
            feature: "Performance type",
            sides: [
                (
                    "Best for I/O-bound tasks",
                    format!(
                        "waits, 4 threads: {}; computing, 2 threads: {}",
                        speed(("sleep", "threads", 4)),
                        speed(("primes", "threads", 2))
                    ),
                ),
                (
                    "Best for CPU-bound tasks",
                    format!(
                        "computing, 2 processes: {}; waits, 4 processes: {}",
                        speed(("primes", "processes", 2)),
                        speed(("sleep", "processes", 4))
                    ),
                ),
            ],
            so: So {
                holds: all([
                    at_least(facts, ("sleep", "threads", 4), 2.0),
                    at_most(facts, ("primes", "threads", 2), 1.3),
                    at_least(facts, ("primes", "processes", 2), 1.2),
                ]),
                then: "true for bytecode",
            },
            scenarios: &["gil"],
        },
        lock_impact(facts),
        communication(facts),
        crash_safety(facts),
        complexity(facts),
    ]
}

fn lock_impact(facts: &Facts<'_>) -> Row {
    let speed = |pick: (&'static str, &'static str, u32)| facts.speedup("gil", python(pick.0, pick.1, pick.2));
    Row {
        feature: "GIL impact",
        sides: [
            ("Affected by GIL", format!("4 threads compute at {}", speed(("primes", "threads", 4)))),
            ("Not affected by GIL", format!("2 processes compute at {}", speed(("primes", "processes", 2)))),
        ],
        so: So {
            holds: lock_matters(facts),
            then: "true for bytecode; C code that lets the lock go is another matter",
        },
        scenarios: &["gil", "gil-releasing"],
    }
}

fn communication(facts: &Facts<'_>) -> Row {
    let item = |model, ipc| facts.per_item("python-ipc", with_payload(model, ipc, 64));
    Row {
        feature: "Communication",
        sides: [
            ("Easy (shared variables)", format!("64 B handed over and back: {}", item("threads", None))),
            (
                "Harder (requires IPC)",
                format!(
                    "64 B there and back: Pipe {}, Queue {}, shared_memory {}, Manager {}",
                    item("processes", Some("pipe")),
                    item("processes", Some("queue")),
                    item("processes", Some("shared_memory")),
                    item("processes", Some("manager"))
                ),
            ),
        ],
        so: So { holds: messages_cost(facts), then: "true: every message costs more than handing over" },
        scenarios: &["python-ipc"],
    }
}

/// Faults that end a process.
const DEADLY: &[&str] = &["abort", "segfault", "exit", "kill"];

pub(super) fn deadly<'a>(facts: &Facts<'a>, pick: impl Fn(&Cell) -> bool) -> Vec<Spot<'a>> {
    let is_deadly = |group: &Group| group.fault.as_ref().is_some_and(|fault| DEADLY.contains(&fault.kind.as_str()));
    facts.cells("crash-safety", |group, cell| group.runtime == "python" && is_deadly(group) && pick(cell))
}

fn survived(spots: &[Spot<'_>]) -> String {
    if spots.is_empty() {
        return "not measured".into();
    }
    let endings: Vec<_> = spots.iter().filter_map(Spot::ending).collect();
    let alive = endings.iter().filter(|(ending, ..)| *ending != Ending::HostDied).count();
    let lost: Vec<String> = endings.iter().map(|(_, lost, _)| lost.to_string()).collect();
    let of = endings.first().map_or(0, |(_, _, of)| *of);
    let lost = if lost.windows(2).all(|pair| pair[0] == pair[1]) {
        lost.first().cloned().unwrap_or_default()
    } else {
        lost.join(", ")
    };
    format!("the program survived {alive} of {}, losing {lost} of {of} items", plural(endings.len() as u64, "fault"))
}

pub(super) fn way(api: &'static str, on_crash: Option<&'static str>) -> impl Fn(&Cell) -> bool {
    move |cell| cell.model == "processes" && cell.api.as_deref() == Some(api) && cell.on_crash.as_deref() == on_crash
}

fn crash_safety(facts: &Facts<'_>) -> Row {
    Row {
        feature: "Crash safety",
        sides: [
            ("One thread crash can affect all", survived(&deadly(facts, |cell| cell.model == "threads"))),
            (
                "Isolated (process crash is contained)",
                format!(
                    "Process, with restart: {}; Pool: {}; ProcessPoolExecutor: {}",
                    survived(&deadly(facts, way("process", Some("restart")))),
                    endings(&deadly(facts, way("pool", None))),
                    endings(&deadly(facts, way("executor", None)))
                ),
            ),
        ],
        so: So { holds: crashes(facts), then: "true of threads, and of bare processes alone" },
        scenarios: &["crash-safety"],
    }
}

/// How cells ended, counted: `4 of 4 timed out`.
fn endings(spots: &[Spot<'_>]) -> String {
    let found: Vec<Ending> = spots.iter().filter_map(Spot::ending).map(|(ending, ..)| ending).collect();
    let mut kinds = found.clone();
    kinds.dedup();
    let count = |kind: &Ending| found.iter().filter(|other| *other == kind).count();
    let words: Vec<String> =
        kinds.iter().map(|kind| format!("{} of {} {}", count(kind), found.len(), kind.words())).collect();
    if words.is_empty() { "not measured".into() } else { words.join(", ") }
}

/// What can be counted of "complexity".
fn complexity(facts: &Facts<'_>) -> Row {
    let ways_to_fail = |model: &str| {
        let spots = facts.cells("crash-safety", |group, cell| group.runtime == "python" && cell.model == model);
        let mut kinds: Vec<String> = spots.iter().filter_map(Spot::ending).map(|(ending, ..)| ending.words()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        format!("{} to fail seen ({})", plural(kinds.len() as u64, "way"), kinds.join(", "))
    };
    let switches = |model, ipc| facts.switches("python-ipc", with_payload(model, ipc, 64));
    Row {
        feature: "Complexity",
        sides: [
            (
                "Easier to implement",
                format!(
                    "counted: 1 process, {} context switches an item, {}",
                    switches("threads", None),
                    ways_to_fail("threads")
                ),
            ),
            (
                "More complex (IPC, process handling)",
                format!(
                    "counted: a process for each worker (and one for a Manager), {} context switches an item over a Pipe, {}",
                    switches("processes", Some("pipe")),
                    ways_to_fail("processes")
                ),
            ),
        ],
        so: So { holds: Some(true), then: "complexity itself is not measured: this is what can be counted of it" },
        scenarios: &["python-ipc", "crash-safety"],
    }
}

/// What a worker saw of a global variable, and main afterwards.
fn globals(facts: &Facts<'_>, model: &'static str, start: Option<&'static str>) -> String {
    let pick =
        |group: &Group, cell: &Cell| group.runtime == "python" && cell.model == model && cell.start.as_deref() == start;
    let seen = match facts.cell("isolation", pick) {
        Ok(spot) => spot.seen(),
        Err(why) => return why,
    };
    let main = seen.iter().find(|seen| seen.worker.is_none());
    // Of several threads the first finds what main wrote, and the next what the first wrote.
    let worker = seen.iter().filter(|seen| seen.worker.is_some()).map(|seen| seen.before).min();
    match (main, worker) {
        (Some(main), Some(worker)) => {
            format!("main set {}; a worker found {worker}; main then found {}", main.before, main.after)
        }
        _ => "not measured".into(),
    }
}

/// The second table: the main process and a new one.
pub(super) fn main_and_child(facts: &Facts<'_>) -> Vec<Row> {
    let start = |start| match facts.cell("start-methods", started("processes", Some(start), 1)) {
        Ok(spot) => spot.start().unwrap_or_else(|| "no value".into()),
        Err(why) => why,
    };
    vec![
        Row {
            feature: "Created by",
            sides: [
                ("Python interpreter", "–".into()),
                (
                    "multiprocessing.Process",
                    format!(
                        "to start one took: fork {}, forkserver {}, spawn {}",
                        start("fork"),
                        start("forkserver"),
                        start("spawn")
                    ),
                ),
            ],
            so: So {
                holds: start_matters(facts),
                then: "imprecise: the start method decides what it costs, spawn over twice as much as fork",
            },
            scenarios: &["start-methods"],
        },
        memory_row(facts),
        globals_row(facts),
        sharing_and_lifetime(facts),
        Row {
            feature: "Affected by GIL",
            sides: [
                (
                    "Yes (if using threads)",
                    format!("4 threads compute at {}", facts.speedup("gil", python("primes", "threads", 4))),
                ),
                (
                    "No – each process has its own interpreter",
                    format!("2 processes compute at {}", facts.speedup("gil", python("primes", "processes", 2))),
                ),
            ],
            so: So { holds: lock_matters(facts), then: "true" },
            scenarios: &["gil"],
        },
    ]
}

fn memory_row(facts: &Facts<'_>) -> Row {
    let memory = |model: &'static str, start: Option<&'static str>, what: &'static str| {
        let pick = |group: &Group, cell: &Cell| {
            started(model, start, 2)(group, cell) && cell.parent_use.as_deref() == Some(what)
        };
        facts.cell("memory", pick).map_or_else(|why| why, |spot| spot.memory().unwrap_or_else(|| "no value".into()))
    };
    Row {
        feature: "Memory space",
        sides: [
            ("Original memory space", format!("2 threads beside 64 MiB: {}", memory("threads", None, "untouched"))),
            (
                "Independent memory (copy, not shared)",
                format!(
                    "2 forked processes: {}; where they read it: {}; spawned: {}",
                    memory("processes", Some("fork"), "untouched"),
                    memory("processes", Some("fork"), "read"),
                    memory("processes", Some("spawn"), "untouched")
                ),
            ),
        ],
        so: So {
            holds: reading_copies(facts),
            then: "imprecise: a forked child shares pages, until it reads its objects, which writes their reference counts",
        },
        scenarios: &["memory"],
    }
}

fn globals_row(facts: &Facts<'_>) -> Row {
    Row {
        feature: "Global variables, sharing",
        sides: [
            ("Full, direct access", format!("threads: {}", globals(facts, "threads", None))),
            (
                "No access to main's globals (copies only)",
                format!(
                    "fork: {}; spawn: {}; forkserver: {}",
                    globals(facts, "processes", Some("fork")),
                    globals(facts, "processes", Some("spawn")),
                    globals(facts, "processes", Some("forkserver"))
                ),
            ),
        ],
        so: So {
            holds: globals_differ(facts),
            then: "imprecise: a forked child has the values of that moment, a spawned one those of the import",
        },
        scenarios: &["isolation"],
    }
}

fn sharing_and_lifetime(facts: &Facts<'_>) -> Row {
    let time = |model, start| facts.time("start-methods", started(model, start, 1));
    Row {
        feature: "Lifetime",
        sides: [
            (
                "Starts with script, ends when script ends",
                format!("a thread, from start() to join(): {}", time("threads", None)),
            ),
            (
                "Starts with .start(), ends with .join()",
                format!(
                    "a process, from start() to join(): fork {}, forkserver {}, spawn {}",
                    time("processes", Some("fork")),
                    time("processes", Some("forkserver")),
                    time("processes", Some("spawn"))
                ),
            ),
        ],
        so: So {
            holds: processes_live_dearer(facts),
            then: "true, and a process takes longer from start to join than a thread",
        },
        scenarios: &["start-methods", "lifetimes"],
    }
}

/// Something that the tables say too simply.
pub(super) struct Correction {
    pub(super) text: String,
    /// Whether the values show it.
    pub(super) holds: Option<bool>,
    pub(super) scenarios: &'static [&'static str],
}

/// What the tables say too simply, with the numbers that show it.
pub(super) fn corrections(facts: &Facts<'_>) -> Vec<Correction> {
    let hash = |bytes| facts.speedup("gil-releasing", hashing(bytes));
    let big = facts.speedup_within("gil-releasing", hashing(1 << 20));
    let waiting = |model: &'static str| {
        move |group: &Group, cell: &Cell| group.runtime == "python" && cell.model == model && cell.workers == Some(2)
    };
    let delay = |model| facts.time("convoy", waiting(model));
    let slower = facts.seconds("convoy", waiting("threads")).zip(facts.seconds("convoy", waiting("processes")));
    let database = |access, model| facts.speedup("database", using(access, model));
    let one_by_one = facts.speedup_within("database", using("rows", "threads"));
    vec![
        Correction {
            text: format!(
                "\"Threads do not scale for CPU-bound tasks\" holds for bytecode. hashlib lets the lock go from 2048 bytes on: two threads hash blocks of 1000 B at {}, of 64 KiB at {}, of 1 MiB at {}.",
                hash(1000),
                hash(64 << 10),
                hash(1 << 20)
            ),
            holds: big.map(|(low, _)| low > 1.1),
            scenarios: &["gil-releasing"],
        },
        Correction {
            text: format!(
                "\"Threads suit I/O\" holds while nobody computes. 50 waits of 1 ms beside a computing thread took {}; beside a computing process {}.",
                delay("threads"),
                delay("processes")
            ),
            holds: slower.map(|(threads, processes)| threads > 2.0 * processes),
            scenarios: &["convoy"],
        },
        Correction {
            text: format!(
                "\"Threads for reading from and writing to databases\": every row that sqlite3 fetches lets the lock go and takes it again. Row by row, two threads read at {}, two processes at {}; where SQLite adds the rows up in one call, two threads at {}. SQLite lets one connection write at a time: with a commit for every row, two threads insert at {}, two processes at {}; with one for every thousand rows at {} and {}.",
                database("rows", "threads"),
                database("rows", "processes"),
                database("sum", "threads"),
                database("insert_autocommit", "threads"),
                database("insert_autocommit", "processes"),
                database("insert_transaction", "threads"),
                database("insert_transaction", "processes")
            ),
            holds: one_by_one.map(|(_, high)| high < 1.0),
            scenarios: &["database"],
        },
        Correction {
            text: format!(
                "\"A process crash is contained\" holds for bare processes. multiprocessing.Pool: {}; ProcessPoolExecutor: {}.",
                endings(&deadly(facts, way("pool", None))),
                endings(&deadly(facts, way("executor", None)))
            ),
            holds: pools_do_not(facts),
            scenarios: &["crash-safety"],
        },
        Correction {
            text: "A child has \"copies\" of globals as they are now if it was forked, and as they were at import if it was spawned: see the row on globals.".into(),
            holds: globals_differ(facts),
            scenarios: &["isolation"],
        },
    ]
}
