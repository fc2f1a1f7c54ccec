//! `runner FILES`: runs scenarios and writes their reports.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};

use super::answers::Run;
use super::args::RunOptions;
use super::folder::temporary_folder;
use super::output::Output;
use super::progress::Bar;
use super::target::{Builds, NothingToResume, Prepared, Sides, Target, prepare};
use super::{Exit, functions, inspect, render, revisions, sources};
use crate::engine::{self, EngineError};
use crate::host::{Interrupt, Other, ProcessLauncher, WorkFolder, ask, sweep_dead};
use crate::plan::{Plan, Variant, doubled, with_baseline};
use crate::reexec::Program;
use crate::report;
use crate::results::{Answer, Change, FileError, Journal, Results, write};
use crate::task::Tasks;
use crate::verdict;

/// Runs everything that the options say: read, prove the outputs, run, derive, write, print.
pub(super) fn run(options: &RunOptions, tasks: &Tasks, program: Program, output: &Output) -> Result<Exit> {
    match sources::plans(&options.files, Some(&options.shape), tasks, output, options.json)? {
        Some(plans) => run_plans(plans, options, tasks, program, output),
        None => Ok(Exit::Usage),
    }
}

/// Runs what was planned.
pub(super) fn run_plans(
    mut plans: Vec<Plan>,
    options: &RunOptions,
    tasks: &Tasks,
    program: Program,
    output: &Output,
) -> Result<Exit> {
    let sides = match located(&mut plans, options) {
        Ok(sides) => sides,
        Err(why) => return Ok(refused(&[why], output)),
    };
    if options.dry_run {
        return inspect::print_plans(&plans, tasks, options.json, output);
    }
    let skipped = drop_empty(&mut plans, output);
    let missing = functions::missing(&plans, tasks, &program, false);
    if !missing.is_empty() {
        return Ok(refused(&missing, output));
    }
    let interrupt = Interrupt::install().context("installing the handlers of Ctrl-C")?;
    let base = temporary_folder();
    sweep_dead(&base);
    let folder = WorkFolder::create(&base).with_context(|| format!("making a work folder in {}", base.display()))?;
    let builds = Builds { own: program.build(), sides };
    let targets = match prepare(&options.folder(), &plans, &builds, options.resume, output) {
        Err(error) if is_refusal(&error) => {
            output.error(&error.to_string());
            return Ok(Exit::Usage);
        }
        targets => targets?,
    };
    let trees = revisions::check_out(&mut plans, folder.path(), &interrupt, output).map_err(|why| vec![why]);
    let trees = trees.and_then(|trees| match functions::missing(&plans, tasks, &program, true) {
        missing if missing.is_empty() => Ok(trees),
        missing => Err(missing),
    });
    let trees = match trees {
        Ok(trees) => trees,
        Err(why) => return Ok(refused(&why, output)),
    };
    let mut host = ProcessLauncher::new(program, folder.path(), interrupt.clone());
    let (all, exit) = run_all(&plans, targets, &mut host, options, output)?;
    // Before their folder is gone.
    drop(trees);
    if options.baseline.is_none()
        && let Some(path) = render::write_seed(&options.folder())?
        && !options.json
    {
        output.result(&format!("All of Python's questions together: {}\n", path.display()))?;
    }
    show_all(&all, options, output)?;
    if let Some(signal) = interrupt.signal() {
        output.say(&format!("interrupted; {} written", written(all.len())));
        return Ok(Exit::Interrupted(signal as u8));
    }
    if plans.is_empty() {
        return Ok(exit.max(Exit::Missing));
    }
    if !skipped.is_empty() {
        output.say(&format!("Skipped: {} (see above for why)", skipped.join(", ")));
    }
    Ok(exit)
}

/// Says why nothing is run.
fn refused(why: &[String], output: &Output) -> Exit {
    why.iter().for_each(|one| output.error(one));
    Exit::Usage
}

/// Puts the baseline into the plans, where there is one, and finds the commits of variants.
fn located(plans: &mut Vec<Plan>, options: &RunOptions) -> Result<Option<Sides>, String> {
    let mut sides = None;
    if let Some(name) = &options.baseline {
        let (held, found) = plans_with_baseline(name, options, plans).map_err(|why| format!("--baseline: {why}"))?;
        (*plans, sides) = (held, Some(found));
    }
    revisions::find(plans)?;
    Ok(sides)
}

/// Prints what holds of all scenarios together, or everything as JSON.
fn show_all(all: &[Results], options: &RunOptions, output: &Output) -> Result<()> {
    match options.json {
        true => output.json(&Run { scenarios: report::json(all) }),
        false => output.exactly(&report::surroundings(all, &look(output))),
    }
}

/// Takes plans out of which nothing can be run here, and gives their names.
fn drop_empty(plans: &mut Vec<Plan>, output: &Output) -> Vec<String> {
    let empty = plans.iter().filter(|plan| !can_run(plan, output)).map(|plan| plan.name.clone()).collect();
    plans.retain(|plan| !plan.configurations.is_empty());
    if plans.is_empty() {
        output.error("nothing of all that was asked for can be run here");
    }
    empty
}

/// Whether there is anything to run; says why there is not.
fn can_run(plan: &Plan, output: &Output) -> bool {
    if plan.configurations.is_empty() {
        output.say(&format!("{}: nothing of it can be run here", plan.name));
        for skipped in &plan.skipped {
            output.say(&format!("  skipped: {}: {}", skipped.what, skipped.why));
        }
    }
    !plan.configurations.is_empty()
}

/// The variants of a plan that are run, but for one.
fn others<'a>(plan: &'a Plan, name: &'a str) -> impl Iterator<Item = &'a str> {
    let used = plan.configurations.iter().filter_map(|one| one.variant).filter_map(|index| plan.variants.get(index));
    used.map(|variant| variant.name.as_str()).filter(move |other| *other != name)
}

/// Plans with a baseline, and what is compared with what: a variant by that name, else a program file, else a commit.
fn plans_with_baseline(name: &str, options: &RunOptions, plans: &[Plan]) -> Result<(Vec<Plan>, Sides), String> {
    let named = |plan: &Plan| plan.variants.iter().any(|variant| variant.name == name);
    if plans.iter().any(named) {
        let held: Result<Vec<Plan>, String> = plans.iter().map(|plan| with_baseline(plan, name)).collect();
        let others: BTreeSet<&str> = plans.iter().flat_map(|plan| others(plan, name)).collect();
        let candidate = match others.len() {
            1 => others.into_iter().collect(),
            _ => "the other variant".to_owned(),
        };
        let sides = Sides { candidate, baseline: name.to_owned(), build: String::new() };
        return Ok((held?, sides));
    }
    if let Some(plan) = plans.iter().find(|plan| !plan.variants.is_empty()) {
        return Err(format!("`{}` has variants, and none of them is called `{name}`", plan.name));
    }
    let path = Path::new(name);
    if path.is_file() {
        let other = other_build(path, plans)?;
        let sides = Sides {
            candidate: format!("this build (runner {})", env!("CARGO_PKG_VERSION")),
            baseline: format!("runner {}", other.version),
            build: other.program.build(),
        };
        let program = Some(path.canonicalize().map_err(|error| format!("{name}: {error}"))?);
        let version = Some(other.version);
        let variant = Variant { name: "baseline".into(), program, version, ..Variant::default() };
        return Ok((plans.iter().map(|plan| doubled(plan, variant.clone())).collect(), sides));
    }
    let commit = revisions::commit(name)
        .map_err(|why| format!("`{name}` is no variant of a scenario, no program file and no commit: {why}"))?;
    if !options.shape.allow_commands {
        return Err(format!("`{name}` is a commit: running what is in it needs --allow-commands"));
    }
    let build = options.build.as_ref().map_or_else(Vec::new, |argv| argv.0.clone());
    let own = plans.iter().flat_map(|plan| &plan.workloads).find(|workload| !workload.unknown && !workload.users_code);
    if let (Some(workload), true) = (own, build.is_empty()) {
        return Err(format!(
            "the task `{}` is part of this program, which is the same for every commit: build it with --build, such as \
             --build 'cargo build --release'",
            workload.task
        ));
    }
    let sides = Sides {
        candidate: revisions::here().unwrap_or_else(|| "this tree".into()),
        baseline: format!("{name} ({})", revisions::short(&commit)),
        build: commit.clone(),
    };
    let revision = Some(name.to_owned());
    let variant = Variant { name: name.to_owned(), revision, commit: Some(commit), build, ..Variant::default() };
    Ok((plans.iter().map(|plan| doubled(plan, variant.clone())).collect(), sides))
}

/// The other build of this program; in words, why it cannot be compared with.
fn other_build(path: &Path, plans: &[Plan]) -> Result<Other, String> {
    let other = ask(path).map_err(|error| error.to_string())?;
    let tasks = plans.iter().flat_map(|plan| &plan.workloads).map(|workload| &workload.task);
    match tasks.into_iter().find(|task| !other.has(task)) {
        Some(missing) => Err(format!("the other build has no task `{missing}`, so nothing can be compared")),
        None => Ok(other),
    }
}

/// Whether `--resume` was refused for what it was asked.
fn is_refusal(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(FileError::OtherRun { .. })) || error.is::<NothingToResume>()
}

/// Runs the plans one after the other, as long as none is interrupted.
fn run_all(
    plans: &[Plan],
    targets: Vec<Target>,
    host: &mut ProcessLauncher,
    options: &RunOptions,
    output: &Output,
) -> Result<(Vec<Results>, Exit)> {
    let (mut all, mut exit) = (Vec::new(), Exit::Success);
    for (i, (plan, target)) in plans.iter().zip(targets).enumerate() {
        let prepared = match target {
            Target::Run(prepared) => *prepared,
            Target::Done(results) => {
                exit = exit.max(exit_of(plan, &results, options.strict, output));
                all.push(*results);
                continue;
            }
        };
        let mut bar = Bar::new(&plan.name, (i, plans.len()), output);
        let replaced = prepared.rounds;
        let Some((results, folder, journal)) = run_one(plan, prepared, host, &mut bar)? else { break };
        bar.finish(output, if results.run.complete { "done" } else { "interrupted (--resume goes on with it)" });
        if let Some(before) = replaced.filter(|before| *before > results.run.rounds) {
            let now = crate::text::plural(u64::from(results.run.rounds), "round");
            output.say(&format!("{}: {now}; the report that this one replaces had {before}", plan.name));
        }
        save_and_show(&results, &folder, journal, options, output)?;
        exit = exit.max(exit_of(plan, &results, options.strict, output));
        let complete = results.run.complete;
        all.push(results);
        if !complete {
            break;
        }
    }
    Ok((all, exit))
}

fn written(reports: usize) -> String {
    if reports == 0 {
        "nothing was".into()
    } else {
        format!("what there is of {} was", crate::text::plural(reports as u64, "report"))
    }
}

/// Runs one plan; nothing where it was interrupted before the first trial. Gives its results, which are not written yet, the
/// folder that they belong into, and the journal that holds them until then.
fn run_one(
    plan: &Plan,
    mut prepared: Prepared,
    host: &mut ProcessLauncher,
    bar: &mut Bar,
) -> Result<Option<(Results, PathBuf, Journal)>> {
    let continued = prepared.begin()?;
    let resumes = continued.is_some();
    let Prepared { folder, mut journal, blank, counts, .. } = prepared;
    let started = Instant::now();
    let clock = || started.elapsed();
    let run = engine::Run { plan, host, journal: &mut journal, progress: bar, counts, continued, clock: &clock };
    let mut results = match engine::run(run, blank) {
        Ok(results) => results,
        Err(error @ (EngineError::Interrupted | EngineError::Around(_))) => {
            // There is nothing in it but what an earlier run has left.
            if !resumes {
                journal.remove()?;
            }
            return match error {
                EngineError::Around(why) => Err(anyhow!("{}: nothing was run: {why}", plan.name)),
                _ => Ok(None),
            };
        }
        Err(error) => return Err(error.into()),
    };
    results.derived = verdict::derive(&results);
    Ok(Some((results, folder, journal)))
}

/// Writes finished results and their report; says what charts there are.
fn save(results: &Results, folder: &Path, journal: Journal) -> Result<String> {
    write(&folder.join("results.json"), results)?;
    if results.run.complete {
        journal.remove()?;
    }
    render::write_report(results, folder)
}

/// Writes finished results and prints them, also where they cannot be written: what was measured is not lost to whoever looks
/// on.
fn save_and_show(
    results: &Results,
    folder: &Path,
    journal: Journal,
    options: &RunOptions,
    output: &Output,
) -> Result<()> {
    let saved = save(results, folder, journal);
    if !options.json {
        let page = if results.run.baseline.is_some() { report::regression_terminal } else { report::terminal };
        let shown = output.result(&page(results, &look(output)));
        let charts = saved?;
        shown?;
        return output.result(&format!("Report: {}, report.html, {charts}\n", folder.join("report.md").display()));
    }
    saved.map(|_| ())
}

/// Whether there was a baseline and something was not decided, or no verdict was given.
fn is_open(results: &Results) -> bool {
    let derived = &results.derived;
    derived.workloads.iter().any(|verdict| verdict.suppressed.is_some())
        || derived.regressions.is_empty()
        || derived.regressions.iter().any(|found| found.word == Change::NoSignificantDifference)
}

/// What the results of one scenario make the program end with; says why, where that is a failure.
fn exit_of(plan: &Plan, results: &Results, strict: bool, output: &Output) -> Exit {
    let regressed = results.derived.regressions.iter().any(|regression| regression.word == Change::Regression);
    let left_open = results.run.baseline.is_some() && strict && is_open(results);
    let noisy = strict && is_noisy(results, output);
    let worse = if regressed || left_open || noisy { Exit::NotMet } else { Exit::Success };
    for lost in &plan.lost {
        output.error(&format!("{}: all configurations of an expectation are skipped: {lost}", results.scenario.name));
    }
    let missing = if plan.lost.is_empty() { Exit::Success } else { Exit::Missing };
    let exit = expectations(results, strict, output).max(worse).max(missing);
    if results.trials.iter().any(|trial| !verdict::is_planned(results, trial)) {
        exit.max(Exit::Unplanned)
    } else {
        exit
    }
}

/// Whether so many units of the rounds were noisy that a strict run fails; says so.
fn is_noisy(results: &Results, output: &Output) -> bool {
    let warning = verdict::noise_warning(results);
    if let Some(warning) = &warning {
        output.error(&format!("{}: {warning}: run it on a quiet machine", results.scenario.name));
    }
    warning.is_some()
}

fn look(output: &Output) -> report::TerminalOptions {
    report::TerminalOptions { width: output.width(), color: output.color_out(), verbose: output.verbose }
}

/// Says which expectations fail the run, and why.
fn expectations(results: &Results, strict: bool, output: &Output) -> Exit {
    let mut exit = Exit::Success;
    for judged in &results.derived.expectations {
        let what = match judged.answer {
            Answer::NotMet => "not met",
            Answer::Inconclusive if strict => "inconclusive",
            Answer::Inconclusive | Answer::Met => continue,
        };
        exit = Exit::NotMet;
        let text = results.expectations.get(judged.expectation).map_or("", |expected| expected.text.as_str());
        output.error(&format!("{}: {what}: {text}", results.scenario.name));
        judged.details.iter().for_each(|line| output.say(&format!("  {line}")));
    }
    exit
}
