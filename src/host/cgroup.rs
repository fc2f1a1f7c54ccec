//! What control groups grant this process: cores and memory, by its own group and by every group above it, of version 1 and 2.
//!
//! In a container `/proc/self/cgroup` may name a group as the host sees it, while the mount shows that group as its root: the
//! table of mounts says which part of the hierarchy is mounted where.

use std::path::{Path, PathBuf};

/// The environment variable that names the folder below which `/proc` and `/sys` are looked for, where a machine is made up: what it
/// grants and what others use of it.
const ROOT: &str = "RUNNER_SYSTEM_ROOT";

/// Where `/proc` and `/sys` lie.
pub(super) fn root() -> PathBuf {
    std::env::var_os(ROOT).map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

/// A limit of memory from here on is none: version 1 writes the largest number of whole pages.
const NO_LIMIT: u64 = 1 << 53;

/// What the control groups of a process grant it. What is not limited is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Granted {
    /// CPU time per time: 0.5 is half a core.
    pub cores: Option<f64>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Bytes of that which are not in use; what the system can drop at once counts as free.
    pub memory_free: Option<u64>,
    /// How many periods so far the groups were held back in, where there is a quota.
    pub throttled: u64,
}

impl Granted {
    /// Of this process.
    #[must_use]
    pub fn now() -> Self {
        Self::below(&root())
    }

    /// The same where `/proc` and `/sys` lie below another folder.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        let groups = folders(root).into_iter().flat_map(|(version, mount, own)| {
            let above = own.ancestors().take_while(|folder| folder.starts_with(&mount)).map(Path::to_owned);
            above.collect::<Vec<_>>().into_iter().map(move |folder| (version, folder))
        });
        groups.fold(Self::default(), |all, (version, folder)| all.and(version.read(&folder)))
    }

    /// The lesser of each.
    fn and(self, other: Self) -> Self {
        let least = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).min_by(f64::total_cmp);
        Self {
            cores: least(self.cores, other.cores),
            memory: self.memory.into_iter().chain(other.memory).min(),
            memory_free: self.memory_free.into_iter().chain(other.memory_free).min(),
            throttled: self.throttled + other.throttled,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Version {
    One,
    Two,
}

/// The first line of a file.
fn line(folder: &Path, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(folder.join(name)).ok()?;
    text.lines().next().map(|line| line.trim().to_owned())
}

fn number(folder: &Path, name: &str) -> Option<u64> {
    line(folder, name)?.parse().ok()
}

/// The value of a key in a file of lines with a key and a value.
fn value(folder: &Path, name: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(folder.join(name)).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

impl Version {
    /// What one group grants.
    fn read(self, folder: &Path) -> Granted {
        let cores = match self {
            Self::Two => line(folder, "cpu.max").and_then(|limit| {
                let (quota, period) = limit.split_once(' ')?;
                Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
            }),
            Self::One => line(folder, "cpu.cfs_quota_us")
                .and_then(|quota| quota.parse::<f64>().ok())
                .zip(number(folder, "cpu.cfs_period_us"))
                .map(|(quota, period)| quota / period as f64),
        };
        // Without a quota version 1 says −1.
        let cores = cores.filter(|cores| cores.is_finite() && *cores > 0.0);
        let (limit, used, dropped) = match self {
            Self::Two => ("memory.max", "memory.current", "inactive_file"),
            Self::One => ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        };
        let memory = number(folder, limit).filter(|limit| *limit < NO_LIMIT);
        let used = number(folder, used).unwrap_or(0);
        let used = used.saturating_sub(value(folder, "memory.stat", dropped).unwrap_or(0));
        Granted {
            cores,
            memory,
            memory_free: memory.map(|limit| limit.saturating_sub(used)),
            throttled: cores.and_then(|_| value(folder, "cpu.stat", "nr_throttled")).unwrap_or(0),
        }
    }
}

/// Where the groups of this process that can limit it lie: the version, where their hierarchy is mounted, and its own group.
fn folders(root: &Path) -> Vec<(Version, PathBuf, PathBuf)> {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_default();
    let (groups, mounts) = (read("proc/self/cgroup"), read("proc/self/mountinfo"));
    // hierarchy:controllers:path
    let groups: Vec<(&str, &str)> = groups.lines().filter_map(|line| line.split_once(':')?.1.split_once(':')).collect();
    mounts.lines().filter_map(|line| mounted(root, line, &groups)).collect()
}

/// The same of one line of the table of mounts, where that is of control groups that can limit.
fn mounted(root: &Path, line: &str, groups: &[(&str, &str)]) -> Option<(Version, PathBuf, PathBuf)> {
    // id parent device root mount options … - type source super-options; spaces in paths are \040.
    let (head, tail) = line.split_once(" - ")?;
    let mut head = head.split(' ').skip(3);
    let (shown, point) = (head.next()?, head.next()?.replace("\\040", " "));
    let mut tail = tail.split(' ');
    let (kind, options) = (tail.next()?, tail.nth(1).unwrap_or_default());
    let has = |controllers: &str| controllers.split(',').any(|one| one == "cpu" || one == "memory");
    let version = match kind {
        "cgroup2" => Version::Two,
        "cgroup" if has(options) => Version::One,
        _ => return None,
    };
    let of_mount = |controllers: &str| match version {
        Version::Two => controllers.is_empty(),
        // Each hierarchy of version 1 has controllers of its own.
        Version::One => {
            has(controllers) && controllers.split(',').all(|one| options.split(',').any(|other| other == one))
        }
    };
    let (_, own) = groups.iter().find(|(controllers, _)| of_mount(controllers))?;
    let mount = root.join(point.trim_start_matches('/'));
    // A group that is not below what is mounted, as in a namespace of its own, is the root of what can be seen.
    let below = Path::new(own).strip_prefix(shown.replace("\\040", " ")).unwrap_or(Path::new(""));
    let own = mount.join(below.strip_prefix("/").unwrap_or(below));
    let own = if own.is_dir() && !below.components().any(|part| part == std::path::Component::ParentDir) {
        own
    } else {
        mount.clone()
    };
    Some((version, mount, own))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of files, as `path: text`.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    fn granted(files: &[(&str, &str)]) -> Granted {
        Granted::below(tree(files).path())
    }

    const TWO: (&str, &str) =
        ("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
    const ONE: (&str, &str) = (
        "proc/self/mountinfo",
        "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n\
         32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
         33 30 0:29 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n",
    );

    #[test]
    fn version_two_is_read_up_to_its_root() {
        let own = ("proc/self/cgroup", "0::/a/b\n");
        let quota = granted(&[
            TWO,
            own,
            ("sys/fs/cgroup/a/b/cpu.max", "150000 100000\n"),
            ("sys/fs/cgroup/a/b/cpu.stat", "nr_periods 9\nnr_throttled 4\n"),
        ]);
        assert_eq!((quota.cores, quota.throttled), (Some(1.5), 4));
        let above = granted(&[
            TWO,
            own,
            ("sys/fs/cgroup/a/b/cpu.max", "max 100000\n"),
            ("sys/fs/cgroup/a/cpu.max", "50000 100000\n"),
            ("sys/fs/cgroup/a/cpu.stat", "nr_throttled 7\n"),
        ]);
        assert_eq!((above.cores, above.throttled), (Some(0.5), 7));
        let memory = granted(&[
            TWO,
            own,
            ("sys/fs/cgroup/a/b/memory.max", "max\n"),
            ("sys/fs/cgroup/a/memory.max", "1000\n"),
            ("sys/fs/cgroup/a/memory.current", "800\n"),
            ("sys/fs/cgroup/a/memory.stat", "anon 500\ninactive_file 300\n"),
        ]);
        assert_eq!((memory.memory, memory.memory_free, memory.cores), (Some(1000), Some(500), None));
    }

    #[test]
    fn in_a_container_the_root_of_what_is_mounted_is_its_group() {
        // With a namespace of its own.
        let inside = [TWO, ("proc/self/cgroup", "0::/\n"), ("sys/fs/cgroup/cpu.max", "20000 100000\n")];
        assert_eq!(granted(&inside).cores, Some(0.2));
        let outside = [TWO, ("proc/self/cgroup", "0::/../../elsewhere\n"), ("sys/fs/cgroup/cpu.max", "20000 100000\n")];
        assert_eq!(granted(&outside).cores, Some(0.2));
        // Without one, the group is named as the host sees it, and its mount shows it as the root.
        let mounted =
            ("proc/self/mountinfo", "9 8 0:27 /docker/f00 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n");
        let host = [
            mounted,
            ("proc/self/cgroup", "4:cpu,cpuacct:/docker/f00\n1:name=systemd:/docker/f00\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
        ];
        assert_eq!(granted(&host).cores, Some(0.5));
    }

    #[test]
    fn version_one_has_a_hierarchy_for_each_controller() {
        let files = [
            ONE,
            ("proc/self/cgroup", "5:pids:/x\n4:cpu,cpuacct:/a/b\n3:memory:/m\n0::/a\n"),
            ("sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "120000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/a/cpu.stat", "nr_periods 3\nnr_throttled 2\nthrottled_time 9\n"),
            ("sys/fs/cgroup/memory/m/memory.limit_in_bytes", "4096\n"),
            ("sys/fs/cgroup/memory/m/memory.usage_in_bytes", "96\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
        ];
        let found = granted(&files);
        assert_eq!(found, Granted { cores: Some(1.2), memory: Some(4096), memory_free: Some(4000), throttled: 2 });
    }

    #[test]
    fn without_groups_nothing_is_limited() {
        assert_eq!(granted(&[]), Granted::default());
        let odd = [TWO, ("proc/self/cgroup", "0::/gone\n"), ("sys/fs/cgroup/cpu.max", "max\n")];
        assert_eq!(granted(&odd), Granted::default());
    }
}
