//! The drawing of the chart of IPC methods.

use std::cell::RefCell;

use super::axes::{self, Tick};
use super::canvas::{Area, Canvas};
use super::frame::{self, Frame, WIDTH};
use super::ipc_cross::{self, Cross};
use super::ipc_family::{Drawn, Family, method_name};
use super::labels::{self, Label};
use super::lines::{self, Line};
use super::plot::{Plot, PlotError, Scale};
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
        let y = lines::log_range(points());
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
        let values = ticks::decades(self.y.0, self.y.1).into_iter();
        axes::left_ticks(canvas, self.area, values.map(|y| (plot.at(self.x.0, y).1, self.family.show(y))));
        let mut sizes: Vec<u64> = self.family.workloads.iter().map(|(payload, _)| *payload).collect();
        sizes.retain(|size| (self.x.0..=self.x.1).contains(&(*size as f64)));
        sizes.dedup();
        let mut ranked = sizes.clone();
        ranked.sort_by_key(|size| (Some(size) != sizes.first() && Some(size) != sizes.last(), *size));
        let shown: Vec<Tick> =
            ranked.iter().map(|size| (plot.at(*size as f64, self.y.0).0, show_bytes(*size))).collect();
        axes::bottom_ticks(canvas, self.area[3], &shown);
    }

    fn series(&mut self, plot: &mut Plot, canvas: &RefCell<Canvas>) -> Result<(), PlotError> {
        let all: Vec<_> = self.all.iter().map(|drawn| (&drawn.line, &drawn.points[..])).collect();
        lines::draw_all(plot, canvas, &all, &mut self.labels)
    }
}
