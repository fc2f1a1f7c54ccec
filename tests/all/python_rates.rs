//! Items that come at a rate in CPython: under every way of its own all are done with the sums of Rust, at the moments of Rust,
//! each one's lateness is kept, and faults and interrupts end a run as they do elsewhere.

use runner::internal::model::{JobSpec, Purpose, moments};
use runner::internal::setting::{Config, Measure, Model};
use runner::results::{Configuration, Results, Trial, Workload};
use rustix::process::Signal;

use super::python::{class, has_python};
use super::support::{Ended, HANG, Place, processes, signal, until};

const EVERY_WAY: &str = "
models:
  - serial
  - threads
  - ThreadPool
  - ThreadPoolExecutor
  - {kind: processes, ipc: [queue, pipe, shared_memory, manager]}
  - Pool
  - ProcessPoolExecutor
  - {kind: async, concurrency: WORKERS}
  - interpreters
workers: WORKERS
";
/// Without sub-interpreters, which not every CPython has.
const WAYS: usize = 11;
/// As many as a 95th percentile takes.
const ITEMS: u64 = 200;

/// Runs a scenario in CPython by every way with so many workers, one trial of each configuration, whatever becomes of the trials.
fn run(place: &Place, name: &str, rest: &str, workers: u32) -> Results {
    let ways = EVERY_WAY.replace("WORKERS", &workers.to_string());
    place.scenario(name, &format!("runtime: python\n{rest}{ways}"));
    let file = format!("{name}.yaml");
    let arguments = [file.as_str(), "--output", "o", "--quick", "--rounds", "1"];
    let ended = Ended::of(place.program(&arguments).spawn().unwrap(), HANG * 2);
    place.assert_no_leftovers(ended.pid);
    place.assert_nothing_runs();
    place.results(name)
}

fn all(results: &Results) -> impl Iterator<Item = (&Workload, &Configuration, &Trial, String)> {
    results.trials.iter().map(|trial| {
        let configuration = &results.configurations[trial.configuration];
        (
            &results.workloads[configuration.workload],
            configuration,
            trial,
            format!("{}: {trial:?}", configuration.label),
        )
    })
}

#[test]
fn every_way_of_python_does_what_comes_and_keeps_how_late_it_was() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let task = format!(
        "tasks: [{{kind: sleep, delay: 1 ms, items: {ITEMS}}}, {{kind: sleep, delay: 2 ms, items: {ITEMS}}}]\nrate: 400\n"
    );
    let results = run(&place, "low", &task, 2);
    assert!(results.configurations.len() >= 2 * WAYS, "{}", results.configurations.len());
    for (workload, _, trial, context) in all(&results) {
        // Ended well means that the sum of all replies is Rust's.
        assert_eq!((trial.outcome.words().as_str(), trial.done, trial.lost), ("ok", ITEMS, 0), "{context}");
        assert_eq!(workload.rate, Some(400), "{context}");
        let open = trial.details.open.unwrap_or_else(|| panic!("{context}"));
        assert!(open.p50 <= open.p95 && open.p95 <= open.p99 && open.p99 <= open.max, "{context}");
        // An item waits so long itself, and the last cannot be answered before it came.
        let wait = workload.whole("delay").unwrap();
        assert!(open.p50 >= wait && open.span > last_moment(&results, 400), "{context}");
        assert!(trial.latency(0.95).is_some() && trial.latency(0.99).is_none(), "{context}");
    }
}

fn last_moment(results: &Results, rate: u32) -> u64 {
    *moments_of(results.run.seed, 0, rate).last().unwrap()
}

fn moments_of(seed: u64, round: u32, rate: u32) -> Vec<u64> {
    moments(&JobSpec {
        workload: String::new(),
        environment: Default::default(),
        task: "sleep".into(),
        settings: runner::task::Settings::default(),
        seed,
        items: ITEMS,
        round,
        folder: std::path::PathBuf::new(),
        config: Config { rate: Some(rate), ..Config::new(Model::Serial, Measure::Work) },
        purpose: Purpose::Timed,
        runtime: runner::internal::setting::Runtime::Python,
        interpreter: None,
        fault: None,
        trace: false,
        server: None,
        stages: Vec::new(),
    })
    .unwrap()
}

/// When a function of a user's is called tells when items came.
#[test]
fn items_come_in_python_at_the_moments_of_rust() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let seen = place.path("seen");
    let module = format!(
        "import time\ndef look(item):\n    with open({seen:?}, 'a') as file:\n        print(time.monotonic_ns(), file=file)\n"
    );
    place.write("own.py", module);
    place.write("items.jsonl", "1\n");
    for (name, ways) in [
        ("serial", "[serial]"),
        ("threads", "[{kind: ThreadPoolExecutor, workers: 2}]"),
        ("processes", "[{kind: processes, workers: 2}]"),
    ] {
        let task = format!(
            "tasks: [{{kind: python, data: items.jsonl, items: {ITEMS}, call: 'own:look', path: .}}]\nrate: 200\n"
        );
        place.scenario(name, &format!("runtime: python\n{task}models: {ways}\n"));
        // A busy machine makes items late as it likes, so that only one run of several has to be in time.
        until("a run whose items came at their moments", HANG, || {
            let _ = std::fs::remove_file(&seen);
            place.run_scenario(name, &["--quick", "--rounds", "1", "--seed", "7", "--allow-commands"]).expect(0);
            let text = std::fs::read_to_string(&seen).unwrap();
            // The reference comes before the trial, and a trial's warm-ups before its items.
            let mut times: Vec<u64> = text.lines().map(|line| line.parse().unwrap()).collect();
            times.sort_unstable();
            let began = &times[times.len() - ITEMS as usize..];
            let mut from: Vec<u64> =
                began.iter().zip(moments_of(7, 0, 200)).map(|(time, moment)| time - moment).collect();
            // All are the first moment and what the item was late. Other moments at this rate would be about 35 ms apart.
            from.sort_unstable();
            let spread = from[ITEMS as usize / 2] - from[0];
            println!("{name}: half of the items came within {spread} ns");
            (spread < 15_000_000).then_some(())
        });
    }
}

#[test]
fn a_python_that_is_too_slow_falls_behind_as_far_as_it_must() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let task = format!("tasks: [{{kind: sleep, delay: 5 ms, items: {ITEMS}}}]\nrate: 400\n");
    let results = run(&place, "slow", &task, 1);
    assert!(results.configurations.len() >= WAYS, "{}", results.configurations.len());
    for (_, _, trial, context) in all(&results) {
        assert_eq!((trial.outcome.words().as_str(), trial.done), ("ok", ITEMS), "{context}");
        let (open, achieved) = (trial.details.open.unwrap(), trial.achieved().unwrap());
        // 200 sleeps of 5 ms, one after the other, take a second at least: 200/s at most, where 400/s come.
        assert!(open.span >= 1_000_000_000 && achieved <= 200.0, "{context}");
        // The last has come after 500 ms at the latest, and is answered last.
        assert!(open.max >= 500_000_000, "{context}");
        // The one in the middle comes after 250 ms and is answered after 500, give or take the chance of the moments.
        assert!(open.p50 >= 125_000_000, "{context}");
    }
}

#[test]
fn faults_end_what_comes_in_python_as_elsewhere() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let faults = "fault: [{kind: kill, item: 5}, {kind: exception, item: 5}]\ntimeout: 2 s\n";
    let task = format!("tasks: [{{kind: sleep, delay: 100 us, items: {ITEMS}}}]\nrate: 1000\n{faults}");
    let results = run(&place, "faults", &task, 2);
    assert!(results.trials.len() >= 2 * WAYS, "{}", results.trials.len());
    // A hang ends at the deadline, whoever waits for it.
    let hang = format!(
        "tasks: [{{kind: sleep, delay: 100 us, items: {ITEMS}}}]\nrate: 1000\nfault: {{kind: hang, item: 5}}\n"
    );
    let few = "models: [serial, ThreadPoolExecutor, {kind: processes, ipc: pipe}, Pool]\nworkers: 2\n";
    place.scenario("hang", &format!("runtime: python\n{hang}timeout: 1 s\n{few}"));
    place.run_scenario("hang", &["--quick", "--rounds", "1"]);
    place.assert_nothing_runs();
    let hanging = place.results("hang");
    assert_eq!(hanging.trials.len(), 4);
    for (workload, configuration, trial, context) in all(&results).chain(all(&hanging)) {
        let kind = workload.fault.as_ref().unwrap().kind.word();
        let expected = match (kind, class(configuration).0, class(configuration).1) {
            // A pool replaces the process, and waits for the reply of the dead one.
            ("hang", ..) | ("kill", "processes", "pool") => "timed out",
            ("kill", "processes", "executor") => "BrokenProcessPool",
            ("kill", "processes", _) => "worker died: signal 9 (SIGKILL)",
            ("kill", ..) => "host died: signal 9 (SIGKILL)",
            // Whoever has handed it in is told, and what else comes is done.
            (_, _, "pool" | "executor") => "1 of 200 items failed: RuntimeError: item 5",
            (_, "processes", _) => "worker died: RuntimeError: item 5",
            (_, "threads", _) => "a thread ended alone",
            (_, "interpreters", _) => "an interpreter ended alone",
            _ => "host died: RuntimeError: item 5",
        };
        let context = format!("{kind} under {context}");
        assert!(trial.outcome.words().contains(expected), "{expected}: {context}");
        assert!(trial.lost >= 1, "{context}");
        // What did not come to an end has no percentiles.
        assert!(trial.latency(0.95).is_none_or(f64::is_infinite), "{context}");
        if kind == "exception" && matches!(class(configuration).1, "pool" | "executor") {
            assert_eq!((trial.done, trial.lost), (ITEMS - 1, 1), "{context}");
        }
    }
}

#[test]
fn a_python_that_died_is_replaced_and_all_that_came_is_done() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let rest = format!(
        "runtime: python
tasks: [{{kind: sleep, delay: 100 us, items: {ITEMS}}}]
rate: 500
fault: {{kind: kill, item: 20}}
models: [{{kind: processes, ipc: [queue, pipe, shared_memory, manager], on_crash: [restart, skip], in_flight: 3}}]
workers: 2
"
    );
    place.scenario("replaced", &rest);
    let ended = place.run_scenario("replaced", &["--quick", "--rounds", "1"]);
    place.assert_no_leftovers(ended.pid);
    let results = place.results("replaced");
    assert!(results.trials.len() >= 8, "{}{}", ended.stdout, ended.stderr);
    for (_, configuration, trial, context) in all(&results) {
        // The item that kills whoever has it is given up after three; without replacement it dies with what else its worker had.
        match configuration.config.on_crash.map(|word| word.word()) {
            Some("restart") => assert_eq!((trial.done, trial.lost), (ITEMS - 1, 1), "{context}"),
            _ => assert!((1..=3).contains(&trial.lost) && trial.done + trial.lost == ITEMS, "{context}"),
        }
    }
}

#[test]
fn an_interrupt_ends_what_comes_in_python_with_nothing_left() {
    if !has_python() {
        return;
    }
    for ways in
        ["[serial]", "[{kind: ThreadPool, workers: 2}]", "[{kind: processes, ipc: manager, workers: 2}]", "[async]"]
    {
        let place = Place::new();
        let task = "runtime: python\ntasks: [{kind: sleep, delay: 1 ms, items: 200}]\nrate: 4\n";
        place.scenario("interrupted", &format!("{task}models: {ways}\ntimeout: 60 s\n"));
        let running = place.program(&["interrupted.yaml", "--output", "o", "--quick"]).spawn().unwrap();
        let (pid, temporary) = (running.id(), place.temporary());
        until("an interpreter", HANG, || {
            let here = |command: &str| command.contains("trial.py") && command.contains(temporary.to_str().unwrap());
            processes().iter().any(|seen| here(&seen.command)).then_some(())
        });
        std::thread::sleep(std::time::Duration::from_millis(400));
        signal(pid, Signal::INT);
        let ended = Ended::of(running, HANG);
        assert_eq!(ended.code, Some(130), "{ways}: {}", ended.stderr);
        place.assert_no_leftovers(pid);
        place.assert_nothing_runs();
    }
}
