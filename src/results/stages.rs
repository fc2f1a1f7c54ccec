//! Pipelines: their stages, what each did, and which of them holds the others up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known of the stages of a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PipelineEstimate {
    /// The stages in their order.
    pub stages: Vec<StageEstimate>,
    /// The stage that was busiest, from 0, with those that were as busy: it holds the others up, as no more can leave a
    /// pipeline than its busiest stage lets through.
    pub bottleneck: Vec<usize>,
    /// Profiling trials that it was read from.
    pub trials: u32,
}

/// Where the time of a stage's workers went, as shares of workers × wall time of the work; medians over the trials.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageEstimate {
    /// Within items.
    pub busy: f64,
    /// Nothing to do, since the queue after the stage was full.
    pub blocked: f64,
    /// Nothing to do, since the queue before the stage was empty.
    pub starved: f64,
    /// The most items that ever waited in the queue before the stage.
    pub most: u64,
}

impl super::Results {
    /// A stage of a configuration in words: `stage 2, primes on processes × 2`.
    #[must_use]
    pub fn stage_shown(&self, configuration: &super::Configuration, at: usize) -> String {
        let task = self.workloads.get(configuration.workload).map_or("", |workload| workload.stage_task(at));
        configuration.config.stages.get(at).map_or(String::new(), |stage| {
            format!("stage {}, {task} on {} × {}", at + 1, stage.model.word(), stage.workers)
        })
    }
}
