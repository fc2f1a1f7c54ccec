//! The words that users read: one word for one thing, in all that the program prints, draws and writes.

use std::path::{Path, PathBuf};

/// A phrase that no user-facing text has, what to write in its place, and a text that has it. Both are compared word by
/// word, in lower case.
const PHRASES: &[(&str, &str, &str)] = &[
    ("way that", "configuration that", "the fastest way that was run"),
    ("every way", "every configuration", "Time of every way, with its interval"),
    ("no way", "no configuration", "No way has a speedup"),
    ("any way", "any configuration", "with any way, 95% of the items"),
    ("a way", "a configuration", "it is a setting of a way"),
    ("all ways", "all configurations", "all ways took over twice as long"),
    ("the ways", "the configurations", "the ways that are left"),
    ("ways", "configurations", "4 of 15 ways"),
    ("told apart", "distinguished, or no significant difference", "they are not told apart"),
    ("tell apart", "distinguish", "two runs cannot tell apart"),
    ("undecided", "no significant difference; of an expectation, inconclusive", "Undecided between threads and serial"),
    ("hold against", "compare with", "the build to hold against"),
    ("held against", "compared with", "the way it is held against"),
    ("beside", "compared with, next to", "two runs beside each other"),
    ("pay off", "beat the reference with N or more workers", "threads pay off from 2 workers on"),
    ("pays off", "beats the reference with N or more workers", "rayon × 2 pays off"),
    ("in brackets", "in parentheses", "intervals in brackets"),
    ("stands in", "is in", "the finding stands in the report"),
    ("the way out", "a fix", "its place and the way out"),
    ("mend", "fix", "mend with: runner render"),
    ("mends", "fixes", "the command that mends it"),
    ("word of the language", "key", "it is no word of the language"),
    ("the lock go", "releases the GIL", "C code that lets the lock go"),
    ("cpython's lock", "the GIL", "the wait for CPython's lock"),
    ("could have shown", "can detect", "15 rounds could have shown 2.3%"),
    ("would have shown", "would have detected", "these rounds would have shown 2%"),
    ("would decide", "is needed", "about 16 would decide it"),
    ("four runs in five", "80% power", "four runs in five show it"),
    ("first place", "fastest, or tied for fastest", "they share first place"),
    ("leads with", "reaches", "threads × 2 leads with 1.9×"),
    ("lead with", "reach", "threads lead with 1.9×"),
    ("leads at", "ranks first at", "serial leads at 2 s"),
    ("sooner", "lower p95 latency", "threads × 2 answers sooner"),
    ("soonest", "lowest p95 latency", "serial answers soonest"),
    ("keep up", "sustain", "threads keep up with 600/s"),
    ("keeps up", "sustains", "serial keeps up with 600/s"),
    ("fall behind", "saturate at", "threads fall behind"),
    ("falls behind", "saturates at", "serial falls behind"),
    ("knee", "saturation point", "a knee names it"),
    ("waiting in line", "queueing", "time waiting in line"),
    ("there and back", "round trip", "64 B there and back"),
    ("handing out", "dispatch", "handing out an item"),
    ("handing over", "dispatch", "what handing over costs"),
    ("handed out", "dispatched", "items that were handed out again"),
    ("handed over", "dispatched", "handed over until replied"),
    ("so many comparisons", "this many comparisons", "6 rounds for so many comparisons"),
    ("so many a second", "N per second", "items come so many a second"),
    ("items a second", "items per second", "821 items a second"),
    ("payload a second", "payload per second", "Payload a second over its size"),
    ("two groups", "bimodal", "its times fall into two groups"),
    ("wrong reply", "result mismatch", "the trial ended with a wrong reply"),
    ("right trials", "ok", "15 right trials"),
    ("goes wrong on purpose", "fault injection", "what goes wrong on purpose"),
    ("longer first part", "higher is better", "A longer first part is better"),
    ("few lost", "fewer lost items are better", "Few lost is better"),
    ("is no model", "unknown model `X`", "`thread` is no model"),
    ("is no task", "unknown task `X`", "`sha` is no task"),
    ("is no chart", "unknown chart `X`", "`tme` is no chart"),
    ("is no word", "unknown word `X`", "`axe` is no word"),
    ("turnaround", "response time", "Turnaround: from dispatch on"),
    ("speedup went", "speedup breakdown", "Where the speedup went"),
    ("waiting for work", "idle", "1.2 waiting for work"),
    ("no core", "CPU contention", "0.3 lost to no core"),
    ("the baseline", "the reference", "relative to the baseline"),
];

/// Texts that have such a phrase all the same: the end of the file's path, a part of the text, and the reason.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("report/json.rs", "undecided", "a value in JSON, which has names of its own"),
    ("results/pairs.rs", "undecided", "a value in the results file"),
    ("setting/", "", "reviewed with the table of settings, whose texts are generated elsewhere too"),
    ("scenario/schema.rs", "", "descriptions come from the table of settings"),
    ("cli/dictionary.rs", "", "explains what other names mean, also those that are not used here"),
    ("cli/samples.rs", "", "examples are scenarios, not prose"),
];

/// The string literals of a source file outside of its unit tests, each with its line.
fn literals(source: &str) -> Vec<(usize, String)> {
    let bytes = source.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    let line = |at: usize| source[..at].matches('\n').count() + 1;
    while at < bytes.len() {
        let rest = &source[at..];
        let in_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        if rest.starts_with("#[cfg(test)]\nmod ") && rest[17..].lines().next().is_some_and(|head| head.ends_with('{')) {
            // A module of tests ends with the first brace that is not indented.
            at += rest.find("\n}").map_or(rest.len(), |end| end + 2);
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else if let Some(hashes) = raw_start(rest).filter(|_| !in_word) {
            let start = rest.find('"').unwrap() + 1;
            let end = format!("\"{}", "#".repeat(hashes));
            let length = rest[start..].find(&end).unwrap_or(rest.len() - start);
            found.push((line(at), rest[start..start + length].to_owned()));
            at += (start + length + end.len()).min(rest.len());
        } else if bytes[at] == b'"' {
            let mut end = at + 1;
            while end < bytes.len() && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            found.push((line(at), plain(&source[at + 1..end.min(bytes.len())])));
            at = end + 1;
        } else if bytes[at] == b'\'' {
            at += char_literal(rest);
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// The number of `#` with which a raw string starts here.
fn raw_start(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// The length of a char literal, or of the mark of a lifetime.
fn char_literal(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(1, |end| end + 4),
        Some((start, one)) if rest[start + one.len_utf8()..].starts_with('\'') => start + one.len_utf8() + 1,
        _ => 1,
    }
}

/// A literal's text without the breaks of its source, and without format arguments, which are names of the code.
fn plain(literal: &str) -> String {
    let mut text = String::new();
    let mut lines = literal.split("\\\n");
    text.push_str(lines.next().unwrap_or_default());
    for line in lines {
        text.push_str(line.trim_start());
    }
    let (mut out, mut depth) = (String::new(), 0_usize);
    for character in text.replace("\\n", " ").replace("{{", "(").replace("}}", ")").chars() {
        match character {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                out.push('…');
            }
            other if depth == 0 => out.push(other),
            _ => {}
        }
    }
    out
}

/// Words of a text in lower case. A word ends where letters, digits, `_`, `-` and apostrophes do, so that `always`, `blocking` and
/// `way_out` are other words than `way`.
fn words(text: &str) -> Vec<String> {
    let inside = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '\'');
    let parts = text.split(|character: char| !inside(character)).filter(|word| !word.is_empty());
    parts.map(str::to_lowercase).collect()
}

/// The phrases that a text has, each with what to write in its place. A text of a single word is a key or a name.
fn phrases(text: &str) -> Vec<(&'static str, &'static str)> {
    let has = words(text);
    if has.len() < 2 {
        return Vec::new();
    }
    let found = PHRASES.iter().filter(|(phrase, ..)| {
        let wanted = words(phrase);
        has.windows(wanted.len()).any(|window| window == wanted)
    });
    found.map(|(phrase, instead, _)| (*phrase, *instead)).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Modules that are tests as a whole, and have no user.
const TESTS: &[&str] =
    &["tests", "property", "simulation", "fixture", "gallery", "specimens", "happenings", "claims", "committed"];

#[test]
fn users_read_one_word_for_one_thing() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&source, &mut files);
    files.sort();
    assert!(files.len() > 50, "the sources were not found");
    let mut wrong = Vec::new();
    for path in files {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let name = path.strip_prefix(&source).unwrap().to_str().unwrap();
        // The other `claims` is a part of the report.
        if TESTS.contains(&stem) && name != "report/threads_vs_processes/claims.rs" {
            continue;
        }
        for (line, text) in literals(&std::fs::read_to_string(&path).unwrap()) {
            for (phrase, instead) in phrases(&text) {
                let lower = text.to_lowercase();
                if !ALLOWED.iter().any(|(file, part, _)| name.contains(file) && lower.contains(part)) {
                    wrong.push(format!("src/{name}:{line}: “{phrase}”, write “{instead}”: {text}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_phrase_is_found_and_its_cousins_are_not() {
    for (phrase, _, sample) in PHRASES {
        let source = format!("fn a() {{ say(\"{sample}\"); }}\n");
        let [(1, text)] = &literals(&source)[..] else { panic!("{source}") };
        assert!(phrases(text).iter().any(|(found, _)| found == phrase), "{phrase} in {sample}");
    }
    for fine in [
        "they are always blocking, far away from a Gateway",
        "a `group` of {ways} under way",
        "{undecided} is met",
        "no_core and two_groups are keys",
        "amend the recommended fix",
    ] {
        assert!(phrases(&plain(fine)).is_empty(), "{fine}: {:?}", phrases(&plain(fine)));
    }
}

#[test]
fn comments_tests_and_chars_are_no_texts() {
    let source = "// \"no way\"\nfn a<'a>(b: &'a str) { let c = ['\"', '\\'', '\\u{b5}', 'µ']; say(\"one \\\n    \
                  two\", r#\"a \"raw\" one\"#, b\"x\\\"y\"); } /* \"no way\" */\n#[cfg(test)]\nmod tests {\n    \"no way\"\n}\nconst D: &str = \"last\";\n";
    let texts: Vec<String> = literals(source).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["one two", "a \"raw\" one", "x\\\"y", "last"]);
}
