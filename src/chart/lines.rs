//! Configurations as lines: one line for those that differ in nothing but the number along the axis.

use std::cell::RefCell;

use super::canvas::Canvas;
use super::labels::Label;
use super::plot::{Ink, Plot, PlotError};
use super::theme::{Hue, Paint, SHADES};
use crate::results::{Configuration, Interval, Results};
use crate::setting::{Config, Key, Method, varying};

/// Dashes of the first, second, third and fourth line of a model.
const DASHES: [&str; 4] = ["", "7 3.5", "2 3", "9 3 2 3"];

/// From more lines than this on, names leave out the model where it is the same for all.
const MANY: usize = 8;

/// How a line looks and what it is called.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// For labels: the model, and what sets this line apart from the model's others.
    pub(super) name: String,
    /// For sentences: `processes over shared memory`.
    pub(super) phrase: String,
    pub(super) hue: Hue,
    pub(super) shade: usize,
    pub(super) dash: &'static str,
    pub(super) configurations: Vec<&'a Configuration>,
}

/// A shade for each IPC method, the same in every chart.
pub(super) fn shade_of(ipc: Option<Method>) -> usize {
    match ipc {
        Some(Method::SharedMemory) => 1,
        Some(Method::Queue) => 2,
        Some(Method::Manager) => 3,
        Some(Method::Pipe) | None => 0,
    }
}

/// Configurations that are equal in everything but what stands along the axis.
struct Member<'a> {
    config: Config,
    configurations: Vec<&'a Configuration>,
}

/// Groups configurations into lines over some of their settings, in the order of the configurations: those of one line
/// differ in these settings alone.
pub(super) fn lines<'a>(
    results: &'a Results,
    over: &[Key],
    configurations: impl Iterator<Item = usize>,
) -> Vec<Line<'a>> {
    let mut members: Vec<Member> = Vec::new();
    for configuration in configurations.filter_map(|index| results.configurations.get(index)) {
        let config = configuration.config.without(over);
        match members.iter_mut().find(|member| member.config == config) {
            Some(member) => member.configurations.push(configuration),
            None => members.push(Member { config, configurations: vec![configuration] }),
        }
    }
    members.iter().enumerate().map(|(index, member)| line(&members, index, member)).collect()
}

fn line<'a>(members: &[Member<'a>], index: usize, member: &Member<'a>) -> Line<'a> {
    let same = members.iter().filter(|other| other.config.model == member.config.model);
    let differing = varying(same.map(|other| &other.config).collect::<Vec<_>>().into_iter());
    let shown: Vec<String> = differing.iter().filter_map(|key| member.config.shown(*key)).collect();
    // Models that share a hue are told apart like configurations of one model.
    let hue = Hue::of_model(member.config.model);
    let nth = members[..index].iter().filter(|other| Hue::of_model(other.config.model) == hue).count();
    let first = member.configurations[0];
    // What all lines have in common need not stand at each.
    let alone = members.len() > MANY && members.iter().all(|other| other.config.model == member.config.model);
    let by_method = differing.contains(&Key::Ipc);
    let shade = if by_method { shade_of(first.config.ipc) } else { nth % SHADES };
    // A method keeps its dash, too, unless that is needed to tell apart what else differs.
    let dash = if by_method && differing.len() == 1 { shade } else { nth };
    let ipc = by_method.then(|| member.config.shown(Key::Ipc)).flatten();
    let rest: Vec<String> =
        differing.iter().filter(|key| **key != Key::Ipc).filter_map(|key| member.config.shown(*key)).collect();
    Line {
        name: named(first.model_shown(), &shown, alone),
        phrase: phrased(first.model_shown(), ipc.as_deref(), &rest),
        hue,
        shade,
        dash: DASHES[dash % DASHES.len()],
        configurations: member.configurations.clone(),
    }
}

fn named(model: &str, shown: &[String], alone: bool) -> String {
    if alone && !shown.is_empty() {
        return shown.join(", ");
    }
    std::iter::once(model).chain(shown.iter().map(String::as_str)).collect::<Vec<_>>().join(", ")
}

fn phrased(model: &str, ipc: Option<&str>, rest: &[String]) -> String {
    let over = ipc.map_or(String::new(), |ipc| format!(" over {}", ipc.split(" (").next().unwrap_or(ipc)));
    let rest = if rest.is_empty() { String::new() } else { format!(" ({})", rest.join(", ")) };
    format!("{model}{over}{rest}")
}

/// Whether a name takes a verb in the plural: `threads` do, `work stealing (rayon)` does not.
pub(super) fn is_plural(phrase: &str) -> bool {
    phrase.split([' ', ',']).next().is_some_and(|word| word.ends_with('s'))
}

/// A point of a line; the estimate is missing where no trial ended right.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) value: Option<Interval>,
    /// What a reader who points at it sees.
    pub(super) title: String,
}

/// How much of a line is drawn.
#[derive(Clone, Copy)]
pub(super) struct Detail {
    pub(super) hero: bool,
    pub(super) markers: bool,
}

/// Runs of points that have a value; a missing one breaks the line, so that nothing is claimed where nothing is known.
fn runs(points: &[Point]) -> Vec<Vec<(f64, Interval)>> {
    let known = points.split(|point| point.value.is_none());
    known.map(|run| run.iter().filter_map(|point| point.value.map(|value| (point.x, value))).collect()).collect()
}

/// From the lowest to the highest value of a logarithmic axis, intervals included, with a little air below and above: more
/// where the range is small.
pub(super) fn log_range<'a>(points: impl Iterator<Item = &'a Point>) -> (f64, f64) {
    let values = points.filter_map(|point| point.value);
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
        (low.min(value.low.unwrap_or(value.median)), high.max(value.high.unwrap_or(value.median)))
    });
    let air = (high / low).powf(0.04).max(1.15);
    (low / air, high * air)
}

/// Draws lines of equal rank above all their bands, and tells the label of each where its line ends.
pub(super) fn draw_all(
    plot: &mut Plot,
    canvas: &RefCell<Canvas>,
    all: &[(&Line, &[Point])],
    labels: &mut [Label],
) -> Result<(), PlotError> {
    for (line, points) in all {
        draw_band(plot, line, points)?;
    }
    for (line, points) in all {
        draw_line(plot, canvas, line, points, Detail { hero: false, markers: true })?;
    }
    let last = |points: &[Point]| points.iter().rev().find_map(|point| Some((point.x, point.value?)));
    for (label, (x, value)) in labels.iter_mut().zip(all.iter().filter_map(|(_, points)| last(points))) {
        label.end = plot.at(x, value.median);
    }
    Ok(())
}

/// Draws the interval band of a line.
pub(super) fn draw_band(plot: &mut Plot, line: &Line, points: &[Point]) -> Result<(), PlotError> {
    for run in runs(points) {
        let ends: Vec<(f64, f64, f64)> = run
            .iter()
            .filter_map(|(x, value)| match (value.low, value.high) {
                (Some(low), Some(high)) => Some((*x, low, high)),
                // The reference itself has no interval: its ratio to itself is one.
                _ if value.level == 0.0 => Some((*x, value.median, value.median)),
                _ => None,
            })
            .collect();
        if ends.len() > 1 && ends.iter().any(|(_, low, high)| low < high) {
            let paint = Paint::Mark(line.hue, line.shade);
            plot.band(&ends, Ink { paint, opacity: 0.16, width: 0.0, dash: "", title: String::new() })?;
        }
    }
    Ok(())
}

/// Draws a line through its points, with markers where there are not too many.
pub(super) fn draw_line(
    plot: &mut Plot,
    canvas: &RefCell<Canvas>,
    line: &Line,
    points: &[Point],
    detail: Detail,
) -> Result<(), PlotError> {
    let paint = Paint::Mark(line.hue, line.shade);
    for run in runs(points) {
        let at: Vec<(f64, f64)> = run.iter().map(|(x, value)| (*x, value.median)).collect();
        if at.len() > 1 {
            let width = if detail.hero { 3.0 } else { 2.25 };
            plot.line(&at, Ink { paint, opacity: 1.0, width, dash: line.dash, title: line.name.clone() })?;
        }
        if let ([only], false) = (at.as_slice(), detail.markers) {
            // A point without neighbours would vanish.
            canvas.borrow_mut().circle(plot.at(only.0, only.1), 2.0, paint, None);
        }
    }
    if detail.markers {
        for point in points {
            if let Some(value) = point.value {
                let at = plot.at(point.x, value.median);
                let mut canvas = canvas.borrow_mut();
                canvas.circle(at, 4.75, Paint::Background, None);
                canvas.circle(at, 3.25, paint, Some(&point.title));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::fixture::Fixture;
    use super::*;
    use crate::setting::{ChartKind, pairs};

    #[test]
    fn configurations_that_differ_in_anything_but_the_axis_are_lines_of_their_own() {
        for (row, one, other) in pairs::all() {
            let rows = [("processes", 2, "pipe", Some(1.0)), ("processes", 2, "pipe", Some(2.0))];
            let mut results = Fixture::new("lines", &[ChartKind::Speedup]).workload("a", "work", &rows).derive();
            (results.configurations[0].config, results.configurations[1].config) = (one, other);
            let count = lines(&results, &[Key::Workers], 0..2).len();
            assert_eq!(count, if row.key == Key::Workers { 1 } else { 2 }, "{}", row.setting.name);
            let names: Vec<String> = lines(&results, &[], 0..2).into_iter().map(|line| line.name).collect();
            assert_ne!(names[0], names[1], "{}", row.setting.name);
        }
    }
}
