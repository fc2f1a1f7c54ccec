//! `runner try`: a function or a command of the user's under every configuration, without a scenario file.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::args::{Narrowing, RunOptions, TryOptions};
use super::output::Output;
use super::{Exit, run, sources};
use crate::model::usable_cores;
use crate::reexec::Program;
use crate::runtime::{Function, Interpreter, find, look};
use crate::scenario::{Diagnostics, Source};
use crate::task::Tasks;
use crate::text::escape::yaml;
use crate::text::{exit_words, plural, show_seconds, slug};

/// How long the rounds take at most, unless the user says it.
const BUDGET: Duration = Duration::from_secs(40);
/// Seconds that a serial trial should take at least.
const TRIAL: f64 = 0.3;
/// Seconds that starting and ending the host and the workers of a trial takes, about.
const AROUND: f64 = 0.25;
/// Trials of every configuration beside those of the rounds: with clocks, with memory read.
const APART: f64 = 4.0;
/// Items that an event loop has in flight.
const IN_FLIGHT: u32 = 16;
/// Seconds that handing over an item to a process takes, about: a tiny item costs that much and no less.
const HAND_OVER: f64 = 5e-5;

/// Tries what the options name.
pub(super) fn try_it(options: &TryOptions, tasks: &Tasks, program: Program, output: &Output) -> Result<Exit> {
    let text = match scenario(options, output) {
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
            seed: None,
            allow_commands: true,
        },
        output: Some(options.output.clone()),
        resume: false,
        against: None,
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

/// Why nothing is tried, in a sentence.
struct Refused(String);

/// Writes the scenario into a new file: one that exists is somebody's.
fn save(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::File::options().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

fn scenario(options: &TryOptions, output: &Output) -> Result<String, Refused> {
    let items = options.items.as_deref().map(read_items).transpose().map_err(|error| Refused(format!("{error:#}")))?;
    match &options.function {
        Some(call) => function(options, call, items.as_deref(), output),
        None => command(options, items.as_deref(), output),
    }
}

fn read_items(path: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines: Vec<String> = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    if lines.is_empty() {
        anyhow::bail!("{} holds no items: write one on each line", path.display());
    }
    Ok(lines)
}

/// The scenario of a Python function.
fn function(options: &TryOptions, call: &str, items: Option<&[String]>, output: &Output) -> Result<String, Refused> {
    for (number, item) in items.unwrap_or_default().iter().enumerate() {
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(item) {
            let (number, how) = (number + 1, "write JSON on each line, such as a number or \"text\" in quotes");
            return Err(Refused(format!("item {number} is not JSON: {error}; {how}")));
        }
    }
    let split = call.split_once(':').filter(|(module, name)| !module.is_empty() && !name.is_empty());
    let Some((_, name)) = split else {
        return Err(Refused(format!(
            "`{call}` is not `module:function`, such as `work:shrink` for `shrink` of work.py"
        )));
    };
    let search = std::env::var("PATH").unwrap_or_default();
    let found = find(std::slice::from_ref(&options.python), &search, true);
    let interpreter = match found.into_values().next() {
        Some(Ok(interpreter)) => interpreter,
        Some(Err(why)) => return Err(Refused(format!("{why}: name another with --python"))),
        None => return Err(Refused("no interpreter was looked for".into())),
    };
    let first = items.and_then(|items| items.first()).map_or("0", String::as_str);
    let seen = look(&interpreter, &options.path, call, first)
        .map_err(|why| Refused(format!("{call} {why} (called with {first}, by {})", interpreter.label())))?;
    let workers = options.workers.unwrap_or_else(|| usable_cores().len() as u32);
    let configurations = 3.0 + f64::from(u8::from(seen.coroutine || interpreter.interpreters));
    let size = Size::of(seen.seconds, configurations, workers).with(options.rounds, options.budget);
    let kind = if seen.coroutine { "a coroutine function" } else { "a function" };
    size.announce(call, &format!("{kind} of {}", interpreter.label()), seen.seconds, output);
    let models = models(&seen, &interpreter);
    let data = options.items.as_ref().map_or(String::new(), |path| format!("\n    data: {}", quoted(path)));
    Ok(format!(
        "# Written by `runner try {call}`. It runs again with `runner --allow-commands FILE`.\nversion: 1\nname: {}\n\
         title: {}\n\ntasks:\n  - kind: python\n    call: {}\n    path: {}{data}\n    items: {}\n\nruntime: python\n\
         python: {}\nmodels:\n{models}\nworkers: {workers}\n{}\ntimeout: {} s\n",
        folder(name),
        quoted(format!("{call}, {workers} at a time")),
        quoted(call),
        quoted(&options.path),
        size.items,
        quoted(&options.python),
        size.length(),
        size.timeout,
    ))
}

/// The scenario of a command, which is run once to see whether it can be and how long it takes.
fn command(options: &TryOptions, items: Option<&[String]>, output: &Output) -> Result<String, Refused> {
    let name = options.command.first().map_or("", String::as_str);
    let first = items.and_then(|items| items.first()).map_or("0", String::as_str);
    let mut program = std::process::Command::new(name);
    program.args(options.command.iter().skip(1).map(|argument| argument.replace("{item}", first)));
    program.stdin(std::process::Stdio::null());
    let begun = Instant::now();
    let ended = program.output().map_err(|error| Refused(format!("{name} cannot be started: {error}")))?;
    let seconds = begun.elapsed().as_secs_f64();
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        let ended = exit_words(ended.status.into_raw());
        return Err(Refused(format!("{name} ended with {ended} for item {first}: {}", said.trim())));
    }
    let workers = options.workers.unwrap_or_else(|| usable_cores().len() as u32);
    let size = Size::of(seconds, 3.0, workers).with(options.rounds, options.budget);
    size.announce(name, "a command", seconds, output);
    let argv: Vec<String> = options.command.iter().map(quoted).collect();
    let data = options.items.as_ref().map_or(String::new(), |path| format!("\n    data: {}", quoted(path)));
    let short = Path::new(name).file_name().unwrap_or_default().to_string_lossy();
    Ok(format!(
        "# Written by `runner try -- {name} …`. It runs again with `runner --allow-commands FILE`.\nversion: 1\nname: {}\n\
         title: {}\n\ntasks:\n  - kind: command\n    argv: [{}]{data}\n    items: {}\n\nmodels:\n  - serial\n  - threads\n  \
         - processes\nworkers: {workers}\n{}\ntimeout: {} s\n",
        folder(&short),
        quoted(format!("{short}, {workers} at a time")),
        argv.join(", "),
        size.items,
        size.length(),
        size.timeout,
    ))
}

/// The models that make sense for a function, as a list of YAML.
fn models(seen: &Function, interpreter: &Interpreter) -> String {
    let mut models = String::from("  - serial\n  - threads\n  - processes\n");
    if seen.coroutine {
        models += &format!("  - {{kind: async, concurrency: {IN_FLIGHT}}}\n");
    } else if interpreter.interpreters {
        models += "  - interpreters\n";
    }
    models
}

/// How many items a trial has, and how long all of it takes.
struct Size {
    items: u64,
    timeout: u64,
    /// How many rounds, where that is fixed.
    rounds: Option<u32>,
    budget: Duration,
    /// About how long a round takes.
    round: f64,
    /// About how long the trials beside the rounds take.
    apart: f64,
}

impl Size {
    fn of(seconds: f64, configurations: f64, workers: u32) -> Self {
        let item = seconds.max(0.0) + HAND_OVER;
        let items = (TRIAL / item).max(f64::from(workers) * 4.0).ceil();
        let serial = items * item;
        // In the worst case every configuration takes as long as the serial one. Two of them run twice in a round, for the A/A check.
        let (trial, per_round) = (serial + AROUND, configurations + 2.0);
        let timeout = (serial * 10.0).clamp(10.0, 600.0).ceil() as u64;
        let (round, apart) = (trial * per_round, trial * APART * configurations);
        Self { items: items as u64, timeout, rounds: None, budget: BUDGET, round, apart }
    }

    /// The same with so many rounds or so long a budget, where the user says it.
    fn with(self, rounds: Option<u32>, budget: Option<Duration>) -> Self {
        Self { rounds, budget: budget.unwrap_or(self.budget), ..self }
    }

    /// The lines of the scenario that say how long it runs.
    fn length(&self) -> String {
        match self.rounds {
            Some(rounds) => format!("rounds: {rounds}"),
            None => format!("budget: {} s", self.budget.as_secs_f64()),
        }
    }

    fn announce(&self, what: &str, kind: &str, seconds: f64, output: &Output) {
        let long = match self.rounds {
            Some(rounds) => format!("{}, about {}", plural(rounds.into(), "round"), show_seconds(self.seconds())),
            None => format!("about {} at most", show_seconds(self.seconds())),
        };
        output.progress(&format!(
            "{what}, {kind}, takes about {} per item: trials of {} each, {long}",
            show_seconds(seconds),
            plural(self.items, "item"),
        ));
    }

    fn seconds(&self) -> f64 {
        // A few rounds are made whatever they take.
        let rounds = self.rounds.map_or(self.budget.as_secs_f64().max(6.0 * self.round), |n| f64::from(n) * self.round);
        rounds + self.apart
    }
}

/// A name for the report's folder from a function's.
fn folder(name: &str) -> String {
    let slug = slug(name, 56);
    format!("try-{}", if slug.is_empty() { "it" } else { &slug })
}

/// A path or a text as YAML.
fn quoted(text: impl AsRef<std::ffi::OsStr>) -> String {
    yaml(&text.as_ref().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_functions_become_folders() {
        assert_eq!(folder("shrink"), "try-shrink");
        assert_eq!(folder("_Read_All__"), "try-read-all");
        assert_eq!(folder("ß"), "try-it");
        assert!(crate::text::is_slug(&folder(&"x".repeat(300))));
    }

    #[test]
    fn the_size_follows_from_what_an_item_takes() {
        let of = |seconds| Size::of(seconds, 3.0, 2);
        let (tiny, usual, long) = (of(1e-6), of(0.01), of(2.0));
        assert_eq!([tiny.items, usual.items, long.items], [5883, 30, 8]);
        assert!(usual.seconds() < 60.0, "{}", usual.seconds());
        assert_eq!(usual.with(None, Some(Duration::from_secs(90))).length(), "budget: 90 s");
        assert_eq!(long.with(Some(7), None).length(), "rounds: 7");
    }
}
