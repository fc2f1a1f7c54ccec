//! The configurations of a pipeline: every combination over all its stages, and the one thread that does without stages.

use super::build::{Builder, every};
use super::matrix::WorkloadKey;
use super::{Items, Workload};
use crate::model::StageTask;
use crate::scenario::{Fault, Pipeline, StageChoice};
use crate::setting::{Config, MOST_WORKERS, Measure, Model, Setting, SettingKind, StageConfig, Value};
use crate::task::{Bound, Settings, Task, Tasks, Topology};
use crate::text::{plural, show_bytes};

/// What workloads of pipelines have in the place of a task's word.
pub(super) const PIPELINE: &str = "pipeline";

impl Builder<'_> {
    pub(super) fn pipeline(&mut self, pipeline: &Pipeline, tasks: &Tasks) {
        let mut works: Vec<Vec<StageTask>> = vec![Vec::new()];
        for (at, stage) in pipeline.stages.iter().enumerate() {
            let Some(task) = tasks.get(&stage.task) else { return };
            if task.needs_permission() && !self.options.allow_commands {
                let what = format!("stage {}, {}", at + 1, task.name());
                self.want(what, "needs --allow-commands: it runs what the scenario names");
                return;
            }
            let possible: Vec<StageTask> = every(&stage.settings)
                .into_iter()
                .filter(|settings| self.can_be_a_stage(stage, task, settings))
                .map(|settings| StageTask { task: stage.task.clone(), settings })
                .collect();
            works = product(&works, &possible);
        }
        let configs = self.configs_of_stages(pipeline);
        for work in &works {
            for items in &pipeline.items.values {
                let common = common(work, *items, tasks);
                let workload = |id| workload_of(id, work, &common, tasks);
                let base = |model| Config { items: common.config.items, ..Config::new(model, Measure::Work) };
                self.put(&common, None, base(Model::Serial), workload);
                for stages in &configs {
                    let all = stages.iter().map(|stage| stage.workers).fold(0, u32::saturating_add);
                    if all > MOST_WORKERS {
                        let why = format!("a configuration has at most {MOST_WORKERS} workers, all stages together");
                        self.skip(format!("pipelines of {all} workers"), &why);
                        continue;
                    }
                    for queue in &pipeline.queue.values {
                        if !self.has_memory_for(work, stages, *queue, tasks) {
                            continue;
                        }
                        let config = Config { stages: stages.clone(), queue: Some(*queue), ..base(Model::Pipeline) };
                        self.put(&common, None, config, workload);
                    }
                }
            }
        }
    }

    /// Whether what can be in the queues and with workers at once fits into free memory, as far as sizes are known; skips the
    /// way where not.
    fn has_memory_for(&mut self, work: &[StageTask], stages: &[StageConfig], queue: u32, tasks: &Tasks) -> bool {
        let largest = work.iter().enumerate().map(|(at, stage)| bytes_of(stage, at, tasks)).max().unwrap_or(0);
        let waiting = u64::from(queue) * (stages.len() as u64 - 1);
        // A worker holds what came and what it makes of it; what is on its way to a process is held by both sides.
        let held = |config: &StageConfig| {
            2 * u64::from(config.workers) * u64::from(config.in_flight.map_or(1, |count| 1 + count))
        };
        let needed = largest.saturating_mul(waiting + stages.iter().map(held).sum::<u64>());
        let Some(free) = self.options.memory.filter(|free| needed > *free) else { return true };
        let why = format!("{} can be under way at once, and {} are free", show_bytes(needed), show_bytes(free));
        self.skip(format!("a pipeline with a queue of {}", plural(u64::from(queue), "item")), &why);
        false
    }

    /// Whether a task's items can pass through a stage one by one; reports where not.
    fn can_be_a_stage(&mut self, stage: &StageChoice, task: &dyn Task, settings: &Settings) -> bool {
        let name = task.name();
        let fault = match (task.check(settings), task.topology(settings)) {
            (Err(why), _) => Fault::new(why, "see `runner list` for its settings"),
            (_, Topology::Dynamic { .. } | Topology::Iterations { .. } | Topology::FanIn) => Fault::new(
                format!("the items of `{name}` depend on each other, so they cannot pass through a stage one by one"),
                "name another task",
            ),
            _ if task.is_users_code() || task.needs_server() || task.needs_numpy(settings) => Fault::new(
                format!("`{name}` needs more than a stage can give it"),
                "stages run natively and have no server: name another task",
            ),
            _ => return true,
        };
        let problem = fault.at(&self.scenario.text, &stage.place);
        if !self.problems.list().contains(&&problem) {
            self.problems.push(problem);
        }
        false
    }

    /// Every combination of how the stages are run.
    fn configs_of_stages(&mut self, pipeline: &Pipeline) -> Vec<Vec<StageConfig>> {
        let mut all = vec![Vec::new()];
        for stage in &pipeline.stages {
            let counts = self.counts(&stage.workers);
            let mut configs: Vec<StageConfig> = Vec::new();
            for model in &stage.model.values {
                let threads = |workers| StageConfig { model: Model::Threads, workers, ipc: None, in_flight: None };
                match model {
                    Model::Processes => {
                        for (ipc, in_flight) in stage.ipc.values.iter().flat_map(|ipc| {
                            stage.in_flight.values.iter().map(move |in_flight| (Some(*ipc), Some(*in_flight)))
                        }) {
                            let config =
                                |workers: &u32| StageConfig { model: *model, workers: *workers, ipc, in_flight };
                            configs.extend(counts.iter().map(config));
                        }
                    }
                    Model::Serial => configs.push(threads(1)),
                    _ => configs.extend(counts.iter().copied().map(threads)),
                }
            }
            let mut known = Vec::new();
            configs.retain(|config| {
                !known.contains(config) && {
                    known.push(config.clone());
                    true
                }
            });
            all = product(&all, &configs);
        }
        all
    }
}

/// Settings that stage `at`, from 0, has no use for: what it works on comes from the stage before.
fn unused(stage: &StageTask, at: usize, tasks: &Tasks) -> &'static [&'static str] {
    tasks.get(&stage.task).and_then(Task::own_data).filter(|_| at > 0).unwrap_or_default()
}

/// How many bytes an item of stage `at` has at most, as its settings say; 0 where none does.
fn bytes_of(stage: &StageTask, at: usize, tasks: &Tasks) -> u64 {
    let settings = tasks.get(&stage.task).map_or(&[][..], Task::settings);
    let unused = unused(stage, at, tasks);
    let counts =
        |setting: &&Setting| matches!(setting.kind, SettingKind::Bytes { .. }) && !unused.contains(&setting.name);
    settings.iter().filter(counts).map(|setting| stage.settings.whole(setting.name)).max().unwrap_or(0)
}

fn product<T: Clone>(all: &[Vec<T>], next: &[T]) -> Vec<Vec<T>> {
    let with = |before: &Vec<T>, last: &T| before.iter().chain([last]).cloned().collect();
    all.iter().flat_map(|before| next.iter().map(move |last| with(before, last))).collect()
}

/// What all configurations of a pipeline have in common: the settings of every stage that it has a use for, each with the stage before
/// its name.
fn common(work: &[StageTask], items: Items, tasks: &Tasks) -> WorkloadKey {
    let mut settings = Settings::default();
    for (at, stage) in work.iter().enumerate() {
        settings.put(&format!("stage{}_task", at + 1), Value::Word(stage.task.clone()));
        let unused = unused(stage, at, tasks);
        for (name, value) in stage.settings.iter().filter(|(name, _)| !unused.contains(name)) {
            settings.put(&format!("stage{}_{name}", at + 1), value.clone());
        }
    }
    let mut config = Config::new(Model::Serial, Measure::Work);
    if let Items::Fixed(count) = items {
        config.items = Some(count);
    }
    WorkloadKey::of(PIPELINE, &settings, &config)
}

fn workload_of(id: usize, work: &[StageTask], common: &WorkloadKey, tasks: &Tasks) -> Workload {
    let known = || work.iter().filter_map(|stage| Some((tasks.get(&stage.task)?, &stage.settings)));
    let describe = |(at, (task, settings)): (usize, (&dyn Task, _))| task.describe_stage(settings, at > 0);
    let described: Vec<String> = known().enumerate().map(describe).collect();
    let bounds: Vec<Bound> = known().map(|(task, _)| task.bound()).collect();
    let bound = match bounds.first() {
        Some(first) if bounds.iter().all(|bound| bound == first) => *first,
        _ => Bound::Computing,
    };
    Workload {
        id,
        label: String::new(),
        task: common.task.clone(),
        describe: described.join(" → "),
        bound,
        settings: common.settings.clone(),
        items: common.items(),
        payload: None,
        runtime: common.config.runtime,
        interpreter: None,
        fault: None,
        rate: None,
        users_code: false,
        unknown: known().any(|(task, _)| task.needs_permission()),
        acts_around: known().any(|(task, settings)| task.acts_around(settings)),
        grain: 1,
        measure: common.config.measure,
        stages: work.to_vec(),
        configurations: Vec::new(),
        reference: 0,
    }
}
