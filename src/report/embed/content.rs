//! What stands between the markers: charts, tables, sentences, numbers, in the markup of the document.

use super::marker::{Kind, Marker, meant};
use super::select::{matching, workloads};
use super::value::value;
use super::{Look, Problem, Report, ReportStore, Syntax};
use crate::report::configurations::{COLUMNS, Shown, Table, configurations};
use crate::report::{ChartRef, TerminalOptions, terminal};
use crate::results::{Results, Workload};
use crate::text::capital;
use crate::text::escape::{html as attribute, markdown as escape, one_line, rst};
use crate::verdict::noise_warning;

/// Width in pixels of a chart where none is given.
const WIDTH: u32 = 760;

/// Columns of the terminal's text where none are given.
const TERMINAL_WIDTH: u32 = 100;

/// Where a block stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Within a line.
    pub(super) inline: bool,
    pub(super) look: Look,
    pub(super) syntax: Syntax,
}

impl Place {
    fn is_rst(self) -> bool {
        self.syntax == Syntax::Rst
    }

    fn is_html(self) -> bool {
        self.syntax == Syntax::Html || self.look == Look::Html
    }

    /// Text of a report as text of the document: nothing in it is markup.
    fn text(self, text: &str) -> String {
        if self.is_rst() {
            rst(text)
        } else if self.is_html() {
            attribute(text)
        } else {
            escape(text)
        }
    }

    /// Blank lines around what must not touch a comment: renderers of Markdown differ in where a comment ends.
    fn apart(self, mut lines: Vec<String>) -> Vec<String> {
        if !self.inline && !self.is_html() {
            lines.insert(0, String::new());
            lines.push(String::new());
        }
        lines
    }
}

/// The lines of a block; one where it stands within a line.
pub(super) fn content(marker: &Marker, place: Place, library: &mut dyn ReportStore) -> Result<Vec<String>, Problem> {
    if place.inline && ![Kind::Value, Kind::Verdict, Kind::Pick].contains(&marker.kind) {
        return Err(Problem::new(
            "two markers on a line: what they hold does not fit into a line",
            "put each on its own line; `value`, `verdict` and `pick` may be used within a line",
        ));
    }
    let scenario = marker.scenario()?.to_owned();
    // Whoever asks for links borrows the library, so the report is taken out of it.
    let report = library.report(&scenario)?.clone();
    let results = &report.results;
    match marker.kind {
        Kind::Chart => chart(marker, place, &report, library),
        Kind::Table => tables(marker, place, results),
        Kind::Verdict => verdicts(marker, place, results),
        Kind::Pick => picks(marker, place, results),
        Kind::Value => single(marker, place, results),
        Kind::Terminal => text(marker, place, results),
    }
}

/// A chart by its file's name, or by its kind where there is one of that kind.
fn find<'a>(report: &'a Report, wanted: &str) -> Result<&'a ChartRef, Problem> {
    let known: Vec<&str> = report.charts.iter().map(|chart| chart.stem.as_str()).collect();
    let of_kind: Vec<&ChartRef> = report.charts.iter().filter(|chart| chart.kind == wanted).collect();
    if let Some(exact) = report.charts.iter().find(|chart| chart.stem == wanted) {
        return Ok(exact);
    }
    match of_kind.as_slice() {
        [one] => Ok(one),
        [] => {
            let message = format!("`{}` has no chart `{wanted}`", report.results.scenario.name);
            Err(Problem::new(message, if known.is_empty() { "it has none".into() } else { meant(wanted, &known) }))
        }
        several => {
            let stems: Vec<String> = several.iter().map(|chart| format!("`{}`", chart.stem)).collect();
            Err(Problem::new(format!("there are several charts `{wanted}`"), format!("name one: {}", stems.join(", "))))
        }
    }
}

fn chart(marker: &Marker, place: Place, report: &Report, library: &dyn ReportStore) -> Result<Vec<String>, Problem> {
    let scenario = marker.scenario()?;
    let chart = find(report, marker.chart.as_deref().unwrap_or_default())?;
    let width = marker.number("width", WIDTH, 16..=10_000)?;
    if let Some(why) = &chart.missing {
        return Ok(place.apart(vec![place.text(&format!("No chart {}: {}.", chart.stem, why.trim_end_matches('.')))]));
    }
    let light = library.link(scenario, &format!("{}.svg", chart.stem))?;
    let alt = &chart.alt;
    let image = || format!("<img alt=\"{}\" src=\"{light}\" width=\"{width}\">", attribute(alt));
    if place.is_rst() {
        // The value of an option is plain text.
        let alt = one_line(alt);
        let lines = [format!(".. image:: {light}"), format!("   :alt: {alt}"), format!("   :width: {width}px")];
        return Ok(place.apart(lines.into()));
    }
    Ok(match place.look {
        Look::Markdown => place.apart(vec![format!("![{}]({light})", escape(alt))]),
        Look::Html => vec![image()],
        Look::Picture | Look::Rst => {
            let dark = library.link(scenario, &format!("{}-dark.svg", chart.stem))?;
            let source = format!("<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"{dark}\">");
            vec![source, format!("{}</picture>", image())]
        }
    })
}

fn tables(marker: &Marker, place: Place, results: &Results) -> Result<Vec<String>, Problem> {
    let columns = columns(marker.get("columns"))?;
    let wanted: Vec<usize> =
        matching(results, &marker.configurations)?.iter().map(|configuration| configuration.id).collect();
    let workloads = workloads(results, marker.get("workload"))?;
    let mut lines = Vec::new();
    let shown = workloads.iter().map(|workload| {
        (workload, configurations(results, workload, &columns, |configuration| wanted.contains(&configuration.id)))
    });
    let shown: Vec<(&&Workload, Table)> = shown.filter(|(_, table)| !table.rows.is_empty()).collect();
    for (workload, table) in &shown {
        if shown.len() > 1 || workload.is_lock_model() {
            let label = place.text(&workload.shown());
            lines.extend(paragraph(
                place,
                &if place.is_html() { format!("<b>{label}</b>") } else { format!("**{label}**") },
            ));
            lines.push(String::new());
        }
        if place.is_rst() {
            lines.extend(rst_table(table));
        } else if place.is_html() {
            lines.extend(html_table(table));
        } else {
            lines.extend(table.markdown().lines().map(str::to_owned));
        }
        lines.push(String::new());
    }
    lines.pop();
    Ok(place.apart(lines))
}

fn columns(wanted: Option<&str>) -> Result<Vec<Shown>, Problem> {
    let words: Vec<&str> = COLUMNS.iter().map(|(_, word)| *word).collect();
    let Some(wanted) = wanted else { return Ok(COLUMNS.iter().map(|(column, _)| *column).collect()) };
    let column = |word: &str| {
        let found = COLUMNS.iter().find(|(_, known)| *known == word.trim()).map(|(column, _)| *column);
        found.ok_or_else(|| Problem::new(format!("there is no column `{word}`"), meant(word, &words)))
    };
    wanted.split(',').map(column).collect()
}

/// Parts of a verdict with their words: the pick with its price, and what else there is to say.
const PARTS: [&str; 3] = ["all", "sentence", "recommendation"];

fn verdicts(marker: &Marker, place: Place, results: &Results) -> Result<Vec<String>, Problem> {
    let part = marker.get("show").unwrap_or(PARTS[0]);
    if !PARTS.contains(&part) {
        return Err(Problem::new(format!("`show={part}` is not known"), meant(part, &PARTS)));
    }
    let workloads = workloads(results, marker.get("workload"))?;
    let several = workloads.len() > 1;
    let sentence = |workload: &&Workload| {
        let verdict = results.derived.workloads.iter().find(|verdict| verdict.workload == workload.id)?;
        let sentence = Some(verdict.sentence.as_str()).filter(|_| part != "recommendation");
        let when = verdict.recommendation.as_deref().filter(|_| part != "sentence");
        let text: Vec<&str> = sentence.into_iter().chain(when).collect();
        let label = if several || workload.is_lock_model() { format!("{}: ", workload.shown()) } else { String::new() };
        (!text.is_empty()).then(|| format!("{label}{}", text.join(" ")))
    };
    let mut sentences: Vec<String> = workloads.iter().filter_map(sentence).map(|text| place.text(&text)).collect();
    if sentences.is_empty() {
        return Err(Problem::bare(format!("`{}` has no such sentence", results.scenario.name)));
    }
    if let Some(warning) = noise_warning(results) {
        sentences[0] = format!("{} {}", place.text(&format!("{}.", capital(&warning))), sentences[0]);
    }
    if place.inline {
        return Ok(vec![sentences.join(" ")]);
    }
    Ok(match (several, place.is_html()) {
        (false, _) => place.apart(paragraph(place, &sentences.concat())),
        (true, false) => place.apart(sentences.iter().map(|text| format!("- {text}")).collect()),
        (true, true) => {
            let items = sentences.iter().map(|text| format!("<li>{text}</li>"));
            std::iter::once("<ul>".into()).chain(items).chain(["</ul>".into()]).collect()
        }
    })
}

/// The labels of what is picked, those of several workloads one after the other.
fn picks(marker: &Marker, place: Place, results: &Results) -> Result<Vec<String>, Problem> {
    let label = |id: usize| results.configurations[id].label.as_str();
    let workloads = workloads(results, marker.get("workload"))?;
    let several = workloads.len() > 1;
    let pick = |workload: &&Workload| {
        let verdict = results.derived.workloads.iter().find(|verdict| verdict.workload == workload.id)?;
        let labels: Vec<&str> = verdict.picks.iter().map(|pick| label(pick.configuration)).collect();
        let before = if several { format!("{}: ", workload.shown()) } else { String::new() };
        (!labels.is_empty()).then(|| format!("{before}{}", labels.join(", ")))
    };
    let texts: Vec<String> = workloads.iter().filter_map(pick).map(|text| place.text(&text)).collect();
    if texts.is_empty() {
        return Err(Problem::bare(format!("nothing is picked of `{}`", results.scenario.name)));
    }
    let text = texts.join("; ");
    Ok(if place.inline { vec![text] } else { place.apart(paragraph(place, &text)) })
}

fn single(marker: &Marker, place: Place, results: &Results) -> Result<Vec<String>, Problem> {
    let text = place.text(&value(marker, results)?);
    if !place.is_rst() {
        return Ok(if place.inline { vec![text] } else { place.apart(paragraph(place, &text)) });
    }
    // A comment of reStructuredText cannot stand within a line, but what it defines can.
    let name = marker.get("name").ok_or_else(|| {
        Problem::new("a value in reStructuredText needs a name", "add `name=NAME`, and write `|NAME|` where it belongs")
    })?;
    Ok(place.apart(vec![format!(".. |{name}| replace:: {text}")]))
}

fn text(marker: &Marker, place: Place, results: &Results) -> Result<Vec<String>, Problem> {
    let width = marker.number("width", TERMINAL_WIDTH, 40..=140)? as usize;
    let page = terminal(results, &TerminalOptions { width, color: false, verbose: false });
    let most = marker.number("lines", u32::MAX, 1..=10_000)? as usize;
    let whole: Vec<&str> = page.trim_end().lines().collect();
    let more = (whole.len() > most).then_some("…");
    let lines = whole.into_iter().take(most).chain(more);
    if place.is_rst() {
        let code = lines.map(|line| format!("   {line}").trim_end().to_owned());
        return Ok(place.apart([".. code-block:: text".to_owned(), String::new()].into_iter().chain(code).collect()));
    }
    if place.is_html() {
        // In an HTML block of Markdown, a blank line ends it; outside of Markdown it does no harm.
        let code = lines.map(|line| if line.is_empty() { "&#8203;".to_owned() } else { attribute(line) });
        return Ok(std::iter::once("<pre>".to_owned()).chain(code).chain(["</pre>".to_owned()]).collect());
    }
    let code = std::iter::once("```text").chain(lines).chain(["```"]).map(str::to_owned);
    Ok(place.apart(code.collect()))
}

fn paragraph(place: Place, text: &str) -> Vec<String> {
    vec![if place.is_html() && !place.inline { format!("<p>{text}</p>") } else { text.to_owned() }]
}

fn html_table(table: &Table) -> Vec<String> {
    let head: String = table.head.iter().map(|text| format!("<th>{}</th>", attribute(text))).collect();
    let row = |(texts, first): (&Vec<String>, &bool)| {
        let cell = |(at, text): (usize, &String)| match at == 0 && *first {
            true => format!("<td><b>{}</b></td>", attribute(text)),
            false => format!("<td>{}</td>", attribute(text)),
        };
        format!("<tr>{}</tr>", texts.iter().enumerate().map(cell).collect::<String>())
    };
    let mut lines = vec!["<table>".to_owned(), format!("<thead><tr>{head}</tr></thead>"), "<tbody>".into()];
    lines.extend(table.rows.iter().zip(&table.first).map(row));
    lines.extend(["</tbody>".to_owned(), "</table>".into()]);
    lines
}

fn rst_table(table: &Table) -> Vec<String> {
    let row = |texts: &[String], first: bool| {
        let cell = |(at, text): (usize, &String)| {
            let (mark, text) = (if at == 0 { "   * -" } else { "     -" }, rst(text));
            let text = if at == 0 && first { format!("**{text}**") } else { text };
            format!("{mark} {text}").trim_end().to_owned()
        };
        texts.iter().enumerate().map(cell).collect::<Vec<_>>()
    };
    let mut lines = vec![".. list-table::".to_owned(), "   :header-rows: 1".into(), String::new()];
    lines.extend(row(&table.head, false));
    lines.extend(table.rows.iter().zip(&table.first).flat_map(|(texts, first)| row(texts, *first)));
    lines
}
