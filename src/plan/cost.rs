//! What a plan will cost: exact counts of trials, and a rough time.

use super::{Cell, Group, Items, Plan};
use crate::ipc::{Dispatch, Method};
use crate::task::{Bound, Tasks};

/// What a plan costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Timed trials, with those of the A/A check.
    pub timed: u64,
    /// Instrumented trials.
    pub instrumented: u64,
    /// Memory trials.
    pub memory: u64,
    /// About how many seconds all of them take, with the calibration. It knows neither the machine nor the task: it
    /// is right to about a factor of two.
    pub seconds: f64,
}

impl Cost {
    /// All trials.
    #[must_use]
    pub fn trials(&self) -> u64 {
        self.timed + self.instrumented + self.memory
    }
}

/// The shortest trial that `items: auto` aims at, in seconds.
const TARGET: f64 = 0.1;
const QUICK_TARGET: f64 = 0.02;
/// Start and end of a host and its workers, beside what is measured.
const HOST: f64 = 0.012;
const PER_WORKER: f64 = 0.002;

/// Estimates the cost of a plan.
#[must_use]
pub fn estimate(plan: &Plan, tasks: &Tasks) -> Cost {
    let mut cost = Cost { timed: 0, instrumented: 0, memory: 0, seconds: 0.0 };
    for group in &plan.groups {
        let lengths = lengths(plan, group, tasks);
        for (id, length) in group.cells.iter().zip(lengths) {
            let cell = &plan.cells[*id];
            let timed = u64::from(plan.blocks) * if cell.checked { 2 } else { 1 };
            let (instrumented, memory) = (u64::from(plan.instrumented), u64::from(plan.memory));
            // A calibration is a trial or two of a cell, most of them shorter than the real ones.
            let trials = (timed + instrumented + memory) as f64 + 1.0;
            cost.timed += timed;
            cost.instrumented += instrumented;
            cost.memory += memory;
            cost.seconds += trials * (length + HOST + PER_WORKER * f64::from(cell.setup.workers.unwrap_or(0)));
        }
    }
    cost
}

/// About how long a trial of each cell takes, after rule 9.
fn lengths(plan: &Plan, group: &Group, tasks: &Tasks) -> Vec<f64> {
    let per_item: Vec<f64> = group.cells.iter().map(|id| item_seconds(plan, group, &plan.cells[*id], tasks)).collect();
    if let Items::Fixed(items) = group.items {
        return per_item.iter().map(|seconds| seconds * items as f64).collect();
    }
    let target = if plan.quick { QUICK_TARGET } else { TARGET };
    let fastest = per_item.iter().copied().fold(f64::INFINITY, f64::min);
    let fewest = group.cells.iter().map(|id| {
        let setup = &plan.cells[*id].setup;
        8.0 * f64::from(setup.workers.unwrap_or(1)) * f64::from(setup.chunk.unwrap_or(1))
    });
    let items = fewest.fold(target / fastest, f64::max);
    let longest = plan.timeout.as_secs_f64() / 4.0;
    let common: Vec<f64> = per_item.iter().map(|seconds| seconds * items).collect();
    // Where one count cannot suit all, each cell has its own and takes about the target.
    if common.iter().any(|seconds| *seconds > longest) { vec![target; per_item.len()] } else { common }
}

/// About how long an item takes, from what kind of work it is and what its way costs.
fn item_seconds(plan: &Plan, group: &Group, cell: &Cell, tasks: &Tasks) -> f64 {
    let setup = &cell.setup;
    let workers = f64::from(setup.workers.unwrap_or(1));
    let parallel = workers.min(plan.cores.into());
    let waits = group.settings.iter().map(|(name, _)| group.settings.duration(name)).map(|d| d.as_secs_f64());
    let is_duration = |name: &str| {
        let task = tasks.get(&group.task);
        task.is_some_and(|task| {
            task.settings()
                .iter()
                .any(|s| s.name == name && matches!(s.kind, crate::task::SettingKind::Duration { .. }))
        })
    };
    let waiting: f64 =
        group.settings.iter().zip(waits).filter(|((name, _), _)| is_duration(name)).map(|(_, seconds)| seconds).sum();
    let work = match group.bound {
        Bound::Computing => 5e-4 / parallel,
        Bound::Waiting => (if waiting > 0.0 { waiting } else { 1e-3 }) / workers,
        Bound::Moving => 3e-8,
    };
    work + carrying(setup.ipc, setup.dispatch, group.payload.unwrap_or(0))
        / f64::from(setup.chunk.unwrap_or(1)).min(64.0)
}

/// About what one message there and back costs.
fn carrying(method: Option<Method>, dispatch: Option<Dispatch>, payload: u64) -> f64 {
    let bytes = payload as f64;
    match (dispatch, method) {
        (None, _) => bytes * 1e-10,
        (Some(Dispatch::Table), _) => 5e-8 + bytes * 2e-10,
        (_, Some(Method::SharedMemory)) => 2e-6 + bytes * 5e-10,
        (_, Some(Method::Pipe) | None) => 8e-6 + bytes * 8e-10,
        (_, Some(Method::Queue)) => 1.5e-5 + bytes * 1.5e-9,
        (_, Some(Method::Manager)) => 3e-5 + bytes * 2e-9,
    }
}
