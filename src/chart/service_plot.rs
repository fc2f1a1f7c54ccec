//! The drawing of the chart of service times: a row per configuration with the share of its items by their time, on one axis.

use super::axes::{self, NOTE, Tick};
use super::canvas::{Anchor, Canvas, Stroke, Type};
use super::frame::{AXIS, Frame, OUTER, WIDTH};
use super::plot::{Ink, Plot, PlotError, Scale};
use super::theme::{Hue, Paint};
use super::{Picture, ticks, words};
use crate::results::{Quantiles, Results};
use crate::text::show_seconds;

const RIGHT: f64 = WIDTH - OUTER;
/// Where curves start, at least and at most.
const LEFT: (f64, f64) = (132.0, 330.0);
const LABEL_GAP: f64 = 12.0;
/// Height of a curve, and the distance of rows.
const CURVE: f64 = 40.0;
const PITCH: f64 = 58.0;
/// Room of a column of numbers, at least, and the distance of two.
const COLUMN: f64 = 62.0;
const COLUMN_GAP: f64 = 12.0;
/// Fewer items than this are points.
const FEWEST: u64 = 50;
/// Points of equal place stand above each other, as long as they fit the row.
const STACK: f64 = 4.5;

const LABEL: Type = Type::regular(13.0, Paint::Ink);
const OTHER: Type = Type::regular(12.0, Paint::Muted).tabular();

/// The percentiles that are marked, with how many items each takes, so that ten lie beyond it.
const MARKED: [(&str, f64, u64); 3] = [("p50", 0.5, 20), ("p95", 0.95, 200), ("p99", 0.99, 1000)];

/// The times of a configuration's items in seconds.
pub(super) struct Times {
    pub(super) count: u64,
    pub(super) p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    /// The slowest.
    pub(super) max: f64,
    /// Rising times with the share of the items that took no longer; the first has none.
    steps: Vec<(f64, f64)>,
    /// Rising times with how many items took so long.
    points: Vec<(f64, u64)>,
}

/// What a logarithmic axis can show of nanoseconds, in seconds: the clock's resolution at least.
fn seconds(nanos: u64) -> f64 {
    nanos.max(1) as f64 / 1e9
}

impl Times {
    fn of(times: &Quantiles) -> Self {
        let known = |value: Option<u64>, needed: u64| value.filter(|_| times.count >= needed).map(seconds);
        let all: u64 = times.histogram.iter().map(|(_, count)| count).sum();
        let mut steps = vec![(seconds(times.min), 0.0)];
        let mut sum = 0;
        for (bound, count) in &times.histogram {
            sum += count;
            // The last bucket ends where the last item is.
            let bound = (*bound).clamp(times.min, times.max.max(times.min));
            steps.push((seconds(bound), sum as f64 / all.max(1) as f64));
        }
        Self {
            count: times.count,
            p50: known(Some(times.p50), MARKED[0].2),
            p95: known(times.p95, MARKED[1].2),
            p99: known(times.p99, MARKED[2].2),
            max: seconds(times.max),
            steps,
            points: times.histogram.iter().map(|(bound, count)| (seconds((*bound).min(times.max)), *count)).collect(),
        }
    }

    /// What is marked, in order.
    pub(super) fn quantiles(&self) -> [Option<f64>; 3] {
        [self.p50, self.p95, self.p99]
    }

    /// The highest percentile above the median that is known, as a share, and its time.
    pub(super) fn highest(&self) -> Option<(f64, f64)> {
        self.p99.map(|time| (0.99, time)).or(self.p95.map(|time| (0.95, time)))
    }

    fn range(&self) -> (f64, f64) {
        let ends = self.steps.iter().map(|(time, _)| *time);
        ends.fold((f64::INFINITY, 0.0), |(low, high), time| (low.min(time), f64::max(high, time)))
    }
}

/// One configuration.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) service: Times,
    response: Option<Times>,
    hue: Hue,
    shade: usize,
}

impl Row {
    pub(super) fn new(label: String, service: &Quantiles, response: &Quantiles, (hue, shade): (Hue, usize)) -> Self {
        let response = (response.count > 0 && !response.histogram.is_empty()).then(|| Times::of(response));
        Self { label, service: Times::of(service), response, hue, shade }
    }

    /// Whether there are enough items for a curve.
    pub(super) fn is_curve(&self) -> bool {
        self.service.count >= FEWEST
    }

    fn paint(&self) -> Paint {
        Paint::Mark(self.hue, self.shade)
    }

    fn value_type(&self) -> Type {
        Type::semibold(12.0, Paint::Text(self.hue, self.shade)).tabular()
    }

    /// Width of its widest number.
    fn number_width(&self) -> f64 {
        let own =
            self.service.quantiles().into_iter().flatten().map(|time| self.value_type().width(&show_seconds(time)));
        let other = self.response.iter().flat_map(Times::quantiles).flatten();
        own.chain(other.map(|time| OTHER.width(&show_seconds(time)))).fold(0.0, f64::max)
    }

    /// For those who do not see the picture.
    pub(super) fn in_words(&self) -> String {
        let numbers = |times: &Times| {
            let named = MARKED
                .iter()
                .zip(times.quantiles())
                .filter_map(|((name, ..), time)| time.map(|time| format!("{name} {}", show_seconds(time))));
            let named: Vec<String> = named.collect();
            let (low, high) = times.range();
            if named.is_empty() { format!("{} to {}", show_seconds(low), show_seconds(high)) } else { named.join(", ") }
        };
        let response = self.response.as_ref().map_or(String::new(), |times| format!("; response {}", numbers(times)));
        format!("{}: {}{response}", self.label, numbers(&self.service))
    }
}

/// Everything that is drawn, and where.
pub(super) struct Layout<'a> {
    sheet: &'a Frame,
    rows: &'a [Row],
    left: f64,
    right: f64,
    column: f64,
    top: f64,
    x: (f64, f64),
}

impl<'a> Layout<'a> {
    pub(super) fn new(sheet: &'a Frame, rows: &'a [Row]) -> Self {
        let labels = rows.iter().map(|row| LABEL.width(&row.label)).fold(0.0, f64::max);
        let left = (OUTER + labels + LABEL_GAP).ceil().clamp(LEFT.0, LEFT.1);
        let times = rows.iter().flat_map(|row| [Some(&row.service), row.response.as_ref()]).flatten();
        let (low, high) = times
            .map(Times::range)
            .fold((f64::INFINITY, 0.0), |(low, high), (from, to)| (f64::min(low, from), f64::max(high, to)));
        // Room on both sides, and an axis where everything took equally long.
        let x = (low / 1.15, (high * 1.15).max(low * 1.4));
        let column = rows.iter().map(Row::number_width).fold(COLUMN - COLUMN_GAP, f64::max) + COLUMN_GAP;
        Self {
            sheet,
            rows,
            left,
            right: RIGHT - column * MARKED.len() as f64 - 8.0,
            column,
            top: sheet.top() + 20.0,
            x,
        }
    }

    pub(super) fn draw(&self, results: &Results, stem: &str, alt: &str) -> Result<Picture, PlotError> {
        let bottom = self.top + self.rows.len().saturating_sub(1) as f64 * PITCH + CURVE;
        let end = bottom + 24.0;
        let canvas = self.sheet.open(results, stem, end);
        let size = (WIDTH, self.sheet.height(end).ceil());
        self.columns(&mut canvas.borrow_mut());
        for (index, row) in self.rows.iter().enumerate() {
            let top = self.top + index as f64 * PITCH;
            let area = [self.left, top, self.right, top + CURVE];
            let scales = (Scale::log(self.x.0, self.x.1), Scale::linear(0.0, 1.0));
            let mut plot = Plot::new(&canvas, size, area, scales)?;
            self.grid(&plot, &mut canvas.borrow_mut(), top, index + 1 == self.rows.len());
            if row.is_curve() {
                curve(&mut plot, row)?;
                marks(&plot, &mut canvas.borrow_mut(), row);
            } else {
                strip(&plot, &mut canvas.borrow_mut(), row, top + CURVE);
            }
            self.texts(&mut canvas.borrow_mut(), row, top);
        }
        Ok(self.sheet.close(canvas, end, alt))
    }

    /// Heads of the columns of numbers.
    fn columns(&self, canvas: &mut Canvas) {
        for (index, (name, ..)) in MARKED.iter().enumerate() {
            canvas.text(self.column(index), self.top - 14.0, name, AXIS, Anchor::End);
        }
    }

    fn column(&self, index: usize) -> f64 {
        RIGHT - (MARKED.len() - 1 - index) as f64 * self.column
    }

    fn grid(&self, plot: &Plot, canvas: &mut Canvas, top: f64, last: bool) {
        let values = ticks::decades(self.x.0, self.x.1);
        let shown: Vec<Tick> = values.iter().map(|value| (plot.at(*value, 0.0).0, show_seconds(*value))).collect();
        let places = axes::places(&shown);
        // Where not all have room, powers of ten read better than every other value, and then every other power.
        let tens: Vec<bool> = values.iter().map(|value| ticks::is_decade(*value)).collect();
        let all = ticks::stride(&places, 10.0) == 1;
        let among: Vec<(f64, f64)> =
            places.iter().zip(&tens).filter(|(_, ten)| all || **ten).map(|(place, _)| *place).collect();
        let stride = ticks::stride(&among, 10.0);
        let named: Vec<f64> = among.iter().step_by(stride).map(|(x, _)| *x).collect();
        for (x, _) in &shown {
            canvas.line((*x, top), (*x, top + CURVE), Stroke::solid(Paint::Grid, 1.0));
        }
        canvas.line((self.left, top + CURVE), (self.right, top + CURVE), Stroke::solid(Paint::Rule, 1.0));
        for (x, text) in shown.iter().filter(|(x, _)| last && named.contains(x)) {
            canvas.text(*x, top + CURVE + 20.0, text, AXIS, Anchor::Middle);
        }
    }

    fn texts(&self, canvas: &mut Canvas, row: &Row, top: f64) {
        let end = self.left - LABEL_GAP;
        let middle = top + CURVE / 2.0;
        canvas.text(end, middle + 4.7, &words::label(LABEL, &row.label, end - OUTER), LABEL, Anchor::End);
        let both = row.response.is_some();
        for (index, time) in row.service.quantiles().into_iter().enumerate() {
            let y = if both { middle - 3.5 } else { middle + 4.4 };
            let (text, style) = match time {
                Some(time) => (show_seconds(time), row.value_type()),
                None => ("–".to_owned(), NOTE),
            };
            canvas.text(self.column(index), y, &text, style, Anchor::End);
        }
        for (index, time) in row.response.iter().flat_map(Times::quantiles).enumerate() {
            if let Some(time) = time {
                canvas.text(self.column(index), middle + 12.5, &show_seconds(time), OTHER, Anchor::End);
            }
        }
    }
}

/// Draws the share of the items by their service time as an area, and by their response as a dashed line.
fn curve(plot: &mut Plot, row: &Row) -> Result<(), PlotError> {
    let paint = row.paint();
    let area: Vec<(f64, f64, f64)> = row.service.steps.iter().map(|(time, share)| (*time, 0.0, *share)).collect();
    let pen = |width: f64, dash: &'static str, what: &str| {
        let title = format!("{}: {what}", row.label);
        Ink { paint, opacity: 1.0, width, dash, title }
    };
    plot.band(&area, Ink { opacity: 0.16, title: String::new(), ..pen(0.0, "", "") })?;
    if let Some(response) = &row.response {
        plot.line(&response.steps, pen(1.25, "5 3", "response"))?;
    }
    plot.line(&row.service.steps, pen(2.25, "", "service time"))
}

/// Marks the percentiles that are known.
fn marks(plot: &Plot, canvas: &mut Canvas, row: &Row) {
    for ((name, share, _), time) in MARKED.iter().zip(row.service.quantiles()) {
        let Some(time) = time else { continue };
        let at = plot.at(time, *share);
        canvas.circle(at, 4.25, Paint::Background, None);
        canvas.circle(at, 3.0, row.paint(), Some(&format!("{}: {name} {}", row.label, show_seconds(time))));
    }
}

/// Draws every item as a point; those that took equally long stand above each other.
fn strip(plot: &Plot, canvas: &mut Canvas, row: &Row, bottom: f64) {
    for (time, count) in &row.service.points {
        let x = plot.at(*time, 0.0).0;
        let step = STACK.min((CURVE - 6.0) / (*count).max(1) as f64);
        for index in 0..(*count).min(FEWEST) {
            let title = (index == 0).then(|| format!("{}: {} of {}", row.label, count, show_seconds(*time)));
            canvas.circle((x, bottom - 4.0 - index as f64 * step), 2.5, row.paint(), title.as_deref());
        }
    }
}
