//! Finding the blocks of a document: pairs of markers outside of code.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{Problem, Syntax};

/// What all markers start with.
const NAME: &str = "runner:";

/// Directives of reStructuredText whose content is code.
const CODE: &[&str] = &["code", "code-block", "sourcecode", "parsed-literal", "prompt", "raw", "literalinclude"];

/// Whether a block fills lines of its own or stands within one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Lines,
    Inline,
}

/// A block of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Line of the start marker, from 1.
    pub(super) line: usize,
    /// What the start marker says behind `runner:`.
    pub(super) head: String,
    pub(super) form: Form,
    /// From the end of the start marker (with its line break) to the start of the end marker's line; in a line, to the end
    /// marker.
    pub(super) content: Range<usize>,
    /// Where the end marker's line starts.
    pub(super) end_line: usize,
    /// The end marker.
    pub(super) end: Range<usize>,
    /// The hash in the end marker.
    pub(super) hash: Option<String>,
    /// What lines of the content start with: the indentation of the start marker, with blanks for a bullet.
    pub(super) prefix: String,
    pub(super) line_break: &'static str,
}

impl Block {
    /// The content's lines without their prefix.
    pub(super) fn lines(&self, text: &str) -> Vec<String> {
        let bare = |line: &str| {
            let line = line.trim_end();
            let whole = line.strip_prefix(&self.prefix).or_else(|| line.strip_prefix(self.prefix.trim_end()));
            whole.unwrap_or_else(|| line.trim_start()).to_owned()
        };
        text[self.content.clone()].lines().map(bare).collect()
    }
}

/// A marker as it stands in the text.
struct Found {
    line: usize,
    range: Range<usize>,
    /// Behind `runner:`.
    text: String,
}

impl Found {
    /// The word and what follows.
    fn split(&self) -> (&str, &str) {
        self.text.split_once(char::is_whitespace).unwrap_or((&self.text, ""))
    }
}

/// All blocks in order.
pub(super) fn scan(text: &str, syntax: Syntax) -> Result<Vec<Block>, Vec<(usize, Problem)>> {
    let (mut blocks, mut problems) = (Vec::new(), Vec::new());
    let mut open: Option<Found> = None;
    for found in markers(text, syntax, &mut problems) {
        let is_end = found.split().0 == "end";
        match (open.take(), is_end) {
            (None, true) => problems.push((found.line, Problem::bare("`runner:end` without a start marker before it"))),
            (None, false) => open = Some(found),
            (Some(start), true) => match block(text, syntax, &start, &found) {
                Ok(block) => blocks.push(block),
                Err(problem) => problems.push((start.line, problem)),
            },
            (Some(start), false) => {
                problems.push((start.line, unended(&start, &found)));
                open = Some(found);
            }
        }
    }
    if let Some(start) = open {
        let message = format!("`runner:{}` has no `runner:end`", start.split().0);
        problems.push((start.line, Problem::new(message, end_help(syntax))));
    }
    if problems.is_empty() { Ok(blocks) } else { Err(problems) }
}

fn end_help(syntax: Syntax) -> &'static str {
    if syntax == Syntax::Rst {
        "write `.. runner:end` below it, with a blank line between them"
    } else {
        "write `<!-- runner:end -->` below it"
    }
}

fn unended(start: &Found, next: &Found) -> Problem {
    let (word, other) = (start.split().0, next.split().0);
    if start.line == next.line {
        return Problem::new(
            format!("two markers on a line: `runner:{word}` and `runner:{other}`, and no `runner:end` between them"),
            "give each block its own lines; `value`, `verdict` and `pick` may be used within a line, each with its end marker",
        );
    }
    Problem::new(
        format!("`runner:{word}` has no `runner:end` before `runner:{other}` in line {}", next.line),
        "end it first: a block within a block cannot be written",
    )
}

/// All markers outside of code. What looks like one and is none is a problem.
fn markers(text: &str, syntax: Syntax, problems: &mut Vec<(usize, Problem)>) -> Vec<Found> {
    let code = match syntax {
        Syntax::Markdown => code_in_markdown(text),
        Syntax::Html => Vec::new(),
        Syntax::Rst => code_in_rst(text),
    };
    let start = if syntax == Syntax::Rst { ".." } else { "<!--" };
    let mut found = Vec::new();
    for (at, _) in text.match_indices(start) {
        let inside = &text[at + start.len()..];
        let blanks = inside.len() - inside.trim_start().len();
        let Some(body) = inside[blanks..].strip_prefix(NAME) else { continue };
        if code.iter().any(|range| range.contains(&at)) {
            continue;
        }
        let line = text[..at].matches('\n').count() + 1;
        let row = at..text[at..].find('\n').map_or(text.len(), |end| at + end);
        if syntax == Syntax::Rst {
            let before = text[..at].rsplit('\n').next().unwrap_or_default();
            // In the midst of a line it is no comment.
            if before.trim().is_empty() && blanks > 0 && !inside[..blanks].contains('\n') {
                let range = at..at + text[row].trim_end().len();
                let said = text.len() - body.len()..range.end;
                found.push(Found { line, text: text[said].trim().to_owned(), range });
            }
            continue;
        }
        match body.find("-->").filter(|end| !body[..*end].contains('\n') && !inside[..blanks].contains('\n')) {
            Some(end) => {
                let range = at..at + start.len() + blanks + NAME.len() + end + "-->".len();
                found.push(Found { line, range, text: body[..end].trim().to_owned() });
            }
            None => problems.push((line, Problem::new("a marker that does not end on its line", "end it with `-->`"))),
        }
    }
    found
}

/// The block between two markers.
fn block(text: &str, syntax: Syntax, start: &Found, end: &Found) -> Result<Block, Problem> {
    let hash = match end.split().1.trim() {
        "" => None,
        rest => match rest.strip_prefix("sha256=") {
            Some(hash) => Some(hash.to_owned()),
            None => return Err(Problem::bare(format!("`runner:end` takes `sha256=…` alone, and has `{rest}`"))),
        },
    };
    let head = start.text.clone();
    let before = text[..start.range.start].rsplit('\n').next().unwrap_or_default();
    let line_of_end = text[..end.range.start].rfind('\n').map_or(0, |at| at + 1);
    if start.line == end.line {
        return Ok(Block {
            line: start.line,
            head,
            form: Form::Inline,
            content: start.range.end..end.range.start,
            end_line: end.range.start,
            end: end.range.clone(),
            hash,
            prefix: String::new(),
            line_break: "\n",
        });
    }
    let after = &text[start.range.end..];
    let broken = after.find('\n').unwrap_or(after.len());
    let behind_end = text[end.range.end..].lines().next().unwrap_or_default();
    let beside = [&after[..broken], &text[line_of_end..end.range.start], behind_end].map(|text| text.replace('>', ""));
    if beside.iter().any(|text| !text.trim().is_empty()) || !is_prefix(before) {
        return Err(Problem::new(
            "there is text next to the markers",
            "a block of several lines has each marker on its own line",
        ));
    }
    let content = start.range.end + broken + 1;
    let prefix = before.chars().map(|c| if c == '>' || c.is_whitespace() { c } else { ' ' }).collect();
    let line_break = if syntax != Syntax::Rst && after[..broken].ends_with('\r') || text[..content].ends_with("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    Ok(Block {
        line: start.line,
        head,
        form: Form::Lines,
        content: content..line_of_end,
        end_line: line_of_end,
        end: end.range.clone(),
        hash,
        prefix,
        line_break,
    })
}

/// Whether only indentation, quotes and a bullet stand here.
fn is_prefix(before: &str) -> bool {
    let bare = before.trim_start_matches(|c: char| c.is_whitespace() || c == '>').trim_end();
    let number = bare.trim_end_matches(['.', ')']);
    matches!(bare, "" | "-" | "*" | "+") || (bare.len() == number.len() + 1 && number.parse::<u32>().is_ok())
}

/// Code blocks and code in sentences, as CommonMark has them.
fn code_in_markdown(text: &str) -> Vec<Range<usize>> {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter();
    let is_code = |event: &Event<'_>| matches!(event, Event::Start(Tag::CodeBlock(_)) | Event::Code(_));
    events.filter(|(event, _)| is_code(event)).map(|(_, range)| range).collect()
}

/// Literal blocks: what is indented further than the line that announces it.
fn code_in_rst(text: &str) -> Vec<Range<usize>> {
    let (mut ranges, mut literal, mut at) = (Vec::new(), None::<usize>, 0);
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let indent = line.len() - line.trim_start().len();
        if let Some(base) = literal.filter(|_| !bare.is_empty()) {
            if indent > base {
                ranges.push(at..at + line.len());
                at += line.len();
                continue;
            }
            literal = None;
        }
        if announces_code(bare) {
            literal = Some(indent);
        }
        at += line.len();
    }
    ranges
}

fn announces_code(line: &str) -> bool {
    match line.strip_prefix(".. ") {
        Some(directive) => {
            let word = directive.split_once("::").map(|(word, _)| word.trim());
            word.is_some_and(|word| CODE.contains(&word))
        }
        None => line.ends_with("::"),
    }
}
