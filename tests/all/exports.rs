//! What other programs read: exported samples, the results file's schema, and its size.

use std::collections::BTreeMap;
use std::path::Path;

use runner::results::{
    Details, Event, EventKind, FORMAT, Kind, Memory, MemoryUse, Results, Spent, Timeline, Trial, read, write,
};
use serde_json::Value;

use crate::support::{Ended, Place};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A results file: nine rounds of a real run.
fn stored() -> std::path::PathBuf {
    root().join("tests/data/results.json")
}

/// A report whose results are those stored.
fn stored_report() -> Place {
    let place = Place::new();
    std::fs::create_dir_all(place.report("files")).unwrap();
    std::fs::copy(stored(), place.report("files").join("results.json")).unwrap();
    place
}

fn export(place: &Place, arguments: &[&str]) -> Ended {
    place.run(&[&["export", "--reports", "o"], arguments].concat())
}

/// The records of a CSV text, by RFC 4180.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut signs) = (false, text.chars().peekable());
    while let Some(sign) = signs.next() {
        match sign {
            '"' if quoted && signs.peek() == Some(&'"') => field.extend(signs.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\r' if !quoted => assert_eq!(signs.peek(), Some(&'\n'), "a line ends with CR LF"),
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            sign => field.push(sign),
        }
    }
    assert!(!quoted && field.is_empty() && record.is_empty(), "the last line is whole");
    records
}

fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut records = records(csv).into_iter();
    let head = records.next().unwrap();
    let row = |record: Vec<String>| {
        assert_eq!(record.len(), head.len());
        head.iter().cloned().zip(record).collect()
    };
    records.map(row).collect()
}

#[test]
fn every_trial_is_a_row_of_csv_and_an_object_of_ndjson() {
    let place = stored_report();
    let results = place.results("files");
    let csv = export(&place, &["files"]).expect(0).stdout;
    let rows = rows(&csv);
    assert_eq!(rows.len(), results.trials.len());
    let objects = export(&place, &["--format", "ndjson"]).expect(0).stdout;
    let objects: Vec<Value> = objects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), rows.len());
    for ((row, object), trial) in rows.iter().zip(&objects).zip(&results.trials) {
        let configuration = &results.configurations[trial.configuration];
        assert_eq!((&row["configuration"], &row["order"]), (&configuration.label, &trial.order.to_string()));
        assert_eq!(row["seconds"].parse::<f64>().unwrap(), trial.seconds().unwrap());
        assert_eq!(row["work_user_seconds"].parse::<f64>().unwrap(), trial.phases[1].usage.user as f64 / 1e9);
        let usage = trial.phases[1].usage;
        assert_eq!(row["work_minor_faults"].parse::<u64>().unwrap(), usage.minor_faults);
        assert_eq!(row["work_major_faults"].parse::<u64>().unwrap(), usage.major_faults);
        assert_eq!(row["workers"], configuration.config.workers.map_or(String::new(), |workers| workers.to_string()));
        for (setting, value) in &results.workloads[configuration.workload].settings {
            assert_eq!(row[&format!("setting_{setting}")], value.plain(), "settings are columns");
        }
        let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
        assert_eq!(keys, row.keys().collect::<Vec<_>>());
        for (key, value) in object.as_object().unwrap() {
            let text = match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                Value::Array(list) => {
                    let text = |one: &Value| one.as_str().map_or_else(|| one.to_string(), str::to_owned);
                    list.iter().map(text).collect::<Vec<_>>().join(" ")
                }
                other => other.to_string(),
            };
            assert_eq!(&text, &row[key], "{key}");
            assert!(!text.starts_with('/'), "{key} holds a path: {text}");
        }
    }
    assert!(rows.iter().any(|row| row["kind"] == "profiling") && rows.iter().any(|row| row["duplicate"] == "true"));
}

#[test]
fn exports_go_where_they_are_told_to() {
    let place = stored_report();
    let printed = export(&place, &[]).expect(0).stdout;
    export(&place, &["--output", "all.csv"]).expect(0);
    assert_eq!(std::fs::read_to_string(place.path("all.csv")).unwrap(), printed);
    export(&place, &["--output", "table.md"]).expect(0);
    let tables = std::fs::read_to_string(place.path("table.md")).unwrap();
    assert!(
        tables.contains("| config | time (ms) | from | to | level |") && tables.contains("\n| threads × 4 |"),
        "{tables}"
    );
    assert_eq!(export(&place, &["--format", "md", "--output", "-"]).expect(0).stdout, tables);
    for (arguments, word) in [
        (&["--output", "all.xlsx"][..], "--format csv"),
        (&["fils"], "there is `files`"),
        (&["--format", "xml"], "csv"),
    ] {
        let ended = export(&place, arguments).expect(2);
        assert!(ended.stderr.contains(word) && ended.stdout.is_empty(), "{}", ended.stderr);
    }
    assert!(export(&place, &["--output", "no/such/folder.csv"]).expect(3).stderr.contains("folder.csv"));
    let help = place.run(&["export", "--help"]).expect(0).stdout;
    let head = records(&printed).remove(0);
    assert!(head.iter().filter(|name| !name.starts_with("setting_")).all(|name| help.contains(name.as_str())));
}

/// Whether a value is a trace as the format of trace events has it: complete events on tracks that have names, none of
/// which runs into another on its track.
fn assert_trace(trace: &Value, ways: usize) {
    let events = trace["traceEvents"].as_array().unwrap();
    let of = |phase: &str| events.iter().filter(|event| event["ph"] == phase).collect::<Vec<_>>();
    let place = |event: &Value| (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
    let named = |name: &str| {
        let named = of("M").into_iter().filter(|event| event["name"] == name && event["args"]["name"].is_string());
        named.map(place).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(named("process_name").len(), ways);
    let mut last: BTreeMap<(u64, u64), f64> = BTreeMap::new();
    for event in of("X") {
        let (start, length) = (event["ts"].as_f64().unwrap(), event["dur"].as_f64().unwrap());
        let end = last.insert(place(event), start + length).unwrap_or(0.0);
        assert!(start >= end && length >= 0.0 && event["name"].is_string(), "{event} begins before {end}");
        assert!(named("thread_name").contains(&place(event)), "{event} is on a track without a name");
    }
    assert_eq!(of("X").len() + of("M").len(), events.len());
}

#[test]
fn timelines_are_exported_as_trace_events() {
    let place = stored_report();
    assert!(export(&place, &["--perfetto"]).expect(2).stderr.contains("no timelines in files"));
    let path = place.report("files").join("results.json");
    let mut results = read(&path).unwrap();
    let event = |lane, kind, start, end| Event(lane, kind, start, end);
    let events = vec![
        event(1, EventKind::Start, 0, 1_500),
        event(1, EventKind::Item, 2_000, 9_000),
        event(1, EventKind::Held, 1_600, 4_000),
        event(1, EventKind::Crash, 9_000, 9_100),
        event(1, EventKind::Start, 9_200, 9_900),
        event(0, EventKind::Join, 9_900, 10_250),
    ];
    results.timelines =
        [1, 2].map(|configuration| Timeline { configuration, events: events.clone(), left_out: 0 }).into();
    write(&path, &results).unwrap();
    let printed = export(&place, &["--perfetto"]).expect(0);
    assert_trace(&printed.json(), 2);
    let first = printed.json()["traceEvents"][0].clone();
    assert!(first["args"]["name"].as_str().unwrap().contains(&results.configurations[1].label), "{first}");
    assert_eq!(export(&place, &["--format", "perfetto", "--output", "-"]).expect(0).stdout, printed.stdout);
    assert!(export(&place, &["--perfetto", "--output", "t.json"]).expect(0).stderr.contains("2 timelines of files"));
    assert_eq!(std::fs::read_to_string(place.path("t.json")).unwrap(), printed.stdout);
    export(&place, &["--perfetto", "--format", "csv"]).expect(2);
}

#[test]
fn a_stored_file_is_read_drawn_and_left_as_it_is_and_there_is_one_format() {
    let text = std::fs::read_to_string(stored()).unwrap();
    let results = read(&stored()).unwrap();
    assert_eq!(results.format, FORMAT);
    let place = stored_report();
    place.run(&["render", "--reports", "o"]).expect(0);
    assert!(place.report_text("files").contains("9 of 9") && !place.report_text("files").contains("of 15"));
    assert_eq!(std::fs::read_to_string(place.report("files").join("results.json")).unwrap(), text, "left as it is");
    // Written again, it holds the same.
    let path = place.path("again.json");
    write(&path, &results).unwrap();
    assert_eq!(read(&path).unwrap().trials, results.trials);
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains(&format!("\"format\": {FORMAT}")));
    for wrong in ["0", "2", "3000000000"] {
        std::fs::write(&path, written.replacen("\"format\": 1", &format!("\"format\": {wrong}"), 1)).unwrap();
        assert!(read(&path).is_err(), "{wrong}");
    }
}

#[test]
fn charts_that_cannot_be_are_damage() {
    let mut stored: Value = serde_json::from_str(&std::fs::read_to_string(stored()).unwrap()).unwrap();
    let place = stored_report();
    let path = place.path("shaped.json");
    for shape in [
        serde_json::json!({"kind": "time", "configurations": [99_999]}),
        serde_json::json!({"kind": "crash", "x": "model"}),
    ] {
        stored["charts"] = serde_json::json!([shape]);
        std::fs::write(&path, stored.to_string()).unwrap();
        assert!(read(&path).is_err(), "{shape}");
    }
    stored["charts"] = serde_json::json!([{"kind": "time", "title": "Mine <&>"}]);
    std::fs::write(place.report("files").join("results.json"), stored.to_string()).unwrap();
    place.run(&["render", "--reports", "o"]).expect(0);
    assert!(place.report_text("files").contains("**Mine &lt;&amp;&gt;**"), "{}", place.report_text("files"));
    assert!(place.report("files").join("time-auto.svg").is_file());
}

/// A scenario of a hundred ways in so many workloads with thirty rounds, with everything that trials may have.
fn large(workloads: usize) -> Results {
    let ways = 100 / workloads;
    let mut results = read(&stored()).unwrap();
    let (workload, configuration) = (results.workloads[0].clone(), results.configurations[1].clone());
    let (trial, latency) = (results.trials[7].clone(), results.latencies[0].clone());
    (results.run.rounds, results.workloads, results.configurations) = (30, vec![], vec![]);
    (results.trials, results.latencies) = (vec![], vec![]);
    // Lives of workers take forty bytes for each, and are beside the bound.
    let details = Details { lives: vec![], ..trial.details.clone() };
    let trial = Trial { details, flags: vec![], ..trial };
    let mut random = fastrand::Rng::with_seed(7);
    for id in 0..workloads {
        let configurations: Vec<usize> = (id * ways..(id + 1) * ways).collect();
        results.workloads.push(runner::results::Workload {
            id,
            label: format!("group {id}"),
            reference: id * ways,
            configurations,
            ..workload.clone()
        });
    }
    for id in 0..100 {
        let label = format!("processes × {}, shared memory, chunk 16", id + 1);
        let checked = id % ways < 2;
        let workers = (id % ways > 0).then_some((id % ways) as u32);
        let mut config = configuration.config.clone();
        config.workers = workers;
        results.configurations.push(runner::results::Configuration {
            id,
            workload: id / ways,
            label,
            config,
            checked,
            ..configuration.clone()
        });
        let kinds = [(Kind::Timed, 30), (Kind::Profiling, 2), (Kind::Memory, 2)];
        for (kind, count) in kinds {
            for round in 0..count {
                let twice = usize::from(checked && kind == Kind::Timed) + 1;
                for run in 0..twice {
                    let mut made = Trial { configuration: id, round, kind, duplicate: run == 1, ..trial.clone() };
                    fill(&mut made, results.trials.len(), &mut random);
                    results.trials.push(made);
                }
            }
        }
        let mut latency = latency.clone();
        latency.configuration = id;
        for times in [&mut latency.service, &mut latency.response] {
            times.histogram = (0..runner::results::MOST_BUCKETS as u64)
                .map(|bucket| (90_000 + bucket * 4_321, 1 + random.u64(0..2_000)))
                .collect();
        }
        results.latencies.push(latency);
    }
    results.derived = runner::internal::verdict::derive(&results);
    results
}

/// Gives a trial numbers as long as those of real ones.
fn fill(trial: &mut Trial, order: usize, random: &mut fastrand::Rng) {
    trial.order = order as u32;
    for (phase, longest) in trial.phases.iter_mut().zip([8_000_000, 200_000_000, 4_000_000]) {
        phase.wall = random.u64(longest / 9..longest);
        (phase.usage.user, phase.usage.system) =
            (random.u64(1..longest / 1000) * 1000, random.u64(1..longest / 4000) * 1000);
        let most = longest / 100_000;
        (phase.usage.voluntary, phase.usage.involuntary, phase.usage.minor_faults) =
            (random.u64(0..=most), random.u64(0..=most / 2), random.u64(0..=500));
    }
    trial.measured = trial.phases[1].wall;
    trial.others = (random.f64() * 1000.0).round() / 1000.0;
    if trial.kind == Kind::Profiling {
        let mut part = || random.u64(1_000_000..400_000_000);
        trial.details.spent =
            Some(Spent { service: part(), dispatch: part(), waiting: part(), lock: 0, preempted: part(), blocked: 0 });
    }
    if trial.kind == Kind::Memory {
        let mut memory = || Memory {
            pss: random.u64(1 << 20..1 << 28),
            private: random.u64(1 << 19..1 << 20),
            rss: random.u64(1 << 28..1 << 30),
        };
        trial.details.memory =
            Some(MemoryUse { before: memory(), after: memory(), workers: (0..4).map(|_| memory()).collect() });
    }
}

#[test]
fn a_hundred_configurations_of_thirty_trials_stay_under_a_mebibyte() {
    let place = Place::new();
    let path = place.path("large.json");
    // A single workload of a hundred ways has 4,950 comparisons.
    for workloads in [10, 4, 1] {
        let results = large(workloads);
        write(&path, &results).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let part = |part: &str| format!("{} {}", &part[..part.len().min(12)], part.len());
        let parts: Vec<String> = text.split("\n\"").map(part).collect();
        assert!(text.len() < 1 << 20, "{workloads} groups, {} size: {parts:?}", text.len());
        let again = read(&path).unwrap();
        assert_eq!((again.trials, again.latencies), (results.trials, results.latencies));
    }
}

/// Whether a value fits a schema of draft-07, as far as ours uses it. With `strict`, keys that the schema does not name are
/// wrong too.
struct Checker {
    schema: Value,
    strict: bool,
}

impl Checker {
    fn new(strict: bool) -> Self {
        Self::of(runner::results::schema(), strict)
    }

    fn of(schema: Value, strict: bool) -> Self {
        Self { schema, strict }
    }

    /// The first thing that does not fit, with its place.
    fn wrong(&self, value: &Value) -> Option<String> {
        self.at(value, &self.schema, "$")
    }

    fn at(&self, value: &Value, schema: &Value, place: &str) -> Option<String> {
        let Value::Object(rules) = schema else {
            return (schema == &Value::Bool(false)).then(|| format!("{place}: not allowed"));
        };
        for (rule, wanted) in rules {
            let wrong = match rule.as_str() {
                "$ref" => {
                    let pointer = wanted.as_str().unwrap().trim_start_matches('#');
                    self.at(value, self.schema.pointer(pointer).unwrap(), place)
                }
                "type" => (!is_of(value, wanted)).then(|| format!("{place}: {value} is no {wanted}")),
                "const" => (value != wanted).then(|| format!("{place}: {value} is not {wanted}")),
                "enum" => (!wanted.as_array().unwrap().contains(value))
                    .then(|| format!("{place}: {value} is none of {wanted}")),
                "minimum" => beyond(value, |number| number < wanted.as_f64().unwrap(), place),
                "maximum" => beyond(value, |number| number > wanted.as_f64().unwrap(), place),
                "minItems" => {
                    length(value).filter(|n| *n < wanted.as_u64().unwrap()).map(|n| format!("{place}: {n} items"))
                }
                "maxItems" => {
                    length(value).filter(|n| *n > wanted.as_u64().unwrap()).map(|n| format!("{place}: {n} items"))
                }
                "items" => self.items(value, wanted, place),
                "required" => wanted.as_array().unwrap().iter().map(|key| key.as_str().unwrap()).find_map(|key| {
                    (value.is_object() && value.get(key).is_none()).then(|| format!("{place}: no {key}"))
                }),
                "properties" => self.properties(value, rules, place),
                "anyOf" | "oneOf" => {
                    let all: Option<Vec<String>> =
                        wanted.as_array().unwrap().iter().map(|one| self.at(value, one, place)).collect();
                    all.map(|all| all.join("; or "))
                }
                "allOf" => wanted.as_array().unwrap().iter().find_map(|one| self.at(value, one, place)),
                "additionalProperties" | "description" | "title" | "format" | "default" | "$schema" | "definitions" => {
                    None
                }
                other => panic!("the checker does not know {other}"),
            };
            if wrong.is_some() {
                return wrong;
            }
        }
        None
    }

    fn items(&self, value: &Value, schema: &Value, place: &str) -> Option<String> {
        let items = value.as_array()?;
        items.iter().enumerate().find_map(|(at, item)| {
            let schema = schema.as_array().map_or(Some(schema), |list| list.get(at))?;
            self.at(item, schema, &format!("{place}[{at}]"))
        })
    }

    fn properties(&self, value: &Value, rules: &serde_json::Map<String, Value>, place: &str) -> Option<String> {
        let others = rules.get("additionalProperties");
        value.as_object()?.iter().find_map(|(key, value)| {
            let place = format!("{place}.{key}");
            match (rules["properties"].get(key), others) {
                (Some(schema), _) | (None, Some(schema)) => self.at(value, schema, &place),
                (None, None) => self.strict.then(|| format!("{place}: not in the schema")),
            }
        })
    }
}

fn is_of(value: &Value, wanted: &Value) -> bool {
    let names = wanted.as_array().cloned().unwrap_or_else(|| vec![wanted.clone()]);
    names.iter().any(|name| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        other => panic!("no type {other}"),
    })
}

fn beyond(value: &Value, wrong: impl Fn(f64) -> bool, place: &str) -> Option<String> {
    value.as_f64().filter(|number| wrong(*number)).map(|number| format!("{place}: {number} is out of range"))
}

fn length(value: &Value) -> Option<u64> {
    value.as_array().map(|list| list.len() as u64)
}

fn parsed(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_committed_schema_of_results_is_the_generated_one() {
    let generated = Place::new().run(&["schema", "results"]).expect(0);
    let committed = std::fs::read_to_string(root().join("reports/results.schema.json")).unwrap_or_default();
    assert!(generated.stdout == committed, "run: runner schema results > reports/results.schema.json");
    assert_eq!(generated.json()["$schema"], "http://json-schema.org/draft-07/schema#");
}

#[test]
fn committed_reports_and_new_results_fit_the_schema() {
    let strict = Checker::new(true);
    let mut files = vec![stored()];
    for entry in std::fs::read_dir(root().join("reports")).unwrap().flatten() {
        files.extend(Some(entry.path().join("results.json")).filter(|path| path.is_file()));
    }
    assert!(files.len() > 5);
    let place = Place::new();
    write(&place.path("large.json"), &large(10)).unwrap();
    files.push(place.path("large.json"));
    place.scenario("s", "tasks: [{kind: empty, items: 64}]\nmodels: [serial, threads, processes]\nworkers: 2\n");
    place.run_scenario("s", &["--rounds", "2"]).expect(0);
    files.push(place.report("s").join("results.json"));
    for file in files {
        assert_eq!(strict.wrong(&parsed(&file)), None, "{}", file.display());
    }
}

#[test]
fn what_is_no_results_file_does_not_fit_the_schema() {
    let (checker, good) = (Checker::new(false), parsed(&stored()));
    let changed = |pointer: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        bad
    };
    assert_eq!(checker.wrong(&changed("/tool", "9.9.9".into())), None);
    for (pointer, value) in [
        ("/format", Value::from(FORMAT + 1)),
        ("/machine", Value::Null),
        ("/trials/0", serde_json::json!([1, 2, 3])),
        ("/trials/1/9/duplicate", "twice".into()),
        ("/trials/0/8/1", "long".into()),
        ("/derived/workloads/0/pairs/levels/0/4", "quicker".into()),
        ("/configurations/0/id", Value::from(-1)),
    ] {
        assert!(checker.wrong(&changed(pointer, value)).is_some(), "{pointer}");
    }
}

#[test]
fn every_answer_in_json_fits_the_committed_schema_of_its_kind() {
    let place = Place::new();
    place.scenario(
        "s",
        "tasks: [{kind: empty, items: 64}]\nmodels: [serial, threads, processes]\nworkers: [1, 2]\n\
         expect: {compare: {model: threads, workers: 2}, metric: speedup, at_least: 0.0001}\n",
    );
    place.write("bad.yaml", "version: 1\nname: bad\nmodels: serail\n");
    let answers: [(&str, &[&str], i32); 8] = [
        ("run", &["s.yaml", "--output", "o", "--rounds", "8", "--json"], 0),
        ("run", &["s.yaml", "--output", "q", "--quick", "--json"], 0),
        ("compare", &["compare", "o/s", "o/s", "--json"], 0),
        ("plan", &["plan", "s.yaml", "--json"], 0),
        ("check", &["check", "s.yaml", "--json"], 0),
        ("check", &["check", "bad.yaml", "--json"], 2),
        ("list", &["list", "--json"], 0),
        ("explain", &["explain", "--json"], 0),
    ];
    for (kind, arguments, code) in answers {
        let schema = place.run(&["schema", kind]).expect(0).stdout;
        let file = root().join(format!("docs/reference/json/{kind}.schema.json"));
        assert!(std::fs::read_to_string(file).unwrap() == schema, "{kind} is stale: run .ci/generate");
        let answer = place.run(arguments).expect(code).json();
        assert_eq!((&answer["version"], &answer["kind"]), (&1.into(), &kind.into()));
        let checker = Checker::of(serde_json::from_str(&schema).unwrap(), true);
        assert_eq!(checker.wrong(&answer), None, "{arguments:?}");
        let mut other = answer.clone();
        other["version"] = 2.into();
        assert!(checker.wrong(&other).is_some());
    }
}
