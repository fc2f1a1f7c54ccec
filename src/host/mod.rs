//! One trial in one fresh process: the parent's side, which starts and watches it, and the child's side, which runs it.

mod child;
mod interrupt;
mod leftovers;
mod machine;
mod process;
mod protocol;
mod python;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use child::host_main;
pub use interrupt::Interrupt;
pub use leftovers::{Identity, sweep_dead};
pub use machine::{free_memory, machine};
pub use process::ProcessLauncher;
pub use protocol::{Other, ProtocolError, ask, protocol_main};
pub use server::server_main;

pub use crate::model::{JobSpec, Purpose};
use crate::results::{Event, Flag, Life, LockUse, MemoryUse, Open, Phase, Seen, Spent, StageTimes};
use crate::setting::Measure;
pub use crate::setting::Outcome;

/// What one host is started for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrialSpec {
    /// What to run and how.
    pub brief: JobSpec,
    /// Only add up the right replies; nothing is timed.
    pub reference: bool,
    /// How long the host may take in all.
    pub timeout: Duration,
    /// What the names of its shared segments start with; set by the host that runs it.
    #[serde(default)]
    pub prefix: String,
    /// Whether the other build runs it; for the one who starts hosts, not for the host.
    #[serde(skip)]
    pub against: bool,
}

/// What one host left.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How it ended; whether replies are right is for the engine to say.
    pub outcome: Outcome,
    /// What the clock covers.
    pub measure: Measure,
    /// Start, work and join, over all its processes.
    pub phases: [Phase; 3],
    /// Items whose reply arrived once.
    pub done: u64,
    /// Items known of, with those that were yielded.
    pub known: u64,
    /// Replies that came again.
    pub duplicated: u64,
    /// Sum of item digests.
    pub digest: u64,
    /// Nanoseconds of the first item on a cold worker.
    pub first_item: u64,
    /// Service times of a profiling run, as (nanoseconds, count), rising.
    pub service: Vec<(u64, u64)>,
    /// Turnaround likewise.
    pub response: Vec<(u64, u64)>,
    /// How late replies were, where items came at a set rate.
    pub open: Option<Open>,
    /// Where the workers' time went, in a profiling run.
    pub spent: Option<Spent>,
    /// What its processes occupied, in a memory run, where the system says it.
    pub memory: Option<MemoryUse>,
    /// Items that were handed out again.
    pub retried: u64,
    /// Nanoseconds from a worker's death to the first reply of the one in its place.
    pub recovered: u64,
    /// What interpreter locks cost.
    pub lock: Option<LockUse>,
    /// When each worker was started, ready and gone.
    pub lives: Vec<Life>,
    /// What was seen of the global variable of the task `globals`.
    pub seen: Vec<Seen>,
    /// What the stages of a pipeline did, in a profiling run.
    pub stages: Vec<StageTimes>,
    /// Events of a timeline, where they are kept.
    pub events: Vec<Event>,
    /// Events beyond those.
    pub left_out: u64,
    /// Share of the machine's CPU time that others used during the trial.
    pub others: f64,
    /// `leaked`, `cpu_mismatch`.
    pub flags: Vec<Flag>,
    /// Last lines of standard error, where something went wrong.
    pub stderr: String,
}

impl Report {
    /// A report of a host that said nothing.
    #[must_use]
    pub fn empty(outcome: Outcome) -> Self {
        Self {
            outcome,
            measure: Measure::Work,
            phases: [Phase::default(); 3],
            done: 0,
            known: 0,
            duplicated: 0,
            digest: 0,
            first_item: 0,
            open: None,
            service: Vec::new(),
            response: Vec::new(),
            spent: None,
            memory: None,
            retried: 0,
            recovered: 0,
            lock: None,
            lives: Vec::new(),
            seen: Vec::new(),
            stages: Vec::new(),
            events: Vec::new(),
            left_out: 0,
            others: 0.0,
            flags: Vec::new(),
            stderr: String::new(),
        }
    }
}

impl Report {
    /// Nanoseconds that the measure covers.
    #[must_use]
    pub fn measured(&self) -> u64 {
        match self.measure {
            Measure::Work => self.phases[1].wall,
            Measure::EndToEnd => self.phases.iter().map(|phase| phase.wall).sum(),
        }
    }
}

/// Why a host gave no report.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The user or the system asked the program to end.
    #[error("interrupted")]
    Interrupted,
    /// The host process could not be started.
    #[error("{what}: {source}")]
    Start {
        /// What was tried.
        what: &'static str,
        /// The refusal.
        source: std::io::Error,
    },
}

/// Something that runs trials. The real one, [`ProcessLauncher`], starts a process for each; tests use a table of answers.
pub trait TrialLauncher {
    /// Runs one trial and waits for it: at most its timeout and a second.
    ///
    /// # Errors
    /// Only where there is no trial to report: interrupted, or not started. What goes wrong in a trial is its outcome.
    fn run(&mut self, spec: &TrialSpec) -> Result<Report, HostError>;
}

/// A folder of the run's own, removed with all its contents at the end.
#[derive(Debug)]
pub struct WorkFolder {
    path: PathBuf,
}

impl WorkFolder {
    /// Makes the folder below `base`, with a name that tells later runs whether this one still lives.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn create(base: &std::path::Path) -> std::io::Result<Self> {
        let path = base.join(Identity::own().name());
        match std::fs::create_dir(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(Self { path }),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
