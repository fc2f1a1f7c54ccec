//! Everything that a scenario can set: one table for the settings of configurations, one shape for those and the settings of
//! tasks. Reading, parameters, `--filter`, selectors, labels, chart lines, export columns, `explain`, the JSON Schema and the
//! reference page are loops over it, so that a new setting is one row and its behaviour.

mod charts;
mod config;
mod metrics;
mod outcomes;
mod rows;
mod table;
mod value;
mod words;

pub use charts::ChartKind;
pub use config::{StageConfig, comparable, fact_name, of_stage, varying};
pub use metrics::{Metric, Unit};
pub use outcomes::{Outcome, OutcomeKind};
pub use table::{ALL, Config, ConfigSetting, Default, Key, LabelForm, MOST_WORKERS, Part, takes};
pub use value::{SettingKind, Stored, Value};
pub use words::{
    Affinity, Dispatch, EnumWords, FaultKind, Measure, Method, Model, OnCrash, ParentUse, Runtime, SPIN, Start, Wait,
    WordRow,
};

/// A setting as a scenario gives it: of a task, or of configurations.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The key in scenarios.
    pub name: &'static str,
    /// What it means, in one line.
    pub about: &'static str,
    /// What it takes.
    pub kind: SettingKind,
    /// The default as one would write it in YAML, such as `64 KiB`.
    pub default: &'static str,
}

/// Words of the language that this program knows only where it was built with an optional feature of the same name, with
/// what they do.
pub const OPTIONAL: &[(&str, &str)] = &[("video", "a task that encodes AV1")];

#[cfg(test)]
pub(crate) use config::pairs;
pub(crate) use words::words;
