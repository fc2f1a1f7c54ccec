//! Downloads and crawls under every way: the right replies, each page once, and with faults, with a server that goes, hangs
//! or outlives its time, the right outcome, an end in time and nothing left behind.

use std::time::Duration;

use rustix::process::Signal;

use crate::python::has_python;
use crate::support::{Ended, HANG, Place, children, processes, signal, until};

/// Every native way, with more workers than cores.
const EVERY_WAY: &str = "
workers: 3
models:
  - serial
  - threads
  - rayon
  - {kind: processes, ipc: [queue, pipe, shared_memory, manager]}
  - {kind: threads, runtime: gil_emulation}
  - {kind: processes, runtime: gil_emulation}
  - {kind: async, concurrency: 4}
";
const WAYS: usize = 10;

/// Ways that differ in what becomes of a fault.
const FEW_WAYS: &str = "
workers: 2
models: [serial, threads, rayon, {kind: async, concurrency: 2}, {kind: processes, ipc: [queue, pipe, shared_memory, manager]}]
";
const FEW: usize = 8;

/// The tasks, and what each is known to have in all.
const DOWNLOADS: (&str, u64) = ("{kind: download, size: 20 KiB, delay: 1 ms, items: 40}", 40);
const CRAWLS: (&str, u64) = ("{kind: crawl, pages: 30, links: 4, delay: 0 s, items: 2}", 60);

#[test]
fn replies_are_right_under_every_way() {
    let place = Place::new();
    let whole = DOWNLOADS.0.replace("items", "returns: body, bandwidth: 4 MiB, items");
    let sends = "processes, start: [spawn, fork, forkserver], measure: end_to_end, ipc: pipe, chunk: 3";
    let ways = EVERY_WAY.to_owned() + &format!("  - {{kind: {sends}}}\n");
    place.scenario("web", &format!("tasks: [{}, {whole}, {}]\n{ways}", DOWNLOADS.0, CRAWLS.0));
    let ended = place.run_scenario("web", &["--quick", "--rounds", "1"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    place.assert_nothing_runs();
    let results = place.results("web");
    assert_eq!(results.configurations.len(), 3 * (WAYS + 3));
    for trial in &results.trials {
        let configuration = &results.configurations[trial.configuration];
        let known = if results.workloads[configuration.workload].task == "crawl" { CRAWLS.1 } else { DOWNLOADS.1 };
        let context = format!("{}: {trial:?}", configuration.label);
        assert_eq!((trial.outcome.words().as_str(), trial.done, trial.lost), ("ok", known, 0), "{context}");
        assert!(!trial.flags.contains(&runner::results::Flag::Leaked), "{context}");
    }
}

#[test]
fn every_page_is_fetched_once_however_often_it_is_tried() {
    let place = Place::new();
    place.scenario("often", &format!("timeout: 10 s\ntasks: [{}]\n{EVERY_WAY}", CRAWLS.0));
    let file = ["often.yaml", "--output", "o", "--quick", "--rounds", "5"];
    let ended = Ended::of(place.program(&file).spawn().unwrap(), HANG).expect(0);
    place.assert_no_leftovers(ended.pid);
    let results = place.results("often");
    assert!(results.trials.len() >= 5 * WAYS);
    for trial in &results.trials {
        // Whether each page was fetched once is asked of the server after each trial.
        assert_eq!((trial.outcome.words().as_str(), trial.done), ("ok", CRAWLS.1), "{trial:?}");
    }
}

#[test]
fn faults_in_them_are_outcomes_and_end_the_server_too() {
    for (name, task) in [("download", DOWNLOADS.0), ("crawl", CRAWLS.0)] {
        let place = Place::new();
        let faults = "fault: [{kind: kill, item: 1}, {kind: panic, item: 1}]\n";
        place.scenario(name, &format!("tasks: [{task}]\n{faults}{FEW_WAYS}"));
        let ended = place.run_scenario(name, &["--quick", "--rounds", "1"]).expect(0);
        place.assert_no_leftovers(ended.pid);
        place.assert_nothing_runs();
        let results = place.results(name);
        assert_eq!(results.trials.len(), 2 * FEW, "{name}");
        for trial in &results.trials {
            let configuration = &results.configurations[trial.configuration];
            let kind = results.workloads[configuration.workload].fault.as_ref().unwrap().kind.word();
            let expected = match (kind, configuration.config.model.word()) {
                ("kill", "processes") => "worker died: signal 9 (SIGKILL)",
                ("kill", _) => "host died: signal 9 (SIGKILL)",
                (_, "processes") => "worker died: exit code 101",
                _ => "worker died: panic: item 1 was asked to panic",
            };
            assert_eq!(trial.outcome.words(), expected, "{name}, {kind} under {}: {trial:?}", configuration.label);
            assert!(trial.lost >= 1, "{name}, {kind} under {}: {trial:?}", configuration.label);
        }
    }
}

#[test]
fn a_run_that_goes_on_after_a_death_does_all_but_what_is_lost() {
    let place = Place::new();
    let ways = "workers: 2\nmodels: [{kind: processes, on_crash: [restart, skip], ipc: [pipe, shared_memory]}]\n";
    place.scenario("on", &format!("tasks: [{}, {}]\nfault: {{kind: kill, item: 1}}\n{ways}", DOWNLOADS.0, CRAWLS.0));
    let ended = place.run_scenario("on", &["--quick", "--rounds", "1"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    place.assert_nothing_runs();
    let results = place.results("on");
    for trial in &results.trials {
        assert_eq!(trial.outcome.words(), "worker died: signal 9 (SIGKILL)", "{trial:?}");
        // With the first page of a site all others are lost.
        let crawl = results.workloads[results.configurations[trial.configuration].workload].task == "crawl";
        let (least, all) = if crawl { (30, CRAWLS.1) } else { (1, DOWNLOADS.1) };
        assert!(trial.done > 0 && (least..=least + 2).contains(&trial.lost), "{trial:?}");
        assert_eq!(trial.done + trial.lost, all, "{trial:?}");
    }
}

/// What a dead worker had begun is done again, and that is no failure where the run is to go on.
#[test]
fn pages_that_a_dead_worker_had_begun_may_be_fetched_twice() {
    let place = Place::new();
    let ways = "models: [{kind: processes, workers: 2, ipc: pipe, on_crash: restart}]\ntimeout: 60 s\n";
    place.scenario("twice", &format!("tasks: [{{kind: crawl, pages: 600, delay: 10 ms, items: 1}}]\n{ways}"));
    let running = place.program(&["twice.yaml", "--output", "o", "--quick", "--rounds", "1"]).spawn().unwrap();
    let worker = until("two workers", HANG, || {
        let hosts = children(running.id(), "__host");
        let workers: Vec<u32> = hosts.iter().flat_map(|host| children(*host, "__worker")).collect();
        (workers.len() == 2).then(|| workers[0])
    });
    // Long enough to be at work, and not at its end: every page takes ten milliseconds and more.
    std::thread::sleep(Duration::from_secs(1));
    signal(worker, Signal::KILL);
    let ended = Ended::of(running, HANG).expect(0);
    let results = place.results("twice");
    assert_eq!(results.trials[0].outcome.words(), "ok", "{:?}", results.trials);
    assert!(results.trials[0].done == 600 && results.trials[0].details.retried > 0, "{:?}", results.trials);
    place.assert_no_leftovers(ended.pid);
    place.assert_nothing_runs();
}

#[test]
fn an_item_that_hangs_is_over_in_time() {
    for (name, task) in [("download", DOWNLOADS.0), ("crawl", CRAWLS.0)] {
        let place = Place::new();
        place.scenario(name, &format!("tasks: [{task}]\nfault: {{kind: hang, item: 1}}\ntimeout: 600 ms\n{FEW_WAYS}"));
        let ended = place.run_scenario(name, &["--quick", "--rounds", "1"]).expect(0);
        place.assert_no_leftovers(ended.pid);
        place.assert_nothing_runs();
        for trial in &place.results(name).trials {
            assert_eq!(trial.outcome.words(), "timed out", "{name}: {trial:?}");
        }
        assert!(ended.took < Duration::from_secs(FEW as u64 * 2 + 15), "{name}: {:?}", ended.took);
    }
}

/// A run under way of downloads that take minutes, with its host and the server of its trial.
fn start(place: &Place, model: &str) -> (std::process::Child, u32, u32) {
    let task = "tasks: [{kind: download, delay: 20 ms, items: 4000}]\ntimeout: 60 s\n";
    place.scenario("long", &format!("{task}models: [{model}]\n"));
    let running = place.program(&["long.yaml", "--output", "o", "--quick", "--rounds", "1"]).spawn().unwrap();
    let (host, server) = until("a server", HANG, || {
        let hosts = children(running.id(), "__host");
        hosts.into_iter().find_map(|host| Some((host, *children(host, "__server").first()?)))
    });
    // Long enough for the first downloads; before them, the outcome is the same.
    std::thread::sleep(Duration::from_millis(500));
    (running, host, server)
}

const MODELS: [&str; 9] = [
    "serial",
    "{kind: threads, workers: 2}",
    "{kind: rayon, workers: 2}",
    "{kind: async, concurrency: 2}",
    "{kind: processes, workers: 2, ipc: pipe}",
    "{kind: processes, workers: 2, ipc: manager}",
    "{kind: serial, runtime: python}",
    "{kind: processes, workers: 2, runtime: python}",
    "{kind: async, concurrency: 2, runtime: python}",
];

#[test]
fn a_server_that_is_killed_ends_the_trial_at_once_with_words() {
    for model in MODELS.into_iter().filter(|model| !model.contains("python") || has_python()) {
        let place = Place::new();
        let (running, _, server) = start(&place, model);
        signal(server, Signal::KILL);
        let ended = Ended::of(running, Duration::from_secs(20)).expect(3);
        let results = place.results("long");
        assert_eq!(results.trials.len(), 1, "{model}");
        let words = results.trials[0].outcome.words();
        assert!(words.contains("GET /files/") && words.contains("the task's server"), "{model}: {words}");
        place.assert_no_leftovers(ended.pid);
        place.assert_nothing_runs();
    }
}

#[test]
fn a_server_that_is_stopped_ends_the_trial_after_a_few_seconds() {
    let ended_by_it = |model: &str| {
        let place = Place::new();
        let (running, _, server) = start(&place, model);
        signal(server, Signal::STOP);
        let ended = Ended::of(running, Duration::from_secs(30)).expect(3);
        let words = place.results("long").trials[0].outcome.words();
        let said = if model.contains("python") { "did not answer" } else { "has said nothing for 4 s" };
        assert!(words.contains("the task's server") && words.contains(said), "{model}: {words}");
        place.assert_no_leftovers(ended.pid);
        place.assert_nothing_runs();
    };
    let native = ["{kind: threads, workers: 2}", "{kind: async, concurrency: 2}"];
    let python = ["{kind: serial, runtime: python}", "{kind: async, concurrency: 2, runtime: python}"];
    let models = native.into_iter().chain(python.into_iter().filter(|_| has_python()));
    // All that they do is wait.
    std::thread::scope(|scope| models.for_each(|model| drop(scope.spawn(move || ended_by_it(model)))));
}

#[test]
fn whoever_is_killed_or_interrupted_takes_the_server_along() {
    for (who, how, code) in [
        ("host", Signal::KILL, Some(3)),
        ("runner", Signal::KILL, None),
        ("runner", Signal::INT, Some(130)),
        ("runner", Signal::TERM, Some(143)),
    ] {
        let models = ["serial", "processes, workers: 2, start: fork", "processes, workers: 2, runtime: python"];
        for model in models.map(|model| format!("{{kind: {model}}}")) {
            if model.contains("python") && !has_python() {
                continue;
            }
            let place = Place::new();
            let (running, host, server) = start(&place, &model);
            signal(if who == "host" { host } else { running.id() }, how);
            let ended = Ended::of(running, HANG);
            assert_eq!(ended.code, code, "{who}, {how:?}, {model}: {}", ended.stderr);
            // One that nobody has reaped yet does not run.
            let runs = || processes().into_iter().any(|seen| seen.pid == server && seen.state != 'Z');
            until("the end of all processes", Duration::from_secs(10), || {
                (place.processes().is_empty() && !runs()).then_some(())
            });
            let left = format!("the end of what was left of {model} by {how:?} of the {who}");
            until(&left, Duration::from_secs(10), || {
                std::fs::read_dir(place.temporary()).unwrap().next().is_none().then_some(())
            });
            place.assert_no_leftovers(ended.pid);
        }
    }
}

#[test]
fn what_python_cannot_do_with_them_is_skipped_and_said() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let logs = "{kind: log, items: 10}";
    let models = "[threads, ThreadPool, ThreadPoolExecutor, Pool, interpreters, async]";
    place.scenario("said", &format!("runtime: python\nworkers: 2\ntasks: [{}, {logs}]\nmodels: {models}\n", CRAWLS.0));
    let planned = place.run(&["plan", "said.yaml"]).expect(0);
    for words in [
        "crawl × Pool: `map` takes all items at once, and these are found while others run",
        "log × Pool: `map` gives results when all are made, and these have a consumer",
        "async × log: an event loop helps work that waits, and this task does not",
    ] {
        assert!(planned.stdout.contains(words), "{words}: {}", planned.stdout);
    }
    // Where this CPython has any.
    let interpreters = planned.stdout.contains("interpreters × python");
    assert!(interpreters || planned.stdout.contains("× interpreters: sub-interpreters claim"), "{}", planned.stdout);
}
