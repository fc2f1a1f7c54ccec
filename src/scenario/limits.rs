//! The guard: what must hold before a general YAML parser may see the text, and where everything stands in it.
//!
//! Parsers that load a whole document first can be made to use minutes and gigabytes by a small file. This pass
//! reads events one by one, so that nesting, anchors and the number of documents are refused as they appear.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScanError, Span};

use super::problem::{Diagnostic, Fault, Text};
use super::spans::{Entry, Inside, Node};
use crate::text::escape::printable;

/// Largest file in bytes.
pub(crate) const LARGEST_FILE: usize = 1 << 20;
/// Deepest nesting of lists and mappings.
pub(crate) const DEEPEST: usize = 64;

/// Reads bytes as text: UTF-8, with or without a byte order mark.
pub(crate) fn read_text(name: &str, bytes: &[u8]) -> Result<Text, Diagnostic> {
    let of_file = |message: &str, help: &str| Diagnostic::of_file(name, message, Some(help.to_owned()));
    if bytes.len() > LARGEST_FILE {
        return Err(of_file("the file is larger than 1 MiB", "a scenario is a page of text; is this the right file?"));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(of_file("the file is UTF-16, not UTF-8", "save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    match str::from_utf8(bytes) {
        Ok(content) => Ok(Text { name: printable(name), content: content.to_owned() }),
        Err(error) => {
            // The line up to the damage is shown, so that an editor finds it.
            let good = error.valid_up_to();
            let text = Text { name: printable(name), content: String::from_utf8_lossy(bytes).into_owned() };
            let fault = Fault::new("this is not UTF-8", "save the file as UTF-8, or remove the damaged character");
            Err(fault.at(&text, &(good..good + 1)))
        }
    }
}

/// Checks the text and finds the place of every key and value. Duplicate keys come back beside the tree, which
/// holds the first of them, so that the rest of the file is checked as well.
pub(crate) fn check(text: &Text) -> Result<(Node, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut builder = Builder::new(text);
    for event in Parser::new_from_str(&text.content) {
        let step = match event {
            Ok((event, span)) => builder.take(event, &span),
            Err(error) => {
                // Tabs are well within a block of text, and on lines of nothing else: one is told of where the parser stops.
                let at = builder.bytes.at(error.marker().index());
                // A value may go on in the next line, and the parser names the place before it.
                let near: usize = text.content[at..].split_inclusive('\n').take(2).map(str::len).sum();
                let tab = tab_in_indentation(&text.content).filter(|tab| *tab <= at + near);
                Err(match tab {
                    Some(tab) => {
                        let help = "YAML indents with spaces: replace the tab by spaces";
                        Fault::new("a tab in the indentation", help).at(text, &(tab..tab + 1))
                    }
                    None => refusal(&error).at(text, &visible(&text.content, at)),
                })
            }
        };
        if let Err(problem) = step {
            builder.problems.push(problem);
            return Err(builder.problems);
        }
    }
    builder.finish()
}

/// What the parser refuses, in words that help. It has a limit of its own for brackets that it must look ahead of.
fn refusal(error: &ScanError) -> Fault {
    match error.info() {
        info if info.contains("recursion limit") => too_deep(),
        info => Fault::new(format!("this is not YAML: {info}"), hint(info)),
    }
}

fn too_deep() -> Fault {
    let help = "a scenario needs about five: look for brackets that are not closed";
    Fault::new(format!("nested deeper than {DEEPEST} levels"), help)
}

/// A place that can be seen: where the parser stopped at an empty line, the last character before it.
fn visible(content: &str, at: usize) -> Range<usize> {
    let rest = &content[at..];
    let on_empty_line = rest.is_empty() || rest.starts_with(['\n', '\r']);
    let last = content[..at].char_indices().rev().find(|(_, c)| !c.is_whitespace());
    match last {
        Some((start, c)) if on_empty_line => start..start + c.len_utf8(),
        _ => at..at + 1,
    }
}

/// What usually stands behind an error of the scanner.
fn hint(info: &str) -> &'static str {
    if info.contains("mapping values") || info.contains("simple key") || info.contains("':'") {
        "look for a missing colon, a missing space after a colon, or a wrong indentation here or in the line above"
    } else if info.contains("quote") || info.contains("scalar") {
        "look for a quote that is not closed"
    } else if info.contains("flow") || info.contains("']'") || info.contains("'}'") {
        "look for a bracket or a comma that is missing or one too many"
    } else {
        "look at the indentation and the punctuation here and in the line above"
    }
}

fn tab_in_indentation(content: &str) -> Option<usize> {
    let mut start = 0;
    for line in content.split_inclusive(['\n', '\r']) {
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line[..blank].find('\t') {
            return Some(start + tab);
        }
        start += line.len();
    }
    None
}

/// From positions in characters, as the parser counts, to positions in bytes.
struct Bytes(Option<Vec<usize>>, usize);

impl Bytes {
    fn new(content: &str) -> Self {
        let offsets = (!content.is_ascii()).then(|| content.char_indices().map(|(at, _)| at).collect());
        Self(offsets, content.len())
    }

    fn at(&self, index: usize) -> usize {
        self.0.as_ref().map_or(index, |offsets| offsets.get(index).copied().unwrap_or(self.1)).min(self.1)
    }

    fn range(&self, span: &Span) -> Range<usize> {
        let start = self.at(span.start.index());
        start..self.at(span.end.index()).max(start)
    }
}

/// A mapping or list that is still open.
enum Open {
    List { span: Range<usize>, nodes: Vec<Node> },
    Mapping { span: Range<usize>, entries: Vec<Entry>, key: Option<(String, Range<usize>)> },
}

/// Builds the tree of places from events, with a stack of its own.
struct Builder<'a> {
    text: &'a Text,
    bytes: Bytes,
    stack: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    problems: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a Text) -> Self {
        let bytes = Bytes::new(&text.content);
        Self { text, bytes, stack: Vec::new(), root: None, documents: 0, problems: Vec::new() }
    }

    /// Takes one event in. An error ends the pass: what follows cannot be trusted.
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Diagnostic> {
        let range = self.bytes.range(span);
        match event {
            Event::DocumentStart(_) => self.document(&range),
            Event::Alias(_) => Err(self.anchor(&range)),
            Event::Scalar(value, _, anchor, tag) => {
                self.no_extras(anchor, tag.is_some(), &range)?;
                self.scalar(&value, range)
            }
            Event::SequenceStart(anchor, tag) => {
                self.no_extras(anchor, tag.is_some(), &range)?;
                self.open(Open::List { span: range, nodes: Vec::new() })
            }
            Event::MappingStart(anchor, tag) => {
                self.no_extras(anchor, tag.is_some(), &range)?;
                self.open(Open::Mapping { span: range, entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn document(&mut self, range: &Range<usize>) -> Result<(), Diagnostic> {
        self.documents += 1;
        if self.documents < 2 {
            return Ok(());
        }
        let fault =
            Fault::new("a second document starts here", "a file holds one scenario: put the other into its own file");
        Err(fault.at(self.text, range))
    }

    fn anchor(&self, range: &Range<usize>) -> Diagnostic {
        Fault::new("anchors and aliases (`&`, `*`) are not part of scenarios", "write the value out where it is used")
            .at(self.text, range)
    }

    fn no_extras(&self, anchor: usize, tagged: bool, range: &Range<usize>) -> Result<(), Diagnostic> {
        if anchor != 0 {
            return Err(self.anchor(range));
        }
        if tagged {
            let fault = Fault::new(
                "tags (`!`) are not part of scenarios",
                "write the plain value; quote it if it starts with `!`",
            );
            return Err(fault.at(self.text, range));
        }
        Ok(())
    }

    fn open(&mut self, open: Open) -> Result<(), Diagnostic> {
        let range = match &open {
            Open::List { span, .. } | Open::Mapping { span, .. } => span.clone(),
        };
        if let Some(Open::Mapping { key: None, .. }) = self.stack.last() {
            return Err(Fault::plain("a key is a word, not a list or a mapping").at(self.text, &range));
        }
        if self.stack.len() >= DEEPEST {
            return Err(too_deep().at(self.text, &range));
        }
        self.stack.push(open);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Diagnostic> {
        match self.stack.pop() {
            Some(Open::List { span, nodes }) => self.value(Node { span, inside: Inside::List(nodes) }),
            Some(Open::Mapping { span, entries, .. }) => self.value(Node { span, inside: Inside::Mapping(entries) }),
            None => {}
        }
        Ok(())
    }

    fn scalar(&mut self, value: &str, range: Range<usize>) -> Result<(), Diagnostic> {
        let awaits_key = matches!(self.stack.last(), Some(Open::Mapping { key: None, .. }));
        if !awaits_key {
            self.value(Node { span: range, inside: Inside::Scalar });
            return Ok(());
        }
        if !is_key(value) {
            let help = "keys are words of letters, digits and `_`, such as `in_flight`";
            return Err(Fault::new(format!("`{}` cannot be a key", printable(value)), help).at(self.text, &range));
        }
        let Some(Open::Mapping { entries, key, .. }) = self.stack.last_mut() else { return Ok(()) };
        if let Some(first) = entries.iter().find(|entry| entry.key == value) {
            let line = Fault::plain("").at(self.text, &first.key_span).line;
            let help = format!("it is already in line {line}: keep one of them, or write the alternatives as a list");
            self.problems.push(Fault::new(format!("the key `{value}` is given twice"), help).at(self.text, &range));
        }
        *key = Some((value.to_string(), range));
        Ok(())
    }

    fn value(&mut self, node: Node) {
        match self.stack.last_mut() {
            Some(Open::List { nodes, .. }) => nodes.push(node),
            Some(Open::Mapping { entries, key, .. }) => {
                if let Some((key, key_span)) = key.take()
                    && entries.iter().all(|entry| entry.key != key)
                {
                    entries.push(Entry { key, key_span, value: node });
                }
            }
            None => self.root = Some(node),
        }
    }

    fn finish(self) -> Result<(Node, Vec<Diagnostic>), Vec<Diagnostic>> {
        let help = "start with `version: 1`, `name:`, `tasks:` and `models:`; the shipped scenarios are examples";
        match self.root {
            Some(node) if matches!(node.inside, Inside::Mapping(_)) => Ok((node, self.problems)),
            // A document of comments alone holds an empty scalar.
            Some(node) if !matches!(node.inside, Inside::Scalar) || !node.span.is_empty() => {
                Err(vec![Fault::new("a scenario is a mapping of keys to values", help).at(self.text, &node.span)])
            }
            _ if self.text.content.trim().is_empty() => {
                Err(vec![Fault::new("the file is empty", help).at(self.text, &(0..0))])
            }
            _ => Err(vec![Fault::new("the file holds comments alone", help).at(self.text, &(0..0))]),
        }
    }
}

fn is_key(word: &str) -> bool {
    let reserved = ["true", "false", "null", "True", "False", "Null", "TRUE", "FALSE", "NULL"];
    word.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && word.len() <= 64
        && !reserved.contains(&word)
}
