//! Stages in a chain: the same replies as one item after the other under every way, bounded queues, the bottleneck that a
//! calculation by hand names, and with a fault in any stage the right outcome, exact counts, an end in time and nothing left
//! behind.

use std::time::Duration;

use runner::results::Kind;
use rustix::process::Signal;

use crate::support::{Ended, HANG, Place, children, signal, until};

/// The ways of a stage whose items do not matter: every model, and every method.
const EVERY_WAY: &str =
    "model: [serial, threads, processes], workers: 2, ipc: [queue, pipe, shared_memory, manager], in_flight: [1, 3]";
/// How many they are.
const WAYS: usize = 1 + 1 + 4 * 2;

#[test]
fn replies_are_those_of_one_thread_under_every_way() {
    let place = Place::new();
    let rest = "  - {task: sleep, delay: 100 us, workers: 2}\nitems: 40\nqueue: 2\n";
    place.scenario(
        "ways",
        &format!("pipeline:\n  - {{task: echo, payload: 5 KiB}}\n  - {{task: hash, {EVERY_WAY}}}\n{rest}"),
    );
    let ended = place.run_scenario("ways", &["--quick", "--rounds", "1"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    let results = place.results("ways");
    assert_eq!((results.configurations.len(), results.workloads.len()), (1 + WAYS, 1));
    for trial in &results.trials {
        let context = format!("{}: {trial:?}", results.configurations[trial.configuration].label);
        assert_eq!((trial.outcome.words().as_str(), trial.done, trial.lost), ("ok", 40, 0), "{context}");
        assert_eq!(trial.digest, results.trials[0].digest, "{context}");
    }
}

/// Programs in a chain as in a shell: each reads what the one before has written, as `writes` finds out.
#[test]
fn what_a_stage_has_made_is_what_the_next_works_on() {
    let place = Place::new();
    let source = "  - {task: command, argv: [printf, 'hello {item}'], model: [threads, processes]}\n";
    let upper = format!("  - {{task: command, argv: [tr, a-z, A-Z], writes: 'HELLO {{item}}', {EVERY_WAY}}}\n");
    place.scenario(
        "shell",
        &format!("pipeline:\n{source}{upper}  - {{task: compress}}\n  - {{task: hash}}\nitems: 12\n"),
    );
    let ended = place.run_scenario("shell", &["--quick", "--rounds", "1", "--allow-commands"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    let results = place.results("shell");
    assert_eq!(results.configurations.len(), 1 + 2 * WAYS);
    let all = |trial: &runner::results::Trial| trial.done == 12 && trial.digest == results.trials[0].digest;
    assert!(results.trials.iter().all(all), "{:?}", results.trials);
    let describe = "printf hello {item} → what comes, through tr a-z A-Z → what comes, deflated at level 6 → SHA-256 of what comes";
    assert_eq!(results.workloads[0].describe, describe);
    // What is not written comes to light.
    let wrong = "  - {task: command, argv: [cat], writes: 'HELLO {item}'}\n";
    place.scenario("wrong", &format!("pipeline:\n{source}{wrong}items: 12\n"));
    place.run_scenario("wrong", &["--quick", "--rounds", "1", "--allow-commands"]).expect(3);
    let said = place.report_text("wrong");
    assert!(said.contains("cat wrote for item 0 what it should not: hello 0"), "{said}");
}

#[test]
fn every_task_that_works_on_data_can_be_any_stage() {
    let place = Place::new();
    for way in ["model: threads", "model: processes, ipc: shared_memory"] {
        let stages = format!(
            "  - {{task: image, to: 32, width: 64, {way}}}\n  - {{task: image, to: 32, format: png, {way}}}\n  \
             - {{task: file, {way}}}\n  - {{task: echo, {way}}}\n  - {{task: hash, {way}}}\n"
        );
        // The second stage prepares as many photographs of its own, although it has no use for them.
        place.scenario("data", &format!("pipeline:\n{stages}items: 2\n"));
        let ended = place.run_scenario("data", &["--quick", "--rounds", "1"]).expect(0);
        place.assert_no_leftovers(ended.pid);
        let results = place.results("data");
        assert_eq!(results.configurations.len(), 2);
        assert!(results.trials.iter().all(|trial| trial.ok() && trial.digest == results.trials[0].digest));
    }
    // A file as a source hands on what it holds, and data of its own are for the first stage.
    place.scenario("file", "pipeline: [{task: file, size: 3 KiB}, {task: compress, size: 4 KiB}]\n");
    let refused = place.run(&["check", "file.yaml"]).expect(2).stderr;
    assert!(refused.contains("a later stage of `compress` has no use for `size`"), "{refused}");
}

#[test]
fn the_first_and_the_last_stage_can_be_processes_too() {
    let place = Place::new();
    let stage = "model: processes, workers: [1, 3]";
    place
        .scenario("ends", &format!("pipeline:\n  - {{task: echo, {stage}}}\n  - {{task: hash, {stage}}}\nitems: 30\n"));
    let ended = place.run_scenario("ends", &["--quick", "--rounds", "1"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    let results = place.results("ends");
    assert_eq!(results.trials.len(), 5);
    assert!(results.trials.iter().all(|trial| trial.ok() && trial.done == 30), "{:?}", results.trials);
    let workers = |trial: &runner::results::Trial| trial.details.lives.len();
    assert_eq!(results.trials.iter().map(workers).max(), Some(6));
    for trial in results.trials.iter().filter(|trial| !trial.details.lives.is_empty()) {
        let numbers: Vec<u32> = trial.details.lives.iter().map(|life| life.worker).collect();
        assert_eq!(numbers, (0..numbers.len() as u32).collect::<Vec<_>>(), "{trial:?}");
        // All lives count from the start of the run: a worker process ends when the work is done, and not before.
        let told = trial.phases[0].wall + trial.phases[1].wall;
        assert!(trial.details.lives.iter().all(|life| life.end >= told && !life.died), "{trial:?}");
    }
}

/// A stage in which an item goes wrong, between two that are sound.
fn with_fault(how: &str, way: &str) -> String {
    let fault = format!("  - {{task: probe_fault, how: {how}, item: 20, {way}}}\n");
    format!("pipeline:\n  - {{task: echo, workers: 2}}\n{fault}  - {{task: hash, workers: 2}}\nitems: 400\nqueue: 4\n")
}

#[test]
fn what_goes_wrong_in_a_stage_is_named_and_counted() {
    let processes = "model: processes, workers: 2, ipc: [queue, pipe, shared_memory, manager]";
    for (how, way, expected, code) in [
        ("panic", "workers: 2", "worker died: panic: item 20 was asked to panic", 3),
        ("panic", processes, "worker died: exit code 101", 3),
        ("exit", processes, "worker died: exit code 7", 3),
        ("abort", processes, "worker died: signal 6 (SIGABRT)", 3),
        ("error", "workers: 2", "failed: item 20 was asked to fail", 3),
        ("error", processes, "failed: item 20 was asked to fail", 3),
        ("wrong_reply", "workers: 2", "result mismatch", 3),
        ("wrong_reply", processes, "result mismatch", 3),
    ] {
        let place = Place::with_probes();
        place.scenario("wrong", &with_fault(how, way));
        let ended = place.run_scenario("wrong", &["--quick", "--rounds", "1"]).expect(code);
        place.assert_no_leftovers(ended.pid);
        let results = place.results("wrong");
        let piped = results
            .trials
            .iter()
            .filter(|trial| results.configurations[trial.configuration].config.model.word() == "pipeline");
        let mut seen = 0;
        for trial in piped {
            let context = format!("{how} under {}: {trial:?}", results.configurations[trial.configuration].label);
            assert!(trial.outcome.words().contains(expected), "{context}");
            assert_eq!(trial.done + trial.lost, 400, "{context}");
            // Of the items behind the one that went wrong only those can be done that others had by then.
            let most = if how == "wrong_reply" { 400 } else { 399 };
            assert!(trial.done <= most && (how != "wrong_reply" || trial.lost == 0), "{context}");
            seen += 1;
        }
        assert_eq!(seen, if way == processes { 4 } else { 1 }, "{how}");
    }
}

#[test]
fn a_stage_that_hangs_is_over_in_time() {
    for way in ["workers: 2", "model: processes, workers: 2, ipc: [pipe, manager]"] {
        let place = Place::with_probes();
        place.scenario("hangs", &(with_fault("hang", way) + "timeout: 700 ms\n"));
        let ended = place.run_scenario("hangs", &["--quick", "--rounds", "1"]).expect(3);
        place.assert_no_leftovers(ended.pid);
        for trial in &place.results("hangs").trials {
            assert_eq!(trial.outcome.words(), "timed out", "{way}: {trial:?}");
        }
        assert!(ended.took < Duration::from_secs(25), "{way}: {:?}", ended.took);
    }
}

#[test]
fn an_interrupt_ends_all_stages() {
    let place = Place::with_probes();
    let way = "model: processes, workers: 2, ipc: [pipe, shared_memory, queue, manager]";
    place.scenario("stops", &(with_fault("hang", way) + "timeout: 30 s\n"));
    let running = place.program(&["stops.yaml", "--output", "o", "--quick", "--filter", "model=pipeline"]);
    let mut running = running;
    let running = running.spawn().unwrap();
    let pid = running.id();
    until("workers", HANG, || {
        children(pid, "__host").iter().any(|host| children(*host, "__worker").len() == 2).then_some(())
    });
    signal(pid, Signal::INT);
    let ended = Ended::of(running, HANG);
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    place.assert_no_leftovers(pid);
}

#[test]
fn a_killed_worker_ends_the_trial_and_is_named() {
    let place = Place::with_probes();
    place.scenario("killed", &(with_fault("hang", "model: processes, workers: 2") + "timeout: 50 s\n"));
    let mut running =
        place.program(&["killed.yaml", "--output", "o", "--quick", "--rounds", "1", "--filter", "model=pipeline"]);
    let running = running.spawn().unwrap();
    let pid = running.id();
    let victim = until("workers", HANG, || {
        let hosts = children(pid, "__host");
        let workers: Vec<u32> = hosts.iter().flat_map(|host| children(*host, "__worker")).collect();
        (workers.len() == 2).then(|| workers[1])
    });
    signal(victim, Signal::KILL);
    let ended = Ended::of(running, HANG).expect(3);
    place.assert_no_leftovers(ended.pid);
    let trial = &place.results("killed").trials[0];
    assert_eq!(trial.outcome.words(), "worker died: signal 9 (SIGKILL)", "{trial:?}");
    assert_eq!(trial.done + trial.lost, 400, "{trial:?}");
}

/// Stages of 1, 4 and 1 ms: by hand, one worker of the second lets through 250 items a second, two let through 500, and the
/// queue before it fills while that after it stays empty. An item alone takes 6 ms, so that one thread does 167 a second.
#[test]
fn the_bottleneck_is_the_one_that_a_calculation_names() {
    let place = Place::new();
    let sleep = |ms: u32, way: &str| format!("  - {{task: sleep, delay: {ms} ms{way}}}\n");
    for (name, way) in
        [("threads", ", workers: [1, 2]"), ("processes", ", model: processes, workers: [1, 2], in_flight: [1, 2]")]
    {
        let stages = sleep(1, "") + &sleep(4, way) + &sleep(1, "");
        place.scenario(name, &format!("pipeline:\n{stages}items: 50\nqueue: [3, 7]\n"));
        let ended = place.run_scenario(name, &["--rounds", "1"]).expect(0);
        place.assert_no_leftovers(ended.pid);
        let results = place.results(name);
        for configuration in
            results.configurations.iter().filter(|configuration| configuration.config.model.word() == "pipeline")
        {
            let pipeline = results.derived.estimates[configuration.id].pipeline.as_ref().unwrap();
            let context = format!("{}: {pipeline:?}", configuration.label);
            assert_eq!(pipeline.bottleneck, [1], "{context}");
            let [first, second, third] = pipeline.stages[..] else { panic!("{context}") };
            assert!(first.blocked > first.starved && third.starved > third.blocked, "{context}");
            assert!(second.busy > first.busy && second.busy > third.busy, "{context}");
            // A fast stage gets as far ahead as the queue lets it, and no further.
            assert_eq!(second.most, u64::from(configuration.config.queue.unwrap()), "{context}");
            for trial in results.trials.iter().filter(|trial| trial.configuration == configuration.id) {
                let workers = u64::from(configuration.config.stages[1].workers);
                assert!(trial.phases[1].wall >= 50 * 4_000_000 / workers, "faster than it can be: {trial:?}");
                for (times, stage) in trial.details.stages.iter().zip(&configuration.config.stages) {
                    let all = trial.phases[1].wall * u64::from(stage.workers);
                    assert!(times.busy + times.blocked + times.starved <= all + all / 50, "{trial:?}");
                }
                assert_eq!(trial.details.stages.is_empty(), trial.kind != Kind::Profiling, "{trial:?}");
            }
        }
        let named = format!("stage 2, sleep on {name} × ");
        for text in [place.report_text(name), ended.stdout.clone()] {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains("Bottleneck of") && text.contains(&named), "{text}");
        }
        assert!(place.report_text(name).contains("### Stages"), "{}", place.report_text(name));
    }
}

#[test]
fn a_timeline_shows_the_items_of_every_stage() {
    let place = Place::new();
    let stages = "[{task: sleep, delay: 1 ms}, {task: sleep, delay: 2 ms, model: processes, workers: 2}]";
    let text = format!("version: 1\nname: line\npipeline: {stages}\nitems: 12\ncharts: timeline\n");
    place.write("line.yaml", text);
    place.run_scenario("line", &["--rounds", "1"]).expect(0);
    let results = place.results("line");
    let timeline = results.timelines.iter().find(|timeline| timeline.configuration == 1).unwrap();
    let items = |lane: u32| {
        let kind = runner::results::EventKind::Item;
        timeline.events.iter().filter(|event| (event.0, event.1) == (lane, kind)).count()
    };
    assert_eq!((items(1), items(2) + items(3)), (12, 12), "{timeline:?}");
}

#[test]
fn a_plan_lists_the_ways_of_all_stages() {
    let place = Place::new();
    place.scenario("plan", "pipeline: [{task: hash, workers: [1, 2]}, {task: primes, model: processes, workers: 2}]\n");
    let planned = place.run(&["plan", "plan.yaml"]).expect(0);
    for label in ["serial", "hash × 1 | primes × 2, pipe", "hash × 2 | primes × 2, pipe"] {
        assert!(planned.stdout.contains(label), "{}", planned.stdout);
    }
}
