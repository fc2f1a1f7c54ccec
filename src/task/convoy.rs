//! `convoy`: one item that waits again and again, beside items that compute until it is done.
//!
//! Under an interpreter lock every wait of the one lets the lock go, a computing thread takes it, and the one pays up to a
//! switch interval to get it back (Beazley, "Understanding the Python GIL", PyCon 2010; CPython's bpo-7946).

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use super::{Bound, Context, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, numbered};
use crate::text::{plural, show_seconds};

/// How long an item computes before it gives up on an item that waits: where items run one after the other, there is none.
const GRACE: Duration = Duration::from_millis(10);

pub(super) struct Convoy;

impl Task for Convoy {
    fn name(&self) -> &'static str {
        "convoy"
    }
    fn about(&self) -> &'static str {
        "one item waits repeatedly while others compute until it is done"
    }
    fn bound(&self) -> Bound {
        Bound::Waiting
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "waits",
                about: "how often the first item waits",
                kind: SettingKind::Count { min: 1, max: 1_000_000 },
                default: "100",
            },
            Setting {
                name: "delay",
                about: "how long each wait is; 0 s writes a byte instead, which does not block",
                kind: SettingKind::Duration { min: 0, max: 1_000_000_000 },
                default: "1 ms",
            },
        ]
    }
    fn needs_folder(&self) -> bool {
        true
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        // Its other items compute until it is done, and without it for a while.
        let pause = settings.duration("delay").as_secs_f64().max(1e-6);
        Some(Effort::waiting(GRACE.as_secs_f64().max(settings.whole("waits") as f64 * pause)))
    }
    fn describe(&self, settings: &Settings) -> String {
        let waits = plural(settings.whole("waits"), "wait");
        match settings.duration("delay") {
            Duration::ZERO => format!("{} of a byte, while others compute", waits.replace("wait", "write")),
            pause => format!("{waits} of {}, while others compute", show_seconds(pause.as_secs_f64())),
        }
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let (waits, pause) = (settings.whole("waits"), settings.duration("delay"));
        Ok(Box::new(ConvoyJob { seed: place.seed, waits, pause, folder: place.folder.clone() }))
    }
}

struct ConvoyJob {
    seed: u64,
    waits: u64,
    pause: Duration,
    folder: PathBuf,
}

/// A number in a file of the trial's folder that all workers share, whichever process they are in: 1 while the first item
/// waits. Looking at it is no call of the system, so that it lets no lock go.
struct Flag {
    place: *mut AtomicU32,
}

/// Bytes that are mapped: one page on every system that `runner` knows is a multiple of this.
const MAPPED: usize = 4096;

impl Flag {
    fn open(folder: &Path) -> std::io::Result<Self> {
        let mut options = fs::File::options();
        let file = options.read(true).write(true).create(true).truncate(false).open(folder.join("waiting"))?;
        file.set_len(MAPPED as u64)?;
        // SAFETY: A fresh mapping of a file that is as long as the mapping, and that nobody cuts short.
        let place = unsafe {
            let access = ProtFlags::READ | ProtFlags::WRITE;
            mmap(std::ptr::null_mut(), MAPPED, access, MapFlags::SHARED, &file, 0)?
        };
        Ok(Self { place: place.cast() })
    }

    fn number(&self) -> &AtomicU32 {
        // SAFETY: The mapping lives as long as `self`, is aligned to a page, and is used as an atomic number alone.
        unsafe { &*self.place }
    }
}

impl Drop for Flag {
    fn drop(&mut self) {
        // SAFETY: It was mapped with this length, and no reference to it outlives `self`.
        let _ = unsafe { munmap(self.place.cast(), MAPPED) };
    }
}

impl ConvoyJob {
    /// Waits as often as asked, and says when it is done.
    fn wait(&self, context: &mut Context<'_>) -> std::io::Result<()> {
        let flag = context.blocking(|| Flag::open(&self.folder))?;
        let mut sink = context.blocking(|| fs::File::options().write(true).open("/dev/null"))?;
        flag.number().store(1, Ordering::Release);
        let mut done = Ok(());
        for _ in 0..self.waits {
            done = context.blocking(|| match self.pause {
                Duration::ZERO => sink.write_all(b"x"),
                pause => {
                    std::thread::sleep(pause);
                    Ok(())
                }
            });
            context.check_point();
        }
        flag.number().store(0, Ordering::Release);
        done
    }

    /// Computes until the first item is done.
    fn compute(&self, context: &mut Context<'_>) -> std::io::Result<()> {
        let flag = context.blocking(|| Flag::open(&self.folder))?;
        let (mut state, mut seen, begun) = (self.seed, false, Instant::now());
        loop {
            for step in 0..1000 {
                state = std::hint::black_box(numbered::mix(state, step));
            }
            context.check_point();
            match flag.number().load(Ordering::Acquire) {
                1 => seen = true,
                _ if seen || begun.elapsed() > GRACE => return Ok(()),
                _ => {}
            }
        }
    }
}

impl Job for ConvoyJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let done = if numbered::read(request)? == 0 { self.wait(context) } else { self.compute(context) };
        done.map_err(|source| TaskError::Io { what: "a file of the work folder".into(), source })?;
        self.expected(request, reply, context)
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        let item = numbered::read(request)?;
        reply.extend_from_slice(&numbered::mix(self.seed, item).to_le_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_compute_until_the_first_has_waited() {
        let folder = tempfile::tempdir().unwrap();
        let job = ConvoyJob { seed: 1, waits: 20, pause: Duration::from_millis(1), folder: folder.path().to_owned() };
        let run = |item: u64| {
            let begun = Instant::now();
            job.run(&item.to_le_bytes(), &mut Vec::new(), &mut Context::native()).unwrap();
            (begun, Instant::now())
        };
        let (first, other) = std::thread::scope(|scope| {
            let first = scope.spawn(|| run(0));
            let other = scope.spawn(|| run(1));
            (first.join().unwrap(), other.join().unwrap())
        });
        // Whoever begins late computes for less, and not until the first is done.
        let least = Duration::from_millis(20);
        assert!(first.1 >= first.0 + least && other.1 >= first.0 + least, "{first:?} {other:?}");
        let (begun, ended) = run(1);
        assert!(ended >= begun + GRACE, "alone it gives up: {:?}", ended - begun);
    }
}
