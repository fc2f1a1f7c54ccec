//! `runner report`: pages that need nothing but themselves, the same bytes every time, and nothing of a scenario as markup.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use crate::support::Place;

/// A place with a small report in `o`.
fn place(names: &[&str]) -> Place {
    let place = Place::new();
    for name in names {
        place.charted_scenario(
            name,
            "time",
            "tasks: [{kind: sleep, delay: 1 ms, items: 12}]\nmodels: [serial, threads]\nworkers: 2\n",
        );
        place.run_scenario(name, &["--rounds", "7"]).expect(0);
    }
    place
}

fn text(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(name)).unwrap()
}

/// What stands between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

/// The page's policy names what is in it, and lets nothing else in.
#[track_caller]
fn assert_sealed(page: &str) {
    let policy = between(page, "<meta http-equiv=\"Content-Security-Policy\" content=\"", "\">");
    let hash =
        |part: &str| format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(part)));
    let style = hash(between(page, "<style>", "</style>"));
    let script = hash(between(page, "<script>", "</script>"));
    let wanted = format!(
        "default-src 'none'; style-src {style}; script-src {script}; font-src data:; base-uri 'none'; form-action 'none'"
    );
    assert_eq!(policy, wanted);
    assert_eq!((page.matches("<style").count(), page.matches("<script").count()), (1, 1));
    let body = page.split_once("<body>").unwrap().1.split("<script>").next().unwrap();
    for refused in [" style=", " onclick", "javascript:", "<img", "<link", "<iframe", "@import"] {
        assert!(!body.contains(refused), "{refused}");
    }
    let addresses = page.matches("://").count();
    assert_eq!(addresses, page.matches("=\"http://www.w3.org/2000/svg\"").count(), "a page leads nowhere else");
}

#[test]
fn a_run_writes_a_page_for_its_scenario_and_report_one_for_all() {
    let place = place(&["a", "b"]);
    let own = text(&place, "o/a/report.html");
    assert_sealed(&own);
    for part in [
        "<h1>A test</h1>",
        "class=\"finding\"",
        "<svg ",
        "<th scope=\"row\">",
        "href=\"results.json\"",
        "How it was measured",
    ] {
        assert!(own.contains(part), "{part}");
    }
    // The finding comes first, then a chart, then the table.
    let at = |part: &str| own.split_once("<main>").unwrap().1.find(part).unwrap();
    assert!(at("class=\"finding\"") < at("<figure>") && at("<figure>") < at("<table>"));
    std::fs::remove_file(place.path("o/a/report.html")).unwrap();
    let ended = place.run(&["report", "a", "--reports", "o"]).expect(0);
    assert!(ended.stderr.contains("o/a/report.html"), "{}", ended.stderr);
    assert_eq!(text(&place, "o/a/report.html"), own, "a page follows from the results alone");
    place.run(&["report", "--reports", "o"]).expect(0);
    let all = text(&place, "o/report.html");
    assert_sealed(&all);
    for part in ["href=\"#a\"", "href=\"#b\"", "<article id=\"a\">", "href=\"b/results.json\"", "2 scenarios"] {
        assert!(all.contains(part), "{part}");
    }
    place.run(&["report", "--reports", "o"]).expect(0);
    assert_eq!(text(&place, "o/report.html"), all);
}

#[test]
fn nothing_from_a_scenario_becomes_markup_of_a_page() {
    let place = place(&["a"]);
    let path = place.report("a").join("results.json");
    let mut results = runner::results::read(&path).unwrap();
    let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)> \" onmouseover=\"x <b>*bold*</b>";
    results.scenario.title = hostile.into();
    results.scenario.about = hostile.into();
    results.configurations[1].label = hostile.into();
    results.workloads[0].label = hostile.into();
    results.workloads[0].describe = hostile.into();
    results.trials[0].stderr = hostile.into();
    runner::results::write(&path, &results).unwrap();
    place.run(&["report", "a", "--reports", "o"]).expect(0);
    place.run(&["report", "--reports", "o"]).expect(0);
    for name in ["o/a/report.html", "o/report.html"] {
        let page = text(&place, name);
        assert_sealed(&page);
        assert!(
            page.contains("&lt;script&gt;alert(1)") && !page.contains("<b>*") && !page.contains("<em>bold"),
            "{name}"
        );
        assert!(!page.contains("\" onmouseover=\"x <b>"), "{name}");
    }
}

#[test]
fn what_cannot_be_shown_is_said() {
    let place = place(&["a"]);
    let ended = place.run(&["report", "aa", "--reports", "o"]).expect(2);
    assert!(ended.stderr.contains("there is no report `aa` in o; there is `a`"), "{}", ended.stderr);
    for command in ["render", "report"] {
        let ended = place.run(&[command, "--reports", "nowhere"]).expect(2);
        let why = "there is no folder nowhere; give their folder with --reports";
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
    }
    let head = "version: 1\nname: none\ntitle: A test\nabout: A test.\ncharts: []\n";
    place.write("none.yaml", head.to_owned() + "tasks: [{kind: sleep, delay: 1 ms, items: 2}]\nmodels: [serial]\n");
    place.run_scenario("none", &["--rounds", "1"]).expect(0);
    let ended = place.run(&["render", "none", "--reports", "o"]).expect(0);
    assert!(ended.stderr.contains("o/none: no charts\n"), "{}", ended.stderr);
    let mut program = place.program(&["report", "a", "--reports", "o", "--open"]);
    program.env("PATH", place.path("empty"));
    let ended = crate::support::Ended::of(program.spawn().unwrap(), crate::support::HANG).expect(0);
    let page = place.report("a").join("report.html").canonicalize().unwrap();
    assert!(
        ended.stderr.contains(&format!("there is no xdg-open here; open {} in a browser", page.display())),
        "{}",
        ended.stderr
    );
}
