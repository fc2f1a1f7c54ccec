//! A task of one's own: a program that knows every task of `runner` and one more, `vowels`.
//!
//! The program below has the whole command line of `runner`. Its hosts and worker processes are this program again,
//! so that they know the task as well:
//!
//! ```text
//! cargo run --release --example own_task -- list
//! cargo run --release --example own_task -- vowels.yaml
//! ```
//!
//! where `vowels.yaml` says, for instance:
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

use std::process::ExitCode;

use runner::task::{Bound, Context, Job, Place, Setting, SettingKind, Settings, Task, TaskError, Tasks};

/// Counts the vowels of a text made up on the spot.
struct Vowels;

impl Task for Vowels {
    fn name(&self) -> &'static str {
        "vowels"
    }
    fn about(&self) -> &'static str {
        "counts the vowels of a made-up text: computing"
    }
    fn bound(&self) -> Bound {
        Bound::Computing
    }
    fn settings(&self) -> &'static [Setting] {
        &[Setting {
            name: "letters",
            about: "how long the text of an item is",
            kind: SettingKind::Count { min: 1, max: 1_000_000_000 },
            default: "100000",
        }]
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("vowels in {} letters", settings.whole("letters"))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(VowelsJob { seed: place.seed, letters: settings.whole("letters") }))
    }
}

/// Prepared in every process, before the clock.
struct VowelsJob {
    seed: u64,
    letters: u64,
}

impl Job for VowelsJob {
    /// The request says which text: this is what travels to a worker.
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        request.extend_from_slice(&(self.seed ^ item).to_le_bytes());
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let mut state = u64::from_le_bytes(request.try_into().map_err(|_| TaskError::BadRequest)?);
        let mut vowels = 0u64;
        for letter in 0..self.letters {
            // Knuth's linear congruential generator; its high bits choose one of 26 letters.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            vowels += u64::from(b"aeiou".contains(&(b'a' + ((state >> 33) % 26) as u8)));
            if letter.is_multiple_of(1024) {
                context.check_point();
            }
        }
        reply.extend_from_slice(&vowels.to_le_bytes());
        Ok(())
    }

    /// A request and a reply are eight bytes each.
    fn sizes(&self) -> (usize, usize) {
        (8, 8)
    }
}

fn main() -> ExitCode {
    runner::cli::main(&Tasks::builtin().with(Vowels))
}
