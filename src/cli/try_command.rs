//! `runner try -- PROGRAM …`: the scenario of commands.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::functions;
use super::output::Output;
use super::sizing::{Size, Tried, listed, seconds_of, workers_of};
use super::try_args::{Argv, TryOptions};
use super::try_yaml::{Refused, commit_variants, listed_variants, origin, quoted, report_name, short_name};
use crate::setting::Value;
use crate::task::{Moment, Place, Settings, Tasks, read_lines, statuses};
use crate::text::{exit_words, show_seconds};

/// So much of the output of commands is compared before they are tried.
const MOST_WRITTEN: u64 = 1 << 20;

/// The commands, one after each `--`.
fn commands(options: &TryOptions) -> Vec<Vec<String>> {
    options.command.split(|word| word == "--").map(<[String]>::to_vec).collect()
}

/// The scenario of commands, each of which is run once to see whether it can be and how long it takes.
pub(super) fn scenario(options: &TryOptions, tasks: &Tasks, output: &Output) -> Result<String, Refused> {
    let items = options.items.as_deref().map(|path| read_lines(path, &path.display().to_string())).transpose();
    let items = items.map_err(|error| Refused(error.to_string()))?;
    let first = items.as_ref().and_then(|items| items.first()).map_or("0", String::as_str);
    let commands = commands(options);
    if commands.iter().any(Vec::is_empty) {
        return Err(Refused("`--` stands between commands, and here is none before or behind one".into()));
    }
    let name = |argv: &[String]| argv.first().cloned().unwrap_or_default();
    let seen = looked(options, &commands, tasks, first, output)?;
    let tried = Tried {
        seconds: seconds_of(seen.iter().map(|(_, seconds)| *seconds)),
        waits: false,
        coroutine: false,
        result_bytes: 0,
    };
    let workers = workers_of(&options.workers, &options.tune, &tried);
    let each = 1.0 + 2.0 * workers.len() as f64;
    let several = commands.len().max(1 + usize::from(options.rev.is_some())) as u32;
    let size = Size::of(&tried, each * f64::from(several), &workers, &[1]).times(several);
    let size = size.with(options.rounds, options.budget);
    for (name, seconds) in &seen {
        size.announce(name, "a command", *seconds, output);
    }
    let names: Vec<String> = commands.iter().map(|argv| base_name(&name(argv))).collect();
    let list = |words: &[String]| format!("[{}]", words.iter().map(quoted).collect::<Vec<_>>().join(", "));
    let shown = |(name, words): &(&str, Vec<String>)| format!("    {name}: {}\n", list(words));
    let argv = commands.first().filter(|_| commands.len() == 1);
    let lists: String = lists(options, argv.map_or(&[], Vec::as_slice)).iter().map(shown).collect();
    let variants = match commands.len() {
        1 => listed_variants(&commit_variants(options)),
        _ if options.rev.is_some() => {
            return Err(Refused("several commands and a commit are too much for one comparison".into()));
        }
        _ => {
            let entry =
                |(label, argv): (String, &Vec<String>)| format!("{{name: {}, argv: {}}}", quoted(label), list(argv));
            listed_variants(&labels(&commands).into_iter().zip(&commands).map(entry).collect::<Vec<_>>())
        }
    };
    Ok(format!(
        "# Written by `runner try -- {} …`. It runs again with `runner --allow-commands FILE`.\nversion: 1\nname: {}\n\
         title: {}\n\ntasks:\n  - kind: command\n{}{}\n    items: {}\n\n{variants}models:\n  - serial\n  - threads\n  \
         - processes\nworkers: {}\n{}\ntimeout: {} s\n",
        names.join(" … -- "),
        report_name(&names.join("-")),
        quoted(names.join(" or ")),
        lists.trim_end(),
        origin(options),
        size.items(),
        listed(&workers),
        size.length(),
        size.timeout,
    ))
}

/// Every command with the seconds that it takes; refused where they do not write the same.
fn looked(
    options: &TryOptions,
    commands: &[Vec<String>],
    tasks: &Tasks,
    first: &str,
    output: &Output,
) -> Result<Vec<(String, f64)>, Refused> {
    let mut seen: Vec<(String, f64, Vec<u8>)> = Vec::new();
    for argv in commands {
        let (seconds, written) = command_look(options, argv, tasks, first, output)?;
        if let Some((before, _, other)) = seen.first().filter(|(.., other)| !options.unchecked && *other != written) {
            return Err(Refused(format!(
                "{} and {before} write different outputs for item {first} ({} and {}); --unchecked compares their exit statuses alone",
                argv.join(" "),
                told(&written),
                told(other)
            )));
        }
        seen.push((if commands.len() > 1 { argv.join(" ") } else { argv[0].clone() }, seconds, written));
    }
    Ok(seen.into_iter().map(|(name, seconds, _)| (name, seconds)).collect())
}

/// The start of what a program wrote, in quotes.
fn told(written: &[u8]) -> String {
    let text = String::from_utf8_lossy(written);
    let line = text.trim().lines().next().unwrap_or_default();
    format!("`{}`", line.chars().take(40).collect::<String>())
}

/// A program without its folder.
fn base_name(program: &str) -> String {
    Path::new(program).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A name for each command: its program where that tells them apart, else with what follows, and no two of them equal.
fn labels(commands: &[Vec<String>]) -> Vec<String> {
    let programs: Vec<String> =
        commands.iter().map(|argv| argv.first().map(|name| base_name(name)).unwrap_or_default()).collect();
    let distinct = programs.iter().collect::<std::collections::BTreeSet<_>>().len() == programs.len();
    let mut labels: Vec<String> = Vec::new();
    for (at, argv) in commands.iter().enumerate() {
        let whole = [&programs[at..=at], argv.get(1..).unwrap_or_default()].concat().join(" ");
        let label = if distinct { short_name(&programs[at]) } else { short_name(&whole) };
        let twin = labels.contains(&label);
        labels.push(if twin { format!("{} ({})", label.chars().take(24).collect::<String>(), at + 1) } else { label });
    }
    labels
}

/// The settings of a command that are lists, as far as they are given.
fn lists(options: &TryOptions, argv: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let words = |argv: &Option<Argv>| argv.as_ref().map_or_else(Vec::new, |argv| argv.0.clone());
    let all = [
        ("argv", argv.to_vec()),
        ("exit_status", options.exit_status.clone()),
        ("setup", words(&options.setup)),
        ("prepare", words(&options.prepare)),
        ("cleanup", words(&options.cleanup)),
    ];
    all.into_iter().filter(|(_, words)| !words.is_empty()).collect()
}

/// Seconds that the command takes for an item, with what runs around it, as in a trial; and what it writes.
fn command_look(
    options: &TryOptions,
    argv: &[String],
    tasks: &Tasks,
    first: &str,
    output: &Output,
) -> Result<(f64, Vec<u8>), Refused> {
    let mut settings = Settings::default();
    for (name, words) in lists(options, argv) {
        settings.put(name, Value::List(words));
    }
    let place = Place { seed: 1, items: 1, folder: PathBuf::new(), server: None };
    let job = tasks.get("command").map(|task| task.prepare(&settings, &place));
    let job = job.ok_or_else(|| Refused("this program has no commands".into()))?;
    let job = job.map_err(|error| Refused(error.to_string()))?;
    let around = |moment| job.around(moment).map_err(|error| Refused(error.to_string()));
    let name = argv.first().map_or("", String::as_str);
    let seen = around(Moment::SetUp).and_then(|()| around(Moment::Prepare)).and_then(|()| {
        let ran = command_once(options, argv, first, output)?;
        match statuses(&options.exit_status).map_err(Refused)?.has(ran.status) {
            true => Ok((ran.seconds, ran.written)),
            false => Err(unsuccessful(name, first, ran.status, &ran.said)),
        }
    });
    let cleaned = around(Moment::CleanUp);
    let seen = seen?;
    cleaned.map(|()| seen)
}

/// What is said of a command that failed, with what it wrote to standard error.
fn unsuccessful(name: &str, first: &str, status: std::process::ExitStatus, said: &str) -> Refused {
    let said = if said.is_empty() { "it wrote nothing to standard error" } else { said };
    let hint = status.code().map_or(String::new(), |code| format!("; --exit-status {code} takes that for success"));
    Refused(format!("{name} ended with {} for item {first}: {said}{hint}", exit_words(status.into_raw())))
}

/// One run of a command.
struct Ran {
    status: std::process::ExitStatus,
    seconds: f64,
    /// The start of what it wrote to standard output, and of what it wrote to standard error.
    written: Vec<u8>,
    said: String,
}

/// Runs the command for an item. It is given a while, of which somebody who waits is told, and ends with its program, whoever else holds
/// what it writes to.
fn command_once(options: &TryOptions, argv: &[String], first: &str, output: &Output) -> Result<Ran, Refused> {
    use std::os::unix::process::CommandExt as _;
    let made = |error: std::io::Error| Refused(format!("making a file: {error}"));
    let (out, errors) = (tempfile::tempfile().map_err(made)?, tempfile::tempfile().map_err(made)?);
    let [held_out, held] = [&out, &errors].map(std::fs::File::try_clone);
    let (held_out, held) = (held_out.map_err(made)?, held.map_err(made)?);
    let name = argv.first().map_or("", String::as_str);
    let mut program = std::process::Command::new(name);
    program.args(argv.iter().skip(1).map(|argument| argument.replace("{item}", first)));
    program.stdin(std::process::Stdio::null()).stdout(held_out).stderr(held).process_group(0);
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
    let said = String::from_utf8_lossy(&start_of(errors, 4096)).trim().to_owned();
    Ok(Ran { status, seconds, written: start_of(out, MOST_WRITTEN), said })
}

/// The first bytes of what was written into a file; fewer where it cannot be read.
fn start_of(mut file: std::fs::File, most: u64) -> Vec<u8> {
    use std::io::{Read as _, Seek as _};
    let mut text = Vec::new();
    let _ = file.rewind();
    let _ = file.take(most).read_to_end(&mut text);
    text
}
