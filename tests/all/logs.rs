//! Logs under every way, through one writer or each by itself: lines whole, once and in order, and failures to write.

use rustix::process::Signal;

use crate::python::has_python;
use crate::support::{Ended, HANG, PROGRAM, Place, assert_all_done, children, signal, until};

const EVERY_WAY: &str = "
workers: 3
models:
  - serial
  - threads
  - rayon
  - {kind: processes, ipc: [queue, pipe, shared_memory, manager]}
  - {kind: processes, ipc: pipe, start: fork, chunk: 5}
  - {kind: threads, runtime: gil_emulation}
  - {kind: processes, runtime: gil_emulation}
";

#[test]
fn lines_are_whole_once_and_in_order_under_every_way() {
    let place = Place::new();
    let tasks = "tasks:
  - {kind: log, writer: [one, each], sync: [never, batch], batch: 50, items: 2000}
  - {kind: log, writer: [one, each], sync: line, items: 60}
  - {kind: log, writer: [one, each], length: 64 KiB, items: 60}
";
    place.scenario("logs", &format!("{tasks}{EVERY_WAY}"));
    let ended = place.run_scenario("logs", &["--quick", "--rounds", "1"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    let results = place.results("logs");
    assert_eq!(results.configurations.len(), 8 * 10);
    // What the file holds is looked at after each trial.
    assert_all_done(&results);
}

#[test]
fn each_worker_of_a_table_appends_its_lines() {
    let place = Place::new();
    let ways = "workers: 3\nmodels: [{kind: processes, dispatch: claim, ipc: shared_memory}]\n";
    place.scenario("table", &format!("tasks: [{{kind: log, writer: each, items: 500}}]\n{ways}"));
    place.run_scenario("table", &["--quick"]).expect(0);
    assert!(place.results("table").trials.iter().all(|trial| trial.ok() && trial.done == 500));
}

#[test]
fn faults_in_them_are_outcomes() {
    let place = Place::new();
    let ways =
        "workers: 2\nmodels: [serial, threads, rayon, {kind: processes, ipc: [pipe, queue, shared_memory, manager]}]\n";
    let faults = "fault: [{kind: kill, item: 50}, {kind: panic, item: 50}]\n";
    place.scenario(
        "faults",
        &format!(
            "tasks: [{{kind: log, writer: [one, each], items: \
                                       200}}]\n{faults}{ways}"
        ),
    );
    let ended = place.run_scenario("faults", &["--quick", "--rounds", "1"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    place.assert_nothing_runs();
    let results = place.results("faults");
    assert_eq!(results.trials.len(), 2 * 2 * 7);
    for trial in &results.trials {
        let configuration = &results.configurations[trial.configuration];
        let kind = results.workloads[configuration.workload].fault.as_ref().unwrap().kind.word();
        let expected = match (kind, configuration.config.model.word()) {
            ("kill", "processes") => "worker died: signal 9 (SIGKILL)",
            ("kill", _) => "host died: signal 9 (SIGKILL)",
            (_, "processes") => "worker died: exit code 101",
            _ => "worker died: panic: item 50 was asked to panic",
        };
        assert_eq!(trial.outcome.words(), expected, "{kind} under {}: {trial:?}", configuration.label);
    }
}

#[test]
fn hanging_and_interrupted_writers_end_in_time() {
    let place = Place::new();
    let task = "tasks: [{kind: log, writer: [one, each], sync: line, items: 200}]\nfault: {kind: hang, item: 50}\n";
    let ways = "workers: 2\nmodels: [serial, threads, {kind: processes, ipc: [pipe, manager]}]\n";
    place.scenario("hangs", &format!("{task}timeout: 600 ms\n{ways}"));
    let ended = place.run_scenario("hangs", &["--quick", "--rounds", "1"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    place.assert_nothing_runs();
    assert!(place.results("hangs").trials.iter().all(|trial| trial.outcome.words() == "timed out"));
    place.scenario("stopped", &format!("{task}timeout: 30 s\nworkers: 2\nmodels: processes\n"));
    let running = place.program(&["stopped.yaml", "--output", "o", "--quick"]).spawn().unwrap();
    let pid = running.id();
    until("workers", HANG, || {
        children(pid, "__host").iter().any(|host| children(*host, "__worker").len() == 2).then_some(())
    });
    signal(pid, Signal::INT);
    assert_eq!(Ended::of(running, HANG).code, Some(130));
    place.assert_no_leftovers(pid);
    place.assert_nothing_runs();
}

/// A limit on the size of files is to a writer what a full disk is.
#[test]
fn a_log_that_cannot_be_written_ends_the_trial_with_words() {
    for runtime in ["native", "python"] {
        if runtime == "python" && !has_python() {
            continue;
        }
        let place = Place::new();
        let task =
            format!("runtime: {runtime}\ntasks: [{{kind: log, writer: [one, each], length: 64 KiB, items: 64}}]\n");
        place.scenario(
            "full",
            &format!("{task}workers: 2\nmodels: [serial, threads, {{kind: processes, ipc: pipe}}]\n"),
        );
        // 2048 blocks are one MiB, or two where a shell counts larger ones.
        let script = "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\"";
        let mut command = place.command("sh", &["-c", script, PROGRAM]);
        command.args(["full.yaml", "--output", "o", "--quick", "--rounds", "1"]);
        let ended = Ended::of(command.spawn().unwrap(), HANG).expect(3);
        place.assert_no_leftovers(ended.pid);
        place.assert_nothing_runs();
        let results = place.results("full");
        assert_eq!(results.trials.len(), 6, "{runtime}");
        for trial in &results.trials {
            let (label, words) = (&results.configurations[trial.configuration].label, trial.outcome.words());
            let known = ["File too large", "bytes of a line were written"];
            assert!(known.iter().any(|known| words.contains(known)), "{runtime}, {label}: {words}");
            let one = results.workloads[results.configurations[trial.configuration].workload].label.contains("one");
            let native = runtime == "native";
            let expected = match (one, native) {
                (true, true) => "failed: writing the log: ",
                (true, false) => "failed: the consumer of the replies: OSError: ",
                (false, true) => "failed: ",
                (false, false) => "",
            };
            assert!(words.starts_with(expected), "{runtime}, {label}: {words}");
        }
    }
}
