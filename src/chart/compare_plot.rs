//! The drawing of the chart of before and after: a dumbbell per configuration on an axis of ratios, with its trials.

use super::axes::{self, HEADING, NOTE, Tick};
use super::canvas::{Anchor, Canvas, Stroke, Type};
use super::frame::{AXIS, Frame, OUTER, WIDTH};
use super::plot::{Plot, PlotError, Scale};
use super::theme::{Hue, Paint};
use super::{Picture, ticks, words};
use crate::results::Results;

const RIGHT: f64 = WIDTH - OUTER;
/// Where the plot starts, at least and at most.
const LEFT: (f64, f64) = (132.0, 340.0);
const LABEL_GAP: f64 = 12.0;
/// Room of the change and of the word.
const CHANGE: f64 = 62.0;
const WORD: f64 = 84.0;
const PITCH: f64 = 31.0;
/// Between sections, and room for a head above its rows.
const SECTION: f64 = 16.0;
const HEAD: f64 = 26.0;
/// From the middle of a row to its trials.
const LANE: f64 = 8.5;
/// The axis goes no further than this to either side; what lies beyond is counted.
const FARTHEST: f64 = 1000.0;
/// Fewest and most that it shows.
const NARROWEST: f64 = 1.06;

const LABEL: Type = Type::regular(13.0, Paint::Ink);

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Worse,
    Better,
    /// Equivalent or undecided.
    Open,
}

impl Tone {
    fn mark(self) -> Paint {
        match self {
            Tone::Worse => Paint::Mark(Hue::Threads, 0),
            Tone::Better => Paint::Mark(Hue::Rayon, 0),
            Tone::Open => Paint::Rule,
        }
    }

    fn text(self) -> Type {
        match self {
            Tone::Worse => Type::semibold(12.5, Paint::Text(Hue::Threads, 0)).tabular(),
            Tone::Better => Type::semibold(12.5, Paint::Text(Hue::Rayon, 0)).tabular(),
            Tone::Open => Type::regular(12.5, Paint::Muted).tabular(),
        }
    }
}

/// One configuration. Ratios are of times, after over before; the ends of intervals are open where trials timed out.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) ratio: f64,
    pub(super) ends: Option<(f64, Option<f64>)>,
    /// The interval of the time before over its median, where the runs are not paired.
    pub(super) before: Option<(f64, Option<f64>)>,
    pub(super) change: String,
    /// The change with its interval, or both times.
    pub(super) numbers: String,
    pub(super) word: &'static str,
    pub(super) tone: Tone,
    /// The trials before and after, over the median before.
    pub(super) old: Vec<f64>,
    pub(super) new: Vec<f64>,
    /// Whether the trials have two peaks, before and after.
    pub(super) peaks: [bool; 2],
}

impl Row {
    /// `threads × 2 (before)`, where its trials have two peaks.
    pub(super) fn peaks(&self) -> Option<String> {
        let when = match self.peaks {
            [true, true] => "before and after",
            [true, false] => "before",
            [false, true] => "after",
            [false, false] => return None,
        };
        Some(format!("{} ({when})", self.label))
    }

    fn in_words(&self) -> String {
        format!("{} {}, {} ({})", self.label, self.change, self.word, self.numbers)
    }
}

/// The rows of one workload.
pub(super) struct Section {
    pub(super) head: String,
    pub(super) rows: Vec<Row>,
}

impl Section {
    /// For those who do not see the picture.
    pub(super) fn in_words(&self, named: bool) -> String {
        let rows: Vec<String> = self.rows.iter().map(Row::in_words).collect();
        if named { format!("{}: {}", self.head, rows.join("; ")) } else { rows.join("; ") }
    }
}

/// Everything that is drawn, and where.
pub(super) struct Layout<'a> {
    sections: &'a [Section],
    margin: f64,
    left: f64,
    right: f64,
    x: (f64, f64),
}

fn rows(sections: &[Section]) -> impl Iterator<Item = &Row> {
    sections.iter().flat_map(|section| &section.rows)
}

impl<'a> Layout<'a> {
    pub(super) fn new(sections: &'a [Section], margin: f64) -> Self {
        let labels = rows(sections).map(|row| LABEL.width(&row.label)).fold(0.0, f64::max);
        let left = (OUTER + labels + LABEL_GAP).ceil().clamp(LEFT.0, LEFT.1);
        let shown = rows(sections).flat_map(|row| {
            let ends = [row.ends, row.before].into_iter().flatten().flat_map(|(low, high)| [Some(low), high]);
            let all = row.old.iter().chain(&row.new).copied().chain([row.ratio]).chain(ends.flatten());
            all.collect::<Vec<_>>()
        });
        let within = shown.filter(|ratio| (1.0 / FARTHEST..=FARTHEST).contains(ratio));
        let edge = (1.0 + margin.clamp(0.0, FARTHEST - 1.0)).max(NARROWEST);
        let (low, high) = within.fold((1.0 / edge, edge), |(low, high), ratio| (low.min(ratio), high.max(ratio)));
        // Marks at the ends have room.
        let room = (high / low).powf(0.03);
        Self { sections, margin, left, right: RIGHT - CHANGE - WORD, x: (low / room, high * room) }
    }

    /// How many trials lie beyond the axis, where some do.
    pub(super) fn beyond(&self) -> Option<usize> {
        let trials = rows(self.sections).flat_map(|row| row.old.iter().chain(&row.new));
        let count = trials.filter(|ratio| !(self.x.0..=self.x.1).contains(*ratio)).count();
        (count > 0).then_some(count)
    }

    pub(super) fn draw(&self, sheet: &Frame, results: &Results, stem: &str, alt: &str) -> Result<Picture, PlotError> {
        let top = sheet.top();
        let middles = self.middles(top + 26.0);
        let bottom = middles.last().and_then(|rows| rows.last()).copied().unwrap_or(top) + PITCH / 2.0;
        let end = bottom + 4.0;
        let canvas = sheet.open(results, stem, end);
        let size = (WIDTH, sheet.height(end).ceil());
        let scales = (Scale::log(self.x.0, self.x.1), Scale::linear(0.0, 1.0));
        let plot = Plot::new(&canvas, size, [self.left, top, self.right, bottom], scales)?;
        let mut drawing = canvas.borrow_mut();
        let strips: Vec<(f64, f64)> =
            middles.iter().filter_map(|rows| Some((rows.first()? - PITCH / 2.0, rows.last()? + PITCH / 2.0))).collect();
        self.axis(&plot, &mut drawing, top, &strips);
        for (section, rows) in self.sections.iter().zip(&middles) {
            if let (true, Some(first)) = (self.sections.len() > 1, rows.first()) {
                let head = HEADING.fit(&section.head, RIGHT - OUTER);
                drawing.text(OUTER, first - PITCH / 2.0 - 7.0, &head, HEADING, Anchor::Start);
            }
            for (row, middle) in section.rows.iter().zip(rows) {
                self.row(&plot, &mut drawing, row, *middle);
            }
        }
        drop(drawing);
        drop(plot);
        Ok(sheet.close(canvas, end, alt))
    }

    /// The middle of every row, by section.
    fn middles(&self, first: f64) -> Vec<Vec<f64>> {
        let head = if self.sections.len() > 1 { HEAD } else { 0.0 };
        let mut y = first;
        let place = |section: &Section| {
            y += head;
            let middles = (0..section.rows.len()).map(|index| y + index as f64 * PITCH).collect();
            y += section.rows.len() as f64 * PITCH + if head > 0.0 { SECTION } else { 0.0 };
            middles
        };
        self.sections.iter().map(place).collect()
    }

    fn axis(&self, plot: &Plot, canvas: &mut Canvas, top: f64, strips: &[(f64, f64)]) {
        let at = |ratio: f64| plot.at(ratio.clamp(self.x.0, self.x.1), 0.0).0;
        for (from, to) in strips {
            let margin = 1.0 + self.margin;
            canvas.rect([at(1.0 / margin), *from, at(margin), *to], Paint::Quiet(0), 1.0);
        }
        let shown: Vec<Tick> = changes(self.x.0, self.x.1).into_iter().map(|(ratio, text)| (at(ratio), text)).collect();
        let kept = ticks::roomy(&axes::places(&shown), 8.0);
        for ((x, text), kept) in shown.iter().zip(kept) {
            for (from, to) in strips {
                canvas.line((*x, *from), (*x, *to), Stroke::solid(Paint::Grid, 1.0));
            }
            if kept {
                canvas.text(*x, top + 2.0, text, AXIS, Anchor::Middle);
            }
        }
        for (from, to) in strips {
            canvas.line((at(1.0), *from), (at(1.0), *to), Stroke::solid(Paint::Rule, 1.25));
        }
    }

    fn row(&self, plot: &Plot, canvas: &mut Canvas, row: &Row, y: f64) {
        let at = |ratio: f64| plot.at(ratio.clamp(self.x.0, self.x.1), 0.0).0;
        let end = self.left - LABEL_GAP;
        canvas.text(end, y + 4.7, &words::label(LABEL, &row.label, end - OUTER), LABEL, Anchor::End);
        let lane = |samples: &[f64]| -> Vec<f64> { samples.iter().map(|ratio| at(*ratio)).collect() };
        canvas.dots(&lane(&row.old), y - LANE, 2.8, Paint::Muted, 0.45);
        canvas.dots(&lane(&row.new), y + LANE, 2.8, row.tone.mark(), 0.6);
        for (peaks, y) in row.peaks.iter().zip([y - LANE, y + LANE]) {
            if *peaks {
                // Beside the lane of its trials.
                for x in [self.right + 4.0, self.right + 7.0] {
                    canvas.line((x, y - 3.0), (x, y + 3.0), Stroke::solid(Paint::Ink, 1.25));
                }
            }
        }
        let (one, here) = (at(1.0), at(row.ratio));
        canvas.line((one, y), (here, y), Stroke::solid(row.tone.mark(), 3.0));
        for (ends, middle) in [(row.before, one), (row.ends, here)] {
            if let Some(ends) = ends {
                self.whisker(canvas, ends, at, (middle, y));
            }
        }
        let title = format!("{}: {} ({})", row.label, row.change, row.numbers);
        canvas.circle((one, y), 5.0, Paint::Muted, Some(&format!("{}: before", row.label)));
        canvas.circle((one, y), 3.0, Paint::Background, None);
        if row.ratio.is_finite() {
            canvas.circle((here, y), 6.0, Paint::Background, None);
            canvas.circle((here, y), 4.5, row.tone.mark(), Some(&title));
        } else {
            let head = format!("M{} {}l8 5l-8 5z", super::canvas::number(here - 8.0), super::canvas::number(y - 5.0));
            canvas.fill(&head, row.tone.mark(), 1.0, Some(&title));
        }
        canvas.text(self.right + CHANGE, y + 4.5, &row.change, row.tone.text(), Anchor::End);
        canvas.text(self.right + CHANGE + 10.0, y + 4.5, row.word, NOTE, Anchor::Start);
    }

    /// The interval of a ratio around its dot at `middle`, as far as the dot does not hide it; without a cap where it is open.
    fn whisker(
        &self,
        canvas: &mut Canvas,
        (low, high): (f64, Option<f64>),
        at: impl Fn(f64) -> f64,
        (middle, y): (f64, f64),
    ) {
        const HIDDEN: f64 = 7.0;
        let stroke = Stroke::solid(Paint::Ink, 1.25);
        let (from, to) = (at(low), high.map_or(self.right, &at));
        for (end, edge, cap) in [(from, middle - HIDDEN, true), (to, middle + HIDDEN, high.is_some())] {
            if (end - middle).abs() > HIDDEN {
                canvas.line((edge, y), (end, y), stroke);
                if cap {
                    canvas.line((end, y - 3.5), (end, y + 3.5), stroke);
                }
            }
        }
    }
}

/// Ticks of an axis of ratios with their labels, the one of no change first: round changes in per cent, and beyond a
/// doubling round factors.
fn changes(low: f64, high: f64) -> Vec<(f64, String)> {
    if high / low > 6.0 {
        let mut ratios = ticks::ratios(low, high);
        ratios.sort_by(|a, b| a.ln().abs().total_cmp(&b.ln().abs()));
        return ratios.into_iter().map(|ratio| (ratio, words::times_on_axis(ratio))).collect();
    }
    let step = [1, 2, 5, 10, 20, 25, 50, 100]
        .into_iter()
        .find(|step| (high - low) * 100.0 / f64::from(*step) <= 7.0)
        .unwrap_or(200);
    let (first, last) = (((low - 1.0) * 100.0 - 1e-6).ceil() as i32, ((high - 1.0) * 100.0 + 1e-6).floor() as i32);
    let mut percents: Vec<i32> = (first..=last).filter(|percent| percent % step == 0).collect();
    percents.sort_by_key(|percent| percent.abs());
    let text = |percent: i32| match percent {
        0 => "0%".to_owned(),
        1.. => format!("+{percent}%"),
        _ => format!("−{}%", -percent),
    };
    percents.into_iter().map(|percent| (1.0 + f64::from(percent) / 100.0, text(percent))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_round_and_start_with_none() {
        let texts = |low, high| changes(low, high).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(texts(0.94, 1.06), ["0%", "−2%", "+2%", "−4%", "+4%", "−6%", "+6%"]);
        assert_eq!(texts(0.9, 1.4), ["0%", "−10%", "+10%", "+20%", "+30%", "+40%"]);
        assert_eq!(texts(0.2, 4.0)[0], "1×");
        assert!(texts(1e-3, 1e3).len() <= 12);
    }
}
