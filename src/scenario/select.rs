//! Selectors: from what is written to terms that a plan can match against its cells.

use super::leaf::{FromScalar, GilHold, InFlight, ParentMemory, Queue, Scalar, SwitchInterval, Workers};
use super::problem::Fault;
use super::raw::{self, Axis, One};
use super::read::keys_of;
use super::resolve::{Resolver, entry_path};
use super::setting::read_setting;
use super::spans::Path;
use super::valid::{Selector, Term, Wanted};
use super::vocabulary::{EnumWords, FaultWord, NO_FAULT, StageModel, word_of};
use super::words::{Scope, unknown_key, unknown_word};
use crate::ipc::Method;
use crate::model::{Affinity, Measure};
use crate::task::{Tasks, Value};

fn word<T: EnumWords + PartialEq>(value: T) -> Wanted {
    Wanted::Any(vec![Value::Word(word_of(value).to_owned())])
}

/// Values that a scalar may mean as a setting of that name: each task that has it reads it in its own way.
pub(crate) fn read_any(tasks: &Tasks, key: &str, scalar: &Scalar) -> Option<Result<Vec<Value>, Fault>> {
    if key == "queue" || of_stage(key).is_some() {
        return read_staged(tasks, key, scalar);
    }
    let settings = tasks.iter().flat_map(|task| task.settings()).filter(|setting| setting.name == key);
    let mut read: Vec<Value> = Vec::new();
    let mut fault = None;
    for setting in settings {
        match read_setting(setting, scalar) {
            Ok(value) if read.contains(&value) => {}
            Ok(value) => read.push(value),
            Err(why) => fault = Some(why),
        }
    }
    match (read.is_empty(), fault) {
        (false, _) => Some(Ok(read)),
        (true, Some(fault)) => Some(Err(fault)),
        (true, None) => None,
    }
}

/// The setting of a stage that a key names: `workers` of `stage2_workers`.
pub(crate) fn of_stage(key: &str) -> Option<&str> {
    let (stage, own) = key.strip_prefix("stage")?.split_once('_')?;
    (stage.parse::<u32>().is_ok_and(|stage| stage > 0) && !stage.starts_with(['0', '+'])).then_some(own)
}

/// The same for what a pipeline alone has: the size of its queues, and what its stages have.
fn read_staged(tasks: &Tasks, key: &str, scalar: &Scalar) -> Option<Result<Vec<Value>, Fault>> {
    let whole = |value: u32| vec![Value::Whole(value.into())];
    let word = |word: &str| vec![Value::Word(word.to_owned())];
    if key == "queue" {
        return Some(Queue::read(scalar).map(|queue| whole(queue.0)));
    }
    let own = of_stage(key)?;
    Some(match own {
        "workers" => Workers::read(scalar).and_then(|workers| match workers {
            Workers::Range(low, high) => Ok((low..=high).map(|count| Value::Whole(count.into())).collect()),
            Workers::Cores(_) => {
                Err(Fault::new(format!("`{key}` cannot be `{scalar}` here"), "write a number, or a range (`1-8`)"))
            }
        }),
        "in_flight" => InFlight::read(scalar).map(|count| whole(count.0)),
        "ipc" => Method::read(scalar).map(|method| word(word_of(method))),
        "model" => StageModel::read(scalar).map(|StageModel(model)| word(model.entry().word)),
        "task" => Ok(word(&scalar.to_string())),
        own => return read_any(tasks, own, scalar),
    })
}

fn wanted_workers(workers: Workers) -> Wanted {
    match workers {
        Workers::Range(low, high) => Wanted::Range(low, high),
        Workers::Cores(factor) => Wanted::Cores(factor),
    }
}

/// Worker counts that a scalar asks for.
pub(crate) fn read_workers(scalar: &Scalar) -> Result<Wanted, Fault> {
    Workers::read(scalar).map(wanted_workers)
}

/// A number with a unit that a scalar asks for, where the key is a way that takes one.
pub(crate) fn read_way(key: &str, scalar: &Scalar) -> Option<Result<u64, Fault>> {
    match key {
        "switch_interval" => Some(SwitchInterval::read(scalar).map(|interval| interval.0)),
        "gil_hold" => Some(GilHold::read(scalar).map(|held| held.0)),
        "parent_memory" => Some(ParentMemory::read(scalar).map(|bytes| bytes.0)),
        _ => None,
    }
}

impl Resolver<'_> {
    pub(super) fn selector(&mut self, selector: &raw::Selector, path: &Path) -> Selector {
        let mut terms = Vec::new();
        let mut add = |key: &str, values: Vec<(Wanted, String)>, place| {
            terms.push(Term { key: key.to_owned(), values, place });
        };
        if let Some(axis) = &selector.task {
            add("task", self.task_words(axis, &path.key("task")), self.key_place(&path.key("task")));
        }
        macro_rules! term {
            ($axis:expr, $key:literal, $turn:expr) => {
                if let Some(axis) = &$axis {
                    let values = axis.values.iter().map(|One(value)| $turn(value.clone()));
                    let values = values.map(|wanted| (shown(&wanted), wanted)).map(|(text, wanted)| (wanted, text));
                    add($key, values.collect(), self.key_place(&path.key($key)));
                }
            };
        }
        let ways = &selector.ways;
        let whole = |value: u32| Wanted::Any(vec![Value::Whole(u64::from(value))]);
        term!(selector.model, "model", word);
        term!(ways.workers, "workers", wanted_workers);
        term!(ways.ipc, "ipc", word);
        term!(ways.dispatch, "dispatch", word);
        term!(ways.chunk, "chunk", |chunk: super::leaf::Chunk| whole(chunk.0));
        term!(ways.in_flight, "in_flight", |count: InFlight| whole(count.0));
        term!(ways.wait, "wait", word);
        term!(ways.affinity, "affinity", word::<Affinity>);
        term!(ways.runtime, "runtime", word);
        term!(ways.measure, "measure", word::<Measure>);
        term!(ways.start, "start", word);
        term!(ways.api, "api", word);
        let nanos = |value: u64| Wanted::Any(vec![Value::Whole(value)]);
        term!(ways.switch_interval, "switch_interval", |s: SwitchInterval| nanos(s.0));
        term!(ways.gil_hold, "gil_hold", |h: GilHold| nanos(h.0));
        term!(ways.python, "python", |p: super::leaf::Python| Wanted::Any(vec![Value::Word(p.0)]));
        term!(ways.on_crash, "on_crash", word);
        term!(ways.parent_memory, "parent_memory", |p: ParentMemory| nanos(p.0));
        term!(ways.parent_use, "parent_use", word);
        term!(ways.rate, "rate", |rate: super::leaf::Rate| whole(rate.0));
        if let Some(axis) = &ways.fault {
            let kinds = axis.values.iter().filter_map(|entry| entry.kind.as_ref());
            let kinds = kinds.map(|One(FaultWord(kind))| kind.map_or(NO_FAULT, |kind| kind.word()).to_owned());
            let values = kinds.map(|kind| (Wanted::Any(vec![Value::Word(kind.clone())]), kind));
            add("fault", values.collect(), self.key_place(&path.key("fault")));
        }
        for (key, axis) in &selector.settings.0 {
            let here = path.key(key);
            if let Some(values) = self.setting_values(key, axis, &here) {
                add(key, values, self.key_place(&here));
            }
        }
        Selector { terms, place: self.key_place(path) }
    }

    fn task_words(&mut self, axis: &Axis<One<Scalar>>, path: &Path) -> Vec<(Wanted, String)> {
        let mut values = Vec::new();
        for (i, One(scalar)) in axis.values.iter().enumerate() {
            let word = scalar.to_string();
            if self.tasks.get(&word).is_none() {
                let known: Vec<&str> = self.tasks.iter().map(|task| task.name()).collect();
                let place = self.value_place(&entry_path(path, i, axis.list));
                self.report(unknown_word("task", &word, &known), &place);
            }
            values.push((Wanted::Any(vec![Value::Word(word.clone())]), word));
        }
        values
    }

    fn setting_values(&mut self, key: &str, axis: &Axis<One<Scalar>>, path: &Path) -> Option<Vec<(Wanted, String)>> {
        let mut values = Vec::new();
        for (i, One(scalar)) in axis.values.iter().enumerate() {
            match read_any(self.tasks, key, scalar) {
                None => {
                    let place = self.key_place(path);
                    self.report(unknown_key(key, Scope::Selector, None, self.tasks, keys_of), &place);
                    return None;
                }
                Some(Ok(read)) => values.push((Wanted::Any(read), scalar.to_string())),
                Some(Err(fault)) => {
                    let place = self.value_place(&entry_path(path, i, axis.list));
                    self.report(fault, &place);
                }
            }
        }
        Some(values)
    }
}

/// How a wanted value is shown where its text is not at hand.
fn shown(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Any(values) => match values.first() {
            Some(Value::Word(word)) => word.clone(),
            Some(Value::Whole(value)) => value.to_string(),
            Some(Value::Real(value)) => value.to_string(),
            Some(Value::Bool(value)) => value.to_string(),
            Some(Value::List(list)) => list.join(" "),
            None => String::new(),
        },
        Wanted::Range(low, high) if low == high => low.to_string(),
        Wanted::Range(low, high) => format!("{low}-{high}"),
        Wanted::Cores(1) => "cores".into(),
        Wanted::Cores(factor) => format!("{factor}*cores"),
    }
}
