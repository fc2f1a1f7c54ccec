//! The finding of the chart of memory: what a worker of each kind costs beyond a program without it.

use super::words::{capital, listed};
use crate::name::show_bytes;
use crate::results::{Cell, Group, Results};

/// What workers of one kind cost each.
struct Cost {
    /// `a thread`, `a forked process`.
    who: String,
    bytes: f64,
    group: String,
}

/// What a worker costs where that can be told, else who takes least and most.
pub(super) fn title(results: &Results, groups: &[&Group]) -> String {
    let quick = if results.run.quick { " (quick run)" } else { "" };
    let mut costs: Vec<Cost> = Vec::new();
    for group in groups {
        costs.extend(costs_of(results, group));
    }
    costs.sort_by(|a, b| b.bytes.total_cmp(&a.bytes));
    let start = match (costs.first(), costs.last()) {
        (Some(most), Some(least)) if groups.len() > 1 && most.group == least.group => format!("{}: ", most.group),
        _ => String::new(),
    };
    if groups.len() > 1 && start.is_empty() {
        costs.iter_mut().for_each(|cost| cost.who = format!("{} of {}", cost.who, cost.group));
    }
    let told = |cost: &Cost| format!("{} {}", cost.who, show_bytes(cost.bytes.round() as u64));
    match costs.as_slice() {
        [] => extremes(results, groups, quick),
        [one] => capital(&format!("{start}{} costs {}{quick}", one.who, show_bytes(one.bytes.round() as u64))),
        [most, rest @ ..] => {
            // The dearest, the cheapest, and one between them where there is one to tell.
            let middle = if rest.len() == 2 && groups.len() == 1 { rest.first() } else { None };
            let others: Vec<String> = middle.into_iter().chain(rest.last()).map(told).collect();
            let first = format!("{} costs {}", most.who, show_bytes(most.bytes.round() as u64));
            let all = [vec![first], others].concat();
            capital(&format!("{start}{}{quick}", if all.len() == 2 { all.join(", ") } else { listed(&all) }))
        }
    }
}

fn total(results: &Results, cell: usize) -> Option<f64> {
    Some(super::words::estimate(results, cell)?.memory?.pss).filter(|pss| pss.is_finite() && *pss > 0.0)
}

/// Of each kind of worker: total less that of the way without workers, by worker; where there is no such way, by the two
/// ways of that kind that are furthest apart in workers.
fn costs_of(results: &Results, group: &Group) -> Vec<Cost> {
    let cells: Vec<&Cell> = group.cells.iter().filter_map(|cell| results.cells.get(*cell)).collect();
    let mut kinds: Vec<(Kind, Vec<&Cell>)> = Vec::new();
    for cell in cells.iter().filter(|cell| cell.workers.is_some()) {
        let kind = Kind::of(cell);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, own)) => own.push(cell),
            None => kinds.push((kind, vec![cell])),
        }
    }
    let mut costs: Vec<Cost> = Vec::new();
    for (kind, own) in &kinds {
        let known = own.iter().filter_map(|cell| Some((f64::from(cell.workers?), total(results, cell.id)?)));
        let known: Vec<(f64, f64)> = known.collect();
        let Some(most) = known.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
        let alone =
            cells.iter().find(|cell| cell.workers.is_none() && kind.parent == (cell.parent_memory, parent_use(cell)));
        let least = match alone.and_then(|cell| total(results, cell.id)) {
            Some(total) => (0.0, total),
            None => match known.iter().copied().min_by(|a, b| a.0.total_cmp(&b.0)) {
                Some(least) => least,
                None => continue,
            },
        };
        let bytes = (most.1 - least.1) / (most.0 - least.0);
        // What is below a page is noise of the program's own memory.
        if bytes.is_finite() && bytes >= 4096.0 && !costs.iter().any(|cost| cost.who == kind.who) {
            costs.push(Cost { who: kind.who.clone(), bytes, group: group.label.clone() });
        }
    }
    costs
}

fn parent_use(cell: &Cell) -> Option<&str> {
    cell.parent_use.as_deref()
}

/// What ways must have in common for their workers to cost the same.
#[derive(PartialEq)]
struct Kind<'a> {
    who: String,
    ipc: Option<&'a str>,
    parent: (Option<u64>, Option<&'a str>),
}

impl<'a> Kind<'a> {
    fn of(cell: &'a Cell) -> Self {
        let who = match (cell.model.as_str(), cell.start.as_deref()) {
            ("processes", Some("fork")) => "a forked process".to_owned(),
            ("processes", Some("spawn")) => "a spawned process".to_owned(),
            ("processes", Some("forkserver")) => "a process of a fork server".to_owned(),
            ("processes", _) => "a process".to_owned(),
            ("threads", _) => "a thread".to_owned(),
            ("rayon", _) => "a work-stealing thread".to_owned(),
            ("interpreters", _) => "a sub-interpreter".to_owned(),
            _ => format!("a worker of {}", cell.model_shown),
        };
        Self { who, ipc: cell.ipc.as_deref(), parent: (cell.parent_memory, parent_use(cell)) }
    }
}

fn extremes(results: &Results, groups: &[&Group], quick: &str) -> String {
    let cells = groups.iter().flat_map(|group| &group.cells).filter_map(|cell| results.cells.get(*cell));
    let mut known: Vec<(&Cell, f64)> = cells.filter_map(|cell| Some((cell, total(results, cell.id)?))).collect();
    known.sort_by(|a, b| a.1.total_cmp(&b.1));
    let bytes = |value: f64| show_bytes(value.round() as u64);
    capital(&match known.as_slice() {
        [] => "No way has its memory told".to_owned(),
        [(cell, total)] => format!("{} in {}{quick}", cell.label, bytes(*total)),
        [(least, low), .., (most, high)] => {
            format!("From {} with {} to {} with {}{quick}", bytes(*low), least.label, bytes(*high), most.label)
        }
    })
}
