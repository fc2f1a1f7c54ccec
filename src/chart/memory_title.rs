//! The finding of the chart of memory: what a worker of each kind costs beyond a program without it.

use super::frame::title_lines;
use super::words::{capital, listed};
use crate::results::{Configuration, Kind as TrialKind, Results, Workload};
use crate::setting::{Method, Model, ParentUse, Start};
use crate::text::show_bytes;

/// More than these sections of a title are not read; the others are counted.
const MOST_SECTIONS: usize = 2;
/// More lines than these are cut.
const MOST_LINES: usize = 3;

/// What workers of one kind cost each.
struct Cost {
    /// `a thread`, `a forked process`.
    who: String,
    bytes: f64,
}

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
        let costs = costs_of(results, &section.configurations);
        // Where several are told, there is no room for one between the dearest and the cheapest.
        let middle = sections.len() == 1;
        (!costs.is_empty()).then(|| format!("{}{}", head(section), sentence(&costs, middle)))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        let first = sections.iter().find(|section| {
            section.configurations.iter().any(|configuration| total(results, configuration.id).is_some())
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
fn sentence(costs: &[Cost], middle: bool) -> String {
    let told = |cost: &Cost| format!("{} {}", cost.who, show_bytes(cost.bytes.round() as u64));
    let Some((most, rest)) = costs.split_first() else { return String::new() };
    let first = format!("{} costs {}", most.who, show_bytes(most.bytes.round() as u64));
    let middle = if middle && rest.len() == 2 { rest.first() } else { None };
    let others: Vec<String> = middle.into_iter().chain(rest.last()).map(told).collect();
    let all = [vec![first], others].concat();
    if all.len() == 2 { all.join(", ") } else { listed(&all) }
}

fn total(results: &Results, configuration: usize) -> Option<f64> {
    Some(super::words::estimate(results, configuration)?.memory?.pss).filter(|pss| pss.is_finite() && *pss > 0.0)
}

/// What all processes of a configuration occupied: the median of its readings with the least and the largest.
#[derive(Clone, Copy)]
struct Reading {
    workers: f64,
    middle: f64,
    low: f64,
    high: f64,
    count: u32,
}

fn reading(results: &Results, configuration: &Configuration) -> Option<Reading> {
    let middle = total(results, configuration.id)?;
    let own = results
        .trials
        .iter()
        .filter(|trial| trial.configuration == configuration.id && trial.kind == TrialKind::Memory && trial.ok());
    let read = own.filter_map(|trial| Some(trial.memory.as_ref()?.after.pss as f64));
    let (low, high) = read.fold((middle, middle), |(low, high), pss| (low.min(pss), high.max(pss)));
    let count = super::words::estimate(results, configuration.id)?.memory?.trials;
    Some(Reading { workers: f64::from(configuration.config.workers.unwrap_or(0)), middle, low, high, count })
}

/// What one worker more costs by two readings: nothing where the difference drowns in their noise.
fn by_worker(least: &Reading, most: &Reading) -> Option<f64> {
    let shown = least.count > 1 && most.count > 1 && most.low > least.high;
    let bytes = (most.middle - least.middle) / (most.workers - least.workers);
    // What is below a page is noise of the program's own memory.
    (shown && bytes.is_finite() && bytes >= 4096.0).then_some(bytes)
}

/// Of each kind of worker, the dearest first: total less that of the configuration without workers, by worker; where there is no such
/// configuration, by the two configurations of that kind that are furthest apart in workers.
fn costs_of(results: &Results, configurations: &[&Configuration]) -> Vec<Cost> {
    let mut kinds: Vec<(Kind, Vec<&Configuration>)> = Vec::new();
    for configuration in configurations.iter().filter(|configuration| configuration.config.workers.is_some()) {
        let kind = Kind::of(configuration);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, own)) => own.push(configuration),
            None => kinds.push((kind, vec![configuration])),
        }
    }
    let mut costs: Vec<Cost> = Vec::new();
    for (kind, own) in &kinds {
        let known: Vec<Reading> = own.iter().filter_map(|configuration| reading(results, configuration)).collect();
        let by_count = |a: &Reading, b: &Reading| a.workers.total_cmp(&b.workers);
        let Some(most) = known.iter().copied().max_by(by_count) else { continue };
        let alone = configurations.iter().find(|configuration| {
            configuration.config.workers.is_none()
                && kind.parent == (configuration.config.parent_memory, parent_use(configuration))
        });
        let least = alone
            .and_then(|configuration| reading(results, configuration))
            .or_else(|| known.iter().copied().min_by(by_count));
        let Some(bytes) = least.and_then(|least| by_worker(&least, &most)) else { continue };
        let who = format!("{}{}", kind.who, kind.apart(&kinds));
        costs.push(Cost { who, bytes });
    }
    costs.sort_by(|a, b| b.bytes.total_cmp(&a.bytes));
    costs
}

fn parent_use(configuration: &Configuration) -> Option<ParentUse> {
    configuration.config.parent_use
}

/// What configurations must have in common for their workers to cost the same.
#[derive(PartialEq)]
struct Kind {
    who: String,
    ipc: Option<Method>,
    parent: (Option<u64>, Option<ParentUse>),
}

impl Kind {
    fn of(configuration: &Configuration) -> Self {
        let who = match (configuration.config.model, configuration.config.start) {
            (Model::Processes, Some(Start::Fork)) => "a forked process".to_owned(),
            (Model::Processes, Some(Start::Spawn)) => "a spawned process".to_owned(),
            (Model::Processes, Some(Start::Forkserver)) => "a process of a fork server".to_owned(),
            (Model::Processes, None) => "a process".to_owned(),
            (Model::Threads, _) => "a thread".to_owned(),
            (Model::Rayon, _) => "a work-stealing thread".to_owned(),
            (Model::Interpreters, _) => "a sub-interpreter".to_owned(),
            (_, Some(start)) => format!("a worker of {} ({})", configuration.model_shown(), start.word()),
            (_, None) => format!("a worker of {}", configuration.model_shown()),
        };
        Self {
            who,
            ipc: configuration.config.ipc,
            parent: (configuration.config.parent_memory, parent_use(configuration)),
        }
    }
    /// What sets it apart from others of the same name: what its parent holds and does, and the IPC method.
    fn apart(&self, all: &[(Kind, Vec<&Configuration>)]) -> String {
        let twins = || all.iter().map(|(kind, _)| kind).filter(|other| other.who == self.who);
        let mut words = String::new();
        if twins().any(|other| other.ipc != self.ipc) {
            words += &self.ipc.map_or(String::new(), |ipc| format!(" over {}", ipc.word().replace('_', " ")));
        }
        if twins().any(|other| other.parent.0 != self.parent.0) {
            words += &self.parent.0.map_or(String::new(), |bytes| format!(", parent {}", show_bytes(bytes)));
        }
        // A worker that reads its parent's memory is another thing than one that leaves it alone, beside others or not.
        match self.parent.1 {
            Some(ParentUse::Read) => words += " (memory read)",
            Some(other) if twins().any(|twin| twin.parent.1 != self.parent.1) => {
                words += &format!(" (memory {})", other.word());
            }
            _ => {}
        }
        words
    }
}

fn extremes(results: &Results, configurations: &[&Configuration]) -> String {
    let mut known: Vec<(&Configuration, f64)> = configurations
        .iter()
        .filter_map(|configuration| Some((*configuration, total(results, configuration.id)?)))
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
