//! `runner try MODULE:FUNCTION…`: the scenario of Python functions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::functions::{self, By};
use super::output::Output;
use super::sizing::{Size, Tried, chunk_of, listed, seconds_of, workers_of};
use super::try_args::TryOptions;
use super::try_yaml::{Refused, commit_variants, listed_variants, origin, quoted, report_name, short_name};
use crate::host::{Depth, FunctionLook};
use crate::reexec::Program;
use crate::runtime::{Interpreter, NamedPython, find};
use crate::setting::Value;
use crate::task::{Call, DataForm, Settings, Tasks, read_values};
use crate::text::{plural, show_bytes, show_seconds};

/// From this many bytes of a result on, sending it between processes is worth a word.
const LARGE_RESULT: u64 = 64 << 10;

/// What words of a look begin with, where they say what the function did.
const VERBS: [&str; 5] = ["raised", "was", "ended", "cannot", "gave"];

/// Items of a file as JSON, and how the file was read.
type FileItems = Option<(Vec<String>, DataForm)>;

/// One of what is compared with each other, or all that is tried.
struct Subject {
    /// How its variant is called.
    name: String,
    /// How the user named it.
    given: String,
    call: Call,
    folder: PathBuf,
    interpreter: Interpreter,
    python: String,
    seen: FunctionLook,
}

/// The scenario of Python functions.
pub(super) fn scenario(
    options: &TryOptions,
    tasks: &Tasks,
    program: &Program,
    output: &Output,
) -> Result<String, Refused> {
    one_thing(options)?;
    let mut subjects = Vec::new();
    for text in &options.functions {
        for python in &options.python {
            subjects.push(subject(options, text, python, tasks, program, output)?);
        }
    }
    distinct(&mut subjects)?;
    let Some(first) = subjects.first() else { return Err(Refused("no function is named".into())) };
    let (_, items) = settings(options, &first.call, &first.folder)?;
    let seen = together(&subjects);
    let tried = Tried {
        seconds: seconds_of(subjects.iter().map(|one| one.seen.seconds)),
        waits: subjects.iter().any(|one| one.seen.cpu_seconds.is_some_and(|cpu| cpu < 0.5 * one.seen.seconds)),
        coroutine: seen.kind == "coroutine",
        result_bytes: subjects.iter().filter_map(|one| one.seen.result_bytes).max().unwrap_or(0),
    };
    let workers = workers_of(&options.workers, &options.tune, &tried);
    let chunks = chunk_of(&options.tune, &tried);
    let models = Models::of(&seen, subjects.iter().all(|one| one.interpreter.interpreters), &workers, &chunks);
    let count = seen.made.or(items.as_ref().map(|(items, _)| items.len() as u64));
    let variants = variants(options, &subjects);
    let several = subjects.len().max(1 + usize::from(options.rev.is_some())) as u32;
    let size = Size::of(&tried, models.configurations * f64::from(several), &workers, &chunks).times(several);
    let size = size.with(options.rounds, options.budget);
    for one in &subjects {
        size.announce(&one.call.shown(), &kind(&one.seen, &one.interpreter), one.seen.seconds, output);
    }
    if let Some((values, form)) = &items {
        output.progress(&format!("the items are {} {}", values.len(), form.shown()));
    }
    for remark in remarks(&seen, &models, count, &workers) {
        output.progress(&remark);
    }
    let names = called(&subjects);
    let call = if options.functions.len() == 1 {
        format!("\n    call: {}", quoted(first.call.shown()))
    } else {
        String::new()
    };
    let same_folder = subjects.iter().all(|one| one.folder == first.folder);
    let path = if same_folder { format!("\n    path: {}", quoted(&first.folder)) } else { String::new() };
    Ok(format!(
        "# Written by `runner try {}`. It runs again with `runner --allow-commands FILE`.\nversion: 1\nname: {}\n\
         title: {}\n\ntasks:\n  - kind: python{call}{path}{}\n    items: {}\n\nruntime: python\n\
         python: {}\n{variants}models:\n{}{}\ntimeout: {} s\n",
        names.join(" "),
        report_name(&names.join("-").replace([':', '.'], "-")),
        quoted(names.join(" or ")),
        origin(options),
        size.items(),
        quoted(&first.python),
        models.yaml,
        size.length(),
        size.timeout,
    ))
}

/// The functions, each once.
fn called(subjects: &[Subject]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in subjects.iter().map(|one| one.call.shown()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What differs is one thing: a table of functions × interpreters × commits answers nothing within a minute.
fn one_thing(options: &TryOptions) -> Result<(), Refused> {
    let several = [
        (options.functions.len() > 1, "several functions"),
        (options.python.len() > 1, "several interpreters"),
        (options.rev.is_some(), "a commit"),
    ];
    let named: Vec<&str> = several.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect();
    match named.as_slice() {
        [] | [_] => Ok(()),
        several => Err(Refused(format!(
            "{} are too much for one comparison: try one after the other, or write a scenario with `variants`",
            several.join(" and ")
        ))),
    }
}

/// Names that tell all of them apart: as they were given, where functions of two folders have one name.
fn distinct(subjects: &mut [Subject]) -> Result<(), Refused> {
    let twin = |subjects: &[Subject]| {
        let named = |name: &String| subjects.iter().filter(|one| one.name == *name).count();
        subjects.iter().find(|one| named(&one.name) > 1).map(|one| one.name.clone())
    };
    if twin(subjects).is_some() {
        subjects.iter_mut().for_each(|one| one.name.clone_from(&one.given));
    }
    match twin(subjects) {
        Some(name) => Err(Refused(format!("{name} is named twice: there is nothing to compare it with"))),
        None => Ok(()),
    }
}

/// Looks at a function in an interpreter.
fn subject(
    options: &TryOptions,
    text: &str,
    python: &str,
    tasks: &Tasks,
    program: &Program,
    output: &Output,
) -> Result<Subject, Refused> {
    let mut call = Call::read(text, &options.path).map_err(Refused)?;
    let folder = match call.folder.take() {
        Some(folder) => options.path.join(folder),
        None => options.path.clone(),
    };
    let (settings, _) = settings(options, &call, &folder)?;
    let interpreter = interpreter(python)?;
    let shown = call.shown();
    let seen = looked(options, tasks, program, settings, &interpreter, output).map_err(|why| {
        Refused(format!(
            "{shown}{} {why} ({})",
            if VERBS.iter().any(|verb| why.starts_with(verb)) { "" } else { ":" },
            interpreter.label()
        ))
    })?;
    if let (Some(differs), false) = (&seen.differs, options.unchecked) {
        return Err(Refused(format!(
            "two calls of {shown} with the same item gave different results, {differs}; --unchecked measures it without \
             comparing them"
        )));
    }
    let name = if options.python.len() > 1 { python.to_owned() } else { shown };
    let given = if options.python.len() > 1 { python } else { text }.to_owned();
    Ok(Subject { name, given, call, folder, interpreter, python: python.to_owned(), seen })
}

/// What was seen of all of them, as far as it decides under what they are tried.
fn together(subjects: &[Subject]) -> FunctionLook {
    let mut all = subjects.first().map(|one| one.seen.clone()).unwrap_or_default();
    for one in subjects.iter().map(|one| &one.seen).skip(1) {
        if one.kind != all.kind {
            // What is no coroutine cannot be awaited.
            all.kind = "plain".into();
        }
        all.unpicklable = all.unpicklable.or_else(|| one.unpicklable.clone());
        all.by_name = all.by_name.or_else(|| one.by_name.clone());
        all.result_bytes = all.result_bytes.max(one.result_bytes);
        all.import_seconds = all.import_seconds.max(one.import_seconds);
    }
    all
}

/// The variants of the scenario, where several things are compared.
fn variants(options: &TryOptions, subjects: &[Subject]) -> String {
    let mut lines = commit_variants(options);
    if options.functions.len() > 1 {
        let same = subjects.iter().all(|one| one.folder == subjects[0].folder);
        for one in subjects {
            let path = if same { String::new() } else { format!(", path: {}", quoted(&one.folder)) };
            lines.push(format!(
                "{{name: {}, call: {}{path}}}",
                quoted(short_name(&one.name)),
                quoted(one.call.shown())
            ));
        }
    }
    if options.python.len() > 1 {
        for one in subjects {
            lines.push(format!("{{name: {}, python: {}}}", quoted(short_name(&one.name)), quoted(&one.python)));
        }
    }
    listed_variants(&lines)
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

fn interpreter(python: &str) -> Result<Interpreter, Refused> {
    let search = std::env::var("PATH").unwrap_or_default();
    let found = find(&[NamedPython::from(python)], &search, true);
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
    let by = By { interpreter: &interpreter.path, environment: BTreeMap::new(), folder: None };
    functions::looked(tasks, program, settings, &by, Depth::Call, patience, waiting)
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
    fn of(seen: &FunctionLook, interpreters: bool, workers: &[u32], chunk: &[u64]) -> Self {
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
        } else if interpreters {
            yaml += &format!("  - {{kind: interpreters, workers: {list}}}\n");
            configurations += workers.len() as f64;
        }
        Self { yaml, configurations, without: why }
    }
}
