//! A row of the chart of times.

use super::canvas::Type;
use super::theme::{Hue, Paint};
use crate::results::Interval;
use crate::text::show_seconds;

/// Height of a bar.
pub(super) const BAR: f64 = 17.0;
pub(super) const LABEL: Type = Type::regular(13.0, Paint::Ink);

/// One configuration to do the work.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) value: Option<Interval>,
    /// Shares of start, work and join, where all three were measured.
    pub(super) phases: Option<[f64; 3]>,
    pub(super) note: String,
    pub(super) hue: Hue,
    pub(super) shade: usize,
    /// Whether it shares the first place.
    pub(super) first: bool,
}

impl Row {
    pub(super) fn label_type(&self) -> Type {
        if self.first { Type::semibold(13.0, Paint::Text(self.hue, self.shade)) } else { LABEL }
    }

    pub(super) fn value_type(&self) -> Type {
        let plain = Type::regular(12.5, Paint::Ink);
        let bold = Type::semibold(12.5, Paint::Text(self.hue, self.shade));
        if self.first { bold.tabular() } else { plain.tabular() }
    }

    /// The far end of the mark.
    pub(super) fn end(&self) -> Option<f64> {
        self.value.map(|value| value.high.unwrap_or(value.median).max(value.median))
    }

    pub(super) fn start(&self) -> Option<f64> {
        self.value.map(|value| value.low.unwrap_or(value.median).min(value.median))
    }

    pub(super) fn title(&self) -> String {
        let Some(value) = self.value else { return format!("{}: {}", self.label, self.note) };
        match (value.low, value.high) {
            (Some(low), Some(high)) => {
                format!(
                    "{}: {} ({} to {})",
                    self.label,
                    show_seconds(value.median),
                    show_seconds(low),
                    show_seconds(high)
                )
            }
            _ => format!("{}: {}", self.label, show_seconds(value.median)),
        }
    }
}
