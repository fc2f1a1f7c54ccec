//! `sleep`: waits, as for a slow network.

use std::time::Duration;

use super::{Bound, Context, Effort, Job, Later, Place, Setting, SettingKind, Settings, Task, TaskError, numbered};
use crate::text::show_seconds;

pub(super) struct Sleep;

impl Task for Sleep {
    fn name(&self) -> &'static str {
        "sleep"
    }
    fn about(&self) -> &'static str {
        "waits for a set time: an item that needs no CPU"
    }
    fn bound(&self) -> Bound {
        Bound::Waiting
    }
    fn settings(&self) -> &'static [Setting] {
        &[Setting {
            name: "delay",
            about: "how long an item waits",
            kind: SettingKind::Duration { min: 0, max: 10_000_000_000 },
            default: "5 ms",
        }]
    }
    fn is_async(&self) -> bool {
        true
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        Some(Effort::waiting(settings.duration("delay").as_secs_f64()))
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("waits of {}", show_seconds(settings.duration("delay").as_secs_f64()))
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(SleepJob { seed: place.seed, duration: settings.duration("delay") }))
    }
}

struct SleepJob {
    seed: u64,
    duration: Duration,
}

impl Job for SleepJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        context.blocking(|| std::thread::sleep(self.duration));
        self.expected(request, reply, context)
    }

    fn run_later<'a>(&'a self, request: &'a [u8], reply: &'a mut Vec<u8>, context: &'a mut Context<'_>) -> Later<'a> {
        Box::pin(async {
            tokio::time::sleep(self.duration).await;
            self.expected(request, reply, context)
        })
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        let item = numbered::read(request)?;
        reply.extend_from_slice(&numbered::mix(self.seed, item).to_le_bytes());
        Ok(())
    }
}
