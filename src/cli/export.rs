//! `runner export`: raw samples and tables of reports, for other programs.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Exit;
use super::args::{ExportOptions, Format};
use super::output::Output;
use super::render::{chosen, derived};
use crate::report::{perfetto, samples, tables, timelines};
use crate::results::{Results, write_whole};
use crate::text::plural;

/// Writes what the reports hold, in the format asked for.
pub(super) fn export(options: &ExportOptions, output: &Output) -> Result<Exit> {
    let asked = options.perfetto.then_some(Format::Perfetto).or(options.format);
    let Some(format) = asked.or_else(|| by_ending(options.output.as_deref())) else {
        output.error(
            "the file name does not determine the format: give --format csv, --format ndjson, --format md or \
             --perfetto",
        );
        return Ok(Exit::Usage);
    };
    let Some(names) = chosen(&options.names, &options.reports, output)? else { return Ok(Exit::Usage) };
    let all = names.iter().map(|name| derived(&options.reports.join(name))).collect::<Result<Vec<Results>>>()?;
    let (text, what) = match format {
        Format::Perfetto => {
            let count = timelines(&all);
            if count == 0 {
                output.error(&format!(
                    "no timelines in {}: they are kept where a scenario has the chart timeline and the run is not quick",
                    names.join(", ")
                ));
                return Ok(Exit::Usage);
            }
            (format!("{}\n", perfetto(&all)), plural(count as u64, "timeline"))
        }
        Format::Md => (tables(&all), plural(all.len() as u64, "report")),
        Format::Csv | Format::Ndjson => {
            let samples = samples(&all);
            let text = if format == Format::Csv { samples.csv() } else { samples.ndjson() };
            (text, plural(samples.rows.len() as u64, "trial"))
        }
    };
    match target(options.output.as_deref()) {
        None => output.exactly(&text)?,
        Some(path) => {
            write_whole(&path, text.as_bytes())?;
            output.progress(&format!("{}: {what} of {}", path.display(), names.join(", ")));
        }
    }
    Ok(Exit::Success)
}

/// The file to write; none for standard output, which `-` names too.
fn target(to: Option<&Path>) -> Option<PathBuf> {
    to.filter(|path| *path != Path::new("-")).map(Path::to_owned)
}

/// The format that a file's name says; CSV for standard output.
fn by_ending(to: Option<&Path>) -> Option<Format> {
    let Some(path) = target(to) else { return Some(Format::Csv) };
    match path.extension()?.to_str()? {
        "csv" => Some(Format::Csv),
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        "md" => Some(Format::Md),
        _ => None,
    }
}
