//! Every fault under every way that can have it: the right outcome, exact counts, an end in time, and nothing left behind.
//! And how workers come to be: by every start method, what they have of their parent.

use std::time::Duration;

use runner::internal::setting::Outcome;
use runner::results::{Configuration, EventKind, Kind, Results, Trial};

use rustix::process::Signal;

use crate::support::{Ended, HANG, Place, children, shared_segments, signal, until};

/// Items of every trial, and the one that goes wrong.
const ITEMS: u64 = 24;
const ITEM: u64 = 5;
/// Of a trial that hangs, and of one that should end by itself on a loaded machine.
const SHORT: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(20);
/// Beyond what is promised: for a loaded machine, and for what a run does beside its trials.
const SLACK: Duration = Duration::from_secs(15);

/// Every native way that can have a fault.
const EVERY_WAY: &str = "
models:
  - serial
  - threads
  - rayon
  - {kind: processes, ipc: [queue, pipe, shared_memory, manager], on_crash: [stop, restart, skip]}
  - {kind: processes, ipc: shared_memory, dispatch: claim}
";

/// A kind of fault, how a host ends that has it, and how a worker process does.
type Kinds<'a> = &'a [(&'a str, &'a str, &'a str)];

/// Runs a scenario to its end, which is planned, and looks for what it may have left.
#[track_caller]
fn run(name: &str, rest: &str, arguments: &[&str]) -> (Results, Ended, Place) {
    let place = Place::with_probes();
    place.scenario(name, rest);
    let ended = place.run_scenario(name, arguments).expect(0);
    place.assert_no_leftovers(ended.pid);
    place.assert_nothing_runs();
    let files: Vec<String> =
        std::fs::read_dir(place.path("")).unwrap().flatten().map(|e| e.file_name().into_string().unwrap()).collect();
    assert!(files.iter().all(|file| !file.starts_with("core")), "{files:?}");
    (place.results(name), ended, place)
}

/// Runs kinds of faults under every way, and checks each trial.
#[track_caller]
fn every_way_has(kinds: Kinds<'_>, timeout: Duration) -> (Results, Duration) {
    let faults: Vec<String> = kinds.iter().map(|(kind, ..)| format!("{{kind: {kind}, item: {ITEM}}}")).collect();
    let head = format!("tasks: [{{kind: echo, items: {ITEMS}}}]\nworkers: 2\ntimeout: {} ms\n", timeout.as_millis());
    let text = format!("{head}fault: [{}]\n{EVERY_WAY}", faults.join(", "));
    let (results, ended, _place) = run("faults", &text, &["--quick", "--rounds", "1"]);
    assert_eq!(results.trials.len(), kinds.len() * 16);
    for trial in &results.trials {
        let configuration = &results.configurations[trial.configuration];
        let fault = results.workloads[configuration.workload].fault.as_ref().unwrap();
        let (kind, host, worker) = kinds.iter().find(|(kind, ..)| *kind == fault.kind.word()).unwrap();
        let expected = if configuration.config.model.word() == "processes" { worker } else { host };
        let context = format!("{kind} under {}: {trial:?}", configuration.label);
        assert_eq!(trial.outcome.words(), *expected, "{context}");
        assert_eq!(trial.done + trial.lost, ITEMS, "{context}");
        assert!(!trial.flags.contains(&runner::results::Flag::Leaked), "{context}");
        assert_eq!(trial.details.duplicated, 0, "{context}");
        counts_are_right(configuration, trial, &context);
    }
    (results, ended.took)
}

#[track_caller]
fn counts_are_right(configuration: &Configuration, trial: &Trial, context: &str) {
    let deaths = trial.details.lives.iter().filter(|life| life.died).count();
    match (&trial.outcome, configuration.config.on_crash.map(|word| word.word())) {
        // With the program everything is gone.
        (Outcome::HostDied { .. }, _) => assert_eq!((trial.done, trial.lost), (0, ITEMS), "{context}"),
        (Outcome::TimedOut, _) if configuration.config.model.word() != "processes" => {
            assert_eq!(trial.done, 0, "{context}")
        }
        // The one that hangs, and what its worker has in flight behind it.
        (Outcome::TimedOut, _) => assert!((1..=2).contains(&trial.lost) && trial.details.retried == 0, "{context}"),
        (_, Some("restart")) => {
            assert_eq!((trial.done, trial.lost), (ITEMS - 1, 1), "{context}");
            // Twice the one that goes wrong, and at most one behind it each of three times.
            assert!((2..=5).contains(&trial.details.retried), "{context}");
            assert_eq!((deaths, trial.details.lives.len()), (3, 5), "{context}");
        }
        (_, Some("skip")) => {
            assert!((1..=2).contains(&trial.lost) && trial.details.retried == 0, "{context}");
            assert_eq!((deaths, trial.details.lives.len()), (1, 2), "{context}");
        }
        _ => assert!(trial.lost >= 1 && trial.details.retried == 0, "{context}"),
    }
}

#[test]
fn a_panic_or_an_exit_ends_a_worker_or_the_program() {
    every_way_has(
        &[
            ("panic", "worker died: panic: item 5 was asked to panic", "worker died: exit code 101"),
            ("exit", "host died: exit code 7", "worker died: exit code 7"),
        ],
        LONG,
    );
}

#[test]
fn a_signal_ends_a_worker_or_the_program() {
    every_way_has(
        &[
            ("abort", "host died: signal 6 (SIGABRT)", "worker died: signal 6 (SIGABRT)"),
            ("segfault", "host died: signal 11 (SIGSEGV)", "worker died: signal 11 (SIGSEGV)"),
            ("kill", "host died: signal 9 (SIGKILL)", "worker died: signal 9 (SIGKILL)"),
        ],
        LONG,
    );
}

#[test]
fn a_full_stack_or_memory_ends_a_worker_or_the_program() {
    every_way_has(
        &[
            ("stack_overflow", "host died: signal 6 (SIGABRT)", "worker died: signal 6 (SIGABRT)"),
            ("memory", "host died: signal 6 (SIGABRT)", "worker died: signal 6 (SIGABRT)"),
        ],
        LONG,
    );
}

#[test]
fn a_hang_is_over_a_second_after_its_deadline() {
    let (results, took) = every_way_has(&[("hang", "timed out", "timed out")], SHORT);
    let promised = (SHORT + Duration::from_secs(1)) * results.trials.len() as u32;
    assert!(took < promised + SLACK, "{took:?} for {} trials", results.trials.len());
}

#[test]
fn what_survives_is_told_and_is_no_verdict() {
    let text = "tasks: [{kind: echo, items: 64}]\nworkers: 2\nfault: {kind: kill, item: 5}\nmodels: [threads, \
                {kind: processes, on_crash: restart}]\n";
    let (results, ended, place) = run("told", text, &["--quick", "--rounds", "1"]);
    let workload = &results.derived.workloads[0];
    assert!(workload.suppressed.as_ref().unwrap().contains("a fault is injected"), "{:?}", workload.suppressed);
    let told = ["kill in item 5: ", "the program died, 64 of 64 items lost", "survived, 1 of 64 items lost, "];
    for text in [&workload.sentence, &ended.stdout.replace("\n  ", " "), &place.report_text("told")] {
        told.iter().for_each(|told| assert!(text.contains(told), "{told}:\n{text}"));
    }
}

#[test]
fn a_chunk_in_which_an_item_goes_wrong_is_taken_apart() {
    let text = "tasks: [{kind: probe_tree, items: 20, depth: 1}]\nworkers: 2\nfault: {kind: kill, item: 13}\nmodels: \
                [{kind: processes, ipc: [queue, shared_memory], chunk: 8, on_crash: restart}]\n";
    let (results, ..) = run("chunk", text, &["--quick", "--rounds", "1"]);
    for trial in &results.trials {
        // Twenty trees of a root and three leaves; the three leaves of the one that fails are never known of.
        assert_eq!((trial.done, trial.lost), (76, 4), "{trial:?}");
    }
}

#[test]
fn a_worker_is_replaced_under_every_start_method() {
    let text = format!(
        "tasks: [{{kind: echo, items: {ITEMS}}}]\nworkers: 2\nfault: {{kind: kill, item: {ITEM}}}\nmodels:\n  - {{kind: \
         processes, ipc: [queue, pipe, shared_memory, manager], start: [spawn, fork, forkserver], on_crash: restart}}\n"
    );
    let (results, ..) = run("replaced", &text, &["--quick", "--rounds", "1"]);
    assert_eq!(results.trials.len(), 12);
    for trial in &results.trials {
        let context = format!("{}: {trial:?}", results.configurations[trial.configuration].label);
        assert_eq!(trial.outcome.words(), "worker died: signal 9 (SIGKILL)", "{context}");
        counts_are_right(&results.configurations[trial.configuration], trial, &context);
    }
}

/// Starts a slow run and waits until its host has so many children.
fn slow_run(place: &Place, start: &str, helpers: usize) -> (std::process::Child, u32) {
    let text = format!(
        "tasks: [{{kind: sleep, delay: 20 ms, items: 400}}]\nworkers: 2\ntimeout: 30 s\nmodels: [{{kind: processes, \
         start: {start}, on_crash: restart}}]\n"
    );
    place.scenario("slow", &text);
    let child = place.program(&["slow.yaml", "--output", "o", "--quick", "--rounds", "1"]).spawn().unwrap();
    let host = until("workers", HANG, || {
        let host = children(child.id(), "__host").into_iter().next()?;
        (children(host, "").len() >= 2 + helpers && shared_work(host)).then_some(host)
    });
    (child, host)
}

/// Whether all workers of a host wait or work: their threads that follow the host are there.
fn shared_work(host: u32) -> bool {
    let threads = |pid: &u32| std::fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    children(host, "").iter().filter(|pid| threads(pid) > 1).count() >= 2
}

#[test]
fn copies_end_with_their_host_and_with_the_program() {
    for (start, helpers) in [("spawn", 0), ("fork", 1), ("forkserver", 1)] {
        for whole in [false, true] {
            let place = Place::new();
            let (child, host) = slow_run(&place, start, helpers);
            let pid = child.id();
            signal(if whole { pid } else { host }, Signal::KILL);
            let ended = Ended::of(child, HANG);
            if !whole {
                assert_eq!(ended.code, Some(3), "{}", ended.stderr);
                assert_eq!(place.results("slow").trials[0].outcome.words(), "host died: signal 9 (SIGKILL)");
            }
            let left = || place.processes().is_empty().then_some(());
            until("the end of all processes", Duration::from_secs(5), left);
            let left =
                format!("the end of all files, {start}, {}", if whole { "runner killed" } else { "host killed" });
            until(&left, Duration::from_secs(5), || {
                std::fs::read_dir(place.temporary()).unwrap().next().is_none().then_some(())
            });
            assert_eq!(shared_segments(pid), Vec::<String>::new());
        }
    }
}

/// On a group without a parent elsewhere, in which a process is stopped, the kernel hangs up.
#[test]
fn a_killed_program_leaves_no_files_although_a_worker_is_stopped() {
    for (start, helpers) in [("spawn", 0), ("fork", 1), ("forkserver", 1)] {
        let place = Place::new();
        let (child, host) = slow_run(&place, start, helpers);
        signal(*children(host, "").last().unwrap(), Signal::STOP);
        signal(child.id(), Signal::KILL);
        Ended::of(child, HANG);
        until("the end of all processes", Duration::from_secs(5), || place.processes().is_empty().then_some(()));
        until(&format!("the end of all files, {start}"), Duration::from_secs(5), || {
            std::fs::read_dir(place.temporary()).unwrap().next().is_none().then_some(())
        });
    }
}

#[test]
fn a_worker_that_is_killed_from_outside_costs_nothing_with_restart() {
    for (start, helpers) in [("spawn", 0), ("fork", 1), ("forkserver", 1)] {
        let place = Place::new();
        let (child, host) = slow_run(&place, start, helpers);
        // The work takes four seconds: by then it has begun, since before that a death ends the run.
        std::thread::sleep(Duration::from_secs(1));
        // The workers are those with a thread beside their own that follows the host.
        let worker = |pid: &u32| std::fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count) > 1;
        signal(children(host, "").into_iter().find(worker).unwrap(), Signal::KILL);
        Ended::of(child, HANG).expect(0);
        let results = place.results("slow");
        let trial = &results.trials[0];
        assert!(trial.ok() && trial.done == 400 && (1..=2).contains(&trial.details.retried), "{start}: {trial:?}");
        assert!(
            trial.details.recovered > 0 && trial.details.lives.iter().filter(|life| life.died).count() == 1,
            "{start}: {trial:?}"
        );
    }
}

#[test]
fn what_cannot_be_is_skipped_with_the_reason() {
    let text = "tasks: [{kind: echo, items: 24}]\nworkers: 2\nfault: [{kind: kill, item: 5}, {kind: kill, item: \
                24}]\nmodels: [{kind: processes, ipc: shared_memory, dispatch: claim, on_crash: [stop, restart, skip]}]\n";
    let (results, ..) = run("table", text, &["--quick", "--rounds", "1"]);
    let skipped: Vec<&str> = results.skipped.iter().map(|skipped| skipped.what.as_str()).collect();
    let expected = ["processes × claim × restart", "processes × claim × skip", "kill in item 24 of echo"];
    assert_eq!(skipped, expected, "{:?}", results.skipped);
}

#[test]
fn a_global_is_seen_as_the_start_method_has_it() {
    let text = "tasks: [{kind: globals, items: 64}]\nworkers: 2\nmodels:\n  - serial\n  - threads\n  - rayon\n  - {kind: \
                processes, ipc: [queue, pipe, shared_memory, manager], start: [spawn, fork, forkserver]}\n  - {kind: \
                processes, ipc: shared_memory, dispatch: claim, start: [spawn, fork, forkserver]}\n";
    let (results, ..) = run("globals", text, &["--quick", "--rounds", "1"]);
    assert_eq!(results.trials.len(), 18);
    for trial in &results.trials {
        let configuration = &results.configurations[trial.configuration];
        let context = format!("{}: {:?}, {:?}", configuration.label, trial.outcome, trial.details.seen);
        assert!(trial.ok(), "{context}");
        let seen = |worker: Option<u32>| {
            let found = trial.details.seen.iter().find(|seen| seen.worker == worker);
            found.map(|seen| (seen.before, seen.after)).unwrap_or_else(|| panic!("no {worker:?} in {context}"))
        };
        match (configuration.config.model.word(), configuration.config.start.map(|word| word.word())) {
            ("serial", _) => assert_eq!([seen(None), seen(Some(0))], [(2, 100); 2], "{context}"),
            ("processes", start) => {
                // A fresh program has the value of its start, a copy that of the moment; main sees nothing of either.
                let before = if start == Some("fork") { 2 } else { 1 };
                let all = [seen(None), seen(Some(0)), seen(Some(1))];
                assert_eq!(all, [(2, 2), (before, 100), (before, 101)], "{context}");
            }
            _ => {
                // Threads share it: one of them found main's value, the other the first one's, and all see the last.
                let (a, b) = (seen(Some(0)), seen(Some(1)));
                let last = if a.0 == 2 { 101 } else { 100 };
                let first = if a.0 == 2 { (2, 100) } else { (101, 2) };
                assert_eq!(((a.0, b.0), a.1, b.1, seen(None)), (first, last, last, (2, last)), "{context}");
            }
        }
        let lives = if configuration.config.model.word() == "serial" { 0 } else { 2 };
        assert_eq!(trial.details.lives.len(), lives, "{context}");
        assert!(
            trial.details.lives.iter().all(|life| life.start <= life.ready && life.ready <= life.end && !life.died)
        );
    }
}

#[test]
fn a_copy_shares_what_its_parent_holds_and_a_program_does_not_have_it() {
    let text = "tasks: [{kind: echo, items: 64}]\nworkers: 2\nparent_memory: 64 MiB\nparent_use: read\nmodels: [threads, \
                {kind: processes, start: [spawn, fork, forkserver]}]\n";
    let (results, ..) = run("memory", text, &["--rounds", "1"]);
    const MIB: u64 = 1 << 20;
    let mut seen = 0;
    for trial in results.trials.iter().filter(|trial| trial.kind == Kind::Memory) {
        let (configuration, memory) =
            (&results.configurations[trial.configuration], trial.details.memory.as_ref().unwrap());
        let context = format!("{}: {memory:?}", configuration.label);
        assert!(memory.after.pss > 64 * MIB && memory.after.pss < 128 * MIB, "{context}");
        assert_eq!(
            memory.workers.len(),
            if configuration.config.model.word() == "threads" { 0 } else { 2 },
            "{context}"
        );
        for worker in &memory.workers {
            // The pages are there, and nobody has one of his own.
            assert_eq!(
                worker.rss > 64 * MIB,
                configuration.config.start.map(|word| word.word()) == Some("fork"),
                "{context}"
            );
            assert!(worker.private < 32 * MIB, "{context}");
        }
        seen += 1;
    }
    assert!(seen >= 4, "{seen} memory trials");
}

#[test]
fn a_timeline_has_starts_items_crashes_and_joins() {
    let text = "tasks: [{kind: sleep, delay: 1 ms, items: 24}]\nworkers: 2\nfault: [none, {kind: kill, item: 5}]\nmodels: \
                [threads, rayon, {kind: processes, on_crash: restart}]\n";
    let place = Place::new();
    place.charted_scenario("line", "timeline", text);
    place.run_scenario("line", &["--rounds", "1"]).expect(0);
    let results = place.results("line");
    for timeline in &results.timelines {
        let configuration = &results.configurations[timeline.configuration];
        let has = |kind| timeline.events.iter().filter(|event| event.1 == kind).count();
        let context = format!("{}: {timeline:?}", configuration.label);
        let crashed = results.workloads[configuration.workload].fault.is_some();
        assert_eq!(has(EventKind::Start), if crashed { 5 } else { 2 }, "{context}");
        assert_eq!(has(EventKind::Crash), if crashed { 3 } else { 0 }, "{context}");
        assert_eq!(has(EventKind::Join), 2, "{context}");
        assert!(has(EventKind::Item) >= if crashed { 10 } else { 24 }, "{context}");
        assert!(timeline.events.iter().all(|event| (1..=2).contains(&event.0) && event.2 <= event.3), "{context}");
    }
    // Under threads the host takes what it knew with it.
    assert_eq!(results.timelines.len(), 4);
}

#[test]
fn a_timeline_shows_the_death_of_a_thread_that_its_host_outlives() {
    let text =
        "tasks: [{kind: sleep, delay: 1 ms, items: 24}]\nworkers: 2\nfault: {kind: panic, item: 5}\nmodels: threads\n";
    let place = Place::new();
    place.charted_scenario("panic", "timeline", text);
    place.run_scenario("panic", &["--rounds", "1"]).expect(0);
    let timelines = place.results("panic").timelines;
    let [timeline] = timelines.as_slice() else { panic!("{timelines:?}") };
    let crashes: Vec<_> = timeline.events.iter().filter(|event| event.1 == EventKind::Crash).collect();
    let [crash] = crashes.as_slice() else { panic!("{timeline:?}") };
    let join = timeline.events.iter().find(|event| event.1 == EventKind::Join && event.0 == crash.0).unwrap();
    assert!(0 < crash.2 && crash.2 <= join.3, "{timeline:?}");
}
