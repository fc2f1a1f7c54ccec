//! Why a configuration is as fast as it is, in words and tables: lost speed-up, break-even points, fitted curves.

use super::markdown_table::table;
use super::sorted::Sorted;
use crate::results::{Breakdown, FitKind, FitRecord, Fitted, Loss, Results, Workload};
use crate::text::escape::markdown as escape;

/// Parts smaller than this share of the ideal are not named in a sentence.
const NAMED_FROM: f64 = 0.02;

/// A speed-up or a part of one.
pub(super) fn part(value: f64) -> String {
    let text = format!("{value:.2}");
    if text == "-0.00" { "0.00".into() } else { text.replace('-', "−") }
}

/// Where the speed-up of a configuration went, in one line: `1.90 of 4; lost: 1.20 waiting for work, 0.62 dispatch and serialising`.
pub(super) fn lost(breakdown: &Breakdown) -> String {
    if breakdown.useless() {
        return format!(
            "{} of {}; the breakdown is not known: profiling made it take {:.1} times as long",
            part(breakdown.measured),
            breakdown.workers,
            breakdown.inflation
        );
    }
    let least = NAMED_FROM * f64::from(breakdown.workers);
    let mut named: Vec<&(Loss, f64)> = breakdown.parts.iter().filter(|(_, part)| part.abs() >= least).collect();
    named.sort_by(|a, b| b.1.total_cmp(&a.1));
    let words = |(loss, value): &&(Loss, f64)| format!("{} {}", part(*value), loss.shown());
    let gained = |(loss, value): &&(Loss, f64)| *loss == Loss::Unexplained && *value < 0.0;
    let gain = named.iter().copied().find(|named| gained(named));
    let gain = gain.map_or(String::new(), |(_, value)| {
        format!("; gained: {}, since items ran faster than in the reference", part(-value))
    });
    let told: f64 = named.iter().map(|(_, part)| part).sum();
    let rest = f64::from(breakdown.workers) - breakdown.measured - told;
    let mut named: Vec<String> = named.iter().filter(|named| !gained(named)).map(words).collect();
    if !named.is_empty() && part(rest) != "0.00" {
        named.push(format!("{} in smaller parts", part(rest)));
    }
    let named = if named.is_empty() { "hardly anything".into() } else { named.join(", ") };
    format!("{} of {}; lost: {named}{gain}{}", part(breakdown.measured), breakdown.workers, rough(breakdown))
}

fn rough(breakdown: &Breakdown) -> String {
    if breakdown.slowed() {
        format!(" (approximate: profiling made it take {:.2} times as long)", breakdown.inflation)
    } else if breakdown.disagrees() {
        " (approximate: the profiling trials disagree with the timed ones)".to_owned()
    } else {
        String::new()
    }
}

/// The table of what a workload's configurations lost; columns in which nobody lost anything are left out.
pub(super) fn breakdown(results: &Results, workload: &Workload) -> String {
    let known: Vec<(&str, &Breakdown)> = workload
        .configurations
        .iter()
        .filter_map(|id| {
            let breakdown = results.derived.estimates.get(*id)?.breakdown.as_ref()?;
            Some((results.configurations.get(*id)?.label.as_str(), breakdown))
        })
        .collect();
    if known.is_empty() {
        return String::new();
    }
    let of = |breakdown: &Breakdown, wanted: Loss| {
        breakdown.parts.iter().find(|(loss, _)| *loss == wanted).map_or(0.0, |(_, part)| *part)
    };
    let shown: Vec<Loss> = Loss::ALL
        .into_iter()
        .filter(|loss| known.iter().any(|(_, breakdown)| part(of(breakdown, *loss)) != "0.00"))
        .collect();
    let noted = known.iter().any(|(_, breakdown)| !rough(breakdown).is_empty());
    let rows = known.iter().map(|(label, breakdown)| {
        let mut row = vec![escape(label), Sorted::from(breakdown.workers).markdown()];
        row.extend(shown.iter().map(|loss| Sorted::number(of(breakdown, *loss), part).markdown()));
        row.push(Sorted::number(breakdown.measured, part).markdown());
        row.extend(noted.then(|| rough(breakdown).trim_matches([' ', '(', ')']).to_owned()));
        row
    });
    let mut head = vec!["config", "ideal"];
    head.extend(shown.iter().map(|loss| loss.shown()));
    head.push("measured");
    head.extend(noted.then_some("notes"));
    format!(
        "### Speedup breakdown\n\nFrom ideal speedup (one per worker) down to measured speedup, in units of speedup. \
         The parts come from profiling trials. The last part is the remainder; it is negative where items ran faster \
         than in the reference.\n\n{}",
        table(&head, &rows.collect::<Vec<_>>())
    )
}

/// Up to which rate configurations keep up, a sentence each.
pub(super) fn saturation(results: &Results) -> String {
    let lines: Vec<String> =
        results.derived.saturation.iter().map(|saturation| format!("- {}\n", escape(&saturation.sentence))).collect();
    if lines.is_empty() { String::new() } else { format!("## Arrival rates and saturation\n\n{}", lines.concat()) }
}

/// Every break-even point in a sentence.
pub(super) fn break_evens(results: &Results) -> String {
    let lines: String =
        results.derived.break_evens.iter().map(|found| format!("- {}\n", escape(&found.sentence))).collect();
    if lines.is_empty() { lines } else { format!("## Break-even points\n\n{lines}") }
}

/// The curves that were fitted to a workload's speed-ups, a line each.
pub(super) fn fits(results: &Results, workload: &Workload) -> Vec<String> {
    results.derived.fits.iter().filter(|fit| fit.workload == workload.id).map(fit).collect()
}

/// `processes, pipe: Amdahl: 4.1 % serial (3.0–5.2 %)`.
fn fit(fit: &FitRecord) -> String {
    let sigma = percent(&fit.sigma);
    let (law, kappa) = match (fit.kind, &fit.kappa) {
        (FitKind::Usl, Some(kappa)) => {
            ("universal scalability law", format!(", {} for every pair of workers", percent(kappa)))
        }
        _ => ("Amdahl", String::new()),
    };
    let peak = fit.peak.map_or(String::new(), |peak| format!("; most at {peak:.0} workers"));
    let residual = format!("; off by {:.1}% on average", fit.residual * 100.0);
    format!("{}: {law}: {sigma} serial{kappa}{peak}{residual}", fit.line)
}

/// `4.1 % (3.0–5.2 %)`.
fn percent(fitted: &Fitted) -> String {
    let largest = fitted.value.abs().max(fitted.high.abs()) * 100.0;
    let decimals = if largest >= 10.0 {
        0
    } else if largest >= 1.0 {
        1
    } else {
        3
    };
    let show = |value: f64| format!("{:.decimals$}", value * 100.0);
    format!("{}% ({}–{}%)", show(fitted.value), show(fitted.low), show(fitted.high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Breakdown, Spent};
    use crate::verdict::fixture::Made;

    pub(in crate::report) fn lossy(unexplained: f64) -> Breakdown {
        let parts = [0.0, 0.6, 1.2, 0.0, 0.3, unexplained];
        let measured = 4.0 - parts.iter().sum::<f64>();
        Breakdown {
            workers: 4,
            measured,
            parts: Loss::ALL.into_iter().zip(parts).collect(),
            inflation: 1.05,
            trials: 2,
        }
    }

    #[test]
    fn breakdown_are_named_from_the_largest_on() {
        assert_eq!(
            lost(&lossy(0.02)),
            "1.88 of 4; lost: 1.20 idle, 0.60 dispatch and serialization, 0.30 CPU contention (oversubscription, other \
             load), 0.02 in smaller parts"
        );
        let faster = Breakdown { inflation: 1.4, ..lossy(-0.5) };
        let words = lost(&faster);
        assert!(words.contains("other load); gained: 0.50, since items ran faster than in the reference"), "{words}");
        assert!(words.ends_with("(approximate: profiling made it take 1.40 times as long)"), "{words}");
        let apart = lost(&lossy(-0.7));
        assert!(apart.ends_with("(approximate: the profiling trials disagree with the timed ones)"), "{apart}");
        assert!(!lossy(-0.5).rough());
        assert_eq!((part(-0.001), part(-0.25)), ("0.00".into(), "−0.25".into()));
    }

    #[test]
    fn the_table_of_breakdown_leaves_out_what_nobody_lost() {
        let mut made = Made::new(15).serial(1.0).configuration("threads × 2", 0.6);
        made.results.configurations[1].config.workers = Some(2);
        assert_eq!(breakdown(&made.clone().finish(), &made.results.workloads[0]), "", "without profiling trials");
        let mut clocked = made.results.trials[16].clone();
        clocked.kind = crate::results::Kind::Profiling;
        clocked.details.spent = Some(Spent { service: 800, waiting: 200, ..Spent::default() });
        made.results.trials.push(clocked);
        let results = made.finish();
        let text = crate::report::sorted::unsorted(&breakdown(&results, &results.workloads[0]));
        assert!(text.contains("| config | ideal | idle | unattributed slowdown | measured |"), "{text}");
        assert!(text.contains("| threads × 2 | 2 | 0.40 | "), "{text}");
    }

    #[test]
    fn a_fit_is_told_with_its_intervals() {
        let fitted = |value: f64| Fitted { value, low: value * 0.8, high: value * 1.2 };
        let amdahl = FitRecord {
            workload: 0,
            line: "processes, pipe".into(),
            configurations: vec![],
            kind: FitKind::Amdahl,
            sigma: fitted(0.041),
            kappa: None,
            residual: 0.012,
            most: 8,
            peak: None,
        };
        assert_eq!(fit(&amdahl), "processes, pipe: Amdahl: 4.1% (3.3–4.9%) serial; off by 1.2% on average");
        let usl = FitRecord { kind: FitKind::Usl, kappa: Some(fitted(0.0002)), peak: Some(11.6), ..amdahl };
        let words = fit(&usl);
        assert!(words.contains("0.020% (0.016–0.024%) for every pair of workers; most at 12 workers"), "{words}");
    }
}
