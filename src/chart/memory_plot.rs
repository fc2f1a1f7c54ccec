//! The drawing of the chart of memory: a bar per configuration of private and shared pages, and a tick for the summed RSS.

use super::axes::{self, NOTE, Tick};
use super::canvas::{Anchor, Canvas, Stroke, Type, number};
use super::frame::{Frame, OUTER, WIDTH};
use super::plot::{Plot, PlotError, Scale, round_ticks};
use super::theme::{Hue, Paint};
use super::{Picture, words};
use crate::results::{MemoryEstimate, Results};
use crate::text::{show_bytes, three_digits};

const RIGHT: f64 = WIDTH - OUTER;
/// Where bars start, at least and at most.
const LEFT: (f64, f64) = (160.0, 400.0);
const LABEL_GAP: f64 = 12.0;
const BAR: f64 = 17.0;
const PITCH: f64 = 23.0;
const GAP: f64 = 9.0;
/// Between the last bar of a section and its rule, and from there to the next head.
const SECTION: (f64, f64) = (14.0, 9.0);
const HEAD: f64 = 27.0;
/// How pale shared pages are.
const SHARED: f64 = 0.42;
const SEAM: f64 = 1.5;

const LABEL: Type = Type::regular(13.0, Paint::Ink);

/// One configuration.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) memory: Option<MemoryEstimate>,
    pub(super) note: String,
    pub(super) hue: Hue,
    pub(super) shade: usize,
}

fn bytes(value: f64) -> String {
    show_bytes(value.round() as u64)
}

impl Row {
    fn value_type(&self) -> Type {
        Type::semibold(12.5, Paint::Text(self.hue, self.shade)).tabular()
    }

    /// For those who do not see the picture.
    pub(super) fn in_words(&self) -> String {
        let Some(memory) = self.memory else { return format!("{} {}", self.label, self.note) };
        format!(
            "{} {}, {} private, {} shared, summed RSS {}",
            self.label,
            bytes(memory.pss),
            bytes(memory.private),
            bytes(memory.shared),
            bytes(memory.rss)
        )
    }

    fn total(&self) -> String {
        self.memory.map_or(String::new(), |memory| bytes(memory.pss))
    }
}

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
    left: f64,
    /// Name of the unit, and how many bytes it has.
    unit: (&'static str, f64),
    /// Width of the widest total: so far behind its bar a tick has the total behind itself.
    widest: f64,
}

fn rows(sections: &[Section]) -> impl Iterator<Item = &Row> {
    sections.iter().flat_map(|section| &section.rows)
}

impl<'a> Layout<'a> {
    pub(super) fn new(sheet: &'a Frame, sections: &'a [Section]) -> Self {
        let labels = rows(sections).map(|row| LABEL.width(&row.label)).fold(0.0, f64::max);
        let most = rows(sections).filter_map(|row| row.memory).map(|m| m.pss.max(m.rss)).fold(0.0, f64::max);
        let unit = match most {
            m if m >= 1024.0 * 1024.0 * 1024.0 => ("GiB", 1024.0 * 1024.0 * 1024.0),
            m if m >= 1024.0 * 1024.0 => ("MiB", 1024.0 * 1024.0),
            m if m >= 1024.0 => ("KiB", 1024.0),
            _ => ("B", 1.0),
        };
        let widest = rows(sections).map(|row| row.value_type().width(&row.total())).fold(0.0, f64::max);
        Self { sheet, sections, left: (OUTER + labels + LABEL_GAP).ceil().clamp(LEFT.0, LEFT.1), unit, widest }
    }

    pub(super) fn draw(&self, results: &Results, stem: &str, alt: &str) -> Result<Picture, PlotError> {
        let top = self.sheet.top();
        let tops = self.row_tops(top + 20.0);
        let bottom = tops.last().and_then(|rows| rows.last()).copied().unwrap_or(top) + BAR;
        let end = bottom + 6.5;
        let canvas = self.sheet.open(results, stem, end);
        let size = (WIDTH, self.sheet.height(end).ceil());
        let room = RIGHT - self.left;
        // Every total has room right of its bar, every tick within the plot.
        let need = |row: &Row| {
            let memory = row.memory?;
            let text = row.value_type().width(&row.total()) + GAP + 4.0;
            // A tick that stands near its bar has the total behind it.
            let tick = if memory.rss <= memory.pss * 2.0 { room - text } else { room - 6.0 };
            Some((memory.pss / (room - text).max(80.0)).max(memory.rss / tick.max(80.0)))
        };
        let per_pixel = rows(self.sections).filter_map(need).fold(f64::MIN_POSITIVE, f64::max);
        let scale = Scale::linear(0.0, per_pixel * room / self.unit.1);
        let plot = Plot::new(&canvas, size, [self.left, top, RIGHT, bottom], (scale, Scale::linear(0.0, 1.0)))?;
        let mut drawing = canvas.borrow_mut();
        let strips = self.strips(&tops, top + 6.0);
        self.axis(&plot, &mut drawing, top, &strips);
        for (index, (section, tops)) in self.sections.iter().zip(&tops).enumerate() {
            self.heading(&mut drawing, section, tops[0], index > 0);
        }
        for (from, to) in &strips {
            drawing.line((self.left, *from), (self.left, *to), Stroke::solid(Paint::Rule, 1.25));
        }
        for (row, y) in rows(self.sections).zip(tops.iter().flatten()) {
            self.row(&plot, &mut drawing, row, *y);
        }
        drop(drawing);
        drop(plot);
        Ok(self.sheet.close(canvas, end, alt))
    }

    fn several(&self) -> bool {
        self.sections.len() > 1
    }

    /// The upper edge of every bar, by section.
    fn row_tops(&self, first: f64) -> Vec<Vec<f64>> {
        let mut y = first;
        let place = |section: &Section| {
            y += if self.several() { HEAD } else { 0.0 };
            let tops: Vec<f64> = (0..section.rows.len().max(1)).map(|index| y + index as f64 * PITCH).collect();
            y += (tops.len() - 1) as f64 * PITCH + BAR + SECTION.0 + SECTION.1;
            tops
        };
        self.sections.iter().map(place).collect()
    }

    /// Where grid lines run: not through heads.
    fn strips(&self, tops: &[Vec<f64>], top: f64) -> Vec<(f64, f64)> {
        let ends = |tops: &Vec<f64>| Some((*tops.first()? - 4.0, *tops.last()? + BAR + 4.0));
        let strips: Vec<(f64, f64)> = tops.iter().filter_map(ends).collect();
        if self.several() { strips } else { strips.into_iter().map(|(_, bottom)| (top, bottom)).collect() }
    }

    fn axis(&self, plot: &Plot, canvas: &mut Canvas, top: f64, strips: &[(f64, f64)]) {
        let (low, high) = plot.x_range();
        let values = round_ticks(low, high, 8);
        let text = |value: f64| {
            if value == 0.0 { format!("0 {}", self.unit.0) } else { three_digits(value) }
        };
        let shown: Vec<Tick> = values.iter().map(|value| (plot.at(*value, 0.0).0, text(*value))).collect();
        axes::grid_down(canvas, top + 2.0, strips, &shown);
    }

    fn heading(&self, canvas: &mut Canvas, section: &Section, top: f64, ruled: bool) {
        if !self.several() {
            return;
        }
        if ruled {
            let rule = top - HEAD - SECTION.1 + 3.0;
            canvas.line((OUTER, rule), (RIGHT, rule), Stroke::solid(Paint::Grid, 1.0));
        }
        axes::heading(canvas, &section.head, &section.sub, top);
    }

    fn row(&self, plot: &Plot, canvas: &mut Canvas, row: &Row, y: f64) {
        let end = self.left - LABEL_GAP;
        canvas.text(end, y + 13.0, &words::label(LABEL, &row.label, end - OUTER), LABEL, Anchor::End);
        let Some(memory) = row.memory else {
            let note = NOTE.fit(&row.note, RIGHT - self.left - GAP);
            canvas.text(self.left + GAP, y + 12.9, &note, NOTE, Anchor::Start);
            return;
        };
        let at = |value: f64| plot.at(value / self.unit.1, 0.0).0;
        let paint = Paint::Mark(row.hue, row.shade);
        let (private, total) = (at(memory.private).max(self.left + 1.0), at(memory.pss).max(self.left + 1.5));
        let seam = if total - private > 3.0 { SEAM } else { 0.0 };
        let shared = format!("{}: {} shared", row.label, bytes(memory.shared));
        if total - private >= 0.5 {
            // Grid lines do not run through what is pale.
            canvas.rect([private, y, total, y + BAR], Paint::Background, 1.0);
            canvas.fill(&part(private + seam, total, y, true), paint, SHARED, Some(&shared));
        }
        let title = format!("{}: {} private", row.label, bytes(memory.private));
        canvas.fill(&part(self.left, private, y, total - private < 0.5), paint, 1.0, Some(&title));
        let text = row.total();
        let width = row.value_type().width(&text);
        let rss = at(memory.rss);
        // The total stands behind its bar, and behind the tick where it would run into it.
        let beside = total + GAP;
        let crossed = rss > total - 1.0 && rss < beside + 2.0 * self.widest;
        let x = if crossed && rss + GAP + width <= RIGHT { rss + GAP } else { beside };
        canvas.rect([x - 2.0, y + 1.0, x + width + 2.0, y + BAR - 1.0], Paint::Background, 1.0);
        canvas.text(x, y + 12.9, &text, row.value_type(), Anchor::Start);
        if memory.rss > memory.pss {
            let title = format!("{}: summed RSS {}", row.label, bytes(memory.rss));
            let data = format!("M{} {}V{}", number(rss), number(y - 1.5), number(y + BAR + 1.5));
            canvas.path(&data, Stroke::solid(Paint::Ink, 1.75), Some(&title));
        }
    }
}

/// A part of a bar, with round corners at its right end where it is the last.
fn part(left: f64, right: f64, y: f64, last: bool) -> String {
    let radius = if last { 3.0_f64.min((right - left) / 2.0) } else { 0.0 };
    let (start, near, far) = (number(left), number(right - radius), number(right));
    let (top, bottom) = (number(y), number(y + BAR));
    if !last {
        return format!("M{start} {top}H{far}V{bottom}H{start}z");
    }
    let (upper, lower) = (number(y + radius), number(y + BAR - radius));
    format!("M{start} {top}H{near}Q{far} {top} {far} {upper}V{lower}Q{far} {bottom} {near} {bottom}H{start}z")
}
