//! Derived facts that say why: what a configuration used, what it occupied, where its speed-up was lost, where one configuration overtakes
//! another, and the curves that fit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Word;
use crate::setting::Measure;

/// CPU time, switches and page faults of a configuration: medians of the right timed trials, over all processes. Arrays are start,
/// work and join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Resources {
    /// CPU seconds in user mode.
    pub user: [f64; 3],
    /// CPU seconds in the kernel.
    pub system: [f64; 3],
    /// Voluntary context switches.
    pub voluntary: [f64; 3],
    /// Involuntary context switches.
    pub involuntary: [f64; 3],
    /// Page faults without I/O.
    pub minor_faults: [f64; 3],
    /// Page faults with I/O.
    pub major_faults: [f64; 3],
    /// CPU seconds of all phases per second of their wall time: how many cores were busy.
    #[serde(default)]
    pub busy: f64,
    /// CPU seconds (user and system) of the work phase per item.
    pub cpu_per_item: f64,
    /// Context switches of both kinds in the work phase per item.
    pub switches_per_item: f64,
    /// Page faults of both kinds in the work phase per item.
    pub faults_per_item: f64,
}

impl Resources {
    pub(super) fn numbers(&self) -> impl Iterator<Item = f64> {
        let phases =
            [self.user, self.system, self.voluntary, self.involuntary, self.minor_faults, self.major_faults].concat();
        phases.into_iter().chain([self.busy, self.cpu_per_item, self.switches_per_item, self.faults_per_item])
    }
}

/// Memory of a configuration in bytes: medians of the successful memory trials, over all processes, after the work. Kernel buffers are
/// not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryEstimate {
    /// Pages that one process alone has.
    pub private: f64,
    /// Pages that processes share, counted once: `pss` less `private`.
    pub shared: f64,
    /// Private and shared together (proportional set size).
    pub pss: f64,
    /// Resident set sizes added up: shared pages count in every process.
    pub rss: f64,
    /// How much `pss` grew during the work; negative where it shrank.
    pub growth: f64,
    /// Private pages and its part of shared ones of one worker process; `None` where workers are threads.
    pub per_worker: Option<f64>,
    /// How many trials it is from.
    pub trials: u32,
}

impl MemoryEstimate {
    pub(super) fn numbers(&self) -> impl Iterator<Item = f64> {
        [self.private, self.shared, self.pss, self.rss, self.growth].into_iter().chain(self.per_worker)
    }
}

/// What took a part of the speedup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Starting and joining workers, where the clock covers it.
    Start,
    /// Claims, messages and copies around items.
    Dispatch,
    /// No item was left, or none was found yet.
    Waiting,
    /// The runtime's lock was held by another.
    Lock,
    /// Ready to run, but another had the core.
    Oversubscription,
    /// Items ran slower than in the reference, or what the profiling trials did not see. Negative where they ran faster.
    Unexplained,
}

impl Loss {
    /// Every loss in the order in which it is stacked from the ideal down to what was measured.
    pub const ALL: [Self; 6] =
        [Self::Start, Self::Dispatch, Self::Waiting, Self::Lock, Self::Oversubscription, Self::Unexplained];

    /// How tables and charts call it.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::Start => "start and join",
            Self::Dispatch => "dispatch and serialization",
            Self::Waiting => "idle",
            Self::Lock => "waiting for the GIL",
            Self::Oversubscription => "CPU contention (oversubscription, other load)",
            Self::Unexplained => "unattributed slowdown",
        }
    }
}

/// Where the speedup of a configuration went. `workers` workers have `workers` × T seconds, of which the reference's time T₁ was
/// useful; the rest was lost. Divided by T that is `workers` − T₁/T: what lies between the ideal and the measured speedup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Breakdown {
    /// Workers, which is the ideal speedup too.
    pub workers: u32,
    /// The speedup that was measured: the median of [`CellEstimate::speedup`](super::CellEstimate::speedup).
    pub measured: f64,
    /// Every loss with its part, as a share of the workers' time times their number: in units of speedup. In the order of
    /// [`Loss::ALL`]; the sum is `workers` − `measured`, and the last part closes it.
    pub parts: Vec<(Loss, f64)>,
    /// How many times longer the profiling trials took than the bare ones. From 1.2 on the split is rough, since the
    /// clocks themselves take time around every item.
    pub inflation: f64,
    /// How many profiling trials it is from.
    pub trials: u32,
}

impl Breakdown {
    /// From this inflation on, the split tells of the clocks more than of the work, and is not drawn.
    pub const USELESS: f64 = 2.0;

    /// Whether the clocks of the profiling trials took more time than the work itself.
    #[must_use]
    pub fn useless(&self) -> bool {
        self.inflation >= Self::USELESS
    }

    /// From this inflation on, the split is rough.
    pub const ROUGH_FROM: f64 = 1.2;

    /// From this share of the measured speedup on that items would have to have gained, the split is rough: the trials with
    /// clocks lost more than the timed ones lack.
    pub const DISAGREES_FROM: f64 = 0.25;

    /// Whether the clocks of the profiling trials slowed them down so much that the split is rough.
    #[must_use]
    pub fn slowed(&self) -> bool {
        self.inflation >= Self::ROUGH_FROM
    }

    /// Whether the profiling trials do not agree with the timed ones.
    #[must_use]
    pub fn disagrees(&self) -> bool {
        self.gained() > Self::DISAGREES_FROM * self.measured
    }

    /// By how much items would have run faster than in the reference.
    #[must_use]
    pub fn gained(&self) -> f64 {
        let unexplained = self.parts.iter().filter(|(loss, _)| *loss == Loss::Unexplained);
        unexplained.map(|(_, part)| -part).sum::<f64>().max(0.0)
    }

    /// Whether the split is rough, for one of these reasons.
    #[must_use]
    pub fn rough(&self) -> bool {
        self.slowed() || self.disagrees()
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = f64> {
        self.parts.iter().map(|(_, part)| *part).chain([self.measured, self.inflation])
    }
}

/// How two configurations stand to each other along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Crossing {
    /// The configuration `b` is shown faster from some value on, and is not shown so at the value before it.
    From,
    /// The configuration `b` is shown faster at every value.
    Always,
    /// Both are equivalent at every value.
    Equivalent,
    /// Anything else: no order was shown at the end of the axis, or it changes more than once.
    Inconclusive,
}

/// Two configurations at one value of an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BreakPoint {
    /// The value: workers, bytes, or a setting's number.
    pub value: f64,
    /// The value for people, such as `4 KiB`.
    pub shown: String,
    /// The index of configuration `a`.
    pub a: usize,
    /// The index of configuration `b`.
    pub b: usize,
    /// How many times faster `b` is: the median in-round ratio.
    pub ratio: f64,
    /// The verdict on `b`.
    pub word: Word,
}

/// From which value of an axis on one configuration beats another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BreakEven {
    /// `workers`, or the name of a numeric setting of the task, such as `payload`.
    #[serde(rename = "parameter")]
    pub axis: String,
    /// What is equal along the axis, such as `primes` or `echo, end to end`.
    pub of: String,
    /// Workloads along the axis; one where the axis is `workers`.
    pub workloads: Vec<usize>,
    /// What the clock covers: `work` or `end_to_end`.
    pub measure: Measure,
    /// The configuration that is behind where an order was last shown along the axis.
    pub a: String,
    /// The configuration that is ahead there.
    pub b: String,
    /// Both configurations at each value, rising.
    pub points: Vec<BreakPoint>,
    /// How they stand.
    pub crossing: Crossing,
    /// Where the median ratio passes one, interpolated between neighbouring values on a logarithmic axis; where it passes
    /// more than once, the last time.
    pub at: Option<f64>,
    /// The largest value at which `a` is still shown faster: the lower end of where they cross, from the verdicts.
    pub low: Option<f64>,
    /// The smallest value from which on `b` is shown faster everywhere: the upper end.
    pub high: Option<f64>,
    /// The same in one sentence.
    pub sentence: String,
}

impl BreakEven {
    pub(super) fn numbers(&self) -> impl Iterator<Item = f64> {
        let points = self.points.iter().flat_map(|point| [point.value, point.ratio]);
        points.chain(self.at).chain(self.low).chain(self.high)
    }
}

/// The model behind a fitted curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FitKind {
    /// Amdahl's law: a part σ of the work is serial.
    Amdahl,
    /// The universal scalability law: Amdahl's, with a cost κ for every pair of workers.
    Usl,
}

impl FitKind {
    /// How tables and charts call it.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::Amdahl => "Amdahl's law",
            Self::Usl => "universal scalability law",
        }
    }
}

/// A fitted parameter with its interval at 95% from a bootstrap over whole rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fitted {
    /// The estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A curve fitted to the speedup of one line over workers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FitRecord {
    /// The workload.
    pub workload: usize,
    /// The line: the label of its configurations without the number of workers, such as `processes, pipe`.
    pub line: String,
    /// The configurations that it was fitted to, by rising number of workers.
    pub configurations: Vec<usize>,
    /// The law.
    pub kind: FitKind,
    /// The serial part of the work, 0 to 1.
    pub sigma: Fitted,
    /// The cost of a pair of workers, in the universal scalability law.
    pub kappa: Option<Fitted>,
    /// Root of the mean squared residual of the logarithms of the speedups.
    pub residual: f64,
    /// The most workers that the curve may be drawn to: twice those of the data.
    pub most: u32,
    /// The number of workers at which the curve is highest, where it has a peak not beyond `most`.
    pub peak: Option<f64>,
}

impl FitRecord {
    /// The speedup on the curve: n / (1 + σ(n − 1) + κn(n − 1)) (Gunther, *Guerrilla Capacity Planning*, chapter 4).
    /// `None` outside of 1 to `most`.
    #[must_use]
    pub fn speedup(&self, workers: f64) -> Option<f64> {
        let inside = (1.0..=f64::from(self.most)).contains(&workers);
        let kappa = self.kappa.map_or(0.0, |kappa| kappa.value);
        inside.then(|| workers / (1.0 + self.sigma.value * (workers - 1.0) + kappa * workers * (workers - 1.0)))
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = f64> {
        let fitted = [self.sigma].into_iter().chain(self.kappa);
        fitted.flat_map(|fitted| [fitted.value, fitted.low, fitted.high]).chain([self.residual]).chain(self.peak)
    }
}
