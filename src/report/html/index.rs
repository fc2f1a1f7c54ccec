//! The index of a page of many reports: every scenario with what was found, over all its workloads.

use super::Source;
use super::prose::head_cell;
use crate::report::markdown::judged;
use crate::results::{Results, Workload, WorkloadVerdict};
use crate::text::escape::html as attribute;
use crate::text::{glued, plural};

/// Most lines that the index has of one scenario; its own part has all.
const MOST: usize = 6;

/// All scenarios with their findings.
pub(super) fn index(sources: &[Source<'_>]) -> String {
    let row = |source: Source<'_>| {
        let results = source.results;
        let name = attribute(&results.scenario.name);
        format!(
            "<tr><th scope=\"row\"><a href=\"#{name}\">{}</a></th><td>{}</td><td class=\"n\" \
             data-k=\"{configurations}\">{configurations}</td><td class=\"n\" data-k=\"{trials}\">{trials}</td></tr>\n",
            attribute(&results.scenario.title),
            found(source),
            configurations = results.configurations.len(),
            trials = results.trials.len(),
        )
    };
    let rows: String = sources.iter().copied().map(row).collect();
    let head: String = [("scenario", ""), ("finding", ""), ("configurations", "n"), ("trials", "n")]
        .iter()
        .map(|(text, class)| head_cell(text, !class.is_empty()))
        .collect();
    format!(
        "<section id=\"index\">\n<div class=\"t\" tabindex=\"0\" role=\"region\" aria-label=\"All scenarios\">\n<table \
         class=\"index\">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</div>\n</section>\n"
    )
}

/// What a scenario's row says: the title of its chart where that is about all workloads, else a line for each workload.
fn found(source: Source<'_>) -> String {
    let results = source.results;
    let title = source.charts.iter().find(|chart| chart.picture.is_ok()).map(|chart| chart.title.as_str());
    let modelled = results.workloads.iter().any(Workload::is_lock_model);
    let alike = results.run.baseline.is_some() || results.workloads.iter().all(|workload| workload.fault.is_some());
    if let Some(title) = title.filter(|_| !modelled && (alike || results.workloads.len() == 1)) {
        return attribute(&glued(title));
    }
    let lines = lines(results);
    if lines.is_empty() {
        return "GIL emulation alone: nothing is recommended from it.".into();
    }
    let more = lines.len().saturating_sub(MOST);
    let several = results.workloads.len() > 1;
    let shown = lines.iter().take(MOST).map(|(labels, text)| {
        let label = if several { format!("<b>{}:</b> ", attribute(&labels.join("; "))) } else { String::new() };
        format!("{label}{}", attribute(&glued(text)))
    });
    let rest = (more > 0).then(|| format!("and {} more", plural(more as u64, "finding")));
    shown.chain(rest).collect::<Vec<_>>().join("<br>")
}

/// A line for all workloads of which the same was found. Times of a model of a lock recommend nothing, so its workloads have none.
fn lines(results: &Results) -> Vec<(Vec<&str>, &str)> {
    let mut lines: Vec<(Vec<&str>, &str)> = Vec::new();
    for (workload, verdict) in judged(results).filter(|(workload, _)| !workload.is_lock_model()) {
        let text = told(verdict);
        match lines.iter_mut().find(|(_, known)| *known == text) {
            Some((labels, _)) => labels.push(&workload.label),
            None => lines.push((vec![&workload.label], text)),
        }
    }
    lines
}

/// Which configuration to use, or what was seen where none can be named.
fn told(verdict: &WorkloadVerdict) -> &str {
    let Some(when) = verdict.recommendation.as_deref() else { return &verdict.sentence };
    // What follows compares each configuration with the reference, which an index has no room for.
    when.find(". ").map_or(when, |end| &when[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::fixture::Made;

    #[test]
    fn the_index_tells_of_every_workload_but_of_a_model_of_a_lock() {
        let mut results = Made::new(15).serial(1.0).configuration("threads × 2", 0.5).finish();
        results.derived = crate::verdict::derive(&results);
        let (workload, verdict) = (results.workloads[0].clone(), results.derived.workloads[0].clone());
        let when = |text: &str| Some(text.to_owned());
        for (id, runtime, text) in [
            (1, "gil_emulation", "Use the model."),
            (2, "python", "Use processes × 2, pipe (1.8×). Against serial: threads never beat serial."),
            (
                3,
                "python",
                "Use processes × 2, pipe (1.8×). Against serial: threads beat serial with 2 workers or more.",
            ),
        ] {
            let label = format!("group {id}");
            results.workloads.push(Workload { id, label, runtime: runtime.into(), ..workload.clone() });
            results.derived.workloads.push(WorkloadVerdict {
                workload: id,
                recommendation: when(text),
                ..verdict.clone()
            });
        }
        let out = found(Source { results: &results, charts: &[] });
        let said = "<b>group 2; group 3:</b> Use processes\u{a0}×\u{a0}2, pipe (1.8×).";
        assert!(out.ends_with(said) && out.contains("<br>"), "{out}");
        assert!(out.starts_with(&format!("<b>{}:</b> ", workload.label)), "{out}");
        assert!(!out.contains("model") && !out.contains("group 1"), "{out}");
        results.workloads.truncate(2);
        results.derived.workloads.remove(0);
        assert!(found(Source { results: &results, charts: &[] }).starts_with("GIL emulation"));
    }
}
