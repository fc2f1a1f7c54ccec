//! What goes wrong is named in every output, harms nothing else and leaves nothing behind.

use std::os::unix::process::CommandExt as _;
use std::process::Child;
use std::time::{Duration, Instant};

use runner::internal::setting::Outcome;
use runner::results::{FORMAT, Kind, Results};
use rustix::process::Signal;

use crate::support::{Ended, HANG, PROGRAM, Place, children, processes, signal, until};

/// Every way to run a task, by lines of a scenario: models × IPC methods, and the shared table.
const EVERY_WAY: &str = "
models:
  - serial
  - threads
  - rayon
  - kind: processes
    ipc: [queue, pipe, shared_memory, manager]
  - {kind: processes, ipc: shared_memory, dispatch: claim}
workers: 2
";

/// How worker processes can be fed, as settings of the model.
const METHODS: &[&str] =
    &["ipc: queue", "ipc: pipe", "ipc: shared_memory", "ipc: manager", "ipc: shared_memory, dispatch: claim"];

/// Beyond the timeout of a trial: a second is promised, the rest is for a loaded machine.
const SLACK: Duration = Duration::from_secs(10);

// ---- Items that go wrong.

/// Runs a fault under every way beside a task that goes well, and compares the outcome of each with what `expected`
/// says for work inside of the host and for work in a worker process.
#[track_caller]
fn every_way_names(how: &str, in_host: &[&str], in_worker: &[&str]) -> Duration {
    let place = Place::with_probes();
    let tasks = format!("tasks:\n  - {{kind: probe_fault, how: {how}, items: 12}}\n  - {{kind: empty, items: 12}}\n");
    place.scenario("f", &format!("{tasks}{EVERY_WAY}timeout: 1 s\n"));
    let ended = place.run_scenario("f", &["--quick", "--rounds", "1"]).expect(3);
    let (results, report) = (place.results("f"), place.report_text("f"));
    assert!(results.run.complete);
    assert_eq!(results.trials.len(), 16);
    for trial in &results.trials {
        let configuration = &results.configurations[trial.configuration];
        let words = trial.outcome.words();
        if results.workloads[configuration.workload].task == "empty" {
            assert!(trial.ok(), "{}: {words}", configuration.label);
            continue;
        }
        let expected = if configuration.config.model.word() == "processes" { in_worker } else { in_host };
        assert!(expected.contains(&words.as_str()), "{}: {words}", configuration.label);
        for (output, text) in [("the terminal", &ended.stdout), ("report.md", &report)] {
            assert!(text.contains(&words), "{output} does not say `{words}`:\n{text}");
        }
    }
    place.assert_no_leftovers(ended.pid);
    ended.took
}

#[test]
fn a_wrong_reply_is_found_under_every_way() {
    every_way_names("wrong_reply", &["result mismatch"], &["result mismatch"]);
}

#[test]
fn an_error_of_an_item_is_told_in_its_own_words() {
    let words = ["failed: item 5 was asked to fail"];
    every_way_names("error", &words, &words);
}

#[test]
fn a_panic_ends_its_trial_alone() {
    let in_host = ["worker died: panic: item 5 was asked to panic"];
    every_way_names("panic", &in_host, &["worker died: exit code 101"]);
}

#[test]
fn an_exit_ends_its_trial_alone() {
    every_way_names("exit", &["host died: exit code 7"], &["worker died: exit code 7"]);
}

#[test]
fn an_abort_ends_its_trial_alone() {
    every_way_names("abort", &["host died: signal 6 (SIGABRT)"], &["worker died: signal 6 (SIGABRT)"]);
}

#[test]
fn a_hang_ends_at_the_deadline() {
    let took = every_way_names("hang", &["timed out"], &["timed out"]);
    assert!(took < 8 * Duration::from_secs(2) + SLACK, "{took:?}");
}

#[test]
fn an_error_is_told_however_often_a_worker_is_gone_before_it_is_read() {
    let place = Place::with_probes();
    let models = "models: [{kind: processes, ipc: [queue, pipe, manager]}]\nworkers: 2\n";
    place.scenario("e", &format!("tasks: [{{kind: probe_fault, how: error, items: 12}}]\n{models}"));
    place.run_scenario("e", &["--quick", "--rounds", "8"]).expect(3);
    for trial in place.results("e").trials {
        assert_eq!(trial.outcome.words(), "failed: item 5 was asked to fail");
    }
}

#[test]
fn json_names_outcomes_too() {
    let place = Place::with_probes();
    place.scenario(
        "f",
        "tasks: [{kind: probe_fault, how: [none, error, hang]}]\nmodels: threads\nworkers: 2\ntimeout: 1 s\n",
    );
    let file = std::fs::read_to_string(place.path("f.yaml")).unwrap().replace("hang]}", "hang], items: 12}");
    place.write("f.yaml", file);
    let ended = place.run_scenario("f", &["--quick", "--rounds", "1", "--json"]).expect(3);
    let outcomes = ended.json()["scenarios"][0]["outcomes"].to_string();
    assert!(outcomes.contains("timed out") && outcomes.contains("failed: item 5 was asked to fail"), "{outcomes}");
}

// ---- Processes that are killed or stopped.

/// A running `runner`, whose first trial has a worker process.
struct Running {
    child: Child,
    host: u32,
    worker: u32,
}

/// Starts a scenario of one slow group and waits until a worker of its first trial is there.
fn start(place: &Place, model: &str, arguments: &[&str]) -> Running {
    let tasks = "tasks: [{kind: sleep, delay: 20 ms, items: 60}]\n";
    place.scenario("k", &format!("{tasks}models: [{{kind: processes, {model}}}]\nworkers: [1, 2]\ntimeout: 20 s\n"));
    let all = [&["k.yaml", "--output", "o", "--quick"], arguments].concat();
    let child = place.program(&all).spawn().unwrap();
    let (host, worker) = until("a worker", HANG, || {
        let hosts = children(child.id(), "__host");
        hosts.into_iter().find_map(|host| Some((host, *children(host, "__worker").first()?)))
    });
    Running { child, host, worker }
}

/// No process of a group runs any more. Those that nobody has reaped do not run.
fn assert_group_ends(group: u32) {
    until("the end of the group", Duration::from_secs(5), || {
        processes().iter().all(|seen| seen.group != group || seen.state == 'Z').then_some(())
    });
}

/// One trial ended like that, and all others are right.
#[track_caller]
fn assert_one_ended(results: &Results, words: &str) {
    let wrong: Vec<String> = results.trials.iter().filter(|t| !t.ok()).map(|t| t.outcome.words()).collect();
    assert_eq!(wrong, [words]);
    assert!(results.run.complete && results.trials.len() == 2);
}

#[test]
fn a_killed_worker_is_named_and_the_other_configurations_are_whole() {
    for model in METHODS {
        let place = Place::new();
        let running = start(&place, model, &["--rounds", "1"]);
        signal(running.worker, Signal::KILL);
        let ended = Ended::of(running.child, HANG).expect(3);
        let results = place.results("k");
        assert_one_ended(&results, "worker died: signal 9 (SIGKILL)");
        assert!(ended.stdout.contains("signal 9 (SIGKILL)"), "{}", ended.stdout);
        let died = results.trials.iter().find(|trial| !trial.ok()).unwrap();
        assert_eq!(died.done + died.lost, 60, "{model}");
        place.assert_no_leftovers(ended.pid);
    }
}

#[test]
fn a_killed_manager_is_named() {
    let place = Place::new();
    let running = start(&place, "ipc: manager", &["--rounds", "1"]);
    signal(children(running.host, "__manager")[0], Signal::KILL);
    let ended = Ended::of(running.child, HANG).expect(3);
    let results = place.results("k");
    let wrong: Vec<String> = results.trials.iter().filter(|t| !t.ok()).map(|t| t.outcome.words()).collect();
    assert!(wrong.len() == 1 && wrong[0].contains("manager"), "{wrong:?}");
    place.assert_no_leftovers(ended.pid);
}

#[test]
fn a_killed_host_is_named_and_takes_its_workers_along() {
    for model in METHODS {
        let place = Place::new();
        let running = start(&place, model, &["--rounds", "1"]);
        signal(running.host, Signal::KILL);
        let ended = Ended::of(running.child, HANG).expect(3);
        assert_one_ended(&place.results("k"), "host died: signal 9 (SIGKILL)");
        assert!(ended.stdout.contains("host died: signal 9 (SIGKILL)"), "{}", ended.stdout);
        assert_group_ends(running.host);
        place.assert_no_leftovers(ended.pid);
    }
}

#[test]
fn work_that_ends_after_the_timeout_is_timed_out() {
    let place = Place::new();
    // Late by less than the time that a host is given to report its own time-out.
    let work =
        "timeout: 300ms\ntasks: [{kind: sleep, delay: 10 ms, items: 40}]\nmodels: [serial, threads]\nworkers: 1\n";
    place.scenario("late", work);
    place.run_scenario("late", &["--quick", "--rounds", "1"]).expect(3);
    assert!(place.results("late").trials.iter().all(|trial| trial.outcome == Outcome::TimedOut));
}

#[test]
fn a_stopped_worker_is_timed_out() {
    for model in METHODS {
        let place = Place::new();
        let running = {
            let tasks = "tasks: [{kind: sleep, delay: 20 ms, items: 40}]\ntimeout: 2 s\n";
            place.scenario("k", &format!("{tasks}models: [{{kind: processes, {model}}}]\nworkers: 1\n"));
            let child = place.program(&["k.yaml", "--output", "o", "--quick", "--rounds", "1"]).spawn().unwrap();
            let worker = until("a worker", HANG, || {
                let hosts = children(child.id(), "__host");
                hosts.into_iter().find_map(|host| children(host, "__worker").first().copied())
            });
            signal(worker, Signal::STOP);
            child
        };
        let ended = Ended::of(running, Duration::from_secs(3) + SLACK).expect(3);
        let outcomes: Vec<Outcome> = place.results("k").trials.into_iter().map(|trial| trial.outcome).collect();
        assert_eq!(outcomes, [Outcome::TimedOut], "{model}");
        place.assert_no_leftovers(ended.pid);
    }
}

#[test]
fn when_runner_is_killed_nothing_runs_on_and_the_next_run_sweeps() {
    for model in METHODS {
        let place = Place::new();
        let mut running = start(&place, model, &["--rounds", "1"]);
        running.child.kill().unwrap();
        running.child.wait().unwrap();
        assert_group_ends(running.host);
        assert_eq!(crate::support::shared_segments(running.child.id()), Vec::<String>::new(), "{model}");
        place.scenario("n", "tasks: [{kind: empty, items: 8}]\nmodels: serial\n");
        let next = place.run_scenario("n", &["--quick", "--rounds", "1"]).expect(0);
        place.assert_no_leftovers(next.pid);
    }
}

// ---- Signals to the program.

/// Waits until so many trials stand in the journal.
fn trials_in_journal(place: &Place, count: usize) {
    until("trials in the journal", HANG, || {
        let text = std::fs::read_to_string(place.report("k").join("journal.ndjson")).ok()?;
        (text.lines().filter(|line| line.starts_with("{\"finished\"")).count() >= count).then_some(())
    });
}

fn interrupted_by(number: Signal, code: i32) {
    let place = Place::new();
    let running = start(&place, "ipc: shared_memory", &["--rounds", "50"]);
    trials_in_journal(&place, 1);
    // As `timeout` of GNU sends it: to the program, and to its group.
    signal(running.child.id(), number);
    signal(running.child.id(), number);
    let ended = Ended::of(running.child, HANG).expect(code);
    let results = place.results("k");
    assert!(!results.run.complete && !results.trials.is_empty() && results.trials.len() < 100);
    assert!(results.trials.iter().all(|trial| trial.ok()));
    assert!(place.report_text("k").contains("partial"), "{}", place.report_text("k"));
    assert!(ended.stderr.contains("interrupted"), "{}", ended.stderr);
    let left = processes().into_iter().filter(|seen| seen.parent == ended.pid || seen.group == running.host);
    assert_eq!(left.filter(|seen| seen.state != 'Z').count(), 0);
    place.assert_no_leftovers(ended.pid);
}

#[test]
fn ctrl_c_keeps_what_there_is() {
    interrupted_by(Signal::INT, 130);
}

#[test]
fn sigterm_keeps_what_there_is() {
    interrupted_by(Signal::TERM, 143);
}

#[test]
fn ctrl_c_before_the_first_trial_writes_nothing() {
    let place = Place::new();
    let running = start(&place, "ipc: pipe", &["--rounds", "1"]);
    signal(running.child.id(), Signal::INT);
    let ended = Ended::of(running.child, HANG).expect(130);
    assert!(!place.report("k").join("results.json").exists());
    assert!(!place.report("k").join("journal.ndjson").exists());
    place.assert_no_leftovers(ended.pid);
}

#[test]
fn the_second_ctrl_c_ends_it_at_once() {
    let place = Place::new();
    let running = start(&place, "ipc: pipe", &["--rounds", "1"]);
    // A stopped host does not follow the first one, so that the program still waits when the second comes.
    signal(running.host, Signal::STOP);
    let pid = running.child.id();
    signal(pid, Signal::INT);
    std::thread::sleep(Duration::from_millis(200));
    signal(pid, Signal::INT);
    Ended::of(running.child, HANG).expect(130);
    assert_group_ends(running.host);
}

// ---- Outputs that cannot be written.

const TINY: &str = "tasks: [{kind: empty, items: 8}]\nmodels: [serial, threads]\nworkers: 2\n";

/// A shell that sets limits and then becomes the program.
fn limited(place: &Place, limits: &str, arguments: &[&str]) -> Ended {
    let script = format!("{limits}; exec \"$0\" \"$@\"");
    let mut command = place.command("sh", &["-c", &script, PROGRAM]);
    Ended::of(command.args(arguments).process_group(0).spawn().unwrap(), HANG)
}

#[test]
fn a_folder_that_cannot_be_written_is_said_before_the_first_trial() {
    let place = Place::new();
    place.scenario("a", TINY);
    place.write("file", "");
    for out in ["file/below", "/proc/reports"] {
        let ended = place.run(&["a.yaml", "--output", out]).expect(3);
        assert!(ended.stderr.contains(out), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
        place.assert_no_leftovers(ended.pid);
    }
}

#[test]
fn a_full_disk_leaves_the_old_file_whole() {
    let place = Place::new();
    place.scenario("a", TINY);
    place.run_scenario("a", &["--rounds", "2"]).expect(0);
    let path = place.report("a").join("results.json");
    let before = std::fs::read(&path).unwrap();
    assert!(before.len() > 4096, "{} bytes", before.len());
    // No file may exceed 4 KiB: the journal of two trials fits, the results do not.
    let limits = "trap '' XFSZ; ulimit -f 8";
    let ended = limited(&place, limits, &["a.yaml", "--output", "o", "--rounds", "2"]).expect(3);
    assert!(ended.stderr.contains("error:") && ended.stderr.contains("o/a/"), "{}", ended.stderr);
    assert!(std::fs::read(&path).unwrap() == before);
    let files = std::fs::read_dir(place.report("a")).unwrap();
    let names: Vec<String> = files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.starts_with(".runner-")), "{names:?}");
    place.assert_no_leftovers(ended.pid);
}

#[test]
fn a_second_run_into_the_same_folder_is_refused_by_name() {
    let place = Place::new();
    let running = start(&place, "ipc: pipe", &["--rounds", "1"]);
    let second = place.run(&["k.yaml", "--output", "o", "--quick", "--rounds", "1"]).expect(3);
    assert!(second.stderr.contains("o/k") && second.stderr.contains("another run"), "{}", second.stderr);
    place.assert_work_folder_of(running.child.id());
    let first = Ended::of(running.child, HANG).expect(0);
    assert!(place.results("k").run.complete);
    place.assert_no_leftovers(first.pid);
}

#[test]
fn a_report_folder_that_is_a_link_is_refused() {
    let place = Place::new();
    place.scenario("a", TINY);
    std::fs::create_dir(place.path("elsewhere")).unwrap();
    std::fs::create_dir(place.path("o")).unwrap();
    std::os::unix::fs::symlink(place.path("elsewhere"), place.report("a")).unwrap();
    let ended = place.run_scenario("a", &[]).expect(3);
    assert!(ended.stderr.contains("o/a") && ended.stderr.contains("link"), "{}", ended.stderr);
    assert_eq!(std::fs::read_dir(place.path("elsewhere")).unwrap().count(), 0);
}

#[test]
fn links_in_a_report_folder_lead_nowhere() {
    let place = Place::new();
    place.charted_scenario("a", "time", TINY);
    std::fs::create_dir_all(place.report("a")).unwrap();
    for name in ["journal.ndjson", "report.md", "time.svg"] {
        place.write("mine", "not yours");
        let _ = std::fs::remove_file(place.report("a").join(name));
        std::os::unix::fs::symlink(place.path("mine"), place.report("a").join(name)).unwrap();
        let ended = place.run_scenario("a", &["--quick", "--rounds", "1"]);
        assert_eq!(std::fs::read_to_string(place.path("mine")).unwrap(), "not yours", "{name}");
        if name == "journal.ndjson" {
            // What the journal says must stay, so a link in its place is an error; other files are replaced whole.
            let ended = ended.expect(3);
            assert!(ended.stderr.contains("o/a/journal.ndjson"), "{}", ended.stderr);
            std::fs::remove_file(place.report("a").join(name)).unwrap();
        } else {
            ended.expect(0);
            assert!(place.report("a").join(name).symlink_metadata().unwrap().is_file());
        }
    }
}

#[test]
fn scenarios_that_were_not_reached_leave_nothing() {
    let place = Place::new();
    place.scenario("later", TINY);
    let running = start(&place, "ipc: pipe", &["--rounds", "50", "later.yaml"]);
    trials_in_journal(&place, 1);
    signal(running.child.id(), Signal::INT);
    Ended::of(running.child, HANG).expect(130);
    assert!(!place.results("k").run.complete);
    assert_eq!(std::fs::read_dir(place.report("later")).unwrap().count(), 0);
}

#[test]
fn a_newer_or_damaged_results_file_is_named_and_left_alone() {
    let place = Place::new();
    place.scenario("a", TINY);
    place.run_scenario("a", &["--quick", "--rounds", "1"]).expect(0);
    let path = place.report("a").join("results.json");
    let good = std::fs::read_to_string(&path).unwrap();
    let newer = good.replacen(&format!("\"format\": {FORMAT}"), "\"format\": 999", 1);
    let elsewhere = good.replace("\"configuration\":1,", "\"configuration\":77,");
    let derived = good.replacen("\"configuration\":1,", "\"configuration\":0,", 1);
    assert!(newer != good && elsewhere != good && derived != good);
    let damaged = "damaged";
    let cases = [
        (newer, "999"),
        (elsewhere, damaged),
        (derived, damaged),
        (good[..good.len() / 2].to_owned(), damaged),
        (String::new(), damaged),
        ("[]".to_owned(), damaged),
    ];
    for (bytes, word) in cases {
        std::fs::write(&path, &bytes).unwrap();
        for arguments in [&["a.yaml", "--output", "o", "--quick"][..], &["render", "--reports", "o"]] {
            let ended = place.run(arguments).expect(3);
            assert!(ended.stderr.contains("o/a/results.json") && ended.stderr.contains(word), "{}", ended.stderr);
            assert!(std::fs::read(&path).unwrap() == bytes.as_bytes());
        }
    }
}

#[test]
fn a_low_limit_of_open_files_is_said_in_numbers() {
    let place = Place::new();
    let models = "models: [serial, {kind: processes, ipc: pipe}]\nworkers: 2\n";
    place.scenario("a", &format!("tasks: [{{kind: empty, items: 8}}]\n{models}"));
    let arguments = ["a.yaml", "--output", "o", "--quick", "--rounds", "1"];
    let ended = limited(&place, "ulimit -n 32", &arguments).expect(3);
    assert!(ended.stdout.contains("needs 52 open files, may open 32"), "{}{}", ended.stdout, ended.stderr);
    let results = place.results("a");
    assert!(results.trials.iter().any(|trial| trial.ok() && trial.kind == Kind::Timed));
}

#[test]
fn the_journal_holds_what_was_done_when_runner_is_killed() {
    let place = Place::new();
    let mut running = start(&place, "ipc: pipe", &["--rounds", "50"]);
    trials_in_journal(&place, 1);
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    let text = std::fs::read_to_string(place.report("k").join("journal.ndjson")).unwrap();
    let whole = text.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()).count();
    // The head, the item counts, and a trial.
    assert!(whole >= 3, "{text}");
    assert_group_ends(running.host);
}

#[test]
fn many_deaths_in_a_row_do_not_slow_the_run_down_to_its_timeouts() {
    let place = Place::with_probes();
    let models = "models: [{kind: processes, ipc: [queue, pipe, shared_memory, manager]}]\nworkers: 2\ntimeout: 60 s\n";
    place.scenario("x", &format!("tasks: [{{kind: probe_fault, how: exit, items: 12}}]\n{models}"));
    let start = Instant::now();
    place.run_scenario("x", &["--quick", "--rounds", "2"]).expect(3);
    assert!(start.elapsed() < Duration::from_secs(30), "a death was found by its deadline only");
}

// ---- Programs that do not end.

#[test]
fn a_program_that_never_ends_holds_up_nothing_beyond_its_deadlines() {
    let place = Place::new();
    let task = "tasks: [{kind: command, argv: [sleep, infinity], items: 2}]\n";
    place.scenario("endless", &format!("{task}models: [serial, threads]\nworkers: 2\ntimeout: 1 s\n"));
    let ended = place.run_scenario("endless", &["--quick", "--rounds", "1", "--allow-commands"]).expect(3);
    place.assert_no_leftovers(ended.pid);
    // Two seconds for the right replies, and one for each trial, with a second of grace for each.
    assert!(ended.took < Duration::from_secs(20), "{:?}", ended.took);
    let results = place.results("endless");
    assert!(results.trials.iter().all(|trial| trial.outcome.words() == "timed out"), "{:?}", results.trials);
}
