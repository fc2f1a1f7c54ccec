//! What a plan will cost: exact counts of trials, and a rough time.

use super::{Cell, Group, Items, Plan, items_at_rate};
use crate::setting::{Config, Dispatch, FaultKind, Measure, Method, Model, Runtime, Start};
use crate::task::{Bound, Effort, Tasks};

/// What a plan costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Timed trials, with those of the A/A check.
    pub timed: u64,
    /// Instrumented trials.
    pub instrumented: u64,
    /// Memory trials.
    pub memory: u64,
    /// About how many seconds all of them take, with the calibration and the right replies. It knows what tasks say of
    /// their items, but not the machine: it is seldom off by more than a factor of three.
    pub seconds: f64,
}

impl Cost {
    /// All trials.
    #[must_use]
    pub fn trials(&self) -> u64 {
        self.timed + self.instrumented + self.memory
    }
}

/// The shortest trial that `items: auto` aims at, in seconds, and how much longer one in CPython is: as the calibration.
const TARGET: f64 = 0.12;
const QUICK_TARGET: f64 = 0.03;
const IN_PYTHON: f64 = 3.0;
/// Start and end of a host and its workers, beside what is measured; a CPython takes longer to start and to end.
const HOST: f64 = 0.02;
const PYTHON_HOST: f64 = 0.12;
const PER_WORKER: f64 = 0.002;
/// The same for a worker that begins with a CPython of its own, or as a copy of a server that has imported nothing of it.
const PER_SPAWNED_PYTHON: f64 = 0.05;
const PER_SERVED_PYTHON: f64 = 0.01;
/// How much longer trials with clocks around every item are, and how long memory is read for.
const CLOCKS: f64 = 1.1;
const WEIGHING: f64 = 0.02;

/// Estimates the cost of a plan.
#[must_use]
pub fn estimate(plan: &Plan, tasks: &Tasks) -> Cost {
    let mut cost = Cost { timed: 0, instrumented: 0, memory: 0, seconds: 0.0 };
    for group in &plan.groups {
        let efforts: Vec<Item> = group.cells.iter().map(|id| item(plan, group, &plan.cells[*id], tasks)).collect();
        let counts = counts(plan, group, &efforts);
        for ((id, item), count) in group.cells.iter().zip(&efforts).zip(&counts) {
            let cell = &plan.cells[*id];
            let timed = u64::from(plan.rounds) * if cell.checked { 2 } else { 1 };
            let (instrumented, memory) = (u64::from(plan.instrumented_of(*id)), u64::from(plan.memory_of(*id)));
            cost.timed += timed;
            cost.instrumented += instrumented;
            cost.memory += memory;
            let around = around(group, cell, item);
            let length = length(plan, group, item, *count);
            cost.seconds += (timed + instrumented + memory) as f64 * (around + length)
                + instrumented as f64 * length * (CLOCKS - 1.0)
                + memory as f64 * WEIGHING;
            if group.items == Items::Auto {
                // Two or three short trials tell how long an item takes, each about a third of the real ones.
                cost.seconds += 2.5 * around + length.min(plan.timeout.as_secs_f64()) * 0.8;
            }
        }
        cost.seconds += references(group, &efforts, counts);
    }
    cost
}

/// What is around the work of a trial: a host, its workers, and the items with which they warm up.
fn around(group: &Group, cell: &Cell, item: &Item) -> f64 {
    let host = if group.interpreter.is_some() { PYTHON_HOST } else { HOST };
    let config = &cell.config;
    let workers = if config.stages.is_empty() { config.workers.unwrap_or(0) } else { config.all_workers() };
    let (workers, chunk) = (f64::from(workers), f64::from(config.chunk.unwrap_or(1)));
    let warm = if group.measure == Measure::Work { item.seconds * workers.max(1.0) * chunk } else { 0.0 };
    let per_worker = match config.start {
        Some(Start::Spawn) if group.interpreter.is_some() => PER_SPAWNED_PYTHON,
        Some(Start::Forkserver) if group.interpreter.is_some() => PER_SERVED_PYTHON,
        _ => PER_WORKER,
    };
    host + per_worker * workers + warm
}

/// The work of a trial, which nobody waits for longer than for the timeout.
fn length(plan: &Plan, group: &Group, item: &Item, count: f64) -> f64 {
    let timeout = plan.timeout.as_secs_f64();
    if group.fault.is_some_and(|fault| fault.kind == FaultKind::Hang) {
        return timeout;
    }
    // What comes at a rate takes at least as long as it takes to come.
    let coming = group.rate.map_or(0.0, |rate| count / f64::from(rate));
    (item.seconds * count).max(coming).min(timeout)
}

/// The right replies are computed once for every number of items, one after the other and without waiting.
fn references(group: &Group, efforts: &[Item], mut counts: Vec<f64>) -> f64 {
    counts.sort_by(f64::total_cmp);
    counts.dedup();
    let alone = efforts.first().map_or(0.0, |item| item.alone);
    let host = if group.users_code { PYTHON_HOST } else { HOST };
    counts.iter().map(|count| host + count * alone).sum()
}

/// How many items a trial of each cell has, after methodology, rule 9.
fn counts(plan: &Plan, group: &Group, efforts: &[Item]) -> Vec<f64> {
    if let Items::Fixed(items) = group.items {
        return vec![items as f64; efforts.len()];
    }
    if let Some(rate) = group.rate {
        return vec![items_at_rate(rate, plan.quick) as f64; efforts.len()];
    }
    let slower = if group.interpreter.is_some() { IN_PYTHON } else { 1.0 };
    let target = slower * if plan.quick { QUICK_TARGET } else { TARGET };
    let fastest = efforts.iter().map(|item| item.seconds).fold(f64::INFINITY, f64::min);
    let slowest = efforts.iter().map(|item| item.seconds).fold(0.0, f64::max);
    let fewest = |id: &usize| {
        let config = &plan.cells[*id].config;
        8.0 * f64::from(config.workers.unwrap_or(1)) * f64::from(config.chunk.unwrap_or(1))
    };
    let common = group.cells.iter().map(fewest).fold(target / fastest, f64::max);
    if common * slowest <= plan.timeout.as_secs_f64() / 4.0 {
        return vec![common; efforts.len()];
    }
    // Where one count cannot suit all, each cell has its own and takes about the target.
    group.cells.iter().zip(efforts).map(|(id, item)| (target / item.seconds).max(fewest(id))).collect()
}

/// About what an item takes.
struct Item {
    /// Seconds of a trial for every item of it.
    seconds: f64,
    /// Seconds of one core in Rust, without waits.
    alone: f64,
}

/// About how long an item takes, from what its task says and what its way costs.
fn item(plan: &Plan, group: &Group, cell: &Cell, tasks: &Tasks) -> Item {
    let config = &cell.config;
    if !group.stages.is_empty() {
        return staged(plan, group, config, tasks);
    }
    let known = tasks.get(&group.task).and_then(|task| task.effort(&group.settings));
    let effort = known.unwrap_or(match group.bound {
        Bound::Computing => Effort::computing(5e-4),
        Bound::Waiting => Effort::waiting(1e-3),
        Bound::Moving => Effort::computing(3e-8),
    });
    let workers = match config.model {
        Model::Async => f64::from(config.concurrency.unwrap_or(1)),
        _ => f64::from(config.workers.unwrap_or(1)),
    };
    let locked = match group.runtime {
        Runtime::Native => false,
        Runtime::GilEmulation => true,
        Runtime::Python => group.interpreter.as_ref().is_none_or(|found| found.gil),
    };
    let one_at_a_time = match config.model {
        Model::Serial | Model::Async => true,
        Model::Pipeline => false,
        Model::Threads | Model::Rayon | Model::ThreadPool | Model::ThreadPoolExecutor => {
            locked && effort.held.is_some()
        }
        Model::Processes
        | Model::Pool
        | Model::ProcessPoolExecutor
        | Model::Interpreters
        | Model::InterpreterPoolExecutor => false,
    };
    let parallel = if one_at_a_time { 1.0 } else { workers.min(plan.cores.into()) };
    let python = group.runtime == Runtime::Python;
    let slower = effort.held.filter(|_| python).unwrap_or(1.0);
    // Whatever it does, CPython takes a few microseconds for each item.
    let overhead = if python { 3e-6 } else { 0.0 };
    let work = (effort.computing * slower + overhead) / parallel + effort.waiting / workers;
    let message =
        carrying(config.ipc, config.dispatch, group.payload.unwrap_or(0)) + if python { 2.0 * overhead } else { 0.0 };
    Item { seconds: work + message / f64::from(config.chunk.unwrap_or(1)).min(64.0), alone: effort.computing }
}

/// The same for an item that passes through stages: as fast as the slowest of them, and as the cores can compute it.
fn staged(plan: &Plan, group: &Group, config: &Config, tasks: &Tasks) -> Item {
    let (mut slowest, mut alone, mut all) = (0.0f64, 0.0, 0.0);
    for (at, work) in group.stages.iter().enumerate() {
        let task = tasks.get(&work.task);
        let known = task.and_then(|task| task.effort(&work.settings));
        let effort = known.unwrap_or(match task.map(|task| task.bound()) {
            Some(Bound::Waiting) => Effort::waiting(1e-3),
            Some(Bound::Moving) => Effort::computing(3e-8),
            _ => Effort::computing(5e-4),
        });
        alone += effort.computing;
        all += effort.computing + effort.waiting;
        if let Some(way) = config.stages.get(at) {
            let one = effort.computing + effort.waiting + carrying(way.ipc, way.ipc.map(|_| Dispatch::Stream), 0);
            slowest = slowest.max(one / f64::from(way.workers));
        }
    }
    let seconds = if config.stages.is_empty() { all } else { slowest.max(alone / f64::from(plan.cores.max(1))) };
    Item { seconds, alone }
}

/// About what one message there and back costs.
fn carrying(method: Option<Method>, dispatch: Option<Dispatch>, payload: u64) -> f64 {
    let bytes = payload as f64;
    match (dispatch, method) {
        (None, _) => bytes * 1e-10,
        (Some(Dispatch::Claim), _) => 5e-8 + bytes * 2e-10,
        (_, Some(Method::SharedMemory)) => 2e-6 + bytes * 5e-10,
        (_, Some(Method::Pipe) | None) => 8e-6 + bytes * 8e-10,
        (_, Some(Method::Queue)) => 1.5e-5 + bytes * 1.5e-9,
        (_, Some(Method::Manager)) => 3e-5 + bytes * 2e-9,
    }
}
