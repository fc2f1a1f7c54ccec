//! Confidence intervals, and what a comparison by them comes to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A median with its exact order-statistic interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "IntervalForm")]
#[schemars(with = "IntervalForm")]
pub struct Interval {
    /// The median.
    pub median: f64,
    /// Lower end; `None` where there are too few samples for the level.
    pub low: Option<f64>,
    /// Upper end; `None` where there are too few samples, or where it is infinite (time-outs).
    pub high: Option<f64>,
    /// True coverage of the interval, such as 0.965; 0 where there is none.
    pub level: f64,
    /// Ranks of the ends, from 1, such as (4, 12); (0, 0) where there is no interval.
    pub ranks: (u32, u32),
    /// How many samples.
    pub n: u32,
}

/// An interval as files have it.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum IntervalForm {
    /// Median, lower and upper end, true coverage, ranks of the ends, samples.
    Row(f64, Option<f64>, Option<f64>, f64, (u32, u32), u32),
    /// As `--json` prints it.
    Object {
        median: f64,
        #[serde(default)]
        low: Option<f64>,
        #[serde(default)]
        high: Option<f64>,
        level: f64,
        ranks: (u32, u32),
        n: u32,
    },
}

impl From<IntervalForm> for Interval {
    fn from(form: IntervalForm) -> Self {
        match form {
            IntervalForm::Row(median, low, high, level, ranks, n)
            | IntervalForm::Object { median, low, high, level, ranks, n } => {
                Self { median, low, high, level, ranks, n }
            }
        }
    }
}

/// The four words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// The first configuration takes less time.
    Faster,
    /// The first configuration takes more time.
    Slower,
    /// The interval of their ratio lies inside ±margin.
    Equivalent,
    /// Neither could be shown.
    NoSignificantDifference,
}
