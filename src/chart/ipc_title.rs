//! The title of the chart of IPC methods: which method leads at which size, as far as that was shown.

use super::finding::{self, decided, verdict_of};
use super::ipc::{Family, Quantity, is_method};
use super::words::{capital, estimate};
use crate::results::{Cell, Group, Results};
use crate::text::show_bytes;

/// Who leads among the methods at one size: one method, several that share it, or nobody where there is no verdict.
enum Lead {
    One(String, usize),
    Shared,
    Unknown(Option<(String, usize)>),
}

fn lead(results: &Results, family: &Family, group: &Group) -> Lead {
    let methods: Vec<&Cell> =
        family.cells.iter().copied().filter(|cell| cell.group == group.id && is_method(cell)).collect();
    let name = |cell: usize| {
        let shown = results.cells.get(cell).and_then(|cell| cell.ipc_shown());
        shown.map_or(String::new(), |shown| shown.split(" (").next().unwrap_or(&shown).to_owned())
    };
    let ids: Vec<usize> = methods.iter().map(|cell| cell.id).collect();
    let verdict = verdict_of(results, group);
    let Some(verdict) = verdict.filter(|_| decided(results, verdict)) else {
        let time = |cell: usize| estimate(results, cell)?.per_item.map(|time| time.median);
        let timed = ids.iter().filter_map(|cell| Some((*cell, time(*cell)?)));
        return Lead::Unknown(timed.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(cell, _)| (name(cell), cell)));
    };
    let timed: Vec<usize> = ids
        .iter()
        .copied()
        .filter(|cell| estimate(results, *cell).is_some_and(|found| found.per_item.is_some()))
        .collect();
    match finding::leaders(verdict, &ids).as_slice() {
        [] => Lead::Unknown(None),
        _ if ids.len() < 2 => Lead::Unknown(None),
        [one] if finding::beats_all(verdict, *one, timed.iter().copied()) => Lead::One(name(*one), *one),
        _ => Lead::Shared,
    }
}

/// The finding: the leading method by size, in runs of sizes.
pub(super) fn title(results: &Results, family: &Family) -> String {
    let sizes: Vec<(u64, Lead)> =
        family.groups.iter().map(|(payload, group)| (*payload, lead(results, family, group))).collect();
    let value = |cell: usize| {
        results
            .cells
            .get(cell)
            .and_then(|cell| family.value(results, cell))
            .map_or(String::new(), |v| family.show(v.median))
    };
    if let Some((size, Lead::Unknown(seen))) = sizes.iter().find(|(_, lead)| matches!(lead, Lead::Unknown(_))) {
        let verdict =
            family.groups.iter().find(|(payload, _)| payload == size).and_then(|(_, group)| verdict_of(results, group));
        let suffix = finding::suffix(results, verdict);
        return match seen {
            Some((name, cell)) => capital(&format!(
                "{name} has the lowest median time at {}, {}{suffix}",
                show_bytes(*size),
                value(*cell)
            )),
            None => format!("IPC methods over the payload{suffix}"),
        };
    }
    // Neighbouring sizes with the same finding become one part.
    let mut parts: Vec<(Option<String>, u64, u64, usize)> = Vec::new();
    for (size, lead) in &sizes {
        let (who, cell) = match lead {
            Lead::One(name, cell) => (Some(name.clone()), *cell),
            Lead::Shared | Lead::Unknown(_) => (None, 0),
        };
        match parts.last_mut() {
            Some(last) if last.0 == who => last.2 = *size,
            _ => parts.push((who, *size, *size, cell)),
        }
    }
    // A line without IPC may lie above all of these, and is no method.
    let beside = family.cells.iter().any(|cell| !is_method(cell));
    let among = if beside { "among IPC methods, " } else { "" };
    let adjective = if family.quantity == Quantity::RoundTrip { "is fastest" } else { "has the highest throughput" };
    if let [(who, low, _, cell)] = parts.as_slice() {
        return match who {
            Some(who) => {
                capital(&format!("{among}{who} {adjective} at every size: {} at {}", value(*cell), show_bytes(*low)))
            }
            None => "No IPC method was shown to be fastest at any size".to_owned(),
        };
    }
    let range = |low: u64, high: u64| {
        if low == high {
            format!("at {}", show_bytes(low))
        } else {
            format!("from {} to {}", show_bytes(low), show_bytes(high))
        }
    };
    let part = |(who, low, high, _): &(Option<String>, u64, u64, usize)| match who {
        Some(who) => format!("{who} {adjective} {}", range(*low, *high)),
        None => format!("no significant difference {}", range(*low, *high)),
    };
    capital(&format!("{among}{}", parts.iter().take(4).map(part).collect::<Vec<_>>().join("; ")))
}
