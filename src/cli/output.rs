//! Printing: results on standard output, progress and errors on standard error, and never a panic over a closed pipe.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::Context as _;

/// Where words go, and how.
pub(super) struct Output {
    pub(super) quiet: bool,
    pub(super) verbose: bool,
    color_out: bool,
    color_err: bool,
}

/// Whether an error came of writing to a pipe that nobody reads any more.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

impl Output {
    pub(super) fn new(quiet: bool, verbose: bool) -> Self {
        // https://no-color.org: any value but an empty one switches colour off.
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            quiet,
            verbose,
            color_out: !plain && io::stdout().is_terminal(),
            color_err: !plain && io::stderr().is_terminal(),
        }
    }

    /// Prints a result.
    pub(super) fn result(&self, text: &str) -> anyhow::Result<()> {
        self.exactly(text)?;
        if text.ends_with('\n') { Ok(()) } else { self.exactly("\n") }
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
        let head = if self.color_err { "\u{1b}[1;31merror\u{1b}[0m" } else { "error" };
        self.say(&format!("{head}: {text}"));
    }

    /// Prints to standard error as it is. Where nobody reads it, nothing is lost.
    pub(super) fn say(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    pub(super) fn color_out(&self) -> bool {
        self.color_out
    }

    pub(super) fn color_err(&self) -> bool {
        self.color_err
    }

    /// Columns of the terminal, or a width that reads well in a log.
    pub(super) fn width(&self) -> usize {
        let size = rustix::termios::tcgetwinsize(io::stdout());
        match size {
            Ok(size) if io::stdout().is_terminal() && size.ws_col > 0 => usize::from(size.ws_col).clamp(40, 140),
            _ => 100,
        }
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
