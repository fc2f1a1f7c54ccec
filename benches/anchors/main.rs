//! `cargo bench`: what the engine costs, as ratios to a bare counterpart measured in the same run, interleaved.
//!
//! Every line gives the median of the in-round ratios with their quartiles: absolute times say more about the machine and
//! the moment than about the program. Both sides of a round trip are pinned, the two on different cores.

mod bare;
mod items;
mod python;
mod round_trip;
mod trial;

use std::time::{Duration, Instant};

use runner::internal::reexec;
use runner::task::Tasks;

/// Rounds of every comparison. Each takes a few milliseconds per side.
const ROUNDS: usize = 31;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let code = match arguments.first().map(String::as_str) {
        Some(reexec::HOST) => runner::internal::host::host_main(&Tasks::builtin(), &reexec::Program::current()),
        Some(reexec::WORKER) => runner::internal::model::worker_main(&Tasks::builtin(), &arguments[1..]),
        Some(reexec::FORKSERVER) => runner::internal::model::forkserver_main(&Tasks::builtin(), &arguments[1..]),
        Some(reexec::MANAGER) => runner::internal::model::manager_main(&arguments[1..]),
        Some(round_trip::PEER) => round_trip::peer(&arguments[1..]),
        Some(bare::PEER) => bare::peer(&arguments[1..]),
        _ => {
            println!("medians of {ROUNDS} interleaved rounds; ratio = ours / bare, [quartiles of the ratio]\n");
            round_trip::run();
            unpin();
            items::agreement();
            items::run();
            python::run();
            trial::run();
            0
        }
    };
    std::process::exit(code.into());
}

/// One side of a comparison: does its work once and gives nanoseconds per unit.
type Side<'a> = (&'a str, Box<dyn FnMut() -> f64 + 'a>);

/// Runs all sides in turn, round after round, and prints each as a ratio to the first.
fn compare(title: &str, mut sides: Vec<Side<'_>>) {
    println!("{title}");
    let mut samples = vec![Vec::new(); sides.len()];
    for round in 0..ROUNDS + 2 {
        for (i, (_, run)) in sides.iter_mut().enumerate() {
            let nanos = run();
            // Two rounds warm up what is measured.
            if round >= 2 {
                samples[i].push(nanos);
            }
        }
    }
    for (i, (name, _)) in sides.iter().enumerate() {
        let ratios: Vec<f64> = samples[i].iter().zip(&samples[0]).map(|(ours, bare)| ours / bare).collect();
        let at = |values: &[f64], share| runner::internal::stats::quantile(values, share).unwrap_or(f64::NAN);
        println!(
            "  {name:<46} {:>12}   {:>8.2} × [{:.2}, {:.2}]",
            runner::internal::text::show_seconds(at(&samples[i], 0.5) / 1e9),
            at(&ratios, 0.5),
            at(&ratios, 0.25),
            at(&ratios, 0.75),
        );
    }
    println!();
}

/// Nanoseconds per call of `run`, which is called `count` times.
fn per_call(count: u32, mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        run();
    }
    start.elapsed().as_nanos() as f64 / f64::from(count)
}

/// A deadline that no step of a benchmark comes near.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// The variable that tells a peer its core.
const CORE: &str = "RUNNER_BENCH_CORE";

/// The cores of this process, read before it pins itself.
fn cores() -> &'static [usize] {
    static CORES: std::sync::OnceLock<Vec<usize>> = std::sync::OnceLock::new();
    CORES.get_or_init(runner::internal::model::usable_cores)
}

/// The core of the measuring side.
fn own_core() -> usize {
    cores()[0]
}

/// The core of the other side: another one, where there is one.
fn peer_core() -> usize {
    cores()[cores().len() - 1]
}

/// Keeps the calling process on one core.
fn pin(core: usize) {
    let mut set = rustix::thread::CpuSet::new();
    set.set(core);
    let _ = rustix::thread::sched_setaffinity(None, &set);
}

/// Keeps a peer on the core that it was told, if any.
fn pin_as_told() {
    if let Some(core) = std::env::var(CORE).ok().and_then(|core| core.parse().ok()) {
        pin(core);
    }
}

/// Gives the measuring side all its cores back, so that the workers that it starts are free.
fn unpin() {
    let mut set = rustix::thread::CpuSet::new();
    cores().iter().for_each(|core| set.set(*core));
    let _ = rustix::thread::sched_setaffinity(None, &set);
}
