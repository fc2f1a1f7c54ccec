//! The rules of measurement: every one that code cites is one that docs/explanation/methodology.md has.

use std::path::{Path, PathBuf};

/// Where code cites rules.
const SOURCES: [&str; 4] = ["src", "tests", "benches", "examples"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The numbers of the rules, in the order of the document, each with the anchor above its heading.
fn rules(document: &str) -> Vec<(u32, String)> {
    let lines: Vec<&str> = document.lines().collect();
    let heading = |at: usize| {
        let number = lines[at].strip_prefix("### ")?.split_once(". ")?.0.parse().ok()?;
        Some((number, lines[..at].last().copied().unwrap_or_default().to_owned()))
    };
    (0..lines.len()).filter_map(heading).collect()
}

/// The numbers that a text cites, each with its line, from 1, and whether the citation names the document.
fn citations(text: &str) -> Vec<(usize, u32, bool)> {
    let mut found = Vec::new();
    let lower = text.to_lowercase();
    for (at, _) in lower.match_indices("rule ") {
        let rest = &lower[at + "rule ".len()..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let Ok(number) = rest[..digits].parse() else { continue };
        let line = lower[..at].matches('\n').count() + 1;
        let named = lower[..at].ends_with("methodology, ") || rest[digits..].starts_with(" of docs/explanation/method");
        found.push((line, number, named));
    }
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension().and_then(|ending| ending.to_str()) {
            // What is installed for the browser is not ours.
            _ if path.is_dir() && !path.ends_with("node_modules") => collect(&path, found),
            Some("rs" | "py" | "js" | "mjs") => found.push(path),
            _ => {}
        }
    }
}

#[test]
fn every_rule_that_is_cited_exists() {
    let document = std::fs::read_to_string(root().join("docs/explanation/methodology.md")).unwrap();
    let known: Vec<u32> = rules(&document).into_iter().map(|(number, _)| number).collect();
    let mut files = Vec::new();
    SOURCES.iter().for_each(|folder| collect(&root().join(folder), &mut files));
    let (mut cited, mut wrong) = (0, Vec::new());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (line, number, named) in citations(&text) {
            cited += 1;
            if !named || !known.contains(&number) {
                wrong.push(format!("{}:{line} cites {number}", file.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(cited >= 10, "the citations were not found");
    assert!(wrong.is_empty(), "not as `methodology, rule N` with a rule of the document: {wrong:#?}");
}

#[test]
fn rules_are_numbered_without_gaps_and_have_anchors() {
    let document = std::fs::read_to_string(root().join("docs/explanation/methodology.md")).unwrap();
    let wanted: Vec<_> = (1..=29).map(|number| (number, format!("<a id=\"rule-{number}\"></a>"))).collect();
    assert_eq!(rules(&document), wanted);
}

#[test]
fn the_reader_of_citations_sees_every_form() {
    // Made here, so that this file cites nothing that does not exist.
    let text = |number: u32| {
        format!(
            "a (methodology, rule {number})\nb rule {number}\n(Rule {number} of docs/explanation/methodology.md). a rule of"
        )
    };
    assert_eq!(citations(&text(27)), [(1, 27, true), (2, 27, false), (3, 27, true)]);
}

/// The table of docs/explanation/statistics.md: in how many rounds a gate with a margin of 5% shows a slowdown in four of
/// five runs, by how much the ratio of two runs varies.
fn gate_table() -> String {
    let spreads = [0.01, 0.03, 0.10];
    let head: String = spreads.iter().map(|spread| format!(" varies by {:.0}% |", spread * 100.0)).collect();
    let mut table = format!("| slowdown |{head}\n|--:|{}", "--:|".repeat(spreads.len()));
    for slower in [1.06f64, 1.08, 1.10, 1.15, 1.25] {
        // What has to be shown is the part beyond the margin.
        let effect = slower.ln() - 1.05f64.ln();
        let rounds = spreads.map(|spread| {
            runner::internal::stats::rounds_to_show(effect, 1, spread)
                .map_or("over 1,000".into(), |rounds| rounds.to_string())
        });
        table += &format!("\n| {:.0}% | {} |", (slower - 1.0) * 100.0, rounds.join(" | "));
    }
    table
}

#[test]
fn the_document_says_which_slowdown_a_gate_catches() {
    let document = std::fs::read_to_string(root().join("docs/explanation/statistics.md")).unwrap();
    let (_, rest) = document.split_once("<!-- gate:begin -->\n").unwrap();
    let (shown, _) = rest.split_once("\n<!-- gate:end -->").unwrap();
    assert_eq!(shown, gate_table());
}
