//! `--baseline` with another build: both in the same rounds. A copy of `examples/regression.rs` under another name is a build that is
//! slower by a known amount.

use std::path::{Path, PathBuf};
use std::time::Duration;

use runner::internal::plan::{Options, Variant, doubled, plan, round_order};
use runner::internal::scenario::{Source, load};
use runner::results::{Change, Results};
use runner::task::Tasks;

use crate::support::{Ended, HANG, PROGRAM, Place, example, head};

/// A copy of the example under a name of its own.
fn copy(place: &Place, example: &Path, name: &str) -> PathBuf {
    let path = place.path(name);
    std::fs::copy(example, &path).unwrap();
    path
}

/// Runs `program` against `old` on the scenario `b` in a place.
fn run(place: &Place, program: &Path, old: &str, arguments: &[&str]) -> Ended {
    let arguments = [&["b.yaml", "--output", "o", "--baseline", old], arguments].concat();
    Ended::of(place.command(program, &arguments).spawn().unwrap(), HANG * 3)
}

/// Both builds of every way stand next to each other in every round, and do the same items.
#[track_caller]
fn assert_paired(results: &Results) {
    assert!(results.run.complete && results.run.baseline.is_some());
    let charts: Vec<_> = results.charts.iter().map(|chart| chart.kind).collect();
    assert_eq!(charts, [runner::internal::setting::ChartKind::Compare]);
    let own: Vec<_> = results.configurations.iter().filter(|configuration| !configuration.is_of_baseline()).collect();
    assert_eq!(own.len() * 2, results.configurations.len());
    for configuration in own {
        let other = &results.configurations[configuration.id + 1];
        assert!(
            other.partner == Some(configuration.id)
                && other.items == configuration.items
                && other.label.starts_with(&configuration.label)
        );
        for round in 0..results.run.rounds {
            let of_way = |trial: &&runner::results::Trial| {
                trial.round == round && [configuration.id, other.id].contains(&trial.configuration)
            };
            let mut orders: Vec<u32> = results.trials.iter().filter(of_way).map(|trial| trial.order).collect();
            orders.sort_unstable();
            assert_eq!(orders.len(), if configuration.checked { 3 } else { 2 });
            assert!(orders.windows(2).all(|pair| pair[1] == pair[0] + 1), "{orders:?}");
        }
    }
    let digests: std::collections::BTreeSet<&str> = results.trials.iter().map(|trial| trial.digest.as_str()).collect();
    assert_eq!(digests.len(), results.workloads.len());
}

#[test]
fn a_much_slower_build_is_a_regression_by_name() {
    let example = example("regression");
    let place = Place::new();
    let slow = copy(&place, &example, "runner-slow-5000");
    copy(&place, &example, "runner-old");
    place.scenario("b", "tasks: [{kind: burn, steps: 100000, items: 10}]\nmodels: [serial, processes]\nworkers: 1\n");
    // Under eight rounds, no A/A check of a busy machine can withhold the verdict.
    let ended = run(&place, &slow, "./runner-old", &["--rounds", "7"]).expect(1);
    let results = place.results("b");
    assert_paired(&results);
    // What is derived is written in six digits, and its words are made from all of them.
    assert_eq!(results.derived.workloads, runner::internal::verdict::derive(&results).workloads);
    let words: Vec<Change> = results.derived.regressions.iter().map(|found| found.word).collect();
    assert_eq!(words, [Change::Regression; 2]);
    let report = place.report_text("b");
    for part in ["serial", "processes × 1, pipe", "2 regressions beyond 5%", "slower: a regression", "baseline"] {
        assert!(report.contains(part), "{part} in {report}");
    }
    // A table of eighty columns breaks long names and words.
    for part in ["serial", "processes × 1,", "2 regressions beyond 5%", "slower: a", "baseline"] {
        assert!(ended.stdout.contains(part), "{part} in {}", ended.stdout);
    }
    // Drawn again, the report is the same.
    place.run(&["render", "--reports", "o"]).expect(0);
    assert_eq!(report, place.report_text("b"));
    place.assert_no_leftovers(ended.pid);
    // Seen from the slow build, the other is faster; JSON names it too.
    let ended = run(&place, &place.path("runner-old"), "runner-slow-5000", &["--rounds", "7", "--json"]).expect(0);
    let json = ended.json();
    let first = &json["scenarios"][0]["regressions"][0];
    assert_eq!((&first["new"], &first["word"]), (&"serial".into(), &"faster".into()));
}

#[test]
fn an_unchanged_build_runs_beside_itself() {
    let place = Place::new();
    let methods = "models: [serial, threads, {kind: processes, ipc: [pipe, shared_memory]}]\nworkers: 2\n";
    place.scenario("b", &format!("tasks: [{{kind: sleep, delay: 5 ms, items: 8}}]\n{methods}"));
    // A busy machine may make one of two equal builds look slower, seldom: what must hold is the machinery.
    let ended = run(&place, Path::new(PROGRAM), PROGRAM, &["--rounds", "9"]);
    assert!(matches!(ended.code, Some(0 | 1)), "{:?} {}", ended.code, ended.stderr);
    let results = place.results("b");
    assert_paired(&results);
    assert!(results.trials.iter().all(runner::results::Trial::ok));
    let suppressed = results.derived.workloads[0].suppressed.is_some();
    assert_eq!(results.derived.regressions.len(), if suppressed { 0 } else { 4 });
    place.assert_no_leftovers(ended.pid);
}

#[test]
fn items_are_chosen_once_for_both_builds() {
    let place = Place::new();
    place.scenario("b", "tasks: [{kind: sleep, delay: 1 ms}]\nmodels: serial\n");
    run(&place, Path::new(PROGRAM), PROGRAM, &["--quick", "--rounds", "1"]).expect(0);
    let results = place.results("b");
    assert_paired(&results);
    assert!(results.configurations[0].items >= 8 && results.derived.regressions.is_empty());
}

#[test]
fn a_program_that_cannot_run_beside_this_one_is_refused_by_name() {
    let place = Place::new();
    place.scenario("b", "tasks: [{kind: empty, items: 8}]\nmodels: serial\n");
    let script = |name: &str, text: &str| {
        let path = place.write(name, format!("#!/bin/sh\n{text}\n"));
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    };
    script("other-protocol", "echo '{\"protocol\":999,\"version\":\"9.9.9\"}'");
    script("silent", "exec sleep 60");
    let answer =
        format!("{{\"protocol\":{},\"version\":\"0\",\"tasks\":[\"sleep\"]}}", runner::internal::reexec::PROTOCOL);
    script("fewer-tasks", &format!("echo '{answer}'"));
    place.write("not-a-program", "text");
    let cases = [
        ("./other-protocol", "./other-protocol (runner 9.9.9) speaks protocol 999"),
        ("./fewer-tasks", "the other build has no task `empty`"),
        ("/bin/true", "/bin/true is not runner"),
        ("/bin/cat", "/bin/cat is not runner"),
        ("./silent", "./silent did not answer within 5 s"),
        ("./not-a-program", "./not-a-program cannot be started"),
        ("./nowhere", "`./nowhere` is no variant of a scenario, no program file and no commit"),
    ];
    for (old, words) in cases {
        let ended = run(&place, Path::new(PROGRAM), old, &["--quick"]).expect(2);
        assert!(ended.stderr.contains("--baseline") && ended.stderr.contains(words), "{}", ended.stderr);
        assert!(ended.took < HANG && !place.path("o").exists(), "nothing was run");
    }
}

#[test]
fn what_is_left_open_fails_where_that_is_asked_for() {
    let place = Place::new();
    place.scenario("b", "tasks: [{kind: empty, items: 8}]\nmodels: serial\n");
    // Five rounds give no verdict, however the trials end.
    run(&place, Path::new(PROGRAM), PROGRAM, &["--rounds", "5"]).expect(0);
    run(&place, Path::new(PROGRAM), PROGRAM, &["--rounds", "5", "--strict"]).expect(1);
}

#[test]
fn reports_of_two_builds_stay_apart() {
    let place = Place::new();
    place.scenario("b", "tasks: [{kind: empty, items: 8}]\nmodels: serial\n");
    place.run(&["run", "--baseline", PROGRAM, "b.yaml", "--rounds", "1"]).expect(0);
    assert!(place.path("reports/baseline/b/report.md").exists() && !place.path("reports/b").exists());
    let planned = place.run(&["--baseline", PROGRAM, "--dry-run", "b.yaml"]).expect(0);
    assert!(planned.stdout.contains("serial (baseline)"), "{}", planned.stdout);
}

#[test]
fn both_builds_come_first_equally_often() {
    let text = head("b") + "tasks: [{kind: empty, items: 8}]\nmodels: [serial, threads]\nworkers: [1, 2]\n";
    let tasks = Tasks::builtin();
    let scenarios = load(&[Source { name: "b.yaml".into(), bytes: text.into_bytes() }], &tasks).unwrap();
    let mut options = Options::new(2);
    // Under eight rounds nothing runs twice, so that every way has two trials.
    options.rounds = Some(6);
    let plan = doubled(&plan(&scenarios[0], &tasks, &options).unwrap(), Variant::default());
    assert_eq!((plan.configurations.len(), plan.workloads[0].configurations.len()), (6, 6));
    let mut first = [0; 3];
    for round in 0..6 {
        let order: Vec<usize> = round_order(&plan, 0, round).iter().map(|entry| entry.configuration).collect();
        for way in order.chunks(2) {
            assert_eq!(way[0] / 2, way[1] / 2, "{order:?}");
            first[way[0] / 2] += usize::from(way[0] % 2 == 0);
        }
    }
    assert_eq!(first, [3; 3]);
}

/// Done when: of 40 reruns each, a build that is 25 % slower is caught in 38 or more, and an unchanged one in 2 or fewer.
/// On an idle machine, in about seven minutes:
///
/// ```sh
/// cargo test --release --test all --no-run && cargo build --release --example regression
/// cargo test --release --test all forty_reruns -- --ignored --nocapture
/// ```
#[test]
#[ignore = "eighty runs of five seconds, for an idle machine; its own comment has the command"]
fn forty_reruns_catch_a_quarter_more_time_and_nothing_else() {
    let example = example("regression");
    let place = Place::new();
    let old = copy(&place, &example, "runner-old");
    let rest = "tasks: [{kind: burn, steps: 400000, items: 64}]\nmodels: [serial]\nrounds: 15\n";
    place.scenario("b", rest);
    let mut counts = [0; 2];
    for (at, name) in ["runner-slow", "runner-same"].into_iter().enumerate() {
        let program = copy(&place, &example, name);
        for rerun in 0..40 {
            let seed = (1000 * at + rerun).to_string();
            let ended = run(&place, &program, old.to_str().unwrap(), &["--seed", &seed, "--rounds", "15"]);
            assert!(matches!(ended.code, Some(0 | 1)), "{:?} {}", ended.code, ended.stderr);
            let caught = ended.code == Some(1);
            counts[at] += usize::from(caught);
            let results = place.results("b");
            let sentence = &results.derived.workloads[0].sentence;
            println!(
                "{name} {rerun:2}: {} in {:.1} s: {sentence}",
                if caught { "caught" } else { "passed" },
                seconds(ended.took)
            );
        }
    }
    println!("25% slower: caught in {} of 40; unchanged: caught in {} of 40", counts[0], counts[1]);
    assert!(counts[0] >= 38 && counts[1] <= 2, "{counts:?}");
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
