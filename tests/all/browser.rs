//! What a browser makes of pages: `report.html` from disk, and pictures of documents in both colour schemes.
//!
//! It takes node, a Chromium, and the package playwright-core, in tests/browser or where NODE_PATH says.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Ended, Place, skipped};

/// Bound of one script: a hang exceeds it.
const BOUND: Duration = Duration::from_secs(300);

/// Names under which a Chromium may be installed.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The browser, where everything is there that driving it takes.
fn browser() -> Result<PathBuf, &'static str> {
    let node = on_path("node").ok_or("there is no node on PATH")?;
    let browser = BROWSERS.iter().find_map(|name| on_path(name)).ok_or("there is no Chromium on PATH")?;
    let mut probe = Command::new(node);
    probe.args(["-e", "require('playwright-core')"]).current_dir(root().join("tests/browser"));
    let found = probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if found { Ok(browser) } else { Err("playwright-core is not installed: npm install in tests/browser") }
}

/// Runs a script of tests/browser with a page, and gives what it printed.
#[track_caller]
fn run(script: &str, browser: &Path, page: &Path) -> String {
    let mut command = Command::new("node");
    command.arg(root().join("tests/browser").join(script)).arg(browser).arg(page);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ended::of(command.spawn().unwrap(), BOUND).expect(0).stdout
}

/// A place with copies of committed reports in `o`.
fn with_reports(names: &[&str]) -> Place {
    let place = Place::new();
    for name in names {
        let to = place.report(name);
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(root().join("reports").join(name)).unwrap().flatten() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    place
}

#[test]
fn a_report_works_in_a_browser_from_disk() {
    let browser = match browser() {
        Ok(browser) => browser,
        Err(why) => return skipped(why),
    };
    let place = with_reports(&["cpu-bound", "ipc-round-trip", "lifetimes"]);
    place.run(&["report", "cpu-bound", "--reports", "o"]).expect(0);
    place.run(&["report", "--reports", "o"]).expect(0);
    for page in [place.report("cpu-bound").join("report.html"), place.path("o/report.html")] {
        let said = run("report.mjs", &browser, &page);
        assert_eq!(said.matches("ok ").count(), 6, "{said}");
    }
}

#[test]
fn a_document_shows_the_picture_of_each_colour_scheme() {
    let browser = match browser() {
        Ok(browser) => browser,
        Err(why) => return skipped(why),
    };
    let place = Place::new();
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut body = String::new();
    let parser = pulldown_cmark::Parser::new_ext(&readme, pulldown_cmark::Options::ENABLE_TABLES);
    for event in parser {
        // Pictures are HTML within Markdown, and nothing else is asked about.
        if let pulldown_cmark::Event::Html(html) | pulldown_cmark::Event::InlineHtml(html) = event {
            body += &html;
        }
    }
    let head = format!("<!doctype html><meta charset=\"utf-8\"><base href=\"file://{}/\">", root().display());
    let page = place.write("readme.html", head + &body);
    let said = run("pictures.mjs", &browser, &page);
    assert!(said.contains("ok light: ") && said.contains("ok dark: "), "{said}");
}
