//! Picking configurations of scenarios by what sets them apart.

use crate::results::{Configuration, Workload};
use crate::setting::{Method, Model, Runtime, Start};

/// Whether it is a model under a real CPython.
fn is_python(workload: &Workload, configuration: &Configuration, model: Model) -> bool {
    workload.runtime == Runtime::Python && configuration.config.model == model
}

/// Picks a configuration of Python by task, model and workers.
pub(super) fn python(
    task: &'static str,
    model: Model,
    workers: u32,
) -> impl Fn(&Workload, &Configuration) -> bool + Copy {
    move |workload, configuration| {
        is_python(workload, configuration, model)
            && workload.task == task
            && configuration.config.workers == Some(workers)
    }
}

pub(super) fn with_payload(
    model: Model,
    ipc: Option<Method>,
    payload: u64,
) -> impl Fn(&Workload, &Configuration) -> bool + Copy {
    move |workload, configuration| {
        is_python(workload, configuration, model)
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
        is_python(workload, configuration, model)
            && configuration.config.start == start
            && configuration.config.workers == Some(workers)
    }
}

pub(super) fn hashing(bytes: u64) -> impl Fn(&Workload, &Configuration) -> bool + Copy {
    move |workload, configuration| {
        let size = workload.whole("size");
        is_python(workload, configuration, Model::Threads) && size == Some(bytes)
    }
}

pub(super) fn using(access: &'static str, model: Model) -> impl Fn(&Workload, &Configuration) -> bool + Copy {
    move |workload, configuration| {
        let how = workload.word("access");
        is_python(workload, configuration, model) && how == Some(access) && configuration.config.workers == Some(2)
    }
}
