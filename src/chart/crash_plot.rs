//! The drawing of the chart of faults: a field per configuration and fault with a sign and numbers.

use super::Picture;
use super::canvas::{Anchor, Canvas, Stroke, Type, number};
use super::crash_matrix::{Fate, Field, Matrix};
use super::frame::{AXIS, Frame, OUTER, WIDTH};
use super::theme::{Hue, Paint};
use crate::results::Results;
use crate::text::three_digits;

const RIGHT: f64 = WIDTH - OUTER;
/// Where fields start, at least and at most; and the least width of a field, which goes before.
const LEFT: (f64, f64) = (120.0, 300.0);
const NARROWEST: f64 = 58.0;
const LABEL_GAP: f64 = 12.0;
/// From this width on, a field has room for words.
const WIDE: f64 = 150.0;
/// Between two fields.
const GUTTER: f64 = 4.0;
const LEADING: f64 = 14.5;
/// From a field's edge to its text.
const INSET: f64 = 8.0;
/// The fields are tinted, so that texts on them keep their contrast.
const TINT: f64 = 0.13;

const LABEL: Type = Type::regular(13.0, Paint::Ink);
const HEAD: Type = Type::semibold(12.5, Paint::Ink);
const STRONG: Type = Type::regular(12.0, Paint::Ink).tabular();
const WEAK: Type = Type::regular(12.0, Paint::Muted).tabular();

/// Everything that is drawn, and where.
pub(super) struct Layout<'a> {
    sheet: &'a Frame,
    matrix: &'a Matrix<'a>,
    left: f64,
    /// Width of a field with its gutter.
    column: f64,
    heads: Vec<Vec<String>>,
    labels: Vec<Vec<String>>,
}

impl<'a> Layout<'a> {
    pub(super) fn new(sheet: &'a Frame, matrix: &'a Matrix<'a>) -> Self {
        let widest = matrix.rows.iter().map(|row| LABEL.width(&row.label)).fold(0.0, f64::max);
        let columns = matrix.columns.len().max(1) as f64;
        let most = (RIGHT - columns * (NARROWEST + GUTTER)).min(LEFT.1);
        let left = (OUTER + widest + LABEL_GAP).ceil().clamp(LEFT.0, most.max(LEFT.0));
        let column = ((RIGHT - left) / columns).min(230.0);
        let heads = matrix.columns.iter().map(|(name, _)| HEAD.wrap(name, column - GUTTER, 2)).collect();
        let labels = matrix.rows.iter().map(|row| LABEL.wrap(&row.label, left - OUTER - LABEL_GAP, 3)).collect();
        Self { sheet, matrix, left, column, heads, labels }
    }

    fn wide(&self) -> bool {
        self.column - GUTTER >= WIDE
    }

    fn row_height(&self) -> f64 {
        let lines = if self.wide() { 2.0 } else { 4.0 };
        lines * LEADING + 13.0
    }

    pub(super) fn draw(&self, results: &Results, stem: &str, alt: &str) -> Picture {
        let key = self.sheet.top() + 1.0;
        let lines = self.heads.iter().map(Vec::len).max().unwrap_or(1) as f64;
        let heads = key + 28.0;
        let first = heads + (lines - 1.0) * 15.0 + 8.0;
        let pitch = self.row_height() + GUTTER;
        let bottom = first + self.matrix.rows.len() as f64 * pitch;
        let canvas = self.sheet.open(results, stem, bottom);
        let mut drawing = canvas.borrow_mut();
        self.key(&mut drawing, key);
        for (index, head) in self.heads.iter().enumerate() {
            let x = self.left + index as f64 * self.column;
            // Heads of one line stand at the fields.
            let down = lines - head.len() as f64;
            for (line, text) in head.iter().enumerate() {
                drawing.text(x + 1.0, heads + (down + line as f64) * 15.0, text, HEAD, Anchor::Start);
            }
        }
        for (index, row) in self.matrix.rows.iter().enumerate() {
            let y = first + index as f64 * pitch;
            let label = &self.labels[index];
            let start = y + self.row_height() / 2.0 + 4.5 - (label.len() as f64 - 1.0) * 8.5;
            for (line, text) in label.iter().enumerate() {
                let end = self.left - LABEL_GAP;
                drawing.text(end, start + line as f64 * 17.0, text, LABEL, Anchor::End);
            }
            for (column, field) in row.fields.iter().enumerate() {
                let x = self.left + column as f64 * self.column;
                let name = format!("{}, {}", row.label, self.matrix.columns[column].0);
                self.field(&mut drawing, field.as_ref(), &name, (x, y));
            }
        }
        drop(drawing);
        self.sheet.close(canvas, bottom, alt)
    }

    fn key(&self, canvas: &mut Canvas, y: f64) {
        let fields = || self.matrix.rows.iter().flat_map(|row| row.fields.iter().flatten());
        let mut x = self.left + 1.0;
        for fate in [Fate::Survived, Fate::Died, Fate::Hung] {
            if fields().any(|field| field.fate == fate) {
                sign(canvas, fate, (x + 6.0, y - 4.2));
                let text = format!("the program {}", fate.word());
                x += 18.0 + canvas.text(x + 18.0, y, &text, Type::regular(12.0, Paint::Ink), Anchor::Start) + 20.0;
            }
        }
    }

    fn field(&self, canvas: &mut Canvas, field: Option<&Field>, name: &str, (x, y): (f64, f64)) {
        let (width, height) = (self.column - GUTTER, self.row_height());
        let area = [x, y, x + width, y + height];
        let Some(field) = field else {
            canvas.rounded(area, Paint::Quiet(0), 1.0, Some(&format!("{name}: not run")));
            canvas.text(x + width / 2.0, y + height / 2.0 + 4.0, "–", AXIS, Anchor::Middle);
            return;
        };
        let title = format!("{name}: {}", field.in_words());
        canvas.rounded(area, Paint::Mark(hue(field.fate), 0), TINT, Some(&title));
        let mut baseline = y + 6.5 + LEADING - 3.0;
        sign(canvas, field.fate, (x + INSET + 5.0, baseline - 4.2));
        let text = Type::semibold(12.0, Paint::Text(hue(field.fate), 0));
        let number = |value: f64| three_digits(value);
        let (done, lost, retried) = (field.fault.done, field.fault.lost, field.fault.retried);
        let room = width - INSET - 20.0;
        let first = match (self.wide(), field.mixed()) {
            (true, mixed) => {
                let mixed = mixed.map_or(String::new(), |mixed| format!(" {mixed}"));
                format!("{}{mixed}, {} done", field.fate.word(), number(done))
            }
            (false, Some(mixed)) => mixed,
            (false, None) => field.fate.word().to_owned(),
        };
        if text.width(&first) <= room {
            canvas.text(x + INSET + 15.0, baseline, &first, text, Anchor::Start);
        }
        baseline += LEADING;
        let style = |value: f64| if value >= 0.5 { STRONG } else { WEAK };
        if self.wide() {
            let lost_text = format!("{} lost", number(lost));
            let at = canvas.text(x + INSET, baseline, &lost_text, style(lost), Anchor::Start);
            let retried_text = format!("{} retried", number(retried));
            canvas.text(x + INSET + at + 12.0, baseline, &retried_text, style(retried), Anchor::Start);
            return;
        }
        for (value, what) in [(done, "done"), (lost, "lost"), (retried, "retried")] {
            let line = format!("{} {what}", number(value));
            let style = if what == "done" { STRONG } else { style(value) };
            canvas.text(x + INSET, baseline, &style.fit(&line, width - INSET - 1.0), style, Anchor::Start);
            baseline += LEADING;
        }
    }
}

fn hue(fate: Fate) -> Hue {
    match fate {
        Fate::Survived => Hue::Rayon,
        Fate::Died => Hue::Threads,
        Fate::Hung => Hue::Fourth,
    }
}

/// A check, a cross or a clock, so that no colour is needed.
fn sign(canvas: &mut Canvas, fate: Fate, (x, y): (f64, f64)) {
    let paint = Paint::Text(hue(fate), 0);
    let stroke = Stroke::solid(paint, 2.0);
    let at = |dx: f64, dy: f64| format!("{} {}", number(x + dx), number(y + dy));
    let data = match fate {
        Fate::Survived => format!("M{}L{}L{}", at(-4.5, 0.5), at(-1.5, 3.5), at(4.5, -3.5)),
        Fate::Died => format!("M{}L{}M{}L{}", at(-3.5, -3.5), at(3.5, 3.5), at(3.5, -3.5), at(-3.5, 3.5)),
        // An hourglass.
        Fate::Hung => {
            format!("M{}L{}L{}L{}z", at(-3.5, -4.5), at(3.5, -4.5), at(-3.5, 4.5), at(3.5, 4.5))
        }
    };
    canvas.path(&data, stroke, None);
}
