//! `cargo bench --bench command`: times of the task `command` against those of hyperfine (Debian's package `hyperfine`),
//! of the same commands in interleaved rounds. They agree where their difference is within the spread of hyperfine's runs.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Rounds of every command: the interval from the least to the greatest of 7 covers a median with 98.4 %.
const ROUNDS: usize = 7;
/// Runs of a command in a round, on either side.
const RUNS: usize = 30;

/// What hyperfine says of one command, in seconds.
struct Timed {
    mean: f64,
    spread: f64,
}

fn main() {
    let version = Command::new("hyperfine").arg("--version").output();
    let Ok(version) = version else { return println!("skipped: there is no hyperfine on PATH") };
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    println!(
        "the task `command` against {version}: means of {RUNS} runs, medians of {ROUNDS} interleaved rounds, and the"
    );
    println!(
        "paired ratio runner / hyperfine [least, greatest]; bar: a difference within the spread of hyperfine's runs\n"
    );
    for argv in [&["true"][..], &["sleep", "0.01"], &["sha256sum", "/bin/bash"], &["python3", "-I", "-c", "pass"]] {
        let one = |_| (hyperfine(argv, folder.path()), own(argv, folder.path()));
        line(argv, &(0..ROUNDS).map(one).collect::<Vec<_>>());
    }
}

fn line(argv: &[&str], rounds: &[(Timed, f64)]) {
    let at = |mut values: Vec<f64>, share: f64| {
        values.sort_by(f64::total_cmp);
        values[((values.len() - 1) as f64 * share).round() as usize]
    };
    let of = |value: fn(&(Timed, f64)) -> f64| rounds.iter().map(value).collect::<Vec<_>>();
    let (peer, spread) = (at(of(|round| round.0.mean), 0.5), at(of(|round| round.0.spread), 0.5));
    let (own, ratios) = (at(of(|round| round.1), 0.5), of(|round| round.1 / round.0.mean));
    let met = if (own - peer).abs() <= spread { "met" } else { "missed" };
    println!(
        "  {:<44} {:>7.3} ± {:.3} ms {:>7.3} ms {:>5.2} [{:.2}, {:.2}]  {met}",
        argv.join(" "),
        peer * 1e3,
        spread * 1e3,
        own * 1e3,
        at(ratios.clone(), 0.5),
        at(ratios.clone(), 0.0),
        at(ratios, 1.0),
    );
}

/// Runs a command by hyperfine, without a shell. Its output goes through a pipe, as that of the task does.
fn hyperfine(argv: &[&str], folder: &Path) -> Timed {
    let told = folder.join("hyperfine.json");
    let quoted: Vec<String> = argv.iter().map(|argument| format!("'{argument}'")).collect();
    let mut command = Command::new("hyperfine");
    command
        .args(["-N", "--output", "pipe", "--warmup", "3", "--runs", &RUNS.to_string(), "--export-json"])
        .arg(&told)
        .arg(quoted.join(" "));
    run(&mut command);
    let read: Value = serde_json::from_slice(&std::fs::read(told).expect("its file")).expect("its numbers");
    let number = |key: &str| read["results"][0][key].as_f64().expect("a number");
    Timed { mean: number("mean"), spread: number("stddev") }
}

/// Runs a command as a task, one after the other, and gives the time of an item in seconds.
fn own(argv: &[&str], folder: &Path) -> f64 {
    let argv = serde_json::to_string(argv).expect("a list");
    let task = format!("tasks:\n  - kind: command\n    argv: {argv}\n    items: {}\n", RUNS / 3);
    let scenario =
        format!("version: 1\nname: command\ntitle: A command\n{task}models: [serial]\nrounds: 3\ncharts: []\n");
    std::fs::write(folder.join("command.yaml"), scenario).expect("the scenario");
    let runner = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.current_dir(folder);
        command
    };
    run(runner().args(["--allow-commands", "command.yaml"]));
    let told = runner().args(["export", "command", "--format", "ndjson"]).output().expect("the samples");
    let rows = String::from_utf8_lossy(&told.stdout).into_owned();
    let rows = rows.lines().map(|row| serde_json::from_str::<Value>(row).expect("a sample"));
    let timed: Vec<f64> =
        rows.filter(|row| row["kind"] == "timed").filter_map(|row| row["seconds_per_item"].as_f64()).collect();
    timed.iter().sum::<f64>() / timed.len() as f64
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("a program");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
