//! Where plotters meets the canvas: scales, series, and a drawing back end of our own.

use std::cell::RefCell;
use std::convert::Infallible;
use std::ops::Range;
use std::rc::Rc;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::Polygon;
use plotters::prelude::{IntoLogRange, LogCoord};
use plotters::series::LineSeries;
use plotters::style::{Color, RGBColor, ShapeStyle};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind};

use super::canvas::{Area, Canvas, Stroke, point};
use super::theme::Paint;

/// Back-end units in a pixel: plotters' coordinates are whole numbers, so a unit is a twentieth.
const UNITS: f64 = 20.0;

/// What an error of plotters is here: our back end has none of its own.
pub(super) type PlotError = DrawingAreaErrorKind<Infallible>;

/// One axis.
pub(super) enum Scale {
    Linear(RangedCoordf64),
    Log(LogCoord<f64>),
}

impl Scale {
    pub(super) fn linear(low: f64, high: f64) -> Self {
        Scale::Linear((low..high).into())
    }

    pub(super) fn log(low: f64, high: f64) -> Self {
        Scale::Log((low..high).log_scale().into())
    }
}

impl Ranged for Scale {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        match self {
            Scale::Linear(scale) => scale.map(value, limit),
            Scale::Log(scale) => scale.map(value, limit),
        }
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        match self {
            Scale::Linear(scale) => scale.key_points(hint),
            Scale::Log(scale) => scale.key_points(hint),
        }
    }

    fn range(&self) -> Range<f64> {
        match self {
            Scale::Linear(scale) => scale.range(),
            Scale::Log(scale) => scale.range(),
        }
    }
}

/// What a series is drawn with. plotters knows colours only, so a colour's RGB is the number of a pen.
#[derive(Clone)]
pub(super) struct Ink {
    pub(super) paint: Paint,
    pub(super) opacity: f64,
    pub(super) width: f64,
    pub(super) dash: &'static str,
    pub(super) title: String,
}

/// The back end that plotters draws through.
pub(super) struct Backend<'c> {
    canvas: &'c RefCell<Canvas>,
    pens: Rc<RefCell<Vec<Ink>>>,
    size: (u32, u32),
}

impl Backend<'_> {
    fn pen(&self, colour: BackendColor) -> Option<Ink> {
        let (high, middle, low) = colour.rgb;
        let index = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        self.pens.borrow().get(index).cloned()
    }

    fn trace(&self, points: impl IntoIterator<Item = BackendCoord>, close: bool) -> String {
        // Relative steps are shorter, and exact, because coordinates are whole twentieths.
        let mut data = String::new();
        let mut last: Option<BackendCoord> = None;
        for at in points {
            match last {
                None => data.push_str(&format!("M{}", point(pixels(at)))),
                Some(last) => data.push_str(&format!("l{}", point(pixels((at.0 - last.0, at.1 - last.1))))),
            }
            last = Some(at);
        }
        if close {
            data.push('z');
        }
        data
    }
}

fn pixels((x, y): BackendCoord) -> (f64, f64) {
    (f64::from(x) / UNITS, f64::from(y) / UNITS)
}

fn whole(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Backend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, at: BackendCoord, colour: BackendColor) -> Drawn {
        if let Some(pen) = self.pen(colour) {
            let (x, y) = pixels(at);
            self.canvas.borrow_mut().rect([x, y, x + 1.0 / UNITS, y + 1.0 / UNITS], pen.paint, pen.opacity);
        }
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        if let Some(pen) = self.pen(style.color()) {
            let stroke = Stroke { paint: pen.paint, width: f64::from(style.stroke_width()) / UNITS, dash: pen.dash };
            let data = self.trace(path, false);
            self.canvas.borrow_mut().path(&data, stroke, title(&pen));
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Drawn {
        if let Some(pen) = self.pen(style.color()) {
            let data = self.trace(corners, true);
            self.canvas.borrow_mut().fill(&data, pen.paint, pen.opacity, title(&pen));
        }
        Ok(())
    }
}

fn title(pen: &Ink) -> Option<&str> {
    if pen.title.is_empty() { None } else { Some(&pen.title) }
}

/// A coordinate system on a part of the canvas.
pub(super) struct Plot<'c> {
    chart: ChartContext<'c, Backend<'c>, Cartesian2d<Scale, Scale>>,
    pens: Rc<RefCell<Vec<Ink>>>,
}

impl<'c> Plot<'c> {
    /// Puts two scales on `area` (left, top, right, bottom in pixels) of a canvas of that size.
    pub(super) fn new(
        canvas: &'c RefCell<Canvas>,
        size: (f64, f64),
        area: Area,
        (x, y): (Scale, Scale),
    ) -> Result<Self, PlotError> {
        let pens = Rc::new(RefCell::new(Vec::new()));
        let size = (whole(size.0), whole(size.1));
        let backend = Backend { canvas, pens: Rc::clone(&pens), size: (size.0 as u32, size.1 as u32) };
        let [left, top, right, bottom] = area.map(whole);
        let root = backend.into_drawing_area();
        let inner = root.margin(top, size.1 - bottom, left, size.0 - right);
        let chart = ChartBuilder::on(&inner).build_cartesian_2d(x, y)?;
        Ok(Self { chart, pens })
    }

    fn style(&self, pen: Ink) -> ShapeStyle {
        let width = whole(pen.width).max(0) as u32;
        let mut pens = self.pens.borrow_mut();
        let index = pens.len();
        pens.push(pen);
        let colour = RGBColor((index >> 16) as u8, (index >> 8) as u8, index as u8);
        ShapeStyle { color: colour.to_rgba(), filled: false, stroke_width: width }
    }

    /// Where a value stands on the canvas, in pixels.
    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        pixels(self.chart.backend_coord(&(x, y)))
    }

    /// The ends of the horizontal axis.
    pub(super) fn x_range(&self) -> (f64, f64) {
        let range = self.chart.x_range();
        (range.start, range.end)
    }

    /// Draws a line through the points.
    pub(super) fn line(&mut self, points: &[(f64, f64)], pen: Ink) -> Result<(), PlotError> {
        let style = self.style(pen);
        self.chart.draw_series(LineSeries::new(points.iter().copied(), style)).map(|_| ())
    }

    /// Fills the area between the two ends of an interval along x: (x, low, high).
    pub(super) fn band(&mut self, points: &[(f64, f64, f64)], pen: Ink) -> Result<(), PlotError> {
        let style = self.style(pen).filled();
        let upper = points.iter().map(|(x, _, high)| (*x, *high));
        let lower = points.iter().rev().map(|(x, low, _)| (*x, *low));
        let corners: Vec<(f64, f64)> = upper.chain(lower).collect();
        self.chart.draw_series(std::iter::once(Polygon::new(corners, style))).map(|_| ())
    }
}

/// Round values within a linear range: as many as there are, up to `most`.
pub(super) fn round_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let tries = (3..=2 * most).map(|count| Scale::linear(low, high).key_points(count));
    tries.filter(|ticks| ticks.len() <= most).max_by_key(Vec::len).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_land_on_twentieths_of_a_pixel() {
        let canvas = RefCell::new(Canvas::new(200.0, 100.0, "t"));
        let plot = Plot::new(
            &canvas,
            (200.0, 100.0),
            [10.0, 20.0, 190.0, 90.0],
            (Scale::log(1.0, 16.0), Scale::linear(0.0, 7.0)),
        );
        let plot = plot.unwrap();
        let near = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 0.11 && (a.1 - b.1).abs() < 0.11;
        assert!(near(plot.at(1.0, 0.0), (10.0, 90.0)), "{:?}", plot.at(1.0, 0.0));
        assert!(near(plot.at(4.0, 3.5), (100.0, 55.0)), "{:?}", plot.at(4.0, 3.5));
        assert!(near(plot.at(16.0, 7.0), (190.0, 20.0)), "{:?}", plot.at(16.0, 7.0));
    }

    #[test]
    fn a_series_keeps_its_dash_and_its_title() {
        let canvas = RefCell::new(Canvas::new(200.0, 100.0, "t"));
        let mut plot = Plot::new(
            &canvas,
            (200.0, 100.0),
            [0.0, 0.0, 200.0, 100.0],
            (Scale::linear(0.0, 1.0), Scale::linear(0.0, 1.0)),
        )
        .unwrap();
        let pen = Ink { paint: Paint::Ink, opacity: 1.0, width: 1.25, dash: "2 4", title: "ideal <1>".into() };
        plot.line(&[(0.0, 0.0), (1.0, 1.0)], pen).unwrap();
        drop(plot);
        let svg = canvas.into_inner().finish("", "");
        assert!(svg.contains("stroke-dasharray=\"2 4\"") && svg.contains("<title>ideal &lt;1&gt;</title>"), "{svg}");
        assert!(svg.contains("stroke-width=\"1.25\""), "{svg}");
    }
}
