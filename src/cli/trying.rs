//! `runner try`: a function or a command of the user's under every configuration, without a scenario file.

use std::io::Write as _;
use std::path::Path;

use super::args::{Narrowing, RunOptions};
use super::output::Output;
use super::try_args::TryOptions;
use super::try_yaml::Refused;
use super::{Exit, run, sources, try_command, try_function};
use crate::reexec::Program;
use crate::scenario::{Diagnostics, Source};
use crate::task::Tasks;

/// Tries what the options name.
pub(super) fn try_it(
    options: &TryOptions,
    tasks: &Tasks,
    program: Program,
    output: &Output,
) -> Result<Exit, anyhow::Error> {
    let text = match scenario(options, tasks, &program, output) {
        Ok(text) => text,
        Err(Refused(why)) => {
            output.error(&why);
            return Ok(Exit::Usage);
        }
    };
    let run_options = RunOptions {
        files: Vec::new(),
        shape: Narrowing {
            quick: false,
            rounds: options.rounds,
            budget: options.budget,
            filter: Vec::new(),
            set: Vec::new(),
            seed: None,
            allow_commands: true,
        },
        output: Some(options.output.clone()),
        resume: false,
        baseline: None,
        build: None,
        json: options.json,
        strict: false,
        dry_run: false,
    };
    let source = Source { name: "the scenario of `runner try`".into(), bytes: text.clone().into_bytes() };
    let shape = Some(&run_options.shape);
    let Some(plans) = sources::plans_of(&[source], Diagnostics::new(), shape, tasks, output, options.json)? else {
        return Ok(Exit::Usage);
    };
    if let Some(path) = &options.save {
        if let Err(error) = save(path, &text) {
            output.error(&format!("{}: {error}", path.display()));
            return Ok(Exit::Usage);
        }
        output.progress(&format!(
            "wrote {}; `runner --allow-commands {}` runs it again",
            path.display(),
            path.display()
        ));
    }
    run::run_plans(plans, &run_options, tasks, program, output)
}

/// Writes the scenario into a new file: one that exists is somebody's.
fn save(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::File::options().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

fn scenario(options: &TryOptions, tasks: &Tasks, program: &Program, output: &Output) -> Result<String, Refused> {
    match options.functions.is_empty() {
        false => try_function::scenario(options, tasks, program, output),
        true => try_command::scenario(options, tasks, output),
    }
}
