//! `mixed`: computes for a while, then waits for a while.

use std::time::Duration;

use super::{Bound, Context, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, numbered};
use crate::text::{show_count, show_seconds};

pub(super) struct Mixed;

impl Task for Mixed {
    fn name(&self) -> &'static str {
        "mixed"
    }
    fn about(&self) -> &'static str {
        "a share of computing and a share of waiting in every item"
    }
    fn bound(&self) -> Bound {
        Bound::Waiting
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "steps",
                about: "steps of computing, each about 2 ns of one core",
                kind: SettingKind::Count { min: 0, max: 10_000_000_000 },
                default: "500000",
            },
            Setting {
                name: "delay",
                about: "how long an item waits after computing",
                kind: SettingKind::Duration { min: 0, max: 10_000_000_000 },
                default: "1 ms",
            },
        ]
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        let (computing, waiting) = (settings.whole("steps") as f64 * 2e-9, settings.duration("delay").as_secs_f64());
        Some(Effort { computing, waiting, held: None }.in_bytecode())
    }
    fn describe(&self, settings: &Settings) -> String {
        let wait = show_seconds(settings.duration("delay").as_secs_f64());
        format!("{} steps of computing, then a wait of {wait}", show_count(settings.whole("steps")))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let (steps, wait) = (settings.whole("steps"), settings.duration("delay"));
        Ok(Box::new(MixedJob { seed: place.seed, steps, wait }))
    }
}

struct MixedJob {
    seed: u64,
    steps: u64,
    wait: Duration,
}

impl Job for MixedJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        self.expected(request, reply, context)?;
        context.blocking(|| std::thread::sleep(self.wait));
        Ok(())
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let mut state = numbered::mix(self.seed, numbered::read(request)?);
        for step in 0..self.steps {
            if step.is_multiple_of(1024) {
                context.check_point();
            }
            // Every step needs the one before, so that neither compiler nor core can run them side by side.
            state = numbered::mix(state, step);
        }
        reply.extend_from_slice(&state.to_le_bytes());
        Ok(())
    }
}
