//! `report.html`: one or many reports as one file that works offline, under a policy that lets nothing in.
//!
//! Its sentences and tables are those of `report.md`, converted; its charts are the SVGs, with values that can be pointed at
//! and reached by keyboard.

mod index;
mod picture;
mod prose;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use super::SEED_REPORT;
use super::markdown::{judged, rest, side_by_side, workload_details, workload_summary};
use super::regression::sortable_regressions;
use super::words::reservations;
use crate::chart::Chart;
use crate::results::Results;
use crate::text::escape::{html as attribute, markdown as escape};
use crate::text::{glued, plural};
use index::index;
use picture::Palette;
use prose::Prose;

/// The typeface of the charts, so that the page around them looks the same everywhere.
const FACES: [(&[u8], u32); 2] = [
    (include_bytes!("../../chart/fonts/Inter-Regular.otf"), 400),
    (include_bytes!("../../chart/fonts/Inter-SemiBold.otf"), 600),
];
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A report that becomes a page or a part of one.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its results, with what is derived from them.
    pub results: &'a Results,
    /// Its charts, in order.
    pub charts: &'a [Chart],
}

/// The page of one report. It lies in the report's folder.
#[must_use]
pub fn html(source: Source<'_>) -> String {
    let mut page = Page { palette: Palette::default(), level: 1, folder: String::new() };
    let body = page.article(source);
    let links: Vec<(String, String)> = page.sections(&body);
    let nav = nav("On this page", &links);
    page.document(&source.results.scenario.title, &format!("{nav}<main>\n{body}</main>\n"))
}

/// The page of many reports with an index, and before them the one that compares threads with processes, where there is
/// one (as Markdown). It lies in the folder that holds theirs.
#[must_use]
pub fn html_of_all(sources: &[Source<'_>], comparison: Option<&str>) -> String {
    let mut page = Page { palette: Palette::default(), level: 2, folder: String::new() };
    let mut links: Vec<(String, String)> = Vec::new();
    let mut articles = String::new();
    if let Some(markdown) = comparison {
        let (title, text) = markdown.split_once('\n').unwrap_or((markdown, ""));
        let title = attribute(title.trim_start_matches("# "));
        let prose = Prose { level: 1, names: "comparison", folder: &format!("{SEED_REPORT}/") }.html(text);
        articles += &format!("<article id=\"comparison\">\n<h2>{title}</h2>\n{prose}</article>\n");
        links.push(("comparison".into(), "Threads or processes?".into()));
    }
    for source in sources.iter().copied() {
        let scenario = &source.results.scenario;
        page.folder = format!("{}/", scenario.name);
        articles += &page.article(source);
        links.push((scenario.name.clone(), scenario.name.clone()));
    }
    let count = plural(sources.len() as u64, "scenario");
    let head = format!(
        "<header class=\"top\">\n<h1>Threads, processes, IPC: what was measured</h1>\n<p class=\"about\">{count}; \
         every number is in each report's results.json.</p>\n</header>\n"
    );
    let nav = nav("Scenarios", &links);
    let body = format!("{nav}<main>\n{head}{}{articles}</main>\n", index(sources));
    page.document("Reports", &body)
}

/// Links to all parts, which stand beside them where there is room.
fn nav(title: &str, links: &[(String, String)]) -> String {
    let items: String = links
        .iter()
        .map(|(id, text)| format!("<li><a href=\"#{}\">{}</a></li>\n", attribute(id), attribute(text)))
        .collect();
    format!("<nav aria-label=\"{title}\">\n<p>{title}</p>\n<ul>\n{items}</ul>\n</nav>\n")
}

/// A page in the making.
struct Page {
    palette: Palette,
    /// Level of a report's title.
    level: usize,
    /// Where the files of the report are that is being written.
    folder: String,
}

impl Page {
    fn article(&mut self, source: Source<'_>) -> String {
        let results = source.results;
        let name = attribute(&results.scenario.name);
        let mut out = format!("<article id=\"{name}\">\n{}", self.head(results));
        if results.run.baseline.is_some() {
            out.extend(source.charts.iter().map(|chart| self.figure(chart)));
            let text = sortable_regressions(results, &[]);
            let text = text.split_once('\n').map_or("", |(_, text)| text);
            return out + &self.prose(&name, text) + "</article>\n";
        }
        out += &findings(results);
        let mut charts = source.charts.iter();
        out.extend(charts.next().map(|chart| self.figure(chart)));
        let summaries: Vec<String> = judged(results).map(|(workload, _)| workload_summary(results, workload)).collect();
        out += &self.prose(&name, &summaries.join("\n"));
        out.extend(charts.map(|chart| self.figure(chart)));
        let beside: Vec<String> = side_by_side(results).into_iter().filter(|part| !part.is_empty()).collect();
        out += &self.prose(&name, &beside.join("\n"));
        out += &self.details(results, &name);
        out + "</article>\n"
    }

    fn prose(&self, names: &str, markdown: &str) -> String {
        Prose { level: self.level - 1, names, folder: &self.folder }.html(markdown)
    }

    fn head(&self, results: &Results) -> String {
        let (scenario, level, folder) = (&results.scenario, self.level, &self.folder);
        let trials = plural(results.trials.len() as u64, "trial");
        let configurations = plural(results.configurations.len() as u64, "configuration");
        let mut out = format!(
            "<header>\n<p class=\"eyebrow\">{} · {configurations} · {trials} · {} UTC</p>\n<h{level}>{}</h{level}>\n",
            attribute(&scenario.name),
            attribute(&results.run.started),
            attribute(&scenario.title)
        );
        if !scenario.about.trim().is_empty() {
            out += &format!("<p class=\"about\">{}</p>\n", attribute(scenario.about.trim()));
        }
        for line in reservations(results) {
            out += &format!("<p class=\"warning\">{}</p>\n", attribute(&line));
        }
        out += &format!(
            "<p class=\"data\">Data: <a href=\"{folder}results.json\">results.json</a> · <a href=\"{folder}report.md\">report.md</a></p>\n</header>\n"
        );
        out
    }

    /// A chart; its title and subtitle are live text where the page is too narrow to read those in the picture.
    fn figure(&mut self, chart: &Chart) -> String {
        let (stem, folder) = (attribute(&chart.stem), &self.folder);
        let caption = format!(
            "<figcaption><b>{}</b> <span>{}</span></figcaption>",
            attribute(&chart.title),
            attribute(&chart.subtitle)
        );
        match &chart.picture {
            Err(why) => {
                format!("<p class=\"missing\">No chart {stem}: {}.</p>\n", attribute(why.trim_end_matches('.')))
            }
            Ok(picture) => {
                let svg = self.palette.svg(picture);
                format!(
                    "<figure>\n{caption}\n<div class=\"chart\">\n{svg}\n</div>\n<p class=\"file\"><a href=\"{folder}{stem}.svg\">SVG, light</a> · <a \
                     href=\"{folder}{stem}-dark.svg\">dark</a></p>\n</figure>\n"
                )
            }
        }
    }

    /// Everything that stands behind the findings, folded where many reports share a page.
    fn details(&self, results: &Results, name: &str) -> String {
        let several = results.derived.workloads.len() > 1;
        let mut parts: Vec<String> = Vec::new();
        for (workload, verdict) in judged(results) {
            let of_workload: Vec<String> =
                workload_details(results, workload, verdict).into_iter().filter(|part| !part.is_empty()).collect();
            if of_workload.is_empty() {
                continue;
            }
            let title =
                if several { format!("## Details: {}\n", escape(&workload.label)) } else { "## Details\n".into() };
            parts.push(title);
            parts.extend(of_workload);
        }
        parts.extend(rest(results).into_iter().filter(|part| !part.is_empty()));
        let text = self.prose(name, &parts.join("\n"));
        if self.level == 1 {
            return text;
        }
        format!(
            "<details class=\"more\">\n<summary>Every comparison, speedup breakdown, resources, method and \
             machine</summary>\n{text}</details>\n"
        )
    }

    /// The second-level headings of a page of one report.
    fn sections(&self, body: &str) -> Vec<(String, String)> {
        let heads = body.split("<h2 id=\"").skip(1);
        let of = |part: &str| {
            let (id, rest) = part.split_once("\">")?;
            Some((id.to_owned(), prose::plain(rest.split_once("</h2>")?.0)))
        };
        heads.filter_map(of).collect()
    }

    /// The whole document with its policy.
    fn document(&self, title: &str, body: &str) -> String {
        let style = format!("{}{}{STYLE}", faces(), self.palette.css());
        let policy = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; font-src data:; base-uri 'none'; form-action 'none'",
            source_hash(&style),
            source_hash(SCRIPT)
        );
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{} – runner</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\
             <div id=\"tip\" role=\"tooltip\" hidden></div>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
            attribute(title)
        )
    }
}

/// What was found, a sentence for each workload.
fn findings(results: &Results) -> String {
    let several = results.derived.workloads.len() > 1;
    let mut out = String::from("<div class=\"findings\">\n");
    for (workload, verdict) in judged(results) {
        let label = if several || workload.is_lock_model() {
            format!("<b>{}</b> ", attribute(&workload.shown()))
        } else {
            String::new()
        };
        let when = verdict
            .recommendation
            .as_ref()
            .map_or(String::new(), |when| format!(" <span class=\"when\">{}</span>", attribute(&glued(when))));
        let doubt = |warning: &String| format!(" <span class=\"doubt\">{}</span>", attribute(&glued(warning)));
        let doubts: String = verdict.warnings.iter().map(doubt).collect();
        out += &format!(
            "<p>{label}<span class=\"finding\">{}</span>{when}{doubts}</p>\n",
            attribute(&glued(&verdict.sentence))
        );
    }
    out + "</div>\n"
}

/// The typeface as rules of a style sheet.
fn faces() -> String {
    let rule = |(bytes, weight): &(&[u8], u32)| {
        format!(
            "@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/otf;base64,{})}}\n",
            BASE64.encode(bytes)
        )
    };
    FACES.iter().map(rule).collect()
}

/// A text as the policy names it.
fn source_hash(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(Sha256::digest(text.as_bytes())))
}
