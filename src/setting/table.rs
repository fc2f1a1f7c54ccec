//! The table of all settings outside tasks, of workloads and of configurations (see [`Part`]), in the order in which the matrix is nested and labels name them.

use super::rows::settings;
use super::words::{
    Affinity, Dispatch, EnumWords, FaultKind, GilState, Measure, Method, Model, OnCrash, ParentUse, Runtime, Start,
    Wait,
};
use super::{Setting, SettingKind, Value};

/// Most workers of a configuration.
pub const MOST_WORKERS: u32 = 1024;

/// Whether configurations that differ in a setting are compared with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// They do other work, or the same under other conditions, and belong to different workloads.
    Workload,
    /// They are alternatives for one workload.
    Configuration,
}

/// What a configuration has where a scenario does not give a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// This value, as one would write it in YAML.
    Fixed(&'static str),
    /// A value that depends on others; the rule in words, for help. The plan knows it.
    Rule(&'static str),
    /// Nothing: the setting is absent unless it is given, which this word says in scenarios and selectors.
    Absent(&'static str),
}

impl Default {
    /// How help shows it.
    #[must_use]
    pub fn shown(self) -> String {
        match self {
            Self::Fixed(value) | Self::Absent(value) => format!("`{value}`"),
            Self::Rule(words) => words.to_owned(),
        }
    }
}

/// How a label shows a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelForm {
    /// As it is: `pipe`.
    Value,
    /// Behind these words: `chunk 64`.
    After(&'static str),
    /// Before these words: `2 in flight`.
    Before(&'static str),
}

/// A setting of configurations.
#[derive(Clone, Copy, Debug)]
pub struct ConfigSetting {
    /// Which one.
    pub key: Key,
    /// Its name, type, range and meaning. Its default is [`ConfigSetting::absent`]'s business where there is none.
    pub setting: Setting,
    /// What it has where nothing is given.
    pub default: Default,
    /// Whether it sets workloads or configurations apart.
    pub part: Part,
    /// The models that take it. Others collapse: the key means nothing to them.
    pub models: &'static [Model],
    /// The runtimes under which they take it.
    pub runtimes: &'static [Runtime],
    /// How labels show it.
    pub label: LabelForm,
    /// A part of a scenario that shows it.
    pub example: &'static str,
}

impl ConfigSetting {
    /// The word that says that a setting is not set, where there is one.
    #[must_use]
    pub fn absent(&self) -> Option<&'static str> {
        match self.default {
            Default::Absent(word) => Some(word),
            _ => None,
        }
    }

    /// The value that selectors and labels have for it.
    #[must_use]
    pub fn absent_value(&self) -> Option<Value> {
        self.absent().map(|word| self.setting.kind.absent(word))
    }
}

/// Whether a model under a runtime takes a setting.
#[must_use]
pub fn takes(model: Model, runtime: Runtime, key: Key) -> bool {
    let row = key.row();
    row.runtimes.contains(&runtime) && row.models.contains(&model)
}

const EVERY_RUNTIME: &[Runtime] = Runtime::VALUES;
const RUST: &[Runtime] = &[Runtime::Native, Runtime::GilEmulation];
const LOCKED: &[Runtime] = &[Runtime::GilEmulation, Runtime::Python];
const PYTHON: &[Runtime] = &[Runtime::Python];
const EMULATION: &[Runtime] = &[Runtime::GilEmulation];

const EVERY_MODEL: &[Model] = Model::VALUES;
const WITH_WORKERS: &[Model] = &[
    Model::Threads,
    Model::Rayon,
    Model::Processes,
    Model::Interpreters,
    Model::ThreadPoolExecutor,
    Model::ProcessPoolExecutor,
    Model::InterpreterPoolExecutor,
    Model::ThreadPool,
    Model::Pool,
];
const WITH_PROCESSES: &[Model] = &[Model::Processes, Model::ProcessPoolExecutor, Model::Pool];
const OWN_PROCESSES: &[Model] = &[Model::Processes];
const PLACED: &[Model] = &[Model::Threads, Model::Rayon, Model::Processes];
const IN_PYTHON: &[Model] = &[
    Model::Serial,
    Model::Threads,
    Model::Processes,
    Model::Async,
    Model::Interpreters,
    Model::ThreadPoolExecutor,
    Model::ProcessPoolExecutor,
    Model::InterpreterPoolExecutor,
    Model::ThreadPool,
    Model::Pool,
];
const UNDER_A_GIL: &[Model] = &[
    Model::Serial,
    Model::Threads,
    Model::Processes,
    Model::Interpreters,
    Model::ThreadPoolExecutor,
    Model::ProcessPoolExecutor,
    Model::InterpreterPoolExecutor,
    Model::ThreadPool,
    Model::Pool,
];
const HOLDING: &[Model] = &[
    Model::Serial,
    Model::Threads,
    Model::Rayon,
    Model::Processes,
    Model::Async,
    Model::ThreadPoolExecutor,
    Model::ProcessPoolExecutor,
    Model::ThreadPool,
    Model::Pool,
];
const RUNNING: &[Model] = &[
    Model::Serial,
    Model::Threads,
    Model::Rayon,
    Model::Processes,
    Model::Async,
    Model::Interpreters,
    Model::ThreadPoolExecutor,
    Model::ProcessPoolExecutor,
    Model::InterpreterPoolExecutor,
    Model::ThreadPool,
    Model::Pool,
];

settings! {
    required {
        Model model: Model {
            about: "who runs the items",
            kind: SettingKind::Enum { what: Model::WHAT, rows: Model::ROWS },
            default: Default::Rule("none: `models` names it"),
            part: Part::Configuration,
            models: EVERY_MODEL, runtimes: EVERY_RUNTIME,
            label: LabelForm::Value,
            example: "models: [serial, threads]",
        }
        Runtime runtime: Runtime {
            about: "what executes an item",
            kind: SettingKind::Enum { what: Runtime::WHAT, rows: Runtime::ROWS },
            default: Default::Fixed("native"),
            part: Part::Workload,
            models: RUNNING, runtimes: EVERY_RUNTIME,
            label: LabelForm::Value,
            example: "runtime: [native, gil_emulation]\nmodels: [serial, threads]",
        }
        Measure measure: Measure {
            about: "what the clock covers",
            kind: SettingKind::Enum { what: Measure::WHAT, rows: Measure::ROWS },
            default: Default::Fixed("work"),
            part: Part::Workload,
            models: RUNNING, runtimes: EVERY_RUNTIME,
            label: LabelForm::Value,
            example: "measure: [work, end_to_end]",
        }
    }
    optional {
        Items items: u64 {
            about: "how many items a trial has; `auto` aims at 25 to 30 ms for the fastest configuration, or as much as starting a trial takes",
            kind: SettingKind::Count { min: 1, max: 1_000_000_000 },
            default: Default::Absent("auto"),
            part: Part::Workload,
            models: EVERY_MODEL, runtimes: EVERY_RUNTIME,
            label: LabelForm::Before("items"),
            example: "tasks:\n  - kind: primes\n    items: 64",
        }
        Python python: String {
            about: "which CPython: a program on PATH by bare name, or a path (which needs --allow-commands)",
            kind: SettingKind::Text { longest: 400 },
            default: Default::Fixed("python3"),
            part: Part::Workload,
            models: IN_PYTHON, runtimes: PYTHON,
            label: LabelForm::Value,
            example: "runtime: python\npython: python3",
        }
        Rate rate: u32 {
            about: "open loop: items per second that arrive at random times, whether the workers keep up or not; what is \
                    measured is the latency from an item's arrival to its result. In CPython pools are handed each item when \
                    it arrives (`apply_async`, `submit`). Without a rate, the next item begins when a worker is free",
            kind: SettingKind::Count { min: 1, max: 1_000_000 },
            default: Default::Absent("none"),
            part: Part::Workload,
            models: RUNNING, runtimes: EVERY_RUNTIME,
            label: LabelForm::Before("per second"),
            example: "tasks:\n  - kind: sleep\n    items: 200\nrate: [100, 400]",
        }
        Fault fault: FaultKind {
            about: "fault injection: a kind of fault, or a mapping with `kind` and `item`",
            kind: SettingKind::Enum { what: FaultKind::WHAT, rows: FaultKind::ROWS },
            default: Default::Absent("none"),
            part: Part::Workload,
            models: RUNNING, runtimes: EVERY_RUNTIME,
            label: LabelForm::Value,
            example: "fault: {kind: kill, item: 5}",
        }
        FaultItem fault_item: u64 {
            about: "the item that the fault is injected into, from 0: `item` of an entry of `fault`",
            kind: SettingKind::Count { min: 0, max: 1_000_000_000 },
            default: Default::Fixed("5"),
            part: Part::Workload,
            models: RUNNING, runtimes: EVERY_RUNTIME,
            label: LabelForm::After("in item"),
            example: "fault: {kind: kill, item: 9}",
        }
        Variant variant: String {
            about: "one of `variants`, by its name",
            kind: SettingKind::Text { longest: 60 },
            default: Default::Rule("every one of `variants`, where there are any"),
            part: Part::Configuration,
            models: RUNNING, runtimes: EVERY_RUNTIME,
            label: LabelForm::Value,
            example: "variants: [{name: old, environment: {LEVEL: 1}}, {name: new, environment: {LEVEL: 2}}]\n\
                      expect: {compare: {variant: new}, to: {variant: old}, at_least: 1.1}",
        }
        Ipc ipc: Method {
            about: "how requests and replies cross between processes",
            kind: SettingKind::Enum { what: Method::WHAT, rows: Method::ROWS },
            default: Default::Fixed("pipe"),
            part: Part::Configuration,
            models: OWN_PROCESSES, runtimes: EVERY_RUNTIME,
            label: LabelForm::Value,
            example: "models: [serial, processes]\nipc: [pipe, queue]",
        }
        Dispatch dispatch: Dispatch {
            about: "how items reach worker processes",
            kind: SettingKind::Enum { what: Dispatch::WHAT, rows: Dispatch::ROWS },
            default: Default::Fixed("stream"),
            part: Part::Configuration,
            models: OWN_PROCESSES, runtimes: RUST,
            label: LabelForm::Value,
            example: "models: [serial, processes]\nipc: shared_memory\ndispatch: [stream, claim]",
        }
        Chunk chunk: u32 {
            about: "items per message or claim",
            kind: SettingKind::Count { min: 1, max: 1_000_000 },
            default: Default::Fixed("1"),
            part: Part::Configuration,
            models: WITH_WORKERS, runtimes: EVERY_RUNTIME,
            label: LabelForm::After("chunk"),
            example: "chunk: [1, 64]",
        }
        InFlight in_flight: u32 {
            about: "chunks handed to a worker process and not yet answered",
            kind: SettingKind::Count { min: 1, max: 1024 },
            default: Default::Rule("2; 1 at a `rate`"),
            part: Part::Configuration,
            models: OWN_PROCESSES, runtimes: EVERY_RUNTIME,
            label: LabelForm::Before("in flight"),
            example: "in_flight: [1, 16]",
        }
        Concurrency concurrency: u32 {
            about: "items that an event loop has under way at once",
            kind: SettingKind::Count { min: 1, max: 1024 },
            default: Default::Fixed("2"),
            part: Part::Configuration,
            models: &[Model::Async], runtimes: EVERY_RUNTIME,
            label: LabelForm::Before("concurrent"),
            example: "tasks: [sleep]\nmodels: [serial, async]\nconcurrency: [2, 16]",
        }
        Wait wait: Wait {
            about: "how a side waits for a message",
            kind: SettingKind::Enum { what: Wait::WHAT, rows: Wait::ROWS },
            default: Default::Rule("`sleep` where the scenario's largest worker count and the dispatcher exceed the cores, else `spin`"),
            part: Part::Configuration,
            models: OWN_PROCESSES, runtimes: RUST,
            label: LabelForm::Value,
            example: "models: [serial, processes]\nwait: [sleep, spin]",
        }
        Affinity affinity: Affinity {
            about: "which cores may be used",
            kind: SettingKind::Enum { what: Affinity::WHAT, rows: Affinity::ROWS },
            default: Default::Fixed("free"),
            part: Part::Configuration,
            models: PLACED, runtimes: RUST,
            label: LabelForm::Value,
            example: "models: [serial, processes]\naffinity: [free, same]",
        }
        Nice nice: u32 {
            about: "added to the niceness of the trial's processes (nice(1)): from 0, as `runner` itself, to 19, after all others",
            kind: SettingKind::Count { min: 0, max: 19 },
            default: Default::Absent("0"),
            part: Part::Configuration,
            models: RUNNING, runtimes: EVERY_RUNTIME,
            label: LabelForm::After("nice"),
            example: "nice: [0, 10]",
        }
        Workers workers: u32 {
            about: "how many workers: numbers, ranges (`1-8`), `cores` (those granted), `physical` (one thread of each), `2*cores`. Equal counts merge",
            kind: SettingKind::Workers { max: MOST_WORKERS as u64 },
            default: Default::Rule("`cores`"),
            part: Part::Configuration,
            models: WITH_WORKERS, runtimes: EVERY_RUNTIME,
            label: LabelForm::Before("workers"),
            example: "workers: [1, 2, 2*cores]",
        }
        Start start: Start {
            about: "how worker processes are started",
            kind: SettingKind::Enum { what: Start::WHAT, rows: Start::ROWS },
            default: Default::Rule("`spawn`; in CPython what it does by itself, `fork` up to 3.13 and `forkserver` from 3.14 on"),
            part: Part::Configuration,
            models: WITH_PROCESSES, runtimes: EVERY_RUNTIME,
            label: LabelForm::Value,
            example: "models: [serial, processes]\nstart: [spawn, fork]",
        }
        SwitchInterval switch_interval: u64 {
            about: "how long a thread may keep the GIL that another waits for",
            kind: SettingKind::Duration { min: 10_000, max: 10_000_000_000 },
            default: Default::Fixed("5 ms"),
            part: Part::Configuration,
            models: UNDER_A_GIL, runtimes: LOCKED,
            label: LabelForm::After("switch interval"),
            example: "runtime: gil_emulation\nmodels: [serial, threads]\nswitch_interval: [1 ms, 5 ms]",
        }
        Gil gil: GilState {
            about: "whether a free-threaded CPython has its GIL; each worker looks whether it is so, since importing a module may enable it",
            kind: SettingKind::Enum { what: GilState::WHAT, rows: GilState::ROWS },
            default: Default::Rule("as the interpreter has it"),
            part: Part::Configuration,
            models: IN_PYTHON, runtimes: PYTHON,
            label: LabelForm::After("GIL"),
            example: "runtime: python\nmodels: [serial, threads]\npython: python3.13t\ngil: [enabled, disabled]",
        }
        GilHold gil_hold: u64 {
            about: "how long the emulated GIL is held before each blocking operation",
            kind: SettingKind::Duration { min: 0, max: 1_000_000 },
            default: Default::Fixed("1.2 us"),
            part: Part::Configuration,
            models: &[Model::Serial, Model::Threads, Model::Processes], runtimes: EMULATION,
            label: LabelForm::After("GIL held"),
            example: "runtime: gil_emulation\nmodels: [serial, threads]\ntasks: [sleep]\ngil_hold: [1 us, 100 us]",
        }
        OnCrash on_crash: OnCrash {
            about: "what happens after a worker process has died",
            kind: SettingKind::Enum { what: OnCrash::WHAT, rows: OnCrash::ROWS },
            default: Default::Rule("`stop`"),
            part: Part::Configuration,
            models: OWN_PROCESSES, runtimes: EVERY_RUNTIME,
            label: LabelForm::Value,
            example: "models: [serial, processes]\nfault: kill\non_crash: [stop, restart]",
        }
        ParentMemory parent_memory: u64 {
            about: "memory that the parent holds when workers start",
            kind: SettingKind::Bytes { min: 0, max: 16 << 30 },
            default: Default::Absent("0 B"),
            part: Part::Configuration,
            models: HOLDING, runtimes: EVERY_RUNTIME,
            label: LabelForm::After("parent"),
            example: "parent_memory: [0 B, 16 MiB]",
        }
        ParentUse parent_use: ParentUse {
            about: "what workers do with the parent's memory: threads and copies by `fork` have it; fresh programs (`spawn`) and \
                    copies of a server (`forkserver`) do not, so that they have nothing to read",
            kind: SettingKind::Enum { what: ParentUse::WHAT, rows: ParentUse::ROWS },
            default: Default::Rule("`untouched`"),
            part: Part::Configuration,
            models: HOLDING, runtimes: EVERY_RUNTIME,
            label: LabelForm::Value,
            example: "models: [serial, processes]\nparent_memory: 16 MiB\nparent_use: [untouched, read]",
        }
        Queue queue: u32 {
            about: "items that may wait before each later stage of a `pipeline`; a full queue stops the stage before it",
            kind: SettingKind::Count { min: 1, max: 1_000_000 },
            default: Default::Fixed("8"),
            part: Part::Configuration,
            models: &[Model::Pipeline], runtimes: &[Runtime::Native],
            label: LabelForm::After("queue"),
            example: "pipeline:\n  - {task: compress, size: 64 KiB}\n  - {task: hash}\nqueue: [4, 64]",
        }
    }
}
