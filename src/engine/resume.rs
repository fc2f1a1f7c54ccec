//! The trials of a plan in the order in which they run, and how much of them an earlier run left done.

use crate::plan::{Plan, block_order};
use crate::results::{Finished, Head, Kind, Left};

/// One trial that is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The cell.
    pub cell: usize,
    /// The block.
    pub block: u32,
    /// What it is run for.
    pub kind: Kind,
    /// Whether it is the other run of a checked cell.
    pub duplicate: bool,
}

/// Every trial of a plan, in order. It follows from the plan alone, so that a run can be continued, and the order of a run
/// be found again from what its results file says of the scenario, the seed and the options.
#[must_use]
pub fn schedule(plan: &Plan) -> Vec<Planned> {
    let mut all = Vec::new();
    for block in 0..plan.blocks {
        for group in 0..plan.groups.len() {
            let entries = block_order(plan, group, block).into_iter();
            all.extend(entries.map(|e| Planned { cell: e.cell, block, kind: Kind::Timed, duplicate: e.duplicate }));
        }
    }
    for (kind, rounds) in [(Kind::Instrumented, plan.instrumented), (Kind::Memory, plan.memory)] {
        for block in 0..rounds {
            let of = |cell| if kind == Kind::Memory { plan.memory_of(cell) } else { plan.instrumented_of(cell) };
            let cells = (0..plan.cells.len()).filter(|cell| block < of(*cell));
            all.extend(cells.map(|cell| Planned { cell, block, kind, duplicate: false }));
        }
    }
    all
}

/// What is done of a plan, found to fit it.
#[derive(Debug)]
pub struct Continued {
    pub(super) head: Head,
    pub(super) items: Option<Vec<u64>>,
    pub(super) finished: Vec<Finished>,
    pub(super) resumed: u32,
}

impl Continued {
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
pub fn continued(plan: &Plan, left: Left) -> Result<Continued, String> {
    let planned = schedule(plan);
    if left.finished.len() > planned.len() {
        return Err(format!("{} trials, where {} are planned", left.finished.len(), planned.len()));
    }
    for (finished, planned) in left.finished.iter().zip(&planned) {
        let trial = &finished.trial;
        let found = Planned { cell: trial.cell, block: trial.block, kind: trial.kind, duplicate: trial.duplicate };
        if found != *planned {
            return Err(format!("trial {} is not the one that is planned there", trial.order));
        }
    }
    match &left.items {
        None if !left.finished.is_empty() => return Err("trials without item counts".into()),
        Some(items) if items.len() != plan.cells.len() => {
            return Err(format!("{} item counts for {} cells", items.len(), plan.cells.len()));
        }
        _ => {}
    }
    Ok(Continued { head: left.head, items: left.items, finished: left.finished, resumed: left.resumed + 1 })
}
