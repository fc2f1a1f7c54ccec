//! `runner render`, and writing a report's charts and pages from its results.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};

use super::Exit;
use super::args::RenderOptions;
use super::output::Output;
use crate::chart::{Chart, Theme, charts};
use crate::report::{ChartRef, HtmlSource, SEED_REPORT, html, markdown, regression_markdown, seed};
use crate::results::{Results, read, write_whole};
use crate::setting::{ChartKind, EnumWords as _};
use crate::text::{nearest, plural};
use crate::verdict;

/// File name of such a page.
pub(super) const PAGE: &str = "report.html";

/// Draws reports again.
pub(super) fn render(options: &RenderOptions, output: &Output) -> Result<Exit> {
    let Some(names) = chosen(&options.names, &options.reports, output)? else { return Ok(Exit::Usage) };
    for name in names {
        let folder = options.reports.join(&name);
        let charts = write_report(&derived(&folder)?, &folder)?;
        output.progress(&format!("{}: {charts}", folder.display()));
    }
    if let Some(path) = write_seed(&options.reports)? {
        output.progress(&format!("{}", path.display()));
    }
    Ok(Exit::Success)
}

/// Writes the report that compares threads with processes over several scenarios, where a folder has those. Says where.
pub(super) fn write_seed(out: &Path) -> Result<Option<PathBuf>> {
    if !out.is_dir() {
        // Nothing was run.
        return Ok(None);
    }
    // What cannot be read is no part of it; whoever draws that report is told.
    let all: Vec<Results> = report_names(out)?.iter().filter_map(|name| derived(&out.join(name)).ok()).collect();
    let Some(page) = seed(&all) else { return Ok(None) };
    let folder = out.join(SEED_REPORT);
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join("report.md");
    write_whole(&path, page.as_bytes())?;
    Ok(Some(path))
}

/// The reports that are named, or all of the folder; nothing where one does not exist, which is then said.
pub(super) fn chosen(names: &[String], out: &Path, output: &Output) -> Result<Option<Vec<String>>> {
    let known = match report_names(out) {
        Ok(known) => known,
        Err(error) if !out.exists() => {
            output.error(&format!("{error:#}"));
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let names = if names.is_empty() { known.clone() } else { names.to_vec() };
    if names.is_empty() {
        bail!("there is no report in {}; run a scenario first", out.display());
    }
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        let near = nearest(unknown, known.iter().map(String::as_str));
        let near = near.map(|near| format!("; there is `{near}`")).unwrap_or_default();
        output.error(&format!("there is no report `{unknown}` in {}{near}", out.display()));
        return Ok(None);
    }
    Ok(Some(names))
}

/// The results of a report's folder with what this version derives from their trials, so that reports of older versions
/// say what those of today say.
pub(super) fn derived(folder: &Path) -> Result<Results> {
    let mut results = read(&folder.join("results.json"))?;
    results.derived = verdict::derive(&results);
    Ok(results)
}

/// Names of the reports in a folder.
pub(super) fn report_names(out: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(out).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow!("there is no folder {}; give their folder with --reports", out.display()),
        _ => anyhow!(error).context(format!("reading the reports in {}", out.display())),
    })?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("results.json").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}

/// Writes every chart, `report.md` and `report.html`, and removes charts that the results no longer have. Says what was written.
pub(super) fn write_report(results: &Results, folder: &Path) -> Result<String> {
    let charts = charts(results);
    let (files, references) = write_charts(&charts, folder)?;
    let page = if results.run.baseline.is_some() {
        regression_markdown(results, &references)
    } else {
        markdown(results, &references)
    };
    write_whole(&folder.join("report.md"), page.as_bytes())?;
    let page = html(HtmlSource { results, charts: &charts });
    write_whole(&folder.join(PAGE), page.as_bytes())?;
    remove_stale(folder, &files);
    let drawn = references.iter().filter(|chart| chart.missing.is_none()).count();
    Ok(match drawn {
        0 => "no charts".into(),
        drawn => format!("{} (SVG and PNG, light and dark)", plural(drawn as u64, "chart")),
    })
}

/// Writes charts: light, dark, and as one file that follows what whoever looks at it prefers; the first two as images, too.
/// Gives the files, and what a page needs to show them.
pub(super) fn write_charts(charts: &[Chart], folder: &Path) -> Result<(Vec<PathBuf>, Vec<ChartRef>)> {
    let mut files = Vec::new();
    for chart in charts {
        let Ok(picture) = &chart.picture else { continue };
        for (theme, suffix) in [(Theme::Light, ""), (Theme::Dark, "-dark"), (Theme::Auto, "-auto")] {
            let path = folder.join(format!("{}{suffix}.svg", chart.stem));
            write_whole(&path, picture.svg(theme).as_bytes())?;
            if theme != Theme::Auto {
                let raster = path.with_extension("png");
                write_whole(&raster, &picture.png(theme)?)?;
                files.push(raster);
            }
            files.push(path);
        }
    }
    Ok((files, charts.iter().map(reference).collect()))
}

/// What a report needs to know of a chart.
pub(super) fn reference(chart: &Chart) -> ChartRef {
    ChartRef {
        stem: chart.stem.clone(),
        kind: chart.kind.word().to_owned(),
        title: chart.title.clone(),
        subtitle: chart.subtitle.clone(),
        alt: chart.alt.clone(),
        missing: chart.picture.as_ref().err().cloned(),
    }
}

/// Removes charts of earlier runs that were not written now. Files of other names are not ours.
fn remove_stale(folder: &Path, written: &[PathBuf]) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let picture = path.extension().is_some_and(|ending| ending == "svg" || ending == "png");
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = ChartKind::ROWS
            .iter()
            .any(|row| name.strip_prefix(row.word).is_some_and(|rest| rest.starts_with('.') || rest.starts_with('-')));
        if picture && ours && !written.contains(&path) {
            let _ = std::fs::remove_file(&path);
        }
    }
}
