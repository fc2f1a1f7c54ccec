//! `runner compare`: two results files side by side, through the real program.

use crate::support::Place;

/// Writes a copy of a report whose trials of one configuration took `factor` times as long.
fn slower(place: &Place, name: &str, configuration: Option<usize>, factor: f64) {
    let mut results = place.results("c");
    for trial in results
        .trials
        .iter_mut()
        .filter(|trial| configuration.is_none_or(|configuration| trial.configuration == configuration))
    {
        trial.measured = (trial.measured as f64 * factor) as u64;
    }
    results.derived = runner::internal::verdict::derive(&results);
    std::fs::create_dir_all(place.path(name)).unwrap();
    runner::results::write(&place.path(name).join("results.json"), &results).unwrap();
}

fn measured() -> Place {
    let place = Place::new();
    place.scenario("c", "tasks: [{kind: sleep, delay: 2 ms, items: 12}]\nmodels: [serial, threads]\nworkers: 2\n");
    place.run_scenario("c", &["--rounds", "7"]).expect(0);
    calm(&place);
    place
}

/// Gives the run's trials times as on a calm machine: what is tested is how runs are compared, and not how they are made.
fn calm(place: &Place) {
    let mut results = place.results("c");
    for trial in &mut results.trials {
        let base = if results.configurations[trial.configuration].config.model.word() == "serial" {
            24_000_000
        } else {
            12_000_000
        };
        trial.measured = base + u64::from(trial.round) * 10_000;
    }
    results.derived = runner::internal::verdict::derive(&results);
    runner::results::write(&place.report("c").join("results.json"), &results).unwrap();
}

#[test]
fn slower_ways_fail_the_gate_and_what_cannot_be_told_apart_is_said() {
    let place = measured();
    slower(&place, "way", Some(1), 3.0);
    slower(&place, "machine", None, 3.0);
    let plain = place.run(&["compare", "o/c", "way"]).expect(0);
    for part in [
        "not paired",
        "the reference, serial, changed by 0.0%",
        "+200%",
        "1 slower beyond 5% by both views: threads × 2",
    ] {
        assert!(plain.stdout.contains(part), "{part} in {}", plain.stdout);
    }
    let gate = place.run(&["compare", "o/c/results.json", "way/results.json", "--gate", "--markdown"]).expect(1);
    assert!(
        gate.stdout.starts_with("# c: the run of ") && gate.stdout.contains("| **threads × 2** |"),
        "{}",
        gate.stdout
    );
    // Everything is three times as slow: the machine, or a build that got slower all over.
    let machine = place.run(&["compare", "o/c", "machine", "--gate"]).expect(0);
    let text = machine.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("slower beyond 5% with nothing to compare it with: serial (a slower machine"), "{text}");
    assert!(machine.stdout.contains("the reference, serial, changed by +200%"), "{}", machine.stdout);
    let json = place.run(&["compare", "o/c", "machine", "--json"]).expect(0).json();
    assert_eq!(json["matched"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&json["matched"][1]["time"]["side"], &json["matched"][1]["label"]),
        (&"slower".into(), &"threads × 2".into())
    );
    place.run(&["compare", "way", "o/c", "--gate"]).expect(0);
}

#[test]
fn the_chart_of_two_runs_is_written_where_it_is_asked_for() {
    let place = measured();
    slower(&place, "way", Some(1), 3.0);
    place.run(&["compare", "o/c", "way", "--output", "both/here"]).expect(0);
    let file = |name: &str| std::fs::read_to_string(place.path("both/here").join(name)).unwrap();
    let page = file("compare.md");
    for part in
        ["1 of 2 configurations is slower by more than 5%: threads × 2 +200%", "src=\"compare.svg\"", "not paired"]
    {
        assert!(page.contains(part), "{part} in {page}");
    }
    for name in ["compare.svg", "compare-dark.svg", "compare-auto.svg"] {
        assert!(file(name).contains("<title>threads × 2: +200% ("), "{name}");
    }
    assert!(place.path("both/here/compare-dark.png").is_file());
}

#[test]
fn slower_ways_of_several_workloads_are_named_with_their_workload() {
    let place = Place::new();
    let tasks = "tasks: [{kind: sleep, delay: [2 ms, 3 ms], items: 12}]\n";
    place.scenario("c", &format!("{tasks}models: [serial, threads]\nworkers: 2\n"));
    place.run_scenario("c", &["--rounds", "7"]).expect(0);
    calm(&place);
    slower(&place, "machine", None, 3.0);
    let text = place.run(&["compare", "o/c", "machine", "--gate"]).expect(0).stdout;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let workloads: Vec<String> = place.results("c").workloads.iter().map(|workload| workload.label.clone()).collect();
    let both = format!("{}: serial; {}: serial (a slower machine", workloads[0], workloads[1]);
    assert!(text.contains(&both), "{both} in {text}");
}

#[test]
fn other_machines_and_missing_ways_are_said() {
    let place = measured();
    let mut results = place.results("c");
    results.machine.kernel = "Plan 9".into();
    results.configurations[1].config.workers = Some(16);
    results.configurations[1].label = "threads × 16".into();
    runner::results::write(&place.path("n.json"), &results).unwrap();
    let text = place.run(&["compare", "o/c", "n.json"]).expect(0).stdout;
    for part in ["machine: kernel: ", "later Plan 9", "only in the earlier run: sleep: threads × 2", "threads × 16"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    results.workloads[0].task = "echo".into();
    runner::results::write(&place.path("n.json"), &results).unwrap();
    let ended = place.run(&["compare", "o/c", "n.json", "--gate"]).expect(2);
    assert!(ended.stderr.contains("no configuration in common"), "{}", ended.stderr);
}

#[test]
fn files_that_cannot_be_compared_are_named() {
    let place = measured();
    place.write("damaged.json", "{\"format\": 1");
    let good = std::fs::read_to_string(place.report("c").join("results.json")).unwrap();
    let (start, rest) = good.split_once("\"format\": ").unwrap();
    place.write("newer.json", format!("{start}\"format\": 99{}", &rest[rest.find(',').unwrap()..]));
    for (file, code, words) in [
        ("damaged.json", 3, "damaged.json: not a results file"),
        ("newer.json", 3, "newer.json: format 99"),
        ("nowhere", 2, "there is no results file nowhere"),
        ("o", 2, "there is no results file o/results.json"),
    ] {
        for both in [["o/c", file], [file, "o/c"]] {
            let ended = place.run(&["compare", both[0], both[1]]).expect(code);
            assert!(ended.stderr.contains(words), "{}", ended.stderr);
        }
    }
}
