//! The main table of a group: every way with its time and its speed-up. All outputs that show it make it here.

use super::sorted::{marked, unsorted};
use super::words::{notes, speedup, time, time_head, time_median};
use crate::results::{Cell, CellEstimate, Group, Results};

/// A table whose texts are no markup yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    pub(super) head: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    /// For each text of each row, the number that it shows.
    sort: Vec<Vec<Option<f64>>>,
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
    let number = |(_, estimate): &(&Cell, &CellEstimate), column: Shown| match column {
        Shown::Time => time_median(group, estimate),
        Shown::Speedup if estimate.cell == group.baseline => Some(1.0),
        Shown::Speedup => estimate.speedup.map(|speedup| speedup.median),
        Shown::Trials => Some(estimate.ok.into()),
        Shown::Way | Shown::Notes => None,
    };
    Table {
        sort: rows.iter().map(|row| columns.iter().map(|column| number(row, *column)).collect()).collect(),
        head: columns.iter().map(|column| head(results, group, *column)).collect(),
        first: rows.iter().map(|(cell, _)| winners.is_some_and(|winners| winners.contains(&cell.id))).collect(),
        rows: rows.iter().map(|row| columns.iter().map(|column| text(row, *column)).collect()).collect(),
    }
}

fn head(results: &Results, group: &Group, column: Shown) -> String {
    match column {
        Shown::Way => "config".into(),
        Shown::Time => time_head(group).into(),
        Shown::Speedup => {
            let over = if group.rate.is_some() { "lower latency than" } else { "speedup over" };
            format!("{over} {}", results.cells.get(group.baseline).map_or("", |cell| cell.label.as_str()))
        }
        Shown::Trials => "ok".into(),
        Shown::Notes => "notes".into(),
    }
}

impl Table {
    /// As Markdown for people; the names of the first ways are bold.
    pub(super) fn markdown(&self) -> String {
        unsorted(&self.sortable())
    }

    /// As Markdown with the numbers by which its columns are sorted.
    pub(super) fn sortable(&self) -> String {
        use super::markdown::table;
        use crate::text::escape::markdown as escape;
        let rows = self.rows.iter().zip(&self.sort).zip(&self.first).map(|((row, sort), first)| {
            let mut texts: Vec<String> = row.iter().zip(sort).map(|(text, by)| marked(&escape(text), *by)).collect();
            if let Some(name) = texts.first_mut().filter(|_| *first) {
                *name = format!("**{name}**");
            }
            texts
        });
        let head: Vec<String> = self.head.iter().map(|text| escape(text)).collect();
        table(&head.iter().map(String::as_str).collect::<Vec<_>>(), &rows.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::fixture::Made;

    #[test]
    fn columns_are_sorted_by_what_was_measured_and_people_see_none_of_it() {
        let results = Made::new(15).serial(1.0).cell("threads × 2", 0.5).finish();
        let columns: Vec<Shown> = COLUMNS.iter().map(|(column, _)| *column).collect();
        let table = ways(&results, &results.groups[0], &columns, |_| true);
        let time = results.derived.estimates[1].time.unwrap().median;
        assert!(format!("{time}").len() > 6, "{time} has more digits than are shown");
        assert!(table.sortable().contains(&format!("<!--sort={time}--> | ")), "{}", table.sortable());
        assert!(!table.markdown().contains("<!--"), "{}", table.markdown());
    }
}
