//! Starting this program again: hosts, workers and managers are the same binary with a hidden subcommand.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

/// The hidden subcommand of a process that runs one trial.
pub const HOST: &str = "__host";
/// The hidden subcommand of a worker process.
pub const WORKER: &str = "__worker";
/// The hidden subcommand of the process that owns the queues of the `manager` method.
pub const MANAGER: &str = "__manager";

/// The hidden subcommand of the process that serves what a task's items ask for.
pub const SERVER: &str = "__server";

/// The hidden subcommand of the process that makes workers as copies of itself.
pub const FORKSERVER: &str = "__forkserver";

/// The hidden subcommand that prints [`PROTOCOL`] and the version, so that another build can find out whether it may start
/// hosts of this one.
pub const ASK: &str = "__protocol";

/// Number of what a runner and its hosts say to each other: the line that a host reads, and the line that it writes. It
/// is raised with every change to either, so that two builds never misunderstand each other.
pub const PROTOCOL: u32 = 11;

/// The program to start again, passed down from `main` as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    path: PathBuf,
}

impl Program {
    /// The running program. It stays the same even if its file is replaced meanwhile.
    #[must_use]
    pub fn current() -> Self {
        Self { path: PathBuf::from("/proc/self/exe") }
    }

    /// Another build of the program, or the program under test.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// What tells this build from others of the same version: size and time of change of the program's file. `unknown`
    /// where the file cannot be looked at.
    #[must_use]
    pub fn build(&self) -> String {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(&self.path).map_or("unknown".into(), |meta| {
            format!("{} bytes of {}.{:09}", meta.len(), meta.mtime(), meta.mtime_nsec())
        })
    }

    /// A command that starts the program with a hidden subcommand and its arguments.
    pub fn command<A: AsRef<OsStr>>(&self, subcommand: &str, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(&self.path);
        command.arg0("runner").arg(subcommand).args(arguments);
        command
    }
}
