//! Scenarios through the command line: what is wrong is shown with its place and its mend, and nothing is run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Ended, Place, head};

/// A hang bound: half a second is common in an unoptimised build on a busy machine.
const BOUND: Duration = Duration::from_secs(5);

/// A whole, valid scenario without its name. Its nine lines are `version` to `workers`.
const GOOD: &str = "tasks: [{kind: empty, items: 8}]\nmodels: [serial, {kind: processes, ipc: pipe}]\nworkers: 2\n";

fn good(name: &str) -> String {
    head(name) + GOOD
}

/// `runner check` on one bad file: its place, and words of the message and of the mend.
struct Bad {
    text: Vec<u8>,
    place: &'static str,
    says: &'static [&'static str],
}

fn bad(text: impl Into<Vec<u8>>, place: &'static str, says: &'static [&'static str]) -> Bad {
    Bad { text: text.into(), place, says }
}

/// The good scenario with one text replaced.
fn with(from: &str, to: &str) -> String {
    let text = good("x");
    assert!(text.contains(from));
    text.replacen(from, to, 1)
}

#[track_caller]
fn assert_refused(bad: &Bad) {
    let place = Place::new();
    place.write("x.yaml", &bad.text);
    for arguments in [&["check", "x.yaml"][..], &["x.yaml", "--output", "o"]] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, Some(2), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.took < BOUND, "{:?}: {}", ended.took, ended.stderr);
        let located = format!("--> x.yaml{}", bad.place);
        assert!(ended.stderr.contains(&located), "not at {}: {}", bad.place, ended.stderr);
        assert!(ended.stderr.contains("help: "), "{}", ended.stderr);
        for word in bad.says {
            assert!(ended.stderr.contains(word), "does not say `{word}`: {}", ended.stderr);
        }
        assert!(ended.stderr.len() < 8192 && !ended.stderr.contains("panicked"), "{}", ended.stderr);
        assert!(!place.path("o").exists() && ended.stdout.is_empty());
        place.assert_no_leftovers(ended.pid);
    }
}

#[track_caller]
fn all_refused(list: &[Bad]) {
    list.iter().for_each(assert_refused);
}

#[test]
fn wrong_words_are_shown_with_the_nearest_known_one() {
    all_refused(&[
        bad(good("x") + "rouns: 3\n", ":9:1", &["`rouns`", "did you mean `rounds`?"]),
        bad(with("items: 8", "items: 8, rounds: 3"), ":6:33", &["`rounds`", "belongs to the top level"]),
        bad(with("kind: empty", "kind: emty"), ":6:16", &["unknown task `emty`", "did you mean `empty`?"]),
        bad(with("[serial,", "[seral,"), ":7:10", &["unknown model `seral`", "did you mean `serial`?"]),
        bad(with("ipc: pipe", "ipc: pip"), ":7:41", &["unknown IPC method `pip`", "did you mean `pipe`?"]),
        bad(with("charts: []", "charts: tim"), ":5:9", &["`tim`", "did you mean `time`?"]),
        bad(with("version: 1", "version: 2"), ":1:10", &["version 2", "knows version 1"]),
    ]);
}

#[test]
fn wrong_values_are_shown_with_what_would_be_right() {
    all_refused(&[
        bad(good("x") + "rounds: many\n", ":9:9", &["`rounds` cannot be `many`", "whole number"]),
        bad(good("x") + "timeout: [soon\n", ":9:14", &["not YAML", "look for a bracket"]),
        bad(with("workers: 2", "workers: 0"), ":8:10", &["`workers` cannot be `0`", "from 1 to 1024"]),
        bad(with("workers: 2", "workers: -1"), ":8:10", &["`workers` cannot be `-1`", "from 1 to 1024"]),
        bad(with("workers: 2", "workers: [1, 10000]"), ":8:14", &["cannot be `10000`", "from 1 to 1024"]),
        bad(with("name: x", "name: ../../etc"), ":2:7", &["cannot be the name", "lower-case letters"]),
        bad(with("name: x", "name: \"x\\e[31m\""), ":2:7", &["\\u{1b}", "lower-case letters"]),
        bad(with("kind: empty", "kind: echo, payload: 2 GiB"), ":6:31", &["`2 GiB`", "1 GiB"]),
    ]);
}

#[cfg(not(feature = "video"))]
#[test]
fn words_that_were_left_out_of_the_build_say_how_to_have_them() {
    let says = &["this build has no task `video`", "--features video"];
    assert_refused(&bad(with("kind: empty", "kind: video"), ":6:16", says));
}

#[test]
fn hostile_text_is_refused_at_its_place() {
    let bomb: String = (1..10)
        .map(|level| {
            format!("{}: &{} [{}]\n", name(level), name(level), vec![format!("*{}", name(level - 1)); 9].join(","))
        })
        .collect();
    all_refused(&[
        bad("", ":1:1", &["the file is empty", "version: 1"]),
        bad("# nothing\n", ":1:1", &["the file holds comments alone"]),
        bad(good("x").replace("tasks: [", "tasks:\n\t- ["), ":7:1", &["a tab", "spaces"]),
        bad(good("x") + "name: y\n", ":9:1", &["given twice", "line 2"]),
        bad(good("x") + "---\n" + &good("y"), ":9:1", &["second document", "its own file"]),
        bad([good("x").as_bytes(), b"# \xff\xfe\n"].concat(), ":9:3", &["not UTF-8"]),
        bad(head("x") + "tasks: " + &"[".repeat(200 * 1024), ":6:", &["nested deeper than 64 levels", "not closed"]),
        bad(format!("a: &a [x,x,x]\n{bomb}"), ":1:4", &["anchors and aliases", "write the value out"]),
        bad(good("x") + "# " + &"x".repeat(1 << 20) + "\n", "", &["larger than 1 MiB"]),
        bad(good("x") + &"- ".repeat(100_000), ":9:", &[]),
    ]);
}

fn name(level: u8) -> char {
    char::from(b'a' + level)
}

#[test]
fn a_scenario_must_make_sense_as_a_whole() {
    let numbers = |count: u32| (1..=count).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let million = format!("workers: 1-1000\nchunk: [{}]\nin_flight: [{}]\n", numbers(50), numbers(20));
    let expect = "expect:\n  - compare: {model: threads}\n    to: {model: serial}\n    at_least: 2\n";
    all_refused(&[
        bad(with("workers: 2\n", &million), ":8:1", &["configurations; the limit is", "shorten it"]),
        bad(
            with("[serial, {kind: processes, ipc: pipe}]\nworkers: 2", "serial\nipc: pipe"),
            ":8:1",
            &["no model", "`ipc`"],
        ),
        bad(good("x") + expect, ":10:15", &["no configuration has `model` threads", "`serial` and `processes`"]),
        bad(with("version: 1\n", ""), ":1:1", &["there is no `version`", "add `version: 1`"]),
        bad(with("tasks: [{kind: empty, items: 8}]\n", ""), ":1:1", &["`tasks`"]),
    ]);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let place = Place::new();
    place.write("good.yaml", good("good"));
    std::fs::create_dir(place.path("folder")).unwrap();
    let missing = place.run(&["check", "goood.yaml"]).expect(2);
    assert!(missing.stderr.contains("there is no such file") && missing.stderr.contains("there is good.yaml"));
    std::fs::create_dir(place.path("scenarios")).unwrap();
    place.write("scenarios/cpu-bound.yaml", good("cpu-bound"));
    for (arguments, says) in [
        (&["chek", "good.yaml"][..], "did you mean the command `runner check`?"),
        (&["rendr"], "did you mean the command `runner render`?"),
        (&["good"], "there is good.yaml"),
        (&["cpu-bound"], "there is scenarios/cpu-bound.yaml"),
        (&["check", "cpu-bond.yaml"], "there is scenarios/cpu-bound.yaml"),
        (&["nowhere/deep/a-b-c-d.yaml"], "there is no folder nowhere"),
    ] {
        let ended = place.run(arguments).expect(2);
        assert!(
            ended.stderr.contains("there is no such file") && ended.stderr.contains(says),
            "{says}: {}",
            ended.stderr
        );
    }
    let folder = place.run(&["check", "folder"]).expect(2);
    assert!(folder.stderr.contains("this is a folder") && folder.stderr.contains("folder/*.yaml"), "{}", folder.stderr);
}

#[test]
fn all_problems_of_all_files_come_at_once_and_nothing_runs() {
    let place = Place::new();
    place.write("good.yaml", good("good"));
    place.write("one.yaml", good("one").replace("title", "titel").replace("empty", "emty").replace("serial", "seral"));
    place.write("two.yaml", good("two").replace("workers: 2", "workers: 0"));
    let ended = place.run(&["good.yaml", "one.yaml", "gone.yaml", "two.yaml", "--output", "o"]).expect(2);
    for words in ["did you mean `title`?", "`emty`", "`seral`", "--> gone.yaml", "--> two.yaml:8:10", "5 problems"] {
        assert!(ended.stderr.contains(words), "does not say `{words}`: {}", ended.stderr);
    }
    assert!(ended.stderr.contains("nothing was run") && !place.path("o").exists());
}

#[test]
fn two_files_of_one_name_are_refused() {
    let place = Place::new();
    place.write("a.yaml", good("same"));
    place.write("b.yaml", good("same"));
    let ended = place.run(&["check", "a.yaml", "b.yaml"]).expect(2);
    assert!(ended.stderr.contains("--> b.yaml:2:7") && ended.stderr.contains("a.yaml has the name `same` too"));
    // The same file twice is the same mistake.
    place.run(&["check", "a.yaml", "a.yaml"]).expect(2);
}

#[test]
fn json_tells_problems_with_their_places() {
    let place = Place::new();
    place.write("x.yaml", good("x").replace("workers: 2", "workers: 0") + "trails: 1\n");
    let ended = place.run(&["check", "--json", "x.yaml"]).expect(2);
    let problems = ended.json()["problems"].clone();
    let places: Vec<(u64, u64)> = problems.as_array().unwrap().iter().map(place_of).collect();
    assert_eq!(places, [(8, 10), (9, 1)]);
    for problem in problems.as_array().unwrap() {
        assert!(problem["file"] == "x.yaml" && problem["message"].is_string() && problem["help"].is_string());
    }
    place.write("y.yaml", good("y"));
    assert_eq!(place.run(&["check", "--json", "y.yaml"]).expect(0).json()["problems"], Value::Array(Vec::new()));
}

fn place_of(problem: &Value) -> (u64, u64) {
    (problem["line"].as_u64().unwrap(), problem["column"].as_u64().unwrap())
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_accepted() {
    let place = Place::new();
    place.write("bom.yaml", ["\u{feff}".as_bytes(), good("bom").as_bytes()].concat());
    place.write("crlf.yaml", good("crlf").replace('\n', "\r\n"));
    place.run(&["check", "bom.yaml", "crlf.yaml"]).expect(0);
    // And places are right all the same.
    place.write(
        "bad.yaml",
        format!("\u{feff}{}", good("bad").replace("workers: 2", "workers: 0").replace('\n', "\r\n")),
    );
    let ended = place.run(&["check", "bad.yaml"]).expect(2);
    assert!(ended.stderr.contains("--> bad.yaml:8:10"), "{}", ended.stderr);
}

// ---- What is shipped.

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn shipped() -> Vec<String> {
    let files = std::fs::read_dir(root().join("scenarios")).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 7, "{names:?}");
    names
}

fn check(place: &Place, files: &[String]) -> Ended {
    let arguments: Vec<&str> = ["check"].into_iter().chain(files.iter().map(String::as_str)).collect();
    place.run(&arguments)
}

#[test]
fn every_shipped_scenario_is_valid_documented_and_planned() {
    let (place, files) = (Place::new(), shipped());
    check(&place, &files).expect(0);
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.starts_with("# yaml-language-server: $schema=scenario.schema.json\n"), "{file}");
        assert!(
            text.contains(&format!("\nname: {}\n", Path::new(file).file_stem().unwrap().to_str().unwrap())),
            "{file}"
        );
        assert!(text.contains("\nabout: "), "{file}");
        let plan = place.run(&["plan", "--json", "--allow-commands", file]).expect(0).json();
        let [workloads, skipped] =
            ["workloads", "skipped"].map(|key| plan["plans"][0][key].as_array().unwrap().clone());
        // What takes an interpreter that is not here is skipped whole.
        let lacks = |skipped: &Value| skipped["why"].as_str().unwrap().contains("python3.13t");
        assert!(!workloads.is_empty() || skipped.iter().all(lacks), "{file}");
        place.run(&["plan", "--quick", file]).expect(0);
    }
}

#[test]
fn every_scenario_in_the_docs_is_valid() {
    let place = Place::new();
    let mut files = Vec::new();
    for document in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        for (number, block) in text.split("```yaml\n").skip(1).enumerate() {
            let block = block.split("```").next().unwrap();
            // An excerpt is completed by what every scenario needs, unless it has it.
            let missing = |key: &str| !block.lines().any(|line| line.starts_with(&format!("{key}:")));
            let mut whole = block.to_owned();
            for (key, line) in [("version", "version: 1"), ("tasks", "tasks: empty"), ("models", "models: serial")] {
                // Stages stand in the place of tasks and models.
                if missing(key) && (key == "version" || missing("pipeline")) {
                    whole = format!("{line}\n{whole}");
                }
            }
            if missing("name") {
                whole = format!("name: block-{number}\n{whole}");
            }
            let name = format!("{document}-{number}.yaml");
            place.write(&name, whole);
            files.push(name);
        }
    }
    assert!(!files.is_empty(), "README shows no scenario");
    for file in files {
        let ended = place.run(&["check", &file]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    let generated = Place::new().run(&["schema"]).expect(0);
    let committed = std::fs::read_to_string(root().join("scenarios/scenario.schema.json")).unwrap();
    assert!(generated.stdout == committed, "run: runner schema > scenarios/scenario.schema.json");
    assert_eq!(generated.json()["$schema"], "http://json-schema.org/draft-07/schema#");
}

#[test]
fn lists_name_what_scenarios_may_say() {
    let place = Place::new();
    let (text, json) = (place.run(&["list"]).expect(0), place.run(&["list", "--json"]).expect(0).json());
    for (heading, rows) in
        json.as_object().unwrap().iter().filter(|(key, _)| !["version", "kind"].contains(&key.as_str()))
    {
        for row in rows.as_array().unwrap() {
            let name = row["name"].as_str().unwrap();
            assert!(text.stdout.contains(name), "{heading}: {name}");
        }
    }
    for word in ["primes", "rayon", "shared_memory", "speedup"] {
        assert!(text.stdout.contains(word));
    }
}

#[test]
fn a_wrong_command_line_is_usage() {
    let place = Place::new();
    place.write("x.yaml", good("x"));
    for arguments in [
        &["--no-such-option"][..],
        &["x.yaml", "--rounds", "0"],
        &["x.yaml", "--filter", "model=thread"],
        &["x.yaml", "--filter", "colour=red"],
        &["x.yaml", "--filter", "model"],
        &["render", "--reports", "o", "nothing"],
        &[],
    ] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}{}", ended.stdout, ended.stderr);
        assert!(!ended.stderr.is_empty() && !place.path("o").exists());
    }
    let help = place.run(&["--help"]).expect(0);
    assert!(help.stdout.contains("Examples:") && help.stdout.contains("Exit codes"));
    assert!(place.run(&["--version"]).expect(0).stdout.contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_pipe_is_refused_at_once() {
    let place = Place::new();
    let made = std::process::Command::new("mkfifo").arg(place.path("pipe.yaml")).status().unwrap();
    assert!(made.success());
    let ended = place.run(&["check", "pipe.yaml", "/dev/zero"]).expect(2);
    assert_eq!(ended.stderr.matches("this is not a regular file").count(), 2, "{}", ended.stderr);
}
