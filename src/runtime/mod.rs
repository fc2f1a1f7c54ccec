//! What executes an item: Rust without a lock, Rust under a model of CPython's lock, or a real CPython.

mod find;
mod gil;

use serde::{Deserialize, Serialize};

pub use find::find;
pub use gil::{Gil, Held, Holder};

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
    /// Whether it has sub-interpreters with a GIL of their own.
    pub interpreters: bool,
    /// Whether it has `concurrent.futures.InterpreterPoolExecutor`.
    pub interpreter_pool: bool,
    /// Whether numpy is installed in it.
    pub numpy: bool,
}

impl Interpreter {
    /// How outputs show it: `CPython 3.13.5t` (t for free-threaded).
    #[must_use]
    pub fn label(&self) -> String {
        let threaded = if self.free_threaded { "t" } else { "" };
        let lock = if self.free_threaded && self.gil { ", GIL on" } else { "" };
        format!("CPython {}{threaded}{lock}", self.version)
    }
}
