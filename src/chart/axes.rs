//! Furniture that several charts share: ticks on each side of a plot, and heads of sections.

use super::canvas::{Anchor, Area, Canvas, Stroke, Type};
use super::frame::{AXIS, OUTER, WIDTH};
use super::theme::Paint;
use super::ticks;

const RIGHT: f64 = WIDTH - OUTER;
pub(super) const HEADING: Type = Type::semibold(14.0, Paint::Ink);
pub(super) const NOTE: Type = Type::regular(12.0, Paint::Muted);

/// A tick: where it is in pixels, and its text.
pub(super) type Tick = (f64, String);

/// Space that ticks of a horizontal axis take: the middle and the width of each text.
pub(super) fn places(shown: &[Tick]) -> Vec<(f64, f64)> {
    shown.iter().map(|(x, text)| (*x, AXIS.width(text))).collect()
}

/// Grid lines across a plot, with their texts left of it.
pub(super) fn left_ticks(canvas: &mut Canvas, [left, _, right, _]: Area, shown: impl Iterator<Item = Tick>) {
    for (y, text) in shown {
        canvas.line((left, y), (right, y), Stroke::solid(Paint::Grid, 1.0));
        canvas.text(left - 10.0, y + 4.3, &text, AXIS, Anchor::End);
    }
}

/// A mark below a plot that ends at `bottom`, with its text where it has one.
pub(super) fn bottom_tick(canvas: &mut Canvas, bottom: f64, x: f64, text: Option<&str>) {
    canvas.line((x, bottom), (x, bottom + 4.5), Stroke::solid(Paint::Rule, 1.0));
    if let Some(text) = text {
        canvas.text(x, bottom + 20.5, text, AXIS, Anchor::Middle);
    }
}

/// Marks below a plot that ends at `bottom`. Those that come first get their texts first; those without room get none.
pub(super) fn bottom_ticks(canvas: &mut Canvas, bottom: f64, shown: &[Tick]) {
    for ((x, text), kept) in shown.iter().zip(ticks::roomy(&places(shown), 8.0)) {
        bottom_tick(canvas, bottom, *x, kept.then_some(text));
    }
}

/// Grid lines down each of the strips, with every text, or every second or third, on a line at `baseline`.
pub(super) fn grid_down(canvas: &mut Canvas, baseline: f64, strips: &[(f64, f64)], shown: &[Tick]) {
    let stride = ticks::stride(&places(shown), 8.0);
    for (index, (x, text)) in shown.iter().enumerate() {
        for (from, to) in strips {
            canvas.line((*x, *from), (*x, *to), Stroke::solid(Paint::Grid, 1.0));
        }
        if index % stride == 0 && x + AXIS.width(text) / 2.0 <= WIDTH - 8.0 {
            canvas.text(*x, baseline, text, AXIS, Anchor::Middle);
        }
    }
}

/// The head of a section whose first row begins at `top`, and what it adds, where that has room.
pub(super) fn heading(canvas: &mut Canvas, head: &str, sub: &str, top: f64) {
    let y = top - 11.0;
    let width = canvas.text(OUTER, y, &HEADING.fit(head, RIGHT - OUTER), HEADING, Anchor::Start);
    let rest = RIGHT - OUTER - width - 12.0;
    if rest > 80.0 && !sub.is_empty() {
        canvas.text(OUTER + width + 12.0, y, &NOTE.fit(sub, rest), NOTE, Anchor::Start);
    }
}
