//! Commits that trials run in: found in the repository around the current folder, checked out below the run's own folder, and built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::output::Output;
use crate::host::{Interrupt, ask};
use crate::plan::{Plan, Variant};
use crate::text::plural;

/// How many characters of a hash tell it from others.
const SHORT: usize = 10;
/// How many lines of what a build wrote are told where it fails.
const TOLD: usize = 12;

/// Trees that were checked out, which git forgets when they are dropped.
#[derive(Default)]
pub(super) struct Trees {
    repository: PathBuf,
    folders: Vec<PathBuf>,
}

impl Drop for Trees {
    fn drop(&mut self) {
        for folder in &self.folders {
            let mut git = git(&self.repository, &["worktree", "remove", "--force"]);
            let _ = git.arg(folder).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}

/// The state of the files here: the commit, and whether anything tracked differs from it. Nothing where there is no repository.
pub(super) fn here() -> Option<String> {
    let folder = Path::new(".");
    let commit = said(git(folder, &["rev-parse", "--verify", "HEAD^{commit}"])).ok()?;
    let changed =
        said(git(folder, &["status", "--porcelain", "--untracked-files=no"])).is_ok_and(|text| !text.is_empty());
    Some(format!("this tree ({}{})", short(&commit), if changed { ", changed" } else { "" }))
}

/// The first characters of a hash.
pub(super) fn short(commit: &str) -> &str {
    commit.get(..SHORT).unwrap_or(commit)
}

/// Whether git knows a commit by this name here.
pub(super) fn commit(revision: &str) -> Result<String, String> {
    let folder = Path::new(".");
    said(git(folder, &["rev-parse", "--show-toplevel"]))
        .map_err(|why| format!("there is no git repository around this folder ({why})"))?;
    let name = format!("{revision}^{{commit}}");
    said(git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &name]))
        .map_err(|_| format!("git knows no commit `{revision}` here"))
}

/// Finds the commits of all variants.
///
/// # Errors
/// In words, where there is no repository or no such commit.
pub(super) fn find(plans: &mut [Plan]) -> Result<(), String> {
    for variant in plans.iter_mut().flat_map(|plan| &mut plan.variants) {
        if let Some(revision) = &variant.revision {
            variant.commit = Some(commit(revision).map_err(|why| format!("{}: {why}", variant.name))?);
        }
    }
    Ok(())
}

/// Checks out and builds the commits of all variants, each once, below a folder.
///
/// # Errors
/// In words: what git or the build says.
pub(super) fn check_out(
    plans: &mut [Plan],
    below: &Path,
    interrupt: &Interrupt,
    output: &Output,
) -> Result<Trees, String> {
    let mut trees = Trees::default();
    let mut done: Vec<(String, Vec<String>, PathBuf)> = Vec::new();
    for variant in plans.iter_mut().flat_map(|plan| &mut plan.variants) {
        let Some(commit) = variant.commit.clone() else { continue };
        let known = done.iter().find(|(of, build, _)| *of == commit && *build == variant.build);
        let tree = match known {
            Some((.., tree)) => tree.clone(),
            None => {
                let tree = below.join(format!("tree-{}", done.len() + 1));
                let prefix = added(&mut trees, &commit, &tree)?;
                output.progress(&format!("{}: checked out {}", variant.name, short(&commit)));
                let folder = tree.join(prefix);
                if !folder.is_dir() {
                    return Err(format!("{}: this folder is not in {}", variant.name, short(&commit)));
                }
                built(variant, &folder, interrupt, output)?;
                done.push((commit, variant.build.clone(), tree.clone()));
                tree
            }
        };
        place(variant, &trees.repository, &tree)?;
    }
    Ok(trees)
}

/// Adds a tree of a commit; gives where the current folder lies in it.
fn added(trees: &mut Trees, commit: &str, tree: &Path) -> Result<PathBuf, String> {
    let top = said(git(Path::new("."), &["rev-parse", "--show-toplevel"]))?;
    let prefix = said(git(Path::new("."), &["rev-parse", "--show-prefix"]))?;
    trees.repository = PathBuf::from(top);
    // Hooks are for whoever works in a tree.
    let mut add = git(&trees.repository, &["-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet", "--detach"]);
    add.arg(tree).arg(commit);
    trees.folders.push(tree.to_owned());
    said(add).map_err(|why| format!("checking out {}: {why}", short(commit)))?;
    Ok(PathBuf::from(prefix))
}

/// Says where the trials of a variant are run, and by what: folders of this repository are those of the tree, and so is this program where it
/// lies in the repository and was built there.
fn place(variant: &mut Variant, repository: &Path, tree: &Path) -> Result<(), String> {
    let current = std::env::current_dir().and_then(|folder| folder.canonicalize());
    let current = current.map_err(|error| format!("looking for the current folder: {error}"))?;
    let repository = repository.canonicalize().map_err(|error| format!("{}: {error}", repository.display()))?;
    let prefix = current.strip_prefix(&repository).unwrap_or(Path::new(""));
    variant.folder = Some(tree.join(prefix));
    if variant.build.is_empty() {
        return Ok(());
    }
    let program = std::env::current_exe().and_then(|program| program.canonicalize()).ok();
    let own = program.as_deref().and_then(|program| program.strip_prefix(&repository).ok()).map(|own| tree.join(own));
    if let Some(own) = own.filter(|own| own.is_file()) {
        let other = ask(&own).map_err(|error| error.to_string())?;
        (variant.version, variant.program) = (Some(other.version), Some(own));
    }
    Ok(())
}

/// Runs what a variant says is to be run in its tree.
fn built(variant: &Variant, folder: &Path, interrupt: &Interrupt, output: &Output) -> Result<(), String> {
    let Some((program, arguments)) = variant.build.split_first() else { return Ok(()) };
    output.progress(&format!("{}: {} …", variant.name, variant.build.join(" ")));
    let log = folder.join(".runner-build.log");
    let failed = |why: String| format!("{}: {}: {why}", variant.name, variant.build.join(" "));
    let file = std::fs::File::create(&log).map_err(|error| failed(error.to_string()))?;
    let errors = file.try_clone().map_err(|error| failed(error.to_string()))?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(file).stderr(errors);
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let status = loop {
        match child.try_wait().map_err(|error| failed(error.to_string()))? {
            Some(status) => break status,
            None if interrupt.signal().is_some() => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed("interrupted".into()));
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let text = String::from_utf8_lossy(&std::fs::read(&log).unwrap_or_default()).into_owned();
    let _ = std::fs::remove_file(&log);
    if status.success() {
        return Ok(());
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(TOLD)..];
    Err(failed(match last.is_empty() {
        true => format!("it ended with {status}, and wrote nothing"),
        false => {
            let of = plural(lines.len() as u64, "line");
            format!("it ended with {status}; of {of}, the last are:\n  {}", last.join("\n  "))
        }
    }))
}

/// A command of git in a folder.
fn git(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments).stdin(Stdio::null());
    command
}

/// What a command writes, without the blanks around it; in words, why it failed.
fn said(mut command: Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("git cannot be started: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}
