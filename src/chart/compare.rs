//! Did it get worse? Of every configuration the time before and after, against a baseline in the same rounds or by two runs.

use super::compare_plot::{Layout, Row, Section, Tone};
use super::frame::Frame;
use super::words::{self, capital, estimate};
use super::{Chart, view};
use crate::results::{Change, Interval, Regression, Results, Workload};
use crate::setting::ChartKind;
use crate::stats::bimodal;
use crate::text::{plural, show_percent, show_seconds};
use crate::verdict::{Comparison, Matched, Side, UNBOUNDED, change, change_interval};

/// More rows than this in one picture are not read: workloads get pictures of their own, and a larger workload none.
const MOST_ROWS_TOGETHER: usize = 24;
const MOST_ROWS: usize = 48;
/// So many configurations are named in a title.
const MOST_NAMED: usize = 2;

/// A chart in the making: what it says, and its sections.
struct Draft {
    title: String,
    subtitle: String,
    sections: Vec<Section>,
    notes: Vec<String>,
    /// Practical margin, as a share.
    margin: f64,
}

/// The charts of a run with a baseline, or one line that says why there is none.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let refused = |why: String| {
        let title = "Time over that of a baseline".to_owned();
        vec![Chart::refused(ChartKind::Compare, base.to_owned(), title, why)]
    };
    if results.run.baseline.is_none() {
        return refused(
            "there was no baseline; `runner run --baseline` runs one too, `runner compare` compares two runs"
                .to_owned(),
        );
    }
    let of = |workload: &Workload| -> Vec<&Regression> {
        let regressions = results.derived.regressions.iter();
        regressions.filter(|found| workload.configurations.contains(&found.new)).collect()
    };
    let known: Vec<(&Workload, Vec<&Regression>)> = results
        .workloads
        .iter()
        .map(|workload| (workload, of(workload)))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    if known.is_empty() {
        let why = results.derived.workloads.iter().find_map(|verdict| verdict.suppressed.clone());
        return refused(why.unwrap_or_else(|| "no configuration has enough rounds of both".to_owned()));
    }
    let rows: usize = known.iter().map(|(_, found)| found.len()).sum();
    let draft = |known: &[(&Workload, Vec<&Regression>)]| {
        let found: Vec<&Regression> = known.iter().flat_map(|(_, found)| found.iter().copied()).collect();
        Draft {
            title: title_of_builds(results, &found),
            subtitle: subtitle_of_builds(results, &found),
            sections: known.iter().map(|(workload, found)| section_of_builds(results, workload, found)).collect(),
            notes: Vec::new(),
            margin: results.run.margin,
        }
    };
    if known.len() == 1 || rows <= MOST_ROWS_TOGETHER {
        let workloads: Vec<&Workload> = known.iter().map(|(workload, _)| *workload).collect();
        return vec![draft(&known).draw(results, &workloads, base.to_owned())];
    }
    let labels: Vec<String> = known.iter().map(|(workload, _)| workload.label.clone()).collect();
    let stems = words::stems(base, &labels);
    known.iter().zip(stems).map(|(one, stem)| draft(std::slice::from_ref(one)).draw(results, &[one.0], stem)).collect()
}

/// The charts of two runs, the earlier one first.
#[must_use]
pub fn comparison(old: &Results, new: &Results, comparison: &Comparison) -> Vec<Chart> {
    let base = ChartKind::Compare.word();
    let mut workloads: Vec<(&str, Vec<&Matched>)> = Vec::new();
    for matched in &comparison.matched {
        match workloads.last_mut() {
            Some((workload, rows)) if *workload == matched.workload => rows.push(matched),
            _ => workloads.push((&matched.workload, vec![matched])),
        }
    }
    if workloads.is_empty() {
        let title = "Time of the later run over the earlier's".to_owned();
        let why = "no configuration has a time in both runs".to_owned();
        return vec![Chart::refused(ChartKind::Compare, base.to_owned(), title, why)];
    }
    let draft = |workloads: &[(&str, Vec<&Matched>)]| {
        let all: Vec<&Matched> = workloads.iter().flat_map(|(_, rows)| rows.iter().copied()).collect();
        Draft {
            title: title_of_runs(comparison.margin, &all),
            subtitle: subtitle_of_runs(comparison.margin, &all),
            sections: workloads.iter().map(|(workload, rows)| section_of_runs(old, new, workload, rows)).collect(),
            notes: vec![
                "Grey: not shown to be slower or faster, by its time and relative to the reference alike".to_owned(),
            ],
            margin: comparison.margin,
        }
    };
    let view = Results { charts: Vec::new(), ..new.clone() };
    let shown: Vec<&Workload> = new.workloads.iter().collect();
    if workloads.len() == 1 || comparison.matched.len() <= MOST_ROWS_TOGETHER {
        return vec![draft(&workloads).draw(&view, &shown, base.to_owned())];
    }
    let labels: Vec<String> = workloads.iter().map(|(workload, _)| (*workload).to_owned()).collect();
    let stems = words::stems(base, &labels);
    workloads.iter().zip(stems).map(|(one, stem)| draft(std::slice::from_ref(one)).draw(&view, &shown, stem)).collect()
}

impl Draft {
    fn draw(mut self, results: &Results, workloads: &[&Workload], stem: String) -> Chart {
        for section in &mut self.sections {
            section.rows.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
        }
        let rows = || self.sections.iter().flat_map(|section| &section.rows);
        let count = rows().count();
        if count > MOST_ROWS {
            let why = format!("{count} rows are too many for one picture; the table has them all");
            return Chart::refused(ChartKind::Compare, stem, self.title, why);
        }
        let (title, subtitle) = view::headline(results, self.title.clone(), self.subtitle.clone());
        let mut notes = vec!["Small dots: trials before (above) and after (below), over the median before".to_owned()];
        let peaked: Vec<String> = rows().filter_map(Row::peaks).collect();
        match peaked.as_slice() {
            [] => {}
            few if few.len() <= MOST_NAMED => notes.push(format!("Two peaks: {}", few.join("; "))),
            many => notes.push(format!("Two peaks in {} rows, marked by a double tick", many.len())),
        }
        notes.append(&mut self.notes.clone());
        let layout = Layout::new(&self.sections, self.margin);
        notes.extend(layout.beyond().map(|count| format!("{} beyond the axis", plural(count as u64, "trial"))));
        let sheet = Frame::new(results, workloads, &title, &subtitle, &notes);
        let numbers: Vec<String> =
            self.sections.iter().map(|section| section.in_words(self.sections.len() > 1)).collect();
        let alt = format!("{title}. {subtitle}. {}.", numbers.join(". "));
        let picture = layout.draw(&sheet, results, &stem, &alt).map_err(|error| error.to_string());
        Chart { kind: ChartKind::Compare, stem, title, subtitle, alt, picture }
    }
}

fn percent(margin: f64) -> String {
    show_percent(margin)
}

/// At most a few names, and how many more there are.
fn few(names: &[String]) -> String {
    match names {
        all if all.len() <= MOST_NAMED => words::listed(all),
        all => format!("{} and {} more", all[..MOST_NAMED].join(", "), all.len() - MOST_NAMED),
    }
}

fn title_of_builds(results: &Results, found: &[&Regression]) -> String {
    let label = |configuration: usize| {
        results.configurations.get(configuration).map_or(String::new(), |configuration| configuration.label.clone())
    };
    let with = |word: Change| found.iter().filter(move |one| one.word == word);
    let count = |word: Change| with(word).count();
    let (of, margin) = (found.len(), percent(results.run.margin));
    let mut parts = Vec::new();
    let mut worst: Vec<&&Regression> = with(Change::Regression).collect();
    worst.sort_by(|a, b| b.ratio.median.total_cmp(&a.ratio.median));
    let names: Vec<String> =
        worst.iter().map(|one| format!("{} {}", label(one.new), change(one.ratio.median))).collect();
    if !names.is_empty() {
        let are = if names.len() == 1 { "is" } else { "are" };
        parts.push(format!(
            "{} of {} {are} slower by more than {margin}: {}",
            names.len(),
            plural(of as u64, "configuration"),
            few(&names)
        ));
    } else if count(Change::Equivalent) == of {
        let all = if of == 1 { "the one configuration is".to_owned() } else { format!("all {of} configurations are") };
        parts.push(format!("{all} equivalent within ±{margin}"));
    } else {
        parts.push(format!("no regression beyond {margin} is shown in {}", plural(of as u64, "configuration")));
    }
    for (word, what) in
        [(Change::Slower, "slower"), (Change::Faster, "faster"), (Change::NoSignificantDifference, "not significant")]
    {
        if count(word) > 0 {
            parts.push(format!("{} {what}", count(word)));
        }
    }
    capital(&parts.join("; "))
}

fn subtitle_of_builds(results: &Results, found: &[&Regression]) -> String {
    let rounds = found.iter().map(|one| one.ratio.n);
    let (low, high) = rounds.fold((u32::MAX, 0), |(low, high), n| (low.min(n), high.max(n)));
    let rounds = if low >= high { format!("{high} rounds") } else { format!("{low} to {high} rounds") };
    let other = results.run.baseline.as_deref().unwrap_or_default();
    format!(
        "Time over that of baseline {other}: median of the ratios within {rounds}, with the verdict's \
         interval. Shaded: ±{}. {}",
        percent(results.run.margin),
        words::unbroken("Further left is better")
    )
}

fn section_of_builds(results: &Results, workload: &Workload, found: &[&Regression]) -> Section {
    let rows = found.iter().map(|one| {
        let label =
            results.configurations.get(one.new).map_or(String::new(), |configuration| configuration.label.clone());
        let before = median(results, one.old, workload.per_item);
        let (old, new) = (samples(results, one.old, workload.per_item), samples(results, one.new, workload.per_item));
        let (tone, word) = match one.word {
            Change::Regression => (Tone::Worse, "regression"),
            Change::Slower => (Tone::Worse, "slower"),
            Change::Faster => (Tone::Better, "faster"),
            Change::Equivalent => (Tone::Open, "equivalent"),
            Change::NotSlower => (Tone::Open, "not slower"),
            Change::NoSignificantDifference => (Tone::Open, "not significant"),
        };
        let bounded = one.ratio.median < UNBOUNDED;
        Row {
            label,
            ratio: if bounded { one.ratio.median } else { f64::INFINITY },
            ends: one.ratio.low.map(|low| (low, one.ratio.high.filter(|high| *high < UNBOUNDED))),
            before: None,
            change: change(one.ratio.median),
            numbers: interval(&one.ratio),
            word,
            tone,
            old: relative(&old, before),
            new: relative(&new, before),
            peaks: [bimodal(&old), bimodal(&new)],
        }
    });
    Section { head: capital(&workload.label), rows: rows.collect() }
}

/// The interval of a change without its median: `+23 to +28 %`.
fn interval(ratio: &Interval) -> String {
    let whole = change_interval(ratio);
    let ends = whole.strip_prefix(&change(ratio.median)).map_or("", |rest| rest.trim_matches([' ', '(', ')']));
    if ends.is_empty() { "no interval".to_owned() } else { ends.to_owned() }
}

fn title_of_runs(margin: f64, all: &[&Matched]) -> String {
    let (of, margin) = (plural(all.len() as u64, "configuration"), percent(margin));
    let mut slower: Vec<&&Matched> = all.iter().filter(|one| one.slower()).collect();
    slower.sort_by(|a, b| b.time.ratio.total_cmp(&a.time.ratio));
    let names: Vec<String> = slower.iter().map(|one| format!("{} {}", one.label, change(one.time.ratio))).collect();
    let are = if names.len() == 1 { "is" } else { "are" };
    if names.is_empty() {
        return format!("None of {of} is shown to be slower by more than {margin}");
    }
    format!("{} of {of} {are} slower by more than {margin}: {}", names.len(), few(&names))
}

fn subtitle_of_runs(margin: f64, all: &[&Matched]) -> String {
    let intervals = all.iter().flat_map(|one| [&one.time.old, &one.time.new]);
    format!(
        "Time in the later run over that in the earlier one, which are not paired; {}. Shaded: ±{}. {}",
        words::trials_and_interval(intervals),
        percent(margin),
        words::unbroken("Further left is better")
    )
}

fn section_of_runs(before: &Results, after: &Results, workload: &str, all: &[&Matched]) -> Section {
    let rows = all.iter().map(|one| {
        let (old, new) =
            (samples(before, one.configurations.0, one.per_item), samples(after, one.configurations.1, one.per_item));
        let median = one.time.old.median;
        let faster =
            one.time.side == Side::Faster && one.relative.is_some_and(|relative| relative.side == Side::Faster);
        let (tone, word) = match one.time.side {
            _ if one.slower() => (Tone::Worse, "slower"),
            _ if faster => (Tone::Better, "faster"),
            _ if one.reference => (Tone::Open, "reference"),
            Side::Slower | Side::Faster | Side::Apart => (Tone::Open, "inconclusive"),
            Side::Overlapping => (Tone::Open, "overlap"),
            Side::Unknown => (Tone::Open, "no interval"),
        };
        let ends =
            |interval: &Interval| interval.low.map(|low| (low / median, interval.high.map(|high| high / median)));
        Row {
            label: one.label.clone(),
            ratio: one.time.ratio,
            ends: ends(&one.time.new),
            before: ends(&one.time.old),
            change: change(one.time.ratio),
            numbers: format!("{} to {}", show_seconds(median), show_seconds(one.time.new.median)),
            word,
            tone,
            old: relative(&old, Some(median)),
            new: relative(&new, Some(median)),
            peaks: [bimodal(&old), bimodal(&new)],
        }
    });
    Section { head: capital(workload), rows: rows.collect() }
}

/// The times of the trials of a configuration that count, in seconds or in seconds per item; ∞ for those that timed out.
fn samples(results: &Results, configuration: usize, per_item: bool) -> Vec<f64> {
    let items = |done: u64| if per_item { done.max(1) as f64 } else { 1.0 };
    results.timed(configuration).filter_map(|trial| Some(trial.seconds()? / items(trial.done))).collect()
}

fn median(results: &Results, configuration: usize, per_item: bool) -> Option<f64> {
    let estimate = estimate(results, configuration)?;
    let time = if per_item { estimate.per_item } else { estimate.time };
    time.and_then(words::drawable).map(|time| time.median)
}

/// The samples over a median, as far as a logarithmic axis has them; ∞ stays.
fn relative(samples: &[f64], median: Option<f64>) -> Vec<f64> {
    let Some(median) = median else { return Vec::new() };
    samples.iter().map(|time| time / median).filter(|ratio| *ratio > 0.0 && !ratio.is_nan()).collect()
}
