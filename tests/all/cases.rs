//! What users of such tools report, as small cases of our own in `tests/cases`: that they can be read at all. Their scenarios
//! are in the language that is being made, so that whether they are valid is not asked yet.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use saphyr_parser::Parser;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// The numbers of all cases, as their folders are named.
fn numbers() -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap());
    entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap()).collect()
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, ending, found),
            false if path.extension().is_some_and(|other| other == ending) => found.push(path),
            false => {}
        }
    }
}

#[test]
fn every_case_has_a_script_that_the_shell_can_read() {
    let numbers = numbers();
    assert!(numbers.len() >= 37, "{numbers:?}");
    for number in numbers {
        let case = folder().join(&number);
        assert!(case.join("run.sh").exists(), "case {number} has no run.sh");
        let mut scripts = Vec::new();
        files(&case, "sh", &mut scripts);
        for script in scripts {
            let output = Command::new("bash").arg("-n").arg(&script).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && errors.is_empty(), "{}: {errors}", script.display());
        }
    }
}

#[test]
fn every_scenario_of_a_case_is_well_formed() {
    let mut scenarios = Vec::new();
    files(&folder(), "yaml", &mut scenarios);
    assert!(scenarios.len() >= 25, "{scenarios:?}");
    for scenario in scenarios {
        let text = std::fs::read_to_string(&scenario).unwrap();
        let wrong = Parser::new_from_str(&text).find_map(Result::err);
        assert!(wrong.is_none(), "{}: {}", scenario.display(), wrong.unwrap());
    }
}

#[test]
fn the_table_of_the_cases_has_each_of_them_once() {
    let text = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let mut told = Vec::new();
    for row in text.lines().filter_map(|line| line.strip_prefix("| ")) {
        let first = row.split('|').next().unwrap().trim();
        let words = first.split(", ").filter(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit()));
        told.extend(words.map(str::to_owned));
    }
    told.sort();
    assert_eq!(told, numbers().into_iter().collect::<Vec<_>>());
}
