//! Tests of the loader on whole files: what is accepted, and what is said of what is not.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::setting::{Key, Metric, OutcomeKind, SettingKind};

fn source(name: &str, bytes: impl Into<Vec<u8>>) -> Source {
    Source { name: name.into(), bytes: bytes.into() }
}

fn load_text(bytes: impl Into<Vec<u8>>) -> Result<Scenario, Diagnostics> {
    load(&[source("a.yaml", bytes)], &Tasks::builtin()).map(|mut scenarios| scenarios.remove(0))
}

/// What is said of a file.
fn said(bytes: impl Into<Vec<u8>>) -> String {
    load_text(bytes).expect_err("the file is refused").render(false)
}

const GOOD: &str = "version: 1\nname: a\ntasks: [primes]\nmodels: [serial, threads]\nworkers: [1, 2]\n";

/// Checks that the file is refused with this message at this place, with the line, a caret and this help.
#[track_caller]
fn refuses(bytes: impl Into<Vec<u8>>, message: &str, place: (usize, usize), line: &str, help: &str) {
    let rendered = said(bytes);
    let arrow = format!("--> a.yaml:{}:{}\n", place.0, place.1);
    for part in [
        &format!("error: {message}"),
        &arrow,
        &format!("{} |{}{line}", place.0, if line.is_empty() { "" } else { " " }),
        "^",
        &format!("help: {help}"),
    ] {
        assert!(rendered.contains(part), "`{part}` is missing in\n{rendered}");
    }
}

fn good_with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from));
    GOOD.replace(from, to)
}

#[test]
fn a_whole_scenario_is_read() {
    let text = "version: 1\nname: whole\ntitle: A  title\nabout: >-\n  two\n  lines\ntasks:\n  - kind: echo\n    payload: [64 B, 4 KiB]\n    \
        items: [auto, 1_000]\n  - kind: primes\n    limit: 200_000\n    chunk: 4\nmodels: [serial, {kind: processes, workers: 2, ipc: [pipe, queue]}]\n\
        workers: [1-3, cores, 2*cores, physical * 3]\ndispatch: stream\nin_flight: 4\nwait: spin\naffinity: [free, cross]\nmeasure: [work, end_to_end]\n\
        runtime: native\nrounds: 20\nbudget: 90 s\ntimeout: 10 s\nmargin: 5%\nseed: 7\ncharts: [time]\n\
        expect:\n  compare: {model: processes, ipc: pipe}\n  metric: time\n  at_most: 2 s\n";
    let scenario = load_text(text).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!((scenario.title.as_str(), scenario.about.as_str()), ("A title", "two lines"));
    assert_eq!(
        (scenario.rounds, scenario.timeout, scenario.margin, scenario.seed),
        (Some(20), Duration::from_secs(10), 0.05, Some(7))
    );
    assert_eq!(scenario.budget, Duration::from_secs(90));
    let echo = &scenario.tasks[0];
    assert_eq!(echo.settings[0].1.values, [crate::setting::Value::Whole(64), crate::setting::Value::Whole(4096)]);
    assert_eq!(echo.items.values, [Items::Auto, Items::Fixed(1000)]);
    assert_eq!(
        scenario.given.get(Key::Workers).unwrap().values,
        [
            Alternative::Range(1, 3),
            Alternative::Cores(CoreKind::Granted, 1),
            Alternative::Cores(CoreKind::Granted, 2),
            Alternative::Cores(CoreKind::Physical, 3)
        ]
    );
    let given = scenario.given_for(&scenario.tasks[1], &scenario.models[1]);
    assert_eq!(given.get(Key::Workers).unwrap().values, [Alternative::Range(2, 2)]);
    assert_eq!(given.get(Key::Chunk).unwrap().values, [Alternative::Value(4.into())]);
    assert_eq!(scenario.expect[0].at_most, Some(2.0));
    let charts: Vec<_> = scenario.charts.unwrap().iter().map(|chart| chart.kind).collect();
    assert_eq!(charts, [crate::setting::ChartKind::Time]);
    assert_eq!(scenario.hash.len(), 64);
}

#[test]
fn a_byte_order_mark_and_crlf_are_accepted() {
    let plain = load_text(GOOD).unwrap();
    let dressed = load_text(format!("\u{feff}{}", GOOD.replace('\n', "\r\n"))).unwrap();
    assert_eq!((&dressed.tasks[0].task, &dressed.models[1].model), (&plain.tasks[0].task, &plain.models[1].model));
    let text = format!("\u{feff}{}", GOOD.replace('\n', "\r\n").replace("threads", "thread"));
    refuses(text, "unknown model `thread`", (4, 18), "models: [serial, thread]", "did you mean `threads`?");
}

#[test]
fn unknown_keys_name_the_nearest_key_or_the_level_where_they_belong() {
    refuses(
        good_with("workers", "wrkers"),
        "`wrkers` is not a key of the top level",
        (5, 1),
        "wrkers: [1, 2]",
        "did you mean `workers`?",
    );
    let limit = "it is a setting of `primes`: it belongs to that entry of `tasks`";
    refuses(format!("{GOOD}limit: 3\n"), "`limit` is not a key of the top level", (6, 1), "limit: 3", limit);
    let trials = good_with("threads", "{kind: threads, rounds: 3}");
    refuses(trials, "`rounds` is not a key of an entry of `models`", (4, 34), "models:", "it belongs to the top level");
    let setting = good_with("[primes]", "{kind: primes, limti: 1000}");
    refuses(setting, "the task `primes` has no setting `limti`", (3, 23), "tasks:", "did you mean `limit`?");
    let other = good_with("[primes]", "{kind: primes, payload: 1000}");
    refuses(other, "the task `primes` has no setting `payload`", (3, 23), "tasks:", "it is a setting of `echo`");
    let near = good_with("[primes]", "{kind: primes, item: 10}");
    refuses(near, "the task `primes` has no setting `item`", (3, 23), "tasks:", "did you mean `items`?");
    let probe = good_with("[primes]", "{kind: primes, how: exit}");
    refuses(probe, "the task `primes` has no setting `how`", (3, 23), "tasks:", "its settings are `limit`");
}

#[test]
fn unknown_words_name_the_nearest_word() {
    refuses(
        good_with("primes", "primess"),
        "unknown task `primess`",
        (3, 9),
        "tasks: [primess]",
        "did you mean `primes`?",
    );
    refuses(
        good_with("threads", "tread"),
        "unknown model `tread`",
        (4, 18),
        "models: [serial, tread]",
        "did you mean `threads`?",
    );
    let ipc = good_with("threads", "processes") + "ipc: shared_memroy\n";
    refuses(ipc, "unknown IPC method `shared_memroy`", (6, 6), "ipc: shared_memroy", "did you mean `shared_memory`?");
    refuses(good_with("primes", "banana"), "unknown task `banana`", (3, 9), "tasks", "there are `empty`, `primes`,");
}

const STAGED: &str = "version: 1\nname: a\npipeline:\n  - {task: hash, workers: [1, 2]}\n  - {task: sleep}\nqueue: 4\n";

#[test]
fn stages_are_checked_where_they_stand() {
    let with = |from: &str, to: &str| STAGED.replace(from, to);
    let refused =
        |text: String, message: &str, place, line: &str, help: &str| refuses(text, message, place, line, help);
    refused(
        with("task: sleep", "task: slep"),
        "unknown task `slep`",
        (5, 12),
        "  - {task: slep}",
        "did you mean `sleep`?",
    );
    refused(with("task: sleep", "model: threads"), "this stage names no task", (5, 6), "  - {model", "add `task:`");
    refused(
        with("task: sleep", "task: sleep, worker: 2"),
        "the task `sleep` has no setting `worker`",
        (5, 19),
        "  - {task",
        "did you mean `workers`?",
    );
    refused(
        with("task: sleep", "task: sleep, model: rayon"),
        "a stage cannot have the model `rayon`: a pool of rayon splits",
        (5, 26),
        "  - {task",
        "there are `serial`, `threads` and `processes`",
    );
    refused(
        with("task: sleep", "task: sleep, ipc: pipe"),
        "this stage has no use for `ipc`",
        (5, 19),
        "  - {task",
        "it is for `processes`",
    );
}

#[test]
fn what_stands_beside_a_pipeline_is_checked() {
    let refused =
        |text: String, message: &str, place, line: &str, help: &str| refuses(text, message, place, line, help);
    let one = STAGED.replace("  - {task: sleep}\n", "");
    refused(one, "a pipeline of one stage", (3, 1), "pipeline:", "add another stage");
    refused(
        format!("{STAGED}tasks: [primes]\n"),
        "`tasks` cannot be combined with a `pipeline`",
        (7, 1),
        "tasks: [primes]",
        "a scenario has either a `pipeline`, or",
    );
    refused(
        format!("{STAGED}workers: 2\n"),
        "a `pipeline` has no use for `workers` at the top level",
        (7, 1),
        "workers: 2",
        "give it to the stages",
    );
    refused(
        format!("{GOOD}items: 9\n"),
        "there is no `pipeline` for `items`",
        (6, 1),
        "items: 9",
        "it belongs to an entry of `tasks`",
    );
    refused(
        format!("{GOOD}queue: 9\n"),
        "there is no `pipeline` for `queue`",
        (6, 1),
        "queue: 9",
        "it is for a `pipeline`: add one",
    );
}

#[test]
fn wrong_types_and_values_out_of_range_say_what_is_accepted() {
    let range = "write a number from 1 to 1024, a range (`1-8`), `cores`, `physical`, or a multiple (`2*cores`)";
    for (value, column) in
        [("0", 10), ("-1", 10), ("10000", 10), ("many", 10), ("1.5", 10), ("1-5000", 10), ("0*cores", 10)]
    {
        let text = good_with("[1, 2]", value);
        refuses(text, &format!("`workers` cannot be `{value}`"), (5, column), &format!("workers: {value}"), range);
    }
    refuses(
        good_with("[1, 2]", "[1, 4-2]"),
        "the range `4-2` runs backwards",
        (5, 14),
        "workers: [1, 4-2]",
        "write `2-4`",
    );
    refuses(
        format!("{GOOD}rounds: many\n"),
        "`rounds` cannot be `many`",
        (6, 9),
        "rounds: many",
        "it is `auto`, as many as it takes within the budget, or a whole number from 1 to 10,000",
    );
    refuses(
        format!("{GOOD}title: [a]\n"),
        "a list where a single value belongs",
        (6, 1),
        "title: [a]",
        "write one value",
    );
    refuses(format!("{GOOD}chunk:\n"), "there is no value here", (6, 6), "chunk:", "give one, or remove the key");
    refuses(
        format!("{GOOD}timeout: 30\n"),
        "`30` is not a duration",
        (6, 10),
        "timeout: 30",
        "write a number and a unit",
    );
    refuses(format!("{GOOD}margin: 3\n"), "`margin` cannot be `3`", (6, 9), "margin: 3", "it is a share");
    let payload = good_with("[primes]", "{kind: echo, payload: [1 B, 2 GiB]}");
    refuses(payload, "`payload` cannot be `2 GiB`", (3, 36), "tasks:", "it takes a size from 0 B to 1 GiB");
    refuses(
        good_with("[primes]", "3"),
        "a word or a mapping belongs here",
        (3, 8),
        "tasks: 3",
        "the keys of a mapping are `kind`",
    );
    refuses(format!("{GOOD}chunk: [1, 2, 1]\n"), "this value is listed twice", (6, 15), "chunk", "remove one of them");
    refuses(format!("{GOOD}chunk: []\n"), "this list is empty", (6, 1), "chunk: []", "give at least one value");
    refuses(
        good_with("version: 1", "version: 2"),
        "version 2 of the scenario language is not known",
        (1, 10),
        "version: 2",
        "this program knows version 1",
    );
}

#[test]
fn what_is_required_is_named() {
    let rendered = said("title: a\n");
    for key in ["version", "name", "tasks", "models"] {
        assert!(rendered.contains(&format!("there is no `{key}`")), "{rendered}");
    }
    // A key whose value is wrong is not called missing as well.
    let rendered = said(good_with("name: a", "name: ../../etc"));
    assert!(rendered.contains("`../../etc` cannot be the name") && rendered.contains("--> a.yaml:2:7"), "{rendered}");
    assert!(!rendered.contains("there is no `name`"), "{rendered}");
}

#[test]
fn tabs_within_a_block_of_text_and_on_a_line_of_their_own_are_yaml() {
    let code = "code: |\n      def run(item):\n      \treturn item\n\t\n    items: 4";
    let whole = format!("version: 1\nname: a\ntasks:\n  - kind: python\n    {code}\t# so many\nmodels: [serial]\n");
    assert!(load_text(whole.as_str()).is_ok(), "{}", said(whole));
}

#[test]
fn text_that_is_no_scenario_is_refused_with_its_place() {
    refuses(good_with("name", "\tname"), "a tab in the indentation", (2, 1), "", "YAML indents with spaces");
    refuses(
        good_with("workers", "name"),
        "the key `name` is given twice",
        (5, 1),
        "name: [1, 2]",
        "it is already in line 2",
    );
    refuses("", "the file is empty", (1, 1), "", "start with `version: 1`");
    refuses("# only a comment\n", "the file holds comments alone", (1, 1), "#", "start with `version: 1`");
    refuses(
        format!("{GOOD}rounds: 99999999999999999999\n"),
        "the number 99999999999999999999 is too large",
        (6, 9),
        "rounds: 99999999999999999999",
        "no number here goes beyond 64 bits",
    );
    refuses("- a\n", "a scenario is a mapping of keys to values", (1, 1), "- a", "start with `version: 1`");
    refuses(format!("{GOOD}---\n{GOOD}"), "a second document starts here", (6, 1), "---", "a file holds one scenario");
    refuses(b"version: 1\nname: \xff\n".to_vec(), "this is not UTF-8", (2, 7), "name: ", "save the file as UTF-8");
    refuses(format!("{GOOD}1: 2\n"), "`1` cannot be a key", (6, 1), "1: 2", "keys are words");
    refuses(
        format!("{GOOD}title: !!str a\n"),
        "tags (`!`) are not part of scenarios",
        (6, 8),
        "title",
        "write the plain value",
    );
    refuses(format!("{GOOD}chunk 3\n"), "this is not YAML", (6, 7), "chunk 3", "look for a missing colon");
    refuses(
        format!("{GOOD}title: \"abc\n"),
        "this is not YAML",
        (6, 8),
        "title",
        "look for a quote that is not closed",
    );
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(GOOD.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert!(said(utf16).contains("the file is UTF-16, not UTF-8"));
    assert!(said(vec![b' '; 1 << 21]).contains("the file is larger than 1 MiB"));
}

#[test]
fn hostile_text_is_refused_before_it_can_cost_anything() {
    let bomb = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\n";
    refuses(bomb, "anchors and aliases", (1, 4), "a: &a", "write the value out");
    refuses(
        "[".repeat(200_000),
        "nested deeper than 64 levels",
        (1, 256),
        "",
        "a scenario needs about five: look for brackets",
    );
    let started = Instant::now();
    for unit in [
        "[", "{", "- ", "? ", "{a: ", "[a, ", "a: [", "'", "\"", "- a\n", "!", "&", "|\n", "# a\n", "a,", "\u{85}", "%",
    ] {
        let bytes = unit.repeat((1 << 19) / unit.len());
        assert!(!said(bytes.as_bytes()).is_empty(), "{unit:?}");
    }
    let wrong = format!("{GOOD}chunk: [{}]\n", "x, ".repeat(100_000));
    let problems = load_text(wrong).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems.render(false).contains("this list has 100,000 values"));
    let many = format!("{GOOD}chunk: [{}]\n", (1..100_000).map(|n| format!("{n}, ")).collect::<String>());
    assert!(said(many).contains("this list has 99,999 values"));
    assert!(started.elapsed() < Duration::from_secs(60), "a guard that takes minutes guards nothing");
}

#[test]
fn a_million_configurations_are_counted_without_being_built() {
    let axis = |key: &str, n: u32| format!("{key}: [{}]\n", (1..=n).map(|i| format!("{i},")).collect::<String>());
    let text = good_with("workers: [1, 2]\n", "workers: 1-1000\n") + &axis("chunk", 1000);
    refuses(
        text,
        "the parameters make 1,000,001 configurations; the limit is 10,000",
        (6, 1),
        "chunk: [1,2,3,4,",
        "this parameter has 1000 values",
    );
}

#[test]
fn keys_that_nothing_uses_are_errors() {
    let serial = "version: 1\nname: a\ntasks: [primes]\nmodels: [serial]\nipc: pipe\n";
    refuses(serial, "no model of this file uses `ipc`", (5, 1), "ipc: pipe", "it is for `processes`");
    let threads = good_with("threads", "{kind: threads, ipc: pipe}");
    refuses(threads, "the model `threads` does not use `ipc`", (4, 34), "models", "it is for `processes`");
}

#[test]
fn all_problems_of_all_files_come_in_one_go() {
    let bad = "version: 1\nname: a\ntasks: [primess]\nmodels: [serial, thread]\nwrkers: 2\nchunk: 0\nname: b\n";
    let sources = [source("a.yaml", bad), source("b.yaml", GOOD), source("c.yaml", "[")];
    let problems = load(&sources, &Tasks::builtin()).unwrap_err();
    let list = problems.list();
    let places: Vec<(&str, usize)> = list.iter().map(|problem| (problem.file.as_str(), problem.line)).collect();
    assert_eq!(
        places,
        [("a.yaml", 3), ("a.yaml", 4), ("a.yaml", 5), ("a.yaml", 6), ("a.yaml", 7), ("b.yaml", 2), ("c.yaml", 1)]
    );
    assert!(list[5].message == "a.yaml has the name `a` too", "{}", list[5].message);
    assert!(list[5].help.as_ref().is_some_and(|help| help.contains("unique")));
}

#[test]
fn expectations_are_checked_as_they_are_written() {
    let with = |expect: &str| format!("{GOOD}expect:\n  - {expect}\n");
    refuses(
        with("{compare: {model: threads}}"),
        "this expectation has no bound",
        (7, 6),
        "",
        "add `at_least:` or `at_most:`",
    );
    refuses(with("{at_least: 2}"), "this expectation names no configurations", (7, 6), "", "add `compare:`");
    refuses(
        with("{compare: {worker: 2}, at_least: 2}"),
        "`worker` is not a key of a selector",
        (7, 16),
        "",
        "did you mean `workers`?",
    );
    refuses(
        with("{compare: {model: threads}, at_least: 1 s}"),
        "a bound of `speedup` is a factor, not a duration",
        (7, 43),
        "",
        "write a factor",
    );
    refuses(
        with("{compare: {model: threads}, to: {}, metric: outcome, at_most: 1}"),
        "`to` has no meaning",
        (7, 33),
        "",
        "remove it",
    );
    refuses(
        with("{compare: {model: threads}, is: ok, at_most: 1}"),
        "`is` has no meaning where the metric is `speedup`",
        (7, 33),
        "",
        "remove it, or use `metric: outcome`",
    );
    refuses(
        with("{compare: {model: threads}, metric: outcome, is: timeout}"),
        "unknown outcome `timeout`",
        (7, 54),
        "",
        "did you mean `timed_out`?",
    );
    refuses(
        with("{compare: {model: threads}, at_least: 3, at_most: 2}"),
        "`at_least` is above `at_most`",
        (7, 43),
        "",
        "nothing can meet both",
    );
}

#[test]
fn bounds_are_in_the_unit_of_their_metric() {
    let wrong = |metric: &str, bound: &str, message: &str, help: &str| {
        let text =
            format!("{GOOD}expect:\n  - compare: {{model: threads}}\n    metric: {metric}\n    at_most: {bound}\n");
        refuses(text, message, (9, 14), "", help);
    };
    wrong("memory", "2 s", "a bound of `memory` is a size, not a duration", "write a size such as `64 MiB`");
    wrong(
        "service_p95",
        "4 KiB",
        "a bound of `service_p95` is a duration, not a size",
        "write a duration such as `2 s`",
    );
    wrong(
        "throughput",
        "90%",
        "a bound of `throughput` is a number of items per second, not a percentage",
        "write a number",
    );
    wrong("outcome", "2", "no share is above 1", "it is a share of the trials");
    wrong(
        "outcome",
        "2 s",
        "a bound of `outcome` is a share of the trials, not a duration",
        "write a share such as `0.9`",
    );
    wrong("time", "0 s", "this bound is 0", "give a bound above 0");
    wrong("time", "soon", "`soon` is not a bound", "it is a number, a duration");
    let compared = "{compare: {model: threads}, to: {model: serial}, metric: memory, at_most: 64 MiB}";
    let message = "a bound of `memory` is a factor where it is compared with `to`, not a size";
    refuses(
        format!("{GOOD}expect:\n  - {compared}\n"),
        message,
        (7, 79),
        "",
        "write how many times as much, such as `1.5`, or remove `to`",
    );
}

#[test]
fn bounds_are_read_in_seconds_bytes_and_shares() {
    let read = |expect: &str| {
        let text = format!("{GOOD}expect:\n  - {{compare: {{model: threads}}, {expect}}}\n");
        let found = load_text(text.as_bytes()).unwrap().expect[0].clone();
        (found.metric, found.is, found.at_least, found.at_most)
    };
    assert_eq!(read("metric: memory, at_most: 64 MiB"), (Metric::Memory, None, None, Some(67_108_864.0)));
    assert_eq!(read("metric: service_p99, at_most: 5 ms"), (Metric::ServiceP99, None, None, Some(0.005)));
    assert_eq!(read("metric: throughput, at_least: 1_000"), (Metric::Throughput, None, Some(1000.0), None));
    assert_eq!(read("metric: time, to: {model: serial}, at_most: 0.9"), (Metric::Time, None, None, Some(0.9)));
    assert_eq!(read("metric: outcome"), (Metric::Outcome, Some(OutcomeKind::Ok), Some(1.0), None));
    let died = read("metric: outcome, is: worker_died, at_least: 50%, at_most: 1");
    assert_eq!(died, (Metric::Outcome, Some(OutcomeKind::WorkerDied), Some(0.5), Some(1.0)));
    assert_eq!(read("metric: outcome, is: timed_out, at_most: 0").3, Some(0.0));
}

#[test]
fn no_setting_of_a_task_hides_a_key_of_the_language() {
    let keys = [
        "kind",
        "items",
        "task",
        "model",
        "workers",
        "ipc",
        "dispatch",
        "chunk",
        "in_flight",
        "wait",
        "affinity",
        "runtime",
        "measure",
    ];
    for task in Tasks::builtin().iter() {
        for setting in task.settings() {
            assert!(!keys.contains(&setting.name), "{}: {}", task.name(), setting.name);
            // A list has no default: its task says that it is needed.
            let has = matches!(setting.kind, SettingKind::List { .. }) || default_of(setting).is_ok();
            assert!(has, "{}: the default of {}", task.name(), setting.name);
        }
    }
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/scenario.schema.json");
    let generated = schema_text(&schema(&Tasks::builtin()));
    if std::env::var_os("RUNNER_WRITE_SCHEMA").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(committed == generated, "run this test with RUNNER_WRITE_SCHEMA=1 to write it anew");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Err(problems) = load_text(bytes) {
            prop_assert!(!problems.render(true).is_empty());
        }
    }

    #[test]
    fn damaged_scenarios_never_panic(
        edits in proptest::collection::vec((0usize..600, "[\\[\\]{}:,&*!|>'\"#%@ \t\r\n\u{85}a-c0-9-]{0,4}"), 1..6)
    ) {
        let whole = format!("{GOOD}ipc: [pipe]\nexpect:\n  - compare: {{model: threads}}\n    to: {{model: serial}}\n    at_least: 2\ntitle: ü\n");
        let mut text = whole;
        for (at, put) in edits {
            let mut at = at % text.len();
            while !text.is_char_boundary(at) { at -= 1; }
            let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
            text.replace_range(at..end, &put);
            if text.is_empty() { break; }
        }
        if let Err(problems) = load_text(text) {
            prop_assert!(!problems.render(false).is_empty());
        }
    }
}

#[test]
fn charts_are_words_or_are_shaped_and_what_a_kind_does_not_take_is_refused() {
    let charts = |list: &str| load_text(format!("{GOOD}charts: {list}\n")).unwrap().charts.unwrap();
    let shaped =
        charts("[speedup, {kind: time, x: model, group: ipc, where: {workers: 2}, title: Who?}, {kind: time}]");
    assert_eq!(shaped.len(), 3);
    assert_eq!((shaped[1].x, shaped[1].group), (Some(Key::Model), Some(Key::Ipc)));
    assert_eq!(
        (shaped[1].title.as_deref(), shaped[1].only.as_ref().map(|only| only.terms.len())),
        (Some("Who?"), Some(1))
    );
    assert!(shaped[2].only.is_none() && charts("[]").is_empty());
    for (entry, message, column, help) in [
        ("tme", "unknown chart `tme`", 10, "did you mean `time`?"),
        ("{kind: tme}", "unknown chart `tme`", 17, "did you mean `time`?"),
        ("{x: model}", "this entry names no chart", 11, "add `kind:`"),
        (
            "{kind: time, wher: {workers: 2}}",
            "`wher` is not a key of an entry of `charts`",
            23,
            "did you mean `where`?",
        ),
        ("{kind: time, x: modl}", "unknown setting of configurations `modl`", 26, "did you mean `model`?"),
        ("{kind: speedup, x: model}", "the chart `speedup` takes no `model` as its `x`", 29, "it takes `workers`"),
        ("{kind: crash, group: model}", "the chart `crash` takes no `group`", 24, "remove this key"),
        ("{kind: time, x: ipc, group: ipc}", "`x` and `group` are both `ipc`", 38, "every section would have one row"),
        ("{kind: time, title: \"\"}", "this title is empty", 30, "write one, or remove this key"),
        ("{kind: time, title: \"  \"}", "this title is empty", 30, "write one, or remove this key"),
        // What is left of an entry with a fault is no double of another.
        ("{kind: time, x: modl}, time", "unknown setting of configurations `modl`", 26, "did you mean `model`?"),
        (
            "{kind: speedup, x: model}, speedup",
            "the chart `speedup` takes no `model` as its `x`",
            29,
            "it takes `workers`",
        ),
        ("{kind: time, where: {modl: threads}}", "`modl` is not a key of a selector", 31, "did you mean `model`?"),
        ("{kind: time, where: {model: thread}}", "unknown model `thread`", 38, "did you mean `threads`?"),
    ] {
        let text = format!("{GOOD}charts: [{entry}]\n");
        refuses(text, message, (6, column), "charts", help);
    }
    refuses(
        format!("{GOOD}charts: [time, {{kind: time}}]\n"),
        "this value is listed twice",
        (6, 17),
        "charts",
        "remove one of them",
    );
}
