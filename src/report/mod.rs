//! What people and machines read: the terminal's tables, `report.md`, JSON, exports, and parts of documents. Made from the results file alone.

mod code;
mod columns;
mod compare;
mod configurations;
pub mod embed;
mod export;
mod grid;
mod happened;
mod html;
mod json;
mod markdown;
mod markdown_table;
mod page;
mod perfetto;
mod phases;
mod picks;
mod reasons;
mod regression;
mod sorted;
mod spark;
mod surroundings;
mod tables;
mod terminal;
mod threads_vs_processes;
mod variants;
mod words;

pub use columns::columns_help;
pub use compare::{comparison_markdown, comparison_terminal};
pub use export::samples;
pub use html::{Source as HtmlSource, html, html_of_all};
pub use json::{ScenarioJson, json};
pub use markdown::markdown;
pub use page::TerminalOptions;
pub use perfetto::{perfetto, timelines};
pub use regression::{regression_markdown, regression_terminal};
pub use surroundings::surroundings;
pub use tables::tables;
pub use terminal::terminal;
pub use threads_vs_processes::{SEED_REPORT, seed};

/// A chart of the report, as far as the report needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartRef {
    /// File name without ending: `speedup` stands for `speedup.svg` and `speedup-dark.svg`.
    pub stem: String,
    /// Which question it answers: a word of [`crate::setting::CHARTS`].
    pub kind: String,
    /// Its finding, shown above it.
    pub title: String,
    /// What is measured, in which unit, and which direction is good.
    pub subtitle: String,
    /// What it shows, in words, for those who do not see it.
    pub alt: String,
    /// Why there is no picture, where there is none.
    pub missing: Option<String>,
}
