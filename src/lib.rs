//! `runner` measures which concurrency model and which IPC method suits a workload.
//!
//! A YAML scenario says what work to do and which configurations to do it; every configuration is run, fairly, and compared.

#![cfg_attr(test, allow(clippy::unwrap_used))]

#[cfg(not(target_os = "linux"))]
compile_error!("runner measures with Linux facilities (futex, pidfd, /proc) and is built for Linux only");

pub mod chart;
pub mod cli;
pub mod engine;
pub mod host;
pub mod ipc;
pub mod model;
pub mod plan;
pub mod record;
pub mod reexec;
pub mod report;
pub mod results;
pub mod runtime;
pub mod scenario;
pub mod setting;
pub mod stats;
pub mod task;
pub mod text;
pub mod verdict;
