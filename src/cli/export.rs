//! `runner export`: raw samples and tables of reports, for other programs.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Exit;
use super::args::{ExportOptions, Format};
use super::output::Output;
use super::render::{chosen, derived};
use crate::name::plural;
use crate::report::{samples, tables};
use crate::results::{Results, write_whole};

/// Writes what the reports hold, in the format asked for.
pub(super) fn export(options: &ExportOptions, output: &Output) -> Result<Exit> {
    let Some(format) = options.format.or_else(|| by_ending(options.to.as_deref())) else {
        output.error(
            "which format is meant cannot be told from the name of the file: say --format csv, --format ndjson or \
             --format md",
        );
        return Ok(Exit::Usage);
    };
    let Some(names) = chosen(&options.names, &options.out, output)? else { return Ok(Exit::Usage) };
    let all = names.iter().map(|name| derived(&options.out.join(name))).collect::<Result<Vec<Results>>>()?;
    let (text, what) = match format {
        Format::Md => (tables(&all), plural(all.len() as u64, "report")),
        Format::Csv | Format::Ndjson => {
            let samples = samples(&all);
            let text = if format == Format::Csv { samples.csv() } else { samples.ndjson() };
            (text, plural(samples.rows.len() as u64, "trial"))
        }
    };
    match target(options.to.as_deref()) {
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
