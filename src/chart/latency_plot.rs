//! The drawing of the chart of latencies.

use std::cell::RefCell;

use super::axes::{self, Tick};
use super::canvas::{Area, Canvas};
use super::frame::{self, Frame, WIDTH};
use super::labels::{self, Label};
use super::latency_line::{Drawn, per_second};
use super::lines;
use super::plot::{Plot, PlotError, Scale};
use super::theme::Paint;
use super::{Picture, ticks};
use crate::results::Results;
use crate::text::show_seconds;

const HEIGHT: f64 = 302.0;
/// From this many times the lowest rate on, rates are shown on a logarithmic axis.
const WIDE: f64 = 20.0;

/// Whether these rates, the lowest and the highest, stand on a logarithmic axis.
pub(super) fn is_wide(low: f64, high: f64) -> bool {
    high > low * WIDE
}

/// Where everything stands.
pub(super) struct Layout<'a> {
    sheet: &'a Frame,
    rates: Vec<u32>,
    all: &'a [Drawn<'a>],
    labels: Vec<Label>,
    area: Area,
    x: (f64, f64),
    y: (f64, f64),
}

impl<'a> Layout<'a> {
    /// For these rates, rising, and lines that have a value each.
    pub(super) fn new(sheet: &'a Frame, rates: Vec<u32>, all: &'a [Drawn<'a>]) -> Self {
        let label = |drawn: &Drawn| {
            let value = drawn.points.iter().rev().find_map(|point| point.value)?;
            let line = &drawn.line;
            let (value, name) = (show_seconds(value.median), line.name.clone());
            Some(Label { end: (0.0, 0.0), value, name, hue: line.hue, shade: line.shade, hero: false })
        };
        let labels: Vec<Label> = all.iter().filter_map(label).collect();
        let right = WIDTH - labels::margin(&labels);
        let y = lines::log_range(all.iter().flat_map(|drawn| &drawn.points));
        let ends = (rates.first().copied().unwrap_or(1), rates.last().copied().unwrap_or(1));
        let x = (f64::from(ends.0), f64::from(ends.1));
        let left = frame::left(ticks::decades(y.0, y.1).into_iter().map(show_seconds));
        let (top, height) = (sheet.top(), HEIGHT.max(labels.len() as f64 * labels::PITCH));
        Self { sheet, rates, all, labels, area: [left, top, right, top + height], x, y }
    }

    pub(super) fn draw(mut self, results: &Results, stem: &str, alt: &str) -> Result<Picture, PlotError> {
        let [_, top, right, bottom] = self.area;
        let end = bottom + 24.0;
        let canvas = self.sheet.open(results, stem, end);
        let size = (WIDTH, self.sheet.height(end).ceil());
        let across =
            if is_wide(self.x.0, self.x.1) { Scale::log(self.x.0, self.x.1) } else { Scale::linear(0.0, self.x.1) };
        let mut plot = Plot::new(&canvas, size, self.area, (across, Scale::log(self.y.0, self.y.1)))?;
        self.grid(&plot, &mut canvas.borrow_mut());
        self.series(&mut plot, &canvas)?;
        labels::draw(&mut canvas.borrow_mut(), &mut self.labels, right, (top, bottom));
        drop(plot);
        Ok(self.sheet.close(canvas, end, alt))
    }

    fn grid(&self, plot: &Plot, canvas: &mut Canvas) {
        let values = ticks::decades(self.y.0, self.y.1).into_iter();
        axes::left_ticks(canvas, self.area, values.map(|y| (plot.at(self.x.0, y).1, show_seconds(y))));
        // The first and the last rate have their names before all others.
        let mut ranked = self.rates.clone();
        ranked.sort_by_key(|rate| (Some(rate) != self.rates.first() && Some(rate) != self.rates.last(), *rate));
        let shown: Vec<Tick> =
            ranked.iter().map(|rate| (plot.at(f64::from(*rate), self.y.0).0, per_second(*rate))).collect();
        axes::bottom_ticks(canvas, self.area[3], &shown);
    }

    fn series(&mut self, plot: &mut Plot, canvas: &RefCell<Canvas>) -> Result<(), PlotError> {
        let all: Vec<_> = self.all.iter().map(|drawn| (&drawn.line, &drawn.points[..])).collect();
        lines::draw_all(plot, canvas, &all, &mut self.labels)?;
        for drawn in self.all {
            for (point, _) in drawn.points.iter().zip(&drawn.behind).filter(|(_, behind)| **behind) {
                let Some(value) = point.value else { continue };
                canvas.borrow_mut().circle(plot.at(point.x, value.median), 1.75, Paint::Background, None);
            }
        }
        Ok(())
    }
}
