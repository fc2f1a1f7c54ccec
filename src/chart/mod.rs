//! Results in, pictures out: SVG with outlined text in two themes, and the same rasterised.
//!
//! A chart reads the results file and nothing else. Its title is a finding, computed from the verdicts, and claims no more
//! than they do. A chart that cannot be drawn honestly is replaced by one line that says why. The bytes are the same on
//! every machine and in every run: no time stamps, no system fonts, ordered maps.

mod canvas;
mod crash;
mod crash_plot;
mod crash_title;
mod finding;
mod fits;
mod font;
mod ipc;
mod ipc_plot;
mod ipc_title;
mod labels;
mod lines;
mod losses;
mod losses_plot;
mod memory;
mod memory_plot;
mod memory_title;
mod picture;
mod plot;
mod sheet;
mod speedup;
mod speedup_plot;
mod speedup_title;
mod theme;
mod ticks;
mod time;
mod time_marks;
mod time_rows;
mod timeline;
mod timeline_lanes;
mod timeline_plot;
mod timeline_shares;
mod timeline_title;
mod types;
mod words;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod gallery;
#[cfg(test)]
mod happenings;
#[cfg(test)]
mod tests;

pub use picture::{ChartError, Picture};
pub use theme::Theme;

use crate::results::Results;
use crate::vocab::ChartKind;

/// One chart of a results file.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Which question it answers.
    pub kind: ChartKind,
    /// File name without its ending: `speedup`, or `speedup-<group>` where a results file gives several.
    pub stem: String,
    /// The finding in one sentence; where there is no picture, what the chart would have shown.
    pub title: String,
    /// What is measured, its unit, how many trials, which interval, and which direction is good.
    pub subtitle: String,
    /// Text for those who cannot see the picture: the finding and the key numbers.
    pub alt: String,
    /// The picture, or the one line that says why it cannot be drawn honestly.
    pub picture: Result<Picture, String>,
}

/// Every chart that the results ask for, in order.
#[must_use]
pub fn charts(results: &Results) -> Vec<Chart> {
    let mut charts: Vec<Chart> = Vec::new();
    for kind in &results.charts {
        charts.extend(match kind {
            ChartKind::Speedup => speedup::charts(results),
            ChartKind::Time => time::charts(results),
            ChartKind::Losses => losses::charts(results),
            ChartKind::Ipc => ipc::charts(results),
            ChartKind::Timeline => timeline::charts(results),
            ChartKind::Memory => memory::charts(results),
            ChartKind::Crash => crash::charts(results),
        });
    }
    charts
}

impl Chart {
    /// A chart that cannot be drawn, and why.
    fn refused(kind: ChartKind, stem: String, title: String, why: String) -> Self {
        Self { kind, stem, alt: format!("{title}: {why}"), title, subtitle: String::new(), picture: Err(why) }
    }
}
