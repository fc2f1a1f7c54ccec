//! The options of `runner try`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::scenario::BUDGETS;

/// A budget as a scenario would have it.
pub(super) fn budget(text: &str) -> Result<Duration, String> {
    let found = crate::text::parse_duration(text)?;
    if BUDGETS.contains(&found) { Ok(found) } else { Err("a budget is from 1 s to 24 h".into()) }
}

/// A program with its arguments.
#[derive(Clone, Debug)]
pub(super) struct Argv(pub(super) Vec<String>);

/// A program with its arguments in one text, with the quotes of a shell.
pub(super) fn program(text: &str) -> Result<Argv, String> {
    match shlex::split(text) {
        Some(words) if !words.is_empty() => Ok(Argv(words)),
        Some(_) => Err("it names no program".into()),
        None => Err("a quote is not closed".into()),
    }
}

pub(super) const TRY_HELP: &str = "\
Examples:
  runner try work:shrink --items items.jsonl   the function `shrink` of work.py, with a line of the file for each item
  runner try work.py:shrink --workers 2,4      the same, with numbers from 0 on as items
  runner try work:inc --tune workers,chunk     with how many workers and which chunksize it is fastest
  runner try work:fetch                        a coroutine function runs on an event loop too
  runner try --items files -- gzip -kc {item}  a command, with each item in the place of {item}
  runner try --prepare 'rm -rf out' -- make    the same, with something to be done before every trial
  runner try work:old work:new                 which of two functions is faster, and how it is run best
  runner try -- gzip -kc {item} -- pigz -kc {item}   which of two commands
  runner try work:shrink --rev main            what is here against what is in a commit
  runner try work:shrink --python python3.11,python3.13   which interpreter
  runner try work:shrink --save mine.yaml      also write the scenario, to change it and run it again

Functions, commands, interpreters or commits that are compared must give the same results, unless --unchecked is given.

The function is called with one item, and what it returns must not differ from call to call: every configuration's results are
compared with those of a serial run. Naming it here is what allows it to be run; in a scenario, --allow-commands does.";

/// What `runner try` finds the best value of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Tuned {
    /// The number of workers
    Workers,
    /// The number of items that a process is sent at once (chunksize)
    Chunk,
}

/// What is tried, and how.
#[derive(Debug, Args)]
pub(super) struct TryOptions {
    /// A Python function, as `module:function`; several are compared with each other
    #[arg(value_name = "MODULE:FUNCTION", required_unless_present = "command", conflicts_with = "command")]
    pub(super) functions: Vec<String>,
    /// A command with its arguments, in which `{item}` stands for the item; it is started as it is, without a shell. Several, with
    /// `--` between them, are compared with each other
    #[arg(last = true, value_name = "PROGRAM")]
    pub(super) command: Vec<String>,
    /// A file of items: JSON Lines, a JSON array, CSV with a header or lines of text; for a command, lines of text [default: the
    /// numbers from 0 on]
    #[arg(long, value_name = "FILE")]
    pub(super) items: Option<PathBuf>,
    /// A Python expression that gives the items, such as 'range(100)'
    #[arg(long, value_name = "EXPRESSION", conflicts_with_all = ["items", "command"])]
    pub(super) items_expr: Option<String>,
    /// A Python list or function without arguments that gives the items
    #[arg(long, value_name = "MODULE:NAME", conflicts_with_all = ["items", "items_expr", "command"])]
    pub(super) items_from: Option<String>,
    /// Do not compare results: for a function that gives another one each time, or for what is meant to give other ones; of commands, only
    /// how they end is compared
    #[arg(long)]
    pub(super) unchecked: bool,
    /// How long importing and calling the function once may take, or the command [default: 60 s]
    #[arg(long, value_name = "TIME", value_parser = crate::text::parse_duration)]
    pub(super) look: Option<Duration>,
    /// The exit statuses with which all is well, such as 0,1, or any [default: 0]
    #[arg(long, value_name = "N", value_delimiter = ',', requires = "command")]
    pub(super) exit_status: Vec<String>,
    /// A program that runs once before the first trial, such as 'make all'; quotes are understood, and no shell is used
    #[arg(long, value_name = "PROGRAM", value_parser = program, requires = "command")]
    pub(super) setup: Option<Argv>,
    /// One that runs before every trial, outside of its time
    #[arg(long, value_name = "PROGRAM", value_parser = program, requires = "command")]
    pub(super) prepare: Option<Argv>,
    /// One that runs once after the last trial
    #[arg(long, value_name = "PROGRAM", value_parser = program, requires = "command")]
    pub(super) cleanup: Option<Argv>,
    /// Folder in which the module is found
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub(super) path: PathBuf,
    /// Which CPython: a program on PATH, or a path; several, such as python3.11,python3.13, are compared with each other
    #[arg(long, value_name = "PYTHON", value_delimiter = ',', default_value = "python3")]
    pub(super) python: Vec<String>,
    /// Also a commit of the git repository around this folder, by any name that git knows: what is there is compared with what is here
    #[arg(long, value_name = "REVISION")]
    pub(super) rev: Option<String>,
    /// With --rev: a program that is run in the commit before the first trial, such as 'make'
    #[arg(long, value_name = "PROGRAM", value_parser = program, requires = "rev")]
    pub(super) build: Option<Argv>,
    /// How many workers, such as 2 or 1,2,4 [default: the number of cores; also 4 and 16 for what waits]
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(super) workers: Vec<u32>,
    /// Try several values of these, to find the best
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub(super) tune: Vec<Tuned>,
    /// How long its rounds may take, such as 2min [default: 20 s]
    #[arg(long, value_name = "TIME", value_parser = budget, conflicts_with = "rounds")]
    pub(super) budget: Option<Duration>,
    /// A fixed number of rounds, in place of as many as it takes to answer
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) rounds: Option<u32>,
    /// Also write the scenario that is run, into a file that does not exist yet
    #[arg(long, value_name = "FILE")]
    pub(super) save: Option<PathBuf>,
    /// Folder for the report
    #[arg(short, long, value_name = "FOLDER", default_value = "reports")]
    pub(super) output: PathBuf,
    /// Print the results as JSON on standard output instead of tables
    #[arg(long)]
    pub(super) json: bool,
}
