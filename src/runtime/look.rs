//! Looking at a user's Python function before it is measured: whether it is there, what it is, and about how long it takes.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use super::Interpreter;
use super::find::answer_within;

/// How long importing a module and running one item of it may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is asked: imports the module from the folder, runs the function on one item, and answers on a duplicate of standard
/// output, since the function may print.
const QUESTION: &str = include_str!("look.py");

/// What was seen of a function.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Function {
    /// Whether calling it gives a coroutine.
    #[serde(default)]
    pub coroutine: bool,
    /// Seconds that it took to run one item for the second time.
    #[serde(default)]
    pub seconds: f64,
    /// The error that importing it or running one item ended with.
    #[serde(default)]
    error: Option<String>,
}

/// Looks at the function `call` (`module:function`) of the folder `path`, with `item` (JSON) as what it is called with.
///
/// # Errors
/// In words that follow the function's name: what it raised, or that it did not return.
pub fn look(interpreter: &Interpreter, path: &Path, call: &str, item: &str) -> Result<Function, String> {
    let mut command = Command::new(&interpreter.path);
    command.args(["-c", QUESTION]).arg(path).args([call, item]);
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("cannot be tried: {error}"))?;
    let answer = answer_within(&mut child, PATIENCE);
    let text = answer.ok_or_else(|| format!("did not return within {} s", PATIENCE.as_secs()))?;
    let seen: Function =
        serde_json::from_str(text.trim()).map_err(|_| "ended the interpreter when it was tried".to_owned())?;
    match &seen.error {
        Some(error) => Err(format!("raised {error}")),
        None => Ok(seen),
    }
}
