//! Derived facts: estimates, verdicts, answers to expectations. All recomputable from the trials.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pairs::PairTable;
use super::{
    BreakEven, Breakdown, FaultEstimate, FitRecord, Interval, LifeEstimate, LockEstimate, MemoryEstimate, Pair, Pick,
    PipelineEstimate, Resources, RuntimeTable, SeenEstimate,
};

/// From this share of noisy units on a run says of nothing that it is not met, or slower than before.
const DISTURBED: f64 = 0.25;

/// How quiet the machine was during the rounds of all workloads, by their units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Noise {
    /// Whole units of rounds.
    pub units: u32,
    /// Those in which others took over a tenth of the granted cores, or in which a quota held the program back.
    pub noisy: u32,
    /// Those of them that do not count, since another unit was run in their place.
    pub left_out: u32,
    /// Cores that others took in the noisy ones, on average.
    pub others: f64,
    /// Periods in which control groups were held back in these.
    pub throttled: u64,
}

impl Noise {
    /// Whether over a quarter of the units was noisy.
    #[must_use]
    pub fn is_disturbed(&self) -> bool {
        f64::from(self.noisy) > DISTURBED * f64::from(self.units)
    }
}

/// Everything that is computed from the trials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Derived {
    /// How quiet the machine was during the rounds.
    pub noise: Noise,
    /// One per configuration, in configuration order.
    pub estimates: Vec<ConfigurationEstimate>,
    /// One per workload, in workload order.
    pub workloads: Vec<WorkloadVerdict>,
    /// One per expectation, in order.
    pub expectations: Vec<ExpectationResult>,
    /// From which number of workers, payload or other setting on one configuration beats another.
    #[serde(default)]
    pub break_evens: Vec<BreakEven>,
    /// The highest arrival rates that configurations sustain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub saturation: Vec<SaturationPoint>,
    /// Curves fitted to speedups over workers.
    #[serde(default)]
    pub fits: Vec<FitRecord>,
    /// One per configuration that two builds ran in enough rounds, where this build was compared with another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regressions: Vec<Regression>,
    /// Runtimes and interpreters that run the same task, compared with each other per item.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runtimes: Vec<RuntimeTable>,
}

impl Derived {
    /// Whether there is an estimate for every configuration and a verdict for every workload, in order, and every index leads somewhere.
    pub(super) fn check(&self, results: &super::Results) -> Result<(), String> {
        let configurations = results.configurations.len();
        let in_order = self.estimates.iter().map(|estimate| estimate.configuration).eq(0..configurations)
            && self.workloads.iter().map(|verdict| verdict.workload).eq(0..results.workloads.len())
            && self.expectations.iter().map(|judged| judged.expectation).eq(0..results.expectations.len());
        if !in_order {
            return Err("the derived section does not fit the configurations, groups and expectations".into());
        }
        let known =
            |point: &RatePoint| point.configuration < configurations && point.workload < results.workloads.len();
        if !self.saturation.iter().flat_map(|saturation| &saturation.points).all(known) {
            return Err("a saturation point names a configuration or a workload that does not exist".into());
        }
        let builds = self.regressions.iter().flat_map(|regression| [regression.new, regression.old]);
        if let Some(id) = builds.into_iter().find(|id| *id >= configurations) {
            return Err(format!("the comparison of two builds names configuration {id}, which does not exist"));
        }
        for verdict in &self.workloads {
            let pairs = verdict.pairs.iter().flat_map(|pair| [pair.a, pair.b]);
            let checks = verdict.checks.iter().map(|check| check.configuration);
            let named = verdict.ranking.iter().chain(&verdict.winners).copied();
            let picked = verdict.picks.iter().flat_map(Pick::named);
            if let Some(id) = named.chain(pairs).chain(checks).chain(picked).find(|id| *id >= configurations) {
                return Err(format!(
                    "the verdict on workload {} names configuration {id}, which does not exist",
                    verdict.workload
                ));
            }
        }
        self.estimates.iter().try_for_each(ConfigurationEstimate::check_reasons)?;
        self.estimates.iter().try_for_each(ConfigurationEstimate::check_happened)?;
        self.estimates
            .iter()
            .zip(&results.configurations)
            .try_for_each(|(estimate, configuration)| estimate.check_stages(configuration))?;
        self.check_runtimes(results)?;
        self.check_reasons(results)
    }
}

/// The highest arrival rate that one configuration sustains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SaturationPoint {
    /// The label of its configurations.
    pub configuration: String,
    /// The largest rate that it is shown to sustain, as with all below.
    pub sustains: Option<u32>,
    /// The smallest rate at which it is shown to saturate.
    pub saturates_at: Option<u32>,
    /// The same in words.
    pub sentence: String,
    /// Every rate, rising.
    pub points: Vec<RatePoint>,
}

/// One configuration at one rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RatePoint {
    /// Index of the workload.
    pub workload: usize,
    /// Index of the configuration.
    pub configuration: usize,
    /// Items per second that arrived.
    pub rate: u32,
    /// The share of that which was answered from the first moment to the last reply.
    pub share: Interval,
}

/// What is known of one configuration. Times are `None` where no trial was right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigurationEstimate {
    /// Index of the configuration.
    pub configuration: usize,
    /// Seconds of the measure of one trial. An infinite median (most trials timed out) is `None` here and said in `note`.
    pub time: Option<Interval>,
    /// Seconds per item.
    pub per_item: Option<Interval>,
    /// Speedup over the workload's reference: in-round ratios, per item where the workload says so. 1 for the reference itself, without an interval.
    pub speedup: Option<Interval>,
    /// Items per second.
    #[serde(default)]
    pub throughput: Option<Interval>,
    /// Median seconds of start, work and join.
    pub phases: Option<[f64; 3]>,
    /// Median CPU seconds (user and system) over all phases.
    pub cpu: Option<f64>,
    /// Median context switches (voluntary, involuntary) over all phases.
    pub switches: Option<(f64, f64)>,
    /// CPU time, switches and faults of each phase and per item.
    #[serde(default)]
    pub resources: Option<Resources>,
    /// What its processes occupied, where memory trials were run.
    #[serde(default)]
    pub memory: Option<MemoryEstimate>,
    /// What the fault of its workload did, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultEstimate>,
    /// How long its workers took to start and to end, where they have lives of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lives: Option<LifeEstimate>,
    /// What interpreter locks cost, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockEstimate>,
    /// What main and each worker saw of the global variable of the task `globals`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<SeenEstimate>,
    /// What its stages did, where it is a pipeline and profiling trials were run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<PipelineEstimate>,
    /// Where its speedup went, where the reference has one worker and profiling trials were run.
    #[serde(default)]
    pub breakdown: Option<Breakdown>,
    /// Trials that succeeded, and all that were run.
    pub ok: u32,
    /// Trials that were run.
    pub trials: u32,
    /// Trials marked as too short.
    pub too_short: u32,
    /// Whether its samples have two modes.
    pub bimodal: bool,
    /// What went wrong, such as `2 of 15 timed out`; empty where nothing did.
    pub note: String,
}

/// What became of a configuration from the other build to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// This build takes more time, and by more than margin: the whole interval lies beyond.
    Regression,
    /// This build takes more time; that it is more than margin was not shown.
    Slower,
    /// This build takes less time.
    Faster,
    /// The interval of the ratio lies inside ±margin.
    Equivalent,
    /// The ratio lies below one plus margin, wherever else it may be: not a regression.
    NotSlower,
    /// Nothing could be shown.
    NoSignificantDifference,
}

/// One configuration, run by two builds in the same rounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Regression {
    /// The configuration of this build.
    pub new: usize,
    /// The configuration of the other build.
    pub old: usize,
    /// In-round ratio of this build's time to the other's, at the family-wise level at which it was decided: above one is
    /// slower.
    pub ratio: Interval,
    /// The verdict on this build.
    pub word: Change,
    /// Without a significant difference: the smallest slow-down (as a ratio above one) that these rounds would have detected to be a regression.
    pub smallest_effect: Option<f64>,
    /// Without a significant difference: about how many rounds it would take to decide the ratio seen; `None` where none would.
    pub rounds_needed: Option<u32>,
}

/// The A/A check of one configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// The configuration that ran twice in some rounds.
    pub configuration: usize,
    /// Ratio of its second run to its first, at 99%.
    pub ratio: Interval,
    /// Whether the interval includes one, or there were too few rounds to say.
    pub passed: bool,
}

/// The verdict on one workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkloadVerdict {
    /// Index of the workload.
    pub workload: usize,
    /// Configurations from the fastest to the slowest median; configurations without a time are last.
    pub ranking: Vec<usize>,
    /// What to use: one pick, or one for each way to wait; empty where nothing is picked.
    pub picks: Vec<Pick>,
    /// The configurations of all picks and those that are as good, in ranking order.
    pub winners: Vec<usize>,
    /// Every pair that was compared, in ranking order (`a` ranks before `b`).
    #[serde(with = "super::pairs")]
    #[schemars(with = "PairTable")]
    pub pairs: Vec<Pair>,
    /// Every configuration of a later variant (`a`) beside the same of the first (`b`).
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "super::pairs")]
    #[schemars(with = "PairTable")]
    pub variants: Vec<Pair>,
    /// The A/A checks.
    pub checks: Vec<Check>,
    /// Why nothing is picked and no pair has a verdict: `--quick`, too few rounds, a fault, the GIL emulation.
    pub suppressed: Option<String>,
    /// What to know before trusting the pick: a failed A/A check, rounds within a few seconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The answer in a sentence or two, computed: the pick and its price.
    pub sentence: String,
    /// Which models are as good as each other, and from how many workers others beat the reference, in a sentence or a few;
    /// `None` where there is nothing to choose, or no pick.
    #[serde(default)]
    pub recommendation: Option<String>,
}

/// An expectation's answer, judged on the interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The whole interval meets the bound.
    Met,
    /// The whole interval misses it.
    NotMet,
    /// The interval holds the bound, or there is none.
    Inconclusive,
}

/// An expectation with its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExpectationResult {
    /// Index of the expectation.
    pub expectation: usize,
    /// Answer over all pairs: not met if any is not met, met if all are met.
    pub answer: Answer,
    /// One line per pair with its numbers.
    pub details: Vec<String>,
}
