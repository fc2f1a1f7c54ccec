//! Tables and sentences for the terminal.

use super::grid::{self, Column, fitted};
use super::page::{BOLD, DIM, PLAIN, Page, RED, TerminalOptions, YELLOW};
use super::spark::{self, Sparks};
use super::words::{
    NONE, all_planned, answer, cores, notes, outcomes, reservations, speedup, speedup_head, time, time_head, word,
};
use super::{code, happened, picks, reasons};
use crate::results::{Answer, BreakEven, ConfigurationEstimate, Crossing, Results, Workload, WorkloadVerdict};
use crate::setting::Measure;
use crate::text::{plural, show_fixed_percent, show_seconds};
use crate::verdict::times_interval;

/// Widest and narrowest bar worth drawing.
const BAR: std::ops::RangeInclusive<usize> = 6..=20;

/// What a run found, for the terminal: per workload a table and a sentence, then everything that went otherwise than planned.
#[must_use]
pub fn terminal(results: &Results, options: &TerminalOptions) -> String {
    let mut page = Page::new(options);
    page.wrapped("", &format!("{} – {}", results.scenario.name, results.scenario.title), BOLD);
    for line in reservations(results) {
        page.wrapped("", &line, YELLOW);
    }
    for verdict in &results.derived.workloads {
        let Some(workload) = results.workloads.get(verdict.workload) else { continue };
        page.workload(results, workload, verdict);
    }
    for sparks in spark::over_payload(results) {
        page.sparks(&sparks);
    }
    for facts in happened::runtimes(results) {
        facts.on(&mut page, options.verbose);
    }
    page.outcomes(results);
    page.saturation(results);
    page.break_evens(results);
    page.expectations(results);
    if !results.skipped.is_empty() {
        page.text.push('\n');
        page.line(PLAIN, "Not run:");
        for skipped in &results.skipped {
            page.wrapped("  ", &format!("{}: {}", skipped.what, skipped.why), DIM);
        }
    }
    page.text
}

impl Page {
    fn sparks(&mut self, sparks: &Sparks) {
        self.text.push('\n');
        self.wrapped("", &sparks.title, PLAIN);
        let columns = fitted(sparks.columns().to_vec(), self.options.width);
        for row in 0..grid::rows(&columns) {
            self.row(&columns, row, PLAIN);
        }
    }

    fn workload(&mut self, results: &Results, workload: &Workload, verdict: &WorkloadVerdict) {
        let rows: Vec<&ConfigurationEstimate> = workload
            .configurations
            .iter()
            .filter_map(|configuration| results.derived.estimates.get(*configuration))
            .collect();
        self.text.push('\n');
        let rounds = rows.iter().map(|row| row.trials).max().unwrap_or(0);
        let measure = if workload.measure == Measure::EndToEnd { ", start to end" } else { "" };
        self.wrapped("", &format!("{} ({}{measure})", workload.shown(), plural(u64::from(rounds), "round")), BOLD);
        let columns = self.columns(results, workload, &rows);
        self.heads(&columns);
        for (i, row) in rows.iter().enumerate() {
            self.row(&columns, i, if verdict.winners.contains(&row.configuration) { BOLD } else { PLAIN });
            for note in notes(row) {
                self.wrapped("      ", &note, if row.ok < row.trials { RED } else { YELLOW });
            }
        }
        self.text.push('\n');
        self.wrapped("", &verdict.sentence, BOLD);
        if let Some(when) = &verdict.recommendation {
            self.wrapped("", when, PLAIN);
        }
        for warning in &verdict.warnings {
            self.wrapped("", warning, YELLOW);
        }
        if let Some(code) = code::lines(results, verdict) {
            self.text.push('\n');
            for line in code.lines() {
                self.line(PLAIN, &format!("    {line}"));
            }
            self.text.push('\n');
        }
        for (what, which) in picks::lists(results, verdict) {
            self.wrapped("  ", &format!("{what}: {which}"), DIM);
        }
        if let Some(sparks) = spark::over_workers(results, workload) {
            self.sparks(&sparks);
        }
        self.breakdown(results, verdict, &rows);
        for facts in happened::of_workload(results, workload, !self.options.verbose) {
            facts.on(self, self.options.verbose);
        }
        if self.options.verbose {
            for line in reasons::fits(results, workload) {
                self.wrapped("  ", &line, DIM);
            }
            self.details(results, verdict);
        }
    }

    /// The columns that fit: configuration, time and speed-up always, the others while there is room.
    fn columns(&self, results: &Results, workload: &Workload, rows: &[&ConfigurationEstimate]) -> Vec<Column> {
        let texts =
            |text: &dyn Fn(&ConfigurationEstimate) -> String| rows.iter().map(|row| text(row)).collect::<Vec<_>>();
        let mut columns = vec![
            Column::new("", false, texts(&|row| results.configurations[row.configuration].label.clone())),
            Column::new(time_head(workload), true, texts(&|row| time(workload, row))),
            Column::new(speedup_head(workload), true, texts(&|row| speedup(workload, row))),
        ];
        let mut more = vec![
            Column::new("start", true, texts(&|row| row.phases.map_or(NONE.into(), |phases| show_seconds(phases[0])))),
            Column::new("busy", true, texts(&|row| cores(row).map_or(NONE.into(), |cores| format!("{cores:.1}")))),
        ];
        if rows.iter().any(|row| row.ok < row.trials) {
            more.push(Column::new("ok", true, texts(&|row| format!("{}/{}", row.ok, row.trials))));
        }
        columns = fitted(columns, self.options.width);
        let mut room = self.options.width.saturating_sub(grid::taken(&columns));
        for column in more {
            if let Some(left) = room.checked_sub(column.width() + 2) {
                room = left;
                columns.push(column);
            }
        }
        if let Some(width) = room.checked_sub(2).filter(|width| width >= BAR.start()) {
            columns.push(Column::new("", false, bars(workload, rows, width.min(*BAR.end()))));
        }
        columns
    }

    /// Where speed-up went: of the first and the last in the ranking that lost any, or of all configurations.
    fn breakdown(&mut self, results: &Results, verdict: &WorkloadVerdict, rows: &[&ConfigurationEstimate]) {
        let lossy = |configuration: &&usize| {
            rows.iter().any(|row| row.configuration == **configuration && row.breakdown.is_some())
        };
        let known: Vec<usize> = verdict.ranking.iter().filter(lossy).copied().collect();
        let ends = [known.first(), known.last()];
        let shown = |configuration: usize| self.options.verbose || ends.contains(&Some(&configuration));
        let lines: Vec<String> = rows
            .iter()
            .filter(|row| shown(row.configuration))
            .filter_map(|row| {
                let lost = reasons::lost(row.breakdown.as_ref()?);
                Some(format!("{}: {lost}", results.configurations.get(row.configuration)?.label))
            })
            .collect();
        if lines.is_empty() {
            return;
        }
        self.line(PLAIN, "Speedup breakdown:");
        for line in lines {
            self.wrapped("  ", &line, DIM);
        }
    }

    fn details(&mut self, results: &Results, verdict: &WorkloadVerdict) {
        let label = |configuration: usize| &results.configurations[configuration].label;
        for pair in &verdict.pairs {
            let (a, b, ratio) = (label(pair.a), label(pair.b), times_interval(&pair.ratio));
            let level = match pair.ratio.low {
                Some(_) => format!("at {}", show_fixed_percent(pair.ratio.level, 2)),
                None => "without an interval: too few rounds".into(),
            };
            let line = format!("{a} is {} {b}: {ratio} {level}", word(pair.word));
            self.wrapped("  ", &line, DIM);
        }
        for check in &verdict.checks {
            let passed = if check.passed { "passed" } else { "failed" };
            self.wrapped(
                "  ",
                &format!("A/A check of {}: {}, {passed}", label(check.configuration), times_interval(&check.ratio)),
                DIM,
            );
        }
    }

    /// Where one configuration overtakes another; all that was found out about it only if asked for.
    /// Up to which rate configurations keep up.
    fn saturation(&mut self, results: &Results) {
        if results.derived.saturation.is_empty() {
            return;
        }
        self.text.push('\n');
        self.line(PLAIN, "Arrival rates and saturation:");
        for saturation in &results.derived.saturation {
            self.wrapped("  ", &saturation.sentence, PLAIN);
        }
    }

    fn break_evens(&mut self, results: &Results) {
        let told = |found: &&BreakEven| self.options.verbose || found.crossing == Crossing::From;
        let lines: Vec<&str> =
            results.derived.break_evens.iter().filter(told).map(|found| found.sentence.as_str()).collect();
        if lines.is_empty() {
            return;
        }
        self.text.push('\n');
        self.line(PLAIN, "Break-even points:");
        for line in lines {
            self.wrapped("  ", line, PLAIN);
        }
    }

    fn outcomes(&mut self, results: &Results) {
        let wrong: Vec<(String, usize)> = outcomes(results).into_iter().filter(|(words, _)| words != "ok").collect();
        if wrong.is_empty() {
            return;
        }
        self.text.push('\n');
        let planned = all_planned(results);
        self.line(PLAIN, if planned { "Failed trials, as planned:" } else { "Failed trials:" });
        for (words, count) in wrong {
            let style = if planned { PLAIN } else { RED };
            self.wrapped("  ", &format!("{count} of {}: {words}", results.trials.len()), style);
        }
    }

    pub(super) fn expectations(&mut self, results: &Results) {
        if results.derived.expectations.is_empty() {
            return;
        }
        self.text.push('\n');
        self.line(PLAIN, "Expectations:");
        for judged in &results.derived.expectations {
            let Some(expected) = results.expectations.get(judged.expectation) else { continue };
            let style = if judged.answer == Answer::NotMet { RED } else { PLAIN };
            self.wrapped("  ", &format!("{}: {}", answer(judged.answer), expected.text), style);
            for line in &judged.details {
                self.wrapped("      ", line, DIM);
            }
        }
    }
}

/// Bars of the medians, longest for the slowest; a bar without a time stays empty.
fn bars(workload: &Workload, rows: &[&ConfigurationEstimate], width: usize) -> Vec<String> {
    let median =
        |row: &ConfigurationEstimate| if workload.per_item { row.per_item } else { row.time }.map(|time| time.median);
    let longest = rows.iter().filter_map(|row| median(row)).fold(0.0, f64::max);
    let bar = |row: &&ConfigurationEstimate| {
        let share = median(row).filter(|_| longest > 0.0).map_or(0.0, |time| time / longest);
        let eighths = (share * width as f64 * 8.0).round() as usize;
        let rest = ['\0', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8];
        let mut bar = "█".repeat(eighths / 8);
        if rest != '\0' {
            bar.push(rest);
        }
        bar
    };
    rows.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Breakdown, Expectation, Loss, Skipped};
    use crate::setting::{Metric, Outcome};
    use crate::verdict::fixture::Made;

    const NARROW: TerminalOptions = TerminalOptions { width: 80, color: false, verbose: false };

    fn made() -> Made {
        Made::new(15).serial(1.0).configuration("threads × 2", 0.5).configuration("processes × 2, shared memory", 0.55)
    }

    #[test]
    fn a_workload_is_a_table_and_a_sentence_in_eighty_columns() {
        let text = terminal(&made().finish(), &NARROW);
        assert!(text.starts_with("made – Made by hand\n\nprimes, limit 200 000 (15 rounds)\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains("Not run"));
        let row = text.lines().find(|line| line.starts_with("threads × 2 ")).unwrap();
        assert!(row.contains(" ms (") && row.contains("2.00× ("), "{row}");
        assert!(text.contains("start  busy\n") && row.ends_with("10 ms   1.0"), "{text}");
        assert!(text.contains("\nUse threads × 2: 2.0"), "{text}");
    }

    #[test]
    fn wide_terminals_get_bars_and_narrow_ones_lose_columns_only() {
        let results = made().finish();
        let wide = terminal(&results, &TerminalOptions { width: 120, ..NARROW });
        assert!(wide.contains("████") && wide.contains("busy"));
        let narrow = terminal(&results, &TerminalOptions { width: 40, ..NARROW });
        assert!(!narrow.contains('█') && narrow.contains("processes × 2, share") && narrow.contains("speedup"));
    }

    #[test]
    fn what_went_otherwise_is_said() {
        let mut made = made();
        made.fail(2, &(0..2), &Outcome::TimedOut);
        made.results.run.quick = true;
        made.results.run.filter = Some("workers=2".into());
        made.results.scenario.title = "a\u{1b}[2Jtitle".into();
        made.results.skipped =
            vec![Skipped { what: "rayon × python".into(), why: "rayon runs native code only".into() }];
        made.results.expectations = vec![Expectation {
            text: "speedup of threads × 2 over serial is at least 3".into(),
            metric: Metric::Speedup,
            is: None,
            pairs: vec![(1, Some(0))],
            at_least: Some(3.0),
            at_most: None,
        }];
        let text = terminal(&made.clone().finish(), &NARROW);
        let parts = [
            "made – a [2Jtitle\n",
            "quick: small sizes, 15 rounds, no pick\n",
            "narrowed: only workers=2\n",
            "2 of 15 timed out\n",
            "2 of 45: timed out\n",
            "No pick: --quick",
            "inconclusive: speedup of threads × 2 over serial is at least 3\n",
            "rayon × python: rayon runs native code only\n",
        ];
        for part in parts {
            assert!(text.contains(part), "{part} in {text}");
        }
        made.results.run.quick = false;
        let text = terminal(&made.finish(), &TerminalOptions { width: 120, ..NARROW });
        assert!(
            text.contains("  not met: speedup of threads × 2") && text.contains("at least 3× expected: not met"),
            "{text}"
        );
    }

    #[test]
    fn breakdown_of_the_first_and_the_last_are_told_and_all_if_asked_for() {
        let mut results = made().configuration("rayon × 2", 0.7).finish();
        for configuration in 1..4 {
            let parts = Loss::ALL.into_iter().zip([0.0, 0.25, 0.0, 0.0, 0.0, 0.0]).collect();
            let breakdown = Breakdown { workers: 2, measured: 1.75, parts, inflation: 1.0, trials: 2 };
            results.derived.estimates[configuration].breakdown = Some(breakdown);
        }
        results.derived.workloads[0].recommendation = Some("Use threads from two workers on.".into());
        let text = terminal(&results, &NARROW);
        let line = |way: &str| format!("\n  {way}: 1.75 of 2; lost: 0.25 dispatch and serialization\n");
        assert!(text.contains("\nUse threads from two workers on.\n  Slower than the pick: processes × 2"), "{text}");
        assert!(text.contains("\nSpeedup breakdown:\n"), "{text}");
        assert!(text.contains(&line("threads × 2")) && text.contains(&line("rayon × 2")), "{text}");
        assert!(!text.contains(&line("processes × 2, shared memory")), "{text}");
        let all = terminal(&results, &TerminalOptions { width: 120, verbose: true, ..NARROW });
        assert!(all.contains(&line("processes × 2, shared memory")), "{all}");
    }

    #[test]
    fn verbose_shows_every_comparison_and_colour_marks_the_winner() {
        let options = TerminalOptions { width: 100, color: true, verbose: true };
        let text = terminal(&made().finish(), &options);
        assert!(text.contains("processes × 2, shared memory is faster than serial: "), "{text}");
        assert!(text.contains("\u{1b}[1mthreads × 2 "), "{text}");
    }
}
