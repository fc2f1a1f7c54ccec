//! Words of closed sets: models, methods and the like, each with its meaning, from the lists of the rooms that own them.

use serde_json::{Value as Json, json};

use super::leaf::{FromScalar, Scalar};
use super::problem::Fault;
use super::words::{list, unknown_word};
use crate::ipc::{Dispatch, METHODS, Method, Wait};
use crate::model::{Affinity, Api, MODELS, Measure, Model, OnCrash, ParentUse, Start};
use crate::runtime::{RUNTIMES, Runtime};
use crate::task::{FAULTS, FaultKind};
use crate::vocab::{CHART_KEYS, CHARTS, ChartKey, ChartKind, ENDINGS, Ending, METRICS, Metric};

/// A closed set of words.
pub(crate) trait EnumWords: Copy + 'static {
    /// What the words name, such as `IPC method`.
    const WHAT: &'static str;
    /// Every word with its value and meaning.
    fn words() -> Vec<(Self, &'static str, &'static str)>;
}

impl<T: EnumWords> FromScalar for T {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let word = scalar.to_string();
        let words = T::words();
        match words.iter().find(|(_, known, _)| *known == word) {
            Some((value, ..)) => Ok(*value),
            None => Err(unknown_word(T::WHAT, &word, &words.iter().map(|row| row.1).collect::<Vec<_>>())),
        }
    }

    fn schema() -> Json {
        let rows: Vec<Json> =
            T::words().iter().map(|(_, word, about)| json!({ "const": word, "description": about })).collect();
        json!({ "oneOf": rows })
    }
}

macro_rules! words {
    ($type:ty, $what:literal, $words:expr) => {
        impl EnumWords for $type {
            const WHAT: &'static str = $what;
            fn words() -> Vec<(Self, &'static str, &'static str)> {
                $words
            }
        }
    };
}

words!(Model, "model", MODELS.iter().map(|entry| (entry.model, entry.word, entry.about)).collect());
words!(Method, "IPC method", METHODS.iter().map(|row| (row.0, row.1, row.3)).collect());
words!(Runtime, "runtime", RUNTIMES.to_vec());
words!(Metric, "metric", METRICS.to_vec());
words!(Ending, "ending of a trial", ENDINGS.to_vec());
words!(ChartKind, "chart", CHARTS.to_vec());
words!(ChartKey, "setting by which charts are shaped", CHART_KEYS.to_vec());
words!(
    Dispatch,
    "dispatch",
    vec![
        (Dispatch::Stream, "stream", "requests travel to workers on demand"),
        (
            Dispatch::Claim,
            "table",
            "a fixed set in shared memory, claimed item by item; processes over shared_memory only"
        ),
    ]
);
words!(
    Wait,
    "way to wait",
    vec![
        (Wait::Sleep, "sleep", "sleeps in the kernel at once: costs a wake-up, leaves the core to others"),
        (Wait::Spin, "spin", "spins briefly, then sleeps: the shortest way, for a core of one's own"),
    ]
);
words!(
    Affinity,
    "affinity",
    vec![
        (Affinity::Free, "free", "wherever the system puts them"),
        (Affinity::Same, "same", "dispatcher and workers on one core"),
        (Affinity::Cross, "cross", "the dispatcher on the first core, workers on the others"),
    ]
);
words!(
    Measure,
    "measure",
    vec![
        (Measure::Work, "work", "from the moment every worker is ready to the last reply"),
        (Measure::EndToEnd, "end_to_end", "from before the first worker starts to after the last has ended"),
    ]
);

words!(
    Start,
    "start method",
    vec![
        (Start::Spawn, "spawn", "a fresh program"),
        (Start::Fork, "fork", "a copy of the parent, made before it has any thread"),
        (Start::Forkserver, "forkserver", "a copy of a small server process, which is started first"),
    ]
);
words!(
    Api,
    "class of Python",
    vec![
        (Api::Process, "process", "Process or Thread, fed by runner's driver over the IPC method"),
        (Api::Pool, "pool", "multiprocessing.Pool or multiprocessing.pool.ThreadPool"),
        (Api::Executor, "executor", "ProcessPoolExecutor or ThreadPoolExecutor"),
    ]
);
words!(
    OnCrash,
    "answer to a crash",
    vec![
        (OnCrash::Stop, "stop", "the run ends"),
        (OnCrash::Restart, "restart", "another worker takes its place, and its items are handed out again"),
        (OnCrash::Skip, "skip", "the others go on, and the items that the worker held are given up"),
    ]
);
words!(
    ParentUse,
    "use of the parent's memory",
    vec![
        (ParentUse::Untouched, "untouched", "no worker looks at it"),
        (ParentUse::Read, "read", "every worker reads all of it before the work"),
    ]
);
/// A model that a stage of a pipeline can have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StageModel(pub Model);

/// Those models. `serial` is one thread.
const STAGE_MODELS: [Model; 3] = [Model::Serial, Model::Threads, Model::Processes];

impl FromScalar for StageModel {
    fn read(scalar: &Scalar) -> Result<Self, Fault> {
        let model = Model::read(scalar)?;
        let why = match model {
            Model::Rayon => {
                "a pool of rayon splits a range of items that are all there, and a stage gets them one by one"
            }
            Model::Async => {
                "an event loop has one thread, which a full queue would stop with all that it has under way"
            }
            Model::Interpreters => "sub-interpreters are CPython's, and stages are run natively",
            _ => return Ok(Self(model)),
        };
        let words: Vec<&str> = STAGE_MODELS.iter().map(|model| model.entry().word).collect();
        let message = format!("a stage cannot have the model `{scalar}`: {why}");
        Err(Fault::new(message, format!("there are {}", list(&words))))
    }

    fn schema() -> Json {
        let row = |model: &Model| json!({ "const": model.entry().word, "description": model.entry().about });
        json!({ "oneOf": STAGE_MODELS.iter().map(row).collect::<Vec<_>>() })
    }
}

/// What a scenario calls a cell without a fault.
pub(crate) const NO_FAULT: &str = "none";

/// A kind of fault, or none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FaultWord(pub Option<FaultKind>);

impl EnumWords for FaultWord {
    const WHAT: &'static str = "fault";
    fn words() -> Vec<(Self, &'static str, &'static str)> {
        let none = (Self(None), NO_FAULT, "nothing goes wrong");
        let faults = FAULTS.iter().map(|(kind, word, about)| (Self(Some(*kind)), *word, *about));
        [none].into_iter().chain(faults).collect()
    }
}

/// The word of a value.
pub(crate) fn word_of<T: EnumWords + PartialEq>(value: T) -> &'static str {
    T::words().into_iter().find(|(known, ..)| *known == value).map_or("", |(_, word, _)| word)
}
