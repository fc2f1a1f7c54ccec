//! Results in, pictures out: SVG with outlined text in two themes, and the same rasterised.
//!
//! A chart reads the results file and nothing else. Its title is a finding, computed from the verdicts, and claims no more
//! than they do. A chart that cannot be drawn honestly is replaced by one line that says why. The bytes are the same on
//! every machine and in every run: no time stamps, no system fonts, ordered maps.

mod axes;
mod base36;
mod breakdown;
mod breakdown_plot;
mod canvas;
mod compare;
mod compare_plot;
mod crash;
mod crash_matrix;
mod crash_plot;
mod crash_title;
mod finding;
mod fits;
mod font;
mod frame;
mod ipc;
mod ipc_cross;
mod ipc_family;
mod ipc_plot;
mod ipc_title;
mod labels;
mod latency;
mod latency_line;
mod latency_plot;
mod lines;
mod memory;
mod memory_plot;
mod memory_title;
mod pick_title;
mod picture;
mod plot;
mod service;
mod service_plot;
mod speedup;
mod speedup_line;
mod speedup_plot;
mod speedup_title;
mod theme;
mod ticks;
mod time;
mod time_marks;
mod time_row;
mod time_rows;
mod timeline;
mod timeline_lanes;
mod timeline_plot;
mod timeline_shares;
mod timeline_title;
mod types;
mod view;
mod words;

#[cfg(test)]
#[path = "../../tests/chart/mod.rs"]
mod tests;

pub use compare::comparison;
pub use picture::Picture;
pub use theme::Theme;

use crate::results::{ChartShape, Results};
use crate::setting::ChartKind;

/// One chart of a results file.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Which question it answers.
    pub kind: ChartKind,
    /// File name without its ending: `speedup`, or `speedup-<workload>` where a results file gives several.
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

/// Every chart that the results ask for, in order. No two have the same stem.
#[must_use]
pub fn charts(results: &Results) -> Vec<Chart> {
    let mut charts: Vec<Chart> = Vec::new();
    for (index, shape) in results.charts.iter().enumerate() {
        let plain = stem(&results.charts, index);
        let view = view::of(results, shape);
        let mut drawn = of_view(&view, shape.kind, &plain);
        let taken = |drawn: &[Chart]| drawn.iter().any(|new| charts.iter().any(|chart| chart.stem == new.stem));
        for next in 2.. {
            if !taken(&drawn) {
                break;
            }
            drawn = of_view(&view, shape.kind, &format!("{plain}--{next}"));
        }
        charts.extend(drawn.into_iter().map(|chart| chart.titled(shape)));
    }
    charts
}

/// The charts of one kind, whose stems start with `base`.
fn of_view(view: &Results, kind: ChartKind, base: &str) -> Vec<Chart> {
    match kind {
        ChartKind::Speedup => speedup::charts(view, base),
        ChartKind::Time => time::charts(view, base),
        ChartKind::Breakdown => breakdown::charts(view, base),
        ChartKind::Ipc => ipc::charts(view, base),
        ChartKind::Timeline => timeline::charts(view, base),
        ChartKind::Memory => memory::charts(view, base),
        ChartKind::Crash => crash::charts(view, base),
        ChartKind::Latency => latency::charts(view, base),
        ChartKind::Service => service::charts(view, base),
        ChartKind::Compare => compare::charts(view, base),
    }
}

/// What the stem of an entry starts with: its word where it is alone of its kind or shows everything as it comes, else the
/// word and what it asks for. The two hyphens keep it apart from stems that name a workload.
fn stem(shapes: &[ChartShape], index: usize) -> String {
    let shape = &shapes[index];
    let word = shape.kind.word();
    let alone = shapes.iter().filter(|other| other.kind == shape.kind).count() == 1;
    let parts = [
        shape.chosen.clone(),
        shape.x.map_or(String::new(), |x| x.name().to_owned()),
        shape.group.map_or(String::new(), |workload| format!("by {}", workload.name())),
    ];
    let asked = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let asked = if asked.is_empty() { shape.title.clone().unwrap_or_default() } else { asked };
    if alone || asked.is_empty() { word.to_owned() } else { format!("{word}--{}", words::stem_part(&asked)) }
}

impl Chart {
    /// The same under the headline that was given, where there is no picture to have it.
    fn titled(mut self, shape: &ChartShape) -> Self {
        if let (Some(title), Err(why)) = (&shape.title, &self.picture) {
            self.alt = format!("{title}: {why}");
            self.title.clone_from(title);
        }
        self
    }

    /// A chart that cannot be drawn, and why.
    fn refused(kind: ChartKind, stem: String, title: String, why: String) -> Self {
        Self { kind, stem, alt: format!("{title}: {why}"), title, subtitle: String::new(), picture: Err(why) }
    }
}
