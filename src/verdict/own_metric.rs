//! The first sentence of workloads that ask for something else than times: who sees which variable, memory, lifetimes.

use super::seen::Seen;
use super::sentence::{list, listed};
use super::worker_cost::{WorkerCost, worker_costs};
use crate::results::{ConfigurationEstimate, SeenEstimate};
use crate::setting::ChartKind;
use crate::text::{capital, show_bytes, show_seconds};

/// What a workload shows of its own metric; nothing where it asks for times, or has none of the metric. A scenario asks for
/// memory or lifetimes where it draws nothing else.
pub(super) fn finding(seen: &Seen<'_>) -> Option<String> {
    let charts = &seen.results.charts;
    let draws_only = |kind| !charts.is_empty() && charts.iter().all(|chart| chart.kind == kind);
    if seen.workload.task == "globals" {
        isolation(seen)
    } else if draws_only(ChartKind::Memory) {
        memory(seen)
    } else if draws_only(ChartKind::Timeline) {
        lifetimes(seen)
    } else {
        None
    }
}

/// The configurations of the workload with something that their estimates have.
fn with<'a, T>(seen: &'a Seen<'_>, of: impl Fn(&'a ConfigurationEstimate) -> Option<T>) -> Vec<(&'a str, T)> {
    let each = seen.workload.configurations.iter();
    each.filter_map(|id| Some((seen.results.configurations[*id].label.as_str(), of(&seen.estimates[*id])?))).collect()
}

/// Configurations that have the same to say share a clause: `threads × 2 and serial: 4 MiB`.
fn clauses(mut all: Vec<(&str, String)>) -> String {
    let mut told: Vec<String> = Vec::new();
    while let Some((_, what)) = all.first().cloned() {
        let alike: Vec<String> =
            all.iter().filter(|(_, other)| *other == what).map(|(label, _)| (*label).to_owned()).collect();
        all.retain(|(_, other)| *other != what);
        told.push(format!("{}: {what}", list(&alike)));
    }
    told.join("; ")
}

/// What workers found in a variable that main had changed, and what main found after they had.
fn isolation(seen: &Seen<'_>) -> Option<String> {
    let of = |estimate: &ConfigurationEstimate| {
        let main = estimate.seen.iter().find(|one| one.worker.is_none())?;
        let workers: Vec<&SeenEstimate> = estimate.seen.iter().filter(|one| one.worker.is_some()).collect();
        // Of several threads the first finds what main wrote, and the next what the first wrote.
        let found = workers.iter().map(|worker| worker.before).min()?;
        let inherits =
            if found == main.before { "sees what main wrote before" } else { "starts from the program as loaded" };
        let shares = if main.after == main.before {
            "main does not see what a worker writes"
        } else {
            "main sees what a worker writes"
        };
        Some(format!("a worker {inherits}, and {shares}"))
    };
    let all = with(seen, of);
    (!all.is_empty()).then(|| format!("{}.", clauses(all)))
}

fn memory(seen: &Seen<'_>) -> Option<String> {
    let mut all = with(seen, |estimate| estimate.memory.map(|memory| memory.pss));
    all.sort_by(|a, b| a.1.total_cmp(&b.1));
    let shown = |bytes: f64| show_bytes((bytes.max(0.0) / 1024.0).round() as u64 * 1024);
    let (least, most) = (all.first()?, all.last()?);
    let told = match all.len() {
        1 => format!("{} needs {}", least.0, shown(least.1)),
        _ => format!("{} needs least, {}; {} most, {}", least.0, shown(least.1), most.0, shown(most.1)),
    };
    let configurations: Vec<_> =
        seen.workload.configurations.iter().map(|id| &seen.results.configurations[*id]).collect();
    let mut costs = worker_costs(seen.results, seen.estimates, &configurations);
    // The cheapest first: what a thread costs is what the others are compared with.
    costs.reverse();
    let told_cost = |cost: &WorkerCost| format!("{} costs {}", cost.who, shown(cost.bytes));
    let each: Vec<String> = costs.iter().map(told_cost).collect();
    let each = if each.is_empty() { String::new() } else { format!("{}. ", capital(&listed(&each, each.len()))) };
    Some(format!("{each}Memory of all processes, shared pages counted once: {told}."))
}

fn lifetimes(seen: &Seen<'_>) -> Option<String> {
    let of = |estimate: &ConfigurationEstimate| {
        // Not every runtime tells of each worker where none dies: what is told alike of all is when all were ready and gone.
        if let Some([start, _, end]) = estimate.phases {
            let (start, end) = (show_seconds(start), show_seconds(end));
            return Some(format!("all its workers have started after {start}, and end within {end}"));
        }
        let life = estimate.lives.as_ref()?;
        let join = life.join.map_or(String::new(), |join| format!(", and {} to end", show_seconds(join)));
        Some(format!("a worker takes {} to start{join}", show_seconds(life.start)))
    };
    let all = with(seen, of);
    (!all.is_empty()).then(|| format!("{}.", clauses(all)))
}
