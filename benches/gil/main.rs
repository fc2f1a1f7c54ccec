//! `cargo bench --bench gil`: the emulated interpreter lock against the CPython that is found, interleaved in one run.
//!
//! Any global mutex gives a speed-up of 1; whether a model is right shows in wake-ups and switches. The switch intervals
//! of those were not used to build the model. A bar is met where the interval of the paired ratio overlaps it.

mod model;
mod server;

use std::process::Command;
use std::time::Duration;

use runner::internal::runtime::find;

/// Rounds of every experiment: the interval from the least to the greatest of 7 covers a median with 98.4 %.
const ROUNDS: usize = 7;

/// One experiment, as both sides are told it.
#[derive(Clone, Copy)]
pub struct Experiment {
    kind: &'static str,
    threads: usize,
    interval: Duration,
    /// For CPython, and for the model, which is so much faster.
    amounts: (u64, u64),
}

fn main() {
    let path = std::env::var("PATH").unwrap_or_default();
    let found = find(&["python3".into()], &path, false).into_values().next();
    let interpreter = match found {
        Some(Ok(interpreter)) => interpreter,
        Some(Err(why)) => return println!("skipped: {why}"),
        None => return,
    };
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("peer.py");
    std::fs::write(&script, include_str!("peer.py")).expect("the script");
    let port = server::start(Duration::from_millis(8));
    println!(
        "the model against {}: medians of {ROUNDS} interleaved rounds, and the paired ratio model / CPython [least, greatest]\n",
        interpreter.label()
    );
    let cpython = |experiment: &Experiment| {
        let mut command = Command::new(&interpreter.path);
        command.arg("-I").arg(&script).args([
            experiment.kind,
            &experiment.threads.to_string(),
            &experiment.interval.as_secs_f64().to_string(),
            &experiment.amounts.0.to_string(),
            &port.to_string(),
        ]);
        let output = command.output().expect("the interpreter");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.split_whitespace().map(|number| number.parse().expect("a number")).collect::<Vec<f64>>()
    };
    let emulated = |experiment: &Experiment| model::run(experiment, port);
    speedups(&cpython, &emulated);
    wake_ups(&cpython, &emulated);
    switches(&cpython, &emulated);
}

type Side<'a> = &'a dyn Fn(&Experiment) -> Vec<f64>;

/// Prints one line: what each side reached, their ratio, and whether it overlaps the bar.
fn line(what: &str, pairs: &[(f64, f64)], margin: f64, unit: &str) {
    let at = |values: &mut Vec<f64>, share: f64| {
        values.sort_by(f64::total_cmp);
        values[((values.len() - 1) as f64 * share).round() as usize]
    };
    let mut real: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
    let mut model: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    let mut ratios: Vec<f64> = pairs.iter().map(|pair| pair.1 / pair.0).collect();
    let (low, high) = (at(&mut ratios, 0.0), at(&mut ratios, 1.0));
    let met = low <= 1.0 + margin && high >= 1.0 - margin;
    println!(
        "  {what:<44} {:>9.3} {unit:<4} {:>9.3} {unit:<4} {:>6.2} [{low:.2}, {high:.2}]  {}",
        at(&mut real, 0.5),
        at(&mut model, 0.5),
        at(&mut ratios, 0.5),
        if met { "met" } else { "missed" }
    );
}

fn speedups(cpython: Side<'_>, emulated: Side<'_>) {
    println!("speedup over one thread (bar: within 10%)              CPython        model          ratio");
    let kinds = [
        ("primes", "computing", (20_000, 1_000_000)),
        ("sleep", "sleeping 4 ms", (4_000, 4_000)),
        ("http", "HTTP, 8 ms", (0, 0)),
        ("hash", "SHA-256 of 1 MiB", (1 << 20, 1 << 20)),
    ];
    for (kind, what, amounts) in kinds {
        let of = |threads| Experiment { kind, threads, interval: Duration::from_millis(5), amounts };
        let counts = [1, 2, 4, 8];
        let mut pairs = vec![Vec::new(); counts.len()];
        for _ in 0..ROUNDS {
            let base = (cpython(&of(1))[0], emulated(&of(1))[0]);
            for (threads, pairs) in counts.iter().zip(&mut pairs) {
                pairs.push((base.0 / cpython(&of(*threads))[0], base.1 / emulated(&of(*threads))[0]));
            }
        }
        for (threads, pairs) in counts.iter().zip(&pairs) {
            line(&format!("{what}, {threads} threads"), pairs, 0.1, "×");
        }
    }
}

fn wake_ups(cpython: Side<'_>, emulated: Side<'_>) {
    println!("\nwake-up of a thread beside computing ones (bar: within 20%)");
    for micros in [2_000, 7_000] {
        for threads in [1, 2, 4] {
            let interval = Duration::from_micros(micros);
            let experiment = Experiment { kind: "wake", threads, interval, amounts: (100, 100) };
            let rounds: Vec<_> = (0..ROUNDS).map(|_| (cpython(&experiment), emulated(&experiment))).collect();
            for (at, share) in [(0, "p50"), (1, "p90")] {
                let pairs: Vec<_> = rounds.iter().map(|(real, model)| (real[at] * 1e3, model[at] * 1e3)).collect();
                line(&format!("interval {} ms, beside {threads}, {share}", micros / 1000), &pairs, 0.2, "ms");
            }
        }
    }
}

fn switches(cpython: Side<'_>, emulated: Side<'_>) {
    println!("\nswitches a second among computing threads (bar: within 20%)");
    for micros in [2_000, 7_000] {
        for threads in [2, 4, 8] {
            let interval = Duration::from_micros(micros);
            let experiment = Experiment { kind: "switches", threads, interval, amounts: (600, 600) };
            let pairs: Vec<_> = (0..ROUNDS).map(|_| (cpython(&experiment)[0], emulated(&experiment)[0])).collect();
            line(&format!("interval {} ms, {threads} threads", micros / 1000), &pairs, 0.2, "/s");
        }
    }
}
