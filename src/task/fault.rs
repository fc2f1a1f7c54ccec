//! Faults that are injected on purpose: what goes wrong in which item.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Context, TaskError};
use crate::setting::FaultKind;

/// A fault of one item, each time that it is run by a worker (never in a warm-up).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fault {
    /// How it goes wrong.
    pub kind: FaultKind,
    /// Which item, from 0.
    pub item: u64,
}

/// What the limit on memory is set to above what there is.
const ROOM: u64 = 256 << 20;

impl Fault {
    /// Goes wrong. It returns where the fault could not be brought about.
    ///
    /// # Errors
    /// What stood in the way.
    pub fn inject(self, context: &mut Context<'_>) -> Result<(), TaskError> {
        match self.kind {
            FaultKind::Panic => panic!("item {} was asked to panic", self.item),
            FaultKind::Exception => Err(TaskError::Settings("Rust has no exceptions".into())),
            FaultKind::Abort => std::process::abort(),
            FaultKind::Segfault => {
                // SAFETY: There is none: the access is meant to end the process, as it does wherever page 0 is not mapped.
                unsafe { std::ptr::null_mut::<u8>().write_volatile(1) };
                Err(TaskError::Settings("an access to page 0 did not fail".into()))
            }
            FaultKind::Exit => std::process::exit(7),
            FaultKind::Kill => {
                let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
                Err(TaskError::Settings("SIGKILL was not delivered".into()))
            }
            FaultKind::Hang => loop {
                context.blocking(|| std::thread::sleep(Duration::from_secs(3600)));
            },
            FaultKind::StackOverflow => {
                std::hint::black_box(deeper(std::hint::black_box(1)));
                Err(TaskError::Settings("the stack did not overflow".into()))
            }
            FaultKind::Memory => exhaust(),
        }
    }
}

/// Recurses without end; every level keeps a buffer, so that no level can be optimised away.
#[expect(unconditional_recursion, reason = "the stack is meant to overflow")]
fn deeper(level: u64) -> u64 {
    let buffer = std::hint::black_box([level; 512]);
    deeper(level + 1) + buffer[(level % 512) as usize]
}

/// Allocates and touches memory up to a limit of its own, so that the machine does not suffer.
fn exhaust() -> Result<(), TaskError> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let now = pages.split(' ').next().and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096;
    let mut limit = getrlimit(Resource::As);
    limit.current = Some(now + ROOM);
    setrlimit(Resource::As, limit)
        .map_err(|error| TaskError::Io { what: "a limit on memory".into(), source: error.into() })?;
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        // An allocation that fails ends the process, as it does in every Rust program that does not ask.
        held.push(std::hint::black_box(vec![1; 1 << 20]));
    }
}
