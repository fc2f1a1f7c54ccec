//! `runner report`: reports as one page that works offline.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use super::Exit;
use super::args::ReportOptions;
use super::output::Output;
use super::render::{PAGE, chosen, derived};
use crate::chart::{Chart, charts};
use crate::report::{HtmlSource, html, html_of_all, seed};
use crate::results::{Results, write_whole};
use crate::text::plural;

/// The program that shows a file as the desktop would.
const OPENER: &str = "xdg-open";

/// Writes the page of all reports, or that of each one that is named.
pub(super) fn report(options: &ReportOptions, output: &Output) -> Result<Exit> {
    let Some(names) = chosen(&options.names, &options.reports, output)? else { return Ok(Exit::Usage) };
    let all = names.iter().map(|name| derived(&options.reports.join(name))).collect::<Result<Vec<Results>>>()?;
    let drawn: Vec<Vec<Chart>> = all.iter().map(charts).collect();
    let sources: Vec<HtmlSource<'_>> =
        all.iter().zip(&drawn).map(|(results, charts)| HtmlSource { results, charts }).collect();
    let mut pages: Vec<PathBuf> = Vec::new();
    if options.names.is_empty() {
        let path = options.reports.join(PAGE);
        write_whole(&path, html_of_all(&sources, seed(&all).as_deref()).as_bytes())?;
        output.progress(&format!("{}: {}", path.display(), plural(sources.len() as u64, "report")));
        pages.push(path);
    } else {
        for (name, source) in names.iter().zip(sources) {
            let path = options.reports.join(name).join(PAGE);
            write_whole(&path, html(source).as_bytes())?;
            output.progress(&format!("{}", path.display()));
            pages.push(path);
        }
    }
    if options.open {
        pages.iter().for_each(|page| open(page, output));
    }
    Ok(Exit::Success)
}

/// Shows a page, or says where it is.
fn open(page: &Path, output: &Output) {
    let mut command = Command::new(OPENER);
    command.arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let why = match command.status() {
        Ok(status) if status.success() => return,
        Ok(_) => format!("{OPENER} could not show it"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => format!("there is no {OPENER} here"),
        Err(error) => format!("{OPENER}: {error}"),
    };
    let path = page.canonicalize().unwrap_or_else(|_| page.to_owned());
    output.say(&format!("{why}; open {} in a browser", path.display()));
}
