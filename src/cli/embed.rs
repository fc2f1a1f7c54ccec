//! `runner embed`: charts, tables and numbers of reports inside documents.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result};
use similar::TextDiff;

use super::Exit;
use super::args::{EmbedFormat, EmbedOptions};
use super::output::Output;
use super::render::{derived, reference, report_names};
use crate::chart::{Chart, Theme, charts};
use crate::report::embed::{Look, Problem, Report, ReportStore, Syntax, embed as fill};
use crate::results::write_whole;
use crate::text::{nearest, plural};

/// Lines around a change that a diff shows.
const AROUND: usize = 3;

/// A document as it is and as it should be.
struct Document<'a> {
    path: &'a Path,
    old: String,
    new: String,
    blocks: usize,
}

/// Fills all documents, or none where one has a mistake.
pub(super) fn embed(options: &EmbedOptions, output: &Output) -> Result<Exit> {
    let (mut documents, mut shelf, mut wrong) = (Vec::new(), ReportEntry::new(options)?, false);
    for path in &options.paths {
        match document(path, options, &mut shelf) {
            Ok(document) => documents.push(document),
            Err(problems) => {
                wrong = true;
                problems.iter().for_each(|problem| output.error(problem));
            }
        }
    }
    if wrong {
        if !options.check && !options.diff {
            output.say("nothing was written");
        }
        return Ok(Exit::Usage);
    }
    let stale: Vec<&Document<'_>> = documents.iter().filter(|document| document.old != document.new).collect();
    if options.check || options.diff {
        for document in &stale {
            output.exactly(&difference(document))?;
        }
        let found = Found { stale, altered: shelf.altered() };
        return Ok(if options.check { checked(&documents, &found, options, output) } else { Exit::Success });
    }
    for document in &documents {
        let blocks = plural(document.blocks as u64, "block");
        if document.old == document.new {
            output.progress(&format!("{}: {blocks}, nothing to change", document.path.display()));
            continue;
        }
        write(document)?;
        output.progress(&format!("{}: {blocks}", document.path.display()));
    }
    Ok(Exit::Success)
}

/// What a check found.
struct Found<'a> {
    /// Documents that differ from what the reports say.
    stale: Vec<&'a Document<'a>>,
    /// Pictures in them that differ from what would be drawn, each with its report.
    altered: Vec<(String, PathBuf)>,
}

/// Says what is stale, and the command that mends it.
fn checked(documents: &[Document<'_>], found: &Found<'_>, options: &EmbedOptions, output: &Output) -> Exit {
    if found.stale.is_empty() && found.altered.is_empty() {
        let blocks: usize = documents.iter().map(|document| document.blocks).sum();
        output.progress(&format!("fresh: {} of {}", plural(blocks as u64, "block"), names(documents.iter())));
        return Exit::Success;
    }
    if !found.altered.is_empty() {
        let paths: Vec<String> = found.altered.iter().map(|(_, path)| path.display().to_string()).collect();
        output.error(&format!("not what its results draw: {}", paths.join(", ")));
        let mut reports: Vec<String> = found.altered.iter().map(|(report, _)| argument(report)).collect();
        reports.dedup();
        output.say(&format!("fix with: runner render {}{}", reports.join(" "), out_option(&options.reports)));
    }
    if !found.stale.is_empty() {
        output.error(&format!("stale: {}", names(found.stale.iter().copied())));
        output.say(&format!("fix with: {}", command(&found.stale, options)));
    }
    Exit::NotMet
}

/// How a command names the folder of the reports, where that is not the usual one.
fn out_option(out: &Path) -> String {
    if out == Path::new("reports") { String::new() } else { format!(" --reports {}", argument(&out.to_string_lossy())) }
}

fn names<'a>(documents: impl Iterator<Item = &'a Document<'a>>) -> String {
    documents.map(|document| document.path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The command that writes what a check found to be stale.
fn command(stale: &[&Document<'_>], options: &EmbedOptions) -> String {
    use clap::ValueEnum as _;
    let mut words = vec!["runner".to_owned(), "embed".to_owned()];
    words.extend(stale.iter().map(|document| argument(&document.path.to_string_lossy())));
    words.extend(Some(out_option(&options.reports).trim_start().to_owned()).filter(|option| !option.is_empty()));
    words.extend(options.base_url.as_ref().map(|url| format!("--base-url {}", argument(url))));
    let format = options.format.and_then(|format| format.to_possible_value());
    words.extend(format.map(|value| format!("--format {}", value.get_name())));
    words.extend(options.force.then(|| "--force".to_owned()));
    words.join(" ")
}

/// One argument of a shell command.
fn argument(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/,._-+:=%@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn difference(document: &Document<'_>) -> String {
    let name = document.path.display();
    let diff = TextDiff::from_lines(&document.old, &document.new);
    diff.unified_diff().context_radius(AROUND).header(&format!("a/{name}"), &format!("b/{name}")).to_string()
}

/// Writes a document whole, where it is if its name is a link, and with the rights that it had.
fn write(document: &Document<'_>) -> Result<()> {
    let path = document.path.canonicalize().with_context(|| format!("writing {}", document.path.display()))?;
    let rights = path.metadata().with_context(|| format!("writing {}", path.display()))?.permissions();
    write_whole(&path, document.new.as_bytes())?;
    std::fs::set_permissions(&path, rights).with_context(|| format!("writing {}", path.display()))
}

/// Reads a document and fills it; all its problems as lines for people.
fn document<'a>(path: &'a Path, options: &EmbedOptions, shelf: &mut ReportEntry) -> Result<Document<'a>, Vec<String>> {
    let name = path.display();
    let whole = |error: String| vec![format!("{name}: {error}")];
    let bytes = std::fs::read(path).map_err(|error| whole(format!("cannot be read: {error}")))?;
    let old = String::from_utf8(bytes).map_err(|_| whole("this is not UTF-8 text".into()))?;
    let syntax = Syntax::of_ending(&path.extension().unwrap_or_default().to_string_lossy());
    let look = look(syntax, options.format).map_err(whole)?;
    shelf.folder = folder_of(path).map_err(|error| whole(error.to_string()))?;
    let told = |(line, problem): &(usize, Problem)| {
        let help = problem.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        format!("{name}:{line}: {}{help}", problem.message)
    };
    let filled = fill(&old, syntax, look, options.force, shelf);
    let filled = filled.map_err(|problems| problems.iter().map(told).collect::<Vec<_>>())?;
    if filled.blocks == 0 {
        return Err(whole("there is no marker in it; see `runner embed --help` for what they look like".into()));
    }
    Ok(Document { path, old, new: filled.text, blocks: filled.blocks })
}

fn look(syntax: Syntax, format: Option<EmbedFormat>) -> Result<Look, String> {
    match (syntax, format) {
        (Syntax::Rst, None | Some(EmbedFormat::Rst)) => Ok(Look::Rst),
        (Syntax::Rst, Some(_)) => Err("in reStructuredText there is --format rst alone".into()),
        (_, Some(EmbedFormat::Rst)) => Err("--format rst is for files that end in .rst".into()),
        (Syntax::Html, Some(EmbedFormat::Md)) => Err("--format md is not for HTML".into()),
        (_, None | Some(EmbedFormat::Picture)) => Ok(Look::Picture),
        (_, Some(EmbedFormat::Md)) => Ok(Look::Markdown),
        (_, Some(EmbedFormat::Html)) => Ok(Look::Html),
    }
}

/// The folder that a document's relative links start from. Where the document is a link itself, that is where it is seen.
fn folder_of(path: &Path) -> std::io::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize()
}

/// The reports of a folder, each read once.
struct ReportEntry {
    out: PathBuf,
    base_url: Option<String>,
    /// The current folder, for which the address stands.
    here: PathBuf,
    /// The folder of the document that is being filled.
    folder: PathBuf,
    read: BTreeMap<String, Report>,
    /// The charts of those that were read.
    drawn: BTreeMap<String, Vec<Chart>>,
    /// Pictures to which documents refer: report and file.
    linked: RefCell<BTreeSet<(String, String)>>,
}

impl ReportEntry {
    fn new(options: &EmbedOptions) -> Result<Self> {
        let here = Path::new(".").canonicalize().context("finding the current folder")?;
        let base_url = options.base_url.clone();
        let (read, drawn, linked) = (BTreeMap::new(), BTreeMap::new(), RefCell::default());
        Ok(Self { out: options.reports.clone(), base_url, folder: here.clone(), here, read, drawn, linked })
    }

    /// Pictures to which documents refer that are not what their results draw, each with its report.
    fn altered(&self) -> Vec<(String, PathBuf)> {
        let mut altered = Vec::new();
        for (report, file) in self.linked.borrow().iter() {
            let path = self.out.join(report).join(file);
            let fresh = self.drawn.get(report).and_then(|charts| drawn(charts, file));
            let there = std::fs::read(&path).unwrap_or_default();
            // Checkouts may change line endings.
            let there = String::from_utf8_lossy(&there).replace("\r\n", "\n");
            if fresh.is_some_and(|fresh| fresh != there) {
                altered.push((report.clone(), path));
            }
        }
        altered
    }
}

/// What a file of a report would hold if it were drawn now.
fn drawn(charts: &[Chart], file: &str) -> Option<String> {
    let stem = file.strip_suffix(".svg")?;
    let of = |stem: &str| charts.iter().find(|chart| chart.stem == stem)?.picture.as_ref().ok();
    let dark = || Some(of(stem.strip_suffix("-dark")?)?.svg(Theme::Dark));
    of(stem).map(|picture| picture.svg(Theme::Light)).or_else(dark)
}

impl ReportStore for ReportEntry {
    fn report(&mut self, scenario: &str) -> Result<&Report, Problem> {
        let out = self.out.display().to_string();
        if !self.read.contains_key(scenario) {
            let known = report_names(&self.out).map_err(|error| Problem::bare(format!("{error:#}")))?;
            if !known.iter().any(|name| name == scenario) {
                let message = format!("there is no report `{scenario}` in {out}");
                return Err(match nearest(scenario, known.iter().map(String::as_str)) {
                    Some(near) => Problem::new(message, format!("did you mean `{near}`?")),
                    None => Problem::new(message, "run its scenario first, or give the folder with --reports"),
                });
            }
            let results = derived(&self.out.join(scenario)).map_err(|error| Problem::bare(format!("{error:#}")))?;
            let drawn = charts(&results);
            let charts = drawn.iter().map(reference).collect();
            self.read.insert(scenario.to_owned(), Report { results, charts });
            self.drawn.insert(scenario.to_owned(), drawn);
        }
        self.read.get(scenario).ok_or_else(|| Problem::bare(format!("there is no report `{scenario}` in {out}")))
    }

    fn link(&self, scenario: &str, file: &str) -> Result<String, Problem> {
        let path = self.out.join(scenario).join(file);
        let missing = || {
            Problem::new(
                format!("there is no {}", path.display()),
                format!("draw it with `runner render {scenario}{}`", out_option(&self.out)),
            )
        };
        let target = path.canonicalize().map_err(|_| missing())?;
        self.linked.borrow_mut().insert((scenario.to_owned(), file.to_owned()));
        match &self.base_url {
            None => Ok(address(&relative(&self.folder, &target))),
            Some(url) => match target.strip_prefix(&self.here) {
                Ok(inside) => Ok(format!("{}/{}", url.trim_end_matches('/'), address(inside))),
                Err(_) => {
                    let message =
                        format!("--base-url stands for the current folder, and {} is outside of it", path.display());
                    Err(Problem::bare(message))
                }
            },
        }
    }
}

/// The way from a folder to a file, both from the root on and without links.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    up.chain(to.components().skip(common)).collect()
}

/// A path as the address of a link.
fn address(path: &Path) -> String {
    let mut out = String::new();
    for byte in path.to_string_lossy().bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
        if plain { out.push(char::from(byte)) } else { out += &format!("%{byte:02X}") }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_from_the_folder_of_the_document() {
        let to = |from: &str, to: &str| address(&relative(Path::new(from), Path::new(to)));
        assert_eq!(to("/a", "/a/reports/b/c.svg"), "reports/b/c.svg");
        assert_eq!(to("/a/docs/deep", "/a/reports/b c.svg"), "../../reports/b%20c.svg");
    }

    #[test]
    fn commands_can_be_pasted_into_a_shell() {
        assert_eq!(argument("docs/a.md"), "docs/a.md");
        assert_eq!(argument("it's here.md"), r"'it'\''s here.md'");
    }
}
