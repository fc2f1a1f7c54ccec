//! `runner embed`: what stands between markers, what is refused, and that nothing else is touched.

use std::path::{Path, PathBuf};

use crate::support::{Ended, Place};

/// A place with copies of some committed reports in `reports`.
fn place() -> Place {
    let place = Place::new();
    for name in ["cpu-bound", "io-bound", "gil"] {
        let to = place.path("reports").join(name);
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(committed(name)).unwrap().flatten() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    place
}

fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reports").join(name)
}

fn text(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(name)).unwrap()
}

/// Writes a document and embeds into it, with the exit code that is expected.
#[track_caller]
fn embed(place: &Place, document: &str, arguments: &[&str], code: i32) -> Ended {
    place.write("a.md", document);
    place.run(&[&["embed", "a.md"], arguments].concat()).expect(code)
}

/// The speed-up of a way of cpu-bound as reports show it.
fn speedup(place: &Place, label: &str) -> String {
    let report = text(place, "reports/cpu-bound/report.md");
    let row = report.lines().find(|line| line.replace("**", "").starts_with(&format!("| {label} |"))).unwrap();
    row.split(" | ").nth(2).unwrap().split(" (").next().unwrap().to_owned()
}

const CHART: &str = "<!-- runner:chart speedup scenario=cpu-bound width=700 -->\n<!-- runner:end -->\n";

#[test]
fn a_chart_is_a_picture_for_light_and_dark_pages() {
    let place = place();
    embed(&place, &format!("before\n\n{CHART}after\n"), &[], 0);
    let out = text(&place, "a.md");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[2], "<!-- runner:chart speedup scenario=cpu-bound width=700 -->");
    let dark = "<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"reports/cpu-bound/speedup-dark.svg\">";
    assert_eq!(lines[3], dark);
    assert!(lines[4].starts_with("<img alt=\""), "{out}");
    assert!(lines[4].ends_with("\" src=\"reports/cpu-bound/speedup.svg\" width=\"700\"></picture>"), "{out}");
    assert!(lines[4].contains(&speedup(&place, "threads × 4")), "the alternative text has the numbers: {out}");
    let hash = lines[5].strip_prefix("<!-- runner:end sha256=").and_then(|rest| rest.strip_suffix(" -->")).unwrap();
    assert!(hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{out}");
    assert_eq!((lines[0], lines[6], lines.len()), ("before", "after", 7));
}

#[test]
fn a_second_run_writes_nothing() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let place = place();
    place.write("a.md", CHART);
    std::fs::set_permissions(place.path("a.md"), std::fs::Permissions::from_mode(0o640)).unwrap();
    place.run(&["embed", "a.md"]).expect(0);
    let of = || std::fs::metadata(place.path("a.md")).map(|meta| (meta.ino(), meta.mtime_nsec(), meta.mode())).unwrap();
    let first = of();
    assert_eq!(first.2 & 0o777, 0o640);
    let ended = place.run(&["embed", "a.md"]).expect(0);
    assert!(ended.stderr.contains("a.md: 1 block, nothing to change"), "{}", ended.stderr);
    assert_eq!(of(), first);
}

#[test]
fn paths_lead_from_the_folder_of_the_document() {
    let place = place();
    std::fs::create_dir_all(place.path("docs/deep")).unwrap();
    place.write("docs/deep/a.md", CHART);
    place.run(&["embed", "docs/deep/a.md"]).expect(0);
    assert!(text(&place, "docs/deep/a.md").contains(" src=\"../../reports/cpu-bound/speedup.svg\" "));
    place.run(&["embed", "docs/deep/a.md", "--base-url", "https://example.org/raw/"]).expect(0);
    let out = text(&place, "docs/deep/a.md");
    assert!(out.contains(" src=\"https://example.org/raw/reports/cpu-bound/speedup.svg\" "), "{out}");
    // A link is written where it leads, and stays a link.
    std::os::unix::fs::symlink("docs/deep/a.md", place.path("link.md")).unwrap();
    place.run(&["embed", "link.md"]).expect(0);
    assert!(place.path("link.md").is_symlink());
    assert!(text(&place, "docs/deep/a.md").contains(" src=\"reports/cpu-bound/speedup.svg\" "));
}

#[test]
fn values_stand_within_sentences_and_tables() {
    let place = place();
    let value = |rest: &str| format!("<!-- runner:value scenario={rest} --><!-- runner:end -->");
    let document = [
        &*format!("Two are {}, ", value("cpu-bound metric=speedup where model=processes workers=2 ipc=pipe")),
        &*format!("with {}.\n\n", value("cpu-bound show=interval where config=\"threads × 2\"")),
        &*format!("| a | b |\n|:--|:--|\n| {} | ", value("cpu-bound metric=time where model=serial")),
        &*format!(
            "{} |\n",
            value("io-bound show=percent where model=threads workers=8 over model=processes workers=8")
        ),
    ];
    embed(&place, &document.concat(), &[], 0);
    let out = text(&place, "a.md");
    let mut bare = String::new();
    for part in out.split("<!-- ") {
        bare += part.split_once(" -->").map_or(part, |(_, rest)| rest);
    }
    assert!(bare.starts_with(&format!("Two are {}, with ", speedup(&place, "processes × 2, pipe"))), "{bare}");
    let row = bare.lines().last().unwrap();
    let fields: Vec<&str> = row.trim_matches(['|', ' ']).split(" | ").collect();
    assert!(fields[0].ends_with(" ms") && fields[1].ends_with('%'), "{bare}");
    let interval = bare.split("with ").nth(1).unwrap().split(").").next().unwrap();
    assert!(interval.starts_with(&speedup(&place, "threads × 2")) && interval.contains(" ("), "{bare}");
}

#[test]
fn tables_and_verdicts_say_what_the_report_says() {
    let place = place();
    let blocks = "<!-- runner:table scenario=cpu-bound -->\n<!-- runner:end -->\n\n\
                  <!-- runner:verdict scenario=cpu-bound -->\n<!-- runner:end -->\n";
    embed(&place, blocks, &[], 0);
    let (out, report) = (text(&place, "a.md"), text(&place, "reports/cpu-bound/report.md"));
    for line in out.lines().filter(|line| line.starts_with('|')) {
        assert!(report.contains(line), "{line}");
    }
    let sentence = report.lines().find_map(|line| line.strip_prefix("> ")).unwrap();
    assert!(out.contains(&format!("\n\n{sentence}\n\n")), "{out}");
    embed(
        &place,
        "<!-- runner:table scenario=cpu-bound columns=config,time where workers=2 -->\n<!-- runner:end -->\n",
        &[],
        0,
    );
    let out = text(&place, "a.md");
    assert_eq!(out.lines().filter(|line| line.contains(" × 2")).count(), 3, "{out}");
    assert!(out.contains("| config | time |\n") && !out.contains("serial |"), "{out}");
    embed(&place, "<!-- runner:terminal scenario=cpu-bound width=80 -->\n<!-- runner:end -->\n", &[], 0);
    let out = text(&place, "a.md");
    assert!(out.contains("\n```text\ncpu-bound – ") && out.contains("\n```\n\n<!-- runner:end sha256="), "{out}");
}

#[test]
fn windows_line_ends_are_kept() {
    let place = place();
    embed(&place, &format!("before\n\n{CHART}after\n").replace('\n', "\r\n"), &[], 0);
    let out = text(&place, "a.md");
    assert_eq!(out.matches('\n').count(), out.matches("\r\n").count(), "{out:?}");
    assert!(out.matches('\n').count() == 7 && out.ends_with("\r\nafter\r\n"), "{out:?}");
    place.run(&["embed", "a.md", "--check"]).expect(0);
    // What a checkout does to line ends is no edit by hand.
    place.write("a.md", out.replace("\r\n", "\n").replace("width=700", "width=600"));
    place.run(&["embed", "a.md"]).expect(0);
}

#[test]
fn blocks_in_lists_and_quotes_are_indented_like_their_marker() {
    let place = place();
    let table = "runner:table scenario=cpu-bound columns=config";
    let document = format!(
        "- one\n  - <!-- {table} -->\n    <!-- runner:end -->\n\n10. ten\n\n    <!-- {table} -->\n    <!-- runner:end -->\n\n\
         > <!-- {table} -->\n> <!-- runner:end -->\n"
    );
    embed(&place, &document, &[], 0);
    let out = text(&place, "a.md");
    assert!(out.contains(&format!("  - <!-- {table} -->\n\n    | config |\n    |:--|\n    | serial |\n")), "{out}");
    assert!(out.contains(&format!("\n    <!-- {table} -->\n\n    | config |\n")), "{out}");
    assert!(out.contains(&format!("> <!-- {table} -->\n>\n> | config |\n")), "{out}");
    assert!(out.lines().all(|line| line == line.trim_end()), "{out}");
    place.run(&["embed", "a.md", "--check"]).expect(0);
}

#[test]
fn code_is_left_alone() {
    let place = place();
    let chart = "<!-- runner:chart nonsense -->";
    let code = format!(
        "```md\n{chart}\n```\n\n~~~~\n{chart}\n~~~\n{chart}\n~~~~\n\n- item\n\n  ```\n  {chart}\n  ```\n\ntext\n\n    {chart}\n\n\
         and `{chart}` too\n\n"
    );
    embed(&place, &(code.clone() + CHART), &[], 0);
    assert!(text(&place, "a.md").starts_with(&code));
    // A fence that nothing ends reaches to the end of the document.
    let ended = embed(&place, &format!("```\n{CHART}"), &[], 2);
    assert!(ended.stderr.contains("a.md: there is no marker in it"), "{}", ended.stderr);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of mistakes")]
fn mistakes_are_named_with_line_and_way_out_and_nothing_is_written() {
    let place = place();
    let end = "<!-- runner:end -->";
    let cases = [
        ("no marker at all\n".to_owned(), "a.md: there is no marker in it"),
        ("x\n<!-- runner:chart speedup scenario=cpu-bound -->\n".into(), "a.md:2: `runner:chart` has no `runner:end`"),
        (format!("<!-- runner:chart spedup scenario=cpu-bound -->\n{end}\n"), "did you mean `speedup`?"),
        (
            format!("<!-- runner:chart speedup scenario=gil -->\n{end}\n"),
            "there are several charts `speedup`; name one: `speedup-",
        ),
        (format!("<!-- runner:chrat speedup scenario=cpu-bound -->\n{end}\n"), "did you mean `chart`?"),
        (
            format!("<!-- runner:chart speedup scenario=cpu-bond -->\n{end}\n"),
            "no report `cpu-bond` in reports; did you mean `cpu-bound`?",
        ),
        (
            format!("<!-- runner:chart speedup scenario=nowhere -->\n{end}\n"),
            "no report `nowhere` in reports; run its scenario",
        ),
        (format!("<!-- runner:chart speedup -->\n{end}\n"), "no scenario is named; add `scenario=NAME`"),
        (format!("<!-- runner:chart speedup scenario=cpu-bound -->{end}\n"), "two markers on a line"),
        (
            format!(
                "<!-- runner:chart speedup scenario=cpu-bound --> <!-- runner:table scenario=cpu-bound -->\n{end}\n"
            ),
            "a.md:1: two markers on a line",
        ),
        (
            format!(
                "<!-- runner:verdict scenario=cpu-bound -->\n<!-- runner:table scenario=cpu-bound -->\n{end}\n{end}\n"
            ),
            "a.md:1: `runner:verdict` has no `runner:end` before `runner:table` in line 2",
        ),
        (format!("{end}\n{CHART}"), "a.md:1: `runner:end` without a start marker"),
        (format!("text <!-- runner:table scenario=cpu-bound -->\n{end}\n"), "text next to the markers"),
        (format!("<!-- runner:chart speedup\nscenario=cpu-bound -->\n{end}\n"), "does not end on its line"),
        (
            format!("<!-- runner:value scenario=cpu-bound where workers=2 -->{end}\n"),
            "3 configurations are meant: threads × 2; ",
        ),
        (format!("<!-- runner:value scenario=cpu-bound where modle=serial -->{end}\n"), "did you mean `model`?"),
        (format!("<!-- runner:value scenario=cpu-bound where model=thread -->{end}\n"), "did you mean `threads`?"),
        (format!("<!-- runner:value scenario=cpu-bound model=threads -->{end}\n"), "put it behind `where`"),
        (
            format!("<!-- runner:value scenario=cpu-bound where model=threads workers=9 -->{end}\n"),
            "no configuration of `cpu-bound` has `workers=9`; there is `1`, `2`, `4`",
        ),
        (
            format!("<!-- runner:value scenario=cpu-bound metric=speedpu where model=serial -->{end}\n"),
            "did you mean `speedup`?",
        ),
        (
            format!("<!-- runner:table scenario=gil workload=primes,nativ -->\n{end}\n"),
            "did you mean `primes, native`?",
        ),
    ];
    for (document, says) in cases {
        let ended = embed(&place, &document, &[], 2);
        assert!(ended.stderr.contains(says), "{says}\nis not in\n{}", ended.stderr);
        assert_eq!(text(&place, "a.md"), document);
        place.run(&["embed", "a.md", "--check"]).expect(2);
    }
    // All problems of all files come at once, and good files stay as they are, too.
    place.write("good.md", CHART);
    place.write("b.md", "<!-- runner:end -->\n\n<!-- runner:foo -->\n<!-- runner:end -->\n");
    let ended = place.run(&["embed", "good.md", "b.md", "missing.md"]).expect(2);
    assert!(
        ended.stderr.contains("b.md:1: ") && ended.stderr.contains("missing.md: cannot be read"),
        "{}",
        ended.stderr
    );
    assert_eq!(text(&place, "good.md"), CHART);
}

#[test]
fn a_block_that_was_edited_by_hand_is_refused_without_force() {
    let place = place();
    embed(&place, CHART, &[], 0);
    let whole = text(&place, "a.md");
    let edited = whole.replace("<img alt=\"", "<img alt=\"My own words. ");
    for document in [edited, CHART.replace("<!-- runner:end", "my own words\n<!-- runner:end")] {
        let ended = embed(&place, &document, &[], 2);
        assert!(ended.stderr.contains("a.md:1: this block was edited by hand"), "{}", ended.stderr);
        assert!(ended.stderr.contains("--force"), "{}", ended.stderr);
        assert_eq!(text(&place, "a.md"), document);
        place.run(&["embed", "a.md", "--force"]).expect(0);
        assert_eq!(text(&place, "a.md"), whole);
    }
}

#[test]
fn a_check_fails_when_a_report_changes_and_says_how_to_mend_it() {
    let place = place();
    embed(&place, &format!("a\nb\nc\nd\n\n{CHART}"), &[], 0);
    let fresh = place.run(&["embed", "a.md", "--check"]).expect(0);
    assert!(fresh.stdout.is_empty() && fresh.stderr.contains("fresh: 1 block of a.md"), "{}", fresh.stderr);
    let path = place.path("reports/cpu-bound/results.json");
    let mut results = runner::results::read(&path).unwrap();
    for trial in results.trials.iter_mut().filter(|trial| trial.configuration > 0) {
        trial.measured *= 3;
    }
    runner::results::write(&path, &results).unwrap();
    let before = text(&place, "a.md");
    let stale = place.run(&["embed", "a.md", "--check"]).expect(1);
    assert!(
        stale.stderr.contains("stale: a.md") && stale.stderr.contains("fix with: runner embed a.md\n"),
        "{}",
        stale.stderr
    );
    let start = "--- a/a.md\n+++ b/a.md\n@@ -";
    assert!(
        stale.stdout.starts_with(start)
            && stale.stdout.contains("\n-<img alt=")
            && stale.stdout.contains("\n+<img alt="),
        "{}",
        stale.stdout
    );
    assert!(!stale.stdout.contains(" a\n"), "three lines around a change are enough: {}", stale.stdout);
    let diff = place.run(&["embed", "a.md", "--diff"]).expect(0);
    assert_eq!((diff.stdout, text(&place, "a.md")), (stale.stdout, before));
    place.run(&["embed", "a.md"]).expect(0);
    // The picture is of the trials before.
    let old = place.run(&["embed", "a.md", "--check"]).expect(1);
    let files = "reports/cpu-bound/speedup-dark.svg, reports/cpu-bound/speedup.svg\n";
    assert!(old.stderr.contains(files) && !old.stderr.contains("stale"), "{}", old.stderr);
    assert!(old.stderr.contains("fix with: runner render cpu-bound\n"), "{}", old.stderr);
    place.run(&["render", "cpu-bound"]).expect(0);
    place.run(&["embed", "a.md", "--check"]).expect(0);
    // Nor may anybody have changed it by hand.
    let picture = text(&place, "reports/cpu-bound/speedup.svg");
    place.write("reports/cpu-bound/speedup.svg", picture.replacen("<path ", "<path opacity=\"0\" ", 1));
    let tampered = place.run(&["embed", "a.md", "--check"]).expect(1);
    let says = "not what its results draw: reports/cpu-bound/speedup.svg\n";
    assert!(tampered.stderr.contains(says), "{}", tampered.stderr);
    place.write("reports/cpu-bound/speedup.svg", picture);
    place.run(&["embed", "a.md", "--check"]).expect(0);
    // A picture that is named must be there.
    std::fs::remove_file(place.path("reports/cpu-bound/speedup-dark.svg")).unwrap();
    let missing = place.run(&["embed", "a.md", "--check"]).expect(2);
    assert!(missing.stderr.contains("speedup-dark.svg; draw it with `runner render cpu-bound`"), "{}", missing.stderr);
}

#[test]
fn other_formats_have_their_own_markup() {
    let place = place();
    let document = format!("{CHART}\n<!-- runner:table scenario=cpu-bound -->\n<!-- runner:end -->\n");
    embed(&place, &document, &["--format", "md"], 0);
    let out = text(&place, "a.md");
    assert!(
        out.contains("\n\n![") && out.contains("](reports/cpu-bound/speedup.svg)\n\n") && !out.contains("<img"),
        "{out}"
    );
    embed(&place, &document, &["--format", "html"], 0);
    let out = text(&place, "a.md");
    assert!(out.contains("\n<img alt=\"") && !out.contains("<picture>"), "{out}");
    assert!(out.contains("<tr><td>serial</td>") && !out.contains("|:--"), "{out}");
    place.write("a.html", &document);
    place.run(&["embed", "a.html"]).expect(0);
    let out = text(&place, "a.html");
    assert!(out.contains("<picture>") && out.contains("<tr><td>serial</td>"), "{out}");
    embed(&place, &document, &["--format", "rst"], 2);
}

#[test]
fn restructured_text_has_comments_of_its_own() {
    let place = place();
    let document = "Title\n=====\n\n.. runner:chart speedup scenario=cpu-bound width=600\n\n.. runner:end\n\nSo::\n\n    \
                    .. runner:chart nonsense\n\n.. code-block:: rst\n\n   .. runner:end\n\n* item\n\n  .. runner:table \
                    scenario=cpu-bound columns=config,time\n\n  .. runner:end\n\n.. runner:value scenario=cpu-bound name=two \
                    where model=threads workers=2\n\n.. runner:end\n\nIt is |two|.\n";
    place.write("a.rst", document);
    place.run(&["embed", "a.rst"]).expect(0);
    let out = text(&place, "a.rst");
    assert!(out.contains("width=600\n\n.. image:: reports/cpu-bound/speedup.svg\n   :alt: "), "{out}");
    assert!(out.contains("\n   :width: 600px\n\n.. runner:end sha256="), "{out}");
    assert!(
        out.contains(
            "\n\n  .. list-table::\n     :header-rows: 1\n\n     * - config\n       - time\n     * - serial\n"
        ),
        "{out}"
    );
    assert!(out.contains(&format!("\n\n.. |two| replace:: {}\n\n", speedup(&place, "threads × 2"))), "{out}");
    assert!(out.contains("\n    .. runner:chart nonsense\n") && out.contains("\n   .. runner:end\n"), "{out}");
    place.run(&["embed", "a.rst", "--check"]).expect(0);
    for (document, says) in [
        (document.replace("name=two ", ""), "a value in reStructuredText needs a name"),
        (document.replacen("\n.. runner:end\n", "\n", 1), "a.rst:4: `runner:chart` has no `runner:end`"),
    ] {
        place.write("a.rst", &document);
        let ended = place.run(&["embed", "a.rst"]).expect(2);
        assert!(ended.stderr.contains(says), "{}", ended.stderr);
    }
}

#[test]
fn nothing_from_a_scenario_becomes_markup_of_the_document() {
    let place = place();
    let path = place.path("reports/cpu-bound/results.json");
    let mut results = runner::results::read(&path).unwrap();
    results.configurations[0].label = "a|b <script> --> <!-- runner:end --> \"*x*\"".into();
    runner::results::write(&path, &results).unwrap();
    let table = "<!-- runner:table scenario=cpu-bound -->\n<!-- runner:end -->\n";
    for format in ["picture", "html"] {
        embed(&place, table, &["--format", format], 0);
        let out = text(&place, "a.md");
        assert!(!out.contains("<script>") && out.matches("<!-- runner:end").count() == 1, "{out}");
        place.run(&["embed", "a.md", "--check", "--format", format]).expect(0);
    }
}
