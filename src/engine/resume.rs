//! The trials of a plan in the order in which they run, and how much of them an earlier run left done.

use crate::plan::{Plan, round_order};
use crate::results::{Finished, Head, JournalContents, Kind};

/// One trial that is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduledTrial {
    /// The configuration.
    pub configuration: usize,
    /// The round.
    pub round: u32,
    /// What it is run for.
    pub kind: Kind,
    /// Whether it is the other run of a checked configuration.
    pub duplicate: bool,
}

/// Every trial of a plan, in order. It follows from the plan alone, so that a run can be continued, and the order of a run
/// be found again from what its results file says of the scenario, the seed and the options.
#[must_use]
pub fn schedule(plan: &Plan) -> Vec<ScheduledTrial> {
    let mut all = Vec::new();
    for round in 0..plan.rounds {
        for workload in 0..plan.workloads.len() {
            let entries = round_order(plan, workload, round).into_iter();
            all.extend(entries.map(|e| ScheduledTrial {
                configuration: e.configuration,
                round,
                kind: Kind::Timed,
                duplicate: e.duplicate,
            }));
        }
    }
    for (kind, rounds) in [(Kind::Profiling, plan.profiling), (Kind::Memory, plan.memory)] {
        for round in 0..rounds {
            let of = |configuration| {
                if kind == Kind::Memory { plan.memory_of(configuration) } else { plan.profiling_of(configuration) }
            };
            let configurations = (0..plan.configurations.len()).filter(|configuration| round < of(*configuration));
            all.extend(configurations.map(|configuration| ScheduledTrial {
                configuration,
                round,
                kind,
                duplicate: false,
            }));
        }
    }
    all
}

/// What is done of a plan, found to fit it.
#[derive(Debug)]
pub struct Resumed {
    pub(super) head: Head,
    pub(super) items: Option<Vec<u64>>,
    pub(super) finished: Vec<Finished>,
    pub(super) resumed: u32,
}

impl Resumed {
    /// How many trials are done.
    #[must_use]
    pub fn done(&self) -> usize {
        self.finished.len()
    }
}

/// Takes what an earlier run of the same plan left, its head having been found to agree.
///
/// # Errors
/// In words, where its trials are not the first ones of the plan.
pub fn continued(plan: &Plan, left: JournalContents) -> Result<Resumed, String> {
    let planned = schedule(plan);
    if left.finished.len() > planned.len() {
        return Err(format!("{} trials, where {} are planned", left.finished.len(), planned.len()));
    }
    for (finished, planned) in left.finished.iter().zip(&planned) {
        let trial = &finished.trial;
        let found = ScheduledTrial {
            configuration: trial.configuration,
            round: trial.round,
            kind: trial.kind,
            duplicate: trial.duplicate,
        };
        if found != *planned {
            return Err(format!("trial {} is not the one that is planned there", trial.order));
        }
    }
    match &left.items {
        None if !left.finished.is_empty() => return Err("trials without item counts".into()),
        Some(items) if items.len() != plan.configurations.len() => {
            return Err(format!("{} item counts for {} configurations", items.len(), plan.configurations.len()));
        }
        _ => {}
    }
    Ok(Resumed { head: left.head, items: left.items, finished: left.finished, resumed: left.resumed + 1 })
}
