//! The whole matrix before it is narrowed, and the cells that it becomes.

use super::{Cell, Collapsed, Group, Items, Skipped};
use crate::ipc::Dispatch;
use crate::model::{Config, Measure, Model};
use crate::runtime::Runtime;
use crate::scenario::{NO_FAULT, word_of};
use crate::task::{Fault, Settings, Value};

/// What the cells of a group have in common.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WorkloadKey {
    pub task: String,
    pub settings: Settings,
    pub items: Items,
    pub runtime: Runtime,
    pub measure: Measure,
    /// The interpreter as written, where the runtime is Python.
    pub python: Option<String>,
    pub fault: Option<Fault>,
    pub rate: Option<u32>,
}

/// A cell before it has a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MatrixPoint {
    /// Index in [`ConfigMatrix::groups`].
    pub group: usize,
    pub config: Config,
}

/// The whole matrix, before `--only`.
pub(super) struct ConfigMatrix {
    pub groups: Vec<(WorkloadKey, Group)>,
    pub points: Vec<MatrixPoint>,
    pub skipped: Vec<Skipped>,
    pub collapsed: Vec<Collapsed>,
    /// Whether something is skipped that another machine, or a permission, would have run.
    pub wanting: bool,
}

/// Which points are run.
pub(super) struct Selection {
    /// Indices into [`ConfigMatrix::points`], with the number of the cell that each becomes.
    pub cells: Vec<Option<usize>>,
    pub collapsed: Vec<Collapsed>,
}

impl ConfigMatrix {
    /// Numbers the points group by group, so that cells of a group follow each other.
    pub fn group_in_order(&mut self) {
        let mut order: Vec<usize> = (0..self.points.len()).collect();
        order.sort_by_key(|id| self.points[*id].group);
        self.points = order.iter().map(|id| self.points[*id].clone()).collect();
        for (id, (_, group)) in self.groups.iter_mut().enumerate() {
            group.cells = (0..self.points.len()).filter(|point| self.points[*point].group == id).collect();
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
        Selection { cells: (0..self.points.len()).map(number).collect(), collapsed: self.collapsed.clone() }
    }

    /// The cells and groups that are run, renumbered.
    pub fn into_cells(self, narrowed: &Selection, cores: u32) -> (Vec<Group>, Vec<Cell>) {
        let mut cells: Vec<Cell> = Vec::new();
        let mut groups = Vec::new();
        for (_, mut group) in self.groups {
            let kept: Vec<(usize, usize)> =
                group.cells.iter().filter_map(|point| narrowed.cells[*point].map(|id| (*point, id))).collect();
            if kept.is_empty() {
                continue;
            }
            group.id = groups.len();
            group.cells = kept.iter().map(|(_, id)| *id).collect();
            for (point, id) in kept {
                let config = self.points[point].config.clone();
                let oversubscribed = busy(&config) > cores;
                cells.push(Cell {
                    id,
                    group: group.id,
                    label: String::new(),
                    config,
                    checked: false,
                    against: None,
                    oversubscribed,
                });
            }
            group.baseline = baseline(&group.cells, |id| &cells[id].config);
            groups.push(group);
        }
        (groups, cells)
    }
}

/// Workers, and the dispatcher where one hands out items.
fn busy(config: &Config) -> u32 {
    config.all_workers() + u32::from(config.dispatch == Some(Dispatch::Stream))
}

/// Serial, else one worker of the first model that has it (one for each stage), else the first cell:
/// methodology, rule 16.
pub(super) fn baseline<'a>(cells: &[usize], config: impl Fn(usize) -> &'a Config) -> usize {
    let serial = cells.iter().find(|id| config(**id).model == Model::Serial);
    let one_each = |config: &Config| !config.stages.is_empty() && config.stages.iter().all(|stage| stage.workers == 1);
    let single = cells.iter().find(|id| config(**id).workers == Some(1) || one_each(config(**id)));
    serial.or(single).or(cells.first()).copied().unwrap_or(0)
}

/// How the stages of a pipeline are run, as (key, value): `stage2_workers`.
pub(super) fn stage_facts(config: &Config) -> Vec<(String, Value)> {
    let mut facts = Vec::new();
    for (at, stage) in config.stages.iter().enumerate() {
        let word = |word: &str| Value::Word(word.to_owned());
        let known = [
            ("model", Some(word(stage.model.entry().word))),
            ("workers", Some(Value::Whole(stage.workers.into()))),
            ("ipc", stage.ipc.map(|method| word(method.word()))),
            ("in_flight", stage.in_flight.map(|count| Value::Whole(count.into()))),
        ];
        let known = known.into_iter().filter_map(|(key, value)| Some((key, value?)));
        facts.extend(known.map(|(key, value)| (format!("stage{}_{key}", at + 1), value)));
    }
    facts
}

/// The facts of a point that selectors and labels speak of, as (key, value).
pub(super) fn facts(common: &WorkloadKey, config: &Config) -> Vec<(String, Value)> {
    let word = |word: &str| Value::Word(word.to_owned());
    let whole = |value: u32| Value::Whole(u64::from(value));
    let mut facts = vec![("task", word(&common.task)), ("model", word(config.model.entry().word))];
    let optional = [
        ("workers", config.workers.map(whole)),
        ("ipc", config.ipc.map(|method| word(method.word()))),
        ("dispatch", config.dispatch.map(|dispatch| word(word_of(dispatch)))),
        ("chunk", config.chunk.map(whole)),
        ("in_flight", config.in_flight.map(whole)),
        ("wait", config.wait.map(|wait| word(word_of(wait)))),
        ("affinity", config.affinity.map(|affinity| word(word_of(affinity)))),
        ("runtime", Some(word(word_of(common.runtime)))),
        ("measure", Some(word(word_of(common.measure)))),
        ("start", config.start.map(|start| word(word_of(start)))),
        ("api", config.api.map(|api| word(word_of(api)))),
        ("switch_interval", config.switch_interval.map(Value::Whole)),
        ("gil_hold", config.gil_hold.map(Value::Whole)),
        ("python", common.python.as_deref().map(word)),
        ("fault", Some(word(common.fault.map_or(NO_FAULT, |fault| fault.kind.word())))),
        ("on_crash", config.on_crash.map(|answer| word(word_of(answer)))),
        ("parent_memory", config.parent_memory.map(Value::Whole)),
        ("rate", common.rate.map(whole)),
        ("parent_use", config.parent_use.map(|what| word(word_of(what)))),
    ];
    facts.extend(optional.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))));
    let mut facts: Vec<(String, Value)> = facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    facts.extend(config.queue.map(|queue| ("queue".to_owned(), whole(queue))));
    facts.extend(stage_facts(config));
    facts.extend(common.settings.iter().map(|(key, value)| (key.to_owned(), value.clone())));
    facts
}
