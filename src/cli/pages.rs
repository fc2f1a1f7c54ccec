//! `runner completions` and `runner man`: both are made of clap's own definitions of the command line.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Command};
use clap_complete::Shell;

use super::Exit;
use super::output::Output;

/// The name of the program and of its pages.
const NAME: &str = "runner";

/// Where shells look for completions.
pub(super) const COMPLETIONS_HELP: &str = "\
Examples:
  runner completions bash > ~/.local/share/bash-completion/completions/runner
  runner completions zsh > ~/.zfunc/_runner     a folder of $fpath
  runner completions fish > ~/.config/fish/completions/runner.fish";

/// Whose completions.
#[derive(Debug, Args)]
pub(super) struct CompletionsOptions {
    /// Which shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: Shell,
}

/// Where pages go.
#[derive(Debug, Args)]
pub(super) struct ManOptions {
    /// Folder to write to: runner.1, runner-run.1, and so on [default: runner.1 on standard output]
    #[arg(short, long, value_name = "FOLDER")]
    pub(super) output: Option<PathBuf>,
}

/// Prints the completions of a shell for this command line.
pub(super) fn completions(options: &CompletionsOptions, mut command: Command, output: &Output) -> Result<Exit> {
    let mut bytes = Vec::new();
    clap_complete::generate(options.shell, &mut command, NAME, &mut bytes);
    output.exactly(&String::from_utf8(bytes)?)?;
    Ok(Exit::Success)
}

/// Prints the page of the program, or writes those of all commands.
pub(super) fn man(options: &ManOptions, command: Command, output: &Output) -> Result<Exit> {
    let Some(folder) = &options.output else {
        let mut bytes = Vec::new();
        // As it is written into a folder: without the command `help`, which has no page.
        let mut command = command.disable_help_subcommand(true);
        command.build();
        clap_mangen::Man::new(command).render(&mut bytes)?;
        output.exactly(&String::from_utf8(bytes)?)?;
        return Ok(Exit::Success);
    };
    let what = || format!("writing manual pages to {}", folder.display());
    std::fs::create_dir_all(folder).with_context(what)?;
    clap_mangen::generate_to(command, folder).with_context(what)?;
    output.progress(&format!("wrote {0}; `man {0}/{NAME}.1` shows the first page", folder.display()));
    Ok(Exit::Success)
}
