//! `report.md`: what a run found, for a code host.

use super::markdown_table::table;
use std::collections::BTreeSet;

use super::ChartRef;
use super::configurations::{COLUMNS, Shown, configurations};
use super::phases::{items, memory, phases};
use super::sorted::unsorted;
use super::surroundings::machine_facts;
use super::words::{all_planned, answer, last_words, reservations, warnings};
use super::{code, happened, picks, reasons};
use crate::results::{Check, Interval, LOCK_MODEL, Results, Skipped, Trial, Workload, WorkloadVerdict};
use crate::setting::{Measure, Model};
use crate::text::escape::{html as attribute, markdown as escape, shell};
use crate::text::{plural, show_fixed_percent, show_seconds};
use crate::verdict::times_interval;

/// Width in pixels at which a code host shows a chart.
const CHART_WIDTH: u32 = 760;

/// Trials that went wrong which are listed one by one.
const LISTED: usize = 20;

/// The report of one run.
#[must_use]
pub fn markdown(results: &Results, charts: &[ChartRef]) -> String {
    let mut parts = vec![head(results)];
    parts.extend(charts.iter().map(chart));
    for (workload, verdict) in judged(results) {
        parts.push(workload_summary(results, workload));
        parts.extend(workload_details(results, workload, verdict));
    }
    parts.extend(side_by_side(results));
    parts.extend(rest(results));
    parts.retain(|part| !part.is_empty());
    unsorted(&parts.join("\n"))
}

/// Every workload with the verdict on it.
pub(super) fn judged(results: &Results) -> impl Iterator<Item = (&Workload, &WorkloadVerdict)> {
    results.derived.workloads.iter().filter_map(|verdict| Some((results.workloads.get(verdict.workload)?, verdict)))
}

/// Runtimes beside each other, break-even points and expectations.
pub(super) fn side_by_side(results: &Results) -> Vec<String> {
    let mut parts: Vec<String> = happened::runtimes(results).iter().map(|facts| facts.markdown(2)).collect();
    parts.extend([reasons::saturation(results), reasons::break_evens(results), expectations(results)]);
    parts
}

/// What went wrong and what was not run, the method, the machine, and how to run it again.
pub(super) fn rest(results: &Results) -> Vec<String> {
    vec![wrong(results), skipped(results), method(results), machine(results), again(results)]
}

fn head(results: &Results) -> String {
    let scenario = &results.scenario;
    let mut out = format!("# {}\n\n", escape(&scenario.title));
    if !scenario.about.trim().is_empty() {
        out += &format!("{}\n\n", escape(scenario.about.trim()));
    }
    for line in reservations(results) {
        out += &format!("**{}**\n\n", escape(&line));
    }
    let several = results.derived.workloads.len() > 1;
    for verdict in &results.derived.workloads {
        let Some(workload) = results.workloads.get(verdict.workload) else { continue };
        let label = if several || workload.is_lock_model() {
            format!("**{}:** ", escape(&workload.shown()))
        } else {
            String::new()
        };
        let mark = if several { "- " } else { "> " };
        let when = verdict.recommendation.as_ref().map_or(String::new(), |when| format!(" {}", escape(when)));
        let doubts: String = verdict.warnings.iter().map(|warning| format!(" **{}**", escape(warning))).collect();
        // A label that ends with the fault has said what the sentence begins with.
        let said = verdict.sentence.split_once(": ").filter(|(what, _)| several && workload.shown().ends_with(what));
        let sentence = said.map_or(verdict.sentence.as_str(), |(_, rest)| rest);
        out += &format!("{mark}{label}{}{when}{doubts}\n", escape(sentence));
    }
    out
}

pub(super) fn chart(chart: &ChartRef) -> String {
    let title = escape(&chart.title);
    if let Some(why) = &chart.missing {
        return format!("No chart `{}`: {}.\n", chart.stem, escape(why.trim_end_matches('.')));
    }
    let stem = attribute(&chart.stem);
    format!(
        "**{title}**\n\n<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"{stem}-dark.svg\">\
         <img alt=\"{}\" src=\"{stem}.svg\" width=\"{CHART_WIDTH}\"></picture>\n",
        attribute(&chart.alt)
    )
}

/// A workload's work and its main table.
pub(super) fn workload_summary(results: &Results, workload: &Workload) -> String {
    let title = if results.derived.workloads.len() > 1 { escape(&workload.label) } else { "Results".into() };
    let mut out = format!("## {title}\n\n{}", escape(&workload.describe));
    out += match workload.measure {
        Measure::EndToEnd => ", from the start of the first worker to the end of the last.",
        Measure::Work => ", from the moment when every worker is ready to the last reply.",
    };
    if workload.per_item {
        out += " The configurations have different item counts, so they are compared per item.";
    }
    let columns: Vec<Shown> = COLUMNS.iter().map(|(column, _)| *column).collect();
    let table = configurations(results, workload, &columns, |_| true).sortable();
    out += &format!("\n\n{table}\n{}", coverage(results, workload).trim_end());
    if table.contains("| **") {
        out += " Bold: the pick, and what is as good.";
    }
    if workload.is_lock_model() {
        out += &format!(" Its items ran under a {LOCK_MODEL}, not CPython.");
    }
    out + "\n"
}

/// The comparisons of a workload, where its speed-up went, and what its ways took.
pub(super) fn workload_details(results: &Results, workload: &Workload, verdict: &WorkloadVerdict) -> Vec<String> {
    let code = code::lines(results, verdict);
    let mut parts = vec![
        code.map_or(String::new(), |code| format!("### The pick in code\n\n```python\n{code}```\n")),
        pick_lists(results, verdict),
        checks(results, verdict),
        reasons::breakdown(results, workload),
        fits(results, workload),
        phases(results, workload),
        memory(results, workload),
        items(results, workload),
    ];
    parts.extend(happened::of_workload(results, workload, false).iter().map(|facts| facts.markdown(3)));
    parts
}

/// Which order statistics the intervals of the configurations are, and how often they cover.
fn coverage(results: &Results, workload: &Workload) -> String {
    let estimates =
        workload.configurations.iter().filter_map(|configuration| results.derived.estimates.get(*configuration));
    let known: BTreeSet<String> =
        estimates.flat_map(|e| [e.time, e.speedup]).flatten().filter_map(|i| ranks(&i)).collect();
    if known.is_empty() {
        return "Medians; there are too few trials for intervals.\n".into();
    }
    let known: Vec<String> = known.into_iter().collect();
    format!(
        "Medians, with exact intervals in parentheses: {}. A speedup is the median of the ratios inside rounds, which \
         need not be the ratio of the medians.\n",
        known.join("; ")
    )
}

/// `x4..x12 of 15, 96.5 %`.
fn ranks(interval: &Interval) -> Option<String> {
    let (low, high) = interval.ranks;
    interval.low.map(|_| format!("x{low}..x{high} of {}, {}", interval.n, level(interval)))
}

pub(super) fn level(interval: &Interval) -> String {
    show_fixed_percent(interval.level, if interval.level > 0.995 { 2 } else { 1 })
}

/// What is as good as the pick, what is slower, and what is not shown to be slower. All pairs are in the data.
pub(super) fn pick_lists(results: &Results, verdict: &WorkloadVerdict) -> String {
    let lists = picks::lists(results, verdict);
    if lists.is_empty() {
        return String::new();
    }
    let line = |(what, which): &(String, String)| format!("- {}: {}\n", escape(what), escape(which));
    format!("### Compared with the pick\n\n{}", lists.iter().map(line).collect::<String>())
}

pub(super) fn checks(results: &Results, verdict: &WorkloadVerdict) -> String {
    let line = |check: &Check| {
        let passed = match (check.passed, check.ratio.low) {
            (true, None) => "too few rounds to say",
            (true, Some(_)) => "passed",
            (false, _) => "failed",
        };
        let label = escape(&results.configurations[check.configuration].label);
        format!("- A/A check of {label}: second run over first {}, {passed}\n", times_interval(&check.ratio))
    };
    verdict.checks.iter().map(line).collect()
}

/// The curves that fit the workload's speed-ups.
pub(super) fn fits(results: &Results, workload: &Workload) -> String {
    let lines: String = reasons::fits(results, workload).iter().map(|line| format!("- {}\n", escape(line))).collect();
    let counts = |model: Model| {
        let configurations = workload.configurations.iter().filter_map(|id| results.configurations.get(*id));
        configurations
            .filter(|configuration| configuration.config.model == model)
            .filter_map(|configuration| configuration.config.workers)
            .collect::<BTreeSet<u32>>()
            .len()
    };
    if lines.is_empty()
        && !results.run.quick
        && [Model::Threads, Model::Rayon, Model::Processes].into_iter().any(|model| counts(model) > 1)
    {
        return "### Fits\n\nNone: a law of scaling takes four worker counts, for computing work none above the number of \
                cores, and six rounds that have them all.\n"
            .into();
    }
    if lines.is_empty() {
        return lines;
    }
    format!(
        "### Fits\n\nCurves through the speedups over workers, with intervals at 95% from a bootstrap over whole rounds.\n\n{lines}"
    )
}

pub(super) fn expectations(results: &Results) -> String {
    let mut out = String::new();
    for judged in &results.derived.expectations {
        let Some(expected) = results.expectations.get(judged.expectation) else { continue };
        out += &format!("- **{}**: {}\n", answer(judged.answer), escape(&expected.text));
        out.extend(judged.details.iter().map(|line| format!("  - {}\n", escape(line))));
    }
    if out.is_empty() { out } else { format!("## Expectations\n\n{out}") }
}

pub(super) fn wrong(results: &Results) -> String {
    let wrong: Vec<_> = results.trials.iter().filter(|trial| !trial.ok()).collect();
    if wrong.is_empty() {
        return String::new();
    }
    let row = |trial: &&Trial| {
        let label =
            results.configurations.get(trial.configuration).map_or("", |configuration| configuration.label.as_str());
        vec![
            escape(label),
            (trial.round + 1).to_string(),
            escape(&trial.outcome.words()),
            escape(&last_words(&trial.stderr)),
        ]
    };
    let rows: Vec<Vec<String>> = wrong.iter().take(LISTED).map(row).collect();
    let rest = if wrong.len() > LISTED {
        format!("\nand {} more, in `results.json`.\n", wrong.len() - LISTED)
    } else {
        String::new()
    };
    let count = format!("{} of {}", wrong.len(), plural(results.trials.len() as u64, "trial"));
    let planned = if all_planned(results) { ", all as planned" } else { "" };
    format!(
        "## Failed trials\n\n{count}{planned}. A trial that timed out counts as infinitely slow.\n\n{}{rest}",
        table(&["config", "round", "outcome", "error"], &rows)
    )
}

fn skipped(results: &Results) -> String {
    if results.skipped.is_empty() {
        return String::new();
    }
    let line = |skipped: &Skipped| format!("- {}: {}\n", escape(&skipped.what), escape(&skipped.why));
    format!("## Not run\n\n{}", results.skipped.iter().map(line).collect::<String>())
}

fn method(results: &Results) -> String {
    let run = &results.run;
    let margin = crate::text::three_digits(run.margin * 100.0);
    let check = if results.configurations.iter().any(|configuration| configuration.checked) {
        "some configurations ran twice in a round; where a configuration differs from itself at 99%, the workload has \
         no verdict."
    } else {
        "none; it takes at least 8 rounds, and is left out of quick runs."
    };
    format!(
        "## How it was measured\n\n- Every trial ran in a fresh host process, ended after {} at the latest. Where the \
         clock covers the work alone, its workers had warmed up and met at a barrier before it started.\n- {} of every \
         configuration, in rounds: each round runs every configuration of a workload once, in random order (seed {}). \
         Ratios are taken inside a round, so that a machine that drifts does not tilt them.\n- Estimates are medians \
         with exact order-statistic intervals; nothing is resampled, nothing is dropped.\n- The comparisons of a \
         workload are one family: Holm's step-down holds the chance of any false *faster* or *slower* at 5%, and that \
         of any false *equivalent* likewise. *Equivalent* means that the interval lies inside ±{margin}%. Each \
         comparison shows its interval at the level at which it was decided, where there are rounds enough for that \
         level.\n- A/A check: {check}\n",
        show_seconds(run.timeout),
        plural(u64::from(run.rounds), "trial"),
        run.seed,
    )
}

pub(super) fn machine(results: &Results) -> String {
    let facts: Vec<String> = machine_facts(&results.machine).iter().map(|fact| escape(fact)).collect();
    let warnings: String = warnings(results).iter().map(|line| format!("- {}\n", escape(line))).collect();
    let gap = if warnings.is_empty() { "" } else { "\n" };
    format!(
        "## Machine\n\n{}; {} UTC; runner {}.\n{gap}{warnings}",
        facts.join(", "),
        escape(&results.run.started),
        escape(&results.tool)
    )
}

fn again(results: &Results) -> String {
    let only = results.run.filter.as_ref().map_or(String::new(), |only| format!(" --filter {}", shell(only)));
    let quick = if results.run.quick { " --quick" } else { "" };
    let trials = if results.run.quick { String::new() } else { format!(" --rounds {}", results.run.rounds) };
    let command = format!("runner {}.yaml{quick}{trials}{only} --seed {}", results.scenario.name, results.run.seed);
    format!(
        "## Run it again\n\nWith the scenario's file, here under its name:\n\n```sh\n{command}\n```\n\nEvery number is in [results.json](results.json).\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Latency, Quantiles};
    use crate::setting::Outcome;
    use crate::verdict::fixture::{Made, check_configuration};

    fn speedup_chart() -> ChartRef {
        ChartRef {
            stem: "speedup".into(),
            kind: "speedup".into(),
            subtitle: "Higher is better".into(),
            title: "It scales".into(),
            alt: "2.0× at \"two\" <workers>".into(),
            missing: None,
        }
    }

    #[test]
    fn a_report_has_all_its_parts_in_order() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        check_configuration(&mut made.results, 0, 1.0);
        let missing = ChartRef { stem: "ipc".into(), missing: Some("one payload size".into()), ..speedup_chart() };
        let text = markdown(&made.finish(), &[speedup_chart(), missing]);
        let parts = [
            "# Made by hand\n\nWhat is it?\n\n> Use threads × 2: 2.0",
            "**It scales**\n\n<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"speedup-dark.svg\"><img alt=\"2.0× at &quot;two&quot; &lt;workers&gt;\" src=\"speedup.svg\" width=\"760\"></picture>\n",
            "No chart `ipc`: one payload size.\n",
            "## Results\n\nπ(200 000) in 64 blocks, from the moment",
            "| config | time | speedup over serial | ok |\n|:--|--:|--:|--:|\n| serial | 1.14 s (",
            "| **threads × 2** | 57",
            "in parentheses: x4..x12 of 15, 96.5%. A speedup is",
            "### Compared with the pick\n\n- Slower than the pick: serial (by at least 99%)\n",
            "- A/A check of serial: second run over first 1.0",
            "### Phases and CPU",
            "## How it was measured",
            "inside ±3%",
            "## Machine\n\nA CPU (x86\\_64), 2 cores of 2 online, Linux 6.1",
            "```sh\nrunner made.yaml --rounds ",
        ];
        let mut rest = text.as_str();
        for part in parts {
            let at = rest.find(part).unwrap_or_else(|| panic!("{part}\nis not in\n{rest}"));
            rest = &rest[at + part.len()..];
        }
        assert!(!text.contains("\n\n\n") && !text.contains("Failed trials") && !text.contains("Not run"), "{text}");
    }

    #[test]
    fn nothing_from_a_scenario_becomes_markup() {
        let mut results = Made::new(15).serial(1.0).configuration("a|b <script>", 0.5).finish();
        results.scenario.title = "Pipes | and <b>*stars*</b>\n# second".into();
        results.scenario.about = "[link](x) `code`".into();
        let text = markdown(&results, &[]);
        assert!(
            text.starts_with("# Pipes \\| and &lt;b&gt;\\*stars\\*&lt;/b&gt; \\# second\n\n\\[link\\](x) \\`code\\`\n"),
            "{text}"
        );
        assert!(text.contains("| **a\\|b &lt;script&gt;** |") && !text.contains("<script>"));
    }

    #[test]
    fn failures_and_times_per_item_are_shown() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.5);
        made.fail(1, &(3..4), &Outcome::WorkerDied { cause: "signal 9 (SIGKILL)".into() });
        made.results.trials.iter_mut().filter(|t| !t.ok()).for_each(|t| t.stderr = "first\nlast | word\n".into());
        let quantiles =
            Quantiles { count: 300, min: 1, p50: 12_000, p95: Some(15_000), p99: None, max: 20_000, histogram: vec![] };
        made.results.latencies = vec![Latency {
            configuration: 1,
            trials: 1,
            service: quantiles.clone(),
            response: quantiles,
            service_by_trial: vec![],
        }];
        let text = markdown(&made.finish(), &[]);
        assert!(text.contains("| threads × 2 | 4 | worker died: signal 9 (SIGKILL) | last \\| word |"), "{text}");
        assert!(text.contains("| threads × 2 | 300 | 12 µs | 15 µs | – | 20 µs | 12 µs |"), "{text}");
        assert!(text.contains("14 of 15") && text.contains("1 of 15 worker died"));
    }

    #[test]
    fn a_quick_run_says_so_first() {
        let mut made = Made::new(3).serial(1.0).configuration("threads × 2", 0.5);
        made.results.run.quick = true;
        let text = markdown(&made.finish(), &[]);
        assert!(text.contains("**quick: small sizes, 3 rounds, no pick**\n\n> No pick: --quick"), "{text}");
        assert!(
            text.contains("too few trials for intervals")
                && text.contains("runner made.yaml --quick --seed ")
                && !text.contains("### Compared")
        );
    }
}
