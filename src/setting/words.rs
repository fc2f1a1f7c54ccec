//! Closed sets of words: each is defined once, here or beside what it names, and reading, messages, the JSON Schema, help
//! and labels follow from that.

/// One word of a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordRow {
    /// As scenarios, results and flags write it.
    pub word: &'static str,
    /// As tables and charts show it.
    pub shown: &'static str,
    /// What it means, in one line.
    pub about: &'static str,
}

/// A closed set of words, as an enumeration.
pub trait EnumWords: Copy + PartialEq + 'static {
    /// What the words name, such as `IPC method`.
    const WHAT: &'static str;
    /// Every value, in the order in which help lists them.
    const VALUES: &'static [Self];
    /// The words of [`Self::VALUES`], in the same order.
    const ROWS: &'static [WordRow];

    /// The row of a value.
    #[must_use]
    fn row(self) -> &'static WordRow {
        let at = Self::VALUES.iter().position(|value| *value == self).unwrap_or(0);
        &Self::ROWS[at]
    }

    /// The value that a word names, if it names one.
    #[must_use]
    fn of_word(word: &str) -> Option<Self> {
        Self::ROWS.iter().position(|row| row.word == word).map(|at| Self::VALUES[at])
    }
}

/// Defines a closed set of words: the enumeration, its rows, and how JSON writes it, which is by the words.
///
/// A row is `Value = "word"`, `("shown")` where tables and charts show something else, and `: "meaning"`.
macro_rules! words {
    (@shown $word:literal) => { $word };
    (@shown $word:literal $shown:literal) => { $shown };
    ($(#[$doc:meta])* pub enum $name:ident, $what:literal {
        $($(#[$attribute:meta])* $value:ident = $word:literal $(($shown:literal))?: $about:literal,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[derive(::schemars::JsonSchema)]
        pub enum $name {
            $(#[doc = $about] $(#[$attribute])* #[serde(rename = $word)] $value,)+
        }

        impl $crate::setting::EnumWords for $name {
            const WHAT: &'static str = $what;
            const VALUES: &'static [Self] = &[$(Self::$value),+];
            const ROWS: &'static [$crate::setting::WordRow] = &[$($crate::setting::WordRow {
                word: $word,
                shown: words!(@shown $word $($shown)?),
                about: $about,
            }),+];
        }

        /// Tests write words; a wrong one ends the test.
        #[cfg(test)]
        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                <Self as $crate::setting::EnumWords>::of_word(word).expect(word)
            }
        }

        impl $name {
            /// As scenarios, results and flags write it.
            #[must_use]
            pub fn word(self) -> &'static str {
                $crate::setting::EnumWords::row(self).word
            }

            /// As tables and charts show it.
            #[must_use]
            pub fn shown(self) -> &'static str {
                $crate::setting::EnumWords::row(self).shown
            }
        }
    };
}

pub(crate) use words;

words! {
    /// Who runs the items.
    pub enum Model, "model" {
        Serial = "serial": "one item after the other, in one thread: the reference",
        Threads = "threads": "threads of one process, claiming items from a shared counter; in Python, `Thread`",
        Rayon = "rayon" ("work stealing (rayon)"): "a rayon pool of its own with that many threads; chunk is its smallest split",
        Processes = "processes": "worker processes (this program again), fed over an IPC method; in Python, `Process`",
        Async = "async": "tasks of one event loop in one thread, for work that waits (tokio; in Python, asyncio)",
        Interpreters = "interpreters" ("sub-interpreters"): "sub-interpreters of one process, each with a GIL of its own (CPython 3.12 or newer)",
        ThreadPoolExecutor = "ThreadPoolExecutor": "the executor of threads in concurrent.futures: `executor.map` of your own function, else a future for each chunk; runtime python only",
        ProcessPoolExecutor = "ProcessPoolExecutor": "the executor of processes in concurrent.futures: `executor.map` of your own function with `chunksize`, else a future for each chunk; runtime python only",
        InterpreterPoolExecutor = "InterpreterPoolExecutor": "the executor of sub-interpreters in concurrent.futures; CPython 3.14 or newer",
        ThreadPool = "ThreadPool": "multiprocessing.pool.ThreadPool, by its `map`; runtime python only",
        Pool = "Pool": "multiprocessing.Pool, by its `map`; runtime python only",
        Pipeline = "pipeline": "stages in a chain, each with workers of its own and a bounded queue before it; the key `pipeline` asks for it",
    }
}

impl Model {
    /// Every model that `models` may name, in the order in which outputs list them: all but the pipeline, which has a key of
    /// its own.
    pub fn named() -> impl Iterator<Item = Self> {
        Self::VALUES.iter().copied().filter(|model| *model != Self::Pipeline)
    }

    /// Whether it is one of Python's own pools or executors, which bring their own way to reach their workers.
    #[must_use]
    pub fn is_pool(self) -> bool {
        matches!(
            self,
            Self::ThreadPoolExecutor
                | Self::ProcessPoolExecutor
                | Self::InterpreterPoolExecutor
                | Self::ThreadPool
                | Self::Pool
        )
    }

    /// Whether its workers are processes of their own.
    #[must_use]
    pub fn has_processes(self) -> bool {
        matches!(self, Self::Processes | Self::ProcessPoolExecutor | Self::Pool)
    }

    /// Whether its workers are threads of one process that share one interpreter, or have none.
    #[must_use]
    pub fn has_threads(self) -> bool {
        matches!(self, Self::Threads | Self::ThreadPoolExecutor | Self::ThreadPool)
    }

    /// Whether its workers are sub-interpreters.
    #[must_use]
    pub fn has_interpreters(self) -> bool {
        matches!(self, Self::Interpreters | Self::InterpreterPoolExecutor)
    }
}

words! {
    /// A way to carry requests and replies between the dispatcher and its worker processes.
    pub enum Method, "IPC method" {
        Pipe = "pipe": "two pipes per worker, with 1 MiB buffers",
        Queue = "queue" ("queue (ipc-channel)"): "channels of the ipc-channel package, over Unix sockets",
        SharedMemory = "shared_memory" ("shared memory"): "rings in a shared segment, woken by futex; or a table of claims",
        Manager = "manager": "a server process that owns the queues; every put and get is a round trip to it",
    }
}

words! {
    /// How a side waits for a message.
    pub enum Wait, "way to wait" {
        Sleep = "sleep": "sleeps in the kernel at once: costs a wake-up, leaves the core to others",
        Spin = "spin": "spins briefly, then sleeps: the lowest latency, for a core that nobody else needs",
    }
}

/// How long `spin` spins before it sleeps. Waking a sleeper on another core takes 10 to 30 µs, so a shorter spin would
/// lose itself in sleep for ever once one reply was late; a longer one only burns the core.
pub const SPIN: std::time::Duration = std::time::Duration::from_micros(50);

words! {
    /// How items reach workers.
    pub enum Dispatch, "dispatch" {
        Stream = "stream": "requests travel to workers on demand, with a bound on those in flight",
        Claim = "claim": "a fixed set in shared memory, claimed item by item with fetch_add; processes over shared_memory only",
    }
}

words! {
    /// Which cores may be used.
    pub enum Affinity, "affinity" {
        Free = "free" ("any core"): "wherever the system puts them",
        Same = "same" ("same core"): "dispatcher and workers on one core",
        Cross = "cross" ("across cores"): "the dispatcher on the first core, workers on the others (on all where there is one core)",
    }
}

words! {
    /// What executes an item.
    #[derive(Default)]
    pub enum Runtime, "runtime" {
        #[default]
        Native = "native": "Rust, without a GIL",
        GilEmulation = "gil_emulation" ("GIL emulation"): "Rust under an emulation of CPython's GIL, one per process; never recommended",
        Python = "python" ("CPython"): "a real CPython, found on PATH or named by `python`",
    }
}

words! {
    /// What the clock covers.
    #[derive(Default)]
    pub enum Measure, "measure" {
        #[default]
        Work = "work": "from the moment every worker is ready and warm to the last reply",
        EndToEnd = "end_to_end" ("end to end"): "from before the first worker starts to after the last has ended; no barrier, no warm-up",
    }
}

words! {
    /// How worker processes are started.
    pub enum Start, "start method" {
        Spawn = "spawn": "a fresh program",
        Fork = "fork": "a copy of the parent, made before it has any thread",
        Forkserver = "forkserver": "a copy of a small server process, which is started first",
    }
}

words! {
    /// What happens after a worker process has died.
    pub enum OnCrash, "answer to a crash" {
        Stop = "stop": "the run ends",
        Restart = "restart": "another worker takes its place, and its items are handed out again; the one that was running is tried three times in all, then given up",
        Skip = "skip": "the others go on, and the items that the worker held are given up",
    }
}

words! {
    /// What workers do with memory that the parent holds.
    pub enum ParentUse, "use of the parent's memory" {
        Untouched = "untouched": "no worker looks at it",
        Read = "read": "every worker that has it reads all of it before the work: threads, and copies of the parent",
    }
}

words! {
    /// Whether an interpreter that can run without its lock has it.
    pub enum GilState, "state of the GIL" {
        Enabled = "enabled": "one thread at a time runs Python code",
        Disabled = "disabled": "threads run Python code at once; takes a free-threaded CPython (3.13 or newer)",
    }
}

words! {
    /// How an item goes wrong.
    pub enum FaultKind, "fault" {
        Panic = "panic": "a Rust panic; Python has exceptions in its place",
        Exception = "exception": "a Python exception that nothing catches; Rust has panics in its place",
        Abort = "abort": "abort(): signal 6 (SIGABRT)",
        Segfault = "segfault": "an access to memory that is not there: signal 11 (SIGSEGV)",
        Exit = "exit": "the process ends with exit code 7",
        Kill = "kill": "SIGKILL to its own process, as the kernel does when memory is exhausted",
        Hang = "hang": "the item never returns",
        StackOverflow = "stack_overflow" ("stack overflow"): "the item recurses until its stack is full",
        Memory = "memory": "the item allocates beyond a limit, set 256 MiB above what its process has",
    }
}
