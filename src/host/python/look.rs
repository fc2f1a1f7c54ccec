//! A first look at a user's Python function, in the interpreter and by the driver that run its trials: whether it is there, what it
//! is, and about how long it takes.

use std::collections::BTreeMap;
use std::os::unix::process::{CommandExt as _, ExitStatusExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::listen::{Listener, ReadEvent};
use super::reply::{DriverMessage, FunctionLook};
use super::{Mode, prepared, spawned};
use crate::model::{JobSpec, RunContext};
use crate::reexec::Program;
use crate::task::Tasks;

/// How often somebody who waits is told that it is still under way.
const REMINDER: Duration = Duration::from_secs(3);

/// How far a look goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Imports the module, and finds the function.
    Find,
    /// Calls it, too.
    Call,
}

/// Looks at the function that a job's settings name, from the current folder or another. `waiting` is told what is under way, once in a while.
///
/// # Errors
/// In words that follow the function's name: what it raised, or that it did not return within `patience`.
pub fn look(
    tasks: &Tasks,
    program: &Program,
    brief: JobSpec,
    folder: Option<&Path>,
    depth: Depth,
    patience: Duration,
    waiting: &mut dyn FnMut(&str),
) -> Result<FunctionLook, String> {
    let deadline = Instant::now() + patience;
    let order = RunContext { tasks, program, brief, deadline, prefix: String::new(), copied: &|| {} };
    let (mut command, answers, text) = prepared(&order, if depth == Depth::Call { Mode::Look } else { Mode::Find })?;
    command.process_group(0).envs(&order.brief.environment);
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let mut child = spawned(&mut command, &text)?;
    drop(command);
    let seen = follow(Listener::new(&child, answers), deadline, patience, waiting);
    if let Some(group) = Pid::from_raw(child.id() as i32) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.kill();
    let status = child.wait();
    match seen? {
        Some(seen) => match &seen.error {
            Some(error) => Err(error.clone()),
            None => Ok(seen),
        },
        None => {
            let ended = status.map_or(0, ExitStatusExt::into_raw);
            Err(format!("ended the interpreter when it was tried, with {}", crate::text::exit_words(ended)))
        }
    }
}

/// Listens until it has seen all, or the interpreter has ended.
fn follow(
    listener: std::io::Result<Listener>,
    deadline: Instant,
    patience: Duration,
    waiting: &mut dyn FnMut(&str),
) -> Result<Option<FunctionLook>, String> {
    let mut listener = listener.map_err(|error| format!("cannot be listened to: {error}"))?;
    let mut step = "import".to_owned();
    let under_way = |step: &str| match step {
        "import" => "importing its module",
        "items" => "making its items",
        _ => "the first call",
    };
    loop {
        match listener.line(deadline.min(Instant::now() + REMINDER)).map_err(|error| error.to_string())? {
            ReadEvent::Line(line) => match serde_json::from_slice(&line) {
                Ok(DriverMessage::Step(next)) => step = next,
                Ok(DriverMessage::Look(seen)) => return Ok(Some(*seen)),
                _ => return Err("gave an answer that is none".into()),
            },
            ReadEvent::End => return Ok(None),
            ReadEvent::Late if Instant::now() < deadline => {
                waiting(&format!("{} is still under way", under_way(&step)))
            }
            ReadEvent::Late => {
                return Err(format!(
                    "was not done within {} s: {} took longer; give it more time with --look 10min",
                    patience.as_secs(),
                    under_way(&step)
                ));
            }
        }
    }
}

/// What a look at a function is told: the settings of the task, and a folder to work in.
#[must_use]
pub fn function_spec(
    settings: crate::task::Settings,
    interpreter: &Path,
    environment: BTreeMap<String, String>,
    folder: &Path,
) -> JobSpec {
    JobSpec {
        task: "python".into(),
        settings,
        workload: String::new(),
        seed: 0,
        items: 1,
        round: 0,
        folder: folder.to_owned(),
        config: crate::setting::Config::new(crate::setting::Model::Serial, crate::setting::Measure::EndToEnd),
        purpose: crate::model::Purpose::Timed,
        runtime: crate::setting::Runtime::Python,
        interpreter: Some(interpreter.to_owned()),
        environment,
        fault: None,
        trace: false,
        server: None,
        stages: Vec::new(),
    }
}
