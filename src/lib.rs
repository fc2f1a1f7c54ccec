//! `runner` measures which concurrency model and which IPC method suits a workload.
//!
//! A YAML scenario says what work to do and which configurations to do it; every configuration is run, fairly, and compared.

#![cfg_attr(test, allow(clippy::unwrap_used))]

#[cfg(not(target_os = "linux"))]
compile_error!("runner measures with Linux facilities (futex, pidfd, /proc) and is built for Linux only");

mod chart;
pub mod cli;
mod engine;
mod host;
mod ipc;
mod model;
mod plan;
mod record;
mod reexec;
mod report;
pub mod results;
mod runtime;
mod scenario;
mod setting;
mod stats;
pub mod task;
mod text;
mod verdict;

/// What the benchmarks and tests of this package reach beyond that. Everything here changes without notice.
#[doc(hidden)]
pub mod internal {
    pub mod chart {
        pub use crate::chart::{Theme, charts};
    }
    pub mod engine {
        pub use crate::engine::{EngineError, Progress, Run, blank, continued, head, recorded_counts, run};
    }
    pub mod host {
        pub use crate::host::{
            HostError, Interrupt, JobSpec, Outcome, ProcessLauncher, Purpose, Report, Role, TrialLauncher, TrialSpec,
            WorkFolder, host_main,
        };
    }
    pub mod ipc {
        pub use crate::ipc::{ConnectInfo, DispatcherEnd, IpcError, WorkerEnd, hub, leftovers, open};
    }
    pub mod model {
        pub use crate::model::{
            JobSpec, Purpose, RunContext, forkserver_main, manager_main, moments, run, usable_cores, worker_main,
        };
    }
    pub mod plan {
        pub use crate::plan::{Entry, Filter, Options, Plan, Variant, doubled, plan, round_order};
    }
    pub mod reexec {
        pub use crate::reexec::{FORKSERVER, HOST, MANAGER, PROTOCOL, Program, WORKER};
    }
    pub mod report {
        pub use crate::report::{
            TerminalOptions, comparison_markdown, comparison_terminal, json, markdown, perfetto, regression_markdown,
            regression_terminal, samples, tables, terminal,
        };
    }
    pub mod runtime {
        pub use crate::runtime::{Gil, Holder, find};
    }
    pub mod scenario {
        pub use crate::scenario::{Source, load};
    }
    pub mod setting {
        pub use crate::setting::{
            ALL, Affinity, ChartKind, Config, Dispatch, EnumWords, FaultKind, Key, Measure, Method, Model, OnCrash,
            Outcome, Runtime, Value, Wait,
        };
    }
    pub mod stats {
        pub use crate::stats::{quantile, rounds_to_show};
    }
    pub mod text {
        pub use crate::text::show_seconds;
    }
    pub mod verdict {
        pub use crate::verdict::{compare_runs, derive, span};
    }
}
