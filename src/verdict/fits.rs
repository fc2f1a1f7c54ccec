//! Laws of scaling fitted to the lines over workers (methodology, rule 23).

use super::break_even::lines;
use super::samples::compared;
use crate::results::{Configuration, FitKind, FitRecord, Fitted, Results, Workload};
use crate::stats::{self, Fit, Line, Parameter};

/// A law as it is fitted.
type Law = fn(&[Line], u64) -> Option<Fit>;

/// Every law that a line of configurations has enough worker counts for.
pub(super) fn all(results: &Results) -> Vec<FitRecord> {
    let laws: [(FitKind, Law); 2] = [(FitKind::Amdahl, stats::amdahl), (FitKind::Usl, stats::usl)];
    let of_workload = |workload| {
        lines(results, workload).into_iter().flat_map(move |(label, configurations)| {
            let configurations: Vec<&Configuration> = configurations
                .into_iter()
                .filter(|configuration| has_cores(results, workload, configuration))
                .collect();
            let samples: Vec<Line> =
                configurations.iter().filter_map(|configuration| samples(results, workload, configuration)).collect();
            let fits = laws.into_iter().filter_map(move |(kind, law)| Some((kind, law(&samples, results.run.seed)?)));
            fits.map(move |(kind, fit)| record(workload.id, &label, &configurations, kind, &fit)).collect::<Vec<_>>()
        })
    };
    results.workloads.iter().flat_map(of_workload).collect()
}

/// Whether every worker can have a core of its own. Workers that only wait need none.
fn has_cores(results: &Results, workload: &Workload, configuration: &Configuration) -> bool {
    workload.bound == "waiting" || configuration.config.workers.is_some_and(|workers| workers <= results.machine.cores)
}

/// The logarithms of a configuration's speed-up by round: 0 for the reference itself.
fn samples(results: &Results, workload: &Workload, configuration: &Configuration) -> Option<Line> {
    let base = compared(results, workload.reference);
    let known = compared(results, configuration.id);
    let of = |round: u32| base.iter().find(|(known, _)| *known == round).map(|(_, seconds)| *seconds);
    let rounds = known.into_iter().filter_map(|(round, seconds)| {
        let log = of(round)?.ln() - seconds.ln();
        (!log.is_nan()).then_some((round, log))
    });
    Some(Line { workers: configuration.config.workers?, rounds: rounds.collect() })
}

fn record(workload: usize, line: &str, configurations: &[&Configuration], kind: FitKind, fit: &Fit) -> FitRecord {
    let fitted = |Parameter { value, low, high }: Parameter| Fitted { value, low, high };
    FitRecord {
        workload,
        line: line.to_owned(),
        configurations: configurations.iter().map(|configuration| configuration.id).collect(),
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
        made.results.workloads[0].bound = bound.into();
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
        assert_eq!((usl.line.as_str(), usl.configurations.len(), usl.most), ("threads", 8, 16));
        assert!((usl.peak.unwrap() - (0.95f64 / 0.01).sqrt()).abs() < 1.0, "{:?}", usl.peak);
        assert!((usl.speedup(8.0).unwrap() - 8.0 / 1.91).abs() < 0.05);
        assert_eq!((usl.speedup(16.5), usl.speedup(0.5)), (None, None));
    }

    #[test]
    fn only_counts_up_to_the_cores_are_fitted_where_workers_compute() {
        let four = made("computing", 4);
        assert_eq!(
            four.iter().map(|fit| (fit.kind, fit.configurations.len(), fit.most)).collect::<Vec<_>>(),
            [(FitKind::Amdahl, 4, 8)]
        );
        assert_eq!(made("computing", 3), []);
        assert_eq!(made("waiting", 1).len(), 2);
    }
}
