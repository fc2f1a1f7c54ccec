//! What the command line takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::try_args::{Argv, TRY_HELP, TryOptions, budget};
use crate::scenario::Assignment;

use super::explain::{EXPLAIN_HELP, ExplainOptions};
use super::init::InitOptions;
use super::pages::{COMPLETIONS_HELP, CompletionsOptions, ManOptions};
use crate::report::{columns_help, embed};

const ABOUT: &str = "Threads or processes, and over which IPC? Runs every configuration of a scenario fairly and \
                     reports which is faster, by how much, and with what confidence.";

const AFTER: &str = "\
Examples:
  runner scenarios/*.yaml          run, write reports/NAME/, print the verdicts
  runner --quick scenarios/*.yaml  the same in seconds: small sizes, no pick
  runner init                      write a scenario for a use case, to change it
  runner explain ipc               explain a key, a task or a term, with an example
  runner plan my.yaml              what would run, what is skipped, how long it takes
  runner check my.yaml             all errors of a scenario, without running it
  runner --filter model=threads,workers=2 my.yaml
                                   a part of it
  runner --resume scenarios/*.yaml continue runs that were interrupted or killed
  runner --baseline main my.yaml
                                   compare this build with another, in the same rounds
  runner compare OLD.json NEW.json compare two runs, and list what else differs
  runner list                      tasks, models, IPC methods, charts
  runner render                    draw all reports again from their results
  runner export -o samples.csv     every trial of all reports as a row, for other programs
  runner export --perfetto -o trace.json
                                   what happened when, for ui.perfetto.dev
  runner report --open             all reports as one page that works offline
  runner embed README.md           charts, tables and numbers between markers of a document

Exit codes, in order of precedence:
  130, 143  interrupted
  2         usage, an invalid scenario, nothing to resume, or another build that cannot be run with this one
  3         a trial failed unexpectedly, or an output was not written
  1         an expectation was shown to be false; a configuration was shown to be slower (--baseline, compare --gate);
            a document is stale (embed --check); under --strict also an inconclusive expectation or a noisy run
  5         nothing of the whole command could be run, or all configurations of an expectation were skipped, or
            compare --gate lost a configuration
  0         everything went as planned; scenarios that were skipped while others ran are listed at the end";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "runner", version, about = ABOUT, after_help = AFTER)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) run: RunOptions,
    #[command(flatten)]
    pub(super) general: General,
}

#[derive(Debug, Args)]
pub(super) struct General {
    /// Print only results and errors, no progress
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Print every comparison and check too
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// Colour what is printed: on a terminal, unless NO_COLOR is set (auto); into pipes and files too (always); or never.
    /// CLICOLOR_FORCE=1 has the same effect as always
    #[arg(long, global = true, value_name = "WHEN", default_value_t = clap::ColorChoice::Auto)]
    pub(super) color: clap::ColorChoice,
}

/// What arguments that are not parsed yet say of colour; `auto` where they say nothing that is valid.
pub(super) fn color_of(arguments: &[String]) -> clap::ColorChoice {
    let before_files = arguments.iter().take_while(|argument| *argument != "--");
    let pairs = before_files.zip(arguments.iter().skip(1).map(Some).chain([None]));
    let said = pairs.filter_map(|(argument, next)| match argument.strip_prefix("--color") {
        Some("") => next.cloned(),
        Some(rest) => rest.strip_prefix('=').map(str::to_owned),
        None => None,
    });
    said.last().and_then(|word| word.parse().ok()).unwrap_or_default()
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run scenarios and write their reports (what `runner FILES` does)
    Run(RunOptions),
    /// Try your Python function or command under every configuration: a verdict in about a minute, without YAML
    #[command(after_long_help = TRY_HELP)]
    Try(Box<TryOptions>),
    /// Check scenarios: report every error of all files, with its location and a fix
    Check(CheckOptions),
    /// Show what would run: configurations, order, what is skipped and why, and about how long it takes
    Plan(PlanOptions),
    /// Draw reports again from their results files, without running anything
    Render(RenderOptions),
    /// Compare two earlier runs, configuration by configuration. This is advice only: the runs are not paired
    Compare(CompareOptions),
    /// Say what this machine grants, who else uses it, how much equal work varies on it, and what to do about that
    Machine(MachineOptions),
    /// List what a scenario may name: tasks, models, IPC methods, charts
    List(ListOptions),
    /// Export the raw samples of reports as CSV or NDJSON, their tables as Markdown, or their timelines for Perfetto
    #[command(after_long_help = export_help())]
    Export(ExportOptions),
    /// Make one page of reports that works offline: charts with tooltips, sortable tables, light and dark
    Report(ReportOptions),
    /// Put charts, tables and numbers of reports into documents, between markers, without running anything
    #[command(after_long_help = embed_help())]
    Embed(EmbedOptions),
    /// Print the JSON Schema (draft-07) of scenarios, for editors, or of results files
    Schema(SchemaOptions),
    /// Explain a key or term of scenarios and reports: meaning, default, where it is allowed, an example
    #[command(after_long_help = EXPLAIN_HELP)]
    Explain(ExplainOptions),
    /// Write a commented scenario for a use case, ready to edit and run
    Init(InitOptions),
    /// Print shell completions for commands, options and their values
    #[command(after_long_help = COMPLETIONS_HELP)]
    Completions(CompletionsOptions),
    /// Print the manual page, or write a page for every command into a folder
    Man(ManOptions),
}

/// How a run is made.
#[derive(Debug, Args)]
pub(super) struct RunOptions {
    /// Scenario files
    #[arg(value_name = "FILES")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) shape: Narrowing,
    /// Folder for the reports, one folder per scenario below it [default: reports, with --quick reports/quick, with --filter
    /// reports/filtered, with --set reports/set, with --baseline reports/baseline]
    #[arg(short, long, value_name = "FOLDER")]
    pub(super) output: Option<PathBuf>,
    /// Continue runs that were interrupted or killed, from their journals; completed trials are not run again. Of
    /// several scenarios, those with a complete report of the same run are left as they are. Refused where the scenario,
    /// the options, the version or the machine differ, and where no run was broken off
    #[arg(long)]
    pub(super) resume: bool,
    /// Compare with a baseline: run every configuration with both in the same rounds, and exit with 1 where one is
    /// shown to be slower by more than the scenario's margin. The baseline is one of the scenario's variants by name, a commit of the
    /// git repository around this folder, or the program file of another build of this program
    #[arg(long, value_name = "NAME|REVISION|PROGRAM")]
    pub(super) baseline: Option<String>,
    /// With a commit as the baseline: a program that is run in it before the first trial, such as 'cargo build --release'; quotes are
    /// understood, and no shell is used. A build of this program by it runs the baseline's trials
    #[arg(long, value_name = "PROGRAM", value_parser = super::try_args::program, requires = "baseline")]
    pub(super) build: Option<Argv>,
    /// Print the results as JSON on standard output instead of tables
    #[arg(long)]
    pub(super) json: bool,
    /// Exit with 1 where an expectation is inconclusive, as if it were not met
    #[arg(long)]
    pub(super) strict: bool,
    /// Only show what would be run (as `runner plan`)
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl RunOptions {
    /// Where reports go. Quick and narrowed runs and those with a baseline stay apart by default, so that they never
    /// replace a full report.
    pub(super) fn folder(&self) -> PathBuf {
        let default = match self {
            Self { baseline: Some(_), .. } => "reports/baseline",
            Self { shape: Narrowing { quick: true, .. }, .. } => "reports/quick",
            Self { shape: Narrowing { filter, .. }, .. } if !filter.is_empty() => "reports/filtered",
            Self { shape: Narrowing { set, .. }, .. } if !set.is_empty() => "reports/set",
            _ => "reports",
        };
        self.output.clone().unwrap_or_else(|| PathBuf::from(default))
    }
}

/// What narrows or sizes a run.
#[derive(Debug, Default, Args)]
pub(super) struct Narrowing {
    /// Small sizes and three trials at most: shows that everything works, gives no verdict
    #[arg(long)]
    pub(super) quick: bool,
    /// Rounds, in place of the scenario's: every configuration runs once in each
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) rounds: Option<u32>,
    /// How long the rounds of each workload may take, such as 60s, in place of the scenario's budget; scenarios with a fixed
    /// number of rounds have none
    #[arg(long, value_name = "TIME", value_parser = budget, conflicts_with = "rounds")]
    pub(super) budget: Option<Duration>,
    /// Run only these configurations: commas separate keys, and further values of a key follow it, as in
    /// model=threads,rayon,workers=2; may be repeated
    #[arg(long, value_name = "KEY=VALUE,...")]
    pub(super) filter: Vec<String>,
    /// Put this value into the scenarios, as if their files had it: a key of the top with any value, such as workers=[2,4], or a
    /// value further in that the file has, such as tasks.0.limit=1000; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<Assignment>,
    /// Let scenarios name interpreters by path, and run Python code and commands of their own. Without it, what needs it is skipped
    #[arg(long)]
    pub(super) allow_commands: bool,
    /// Seed of items and orders, in place of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=9_007_199_254_740_991))]
    pub(super) seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(super) struct CheckOptions {
    /// Scenario files
    #[arg(value_name = "FILES", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// Put this value into the scenarios, as a run with it does
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<Assignment>,
    /// Also import the modules of users' functions, which runs their code, and find the interpreters that are named
    #[arg(long)]
    pub(super) allow_commands: bool,
    /// Print the problems as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct PlanOptions {
    /// Scenario files
    #[arg(value_name = "FILES", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) shape: Narrowing,
    /// Print the plan as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct MachineOptions {
    /// Print it as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct RenderOptions {
    /// Names of reports; all of the folder where none is given
    #[arg(value_name = "NAMES")]
    pub(super) names: Vec<String>,
    /// Folder of the reports
    #[arg(long, value_name = "FOLDER", default_value = "reports")]
    pub(super) reports: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct CompareOptions {
    /// Results of the earlier run: a results file, or the report's folder
    #[arg(value_name = "OLD")]
    pub(super) old: PathBuf,
    /// Results of the later run
    #[arg(value_name = "NEW")]
    pub(super) new: PathBuf,
    /// Exit with 1 where a configuration is slower beyond the margin, by its time and relative to the reference alike
    #[arg(long)]
    pub(super) gate: bool,
    /// Print the comparison as JSON
    #[arg(long, conflicts_with = "markdown")]
    pub(super) json: bool,
    /// Print it as Markdown, for a pull request
    #[arg(long)]
    pub(super) markdown: bool,
    /// Write the chart of both runs to this folder (compare.svg, …), and the comparison to compare.md there
    #[arg(short, long, value_name = "FOLDER")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ListOptions {
    /// Print the list as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExportOptions {
    /// Names of reports; all of the folder where none is given
    #[arg(value_name = "NAMES")]
    pub(super) names: Vec<String>,
    /// Folder of the reports
    #[arg(long, value_name = "FOLDER", default_value = "reports")]
    pub(super) reports: PathBuf,
    /// What is written [default: by the ending of --output, else csv]
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
    /// The same as --format perfetto: what happened when, for ui.perfetto.dev or chrome://tracing
    #[arg(long, conflicts_with = "format")]
    pub(super) perfetto: bool,
    /// File to write, whole or not at all [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// What `runner export` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A row per trial of every kind, with a head (RFC 4180)
    Csv,
    /// The same rows as JSON objects, one a line
    Ndjson,
    /// A table per workload: every configuration with time, speedup, their intervals and levels
    Md,
    /// The timelines as Chrome trace events (JSON): a process per configuration, a track for main and for each worker
    Perfetto,
}

/// What the columns mean, and how texts are written.
fn export_help() -> String {
    format!(
        "Examples:
  runner export                              every trial of all reports, as CSV on standard output
  runner export cpu-bound -o samples.csv     those of one report, into a file
  runner export --format ndjson | jq .       as JSON, an object a line
  runner export --format md                  tables of every configuration, for your own page
  runner export --perfetto -o trace.json   starts, items, crashes and joins, for ui.perfetto.dev

Each row is one trial; times of `kind` timed whose `duplicate` is false are those that estimates come from. What has no
value is empty in CSV and null in NDJSON. In CSV, lists are joined by blanks, and a text that starts with =, +, -, @, a
tab or a line break gets an apostrophe before it, so that no spreadsheet takes it for a formula. Histograms of the times
per item, and all derived values are in results.json (`runner schema results`).

A timeline is kept of one profiling trial of every configuration whose scenario has the chart `timeline`. As trace events, times
are in microseconds since the start of that trial; a track below each worker shows when it held the GIL.

Columns:
{}",
        columns_help()
    )
}

#[derive(Debug, Args)]
pub(super) struct ReportOptions {
    /// Names of reports: each gets a page of its own, FOLDER/NAME/report.html. Without one, FOLDER/report.html has them all,
    /// with an index
    #[arg(value_name = "NAMES")]
    pub(super) names: Vec<String>,
    /// Folder of the reports
    #[arg(long, value_name = "FOLDER", default_value = "reports")]
    pub(super) reports: PathBuf,
    /// Show the page in the browser (by xdg-open, where there is one)
    #[arg(long)]
    pub(super) open: bool,
}

#[derive(Debug, Args)]
pub(super) struct EmbedOptions {
    /// Documents: Markdown, HTML (.html, .htm) or reStructuredText (.rst)
    #[arg(value_name = "PATHS", required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// Write nothing; exit with 1 and show the difference where a document is stale
    #[arg(long)]
    pub(super) check: bool,
    /// Write nothing, and show the difference on standard output (with --check, that is shown anyway)
    #[arg(long)]
    pub(super) diff: bool,
    /// Address that stands for the current folder in links to charts, for pages where relative ones lead nowhere
    #[arg(long, value_name = "URL")]
    pub(super) base_url: Option<String>,
    /// How charts and tables are written [default: picture, in .rst files rst]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) format: Option<EmbedFormat>,
    /// Write over blocks that were edited by hand
    #[arg(long)]
    pub(super) force: bool,
    /// Folder of the reports
    #[arg(long, value_name = "FOLDER", default_value = "reports")]
    pub(super) reports: PathBuf,
}

/// How `runner embed` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EmbedFormat {
    /// Charts as <picture> for light and dark pages, the rest as Markdown: for code hosts and mdBook
    Picture,
    /// Everything as Markdown, with the light chart: for MkDocs and MyST
    Md,
    /// Everything as HTML, with the light chart
    Html,
    /// Everything as reStructuredText, with the light chart: for Sphinx
    Rst,
}

/// What markers may say.
fn embed_help() -> String {
    format!(
        "A block is the text between two markers. In Markdown and HTML they are comments:

  <!-- runner:chart speedup scenario=cpu-bound width=760 -->
  <!-- runner:end -->

and in reStructuredText `.. runner:chart …` and `.. runner:end`, with blank lines around them. Code blocks are left alone.

  chart NAME  the chart of that file name, or of that kind where there is one; width=PIXELS
  table       the configurations of workloads: workload=\"LABEL\", columns=config,time,speedup,trials,notes,
              where KEY=VALUE …
  verdict     the finding: workload=\"LABEL\", show=all|sentence|when
  value       one number: metric=METRIC, show=median|interval, where KEY=VALUE …
              With over KEY=VALUE … it is how many times as fast, and show=percent by how much
              In .rst: name=NAME, for |NAME|
  terminal    what the terminal shows, as a code block; width=COLUMNS, lines=AT_MOST

All take scenario=NAME. `value` and `verdict` may be used within a line:

  It is <!-- runner:value scenario=io-bound where model=threads workers=8 --><!-- runner:end --> as fast.

The end marker gets a hash of what was written, so that text edited by hand is not lost: such a block is refused without
--force. Paths of pictures are relative to the document. Where nothing changes, nothing is written.

Exit codes: 0 written or fresh; 1 stale (--check); 2 an error: no marker in a document, an error in one, no such report.

Metrics:
{}",
        embed::values_help()
    )
}

#[derive(Debug, Args)]
pub(super) struct SchemaOptions {
    /// Which files to describe
    #[arg(value_name = "OF", default_value = "scenario")]
    pub(super) of: Described,
}

/// What a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Described {
    /// Scenario files
    Scenario,
    /// results.json of a report
    Results,
    /// What `runner --json` prints
    Run,
    /// What `runner compare --json` prints
    Compare,
    /// What `runner plan --json` prints
    Plan,
    /// What `runner check --json` prints
    Check,
    /// What `runner list --json` prints
    List,
    /// What `runner explain --json` prints
    Explain,
    /// What `runner machine --json` prints
    Machine,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_known_before_the_arguments_are_parsed() {
        let of = |line: &str| color_of(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(of("check --color never a.yaml"), clap::ColorChoice::Never);
        assert_eq!(of("--color=always plan a.yaml"), clap::ColorChoice::Always);
        for other in ["check a.yaml", "--color", "--color mauve", "--colour=always", "try -- python --color always"] {
            assert_eq!(of(other), clap::ColorChoice::Auto, "{other}");
        }
    }
}
