//! What executes an item. `native` is Rust without a lock; the others are words of later work.

use serde::{Deserialize, Serialize};

/// What executes an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// Rust, no lock.
    Native,
}

/// Every runtime with its word and what it is.
pub const RUNTIMES: &[(Runtime, &str, &str)] = &[(Runtime::Native, "native", "Rust, without any interpreter lock")];
