//! Whole runs: every task under every way gives the same right replies, and every output says the same.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;

use runner::results::{Kind, Results};

use crate::support::{Ended, HANG, Place};

/// Every model × IPC method × dispatch × wait.
const EVERY_WAY: &str = "
models:
  - serial
  - threads
  - rayon
  - {kind: processes, ipc: [queue, pipe, shared_memory, manager], wait: [sleep, spin]}
  - {kind: processes, ipc: shared_memory, dispatch: claim, wait: [sleep, spin]}
measure: [work, end_to_end]
";

/// Runs tasks under every way and checks what holds for every right run.
fn every_way(tasks: &str, settings: &str) -> Results {
    let place = Place::with_probes();
    place.scenario("w", &format!("tasks:\n{tasks}{EVERY_WAY}{settings}"));
    let ended = place.run_scenario("w", &["--quick", "--rounds", "1"]).expect(0);
    let results = place.results("w");
    assert_whole(&results);
    place.assert_no_leftovers(ended.pid);
    results
}

/// What holds for every complete run in which nothing went wrong.
#[track_caller]
fn assert_whole(results: &Results) {
    assert!(results.run.complete && !results.trials.is_empty());
    for workload in &results.workloads {
        let mut digests = BTreeSet::new();
        for trial in results.trials.iter().filter(|trial| workload.configurations.contains(&trial.configuration)) {
            let (configuration, words) = (&results.configurations[trial.configuration], trial.outcome.words());
            assert!(trial.ok(), "{} of {}: {words} {}", configuration.label, workload.label, trial.stderr);
            assert_eq!(
                (trial.lost, trial.details.retried, trial.details.duplicated),
                (0, 0, 0),
                "{}",
                configuration.label
            );
            if !workload.per_item {
                digests.insert((trial.digest.clone(), trial.done));
            }
            assert!(
                !trial.flags.contains(&runner::results::Flag::Leaked),
                "{} left a process behind",
                configuration.label
            );
            assert_eq!(
                trial.first_item == 0,
                workload.measure.word() == "end_to_end",
                "{}: only warm-ups are cold",
                configuration.label
            );
        }
        assert!(digests.len() <= 1, "{}: {digests:?}", workload.label);
        for configuration in &workload.configurations {
            assert_eq!(results.timed(*configuration).count(), results.run.rounds as usize);
        }
    }
    assert_eq!(results.derived, as_a_file_holds_it(results, runner::internal::verdict::derive(results)));
}

/// A file rounds derived numbers.
fn as_a_file_holds_it(results: &Results, derived: runner::results::Derived) -> runner::results::Derived {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.json");
    runner::results::write(&path, &Results { derived, ..results.clone() }).unwrap();
    runner::results::read(&path).unwrap().derived
}

/// Every trial of a task did so many items.
#[track_caller]
fn assert_done(results: &Results, task: &str, items: u64) {
    let workloads = results.workloads.iter().filter(|workload| workload.task == task);
    let configurations: Vec<usize> = workloads.flat_map(|workload| workload.configurations.clone()).collect();
    assert!(!configurations.is_empty(), "no {task}");
    for trial in results.trials.iter().filter(|trial| configurations.contains(&trial.configuration)) {
        assert_eq!(trial.done, items, "{task}, {}", results.configurations[trial.configuration].label);
    }
}

#[test]
fn computing_tasks_are_right_under_every_way() {
    let tasks = "  - {kind: empty, items: 50}\n  - {kind: primes, limit: 2000, items: 40}\n";
    let results = every_way(tasks, "chunk: 3\nworkers: [1, 3]\n");
    // Two measures of two tasks; serial, and by two worker counts threads, rayon, four methods by two waits, the table.
    assert_eq!(results.workloads.len(), 4);
    let configurations = |workload: usize| results.workloads[workload].configurations.len();
    assert_eq!([configurations(0), configurations(1), configurations(2), configurations(3)], [1 + 2 * (2 + 8 + 1); 4]);
    assert_done(&results, "empty", 50);
    assert_done(&results, "primes", 40);
}

#[test]
fn waiting_and_writing_tasks_are_right_under_every_way() {
    let results =
        every_way("  - {kind: sleep, delay: 1 ms, items: 9}\n  - {kind: file, size: 5000, items: 9}\n", "workers: 2\n");
    assert_done(&results, "sleep", 9);
    assert_done(&results, "file", 9);
}

#[test]
fn payloads_of_every_size_are_right_under_every_way() {
    let results =
        every_way("  - {kind: echo, payload: [0 B, 64 KiB, 1 MiB], items: 7}\n", "in_flight: 3\nworkers: 2\n");
    assert_eq!(results.workloads.len(), 6);
    assert_done(&results, "echo", 7);
}

#[test]
fn blocking_sections_and_check_points_are_right_under_every_way() {
    let results =
        every_way("  - {kind: probe_blocking, items: 9}\n  - {kind: probe_steps, items: 50}\n", "workers: 3\n");
    assert_done(&results, "probe_blocking", 9);
    assert_done(&results, "probe_steps", 50);
}

#[test]
fn items_that_yield_items_are_all_done_under_every_way() {
    let results = every_way("  - {kind: probe_tree, fan_out: 3, depth: 3, items: 5}\n", "chunk: 2\nworkers: 3\n");
    assert_done(&results, "probe_tree", 5 * (1 + 3 + 9 + 27));
    // A table is a fixed set.
    assert!(
        results
            .configurations
            .iter()
            .all(|configuration| configuration.config.dispatch.map(|word| word.word()) != Some("claim"))
    );
    assert!(results.skipped.iter().any(|skipped| skipped.what.contains("claim")), "{:?}", results.skipped);
}

#[test]
fn more_workers_than_items_do_no_harm() {
    let results = every_way("  - {kind: empty, items: 1}\n  - {kind: echo, payload: 64 B, items: 2}\n", "workers: 5\n");
    assert_done(&results, "empty", 1);
    assert_done(&results, "echo", 2);
}

#[test]
fn chunks_flights_and_placements_change_no_reply() {
    let place = Place::new();
    let models = "models: [serial, threads, rayon, {kind: processes, ipc: [pipe, shared_memory], in_flight: [1, 4]}]\n";
    let axes = "workers: 2\nchunk: [1, 7, 100]\naffinity: [free, same, cross]\n";
    place.scenario("c", &format!("tasks: [{{kind: primes, limit: 1000, items: 60}}]\n{models}{axes}"));
    place.run_scenario("c", &["--quick", "--rounds", "1"]).expect(0);
    let results = place.results("c");
    assert_whole(&results);
    assert_eq!(results.configurations.len(), 1 + 2 * 9 + 4 * 9);
}

#[test]
fn profiling_trials_clock_every_item() {
    let place = Place::new();
    place.scenario("i", "tasks: [{kind: empty, items: 300}]\nmodels: [serial, threads, rayon, {kind: processes, ipc: [pipe, manager]}, {kind: processes, ipc: shared_memory, dispatch: claim}]\nworkers: 2\n");
    place.run_scenario("i", &["--rounds", "1"]).expect(0);
    let results = place.results("i");
    assert_whole(&results);
    assert_eq!(results.latencies.len(), results.configurations.len());
    for latency in &results.latencies {
        let profiling = results
            .trials
            .iter()
            .filter(|trial| trial.configuration == latency.configuration && trial.kind == Kind::Profiling)
            .count();
        assert_eq!(profiling as u32, latency.trials);
        for times in [&latency.service, &latency.response] {
            assert_eq!(
                times.count,
                300 * u64::from(latency.trials),
                "{}",
                results.configurations[latency.configuration].label
            );
            assert!(times.min <= times.p50 && times.p50 <= times.max && times.p95.is_some());
        }
    }
}

#[test]
fn times_of_long_items_are_as_long_as_the_items() {
    let place = Place::new();
    let text = "tasks: [{kind: sleep, delay: 5 ms, items: 12}]\nmodels: [serial, threads, processes]\nworkers: 2\nipc: [pipe, shared_memory]\nrounds: 1\n";
    place.scenario("long", text);
    place.run_scenario("long", &[]).expect(0);
    let results = place.results("long");
    assert_eq!(results.latencies.len(), results.configurations.len());
    for latency in &results.latencies {
        for times in [&latency.service, &latency.response] {
            assert!(
                times.min >= 4_990_000 && times.p50 >= 4_990_000,
                "{}: {times:?}",
                results.configurations[latency.configuration].label
            );
        }
    }
}

// ---- Outputs.

/// A small run whose outputs are looked at: two ways that are cheap.
const SMALL: &str = "tasks: [{kind: sleep, delay: 1 ms, items: 4}]\nmodels: [serial, threads]\nworkers: [1, 4]\n";

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap())).collect()
}

#[test]
fn rendering_again_gives_the_same_bytes() {
    let place = Place::new();
    place.charted_scenario("r", "[speedup, time]", SMALL);
    place.run_scenario("r", &["--rounds", "7"]).expect(0);
    let first = files(&place.report("r"));
    for name in ["results.json", "report.md", "speedup.svg", "speedup-dark.svg", "time.svg", "time-dark.png"] {
        assert!(first.contains_key(name), "there is no {name}: {:?}", first.keys());
    }
    assert!(!first.contains_key("journal.ndjson"));
    for (name, bytes) in &first {
        match name.rsplit_once('.').unwrap().1 {
            "svg" => assert!(bytes.starts_with(b"<svg") && bytes.trim_ascii_end().ends_with(b"</svg>"), "{name}"),
            "png" => assert!(bytes.starts_with(b"\x89PNG"), "{name}"),
            _ => assert!(bytes.ends_with(b"\n") || bytes.ends_with(b"}"), "{name}"),
        }
    }
    // Nothing but the results file is needed, and what no result asks for goes.
    for name in first.keys().filter(|name| *name != "results.json") {
        std::fs::remove_file(place.report("r").join(name)).unwrap();
    }
    std::fs::write(place.report("r").join("ipc.svg"), "stale").unwrap();
    std::fs::write(place.report("r").join("notes.svg"), "mine").unwrap();
    for _ in 0..2 {
        place.run(&["render", "--reports", "o"]).expect(0);
        let mut again = files(&place.report("r"));
        assert_eq!(again.remove("notes.svg").unwrap(), b"mine");
        let differing: Vec<_> = first.keys().filter(|name| first.get(*name) != again.get(*name)).collect();
        assert!(first == again, "{differing:?} differ of {:?}", again.keys());
    }
}

#[test]
fn a_quick_run_says_so_everywhere_and_gives_no_verdict() {
    let place = Place::new();
    place.charted_scenario("q", "time", SMALL);
    let text = place.run_scenario("q", &["--quick"]).expect(0);
    let results = place.results("q");
    assert!(results.run.quick && results.run.rounds == 3 && results.latencies.is_empty());
    for verdict in &results.derived.workloads {
        assert!(verdict.pairs.is_empty() && verdict.winners.is_empty());
        assert!(verdict.suppressed.as_ref().unwrap().contains("quick"), "{:?}", verdict.suppressed);
    }
    let svg = std::fs::read_to_string(place.report("q").join("time.svg")).unwrap();
    for (output, text) in [("the terminal", &text.stdout), ("report.md", &place.report_text("q")), ("time.svg", &svg)] {
        assert!(text.to_lowercase().contains("quick"), "{output} does not say that it is quick:\n{text}");
    }
    let json = place.run_scenario("q", &["--quick", "--json"]).expect(0).json();
    assert_eq!(json["scenarios"][0]["quick"], true);
    assert!(json["scenarios"][0]["workloads"][0]["pairs"].as_array().unwrap().is_empty());
}

#[test]
fn json_has_the_numbers_of_the_results_file() {
    let place = Place::new();
    place.scenario("a", SMALL);
    place.scenario("b", SMALL);
    let ended = place.run(&["a.yaml", "b.yaml", "--output", "o", "--json", "--rounds", "2"]).expect(0);
    let json = &ended.json()["scenarios"];
    for (at, name) in ["a", "b"].iter().enumerate() {
        let results = place.results(name);
        assert_eq!(json[at]["name"], **name);
        assert_eq!(json[at]["seed"], results.run.seed);
        let configurations = json[at]["workloads"][0]["configurations"].as_array().unwrap();
        assert_eq!(configurations.len(), results.configurations.len());
        for (shown, configuration) in configurations.iter().zip(&results.configurations) {
            let estimate = &results.derived.estimates[configuration.id];
            assert_eq!(shown["label"], configuration.label);
            // The file rounds derived numbers to five digits.
            let (shown, held) = (shown["time"]["median"].as_f64().unwrap(), estimate.time.unwrap().median);
            assert!((shown / held - 1.0).abs() < 6e-5, "{shown} is not {held}");
        }
    }
}

#[test]
fn a_verdict_needs_six_rounds_and_an_expectation_that_fails_is_exit_1() {
    let place = Place::new();
    let expect = "expect:\n  - compare: {model: threads, workers: 4}\n    to: {model: serial}\n    at_least: 1000\n";
    place.scenario("e", &format!("{SMALL}{expect}"));
    let few = place.run_scenario("e", &["--rounds", "5"]).expect(0);
    assert!(few.stdout.contains("No pick: 5 rounds are too few"), "{}", few.stdout);
    let enough = place.run_scenario("e", &["--rounds", "7"]).expect(1);
    let results = place.results("e");
    assert_eq!(results.derived.workloads[0].pairs.len(), 3);
    assert!(enough.stdout.to_lowercase().contains("not met"), "{}", enough.stdout);
    assert!(place.report_text("e").to_lowercase().contains("not met"));
}

#[test]
fn reference_and_most_workers_run_twice_per_round_where_that_shows_anything() {
    let place = Place::new();
    place.scenario("d", SMALL);
    place.run_scenario("d", &["--rounds", "9"]).expect(0);
    let results = place.results("d");
    let checked: Vec<&str> = results.configurations.iter().filter(|c| c.checked).map(|c| c.label.as_str()).collect();
    assert_eq!(checked, ["serial", "threads × 4"]);
    assert_eq!(results.trials.iter().filter(|trial| trial.duplicate).count(), 2 * 9);
    assert_eq!(results.derived.workloads[0].checks.len(), 2);
    for round in 0..9 {
        let in_round = results.trials.iter().filter(|t| t.round == round && t.kind == Kind::Timed);
        assert_eq!(in_round.count(), 3 + 2);
    }
    assert!(results.trials.iter().map(|trial| trial.order).eq(0..results.trials.len() as u32));
    // At eight, no second run could show that the machine changed.
    place.run_scenario("d", &["--rounds", "8"]).expect(0);
    assert_eq!(place.results("d").trials.iter().filter(|trial| trial.duplicate).count(), 0);
}

// ---- Options.

#[test]
fn narrowed_runs_do_not_replace_a_full_report() {
    let place = Place::new();
    place.scenario("n", "tasks: [{kind: empty, items: 2}]\nmodels: [serial, threads]\nworkers: 2\nrounds: 1\n");
    place.run(&["n.yaml"]).expect(0);
    place.run(&["n.yaml", "--filter", "model=serial"]).expect(0);
    let configurations =
        |folder: &str| runner::results::read(&place.path(folder).join("n/results.json")).unwrap().configurations.len();
    assert_eq!((configurations("reports"), configurations("reports/filtered")), (2, 1));
}

#[test]
fn what_was_measured_is_shown_where_its_report_cannot_be_written() {
    let place = Place::new();
    place.scenario("w", "tasks: [{kind: empty, items: 2}]\nmodels: [serial, threads]\nworkers: 2\nrounds: 1\n");
    std::fs::create_dir_all(place.report("w").join("report.md/taken")).unwrap();
    let ended = place.run_scenario("w", &["--quiet"]).expect(3);
    assert!(ended.stdout.contains("threads × 2") && !ended.stdout.contains("Report: "), "{}", ended.stdout);
    assert_eq!(ended.stderr.matches("report.md").count(), 1, "{}", ended.stderr);
}

#[test]
fn only_narrows_a_run() {
    let place = Place::new();
    place.scenario("n", SMALL);
    place.run_scenario("n", &["--quick", "--rounds", "1", "--filter", "model=threads,workers=4"]).expect(0);
    let results = place.results("n");
    assert_eq!(
        results.configurations.iter().map(|configuration| configuration.label.as_str()).collect::<Vec<_>>(),
        ["threads × 4"]
    );
    assert_eq!(results.run.filter.as_deref(), Some("model=threads,workers=4"));
    let ended = place.run_scenario("n", &["--quick", "--rounds", "1", "--filter", "model=serial,threads"]).expect(0);
    assert_eq!(place.results("n").configurations.len(), 3);
    assert!(
        ended.stdout.contains("model=serial,threads") || place.report_text("n").contains("only"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_seed_gives_the_same_order_again() {
    let place = Place::new();
    place.scenario("s", SMALL);
    let order = |seed: &str| {
        place.run_scenario("s", &["--quick", "--rounds", "6", "--seed", seed]).expect(0);
        let results = place.results("s");
        assert_eq!(results.run.seed.to_string(), seed);
        results.trials.into_iter().map(|trial| (trial.configuration, trial.duplicate, trial.digest)).collect::<Vec<_>>()
    };
    let (first, again, other) = (order("7"), order("7"), order("8"));
    assert_eq!(first, again);
    let configurations = |order: &[(usize, bool, String)]| order.iter().map(|trial| trial.0).collect::<Vec<_>>();
    assert_ne!(configurations(&first), configurations(&other));
}

#[test]
fn the_next_run_does_the_same_work() {
    let place = Place::new();
    let auto = SMALL.replace(", items: 4", "");
    place.scenario("c", &auto);
    place.run_scenario("c", &["--quick", "--rounds", "1"]).expect(0);
    let chosen: Vec<u64> = place.results("c").configurations.iter().map(|configuration| configuration.items).collect();
    assert!(chosen.iter().all(|items| *items > 0));
    // A count that no calibration would choose shows where the next run takes it from.
    let path = place.report("c").join("results.json");
    let mut changed = place.results("c");
    changed.configurations[0].items = 33;
    // Counts that suited badly are chosen anew, and on a busy machine they do.
    changed.trials.iter_mut().for_each(|trial| trial.flags.clear());
    runner::results::write(&path, &changed).unwrap();
    place.run_scenario("c", &["--quick", "--rounds", "1"]).expect(0);
    assert!(
        place
            .results("c")
            .configurations
            .iter()
            .all(|configuration| configuration.items == 33 || chosen[1..].contains(&configuration.items))
    );
    assert_eq!(place.results("c").configurations[0].items, 33);
    // Another size of run chooses anew.
    place.run_scenario("c", &["--rounds", "1"]).expect(0);
    assert_ne!(place.results("c").configurations[0].items, 33);
}

#[test]
fn plans_run_nothing() {
    let place = Place::new();
    place.scenario("p", SMALL);
    for arguments in [&["plan", "p.yaml"][..], &["p.yaml", "--dry-run", "--output", "o"]] {
        let ended = place.run(arguments).expect(0);
        assert!(ended.stdout.contains("threads × 4") && ended.stdout.contains("trials"), "{}", ended.stdout);
        assert!(!place.path("o").exists() && !place.path("reports").exists());
    }
    let json = place.run(&["plan", "p.yaml", "--json"]).expect(0).json();
    assert_eq!(json["plans"][0]["workloads"][0]["configurations"].as_array().unwrap().len(), 3);
}

// ---- Streams.

#[test]
fn results_go_to_standard_output_and_progress_to_standard_error() {
    let place = Place::new();
    place.scenario("t", SMALL);
    let loud = place.run_scenario("t", &["--quick", "--rounds", "1"]).expect(0);
    assert!(loud.stderr.contains("t: done") && !loud.stdout.contains("t: done"));
    let quiet = place.run_scenario("t", &["--quick", "--rounds", "1", "-q"]).expect(0);
    assert_eq!(quiet.stderr, "");
    assert!(quiet.stdout.contains("threads × 4"));
    let verbose = place.run_scenario("t", &["--rounds", "7", "-v"]).expect(0);
    let plain = place.run_scenario("t", &["--rounds", "7"]).expect(0);
    assert!(verbose.stdout.lines().count() > plain.stdout.lines().count());
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let place = Place::new();
    place.scenario("h", SMALL);
    let run = ["h.yaml", "--output", "o", "--quick", "--rounds", "1"];
    let json = ["h.yaml", "--output", "o", "--quick", "--rounds", "1", "--json"];
    for arguments in [&["list"][..], &["schema"], &["plan", "h.yaml"], &["--help"], &run, &json] {
        let mut child = place.program(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let ended = Ended::of(child, HANG).expect(0);
        place.assert_no_leftovers(ended.pid);
    }
    assert!(place.results("h").run.complete);
    let mut child = place.program(&run).spawn().unwrap();
    drop(child.stderr.take());
    Ended::of(child, HANG).expect(0);
}

#[test]
fn a_full_standard_output_is_a_failure_that_is_named() {
    let place = Place::new();
    place.scenario("f", SMALL);
    for arguments in [&["list"][..], &["f.yaml", "--output", "o", "--quick", "--rounds", "1"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let ended = Ended::of(place.program(arguments).stdout(full).spawn().unwrap(), HANG).expect(3);
        assert!(ended.stderr.contains("standard output: No space left"), "{}", ended.stderr);
    }
    assert!(place.results("f").run.complete);
}

#[test]
fn a_long_temporary_folder_is_no_failure() {
    let place = Place::new();
    // Paths of Unix sockets hold 107 bytes, and the queues live in such sockets.
    let long = place.path(&"x".repeat(150));
    std::fs::create_dir(&long).unwrap();
    place.scenario("l", "tasks: [{kind: empty, items: 8}]\nmodels: [{kind: processes, ipc: queue}]\nworkers: 2\n");
    let mut command = place.program(&["l.yaml", "--output", "o", "--quick", "--rounds", "1"]);
    let ended = Ended::of(command.env("TMPDIR", &long).spawn().unwrap(), HANG).expect(0);
    assert_whole(&place.results("l"));
    let left: Vec<_> = std::fs::read_dir("/tmp").unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let start = format!("runner-{}-", ended.pid);
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(&start)));
}

/// Runs the program with standard output on a terminal, and gives what the terminal saw.
fn on_a_terminal(place: &Place, arguments: &[&str], no_color: Option<&str>) -> String {
    let (mut master, mut slave) = (0, 0);
    let null = std::ptr::null_mut();
    // SAFETY: Both out-pointers are valid; name, modes and size are left to the system.
    assert_eq!(unsafe { libc::openpty(&raw mut master, &raw mut slave, null, null.cast(), null.cast()) }, 0);
    // SAFETY: Both descriptors were just opened and belong to nobody else.
    let (mut master, slave) = unsafe {
        use std::os::fd::FromRawFd as _;
        (std::fs::File::from_raw_fd(master), std::os::fd::OwnedFd::from_raw_fd(slave))
    };
    let mut command = place.program(arguments);
    command.env("TERM", "xterm").stdout(Stdio::from(slave)).stderr(Stdio::null());
    if let Some(value) = no_color {
        command.env("NO_COLOR", value);
    }
    let mut child = command.spawn().unwrap();
    // The command holds the other end of the terminal, which would never end.
    drop(command);
    let mut seen = Vec::new();
    // The end of a terminal's last writer is an error of its reader.
    let _ = master.read_to_end(&mut seen);
    assert!(child.wait().unwrap().success());
    String::from_utf8(seen).unwrap()
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let place = Place::new();
    place.scenario("z", SMALL);
    let arguments = ["z.yaml", "--output", "o", "--quick", "--rounds", "1"];
    assert!(on_a_terminal(&place, &arguments, None).contains("\u{1b}["));
    assert!(on_a_terminal(&place, &arguments, Some("")).contains("\u{1b}["));
    assert!(!on_a_terminal(&place, &arguments, Some("1")).contains('\u{1b}'));
    assert!(!place.run(&arguments).expect(0).stdout.contains('\u{1b}'));
}

#[test]
fn the_flag_for_colour_holds_for_every_command_and_into_pipes() {
    let place = Place::new();
    place.scenario("z", SMALL);
    place.scenario("bad", "tasks: [primse]\n");
    let coloured = |text: &str| text.contains("\u{1b}[");
    for when in ["auto", "always", "never"] {
        let always = when == "always";
        assert_eq!(coloured(&place.run(&["plan", "z.yaml", "--color", when]).expect(0).stdout), always, "plan {when}");
        assert_eq!(
            coloured(&place.run(&["check", "z.yaml", "--color", when]).expect(0).stderr),
            always,
            "check {when}"
        );
        assert_eq!(coloured(&place.run(&["--color", when, "check", "bad.yaml"]).expect(2).stderr), always, "{when}");
        assert_eq!(coloured(&place.run(&["--color", when, "--no-such-flag"]).expect(2).stderr), always, "clap {when}");
        // What other programs read has none.
        let json = place.run(&["plan", "--json", "z.yaml", "--color", when]).expect(0);
        assert!(!coloured(&json.stdout), "{when}");
    }
    let arguments = ["z.yaml", "--output", "o", "--quick", "--rounds", "1", "--color"];
    assert!(coloured(&place.run(&[&arguments[..], &["always"]].concat()).expect(0).stdout));
    assert!(!on_a_terminal(&place, &[&arguments[..], &["never"]].concat(), None).contains('\u{1b}'));
}

#[test]
fn the_environment_can_force_colour_into_a_pipe() {
    let place = Place::new();
    place.scenario("z", SMALL);
    let plan = |variables: &[(&str, &str)]| {
        let mut command = place.program(&["plan", "z.yaml"]);
        command.envs(variables.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap().contains('\u{1b}')
    };
    assert!(plan(&[("CLICOLOR_FORCE", "1")]) && !plan(&[]));
    assert!(!plan(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

/// Several messages wait in a pipe at once, of sizes below and above what is read at a time.
#[test]
fn payloads_of_any_size_cross_in_every_way() {
    let place = Place::new();
    let sizes = "[8 B, 60 KiB, 65528 B, 64 KiB, 70 KiB, 100 KiB, 150 KiB, 300 KiB, 1 MiB]";
    let ways = "{kind: processes, ipc: [queue, pipe, shared_memory, manager], in_flight: [1, 4]}";
    let text = format!(
        "tasks: [{{kind: echo, payload: {sizes}, items: 12}}]\nmodels: [serial, \
                        {ways}]\nworkers: 2\n"
    );
    place.scenario("sizes", &text);
    let ended = place.run_scenario("sizes", &["--quick", "--rounds", "1"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    let results = place.results("sizes");
    assert_eq!(results.configurations.len(), 9 * (1 + 4 * 2));
    assert!(results.trials.iter().all(|trial| trial.ok() && trial.done == 12));
}
