//! A custom task: a program that has every task of `runner` and one more, `vowels`.
//!
//! The program below has the whole command line of `runner`. Its hosts and worker processes are this program too, so
//! they have the task as well:
//!
//! ```text
//! cargo run --release --example own_task -- list
//! cargo run --release --example own_task -- vowels.yaml
//! ```
//!
//! where `vowels.yaml` is, for example:
//!
//! ```yaml
//! version: 1
//! name: vowels
//! title: Counting vowels
//! tasks:
//!   - kind: vowels
//!     letters: 500000
//! models: [serial, threads, processes]
//! workers: [1, 2]
//! ```

use runner::task::{Context, Job, Place, Setting, SettingKind, Settings, Task, TaskError, Tasks};

struct Vowels;

impl Task for Vowels {
    fn name(&self) -> &'static str {
        "vowels"
    }
    fn about(&self) -> &'static str {
        "counts the vowels of a made-up text: computing"
    }
    fn settings(&self) -> &'static [Setting] {
        &[Setting {
            name: "letters",
            about: "how long the text of an item is",
            kind: SettingKind::Count { min: 1, max: 1_000_000_000 },
            default: "100000",
        }]
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(Texts { seed: place.seed, letters: settings.whole("letters") }))
    }
}

/// Prepared in every process, before the clock.
struct Texts {
    seed: u64,
    letters: u64,
}

impl Job for Texts {
    /// The request identifies the text. It is what is sent to a worker.
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        request.extend_from_slice(&(self.seed ^ item).to_le_bytes());
    }
    /// The result depends on the request alone, so it can be compared with that of a serial run.
    fn run(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        let text = u64::from_le_bytes(request.try_into().map_err(|_| TaskError::BadRequest)?);
        // Fibonacci hashing makes the letters up: its high bits look random.
        let letter = |at: u64| b'a' + ((text ^ at).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as u8 % 26;
        let vowels = (0..self.letters).filter(|at| b"aeiou".contains(&letter(*at))).count() as u64;
        reply.extend_from_slice(&vowels.to_le_bytes());
        Ok(())
    }
}

fn main() -> std::process::ExitCode {
    runner::cli::main(&Tasks::builtin().with(Vowels))
}
