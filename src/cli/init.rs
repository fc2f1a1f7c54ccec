//! `runner init`: a commented scenario for a use case. Shipped scenarios are handed out where they are short enough.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};

use super::Exit;
use super::output::Output;
use crate::text::is_slug;

/// What one may want to know, with a scenario that finds it out in less than half a minute.
pub(super) struct UseCase {
    pub(super) word: &'static str,
    /// The question, in a line.
    pub(super) about: &'static str,
    text: &'static str,
    /// Whether it starts what it names, which must be allowed.
    permission: bool,
}

macro_rules! case {
    ($word:literal, $file:literal, $about:literal) => {
        UseCase { permission: false, ..case!(allowed $word, $file, $about) }
    };
    (allowed $word:literal, $file:literal, $about:literal) => {
        UseCase {
            word: $word,
            about: $about,
            text: include_str!(concat!("../../scenarios/", $file, ".yaml")),
            permission: true,
        }
    };
}

/// All use cases, in the order of the menu.
pub(super) const USE_CASES: &[UseCase] = &[
    case!("cpu-bound", "templates/cpu-bound", "work that keeps a core busy: what do threads and processes gain?"),
    case!("io-bound", "templates/io-bound", "work that waits: how many workers are worth it?"),
    case!("download", "templates/download", "files over HTTP: how many at once, by threads or an event loop?"),
    case!("crawl", "templates/crawl", "pages that lead to others: what fetches them fastest?"),
    case!("images", "templates/images", "a folder of photographs: does it pay to process them in parallel?"),
    case!("database", "templates/database", "rows of an SQLite file: do threads read and insert them faster?"),
    case!("logging", "logging", "one log for many producers: a single writer, or every worker by itself?"),
    case!("training", "templates/training", "rounds in which all wait for the slowest: does it still pay?"),
    case!(
        "pipeline",
        "templates/pipeline",
        "work in stages: which one is the bottleneck, and do more workers there help?"
    ),
    case!("ipc", "templates/ipc", "bytes between processes: which method, at which size?"),
    case!("python", "templates/python", "the GIL of CPython: do threads help where it computes, and where it waits?"),
    case!(allowed "own-function", "templates/own-function", "your own Python function: threads or processes?"),
    case!(allowed "own-command", "own-command", "your own program: how many at a time?"),
    case!("crash-safety", "templates/crash-safety", "a worker dies: what is lost, and what goes on?"),
    case!("service-rate", "service-rate", "requests at an arrival rate: what is the latency, and what saturates?"),
    case!("memory", "memory", "what does a worker cost in memory?"),
];

/// What is written, and where to.
#[derive(Debug, Args)]
pub(super) struct InitOptions {
    /// Which use case; asked for on a terminal where it is not given
    #[arg(value_name = "USE_CASE", value_parser = use_cases())]
    pub(super) case: Option<String>,
    /// Name of the scenario, and of its report's folder [default: that of the use case]
    #[arg(long, value_name = "SLUG")]
    pub(super) name: Option<String>,
    /// File to write; `-` for standard output [default: NAME.yaml]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Write over a file that exists
    #[arg(long)]
    pub(super) force: bool,
}

/// The use cases, as values that shells complete and help lists.
fn use_cases() -> PossibleValuesParser {
    PossibleValuesParser::new(USE_CASES.iter().map(|case| PossibleValue::new(case.word).help(case.about)))
}

/// Writes the scenario of a use case.
pub(super) fn init(options: &InitOptions, output: &Output) -> Result<Exit> {
    let case = match &options.case {
        Some(word) => USE_CASES.iter().find(|case| case.word == word),
        None if output.can_ask() => ask(output)?,
        None => {
            output.error(&format!("which use case? `runner init USE_CASE`, with one of these:\n{}", menu(false)));
            return Ok(Exit::Usage);
        }
    };
    let Some(case) = case else {
        output.error("nothing was chosen, and nothing written");
        return Ok(Exit::Usage);
    };
    let name = options.name.as_deref().unwrap_or(case.word);
    if !is_slug(name) {
        output.error(&format!(
            "`{}` cannot be the name: it names the report's folder, with 1 to 64 lower-case letters, digits and `-`",
            crate::text::escape::printable(name)
        ));
        return Ok(Exit::Usage);
    }
    let text = named(case, name);
    match options.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.yaml"))) {
        path if path.as_os_str() == "-" => output.exactly(&text)?,
        path => {
            if let Err(why) = write(&path, &text, options.force) {
                output.error(&format!("{}: {why}", path.display()));
                return Ok(Exit::Usage);
            }
            output.progress(&next(case, &path));
        }
    }
    Ok(Exit::Success)
}

/// The use cases, one on each line.
fn menu(numbered: bool) -> String {
    let line = |(at, case): (usize, &UseCase)| {
        let number = if numbered { format!("{:3}  ", at + 1) } else { "  ".into() };
        format!("{number}{:14} {}\n", case.word, case.about)
    };
    USE_CASES.iter().enumerate().map(line).collect()
}

/// Asks for a number or a word, until it is one or nothing is answered.
fn ask(output: &Output) -> Result<Option<&'static UseCase>> {
    output.say(&format!("What do you want to know?\n{}", menu(true)));
    let question = format!("A number from 1 to {}, or a name: ", USE_CASES.len());
    while let Some(answer) = output.ask(&question)?.filter(|answer| !answer.is_empty()) {
        let number = answer.parse::<usize>().ok().and_then(|number| USE_CASES.get(number.wrapping_sub(1)));
        if let Some(case) = number.or_else(|| USE_CASES.iter().find(|case| case.word == answer)) {
            return Ok(Some(case));
        }
    }
    Ok(None)
}

/// The text under another name. The line that tells editors of a schema beside a shipped scenario would lead nowhere.
fn named(case: &UseCase, name: &str) -> String {
    let lines = case.text.lines().filter(|line| !line.starts_with("# yaml-language-server:"));
    let lines: Vec<String> =
        lines.map(|line| if line.starts_with("name: ") { format!("name: {name}") } else { line.to_owned() }).collect();
    let text = lines.join("\n");
    let start = text.find(|c: char| c != '#' && c != '\n' && c != ' ').unwrap_or(0);
    // A shipped scenario has an empty comment below that line.
    let body = text.get(start..).unwrap_or_default();
    let head = if text.starts_with('#') { "# " } else { "" };
    // A shipped scenario names itself where it says how it is run.
    format!("{head}{body}\n").replace(&format!("scenarios/{}.yaml", case.word), &format!("{name}.yaml"))
}

/// Writes a whole new file: one that exists is somebody's, unless that is said not to matter.
fn write(path: &Path, text: &str, force: bool) -> Result<(), String> {
    let mut options = File::options();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            "this file exists; give another with --output, or --force to write over it".into()
        }
        _ => error.to_string(),
    })
}

/// What to do next.
fn next(case: &UseCase, path: &Path) -> String {
    let shown = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    let shown = if shown.chars().all(plain) { shown } else { format!("'{}'", shown.replace('\'', r"'\''")) };
    let allow = if case.permission { "--allow-commands " } else { "" };
    format!(
        "wrote {shown}; now:\n  runner plan {allow}{shown}    # what would be run, and about how long\n  runner \
         {allow}{shown}         # run it, and write its report"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Options, estimate, plan};
    use crate::scenario::{Source, load};
    use crate::task::Tasks;

    #[test]
    fn every_use_case_loads_plans_and_is_short() {
        let tasks = Tasks::builtin();
        for case in USE_CASES {
            let text = named(case, "renamed");
            assert!(text.starts_with("# ") && !text.contains("schema.json"), "{}", case.word);
            let source = Source { name: case.word.into(), bytes: text.clone().into_bytes() };
            let scenarios = load(&[source], &tasks).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
            assert_eq!(scenarios[0].name, "renamed");
            let mut options = Options::new(2);
            options.allow_commands = true;
            let plan =
                plan(&scenarios[0], &tasks, &options).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
            let (least, most) = estimate(&plan, &tasks).seconds;
            assert!(least <= most && least < 25.0, "{} takes {least} to {most} s", case.word);
            // Interpreters were not looked for.
            assert!(
                !plan.configurations.is_empty() || text.contains("runtime: python"),
                "{}: {:?}",
                case.word,
                plan.skipped
            );
            assert!(text.matches("# ").count() >= 3, "{} is hardly commented", case.word);
        }
    }

    #[test]
    fn paths_are_shown_as_a_shell_takes_them() {
        let shown = next(&USE_CASES[0], Path::new("my 'own'.yaml"));
        assert!(shown.contains(r"runner plan 'my '\''own'\''.yaml' "), "{shown}");
    }
}
