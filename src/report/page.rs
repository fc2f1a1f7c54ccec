//! What the terminal is given: styles, and a page in the making.

use anstyle::{AnsiColor, Style};

use super::grid::{self, Column, fitted};
use crate::text::escape::one_line;
use crate::text::wrapped;

/// How the terminal's text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalOptions {
    /// Columns.
    pub width: usize,
    /// Whether to use colour.
    pub color: bool,
    /// Whether to show every comparison and check too.
    pub verbose: bool,
}

pub(super) const PLAIN: Style = Style::new();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const RED: Style = AnsiColor::Red.on_default();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default();

/// A page in the making.
pub(super) struct Page {
    pub(super) text: String,
    pub(super) options: TerminalOptions,
}

impl Page {
    pub(super) fn new(options: &TerminalOptions) -> Self {
        Self { text: String::new(), options: *options }
    }

    /// Writes a table, its rows in the style that `style` gives.
    pub(super) fn table(&mut self, columns: &[Column], style: impl Fn(usize) -> Style) {
        let columns = &fitted(columns.to_vec(), self.options.width);
        self.heads(columns);
        for row in 0..grid::rows(columns) {
            self.row(columns, row, style(row));
        }
    }

    pub(super) fn heads(&mut self, columns: &[Column]) {
        for line in grid::heads(columns) {
            self.line(DIM, &line);
        }
    }

    pub(super) fn row(&mut self, columns: &[Column], row: usize, style: Style) {
        for line in grid::row(columns, row) {
            self.line(style, &line);
        }
    }

    pub(super) fn line(&mut self, style: Style, line: &str) {
        // What a scenario says is shown, never obeyed: no escape code of its own reaches the terminal.
        let line = one_line(line.trim_end());
        let style = if self.options.color { style } else { PLAIN };
        self.text += &format!("{style}{line}{style:#}\n");
    }

    /// Writes words over as many lines as they need.
    pub(super) fn wrapped(&mut self, indent: &str, text: &str, style: Style) {
        for line in wrapped(text, indent, &format!("{indent}  "), self.options.width) {
            self.line(style, &line);
        }
    }
}
