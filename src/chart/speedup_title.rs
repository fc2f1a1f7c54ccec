//! The title of the speed-up chart: the finding, no stronger than the verdicts.

use super::finding::{self, decided};
use super::lines::is_plural;
use super::speedup::{Drawn, reference};
use super::words::{self, capital, estimate, times_short};
use crate::results::{Configuration, Interval, Results, Workload, WorkloadVerdict};

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
    let reach = |drawn: &Drawn, configuration: &Configuration, value: &Interval| {
        let verb = if is_plural(&drawn.line.phrase) { "reach" } else { "reaches" };
        format!("{} {verb} {} on {}", drawn.line.phrase, times_short(value.median), workers(configuration))
    };
    let suffix = finding::suffix(results, verdict);
    let others = slowest(&best[1..], highest);
    let Some(verdict) = verdict.filter(|_| decided(results, verdict)) else {
        return capital(&format!("{}{others}{suffix}", reach(top, highest, top_value)));
    };
    if let Some(why) = finding::too_few_rounds(verdict) {
        let (phrase, on) = (&top.line.phrase, workers(highest));
        return format!("{why}; highest median: {phrase}, {} on {on}", times_short(top_value.median));
    }
    if verdict.winners.contains(&workload.reference)
        && results.configurations.get(workload.reference).is_some_and(|c| c.config.workers.is_none_or(|w| w == 1))
    {
        let ids: Vec<usize> = all.iter().flat_map(|drawn| &drawn.line.configurations).map(|one| one.id).collect();
        return unbeaten(
            &reference(results, workload),
            workload,
            verdict,
            (&ids, top_value),
            &reach(top, highest, top_value),
        );
    }
    let winners: Vec<&Drawn> = all
        .iter()
        .filter(|drawn| drawn.line.configurations.iter().any(|one| verdict.winners.contains(&one.id)))
        .collect();
    let values = verdict.winners.iter().filter_map(|id| estimate(results, *id)?.speedup).map(|value| value.median);
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    match winners.as_slice() {
        [one] if verdict.winners.len() == 1 => {
            let configuration = one
                .line
                .configurations
                .iter()
                .find(|known| verdict.winners.contains(&known.id))
                .copied()
                .unwrap_or(highest);
            let reach = if is_plural(&one.line.phrase) { "reach" } else { "reaches" };
            let others = if one.line.name == top.line.name { others } else { String::new() };
            capital(&format!("{} {reach} {} on {}{others}", one.line.phrase, times_short(high), workers(configuration)))
        }
        [] => capital(&format!("{}{others}", reach(top, highest, top_value))),
        several => shared_lead(results, verdict, several, (low, high)),
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
    format!("; {} {verb} {}{on}", drawn.line.phrase, times_short(value.median))
}

/// The title where nothing was shown to beat the reference. `seen` tells the highest speed-up of these configurations in words.
fn unbeaten(
    reference: &str,
    workload: &Workload,
    verdict: &WorkloadVerdict,
    (configurations, highest): (&[usize], &Interval),
    seen: &str,
) -> String {
    if verdict.winners.len() == 1 && finding::beats_all(verdict, workload.reference, configurations.iter().copied()) {
        format!("Everything else is slower than {reference}: {seen}")
    } else if highest.low.is_some_and(|low| low > 1.0) {
        // Its own interval shows a speed-up, which the stricter level of all comparisons together does not.
        capital(&format!("{seen}; over all comparisons, no significant difference from {reference}"))
    } else {
        format!("No speedup over {reference} was shown: {seen}")
    }
}

/// The title where several configurations share the first place.
fn shared_lead(results: &Results, verdict: &WorkloadVerdict, lines: &[&Drawn], (low, high): (f64, f64)) -> String {
    let names: Vec<String> = match lines {
        few if few.len() <= 3 => few.iter().map(|drawn| drawn.line.phrase.clone()).collect(),
        many => vec![format!("{} configurations", many.len())],
    };
    let range = words::times_range(low, high);
    let mut on: Vec<u32> = verdict
        .winners
        .iter()
        .filter_map(|configuration| results.configurations.get(*configuration)?.config.workers)
        .collect();
    on.sort_unstable();
    on.dedup();
    let tie = match on.as_slice() {
        _ if finding::equivalent(verdict, &verdict.winners) => "equivalent".to_owned(),
        // One line that leads in several places: it is the counts that are not told apart, not configurations.
        [few @ .., last] if lines.len() == 1 && !few.is_empty() => {
            let few: Vec<String> = few.iter().map(u32::to_string).collect();
            format!("no significant difference between {} and {last} workers", few.join(", "))
        }
        _ => "no significant difference".to_owned(),
    };
    let on = match on.as_slice() {
        [] => String::new(),
        [1] => " on 1 worker".to_owned(),
        [one] => format!(" on {one} workers"),
        [first, .., last] => format!(" on {first} to {last} workers"),
    };
    capital(&format!("{}: {range}{on}, {tie}", words::listed(&names)))
}

fn workers(configuration: &Configuration) -> String {
    match configuration.config.workers {
        Some(1) | None => "1 worker".to_owned(),
        Some(count) => format!("{count} workers"),
    }
}
