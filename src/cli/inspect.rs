//! Commands that run nothing: `check`, `plan`, `list`, `schema`.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use serde_json::{Value, json};

use super::args::{CheckOptions, Described, ListOptions, PlanOptions, SchemaOptions};
use super::output::{Output, wrap};
use super::progress::show;
use super::{Exit, power, sources};
use crate::plan::{FEWEST_ROUNDS_FOR_CHECKS, Group, Plan, estimate};
use crate::results::LOCK_MODEL;
use crate::setting::{ChartKind, EnumWords as _, Method, Metric, Model, Runtime, WordRow};
use crate::task::Tasks;
use crate::text::{folded, plural};
use crate::verdict::FEWEST_ROUNDS;
use crate::{results, scenario};

/// Checks scenarios.
pub(super) fn check(options: &CheckOptions, tasks: &Tasks, output: &Output) -> Result<Exit> {
    let Some(plans) = sources::plans(&options.files, None, tasks, output, options.json)? else {
        return Ok(Exit::Usage);
    };
    if options.json {
        output.json("check", &json!({ "problems": [] }))?;
    }
    for plan in plans {
        let style = if output.color_err() { AnsiColor::Green.on_default() } else { Style::new() };
        let count = plural(plan.cells.len() as u64, "configuration");
        output.progress(&format!("{}: {style}valid{style:#}, {count}", plan.name));
    }
    Ok(Exit::Success)
}

/// Plans scenarios.
pub(super) fn plan(options: &PlanOptions, tasks: &Tasks, output: &Output) -> Result<Exit> {
    match sources::plans(&options.files, Some(&options.shape), tasks, output, options.json)? {
        Some(plans) => print_plans(&plans, tasks, options.json, output),
        None => Ok(Exit::Usage),
    }
}

/// Prints plans.
pub(super) fn print_plans(plans: &[Plan], tasks: &Tasks, as_json: bool, output: &Output) -> Result<Exit> {
    if as_json {
        let list: Vec<Value> = plans.iter().map(|plan| plan_json(plan, tasks)).collect();
        output.json("plan", &json!({ "plans": list }))?;
        return Ok(Exit::Success);
    }
    let mut seconds = 0.0;
    for plan in plans {
        output.result(&folded(&plan_text(plan, tasks, output), output.prose()))?;
        seconds += estimate(plan, tasks).seconds;
    }
    if plans.len() > 1 {
        let all = std::time::Duration::from_secs_f64(seconds);
        output.result(&format!("{}: about {} in all", plural(plans.len() as u64, "scenario"), show(all)))?;
    }
    Ok(Exit::Success)
}

/// A plan for people. Writing to a string cannot fail, so results of `writeln!` are let go.
fn plan_text(plan: &Plan, tasks: &Tasks, output: &Output) -> String {
    let mut text = String::new();
    let cost = estimate(plan, tasks);
    let _ = writeln!(text, "{}", output.painted(Style::new().bold(), &format!("{} – {}", plan.name, plan.title)));
    if plan.quick {
        let _ = writeln!(text, "  quick: small sizes, {} rounds, no verdict", plan.rounds);
    }
    if !plan.quick && !plan.cells.iter().any(|cell| cell.checked) {
        let _ = writeln!(
            text,
            "  no A/A check: it takes {FEWEST_ROUNDS_FOR_CHECKS} rounds, and a verdict takes {FEWEST_ROUNDS}"
        );
    }
    for parameter in &plan.parameters {
        let _ = writeln!(text, "  parameter {}: {}", parameter.key, parameter.values.join(", "));
    }
    for group in &plan.groups {
        let _ = writeln!(text, "  workload {}: {}", shown(group), group.describe);
        for id in &group.cells {
            let cell = &plan.cells[*id];
            let mut notes = Vec::new();
            if *id == group.baseline {
                notes.push("reference");
            }
            if cell.checked {
                notes.push("runs twice per round (A/A check)");
            }
            if cell.oversubscribed {
                notes.push("more processes or threads than cores");
            }
            let notes = if notes.is_empty() { String::new() } else { format!("  [{}]", notes.join("; ")) };
            let _ = writeln!(text, "    {}{notes}", cell.label);
        }
        text.push_str(&power::line(plan, group));
    }
    for (head, what, why) in plan
        .collapsed
        .iter()
        .map(|c| ("collapsed", &c.what, &c.why))
        .chain(plan.skipped.iter().map(|s| ("skipped", &s.what, &s.why)))
    {
        let _ = writeln!(text, "  {}", output.painted(Style::new().dimmed(), &format!("{head} {what}: {why}")));
    }
    for expectation in &plan.expectations {
        let _ = writeln!(text, "  expects that {}", expectation.text);
    }
    let time = std::time::Duration::from_secs_f64(cost.seconds);
    let _ = writeln!(
        text,
        "  {} in {} of {} (seed {}), with {} profiling and {} for memory; about {} (a rough estimate)",
        plural(cost.trials(), "trial"),
        plural(plan.rounds.into(), "round"),
        plural(plan.cells.len() as u64, "configuration"),
        plan.seed,
        cost.instrumented,
        cost.memory,
        show(time),
    );
    text
}

/// The group's label, with what it is a model of where it is one.
fn shown(group: &Group) -> String {
    let model = if group.runtime == Runtime::GilEmulation { format!(" ({LOCK_MODEL})") } else { String::new() };
    format!("{}{model}", group.label)
}

fn plan_json(plan: &Plan, tasks: &Tasks) -> Value {
    let cost = estimate(plan, tasks);
    let pairs = |what: &str, why: &str| json!({"what": what, "why": why});
    json!({
        "name": plan.name, "title": plan.title, "seed": plan.seed, "rounds": plan.rounds, "quick": plan.quick,
        "parameters":
            plan.parameters.iter().map(|one| json!({"key": one.key, "values": one.values})).collect::<Vec<_>>(),
        "workloads": plan.groups.iter().map(|group| json!({
            "label": group.label, "task": group.task, "describe": group.describe, "settings": group.settings,
            "configurations": group.cells.iter().map(|id| {
                let cell = &plan.cells[*id];
                json!({"label": cell.label, "config": cell.config, "checked": cell.checked,
                       "reference": *id == group.baseline, "oversubscribed": cell.oversubscribed})
            }).collect::<Vec<_>>(),
            "power": power::facts(plan, group),
        })).collect::<Vec<_>>(),
        "collapsed": plan.collapsed.iter().map(|c| pairs(&c.what, &c.why)).collect::<Vec<_>>(),
        "skipped": plan.skipped.iter().map(|s| pairs(&s.what, &s.why)).collect::<Vec<_>>(),
        "expectations": plan.expectations.iter().map(|e| &e.text).collect::<Vec<_>>(),
        "cost": {"timed": cost.timed, "instrumented": cost.instrumented, "memory": cost.memory, "seconds": cost.seconds},
    })
}

/// The words of a closed set with their meanings.
fn words(rows: &'static [WordRow]) -> Vec<(&'static str, &'static str)> {
    rows.iter().map(|row| (row.word, row.about)).collect()
}

/// Everything that a scenario may name, as (heading, word, what it is) and, for tasks, their settings.
pub(super) fn list(options: &ListOptions, tasks: &Tasks, output: &Output) -> Result<Exit> {
    let lists: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("Models", Model::named().map(|model| (model.word(), model.row().about)).collect()),
        ("IPC methods", words(Method::ROWS)),
        ("Runtimes", words(Runtime::ROWS)),
        ("Charts", words(ChartKind::ROWS)),
        ("Metrics of expectations", words(Metric::ROWS)),
    ];
    if options.json {
        let mut all = serde_json::Map::new();
        let task = |task: &dyn crate::task::Task| {
            let settings: Vec<Value> = task
                .settings()
                .iter()
                .map(|setting| json!({"name": setting.name, "about": setting.about, "default": setting.default}))
                .collect();
            json!({"name": task.name(), "about": task.about(), "settings": settings})
        };
        all.insert("Tasks".into(), tasks.iter().map(task).collect());
        for (heading, rows) in lists {
            let rows = rows.iter().map(|(word, about)| json!({"name": word, "about": about})).collect();
            all.insert(heading.into(), rows);
        }
        output.json("list", &Value::Object(all))?;
        return Ok(Exit::Success);
    }
    let mut text = String::from("Tasks\n");
    let (width, later) = (output.prose(), " ".repeat(19));
    for task in tasks.iter() {
        wrap(&mut text, &format!("  {:16} ", task.name()), &later, task.about(), width);
        for setting in task.settings() {
            let about = format!("{} (default {})", setting.about, setting.default);
            wrap(&mut text, &format!("    {:14} ", setting.name), &later, &about, width);
        }
    }
    for (heading, rows) in lists {
        let _ = writeln!(text, "\n{heading}");
        let longest = rows.iter().map(|(word, _)| word.len()).max().unwrap_or(0).max(16);
        let later = " ".repeat(longest + 3);
        for (word, about) in rows {
            wrap(&mut text, &format!("  {word:longest$} "), &later, about, width);
        }
    }
    output.result(&text)?;
    Ok(Exit::Success)
}

/// Prints a JSON Schema.
pub(super) fn schema(options: &SchemaOptions, tasks: &Tasks, output: &Output) -> Result<Exit> {
    let schema = match options.of {
        Described::Scenario => scenario::schema(tasks),
        Described::Results => results::schema(),
    };
    output.result(&scenario::schema_text(&schema))?;
    Ok(Exit::Success)
}
