//! Which is fastest? The time of every way, with its interval, as bars or dots.

use super::finding::{self, decided, verdict_of};
use super::frame::Frame;
use super::lines::{is_plural, shade_of};
use super::theme::Hue;
use super::time_rows::{Layout, Row, Section, is_wide};
use super::words::{self, capital, estimate, times_short};
use super::{Chart, view};
use crate::results::{Cell, CellEstimate, Group, GroupVerdict, Interval, LOCK_MODEL, Results};
use crate::setting::{ChartKind, Measure};
use crate::text::show_seconds;

/// More rows than this in one picture are not read: groups get pictures of their own, and a larger group none.
const MOST_ROWS_TOGETHER: usize = 40;
const MOST_ROWS: usize = 64;

/// One chart with the groups as sections while that stays readable, else one per group.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let groups: Vec<&Group> = results.groups.iter().collect();
    let rows: usize = groups.iter().map(|group| group.cells.len()).sum();
    if groups.len() == 1 || (rows <= MOST_ROWS_TOGETHER && !groups.is_empty()) {
        return vec![chart(results, &groups, base.to_owned())];
    }
    let labels: Vec<String> = groups.iter().map(|group| group.label.clone()).collect();
    let stems = words::stems(base, &labels);
    groups.iter().zip(stems).map(|(group, stem)| chart(results, &[group], stem)).collect()
}

/// Whether times are per item: where the ways of a chart have counts of their own, whole times would not compare.
fn is_per_item(results: &Results, groups: &[&Group]) -> bool {
    let cells = groups.iter().flat_map(|group| &group.cells).filter_map(|cell| results.cells.get(*cell));
    let mut counts: Vec<u64> = cells.map(|cell| cell.items).collect();
    counts.dedup();
    counts.len() > 1 || groups.iter().any(|group| group.per_item)
}

fn chart(results: &Results, groups: &[&Group], stem: String) -> Chart {
    let per_item = is_per_item(results, groups);
    let mut sections: Vec<Section> = groups.iter().map(|group| section(results, group, per_item)).collect();
    if common(groups).is_some() {
        sections.iter_mut().for_each(|section| section.sub.clear());
    }
    let what = if groups.len() == 1 { groups[0].label.clone() } else { format!("{} workloads", groups.len()) };
    let refused = |why: String| {
        Chart::refused(ChartKind::Time, stem.clone(), format!("Time of every configuration, {what}"), why)
    };
    let rows: usize = sections.iter().map(|section| section.rows.len()).sum();
    if rows > MOST_ROWS {
        return refused(format!(
            "{rows} rows are too many for one picture; an entry of `charts:` with `group:` or `where:` makes smaller ones"
        ));
    }
    if !sections.iter().flat_map(|section| &section.rows).any(|row| row.value.is_some()) {
        let cells = groups.iter().flat_map(|group| group.cells.iter().copied());
        let trouble = words::trouble(results, cells, 2).map_or(String::new(), |notes| format!(" ({notes})"));
        return refused(format!("no trial succeeded{trouble}"));
    }
    let title = match groups {
        [one] => title_of_one(results, one),
        several => title_of_several(results, several),
    };
    let subtitle = subtitle(results, groups, &sections);
    let (title, subtitle) = view::headline(results, title, subtitle);
    let sheet = Frame::new(results, groups, &title, &subtitle, &notes(results, groups, &sections));
    let numbers: Vec<String> = sections.iter().map(|section| section_in_words(section, sections.len() > 1)).collect();
    let alt = format!("{title}. {subtitle}. {}.", numbers.join(". "));
    let picture = Layout::new(&sheet, &sections).draw(results, &stem, &alt);
    Chart { kind: ChartKind::Time, stem, title, subtitle, alt, picture: picture.map_err(|error| error.to_string()) }
}

/// The work of all groups, where that is one and the heads do not say it.
fn common<'a>(groups: &[&'a Group]) -> Option<&'a str> {
    let first = groups.first()?;
    let alike = groups.iter().all(|group| group.describe == first.describe && !group.is_lock_model());
    (groups.len() > 1 && alike && !first.describe.is_empty()).then_some(first.describe.as_str())
}

fn section_in_words(section: &Section, named: bool) -> String {
    let numbers = section.rows.iter().map(|row| match row.value {
        Some(value) => format!("{} {}", row.label, show_seconds(value.median)),
        None => format!("{} {}", row.label, row.note),
    });
    let numbers = numbers.collect::<Vec<_>>().join("; ");
    if named { format!("{}: {numbers}", section.head) } else { numbers }
}

fn section(results: &Results, group: &Group, per_item: bool) -> Section {
    let verdict = verdict_of(results, group);
    // Where nothing could be decided, everybody would be first.
    let telling =
        verdict.filter(|verdict| decided(results, Some(verdict)) && finding::too_few_rounds(verdict).is_none());
    let winners = telling.filter(|_| group.cells.len() > 1).map_or(&[][..], |verdict| &verdict.winners);
    let cells = group.cells.iter().filter_map(|cell| results.cells.get(*cell));
    let rows = cells.map(|cell| row(results, group, cell, per_item, winners.contains(&cell.id))).collect();
    let sub = if group.describe == group.label { String::new() } else { group.describe.clone() };
    let sub = match (group.is_lock_model(), sub.is_empty()) {
        (false, _) => sub,
        (true, true) => capital(LOCK_MODEL),
        (true, false) => format!("{sub}; {LOCK_MODEL}"),
    };
    Section { head: capital(&group.label), sub, rows }
}

fn row(results: &Results, group: &Group, cell: &Cell, per_item: bool, first: bool) -> Row {
    let estimate = estimate(results, cell.id);
    let value = estimate.and_then(|estimate| time(per_item, estimate));
    let note = match estimate.map(|estimate| estimate.note.clone()).unwrap_or_default() {
        note if note.is_empty() && value.is_none() => "no trial was run".to_owned(),
        note => note,
    };
    let phases =
        estimate.and_then(|estimate| estimate.phases).filter(|_| group.measure == Measure::EndToEnd).and_then(shares);
    let (hue, shade) = (Hue::of_model(cell.config.model), shade_of(cell.config.ipc));
    Row { label: cell.label.clone(), value, phases, note, hue, shade, first }
}

/// The time that is compared.
fn time(per_item: bool, estimate: &CellEstimate) -> Option<Interval> {
    let time = if per_item { estimate.per_item } else { estimate.time };
    time.and_then(words::drawable)
}

fn shares(phases: [f64; 3]) -> Option<[f64; 3]> {
    let sum: f64 = phases.iter().sum();
    (sum > 0.0).then(|| phases.map(|phase| phase / sum))
}

fn subtitle(results: &Results, groups: &[&Group], sections: &[Section]) -> String {
    let all = |measure: Measure| groups.iter().all(|group| group.measure == measure);
    let measured = if all(Measure::Work) {
        "Time of the work phase"
    } else if all(Measure::EndToEnd) {
        "Time end to end"
    } else {
        "Time, of the work phase or end to end"
    };
    let per_item = if is_per_item(results, groups) { " per item" } else { "" };
    let what = match groups {
        [one] => words::what_beside_measure(results, one),
        several => common(several).map_or(String::new(), |work| format!(": {work}")),
    };
    let axis = if is_wide(sections) { ", logarithmic axis" } else { "" };
    let values = sections.iter().flat_map(|section| &section.rows).filter_map(|row| row.value.as_ref());
    let quick = if results.run.quick { ". Quick run" } else { "" };
    format!(
        "{measured}{per_item}{what}; {}{axis}{quick}. {}",
        words::trials_and_interval(values),
        words::unbroken("Shorter is better")
    )
}

fn notes(results: &Results, groups: &[&Group], sections: &[Section]) -> Vec<String> {
    let mut notes = Vec::new();
    let firsts: Vec<usize> =
        sections.iter().map(|section| section.rows.iter().filter(|row| row.first).count()).collect();
    if firsts.iter().any(|count| *count > 1) {
        notes.push("Bold: fastest, or tied for fastest".to_owned());
    } else if firsts.contains(&1) {
        notes.push("Bold: fastest".to_owned());
    }
    if !is_wide(sections) && sections.iter().flat_map(|section| &section.rows).any(|row| row.phases.is_some()) {
        notes.push("Shades from the left: start, work, join".to_owned());
    }
    let mut reasons: Vec<String> =
        groups.iter().filter_map(|group| finding::withheld(verdict_of(results, group))).collect();
    reasons.dedup();
    match reasons.as_slice() {
        [] => {}
        [one] => notes.push(one.clone()),
        several => notes.push(format!("No verdict in {} workloads", several.len())),
    }
    notes.extend(words::disturbed(results, groups.iter().flat_map(|group| group.cells.iter().copied())));
    notes
}

fn be(label: &str) -> &'static str {
    if is_plural(label) { "are" } else { "is" }
}

/// The finding of one group.
fn title_of_one(results: &Results, group: &Group) -> String {
    let verdict = verdict_of(results, group);
    let label = |cell: usize| results.cells.get(cell).map_or(String::new(), |cell| cell.label.clone());
    let seconds = |cell: usize| {
        estimate(results, cell).and_then(|estimate| time(group.per_item, estimate)).map(|time| time.median)
    };
    let per_item = if group.per_item { " per item" } else { "" };
    let shown = |value: f64| format!("{}{per_item}", show_seconds(value));
    let timed = group.cells.iter().copied().filter_map(|cell| Some((cell, seconds(cell)?)));
    let Some((fastest, time)) = timed.min_by(|a, b| a.1.total_cmp(&b.1)) else {
        return "No configuration has a time".to_owned();
    };
    if group.cells.len() == 1 {
        let take = if is_plural(&label(fastest)) { "take" } else { "takes" };
        return capital(&format!("{} {take} {}", label(fastest), shown(time)));
    }
    let suffix = finding::suffix(results, verdict);
    let Some(verdict) = verdict.filter(|_| decided(results, verdict)) else {
        return capital(&format!("{} has the lowest median time, {}{suffix}", label(fastest), shown(time)));
    };
    if let Some(why) = finding::too_few_rounds(verdict) {
        return format!("{why}; lowest median: {}, {}", label(fastest), shown(time));
    }
    match verdict.winners.as_slice() {
        [] => capital(&format!("{} has the lowest median time, {}", label(fastest), shown(time))),
        [one] => {
            let second = verdict.ranking.iter().copied().find(|cell| cell != one && seconds(*cell).is_some());
            let against = second.and_then(|second| Some((second, finding::shown_faster(verdict, *one, second)?)));
            let against = against.map_or(String::new(), |(second, ratio)| {
                format!(", {} the speed of {}", times_short(ratio), label(second))
            });
            let time = shown(seconds(*one).unwrap_or(time));
            let others = group.cells.iter().copied().filter(|cell| seconds(*cell).is_some());
            if finding::beats_all(verdict, *one, others) {
                capital(&format!("{} {} fastest: {time}{against}", label(*one), be(&label(*one))))
            } else {
                // Not everything was compared with it, or not everything was decided.
                format!("Nothing is shown to be faster than {}: {time}", label(*one))
            }
        }
        several => shared_first(verdict, several, group.cells.len(), label, seconds),
    }
}

fn shared_first(
    verdict: &GroupVerdict,
    winners: &[usize],
    of: usize,
    label: impl Fn(usize) -> String,
    seconds: impl Fn(usize) -> Option<f64>,
) -> String {
    let names: Vec<String> = winners.iter().map(|cell| label(*cell)).collect();
    let names =
        if names.len() <= 3 { words::listed(&names) } else { format!("{} of {of} configurations", names.len()) };
    let values = winners.iter().filter_map(|cell| seconds(*cell));
    let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let range = words::seconds_range(low, high);
    let tie = if finding::equivalent(verdict, winners) { "they are equivalent" } else { "no significant difference" };
    capital(&format!("{names} are tied for fastest at {range}; {tie}"))
}

/// What all winners of a group have in common, as far as that names a way; nothing where the group has no verdict.
fn winner(results: &Results, group: &Group) -> Option<Option<String>> {
    let verdict = verdict_of(results, group);
    let verdict = verdict.filter(|_| decided(results, verdict))?;
    let cells: Vec<&Cell> = verdict.winners.iter().filter_map(|cell| results.cells.get(*cell)).collect();
    let first = cells.first()?;
    let same_model = cells.iter().all(|cell| cell.config.model == first.config.model);
    let same_ipc = cells.iter().all(|cell| cell.config.ipc == first.config.ipc);
    let ipc = first
        .ipc_shown()
        .as_deref()
        .filter(|_| same_ipc)
        .map_or(String::new(), |ipc| format!(" over {}", ipc.split(" (").next().unwrap_or(ipc)));
    // The others must have been shown to be slower, or nobody is fastest.
    let alike =
        |cell: &Cell| cell.config.model == first.config.model && (!same_ipc || cell.config.ipc == first.config.ipc);
    let timed = |cell: &Cell| estimate(results, cell.id).and_then(|estimate| time(group.per_item, estimate)).is_some();
    let others =
        group.cells.iter().filter_map(|cell| results.cells.get(*cell)).filter(|cell| !alike(cell) && timed(cell));
    let shown = finding::beats_all(verdict, first.id, others.map(|cell| cell.id));
    Some((same_model && shown).then(|| format!("{}{ipc}", first.model_shown())))
}

/// The finding of several groups: who is fastest where.
fn title_of_several(results: &Results, groups: &[&Group]) -> String {
    let of = groups.len();
    // Of one way nobody is first.
    let timed = |cell: &&usize| estimate(results, **cell).is_some_and(|estimate| estimate.time.is_some());
    let groups: Vec<&Group> =
        groups.iter().copied().filter(|group| group.cells.iter().filter(timed).count() > 1).collect();
    let groups = groups.as_slice();
    let found: Vec<(&Group, Option<String>)> =
        groups.iter().filter_map(|group| winner(results, group).map(|winner| (*group, winner))).collect();
    if found.is_empty() {
        let suffix = finding::suffix(results, groups.first().and_then(|group| verdict_of(results, group)));
        return format!("Times of {of} workloads{suffix}");
    }
    let too_few = |group: &&Group| verdict_of(results, group).and_then(finding::too_few_rounds);
    if let Some(why) = groups.iter().map(too_few).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max()) {
        return format!("{why} in any of {} workloads", groups.len());
    }
    let short = groups.len() <= 3 && groups.iter().all(|group| group.label.chars().count() <= 36);
    let missing = groups.len() - found.len();
    let mut parts: Vec<String> = if short { by_winner(&found) } else { counted(&found, groups.len()) };
    if missing > 0 {
        parts.push(format!("no verdict in {missing} of {}", groups.len()));
    }
    capital(&parts.join("; "))
}

/// `threads are fastest in primes and hash`, in the order of the groups.
fn by_winner(found: &[(&Group, Option<String>)]) -> Vec<String> {
    let mut places: Vec<(Option<&str>, Vec<String>)> = Vec::new();
    for (group, winner) in found {
        match places.iter_mut().find(|(other, _)| *other == winner.as_deref()) {
            Some((_, labels)) => labels.push(group.label.clone()),
            None => places.push((winner.as_deref(), vec![group.label.clone()])),
        }
    }
    let part = |(winner, labels): &(Option<&str>, Vec<String>)| match winner {
        Some(winner) => format!("{winner} {} fastest in {}", be(winner), words::listed(labels)),
        None => format!("there is a tie for fastest in {}", words::listed(labels)),
    };
    places.iter().map(part).collect()
}

/// `threads are fastest in 4 of 6 groups`, most first.
fn counted(found: &[(&Group, Option<String>)], of: usize) -> Vec<String> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for winner in found.iter().filter_map(|(_, winner)| winner.as_deref()) {
        match counts.iter_mut().find(|(name, _)| *name == winner) {
            Some((_, count)) => *count += 1,
            None => counts.push((winner, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut parts: Vec<String> = counts
        .iter()
        .take(3)
        .map(|(name, count)| {
            let share = match (*count, of) {
                (2, 2) => "both workloads".to_owned(),
                (count, of) if count == of => format!("all {of} workloads"),
                (count, of) => format!("{count} of {of} workloads"),
            };
            format!("{name} {} fastest in {share}", be(name))
        })
        .collect();
    let others: usize = counts.iter().skip(3).map(|(_, count)| count).sum();
    if others > 0 {
        parts.push(format!("others in {others}"));
    }
    let shared = found.iter().filter(|(_, winner)| winner.is_none()).count();
    if shared > 0 {
        parts.push(match parts.is_empty() {
            true if shared == of => format!("there is a tie for fastest in all {of} workloads"),
            true => format!("there is a tie for fastest in {shared} of {of} workloads"),
            false => format!("there is a tie for fastest in {shared}"),
        });
    }
    parts
}
