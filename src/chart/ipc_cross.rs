//! Where lines of IPC methods cross: the break-even points of the verdicts, marked with their intervals.

use super::canvas::{Anchor, Canvas, Stroke, Type};
use super::frame::{OUTER, WIDTH};
use super::ipc_family::{Drawn, Family, is_method, method_name};
use super::plot::Plot;
use super::theme::Paint;
use crate::results::{BreakEven, Crossing, Results, Word};
use crate::text::show_bytes;

/// More crossings than these hide each other; the report has them all.
const MOST: usize = 3;
/// Height of a line of words above the plot, and the room below the last one.
const LEADING: f64 = 17.0;
const BELOW: f64 = 9.0;

const WORDS: Type = Type::regular(12.0, Paint::Ink);

/// From which payload on one method beats another.
pub(super) struct Cross {
    at: f64,
    low: Option<f64>,
    high: Option<f64>,
    words: String,
    /// Both lines, by their index.
    lines: (usize, usize),
}

/// The crossings of lines that are drawn, those of the method that is best at the largest payload first.
pub(super) fn crossings(results: &Results, family: &Family, all: &[Drawn]) -> Vec<Cross> {
    let mut found: Vec<Cross> =
        results.derived.break_evens.iter().filter_map(|even| cross(family, all, even)).collect();
    let last = |index: usize| all[index].points.last().and_then(|point| point.value).map(|value| value.median);
    found.sort_by(|a, b| {
        let (a, b) = (last(a.lines.1).unwrap_or(f64::MAX), last(b.lines.1).unwrap_or(f64::MAX));
        if family.lower_is_better() { a.total_cmp(&b) } else { b.total_cmp(&a) }
    });
    found.truncate(MOST);
    found.sort_by(|a, b| a.at.total_cmp(&b.at));
    found
}

/// Height of their words.
pub(super) fn height(crossings: &[Cross]) -> f64 {
    if crossings.is_empty() { 0.0 } else { crossings.len() as f64 * LEADING + BELOW }
}

fn cross(family: &Family, all: &[Drawn], even: &BreakEven) -> Option<Cross> {
    let at = even.at.filter(|at| at.is_finite() && *at > 0.0)?;
    if even.axis != "payload" || even.crossing != Crossing::From {
        return None;
    }
    // Between two sizes of which one is undecided, the place where the lines cross is no finding.
    let above = even.points.iter().position(|point| point.value >= at)?;
    let around = &even.points[above.saturating_sub(1)..=above];
    if around.iter().any(|point| point.word == Word::NoSignificantDifference) {
        return None;
    }
    let line = |wanted: fn(&crate::results::BreakPoint) -> usize| {
        all.iter().position(|drawn| {
            let mut configurations = even.points.iter().map(wanted).peekable();
            let is_method = drawn.line.configurations.iter().all(|configuration| is_method(configuration));
            configurations.peek().is_some()
                && is_method
                && configurations.all(|id| drawn.line.configurations.iter().any(|configuration| configuration.id == id))
        })
    };
    let lines = (line(|point| point.a)?, line(|point| point.b)?);
    let name = |index: usize| method_name(&all[index].line, &all[index].line.name);
    let (behind, ahead) = (name(lines.0), name(lines.1));
    let positive = |value: Option<f64>| value.filter(|value| value.is_finite() && *value > 0.0);
    let (low, high) = (positive(even.low), positive(even.high));
    let bytes = |value: f64| show_bytes(value.round() as u64);
    let between = match (low, high) {
        (Some(low), Some(high)) => format!(" ({} to {})", bytes(low), bytes(high)),
        (None, Some(high)) => format!(" ({} at most)", bytes(high)),
        (Some(low), None) => format!(" ({} at least)", bytes(low)),
        (None, None) => String::new(),
    };
    let passes = if family.lower_is_better() { "gets faster than" } else { "overtakes" };
    Some(Cross { at, low, high, words: format!("{ahead} {passes} {behind} at {}{between}", bytes(at)), lines })
}

/// The value of a line at a payload, between its points on logarithmic axes.
fn value_at(drawn: &Drawn, x: f64) -> Option<f64> {
    let known: Vec<(f64, f64)> = drawn.points.iter().filter_map(|point| Some((point.x, point.value?.median))).collect();
    let pair = known.windows(2).find(|pair| (pair[0].0..=pair[1].0).contains(&x))?;
    let share = (x / pair[0].0).ln() / (pair[1].0 / pair[0].0).ln();
    Some((pair[0].1.ln() + share * (pair[1].1 / pair[0].1).ln()).exp())
}

/// Draws the crossings, and their words in lines of their own from `top` on.
pub(super) fn draw(plot: &Plot, canvas: &mut Canvas, all: &[Drawn], crossings: &[Cross], top: f64, left: f64) {
    let end = top + height(crossings) - BELOW;
    let (from, to) = plot.x_range();
    for (index, cross) in crossings.iter().enumerate() {
        let (Some(a), Some(b)) = (value_at(&all[cross.lines.0], cross.at), value_at(&all[cross.lines.1], cross.at))
        else {
            continue;
        };
        let (x, y) = plot.at(cross.at, (a.ln() / 2.0 + b.ln() / 2.0).exp());
        let ink = Stroke::solid(Paint::Ink, 1.25);
        let place = |payload: f64| plot.at(payload.clamp(from, to), a).0;
        let (low, high) = (cross.low.map_or(place(from), place), cross.high.map_or(place(to), place));
        canvas.line((low, y), (high, y), ink);
        for x in [cross.low.map(|_| low), cross.high.map(|_| high)].into_iter().flatten() {
            canvas.line((x, y - 4.0), (x, y + 4.0), ink);
        }
        canvas.circle((x, y), 5.25, Paint::Ink, Some(&cross.words));
        canvas.circle((x, y), 3.75, Paint::Background, None);
        let words = WORDS.fit(&cross.words, WIDTH - OUTER - left);
        let half = WORDS.width(&words) / 2.0;
        let middle = x.clamp(left + half, (WIDTH - OUTER - half).max(left + half));
        canvas.text(middle, top + index as f64 * LEADING + 9.0, &words, WORDS, Anchor::Middle);
        canvas.line((x, end), (x, y - 6.5), Stroke { paint: Paint::Muted, width: 1.0, dash: "1 3" });
    }
}
