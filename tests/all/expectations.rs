//! What a scenario expects, through the command line: met, not met and undecided, with their exit codes and reasons.

use runner::results::Loss;

use crate::support::{Ended, Place};

/// Two configurations whose trials take about 20 ms; six of them, which is too few for an A/A check and enough for intervals.
const WORK: &str = "tasks: [{kind: sleep, delay: 5 ms, items: 4}]\nmodels: [serial, threads]\nworkers: 2\nrounds: 6\n";

/// Runs a scenario with expectations, each in braces.
fn run(place: &Place, expect: &[&str], arguments: &[&str]) -> Ended {
    let entries: String = expect.iter().map(|entry| format!("  - {{{entry}}}\n")).collect();
    place.scenario("expected", &format!("{WORK}expect:\n{entries}"));
    place.run_scenario("expected", arguments)
}

#[test]
fn what_is_met_passes_in_every_unit() {
    let place = Place::new();
    let expect = [
        "compare: {model: threads}, metric: time, at_most: 20 s",
        "compare: {model: serial}, metric: time, at_least: 10 ms",
        "compare: {model: threads}, to: {model: serial}, metric: time, at_most: 1000",
        "compare: {model: threads}, metric: throughput, at_least: 0.1, at_most: 10_000",
        "compare: {model: [serial, threads]}, metric: outcome, is: ok",
        "compare: {model: threads}, metric: outcome, is: timed_out, at_most: 0",
    ];
    let ended = run(&place, &expect, &["--strict"]).expect(0);
    for text in
        ["met: throughput of threads is at least 0.1 items/s and at most 10", "6 of 6 ok (100%)", "relative to serial"]
    {
        assert!(ended.stdout.contains(text), "{text}: {}", ended.stdout);
    }
    let judged = place.results("expected").derived.expectations;
    assert_eq!(judged.len(), 6);
    assert_eq!(judged[4].details.len(), 2);
}

#[test]
fn what_is_not_met_fails_with_its_reason() {
    let place = Place::new();
    let expect = [
        "compare: {model: serial}, metric: time, at_most: 1 ms",
        "compare: {model: serial}, metric: time, at_most: 20 s",
    ];
    let ended = run(&place, &expect, &["--quiet"]).expect(1);
    let said = &ended.stderr;
    assert!(said.contains("error: expected: not met: time of serial is at most 1 ms"), "{said}");
    assert!(said.contains("  serial: ") && said.contains("at most 1 ms expected: not met"), "{said}");
    assert!(!said.contains("20 s"), "only what failed is said: {said}");
    run(&place, &expect, &["--json"]).expect(1).json();
}

#[test]
fn what_is_undecided_fails_only_where_that_is_asked_for() {
    let place = Place::new();
    // Four items have no 99th percentile.
    let expect = ["compare: {model: serial}, metric: service_p99, at_most: 1 s"];
    let ended = run(&place, &expect, &[]).expect(0);
    assert!(ended.stdout.contains("inconclusive: service_p99 of serial is at most 1 s"), "{}", ended.stdout);
    let ended = run(&place, &expect, &["--strict"]).expect(1);
    assert!(ended.stderr.contains("inconclusive: service_p99 of serial"), "{}", ended.stderr);
    assert!(ended.stderr.contains("fewer than 1000 items"), "{}", ended.stderr);
    run(&place, &expect, &["--strictly"]).expect(2);
}

#[test]
fn percentiles_of_the_service_time_are_judged_by_trial() {
    let place = Place::new();
    let work = "tasks: [{kind: sleep, delay: 1 ms, items: 20}]\nmodels: [serial]\nrounds: 6\n";
    let expect = "expect: {compare: {model: serial}, metric: service_p50, at_least: 1 ms, at_most: 2 s}\n";
    place.scenario("percentiles", &format!("{work}{expect}"));
    let ended = place.run_scenario("percentiles", &["--strict"]).expect(0);
    assert!(ended.stdout.contains("98.4%"), "{}", ended.stdout);
    assert_eq!(place.results("percentiles").latencies[0].service_by_trial.len(), 7);
}

#[test]
fn an_outcome_that_is_expected_is_planned() {
    let place = Place::new();
    let work = "tasks: [{kind: sleep, delay: 10 s, items: 1}]\nmodels: [serial]\nrounds: 1\ntimeout: 200 ms\n";
    place.scenario("late", work);
    place.run_scenario("late", &[]).expect(3);
    let expect = "expect: {compare: {model: serial}, metric: outcome, is: timed_out, at_least: 1}\n";
    place.scenario("late", &format!("{work}{expect}"));
    let ended = place.run_scenario("late", &[]).expect(0);
    assert!(ended.stdout.contains("1 of 1 timed out (100%), at least 100% expected: met"), "{}", ended.stdout);
}

#[test]
fn memory_is_judged_on_memory_trials() {
    let place = Place::new();
    let expect = "expect:\n  - {compare: {model: processes}, metric: memory, at_least: 100 KiB, at_most: 4 GiB}\n  \
                  - {compare: {model: processes}, to: {model: serial}, metric: memory, at_most: 1000}\n";
    let work = "tasks: [{kind: sleep, delay: 1 ms, items: 4}]\nmodels: [serial, processes]\nworkers: 2\nrounds: 1\n";
    place.scenario("memory", &format!("{work}{expect}"));
    let ended = place.run_scenario("memory", &["--strict"]).expect(0);
    let words: Vec<&str> = ended.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains("a ratio of medians"), "{}", ended.stdout);
    let memory = place.results("memory").derived.estimates[1].memory.unwrap();
    assert_eq!(memory.trials, 7);
    assert!(memory.per_worker.unwrap() > 0.0 && memory.per_worker.unwrap() < memory.pss);
    assert!((memory.private + memory.shared - memory.pss).abs() < 0.2 * memory.pss);
}

#[test]
fn what_was_lost_sums_to_the_whole_in_real_trials() {
    let place = Place::new();
    // Three items for two workers: one waits while the other does the third.
    let work = "tasks: [{kind: sleep, delay: 20 ms, items: 3}]\nmodels: [serial, threads]\nworkers: 2\nrounds: 6\n";
    place.scenario("lost", &format!("{work}measure: [work, end_to_end]\n"));
    place.run_scenario("lost", &[]).expect(0);
    let results = place.results("lost");
    assert_eq!(results.workloads.len(), 2);
    for workload in &results.workloads {
        let estimate = &results.derived.estimates[workload.configurations[1]];
        let breakdown = estimate.breakdown.as_ref().unwrap();
        let part = |loss| breakdown.parts.iter().find(|(known, _)| *known == loss).unwrap().1;
        let sum: f64 = breakdown.parts.iter().map(|(_, part)| part).sum();
        assert!((sum - (2.0 - estimate.speedup.unwrap().median)).abs() < 1e-3, "{breakdown:?}");
        // One of two workers has no third item. How long it idles, is the machine's to say.
        assert!(part(Loss::Waiting) > 0.0, "{breakdown:?}");
        assert_eq!(part(Loss::Start) > 0.0, workload.measure.word() == "end_to_end", "{breakdown:?}");
        assert_eq!(breakdown.trials, 2);
    }
}
