//! What killed runs left behind: work folders and shared segments, told from those of living runs by pid and start time.

use std::path::Path;

use crate::ipc;

/// A process, told apart from later ones with the same pid by its start time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pid: u32,
    start: u64,
}

impl Identity {
    /// This process.
    #[must_use]
    pub fn own() -> Self {
        let pid = std::process::id();
        Self { pid, start: start_time(pid).unwrap_or(0) }
    }

    /// `runner-<pid>-<start time>`: what the names of everything that a run leaves start with.
    #[must_use]
    pub fn name(self) -> String {
        format!("runner-{}-{}", self.pid, self.start)
    }

    fn parse(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix("runner-")?.split('-');
        Some(Self { pid: parts.next()?.parse().ok()?, start: parts.next()?.parse().ok()? })
    }

    fn lives(self) -> bool {
        start_time(self.pid) == Some(self.start)
    }
}

/// Start time of a process in clock ticks since boot (field 22 of /proc/pid/stat), if it lives.
fn start_time(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, so fields are counted from its end.
    let fields = stat.rsplit_once(')')?.1;
    fields.split_whitespace().nth(19)?.parse().ok()
}

/// Removes what runs left that live no more: work folders in `base`, and shared segments.
pub fn sweep_dead(base: &Path) {
    for name in ipc::leftovers("/runner-") {
        if Identity::parse(&name).is_some_and(|owner| !owner.lives()) {
            ipc::sweep(&format!("/{name}"));
        }
    }
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        let dead = entry.file_name().to_str().and_then(Identity::parse).is_some_and(|owner| !owner.lives());
        // A link or a file of that name is not ours.
        if dead && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_dead_left_is_swept() {
        let base = tempfile::tempdir().unwrap();
        let own = base.path().join(Identity::own().name());
        let dead = base.path().join("runner-4194303-1");
        let other = base.path().join("runner-notes");
        for folder in [&own, &dead, &other] {
            std::fs::create_dir(folder).unwrap();
        }
        sweep_dead(base.path());
        assert!(own.exists() && other.exists() && !dead.exists());
    }
}
