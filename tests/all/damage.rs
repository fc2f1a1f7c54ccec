//! Random damage: no text of a scenario and no results file makes the program panic or hang.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use runner::internal::plan::{Options, plan};
use runner::internal::scenario::{Source, load};
use runner::internal::setting::ChartKind;
use runner::internal::setting::{FaultKind, OnCrash, Runtime};
use runner::results::{Event, EventKind, Fault, Kind, Life, LockUse, Memory, MemoryUse, Results, Seen, Timeline};
use runner::task::Tasks;

use crate::support::Place;

const SCENARIO: &str = "version: 1
name: damage
title: A test
tasks:
  - {kind: echo, payload: [64 B, 4 KiB], items: 8}
  - kind: sleep
    delay: 1 ms
models: [serial, {kind: processes, ipc: [pipe, shared_memory], chunk: [1, 4]}]
workers: [1, 2-3, 2*cores]
rounds: 7
expect:
  - compare: {model: processes, workers: 2}
    to: {model: serial}
    at_least: 1.5
charts: [speedup, time]
";

/// Pieces that mean something to YAML or to scenarios, beside plain noise.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "[", "]", "{", "}", ":", "- ", ", ", "\n", "  ", "'", "\"", "#", "&a", "*a", "!!int", "|", ">", "---", "%", "~",
    ];
    let values =
        ["0", "-1", "1e999", "99999999999999999999", "1-9", "9-1", "*cores", "KiB", "serial", "pipe", "ü", "\u{feff}"];
    prop_oneof![
        proptest::sample::select([&words[..], &values[..]].concat()).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ]
}

/// Replaces a few bytes at a few places by pieces.
fn damaged(text: &str, damage: &[(prop::sample::Index, usize, String)]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (at, length, piece) in damage {
        let start = at.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, piece.bytes());
    }
    bytes
}

fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, String)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..6usize, piece()), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_scenario_is_read_or_refused_at_a_place(damage in damage()) {
        let source = Source { name: "damage.yaml".into(), bytes: damaged(SCENARIO, &damage) };
        let tasks = Tasks::builtin();
        let problems = match load(&[source], &tasks) {
            Ok(scenarios) => match plan(&scenarios[0], &tasks, &Options::new(2)) {
                Ok(_) => return Ok(()),
                Err(problems) => problems,
            },
            Err(problems) => problems,
        };
        prop_assert!(!problems.is_empty());
        for problem in problems.list() {
            prop_assert!(problem.line >= 1 && problem.column >= 1 && !problem.message.is_empty(), "{problem:?}");
        }
        prop_assert!(problems.render(true).contains("damage.yaml"));
    }
}

/// A number of a results file, or a word, takes the place of another.
fn number() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(
        &["0", "1", "2", "7", "-1", "0.5", "1e308", "1e-308", "18446744073709551615", "null", "\"x\"", "[]"][..],
    )
}

/// Puts other values in the place of some of the numbers of a text.
fn renumbered(text: &str, changes: &[(prop::sample::Index, &str)]) -> String {
    let mut text = text.to_owned();
    for (at, value) in changes {
        let places: Vec<(usize, usize)> = numbers(&text);
        let (start, end) = places[at.index(places.len())];
        text.replace_range(start..end, value);
    }
    text
}

/// Where the values that are numbers stand.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let starts =
        text.char_indices().filter(|(at, c)| c.is_ascii_digit() && text[..*at].ends_with([':', ',', '[', ' ']));
    let digit = |c: char| c.is_ascii_digit() || ".e-+".contains(c);
    starts.map(|(at, _)| (at, at + text[at..].find(|c| !digit(c)).unwrap_or(text.len() - at))).collect()
}

#[test]
fn a_damaged_results_file_is_refused_or_drawn() {
    let place = Place::new();
    let ways = "models: [serial, threads]\nworkers: [1, 2]\n";
    let head = "version: 1\nname: d\ntitle: A test\ncharts: [speedup, time]\n";
    place.write("d.yaml", format!("{head}tasks: [{{kind: empty, items: 8}}]\n{ways}"));
    place.run_scenario("d", &["--rounds", "7"]).expect(0);
    refused_or_drawn(&place, 50);
    // Two equal builds: on a busy machine, one may look slower.
    let ended = place.run_scenario("d", &["--rounds", "7", "--baseline", crate::support::PROGRAM]);
    assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.stderr);
    refused_or_drawn(&place, 20);
    happened(&place);
    refused_or_drawn(&place, 50);
}

/// Puts everything into the report `d` that trials can leave beside their times.
fn happened(place: &Place) {
    let mut results = place.results("d");
    results.charts = [ChartKind::Timeline, ChartKind::Memory, ChartKind::Crash].map(Into::into).to_vec();
    results.run.baseline = None;
    results.workloads[0].fault = Some(Fault { kind: FaultKind::Kill, item: 3 });
    let mut other = results.workloads[0].clone();
    (other.id, other.runtime, other.fault) = (1, Runtime::GilEmulation, None);
    results.workloads.push(other);
    results
        .configurations
        .iter_mut()
        .skip(2)
        .for_each(|configuration| configuration.config.on_crash = Some(OnCrash::Restart));
    results.trials.truncate(12);
    let memory = Memory { pss: 3 << 20, private: 1 << 20, rss: 7 << 20 };
    for trial in &mut results.trials {
        (trial.lost, trial.details.retried, trial.details.recovered) = (1, 2, 4_100_000);
        trial.details.lock = Some(LockUse { waits: 5, waited: 2_000_000, hand_overs: 9, forced: 3 });
        trial.details.lives = vec![Life { worker: 1, start: 1_000, ready: 3_000, end: 900_000, died: true }];
        trial.details.seen =
            vec![Seen { worker: None, before: 7, after: 8 }, Seen { worker: Some(1), before: 1, after: 2 }];
        if trial.kind == Kind::Memory {
            trial.details.memory = Some(MemoryUse { before: memory, after: memory, workers: vec![memory] });
        }
    }
    let event = |lane, kind, start, end| Event(lane, kind, start, end);
    results.timelines = vec![Timeline {
        configuration: 1,
        events: vec![
            event(1, EventKind::Start, 7, 900),
            event(1, EventKind::Item, 1_000, 5_000),
            event(1, EventKind::Held, 1_000, 4_000),
            event(1, EventKind::Crash, 5_500, 5_600),
            event(1, EventKind::Start, 5_700, 6_000),
            event(2, EventKind::Item, 1_000, 7_000),
            event(0, EventKind::Join, 8_000, 9_000),
        ],
        left_out: 2,
    }];
    results.derived = runner::internal::verdict::derive(&results);
    runner::results::write(&place.report("d").join("results.json"), &results).unwrap();
}

#[test]
fn a_timeline_that_cannot_be_is_refused() {
    let place = Place::new();
    place.scenario("d", "tasks: [{kind: empty, items: 8}]\nmodels: [serial, threads]\nworkers: [1, 2]\n");
    place.run_scenario("d", &["--rounds", "7"]).expect(0);
    happened(&place);
    let path = place.report("d").join("results.json");
    let good = std::fs::read_to_string(&path).unwrap();
    runner::results::read(&path).unwrap();
    let events: Vec<String> = (0..401).map(|at| format!("[1,\"held\",{at},{at}]")).collect();
    for (from, to, why) in [
        ("\"configuration\":1,\"dropped\"", "\"configuration\":99,\"dropped\"", "there is no configuration 99"),
        ("[1,\"start\",7,900]", "[1025,\"start\",7,900]", "has a lane 1025"),
        ("[1,\"start\",7,900]", "[1,\"start\",901,900]", "ends before it starts"),
        ("[1,\"start\",7,900]", "[1,\"start\",7,9007199254740993]", "is not a plausible number"),
        ("[1,\"start\",7,900]", &events.join(","), "too many events"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        std::fs::write(&path, bad).unwrap();
        let error = runner::results::read(&path).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

/// Damages the report `d` many times over.
fn refused_or_drawn(place: &Place, cases: u32) {
    let path = place.report("d").join("results.json");
    let good = std::fs::read_to_string(&path).unwrap();
    let whole = runner::results::read(&path).unwrap();
    let changes = prop::collection::vec((any::<prop::sample::Index>(), number()), 1..4);
    let config =
        ProptestConfig { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() };
    proptest!(config, |(changes in changes)| {
        std::fs::write(&path, renumbered(&good, &changes)).unwrap();
        if let Ok(results) = runner::results::read(&path) {
            everything_from(&results);
            for (old, new) in [(&whole, &results), (&results, &whole)] {
                let comparison = runner::internal::verdict::compare_runs(old, new);
                let options = runner::internal::report::TerminalOptions { width: 80, color: true, verbose: true };
                assert!(!runner::internal::report::comparison_terminal(&comparison, &options).is_empty());
                assert!(!runner::internal::report::comparison_markdown(&comparison, &[]).is_empty());
            }
        }
    });
    std::fs::write(&path, &good).unwrap();
}

/// Everything that is derived from a results file, without a rasteriser.
fn everything_from(results: &Results) {
    let mut judged = results.clone();
    judged.derived = runner::internal::verdict::derive(results);
    for results in [results, &judged] {
        let options = runner::internal::report::TerminalOptions { width: 80, color: true, verbose: true };
        assert!(!runner::internal::report::terminal(results, &options).is_empty());
        assert!(
            serde_json::to_value(runner::internal::report::json(std::slice::from_ref(results))).unwrap().is_array()
        );
        assert!(!runner::internal::report::markdown(results, &[]).is_empty());
        assert!(!runner::internal::report::regression_terminal(results, &options).is_empty());
        assert!(!runner::internal::report::regression_markdown(results, &[]).is_empty());
        assert!(runner::internal::report::perfetto(std::slice::from_ref(results)).is_object());
        assert!(
            !runner::internal::report::samples(std::slice::from_ref(results)).ndjson().is_empty()
                || results.trials.is_empty()
        );
        assert!(!runner::internal::report::tables(std::slice::from_ref(results)).is_empty());
        for chart in runner::internal::chart::charts(results) {
            if let Ok(picture) = chart.picture {
                assert!(picture.svg(runner::internal::chart::Theme::Light).starts_with("<svg"));
            }
        }
    }
}

#[test]
fn looks_that_cannot_be_are_damage() {
    let stored = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/results.json");
    let good: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(stored).unwrap()).unwrap();
    for (key, value) in [
        ("completed", serde_json::json!(7)),
        ("planned", serde_json::json!([4_000_000_000_u32])),
        ("planned", serde_json::json!([9, 8])),
        ("units", serde_json::json!([[0, 4_000_000_000_u32]])),
        ("sat_out", serde_json::json!([{ "configuration": 99, "from": 3 }])),
    ] {
        let place = Place::new();
        std::fs::create_dir_all(place.report("files")).unwrap();
        let mut bad = good.clone();
        bad["workloads"][0]["looks"][key] = value.clone();
        std::fs::write(place.report("files").join("results.json"), bad.to_string()).unwrap();
        let ended = place.run(&["render", "--reports", "o"]).expect(3);
        assert!(ended.stderr.contains("not a results file, or damaged"), "{key} {value}: {}", ended.stderr);
    }
}
