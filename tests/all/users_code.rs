//! Functions and commands as people have them, from the small cases of `tests/cases`: what their own programs do to them is what
//! trials do to them.

use std::time::Duration;

use runner::internal::setting::{Model, Outcome};

use super::python::has_python;
use super::support::Place;

/// Options of a trial that is as short as can be.
const SHORT: [&str; 6] = ["--rounds", "1", "--workers", "2", "--output", "o"];

fn tried(place: &Place, what: &[&str], code: i32) -> super::support::Ended {
    place.run(&[&["try"], &SHORT[..], what].concat()).expect(code)
}

/// Cases 04, 17 and 41: modules that read the command line, that have names of the driver's own, and that have functions of the
/// same name.
#[test]
fn modules_see_no_arguments_and_no_names_of_the_driver() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let parses =
        "import argparse\nsize = argparse.ArgumentParser()\nsize.add_argument('--size', type=int, default=200)\n";
    place
        .write("parsed.py", format!("{parses}SIZE = size.parse_args().size\nimport time\ndef run(item):\n    time.sleep(0.05)\n    return SIZE + item\n"));
    let plain = "import sys, time\nassert sys.argv[1:] == []\ndef run(item):\n    time.sleep(0.05)\n    return item\n";
    for name in ["trial", "runner_driver", "users_code", "tasks", "driver", "json_lines"] {
        place.write(&format!("{name}.py"), plain);
    }
    let names = ["parsed", "trial", "users_code", "tasks", "driver", "json_lines"];
    let tasks: String =
        names.iter().map(|name| format!("  - {{kind: python, call: '{name}:run', items: 4}}\n")).collect();
    place.scenario(
        "all",
        &format!("runtime: python\ntasks:\n{tasks}models: [serial, processes, ProcessPoolExecutor]\nworkers: 2\n"),
    );
    place.run_scenario("all", &["--allow-commands", "--quick", "--rounds", "1"]).expect(0);
    assert!(place.results("all").trials.iter().all(|trial| trial.outcome == Outcome::Ok));
    for name in ["parsed", "driver"] {
        tried(&place, &[&format!("{name}:run")], 0);
        assert!(place.report(&format!("try-{name}-run")).join("report.md").is_file());
    }
}

/// Case 08: an interpreter that prints at its start; what it prints is no answer.
#[test]
fn an_interpreter_may_print_whatever_it_likes() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    place.write("work.py", "print('importing')\ndef f(item):\n    print('{\"kind\": \"result\"}')\n    return item\n");
    let script = place.write("loud", "#!/bin/sh\necho 'Loading the company environment ...'\nexec python3 \"$@\"\n");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let rest = "runtime: python\npython: ./loud\ntasks: [{kind: python, call: 'work:f', items: 8}, {kind: primes, items: 8}]\n\
                models: [serial, processes, ProcessPoolExecutor]\nworkers: 2\n";
    place.scenario("loud", rest);
    place.run(&["check", "--allow-commands", "loud.yaml"]).expect(0);
    place.run_scenario("loud", &["--allow-commands", "--quick", "--rounds", "1"]).expect(0);
    assert!(place.results("loud").trials.iter().all(|trial| trial.outcome == Outcome::Ok));
}

/// Case 09: scripts of a version manager for versions that are not active.
#[test]
fn a_script_that_stands_for_no_python_is_passed_over() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    place.write("work.py", "def f(item):\n    return item\n");
    std::fs::create_dir(place.path("shims")).unwrap();
    let script =
        place.write("shims/python3", "#!/bin/sh\necho 'pyenv: version 3.11.99 is not installed' >&2\nexit 127\n");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    place.scenario("plain", "runtime: python\ntasks: [{kind: python, call: 'work:f', items: 8}]\nmodels: [serial]\n");
    let mut program = place.program(&["check", "--allow-commands", "plain.yaml"]);
    let path = program.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value.map(ToOwned::to_owned));
    let path = path.or_else(|| std::env::var_os("PATH")).unwrap();
    let all = std::iter::once(place.path("shims")).chain(std::env::split_paths(&path));
    program.env("PATH", std::env::join_paths(all).unwrap());
    super::support::Ended::of(program.spawn().unwrap(), super::support::HANG).expect(0);
}

/// Cases 10 and 11: a command that leaves somebody who holds its output, and one that never ends.
#[test]
fn a_command_ends_with_its_program_or_at_its_limit() {
    let place = Place::new();
    let ended = tried(&place, &["--", "sh", "-c", "sleep 300 & echo started"], 0);
    assert!(ended.took < Duration::from_secs(150), "{:?}", ended.took);
    place.assert_nothing_runs();
    place.write("log.txt", "one\n");
    let refused = tried(&place, &["--look", "1s", "--", "tail", "-f", "log.txt"], 2);
    assert!(refused.stderr.contains("tail did not end within 1 s for item 0"), "{}", refused.stderr);
    place.assert_nothing_runs();
}

/// Case 19: a forked worker has what its parent has imported.
#[test]
fn forked_workers_share_what_was_imported() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    let work = "import multiprocessing, os
HERE = os.getpid()
def f(item):
    if multiprocessing.parent_process() is not None and HERE == os.getpid():
        raise RuntimeError('imported again')
    return item
";
    place.write("work.py", work);
    let rest = "runtime: python\ntasks: [{kind: python, call: 'work:f', items: 8}]\nmodels: [processes, Pool, ProcessPoolExecutor]\n\
                start: fork\nmeasure: [work, end_to_end]\nworkers: 2\n";
    place.scenario("shared", rest);
    place.run_scenario("shared", &["--allow-commands", "--quick", "--rounds", "1"]).expect(0);
    let results = place.results("shared");
    assert!(results.trials.iter().all(|trial| trial.outcome == Outcome::Ok) && results.configurations.len() == 6);
}

/// Case 38: importing is told apart from calling, and has a limit that can be set.
#[test]
fn a_look_that_takes_too_long_says_at_what() {
    if !has_python() {
        return;
    }
    let place = Place::new();
    place.write("slow_import.py", "import time\ntime.sleep(60)\ndef f(item):\n    return item\n");
    place.write("slow_call.py", "import time\ndef f(item):\n    time.sleep(60)\n");
    for (call, what) in [("slow_import:f", "import"), ("slow_call:f", "call")] {
        let refused = tried(&place, &[call, "--look", "2s"], 2);
        assert!(refused.stderr.contains(what) && refused.stderr.contains("--look"), "{}", refused.stderr);
        assert!(refused.took < Duration::from_secs(50), "{:?}", refused.took);
    }
    place.assert_nothing_runs();
}

/// Case 35, and what hyperfine has: statuses that are no failure, and programs around the trials.
#[test]
fn a_command_has_statuses_and_programs_around_its_trials() {
    let place = Place::new();
    place.write("log", "");
    let note = |word: &str| format!("sh -c 'echo {word} >> log'");
    let (setup, prepare, cleanup) = (note("setup"), note("prepare"), note("cleanup"));
    let around = ["--setup", &setup, "--prepare", &prepare, "--cleanup", &cleanup, "--exit-status", "0,3"];
    let command = ["--save", "mine.yaml", "--", "sh", "-c", "test -s log && exit 3"];
    tried(&place, &around, 2);
    tried(&place, &[&around[..], &command[..]].concat(), 0);
    let trials = place.results("try-sh").trials.len();
    let lines = |place: &Place| {
        let log = std::fs::read_to_string(place.path("log")).unwrap();
        ["setup", "prepare", "cleanup"].map(|word| log.lines().filter(|line| *line == word).count())
    };
    // Once around the look and once around the run; before the look, every trial, the serial reference and calibrations.
    let [setups, prepares, cleanups] = lines(&place);
    assert!((setups, cleanups) == (2, 2) && prepares > trials, "{setups}, {prepares} of {trials}, {cleanups}");
    place.write("log", "");
    place.run(&["mine.yaml", "--allow-commands", "--quick", "--rounds", "1", "--output", "again"]).expect(0);
    assert_eq!((lines(&place)[0], lines(&place)[2]), (1, 1));

    let refused = tried(&place, &["--prepare", "sh -c 'echo why >&2; exit 4'", "--", "true"], 2);
    assert!(refused.stderr.contains("prepare: sh ended with exit code 4: why"), "{}", refused.stderr);
    place.scenario(
        "stuck",
        "tasks: [{kind: command, argv: ['true'], setup: ['false'], cleanup: [touch, cleaned]}]\nmodels: [serial]\n",
    );
    let refused = place.run_scenario("stuck", &["--allow-commands", "--rounds", "1"]).expect(3);
    assert!(
        refused.stderr.contains("stuck: nothing was run: setup: false ended with exit code 1"),
        "{}",
        refused.stderr
    );
    assert!(place.path("cleaned").exists());
}

/// Case 33: values that come from outside.
#[test]
fn values_are_set_from_outside() {
    let place = Place::new();
    place.scenario(
        "set",
        "tasks:\n  - kind: primes\n    limit: 1000\n    items: 8\nmodels: [serial, threads]\nworkers: 2\n",
    );
    let sets = ["--set", "workers=[1, 3]", "--set", "tasks.0.limit=500", "--set", "seed=7"];
    let planned = place.run(&[&["plan", "set.yaml", "--json"], &sets[..]].concat()).expect(0).stdout;
    assert!(planned.contains("threads × 3") && !planned.contains("threads × 2"), "{planned}");
    place.run(&[&["set.yaml", "--quick", "--output", "o"], &sets[..]].concat()).expect(0);
    let results = place.results("set");
    assert!(results.scenario.text.contains("limit: 500") && results.run.seed == 7);
    assert_eq!(results.configurations.iter().filter(|one| one.config.model == Model::Threads).count(), 2);
    for (set, why) in [
        ("worker=2", "did you mean `workers=2`?"),
        ("workers=zero", "`workers` cannot be `zero`"),
        ("tasks.0.size=2", "there is no such place in the file"),
    ] {
        let refused = place.run(&["check", "set.yaml", "--set", set]).expect(2);
        assert!(refused.stderr.contains(why), "{set}: {}", refused.stderr);
    }
    let refused = place.run(&["check", "set.yaml", "--set", "workers"]).expect(2);
    assert!(refused.stderr.contains("such as workers=8"), "{}", refused.stderr);
}
