//! The main table of a workload: every configuration with its time and its speed-up. All outputs that show it make it here.

use super::sorted::{marked, unsorted};
use super::words::{notes, speedup, time, time_head, time_median};
use crate::results::{Configuration, ConfigurationEstimate, Results, Workload};

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
    Configuration,
    Time,
    Speedup,
    Trials,
    Notes,
}

/// Every column with its word, in the order in which tables have them.
pub(super) const COLUMNS: &[(Shown, &str)] = &[
    (Shown::Configuration, "config"),
    (Shown::Time, "time"),
    (Shown::Speedup, "speedup"),
    (Shown::Trials, "trials"),
    (Shown::Notes, "notes"),
];

/// The configurations of a workload that `wanted` lets through. A column of notes without any is left out.
pub(super) fn configurations(
    results: &Results,
    workload: &Workload,
    columns: &[Shown],
    wanted: impl Fn(&Configuration) -> bool,
) -> Table {
    let winners =
        results.derived.workloads.iter().find(|verdict| verdict.workload == workload.id).map(|v| v.winners.as_slice());
    let rows: Vec<(&Configuration, &ConfigurationEstimate)> = workload
        .configurations
        .iter()
        .filter_map(|id| Some((results.configurations.get(*id)?, results.derived.estimates.get(*id)?)))
        .filter(|(configuration, _)| wanted(configuration))
        .collect();
    let noted = rows.iter().any(|(_, estimate)| !notes(estimate).is_empty());
    let columns: Vec<Shown> = columns.iter().copied().filter(|column| noted || *column != Shown::Notes).collect();
    let text = |(configuration, estimate): &(&Configuration, &ConfigurationEstimate), column: Shown| match column {
        Shown::Configuration => configuration.label.clone(),
        Shown::Time => time(workload, estimate),
        Shown::Speedup => speedup(workload, estimate),
        Shown::Trials => format!("{} of {}", estimate.ok, estimate.trials),
        Shown::Notes => notes(estimate).join("; "),
    };
    let number = |(_, estimate): &(&Configuration, &ConfigurationEstimate), column: Shown| match column {
        Shown::Time => time_median(workload, estimate),
        Shown::Speedup if estimate.configuration == workload.reference => Some(1.0),
        Shown::Speedup => estimate.speedup.map(|speedup| speedup.median),
        Shown::Trials => Some(estimate.ok.into()),
        Shown::Configuration | Shown::Notes => None,
    };
    Table {
        sort: rows.iter().map(|row| columns.iter().map(|column| number(row, *column)).collect()).collect(),
        head: columns.iter().map(|column| head(results, workload, *column)).collect(),
        first: rows
            .iter()
            .map(|(configuration, _)| winners.is_some_and(|winners| winners.contains(&configuration.id)))
            .collect(),
        rows: rows.iter().map(|row| columns.iter().map(|column| text(row, *column)).collect()).collect(),
    }
}

fn head(results: &Results, workload: &Workload, column: Shown) -> String {
    match column {
        Shown::Configuration => "config".into(),
        Shown::Time => time_head(workload).into(),
        Shown::Speedup => {
            let over = if workload.rate.is_some() { "lower latency than" } else { "speedup over" };
            format!(
                "{over} {}",
                results.configurations.get(workload.reference).map_or("", |configuration| configuration.label.as_str())
            )
        }
        Shown::Trials => "ok".into(),
        Shown::Notes => "notes".into(),
    }
}

impl Table {
    /// As Markdown for people; the names of the first configurations are bold.
    pub(super) fn markdown(&self) -> String {
        unsorted(&self.sortable())
    }

    /// As Markdown with the numbers by which its columns are sorted.
    pub(super) fn sortable(&self) -> String {
        use super::markdown_table::table;
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
        let results = Made::new(15).serial(1.0).configuration("threads × 2", 0.5).finish();
        let columns: Vec<Shown> = COLUMNS.iter().map(|(column, _)| *column).collect();
        let table = configurations(&results, &results.workloads[0], &columns, |_| true);
        let time = results.derived.estimates[1].time.unwrap().median;
        assert!(format!("{time}").len() > 6, "{time} has more digits than are shown");
        assert!(table.sortable().contains(&format!("<!--sort={time}--> | ")), "{}", table.sortable());
        assert!(!table.markdown().contains("<!--"), "{}", table.markdown());
    }
}
