//! Tasks of known cost, against which what is measured can be checked: CPU time, memory, page faults.

use std::cell::RefCell;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::{Context, Job, Place, Setting, SettingKind, Settings, Task, TaskError, numbered};

/// Items that use a set amount of CPU time, however busy the machine is.
pub(super) struct Burn;
/// Items that touch a set amount of fresh memory and keep it.
pub(super) struct Hold;

/// The size of the smallest page on the systems that `runner` knows: touching at such steps touches every page.
const PAGE: usize = 4096;

impl Task for Burn {
    fn name(&self) -> &'static str {
        "probe_burn"
    }
    fn about(&self) -> &'static str {
        "engine test: an item computes until its thread has used so much CPU time"
    }
    fn settings(&self) -> &'static [Setting] {
        &[Setting {
            name: "cpu",
            about: "CPU time of an item",
            kind: SettingKind::Duration { min: 0, max: 10_000_000_000 },
            default: "10 ms",
        }]
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("{} of CPU time an item", crate::text::show_seconds(settings.duration("cpu").as_secs_f64()))
    }
    fn prepare(&self, settings: &Settings, _: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(BurnJob { cpu: settings.duration("cpu") }))
    }
}

struct BurnJob {
    cpu: Duration,
}

/// CPU time that the calling thread has used.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

impl Job for BurnJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let end = used() + self.cpu;
        while used() < end {
            context.check_point();
        }
        self.expected(request, reply, context)
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        numbered::read(request)?;
        reply.extend_from_slice(request);
        Ok(())
    }
}

impl Task for Hold {
    fn name(&self) -> &'static str {
        "probe_hold"
    }
    fn about(&self) -> &'static str {
        "engine test: an item touches fresh memory, which its thread keeps until its next item"
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "bytes",
                about: "how much memory an item touches",
                kind: SettingKind::Bytes { min: 0, max: 1 << 30 },
                default: "64 MiB",
            },
            Setting {
                name: "pause",
                about: "how long it waits afterwards",
                kind: SettingKind::Duration { min: 0, max: 10_000_000_000 },
                default: "0 s",
            },
        ]
    }
    fn describe(&self, settings: &Settings) -> String {
        format!("{} an item", crate::text::show_bytes(settings.whole("bytes")))
    }
    fn prepare(&self, settings: &Settings, _: &Place) -> Result<Box<dyn Job>, TaskError> {
        Ok(Box::new(HoldJob { bytes: settings.whole("bytes") as usize, pause: settings.duration("pause") }))
    }
}

struct HoldJob {
    bytes: usize,
    pause: Duration,
}

thread_local! {
    static HELD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Job for HoldJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        HELD.with_borrow_mut(|held| {
            // The old memory goes first, so that no more than the set amount is ever there.
            *held = Vec::new();
            *held = vec![0; self.bytes];
            held.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
        });
        context.blocking(|| std::thread::sleep(self.pause));
        self.expected(request, reply, context)
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        numbered::read(request)?;
        reply.extend_from_slice(request);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_burns_what_it_was_asked_to() {
        let job = BurnJob { cpu: Duration::from_millis(20) };
        let (mut request, mut reply) = (Vec::new(), Vec::new());
        job.request(7, &mut request);
        let start = used();
        job.run(&request, &mut reply, &mut Context::native()).unwrap();
        assert!(used() - start >= job.cpu && reply == request);
        let mut right = Vec::new();
        let start = used();
        job.expected(&request, &mut right, &mut Context::native()).unwrap();
        assert!(used() - start < job.cpu && right == reply);
    }
}
