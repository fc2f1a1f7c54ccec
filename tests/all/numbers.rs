//! Every number that a report shows is in its results file: each table's row is compared with what the file says of that way.

use std::path::Path;

use runner::results::{Results, read, write};
use serde_json::Value;

/// A shown number: its text's value, half a unit of its last digit, and the unit behind it.
#[derive(Clone, Debug)]
struct Shown {
    value: f64,
    half: f64,
    unit: String,
}

/// The numbers of a table's cell; those of an interval have the unit of its median.
fn numbers(text: &str) -> Vec<Shown> {
    let text: Vec<char> = text.replace('−', "-").chars().collect();
    // A comma between digits groups them; any other ends a number.
    let groups = |at: usize| text[at] == ',' && text.get(at + 1).is_some_and(char::is_ascii_digit);
    let signs: Vec<char> = (0..text.len()).filter(|at| !groups(*at)).map(|at| text[at]).collect();
    let (mut found, mut at): (Vec<Shown>, usize) = (Vec::new(), 0);
    while at < signs.len() {
        let starts =
            signs[at].is_ascii_digit() || (signs[at] == '-' && signs.get(at + 1).is_some_and(char::is_ascii_digit));
        if !starts {
            at += 1;
            continue;
        }
        let from = at;
        at += 1;
        while at < signs.len()
            && (signs[at].is_ascii_digit() || (signs[at] == '.' && signs.get(at + 1).is_some_and(char::is_ascii_digit)))
        {
            at += 1;
        }
        let number: String = signs[from..at].iter().collect();
        let decimals = number.split_once('.').map_or(0, |(_, digits)| digits.len());
        let rest: String = signs[at..].iter().collect();
        let unit = rest.trim_start().split([' ', '(', ')', '–', ';', ',', '|', '.']).next().unwrap_or_default();
        let known = ["s", "ms", "µs", "ns", "%", "×", "B", "KiB", "MiB", "GiB"].contains(&unit);
        found.push(Shown {
            value: number.parse().unwrap(),
            half: 0.5 * 10f64.powi(-(decimals as i32)),
            unit: if known { unit.to_owned() } else { String::new() },
        });
    }
    let first = found.first().map(|shown| shown.unit.clone()).unwrap_or_default();
    if signs.windows(2).any(|pair| pair == [' ', '(']) {
        found.iter_mut().filter(|shown| shown.unit.is_empty()).for_each(|shown| shown.unit.clone_from(&first));
    }
    found
}

/// What a number of the file, in seconds, nanoseconds, bytes or a ratio, looks like in a unit.
fn in_unit(number: f64, unit: &str) -> Vec<f64> {
    match unit {
        "s" => vec![number, number / 1e9],
        "ms" => vec![number * 1e3, number / 1e6],
        "µs" => vec![number * 1e6, number / 1e3],
        "ns" => vec![number * 1e9, number],
        "%" => vec![number * 100.0, (number - 1.0) * 100.0],
        "KiB" => vec![number / 1024.0],
        "MiB" => vec![number / 1024.0 / 1024.0],
        "GiB" => vec![number / 1024.0 / 1024.0 / 1024.0],
        _ => vec![number],
    }
}

fn gather(value: &Value, into: &mut Vec<f64>) {
    match value {
        Value::Number(number) => into.push(number.as_f64().unwrap()),
        Value::Array(list) => list.iter().for_each(|one| gather(one, into)),
        Value::Object(map) => map.iter().filter(|(key, _)| *key != "histogram").for_each(|(_, one)| gather(one, into)),
        _ => {}
    }
}

fn is_there(shown: &Shown, file: &[f64]) -> bool {
    // The file rounds to five digits, or six, and a report to three from the unrounded number.
    let near = |number: f64| (number - shown.value).abs() <= shown.half * 1.001 + shown.value.abs() * 6e-5;
    file.iter().any(|number| in_unit(*number, &shown.unit).into_iter().any(near))
}

/// What the file says of a way of a workload: its estimate, its times per item, its comparisons and its A/A check.
fn of_way(file: &Value, workload: usize, configuration: usize) -> Vec<f64> {
    let mut all = Vec::new();
    gather(&file["derived"]["estimates"][configuration], &mut all);
    for latency in
        file["latencies"].as_array().unwrap().iter().filter(|latency| latency["configuration"] == configuration)
    {
        gather(latency, &mut all);
    }
    for table in ["pairs", "variants"] {
        let pairs = &file["derived"]["workloads"][workload][table];
        let rows = pairs["rows"].as_array().into_iter().flatten();
        for pair in rows.filter(|of| of[0] == configuration).flat_map(|of| of[1].as_array().unwrap()) {
            gather(pair, &mut all);
            gather(&pairs["levels"][pair[4].as_u64().unwrap() as usize], &mut all);
        }
    }
    all
}

/// The rows of the report's tables about ways, as (cell, texts), and how many numbers the cells of each table hold.
fn rows(results: &Results, text: &str) -> Vec<(usize, Vec<String>)> {
    let (mut rows, mut workload) = (Vec::new(), 0);
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            let title = title.replace('\\', "");
            workload = results.workloads.iter().position(|workload| workload.label == title).unwrap_or(workload);
        }
        let Some(inner) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else { continue };
        let texts: Vec<String> = inner.split(" | ").map(|text| text.replace(['*', '\\'], "")).collect();
        let way = results.workloads[workload]
            .configurations
            .iter()
            .find(|configuration| results.configurations[**configuration].label == texts[0]);
        if let Some(configuration) = way {
            // Names of ways have numbers of their own.
            let known = |text: &String| results.configurations.iter().any(|configuration| configuration.label == *text);
            rows.push((*configuration, texts.into_iter().skip(1).filter(|text| !known(text)).collect()));
        }
    }
    rows
}

/// How outcomes begin, in words.
const ENDED: &[&str] = &["host died", "worker died", "timed out", "failed"];

#[test]
fn every_number_of_a_shipped_report_is_in_its_results_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("results.json");
    let (mut checked, mut by_chance) = (0, 0);
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("reports")).unwrap().flatten() {
        let committed = entry.path().join("results.json");
        if !committed.is_file() {
            continue;
        }
        let mut results = read(&committed).unwrap();
        results.derived = runner::internal::verdict::derive(&results);
        write(&path, &results).unwrap();
        let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let text = runner::internal::report::markdown(&results, &[]);
        for (configuration, texts) in rows(&results, &text) {
            // The table of trials that went wrong counts them by how they ended.
            if texts.iter().any(|text| ENDED.iter().any(|ended| text.starts_with(ended))) {
                continue;
            }
            let known = of_way(&file, results.configurations[configuration].workload, configuration);
            // The bound below which a trial is too short is a rule, and no result.
            // Nor is what a program said as it ended.
            let told = |text: &String| {
                let before = text.split_once(" died: ").or_else(|| text.split_once(" failed: "));
                numbers(&before.map_or(text.as_str(), |(before, _)| before).replace("under 10 ms", ""))
            };
            for shown in texts.iter().flat_map(told) {
                let label = &results.configurations[configuration].label;
                assert!(is_there(&shown, &known), "{}: {label}: {shown:?} in {texts:?}", results.scenario.name);
                checked += 1;
                by_chance +=
                    usize::from(is_there(&Shown { value: shown.value * 1.37 + 3.3 * shown.half, ..shown }, &known));
            }
        }
    }
    assert!(checked > 2_000, "{checked} numbers are too few to be all");
    assert!(by_chance < checked / 3, "{by_chance} of {checked} wrong numbers would have been found as well");
}

#[test]
fn numbers_are_read_from_the_texts_of_tables() {
    let read = |text: &str| numbers(text).into_iter().map(|shown| (shown.value, shown.unit)).collect::<Vec<_>>();
    let with = |values: &[f64], unit: &str| values.iter().map(|value| (*value, unit.to_owned())).collect::<Vec<_>>();
    assert_eq!(read("116 ms (102–142)"), with(&[116.0, 102.0, 142.0], "ms"));
    assert_eq!(read("1.65× (1.47–1.83)"), with(&[1.65, 1.47, 1.83], "×"));
    assert_eq!(read("−12 KiB"), with(&[-12.0], "KiB"));
    assert_eq!(read("250,880"), with(&[250_880.0], ""));
    assert_eq!(read("15 of 15"), with(&[15.0, 15.0], ""));
    assert_eq!(read("x3..x13 of 15, 99.3%").last(), with(&[99.3], "%").last());
}
