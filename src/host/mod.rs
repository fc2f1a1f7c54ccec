//! One trial in one fresh process: the parent's side, which starts and watches it, and the child's side, which runs it.

mod cgroup;
mod child;
mod interrupt;
mod leftovers;
mod machine;
mod others;
mod process;
mod protocol;
mod python;
mod server;
mod survey;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use cgroup::Granted;
pub use child::host_main;
pub use interrupt::Interrupt;
pub use leftovers::{Identity, sweep_dead};
pub use machine::{free_memory, granted_cores, machine, physical_cores};
pub use process::ProcessLauncher;
pub use protocol::{Other, ask, protocol_main};
pub use python::{Depth, FunctionLook, function_spec, look};
pub use server::server_main;
pub use survey::{Survey, survey};

pub use crate::model::{JobSpec, Purpose};
use crate::record::Measurement;
use crate::results::Flag;
use crate::setting::Measure;
pub use crate::setting::Outcome;

/// What a host does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs a trial.
    Trial,
    /// Adds up the right replies; nothing is timed.
    Reference,
    /// Does what is to be done before the first trial.
    SetUp,
    /// Does what is to be done after the last trial.
    CleanUp,
}

/// What one host is started for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrialSpec {
    /// What to run and how.
    pub brief: JobSpec,
    /// What the host does with it.
    pub role: Role,
    /// How long the host may take in all.
    pub timeout: Duration,
    /// What the names of its shared segments start with; set by the host that runs it.
    #[serde(default)]
    pub prefix: String,
    /// Where and by what it is run; for the one who starts hosts, not for the host.
    #[serde(skip)]
    pub place: HostPlace,
}

/// Where a host is started and which program it is, where that is not as for all.
#[derive(Clone, Debug, Default)]
pub struct HostPlace {
    /// Its working folder.
    pub folder: Option<PathBuf>,
    /// The program.
    pub program: Option<PathBuf>,
}

/// What one host left.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How it ended; whether replies are right is for the engine to say.
    pub outcome: Outcome,
    /// What the clock covers.
    pub measure: Measure,
    /// What it measured.
    pub measurement: Measurement,
    /// Seconds of granted CPU time that others took meanwhile; below zero where cores were to spare.
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
        let measurement = Measurement::default();
        Self { outcome, measure: Measure::Work, measurement, others: 0.0, flags: Vec::new(), stderr: String::new() }
    }

    /// Nanoseconds that the measure covers.
    #[must_use]
    pub fn measured(&self) -> u64 {
        let phases = &self.measurement.phases;
        match self.measure {
            Measure::Work => phases[1].wall,
            Measure::EndToEnd => phases.iter().map(|phase| phase.wall).sum(),
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

    /// Does nothing for so long; the share of the granted cores that others took meanwhile, 0 to 1.
    ///
    /// # Errors
    /// Where it was interrupted.
    fn watch(&mut self, time: Duration) -> Result<f64, HostError>;
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
