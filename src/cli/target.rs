//! Where reports go: folders proved writable before the first trial, and what earlier runs left in them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::output::Output;
use crate::engine::{self, Resumed};
use crate::host::machine;
use crate::plan::Plan;
use crate::results::{FileError, Head, Journal, JournalContents, Results, read};
use crate::text::{plural, show_seconds};

/// What tells the programs of a run from other builds of theirs.
pub(super) struct Builds {
    /// This program.
    pub(super) own: String,
    /// What is compared with what, where there is a baseline.
    pub(super) sides: Option<Sides>,
}

/// What is compared with a baseline, each as outputs name it.
pub(super) struct Sides {
    pub(super) candidate: String,
    pub(super) baseline: String,
    /// What tells the baseline from others of that name.
    pub(super) build: String,
}

/// The report of one plan.
pub(super) enum Target {
    /// It is to be run.
    Run(Box<Prepared>),
    /// It is there already, whole, and a run that goes on has no business with it.
    Done(Box<Results>),
}

/// Everything that one run needs and that is known before its first trial.
pub(super) struct Prepared {
    pub(super) folder: PathBuf,
    pub(super) journal: Journal,
    /// The results before the first trial.
    pub(super) blank: Results,
    pub(super) head: Head,
    /// Item counts of an earlier run of the same.
    pub(super) counts: Option<Vec<u64>>,
    /// Rounds of the report that will be replaced, where there is one.
    pub(super) rounds: Option<u32>,
    /// What was left of a run that goes on now.
    pub(super) left: Option<(JournalContents, Resumed)>,
}

impl Prepared {
    /// Makes the journal ready for the first trial; gives what is done already.
    pub(super) fn begin(&mut self) -> Result<Option<Resumed>, FileError> {
        match self.left.take() {
            Some((left, continued)) => {
                self.journal.resume(&left)?;
                Ok(Some(continued))
            }
            None => {
                self.journal.start(&self.head)?;
                Ok(None)
            }
        }
    }
}

/// Prepares the reports of all plans. Nothing of what is there is touched yet.
pub(super) fn prepare(
    out: &Path,
    plans: &[Plan],
    builds: &Builds,
    resume: bool,
    output: &Output,
) -> Result<Vec<Target>> {
    let targets: Vec<Target> =
        plans.iter().map(|plan| target(out, plan, builds, resume, output)).collect::<Result<_>>()?;
    let goes_on = |target: &Target| matches!(target, Target::Run(prepared) if prepared.left.is_some());
    if resume && !targets.iter().any(goes_on) {
        return Err(NothingToResume(out.to_owned()).into());
    }
    for (plan, target) in plans.iter().zip(&targets).filter(|_| resume) {
        match target {
            Target::Done(_) => output.progress(&format!("{}: complete already, left as it is", plan.name)),
            Target::Run(prepared) if prepared.left.is_none() => {
                output.progress(&format!("{}: nothing to resume, runs from the start", plan.name));
            }
            Target::Run(_) => {}
        }
    }
    Ok(targets)
}

/// `--resume` was given, and no run of these scenarios was broken off.
#[derive(Debug, thiserror::Error)]
#[error("nothing to resume: no run of these scenarios was broken off in {}; run without --resume to start afresh", .0.display())]
pub(super) struct NothingToResume(PathBuf);

fn target(out: &Path, plan: &Plan, builds: &Builds, resume: bool, output: &Output) -> Result<Target> {
    let folder = out.join(&plan.name);
    // The name is a slug, so the folder lies in `out`, unless somebody put a link there that leads elsewhere.
    if folder.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
        anyhow::bail!("{} is a link; a report needs a real folder: remove the link", folder.display());
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join("results.json");
    // A results file of a newer version, or a damaged one, is named and left as it is.
    let mut earlier = if path.exists() { Some(read(&path)?) } else { None };
    let mut blank = engine::blank(plan, machine(), super::date::now());
    let sides = builds.sides.as_ref();
    blank.run.candidate = sides.map(|sides| sides.candidate.clone());
    blank.run.baseline = sides.map(|sides| sides.baseline.clone());
    let baseline = sides.map(|sides| format!("{}, {}", sides.baseline, sides.build));
    let head = engine::head(&blank, builds.own.clone(), baseline);
    let mut journal = Journal::open(&folder)?;
    let left = if resume {
        going_on(plan, &blank, &head, &mut journal, output)?
    } else {
        say_what_is_dropped(plan, &blank, &head, &mut journal, output);
        None
    };
    if resume && left.is_none() {
        match earlier {
            Some(whole) if is_done(&blank, &whole) => return Ok(Target::Done(Box::new(whole))),
            other => earlier = other,
        }
    }
    let rounds = earlier.as_ref().map(|earlier| earlier.run.rounds);
    let counts = earlier.and_then(|earlier| engine::recorded_counts(plan, &blank.machine, &earlier));
    Ok(Target::Run(Box::new(Prepared { folder, journal, blank, head, counts, rounds, left })))
}

/// What there is to go on with.
fn going_on(
    plan: &Plan,
    blank: &Results,
    head: &Head,
    journal: &mut Journal,
    output: &Output,
) -> Result<Option<(JournalContents, Resumed)>> {
    let Some(left) = journal.left()? else { return Ok(None) };
    if let Some(what) = head.differs_from(&left.head) {
        return Err(FileError::OtherRun { path: journal.path().to_owned(), what }.into());
    }
    let path = || journal.path().to_owned();
    let refused = |detail| match (left.head.budget, head.budget) {
        // Looks are fixed beforehand, and by the budget: once one is over, another budget has others.
        (Some(old), Some(now)) if old != now => {
            let (old, now) = (show_seconds(old), show_seconds(now));
            let what = format!("another budget ({old}, now {now}), of which a look is over: give that one to go on");
            FileError::OtherRun { path: path(), what }
        }
        _ => FileError::DamagedJournal { path: path(), detail },
    };
    let continued = engine::continued(plan, blank, left.clone()).map_err(refused)?;
    let trials = plural(continued.done() as u64, "trial");
    output.progress(&format!("{}: goes on after {trials}", plan.name));
    Ok(Some((left, continued)))
}

/// Says where a run starts afresh that could have gone on.
fn say_what_is_dropped(plan: &Plan, blank: &Results, head: &Head, journal: &mut Journal, output: &Output) {
    let Ok(Some(left)) = journal.left() else { return };
    let done = left.finished.len();
    if done > 0 && head.differs_from(&left.head).is_none() && engine::continued(plan, blank, left).is_ok() {
        let trials = plural(done as u64, "trial");
        let what = "starts afresh; --resume would have continued the run that was broken off after";
        output.progress(&format!("{}: {what} {trials}", plan.name));
    }
}

/// Whether an earlier run is whole and is what would be run now.
fn is_done(blank: &Results, earlier: &Results) -> bool {
    let (run, old) = (&blank.run, &earlier.run);
    let labels = |results: &Results| {
        results.configurations.iter().map(|configuration| configuration.label.clone()).collect::<Vec<_>>()
    };
    old.complete
        && blank.scenario.hash == earlier.scenario.hash
        && blank.tool == earlier.tool
        && (run.budget.is_some() || run.rounds == old.rounds)
        && (run.seed, run.budget, run.quick, &run.filter, &run.baseline)
            == (old.seed, old.budget, old.quick, &old.filter, &old.baseline)
        && blank.machine.differs_from(&earlier.machine).is_empty()
        && labels(blank) == labels(earlier)
}
