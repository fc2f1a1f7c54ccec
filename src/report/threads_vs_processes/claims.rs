//! The claims of the text, one by one, each with the configurations that measure it.

use super::checks::{
    all, crashes, faster, globals_differ, lock_matters, messages_cost, pools_do_not, processes_live_dearer,
    reading_copies, shared_and_separate, start_matters,
};
use super::facts::{Facts, Spot, deadly, handled};
use super::pickers::{hashing, python, started, using, with_payload};
use super::{Row, So};
use crate::results::{Configuration, Workload};
use crate::setting::{Method, Model, OnCrash, OutcomeKind, ParentUse, Runtime, Start};
use crate::text::plural;

/// The first table: multithreading and multiprocessing.
pub(super) fn comparison(facts: &Facts<'_>) -> Vec<Row> {
    let speed = |pick: (&'static str, Model, u32)| facts.speedup("gil", python(pick.0, pick.1, pick.2));
    vec![
        Row {
            feature: "Memory space",
            sides: [
                ("Shared (same process)", globals(facts, Model::Threads, None)),
                ("Separate (independent processes)", globals(facts, Model::Processes, Some(Start::Fork))),
            ],
            so: So { holds: shared_and_separate(facts), then: "true: main sees a thread's write, but not a process's" },
            scenarios: &["isolation"],
        },
        Row {
            feature: "Performance type",
            sides: [
                (
                    "Best for I/O-bound tasks",
                    format!(
                        "waits, 4 threads: {}; computing, 2 threads: {}",
                        speed(("sleep", Model::Threads, 4)),
                        speed(("primes", Model::Threads, 2))
                    ),
                ),
                (
                    "Best for CPU-bound tasks",
                    format!(
                        "computing, 2 processes: {}; waits, 4 processes: {}",
                        speed(("primes", Model::Processes, 2)),
                        speed(("sleep", Model::Processes, 4))
                    ),
                ),
            ],
            so: So {
                holds: all([
                    faster(facts, ("sleep", Model::Threads, 4), ("sleep", Model::Threads, 2)),
                    faster(facts, ("primes", Model::Processes, 2), ("primes", Model::Threads, 2)),
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
    let speed = |pick: (&'static str, Model, u32)| facts.speedup("gil", python(pick.0, pick.1, pick.2));
    Row {
        feature: "GIL impact",
        sides: [
            ("Affected by GIL", format!("2 threads compute at {}", speed(("primes", Model::Threads, 2)))),
            (
                "Not affected by GIL",
                format!(
                    "2 processes compute at {}, {} as fast as 2 threads",
                    speed(("primes", Model::Processes, 2)),
                    facts.contrasted("gil", python("primes", Model::Processes, 2), python("primes", Model::Threads, 2))
                ),
            ),
        ],
        so: So {
            holds: lock_matters(facts),
            then: "true for bytecode; C code that releases the GIL is another matter",
        },
        scenarios: &["gil", "gil-releasing"],
    }
}

fn communication(facts: &Facts<'_>) -> Row {
    let item = |model, ipc| facts.per_item("python-ipc", with_payload(model, ipc, 64));
    Row {
        feature: "Communication",
        sides: [
            ("Easy (shared variables)", format!("64 B round trip: {}", item(Model::Threads, None))),
            (
                "Harder (requires IPC)",
                format!(
                    "64 B round trip: Pipe {}, Queue {}, shared_memory {}, Manager {}",
                    item(Model::Processes, Some(Method::Pipe)),
                    item(Model::Processes, Some(Method::Queue)),
                    item(Model::Processes, Some(Method::SharedMemory)),
                    item(Model::Processes, Some(Method::Manager))
                ),
            ),
        ],
        so: So { holds: messages_cost(facts), then: "true: every message costs more than a dispatch between threads" },
        scenarios: &["python-ipc"],
    }
}

fn survived(spots: &[Spot<'_>]) -> String {
    if spots.is_empty() {
        return "not measured".into();
    }
    let endings: Vec<_> = spots.iter().filter_map(Spot::ending).collect();
    let alive = endings.iter().filter(|(ending, ..)| *ending != OutcomeKind::HostDied).count();
    let lost: Vec<String> = endings.iter().map(|(_, lost, _)| lost.to_string()).collect();
    let of = endings.first().map_or(0, |(_, _, of)| *of);
    let lost = if lost.windows(2).all(|pair| pair[0] == pair[1]) {
        lost.first().cloned().unwrap_or_default()
    } else {
        lost.join(", ")
    };
    format!("the program survived {alive} of {}, losing {lost} of {of} items", plural(endings.len() as u64, "fault"))
}

fn crash_safety(facts: &Facts<'_>) -> Row {
    Row {
        feature: "Crash safety",
        sides: [
            (
                "One thread crash can affect all",
                survived(&deadly(facts, |configuration| configuration.config.model == Model::Threads)),
            ),
            (
                "Isolated (process crash is contained)",
                format!(
                    "Process, with restart: {}; Pool: {}; ProcessPoolExecutor: {}",
                    survived(&deadly(facts, handled(Model::Processes, Some(OnCrash::Restart)))),
                    endings(&deadly(facts, handled(Model::Pool, None))),
                    endings(&deadly(facts, handled(Model::ProcessPoolExecutor, None)))
                ),
            ),
        ],
        so: So { holds: crashes(facts), then: "true of threads, and of bare processes alone" },
        scenarios: &["crash-safety"],
    }
}

/// How configurations ended, counted: `4 of 4 timed out`.
fn endings(spots: &[Spot<'_>]) -> String {
    let found: Vec<OutcomeKind> = spots.iter().filter_map(Spot::ending).map(|(ending, ..)| ending).collect();
    let mut kinds = found.clone();
    kinds.dedup();
    let count = |kind: &OutcomeKind| found.iter().filter(|other| *other == kind).count();
    let words: Vec<String> =
        kinds.iter().map(|kind| format!("{} of {} {}", count(kind), found.len(), kind.shown())).collect();
    if words.is_empty() { "not measured".into() } else { words.join(", ") }
}

/// What can be counted of "complexity".
fn complexity(facts: &Facts<'_>) -> Row {
    let ways_to_fail = |model: Model| {
        let spots = facts.configurations("crash-safety", |workload, configuration| {
            workload.runtime == Runtime::Python && configuration.config.model == model
        });
        let mut kinds: Vec<String> =
            spots.iter().filter_map(Spot::ending).map(|(ending, ..)| ending.shown().to_owned()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        format!("{} observed ({})", plural(kinds.len() as u64, "failure mode"), kinds.join(", "))
    };
    let switches = |model, ipc| facts.switches("python-ipc", with_payload(model, ipc, 64));
    Row {
        feature: "Complexity",
        sides: [
            (
                "Easier to implement",
                format!(
                    "counted: 1 process, {} context switches an item, {}",
                    switches(Model::Threads, None),
                    ways_to_fail(Model::Threads)
                ),
            ),
            (
                "More complex (IPC, process handling)",
                format!(
                    "counted: a process for each worker (and one for a Manager), {} context switches an item over a Pipe, {}",
                    switches(Model::Processes, Some(Method::Pipe)),
                    ways_to_fail(Model::Processes)
                ),
            ),
        ],
        so: So { holds: Some(true), then: "complexity itself is not measured: this is what can be counted of it" },
        scenarios: &["python-ipc", "crash-safety"],
    }
}

/// What a worker saw of a global variable, and main afterwards.
fn globals(facts: &Facts<'_>, model: Model, start: Option<Start>) -> String {
    let pick = |workload: &Workload, configuration: &Configuration| {
        workload.runtime == Runtime::Python
            && configuration.config.model == model
            && configuration.config.start == start
    };
    let seen = match facts.configuration("isolation", pick) {
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
    let start = |start| match facts.configuration("start-methods", started(Model::Processes, Some(start), 1)) {
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
                        start(Start::Fork),
                        start(Start::Forkserver),
                        start(Start::Spawn)
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
                    format!("2 threads compute at {}", facts.speedup("gil", python("primes", Model::Threads, 2))),
                ),
                (
                    "No – each process has its own interpreter",
                    format!("2 processes compute at {}", facts.speedup("gil", python("primes", Model::Processes, 2))),
                ),
            ],
            so: So { holds: lock_matters(facts), then: "true" },
            scenarios: &["gil"],
        },
    ]
}

fn memory_row(facts: &Facts<'_>) -> Row {
    let memory = |model: Model, start: Option<Start>, what: ParentUse| {
        let pick = |workload: &Workload, configuration: &Configuration| {
            started(model, start, 2)(workload, configuration) && configuration.config.parent_use == Some(what)
        };
        facts
            .configuration("memory", pick)
            .map_or_else(|why| why, |spot| spot.memory().unwrap_or_else(|| "no value".into()))
    };
    Row {
        feature: "Memory space",
        sides: [
            (
                "Original memory space",
                format!("2 threads with a 64 MiB parent: {}", memory(Model::Threads, None, ParentUse::Untouched)),
            ),
            (
                "Independent memory (copy, not shared)",
                format!(
                    "2 forked processes: {}; where they read it: {}; spawned: {}",
                    memory(Model::Processes, Some(Start::Fork), ParentUse::Untouched),
                    memory(Model::Processes, Some(Start::Fork), ParentUse::Read),
                    memory(Model::Processes, Some(Start::Spawn), ParentUse::Untouched)
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
            ("Full, direct access", format!("threads: {}", globals(facts, Model::Threads, None))),
            (
                "No access to main's globals (copies only)",
                format!(
                    "fork: {}; spawn: {}; forkserver: {}",
                    globals(facts, Model::Processes, Some(Start::Fork)),
                    globals(facts, Model::Processes, Some(Start::Spawn)),
                    globals(facts, Model::Processes, Some(Start::Forkserver))
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
                format!("a thread, from start() to join(): {}", time(Model::Threads, None)),
            ),
            (
                "Starts with .start(), ends with .join()",
                format!(
                    "a process, from start() to join(): fork {}, forkserver {}, spawn {}",
                    time(Model::Processes, Some(Start::Fork)),
                    time(Model::Processes, Some(Start::Forkserver)),
                    time(Model::Processes, Some(Start::Spawn))
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
    let waiting = |model: Model| {
        move |workload: &Workload, configuration: &Configuration| {
            workload.runtime == Runtime::Python
                && configuration.config.model == model
                && configuration.config.workers == Some(2)
        }
    };
    let delay = |model| facts.time("convoy", waiting(model));
    let slower =
        facts.seconds("convoy", waiting(Model::Threads)).zip(facts.seconds("convoy", waiting(Model::Processes)));
    vec![
        Correction {
            text: format!(
                "\"Threads do not scale for CPU-bound tasks\" holds for bytecode. hashlib releases the GIL for inputs \
                 of 2048 bytes and more: two threads hash rounds of 1000 B at {}, of 64 KiB at {}, of 1 MiB at {}.",
                hash(1000),
                hash(64 << 10),
                hash(1 << 20)
            ),
            holds: big.map(|(low, _)| low > 1.1),
            scenarios: &["gil-releasing"],
        },
        Correction {
            text: format!(
                "\"Threads suit I/O\" holds while no thread computes. With a computing thread, 50 waits of 1 ms took \
                 {}; with a computing process, {}.",
                delay(Model::Threads),
                delay(Model::Processes)
            ),
            holds: slower.map(|(threads, processes)| threads > 2.0 * processes),
            scenarios: &["convoy"],
        },
        databases(facts),
        Correction {
            text: format!(
                "\"A process crash is contained\" holds for bare processes. multiprocessing.Pool: {}; ProcessPoolExecutor: {}.",
                endings(&deadly(facts, handled(Model::Pool, None))),
                endings(&deadly(facts, handled(Model::ProcessPoolExecutor, None)))
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

/// Threads at a database: what it does at each row and each commit decides.
fn databases(facts: &Facts<'_>) -> Correction {
    let database = |access, model| facts.speedup("database", using(access, model));
    let one_by_one = facts.speedup_within("database", using("rows", Model::Threads));
    Correction {
        text: format!(
            "\"Threads for reading from and writing to databases\": every row that sqlite3 fetches releases the \
             GIL and takes it again. Row by row, two threads read at {}, two processes at {}; where SQLite adds \
             the rows up in one call, two threads at {}. SQLite lets one connection write at a time: with a commit \
             for every row, two threads insert at {}, two processes at {}; with one for every thousand rows at {} \
             and {}.",
            database("rows", Model::Threads),
            database("rows", Model::Processes),
            database("sum", Model::Threads),
            database("insert_autocommit", Model::Threads),
            database("insert_autocommit", Model::Processes),
            database("insert_transaction", Model::Threads),
            database("insert_transaction", Model::Processes)
        ),
        holds: one_by_one.map(|(_, high)| high < 1.0),
        scenarios: &["database"],
    }
}
