//! The title of the chart of IPC methods: which method leads at which size, as far as that was shown.

use super::finding::{self, decided, verdict_of};
use super::ipc_family::{Family, Quantity, is_method};
use super::lines::is_plural;
use super::words::{capital, estimate};
use crate::results::{Configuration, Results, Workload};
use crate::text::show_bytes;
use crate::verdict::rounded_median;

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

/// Where it is shown at every size that something without IPC is faster than every method, that and its time:
/// `threads are fastest at every size: 4.2 µs at 64 B`.
fn without_ipc(results: &Results, family: &Family, value: &impl Fn(usize) -> String) -> Option<String> {
    let fastest = |workload: &Workload| {
        let verdict = verdict_of(results, workload).filter(|verdict| decided(results, Some(*verdict)))?;
        let first = verdict.picks.iter().find(|pick| pick.fastest)?;
        family.configurations.iter().copied().find(|one| one.id == first.configuration && !is_method(one))
    };
    let each: Option<Vec<&Configuration>> = family.workloads.iter().map(|(_, workload)| fastest(workload)).collect();
    let each = each?;
    let first = each.first().filter(|first| each.iter().all(|other| other.config == first.config))?;
    let name = first.model_shown();
    let (is, size) = (if is_plural(name) { "are" } else { "is" }, show_bytes(family.workloads.first()?.0));
    Some(format!("{name} {is} fastest at every size: {} at {size}", value(first.id)))
}

/// The method with the lowest median at every size, shown to be so or not.
fn lowest_throughout(results: &Results, family: &Family) -> Option<String> {
    let lowest = |workload: &Workload| {
        let methods = family.configurations.iter().filter(|one| one.workload == workload.id && is_method(one));
        let timed = methods.filter_map(|one| Some((one.ipc_shown()?, estimate(results, one.id)?.per_item?.median)));
        timed.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(name, _)| name.split(" (").next().unwrap_or(&name).to_owned())
    };
    let each: Option<Vec<String>> = family.workloads.iter().map(|(_, workload)| lowest(workload)).collect();
    let each = each?;
    each.first().filter(|first| each.iter().all(|other| other == *first)).cloned()
}

/// What is said where there is no verdict at a size.
fn without_verdict(
    results: &Results,
    family: &Family,
    size: u64,
    seen: Option<&(String, usize)>,
    value: &impl Fn(usize) -> String,
) -> String {
    let same = family.workloads.iter().find(|(payload, _)| *payload == size);
    let verdict = same.and_then(|(_, workload)| verdict_of(results, workload));
    let suffix = finding::suffix(results, verdict);
    match seen {
        Some((name, id)) => {
            capital(&format!("{name} has the lowest median time at {}, {}{suffix}", show_bytes(size), value(*id)))
        }
        None => format!("IPC methods over the payload{suffix}"),
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
        return without_verdict(results, family, *size, seen.as_ref(), &value);
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
    let first = without_ipc(results, family, &value);
    let first = first.map_or(String::new(), |first| format!("{first}; "));
    // A line without IPC may lie above all of these, and is no method.
    let beside = family.configurations.iter().any(|configuration| !is_method(configuration));
    let among = if beside { "among IPC methods, " } else { "" };
    let adjective = if family.quantity == Quantity::RoundTrip { "is fastest" } else { "has the highest throughput" };
    if let [(who, low, _, id)] = parts.as_slice() {
        return match who {
            Some(who) => capital(&format!(
                "{first}{among}{who} {adjective} at every size: {} at {}",
                value(*id),
                show_bytes(*low)
            )),
            None => match lowest_throughout(results, family) {
                Some(name) if !first.is_empty() => {
                    capital(&format!("{first}of the IPC methods {name} has the lowest median"))
                }
                _ => "No IPC method was shown to be fastest at any size".to_owned(),
            },
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
    capital(&format!("{first}{among}{}", parts.iter().take(4).map(part).collect::<Vec<_>>().join("; ")))
}
