//! The title of the speed-up chart: the finding, no stronger than the verdicts.

use super::finding::{self, decided};
use super::lines::is_plural;
use super::pick_title;
use super::speedup_line::{Drawn, reference};
use super::words::capital;
use crate::results::{Configuration, Interval, Pick, Results, Workload, WorkloadVerdict};
use crate::verdict::rounded;

/// The finding.
pub(super) fn title(
    results: &Results,
    workload: &Workload,
    verdict: Option<&WorkloadVerdict>,
    all: &[Drawn],
) -> String {
    let mut best: Vec<(&Drawn, &Configuration, Interval)> =
        all.iter().filter_map(|drawn| drawn.best().map(|(found, value)| (drawn, found, value))).collect();
    best.sort_by(|a, b| b.2.median.total_cmp(&a.2.median));
    let Some((top, highest, top_value)) = best.first() else {
        return "No configuration has a speedup".to_owned();
    };
    let verb = if is_plural(&top.line.phrase) { "reach" } else { "reaches" };
    let reach = format!("{} {verb} {} on {}", top.line.phrase, rounded(top_value), workers(highest));
    let others = slowest(&best[1..], highest);
    let Some(verdict) = verdict.filter(|_| decided(results, verdict)) else {
        return capital(&format!("{reach}{others}{}", finding::suffix(results, verdict)));
    };
    let [pick] = verdict.picks.as_slice() else {
        // Several, or none: then nobody is said to lead.
        let told = pick_title::of_one(results, workload).filter(|_| !verdict.picks.is_empty());
        return told.unwrap_or_else(|| capital(&format!("{reach}{others}")));
    };
    if pick.configuration == workload.reference && pick.fastest {
        return format!("Everything else is slower than {}: {reach}", reference(results, workload));
    }
    let Some(told) = pick_title::of_one(results, workload) else { return capital(&format!("{reach}{others}")) };
    let of_top = top.line.configurations.iter().any(|one| one.id == pick.configuration);
    match pick.fastest && of_top {
        true => told + &others,
        false => told + &enough(results, pick),
    }
}

/// How many workers are enough, where more of the same are as good.
fn enough(results: &Results, pick: &Pick) -> String {
    let config = |id: usize| results.configurations.get(id).map(|configuration| &configuration.config);
    let Some((own, workers)) = config(pick.configuration).and_then(|own| Some((own, own.workers?))) else {
        return String::new();
    };
    let more = |id: &usize| {
        config(*id).is_some_and(|other| {
            (other.model, other.ipc) == (own.model, own.ipc) && other.workers.is_some_and(|more| more > workers)
        })
    };
    match (pick.as_good.iter().any(more), workers) {
        (false, _) => String::new(),
        (true, 1) => "; 1 worker is enough".to_owned(),
        (true, workers) => format!("; {workers} workers are enough"),
    }
}

/// What is told of the lowest of the others, or nothing where there are none.
fn slowest(others: &[(&Drawn, &Configuration, Interval)], top: &Configuration) -> String {
    let Some((drawn, configuration, value)) = others.last() else { return String::new() };
    let verb = match (value.median < 1.15, is_plural(&drawn.line.phrase)) {
        (true, true) => "stay at",
        (true, false) => "stays at",
        (false, true) => "reach",
        (false, false) => "reaches",
    };
    let on = if configuration.config.workers == top.config.workers {
        String::new()
    } else {
        format!(" on {}", workers(configuration))
    };
    format!("; {} {verb} {}{on}", drawn.line.phrase, rounded(value))
}

fn workers(configuration: &Configuration) -> String {
    match configuration.config.workers {
        Some(1) | None => "1 worker".to_owned(),
        Some(count) => format!("{count} workers"),
    }
}
