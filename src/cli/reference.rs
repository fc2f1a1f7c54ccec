//! The reference of all words as a page of Markdown, made of the entries of the dictionary.

use std::fmt::Write as _;

use super::dictionary::Entry;
use crate::setting::{ALL, Part};

const HEAD: &str = "# The scenario language\n\nEvery key, value, task and term. Generated: `runner explain --markdown > docs/reference/scenario-language.md`.\n";

/// The page.
pub(super) fn page(entries: &[Entry]) -> String {
    let mut page = String::from(HEAD);
    let mut headings: Vec<&str> = Vec::new();
    for entry in entries {
        if !headings.contains(&entry.heading.as_str()) {
            headings.push(&entry.heading);
        }
    }
    for heading in headings {
        let _ = write!(page, "\n## {heading}\n\n");
        let under: Vec<&Entry> = entries.iter().filter(|entry| entry.heading == heading).collect();
        table(&mut page, &under);
    }
    page
}

/// Entries of one heading as a table, without the columns in which none has anything.
fn table(page: &mut String, entries: &[&Entry]) {
    type Column = (&'static str, fn(&Entry) -> String);
    let columns: [Column; 5] = [
        ("meaning", |entry| cell(&entry.about)),
        ("values", values),
        ("default", |entry| entry.default.as_deref().map_or_else(String::new, cell)),
        ("sets apart", |entry| apart(entry).to_owned()),
        ("models", |entry| words(&entry.users)),
    ];
    let used: Vec<_> = columns.iter().filter(|(_, of)| entries.iter().any(|entry| !of(entry).is_empty())).collect();
    let heads: Vec<&str> = used.iter().map(|(head, _)| *head).collect();
    let _ = writeln!(page, "| word | {} |\n|:--{}|", heads.join(" | "), "|:--".repeat(heads.len()));
    for entry in entries {
        let cells: Vec<String> = used.iter().map(|(_, of)| of(entry)).collect();
        let _ = writeln!(page, "| `{}` | {} |", entry.name, cells.join(" | "));
    }
}

/// What an entry takes, or its words with their meanings. Those of tasks, which are their settings, have rows of their own.
fn values(entry: &Entry) -> String {
    match &entry.takes {
        Some(takes) => cell(takes),
        None if entry.what.contains("task") => String::new(),
        None => entry.values.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", "),
    }
}

/// Whether configurations that differ in a setting are compared.
fn apart(entry: &Entry) -> &'static str {
    match ALL.iter().find(|row| row.setting.name == entry.name).map(|row| row.part) {
        Some(Part::Workload) => "workloads",
        Some(Part::Configuration) => "configurations",
        None => "",
    }
}

/// Text of the language's own, which is Markdown already, in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn words(all: &[String]) -> String {
    all.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
