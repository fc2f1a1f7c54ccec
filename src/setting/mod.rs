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
pub use table::{ALL, Config, ConfigSetting, Default, Key, MOST_WORKERS, Part, takes};
pub use value::{SettingKind, Stored, Value};
pub use words::{
    Affinity, Dispatch, EnumWords, FaultKind, GilState, Measure, Method, Model, OnCrash, ParentUse, Runtime, SPIN,
    Start, Wait, WordRow,
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

/// A word of the language that this program knows only if it was built with a feature.
#[derive(Clone, Copy, Debug)]
pub struct Optional {
    /// The word.
    pub word: &'static str,
    /// The feature.
    pub feature: &'static str,
    /// What the word stands for.
    pub about: &'static str,
}

/// All words that depend on features. Only `video` is not in a build with the default features.
pub const OPTIONAL: &[Optional] = &[
    Optional { word: "compress", feature: "gzip", about: "a task that deflates and inflates text" },
    Optional { word: "crawl", feature: "html", about: "a task that follows links in HTML" },
    Optional { word: "database", feature: "sqlite", about: "a task on an SQLite file" },
    Optional { word: "image", feature: "image", about: "a task that resizes PNG and JPEG images" },
    Optional { word: "video", feature: "video", about: "a task that encodes AV1" },
];

#[cfg(test)]
pub(crate) use config::pairs;
pub(crate) use words::words;
