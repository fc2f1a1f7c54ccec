//! What executes an item: Rust without a lock, Rust under a model of CPython's lock, or a real CPython.

mod find;
mod gil;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use find::find;
pub use gil::{Gil, Held, Holder};

/// An interpreter by name, with variables that are added to its environment: they may change what it is, such as whether its lock is on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedPython {
    /// The name as written: a program on PATH, or a path.
    pub name: String,
    /// The variables.
    pub environment: BTreeMap<String, String>,
}

impl NamedPython {
    /// An interpreter with these variables.
    #[must_use]
    pub fn of(name: &str, environment: &BTreeMap<String, String>) -> Self {
        Self { name: name.to_owned(), environment: environment.clone() }
    }
}

impl From<&str> for NamedPython {
    fn from(name: &str) -> Self {
        Self::of(name, &BTreeMap::new())
    }
}

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
    /// Whether it compiles hot code to machine code (`sys._jit.is_enabled()`, from 3.14 on).
    pub jit: bool,
    /// The start method that it takes where a program says nothing.
    pub default_start: String,
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
        let jit = if self.jit { ", JIT" } else { "" };
        format!("CPython {}{threaded}{lock}{jit}", self.version)
    }
}
