//! Where the driver lies: one folder for all trials of a run, so that an interpreter compiles it once and not in every trial.

use std::path::{Path, PathBuf};

use super::super::JobSpec;
use crate::task::checksum;

/// The driver, one module.
const DRIVER: &str = include_str!("../driver.py");
/// What the interpreter is started on; workers that start afresh import it again. What Python compiles goes into a folder
/// beside it, under names that tell interpreters and versions apart, so that later trials find it there; nothing is written
/// where a user's code lies, which is what somebody who has told Python to write none may care for.
const MAIN: &str = "import os, sys
folder = os.path.dirname(os.path.abspath(__file__))
sys.pycache_prefix, sys.dont_write_bytecode = os.path.join(folder, 'compiled'), False
if folder not in sys.path:
    sys.path.insert(0, folder)
import driver
if __name__ == '__main__':
    driver.main()
";

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
    let mark = checksum(DRIVER.as_bytes()) ^ checksum(MAIN.as_bytes()).rotate_left(16);
    let folder = of_run(brief).join(format!("driver-{mark:x}"));
    let main = folder.join("trial.py");
    if !main.exists() {
        // Under its own name once it is whole: a trial may be ended while it writes.
        let whole = brief.folder.join("driver");
        std::fs::create_dir_all(&whole)?;
        std::fs::write(whole.join("driver.py"), DRIVER)?;
        std::fs::write(whole.join("trial.py"), MAIN)?;
        std::fs::rename(&whole, &folder)?;
    }
    Ok(main)
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
        let changed = |path: &Path| std::fs::metadata(path.with_file_name("driver.py")).unwrap().modified().unwrap();
        let before = changed(&first);
        let second = written(&brief("2")).unwrap();
        assert_eq!((first.as_path(), before), (second.as_path(), changed(&second)));
        assert!(first.starts_with(run.path()) && !run.path().join("2/driver").exists());
    }
}
