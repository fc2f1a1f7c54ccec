//! Parts of reports inside documents: between two markers stands what the results say, and nothing else is touched.

mod content;
mod marker;
mod scan;
mod select;
mod value;

pub use value::values_help;

use sha2::{Digest as _, Sha256};

use super::ChartRef;
use crate::results::Results;
use content::Place;
use marker::Marker;
use scan::{Block, Form, scan};

/// Hexadecimal digits of the hash in an end marker. Edits are found, not adversaries.
const HASH_DIGITS: usize = 16;

/// What a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Markers are HTML comments; code, fenced or indented, is left alone.
    Markdown,
    /// Markers are HTML comments.
    Html,
    /// Markers are comments of reStructuredText; literal blocks are left alone.
    Rst,
}

impl Syntax {
    /// The syntax that a file's ending says; Markdown where it says nothing known.
    #[must_use]
    pub fn of_ending(ending: &str) -> Self {
        match ending.to_ascii_lowercase().as_str() {
            "html" | "htm" => Self::Html,
            "rst" | "rest" => Self::Rst,
            _ => Self::Markdown,
        }
    }
}

/// How charts, tables and sentences are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Charts as `<picture>` with a file for light and one for dark pages; the rest as Markdown.
    Picture,
    /// Everything as Markdown; the light file.
    Markdown,
    /// Everything as HTML; the light file.
    Html,
    /// Everything as reStructuredText; the light file.
    Rst,
}

/// A report from which parts are taken.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its results, with what is derived from them.
    pub results: Results,
    /// Its charts.
    pub charts: Vec<ChartRef>,
}

/// Where parts come from.
pub trait ReportStore {
    /// The report of a scenario.
    ///
    /// # Errors
    /// In words, why there is none, and the way out, if one is known.
    fn report(&mut self, scenario: &str) -> Result<&Report, Problem>;

    /// How the document refers to a file of a report: a relative path or an address.
    ///
    /// # Errors
    /// In words, why it cannot; such as that the file does not exist.
    fn link(&self, scenario: &str, file: &str) -> Result<String, Problem>;
}

/// What is wrong, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
}

impl Problem {
    /// A problem with a way out.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }

    /// A problem without a known way out.
    pub fn bare(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }
}

/// A document with its blocks as the reports have them now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// The whole text.
    pub text: String,
    /// How many blocks it has.
    pub blocks: usize,
}

/// Fills the blocks of a document. With `force`, also those that were edited by hand.
///
/// # Errors
/// All problems, each with its line, from 1.
pub fn embed(
    text: &str,
    syntax: Syntax,
    look: Look,
    force: bool,
    library: &mut dyn ReportStore,
) -> Result<Embedded, Vec<(usize, Problem)>> {
    let blocks = scan(text, syntax)?;
    let (mut out, mut end, mut problems) = (String::with_capacity(text.len()), 0, Vec::new());
    for block in &blocks {
        match filled(text, block, syntax, look, force, library) {
            Ok(fresh) => {
                out += &text[end..block.content.start];
                out += &fresh;
                end = block.end.end;
            }
            Err(problem) => problems.push((block.line, problem)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Embedded { text: out + &text[end..], blocks: blocks.len() })
}

/// What belongs between the start marker of a block and the end of its end marker, both markers' own line breaks included.
fn filled(
    text: &str,
    block: &Block,
    syntax: Syntax,
    look: Look,
    force: bool,
    library: &mut dyn ReportStore,
) -> Result<String, Problem> {
    let marker = Marker::parse(&block.head)?;
    let place = Place { inline: block.form == Form::Inline, look, syntax };
    let lines = content::content(&marker, place, library)?;
    let old = block.lines(text);
    if !force && edited(&old, &lines, block.hash.as_deref()) {
        return Err(Problem::new(
            "this block was edited by hand, or was not written by `runner embed`",
            "move the text out of it, or write over it with --force",
        ));
    }
    let hash = format!("runner:end sha256={}", hash(&lines));
    let end = if syntax == Syntax::Rst { format!(".. {hash}") } else { format!("<!-- {hash} -->") };
    if block.form == Form::Inline {
        return Ok(lines.concat() + &end);
    }
    let mut out = String::new();
    for line in &lines {
        let line = format!("{}{line}", block.prefix);
        out += line.trim_end();
        out += block.line_break;
    }
    // What stands before the end marker on its line stays as it is.
    out += &text[block.end_line..block.end.start];
    Ok(out + &end)
}

/// Whether somebody else has written what stands in a block.
fn edited(old: &[String], fresh: &[String], hash_of_old: Option<&str>) -> bool {
    let empty = old.iter().all(|line| line.trim().is_empty());
    let known = hash_of_old.is_some_and(|known| !known.is_empty() && hash(old).starts_with(known));
    !empty && !known && trimmed(old) != trimmed(fresh)
}

/// The lines without blank ones at both ends and without blanks at their ends.
fn trimmed(lines: &[String]) -> Vec<&str> {
    let filled = |line: &String| !line.trim().is_empty();
    let start = lines.iter().position(filled).unwrap_or(lines.len());
    let end = lines.iter().rposition(filled).map_or(start, |last| last + 1);
    lines[start..end].iter().map(|line| line.trim_end()).collect()
}

/// The hash of a block's lines; neither line endings nor indentation count, which checkouts and editors change.
fn hash(lines: &[String]) -> String {
    let digest = Sha256::digest(trimmed(lines).join("\n").as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hex[..HASH_DIGITS].to_owned()
}
