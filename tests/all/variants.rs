//! Variants: functions, commands, interpreters, environments and commits in one workload, and one of them as the baseline.

use std::process::Command;

use runner::results::{Results, Word};

use crate::python::has_python;
use crate::support::{Ended, Place, skipped};

/// Functions whose time is known, and which give the same.
const WORK: &str = "
import os, time
def fast(item):
    time.sleep(0.004)
    return item
def slow(item):
    time.sleep(0.012)
    return item
def other(item):
    return item + 1
def seen(item):
    return os.environ.get('SEEN', 'nothing')
";

fn place() -> Place {
    let place = Place::new();
    place.write("work.py", WORK);
    place
}

/// A repository whose only commit has the functions as they are above; what is here now takes thrice as long.
fn repository() -> Option<Place> {
    let place = place();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=A", "-c", "user.email=a@example.org"]).args(arguments);
        command.current_dir(place.path("")).output().is_ok_and(|output| output.status.success())
    };
    if !(git(&["init", "-q", "-b", "main"]) && git(&["add", "work.py"]) && git(&["commit", "-q", "-m", "a"])) {
        return None;
    }
    place.write("work.py", WORK.replace("0.004", "0.012"));
    Some(place)
}

/// The trees that git knows in a place.
fn trees(place: &Place) -> usize {
    let output = Command::new("git").args(["worktree", "list"]).current_dir(place.path("")).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().count()
}

fn labels(results: &Results) -> Vec<&str> {
    results.configurations.iter().map(|configuration| configuration.label.as_str()).collect()
}

/// What is said of a variant under a label, beside the first variant.
fn said(results: &Results, label: &str) -> Word {
    let pairs = results.derived.workloads.iter().flat_map(|verdict| &verdict.variants);
    let of = |id: usize| results.configurations[id].label.as_str();
    pairs.into_iter().find(|pair| of(pair.a) == label).unwrap_or_else(|| panic!("{label}")).word
}

const TWO: &str = "
runtime: python
tasks: [{kind: python, items: 6}]
variants: [{name: fast, call: 'work:fast'}, {name: slow, call: 'work:slow'}]
models: [serial, {kind: threads, workers: 2}]
";

#[test]
fn two_functions_are_compared_by_every_way_in_the_same_rounds() {
    if !has_python() {
        return;
    }
    let place = place();
    place.charted_scenario("two", "[time]", TWO);
    let ended = place.run_scenario("two", &["--allow-commands", "--rounds", "12"]).expect(0);
    let results = place.results("two");
    assert_eq!(results.workloads.len(), 1, "one workload, so that verdicts cross variants");
    assert_eq!(labels(&results), ["serial, fast", "serial, slow", "threads × 2, fast", "threads × 2, slow"]);
    assert!(results.trials.iter().all(runner::results::Trial::ok), "{}", ended.stdout);
    assert_eq!([said(&results, "serial, slow"), said(&results, "threads × 2, slow")], [Word::Slower; 2]);
    let firsts: std::collections::BTreeSet<usize> = (0..12)
        .filter_map(|round| results.trials.iter().find(|trial| trial.round == round))
        .map(|trial| trial.configuration)
        .collect();
    assert!(firsts.len() > 1, "either variant comes first in some rounds");
    let pick = &results.derived.workloads[0].picks[0];
    assert_eq!(results.configurations[pick.configuration].label, "threads × 2, fast");
    for text in [&ended.stdout, &place.report_text("two")] {
        assert!(
            text.contains("Variants") && text.contains("from work import fast") || text.contains("slower"),
            "{text}"
        );
    }
    // Drawn again, nothing changes.
    let before = place.report_text("two");
    place.run(&["render", "--reports", "o"]).expect(0);
    assert_eq!(before, place.report_text("two"));
}

#[test]
fn variants_must_give_the_same_results_unless_the_scenario_says_otherwise() {
    if !has_python() {
        return;
    }
    let place = place();
    let other = TWO.replace("call: 'work:slow'", "call: 'work:other'");
    place.scenario("differ", &other);
    let ended = place.run_scenario("differ", &["--allow-commands", "--quick", "--rounds", "1"]).expect(3);
    let told = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("variants must give the same results (or say `same_results: false`): item 0: "), "{told}");
    let right = |results: &Results| results.trials.iter().filter(|trial| trial.ok()).count();
    assert!(right(&place.results("differ")) > 0, "the first variant is right");
    place.scenario("differ", &other.replace("items: 6", "items: 6, same_results: false"));
    place.run_scenario("differ", &["--allow-commands", "--quick", "--rounds", "1"]).expect(0);
}

#[test]
fn a_variant_has_an_environment_of_its_own() {
    if !has_python() {
        return;
    }
    let place = place();
    let text = "
runtime: python
tasks: [{kind: python, call: 'work:seen', items: 4, same_results: false}]
variants: [{name: plain}, {name: set, environment: {SEEN: 5}}]
models: [serial, processes]
workers: 1
";
    place.scenario("seen", text);
    place.run_scenario("seen", &["--allow-commands", "--quick", "--rounds", "1"]).expect(0);
    place.scenario("seen", &text.replace(", same_results: false", ""));
    let ended = place.run_scenario("seen", &["--allow-commands", "--quick", "--rounds", "1"]).expect(3);
    assert!(ended.stdout.contains("'nothing'") && ended.stdout.contains("'5'"), "{}", ended.stdout);
}

#[test]
fn commands_are_compared_and_so_are_those_of_try() {
    let place = Place::new();
    place.scenario(
        "commands",
        "tasks: [{kind: command, items: 4}]\nmodels: [serial]\n\
         variants: [{argv: [sleep, '0.005']}, {name: long, argv: [sleep, '0.01']}]\n",
    );
    place.run_scenario("commands", &["--allow-commands", "--rounds", "12"]).expect(0);
    let results = place.results("commands");
    assert_eq!(labels(&results), ["serial, sleep 0.005", "serial, long"]);
    assert_eq!(said(&results, "serial, long"), Word::Slower);
    let ended = place.run(&[
        "try",
        "--rounds",
        "2",
        "--workers",
        "2",
        "-o",
        "o",
        "--",
        "echo",
        "{item}",
        "--",
        "printf",
        "%s\n",
        "{item}",
    ]);
    let ended = ended.expect(0);
    assert!(ended.stdout.contains("serial, echo") && ended.stdout.contains("serial, printf"), "{}", ended.stdout);
    let differ = place.run(&["try", "-o", "o", "--", "echo", "a", "--", "echo", "b"]).expect(2);
    assert!(differ.stderr.contains("different outputs for item 0 (`b` and `a`); --unchecked"), "{}", differ.stderr);
    let unchecked =
        ["try", "--unchecked", "--rounds", "1", "--workers", "2", "-o", "o", "--", "echo", "a", "--", "echo", "b"];
    place.run(&unchecked).expect(0);
    let wrong = place.run(&["try", "--", "echo", "--"]).expect(2);
    assert!(wrong.stderr.contains("between commands"), "{}", wrong.stderr);
}

#[test]
fn functions_of_one_name_are_told_apart_by_their_files_and_no_function_is_compared_with_itself() {
    if !has_python() {
        return;
    }
    let place = place();
    for folder in ["x", "y"] {
        std::fs::create_dir(place.path(folder)).unwrap();
        place.write(&format!("{folder}/m.py"), "import time\ndef f(item):\n    time.sleep(0.003)\n");
    }
    let ended = place.run(&["try", "x/m.py:f", "y/m.py:f", "--rounds", "1", "--workers", "2", "-o", "o"]).expect(0);
    assert!(ended.stdout.contains("serial, x/m.py:f") && ended.stdout.contains("serial, y/m.py:f"), "{}", ended.stdout);
    let twice = place.run(&["try", "work:fast", "work:fast", "-o", "o"]).expect(2);
    assert!(twice.stderr.contains("work:fast is named twice"), "{}", twice.stderr);
    let much = place.run(&["try", "work:fast", "work:slow", "--rev", "main", "-o", "o"]).expect(2);
    assert!(much.stderr.contains("several functions and a commit are too much"), "{}", much.stderr);
}

#[test]
fn what_is_here_is_compared_with_a_commit() {
    if !has_python() {
        return;
    }
    let Some(place) = repository() else { return skipped("there is no git") };
    let text = "
runtime: python
tasks: [{kind: python, call: 'work:fast', items: 6}]
models: [serial, {kind: threads, workers: 2}]
";
    place.scenario("commit", text);
    let refused = place.run_scenario("commit", &["--baseline", "HEAD"]).expect(2);
    assert!(refused.stderr.contains("--allow-commands"), "{}", refused.stderr);
    let run = ["--baseline", "main", "--allow-commands", "--rounds", "9"];
    let ended = place.run_scenario("commit", &run).expect(1);
    assert!(ended.stdout.contains("2 regressions beyond 5%"), "{}", ended.stdout);
    // The scenario itself is no part of the commit, and no change of what is tracked.
    assert!(ended.stdout.starts_with("commit – A test\nThis tree ("), "{}", ended.stdout);
    assert!(ended.stdout.contains(", changed) compared with baseline main ("), "{}", ended.stdout);
    assert_eq!(trees(&place), 1, "git forgot the tree");
    place.assert_no_leftovers(ended.pid);
    let results = place.results("commit");
    assert_eq!(results.variants[0].commit.as_ref().map(String::len), Some(40));

    // Nothing has changed: nothing is shown.
    place.write("work.py", WORK);
    let same = place.run_scenario("commit", &run).expect(0);
    assert!(same.stdout.contains("No regression beyond 5%"), "{}", same.stdout);

    let tried =
        place.run(&["try", "work:fast", "--rev", "HEAD", "--rounds", "2", "--workers", "2", "-o", "o"]).expect(0);
    assert!(tried.stdout.contains("serial, here") && tried.stdout.contains("serial, HEAD"), "{}", tried.stdout);
    let none = place.run(&["try", "work:fast", "--rev", "nowhere", "-o", "o"]).expect(2);
    assert!(none.stderr.contains("git knows no commit `nowhere`"), "{}", none.stderr);
    assert_eq!(trees(&place), 1);
}

#[test]
fn a_commit_is_built_and_a_build_that_fails_is_told_by_its_last_lines() {
    let Some(place) = repository() else { return skipped("there is no git") };
    let text = |build: &str| {
        format!(
            "tasks: [{{kind: command, argv: [sh, -c, 'test -f made || test -d .git'], items: 2}}]\nmodels: [serial]\n\
             variants: [{{name: here}}, {{name: there, revision: HEAD, build: {build}}}]\n"
        )
    };
    place.scenario("built", &text("[touch, made]"));
    place.run_scenario("built", &["--allow-commands", "--quick", "--rounds", "1"]).expect(0);
    place.scenario("built", &text("[sh, -c, 'echo it is broken; exit 3']"));
    let ended = place.run_scenario("built", &["--allow-commands", "--quick", "--rounds", "1"]).expect(2);
    assert!(ended.stderr.contains("it is broken") && ended.stderr.contains("exit status: 3"), "{}", ended.stderr);
    assert_eq!(trees(&place), 1);
}

#[test]
fn one_of_two_variants_is_the_baseline_of_the_other() {
    if !has_python() {
        return;
    }
    let place = place();
    place.scenario("two", TWO);
    let run = |name: &str| place.run_scenario("two", &["--allow-commands", "--rounds", "9", "--baseline", name]);
    let ended = run("fast").expect(1);
    assert!(
        ended.stdout.contains("Slow compared with baseline fast") && ended.stdout.contains("2 regressions"),
        "{}",
        ended.stdout
    );
    let ended = run("slow").expect(0);
    assert!(ended.stdout.contains("Faster: serial, fast"), "{}", ended.stdout);
    let wrong = run("third").expect(2);
    assert!(wrong.stderr.contains("none of them is called `third`"), "{}", wrong.stderr);
}

#[test]
fn what_a_variant_cannot_have_is_refused_where_it_stands() {
    let place = place();
    let cases = [
        ("[{name: a}, {name: a}]", "two variants are called `a`"),
        ("[{}]", "this variant has nothing of its own"),
        ("[{name: a, call: 'work:fast'}]", "the task `hash` has no setting `call`"),
        ("[{name: a, build: [make]}]", "there is no `revision` to build"),
        ("[{name: a, revision: --help}]", "names no commit"),
        ("[{name: a, environment: {'A=B': 1}}]", "cannot be a key"),
        ("[{name: a, pyton: x}]", "did you mean `python`?"),
        ("[]", "this list is empty"),
    ];
    for (variants, words) in cases {
        place.scenario("wrong", &format!("tasks: [hash]\nmodels: [serial]\nvariants: {variants}\n"));
        let ended: Ended = place.run(&["check", "wrong.yaml"]).expect(2);
        assert!(ended.stderr.contains(words), "{variants}: {}", ended.stderr);
    }
    place.scenario(
        "wrong",
        "tasks: [hash]\nmodels: [serial]\nvariants: [{python: python3.99}, {name: b}]\nruntime: python\n",
    );
    let ended = place.run(&["plan", "wrong.yaml"]).expect(0);
    assert!(ended.stdout.contains("skipped hash × python, python3.99: no python3.99 on PATH"), "{}", ended.stdout);
}
