//! Where the driver lies: one folder for all trials of a run, so that an interpreter compiles it once and not in every trial.

use std::path::{Path, PathBuf};

use super::super::JobSpec;
use crate::task::checksum;

/// The main file that an interpreter is started on, and the package that it runs, which workers that start afresh import again.
const FILES: &[(&str, &str)] = &[
    ("trial.py", include_str!("driver/trial.py")),
    ("runner_driver/__init__.py", include_str!("driver/runner_driver/__init__.py")),
    ("runner_driver/arrivals.py", include_str!("driver/runner_driver/arrivals.py")),
    ("runner_driver/checksums.py", include_str!("driver/runner_driver/checksums.py")),
    ("runner_driver/faults.py", include_str!("driver/runner_driver/faults.py")),
    ("runner_driver/functions.py", include_str!("driver/runner_driver/functions.py")),
    ("runner_driver/futures.py", include_str!("driver/runner_driver/futures.py")),
    ("runner_driver/items.py", include_str!("driver/runner_driver/items.py")),
    ("runner_driver/links.py", include_str!("driver/runner_driver/links.py")),
    ("runner_driver/look.py", include_str!("driver/runner_driver/look.py")),
    ("runner_driver/objects.py", include_str!("driver/runner_driver/objects.py")),
    ("runner_driver/order.py", include_str!("driver/runner_driver/order.py")),
    ("runner_driver/parent_memory.py", include_str!("driver/runner_driver/parent_memory.py")),
    ("runner_driver/probe.py", include_str!("driver/runner_driver/probe.py")),
    ("runner_driver/protocol.py", include_str!("driver/runner_driver/protocol.py")),
    ("runner_driver/record.py", include_str!("driver/runner_driver/record.py")),
    ("runner_driver/results.py", include_str!("driver/runner_driver/results.py")),
    ("runner_driver/sameness.py", include_str!("driver/runner_driver/sameness.py")),
    ("runner_driver/topology.py", include_str!("driver/runner_driver/topology.py")),
    ("runner_driver/trial.py", include_str!("driver/runner_driver/trial.py")),
    ("runner_driver/usage.py", include_str!("driver/runner_driver/usage.py")),
    ("runner_driver/models/__init__.py", include_str!("driver/runner_driver/models/__init__.py")),
    ("runner_driver/models/event_loop.py", include_str!("driver/runner_driver/models/event_loop.py")),
    ("runner_driver/models/interpreters.py", include_str!("driver/runner_driver/models/interpreters.py")),
    ("runner_driver/models/process_pools.py", include_str!("driver/runner_driver/models/process_pools.py")),
    ("runner_driver/models/processes.py", include_str!("driver/runner_driver/models/processes.py")),
    ("runner_driver/models/serial.py", include_str!("driver/runner_driver/models/serial.py")),
    ("runner_driver/models/thread_pools.py", include_str!("driver/runner_driver/models/thread_pools.py")),
    ("runner_driver/models/threads.py", include_str!("driver/runner_driver/models/threads.py")),
    ("runner_driver/models/worker.py", include_str!("driver/runner_driver/models/worker.py")),
    ("runner_driver/models/worker_pool.py", include_str!("driver/runner_driver/models/worker_pool.py")),
    ("runner_driver/tasks/__init__.py", include_str!("driver/runner_driver/tasks/__init__.py")),
    ("runner_driver/tasks/compute.py", include_str!("driver/runner_driver/tasks/compute.py")),
    ("runner_driver/tasks/data.py", include_str!("driver/runner_driver/tasks/data.py")),
    ("runner_driver/tasks/database.py", include_str!("driver/runner_driver/tasks/database.py")),
    ("runner_driver/tasks/files.py", include_str!("driver/runner_driver/tasks/files.py")),
    ("runner_driver/tasks/log.py", include_str!("driver/runner_driver/tasks/log.py")),
    ("runner_driver/tasks/numeric.py", include_str!("driver/runner_driver/tasks/numeric.py")),
    ("runner_driver/tasks/web.py", include_str!("driver/runner_driver/tasks/web.py")),
];
/// The main file.
const MAIN: &str = "trial.py";

/// The folder of the run that a trial belongs to, which is removed with it.
pub(super) fn of_run(brief: &JobSpec) -> &Path {
    brief.folder.parent().filter(|run| !run.as_os_str().is_empty()).unwrap_or(&brief.folder)
}

/// Writes the driver, unless an earlier trial of the run has; gives the file that an interpreter is started on. Another build
/// of this program, whose trials may lie in the same run, has another driver and with it another folder.
///
/// # Errors
/// What the system says.
pub(super) fn written(brief: &JobSpec) -> std::io::Result<PathBuf> {
    let mark = FILES.iter().fold(0u64, |mark, (_, text)| mark.rotate_left(7) ^ checksum(text.as_bytes()));
    let folder = of_run(brief).join(format!("driver-{mark:x}"));
    if !folder.exists() {
        // Under its own name once it is whole: a trial may be ended while it writes.
        let whole = brief.folder.join("driver");
        for (name, text) in FILES {
            let file = whole.join(name);
            file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(file, text)?;
        }
        std::fs::rename(&whole, &folder)?;
    }
    Ok(folder.join(MAIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_of_a_run_share_a_driver_that_is_written_once() {
        let run = tempfile::tempdir().unwrap();
        let brief = |trial: &str| {
            let folder = run.path().join(trial);
            std::fs::create_dir_all(&folder).unwrap();
            JobSpec { folder, ..crate::model::brief("empty", 1) }
        };
        let first = written(&brief("1")).unwrap();
        let changed = |path: &Path| std::fs::metadata(path).unwrap().modified().unwrap();
        let before = changed(&first);
        let second = written(&brief("2")).unwrap();
        assert_eq!((first.as_path(), before), (second.as_path(), changed(&second)));
        assert!(first.starts_with(run.path()) && !run.path().join("2/driver").exists());
    }

    #[test]
    fn every_file_of_the_driver_is_written() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/host/python/driver");
        let mut found = Vec::new();
        let mut folders = vec![root.clone(), root.join("runner_driver")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() && folder != root && path.file_name().unwrap() != "__pycache__" {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "py") {
                    found.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        found.sort();
        let mut written: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        written.sort_unstable();
        assert_eq!(found, written);
    }
}
