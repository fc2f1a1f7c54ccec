//! `command`: a program of the user's own, started once for each item. Never through a shell.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command as Program, Stdio};

use super::python::read_lines;
use super::{Bound, Context, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, digest};
use crate::name::exit_words;

/// What stands for the item in an argument.
const ITEM: &str = "{item}";
/// Most arguments, and most bytes of each.
const MOST_ARGUMENTS: usize = 256;
const LONGEST_ARGUMENT: usize = 4 << 10;
/// How much of what a failing program wrote to standard error is told.
const TOLD: usize = 200;

pub(super) struct Command;

impl Task for Command {
    fn name(&self) -> &'static str {
        "command"
    }
    fn about(&self) -> &'static str {
        "starts a program of your own for each item, and digests what it writes (needs --allow-commands)"
    }
    fn bound(&self) -> Bound {
        Bound::Waiting
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "argv",
                about: "the program and its arguments, in which `{item}` stands for the item",
                kind: SettingKind::List { most: MOST_ARGUMENTS, longest: LONGEST_ARGUMENT },
                default: "",
            },
            Setting {
                name: "data",
                about: "a file of items, one per line, from where runner is started; else items are numbers",
                kind: SettingKind::Text { longest: LONGEST_ARGUMENT },
                default: "''",
            },
            Setting {
                name: "compare",
                about: "what of each run must equal that of a serial one: what it writes, or nothing beyond exit code 0",
                kind: SettingKind::Word(&["output", "status"]),
                default: "output",
            },
        ]
    }
    fn needs_permission(&self) -> bool {
        true
    }
    fn check(&self, settings: &Settings) -> Result<(), String> {
        match settings.list("argv").first().map(String::as_str) {
            Some("") | None => Err("the task `command` needs `argv`, such as `argv: [gzip, -kc, \"{item}\"]`".into()),
            Some(_) => Ok(()),
        }
    }
    fn effort(&self, _: &Settings) -> Option<Effort> {
        Some(Effort::waiting(3e-3))
    }
    fn describe(&self, settings: &Settings) -> String {
        settings.list("argv").join(" ").chars().take(60).collect()
    }
    fn prepare(&self, settings: &Settings, _: &Place) -> Result<Box<dyn Job>, TaskError> {
        self.check(settings).map_err(TaskError::Settings)?;
        let items = match settings.text("data") {
            "" => Vec::new(),
            path => read_lines(Path::new(path), path)?,
        };
        let compared = settings.word("compare") != "status";
        Ok(Box::new(CommandJob { argv: settings.list("argv").to_vec(), items, compared }))
    }
}

struct CommandJob {
    argv: Vec<String>,
    /// Items as text; none where they are numbers.
    items: Vec<String>,
    compared: bool,
}

impl Job for CommandJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        if self.items.is_empty() {
            request.extend_from_slice(item.to_string().as_bytes());
        } else {
            request.extend_from_slice(self.items[(item % self.items.len() as u64) as usize].as_bytes());
        }
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let item = str::from_utf8(request).map_err(|_| TaskError::BadRequest)?;
        let mut argv = self.argv.iter().map(|argument| argument.replace(ITEM, item));
        let name = argv.next().unwrap_or_default();
        let mut program = Program::new(&name);
        program.args(argv).stdin(Stdio::null());
        let output = context
            .blocking(|| program.output())
            .map_err(|source| TaskError::Io { what: format!("starting {name}"), source })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said: String = said.trim().chars().take(TOLD).collect();
            let ended = exit_words(output.status.into_raw());
            return Err(TaskError::Settings(format!("{name} ended with {ended} for item {item}: {said}")));
        }
        let written = if self.compared { digest(&output.stdout) } else { 0 };
        reply.extend_from_slice(&written.to_le_bytes());
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (self.items.iter().map(String::len).max().unwrap_or(20), 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(argv: &[&str], item: &str) -> Result<Vec<u8>, TaskError> {
        let argv = argv.iter().map(|argument| (*argument).to_owned()).collect();
        let job = CommandJob { argv, items: vec![item.to_owned()], compared: true };
        let (mut request, mut reply) = (Vec::new(), Vec::new());
        job.request(7, &mut request);
        job.run(&request, &mut reply, &mut Context::native())?;
        Ok(reply)
    }

    #[test]
    fn the_item_is_an_argument_and_never_shell() {
        let echoed = run(&["printf", "%s", "<{item}>"], "$(id); `id` | x").unwrap();
        assert_eq!(echoed, digest(b"<$(id); `id` | x>").to_le_bytes());
        let failed = run(&["sh", "-c", "echo why >&2; exit 4"], "1").unwrap_err().to_string();
        assert_eq!(failed, "sh ended with exit code 4 for item 1: why");
        let missing = run(&["/nowhere/program"], "1").unwrap_err().to_string();
        assert!(missing.starts_with("starting /nowhere/program: "), "{missing}");
    }
}
