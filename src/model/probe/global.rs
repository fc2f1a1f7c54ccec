//! What the parties of a run see of a global variable, for tasks that have one.

use std::sync::atomic::Ordering;

use crate::record::Seen;
use crate::task::Job;

/// The value that main gives the variable before it starts workers. A program starts with 1.
const OF_MAIN: u64 = 2;
/// What worker 0 writes; worker n writes n more.
const OF_WORKERS: u64 = 100;

/// What one party found first. Nothing of it is done within the clock.
#[derive(Clone, Copy)]
pub struct GlobalProbe {
    worker: Option<u32>,
    before: u64,
}

impl GlobalProbe {
    /// In main, before workers start: gives the variable its value.
    pub fn of_main(job: &dyn Job) -> Option<Self> {
        let global = job.global()?;
        global.store(OF_MAIN, Ordering::SeqCst);
        Some(Self { worker: None, before: OF_MAIN })
    }

    /// In a worker, before its first item that counts: looks, and writes a value of its own.
    pub fn of_worker(job: &dyn Job, worker: usize) -> Option<Self> {
        let global = job.global()?;
        let before = global.swap(OF_WORKERS + worker as u64, Ordering::SeqCst);
        Some(Self { worker: Some(worker as u32), before })
    }

    /// Looks again, when every worker has written.
    pub fn again(self, job: &dyn Job) -> Option<Seen> {
        let after = job.global()?.load(Ordering::SeqCst);
        Some(Seen { worker: self.worker, before: self.before, after })
    }
}
