//! Commands that run nothing: `check`, `plan`, `list`, `schema`.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use anyhow::Result;

use super::answers::{
    self, Checked, CostJson, Listed, ParameterJson, PlanJson, Planned, PlannedConfiguration, PlannedWorkload, TaskJson,
    TaskSetting, Why, WordJson,
};
use super::args::{CheckOptions, Described, ListOptions, Narrowing, PlanOptions, SchemaOptions};
use super::output::{Output, wrap};
use super::progress::show;
use super::{Exit, functions, revisions, sources};
use crate::engine::OVERRUN;
use crate::plan::{Plan, Variant, Workload, estimate};
use crate::reexec::Program;
use crate::results::LOCK_MODEL;
use crate::runtime::Interpreter;
use crate::setting::{ChartKind, EnumWords as _, Method, Metric, Model, Runtime, WordRow};
use crate::task::Tasks;
use crate::text::{folded, plural};
use crate::verdict::SPAN;
use crate::{results, scenario};

/// Checks scenarios.
pub(super) fn check(options: &CheckOptions, tasks: &Tasks, program: &Program, output: &Output) -> Result<Exit> {
    let shape = Narrowing { allow_commands: options.allow_commands, set: options.set.clone(), ..Narrowing::default() };
    let Some(plans) = sources::plans(&options.files, Some(&shape), tasks, output, options.json)? else {
        return Ok(Exit::Usage);
    };
    let missing = functions::missing(&plans, tasks, program, false);
    if !missing.is_empty() {
        missing.iter().for_each(|one| output.error(one));
        return Ok(Exit::Usage);
    }
    if options.json {
        output.json(&Checked { problems: Vec::new() })?;
    }
    for plan in plans {
        let style = if output.color_err() { AnsiColor::Green.on_default() } else { Style::new() };
        let count = plural(plan.configurations.len() as u64, "configuration");
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
        output.json(&Planned { plans: plans.iter().map(|plan| plan_json(plan, tasks)).collect() })?;
        return Ok(Exit::Success);
    }
    let mut all = (0.0, 0.0);
    for plan in plans {
        output.result(&folded(&plan_text(plan, tasks, output), output.prose()))?;
        let (least, most) = estimate(plan, tasks).seconds;
        all = (all.0 + least, all.1 + most);
    }
    if plans.len() > 1 {
        output.result(&format!("{}: about {} in all\n", plural(plans.len() as u64, "scenario"), from_to(all)))?;
    }
    Ok(Exit::Success)
}

/// A plan for people. Writing to a string cannot fail, so results of `writeln!` are let go.
fn plan_text(plan: &Plan, tasks: &Tasks, output: &Output) -> String {
    let mut text = String::new();
    let cost = estimate(plan, tasks);
    let _ = writeln!(text, "{}", output.painted(Style::new().bold(), &format!("{} – {}", plan.name, plan.title)));
    if plan.quick {
        let _ = writeln!(text, "  quick: small sizes, {}, no pick", plural(plan.rounds.unwrap_or(0).into(), "round"));
    }
    for parameter in &plan.parameters {
        let _ = writeln!(text, "  parameter {}: {}", parameter.key, parameter.values.join(", "));
    }
    for variant in &plan.variants {
        let _ = writeln!(text, "  variant {}{}", variant.name, variant_words(variant));
    }
    for workload in &plan.workloads {
        let _ = writeln!(text, "  workload {}: {}", shown(workload), workload.describe);
        for id in &workload.configurations {
            let configuration = &plan.configurations[*id];
            let mut notes = Vec::new();
            if *id == workload.reference {
                notes.push("reference");
            }
            if configuration.checked {
                notes.push("runs twice in a round (A/A check)");
            }
            if configuration.oversubscribed {
                notes.push("more processes or threads than cores");
            }
            let notes = if notes.is_empty() { String::new() } else { format!("  [{}]", notes.join("; ")) };
            let _ = writeln!(text, "    {}{notes}", configuration.label);
        }
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
    let rounds = match plan.rounds {
        Some(rounds) => plural(rounds.into(), "round"),
        None => format!("as many rounds as it takes, within {} a workload", show(plan.budget)),
    };
    let _ = writeln!(
        text,
        "  {} (seed {}); {rounds}, {} and {} for memory; about {} (a rough estimate)",
        plural(plan.configurations.len() as u64, "configuration"),
        plan.seed,
        plural(cost.profiling, "profiling trial"),
        cost.memory,
        from_to(cost.seconds),
    );
    if let Some(warning) = too_brief(plan) {
        let _ = writeln!(text, "  {}", output.painted(AnsiColor::Yellow.on_default(), &warning));
    }
    text
}

/// What a variant is beyond its name.
fn variant_words(variant: &Variant) -> String {
    let interpreter = variant.interpreter.iter().map(Interpreter::label);
    let environment = variant.environment.iter().map(|(name, value)| format!("{name}={value}"));
    let settings = variant.settings.iter().map(|(name, value)| format!("{name} {}", value.plain()));
    let short = |commit: &String| format!(" ({})", revisions::short(commit));
    let commit = variant
        .revision
        .iter()
        .map(|name| format!("commit {name}{}", variant.commit.as_ref().map_or(String::new(), short)));
    let build =
        Some(&variant.build).filter(|build| !build.is_empty()).map(|build| format!("built by {}", build.join(" ")));
    let version = variant.version.iter().map(|version| format!("runner {version}"));
    let all: Vec<String> =
        interpreter.chain(environment).chain(settings).chain(commit).chain(build).chain(version).collect();
    if all.is_empty() { String::new() } else { format!(": {}", all.join(", ")) }
}

/// Says so where the budget is spent before anything can be decided.
fn too_brief(plan: &Plan) -> Option<String> {
    let all = plan.budget * plan.workloads.len() as u32;
    let brief = plan.rounds.is_none() && !plan.quick && all.as_secs_f64() * OVERRUN < SPAN.as_secs_f64();
    brief.then(|| {
        format!(
            "warning: rounds that cover less than {} decide nothing, and the budget ends before; nothing will be picked",
            show(SPAN)
        )
    })
}

/// A range of times, or one time where both are about the same.
fn from_to((least, most): (f64, f64)) -> String {
    let [least, most] = [least, most].map(|seconds| show(std::time::Duration::from_secs_f64(seconds)));
    if least == most { least } else { format!("{least} to {most}") }
}

/// The workload's label, with what it is a model of where it is one.
fn shown(workload: &Workload) -> String {
    let model = if workload.runtime == Runtime::GilEmulation { format!(" ({LOCK_MODEL})") } else { String::new() };
    format!("{}{model}", workload.label)
}

fn plan_json(plan: &Plan, tasks: &Tasks) -> PlanJson {
    let cost = estimate(plan, tasks);
    let why = |what: &String, why: &String| Why { what: what.clone(), why: why.clone() };
    PlanJson {
        name: plan.name.clone(),
        title: plan.title.clone(),
        seed: plan.seed,
        rounds: plan.rounds,
        budget: plan.rounds.is_none().then_some(plan.budget.as_secs_f64()),
        quick: plan.quick,
        parameters: plan
            .parameters
            .iter()
            .map(|one| ParameterJson { key: one.key.clone(), values: one.values.clone() })
            .collect(),
        workloads: plan.workloads.iter().map(|workload| workload_json(plan, workload)).collect(),
        collapsed: plan.collapsed.iter().map(|one| why(&one.what, &one.why)).collect(),
        skipped: plan.skipped.iter().map(|one| why(&one.what, &one.why)).collect(),
        expectations: plan.expectations.iter().map(|one| one.text.clone()).collect(),
        cost: CostJson { timed: cost.timed, profiling: cost.profiling, memory: cost.memory, seconds: cost.seconds },
    }
}

fn workload_json(plan: &Plan, workload: &Workload) -> PlannedWorkload {
    let configurations = workload.configurations.iter().map(|id| {
        let configuration = &plan.configurations[*id];
        PlannedConfiguration {
            label: configuration.label.clone(),
            config: configuration.config.clone(),
            checked: configuration.checked,
            reference: *id == workload.reference,
            oversubscribed: configuration.oversubscribed,
        }
    });
    PlannedWorkload {
        label: workload.label.clone(),
        task: workload.task.clone(),
        describe: workload.describe.clone(),
        settings: workload.settings.clone(),
        configurations: configurations.collect(),
    }
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
        output.json(&listed(&lists, tasks))?;
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

/// The same for programs.
fn listed(lists: &[(&str, Vec<(&str, &str)>)], tasks: &Tasks) -> Listed {
    let words = |heading: &str| {
        let rows = lists.iter().filter(|(known, _)| *known == heading).flat_map(|(_, rows)| rows);
        rows.map(|(word, about)| WordJson { name: (*word).into(), about: (*about).into() }).collect()
    };
    let setting = |setting: &crate::setting::Setting| TaskSetting {
        name: setting.name.into(),
        about: setting.about.into(),
        default: setting.default.into(),
    };
    let task = |task: &dyn crate::task::Task| TaskJson {
        name: task.name().into(),
        about: task.about().into(),
        settings: task.settings().iter().map(setting).collect(),
    };
    Listed {
        tasks: tasks.iter().map(task).collect(),
        models: words("Models"),
        ipc_methods: words("IPC methods"),
        runtimes: words("Runtimes"),
        charts: words("Charts"),
        metrics: words("Metrics of expectations"),
    }
}

/// Prints a JSON Schema.
pub(super) fn schema(options: &SchemaOptions, tasks: &Tasks, output: &Output) -> Result<Exit> {
    let schema = match options.of {
        Described::Scenario => scenario::schema(tasks),
        Described::Results => results::schema(),
        Described::Run => answers::schema::<answers::Run<'static>>(),
        Described::Compare => answers::schema::<crate::verdict::Comparison>(),
        Described::Plan => answers::schema::<Planned>(),
        Described::Check => answers::schema::<Checked>(),
        Described::List => answers::schema::<Listed>(),
        Described::Explain => answers::schema::<answers::Explained<'static>>(),
        Described::Machine => answers::schema::<super::machine::MachineJson>(),
    };
    output.result(&scenario::schema_text(&schema))?;
    Ok(Exit::Success)
}
