//! What a worker does and has, wherever it runs: items, requests, arrivals, iterations, and what workers of one process share.

pub mod affinity;
pub mod arrivals;
pub mod fan_in;
pub mod gil;
pub mod item_ids;
pub mod item_runner;
pub mod iteration_state;
pub mod iterations;
pub mod parent_memory;
pub mod request_source;
pub mod trail;
pub mod work_queue;
pub mod worker_state;
