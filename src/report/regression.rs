//! The report of a run with a baseline: for the terminal, and for a pull request.

use super::ChartRef;
use super::grid::Column;
use super::markdown::{chart, checks, expectations, machine, wrong};
use super::markdown_table::table as markdown_table;
use super::page::{BOLD, PLAIN, Page, RED, TerminalOptions, YELLOW};
use super::sorted::{Sorted, unsorted};
use super::words::{NONE, notes, outcomes, reservations, time, time_median};
use crate::results::{Change, Regression, Results, Workload};
use crate::text::escape::markdown as escape;
use crate::text::{capital, plural, three_digits};
use crate::verdict::change_interval;

/// What comparing it with the baseline found, for the terminal.
#[must_use]
pub fn regression_terminal(results: &Results, options: &TerminalOptions) -> String {
    let mut page = Page::new(options);
    page.line(BOLD, &format!("{} – {}", results.scenario.name, results.scenario.title));
    page.line(PLAIN, &builds(results));
    for line in reservations(results) {
        page.line(YELLOW, &line);
    }
    for verdict in &results.derived.workloads {
        let Some(workload) = results.workloads.get(verdict.workload) else { continue };
        page.line(PLAIN, "");
        page.line(BOLD, &format!("{} ({})", workload.shown(), plural(u64::from(results.run.rounds), "round")));
        let rows = rows(results, workload);
        let text = |of: fn(&Row) -> String| rows.iter().map(of).collect::<Vec<_>>();
        let columns = [
            Column::new("", false, text(|row| row.label.clone())),
            Column::new("baseline", true, text(|row| row.old.text.clone())),
            Column::new("now", true, text(|row| row.new.text.clone())),
            Column::new("time, now over baseline", true, text(|row| row.change.text.clone())),
            Column::new("", false, text(|row| row.word.to_owned())),
        ];
        page.table(&columns, |row| if rows[row].regression { RED } else { PLAIN });
        for row in rows.iter().filter(|row| !row.notes.is_empty()) {
            page.wrapped("  ", &format!("{}: {}", row.label, row.notes), YELLOW);
        }
        page.line(PLAIN, "");
        page.wrapped("", &verdict.sentence, BOLD);
    }
    let wrong: Vec<(String, usize)> = outcomes(results).into_iter().filter(|(words, _)| words != "ok").collect();
    for (words, count) in wrong {
        page.wrapped("", &format!("{count} of {} rounds: {words}", results.trials.len()), RED);
    }
    page.expectations(results);
    page.text
}

/// What comparing it with the baseline found, as Markdown for a pull request.
#[must_use]
pub fn regression_markdown(results: &Results, charts: &[ChartRef]) -> String {
    unsorted(&sortable_regressions(results, charts))
}

/// As Markdown with the numbers by which columns are sorted.
pub(super) fn sortable_regressions(results: &Results, charts: &[ChartRef]) -> String {
    let mut out =
        format!("# {}: compared with a baseline\n\n{}\n\n", escape(&results.scenario.title), escape(&builds(results)));
    for line in reservations(results) {
        out += &format!("**{}**\n\n", escape(&line));
    }
    for shown in charts {
        out += &format!("{}\n", chart(shown));
    }
    for verdict in &results.derived.workloads {
        let Some(workload) = results.workloads.get(verdict.workload) else { continue };
        out += &format!("## {}\n\n> {}\n\n", escape(&workload.label), escape(&verdict.sentence));
        let rows: Vec<Vec<String>> = rows(results, workload)
            .into_iter()
            .map(|row| {
                let word = if row.regression { format!("**{}**", row.word) } else { row.word.to_owned() };
                vec![
                    escape(&row.label),
                    row.old.markdown(),
                    row.new.markdown(),
                    row.change.markdown(),
                    word,
                    escape(&row.notes),
                ]
            })
            .collect();
        out += &markdown_table(&["config", "baseline", "now", "time, now over baseline", "verdict", "notes"], &rows);
        out.push('\n');
        let checks = checks(results, verdict);
        if !checks.is_empty() {
            out += &format!("{checks}\n");
        }
    }
    for part in [expectations(results), wrong(results), method(results), machine(results)] {
        if !part.is_empty() {
            out += &format!("{part}\n");
        }
    }
    out + "Every number is in [results.json](results.json).\n"
}

/// What was compared.
fn builds(results: &Results) -> String {
    let (now, baseline) = compared(results);
    format!("{now} compared with baseline {baseline}, in the same rounds.")
}

/// What was compared with what.
pub(super) fn compared(results: &Results) -> (String, String) {
    let run = &results.run;
    let now = run.candidate.clone().unwrap_or_else(|| format!("this build (runner {})", results.tool));
    (capital(&now), run.baseline.clone().unwrap_or_else(|| "of unknown version".into()))
}

/// One configuration, now and in the baseline.
struct Row {
    label: String,
    old: Sorted,
    new: Sorted,
    change: Sorted,
    word: &'static str,
    regression: bool,
    notes: String,
}

fn rows(results: &Results, workload: &Workload) -> Vec<Row> {
    let own = workload
        .configurations
        .iter()
        .filter_map(|id| results.configurations.get(*id))
        .filter(|configuration| !configuration.is_of_baseline());
    own.map(|configuration| {
        let found = results.derived.regressions.iter().find(|regression| regression.new == configuration.id);
        let shown = |id: usize| match results.derived.estimates.get(id) {
            Some(estimate) => Sorted { text: time(workload, estimate), by: time_median(workload, estimate) },
            None => NONE.to_owned().into(),
        };
        let notes_of = |id: usize, whose: &str| {
            let notes = results.derived.estimates.get(id).map(notes).unwrap_or_default();
            notes.into_iter().map(|note| format!("{whose}: {note}")).collect::<Vec<_>>()
        };
        let old = found.map_or_else(|| other_of(results, configuration.id), |found| Some(found.old));
        let mut notes = notes_of(configuration.id, "now");
        notes.extend(old.map(|old| notes_of(old, "baseline")).unwrap_or_default());
        Row {
            label: configuration.label.clone(),
            old: old.map_or(NONE.to_owned().into(), shown),
            new: shown(configuration.id),
            change: found.map_or(NONE.to_owned().into(), |found| Sorted {
                text: change_interval(&found.ratio),
                by: Some(found.ratio.median),
            }),
            word: found.map_or("not compared", word),
            regression: found.is_some_and(|found| found.word == Change::Regression),
            notes: notes.join("; "),
        }
    })
    .collect()
}

/// The configuration of the baseline that does what this one does.
fn other_of(results: &Results, own: usize) -> Option<usize> {
    results.configurations.iter().find(|other| other.partner == Some(own)).map(|other| other.id)
}

fn word(regression: &Regression) -> &'static str {
    match regression.word {
        Change::Regression => "slower: a regression",
        Change::Slower => "slower, not shown to be beyond the margin",
        Change::Faster => "faster",
        Change::Equivalent => "equivalent",
        Change::NotSlower => "not slower beyond the margin",
        Change::NoSignificantDifference => "no significant difference",
    }
}

fn method(results: &Results) -> String {
    let run = &results.run;
    let margin = three_digits(run.margin * 100.0);
    format!(
        "## How it was measured\n\n- Both builds ran every configuration in each of {}, next to each other in random \
         order (seed {}), with the same items. Ratios are taken inside a round, so that a machine that drifts does not \
         tilt them.\n- The change is the median of those ratios, with its exact order-statistic interval at the level \
         at which it was decided.\n- A *regression* means that the whole interval lies above +{margin}%. The \
         configurations of a workload are one family: Holm's step-down holds the chance of any false regression at \
         2.5%.\n",
        plural(u64::from(run.rounds), "round"),
        run.seed,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::fixture::Made;

    fn made() -> Results {
        let mut made = Made::new(15).serial(1.25).configuration("serial (other build)", 1.0);
        made.results.configurations[1].partner = Some(0);
        made.results.run.baseline = Some("0.0.9".into());
        made.finish()
    }

    #[test]
    fn both_pages_name_the_way_the_change_and_the_word() {
        let results = made();
        let terminal = regression_terminal(&results, &TerminalOptions { width: 100, color: false, verbose: false });
        let markdown = regression_markdown(&results, &[]);
        for text in [&terminal, &markdown] {
            for part in ["0.0.9", "1 regression beyond 3%", "+25% (+2", "slower: a regression"] {
                assert!(text.contains(part), "{part} in {text}");
            }
        }
        assert!(terminal.lines().any(|line| line.starts_with("serial ") && line.contains("1.14 s (")), "{terminal}");
        assert!(
            markdown.contains("| serial | 1.14 s (") && markdown.contains("| **slower: a regression** |"),
            "{markdown}"
        );
        assert!(!markdown.contains("\n\n\n"), "{markdown}");
    }

    #[test]
    fn a_way_that_one_build_cannot_do_is_not_compared() {
        let mut results = made();
        for trial in results.trials.iter_mut().filter(|trial| trial.configuration == 1) {
            trial.outcome = crate::setting::Outcome::ResultMismatch;
        }
        results.derived = crate::verdict::derive(&results);
        let text = regression_markdown(&results, &[]);
        assert!(text.contains("| – | not compared |") && text.contains("baseline: 15 of 15 result mismatch"), "{text}");
    }
}
