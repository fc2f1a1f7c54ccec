//! The curve of a law of scaling on the chart of speed-ups: drawn dashed for one line, and named in the footer.

use super::plot::{Ink, Plot, PlotError};
use super::speedup_line::Drawn;
use super::theme::Paint;
use crate::results::{FitKind, FitRecord, Fitted, Results, Workload};

/// Points of the curve between the least and the most workers.
const STEPS: u32 = 48;

/// The best fit to the line that leads, else to the one that ends highest; nothing where it has none.
pub(super) fn shown<'a>(
    results: &'a Results,
    workload: &Workload,
    all: &[Drawn],
    hero: Option<usize>,
) -> Option<&'a FitRecord> {
    let end = |index: &usize| all[*index].last().map_or(0.0, |(_, value)| value.median);
    let line = hero.or_else(|| (0..all.len()).max_by(|a, b| end(a).total_cmp(&end(b))))?;
    let of = |fit: &&FitRecord| {
        fit.workload == workload.id
            && !fit.configurations.is_empty()
            && fit
                .configurations
                .iter()
                .all(|configuration| all[line].line.configurations.iter().any(|drawn| drawn.id == *configuration))
    };
    results.derived.fits.iter().filter(of).min_by(|a, b| a.residual.total_cmp(&b.residual))
}

/// What the footer says of it: `Dashed: Amdahl's law fitted to processes, serial part 4.1 % (3.0 to 5.2 %)`.
pub(super) fn note(fit: &FitRecord) -> String {
    let sigma = percent(&fit.sigma);
    let kappa = match (fit.kind, &fit.kappa) {
        (FitKind::Usl, Some(kappa)) => format!(", {} for every pair of workers", percent(kappa)),
        _ => String::new(),
    };
    format!("Dashed: {} fitted to {}, serial part {sigma}{kappa}", fit.kind.shown(), fit.line)
}

fn percent(fitted: &Fitted) -> String {
    let decimals = if fitted.high.abs() >= 0.01 { 1 } else { 3 };
    let show = |value: f64| format!("{:.decimals$}", value * 100.0);
    format!("{}% ({} to {}%)", show(fitted.value), show(fitted.low), show(fitted.high))
}

/// Draws the curve from the least to the most workers of the plot, where the law holds and within the axis.
pub(super) fn draw(plot: &mut Plot, fit: &FitRecord, (low, high): (f64, f64), y: (f64, f64)) -> Result<(), PlotError> {
    let at = |step: u32| low * (high / low).powf(f64::from(step) / f64::from(STEPS));
    let point = |workers: f64| Some((workers, fit.speedup(workers.min(f64::from(fit.most)))?));
    let inside = |(_, value): &(f64, f64)| (y.0..=y.1).contains(value);
    let points: Vec<(f64, f64)> = (0..=STEPS).filter_map(|step| point(at(step))).filter(inside).collect();
    let title = note(fit);
    plot.line(&points, Ink { paint: Paint::Ink, opacity: 1.0, width: 1.1, dash: "5 3", title })
}
