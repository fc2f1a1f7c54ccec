//! Which of two configurations is simpler: the order in which a pick is made among those that cost about the same.
//!
//! This is the only place that says so. Simpler is what a program needs less of: no concurrency, then threads of one process,
//! then an event loop, then processes with messages between them; within a model fewer workers; then the IPC method that
//! needs less around it; then settings at their defaults.

use crate::setting::{Config, Method, Model};

/// Models from the simplest on. In Python, pools and executors of a kind come before the bare class, since they bring what a
/// bare `Thread` or `Process` leaves to its user.
const MODELS: [Model; 12] = [
    Model::Serial,
    Model::ThreadPoolExecutor,
    Model::ThreadPool,
    Model::Threads,
    Model::Async,
    Model::Rayon,
    Model::InterpreterPoolExecutor,
    Model::Interpreters,
    Model::ProcessPoolExecutor,
    Model::Pool,
    Model::Processes,
    Model::Pipeline,
];

/// IPC methods from the simplest on.
const METHODS: [Method; 4] = [Method::Pipe, Method::Queue, Method::SharedMemory, Method::Manager];

/// The place of a configuration in the order: lower is simpler. Two that differ in settings beyond these are told apart
/// by how many settings they have at all, which are those that are not at their default or that vary.
pub(super) fn simplicity(config: &Config) -> (usize, u32, usize, usize) {
    let model = MODELS.iter().position(|model| *model == config.model).unwrap_or(MODELS.len());
    let workers = if config.stages.is_empty() { config.workers.unwrap_or(1) } else { config.all_workers() };
    let method = config.ipc.map_or(0, |ipc| 1 + METHODS.iter().position(|method| *method == ipc).unwrap_or(0));
    (model, workers, method, config.beyond_defaults())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::{EnumWords, Measure};

    #[test]
    fn every_model_and_method_has_a_place() {
        assert!(Model::VALUES.iter().all(|model| MODELS.contains(model)), "{:?}", Model::VALUES);
        assert!(Method::VALUES.iter().all(|method| METHODS.contains(method)));
    }

    #[test]
    fn fewer_workers_come_before_a_simpler_method_and_a_simpler_model_before_both() {
        let of = |model, workers, ipc| {
            let mut config = Config::new(model, Measure::Work);
            (config.workers, config.ipc) = (Some(workers), ipc);
            simplicity(&config)
        };
        assert!(of(Model::Threads, 16, None) < of(Model::Processes, 1, Some(Method::Pipe)));
        assert!(of(Model::Processes, 2, Some(Method::Manager)) < of(Model::Processes, 4, Some(Method::Pipe)));
        assert!(of(Model::Processes, 2, Some(Method::Pipe)) < of(Model::Processes, 2, Some(Method::Queue)));
        assert!(of(Model::ProcessPoolExecutor, 2, None) < of(Model::Processes, 2, Some(Method::Pipe)));
    }
}
