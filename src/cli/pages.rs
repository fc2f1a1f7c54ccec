//! `runner completions` and `runner man`: both are made of clap's own definitions of the command line.

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;

use super::Exit;
use super::args::{Arguments, CompletionsOptions, ManOptions};
use super::output::Output;

/// The name of the program and of its pages.
const NAME: &str = "runner";

/// Prints the completions of a shell.
pub(super) fn completions(options: &CompletionsOptions, output: &Output) -> Result<Exit> {
    let mut bytes = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), NAME, &mut bytes);
    output.exactly(&String::from_utf8(bytes)?)?;
    Ok(Exit::Success)
}

/// Prints the page of the program, or writes those of all commands.
pub(super) fn man(options: &ManOptions, output: &Output) -> Result<Exit> {
    let Some(folder) = &options.out else {
        let mut bytes = Vec::new();
        clap_mangen::Man::new(Arguments::command()).render(&mut bytes)?;
        output.exactly(&String::from_utf8(bytes)?)?;
        return Ok(Exit::Success);
    };
    let what = || format!("writing manual pages to {}", folder.display());
    std::fs::create_dir_all(folder).with_context(what)?;
    clap_mangen::generate_to(Arguments::command(), folder).with_context(what)?;
    output.progress(&format!("wrote {0}; `man {0}/{NAME}.1` shows the first page", folder.display()));
    Ok(Exit::Success)
}
