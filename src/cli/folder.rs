//! Where a run and a look have their own files.

use std::path::PathBuf;

/// Longest path of a temporary folder in which libraries can still make Unix sockets.
const LONGEST_TEMPORARY: usize = 40;

/// A folder for work files: that of the environment, unless its path is too long for sockets.
pub(super) fn temporary_folder() -> PathBuf {
    let folder = std::env::temp_dir();
    if folder.as_os_str().len() > LONGEST_TEMPORARY { PathBuf::from("/tmp") } else { folder }
}
