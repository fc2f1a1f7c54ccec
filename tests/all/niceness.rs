//! The setting `nice`, seen by the programs and functions that trials run.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::support::{Place, skipped};

/// How often each niceness stands in a file of them.
fn counted(path: &Path) -> BTreeMap<i32, usize> {
    let mut all = BTreeMap::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        *all.entry(line.trim().parse().unwrap()).or_default() += 1;
    }
    all
}

/// The niceness of the tests, which that of a trial is added to.
fn own() -> i32 {
    let said = Command::new("nice").output().unwrap().stdout;
    String::from_utf8(said).unwrap().trim().parse().unwrap()
}

#[test]
fn every_process_of_a_trial_has_the_niceness_that_was_asked_for() {
    let (place, seen) = (Place::new(), "seen.txt");
    let path = place.path(seen);
    let task = format!("tasks: [{{kind: command, argv: [sh, -c, 'nice >> {}'], items: 4}}]\n", path.display());
    let models = "models: [serial, threads, {kind: processes, ipc: [pipe, shared_memory]}]\nworkers: 2\n";
    place.scenario("n", &format!("{task}{models}nice: [0, 7]\n"));
    let ended = place.run_scenario("n", &["--quick", "--rounds", "1", "--allow-commands"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    let results = place.results("n");
    let labels: Vec<&str> = results.configurations.iter().map(|configuration| configuration.label.as_str()).collect();
    assert_eq!(labels.len(), 8);
    assert!(labels.contains(&"threads × 2, nice 7") && labels.contains(&"serial, nice 0"), "{labels:?}");
    assert!(results.trials.iter().all(runner::results::Trial::ok));
    let counted = counted(&path);
    let (own, most) = (own(), 19);
    let nice = (own + 7).min(most);
    // Half of the configurations are nicer. The items of the expected results and of warm-ups are counted too.
    assert!(counted[&own] >= 16 && counted[&nice] >= 16 && counted.len() == 2, "{counted:?}");
}

#[test]
fn an_interpreter_and_its_processes_are_as_nice() {
    if Command::new("python3").arg("--version").output().is_err() {
        return skipped("no python3 on PATH");
    }
    let place = Place::new();
    let path = place.path("seen.txt");
    let code = format!(
        "    code: |\n      import os\n      def run(item):\n          with open('{}', 'a') as seen:\n              \
         seen.write(f'{{os.nice(0)}}\\n')\n          return item\n",
        path.display()
    );
    let models = "models: [serial, threads, Pool, {kind: processes, start: [fork, spawn]}]\nworkers: 2\nnice: 5\n";
    place.scenario("n", &format!("runtime: python\ntasks:\n  - kind: python\n    items: 4\n{code}{models}"));
    place.run_scenario("n", &["--quick", "--rounds", "1", "--allow-commands"]).expect(0);
    let results = place.results("n");
    assert_eq!(results.configurations.len(), 5);
    assert!(results.trials.iter().all(runner::results::Trial::ok));
    let counted = counted(&path);
    assert!(counted[&(own() + 5).min(19)] >= 20, "{counted:?}");
}

#[test]
fn a_niceness_out_of_range_is_refused() {
    let place = Place::new();
    place.scenario("n", "tasks: [primes]\nmodels: [serial]\nnice: 20\n");
    let ended = place.run(&["check", "n.yaml"]).expect(2);
    assert!(
        ended.stderr.contains("`nice` cannot be `20`") && ended.stderr.contains("from 0 to 19"),
        "{}",
        ended.stderr
    );
}
