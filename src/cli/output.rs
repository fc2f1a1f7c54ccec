//! Printing: results on standard output, progress and errors on standard error, and never a panic over a closed pipe.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use anyhow::Context as _;

use super::answers::{self, Answer};
use crate::text::wrapped;

/// Where words go, and how.
pub(super) struct Output {
    pub(super) quiet: bool,
    pub(super) verbose: bool,
}

/// Whether an error came of writing to a pipe that nobody reads any more.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

impl Output {
    pub(super) fn new(quiet: bool, verbose: bool) -> Self {
        Self { quiet, verbose }
    }

    /// Prints a result.
    pub(super) fn result(&self, text: &str) -> anyhow::Result<()> {
        self.exactly(text)?;
        if text.ends_with('\n') { Ok(()) } else { self.exactly("\n") }
    }

    /// Prints what a command found as JSON, in its envelope.
    pub(super) fn json<A: Answer>(&self, answer: &A) -> anyhow::Result<()> {
        self.result(&answers::text(answer)?)
    }

    /// Prints a text as it is, without a line break of our own.
    pub(super) fn exactly(&self, text: &str) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("writing to standard output")
    }

    /// Prints a line of progress, unless quiet.
    pub(super) fn progress(&self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// Prints an error.
    pub(super) fn error(&self, text: &str) {
        let style = if self.color_err() { AnsiColor::Red.on_default().bold() } else { Style::new() };
        self.say(&format!("{style}error{style:#}: {text}"));
    }

    /// Prints to standard error as it is. Where nobody reads it, nothing is lost.
    pub(super) fn say(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Whether standard output gets colour: as `--color` says, else as NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM and what stands
    /// at its end say.
    pub(super) fn color_out(&self) -> bool {
        AutoStream::choice(&io::stdout()) != ColorChoice::Never
    }

    /// Whether standard error does.
    pub(super) fn color_err(&self) -> bool {
        AutoStream::choice(&io::stderr()) != ColorChoice::Never
    }

    /// A text for standard output in a style, where it gets colour.
    pub(super) fn painted(&self, style: Style, text: &str) -> String {
        if self.color_out() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Columns for tables and sentences: as COLUMNS says, else those of the terminal, else as many as logs can be read in.
    pub(super) fn width(&self) -> usize {
        columns(&io::stdout()).unwrap_or(80).clamp(NARROWEST, 140)
    }

    /// Columns at which lines of prose on standard output are folded. A pipe gets them whole, so that they can be searched.
    pub(super) fn prose(&self) -> usize {
        columns(&io::stdout()).map_or(usize::MAX, |columns| columns.max(NARROWEST))
    }

    /// The same on standard error.
    pub(super) fn prose_of_errors(&self) -> usize {
        columns(&io::stderr()).map_or(usize::MAX, |columns| columns.max(NARROWEST))
    }

    /// Whether somebody can be asked: the question is seen, and the answer typed.
    pub(super) fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a question, and gives the line that is answered; none where nobody answers.
    pub(super) fn ask(&self, question: &str) -> io::Result<Option<String>> {
        let mut error = io::stderr().lock();
        error.write_all(question.as_bytes())?;
        error.flush()?;
        let mut line = String::new();
        Ok((io::stdin().lock().read_line(&mut line)? > 0).then(|| line.trim().to_owned()))
    }

    /// Whether progress may rewrite its line.
    pub(super) fn live(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }
}

/// What `--color` says, for all that is printed from here on, what clap prints included.
pub(super) fn choose_color(choice: clap::ColorChoice) {
    let choice = match choice {
        clap::ColorChoice::Auto => ColorChoice::Auto,
        clap::ColorChoice::Always => ColorChoice::Always,
        clap::ColorChoice::Never => ColorChoice::Never,
    };
    choice.write_global();
}

/// Fewest columns that lines are made for.
const NARROWEST: usize = 40;

/// What COLUMNS says, else the columns of the terminal, where it is one.
fn columns(stream: &(impl io::IsTerminal + std::os::fd::AsFd)) -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok());
    let size = || rustix::termios::tcgetwinsize(stream).ok().map(|size| usize::from(size.ws_col));
    said.or_else(|| size().filter(|_| stream.is_terminal())).filter(|columns| *columns > 0)
}

/// Writes words into lines that start with `first`, and then with `later`.
pub(super) fn wrap(text: &mut String, first: &str, later: &str, words: &str, width: usize) {
    for line in wrapped(words, first, later, width) {
        text.push_str(&line);
        text.push('\n');
    }
}
