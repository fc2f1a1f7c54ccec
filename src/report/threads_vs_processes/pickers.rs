//! Picking configurations of scenarios by what sets them apart.

use crate::results::{Configuration, Workload};
use crate::setting::{Method, Model, Runtime, Start};

/// Picks a configuration of Python by task, model and workers.
pub(super) fn python(
    task: &'static str,
    model: Model,
    workers: u32,
) -> impl Fn(&Workload, &Configuration) -> bool + Copy {
    move |workload, configuration| {
        workload.runtime == Runtime::Python
            && workload.task == task
            && configuration.config.model == model
            && configuration.config.workers == Some(workers)
    }
}

pub(super) fn with_payload(
    model: Model,
    ipc: Option<Method>,
    payload: u64,
) -> impl Fn(&Workload, &Configuration) -> bool + Copy {
    move |workload, configuration| {
        workload.runtime == Runtime::Python
            && configuration.config.model == model
            && configuration.config.ipc == ipc
            && workload.payload == Some(payload)
    }
}

pub(super) fn started(
    model: Model,
    start: Option<Start>,
    workers: u32,
) -> impl Fn(&Workload, &Configuration) -> bool + Copy {
    move |workload, configuration| {
        workload.runtime == Runtime::Python
            && configuration.config.model == model
            && configuration.config.start == start
            && configuration.config.workers == Some(workers)
    }
}

pub(super) fn hashing(bytes: u64) -> impl Fn(&Workload, &Configuration) -> bool + Copy {
    move |workload, configuration| {
        let size = workload.whole("size");
        workload.runtime == Runtime::Python && size == Some(bytes) && configuration.config.model == Model::Threads
    }
}

pub(super) fn using(access: &'static str, model: Model) -> impl Fn(&Workload, &Configuration) -> bool + Copy {
    move |workload, configuration| {
        let how = workload.word("access");
        workload.runtime == Runtime::Python
            && how == Some(access)
            && configuration.config.model == model
            && configuration.config.workers == Some(2)
    }
}
