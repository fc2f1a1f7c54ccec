//! Reading scenario files and planning them, with all problems of all files in one go.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::CommandFactory as _;

use super::answers::{Checked, ProblemJson};
use super::args::{Arguments, Narrowing};
use super::output::Output;
use crate::plan::{Filter, Options, Plan, plan, pythons};
use crate::runtime::{Interpreter, NamedPython, find};
use crate::scenario::{Diagnostics, Scenario, Source, assign, load};
use crate::task::Tasks;

/// Most bytes that are read of a file: one more than the guard accepts, so that it can say that there are too many.
const MOST_BYTES: u64 = (1 << 20) + 1;

/// Reads and plans all files, or prints all their problems and gives nothing.
pub(super) fn plans(
    files: &[PathBuf],
    shape: Option<&Narrowing>,
    tasks: &Tasks,
    output: &Output,
    json: bool,
) -> Result<Option<Vec<Plan>>> {
    let mut problems = Diagnostics::new();
    let mut sources = read(files, &mut problems);
    for source in &mut sources {
        assign(source, shape.map_or(&[], |shape| shape.set.as_slice()))
            .unwrap_or_else(|problem| problems.push(problem));
    }
    plans_of(&sources, problems, shape, tasks, output, json)
}

/// Plans what was read already, with the problems of reading it.
pub(super) fn plans_of(
    sources: &[Source],
    mut problems: Diagnostics,
    shape: Option<&Narrowing>,
    tasks: &Tasks,
    output: &Output,
    json: bool,
) -> Result<Option<Vec<Plan>>> {
    let mut options = match options(shape) {
        Ok(options) => options,
        Err(message) => {
            output.error(&message);
            return Ok(None);
        }
    };
    let mut plans = Vec::new();
    match load(sources, tasks) {
        Err(found) => problems.extend(found),
        Ok(scenarios) => {
            options.pythons = found(&scenarios, shape.is_some_and(|shape| shape.allow_commands));
            for scenario in &scenarios {
                match plan(scenario, tasks, &options) {
                    Ok(plan) => plans.push(plan),
                    Err(found) => problems.extend(found),
                }
            }
        }
    }
    if problems.is_empty() {
        return Ok(Some(plans));
    }
    if json {
        let told = problems.list().into_iter().map(|problem| ProblemJson {
            file: problem.file.clone(),
            line: problem.line,
            column: problem.column,
            message: problem.message.clone(),
            help: problem.help.clone(),
        });
        output.json(&Checked { problems: told.collect() })?;
    } else {
        output.say(&problems.folded(output.color_err(), output.prose_of_errors()));
        let count = problems.len();
        output.say(&format!("\n{}; nothing was run", crate::text::plural(count as u64, "problem")));
    }
    Ok(None)
}

/// The interpreters that scenarios name, asked what they can do.
fn found(scenarios: &[Scenario], allowed: bool) -> BTreeMap<NamedPython, Result<Interpreter, String>> {
    let mut names: Vec<NamedPython> = scenarios.iter().flat_map(pythons).collect();
    names.sort_unstable();
    names.dedup();
    find(&names, &std::env::var("PATH").unwrap_or_default(), allowed)
}

fn options(shape: Option<&Narrowing>) -> Result<Options, String> {
    let mut options = Options::new(crate::host::granted_cores());
    options.physical = crate::host::physical_cores();
    options.memory = crate::host::free_memory();
    if let Some(shape) = shape {
        options.allow_commands = shape.allow_commands;
        options.quick = shape.quick;
        options.rounds = shape.rounds;
        options.budget = shape.budget;
        options.seed = shape.seed;
        if !shape.filter.is_empty() {
            options.filter = Some(Filter::parse(&shape.filter).map_err(|error| format!("--filter: {error}"))?);
        }
    }
    Ok(options)
}

fn read(files: &[PathBuf], problems: &mut Diagnostics) -> Vec<Source> {
    let mut sources = Vec::new();
    for path in files {
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            let help = format!("give the files in it: {}/*.yaml", name.trim_end_matches('/'));
            problems.push_file(&name, "this is a folder, not a scenario file", Some(help));
            continue;
        }
        // Of a pipe or a device, the end may never come.
        if path.metadata().is_ok_and(|meta| !meta.is_file()) {
            problems.push_file(&name, "this is not a regular file", None);
            continue;
        }
        let mut bytes = Vec::new();
        match std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes)) {
            Ok(_) => sources.push(Source { name, bytes }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let help = near_command(path).or_else(|| near_file(path).map(|near| format!("there is {near}")));
                let help = help.or_else(|| missing_folder(path));
                problems.push_file(&name, "there is no such file", help);
            }
            Err(error) => problems.push_file(&name, format!("cannot be read: {error}"), None),
        }
    }
    sources
}

/// The command that somebody may have meant, since what is no command is taken for a file.
fn near_command(path: &Path) -> Option<String> {
    let word = path.to_str().filter(|word| !word.contains(['.', '/']))?;
    let commands = Arguments::command();
    let known = commands.get_subcommands().map(clap::Command::get_name);
    let near = crate::text::nearest(word, known.chain(["help"]))?;
    Some(format!("did you mean the command `runner {near}`?"))
}

/// A file of a similar name in the same folder, or where scenarios usually are.
fn near_file(path: &Path) -> Option<String> {
    let own = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name()?.to_str()?;
    [own, Path::new("scenarios")].into_iter().find_map(|folder| {
        let names: Vec<String> = std::fs::read_dir(folder)
            .ok()?
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.ends_with(".yaml") || name.ends_with(".yml"))
            .collect();
        let stems = names.iter().filter_map(|name| Some((name.rsplit_once('.')?.0, name)));
        let exact = stems
            .filter(|(stem, whole)| *stem == name || whole.as_str() == name)
            .map(|(_, whole)| whole.as_str())
            .next();
        let near = exact.or_else(|| crate::text::nearest(name, names.iter().map(String::as_str)))?;
        Some(folder.join(near).display().to_string().trim_start_matches("./").to_owned())
    })
}

/// The first folder on the way that does not exist.
fn missing_folder(path: &Path) -> Option<String> {
    let folders: Vec<&Path> = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).collect();
    let missing = folders.into_iter().rev().find(|folder| !folder.exists())?;
    Some(format!("there is no folder {}", missing.display()))
}
