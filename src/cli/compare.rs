//! `runner compare`: two runs of the past, side by side.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::Exit;
use super::answers;
use super::args::CompareOptions;
use super::output::Output;
use super::render::write_charts;
use crate::chart;
use crate::report::{TerminalOptions, comparison_markdown, comparison_terminal};
use crate::results::{Results, read, write_whole};
use crate::verdict::{Comparison, compare_runs};

/// Compares two results files.
pub(super) fn compare(options: &CompareOptions, output: &Output) -> Result<Exit> {
    let (Some(old), Some(new)) = (load(&options.old, output)?, load(&options.new, output)?) else {
        return Ok(Exit::Usage);
    };
    let comparison = compare_runs(&old, &new);
    if comparison.common == 0 {
        let (old, new) = (options.old.display(), options.new.display());
        output.error(&format!("{old} and {new} have no configuration in common: nothing can be compared"));
        return Ok(Exit::Usage);
    }
    if let Some(folder) = &options.output {
        write(&old, &new, &comparison, folder, output)?;
    }
    let text = if options.json {
        answers::text(&comparison)?
    } else if options.markdown {
        comparison_markdown(&comparison, &[])
    } else {
        let look = TerminalOptions { width: output.width(), color: output.color_out(), verbose: output.verbose };
        comparison_terminal(&comparison, &look)
    };
    output.result(&text)?;
    if !options.gate {
        return Ok(Exit::Success);
    }
    for vanished in &comparison.only_old {
        output.error(&format!("the later run has no longer {vanished}"));
    }
    let missing = if comparison.only_old.is_empty() { Exit::Success } else { Exit::Missing };
    Ok(missing.max(if comparison.worse() { Exit::NotMet } else { Exit::Success }))
}

/// Writes the charts of both runs, and the page that shows them.
fn write(old: &Results, new: &Results, comparison: &Comparison, folder: &Path, output: &Output) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let (_, references) = write_charts(&chart::comparison(old, new, comparison), folder)?;
    let page = folder.join("compare.md");
    write_whole(&page, comparison_markdown(comparison, &references).as_bytes())?;
    output.progress(&format!("{}", page.display()));
    Ok(())
}

/// The results at a path, or in a report's folder.
fn load(path: &Path, output: &Output) -> Result<Option<Results>> {
    let file = if path.is_dir() { path.join("results.json") } else { path.to_owned() };
    if !file.exists() {
        output.error(&format!("there is no results file {}", file.display()));
        return Ok(None);
    }
    Ok(Some(read(&file)?))
}
