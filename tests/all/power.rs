//! What a plan says that its rounds can show.

use runner::plan::{Options, comparisons, plan};
use runner::runtime::Interpreter;
use runner::scenario::{Source, load};
use runner::task::Tasks;

use super::support::Place;

/// Five configurations of one workload: ten comparisons.
const FIVE: &str = "tasks: [{kind: empty, items: 10}]\nmodels: [serial, threads]\nworkers: 1-4\n";

#[test]
fn a_plan_says_what_its_rounds_can_show() {
    let place = Place::new();
    place.scenario("p", FIVE);
    let plan = place.run(&["plan", "p.yaml"]).expect(0).stdout;
    let line = plan.lines().find(|line| line.contains("power")).unwrap();
    assert!(line.starts_with("    power: 15 rounds, 10 comparisons: 80% power to detect "), "{line}");
    assert!(line.contains("% where rounds differ by 1%, ") && line.contains("; 3% takes about "), "{line}");

    let json = place.run(&["plan", "p.yaml", "--json"]).expect(0).json();
    let power = &json["plans"][0]["workloads"][0]["power"];
    assert_eq!((power["comparisons"].as_u64(), power["fewest_rounds"].as_u64()), (Some(10), Some(9)));
    let shown: Vec<f64> =
        power["spreads"].as_array().unwrap().iter().map(|row| row["shows"].as_f64().unwrap()).collect();
    assert!(shown[0] > 1.0 && shown[0] < shown[1] && shown[1] < shown[2], "{shown:?}");
}

#[test]
fn a_plan_says_when_its_rounds_are_too_few_for_its_comparisons() {
    let place = Place::new();
    place.scenario("p", FIVE);
    let six = ["plan", "p.yaml", "--rounds", "6"];
    let text = place.run(&six).expect(0).stdout;
    assert!(
        text.contains("    power: 6 rounds are too few for 10 comparisons; at least 9 rounds are needed\n"),
        "{text}"
    );
    let json = place.run(&[&six[..], &["--json"]].concat()).expect(0).json();
    assert!(json["plans"][0]["workloads"][0]["power"]["spreads"][0]["shows"].is_null());
    let nine = place.run(&["plan", "p.yaml", "--rounds", "9"]).expect(0).stdout;
    assert!(nine.contains("9 rounds, 10 comparisons: 80% power to detect"), "{nine}");
    let quick = place.run(&["plan", "p.yaml", "--quick"]).expect(0).stdout;
    assert!(!quick.contains("power:") && quick.contains("no verdict"), "{quick}");
}

fn cpython() -> Interpreter {
    Interpreter {
        path: "python3".into(),
        version: "3.11.2".into(),
        free_threaded: false,
        gil: true,
        start_methods: ["fork", "spawn", "forkserver"].map(str::to_owned).to_vec(),
        interpreters: false,
        interpreter_pool: false,
    }
}

#[test]
fn what_a_plan_counts_is_what_a_verdict_compares() {
    let tasks = Tasks::builtin();
    let mut compared = 0;
    let reports = concat!(env!("CARGO_MANIFEST_DIR"), "/reports");
    for folder in std::fs::read_dir(reports).unwrap().map(|entry| entry.unwrap().path()) {
        // The report on threads and processes is made from those of others.
        if !folder.join("results.json").is_file() {
            continue;
        }
        let results = runner::results::read(&folder.join("results.json")).unwrap();
        let source = Source { name: "s.yaml".into(), bytes: results.scenario.text.clone().into_bytes() };
        let scenarios = load(&[source], &tasks).unwrap_or_else(|problems| panic!("{problems}"));
        // Any CPython will do, since what is compared does not depend on which.
        let pythons = [("python3".to_owned(), Ok(cpython()))].into();
        let options = Options { pythons, ..Options::new(results.machine.cores) };
        let plan = plan(&scenarios[0], &tasks, &options).unwrap();
        let derived = runner::verdict::derive(&results);
        for (workload, verdict) in plan.workloads.iter().zip(&derived.workloads) {
            // A verdict that was withheld lists no pairs.
            if verdict.withheld.is_none() {
                assert_eq!(
                    comparisons(&plan, workload) as usize,
                    verdict.pairs.len(),
                    "{folder:?}: {}",
                    workload.label
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 5, "{compared}");
}
