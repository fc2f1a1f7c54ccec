//! The drawing of the speed-up chart.

use std::cell::RefCell;

use super::axes::{self, Tick};
use super::canvas::{Anchor, Canvas, Stroke};
use super::finding::decided;
use super::frame::{self, AXIS, Frame, WIDTH};
use super::labels::{self, Label};
use super::lines::{self, Detail, Line};
use super::plot::{Ink, Plot, PlotError, Scale};
use super::speedup_line::{Drawn, MOST_BANDS};
use super::theme::Paint;
use super::words::{times, times_on_axis};
use super::{Picture, fits, ticks};
use crate::results::{FitRecord, Results, Workload, WorkloadVerdict};

const HEIGHT: f64 = 302.0;
/// More points than this have no markers: they would hide each other.
const MOST_MARKERS: usize = 120;

/// Where everything stands.
pub(super) struct Layout<'a> {
    sheet: &'a Frame,
    all: &'a [Drawn<'a>],
    counts: &'a [u32],
    cores: f64,
    /// Workers of the reference, from which the ideal line starts.
    base: f64,
    hero: Option<usize>,
    labels: Vec<Label>,
    top: f64,
    bottom: f64,
    left: f64,
    right: f64,
    y: (f64, f64),
    fit: Option<&'a FitRecord>,
}

impl<'a> Layout<'a> {
    pub(super) fn new(
        results: &'a Results,
        workload: &Workload,
        verdict: Option<&WorkloadVerdict>,
        sheet: &'a Frame,
        all: &'a [Drawn<'a>],
        counts: &'a [u32],
    ) -> Self {
        let hero = hero(results, verdict, all);
        let fit = fits::shown(results, workload, all, hero);
        let labels: Vec<Label> = all
            .iter()
            .enumerate()
            .filter_map(|(index, drawn)| {
                let (_, value) = drawn.last()?;
                let Line { name, hue, shade, .. } = &drawn.line;
                let hero = hero == Some(index);
                Some(Label {
                    end: (0.0, 0.0),
                    value: times(value.median),
                    name: name.clone(),
                    hue: *hue,
                    shade: *shade,
                    hero,
                })
            })
            .collect();
        let base = results
            .configurations
            .get(workload.reference)
            .and_then(|configuration| configuration.config.workers)
            .map_or(1.0, f64::from);
        let top = sheet.top();
        let height = HEIGHT.max(labels.len() as f64 * labels::PITCH);
        let right = WIDTH - labels::margin(&labels);
        let cores = f64::from(results.machine.cores);
        let y = y_range(all, f64::from(counts.last().copied().unwrap_or(1)) / base);
        let left = frame::left(ticks::ratios(y.0, y.1).into_iter().map(times_on_axis));
        Self { sheet, all, counts, cores, base, hero, labels, top, bottom: top + height, left, right, y, fit }
    }

    pub(super) fn draw(mut self, results: &Results, stem: &str, alt: &str) -> Result<Picture, PlotError> {
        let end = self.bottom + 24.0;
        let canvas = self.sheet.open(results, stem, end);
        let size = (WIDTH, self.sheet.height(end).ceil());
        let x = (f64::from(self.counts[0]), f64::from(self.counts[self.counts.len() - 1]));
        let area = [self.left, self.top, self.right, self.bottom];
        let mut plot = Plot::new(&canvas, size, area, (Scale::log(x.0, x.1), Scale::log(self.y.0, self.y.1)))?;
        self.grid(&plot, &mut canvas.borrow_mut());
        self.core_rule(&plot, &mut canvas.borrow_mut(), x);
        self.ideal(&mut plot, &canvas, x)?;
        self.series(&mut plot, &canvas)?;
        if let Some(fit) = self.fit {
            fits::draw(&mut plot, fit, x, self.y)?;
        }
        let right = self.right;
        labels::draw(&mut canvas.borrow_mut(), &mut self.labels, right, (self.top, self.bottom));
        drop(plot);
        Ok(self.sheet.close(canvas, end, alt))
    }

    fn grid(&self, plot: &Plot, canvas: &mut Canvas) {
        let area = [self.left, self.top, self.right, self.bottom];
        let ratios = ticks::ratios(self.y.0, self.y.1).into_iter();
        axes::left_ticks(canvas, area, ratios.map(|ratio| (plot.at(1.0, ratio).1, times_on_axis(ratio))));
        // The ends and the powers of two matter most, where there is no room for all.
        let rank = |count: u32| {
            (count != self.counts[0] && Some(&count) != self.counts.last(), !count.is_power_of_two(), count)
        };
        let mut counts = self.counts.to_vec();
        counts.sort_by_key(|count| rank(*count));
        let shown: Vec<Tick> =
            counts.iter().map(|count| (plot.at(f64::from(*count), 1.0).0, self.worker_label(*count))).collect();
        let kept = ticks::roomy(&axes::places(&shown), 8.0);
        // Where not all have room, only the ends and the powers of two are named, and many others are not marked either.
        let all = kept.iter().all(|kept| *kept);
        let named = |count: u32| all || count.is_power_of_two() || !rank(count).0;
        for (((x, text), kept), count) in shown.iter().zip(kept).zip(&counts) {
            let kept = kept && named(*count);
            if !kept && counts.len() > 24 {
                continue;
            }
            axes::bottom_tick(canvas, self.bottom, *x, kept.then_some(text));
        }
    }

    fn worker_label(&self, count: u32) -> String {
        match count {
            1 => "1 worker".to_owned(),
            first if first == self.counts[0] => format!("{first} workers"),
            count => count.to_string(),
        }
    }

    fn core_rule(&self, plot: &Plot, canvas: &mut Canvas, (low, high): (f64, f64)) {
        if !(low..=high).contains(&self.cores) {
            return;
        }
        let (x, _) = plot.at(self.cores, 1.0);
        canvas.line((x, self.top - 3.0), (x, self.bottom), Stroke::solid(Paint::Rule, 0.75));
        let text = if self.cores == 1.0 { "1 core".to_owned() } else { format!("{} cores", self.cores) };
        let anchor = if self.cores == low {
            Anchor::Start
        } else if self.cores == high {
            Anchor::End
        } else {
            Anchor::Middle
        };
        canvas.text(x, self.top - 6.5, &text, frame::FOOTER, anchor);
    }

    /// The dotted line of n times the speed on n workers, as far as it is within the plot.
    fn ideal(&self, plot: &mut Plot, canvas: &RefCell<Canvas>, (low, high): (f64, f64)) -> Result<(), PlotError> {
        let from = low.max(self.y.0 * self.base);
        let to = high.min(self.y.1 * self.base);
        if from >= to {
            return Ok(());
        }
        let ends = [(from, from / self.base), (to, to / self.base)];
        plot.line(&ends, Ink { paint: Paint::Muted, opacity: 1.0, width: 1.25, dash: "2 4", title: "ideal".into() })?;
        let (start, end) = (plot.at(ends[0].0, ends[0].1), plot.at(ends[1].0, ends[1].1));
        let along = |share: f64| (start.0 + (end.0 - start.0) * share, start.1 + (end.1 - start.1) * share);
        let text = "ideal: n×";
        let width = AXIS.width(text);
        let rules: Vec<f64> = ticks::ratios(self.y.0, self.y.1).iter().map(|ratio| plot.at(1.0, *ratio).1).collect();
        let core = plot.at(self.cores.clamp(low, high), 1.0).0;
        let traces = self.traces(plot);
        let clear = |[left, top, right, bottom]: [f64; 4]| {
            left > self.left + 4.0
                && right < self.right - 4.0
                && top > self.top
                && !(left - 2.0..right + 2.0).contains(&core)
                && rules.iter().all(|rule| !(top..bottom).contains(rule))
                && !traces
                    .iter()
                    .any(|(x, y)| (left - 4.0..right + 4.0).contains(x) && (top - 4.0..bottom + 4.0).contains(y))
        };
        // Above the line where there is room, else below it; otherwise the mark's own title must do.
        let above = |(x, y): (f64, f64)| (x - 10.0 - width, y - 3.0);
        let below = |(x, y): (f64, f64)| (x + 12.0, y + 12.0);
        let shares = [0.78, 0.82, 0.72, 0.87, 0.66, 0.91, 0.6, 0.5];
        let mut places =
            shares.iter().map(|share| above(along(*share))).chain(shares.iter().map(|share| below(along(*share))));
        if let Some((x, y)) = places.find(|(x, y)| clear([*x, y - 11.0, x + width, y + 4.0])) {
            canvas.borrow_mut().text(x, y, text, AXIS, Anchor::Start);
        }
        Ok(())
    }

    /// Points close to each other along all lines, for keeping text away from them.
    fn traces(&self, plot: &Plot) -> Vec<(f64, f64)> {
        let known = |drawn: &Drawn| -> Vec<(f64, f64)> {
            drawn.points.iter().filter_map(|point| Some(plot.at(point.x, point.value?.median))).collect()
        };
        let between = |pair: &[(f64, f64)]| -> Vec<(f64, f64)> {
            let ((x, y), (to_x, to_y)) = (pair[0], pair[1]);
            (0..=32).map(|step| f64::from(step) / 32.0).map(|t| (x + (to_x - x) * t, y + (to_y - y) * t)).collect()
        };
        self.all.iter().flat_map(|drawn| known(drawn).windows(2).flat_map(between).collect::<Vec<_>>()).collect()
    }

    fn series(&mut self, plot: &mut Plot, canvas: &RefCell<Canvas>) -> Result<(), PlotError> {
        let count: usize = self.all.iter().map(|drawn| drawn.points.len()).sum();
        let band = self.all.len() <= MOST_BANDS;
        // The hero is drawn last, so that it lies on top.
        let mut order: Vec<usize> = (0..self.all.len()).filter(|index| Some(*index) != self.hero).collect();
        order.extend(self.hero);
        if band {
            for index in &order {
                lines::draw_band(plot, &self.all[*index].line, &self.all[*index].points)?;
            }
        }
        for index in order {
            let Drawn { line, points } = &self.all[index];
            let detail = Detail { hero: Some(index) == self.hero, markers: count <= MOST_MARKERS };
            lines::draw_line(plot, canvas, line, points, detail)?;
        }
        let ends = self.all.iter().filter_map(Drawn::last);
        for (label, (x, value)) in self.labels.iter_mut().zip(ends) {
            label.end = plot.at(x, value.median);
        }
        Ok(())
    }
}

/// The one line that holds all winners, where there is one.
pub(super) fn hero(results: &Results, verdict: Option<&WorkloadVerdict>, all: &[Drawn]) -> Option<usize> {
    let winners = verdict.filter(|_| decided(results, verdict)).map_or(&[][..], |verdict| &verdict.winners);
    let leads =
        |drawn: &Drawn| drawn.line.configurations.iter().any(|configuration| winners.contains(&configuration.id));
    let mut leading = all.iter().enumerate().filter(|(_, drawn)| leads(drawn)).map(|(index, _)| index);
    leading.next().filter(|_| leading.next().is_none())
}

/// From just below the lowest value (or one) to the ideal, but at most two octaves above the highest value.
fn y_range(all: &[Drawn], ideal: f64) -> (f64, f64) {
    let values = all.iter().flat_map(|drawn| &drawn.points).filter_map(|point| point.value);
    let (low, high) = values.fold((1.0_f64, 1.0_f64), |(low, high), value| {
        (low.min(value.low.unwrap_or(value.median)).min(value.median), high.max(value.high.unwrap_or(value.median)))
    });
    let top = high.max(ideal.min(high * 4.0));
    (f64::min(low / 1.06, 0.87), if top < 1.5 { 1.5 } else { top })
}
