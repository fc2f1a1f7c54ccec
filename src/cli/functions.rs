//! Users' Python functions before they are measured: looked at in a folder that is gone afterwards.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::folder::temporary_folder;
use crate::host::{Depth, FunctionLook, function_spec, look};
use crate::plan::Plan;
use crate::reexec::Program;
use crate::task::{Settings, Tasks};

/// How long importing a module and calling its function once may take, unless the user says it.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Looks at a function as its trials would run it.
///
/// # Errors
/// In words that follow its name.
pub(super) fn looked(
    tasks: &Tasks,
    program: &Program,
    settings: Settings,
    interpreter: &Path,
    depth: Depth,
    patience: Duration,
    waiting: &mut dyn FnMut(&str),
) -> Result<FunctionLook, String> {
    let made = |error: std::io::Error| format!("cannot be looked at: making a folder: {error}");
    let run = tempfile::Builder::new().prefix("runner-look-").tempdir_in(temporary_folder()).map_err(made)?;
    let folder = run.path().join("0");
    std::fs::create_dir(&folder).map_err(made)?;
    look(tasks, program, function_spec(settings, interpreter, &folder), depth, patience, waiting)
}

/// The functions of plans that cannot be imported or found, each with why, before anything of them is run.
pub(super) fn missing(plans: &[Plan], tasks: &Tasks, program: &Program) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut missing = Vec::new();
    for plan in plans {
        let functions = plan.workloads.iter().filter(|workload| workload.task == "python");
        for (workload, interpreter) in functions.filter_map(|one| Some((one, one.interpreter.as_ref()?))) {
            let call = workload.settings.text("call").to_owned();
            let place = (call.clone(), workload.settings.text("path").to_owned(), interpreter.path.clone());
            if call.is_empty() || !known.insert(place) {
                continue;
            }
            let settings = workload.settings.clone();
            let seen = looked(tasks, program, settings, &interpreter.path, Depth::Find, PATIENCE, &mut |_| {});
            if let Err(why) = seen {
                missing.push(format!("{}: `call: {call}`: {why} ({})", plan.name, interpreter.label()));
            }
        }
    }
    missing
}
