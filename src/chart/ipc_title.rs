//! The title of the chart of IPC methods: which method leads at which size, as far as that was shown.

use super::finding::{self, decided, verdict_of};
use super::ipc_family::{Family, Quantity, is_method};
use super::pick_title::rounded_median;
use super::words::{capital, estimate};
use crate::results::{Configuration, Results, Workload};
use crate::text::show_bytes;

/// Who leads among the methods at one size: one method, several that share it, or nobody where there is no verdict.
enum Lead {
    One(String, usize),
    Shared,
    Unknown(Option<(String, usize)>),
}

fn lead(results: &Results, family: &Family, workload: &Workload) -> Lead {
    let methods: Vec<&Configuration> = family
        .configurations
        .iter()
        .copied()
        .filter(|configuration| configuration.workload == workload.id && is_method(configuration))
        .collect();
    let name = |configuration: usize| {
        let shown = results.configurations.get(configuration).and_then(|configuration| configuration.ipc_shown());
        shown.map_or(String::new(), |shown| shown.split(" (").next().unwrap_or(&shown).to_owned())
    };
    let ids: Vec<usize> = methods.iter().map(|configuration| configuration.id).collect();
    let verdict = verdict_of(results, workload);
    let Some(verdict) = verdict.filter(|_| decided(results, verdict)) else {
        let time = |configuration: usize| estimate(results, configuration)?.per_item.map(|time| time.median);
        let timed = ids.iter().filter_map(|configuration| Some((*configuration, time(*configuration)?)));
        return Lead::Unknown(
            timed.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(configuration, _)| (name(configuration), configuration)),
        );
    };
    let timed: Vec<usize> = ids
        .iter()
        .copied()
        .filter(|configuration| estimate(results, *configuration).is_some_and(|found| found.per_item.is_some()))
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
        family.workloads.iter().map(|(payload, workload)| (*payload, lead(results, family, workload))).collect();
    let value = |id: usize| {
        let value = results.configurations.get(id).and_then(|configuration| family.value(results, configuration));
        value.map_or(String::new(), |v| family.show(rounded_median(&v)))
    };
    if let Some((size, Lead::Unknown(seen))) = sizes.iter().find(|(_, lead)| matches!(lead, Lead::Unknown(_))) {
        let same = family.workloads.iter().find(|(payload, _)| payload == size);
        let verdict = same.and_then(|(_, workload)| verdict_of(results, workload));
        let suffix = finding::suffix(results, verdict);
        return match seen {
            Some((name, id)) => {
                capital(&format!("{name} has the lowest median time at {}, {}{suffix}", show_bytes(*size), value(*id)))
            }
            None => format!("IPC methods over the payload{suffix}"),
        };
    }
    // Neighbouring sizes with the same finding become one part.
    let mut parts: Vec<(Option<String>, u64, u64, usize)> = Vec::new();
    for (size, lead) in &sizes {
        let (who, id) = match lead {
            Lead::One(name, id) => (Some(name.clone()), *id),
            Lead::Shared | Lead::Unknown(_) => (None, 0),
        };
        match parts.last_mut() {
            Some(last) if last.0 == who => last.2 = *size,
            _ => parts.push((who, *size, *size, id)),
        }
    }
    // A line without IPC may lie above all of these, and is no method.
    let beside = family.configurations.iter().any(|configuration| !is_method(configuration));
    let among = if beside { "among IPC methods, " } else { "" };
    let adjective = if family.quantity == Quantity::RoundTrip { "is fastest" } else { "has the highest throughput" };
    if let [(who, low, _, id)] = parts.as_slice() {
        return match who {
            Some(who) => {
                capital(&format!("{among}{who} {adjective} at every size: {} at {}", value(*id), show_bytes(*low)))
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
