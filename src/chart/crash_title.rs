//! The finding of the chart of faults: who dies of what, and what the others lose.

use super::crash_matrix::{Fate, Field, Matrix, Row};
use super::frame::title_lines;
use super::words::capital;
use crate::results::Results;
use crate::setting::{Model, OnCrash};
use crate::text::{show_count, three_digits};

/// A title of more lines than these is not read.
const MOST_LINES: usize = 2;

/// Who does not survive first, then what survivors lose; and the rest of the finding, which only those hear who cannot see
/// the picture, where the title would get too long.
pub(super) fn title(results: &Results, matrix: &Matrix) -> (String, String) {
    let (short, by_class) = parts(results, matrix);
    let whole = [vec![short.clone()], by_class.clone()].concat().join("; ");
    if by_class.is_empty() || title_lines(&whole) <= MOST_LINES {
        return (capital(&whole), String::new());
    }
    (capital(&short), format!(" {}.", capital(&by_class.join("; "))))
}

/// The finding, and what is told of classes of Python.
fn parts(results: &Results, matrix: &Matrix) -> (String, Vec<String>) {
    let quick = if results.run.quick { " (quick run)" } else { "" };
    let fields = || matrix.rows.iter().flat_map(|row| row.fields.iter().flatten());
    if fields().next().is_none() {
        return ("Fault injection: what survives".to_owned(), Vec::new());
    }
    if fields().all(|field| field.fate != Fate::Survived) {
        let what = match matrix.columns.as_slice() {
            [(_, kind)] => named(kind),
            many => format!("any of {} faults", many.len()),
        };
        return (format!("No configuration survives {what}{quick}"), Vec::new());
    }
    let (parts, by_class) = (dead(matrix).into_iter().chain(lost(matrix)).collect::<Vec<_>>(), lost_by_class(matrix));
    if parts.is_empty() && by_class.is_empty() {
        return (format!("Every configuration survives{quick}"), Vec::new());
    }
    if parts.is_empty() {
        return (format!("{}{quick}", by_class.join("; ")), Vec::new());
    }
    (format!("{}{quick}", parts.join("; ")), by_class)
}

/// A fault with its article.
fn named(kind: &str) -> String {
    match kind {
        "memory" => "running out of memory".to_owned(),
        kind => {
            let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
            format!("{article} {}", kind.replace('_', " "))
        }
    }
}

/// The kinds of fault of which every configuration of these rows died.
fn fatal<'a>(matrix: &'a Matrix, rows: &[&Row]) -> Vec<&'a str> {
    let died = |index: usize| {
        let mut fields = rows.iter().filter_map(|row| row.fields[index].as_ref()).peekable();
        fields.peek().is_some() && fields.all(|field| field.fate == Fate::Died)
    };
    let kinds = matrix.columns.iter().enumerate().filter(|(index, _)| died(*index));
    kinds.map(|(_, (_, kind))| kind.as_str()).collect()
}

fn dead(matrix: &Matrix) -> Option<String> {
    for (model, one, many) in [
        (Model::Threads, "thread", "threads"),
        (Model::Rayon, "work-stealing thread", "work-stealing threads"),
        (Model::Serial, "serial run", "serial runs"),
        (Model::Processes, "program with processes", "programs with processes"),
    ] {
        let rows: Vec<&Row> = matrix.rows.iter().filter(|row| row.configuration.config.model == model).collect();
        let kinds = fatal(matrix, &rows);
        let of = matrix.columns.len();
        match kinds.as_slice() {
            [] => {}
            [only] => return Some(format!("no {one} survives {}", named(only))),
            [first, second] => return Some(format!("no {one} survives {} or {}", named(first), named(second))),
            [first, second, third] => {
                return Some(format!("no {one} survives {}, {} or {}", named(first), named(second), named(third)));
            }
            more => return Some(format!("{many} die from {} of {of} faults", more.len())),
        }
    }
    None
}

/// The most that processes lost where the program survived, by the kindest answer to a crash that was run.
fn lost(matrix: &Matrix) -> Option<String> {
    let own = |on_crash: Option<OnCrash>| -> Vec<&Field> {
        let rows = matrix.rows.iter().filter(|row| row.configuration.config.model == Model::Processes);
        let rows = rows.filter(|row| row.configuration.config.on_crash == on_crash);
        rows.flat_map(|row| row.fields.iter().flatten()).collect()
    };
    let answers = [Some(OnCrash::Restart), Some(OnCrash::Skip), Some(OnCrash::Stop), None];
    let (answer, fields) = answers.into_iter().map(|answer| (answer, own(answer))).find(|(_, own)| !own.is_empty())?;
    let alive: Vec<&&Field> = fields.iter().filter(|field| field.fate == Fate::Survived).collect();
    let worst = alive.iter().max_by(|a, b| a.fault.lost.total_cmp(&b.fault.lost))?;
    let with = answer.map_or(String::new(), |answer| format!("with {}, ", answer.word()));
    let (lost, items) = (worst.fault.lost, show_count(worst.items));
    // What is told is of those who survive; the others may have lost more.
    let where_alive = if alive.len() < fields.len() { "where they survive, " } else { "" };
    let most = if alive.len() > 1 { "at most " } else { "" };
    let hung = fields.iter().filter(|field| field.fate == Fate::Hung).count();
    let rest = match hung {
        0 => String::new(),
        1 => ", and hang on 1 fault".to_owned(),
        hung => format!(", and hang on {hung} faults"),
    };
    Some(match lost {
        lost if lost < 0.5 => format!("{with}{where_alive}processes lose none of {items} items{rest}"),
        lost => format!("{with}{where_alive}processes lose {most}{} of {items} items{rest}", three_digits(lost)),
    })
}

/// What is lost under the pools of Python, which answer a crash in their own way, where the fault does not end the program.
fn lost_by_class(matrix: &Matrix) -> Vec<String> {
    let of_pools = || matrix.rows.iter().filter(|row| row.configuration.config.model.is_pool());
    let mut pools: Vec<Model> = Vec::new();
    for row in of_pools().filter(|row| row.configuration.config.model.has_processes()) {
        if !pools.contains(&row.configuration.config.model) {
            pools.push(row.configuration.config.model);
        }
    }
    let said = |pool: &Model| {
        let rows = of_pools().filter(|row| row.configuration.config.model == *pool);
        let fields: Vec<&Field> = rows.flat_map(|row| row.fields.iter().flatten()).collect();
        let alive = fields.iter().filter(|field| field.fate != Fate::Died);
        let worst = alive.max_by(|a, b| a.fault.lost.total_cmp(&b.fault.lost))?;
        let hung = fields.iter().filter(|field| field.fate == Fate::Hung).count();
        let hang = match hung {
            0 => String::new(),
            1 => ", and hang on 1 fault".to_owned(),
            hung => format!(", and hang on {hung} faults"),
        };
        let (lost, items) = (worst.fault.lost, show_count(worst.items));
        let lost = if lost < 0.5 { "none".to_owned() } else { format!("up to {}", three_digits(lost)) };
        Some(format!("under {} they lose {lost} of {items}{hang}", pool.word()))
    };
    pools.iter().filter_map(said).collect()
}
