//! The title of the speed-up chart: the finding, no stronger than the verdicts.

use super::finding::{self, decided};
use super::lines::is_plural;
use super::speedup::{Drawn, reference};
use super::words::{self, capital, estimate, times_short};
use crate::results::{Cell, Group, GroupVerdict, Interval, Results};

/// The finding.
pub(super) fn title(results: &Results, group: &Group, verdict: Option<&GroupVerdict>, all: &[Drawn]) -> String {
    let mut best: Vec<(&Drawn, &Cell, Interval)> =
        all.iter().filter_map(|drawn| drawn.best().map(|(cell, value)| (drawn, cell, value))).collect();
    best.sort_by(|a, b| b.2.median.total_cmp(&a.2.median));
    let Some((top, top_cell, top_value)) = best.first() else { return "No configuration has a speedup".to_owned() };
    let reach = |drawn: &Drawn, cell: &Cell, value: &Interval| {
        let verb = if is_plural(&drawn.line.phrase) { "reach" } else { "reaches" };
        format!("{} {verb} {} on {}", drawn.line.phrase, times_short(value.median), workers(cell))
    };
    let suffix = finding::suffix(results, verdict);
    let others = slowest(&best[1..], top_cell);
    let Some(verdict) = verdict.filter(|_| decided(results, verdict)) else {
        return capital(&format!("{}{others}{suffix}", reach(top, top_cell, top_value)));
    };
    if let Some(why) = finding::too_few_rounds(verdict) {
        let (phrase, on) = (&top.line.phrase, workers(top_cell));
        return format!("{why}; highest median: {phrase}, {} on {on}", times_short(top_value.median));
    }
    if verdict.winners.contains(&group.baseline)
        && results.cells.get(group.baseline).is_some_and(|c| c.config.workers.is_none_or(|w| w == 1))
    {
        let cells: Vec<usize> = all.iter().flat_map(|drawn| &drawn.line.cells).map(|cell| cell.id).collect();
        return unbeaten(
            &reference(results, group),
            group,
            verdict,
            (&cells, top_value),
            &reach(top, top_cell, top_value),
        );
    }
    let winners: Vec<&Drawn> =
        all.iter().filter(|drawn| drawn.line.cells.iter().any(|cell| verdict.winners.contains(&cell.id))).collect();
    let values = verdict.winners.iter().filter_map(|cell| estimate(results, *cell)?.speedup).map(|value| value.median);
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    match winners.as_slice() {
        [one] if verdict.winners.len() == 1 => {
            let cell =
                one.line.cells.iter().find(|cell| verdict.winners.contains(&cell.id)).copied().unwrap_or(top_cell);
            let reach = if is_plural(&one.line.phrase) { "reach" } else { "reaches" };
            let others = if one.line.name == top.line.name { others } else { String::new() };
            capital(&format!("{} {reach} {} on {}{others}", one.line.phrase, times_short(high), workers(cell)))
        }
        [] => capital(&format!("{}{others}", reach(top, top_cell, top_value))),
        several => shared_lead(results, verdict, several, (low, high)),
    }
}

/// What is told of the lowest of the others, or nothing where there are none.
fn slowest(others: &[(&Drawn, &Cell, Interval)], top: &Cell) -> String {
    let Some((drawn, cell, value)) = others.last() else { return String::new() };
    let verb = match (value.median < 1.15, is_plural(&drawn.line.phrase)) {
        (true, true) => "stay at",
        (true, false) => "stays at",
        (false, true) => "reach",
        (false, false) => "reaches",
    };
    let on = if cell.config.workers == top.config.workers { String::new() } else { format!(" on {}", workers(cell)) };
    format!("; {} {verb} {}{on}", drawn.line.phrase, times_short(value.median))
}

/// The title where nothing was shown to beat the reference. `seen` tells the highest speed-up of these cells in words.
fn unbeaten(
    reference: &str,
    group: &Group,
    verdict: &GroupVerdict,
    (cells, highest): (&[usize], &Interval),
    seen: &str,
) -> String {
    if verdict.winners.len() == 1 && finding::beats_all(verdict, group.baseline, cells.iter().copied()) {
        format!("Everything else is slower than {reference}: {seen}")
    } else if highest.low.is_some_and(|low| low > 1.0) {
        // Its own interval shows a speed-up, which the stricter level of all comparisons together does not.
        capital(&format!("{seen}; over all comparisons, no significant difference from {reference}"))
    } else {
        format!("No speedup over {reference} was shown: {seen}")
    }
}

/// The title where several cells share the first place.
fn shared_lead(results: &Results, verdict: &GroupVerdict, lines: &[&Drawn], (low, high): (f64, f64)) -> String {
    let names: Vec<String> = match lines {
        few if few.len() <= 3 => few.iter().map(|drawn| drawn.line.phrase.clone()).collect(),
        many => vec![format!("{} configurations", many.len())],
    };
    let range = words::times_range(low, high);
    let mut on: Vec<u32> = verdict.winners.iter().filter_map(|cell| results.cells.get(*cell)?.config.workers).collect();
    on.sort_unstable();
    on.dedup();
    let tie = match on.as_slice() {
        _ if finding::equivalent(verdict, &verdict.winners) => "equivalent".to_owned(),
        // One line that leads in several places: it is the counts that are not told apart, not ways.
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

fn workers(cell: &Cell) -> String {
    match cell.config.workers {
        Some(1) | None => "1 worker".to_owned(),
        Some(count) => format!("{count} workers"),
    }
}
