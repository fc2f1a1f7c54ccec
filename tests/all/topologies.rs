//! Items that hang together – in iterations, by one consumer, by finding each other – under every way: the same replies as one
//! after the other, and with a fault the right outcome, exact counts, an end in time and nothing left behind.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Ended, HANG, Place, children, signal, until};

/// Every native way that such items can be run, with more workers than cores, and more than some iterations have parts.
const EVERY_WAY: &str = "
models:
  - serial
  - threads
  - rayon
  - {kind: processes, ipc: [queue, pipe, shared_memory, manager]}
  - {kind: threads, runtime: gil_emulation, workers: 3}
  - {kind: processes, runtime: gil_emulation, workers: 3}
  - {kind: async, concurrency: 4}
workers: [1, 3, 6]
";
/// Configurations of it, without that of the event loop, which has no iterations.
const WAYS: usize = 1 + 3 + 3 + 12 + 1 + 1;

/// How many of the ways a topology can be run in that has an event loop among them.
fn ways(name: &str, others: usize) -> usize {
    if ["iterations", "one-part"].contains(&name) { others } else { others + 1 }
}

/// Each topology with its items and what it is known to have in all.
const TOPOLOGIES: &[(&str, &str, u64)] = &[
    ("iterations", "{kind: probe_iterations, parts: 4, items: 80}", 80),
    ("one-part", "{kind: probe_iterations, parts: 1, items: 12}", 12),
    ("consumer", "{kind: probe_gather, items: 300}", 300),
    ("web", "{kind: probe_web, nodes: 50, items: 4}", 200),
    ("tree", "{kind: probe_tree, fan_out: 3, depth: 3, items: 4}", 160),
];

#[test]
fn replies_are_those_of_a_serial_run_under_every_way() {
    for (name, task, known) in TOPOLOGIES {
        let place = Place::with_probes();
        place.scenario(name, &format!("tasks: [{task}]\nmeasure: [work, end_to_end]\n{EVERY_WAY}"));
        let ended = place.run_scenario(name, &["--quick", "--rounds", "1"]).expect(0);
        place.assert_no_leftovers(ended.pid);
        let results = place.results(name);
        assert_eq!(results.configurations.len(), 2 * ways(name, WAYS), "{name}");
        for trial in &results.trials {
            let context = format!("{name} under {}: {trial:?}", results.configurations[trial.configuration].label);
            assert_eq!((trial.outcome.words().as_str(), trial.done, trial.lost), ("ok", *known, 0), "{context}");
        }
    }
}

#[test]
fn every_model_can_have_a_fault_in_them() {
    for (name, task, _) in TOPOLOGIES {
        // Items that others yield have numbers that nobody knows before.
        let item = if ["web", "tree"].contains(name) { 1 } else { 5 };
        let place = Place::with_probes();
        let kinds = "[{kind: kill, item: ITEM}, {kind: panic, item: ITEM}]".replace("ITEM", &item.to_string());
        let models =
            "models: [serial, threads, rayon, async, {kind: processes, ipc: [queue, pipe, shared_memory, manager]}]";
        place.scenario(name, &format!("tasks: [{task}]\nfault: {kinds}\nworkers: 2\n{models}\n"));
        let ended = place.run_scenario(name, &["--quick", "--rounds", "1"]).expect(0);
        place.assert_no_leftovers(ended.pid);
        let results = place.results(name);
        assert_eq!(results.trials.len(), 2 * ways(name, 7), "{name}");
        for trial in &results.trials {
            let configuration = &results.configurations[trial.configuration];
            let kind = results.workloads[configuration.workload].fault.as_ref().unwrap().kind.word();
            let expected = match (kind, configuration.config.model.word()) {
                ("kill", "processes") => "worker died: signal 9 (SIGKILL)".to_owned(),
                ("kill", _) => "host died: signal 9 (SIGKILL)".to_owned(),
                (_, "processes") => "worker died: exit code 101".to_owned(),
                _ => format!("worker died: panic: item {item} was asked to panic"),
            };
            let context = format!("{name}, {kind} under {}: {trial:?}", configuration.label);
            assert_eq!(trial.outcome.words(), expected, "{context}");
            assert!(trial.lost >= 1, "{context}");
        }
    }
}

#[test]
fn a_worker_that_hangs_is_over_in_time() {
    let hangs = |name: &str, task: &str| {
        let place = Place::with_probes();
        let models = "models: [serial, threads, rayon, async, {kind: processes, ipc: [pipe, manager]}]";
        let fault = "fault: {kind: hang, item: 1}\nworkers: 2\ntimeout: 500 ms\n";
        place.scenario(name, &format!("tasks: [{}]\n{fault}{models}\n", task.replace("items: 12", "items: 24")));
        let ended = place.run_scenario(name, &["--quick", "--rounds", "1"]).expect(0);
        place.assert_no_leftovers(ended.pid);
        let results = place.results(name);
        assert_eq!(results.trials.len(), ways(name, 5), "{name}");
        for trial in &results.trials {
            let context = format!("{name} under {}: {trial:?}", results.configurations[trial.configuration].label);
            assert_eq!(trial.outcome.words(), "timed out", "{context}");
        }
        assert!(ended.took < Duration::from_secs(6 * 2 + 15), "{name}: {:?}", ended.took);
    };
    // All that they do is wait.
    std::thread::scope(|scope| {
        TOPOLOGIES.iter().for_each(|(name, task, _)| drop(scope.spawn(move || hangs(name, task))))
    });
}

#[test]
fn an_interrupt_ends_them_and_what_was_done_is_kept() {
    for (name, task, _) in TOPOLOGIES {
        let place = Place::with_probes();
        let models = "models: [{kind: processes, ipc: [pipe, shared_memory, queue, manager]}]";
        let fault = "fault: {kind: hang, item: 1}\nworkers: 2\ntimeout: 30 s\n";
        place.scenario(name, &format!("tasks: [{task}]\n{fault}{models}\n"));
        let file = format!("{name}.yaml");
        let running = place.program(&[&file, "--output", "o", "--quick"]).spawn().unwrap();
        let pid = running.id();
        // Another host adds up the right replies before.
        let work = |host: &u32| children(*host, "__worker").len() == 2;
        until("workers", HANG, || children(pid, "__host").iter().any(work).then_some(()));
        signal(pid, Signal::INT);
        let ended = Ended::of(running, HANG);
        assert_eq!(ended.code, Some(130), "{name}: {}", ended.stderr);
        place.assert_no_leftovers(pid);
    }
}

#[test]
fn a_consumer_that_fails_ends_the_trial_with_its_words() {
    let place = Place::with_probes();
    place.scenario("fails", &format!("tasks: [{{kind: probe_gather, fails_at: 20, items: 3000}}]\n{EVERY_WAY}"));
    place.run_scenario("fails", &["--quick", "--rounds", "1"]).expect(3);
    let results = place.results("fails");
    assert_eq!(results.trials.len(), WAYS + 1);
    for trial in &results.trials {
        let context = format!("{}: {trial:?}", results.configurations[trial.configuration].label);
        assert_eq!(trial.outcome.words(), "failed: the consumer was asked to fail", "{context}");
    }
}

#[test]
fn what_cannot_be_is_skipped_and_said() {
    let place = Place::with_probes();
    let ways = "models: [serial, {kind: processes, dispatch: [stream, claim], ipc: shared_memory}]\nworkers: 2\n";
    for (name, task, _) in TOPOLOGIES {
        place.scenario(name, &format!("tasks: [{task}]\n{ways}"));
        let planned = place.run(&["plan", &format!("{name}.yaml")]).expect(0);
        assert!(planned.stdout.contains("× processes × claim"), "{name}: {}", planned.stdout);
    }
    let answers = "models: [{kind: processes, on_crash: [stop, restart, skip]}]\nfault: kill\nworkers: 2\n";
    place.scenario("iterations", &format!("tasks: [{{kind: probe_iterations, items: 80}}]\n{answers}"));
    let planned = place.run(&["plan", "iterations.yaml"]).expect(0);
    assert!(
        planned.stdout.contains("what a worker keeps from iteration to iteration dies with it"),
        "{}",
        planned.stdout
    );
}

#[test]
fn items_that_make_no_whole_rounds_are_refused_where_they_stand() {
    let place = Place::with_probes();
    place.scenario("iterations", "tasks:\n  - kind: probe_iterations\n    items: 81\nmodels: [serial]\n");
    let ended = place.run(&["check", "iterations.yaml"]);
    let planned = place.run(&["plan", "iterations.yaml"]).expect(2);
    assert!(planned.stderr.contains("81 items make no whole iterations of 4"), "{}{}", ended.stderr, planned.stderr);
    assert!(planned.stderr.contains("iterations.yaml:8:5"), "{}", planned.stderr);
}

#[test]
fn a_round_is_chosen_whole_where_the_count_is() {
    let place = Place::with_probes();
    place.scenario("auto", "tasks: [{kind: probe_iterations, parts: 7}]\nmodels: [serial, threads]\nworkers: 2\n");
    place.run_scenario("auto", &["--quick"]).expect(0);
    assert!(place.results("auto").configurations.iter().all(|configuration| configuration.items % 7 == 0));
}
