//! What is wrong with scenarios: every problem of every file, each with its place, its line and a way out.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use crate::text::escape::printable;
use crate::text::wrapped;

/// The text of a scenario file as problems show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// The file as shown, such as `scenarios/cpu-bound.yaml`.
    pub name: String,
    /// Its content without a byte order mark.
    pub content: String,
}

/// One problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// The file as shown.
    pub file: String,
    /// The line from 1; 0 where the problem is about the file as a whole.
    pub line: usize,
    /// The column in characters from 1; 0 where the problem is about the file as a whole.
    pub column: usize,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    excerpt: Option<Box<Excerpt>>,
}

/// The line of a problem, and the bytes of that line which are meant.
#[derive(Clone, Debug, PartialEq)]
struct Excerpt {
    line: String,
    span: Range<usize>,
}

/// What is wrong and what helps, before it has a place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub message: String,
    pub help: Option<String>,
}

impl Fault {
    /// A fault with a way out.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }

    /// A fault whose message says all.
    pub fn plain(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// The reverse of [`fmt::Display`]: serde carries errors as text, so that message and help travel as lines.
    pub fn from_lines(text: &str) -> Self {
        match text.split_once('\n') {
            Some((message, help)) => Self::new(message, help),
            None => Self::plain(text),
        }
    }

    /// Puts the fault at a place: bytes of `text`.
    pub fn at(self, text: &Text, span: &Range<usize>) -> Diagnostic {
        let (line, column, excerpt) = locate(&text.content, span);
        Diagnostic {
            file: text.name.clone(),
            line,
            column,
            message: self.message,
            help: self.help,
            excerpt: Some(Box::new(excerpt)),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "\n{help}"))
    }
}

/// Line and column of a span, with the line itself.
fn locate(content: &str, span: &Range<usize>) -> (usize, usize, Excerpt) {
    let mut start = span.start.min(content.len());
    while !content.is_char_boundary(start) {
        start -= 1;
    }
    let breaks = |c: char| c == '\n' || c == '\r';
    let line_start = content[..start].rfind(breaks).map_or(0, |at| at + 1);
    let line_end = content[start..].find(breaks).map_or(content.len(), |at| start + at);
    let before = &content[..line_start];
    let returns = before.matches('\r').count() - before.matches("\r\n").count();
    let line_number = before.matches('\n').count() + returns + 1;
    let column = content[line_start..start].chars().count() + 1;
    let mut end = span.end.clamp(start, line_end);
    while !content.is_char_boundary(end) {
        end += 1;
    }
    let excerpt = Excerpt {
        line: content[line_start..line_end].to_owned(),
        span: start - line_start..end.max(start) - line_start,
    };
    (line_number, column, excerpt)
}

impl Diagnostic {
    /// A problem of a file as a whole: it is missing, it is a folder.
    #[must_use]
    pub fn of_file(file: &str, message: impl Into<String>, help: Option<String>) -> Self {
        Self { file: printable(file), line: 0, column: 0, message: message.into(), help, excerpt: None }
    }

    fn render(&self, renderer: &Renderer, width: usize) -> String {
        let title = Level::ERROR.primary_title(self.message.as_str());
        let mut group = match &self.excerpt {
            Some(excerpt) => title.element(
                Snippet::source(excerpt.line.as_str())
                    .line_start(self.line)
                    .path(self.file.as_str())
                    .annotation(AnnotationKind::Primary.span(excerpt.span.clone())),
            ),
            None => title.element(Origin::path(self.file.as_str())),
        };
        let help = self.help.as_ref().map(|help| wrapped(help, "", "", width.saturating_sub(HELP_INDENT)).join("\n"));
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }
}

/// Columns before a way out: those of line numbers, and ` = help: `.
const HELP_INDENT: usize = 12;

/// Problems of one or many files. Empty means that all is well.
#[derive(Clone, Debug, Default, PartialEq, thiserror::Error)]
#[error("{}", self.render(false))]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// No problems.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Diagnostic) {
        self.list.push(problem);
    }

    /// Adds a problem of a file as a whole.
    pub fn push_file(&mut self, file: &str, message: impl Into<String>, help: Option<String>) {
        self.push(Diagnostic::of_file(file, message, help));
    }

    /// Adds all problems of another list.
    pub fn extend(&mut self, other: Self) {
        self.list.extend(other.list);
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The problems by file (in the order in which files were first named), then by line and column.
    #[must_use]
    pub fn list(&self) -> Vec<&Diagnostic> {
        let mut files: Vec<&str> = Vec::new();
        for problem in &self.list {
            if !files.contains(&problem.file.as_str()) {
                files.push(&problem.file);
            }
        }
        let rank = |problem: &Diagnostic| files.iter().position(|file| *file == problem.file);
        let mut sorted: Vec<&Diagnostic> = self.list.iter().collect();
        sorted.sort_by_key(|problem| (rank(problem), problem.line, problem.column));
        sorted
    }

    /// All problems for people, each with its line and a caret, and an empty line between them.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        self.folded(color, usize::MAX)
    }

    /// The same with ways out that are folded at a width in columns.
    #[must_use]
    pub fn folded(&self, color: bool, width: usize) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let parts: Vec<String> = self.list().into_iter().map(|problem| problem.render(&renderer, width)).collect();
        parts.join("\n\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(content: &str) -> Text {
        Text { name: "a.yaml".into(), content: content.into() }
    }

    #[test]
    fn the_place_is_counted_in_characters_under_every_line_ending() {
        for ending in ["\n", "\r\n", "\r"] {
            let content = format!("a: 1{ending}ü: bad{ending}c: 3");
            let at = content.find("bad").unwrap();
            let problem = Fault::new("it is bad", "make it good").at(&text(&content), &(at..at + 3));
            assert_eq!((problem.line, problem.column), (2, 4), "{ending:?}");
        }
    }

    #[test]
    fn ways_out_are_folded_at_a_width() {
        let help = "a long way out of what is bad, which takes more than one line";
        let problems = Diagnostics { list: vec![Fault::new("it is bad", help).at(&text("a: 1\n"), &(3..4))] };
        let folded = problems.folded(false, 40);
        assert!(folded.lines().all(|line| line.chars().count() <= 40), "{folded}");
        let words = |text: &str| text.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ");
        assert!(words(&folded).contains(help), "{folded}");
        assert!(problems.render(false).contains(help));
    }

    #[test]
    fn a_problem_shows_its_line_a_caret_and_the_way_out() {
        let problems =
            Diagnostics { list: vec![Fault::new("it is bad", "make it good").at(&text("a: 1\nb: bad\n"), &(8..11))] };
        let expected = "error: it is bad\n --> a.yaml:2:4\n  |\n2 | b: bad\n  |    ^^^\n  |\n  = help: make it good";
        assert_eq!(problems.render(false), expected);
        assert!(problems.render(true).contains("\u{1b}["));
    }

    #[test]
    fn problems_are_listed_by_file_and_line() {
        let mut problems = Diagnostics::new();
        problems.push_file("z.yaml", "there is no such file", None);
        problems.push(Fault::plain("second").at(&text("a: 1\nb: 2\n"), &(5..6)));
        problems.push(Fault::plain("first").at(&text("a: 1\nb: 2\n"), &(0..1)));
        let order: Vec<&str> = problems.list().iter().map(|p| p.message.as_str()).collect();
        assert_eq!(order, ["there is no such file", "first", "second"]);
        assert!(problems.render(false).contains("--> z.yaml\n"), "{}", problems.render(false));
    }
}
