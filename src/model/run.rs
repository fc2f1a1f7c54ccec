//! What every model has in common: the order it gets, what it leaves, and the edges of its phases.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::bench::ItemRunner;
use super::chain::Chain;
use super::stint::{WorkerTimes, monotonic, split};
use super::{Affinity, Config, Measure, Model};
use crate::ipc::IpcError;
use crate::record::{ItemTimes, Measurement, RunError, Usage};
use crate::reexec::Program;
use crate::setting::{Dispatch, Runtime};
use crate::task::{Fault, Job, Place, Settings, TaskError, Tasks, Topology};

/// One run to make: what, how, and until when.
pub struct RunContext<'a> {
    /// The registry.
    pub tasks: &'a Tasks,
    /// The program whose workers are started.
    pub program: &'a Program,
    /// What to do and how; also sent to workers.
    pub brief: JobSpec,
    /// When it must be over.
    pub deadline: Instant,
    /// What names of shared segments start with.
    pub prefix: String,
    /// Called where workers are copies of this process, once all of them were made: until then it has one thread.
    pub copied: &'a (dyn Fn() + Sync),
}

/// What a run is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Its times count: nothing is done beside the work.
    #[default]
    Timed,
    /// Every item is clocked, and every worker says where its time went.
    Profiling,
    /// The memory of its processes is read before and after the work.
    Memory,
}

/// The part of an order that crosses to worker processes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobSpec {
    /// The task's word.
    pub task: String,
    /// Its settings.
    pub settings: Settings,
    /// Seed of the items.
    pub seed: u64,
    /// How many items.
    pub items: u64,
    /// The round, from 0: where items arrive at a rate, each round draws arrival times of its own, the same for all
    /// configurations.
    #[serde(default)]
    pub round: u32,
    /// The trial's folder.
    pub folder: PathBuf,
    /// How the items are run.
    pub config: Config,
    /// What the run is made for.
    pub purpose: Purpose,
    /// What executes the items.
    #[serde(default)]
    pub runtime: Runtime,
    /// The program, where that is a CPython.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<PathBuf>,
    /// What goes wrong on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Whether a profiling run keeps its events for a timeline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trace: bool,
    /// Where the trial's server listens, where the task needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<SocketAddr>,
    /// What the stages of a pipeline do, in place of `task` and `settings`; empty where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageTask>,
}

/// What a stage of a pipeline does to every item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageTask {
    /// The task's word.
    pub task: String,
    /// Its settings.
    pub settings: Settings,
}

impl JobSpec {
    /// Prepares the job.
    ///
    /// # Errors
    /// What the task says.
    pub fn job(&self, tasks: &Tasks) -> Result<Box<dyn Job>, RunError> {
        if !self.stages.is_empty() {
            return Ok(Box::new(Chain::new(self, tasks)?));
        }
        let task = tasks
            .get(&self.task)
            .ok_or_else(|| RunError::Failed(format!("this program has no task `{}`", self.task)))?;
        task.prepare(&self.settings, &self.place()).map_err(RunError::from)
    }

    /// The same for one stage of a pipeline, from 0: what its worker processes are told.
    pub(super) fn of_stage(&self, stage: usize) -> Self {
        let StageTask { task, settings } = self.stages[stage].clone();
        // Stages that write files write them in folders of their own. Where none can be made, the task says so.
        let folder = self.folder.join(format!("stage{}", stage + 1));
        let _ = std::fs::create_dir(&folder);
        let config =
            self.config.stages.get(stage).map_or(Config::new(Model::Serial, self.config.measure), |way| Config {
                workers: Some(way.workers),
                ipc: way.ipc,
                dispatch: way.ipc.map(|_| Dispatch::Stream),
                in_flight: way.in_flight,
                wait: self.config.wait.filter(|_| way.ipc.is_some()),
                ..Config::new(way.model, self.config.measure)
            });
        Self { task, settings, folder, config, stages: Vec::new(), ..self.clone() }
    }

    /// Where and with what its job is prepared.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { seed: self.seed, items: self.items, folder: self.folder.clone(), server: self.server }
    }

    /// How the job's items hang together.
    #[must_use]
    pub fn topology(&self, tasks: &Tasks) -> Topology {
        tasks.get(&self.task).map(|task| task.topology(&self.settings)).unwrap_or_default()
    }

    /// How many workers there are; one where the model has none.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.config.workers.unwrap_or(1).max(1) as usize
    }

    pub(super) fn chunk(&self) -> u64 {
        u64::from(self.config.chunk.unwrap_or(1).max(1))
    }

    pub(super) fn affinity(&self) -> Affinity {
        self.config.affinity.unwrap_or(Affinity::Free)
    }

    /// Whether every item is clocked.
    #[must_use]
    pub fn profiling(&self) -> bool {
        self.purpose == Purpose::Profiling
    }

    /// Whether the memory of all processes is read.
    pub(super) fn weighs(&self) -> bool {
        self.purpose == Purpose::Memory
    }

    pub(super) fn warm(&self) -> bool {
        self.config.measure == Measure::Work
    }
}

impl From<TaskError> for RunError {
    fn from(error: TaskError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<IpcError> for RunError {
    fn from(error: IpcError) -> Self {
        match error {
            IpcError::Deadline => Self::TimedOut,
            IpcError::Protocol(detail) => Self::Protocol(detail),
            IpcError::ManagerGone => Self::WorkerDied { cause: "the manager process ended".into() },
            IpcError::Gone(_) | IpcError::Os { .. } => Self::Failed(error.to_string()),
        }
    }
}

impl Measurement {
    /// What is left of a run that cannot be made.
    pub(super) fn refused(order: &RunContext<'_>, why: &str) -> Self {
        Self { known: order.brief.items, trouble: Some(RunError::Failed(why.into())), ..Self::default() }
    }

    /// Splits the work phase, which ended at `end` on the monotonic clock, by what its workers clocked.
    pub(super) fn split_work(&mut self, brief: &JobSpec, stints: &[WorkerTimes], end: u64) {
        if brief.profiling() {
            self.spent = Some(split(stints, brief.workers(), self.phases[1].wall, end));
        }
    }

    /// Adds what a worker's bench has; gives what the worker clocked of its own time.
    pub(super) fn add(&mut self, bench: ItemRunner<'_>) -> WorkerTimes {
        self.done += bench.done;
        self.digest = self.digest.wrapping_add(bench.sum);
        self.first_item = self.first_item.max(bench.first_item);
        if let Some(clocked) = bench.clocked {
            self.times.get_or_insert_with(ItemTimes::default).add_all(&clocked);
        }
        bench.watch.map(|watch| watch.stint).unwrap_or_default()
    }
}

/// The clock and the usage of this process at the edges of phases, with that of programs that it ran to their end.
pub(super) struct PhaseTimer {
    /// When the first phase began.
    began: u64,
    /// Nanoseconds of the monotonic clock.
    wall: u64,
    usage: Usage,
    children: Usage,
    next: usize,
}

impl PhaseTimer {
    pub(super) fn start() -> Self {
        let wall = monotonic();
        let (usage, children) = (Usage::now(), Usage::of_children());
        Self { began: wall, usage, children, wall: monotonic(), next: 0 }
    }

    /// When the run began, in nanoseconds of the monotonic clock.
    pub(super) fn began(&self) -> u64 {
        self.began
    }

    /// Ends the current phase, as seen by this process; says when that was, on the monotonic clock.
    pub(super) fn edge(&mut self, ran: &mut Measurement) -> u64 {
        let children = Usage::of_children();
        let phase = &mut ran.phases[self.next];
        phase.add(children.since(self.children));
        self.children = children;
        self.edge_alone(ran)
    }

    /// The same without programs that it ran: where worker processes end, who say themselves what they used.
    pub(super) fn edge_alone(&mut self, ran: &mut Measurement) -> u64 {
        let wall = monotonic();
        let usage = Usage::now();
        let phase = &mut ran.phases[self.next];
        phase.wall += wall - self.wall;
        phase.add(usage.since(self.usage));
        self.next += 1;
        (self.usage, self.wall) = (usage, monotonic());
        wall
    }
}

/// A brief of a task with its defaults, for tests.
#[cfg(test)]
pub(crate) fn brief(task: &str, items: u64) -> JobSpec {
    JobSpec {
        task: task.into(),
        settings: Settings::default(),
        seed: 1,
        items,
        round: 0,
        folder: PathBuf::from("f"),
        config: Config::new(Model::Serial, Measure::Work),
        purpose: Purpose::Timed,
        runtime: Runtime::Native,
        interpreter: None,
        fault: None,
        trace: false,
        server: None,
        stages: Vec::new(),
    }
}

/// The words of a panic.
pub(super) fn panic_cause(payload: &(dyn std::any::Any + Send)) -> RunError {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
    RunError::WorkerDied { cause: format!("panic: {text}") }
}
