//! A real CPython: the same replies under every way of running items, what becomes of faults, and functions of the user's
//! own that behave badly.

use runner::internal::setting::Model;
use std::sync::LazyLock;
use std::time::Duration;

use runner::internal::setting::Outcome;
use runner::results::{Configuration, Results, Trial};

use super::support::{Ended, HANG, Place, Seen, processes, signal, skipped, until};

/// How much longer than its deadline the end of a trial may take.
const OVERTIME: f64 = 1.0;

/// Whether there is a python3; says so where there is none.
#[track_caller]
pub fn has_python() -> bool {
    static FOUND: LazyLock<bool> = LazyLock::new(|| {
        let answer = std::process::Command::new("python3").args(["-c", "import multiprocessing"]).output();
        answer.is_ok_and(|output| output.status.success())
    });
    let found = *FOUND;
    if !found {
        skipped("no python3 on PATH");
    }
    found
}

/// Runs a scenario of runtime `python` with one trial of each configuration, and whatever ends a run with code 3.
#[track_caller]
fn run(place: &Place, name: &str, rest: &str, code: i32, arguments: &[&str]) -> Results {
    place.scenario(name, &format!("runtime: python\nrounds: 1\nworkers: 2\n{rest}"));
    let file = format!("{name}.yaml");
    let all = [&[file.as_str(), "--output", "o", "--quick", "--rounds", "1"], arguments].concat();
    let ended = Ended::of(place.program(&all).spawn().unwrap(), HANG * 2).expect(code);
    place.assert_no_leftovers(ended.pid);
    let temporary = place.temporary();
    let here = |seen: &Seen| seen.command.contains(temporary.to_str().unwrap());
    assert!(!processes().iter().any(here), "processes are left");
    place.results(name)
}

fn configurations_with_trials(results: &Results) -> impl Iterator<Item = (&Configuration, &Trial)> {
    results.trials.iter().map(|trial| (&results.configurations[trial.configuration], trial))
}

/// What the seed's questions are measured with.
#[test]
fn convoys_databases_and_globals_give_the_replies_of_rust() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let tasks = "tasks:
  - {kind: convoy, waits: 3, delay: 1 ms, items: 2}
  - {kind: convoy, waits: 3, delay: 0 s, items: 2}
  - {kind: database, rows: 50, access: [rows, sum, insert_autocommit, insert_transaction], items: 20}
  - {kind: globals, items: 4}
models: [serial, threads, {kind: processes, start: [fork, spawn]}]
in_flight: 1
";
    let results = run(&place, "seed", tasks, 0, &[]);
    assert_eq!(results.configurations.len(), 7 * 4);
    for (configuration, trial) in configurations_with_trials(&results) {
        assert_eq!((&trial.outcome, trial.done), (&Outcome::Ok, configuration.items), "{}", configuration.label);
        if results.workloads[configuration.workload].task == "globals"
            && configuration.config.model.word() == "processes"
        {
            let found: Vec<u64> = trial.details.seen.iter().filter(|s| s.worker.is_some()).map(|s| s.before).collect();
            let expected = if configuration.config.start.map(|word| word.word()) == Some("fork") { 2 } else { 1 };
            assert!(
                !found.is_empty() && found.iter().all(|value| *value == expected),
                "{}: {found:?}",
                configuration.label
            );
        }
    }
}

/// A build without the lock, where one is on PATH: what it has that others have not is its threads.
#[test]
fn a_free_threaded_build_runs_its_threads_and_says_so() {
    let found = ["python3.13t", "python3.14t"].into_iter().find(|name| {
        let answer = std::process::Command::new(name).args(["-c", "pass"]).output();
        answer.is_ok_and(|output| output.status.success())
    });
    // It is built by CI where that is possible in time, so that its absence is no failure.
    let Some(name) = found else { return println!("skipped: no free-threaded python3.13t or python3.14t on PATH") };
    let place = Place::new();
    let rest = format!(
        "python: [{name}]\ntasks: [{{kind: primes, limit: 3000, items: 64}}]\nmodels: [serial, threads, processes]\n"
    );
    let results = run(&place, "threaded", &rest, 0, &[]);
    let interpreter = results.workloads[0].interpreter.clone().unwrap();
    assert!(interpreter.free_threaded && interpreter.label.contains('t'), "{interpreter:?}");
    assert!(configurations_with_trials(&results).all(|(_, trial)| trial.outcome == Outcome::Ok && trial.done == 64));
}

const EVERY_WAY: &str = "models:
  - serial
  - threads
  - ThreadPool
  - ThreadPoolExecutor
  - {kind: processes, ipc: [pipe, queue, shared_memory, manager]}
  - Pool
  - ProcessPoolExecutor
  - async
";

/// One of each kind: no worker, threads, processes, a pool of them, an event loop.
const BASIC_WAYS: &str = "models: [serial, threads, {kind: processes, ipc: pipe}, ProcessPoolExecutor, async]\n";

#[test]
fn replies_are_those_of_rust_whoever_runs_the_items() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let tasks = "chunk: 3
tasks:
  - {kind: empty, items: 40}
  - {kind: primes, limit: 2000, items: 32}
  - {kind: matrix, n: 40, items: 8}
  - {kind: hash, size: 3000, items: 20}
  - {kind: sleep, delay: 1 ms, items: 20}
  - {kind: file, size: 3000, fsync: true, items: 20}
  - {kind: mixed, steps: 100, delay: 1 ms, items: 20}
";
    let results = run(&place, "tasks", &format!("{tasks}{BASIC_WAYS}"), 0, &[]);
    assert_eq!(results.workloads.len(), 7);
    // An event loop for the three that wait.
    assert_eq!(results.configurations.len(), 7 * 4 + 3);
    for (configuration, trial) in configurations_with_trials(&results) {
        assert_eq!(
            (&trial.outcome, trial.done, trial.lost),
            (&Outcome::Ok, configuration.items, 0),
            "{}",
            configuration.label
        );
        assert!(trial.phases[1].usage.cpu() > 0, "{}", configuration.label);
        assert!(!trial.flags.contains(&runner::results::Flag::Leaked), "{}", configuration.label);
    }
}

/// Small settings of tasks on real work whose items need each other for nothing.
const WORK: &str = "tasks:
  - {kind: compress, size: 2000, level: [1, 9], items: 9}
  - {kind: sort, count: 200, of: [numbers, words], items: 9}
  - {kind: json, records: 20, items: 9}
  - {kind: numeric, of: pi, points: 500, items: 9}
";

/// Every trial ended well with the sum of Rust's replies, and left nothing.
#[track_caller]
fn all_are_right(results: &Results) {
    for (configuration, trial) in configurations_with_trials(results) {
        let context = format!("{} under {}", results.workloads[configuration.workload].label, configuration.label);
        assert_eq!((&trial.outcome, trial.done, trial.lost), (&Outcome::Ok, configuration.items, 0), "{context}");
        assert!(!trial.flags.contains(&runner::results::Flag::Leaked), "{context}");
    }
}

#[test]
fn real_work_gives_the_replies_of_rust_under_every_way() {
    if !has_python() {
        return;
    }
    let results = run(&Place::new(), "work", &format!("chunk: 2\n{WORK}{BASIC_WAYS}"), 0, &[]);
    // None of them waits, which a loop needs.
    assert_eq!(results.configurations.len(), 6 * 4);
    all_are_right(&results);
    // What a task does makes no difference to who hands it over.
    let one = "chunk: 2\ntasks: [{kind: json, records: 20, items: 9}]\n";
    let results = run(&Place::new(), "every-way", &format!("{one}{EVERY_WAY}"), 0, &[]);
    assert_eq!(results.configurations.len(), 10);
    all_are_right(&results);
}

#[test]
fn real_work_gives_the_replies_of_rust_however_workers_start() {
    if !has_python() {
        return;
    }
    let ways = "models: [{kind: processes, start: [spawn, forkserver], ipc: pipe}, {kind: Pool, start: [spawn, forkserver]}, {kind: ProcessPoolExecutor, start: [spawn, forkserver]}]\n";
    // What a task is set to makes no difference to how its code gets to a worker.
    let work = WORK.replace("[1, 9]", "9").replace("[numbers, words]", "words");
    let results = run(&Place::new(), "work", &format!("{work}{ways}"), 0, &[]);
    assert_eq!(results.configurations.len(), 4 * 6);
    all_are_right(&results);
}

/// Has other threads run only where one lets the lock go by itself, and says for which calls they did.
const WHO_LETS_GO: &str = r#"
import json, sys, threading, time, zlib
if not getattr(sys, "_is_gil_enabled", lambda: True)():
    sys.exit(3)
sys.setswitchinterval(1000)
data = b" ".join(b"%d" % (n * n) for n in range(500000))
packed = zlib.compress(data)
records = [{"id": n, "name": "n%d" % n} for n in range(30000)]
text = json.dumps(records)

def let_go(call):
    state = [0]
    def body():
        state[0] = 1
        call()
        state[0] = 2
    thread = threading.Thread(target=body)
    thread.start()
    meanwhile = 0
    while state[0] != 2:
        meanwhile += state[0] == 1
        time.sleep(0)
    thread.join()
    return meanwhile > 0

print(*[int(let_go(call)) for call in (
    lambda: zlib.compress(data),
    lambda: zlib.decompress(packed, bufsize=len(data)),
    lambda: sorted([n * 7919 % 1000003 for n in range(300000)]),
    lambda: json.loads(text),
    lambda: json.dumps(records, separators=(",", ":")),
)])
"#;

/// What the efforts of these tasks and the shipped scenarios say of CPython's lock.
#[test]
fn zlib_lets_the_lock_go_while_sorting_and_json_keep_it() {
    if !has_python() {
        return;
    }
    let output = std::process::Command::new("python3").args(["-I", "-c", WHO_LETS_GO]).output().unwrap();
    match output.status.code() {
        Some(3) => println!("skipped: python3 is a build without the lock"),
        code => {
            let words = String::from_utf8_lossy(&output.stdout);
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!((code, words.trim()), (Some(0), "1 1 0 0 0"), "{errors}");
        }
    }
}

/// Every way that items in iterations can be run in CPython, and those that cannot, which are skipped.
const ITERATIONS: &str = "models:
  - serial
  - threads
  - ThreadPool
  - ThreadPoolExecutor
  - {kind: processes, ipc: [pipe, queue, shared_memory, manager]}
  - {kind: processes, start: [spawn, forkserver], ipc: pipe}
  - Pool
  - ProcessPoolExecutor
  - interpreters
  - async
";

#[test]
fn rounds_give_the_replies_of_rust_under_every_way() {
    if !has_python() {
        return;
    }
    // More workers than parts, and parts that cannot be shared out evenly.
    let tasks = "tasks:
  - {kind: numeric, of: stencil, side: 20, parts: [1, 5], items: 15}
";
    let results = run(&Place::new(), "iterations", &format!("{tasks}{ITERATIONS}"), 0, &[]);
    assert_eq!(results.configurations.len(), 2 * (1 + 3 + 4 + 2));
    all_are_right(&results);
    let skipped: Vec<String> = results.skipped.iter().map(|one| format!("{}: {}", one.what, one.why)).collect();
    for (way, why) in [
        ("numeric × Pool", "whichever process is free"),
        ("numeric × ProcessPoolExecutor", "whichever process is free"),
        ("numeric × interpreters", "come in iterations"),
        ("numeric × async", "iterations wait for others"),
    ] {
        assert!(skipped.iter().any(|said| said.starts_with(way) && said.contains(why)), "{way}: {skipped:?}");
    }
}

/// Letters that fill a pipe many times over, while every worker has many parts.
#[test]
fn rounds_of_many_parts_carry_all_their_letters() {
    if !has_python() {
        return;
    }
    let tasks = "tasks: [{kind: numeric, of: stencil, side: 240, parts: 240, items: 720}]\n";
    let ways = "models: [serial, threads, {kind: processes, ipc: [pipe, queue, shared_memory, manager]}]\n";
    let results = run(&Place::new(), "letters", &format!("{tasks}{ways}"), 0, &[]);
    assert_eq!(results.configurations.len(), 6);
    all_are_right(&results);
}

/// Iterations must not wait for a part that will never come.
#[test]
fn faults_in_rounds_end_like_others() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    // Where nobody is gone, the methods have nothing to notice, and the deadline ends all.
    for (kind, timeout, ipc) in [("kill", 20, METHODS), ("exception", 20, METHODS), ("hang", 2, &METHODS[..1])] {
        // Item 4 is a part of the second iteration, so that others have letters to wait for.
        let rest = format!(
            "fault: {{kind: {kind}, item: 4}}
timeout: {timeout}s
tasks: [{{kind: numeric, of: stencil, side: 20, parts: 3, items: 12}}]
models:
  - serial
  - threads
  - ThreadPool
  - ThreadPoolExecutor
  - {{kind: processes, ipc: [{}], on_crash: [stop, restart]}}
",
            ipc.join(", ")
        );
        let results = run(&place, &format!("iterations-{kind}"), &rest, 0, &[]);
        // What a worker keeps dies with it, so that nobody can go on.
        assert_eq!(results.configurations.len(), 1 + 3 + ipc.len());
        for (configuration, trial) in configurations_with_trials(&results) {
            let (ending, _) = must_end(kind, configuration);
            let context = format!("{kind}, {}: {trial:?}", configuration.label);
            assert_eq!(word(&trial.outcome), ending, "{context}");
            // The second iteration never ends.
            assert!(trial.done <= 5 && trial.done + trial.lost == 12 && trial.details.retried == 0, "{context}");
            let first = class(configuration).0 == "processes" || (kind == "hang" && class(configuration).1 != "pool");
            assert!(!first || trial.done >= 3, "{context}");
        }
    }
}

/// The driver's own tests: what it computes is what this side computes, and its parts by themselves.
#[test]
fn the_tests_of_the_driver_pass_in_every_python() {
    if !has_python() {
        return;
    }
    let driver = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/host/python/driver");
    let versions = (8..15).map(|minor| format!("python3.{minor}"));
    for name in ["python3".to_owned(), "python3.13t".to_owned()].into_iter().chain(versions) {
        let mut command = std::process::Command::new(&name);
        command.args(["-B", "-m", "unittest", "discover", "-s", "tests", "-t", "."]).current_dir(&driver);
        let Ok(output) = command.output() else { continue };
        let said = String::from_utf8_lossy(&output.stderr);
        // A name may be there for a version that is not.
        assert!(output.status.success() || !said.contains("Ran "), "{name}: {said}");
        assert!(name != "python3" || said.contains("\nOK"), "{said}");
    }
}

/// Every version that is on PATH by its name, beside `python3`.
#[test]
fn other_versions_give_the_replies_of_rust_too() {
    if !has_python() {
        return;
    }
    let works = |name: &String| {
        let answer = std::process::Command::new(name).args(["-c", "import multiprocessing"]).output();
        answer.is_ok_and(|output| output.status.success())
    };
    let found: Vec<String> = (8..15).map(|minor| format!("python3.{minor}")).filter(works).collect();
    // A machine need not have more than one, so that their absence is no failure.
    if found.is_empty() {
        return println!("skipped: no python3.8 to python3.14 on PATH");
    }
    let tasks = format!("{WORK}  - {{kind: numeric, of: stencil, side: 20, parts: 3, items: 9}}\n");
    let ways = "models: [threads, {kind: processes, ipc: shared_memory}]\n";
    let rest = format!("python: [{}]\n{tasks}{ways}", found.join(", "));
    let results = run(&Place::new(), "versions", &rest, 0, &[]);
    assert_eq!(results.configurations.len(), found.len() * 7 * 2);
    all_are_right(&results);
}

#[test]
fn payloads_of_any_size_cross_in_every_way_of_python() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let rest = "in_flight: 3
tasks: [{kind: echo, payload: [0, 7, 64 KiB, 1 MiB], items: 24}]
models: [serial, threads, {kind: processes, ipc: [pipe, queue, shared_memory, manager]}]
";
    let results = run(&place, "payloads", rest, 0, &[]);
    assert_eq!(results.configurations.len(), 4 * 6);
    for (configuration, trial) in configurations_with_trials(&results) {
        assert_eq!((&trial.outcome, trial.done), (&Outcome::Ok, 24), "{}", configuration.label);
    }
}

#[test]
fn every_start_method_and_measure_does_the_work() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let rest = "measure: [work, end_to_end]
tasks: [{kind: hash, size: 100, items: 20}]
models: [serial, {kind: processes, start: [fork, spawn, forkserver], ipc: queue}, {kind: Pool, start: [fork, spawn, forkserver]}, {kind: ProcessPoolExecutor, start: [fork, spawn, forkserver]}]
parent_memory: 4 MiB
parent_use: read
";
    let results = run(&place, "starts", rest, 0, &[]);
    assert_eq!(results.configurations.len(), 2 * 10);
    for (configuration, trial) in configurations_with_trials(&results) {
        assert_eq!((&trial.outcome, trial.done), (&Outcome::Ok, 20), "{}", configuration.label);
        assert!(trial.phases.iter().take(2).all(|phase| phase.wall > 0), "{}", configuration.label);
    }
}

/// The server, the file and the sums are looked at after each trial.
#[track_caller]
fn are_right_together(name: &str, tasks: &str, ways: &str, configurations: usize) {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let results = run(&place, name, &format!("chunk: 2\ntasks: [{tasks}]\n{ways}"), 0, &[]);
    assert_eq!(results.configurations.len(), configurations);
    for (configuration, trial) in configurations_with_trials(&results) {
        let known = if results.workloads[configuration.workload].task == "crawl" { 60 } else { configuration.items };
        let workload = &results.workloads[configuration.workload].label;
        assert_eq!(
            (&trial.outcome, trial.done, trial.lost),
            (&Outcome::Ok, known, 0),
            "{workload}, {}",
            configuration.label
        );
        assert!(!trial.flags.contains(&runner::results::Flag::Leaked), "{workload}, {}", configuration.label);
    }
}

#[test]
fn downloads_and_crawls_are_right_whoever_runs_them() {
    let downloads = "{kind: download, size: 20 KiB, delay: 1 ms, returns: [digest, body], items: 20}";
    let crawls = "{kind: crawl, pages: 30, links: 4, delay: 0 s, items: 2}";
    // Serial, three kinds of threads, two ways of `Process`, two pools and an event loop. A pool's `map` does not take
    // items that are found while others run.
    let ways = EVERY_WAY.replace("[pipe, queue, shared_memory, manager]", "[pipe, shared_memory]");
    are_right_together("web", &format!("{downloads}, {crawls}"), &ways, 2 * 9 + 7);
}

#[test]
fn logs_are_right_whoever_writes_them() {
    // A pool's `map` gives replies when all are made, and an event loop helps no work that does not wait.
    let ways = EVERY_WAY.replace("[pipe, queue, shared_memory, manager]", "[pipe, queue]");
    let logs = "{kind: log, writer: one, sync: [never, batch], batch: 20, items: 60},
        {kind: log, writer: each, sync: line, items: 60}";
    are_right_together("logs", logs, &ways, 2 * 6 + 8);
}

/// What the file holds is looked at after each trial.
#[test]
fn rows_are_inserted_once_whoever_inserts_them() {
    let inserts = "{kind: database, access: [insert_autocommit, insert_transaction], rows: 20, items: 24,
          synchronous: normal, busy_timeout: 1 min},
        {kind: database, access: insert_transaction, rows: 20, items: 24, synchronous: full, busy_timeout: 1 min},
        {kind: database, access: [rows, sum], rows: 20, items: 24}";
    are_right_together("rows", inserts, BASIC_WAYS, 5 * 4);
}

/// The driver names the file by an address, in which some letters mean something else.
#[test]
fn a_database_is_found_in_a_folder_of_any_name() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let task = "tasks: [{kind: database, access: [rows, insert_transaction], rows: 5, items: 4}]\n";
    place.scenario("odd", &format!("runtime: python\n{task}models: [serial]\n"));
    let folder = place.path("what?#50%41");
    std::fs::create_dir(&folder).unwrap();
    let mut command = place.program(&["odd.yaml", "--output", "o", "--quick", "--rounds", "1"]);
    Ended::of(command.env("TMPDIR", &folder).spawn().unwrap(), HANG).expect(0);
    assert!(place.results("odd").trials.iter().all(Trial::ok));
}

#[test]
fn a_database_that_stays_locked_ends_an_item_with_words() {
    if !has_python() {
        return;
    }
    let rest = "tasks: [{kind: database, access: insert_transaction, rows: 20000, busy_timeout: 1 us, items: 20}]
models: [threads, {kind: processes, ipc: pipe}]
";
    let results = run(&Place::new(), "busy", rest, 3, &[]);
    assert_eq!(results.trials.len(), 2);
    for (configuration, trial) in configurations_with_trials(&results) {
        let words = trial.outcome.words();
        assert!(words.contains("OperationalError: database is locked: another connection was writing"), "{words}");
        assert!(words.contains("(`busy_timeout: 1 ms`); a longer `busy_timeout`"), "{}: {words}", configuration.label);
    }
}

#[test]
fn sub_interpreters_download_and_append() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let tasks = "tasks: [{kind: download, delay: 1 ms, items: 20}, {kind: log, writer: each, items: 60},
  {kind: database, access: [insert_autocommit, insert_transaction], rows: 20, items: 60}]\n";
    let results = run(&place, "inter", &format!("{tasks}models: [serial, interpreters]\n"), 0, &[]);
    if results.configurations.len() == 4 {
        // Not every CPython has them, so that their absence is no failure.
        return println!("skipped: this CPython has no sub-interpreters");
    }
    assert!(
        configurations_with_trials(&results).all(|(_, trial)| trial.outcome == Outcome::Ok),
        "{:?}",
        results.trials
    );
}

/// Items that hang together must not wait for one that will never come.
#[test]
fn faults_in_crawls_and_logs_end_like_others() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    for (kind, timeout, on_crash) in
        [("kill", 20, "[stop, restart, skip]"), ("exception", 20, "[stop, restart, skip]"), ("hang", 1, "stop")]
    {
        let rest = format!(
            "fault: {{kind: {kind}, item: 1}}
timeout: {timeout}s
tasks: [{{kind: crawl, pages: 10, links: 4, delay: 0 s, items: 2}}, {{kind: log, items: 40}}]
models:
  - serial
  - threads
  - ThreadPoolExecutor
  - async
  - {{kind: processes, ipc: pipe, on_crash: {on_crash}}}
  - ProcessPoolExecutor
"
        );
        let results = run(&place, &format!("together-{kind}"), &rest, 0, &[]);
        assert_eq!(results.configurations.len(), if kind == "hang" { 6 + 5 } else { 8 + 7 });
        for (configuration, trial) in configurations_with_trials(&results) {
            let (ending, _) = must_end(kind, configuration);
            let context = format!("{kind}, {}: {trial:?}", configuration.label);
            assert_eq!(word(&trial.outcome), ending, "{context}");
            assert!(trial.lost >= 1, "{context}");
            // With the first page of a site all others are lost.
            let crawl = results.workloads[configuration.workload].task == "crawl";
            let least = if crawl { 10 } else { 1 };
            let restarted = configuration.config.on_crash.map(|word| word.word()) == Some("restart") && kind != "hang";
            assert!(!restarted || (trial.lost == least && trial.details.retried > 0), "{context}");
            let alone = class(configuration).0 == "threads" && kind == "exception";
            assert!(!alone || trial.lost == least, "{context}");
            assert_eq!(trial.done + trial.lost, if crawl { 20 } else { 40 }, "{context}");
        }
    }
}

/// Whether a configuration's workers are threads or processes, and which of Python's classes they belong to.
pub(crate) fn class(configuration: &Configuration) -> (&'static str, &'static str) {
    match configuration.config.model {
        Model::ThreadPool => ("threads", "pool"),
        Model::ThreadPoolExecutor => ("threads", "executor"),
        Model::Pool => ("processes", "pool"),
        Model::ProcessPoolExecutor => ("processes", "executor"),
        model => (model.word(), "process"),
    }
}

/// How a configuration's trial with a fault must end: who is gone, and how many of 12 items have a reply at least.
fn must_end(kind: &str, configuration: &Configuration) -> (&'static str, u64) {
    let (base, api) = class(configuration);
    let raised = matches!(kind, "exception" | "memory");
    match (base, api) {
        _ if kind == "hang" => ("timed_out", 0),
        ("serial" | "async", _) => ("host_died", 0),
        ("threads", _) if !raised => ("host_died", 0),
        // A thread ends alone, and others do the rest; a pool's `map` gives nothing back.
        ("threads", "pool") => ("failed", 0),
        ("threads", _) => ("failed", 11),
        ("processes", "pool") if !raised => ("timed_out", 0),
        ("processes", "pool") => ("failed", 0),
        ("processes", "executor") if raised => ("failed", 11),
        ("processes", "executor") => ("failed", 0),
        _ => match configuration.config.on_crash.map(|word| word.word()) {
            Some("restart") => ("worker_died", 11),
            Some("skip") => ("worker_died", 10),
            _ => ("worker_died", 0),
        },
    }
}

fn word(outcome: &Outcome) -> String {
    serde_json::to_value(outcome.kind()).unwrap().as_str().unwrap().to_owned()
}

/// How items reach processes.
const METHODS: &[&str] = &["pipe", "queue", "shared_memory", "manager"];

/// Runs one kind of fault under every way, and checks each end.
#[track_caller]
fn fault(kind: &str, timeout: u64, methods: &[&str]) {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let rest = format!(
        "fault: {{kind: {kind}, item: 5}}
timeout: {timeout}s
tasks: [{{kind: sleep, delay: 1 ms, items: 12}}]
models:
  - serial
  - threads
  - ThreadPool
  - ThreadPoolExecutor
  - async
  - {{kind: processes, ipc: [{}], on_crash: [stop, restart, skip]}}
  - Pool
  - ProcessPoolExecutor
",
        methods.join(", ")
    );
    let results = run(&place, &kind.replace('_', "-"), &rest, 0, &[]);
    assert_eq!(results.configurations.len(), 1 + 3 + 1 + methods.len() * 3 + 2);
    for (configuration, trial) in configurations_with_trials(&results) {
        let (ending, fewest) = must_end(kind, configuration);
        assert_eq!(word(&trial.outcome), ending, "{kind}, {}: {}", configuration.label, trial.outcome.words());
        assert!(trial.done >= fewest, "{kind}, {}: {} done", configuration.label, trial.done);
        assert_eq!(trial.done + trial.lost, 12, "{kind}, {}", configuration.label);
        let restarted =
            configuration.config.on_crash.map(|word| word.word()) == Some("restart") && ending == "worker_died";
        assert_eq!(trial.details.retried > 0, restarted, "{kind}, {}", configuration.label);
        let all: u64 = trial.phases.iter().map(|phase| phase.wall).sum();
        assert!(all as f64 / 1e9 < timeout as f64 + OVERTIME, "{kind}, {}", configuration.label);
        let died = trial.details.lives.iter().filter(|life| life.died).count();
        assert!(!restarted || died > 1, "{kind}, {}: {:?}", configuration.label, trial.details.lives);
    }
}

#[test]
fn an_exception_ends_its_thread_or_process_and_nothing_else() {
    fault("exception", 20, METHODS);
}

#[test]
fn a_killed_worker_is_noticed_under_every_way() {
    fault("kill", 5, METHODS);
}

#[test]
fn an_abort_ends_the_program_it_happens_in() {
    // For the methods it is as when the worker is killed.
    fault("abort", 5, &METHODS[..1]);
}

#[test]
fn an_exit_ends_the_program_it_happens_in() {
    // For the methods it is as when the worker is killed.
    fault("exit", 5, &METHODS[..1]);
}

#[test]
fn a_hang_ends_at_the_deadline() {
    // Nobody is gone, so that the methods have nothing to notice.
    fault("hang", 1, &METHODS[..1]);
}

/// The last two kinds under fewer ways: what differs is how the process ends, not what is made of it.
#[test]
fn a_full_stack_and_a_bad_access_end_the_program() {
    if !has_python() {
        return;
    }
    for kind in ["segfault", "stack_overflow", "memory"] {
        let place = Place::new();
        let rest = format!(
            "fault: {{kind: {kind}, item: 5}}
tasks: [{{kind: sleep, delay: 1 ms, items: 12}}]
models: [serial, threads, {{kind: processes, ipc: pipe}}, ProcessPoolExecutor]
"
        );
        let results = run(&place, "f", &rest, 0, &[]);
        for (configuration, trial) in configurations_with_trials(&results) {
            // A CPython that notices a full stack raises, and that is its outcome.
            let raised = trial.outcome.words().contains("RecursionError");
            let (ending, _) = must_end(if raised { "exception" } else { kind }, configuration);
            assert_eq!(word(&trial.outcome), ending, "{kind}, {}: {}", configuration.label, trial.outcome.words());
        }
    }
}

const FUNCTIONS: &str = r#"
import asyncio, os, sys, time

def doubles(item):
    return item * 2

def prints(item):
    print('{"result": {"done": 0}}')
    os.write(1, b'\x00noise\n')
    sys.stderr.write("more noise\n")
    return {"item": item}

def raises(item):
    if item == 3:
        raise ValueError("item 3 at " + os.path.abspath(__file__))
    return item

def exits(item):
    sys.exit(4) if item == 3 else None

def aborts(item):
    os.abort() if item == 3 else None

def hangs(item):
    while item == 3:
        pass

async def waits(item):
    await asyncio.sleep(0.001)
    return [item]
"#;

const USERS_WAYS: &str = "models: [serial, threads, processes, ProcessPoolExecutor, async]\n";

fn users(place: &Place, function: &str, timeout: u64, code: i32) -> Results {
    place.write("functions.py", FUNCTIONS);
    let task = format!("timeout: {timeout}s\ntasks: [{{kind: python, call: 'functions:{function}', items: 8}}]\n");
    run(place, function, &format!("{task}{USERS_WAYS}"), code, &["--allow-commands"])
}

#[test]
fn functions_that_are_well_or_only_noisy_give_their_replies() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    for function in ["doubles", "prints", "waits"] {
        let results = users(&place, function, 20, 0);
        assert_eq!(results.configurations.len(), 5);
        for (configuration, trial) in configurations_with_trials(&results) {
            assert_eq!((&trial.outcome, trial.done), (&Outcome::Ok, 8), "{function}, {}", configuration.label);
        }
    }
}

#[test]
fn functions_that_raise_exit_abort_or_hang_are_reported_as_such() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    for (function, said) in [
        ("raises", "ValueError: item 3 at ./functions.py"),
        ("exits", "SystemExit: 4"),
        ("aborts", "signal 6 (SIGABRT)"),
    ] {
        let results = users(&place, function, 5, 3);
        for (configuration, trial) in configurations_with_trials(&results) {
            let words = trial.outcome.words();
            let broken = function == "aborts" && class(configuration).1 == "executor";
            assert!(
                words.contains(if broken { "BrokenProcessPool" } else { said }),
                "{}: {words}",
                configuration.label
            );
        }
        let text = std::fs::read_to_string(place.report(function).join("results.json")).unwrap();
        assert!(!text.contains(place.path("").to_str().unwrap()), "a folder of this machine is in the results");
    }
    for (_, trial) in configurations_with_trials(&users(&place, "hangs", 1, 3)) {
        assert_eq!(trial.outcome, Outcome::TimedOut);
    }
}

#[test]
fn a_killed_run_leaves_no_interpreter() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let rest = "runtime: python
rounds: 1
workers: 2
measure: end_to_end
tasks: [{kind: sleep, delay: 10 s, items: 8}]
models: [{kind: processes, start: spawn, ipc: shared_memory}]
";
    place.scenario("killed", rest);
    let mut child = place.program(&["killed.yaml", "--output", "o", "--quick"]).spawn().unwrap();
    let temporary = place.temporary();
    let driver = until("a driver with two workers", HANG, || {
        let all = processes();
        let is_driver =
            |seen: &&Seen| seen.command.contains("trial.py") && seen.command.contains(temporary.to_str().unwrap());
        let driver = all.iter().find(is_driver)?.clone();
        let workers = all.iter().filter(|seen| seen.parent == driver.pid && seen.command.contains("spawn_main"));
        (workers.count() == 2).then_some(driver)
    });
    signal(child.id(), rustix::process::Signal::KILL);
    child.wait().unwrap();
    until("the end of all processes of the trial", HANG, || {
        let left = processes().into_iter().any(|seen| seen.group == driver.group && seen.state != 'Z');
        (!left).then_some(())
    });
    assert_eq!(super::support::shared_segments(child.id()), Vec::<String>::new());
}

#[test]
fn what_needs_a_python_that_is_not_there_is_skipped_and_said() {
    let place = Place::new();
    let rest = "python: python3.99
rounds: 1
workers: 2
tasks: [{kind: empty, items: 20}]
models: [serial, threads]
expect: [{compare: {model: threads, runtime: python}, to: {model: serial}, metric: speedup, at_most: 2}]
";
    place.scenario("both", &format!("runtime: [native, python]\n{rest}"));
    // The expectation lost all its configurations, and nothing else of the command was asked.
    place.run_scenario("both", &["--quick"]).expect(5);
    let results = place.results("both");
    assert_eq!(results.workloads.len(), 1);
    let skipped: Vec<String> =
        results.skipped.iter().map(|skipped| format!("{} {}", skipped.what, skipped.why)).collect();
    assert!(skipped.iter().any(|text| text == "empty × python no python3.99 on PATH"), "{skipped:?}");
    assert!(skipped.iter().any(|text| text.starts_with("expectation: ")), "{skipped:?}");
    place.scenario("none", &format!("runtime: python\n{rest}"));
    let ended = place.run_scenario("none", &["--quick"]).expect(5);
    assert!(ended.stderr.contains("no python3.99 on PATH"), "{}", ended.stderr);
}

#[test]
fn inline_code_with_a_file_of_items_runs_only_where_it_is_allowed() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    place.write("items.jsonl", "{\"a\": 1}\n{\"a\": 41}\n");
    let code = "tasks:
  - kind: python
    data: items.jsonl
    items: 6
    code: |
      total = 1
      def run(item):
          return total + item['a']
models: [serial, {kind: processes, start: [fork, spawn]}]
";
    let results = run(&place, "inline", code, 0, &["--allow-commands"]);
    assert!(configurations_with_trials(&results).all(|(_, trial)| trial.outcome == Outcome::Ok && trial.done == 6));
    let ended = place.run(&["inline.yaml", "--output", "p"]).expect(5);
    assert!(ended.stderr.contains("needs --allow-commands"), "{}", ended.stderr);
    assert!(ended.took < Duration::from_secs(30));
    assert!(!place.path("p").join("inline").exists());
}

/// What an interpreter compiles is kept for the run: were it compiled again, its file would be a newer one.
#[test]
fn a_run_compiles_the_driver_and_a_users_module_once() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let seen = place.path("seen");
    let module = format!(
        "import os, sys
def compiled(name):
    file = sys.modules[name].__cached__
    assert file.startswith({:?}), file
    return '%s %s %d' % (name, file, os.stat(file).st_ino)
def look(item):
    with open({seen:?}, 'a') as file:
        for name in ('runner_driver', 'own'):
            file.write('%s %s\\n' % (compiled(name), os.getpid()))
",
        place.temporary()
    );
    place.write("own.py", module);
    place.write("items.jsonl", "1\n");
    let rest = "tasks: [{kind: python, data: items.jsonl, items: 4, call: 'own:look', path: .}]
models: [serial, {kind: processes, start: [fork, spawn, forkserver]}]
";
    let results = run(&place, "compiled", rest, 0, &["--allow-commands"]);
    assert!(configurations_with_trials(&results).all(|(_, trial)| trial.outcome == Outcome::Ok));
    let text = std::fs::read_to_string(&seen).unwrap();
    let (mut files, mut processes) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for line in text.lines() {
        let (file, process) = line.rsplit_once(' ').unwrap();
        files.insert(file);
        processes.insert(process);
    }
    assert!(processes.len() > 4, "{processes:?}");
    assert_eq!(files.len(), 2, "{files:?}");
}

/// A program that goes on writing where its trial has its files, as an import does, must not keep them from being removed.
#[test]
fn a_killed_run_leaves_no_files_although_python_writes_some() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let module = "import itertools, os, runner_driver
def look(item):
    folder = os.path.join(os.path.dirname(os.path.dirname(runner_driver.__file__)), 'compiled')
    for number in itertools.count():
        os.makedirs(os.path.join(folder, str(number % 1000), 'more'), exist_ok=True)
";
    place.write("own.py", module);
    let rest = "runtime: python\ntimeout: 60s\ntasks: [{kind: python, items: 4, call: 'own:look', path: .}]\n";
    for ways in ["[serial]", "[{kind: processes, workers: 2, start: spawn}]"] {
        place.scenario("writing", &format!("{rest}models: {ways}\nmeasure: end_to_end\n"));
        let arguments = ["writing.yaml", "--output", "o", "--quick", "--allow-commands"];
        let mut child = place.program(&arguments).spawn().unwrap();
        let inner = |folder: std::path::PathBuf| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).collect::<Vec<_>>()
        };
        until("files that an item writes", HANG, || {
            let drivers = inner(place.temporary()).into_iter().flat_map(inner);
            drivers.map(|driver| driver.join("compiled/500/more")).any(|folder| folder.exists()).then_some(())
        });
        signal(child.id(), rustix::process::Signal::KILL);
        child.wait().unwrap();
        until("the end of all processes", HANG, || place.processes().is_empty().then_some(()));
        until("the end of all files", Duration::from_secs(10), || inner(place.temporary()).is_empty().then_some(()));
    }
}
