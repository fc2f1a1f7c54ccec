//! The model of CPython's lock, through the real program: the same replies as without it, and a model in every output.

use runner::internal::setting::Outcome;
use runner::results::{Kind, LOCK_MODEL};

use super::support::Place;

const TASKS: &str = "runtime: [native, gil_emulation]
workers: 3
rounds: 1
tasks:
  - {kind: empty, items: 50}
  - {kind: primes, limit: 5000, items: 64}
  - {kind: hash, size: [1000, 4096], items: 30}
  - {kind: sleep, delay: 1 ms, items: 12}
  - {kind: file, size: 3000, items: 12}
  - {kind: mixed, steps: 2000, delay: 1 ms, items: 12}
  - {kind: convoy, waits: 5, delay: 1 ms, items: 3}
  - {kind: database, rows: 50, access: [rows, sum, insert_autocommit, insert_transaction], items: 20}
  - {kind: probe_blocking, items: 20}
  - {kind: probe_steps, items: 20}
  - {kind: probe_tree, items: 5}
models: [serial, threads, {kind: processes, start: [spawn, fork]}]
";

#[test]
fn replies_are_the_same_under_the_lock_and_threads_hand_it_over() {
    let place = Place::with_probes();
    place.scenario("locks", TASKS);
    let ended = place.run_scenario("locks", &["--quick", "--rounds", "1"]).expect(0);
    let results = place.results("locks");
    assert_eq!(results.workloads.len(), 2 * 15);
    for trial in &results.trials {
        let configuration = &results.configurations[trial.configuration];
        let workload = &results.workloads[configuration.workload];
        assert_eq!(trial.outcome, Outcome::Ok, "{}, {}", workload.label, configuration.label);
        assert_eq!(
            trial.details.lock.is_some(),
            workload.runtime.word() == "gil_emulation",
            "{}, {}",
            workload.label,
            configuration.label
        );
        if workload.runtime.word() == "gil_emulation"
            && workload.task == "convoy"
            && configuration.config.model.word() == "threads"
        {
            let lock = trial.details.lock.unwrap();
            // The one that waits comes back to a held lock, again and again.
            assert!(lock.waits > 0 && lock.waited > 0 && lock.hand_overs > 5, "{lock:?}");
        }
    }
    for output in [ended.stdout.clone(), place.report_text("locks")] {
        assert!(output.contains(LOCK_MODEL), "{output}");
    }
    assert!(results.derived.workloads.iter().all(|verdict| {
        let model = results.workloads[verdict.workload].runtime.word() == "gil_emulation";
        !model || verdict.recommendation.as_ref().is_none_or(|when| when.contains("nothing is recommended"))
    }));
}

#[test]
fn profiling_trials_have_a_lock_too() {
    let place = Place::with_probes();
    let tasks = "runtime: gil_emulation\nworkers: 3\ntasks: [{kind: convoy, waits: 5, delay: 1 ms, items: 3}, {kind: probe_tree, \
                 items: 5}]\nmodels: [serial, threads, {kind: processes, start: [spawn, fork]}]\n";
    place.scenario("profiled", tasks);
    place.run_scenario("profiled", &["--rounds", "1"]).expect(0);
    let results = place.results("profiled");
    assert!(results.trials.iter().any(|trial| trial.kind == Kind::Profiling));
    assert!(results.trials.iter().all(|trial| trial.outcome == Outcome::Ok && trial.details.lock.is_some()));
}

#[test]
fn settings_of_the_lock_are_read_and_belong_to_it() {
    let place = Place::with_probes();
    let text = "runtime: gil_emulation\nworkers: 2\nrounds: 1\nswitch_interval: [1 ms, 5 ms]\ngil_hold: 2 us\n\
                tasks: [{kind: probe_burn, cpu: 2 ms, items: 8}]\nmodels: [serial, threads]\n";
    place.scenario("interval", text);
    place.run_scenario("interval", &["--quick"]).expect(0);
    let labels: Vec<String> =
        place.results("interval").configurations.iter().map(|configuration| configuration.label.clone()).collect();
    assert!(labels.iter().any(|label| label.contains("switch interval 1 ms")), "{labels:?}");
    place.scenario("native", &text.replace("runtime: gil_emulation\n", ""));
    let refused = place.run(&["check", "native.yaml"]).expect(2);
    assert!(refused.stderr.contains("under the runtime `gil_emulation`"), "{}", refused.stderr);
}
