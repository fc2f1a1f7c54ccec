//! The marks of the chart of times: bars from zero with their phases, dots, whiskers.

use super::canvas::{Canvas, Stroke, number};
use super::theme::Paint;
use super::time_row::{BAR, Row};
use crate::results::Interval;
use crate::text::three_digits;

/// Opacity of the phases start, work and join.
const PHASES: [f64; 3] = [0.62, 1.0, 0.4];

/// A dot at a value, with a guide from the row's label.
pub(super) fn dot(canvas: &mut Canvas, row: &Row, (left, x): (f64, f64), y: f64) {
    canvas.line((left, y), (x, y), Stroke { paint: Paint::Rule, width: 1.0, dash: "1 3" });
    canvas.circle((x, y), 4.5, Paint::Mark(row.hue, row.shade), Some(&row.title()));
}

/// A bar from zero with round right corners, in shades where the phases are known.
pub(super) fn bar(canvas: &mut Canvas, row: &Row, (left, right): (f64, f64), y: f64) {
    let paint = Paint::Mark(row.hue, row.shade);
    let right = right.max(left + 1.0);
    let title = row.title();
    let Some(shares) = row.phases else {
        canvas.fill(&rounded(left, right, y), paint, 1.0, Some(&title));
        return;
    };
    let length = right - left;
    let start = left + length * shares[0];
    // A join too short to be seen belongs to the work, so that the bar's end is round.
    let join = if length * shares[2] < 4.0 { right } else { right - length * shares[2] };
    if start - left >= 1.0 {
        canvas.fill(
            &square(left, start, y),
            paint,
            PHASES[0],
            Some(&format!("{title}; start {}%", percent(shares[0]))),
        );
    }
    let work = format!("{title}; work {}%", percent(shares[1]));
    if join < right {
        canvas.fill(&square(start, join, y), paint, PHASES[1], Some(&work));
        canvas.fill(
            &rounded(join, right, y),
            paint,
            PHASES[2],
            Some(&format!("{title}; join {}%", percent(shares[2]))),
        );
    } else {
        canvas.fill(&rounded(start, right, y), paint, PHASES[1], Some(&work));
    }
}

fn percent(share: f64) -> String {
    three_digits((share * 1000.0).round() / 10.0)
}

fn square(left: f64, right: f64, y: f64) -> String {
    format!("M{} {}H{}V{}H{}z", number(left), number(y), number(right), number(y + BAR), number(left))
}

fn rounded(left: f64, right: f64, y: f64) -> String {
    let radius = 3.0_f64.min((right - left) / 2.0);
    let (near, far) = (number(right - radius), number(right));
    let (top, upper, lower, bottom) = (number(y), number(y + radius), number(y + BAR - radius), number(y + BAR));
    let left = number(left);
    format!("M{left} {top}H{near}Q{far} {top} {far} {upper}V{lower}Q{far} {bottom} {near} {bottom}H{left}z")
}

/// Draws the interval and returns where the mark ends. Inside a bar it is in the background colour, outside in ink.
pub(super) fn whisker(canvas: &mut Canvas, value: &Interval, at: impl Fn(f64) -> f64, y: f64, bar: bool) -> f64 {
    let median = at(value.median);
    let inside = Stroke::solid(if bar { Paint::Background } else { Paint::Ink }, 1.5);
    let outside = Stroke::solid(Paint::Ink, 1.5);
    let mut end = if bar { median } else { median + 4.5 };
    if let Some(low) = value.low.map(&at) {
        let from = if bar { median } else { median - 4.5 };
        if low < from {
            canvas.line((low, y), (from, y), inside);
        }
        if bar || low < from {
            canvas.line((low, y - 3.5), (low, y + 3.5), inside);
        }
    }
    match (value.low, value.high.map(&at)) {
        (_, Some(high)) if bar || high > end => {
            canvas.line((end, y), (high, y), outside);
            canvas.line((high, y - 3.5), (high, y + 3.5), outside);
            end = end.max(high);
        }
        (Some(_), None) => {
            // The upper end is infinite, because trials timed out: no cap.
            canvas.line((end, y), (end + 14.0, y), Stroke { dash: "3 2", ..outside });
            end += 14.0;
        }
        _ => {}
    }
    end
}
