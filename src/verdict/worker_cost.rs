//! What one worker more costs in memory, by its kind.

use crate::results::{Configuration, ConfigurationEstimate, Kind as TrialKind, Results};
use crate::setting::{Method, Model, ParentUse, Start};
use crate::text::show_bytes;

/// What workers of one kind cost each.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerCost {
    /// `a thread`, `a forked process`.
    pub who: String,
    /// Bytes that one worker more costs.
    pub bytes: f64,
}

/// Bytes that all processes of a configuration occupied, shared pages counted once; `None` where nobody read them.
#[must_use]
pub fn memory_in_all(estimates: &[ConfigurationEstimate], configuration: usize) -> Option<f64> {
    Some(estimates.get(configuration)?.memory?.pss).filter(|pss| pss.is_finite() && *pss > 0.0)
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

fn reading(results: &Results, estimates: &[ConfigurationEstimate], configuration: &Configuration) -> Option<Reading> {
    let middle = memory_in_all(estimates, configuration.id)?;
    let own = results
        .trials
        .iter()
        .filter(|trial| trial.configuration == configuration.id && trial.kind == TrialKind::Memory && trial.ok());
    let read = own.filter_map(|trial| Some(trial.details.memory.as_ref()?.after.pss as f64));
    let (low, high) = read.fold((middle, middle), |(low, high), pss| (low.min(pss), high.max(pss)));
    let count = estimates.get(configuration.id)?.memory?.trials;
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
#[must_use]
pub fn worker_costs(
    results: &Results,
    estimates: &[ConfigurationEstimate],
    configurations: &[&Configuration],
) -> Vec<WorkerCost> {
    let mut kinds: Vec<(Kind, Vec<&Configuration>)> = Vec::new();
    for configuration in configurations.iter().filter(|configuration| configuration.config.workers.is_some()) {
        let kind = Kind::of(configuration);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, own)) => own.push(configuration),
            None => kinds.push((kind, vec![configuration])),
        }
    }
    let mut costs: Vec<WorkerCost> = Vec::new();
    for (kind, own) in &kinds {
        let known: Vec<Reading> =
            own.iter().filter_map(|configuration| reading(results, estimates, configuration)).collect();
        let by_count = |a: &Reading, b: &Reading| a.workers.total_cmp(&b.workers);
        let Some(most) = known.iter().copied().max_by(by_count) else { continue };
        let alone = configurations.iter().find(|configuration| {
            configuration.config.workers.is_none()
                && kind.parent == (configuration.config.parent_memory, parent_use(configuration))
        });
        let least = alone
            .and_then(|configuration| reading(results, estimates, configuration))
            .or_else(|| known.iter().copied().min_by(by_count));
        let Some(bytes) = least.and_then(|least| by_worker(&least, &most)) else { continue };
        let who = format!("{}{}", kind.who, kind.apart(&kinds));
        costs.push(WorkerCost { who, bytes });
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
