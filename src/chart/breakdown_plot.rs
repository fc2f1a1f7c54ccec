//! The drawing of the chart of losses: a bar per configuration, from what was measured through what was lost to the ideal.

use super::axes::{self, Tick};
use super::canvas::{Anchor, Canvas, Stroke, Type, number};
use super::frame::{AXIS, Frame, OUTER, WIDTH};
use super::plot::{Plot, PlotError, Scale, round_ticks};
use super::theme::{Hue, Paint};
use super::{Picture, words};
use crate::results::{Breakdown, Loss, Results};
use crate::text::three_digits;

const RIGHT: f64 = WIDTH - OUTER;
/// Where bars start, at least and at most.
const LEFT: (f64, f64) = (132.0, 400.0);
const LABEL_GAP: f64 = 12.0;
const BAR: f64 = 17.0;
const PITCH: f64 = 23.0;
/// From the end of a bar to its text.
const GAP: f64 = 10.0;
/// Between two parts, so that neighbours are told apart without their colours.
const SEAM: f64 = 1.5;
/// Parts of the speed-up below this are not drawn.
const LEAST: f64 = 0.005;
/// Half of the room that the tick of the ideal takes.
const TICK: f64 = 2.0;
/// Side of a swatch of the key, and the distance of the key's lines.
const KEY: (f64, f64) = (11.0, 19.0);

const LABEL: Type = Type::regular(13.0, Paint::Ink);
const IDEAL: Type = Type::regular(12.5, Paint::Muted).tabular();

/// One configuration.
pub(super) struct Row {
    pub(super) label: String,
    /// Whether it has more workers than there are cores for them.
    pub(super) crowded: bool,
    pub(super) breakdown: Breakdown,
    pub(super) hue: Hue,
    pub(super) shade: usize,
}

impl Row {
    /// By how much items ran faster than in the reference; then the parts go beyond the ideal by as much.
    pub(super) fn gain(&self) -> f64 {
        let negative = self.breakdown.parts.iter().map(|(_, part)| -part).filter(|part| *part >= LEAST);
        negative.sum()
    }

    /// The parts that are drawn, from the measured one on, as (loss, from, to) in units of speed-up.
    fn parts(&self) -> Vec<(Loss, f64, f64)> {
        let mut at = self.breakdown.measured;
        let mut parts = Vec::new();
        for (loss, part) in self.breakdown.parts.iter().filter(|(_, part)| *part >= LEAST) {
            parts.push((*loss, at, at + part));
            at += part;
        }
        parts
    }

    fn end(&self) -> f64 {
        let drawn = self.parts().last().map_or(self.breakdown.measured, |(.., to)| *to);
        drawn.max(f64::from(self.breakdown.workers))
    }

    fn value(&self) -> String {
        words::times(self.breakdown.measured)
    }

    fn value_type(&self) -> Type {
        Type::semibold(12.5, Paint::Text(self.hue, self.shade)).tabular()
    }

    fn text_width(&self) -> f64 {
        self.value_type().width(&self.value()) + IDEAL.width(&self.ideal())
    }

    fn ideal(&self) -> String {
        format!(" of {}", self.breakdown.workers)
    }

    /// For those who do not see the picture.
    pub(super) fn in_words(&self) -> String {
        let parts: Vec<String> = self
            .breakdown
            .parts
            .iter()
            .filter(|(_, part)| part.abs() >= LEAST)
            .map(|(loss, part)| format!("{} {part:.2}", loss.shown()).replace(" -", " −"))
            .collect();
        let lost = if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") };
        format!("{} {} of {}, lost to {lost}", self.label, self.value(), self.breakdown.workers)
    }
}

/// Everything that is drawn, and where.
pub(super) struct Layout<'a> {
    sheet: &'a Frame,
    rows: &'a [Row],
    left: f64,
    /// Lines of the key, each loss with its place.
    key: Vec<Vec<(Loss, f64)>>,
}

impl<'a> Layout<'a> {
    pub(super) fn new(sheet: &'a Frame, rows: &'a [Row]) -> Self {
        let labels = rows.iter().map(|row| LABEL.width(&row.label)).fold(0.0, f64::max);
        let left = (OUTER + labels + LABEL_GAP).ceil().clamp(LEFT.0, LEFT.1);
        Self { sheet, rows, left, key: key(rows) }
    }

    pub(super) fn draw(&self, results: &Results, stem: &str, alt: &str) -> Result<Picture, PlotError> {
        let top = self.sheet.top() + self.key.len() as f64 * KEY.1 + 6.0;
        let first = top + 20.0;
        let bottom = first + self.rows.len().saturating_sub(1) as f64 * PITCH + BAR;
        let end = bottom + 6.5;
        let canvas = self.sheet.open(results, stem, end);
        let size = (WIDTH, self.sheet.height(end).ceil());
        let room = RIGHT - self.left;
        let text = |row: &Row| row.text_width() + GAP + 4.0;
        let per_pixel =
            self.rows.iter().map(|row| row.end() / (room - text(row)).max(80.0)).fold(f64::MIN_POSITIVE, f64::max);
        let scale = Scale::linear(0.0, per_pixel * room);
        let plot = Plot::new(&canvas, size, [self.left, top, RIGHT, bottom], (scale, Scale::linear(0.0, 1.0)))?;
        let mut drawing = canvas.borrow_mut();
        self.key(&mut drawing, self.sheet.top() + 4.0);
        self.axis(&plot, &mut drawing, (top, bottom + 4.0));
        drawing.line((self.left, top + 6.0), (self.left, bottom + 4.0), Stroke::solid(Paint::Rule, 1.25));
        for (index, row) in self.rows.iter().enumerate() {
            self.row(&plot, &mut drawing, row, first + index as f64 * PITCH);
        }
        drop(drawing);
        drop(plot);
        Ok(self.sheet.close(canvas, end, alt))
    }

    fn key(&self, canvas: &mut Canvas, top: f64) {
        for (index, line) in self.key.iter().enumerate() {
            let y = top + index as f64 * KEY.1;
            for (loss, x) in line {
                let swatch = part(*x, *x + KEY.0, (y - 9.5, y + 1.5), false);
                canvas.fill(&swatch, Paint::Part(*loss as usize), 1.0, None);
                if *loss == Loss::Unexplained {
                    canvas.path(&swatch, Stroke::solid(Paint::Rule, 1.0), None);
                }
                canvas.text(x + KEY.0 + 6.0, y, loss.shown(), AXIS, Anchor::Start);
            }
        }
    }

    fn axis(&self, plot: &Plot, canvas: &mut Canvas, (top, bottom): (f64, f64)) {
        let (low, high) = plot.x_range();
        let values: Vec<f64> = round_ticks(low, high, 8);
        let shown: Vec<Tick> =
            values.iter().map(|value| (plot.at(*value, 0.0).0, format!("{}×", three_digits(*value)))).collect();
        axes::grid_down(canvas, top + 2.0, &[(top + 6.0, bottom)], &shown);
    }

    fn row(&self, plot: &Plot, canvas: &mut Canvas, row: &Row, y: f64) {
        let end = self.left - LABEL_GAP;
        canvas.text(end, y + 13.0, &words::label(LABEL, &row.label, end - OUTER), LABEL, Anchor::End);
        let at = |value: f64| plot.at(value, 0.0).0;
        let edges = (y, y + BAR);
        let parts = row.parts();
        let title = format!("{}: measured {}", row.label, row.value());
        let measured = at(row.breakdown.measured).max(self.left + 1.0);
        canvas.fill(
            &part(self.left, measured, edges, parts.is_empty()),
            Paint::Mark(row.hue, row.shade),
            1.0,
            Some(&title),
        );
        for (index, (loss, from, to)) in parts.iter().enumerate() {
            let (left, right) = (at(*from) + SEAM, at(*to));
            if right - left < 0.4 {
                continue;
            }
            let title = format!("{}: {} {:.2}", row.label, loss.shown(), to - from);
            let last = index + 1 == parts.len();
            canvas.fill(&part(left, right, edges, last), Paint::Part(*loss as usize), 1.0, Some(&title));
            if *loss == Loss::Unexplained {
                // Nothing was seen to take it, so it is open: an outline that is no colour of the others.
                let within = part(left + 0.5, right - 0.5, (y + 0.5, y + BAR - 0.5), last);
                canvas.path(&within, Stroke::solid(Paint::Rule, 1.0), None);
            }
            let ideal = at(f64::from(row.breakdown.workers));
            self.inside(canvas, *loss, to - from, beside((left, right), ideal), y);
        }
        let ideal = at(f64::from(row.breakdown.workers));
        let gain = row.gain();
        if gain > 0.0 {
            // What was gained lies beyond the ideal: it is part of the measured speed-up, not of what was lost.
            let outline = Stroke { paint: Paint::Ink, width: 1.25, dash: "3 2" };
            let corner = |x: f64| number(x);
            let (top, bottom) = (number(y - 1.5), number(y + BAR + 1.5));
            let (from, to) = (corner(ideal), corner(at(f64::from(row.breakdown.workers) + gain)));
            let title = format!("{}: items ran faster than in the reference, by {gain:.2}", row.label);
            canvas.path(&format!("M{from} {top}H{to}V{bottom}H{from}"), outline, Some(&title));
        }
        // A seam keeps the tick apart from parts that are nearly of its colour.
        canvas.line((ideal, y), (ideal, y + BAR), Stroke::solid(Paint::Background, 4.0));
        canvas.line((ideal, y - 3.0), (ideal, y + BAR + 3.0), Stroke::solid(Paint::Ink, 1.5));
        let x = at(row.end()) + GAP;
        canvas.rect([x - 2.0, y + 1.0, x + row.text_width() + 2.0, y + BAR - 1.0], Paint::Background, 1.0);
        let width = canvas.text(x, y + 12.9, &row.value(), row.value_type(), Anchor::Start);
        canvas.text(x + width, y + 12.9, &row.ideal(), IDEAL, Anchor::Start);
    }

    /// The part's name and number inside of it, as much as fits.
    fn inside(&self, canvas: &mut Canvas, loss: Loss, value: f64, (left, right): (f64, f64), y: f64) {
        let style = Type::semibold(11.0, Paint::OnPart(loss as usize)).tabular();
        let amount = format!("{value:.2}");
        let both = format!("{} {amount}", short(loss));
        let Some(text) = [both, amount].into_iter().find(|text| style.width(text) + 8.0 <= right - left) else {
            return;
        };
        canvas.text(f64::midpoint(left, right), y + 12.4, &text, style, Anchor::Middle);
    }
}

/// What the tick of the ideal leaves of a part for text: the wider side of it.
fn beside((left, right): (f64, f64), tick: f64) -> (f64, f64) {
    if tick < left || tick > right {
        return (left, right);
    }
    let (before, after) = ((left, tick - TICK), (tick + TICK, right));
    if before.1 - before.0 >= after.1 - after.0 { before } else { after }
}

/// A name short enough to stand inside a part.
fn short(loss: Loss) -> &'static str {
    match loss {
        Loss::Start => "start",
        Loss::Dispatch => "dispatch",
        Loss::Waiting => "idle",
        Loss::Lock => "GIL",
        Loss::Oversubscription => "CPU contention",
        Loss::Unexplained => "unattributed",
    }
}

/// The losses that any row shows, in lines as wide as the picture.
fn key(rows: &[Row]) -> Vec<Vec<(Loss, f64)>> {
    let shown = |loss: &Loss| rows.iter().any(|row| row.parts().iter().any(|(other, ..)| other == loss));
    let mut lines: Vec<Vec<(Loss, f64)>> = vec![Vec::new()];
    let mut x = OUTER;
    for loss in Loss::ALL.into_iter().filter(shown) {
        let width = KEY.0 + 6.0 + AXIS.width(loss.shown());
        if x + width > RIGHT {
            lines.push(Vec::new());
            x = OUTER;
        }
        if let Some(line) = lines.last_mut() {
            line.push((loss, x));
        }
        x += width + 20.0;
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// A part of a bar, with round corners at its right end where it is the last.
fn part(left: f64, right: f64, (top, bottom): (f64, f64), last: bool) -> String {
    let radius = if last { 3.0_f64.min((right - left) / 2.0) } else { 0.0 };
    let (start, near, far) = (number(left), number(right - radius), number(right));
    let (upper, lower) = (number(top + radius), number(bottom - radius));
    let (top, bottom) = (number(top), number(bottom));
    if last {
        return format!(
            "M{start} {top}H{near}Q{far} {top} {far} {upper}V{lower}Q{far} {bottom} {near} {bottom}H{start}z"
        );
    }
    format!("M{start} {top}H{far}V{bottom}H{start}z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_a_part_keeps_clear_of_the_tick() {
        assert_eq!(beside((10.0, 50.0), 60.0), (10.0, 50.0));
        assert_eq!(beside((10.0, 50.0), 40.0), (10.0, 38.0));
        assert_eq!(beside((10.0, 50.0), 20.0), (22.0, 50.0));
    }
}
