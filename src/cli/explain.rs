//! `runner explain`: what a word of the language means, its default, where it may stand, and an example.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;

use super::Exit;
use super::answers::Explained;
use super::dictionary::{Entry, entries};
use super::output::{Output, wrap};
use super::reference::page;
use crate::task::Tasks;
use crate::text::escape::printable;
use crate::text::nearest;

/// Examples of what can be asked.
pub(super) const EXPLAIN_HELP: &str = "\
Examples:
  runner explain                   all words
  runner explain in_flight         a key
  runner explain download          a task, with all its settings
  runner explain download.delay    a setting of a task
  runner explain memory            everything that has this name: a chart, a metric, a fault";

/// What is explained, and how.
#[derive(Debug, Args)]
pub(super) struct ExplainOptions {
    /// A key, task, setting (`download.delay`), model, IPC method, runtime, metric, chart, fault, ending or term
    #[arg(value_name = "WORD")]
    pub(super) word: Vec<String>,
    /// Print the entries as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Print the entries as a page of Markdown
    #[arg(long, conflicts_with = "json")]
    pub(super) markdown: bool,
}

/// Explains a word, or lists the words.
pub(super) fn explain(options: &ExplainOptions, tasks: &Tasks, output: &Output) -> Result<Exit> {
    let entries = entries(tasks);
    let asked = options.word.join(" ");
    let asked = of_any_stage(&asked);
    let found: Vec<&Entry> = entries.iter().filter(|entry| asked.is_empty() || means(entry, asked)).collect();
    if found.is_empty() {
        let known = entries.iter().flat_map(|entry| [entry.name.as_str(), entry.word.as_str()]);
        let help = match nearest(asked, known) {
            Some(near) => format!("did you mean `{near}`? "),
            None => String::new(),
        };
        output.error(&format!("unknown word `{}`; {help}`runner explain` lists all of them", printable(asked)));
        return Ok(Exit::Usage);
    }
    if options.json {
        output.json(&Explained { entries: found })?;
    } else if options.markdown {
        output.result(&page(&found.into_iter().cloned().collect::<Vec<_>>()))?;
    } else if asked.is_empty() {
        output.result(&overview(&entries, output.width()))?;
    } else {
        let texts: Vec<String> = found.iter().map(|entry| told(entry, output.width())).collect();
        output.result(&texts.join("\n"))?;
    }
    Ok(Exit::Success)
}

/// What a selector such as `stage2_ipc` says of its stage: `ipc`.
fn of_any_stage(asked: &str) -> &str {
    let rest =
        asked.trim_matches('`').strip_prefix("stage").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    rest.and_then(|rest| rest.strip_prefix('_')).unwrap_or(asked)
}

/// Whether somebody who writes this asks for the entry. Case and the backquotes of messages do not matter.
fn means(entry: &Entry, asked: &str) -> bool {
    let plain = asked.trim_matches('`').trim_end_matches(':');
    plain.eq_ignore_ascii_case(&entry.word) || plain.eq_ignore_ascii_case(&entry.name)
}

/// All words under their headings, in the order in which these come up.
fn overview(entries: &[Entry], width: usize) -> String {
    let mut headings: Vec<&str> = Vec::new();
    for entry in entries {
        if !headings.contains(&entry.heading.as_str()) {
            headings.push(&entry.heading);
        }
    }
    let mut text = String::from("`runner explain WORD` explains a word, with an example.\n");
    for heading in headings {
        let mut words: Vec<&str> = Vec::new();
        for entry in entries.iter().filter(|entry| entry.heading == heading) {
            // Settings are known by their task.
            let word = if entry.what.starts_with("a setting") { &entry.name } else { &entry.word };
            if !words.contains(&word.as_str()) {
                words.push(word);
            }
        }
        let _ = writeln!(text, "\n{heading}");
        wrap(&mut text, "  ", "  ", &words.join(", "), width);
    }
    text
}

fn told(entry: &Entry, width: usize) -> String {
    let mut text = format!("{} – {}\n", entry.word, entry.what);
    wrap(&mut text, "  ", "  ", &entry.about, width);
    let mut line = |head: &str, rest: &str| wrap(&mut text, &format!("  {head}: "), "    ", rest, width);
    if let Some(takes) = &entry.takes {
        line("Takes", takes);
    }
    if let Some(default) = &entry.default {
        line("Default", default);
    }
    if !entry.stands_in.is_empty() {
        line("Valid in", &entry.stands_in.join(", "));
    }
    if !entry.users.is_empty() {
        line("For", &entry.users.join(", "));
    }
    if !entry.values.is_empty() {
        text.push_str(if entry.what == "a task" { "  Settings:\n" } else { "  Values:\n" });
        for (word, about) in &entry.values {
            wrap(&mut text, &format!("    {word:16} "), &" ".repeat(21), about, width);
        }
    }
    if let Some(example) = &entry.example {
        text.push_str("  For example:\n");
        for line in example.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    if !entry.related.is_empty() {
        wrap(&mut text, "  See also: ", "    ", &entry.related.join(", "), width);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Source, load};

    /// The example as a whole scenario: what it lacks of one is added.
    fn whole(example: &str) -> String {
        let head = [
            ("version", "version: 1"),
            ("name", "name: example"),
            ("tasks", "tasks: [primes]"),
            ("models", "models: [serial, threads, processes]"),
        ];
        let given = |key: &str| example.lines().any(|line| line.starts_with(&format!("{key}:")));
        // Stages stand in the place of tasks and models.
        let wanted = |key: &str| !(given(key) || given("pipeline") && ["tasks", "models"].contains(&key));
        let missing: Vec<&str> = head.iter().filter(|(key, _)| wanted(key)).map(|(_, line)| *line).collect();
        format!("{}\n{example}\n", missing.join("\n"))
    }

    #[test]
    fn every_example_is_valid_and_every_word_of_a_scenario_has_one() {
        let tasks = Tasks::builtin();
        let mut wrong = Vec::new();
        for entry in entries(&tasks) {
            match &entry.example {
                Some(example) => {
                    let text = whole(example);
                    let last = entry.name.rsplit('.').next().unwrap();
                    // The item of a fault is written within the fault.
                    let written = if last == "fault_item" { "item" } else { last };
                    assert!(text.contains(written), "{}: {text}", entry.name);
                    let source = Source { name: entry.name.clone(), bytes: text.clone().into_bytes() };
                    if let Err(problems) = load(&[source], &tasks) {
                        wrong.push(format!("{}\n{text}\n{}", entry.name, problems.render(false)));
                    }
                }
                None => assert_eq!(entry.heading, "Terms", "{} has no example", entry.name),
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    }

    #[test]
    fn every_related_word_can_be_asked_for_and_every_entry_says_something() {
        let entries = entries(&Tasks::builtin());
        for entry in &entries {
            assert!(entry.about.len() > 5, "{}: {:?}", entry.name, entry.about);
            for word in &entry.related {
                assert!(entries.iter().any(|other| means(other, word)), "{} refers to {word}", entry.name);
            }
        }
        let one = |name: &str| entries.iter().find(|entry| entry.name == name).unwrap().clone();
        let delay = one("download.delay");
        assert_eq!(
            (delay.default.as_deref(), delay.what.as_str()),
            (Some("10 ms"), "a setting of the task `download`")
        );
        assert_eq!(one("rounds").takes.as_deref(), Some("a whole number from 1 to 10,000"));
        assert_eq!((one("title").takes, one("charts.title").takes), (None, None));
        let workers = "a number from 1 to 1024, a range (`1-8`), `cores`, or a multiple (`2*cores`)";
        assert_eq!(one("workers").takes.as_deref(), Some(workers));
        assert_eq!(one("workers").stands_in.len(), 5);
        assert_eq!(one("ipc").default.as_deref(), Some("`pipe`"));
    }
}
