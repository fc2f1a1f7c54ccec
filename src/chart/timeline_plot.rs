//! The drawing of a timeline: lanes of bars, the strip of the lock, or shares where there is too much for bars.

use super::axes::{self, Tick};
use super::canvas::{Anchor, Canvas, Stroke, Type, number};
use super::frame::{AXIS, Frame, OUTER, WIDTH};
use super::picture::Picture;
use super::plot::{Plot, PlotError, Scale, round_ticks};
use super::theme::{Hue, Paint};
use super::timeline_lanes::{BAR, Bar, Lane, Story, What};
use super::timeline_shares;
use crate::results::Results;
use crate::text::{show_seconds, three_digits};

const RIGHT: f64 = WIDTH - OUTER - 12.0;
const LEFT: f64 = 92.0;
const LABEL_GAP: f64 = 12.0;
/// Height of the strip of the lock below a lower bar.
const STRIP: f64 = 2.5;
/// From lane to lane, where there are few and where there are many.
const PITCH: (f64, f64) = (33.0, 27.0);
const FEW: usize = 9;
/// A swatch of the key, and the distance of the key's entries.
const SWATCH: (f64, f64) = (18.0, 12.0);
const KEY_GAP: f64 = 22.0;
/// Neighbours are told apart by a seam where they are wide enough for one.
const SEAM: f64 = 1.0;

const LABEL: Type = Type::regular(13.0, Paint::Ink);
const MAIN: Type = Type::semibold(13.0, Paint::Ink);
const INSIDE: Type = Type::regular(11.5, Paint::Ink);
const ITEM: Type = Type::semibold(11.0, Paint::Background).tabular();
/// Room that a text inside a bar needs beside itself.
/// Half the width of the rule of the last reply with its seam.
const RULE: f64 = 1.75;
const INSET: f64 = 5.0;
/// Where the axis ends, as a multiple of the last event's end.
const END: f64 = 1.02;

/// What an entry of the key stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Bar(What),
    Lock,
}

/// Everything that is drawn, and where.
pub(super) struct Layout<'a> {
    sheet: &'a Frame,
    story: &'a Story,
    hue: Hue,
    left: f64,
    pitch: f64,
    /// Name of the unit, and how many of it are in a nanosecond.
    unit: (&'static str, f64),
    /// Whether items are wide enough for their times: some with and some without would look like two kinds.
    numbered: bool,
}

impl<'a> Layout<'a> {
    pub(super) fn new(sheet: &'a Frame, story: &'a Story, hue: Hue) -> Self {
        let widest = story.lanes.iter().map(|lane| label_type(lane).width(&lane.name)).fold(0.0, f64::max);
        let pitch = if story.lanes.len() <= FEW { PITCH.0 } else { PITCH.1 };
        let unit = match story.end {
            0..1_000 => ("ns", 1.0),
            1_000..1_000_000 => ("µs", 1e-3),
            1_000_000..1_000_000_000 => ("ms", 1e-6),
            _ => ("s", 1e-9),
        };
        let left = (OUTER + widest + LABEL_GAP).ceil().max(LEFT);
        let mut layout = Self { sheet, story, hue, left, pitch, unit, numbered: false };
        layout.numbered = !story.aggregated() && layout.most_fit();
        layout
    }

    /// Whether most items have room for their times.
    fn most_fit(&self) -> bool {
        let items = || self.story.single.iter().flat_map(|lane| &lane.bars).filter(|bar| bar.what == What::Item);
        let scale = (RIGHT - self.left) / (self.story.end as f64 * END).max(1.0);
        let fits =
            |bar: &&Bar| ITEM.width(&self.short(bar)) + INSET <= bar.to.saturating_sub(bar.from) as f64 * scale - SEAM;
        items().filter(fits).count() * 10 >= items().count() * 8
    }

    pub(super) fn draw(&self, results: &Results, stem: &str, alt: &str) -> Result<Picture, PlotError> {
        let key = self.sheet.top() + 1.0;
        let key_end = self.key_width();
        let end = self.story.end as f64 * self.unit.1;
        let last = self.story.last_reply.map(|at| (at as f64 * self.unit.1, self.last_label(at)));
        let at = |value: f64| self.left + (RIGHT - self.left) * value / (end * END);
        let (label_at, crowded) = match &last {
            None => (0.0, false),
            Some((value, text)) => {
                let half = MAIN.width(text) / 2.0;
                let middle = at(*value).clamp(self.left + half, WIDTH - OUTER - half);
                (middle, middle - half < key_end + 14.0)
            }
        };
        // The label of the last reply stands beside the key where there is room, else below it.
        let label = key + if crowded { 22.0 } else { 8.0 };
        let top = label + 9.0;
        let first = top + 12.0;
        let bottom = first + self.story.lanes.len().saturating_sub(1) as f64 * self.pitch + BAR + 9.0;
        let whole = bottom + 20.0;
        let canvas = self.sheet.open(results, stem, whole);
        let size = (WIDTH, self.sheet.height(whole).ceil());
        let scales = (Scale::linear(0.0, end * END), Scale::linear(0.0, 1.0));
        let plot = Plot::new(&canvas, size, [self.left, top, RIGHT, bottom], scales)?;
        let mut drawing = canvas.borrow_mut();
        self.key(&mut drawing, key);
        self.axis(&plot, &mut drawing, (top, bottom));
        for (index, lane) in self.story.lanes.iter().enumerate() {
            self.lane(&plot, &mut drawing, lane, first + index as f64 * self.pitch);
        }
        if let Some((value, text)) = &last {
            let x = plot.at(*value, 0.0).0;
            drawing.line((x, top), (x, bottom), Stroke::solid(Paint::Background, 3.5));
            drawing.line((x, top), (x, bottom), Stroke::solid(Paint::Ink, 1.5));
            drawing.text(label_at, label, text, Type::semibold(12.0, Paint::Ink), Anchor::Middle);
        }
        drop(drawing);
        drop(plot);
        Ok(self.sheet.close(canvas, whole, alt))
    }

    /// Where the rule of the last reply stands.
    fn last_x(&self) -> Option<f64> {
        let share = self.story.last_reply? as f64 / (self.story.end as f64 * END);
        Some(self.left + (RIGHT - self.left) * share)
    }

    /// Of a bar's room for its text what the rule of the last reply leaves: the wider side.
    fn beside_last(&self, (from, to): (f64, f64)) -> (f64, f64) {
        match self.last_x() {
            Some(last) if from < last + RULE && last - RULE < to => {
                let (left, right) = ((from, last - RULE), (last + RULE, to));
                if left.1 - left.0 >= right.1 - right.0 { left } else { right }
            }
            _ => (from, to),
        }
    }

    fn last_label(&self, at: u64) -> String {
        format!("last reply {}", show_seconds(at as f64 / 1e9))
    }

    /// What the key explains: what there is.
    fn entries(&self) -> Vec<(Entry, String)> {
        let has = |what: What| self.story.has(what);
        let mut entries = Vec::new();
        if has(What::Start) || has(What::Join) {
            entries.push((Entry::Bar(What::Start), "start, join".to_owned()));
        }
        if has(What::Item) {
            let unit = if self.numbered { format!("item ({})", self.unit.0) } else { "item".to_owned() };
            entries.push((Entry::Bar(What::Item), unit));
        }
        if has(What::Crash) {
            entries.push((Entry::Bar(What::Crash), "died".to_owned()));
        }
        if has(What::Restart) {
            entries.push((Entry::Bar(What::Restart), "restart".to_owned()));
        }
        if self.story.has_lock() {
            entries.push((Entry::Lock, "GIL held".to_owned()));
        }
        entries
    }

    fn key_width(&self) -> f64 {
        let each = |(_, text): &(Entry, String)| SWATCH.0 + 7.0 + AXIS.width(text) + KEY_GAP;
        self.left + self.entries().iter().map(each).sum::<f64>() - KEY_GAP
    }

    fn key(&self, canvas: &mut Canvas, y: f64) {
        let mut x = self.left;
        for (entry, text) in self.entries() {
            let (top, bottom) = (y - 10.0, y - 10.0 + SWATCH.1);
            match entry {
                Entry::Lock => canvas.rect([x, y - 5.25, x + SWATCH.0, y - 2.75], Paint::Muted, 1.0),
                Entry::Bar(what) => {
                    canvas.rounded([x, top, x + SWATCH.0, bottom], self.paint(what), 1.0, None);
                    if what == What::Crash {
                        cross(canvas, (x + SWATCH.0 / 2.0, f64::midpoint(top, bottom)), Paint::Background);
                    }
                }
            }
            let width = canvas.text(x + SWATCH.0 + 7.0, y, &text, Type::regular(12.0, Paint::Ink), Anchor::Start);
            x += SWATCH.0 + 7.0 + width + KEY_GAP;
        }
    }

    /// A worker's items have the colour of its model; what they would be taken for has another.
    pub(super) fn paint(&self, what: What) -> Paint {
        let other = |wanted: Hue, instead: Hue| Paint::Text(if self.hue == wanted { instead } else { wanted }, 0);
        match what {
            What::Item => Paint::Text(self.hue, 0),
            What::Crash => other(Hue::Threads, Hue::Fourth),
            What::Restart => other(Hue::Rayon, Hue::Processes),
            What::Start | What::Join => Paint::Quiet(1),
            What::Waiting => Paint::Quiet(0),
        }
    }

    fn axis(&self, plot: &Plot, canvas: &mut Canvas, (top, bottom): (f64, f64)) {
        let (low, high) = plot.x_range();
        let values = round_ticks(low, high, 8);
        let text = |value: f64| {
            if value == 0.0 { format!("0 {}", self.unit.0) } else { three_digits(value) }
        };
        let shown: Vec<Tick> = values.iter().map(|value| (plot.at(*value, 0.0).0, text(*value))).collect();
        axes::grid_down(canvas, bottom + 17.0, &[(top, bottom)], &shown);
    }

    fn lane(&self, plot: &Plot, canvas: &mut Canvas, lane: &Lane, y: f64) {
        let at = |nanos: u64| plot.at(nanos as f64 * self.unit.1, 0.0).0;
        canvas.text(self.left - LABEL_GAP, y + 14.0, &lane.name, label_type(lane), Anchor::End);
        let middle = y + BAR / 2.0;
        canvas.line((self.left, middle), (RIGHT, middle), Stroke::solid(Paint::Grid, 1.0));
        if let Some(known) = lane.known_until
            && at(known) < RIGHT
        {
            let join = lane.bars.iter().filter(|bar| bar.what == What::Join).map(|bar| at(bar.from)).next();
            let end = join.unwrap_or(RIGHT).max(at(known));
            canvas.line((at(known), middle), (end, middle), Stroke { paint: Paint::Muted, width: 2.0, dash: "1 4" });
        }
        if self.story.aggregated() && !lane.main {
            timeline_shares::draw(canvas, lane, y, (self.left, RIGHT), &at, |what| self.paint(what));
            return;
        }
        let strip = !lane.held.is_empty();
        for (index, bar) in lane.bars.iter().enumerate() {
            let height = if strip && bar.what == What::Item { BAR - STRIP - 1.5 } else { BAR };
            if bar.what == What::Crash {
                let before = lane.bars[..index].iter().map(|bar| bar.to).max().unwrap_or(0);
                self.crash(canvas, lane, bar, (at(before), at(bar.from), at(bar.to)), y);
            } else {
                // What comes next lies on top where clocks overlap, and must not cut a text.
                let next = lane.bars.get(index + 1).map_or(f64::INFINITY, |next| at(next.from) - SEAM);
                self.bar(canvas, lane, bar, [at(bar.from), at(bar.to), next], (y, y + height));
                // Clocks of both ends overlap by a little, and neighbours must still be two.
                let before = index.checked_sub(1).and_then(|last| lane.bars.get(last)).map(|last| at(last.to) - SEAM);
                if before.is_some_and(|before| before > at(bar.from) - 0.5) && at(bar.to) - at(bar.from) > 2.0 {
                    let edge = Stroke::solid(Paint::Background, SEAM);
                    canvas.line((at(bar.from), y), (at(bar.from), y + height), edge);
                }
            }
        }
        for (from, to) in merged(&lane.held, &at) {
            canvas.rect([from, y + BAR - STRIP, to, y + BAR], Paint::Muted, 1.0);
        }
    }

    fn bar(&self, canvas: &mut Canvas, lane: &Lane, bar: &Bar, [from, to, next]: [f64; 3], edges: (f64, f64)) {
        let to = if to - from > 4.0 { to - SEAM } else { to.max(from + 0.75) };
        let title = format!("{}: {} {}", lane.name, bar.what.name(), bar.length());
        canvas.rounded([from, edges.0, to, edges.1], self.paint(bar.what), 1.0, Some(&title));
        let inside = match bar.what {
            What::Item => ITEM,
            What::Restart => Type::semibold(11.0, Paint::Background),
            What::Waiting => Type { paint: Paint::Muted, ..INSIDE },
            _ => INSIDE,
        };
        let long = format!("{} {}", bar.what.name(), bar.length());
        let words = match bar.what {
            What::Item if self.numbered => vec![self.short(bar)],
            What::Item => vec![],
            What::Waiting => vec![bar.what.name().to_owned()],
            _ if lane.main => vec![long, bar.what.name().to_owned()],
            _ => vec![long, bar.length(), bar.what.name().to_owned()],
        };
        let (from, seen) = self.beside_last((from, to.min(next)));
        if let Some(text) = words.into_iter().find(|text| inside.width(text) + INSET <= seen - from) {
            let baseline = f64::midpoint(edges.0, edges.1) + 4.0;
            canvas.text(f64::midpoint(from, seen), baseline, &text, inside, Anchor::Middle);
        }
    }

    /// An item's time in the unit of the axis, as far as an item needs it.
    fn short(&self, bar: &Bar) -> String {
        let value = bar.to.saturating_sub(bar.from) as f64 * self.unit.1;
        match value {
            v if v >= 9.95 => format!("{v:.0}"),
            v if v >= 0.095 => format!("{v:.1}"),
            v => format!("{v:.2}"),
        }
    }

    /// What the worker did not finish, its death as a tall stroke with a cross, and the time until it was found out.
    fn crash(&self, canvas: &mut Canvas, lane: &Lane, bar: &Bar, (before, from, to): (f64, f64, f64), y: f64) {
        let paint = self.paint(What::Crash);
        if from - before > 1.0 {
            let title = format!("{}: since its last result", lane.name);
            canvas.rounded([before, y, from, y + BAR], paint, 0.35, Some(&title));
        }
        let title = format!("{}: died; detected and reaped within {}", lane.name, bar.length());
        canvas.rounded([from, y, to.max(from + 2.0), y + BAR], paint, 1.0, Some(&title));
        canvas.line((from, y - 4.0), (from, y + BAR + 4.0), Stroke::solid(paint, 2.0));
        let middle = (from - 9.0).max(self.left + 5.0);
        if from - before > 18.0 {
            cross(canvas, (middle, y + BAR / 2.0), Paint::Ink);
        } else if to - from > 10.0 {
            cross(canvas, (f64::midpoint(from, to), y + BAR / 2.0), Paint::Background);
        }
    }
}

fn label_type(lane: &Lane) -> Type {
    if lane.main { MAIN } else { LABEL }
}

/// Intervals in pixels; those that touch are one.
pub(super) fn merged(held: &[(u64, u64)], at: &impl Fn(u64) -> f64) -> Vec<(f64, f64)> {
    let mut strips: Vec<(f64, f64)> = Vec::new();
    let mut sorted = held.to_vec();
    sorted.sort_unstable();
    for (from, to) in sorted {
        let (from, to) = (at(from), at(to).max(at(from) + 0.25));
        match strips.last_mut() {
            Some(last) if from - last.1 < 0.35 => last.1 = last.1.max(to),
            _ => strips.push((from, to)),
        }
    }
    strips
}

/// A small cross: a death is told without its colour too.
fn cross(canvas: &mut Canvas, (x, y): (f64, f64), paint: Paint) {
    let (left, right, top, bottom) = (number(x - 3.0), number(x + 3.0), number(y - 3.0), number(y + 3.0));
    let data = format!("M{left} {top}L{right} {bottom}M{right} {top}L{left} {bottom}");
    canvas.path(&data, Stroke::solid(paint, 1.75), None);
}
