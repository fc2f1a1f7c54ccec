//! The whole matrix before it is narrowed, and the configurations that it becomes.

use super::{Collapsed, Configuration, Items, Skipped, Variant, Workload};
use crate::setting::{ALL, Config, Dispatch, Model, Part, Value};
use crate::task::{Fault, Settings};

/// What the configurations of a workload have in common.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WorkloadKey {
    pub task: String,
    pub settings: Settings,
    /// Its settings that set workloads apart; all others are absent.
    pub config: Config,
}

impl WorkloadKey {
    /// The workload to which a configuration of a task belongs.
    pub fn of(task: &str, settings: &Settings, config: &Config) -> Self {
        let mut shared = Config::new(Model::Serial, config.measure);
        for row in ALL.iter().filter(|row| row.part == Part::Workload) {
            shared.set(row.key, config.get(row.key).as_ref());
        }
        Self { task: task.to_owned(), settings: settings.clone(), config: shared }
    }

    /// How many items a trial has.
    pub fn items(&self) -> Items {
        self.config.items.map_or(Items::Auto, Items::Fixed)
    }

    /// What goes wrong on purpose.
    pub fn fault(&self) -> Option<Fault> {
        let (kind, item) = (self.config.fault?, self.config.fault_item?);
        Some(Fault { kind, item })
    }
}

/// A configuration before it has a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MatrixPoint {
    /// Index in [`ConfigMatrix::workloads`].
    pub workload: usize,
    pub config: Config,
    /// Index in [`ConfigMatrix::variants`].
    pub variant: Option<usize>,
}

/// The whole matrix, before `--filter`.
pub(super) struct ConfigMatrix {
    pub variants: Vec<Variant>,
    pub workloads: Vec<(WorkloadKey, Workload)>,
    pub points: Vec<MatrixPoint>,
    pub skipped: Vec<Skipped>,
    pub collapsed: Vec<Collapsed>,
    /// Whether something is skipped that another machine, or a permission, would have run.
    pub wanting: bool,
}

/// Which points are run.
pub(super) struct Selection {
    /// Indices into [`ConfigMatrix::points`], with the number of the configuration that each becomes.
    pub configurations: Vec<Option<usize>>,
    pub collapsed: Vec<Collapsed>,
}

impl ConfigMatrix {
    /// Numbers the points workload by workload, so that configurations of a workload follow each other.
    pub fn workload_in_order(&mut self) {
        let mut order: Vec<usize> = (0..self.points.len()).collect();
        order.sort_by_key(|id| self.points[*id].workload);
        self.points = order.iter().map(|id| self.points[*id].clone()).collect();
        for (id, (_, workload)) in self.workloads.iter_mut().enumerate() {
            workload.configurations =
                (0..self.points.len()).filter(|point| self.points[*point].workload == id).collect();
        }
    }

    /// All points.
    pub fn everything(&self) -> Selection {
        self.narrowed(|_| true)
    }

    /// The points that `keep` keeps.
    pub fn narrowed(&self, keep: impl Fn(usize) -> bool) -> Selection {
        let mut next = 0;
        let number = |point| {
            keep(point).then(|| {
                next += 1;
                next - 1
            })
        };
        Selection { configurations: (0..self.points.len()).map(number).collect(), collapsed: self.collapsed.clone() }
    }

    /// The configurations and workloads that are run, renumbered.
    pub fn into_configurations(self, narrowed: &Selection, cores: u32) -> (Vec<Workload>, Vec<Configuration>) {
        let mut configurations: Vec<Configuration> = Vec::new();
        let mut workloads = Vec::new();
        for (_, mut workload) in self.workloads {
            let kept: Vec<(usize, usize)> = workload
                .configurations
                .iter()
                .filter_map(|point| narrowed.configurations[*point].map(|id| (*point, id)))
                .collect();
            if kept.is_empty() {
                continue;
            }
            workload.id = workloads.len();
            workload.configurations = kept.iter().map(|(_, id)| *id).collect();
            for (point, id) in kept {
                let config = self.points[point].config.clone();
                let oversubscribed = busy(&config) > cores;
                configurations.push(Configuration {
                    id,
                    workload: workload.id,
                    label: String::new(),
                    config,
                    checked: false,
                    variant: self.points[point].variant,
                    partner: None,
                    oversubscribed,
                });
            }
            workload.reference = reference(&workload.configurations, |id| &configurations[id].config);
            workloads.push(workload);
        }
        (workloads, configurations)
    }
}

/// Workers, and the dispatcher where one hands out items.
fn busy(config: &Config) -> u32 {
    config.all_workers() + u32::from(config.dispatch == Some(Dispatch::Stream))
}

/// Serial, else one worker of the first model that has it (one for each stage), else the first configuration:
/// methodology, rule 16.
pub(super) fn reference<'a>(configurations: &[usize], config: impl Fn(usize) -> &'a Config) -> usize {
    let serial = configurations.iter().find(|id| config(**id).model == Model::Serial);
    let one_each = |config: &Config| !config.stages.is_empty() && config.stages.iter().all(|stage| stage.workers == 1);
    let single = configurations.iter().find(|id| config(**id).workers == Some(1) || one_each(config(**id)));
    serial.or(single).or(configurations.first()).copied().unwrap_or(0)
}

/// The facts of a point that selectors and labels speak of, as (key, value).
pub(super) fn facts(key: &WorkloadKey, config: &Config) -> Vec<(String, Value)> {
    let mut facts = vec![("task".to_owned(), Value::Word(key.task.clone()))];
    facts.extend(config.facts());
    facts.extend(key.settings.iter().map(|(name, value)| (name.to_owned(), value.clone())));
    facts
}
