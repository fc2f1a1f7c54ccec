//! Cells as lines: one line for each way to do the work, over a number that the cells differ in.

use std::cell::RefCell;

use super::canvas::Canvas;
use super::plot::{Ink, Plot, PlotError};
use super::theme::{Hue, Paint, SHADES};
use crate::results::{Cell, Interval, Results};

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
    pub(super) cells: Vec<&'a Cell>,
}

/// A shade for each IPC method, the same in every chart.
pub(super) fn shade_of(ipc: Option<&str>) -> usize {
    match ipc {
        Some("shared_memory") => 1,
        Some("queue") => 2,
        Some("manager") => 3,
        _ => 0,
    }
}

/// What sets ways of one model apart: its text in labels, by setting.
type Settings = [Option<String>; 6];

fn settings(cell: &Cell) -> Settings {
    [
        cell.ipc_shown.clone().or_else(|| cell.ipc.clone()),
        cell.dispatch.clone(),
        cell.chunk.map(|chunk| format!("chunk {chunk}")),
        cell.in_flight.map(|count| format!("{count} in flight")),
        cell.wait.clone(),
        cell.affinity.as_ref().map(|affinity| format!("affinity {affinity}")),
    ]
}

/// Cells that are equal in everything but their workers and payload.
struct Way<'a> {
    model: &'a str,
    settings: Settings,
    cells: Vec<&'a Cell>,
}

/// Groups cells into lines, in the order of the cells.
pub(super) fn lines<'a>(results: &'a Results, cells: impl Iterator<Item = usize>) -> Vec<Line<'a>> {
    let mut ways: Vec<Way> = Vec::new();
    for cell in cells.filter_map(|index| results.cells.get(index)) {
        let settings = settings(cell);
        match ways.iter_mut().find(|way| way.model == cell.model && way.settings == settings) {
            Some(way) => way.cells.push(cell),
            None => ways.push(Way { model: &cell.model, settings, cells: vec![cell] }),
        }
    }
    ways.iter().enumerate().map(|(index, way)| line(&ways, index, way)).collect()
}

fn line<'a>(ways: &[Way<'a>], index: usize, way: &Way<'a>) -> Line<'a> {
    let differs =
        |at: usize| ways.iter().any(|other| other.model == way.model && other.settings[at] != way.settings[at]);
    let shown: Vec<String> =
        (0..way.settings.len()).filter(|at| differs(*at)).filter_map(|at| way.settings[at].clone()).collect();
    // Models that share a hue are told apart like ways of one model.
    let hue = Hue::of_model(way.model);
    let nth = ways[..index].iter().filter(|other| Hue::of_model(other.model) == hue).count();
    let first = way.cells[0];
    // What all lines have in common need not stand at each.
    let alone = ways.len() > MANY && ways.iter().all(|other| other.model == way.model);
    let by_method = differs(0);
    let shade = if by_method { shade_of(first.ipc.as_deref()) } else { nth % SHADES };
    // A method keeps its dash, too, unless that is needed to tell apart what else differs.
    let dash = if by_method && !(1..way.settings.len()).any(differs) { shade } else { nth };
    Line {
        name: named(&first.model_shown, &shown, alone),
        phrase: phrased(&first.model_shown, by_method.then_some(way.settings[0].as_deref()).flatten(), &shown),
        hue,
        shade,
        dash: DASHES[dash % DASHES.len()],
        cells: way.cells.clone(),
    }
}

fn named(model: &str, shown: &[String], alone: bool) -> String {
    if alone && !shown.is_empty() {
        return shown.join(", ");
    }
    std::iter::once(model).chain(shown.iter().map(String::as_str)).collect::<Vec<_>>().join(", ")
}

fn phrased(model: &str, ipc: Option<&str>, shown: &[String]) -> String {
    let rest: Vec<&str> = shown.iter().map(String::as_str).skip(usize::from(ipc.is_some())).collect();
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

/// Draws the interval band of a line.
pub(super) fn draw_band(plot: &mut Plot, line: &Line, points: &[Point]) -> Result<(), PlotError> {
    for run in runs(points) {
        let ends: Vec<(f64, f64, f64)> = run
            .iter()
            .filter_map(|(x, value)| match (value.low, value.high) {
                (Some(low), Some(high)) => Some((*x, low, high)),
                // The baseline itself has no interval: its ratio to itself is one.
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
