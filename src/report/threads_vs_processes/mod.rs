//! The report that redraws the text which the project grew out of: both of its tables, every cell measured.

mod checks;
mod claims;
mod facts;
mod pickers;
mod situations;

use facts::Facts;

use super::markdown_table::table;
use crate::results::Results;
use crate::text::escape::markdown as escape;

/// Name of the report's folder.
pub const SEED_REPORT: &str = "threads-vs-processes";

/// The scenarios without which there is nothing to redraw.
const NEEDED: &[&str] = &["gil", "crash-safety", "isolation"];

/// One row of a table: what was said of each side, what was measured of it, and what follows.
struct Row {
    feature: &'static str,
    /// What was said, and what was measured: of threads (or the main process), then of processes (or a new one).
    sides: [(&'static str, String); 2],
    so: So,
    /// The scenarios behind it.
    scenarios: &'static [&'static str],
}

/// What follows from the measured values: whether what was said holds here.
struct So {
    /// Whether it holds; nothing where a value is missing.
    holds: Option<bool>,
    /// What to say where it does.
    then: &'static str,
}

impl So {
    fn words(&self) -> String {
        match self.holds {
            Some(true) => self.then.to_owned(),
            Some(false) => "not confirmed by these values".into(),
            None => "open: a value is missing".into(),
        }
    }
}

/// The report, from all results of a folder with what is derived from them; nothing where its scenarios are not there.
#[must_use]
pub fn seed(all: &[Results]) -> Option<String> {
    let facts = Facts::new(all);
    if NEEDED.iter().any(|name| facts.scenario(name).is_none()) {
        return None;
    }
    let parts = [
        head(&facts),
        section(
            "Quick comparison",
            ["multithreading: *said*, then measured", "multiprocessing: *said*, then measured"],
            &claims::comparison(&facts),
        ),
        section(
            "Main process and new process",
            ["main process: *said*, then measured", "new process: *said*, then measured"],
            &claims::main_and_child(&facts),
        ),
        corrections(&facts),
        when_to_use(&facts),
        method(&facts),
    ];
    Some(parts.join("\n"))
}

fn head(facts: &Facts<'_>) -> String {
    let labels: Vec<&str> = ["gil", "start-methods", "python-ipc"]
        .iter()
        .filter_map(|name| facts.scenario(name))
        .flat_map(|results| &results.workloads)
        .filter_map(|workload| workload.interpreter.as_ref().map(|found| found.label.as_str()))
        .collect();
    let which = match labels.first() {
        Some(label) => format!("{label}, the `python3` of the machine named below."),
        None => "no Python: none was found when the scenarios were run, so the values of Python are missing.".into(),
    };
    let quick = facts.scenario("gil").is_some_and(|results| results.run.quick);
    let quick = if quick { "\n**A quick run: sizes are small, and nothing here is a finding.**\n" } else { "" };
    format!(
        "# Threads or processes, in Python\n\nTwo tables that are often copied compare multithreading with \
         multiprocessing. Here they are again, with a measured value in every cell: the claim, the measurement, and \
         the scenario to reproduce it. The interpreter is {which}\n{quick}"
    )
}

fn section(title: &str, head: [&str; 2], rows: &[Row]) -> String {
    let side = |(said, measured): &(&str, String)| format!("*{}*<br>{}", escape(said), escape(measured));
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let [first, second] = &row.sides;
            vec![
                format!("**{}**", row.feature),
                side(first),
                side(second),
                escape(&row.so.words()),
                links(row.scenarios),
            ]
        })
        .collect();
    let [first, second] = head;
    format!("## {title}\n\n{}", table(&["", first, second, "so", "scenario"], &cells))
}

fn links(scenarios: &[&str]) -> String {
    let link = |name: &&str| format!("[{name}](../{name}/report.md)");
    scenarios.iter().map(link).collect::<Vec<_>>().join(", ")
}

fn corrections(facts: &Facts<'_>) -> String {
    let (shown, not): (Vec<_>, Vec<_>) =
        claims::corrections(facts).into_iter().partition(|correction| correction.holds == Some(true));
    let line =
        |correction: &claims::Correction| format!("- {} ({})\n", escape(&correction.text), links(correction.scenarios));
    let mut out = format!("## Where the tables are imprecise\n\n{}", shown.iter().map(line).collect::<String>());
    if !not.is_empty() {
        out += "\nLooked for, and not shown by these values:\n\n";
        out.extend(not.iter().map(line));
    }
    out
}

fn when_to_use(facts: &Facts<'_>) -> String {
    let rows: Vec<Vec<String>> = situations::situations(facts)
        .into_iter()
        .map(|(situation, said, verdict, scenarios)| {
            vec![format!("**{situation}**"), said.to_owned(), escape(&verdict), links(scenarios)]
        })
        .collect();
    let head = ["situation", "said", "the verdict here", "scenario"];
    format!("## When to use what\n\nThe verdicts are quoted from the reports.\n\n{}", table(&head, &rows))
}

fn method(facts: &Facts<'_>) -> String {
    let machine = facts.scenario("gil").map(|results| {
        let machine = &results.machine;
        format!("{} {}, {} cores", machine.arch, machine.cpu, machine.cores)
    });
    format!(
        "## How it was measured\n\nIntervals of medians are in parentheses (exact, at 95% or the level that the number \
         of trials allows). For starts and memory, these are the extremes or medians of the trials. Every trial ran in \
         a fresh process, configurations in random order within rounds; the linked reports say how many trials, how \
         noisy they were, and list each. The GIL emulation (`gil_emulation`) appears in no cell above: it is not \
         CPython.\n\nMachine: {}. To measure it again:\n\n```sh\nrunner scenarios/*.yaml\n```\n",
        escape(&machine.unwrap_or_else(|| "unknown".into()))
    )
}
