//! What is to be done: the task with its settings, how its items are run, and until when.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::record::RunError;
use crate::reexec::Program;
use crate::setting::{Affinity, Config, Dispatch, Measure, Model, Runtime};
use crate::task::{Fault, Job, Place, Settings, Tasks, Topology};

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
    /// What all trials of its workload are called, whose results must agree.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub workload: String,
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
    /// Variables that are added to the environment of everything that it starts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
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
    /// Prepares the job of a task. Stages of a pipeline are prepared one by one, each by its own [`JobSpec::of_stage`].
    ///
    /// # Errors
    /// What the task says.
    pub fn prepare(&self, tasks: &Tasks) -> Result<Box<dyn Job>, RunError> {
        let unknown = || RunError::Failed(format!("this program has no task `{}`", self.task));
        Ok(tasks.get(&self.task).ok_or_else(unknown)?.prepare(&self.settings, &self.place())?)
    }

    /// The work of one stage of a pipeline, from 0, as a job of its own.
    #[must_use]
    pub fn of_stage(&self, stage: usize) -> Self {
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

    /// Whether its job, or that of a stage, has something done around trials.
    #[must_use]
    pub fn acts_around(&self, tasks: &Tasks) -> bool {
        let acts = |task: &str, settings| tasks.get(task).is_some_and(|task| task.acts_around(settings));
        acts(&self.task, &self.settings) || self.stages.iter().any(|stage| acts(&stage.task, &stage.settings))
    }

    /// How many workers there are; one where the model has none.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.config.workers.unwrap_or(1).max(1) as usize
    }

    /// How many items a worker takes at once.
    #[must_use]
    pub fn chunk(&self) -> u64 {
        u64::from(self.config.chunk.unwrap_or(1).max(1))
    }

    /// Which cores the workers are bound to.
    #[must_use]
    pub fn affinity(&self) -> Affinity {
        self.config.affinity.unwrap_or(Affinity::Free)
    }

    /// Whether every item is clocked.
    #[must_use]
    pub fn profiling(&self) -> bool {
        self.purpose == Purpose::Profiling
    }

    /// Whether the memory of all processes is read.
    #[must_use]
    pub fn weighs(&self) -> bool {
        self.purpose == Purpose::Memory
    }

    /// Whether workers run an item unrecorded before the clock of the work starts.
    #[must_use]
    pub fn warm(&self) -> bool {
        self.config.measure == Measure::Work
    }
}

/// A brief of a task with its defaults, for tests.
#[cfg(test)]
pub(crate) fn brief(task: &str, items: u64) -> JobSpec {
    JobSpec {
        task: task.into(),
        settings: Settings::default(),
        workload: String::new(),
        seed: 1,
        items,
        round: 0,
        folder: PathBuf::from("f"),
        config: Config::new(Model::Serial, Measure::Work),
        purpose: Purpose::Timed,
        runtime: Runtime::Native,
        interpreter: None,
        environment: BTreeMap::new(),
        fault: None,
        trace: false,
        server: None,
        stages: Vec::new(),
    }
}
