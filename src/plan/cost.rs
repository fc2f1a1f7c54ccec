//! What a plan will cost: exact counts of trials, and a rough time.

use super::{CHECKED_EVERY, Configuration, Items, Plan, Workload, items_at_rate};
use crate::setting::{Config, Dispatch, FaultKind, Measure, Method, Model, Runtime, Start};
use crate::task::{Bound, Effort, Tasks};

/// What a plan costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Timed trials, with those of the A/A check: as few as it may take, and as many.
    pub timed: (u64, u64),
    /// Profiling trials.
    pub profiling: u64,
    /// Memory trials.
    pub memory: u64,
    /// About how many seconds all of them take, with the calibration and the right replies. It knows what tasks say of
    /// their items, but not the machine: it is seldom off by more than a factor of three.
    pub seconds: (f64, f64),
}

/// The shortest trial that `items: auto` aims at, in seconds, and how much longer one in CPython is: as the calibration.
const TARGET: f64 = 0.04;
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

/// Seconds that lie at least between the first and the last round, and the fewest rounds after which anything is decided.
const SPAN: f64 = 10.0;
const FEWEST_LOOKED_AT: f64 = 8.0;
/// Trials of each configuration that choose the number of items, of about the length of the others.
const CALIBRATIONS: f64 = 4.0;

/// Estimates the cost of a plan.
#[must_use]
pub fn estimate(plan: &Plan, tasks: &Tasks) -> Cost {
    let mut cost = Cost { timed: (0, 0), profiling: 0, memory: 0, seconds: (0.0, 0.0) };
    // Of each workload: timed trials of a round, and about how long a round takes.
    let mut rounds: Vec<(f64, f64)> = Vec::new();
    let mut apart = 0.0;
    for workload in &plan.workloads {
        let efforts: Vec<Item> =
            workload.configurations.iter().map(|id| item(plan, workload, &plan.configurations[*id], tasks)).collect();
        let counts = counts(plan, workload, &efforts);
        let mut round = (0.0, 0.0);
        for ((id, item), count) in workload.configurations.iter().zip(&efforts).zip(&counts) {
            let configuration = &plan.configurations[*id];
            let second = if plan.rounds.is_some() { 1.0 } else { 1.0 / f64::from(CHECKED_EVERY) };
            let timed = if configuration.checked { 1.0 + second } else { 1.0 };
            let (profiling, memory) = (u64::from(plan.profiling_of(*id)), u64::from(plan.memory_of(*id)));
            cost.profiling += profiling;
            cost.memory += memory;
            let around = around(workload, configuration, item);
            let length = length(plan, workload, item, *count);
            round = (round.0 + timed, round.1 + timed * (around + length));
            apart += (profiling + memory) as f64 * (around + length)
                + profiling as f64 * length * (CLOCKS - 1.0)
                + memory as f64 * WEIGHING;
            if workload.items == Items::Auto {
                apart += CALIBRATIONS * (around + length.min(plan.timeout.as_secs_f64()));
            }
        }
        rounds.push(round);
        apart += references(workload, &efforts, counts);
    }
    let together: f64 = rounds.iter().map(|(_, seconds)| seconds).sum();
    for (trials, seconds) in rounds {
        let (least, most) = match plan.rounds {
            Some(fixed) => (f64::from(fixed), f64::from(fixed)),
            None => auto(seconds, together, plan.budget.as_secs_f64()),
        };
        cost.timed.0 += (trials * least).ceil() as u64;
        cost.timed.1 += (trials * most).ceil() as u64;
        cost.seconds.0 += seconds * least;
        cost.seconds.1 += seconds * most;
    }
    cost.seconds = (cost.seconds.0 + apart, cost.seconds.1 + apart);
    cost
}

/// The fewest and the most rounds of a workload that runs until it is answered: a few at least, over ten seconds that all
/// workloads share; and what the budget allows.
fn auto(round: f64, together: f64, budget: f64) -> (f64, f64) {
    let least = (SPAN / together.max(1e-3)).ceil().max(FEWEST_LOOKED_AT);
    let most = (budget / round.max(1e-3)).ceil().max(FEWEST_LOOKED_AT);
    (least.min(most), most)
}

/// What is around the work of a trial: a host, its workers, and the items with which they warm up.
fn around(workload: &Workload, configuration: &Configuration, item: &Item) -> f64 {
    let host = if workload.interpreter.is_some() { PYTHON_HOST } else { HOST };
    let config = &configuration.config;
    let workers = if config.stages.is_empty() { config.workers.unwrap_or(0) } else { config.all_workers() };
    let (workers, chunk) = (f64::from(workers), f64::from(config.chunk.unwrap_or(1)));
    let warm = if workload.measure == Measure::Work { item.seconds * workers.max(1.0) * chunk } else { 0.0 };
    let per_worker = match config.start {
        Some(Start::Spawn) if workload.interpreter.is_some() => PER_SPAWNED_PYTHON,
        Some(Start::Forkserver) if workload.interpreter.is_some() => PER_SERVED_PYTHON,
        _ => PER_WORKER,
    };
    host + per_worker * workers + warm
}

/// The work of a trial, which nobody waits for longer than for the timeout.
fn length(plan: &Plan, workload: &Workload, item: &Item, count: f64) -> f64 {
    let timeout = plan.timeout.as_secs_f64();
    if workload.fault.is_some_and(|fault| fault.kind == FaultKind::Hang) {
        return timeout;
    }
    // What comes at a rate takes at least as long as it takes to come.
    let coming = workload.rate.map_or(0.0, |rate| count / f64::from(rate));
    (item.seconds * count).max(coming).min(timeout)
}

/// The right replies are computed once for every number of items, one after the other and without waiting.
fn references(workload: &Workload, efforts: &[Item], mut counts: Vec<f64>) -> f64 {
    counts.sort_by(f64::total_cmp);
    counts.dedup();
    let alone = efforts.first().map_or(0.0, |item| item.alone);
    let host = if workload.users_code { PYTHON_HOST } else { HOST };
    counts.iter().map(|count| host + count * alone).sum()
}

/// How many items a trial of each configuration has, after methodology, rule 9.
fn counts(plan: &Plan, workload: &Workload, efforts: &[Item]) -> Vec<f64> {
    if let Items::Fixed(items) = workload.items {
        return vec![items as f64; efforts.len()];
    }
    if let Some(rate) = workload.rate {
        return vec![items_at_rate(rate, plan.quick) as f64; efforts.len()];
    }
    let slower = if workload.interpreter.is_some() { IN_PYTHON } else { 1.0 };
    let target = slower * if plan.quick { QUICK_TARGET } else { TARGET };
    let fastest = efforts.iter().map(|item| item.seconds).fold(f64::INFINITY, f64::min);
    let slowest = efforts.iter().map(|item| item.seconds).fold(0.0, f64::max);
    let fewest = |id: &usize| {
        let config = &plan.configurations[*id].config;
        8.0 * f64::from(config.workers.unwrap_or(1)) * f64::from(config.chunk.unwrap_or(1))
    };
    let common = workload.configurations.iter().map(fewest).fold(target / fastest, f64::max);
    if common * slowest <= plan.timeout.as_secs_f64() / 4.0 {
        return vec![common; efforts.len()];
    }
    // Where one count cannot suit all, each configuration has its own and takes about the target.
    workload.configurations.iter().zip(efforts).map(|(id, item)| (target / item.seconds).max(fewest(id))).collect()
}

/// About what an item takes.
struct Item {
    /// Seconds of a trial for every item of it.
    seconds: f64,
    /// Seconds of one core in Rust, without waits.
    alone: f64,
}

/// About how long an item takes, from what its task says and what its way costs.
fn item(plan: &Plan, workload: &Workload, configuration: &Configuration, tasks: &Tasks) -> Item {
    let config = &configuration.config;
    if !workload.stages.is_empty() {
        return staged(plan, workload, config, tasks);
    }
    let known = tasks.get(&workload.task).and_then(|task| task.effort(&workload.settings));
    let effort = known.unwrap_or(match workload.bound {
        Bound::Computing => Effort::computing(5e-4),
        Bound::Waiting => Effort::waiting(1e-3),
        Bound::Moving => Effort::computing(3e-8),
    });
    let workers = match config.model {
        Model::Async => f64::from(config.concurrency.unwrap_or(1)),
        _ => f64::from(config.workers.unwrap_or(1)),
    };
    let locked = match workload.runtime {
        Runtime::Native => false,
        Runtime::GilEmulation => true,
        Runtime::Python => workload.interpreter.as_ref().is_none_or(|found| found.gil),
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
    let python = workload.runtime == Runtime::Python;
    let slower = effort.held.filter(|_| python).unwrap_or(1.0);
    // Whatever it does, CPython takes a few microseconds for each item.
    let overhead = if python { 3e-6 } else { 0.0 };
    let work = (effort.computing * slower + overhead) / parallel + effort.waiting / workers;
    let message = carrying(config.ipc, config.dispatch, workload.payload.unwrap_or(0))
        + if python { 2.0 * overhead } else { 0.0 };
    Item { seconds: work + message / f64::from(config.chunk.unwrap_or(1)).min(64.0), alone: effort.computing }
}

/// The same for an item that passes through stages: as fast as the slowest of them, and as the cores can compute it.
fn staged(plan: &Plan, workload: &Workload, config: &Config, tasks: &Tasks) -> Item {
    let (mut slowest, mut alone, mut all) = (0.0f64, 0.0, 0.0);
    for (at, work) in workload.stages.iter().enumerate() {
        let task = tasks.get(&work.task);
        let known = task.and_then(|task| task.effort(&work.settings));
        let effort = known.unwrap_or(match task.map(|task| task.bound()) {
            Some(Bound::Waiting) => Effort::waiting(1e-3),
            Some(Bound::Moving) => Effort::computing(3e-8),
            _ => Effort::computing(5e-4),
        });
        alone += effort.computing;
        all += effort.computing + effort.waiting;
        if let Some(stage) = config.stages.get(at) {
            let one = effort.computing + effort.waiting + carrying(stage.ipc, stage.ipc.map(|_| Dispatch::Stream), 0);
            slowest = slowest.max(one / f64::from(stage.workers));
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
