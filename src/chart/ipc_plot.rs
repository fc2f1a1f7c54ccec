//! The drawing of the chart of IPC methods.

use std::cell::RefCell;

use super::canvas::{Anchor, Area, Canvas, Stroke};
use super::frame::{self, AXIS, Frame, WIDTH};
use super::ipc_cross::{self, Cross};
use super::ipc_family::{Drawn, Family, method_name};
use super::labels::{self, Label};
use super::lines::{self, Detail, Line};
use super::plot::{Plot, PlotError, Scale};
use super::theme::Paint;
use super::{Picture, ticks};
use crate::results::Results;
use crate::text::show_bytes;

const HEIGHT: f64 = 302.0;

/// Where everything stands.
pub(super) struct Layout<'a> {
    sheet: &'a Frame,
    family: &'a Family<'a>,
    all: &'a [Drawn<'a>],
    labels: Vec<Label>,
    crossings: Vec<Cross>,
    area: Area,
    x: (f64, f64),
    y: (f64, f64),
}

impl<'a> Layout<'a> {
    pub(super) fn new(results: &Results, sheet: &'a Frame, family: &'a Family, all: &'a [Drawn<'a>]) -> Self {
        let label = |drawn: &Drawn| {
            let value = drawn.points.iter().rev().find_map(|point| point.value)?;
            let Line { name, hue, shade, .. } = &drawn.line;
            let value = family.show_in_column(value.median);
            Some(Label {
                end: (0.0, 0.0),
                value,
                name: method_name(&drawn.line, name),
                hue: *hue,
                shade: *shade,
                hero: false,
            })
        };
        let labels: Vec<Label> = all.iter().filter_map(label).collect();
        let right = WIDTH - labels::margin(&labels);
        let crossings = ipc_cross::crossings(results, family, all);
        let top = sheet.top() + ipc_cross::height(&crossings);
        let points = || all.iter().flat_map(|drawn| &drawn.points);
        let x = points().fold((f64::INFINITY, 0.0_f64), |(low, high), point| (low.min(point.x), high.max(point.x)));
        let y = points().filter_map(|point| point.value).fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
            (low.min(value.low.unwrap_or(value.median)), high.max(value.high.unwrap_or(value.median)))
        });
        // A little air below and above, more where the range is small.
        let air = (y.1 / y.0).powf(0.04).max(1.15);
        let y = (y.0 / air, y.1 * air);
        let left = frame::left(ticks::decades(y.0, y.1).into_iter().map(|value| family.show(value)));
        let height = HEIGHT.max(labels.len() as f64 * labels::PITCH);
        Self { sheet, family, all, labels, crossings, area: [left, top, right, top + height], x, y }
    }

    pub(super) fn draw(mut self, results: &Results, stem: &str, alt: &str) -> Result<Picture, PlotError> {
        let [_, top, right, bottom] = self.area;
        let end = bottom + 24.0;
        let canvas = self.sheet.open(results, stem, end);
        let size = (WIDTH, self.sheet.height(end).ceil());
        let mut plot =
            Plot::new(&canvas, size, self.area, (Scale::log(self.x.0, self.x.1), Scale::log(self.y.0, self.y.1)))?;
        self.grid(&plot, &mut canvas.borrow_mut());
        self.series(&mut plot, &canvas)?;
        let words = self.sheet.top();
        ipc_cross::draw(&plot, &mut canvas.borrow_mut(), self.all, &self.crossings, words, self.area[0]);
        labels::draw(&mut canvas.borrow_mut(), &mut self.labels, right, (top, bottom));
        drop(plot);
        Ok(self.sheet.close(canvas, end, alt))
    }

    fn grid(&self, plot: &Plot, canvas: &mut Canvas) {
        let [left, _, right, bottom] = self.area;
        for value in ticks::decades(self.y.0, self.y.1) {
            let (_, y) = plot.at(self.x.0, value);
            canvas.line((left, y), (right, y), Stroke::solid(Paint::Grid, 1.0));
            canvas.text(left - 10.0, y + 4.3, &self.family.show(value), AXIS, Anchor::End);
        }
        let mut sizes: Vec<u64> = self.family.workloads.iter().map(|(payload, _)| *payload).collect();
        sizes.retain(|size| (self.x.0..=self.x.1).contains(&(*size as f64)));
        sizes.dedup();
        let mut ranked = sizes.clone();
        ranked.sort_by_key(|size| (Some(size) != sizes.first() && Some(size) != sizes.last(), *size));
        let shown: Vec<(f64, String)> =
            ranked.iter().map(|size| (plot.at(*size as f64, self.y.0).0, show_bytes(*size))).collect();
        let places: Vec<(f64, f64)> = shown.iter().map(|(x, text)| (*x, AXIS.width(text))).collect();
        for ((x, text), kept) in shown.iter().zip(ticks::roomy(&places, 8.0)) {
            canvas.line((*x, bottom), (*x, bottom + 4.5), Stroke::solid(Paint::Rule, 1.0));
            if kept {
                canvas.text(*x, bottom + 20.5, text, AXIS, Anchor::Middle);
            }
        }
    }

    fn series(&mut self, plot: &mut Plot, canvas: &RefCell<Canvas>) -> Result<(), PlotError> {
        for drawn in self.all {
            lines::draw_band(plot, &drawn.line, &drawn.points)?;
        }
        for drawn in self.all {
            lines::draw_line(plot, canvas, &drawn.line, &drawn.points, Detail { hero: false, markers: true })?;
        }
        let last = |drawn: &Drawn| drawn.points.iter().rev().find_map(|point| Some((point.x, point.value?)));
        for (label, (x, value)) in self.labels.iter_mut().zip(self.all.iter().filter_map(last)) {
            label.end = plot.at(x, value.median);
        }
        Ok(())
    }
}
