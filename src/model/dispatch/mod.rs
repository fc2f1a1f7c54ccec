//! Worker processes: how they are started and ended, what is said to them, and how items are handed out to them.

pub mod child;
pub mod fork_server;
pub mod iterations;
pub mod retry_ledger;
pub mod spawner;
pub mod stream;
pub mod wire;
pub mod worker_pool;
pub mod worker_process;
