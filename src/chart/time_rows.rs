//! The drawing of the chart of times: rows in sections, as bars from zero or as dots on a logarithmic axis.

use super::axes::{self, HEADING, NOTE, Tick};
use super::canvas::{Anchor, Canvas, Stroke, Type};
use super::frame::{Frame, OUTER, WIDTH};
use super::plot::{Plot, PlotError, Scale, round_ticks};
use super::theme::Paint;
use super::time_marks::{bar, dot, whisker};
use super::time_row::{BAR, Row};
use super::{Picture, ticks, words};
use crate::results::Results;
use crate::text::{fixed_three_digits, glued, show_seconds, three_digits};

/// Where bars start; further right where labels need more room.
const LEFT: (f64, f64) = (264.0, 400.0);
const RIGHT: f64 = WIDTH - OUTER;
/// From the labels to the bars.
const LABEL_GAP: f64 = 12.0;
const PITCH: f64 = 23.0;
/// From a mark to its value.
const GAP: f64 = 9.0;
/// From one section's last bar to the rule, and from there to the next section.
const SECTION: (f64, f64) = (15.0, 11.0);
/// Room for a head above its rows.
const HEAD: f64 = 27.0;
/// Past this range a bar from zero hides the short ones.
pub(super) const LINEAR_RANGE: f64 = 30.0;

/// The rows of one workload.
pub(super) struct Section {
    pub(super) head: String,
    pub(super) sub: String,
    pub(super) rows: Vec<Row>,
}

/// Everything that is drawn, and where.
pub(super) struct Layout<'a> {
    sheet: &'a Frame,
    sections: &'a [Section],
    log: bool,
    /// Name of the unit, and how many of it are in a second.
    unit: (&'static str, f64),
    /// Whether heads stand left of their rows, as long as all fit there.
    beside: bool,
    /// Where bars start.
    left: f64,
}

fn rows(sections: &[Section]) -> impl Iterator<Item = &Row> {
    sections.iter().flat_map(|section| &section.rows)
}

/// Whether the values span too much for bars from zero.
pub(super) fn is_wide(sections: &[Section]) -> bool {
    let medians = || rows(sections).filter_map(|row| row.value).map(|value| value.median);
    let (low, high) = medians().fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    high > low * LINEAR_RANGE
}

/// The unit in which the longest time has at least one digit before the point.
pub(super) fn unit(sections: &[Section]) -> (&'static str, f64) {
    let longest = rows(sections).filter_map(|row| row.value).fold(0.0_f64, |longest, value| longest.max(value.median));
    match longest {
        t if t >= 0.9995 => ("s", 1.0),
        t if t >= 0.9995e-3 => ("ms", 1e3),
        t if t >= 0.9995e-6 => ("µs", 1e6),
        _ => ("ns", 1e9),
    }
}

impl<'a> Layout<'a> {
    pub(super) fn new(sheet: &'a Frame, sections: &'a [Section]) -> Self {
        let beside = sections.len() > 1 && sections.iter().all(|section| head_lines(sections, section).is_some());
        let labels = rows(sections).map(|row| row.label_type().width(&row.label)).fold(0.0, f64::max);
        let left = (OUTER + labels + LABEL_GAP).ceil().clamp(LEFT.0, LEFT.1);
        Self { sheet, sections, log: is_wide(sections), unit: unit(sections), beside, left }
    }

    pub(super) fn draw(&self, results: &Results, stem: &str, alt: &str) -> Result<Picture, PlotError> {
        let top = self.sheet.top();
        let tops = self.row_tops(top + 20.0);
        let bottom = tops.last().and_then(|rows| rows.last()).copied().unwrap_or(top) + BAR;
        let end = bottom + 6.5;
        let canvas = self.sheet.open(results, stem, end);
        let size = (WIDTH, self.sheet.height(end).ceil());
        let (scale, right) = self.scale();
        let plot = Plot::new(&canvas, size, [self.left, top, right, bottom], (scale, Scale::linear(0.0, 1.0)))?;
        let mut drawing = canvas.borrow_mut();
        let strips = self.strips(&tops, top + 6.0);
        self.axis(&plot, &mut drawing, top, &strips);
        for (section, tops) in self.sections.iter().zip(&tops) {
            self.heading(&mut drawing, section, tops[0]);
            if tops[0] > top + 20.0 + HEAD {
                let rule = tops[0] - SECTION.1 - if self.beside { 0.0 } else { HEAD };
                drawing.line((OUTER, rule), (RIGHT, rule), Stroke::solid(Paint::Grid, 1.0));
            }
        }
        // The zero line lies on the rules and below the bars.
        if !self.log {
            for (from, to) in &strips {
                drawing.line((self.left, *from), (self.left, *to), Stroke::solid(Paint::Rule, 1.25));
            }
        }
        for (row, y) in rows(self.sections).zip(tops.iter().flatten()) {
            self.row(&plot, &mut drawing, row, *y);
        }
        drop(drawing);
        drop(plot);
        Ok(self.sheet.close(canvas, end, alt))
    }

    /// The upper edge of every bar, by section.
    fn row_tops(&self, first: f64) -> Vec<Vec<f64>> {
        let above = if self.sections.len() > 1 && !self.beside { HEAD } else { 0.0 };
        let mut y = first;
        self.sections
            .iter()
            .map(|section| {
                y += above;
                let tops: Vec<f64> = (0..section.rows.len()).map(|index| y + index as f64 * PITCH).collect();
                y += (section.rows.len().max(1) - 1) as f64 * PITCH + BAR + SECTION.0 + SECTION.1;
                tops
            })
            .collect()
    }

    /// Where grid lines run: from the axis down, but not through heads that stand above their rows.
    fn strips(&self, tops: &[Vec<f64>], top: f64) -> Vec<(f64, f64)> {
        let ends = |tops: &Vec<f64>| Some((*tops.first()?, *tops.last()? + BAR));
        let rows: Vec<(f64, f64)> = tops.iter().filter_map(ends).collect();
        if self.sections.len() > 1 && !self.beside {
            return rows.into_iter().map(|(first, last)| (first - 4.0, last + 4.0)).collect();
        }
        vec![(top, rows.last().map_or(top, |(_, last)| last + 4.0))]
    }

    fn value_text(&self, seconds: f64) -> String {
        if self.log { show_seconds(seconds) } else { fixed_three_digits(seconds * self.unit.1) }
    }

    /// Width of what stands right of a row's mark.
    fn text_width(&self, row: &Row) -> f64 {
        let value = row.value.map_or(0.0, |value| row.value_type().width(&self.value_text(value.median)) + GAP);
        let note =
            if row.note.is_empty() || row.value.is_none() { 0.0 } else { NOTE.width(&row.note).min(170.0) + GAP };
        value + note
    }

    /// The scale of times, and where the plot ends, so that every value has room right of its mark.
    fn scale(&self) -> (Scale, f64) {
        if self.log {
            let room = rows(self.sections).map(|row| self.text_width(row)).fold(0.0, f64::max);
            let low = rows(self.sections).filter_map(Row::start).fold(f64::INFINITY, f64::min);
            let high = rows(self.sections).filter_map(Row::end).fold(0.0, f64::max);
            return (Scale::log(low / 1.4, high), RIGHT - room - 6.0);
        }
        let most = |row: &Row| row.end().map(|end| end / (RIGHT - self.left - self.text_width(row)).max(40.0));
        let per_pixel = rows(self.sections).filter_map(most).fold(0.0, f64::max);
        (Scale::linear(0.0, per_pixel * (RIGHT - self.left)), RIGHT)
    }

    fn axis(&self, plot: &Plot, canvas: &mut Canvas, top: f64, strips: &[(f64, f64)]) {
        let (low, high) = plot.x_range();
        let values = if self.log {
            ticks::decades(low, high)
        } else {
            round_ticks(low, high * self.unit.1, 8).into_iter().map(|value| value / self.unit.1).collect()
        };
        let place = |values: &[f64]| -> Vec<Tick> {
            values.iter().map(|value| (plot.at(*value, 0.0).0, self.tick(*value))).collect()
        };
        let mut shown = place(&values);
        if self.log && ticks::stride(&axes::places(&shown), 8.0) > 1 {
            // Without room for twos and fives, powers of ten read better than every other value.
            let tens: Vec<f64> = values.into_iter().filter(|value| ticks::is_decade(*value)).collect();
            shown = if tens.len() > 1 { place(&tens) } else { shown };
        }
        axes::grid_down(canvas, top + 2.0, strips, &shown);
    }

    fn tick(&self, seconds: f64) -> String {
        if self.log {
            show_seconds(seconds)
        } else if seconds == 0.0 {
            format!("0 {}", self.unit.0)
        } else {
            three_digits(seconds * self.unit.1)
        }
    }

    fn heading(&self, canvas: &mut Canvas, section: &Section, top: f64) {
        if self.sections.len() < 2 {
            return;
        }
        if let (true, Some((head, sub))) = (self.beside, head_lines(self.sections, section)) {
            let mut y = top + 13.2;
            for line in head {
                canvas.text(OUTER, y, &line, HEADING, Anchor::Start);
                y += 18.0;
            }
            y += 2.0;
            for line in sub {
                canvas.text(OUTER, y, &line, NOTE, Anchor::Start);
                y += 16.0;
            }
        } else {
            axes::heading(canvas, &section.head, &section.sub, top);
        }
    }

    fn row(&self, plot: &Plot, canvas: &mut Canvas, row: &Row, y: f64) {
        let label = row.label_type();
        let end = self.left - LABEL_GAP;
        canvas.text(end, y + 13.0, &words::label(label, &row.label, end - OUTER), label, Anchor::End);
        let middle = y + BAR / 2.0;
        let Some(value) = row.value else {
            canvas.text(self.left + GAP, y + 12.9, &NOTE.fit(&row.note, RIGHT - self.left - GAP), NOTE, Anchor::Start);
            return;
        };
        let at = |seconds: f64| plot.at(seconds, 0.0).0;
        if self.log {
            dot(canvas, row, (self.left, at(value.median)), middle);
        } else {
            bar(canvas, row, (self.left, at(value.median)), y);
        }
        let reach = whisker(canvas, &value, at, middle, !self.log);
        let x = reach + GAP;
        let text = self.value_text(value.median);
        // Grid lines do not run through numbers.
        let width = row.value_type().width(&text);
        canvas.rect([x - 2.0, y + 1.0, x + width + 2.0, y + BAR - 1.0], Paint::Background, 1.0);
        canvas.text(x, y + 12.9, &text, row.value_type(), Anchor::Start);
        let room = RIGHT - x - width - GAP;
        if !row.note.is_empty() && room > 20.0 {
            canvas.text(x + width + GAP, y + 12.9, &NOTE.fit(&row.note, room), NOTE, Anchor::Start);
        }
    }
}

type HeadLines = (Vec<String>, Vec<String>);

/// The head of a section in lines beside its rows, where it fits there whole.
fn head_lines(sections: &[Section], section: &Section) -> Option<HeadLines> {
    let labels = rows(sections).map(|row| Type::semibold(13.0, Paint::Ink).width(&row.label)).fold(0.0, f64::max);
    let room = (LEFT.0 - LABEL_GAP - labels - 14.0 - OUTER).min(150.0);
    if room < 60.0 {
        return None;
    }
    let head = HEADING.wrap(&glued(&section.head), room, 3);
    let sub = NOTE.wrap(&glued(&section.sub), room, 3);
    let whole = !head.iter().chain(&sub).any(|line| line.ends_with('…'));
    let height = head.len() as f64 * 18.0 + sub.len() as f64 * 16.0;
    (whole && height <= section.rows.len() as f64 * PITCH + 8.0).then_some((head, sub))
}
