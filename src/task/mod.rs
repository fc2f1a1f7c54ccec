//! What is computed: the task trait, its settings, and the registry.
//!
//! A [`Task`] is a kind of work; [`Task::prepare`] turns settings into a [`Job`], and a job turns request bytes
//! into reply bytes, item by item. To add a task: one file here and one line in [`Tasks::builtin`].

mod call;
mod command;
mod context;
mod data;
mod digest;
mod fault;
mod settings;
mod topology;
mod transform;

#[cfg(feature = "gzip")]
mod compress;
mod convoy;
#[cfg(feature = "html")]
mod crawl;
#[cfg(feature = "sqlite")]
mod database;
mod download;
mod echo;
mod empty;
mod fetch;
mod file;
mod globals;
mod hash;
#[cfg(feature = "image")]
mod image;
mod json;
mod lines;
mod log;
mod matrix;
mod mixed;
mod numbered;
mod numeric;
mod part_context;
mod primes;
mod python;
#[cfg(feature = "html")]
mod site;
mod sleep;
mod sort;
mod train;
#[cfg(feature = "video")]
mod video;
mod web;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// What the author of a task needs of settings.
pub use crate::setting::{Setting, SettingKind, Value};
pub use call::Call;
pub(crate) use command::statuses;
pub use context::{Context, Hooks};
pub use data::{DataForm, read_lines, read_values};
pub use digest::{Digest, checksum, digest, item_checksum, item_digest, once_item, yielded_item};
pub use fault::Fault;
pub use fetch::PATIENCE;
#[cfg(test)]
pub(crate) use lines::{line as log_line, message as log_message};
#[cfg(test)]
pub(crate) use numbered::mix;
pub use part_context::{Message, PartContext};
pub use settings::Settings;
pub use topology::{Consumer, Iterations, Made, Topology};
pub use transform::{Data, Transform, expected_in_stage, run_in_stage};
pub use web::WARMING;

/// What a task mostly does; decides the default of `wait` and which worker counts a scaling fit may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// It keeps a core busy.
    Computing,
    /// It waits for something else, so that more workers than cores help.
    Waiting,
    /// It does next to nothing: what is measured is the way there and back.
    Moving,
}

/// How many times longer CPython commonly computes in bytecode.
const BYTECODE: f64 = 30.0;

/// About what one item takes, in seconds, on a core of today in Rust: for the estimate of what a plan takes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Effort {
    /// It keeps a core busy.
    pub computing: f64,
    /// It waits, and needs no core.
    pub waiting: f64,
    /// How many times longer CPython computes it, where it holds its lock all the while: in bytecode, or in calls that keep
    /// it. `None` for calls of a library that let it go and take as long as in Rust.
    pub held: Option<f64>,
}

impl Effort {
    /// An item that computes in a call of a library.
    #[must_use]
    pub fn computing(seconds: f64) -> Self {
        Self { computing: seconds, ..Self::default() }
    }

    /// An item that waits.
    #[must_use]
    pub fn waiting(seconds: f64) -> Self {
        Self { waiting: seconds, ..Self::default() }
    }

    /// The same, which CPython computes in bytecode.
    #[must_use]
    pub fn in_bytecode(self) -> Self {
        self.holding_the_lock(BYTECODE)
    }

    /// The same, for which CPython holds its lock and takes that many times longer.
    #[must_use]
    pub fn holding_the_lock(self, times: f64) -> Self {
        Self { held: Some(times), ..self }
    }
}

/// A moment around trials at which a job may have something done in the host: see [`Job::around`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the first trial of a run.
    SetUp,
    /// Before the clock of every trial, those included whose times do not count.
    Prepare,
    /// After the last trial of a run, whether that came to its end or was broken off.
    CleanUp,
}

/// Where and with what a job is prepared.
#[derive(Clone, Debug)]
pub struct Place {
    /// Seed of everything random in the items.
    pub seed: u64,
    /// How many items the job has before any of them yields further ones.
    pub items: u64,
    /// An existing folder of the trial's own, for tasks that say [`Task::needs_folder`].
    pub folder: PathBuf,
    /// Where the trial's server listens, for tasks that say [`Task::needs_server`]. Right replies are computed without one.
    pub server: Option<SocketAddr>,
}

/// Why an item or a preparation failed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The operating system refused something.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// The refusal.
        source: std::io::Error,
    },
    /// The request is not one of this job's: it was damaged on its way.
    #[error("the request is not one that this task writes")]
    BadRequest,
    /// The settings cannot be met.
    #[error("{0}")]
    Settings(String),
}

/// A kind of work, as scenarios name it.
pub trait Task: Send + Sync {
    /// The word in scenarios: `snake_case`, unique in the registry.
    fn name(&self) -> &'static str;
    /// One line for `runner list`.
    fn about(&self) -> &'static str;
    /// What the task mostly does; computing, where it does not say.
    fn bound(&self) -> Bound {
        Bound::Computing
    }
    /// The settings that a scenario may give, each with its default and range. The default is none.
    fn settings(&self) -> &'static [Setting] {
        &[]
    }
    /// How its items hang together with these settings.
    fn topology(&self, _: &Settings) -> Topology {
        Topology::Independent
    }
    /// Whether it needs a server: then [`Task::serve`] runs in a process of its own, which every trial starts anew before
    /// the clock and ends after it, and [`Place::server`] says where it listens.
    fn needs_server(&self) -> bool {
        false
    }
    /// Serves until the process is ended.
    ///
    /// # Errors
    /// What stands in the way.
    fn serve(&self, _: &Settings, _: &Place, _: TcpListener) -> Result<(), TaskError> {
        Err(TaskError::Settings(format!("`{}` has no server", self.name())))
    }
    /// Whether items can run in an event loop: see [`Job::run_later`].
    fn is_async(&self) -> bool {
        false
    }
    /// Whether the job writes files, so that the trial needs a work folder.
    fn needs_folder(&self) -> bool {
        false
    }
    /// Whether the Python driver has this task too, with the same replies to the same requests.
    fn in_python(&self) -> bool {
        false
    }
    /// Whether its items are Python code of the user's own: then no other runtime can run them, only Python knows the
    /// right replies, and it takes the user's permission.
    fn is_users_code(&self) -> bool {
        false
    }
    /// Whether it starts what a scenario names, so that the user must have allowed that.
    fn needs_permission(&self) -> bool {
        self.is_users_code()
    }
    /// Whether its jobs have something done around trials: see [`Job::around`].
    fn acts_around(&self, _: &Settings) -> bool {
        false
    }
    /// Whether items are arrays of numpy with these settings: then only a CPython that has it can run them.
    fn needs_numpy(&self, _: &Settings) -> bool {
        false
    }
    /// Whether what an array holds is to cross between processes beside its pickle, by protocol 5 of pickle.
    fn crosses_out_of_band(&self, _: &Settings) -> bool {
        false
    }
    /// About what an item takes; `None` where nobody knows.
    fn effort(&self, _: &Settings) -> Option<Effort> {
        None
    }
    /// Whether settings that are valid one by one go together.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    fn check(&self, _: &Settings) -> Result<(), String> {
        Ok(())
    }
    /// One line that names this work with its settings, for chart subtitles: `primes below 200 000`. The default is
    /// the task's word with all settings: `primes, limit 200 000`.
    fn describe(&self, settings: &Settings) -> String {
        let one =
            |setting: &Setting| settings.get(setting.name).map(|value| setting.kind.show_named(setting.name, value));
        let words: Vec<String> = self.settings().iter().filter_map(one).collect();
        [&[self.name().replace('_', " ")], &words[..]].concat().join(", ")
    }
    /// The same for work in a stage of a pipeline, the first or a later one, where that differs: see [`Job::transform`].
    fn describe_stage(&self, settings: &Settings, _later: bool) -> String {
        self.describe(settings)
    }
    /// For tasks whose jobs have a [`Job::transform`]: the settings that say which data items have of their own. A later
    /// stage of a pipeline has no use for them.
    fn own_data(&self) -> Option<&'static [&'static str]> {
        None
    }
    /// Prepares the job. Runs in every process that writes requests or executes items, before the clock.
    ///
    /// # Errors
    /// What stands in the way, such as a folder that cannot be written.
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError>;
}

/// An item under way in an event loop. It stays in its thread.
pub type Later<'a> = Pin<Box<dyn Future<Output = Result<(), TaskError>> + 'a>>;

/// Prepared work. Equal settings and places give equal requests and replies in every process.
pub trait Job: Send + Sync {
    /// Writes the request of item `item` (from 0) into `request`, which is empty.
    fn request(&self, item: u64, request: &mut Vec<u8>);
    /// Runs one request and writes its reply into `reply`, which is empty. The reply depends on the request alone.
    ///
    /// # Errors
    /// What failed; the trial ends as `failed` with this text.
    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError>;
    /// The same as [`Job::run`] as a future of an event loop of the tokio package, for tasks that say [`Task::is_async`].
    /// Waits are awaited, so that other items go on meanwhile. The default awaits nothing.
    fn run_later<'a>(&'a self, request: &'a [u8], reply: &'a mut Vec<u8>, context: &'a mut Context<'_>) -> Later<'a> {
        Box::pin(async move { self.run(request, reply, context) })
    }
    /// Writes the right reply of a request, without waiting and without touching anything outside; the engine
    /// compares the sum of all replies with the sum of these. The default runs the item.
    ///
    /// # Errors
    /// As [`Job::run`].
    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        self.run(request, reply, context)
    }
    /// An upper bound of the sizes in bytes of one request and one reply, so that buffers are reserved before the clock;
    /// larger ones cross all the same. The default is a number each.
    fn sizes(&self) -> (usize, usize) {
        (8, 8)
    }
    /// What happens between iterations; for tasks whose [`Topology`] says `Iterations`.
    fn iterations(&self) -> Option<&dyn Iterations> {
        None
    }
    /// Who takes all replies; for tasks whose [`Topology`] says `Gathering`. Made once, in the host, before the clock.
    ///
    /// # Errors
    /// What stands in the way, such as a file that cannot be made.
    fn consumer(&self) -> Result<Option<Box<dyn Consumer>>, TaskError> {
        Ok(None)
    }
    /// What it does with items in a stage of a pipeline, for tasks that work on data: their own in the first stage, in later
    /// ones what the stage before has made. Other jobs run the same item in every stage.
    fn transform(&self) -> Option<&dyn Transform> {
        None
    }
    /// Does what is to be done around trials. Called in a host, for tasks that say [`Task::acts_around`].
    ///
    /// # Errors
    /// What stands in the way; a trial ends as `failed` with this text, and a run does not begin.
    fn around(&self, _: Moment) -> Result<(), TaskError> {
        Ok(())
    }
    /// Looks at what the items left outside of their replies: files, rows, a server's counts. Called once in the host,
    /// after the clock, where all items are done.
    ///
    /// # Errors
    /// What is not as it must be; the trial ends as `failed` with this text.
    fn review(&self) -> Result<(), TaskError> {
        Ok(())
    }
    /// Whether an item that is run again, since its worker died, leaves outside what one run would have left; then
    /// [`Job::review`] is called after retries too.
    fn is_idempotent(&self) -> bool {
        false
    }
    /// For bulk payloads: `Some(k)` where request `i` equals request `i % k` in all but its first 8 bytes, which hold
    /// `i` in little-endian order. Then only `k` buffers are prepared, and each is stamped when it is sent.
    fn repeats(&self) -> Option<u64> {
        None
    }
    /// A variable that is global to the process, for a probe of isolation: models have main write to it before workers
    /// start, and every worker before its first item, and report what each finds. It starts at 1.
    fn global(&self) -> Option<&AtomicU64> {
        None
    }
    /// Bytes that running an item needs beside its request and the settings, and that another language would not
    /// compute alike: what is random in them. The Python driver gets them in this order.
    fn constants(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

/// The registry of tasks: a value that `main` passes down, so that a program of one's own can add to it.
#[derive(Clone)]
pub struct Tasks {
    list: Vec<Arc<dyn Task>>,
}

impl Tasks {
    /// The tasks that `runner` ships, in the order in which help lists them.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            list: vec![
                Arc::new(empty::Empty),
                Arc::new(primes::Primes),
                Arc::new(matrix::Matrix),
                Arc::new(hash::Hash),
                #[cfg(feature = "gzip")]
                Arc::new(compress::Compress),
                Arc::new(sort::Sort),
                Arc::new(json::Json),
                #[cfg(feature = "image")]
                Arc::new(image::Image),
                Arc::new(numeric::Numeric),
                Arc::new(train::Train),
                #[cfg(feature = "video")]
                Arc::new(video::Video),
                Arc::new(sleep::Sleep),
                Arc::new(file::File),
                Arc::new(echo::Echo),
                Arc::new(mixed::Mixed),
                Arc::new(convoy::Convoy),
                #[cfg(feature = "sqlite")]
                Arc::new(database::Database),
                Arc::new(download::Download),
                #[cfg(feature = "html")]
                Arc::new(crawl::Crawl),
                Arc::new(log::Log),
                Arc::new(globals::Globals),
                Arc::new(python::Python),
                Arc::new(command::Command),
            ],
        }
    }

    /// The same registry with one more task, which replaces one of the same name.
    #[must_use]
    pub fn with(mut self, task: impl Task + 'static) -> Self {
        self.list.retain(|other| other.name() != task.name());
        self.list.push(Arc::new(task));
        self
    }

    /// The task of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&dyn Task> {
        self.list.iter().find(|task| task.name() == name).map(AsRef::as_ref)
    }

    /// All tasks in order.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Task> {
        self.list.iter().map(AsRef::as_ref)
    }
}
