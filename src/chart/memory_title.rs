//! The finding of the chart of memory: what a worker of each kind costs beyond a program without it.

use super::frame::title_lines;
use super::words::{capital, listed};
use crate::results::{Configuration, Results, Workload};
use crate::text::show_bytes;
use crate::verdict::{WorkerCost, memory_in_all, worker_costs};

/// More than these sections of a title are not read; the others are counted.
const MOST_SECTIONS: usize = 2;
/// More lines than these are cut.
const MOST_LINES: usize = 3;

/// Configurations whose workers may be compared with each other: one workload, or the parts that a chart makes of one.
struct Section<'a> {
    head: String,
    configurations: Vec<&'a Configuration>,
}

/// What a worker costs where that can be told, else who takes least and most. Runtimes are told of one by one: their
/// programs differ in everything.
pub(super) fn title(results: &Results, workloads: &[&Workload]) -> String {
    let quick = if results.run.quick { " (quick run)" } else { "" };
    let sections = sections(results, workloads);
    let head = |section: &Section| if sections.len() > 1 { format!("{}: ", section.head) } else { String::new() };
    let told = sections.iter().filter_map(|section| {
        let costs = worker_costs(results, &results.derived.estimates, &section.configurations);
        // Where several are told, there is no room for one between the dearest and the cheapest.
        let middle = sections.len() == 1;
        (!costs.is_empty()).then(|| format!("{}{}", head(section), sentence(&costs, middle)))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        let first = sections.iter().find(|section| {
            section
                .configurations
                .iter()
                .any(|configuration| memory_in_all(&results.derived.estimates, configuration.id).is_some())
        });
        let first = first.map(|section| format!("{}{}", head(section), extremes(results, &section.configurations)));
        return capital(&format!("{}{quick}", first.unwrap_or_else(|| "no configuration has memory data".to_owned())));
    }
    let of = |shown: usize| {
        let more = match told.len().saturating_sub(shown) {
            0 => String::new(),
            more => format!("; {more} more below"),
        };
        capital(&format!("{}{more}{quick}", told[..told.len().min(shown)].join("; ")))
    };
    let whole = of(MOST_SECTIONS);
    if title_lines(&whole) > MOST_LINES { of(1) } else { whole }
}

/// Parts of one workload have its reference in common.
fn sections<'a>(results: &'a Results, workloads: &[&Workload]) -> Vec<Section<'a>> {
    let parted = results.charts.first().is_some_and(|shape| shape.group.is_some());
    let mut sections: Vec<(usize, Section)> = Vec::new();
    for workload in workloads {
        let configurations =
            workload.configurations.iter().filter_map(|configuration| results.configurations.get(*configuration));
        match sections.iter_mut().find(|(reference, _)| parted && *reference == workload.reference) {
            Some((_, section)) => {
                // What remains of the label once the part is gone is the workload's own.
                section.head = section.head.rsplit_once(", ").map_or(section.head.clone(), |(own, _)| own.to_owned());
                section.configurations.extend(configurations);
            }
            None => sections.push((
                workload.reference,
                Section { head: workload.label.clone(), configurations: configurations.collect() },
            )),
        }
    }
    sections.into_iter().map(|(_, section)| section).collect()
}

/// The dearest, the cheapest, and one between them where there is one to tell.
fn sentence(costs: &[WorkerCost], middle: bool) -> String {
    let told = |cost: &WorkerCost| format!("{} {}", cost.who, show_bytes(cost.bytes.round() as u64));
    let Some((most, rest)) = costs.split_first() else { return String::new() };
    let first = format!("{} costs {}", most.who, show_bytes(most.bytes.round() as u64));
    let middle = if middle && rest.len() == 2 { rest.first() } else { None };
    let others: Vec<String> = middle.into_iter().chain(rest.last()).map(told).collect();
    let all = [vec![first], others].concat();
    if all.len() == 2 { all.join(", ") } else { listed(&all) }
}

fn extremes(results: &Results, configurations: &[&Configuration]) -> String {
    let mut known: Vec<(&Configuration, f64)> = configurations
        .iter()
        .filter_map(|configuration| {
            Some((*configuration, memory_in_all(&results.derived.estimates, configuration.id)?))
        })
        .collect();
    known.sort_by(|a, b| a.1.total_cmp(&b.1));
    let bytes = |value: f64| show_bytes(value.round() as u64);
    match known.as_slice() {
        [] => "no configuration has memory data".to_owned(),
        [(configuration, total)] => format!("{} in {}", configuration.label, bytes(*total)),
        [(least, low), .., (most, high)] => {
            format!("from {} with {} to {} with {}", bytes(*low), least.label, bytes(*high), most.label)
        }
    }
}
