//! What one chart shows of the results: its cells alone, parted and ordered as the scenario asks.
//!
//! A view is results again, so that charts read nothing else: groups without a cell are gone, a group that is parted is
//! several, and the only entry of its list of charts is the one that is drawn. Cells keep their numbers; verdicts are those
//! that were given over all cells, so no claim is made that the whole family of comparisons does not carry.

use std::cmp::Ordering;

use super::finding;
use crate::results::{Cell, ChartShape, Group, GroupVerdict, Results};
use crate::setting::{Key, Value};

/// The results as a chart of this shape shows them.
pub(super) fn of(results: &Results, shape: &ChartShape) -> Results {
    let mut view = Results { charts: vec![shape.clone()], ..results.clone() };
    if let Some(cells) = &shape.cells {
        keep(&mut view, |cell| cells.binary_search(&cell).is_ok());
    }
    if let Some(key) = shape.group {
        part(&mut view, key);
    }
    if shape.x.is_some() || shape.group.is_some() {
        arrange(&mut view, shape);
    }
    view
}

/// Title and subtitle of the chart of a view. A title that was given is the headline, and the finding then comes first
/// below it, so that what is claimed stays computed.
pub(super) fn headline(view: &Results, finding: String, subtitle: String) -> (String, String) {
    let Some(shape) = view.charts.first() else { return (finding, subtitle) };
    let shown = if shape.chosen.is_empty() { String::new() } else { format!(". Shown: {}", shape.chosen) };
    match &shape.title {
        Some(title) => (title.clone(), format!("{finding}. {subtitle}{shown}")),
        None => (finding, format!("{subtitle}{shown}")),
    }
}

/// Leaves out all other cells.
fn keep(view: &mut Results, wanted: impl Fn(usize) -> bool) {
    let groups = std::mem::take(&mut view.groups);
    let parts = groups.into_iter().map(|group| {
        let cells = group.cells.iter().copied().filter(|cell| wanted(*cell)).collect();
        Group { cells, ..group }
    });
    regroup(view, parts.collect());
    view.timelines.retain(|timeline| wanted(timeline.cell));
    view.latencies.retain(|latency| wanted(latency.cell));
    view.derived.regressions.retain(|found| wanted(found.new));
}

/// Makes a group of its own of the cells of each value.
fn part(view: &mut Results, key: Key) {
    let groups = std::mem::take(&mut view.groups);
    let several = groups.len() > 1;
    let mut parts = Vec::new();
    for group in groups {
        let cells: Vec<&Cell> = group.cells.iter().filter_map(|cell| view.cells.get(*cell)).collect();
        let values = values(&cells, key);
        let alone = values.len() < 2;
        for value in values {
            let cells = cells.iter().filter(|cell| text(cell, key) == value).map(|cell| cell.id).collect();
            let name = value.unwrap_or_else(|| format!("no {}", shown(key)));
            let label = match (several, alone) {
                (_, true) => group.label.clone(),
                (true, false) => format!("{}, {name}", group.label),
                (false, false) => name,
            };
            parts.push(Group { label, cells, ..group.clone() });
        }
    }
    regroup(view, parts);
}

/// Puts these in the place of the groups, each with the verdict on what it has of the old one whose number it carries.
fn regroup(view: &mut Results, parts: Vec<Group>) {
    let verdicts = std::mem::take(&mut view.derived.groups);
    let fits = std::mem::take(&mut view.derived.fits);
    for part in parts.into_iter().filter(|part| !part.cells.is_empty()) {
        let (old, id) = (part.id, view.groups.len());
        let verdict = verdicts.iter().find(|verdict| verdict.group == old);
        view.derived.groups.extend(verdict.map(|verdict| narrowed(view, verdict, id, &part.cells)));
        let whole =
            fits.iter().filter(|fit| fit.group == old && fit.cells.iter().all(|cell| part.cells.contains(cell)));
        view.derived.fits.extend(whole.cloned().map(|mut fit| {
            fit.group = id;
            fit
        }));
        for cell in &part.cells {
            if let Some(cell) = view.cells.get_mut(*cell) {
                cell.group = id;
            }
        }
        view.groups.push(Group { id, ..part });
    }
}

/// What a verdict says of some of its cells.
fn narrowed(view: &Results, verdict: &GroupVerdict, group: usize, cells: &[usize]) -> GroupVerdict {
    if cells.len() == verdict.ranking.len() {
        return GroupVerdict { group, ..verdict.clone() };
    }
    let here = |cell: &usize| cells.contains(cell);
    let timed = |cell: &usize| super::words::estimate(view, *cell).is_some_and(|estimate| estimate.time.is_some());
    let mut own = GroupVerdict { group, sentence: String::new(), when: None, ..verdict.clone() };
    own.ranking.retain(here);
    own.pairs.retain(|pair| here(&pair.a) && here(&pair.b));
    own.checks.retain(|check| here(&check.cell));
    own.winners = finding::leaders(&own, cells).into_iter().filter(timed).collect();
    own
}

/// Orders the cells of every group by what stands along the axis, and names them by that and by what else tells them apart.
fn arrange(view: &mut Results, shape: &ChartShape) {
    for index in 0..view.groups.len() {
        let mut cells: Vec<&Cell> = view.groups[index].cells.iter().filter_map(|cell| view.cells.get(*cell)).collect();
        if let Some(key) = shape.x {
            let order = values(&cells, key);
            let rank = |cell: &Cell| order.iter().position(|value| *value == text(cell, key));
            cells.sort_by_key(|cell| rank(cell));
        }
        let labels = labels(&cells, shape);
        let ids: Vec<usize> = cells.iter().map(|cell| cell.id).collect();
        for (id, label) in ids.iter().zip(labels.into_iter().flatten()) {
            view.cells[*id].label = label;
        }
        view.groups[index].cells = ids;
    }
}

/// Names by the setting along the axis, the model, and what else differs; nothing where these are not unique.
fn labels(cells: &[&Cell], shape: &ChartShape) -> Option<Vec<String>> {
    // That some have no such setting at all follows from their model.
    let differs = |key: Key| {
        let mut values = cells.iter().filter_map(|cell| text(cell, key));
        values.next().is_some_and(|first| values.any(|value| value != first))
    };
    let first = shape.x.into_iter().filter(|x| *x != Key::Workers);
    let named = [Key::Model, Key::Workers]
        .into_iter()
        .chain(Key::of_configurations().filter(|key| !matches!(key, Key::Model | Key::Workers)));
    let keys = first.chain(named.filter(|key| shape.x != Some(*key) || *key == Key::Workers));
    let keys: Vec<Key> = keys
        .filter(|key| Some(*key) != shape.group)
        .filter(|key| Some(*key) == shape.x || *key == Key::Model || differs(*key))
        .collect();
    let name = |cell: &&Cell| {
        let mut label = String::new();
        for key in &keys {
            let Some(value) = text(cell, *key) else { continue };
            match (key, cell.config.workers) {
                (Key::Workers, Some(workers)) if label.ends_with(&cell.model_shown()) => {
                    label += &format!(" × {workers}");
                }
                _ if label.is_empty() => label = value,
                _ => label += &format!(", {value}"),
            }
        }
        if label.is_empty() { cell.label.clone() } else { label }
    };
    let names: Vec<String> = cells.iter().map(name).collect();
    let unique = (1..names.len()).all(|index| !names[..index].contains(&names[index]));
    unique.then_some(names)
}

/// The values that cells have of a setting: numbers rising, words in the order of the cells; cells without it are first.
fn values(cells: &[&Cell], key: Key) -> Vec<Option<String>> {
    let mut found: Vec<(Option<u64>, Option<String>)> = Vec::new();
    for cell in cells {
        let value = (number(cell, key), text(cell, key));
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found.sort_by(|a, b| match (a.1.is_some(), b.1.is_some()) {
        (true, true) => a.0.cmp(&b.0),
        (false, true) => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, false) => Ordering::Equal,
    });
    found.into_iter().map(|(_, text)| text).collect()
}

fn number(cell: &Cell, key: Key) -> Option<u64> {
    match cell.config.fact(key) {
        Some(Value::Whole(number)) => Some(number),
        _ => None,
    }
}

/// How labels show a configuration's setting.
fn text(cell: &Cell, key: Key) -> Option<String> {
    match key {
        Key::Model => Some(cell.model_shown().to_owned()),
        key => cell.config.shown(key),
    }
}

/// How sentences call a setting.
fn shown(key: Key) -> String {
    match key {
        Key::Ipc => "IPC".to_owned(),
        key => key.name().replace('_', " "),
    }
}
