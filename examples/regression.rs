//! A build that is slower on purpose, to demonstrate `--baseline`.
//!
//! The task `burn` computes a fixed amount per item. If the program's file name ends in `-slow`, it computes 25% more, and
//! with `-slow-N` it computes N% more. So a copy of the program acts as a second build with a known regression:
//!
//! ```text
//! cargo build --release --example regression
//! cp target/release/examples/regression /tmp/regression-old
//! cp target/release/examples/regression /tmp/regression-slow
//! /tmp/regression-slow --baseline /tmp/regression-old burn.yaml
//! ```
//!
//! where `burn.yaml` is, for example:
//!
//! ```yaml
//! version: 1
//! name: burn
//! title: Burning steps
//! tasks:
//!   - kind: burn
//!     steps: 100000
//! models: [serial, threads]
//! workers: 2
//! ```

use std::process::ExitCode;

use runner::task::{Bound, Context, Job, Place, Setting, SettingKind, Settings, Task, TaskError, Tasks};

/// How much more a slower build computes, in percent, if its name has no number.
const SLOWER: u64 = 25;

/// Computes a fixed number of steps per item.
struct Burn;

impl Task for Burn {
    fn name(&self) -> &'static str {
        "burn"
    }
    fn about(&self) -> &'static str {
        "computes a fixed number of steps: computing"
    }
    fn bound(&self) -> Bound {
        Bound::Computing
    }
    fn settings(&self) -> &'static [Setting] {
        &[Setting {
            name: "steps",
            about: "how many steps an item computes",
            kind: SettingKind::Count { min: 1, max: 1_000_000_000 },
            default: "100000",
        }]
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("{} steps an item", settings.whole("steps"))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let steps = settings.whole("steps");
        Ok(Box::new(BurnJob { seed: place.seed, steps, more: steps * percent_more() / 100 }))
    }
}

/// How much more this build computes, in percent, by the name of its file.
fn percent_more() -> u64 {
    let path = std::env::current_exe().unwrap_or_default();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match name.rsplit_once("-slow") {
        Some((_, "")) => SLOWER,
        Some((_, more)) => more.strip_prefix('-').and_then(|percent| percent.parse().ok()).unwrap_or(0),
        None => 0,
    }
}

struct BurnJob {
    seed: u64,
    steps: u64,
    /// Extra steps that a slower build computes and discards.
    more: u64,
}

/// Steps of Knuth's linear congruential generator, each of which needs the one before.
fn steps(mut state: u64, count: u64) -> u64 {
    for _ in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Without it, the compiler could find a formula for the whole loop.
        state = std::hint::black_box(state);
    }
    state
}

impl Job for BurnJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        request.extend_from_slice(&(self.seed ^ item).to_le_bytes());
    }

    /// The result is the same in every build: only the discarded steps differ.
    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let state = u64::from_le_bytes(request.try_into().map_err(|_| TaskError::BadRequest)?);
        reply.extend_from_slice(&steps(state, self.steps).to_le_bytes());
        std::hint::black_box(steps(state, self.more));
        context.check_point();
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (8, 8)
    }
}

fn main() -> ExitCode {
    runner::cli::main(&Tasks::builtin().with(Burn))
}
