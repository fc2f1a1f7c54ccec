//! Finding out whether another build may run trials beside this one: it is asked for its protocol before anything runs.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

use crate::reexec::{ASK, PROTOCOL, Program};
use crate::task::Tasks;

/// How long another build may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most bytes that are read of an answer.
const LONGEST_ANSWER: u64 = 4096;

/// What a build says of itself.
#[derive(Serialize, Deserialize)]
struct Answer {
    protocol: u32,
    version: String,
    /// The tasks that it has; `None` from builds that do not say.
    #[serde(default)]
    tasks: Option<Vec<String>>,
}

/// Another build that speaks this one's protocol.
#[derive(Clone, Debug)]
pub struct Other {
    /// The program.
    pub program: Program,
    /// Its version.
    pub version: String,
    /// The tasks that it has, where it says so.
    tasks: Option<Vec<String>>,
}

impl Other {
    /// Whether it has a task, as far as it says.
    #[must_use]
    pub fn has(&self, task: &str) -> bool {
        self.tasks.as_ref().is_none_or(|tasks| tasks.iter().any(|known| known == task))
    }
}

/// Why another program cannot run trials beside this one.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// It is not there, or not executable.
    #[error("{path} cannot be started: {source}")]
    Start {
        /// The program.
        path: PathBuf,
        /// The refusal.
        source: std::io::Error,
    },
    /// It did not end in time.
    #[error("{path} did not answer within {} s: it is not runner", PATIENCE.as_secs())]
    Silent {
        /// The program.
        path: PathBuf,
    },
    /// What it said is no answer of a runner.
    #[error("{path} is not runner, or a version without --baseline: it did not report a protocol")]
    NoRunner {
        /// The program.
        path: PathBuf,
    },
    /// Its hosts would not understand this program.
    #[error(
        "{path} (runner {version}) speaks protocol {found}, this runner speaks {PROTOCOL}: build both from versions \
         that use the same protocol"
    )]
    Differs {
        /// The program.
        path: PathBuf,
        /// Its version.
        version: String,
        /// Its protocol.
        found: u32,
    },
}

/// The hidden subcommand's answer, one line of JSON.
#[must_use]
pub fn protocol_main(tasks: &Tasks) -> String {
    let names = tasks.iter().map(|task| task.name().to_owned()).collect();
    let answer = Answer { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").to_owned(), tasks: Some(names) };
    serde_json::to_string(&answer).unwrap_or_default()
}

/// Asks the program at `path` for its protocol.
///
/// # Errors
/// Where it is no runner that may run trials beside this one, by name.
pub fn ask(path: &Path) -> Result<Other, ProtocolError> {
    let start = |source| ProtocolError::Start { path: path.to_owned(), source };
    // An absolute path: a bare name would be looked for elsewhere.
    let program = Program::at(path.canonicalize().map_err(start)?);
    let mut command = program.command::<&str>(ASK, []);
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(start)?;
    let answered = answer(&mut child);
    end(&mut child);
    match answered {
        None => Err(ProtocolError::Silent { path: path.to_owned() }),
        Some(text) => match serde_json::from_slice::<Answer>(&text) {
            Err(_) => Err(ProtocolError::NoRunner { path: path.to_owned() }),
            Ok(Answer { protocol: PROTOCOL, version, tasks }) => Ok(Other { program, version, tasks }),
            Ok(Answer { protocol, version, .. }) => {
                Err(ProtocolError::Differs { path: path.to_owned(), version, found: protocol })
            }
        },
    }
}

/// What the child writes until its end; `None` where its time runs out.
fn answer(child: &mut Child) -> Option<Vec<u8>> {
    let mut stdout = child.stdout.take()?;
    let (send, receive) = std::sync::mpsc::channel();
    // It ends with the child, whose whole group is ended below.
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = stdout.by_ref().take(LONGEST_ANSWER).read_to_end(&mut text);
        let _ = send.send(read.map(|_| text).unwrap_or_default());
    });
    let deadline = Instant::now() + PATIENCE;
    let text = receive.recv_timeout(PATIENCE).ok()?;
    // A program that closes its output and lives on is none of ours.
    while child.try_wait().ok()?.is_none() {
        if text.len() as u64 == LONGEST_ANSWER {
            return Some(text);
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Some(text)
}

/// Ends the child and all that it started, and reaps it.
fn end(child: &mut Child) {
    if let Some(group) = Pid::from_raw(child.id() as i32) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_understood() {
        let answer: Answer = serde_json::from_str(&protocol_main(&Tasks::builtin())).unwrap();
        assert_eq!((answer.protocol, answer.version.as_str()), (PROTOCOL, env!("CARGO_PKG_VERSION")));
    }
}
