//! The command line: the only room that prints, reads the environment and picks exit codes.

mod answers;
mod args;
mod compare;
mod date;
mod dictionary;
mod embed;
mod explain;
mod export;
mod folder;
mod functions;
mod init;
mod inspect;
mod machine;
mod output;
mod pages;
mod progress;
mod reference;
mod render;
mod report;
mod revisions;
mod run;
mod samples;
mod sizing;
mod sources;
mod target;
mod try_args;
mod try_command;
mod try_function;
mod try_yaml;
mod trying;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::reexec::{ASK, FORKSERVER, HOST, MANAGER, Program, SERVER, WORKER};
use crate::task::Tasks;
use crate::{host, model};

use args::{Arguments, Command};
use output::Output;

/// Why the program ends. Where several hold, the most telling wins, in the order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    /// Everything went as planned.
    Success,
    /// Nothing of the whole command could be run, or what was asked about was not there: an expectation or a gate lost its
    /// configurations.
    Missing,
    /// An expectation was shown to be false, this build to be slower than the other, or a document is stale.
    NotMet,
    /// A trial ended otherwise than planned, or an output could not be written.
    Unplanned,
    /// The command line or a scenario is not valid.
    Usage,
    /// Interrupted by this signal.
    Interrupted(u8),
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Missing => 5,
            Self::NotMet => 1,
            Self::Usage => 2,
            Self::Unplanned => 3,
            Self::Interrupted(signal) => 128 + signal,
        }
    }
}

/// The whole program over a registry of tasks: parses the arguments, does what they say, and gives the exit code.
///
/// A program of one's own calls it with [`Tasks::with`] a task of its own and gets everything, its worker processes
/// included, since the program itself is what is started again.
#[must_use]
pub fn main(tasks: &Tasks) -> ExitCode {
    ExitCode::from(start(tasks, Program::current()))
}

fn start(tasks: &Tasks, program: Program) -> u8 {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    if arguments.first().is_some_and(|first| first.starts_with("__")) {
        // Started through a link in /proc, it would be called `exe` in lists of processes.
        let _ = rustix::thread::set_name(c"runner");
    }
    match arguments.first().map(String::as_str) {
        Some(HOST) => return host::host_main(tasks, &program),
        Some(WORKER) => return model::worker_main(tasks, &arguments[1..]),
        // Whoever asked and does not listen any more needs no answer.
        Some(ASK) => return u8::from(Output::new(true, false).result(&host::protocol_main(tasks)).is_err()),
        Some(FORKSERVER) => return model::forkserver_main(tasks, &arguments[1..]),
        Some(SERVER) => return host::server_main(tasks),
        Some(MANAGER) => return model::manager_main(&arguments[1..]),
        _ => {}
    }
    // What clap itself prints, help and errors, is made before its answer is known.
    let color = args::color_of(&arguments);
    output::choose_color(color);
    let command = Arguments::command().color(color);
    let parsed = match command.try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version go to standard output and are no error.
            let code = if error.use_stderr() { Exit::Usage.code() } else { 0 };
            let _ = error.print();
            return code;
        }
    };
    output::choose_color(parsed.general.color);
    let output = Output::new(parsed.general.quiet, parsed.general.verbose);
    match does(parsed, tasks, program, &output) {
        Ok(exit) => exit.code(),
        // Whoever read the output has gone, as `head` does: that is no failure of ours.
        Err(error) if output::is_closed_pipe(&error) => 0,
        Err(error) => {
            output.error(&format!("{error:#}"));
            Exit::Unplanned.code()
        }
    }
}

/// Does what the command line says.
fn does(parsed: Arguments, tasks: &Tasks, program: Program, output: &Output) -> anyhow::Result<Exit> {
    match parsed.command {
        Some(_) if !parsed.run.files.is_empty() => {
            output.error("files stand after the subcommand: `runner check FILES`, or without one: `runner FILES`");
            Ok(Exit::Usage)
        }
        None if parsed.run.files.is_empty() => {
            output.error("no scenario is given; try `runner scenarios/*.yaml`, or `runner --help` for more");
            Ok(Exit::Usage)
        }
        None => run::run(&parsed.run, tasks, program, output),
        Some(Command::Run(options)) => run::run(&options, tasks, program, output),
        Some(Command::Try(options)) => trying::try_it(&options, tasks, program, output),
        Some(Command::Check(options)) => inspect::check(&options, tasks, &program, output),
        Some(Command::Plan(options)) => inspect::plan(&options, tasks, output),
        Some(Command::Render(options)) => render::render(&options, output),
        Some(Command::Compare(options)) => compare::compare(&options, output),
        Some(Command::Machine(options)) => machine::machine(&options, output),
        Some(Command::List(options)) => inspect::list(&options, tasks, output),
        Some(Command::Export(options)) => export::export(&options, output),
        Some(Command::Report(options)) => report::report(&options, output),
        Some(Command::Embed(options)) => embed::embed(&options, output),
        Some(Command::Schema(options)) => inspect::schema(&options, tasks, output),
        Some(Command::Explain(options)) => explain::explain(&options, tasks, output),
        Some(Command::Init(options)) => init::init(&options, output),
        Some(Command::Completions(options)) => pages::completions(&options, Arguments::command(), output),
        Some(Command::Man(options)) => pages::man(&options, Arguments::command(), output),
    }
}
