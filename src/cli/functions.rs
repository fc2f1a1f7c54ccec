//! Users' Python functions before they are measured: looked at in a folder that is gone afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::folder::temporary_folder;
use crate::host::{Depth, FunctionLook, function_spec, look};
use crate::plan::Plan;
use crate::reexec::Program;
use crate::task::{Settings, Tasks};

/// How long importing a module and calling its function once may take, unless the user says it.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// By what a function is looked at, and where.
pub(super) struct By<'a> {
    pub(super) interpreter: &'a Path,
    /// Variables that are added to the environment.
    pub(super) environment: BTreeMap<String, String>,
    /// The folder that relative paths start from, where that is not the current one.
    pub(super) folder: Option<&'a Path>,
}

/// Looks at a function as its trials would run it.
///
/// # Errors
/// In words that follow its name.
pub(super) fn looked(
    tasks: &Tasks,
    program: &Program,
    settings: Settings,
    by: &By<'_>,
    depth: Depth,
    patience: Duration,
    waiting: &mut dyn FnMut(&str),
) -> Result<FunctionLook, String> {
    let made = |error: std::io::Error| format!("cannot be looked at: making a folder: {error}");
    let run = tempfile::Builder::new().prefix("runner-look-").tempdir_in(temporary_folder()).map_err(made)?;
    let folder = run.path().join("0");
    std::fs::create_dir(&folder).map_err(made)?;
    let spec = function_spec(settings, by.interpreter, by.environment.clone(), &folder);
    look(tasks, program, spec, by.folder, depth, patience, waiting)
}

/// The functions of plans that cannot be imported or found, each with why, before anything of them is run: those of commits, once they are
/// checked out, or all others.
pub(super) fn missing(plans: &[Plan], tasks: &Tasks, program: &Program, of_commits: bool) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut missing = Vec::new();
    for plan in plans {
        let functions = plan.configurations.iter().filter(|one| plan.workloads[one.workload].task == "python");
        for configuration in functions {
            let workload = &plan.workloads[configuration.workload];
            let variant = configuration.variant.and_then(|index| plan.variants.get(index));
            let own = variant.and_then(|variant| variant.interpreter.as_ref()).or(workload.interpreter.as_ref());
            let Some(interpreter) = own else { continue };
            if variant.is_some_and(|variant| variant.revision.is_some()) != of_commits {
                continue;
            }
            let settings = variant.map_or_else(|| workload.settings.clone(), |one| one.apply(&workload.settings));
            let by = By {
                interpreter: &interpreter.path,
                environment: variant.map(|variant| variant.environment.clone()).unwrap_or_default(),
                folder: variant.and_then(|variant| variant.folder.as_deref()),
            };
            let call = settings.text("call").to_owned();
            let known_by = (
                call.clone(),
                settings.text("path").to_owned(),
                interpreter.path.clone(),
                by.folder.map(Path::to_owned),
            );
            if call.is_empty() || !known.insert(known_by) {
                continue;
            }
            let seen = looked(tasks, program, settings, &by, Depth::Find, PATIENCE, &mut |_| {});
            if let Err(why) = seen {
                let at = variant.map_or(String::new(), |variant| format!(", {}", variant.name));
                missing.push(format!("{}{at}: `call: {call}`: {why} ({})", plan.name, interpreter.label()));
            }
        }
    }
    missing
}
