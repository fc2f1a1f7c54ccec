//! Laws of scaling fitted to the lines over workers (methodology, rule 23).

use super::break_even::lines;
use super::samples::compared;
use crate::results::{Cell, FitKind, FitRecord, Fitted, Group, Results};
use crate::stats::{self, Fit, Line, Parameter};

/// A law as it is fitted.
type Law = fn(&[Line], u64) -> Option<Fit>;

/// Every law that a line of cells has enough worker counts for.
pub(super) fn all(results: &Results) -> Vec<FitRecord> {
    let laws: [(FitKind, Law); 2] = [(FitKind::Amdahl, stats::amdahl), (FitKind::Usl, stats::usl)];
    let of_group = |group| {
        lines(results, group).into_iter().flat_map(move |(label, cells)| {
            let cells: Vec<&Cell> = cells.into_iter().filter(|cell| has_cores(results, group, cell)).collect();
            let samples: Vec<Line> = cells.iter().filter_map(|cell| samples(results, group, cell)).collect();
            let fits = laws.into_iter().filter_map(move |(kind, law)| Some((kind, law(&samples, results.run.seed)?)));
            fits.map(move |(kind, fit)| record(group.id, &label, &cells, kind, &fit)).collect::<Vec<_>>()
        })
    };
    results.groups.iter().flat_map(of_group).collect()
}

/// Whether every worker can have a core of its own. Workers that only wait need none.
fn has_cores(results: &Results, group: &Group, cell: &Cell) -> bool {
    group.bound == "waiting" || cell.config.workers.is_some_and(|workers| workers <= results.machine.cores)
}

/// The logarithms of a cell's speed-up by round: 0 for the baseline itself.
fn samples(results: &Results, group: &Group, cell: &Cell) -> Option<Line> {
    let base = compared(results, group.baseline);
    let known = compared(results, cell.id);
    let of = |round: u32| base.iter().find(|(known, _)| *known == round).map(|(_, seconds)| *seconds);
    let rounds = known.into_iter().filter_map(|(round, seconds)| {
        let log = of(round)?.ln() - seconds.ln();
        (!log.is_nan()).then_some((round, log))
    });
    Some(Line { workers: cell.config.workers?, rounds: rounds.collect() })
}

fn record(group: usize, line: &str, cells: &[&Cell], kind: FitKind, fit: &Fit) -> FitRecord {
    let fitted = |Parameter { value, low, high }: Parameter| Fitted { value, low, high };
    FitRecord {
        group,
        line: line.to_owned(),
        cells: cells.iter().map(|cell| cell.id).collect(),
        kind,
        sigma: fitted(fit.sigma),
        kappa: fit.kappa.map(fitted),
        residual: fit.residual,
        most: fit.most.saturating_mul(2),
        peak: fit.peak(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Made;
    use super::*;

    fn made(bound: &str, cores: u32) -> Vec<FitRecord> {
        let (sigma, kappa) = (0.05, 0.01);
        let seconds = |n: u32| {
            let n = f64::from(n);
            (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0)) / n
        };
        let line: Vec<(u32, f64)> = (1..=8).map(|n| (n, seconds(n))).collect();
        let mut made = Made::new(15).serial(1.0).line("threads", "", &line);
        made.results.machine.cores = cores;
        made.results.groups[0].bound = bound.into();
        made.derive().fits
    }

    #[test]
    fn a_line_of_a_known_law_gives_its_parameters() {
        let found = made("computing", 8);
        assert_eq!(found.iter().map(|fit| fit.kind).collect::<Vec<_>>(), [FitKind::Amdahl, FitKind::Usl]);
        let usl = &found[1];
        let kappa = usl.kappa.unwrap();
        assert!(usl.sigma.low <= 0.05 && usl.sigma.high >= 0.05 && (usl.sigma.value - 0.05).abs() < 0.01, "{usl:?}");
        assert!(kappa.low <= 0.01 && kappa.high >= 0.01 && (kappa.value - 0.01).abs() < 0.003, "{usl:?}");
        assert_eq!((usl.line.as_str(), usl.cells.len(), usl.most), ("threads", 8, 16));
        assert!((usl.peak.unwrap() - (0.95f64 / 0.01).sqrt()).abs() < 1.0, "{:?}", usl.peak);
        assert!((usl.speedup(8.0).unwrap() - 8.0 / 1.91).abs() < 0.05);
        assert_eq!((usl.speedup(16.5), usl.speedup(0.5)), (None, None));
    }

    #[test]
    fn only_counts_up_to_the_cores_are_fitted_where_workers_compute() {
        let four = made("computing", 4);
        assert_eq!(
            four.iter().map(|fit| (fit.kind, fit.cells.len(), fit.most)).collect::<Vec<_>>(),
            [(FitKind::Amdahl, 4, 8)]
        );
        assert_eq!(made("computing", 3), []);
        assert_eq!(made("waiting", 1).len(), 2);
    }
}
