//! `runner try`: a function or a command of the user's under every configuration, without a scenario file.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::args::{Narrowing, RunOptions};
use super::output::Output;
use super::sizing::{Size, Tried, chunk_of, listed, workers_of};
use super::try_args::{Argv, TryOptions};
use super::{Exit, functions, run, sources};
use crate::host::{Depth, FunctionLook};
use crate::reexec::Program;
use crate::runtime::{Interpreter, find};
use crate::scenario::{Diagnostics, Source};
use crate::setting::Value;
use crate::task::{Call, DataForm, Moment, Place, Settings, Tasks, read_lines, read_values, statuses};
use crate::text::escape::yaml;
use crate::text::{exit_words, plural, show_bytes, show_seconds, slug};

/// From this many bytes of a result on, sending it between processes is worth a word.
const LARGE_RESULT: u64 = 64 << 10;

/// What words of a look begin with, where they say what the function did.
const VERBS: [&str; 5] = ["raised", "was", "ended", "cannot", "gave"];

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

/// Items of a file as JSON, and how the file was read.
type FileItems = Option<(Vec<String>, DataForm)>;

/// Writes the scenario into a new file: one that exists is somebody's.
fn save(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::File::options().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

fn scenario(options: &TryOptions, tasks: &Tasks, program: &Program, output: &Output) -> Result<String, Refused> {
    match &options.function {
        Some(text) => function(options, text, tasks, program, output),
        None => command(options, tasks, output),
    }
}

/// The scenario of a Python function.
fn function(
    options: &TryOptions,
    text: &str,
    tasks: &Tasks,
    program: &Program,
    output: &Output,
) -> Result<String, Refused> {
    let mut call = Call::read(text, &options.path).map_err(Refused)?;
    let folder = match call.folder.take() {
        Some(folder) => options.path.join(folder),
        None => options.path.clone(),
    };
    let (settings, items) = settings(options, &call, &folder)?;
    let interpreter = interpreter(options)?;
    let call = call.shown();
    let seen = looked(options, tasks, program, settings, &interpreter, output).map_err(|why| {
        Refused(format!(
            "{call}{} {why} ({})",
            if VERBS.iter().any(|verb| why.starts_with(verb)) { "" } else { ":" },
            interpreter.label()
        ))
    })?;
    if let (Some(differs), false) = (&seen.differs, options.unchecked) {
        return Err(Refused(format!(
            "two calls of {call} with the same item gave different results, {differs}; --unchecked measures it without \
             comparing them"
        )));
    }
    let tried = Tried {
        seconds: seen.seconds,
        waits: seen.cpu_seconds.is_some_and(|cpu| cpu < 0.5 * seen.seconds),
        coroutine: seen.kind == "coroutine",
        result_bytes: seen.result_bytes.unwrap_or(0),
    };
    let workers = workers_of(&options.workers, &options.tune, &tried);
    let chunks = chunk_of(&options.tune, &tried);
    let models = Models::of(&seen, &interpreter, &workers, &chunks);
    let count = seen.made.or(items.as_ref().map(|(items, _)| items.len() as u64));
    let size = Size::of(&tried, models.configurations, &workers, &chunks).with(options.rounds, options.budget);
    size.announce(&call, &kind(&seen, &interpreter), tried.seconds, output);
    if let Some((values, form)) = &items {
        output.progress(&format!("the items are {} {}", values.len(), form.shown()));
    }
    for remark in remarks(&seen, &models, count, &workers) {
        output.progress(&remark);
    }
    let name = call.replace([':', '.'], "-");
    Ok(format!(
        "# Written by `runner try {call}`. It runs again with `runner --allow-commands FILE`.\nversion: 1\nname: {}\n\
         title: {}\n\ntasks:\n  - kind: python\n    call: {}\n    path: {}{}\n    items: {}\n\nruntime: python\n\
         python: {}\nmodels:\n{}{}\ntimeout: {} s\n",
        report_name(&name),
        quoted(&call),
        quoted(&call),
        quoted(&folder),
        origin(options),
        size.items(),
        quoted(&options.python),
        models.yaml,
        size.length(),
        size.timeout,
    ))
}

/// Where a scenario has its items from, and whether results are compared, as lines of its task.
fn origin(options: &TryOptions) -> String {
    let mut lines = String::new();
    let mut put = |key: &str, value: String| lines += &format!("\n    {key}: {value}");
    if let Some(path) = &options.items {
        put("data", quoted(path));
    }
    if let Some(place) = &options.items_from {
        put("items_from", quoted(place));
    }
    if let Some(expression) = &options.items_expr {
        put("items_expr", quoted(expression));
    }
    if options.unchecked {
        put("same_results", "false".into());
    }
    lines
}

/// The settings of the task, and its items where a file has them.
fn settings(options: &TryOptions, call: &Call, folder: &Path) -> Result<(Settings, FileItems), Refused> {
    let items = options.items.as_deref().map(|path| read_values(path, &path.display().to_string())).transpose();
    let items = items.map_err(|error| Refused(error.to_string()))?;
    let mut settings = Settings::default();
    let mut put = |name: &str, value: String| settings.put(name, Value::Word(value));
    put("call", call.shown());
    put("code", String::new());
    put("path", folder.display().to_string());
    put("data", options.items.as_ref().map_or(String::new(), |path| path.display().to_string()));
    put("items_from", options.items_from.clone().unwrap_or_default());
    put("items_expr", options.items_expr.clone().unwrap_or_default());
    settings.put("same_results", Value::Bool(!options.unchecked));
    settings.put("tolerance", Value::Real(0.0));
    Ok((settings, items))
}

fn interpreter(options: &TryOptions) -> Result<Interpreter, Refused> {
    let search = std::env::var("PATH").unwrap_or_default();
    let found = find(std::slice::from_ref(&options.python), &search, true);
    match found.into_values().next() {
        Some(Ok(interpreter)) => Ok(interpreter),
        Some(Err(why)) => Err(Refused(format!("{why}: name another with --python"))),
        None => Err(Refused("no interpreter was looked for".into())),
    }
}

/// Looks at the function, as long as the user says.
fn looked(
    options: &TryOptions,
    tasks: &Tasks,
    program: &Program,
    settings: Settings,
    interpreter: &Interpreter,
    output: &Output,
) -> Result<FunctionLook, String> {
    let patience = options.look.unwrap_or(functions::PATIENCE);
    let waiting = &mut |what: &str| output.progress(&format!("{what} …"));
    functions::looked(tasks, program, settings, &interpreter.path, Depth::Call, patience, waiting)
}

/// What a function is, in words.
fn kind(seen: &FunctionLook, interpreter: &Interpreter) -> String {
    let kind = match seen.kind.as_str() {
        "coroutine" => "a coroutine function",
        "generator" => "a generator function (each item is `list` of what it yields)",
        _ => "a function",
    };
    format!("{kind}, by {}", interpreter.label())
}

/// What else a reader should know before it runs.
fn remarks(seen: &FunctionLook, models: &Models, items: Option<u64>, workers: &[u32]) -> Vec<String> {
    let mut remarks = Vec::new();
    if seen.import_seconds > 1.0 {
        remarks.push(format!(
            "importing its module takes {}, which no time of an item includes",
            show_seconds(seen.import_seconds)
        ));
    }
    remarks.extend(models.without.clone());
    if let Some(bytes) = seen.result_bytes.filter(|bytes| *bytes >= LARGE_RESULT) {
        remarks.push(format!("a result is {} once it is pickled, which processes pay for", show_bytes(bytes)));
    }
    let most = workers.iter().copied().max().unwrap_or(1);
    if let Some(items) = items.filter(|items| *items < u64::from(most)) {
        remarks.push(format!(
            "there are only {}, which {} take in turns; each is used several times",
            plural(items, "item"),
            plural(u64::from(most), "worker")
        ));
    }
    remarks
}

/// The models that make sense for a function.
struct Models {
    yaml: String,
    configurations: f64,
    /// Which model is left out, and why.
    without: Option<String>,
}

impl Models {
    /// Python's own pools and executors, since that is what a program is written with.
    fn of(seen: &FunctionLook, interpreter: &Interpreter, workers: &[u32], chunk: &[u64]) -> Self {
        let cannot = seen.unpicklable.as_ref().or(seen.by_name.as_ref());
        let why = match (&seen.unpicklable, &seen.by_name) {
            (Some(why), _) => Some(format!("no processes are tried, since what cannot be pickled cannot cross: {why}")),
            (None, Some(why)) => Some(format!(
                "no processes are tried, since they are sent a function by its name ({why}); define it with `def` at the top of its \
                 module"
            )),
            _ => None,
        };
        let coroutine = seen.kind == "coroutine";
        let list = listed(workers);
        let mut yaml = format!("  - serial\n  - {{kind: ThreadPoolExecutor, workers: {list}}}\n");
        let mut configurations = 1.0 + workers.len() as f64;
        if cannot.is_none() {
            // Each process has an interpreter of its own: many of them only wait as well as threads do.
            let few: Vec<u32> = workers.iter().copied().filter(|workers| *workers <= 8).collect();
            let few = if few.is_empty() { workers } else { &few };
            yaml += &format!("  - {{kind: ProcessPoolExecutor, workers: {}, chunk: {}}}\n", listed(few), listed(chunk));
            configurations += (few.len() * chunk.len()) as f64;
        }
        if coroutine {
            yaml += &format!("  - {{kind: async, concurrency: {list}}}\n");
            configurations += workers.len() as f64;
        } else if interpreter.interpreters {
            yaml += &format!("  - {{kind: interpreters, workers: {list}}}\n");
            configurations += workers.len() as f64;
        }
        Self { yaml, configurations, without: why }
    }
}

/// The scenario of a command, which is run once to see whether it can be and how long it takes.
fn command(options: &TryOptions, tasks: &Tasks, output: &Output) -> Result<String, Refused> {
    let items = options.items.as_deref().map(|path| read_lines(path, &path.display().to_string())).transpose();
    let items = items.map_err(|error| Refused(error.to_string()))?;
    let name = options.command.first().map_or("", String::as_str);
    let first = items.as_ref().and_then(|items| items.first()).map_or("0", String::as_str);
    let lists = lists(options);
    let seconds = command_look(options, &lists, tasks, first, output)?;
    let tried = Tried { seconds, waits: false, coroutine: false, result_bytes: 0 };
    let workers = workers_of(&options.workers, &options.tune, &tried);
    let size = Size::of(&tried, 1.0 + 2.0 * workers.len() as f64, &workers, &[1]).with(options.rounds, options.budget);
    size.announce(name, "a command", seconds, output);
    let short = Path::new(name).file_name().unwrap_or_default().to_string_lossy();
    let shown = |(name, words): &(&str, Vec<String>)| {
        format!("    {name}: [{}]\n", words.iter().map(quoted).collect::<Vec<_>>().join(", "))
    };
    let lists: String = lists.iter().map(shown).collect();
    Ok(format!(
        "# Written by `runner try -- {name} …`. It runs again with `runner --allow-commands FILE`.\nversion: 1\nname: {}\n\
         title: {}\n\ntasks:\n  - kind: command\n{}{}\n    items: {}\n\nmodels:\n  - serial\n  - threads\n  \
         - processes\nworkers: {}\n{}\ntimeout: {} s\n",
        report_name(&short),
        quoted(&*short),
        lists.trim_end(),
        origin(options),
        size.items(),
        listed(&workers),
        size.length(),
        size.timeout,
    ))
}

/// The settings of the command that are lists, as far as they are given.
fn lists(options: &TryOptions) -> Vec<(&'static str, Vec<String>)> {
    let argv = |argv: &Option<Argv>| argv.as_ref().map_or_else(Vec::new, |argv| argv.0.clone());
    let all = [
        ("argv", options.command.clone()),
        ("exit_status", options.exit_status.clone()),
        ("setup", argv(&options.setup)),
        ("prepare", argv(&options.prepare)),
        ("cleanup", argv(&options.cleanup)),
    ];
    all.into_iter().filter(|(_, words)| !words.is_empty()).collect()
}

/// Seconds that the command takes for an item, with what runs around it, as in a trial.
fn command_look(
    options: &TryOptions,
    lists: &[(&'static str, Vec<String>)],
    tasks: &Tasks,
    first: &str,
    output: &Output,
) -> Result<f64, Refused> {
    let mut settings = Settings::default();
    for (name, words) in lists {
        settings.put(name, Value::List(words.clone()));
    }
    let place = Place { seed: 1, items: 1, folder: std::path::PathBuf::new(), server: None };
    let job = tasks.get("command").map(|task| task.prepare(&settings, &place));
    let job = job.ok_or_else(|| Refused("this program has no commands".into()))?;
    let job = job.map_err(|error| Refused(error.to_string()))?;
    let around = |moment| job.around(moment).map_err(|error| Refused(error.to_string()));
    let name = options.command.first().map_or("", String::as_str);
    let seconds = around(Moment::SetUp).and_then(|()| around(Moment::Prepare)).and_then(|()| {
        let (status, seconds, said) = command_seconds(options, name, first, output)?;
        match statuses(&options.exit_status).map_err(Refused)?.has(status) {
            true => Ok(seconds),
            false => Err(unsuccessful(name, first, status, &said)),
        }
    });
    let cleaned = around(Moment::CleanUp);
    let seconds = seconds?;
    cleaned.map(|()| seconds)
}

/// What is said of a command that failed, with what it wrote to standard error.
fn unsuccessful(name: &str, first: &str, status: std::process::ExitStatus, said: &str) -> Refused {
    let said = if said.is_empty() { "it wrote nothing to standard error" } else { said };
    let hint = status.code().map_or(String::new(), |code| format!("; --exit-status {code} takes that for success"));
    Refused(format!("{name} ended with {} for item {first}: {said}{hint}", exit_words(status.into_raw())))
}

/// How the command ends for an item, in how many seconds, and what it writes to standard error. It is given a while, of which somebody who waits is told, and ends with its program,
/// whoever else holds what it writes to.
fn command_seconds(
    options: &TryOptions,
    name: &str,
    first: &str,
    output: &Output,
) -> Result<(std::process::ExitStatus, f64, String), Refused> {
    use std::os::unix::process::CommandExt as _;
    let mut errors = tempfile::tempfile().map_err(|error| Refused(format!("making a file: {error}")))?;
    let held = errors.try_clone().map_err(|error| Refused(format!("making a file: {error}")))?;
    let mut program = std::process::Command::new(name);
    program.args(options.command.iter().skip(1).map(|argument| argument.replace("{item}", first)));
    program.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(held).process_group(0);
    let (begun, patience) = (Instant::now(), options.look.unwrap_or(functions::PATIENCE));
    let mut child = program.spawn().map_err(|error| Refused(format!("{name} cannot be started: {error}")))?;
    let group = rustix::process::Pid::from_raw(child.id() as i32);
    let mut told = Duration::from_secs(3);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if begun.elapsed() < patience => std::thread::sleep(Duration::from_micros(200)),
            _ => break None,
        }
        if begun.elapsed() > told {
            output.progress(&format!("{name} is being tried with item {first} …"));
            told *= 2;
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let Some(status) = status else {
        let _ = child.kill();
        let _ = child.wait();
        let patience = patience.as_secs_f64();
        return Err(Refused(format!(
            "{name} did not end within {} for item {first}; give it more time with --look 10min",
            show_seconds(patience)
        )));
    };
    use std::io::{Read as _, Seek as _};
    let mut said = String::new();
    let _ = errors.rewind();
    let _ = errors.take(4096).read_to_string(&mut said);
    Ok((status, seconds, said.trim().to_owned()))
}

/// A name for the report's folder from a function's.
fn report_name(name: &str) -> String {
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
        assert_eq!(report_name("work-shrink"), "try-work-shrink");
        assert_eq!(report_name("_Read_All__"), "try-read-all");
        assert_eq!(report_name("ß"), "try-it");
        assert!(crate::text::is_slug(&report_name(&"x".repeat(300))));
    }
}
