//! The main table of a group: every way with its time and its speed-up. All outputs that show it make it here.

use super::words::{notes, speedup, time, time_head};
use crate::results::{Cell, CellEstimate, Group, Results};

/// A table whose texts are no markup yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    /// For each row, whether it is one of the first.
    pub(super) first: Vec<bool>,
}

/// A column that may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Way,
    Time,
    Speedup,
    Trials,
    Notes,
}

/// Every column with its word, in the order in which tables have them.
pub(super) const COLUMNS: &[(Shown, &str)] = &[
    (Shown::Way, "way"),
    (Shown::Time, "time"),
    (Shown::Speedup, "speedup"),
    (Shown::Trials, "trials"),
    (Shown::Notes, "notes"),
];

/// The ways of a group that `wanted` lets through. A column of notes without any is left out.
pub(super) fn ways(results: &Results, group: &Group, columns: &[Shown], wanted: impl Fn(&Cell) -> bool) -> Table {
    let winners = results.derived.groups.iter().find(|verdict| verdict.group == group.id).map(|v| v.winners.as_slice());
    let rows: Vec<(&Cell, &CellEstimate)> = group
        .cells
        .iter()
        .filter_map(|id| Some((results.cells.get(*id)?, results.derived.estimates.get(*id)?)))
        .filter(|(cell, _)| wanted(cell))
        .collect();
    let noted = rows.iter().any(|(_, estimate)| !notes(estimate).is_empty());
    let columns: Vec<Shown> = columns.iter().copied().filter(|column| noted || *column != Shown::Notes).collect();
    let text = |(cell, estimate): &(&Cell, &CellEstimate), column: Shown| match column {
        Shown::Way => cell.label.clone(),
        Shown::Time => time(group, estimate),
        Shown::Speedup => speedup(group, estimate),
        Shown::Trials => format!("{} of {}", estimate.ok, estimate.trials),
        Shown::Notes => notes(estimate).join("; "),
    };
    Table {
        head: columns.iter().map(|column| head(results, group, *column)).collect(),
        first: rows.iter().map(|(cell, _)| winners.is_some_and(|winners| winners.contains(&cell.id))).collect(),
        rows: rows.iter().map(|row| columns.iter().map(|column| text(row, *column)).collect()).collect(),
    }
}

fn head(results: &Results, group: &Group, column: Shown) -> String {
    match column {
        Shown::Way => "way".into(),
        Shown::Time => time_head(group).into(),
        Shown::Speedup => {
            let over = if group.rate.is_some() { "sooner than" } else { "speedup over" };
            format!("{over} {}", results.cells.get(group.baseline).map_or("", |cell| cell.label.as_str()))
        }
        Shown::Trials => "right trials".into(),
        Shown::Notes => "notes".into(),
    }
}

impl Table {
    /// As Markdown; the names of the first ways are bold.
    pub(super) fn markdown(&self) -> String {
        use super::markdown::table;
        use crate::text::escape::markdown as escape;
        let rows = self.rows.iter().zip(&self.first).map(|(row, first)| {
            let mut texts: Vec<String> = row.iter().map(|text| escape(text)).collect();
            if let Some(name) = texts.first_mut().filter(|_| *first) {
                *name = format!("**{name}**");
            }
            texts
        });
        let head: Vec<String> = self.head.iter().map(|text| escape(text)).collect();
        table(&head.iter().map(String::as_str).collect::<Vec<_>>(), &rows.collect::<Vec<_>>())
    }
}
