//! What all charts have in common: the title, the subtitle, the footer, and the size of the whole.

use std::cell::RefCell;

use super::base36::base36;
use super::canvas::{Anchor, Canvas, Measured, Type};
use super::picture::Picture;
use super::theme::Paint;
use super::words;
use crate::results::{Results, Workload};
use crate::text::glued;

/// Width of every chart.
pub(super) const WIDTH: f64 = 760.0;
/// Space around everything.
pub(super) const OUTER: f64 = 24.0;
/// Where the plot starts below a title and a subtitle of one line each.
const PLOT_TOP: f64 = 88.0;

pub(super) const TITLE: Type = Type::semibold(18.0, Paint::Ink);
pub(super) const SUBTITLE: Type = Type::regular(13.0, Paint::Muted);
pub(super) const AXIS: Type = Type::regular(12.0, Paint::Muted);
pub(super) const FOOTER: Type = Type::regular(11.0, Paint::Muted);

const TITLE_LEADING: f64 = 24.0;
const SUBTITLE_LEADING: f64 = 18.0;
const FOOTER_LEADING: f64 = 15.0;

/// The words around a plot, broken into lines.
pub(super) struct Frame {
    title: String,
    title_lines: Vec<String>,
    subtitle_lines: Vec<String>,
    note_lines: Vec<String>,
    /// What stands on top of everything that is said of a machine that was not quiet.
    disturbed: Option<String>,
    machine: String,
}

impl Frame {
    /// Breaks the words into lines. The notes become sentences of the footer.
    pub(super) fn new(
        results: &Results,
        workloads: &[&Workload],
        title: &str,
        subtitle: &str,
        notes: &[String],
    ) -> Self {
        let room = WIDTH - 2.0 * OUTER;
        let machine = FOOTER.fit(&words::machine(results), room * 0.55);
        let disturbed = crate::verdict::noise_warning(results).map(|line| words::capital(&line));
        let mut notes: Vec<String> = disturbed.iter().cloned().chain(notes.iter().cloned()).collect();
        let given = [title, subtitle].iter().any(|text| super::font::drawable(text).1);
        if given || words::has_missing_signs(results, workloads) {
            notes.push("Signs that the font lacks are shown as U+ code points".to_owned());
        }
        let note = glued(&notes.join(". "));
        Self {
            title: title.to_owned(),
            title_lines: balanced(&glued(title), room),
            subtitle_lines: SUBTITLE.wrap(&glued(subtitle), room, 4),
            note_lines: FOOTER.wrap(&note, room - FOOTER.width(&machine) - OUTER, 6),
            machine,
            disturbed,
        }
    }

    /// Where the plot starts.
    pub(super) fn top(&self) -> f64 {
        let more = |lines: &[String], leading: f64| lines.len().saturating_sub(1) as f64 * leading;
        PLOT_TOP + more(&self.title_lines, TITLE_LEADING) + more(&self.subtitle_lines, SUBTITLE_LEADING)
    }

    /// Height of the whole where the plot and its axis end at `bottom`.
    pub(super) fn height(&self, bottom: f64) -> f64 {
        bottom + 42.0 + self.note_lines.len().saturating_sub(1) as f64 * FOOTER_LEADING
    }

    /// A canvas with title and subtitle on it, for a plot that ends at `bottom`.
    pub(super) fn open(&self, results: &Results, stem: &str, bottom: f64) -> RefCell<Canvas> {
        let mut canvas = Canvas::new(WIDTH, self.height(bottom).ceil(), &prefix(&results.scenario.name, stem));
        let mut baseline = 37.5;
        for line in &self.title_lines {
            canvas.text(OUTER, baseline, line, TITLE, Anchor::Start);
            baseline += TITLE_LEADING;
        }
        baseline = 59.5 + (baseline - TITLE_LEADING - 37.5);
        for line in &self.subtitle_lines {
            canvas.text(OUTER, baseline, line, SUBTITLE, Anchor::Start);
            baseline += SUBTITLE_LEADING;
        }
        RefCell::new(canvas)
    }

    /// Adds the footer and ends the drawing.
    pub(super) fn close(&self, canvas: RefCell<Canvas>, bottom: f64, description: &str) -> Picture {
        let mut canvas = canvas.into_inner();
        let last = self.height(bottom).ceil() - 14.0;
        let first = last - self.note_lines.len().saturating_sub(1) as f64 * FOOTER_LEADING;
        for (index, line) in self.note_lines.iter().enumerate() {
            canvas.text(OUTER, first + index as f64 * FOOTER_LEADING, line, FOOTER, Anchor::Start);
        }
        canvas.text(WIDTH - OUTER, last, &self.machine, FOOTER, Anchor::End);
        match &self.disturbed {
            Some(warning) => Picture::of(canvas, &self.title, &format!("{description} {warning}.")),
            None => Picture::of(canvas, &self.title, description),
        }
    }
}

/// The left margin of a plot with these labels on its vertical axis.
pub(super) fn left(labels: impl Iterator<Item = String>) -> f64 {
    let widest = labels.map(|label| AXIS.width(&label)).fold(0.0, f64::max);
    (OUTER + widest + 10.0).ceil().max(56.0)
}

/// How many lines a title takes.
pub(super) fn title_lines(title: &str) -> usize {
    Measured::of(TITLE, &glued(title)).lines(WIDTH - 2.0 * OUTER, usize::MAX).len()
}

/// The title in as few lines as it needs, about equally long.
fn balanced(title: &str, room: f64) -> Vec<String> {
    let measured = Measured::of(TITLE, title);
    let mut lines = measured.lines(room, 3);
    let count = lines.len();
    let mut width = room;
    while count > 1 && width > room / 2.0 {
        width -= 16.0;
        let narrower = measured.lines(width, 3);
        if narrower.len() > count || narrower.iter().any(|line| line.ends_with('…')) {
            break;
        }
        lines = narrower;
    }
    lines
}

/// The start of all identifiers of a chart. Pages may hold many charts, so it is derived from the scenario and the chart's
/// file name; it is short because every sign of every text refers to a glyph by it.
fn prefix(scenario: &str, stem: &str) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in scenario.bytes().chain([0]).chain(stem.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    // The same length for all, so that no identifier of one is the start of another's and a sign.
    let number = hash % (26 * 36_u64.pow(5));
    let first = char::from(b'a' + (number / 36_u64.pow(5)) as u8);
    format!("{first}{:0>5}", base36(number % 36_u64.pow(5)))
}
