//! What executes an item: Rust without a lock, Rust under a model of CPython's lock, or a real CPython.

mod find;
mod gil;
mod look;

use serde::{Deserialize, Serialize};

pub use find::find;
pub use gil::{Gil, Held, Holder, LockUse};
pub use look::{Function, look};

/// What executes an item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// Rust, no lock.
    #[default]
    Native,
    /// Rust under a model of CPython's interpreter lock, one lock per process.
    GilEmulation,
    /// A real CPython.
    Python,
}

/// Every runtime with its word and what it is.
pub const RUNTIMES: &[(Runtime, &str, &str)] = &[
    (Runtime::Native, "native", "Rust, without any interpreter lock"),
    (
        Runtime::GilEmulation,
        "gil_emulation",
        "Rust under a model of CPython's interpreter lock, one per process; a model, never recommended",
    ),
    (Runtime::Python, "python", "a real CPython, found on PATH or named by `python`"),
];

/// A CPython that was found and asked what it can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    /// The program.
    pub path: std::path::PathBuf,
    /// Such as `3.11.7`.
    pub version: String,
    /// Whether it was built without the interpreter lock (`Py_GIL_DISABLED`).
    pub free_threaded: bool,
    /// Whether the lock is on in a run (`sys._is_gil_enabled()`).
    pub gil: bool,
    /// Start methods of `multiprocessing`: `fork`, `spawn`, `forkserver`.
    pub start_methods: Vec<String>,
    /// Whether it has sub-interpreters with a lock of their own.
    pub interpreters: bool,
}

impl Interpreter {
    /// How outputs show it: `CPython 3.13.5t` (t for free-threaded).
    #[must_use]
    pub fn label(&self) -> String {
        let threaded = if self.free_threaded { "t" } else { "" };
        let lock = if self.free_threaded && self.gil { ", lock on" } else { "" };
        format!("CPython {}{threaded}{lock}", self.version)
    }
}
