//! Is work lost? A matrix of configurations and faults: whether the program survived, and what became of its items.

use super::crash_matrix::{Field, Matrix, Row};
use super::crash_plot::Layout;
use super::crash_title::title;
use super::frame::Frame;
use super::words::{self, estimate};
use super::{Chart, view};
use crate::results::{LOCK_MODEL, Results, Workload};
use crate::setting::{ChartKind, Runtime};
use crate::text::{plural, show_count};

/// More columns or rows than these leave a field no room for its numbers, or nobody a view of them.
const MOST_COLUMNS: usize = 9;
const MOST_ROWS: usize = 24;

/// One chart per task and runtime with faults, or one line that says why there is none.
pub(super) fn charts(results: &Results, base: &str) -> Vec<Chart> {
    let matrices = matrices(results);
    let refused = |why: &str| {
        let title = "Fault injection: what survives".to_owned();
        vec![Chart::refused(ChartKind::Crash, base.to_owned(), title, why.to_owned())]
    };
    if matrices.is_empty() {
        return refused("no workload of these results has a fault");
    }
    let labels: Vec<String> = matrices.iter().map(|matrix| what(matrix)).collect();
    let stems = words::stems(base, &labels);
    matrices.iter().zip(stems).map(|(matrix, stem)| chart(results, matrix, stem)).collect()
}

/// What the matrix is about: the task, and the runtime where it is not native.
fn what(matrix: &Matrix) -> String {
    let workload = matrix.workloads[0];
    let work = if workload.describe.is_empty() { &workload.task } else { &workload.describe };
    if workload.runtime == Runtime::Native { work.clone() } else { format!("{work} ({})", workload.runtime_shown()) }
}

fn matrices(results: &Results) -> Vec<Matrix<'_>> {
    let same = |a: &Workload, b: &Workload| {
        (&a.task, &a.settings, a.payload, &a.runtime, &a.interpreter, &a.measure)
            == (&b.task, &b.settings, b.payload, &b.runtime, &b.interpreter, &b.measure)
    };
    let mut all: Vec<Vec<&Workload>> = Vec::new();
    for workload in results.workloads.iter().filter(|workload| workload.fault.is_some()) {
        match all.iter_mut().find(|workloads| same(workloads[0], workload)) {
            Some(workloads) => workloads.push(workload),
            None => all.push(vec![workload]),
        }
    }
    all.into_iter().map(|workloads| matrix(results, workloads)).collect()
}

fn matrix<'a>(results: &'a Results, workloads: Vec<&'a Workload>) -> Matrix<'a> {
    let kind =
        |workload: &Workload| workload.fault.as_ref().map_or(String::new(), |fault| fault.kind.word().to_owned());
    let item = |workload: &Workload| workload.fault.as_ref().map_or(0, |fault| fault.item);
    let column = |workload: &&Workload| {
        let twins = workloads.iter().filter(|other| kind(other) == kind(workload)).count();
        let kind = kind(workload);
        let shown = kind.replace('_', " ");
        (if twins > 1 { format!("{shown} (item {})", item(workload)) } else { shown }, kind)
    };
    let columns: Vec<(String, String)> = workloads.iter().map(column).collect();
    let mut rows: Vec<Row<'a>> = Vec::new();
    for (index, workload) in workloads.iter().enumerate() {
        for configuration in
            workload.configurations.iter().filter_map(|configuration| results.configurations.get(*configuration))
        {
            let at = rows.iter().position(|row| row.label == configuration.label).unwrap_or_else(|| {
                rows.push(Row { label: configuration.label.clone(), configuration, fields: vec![None; columns.len()] });
                rows.len() - 1
            });
            let fault = estimate(results, configuration.id).and_then(|estimate| estimate.fault.as_ref());
            rows[at].fields[index] = fault.and_then(|fault| Field::of(fault, configuration.items));
        }
    }
    Matrix { workloads, columns, rows }
}

fn chart(results: &Results, matrix: &Matrix, stem: String) -> Chart {
    let (title, rest) = title(results, matrix);
    let (columns, rows) = (matrix.columns.len(), matrix.rows.len());
    let refused = |why: String| Chart::refused(ChartKind::Crash, stem.clone(), title.clone(), why);
    if matrix.rows.iter().all(|row| row.fields.iter().all(Option::is_none)) {
        return refused("no trial with a fault was run".to_owned());
    }
    if columns > MOST_COLUMNS || rows > MOST_ROWS {
        return refused(format!(
            "{rows} configurations and {columns} faults are too many for one picture; the tables have them all"
        ));
    }
    let subtitle = subtitle(results, matrix);
    let (title, subtitle) = view::headline(results, title, subtitle);
    let sheet = Frame::new(results, &matrix.workloads, &title, &subtitle, &notes(matrix));
    let numbers = matrix.rows.iter().map(|row| {
        let fields = matrix.columns.iter().zip(&row.fields);
        let told = fields.filter_map(|((name, _), field)| Some(format!("{name} {}", field.as_ref()?.in_words())));
        format!("{}: {}", row.label, told.collect::<Vec<_>>().join("; "))
    });
    let alt = format!("{title}.{rest} {subtitle}. {}.", numbers.collect::<Vec<_>>().join(". "));
    let picture = Layout::new(&sheet, matrix).draw(results, &stem, &alt);
    Chart { kind: ChartKind::Crash, stem, title, subtitle, alt, picture: Ok(picture) }
}

fn subtitle(results: &Results, matrix: &Matrix) -> String {
    let fields = || matrix.rows.iter().flat_map(|row| row.fields.iter().flatten());
    let trials = fields().map(|field| field.fault.trials).max().unwrap_or(0);
    let most = fields().map(|field| field.items).max().unwrap_or(0);
    let counts = if fields().all(|field| field.items == most) {
        format!("one of {} items", show_count(most))
    } else {
        "one item".to_owned()
    };
    let model = if matrix.workloads[0].is_lock_model() { format!(" ({LOCK_MODEL})") } else { String::new() };
    let runtime = match &matrix.workloads[0].interpreter {
        Some(interpreter) => format!(" in {}", interpreter.label),
        None => model,
    };
    let middle = if trials == 1 {
        "one trial each".to_owned()
    } else {
        format!("medians of {}", plural(trials.into(), "trial"))
    };
    let quick = if results.run.quick { ". Quick run" } else { "" };
    let work = &matrix.workloads[0].describe;
    let work = if work.is_empty() { String::new() } else { format!(": {work}") };
    format!(
        "Whether the program survived a fault in {counts}{runtime}{work}; {middle}{quick}. {}",
        words::unbroken("Fewer lost items are better")
    )
}

fn notes(matrix: &Matrix) -> Vec<String> {
    let mut notes = Vec::new();
    let fields = || matrix.rows.iter().flat_map(|row| &row.fields);
    if fields().flatten().any(|field| field.mixed().is_some()) {
        notes.push("A count is the number of trials with that outcome".to_owned());
    }
    if fields().any(Option::is_none) {
        notes.push("–: not run".to_owned());
    }
    notes
}
