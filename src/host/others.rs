//! How much of the cores that this process is granted others take, while a trial runs or nothing does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::cgroup::{Granted, root};
use crate::model::usable_cores;
use crate::record::Usage;

/// What others did for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Others {
    /// Seconds of granted CPU time that they took. Below zero where cores were left beyond those that are granted, and by the
    /// 10 ms in which the kernel counts.
    pub seconds: f64,
    /// Periods in which the control groups of this process were held back, since they had used up their quota.
    pub throttled: u64,
}

/// The counters at the start of that while.
pub(super) struct OthersClock {
    root: PathBuf,
    begun: Instant,
    before: Counters,
}

impl OthersClock {
    /// Starts to count.
    pub fn start() -> Self {
        Self::below(&root())
    }

    /// The same where `/proc` and `/sys` lie below another folder.
    fn below(root: &Path) -> Self {
        Self { root: root.to_owned(), begun: Instant::now(), before: Counters::read(root) }
    }

    /// What others took since the start. What children used counts once they are reaped.
    pub fn read(&self) -> Others {
        let (cores, now) = (usable_cores().len() as f64, Counters::read(&self.root));
        let used = now.since(&self.before);
        let spare = cores - now.granted.min(cores);
        let seconds = used - spare * self.begun.elapsed().as_secs_f64();
        let throttled = now.throttled.saturating_sub(self.before.throttled);
        Others { seconds: (seconds * 1e4).round() / 1e4, throttled }
    }

    /// Seconds of CPU time that other programs used since the start, whatever is granted.
    pub fn used(&self) -> f64 {
        Counters::read(&self.root).since(&self.before)
    }

    /// The share of the granted cores that others have taken since the start, 0 to 1; all where this process was held back.
    pub fn share(&self) -> f64 {
        let others = self.read();
        let granted = Counters::read(&self.root).granted.min(usable_cores().len() as f64);
        let all = granted * self.begun.elapsed().as_secs_f64();
        if others.throttled > 0 { 1.0 } else { (others.seconds / all.max(1e-6)).clamp(0.0, 1.0) }
    }
}

/// What the kernel has counted so far.
struct Counters {
    busy: Busy,
    own: Usage,
    /// Nanoseconds of the threads of the kernel; `None` where they cannot be seen, as in a container.
    kernel: Option<u64>,
    /// Cores that control groups grant; infinite without a quota.
    granted: f64,
    throttled: u64,
}

impl Counters {
    fn read(root: &Path) -> Self {
        let granted = Granted::below(root);
        Self {
            busy: Busy::read(root, &usable_cores()),
            own: Usage::with_children(),
            kernel: kernel_threads(root),
            granted: granted.cores.unwrap_or(f64::INFINITY),
            throttled: granted.throttled,
        }
    }

    /// Seconds that other programs used since then. The kernel's own threads are nobody's: a configuration that writes much to a
    /// disk must not look disturbed for the work that they do for it. Where they cannot be told apart, no kernel work counts.
    fn since(&self, then: &Self) -> f64 {
        let own = self.own.since(then.own);
        // Counters of some systems and containers go back.
        let ticks = |of: fn(&Busy) -> u64| of(&self.busy).saturating_sub(of(&then.busy)) as f64;
        let seconds = |ticks: f64| ticks / rustix::param::clock_ticks_per_second() as f64;
        let user = seconds(ticks(|busy| busy.user));
        match self.kernel.zip(then.kernel) {
            Some((now, then)) => {
                let counted = own.cpu() + now.saturating_sub(then);
                user + seconds(ticks(|busy| busy.system)) - counted as f64 / 1e9
            }
            None => user - own.user as f64 / 1e9,
        }
    }
}

/// Clock ticks of some cores.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Busy {
    /// Of programs, nice ones included, and what the host of a virtual machine took away.
    user: u64,
    /// Of system calls and of the kernel's threads.
    system: u64,
}

impl Busy {
    pub fn read(root: &Path, cores: &[usize]) -> Self {
        let text = std::fs::read_to_string(root.join("proc/stat")).unwrap_or_default();
        let of_line = |line: &str| {
            let mut fields = line.strip_prefix("cpu")?.split(' ');
            let core: usize = fields.next()?.parse().ok()?;
            // user, nice, system, idle, iowait, irq, softirq, steal; what guests use is part of user.
            let fields: Vec<u64> = fields.map_while(|field| field.parse().ok()).collect();
            let ticks = |of: &[usize]| of.iter().filter_map(|at| fields.get(*at)).sum();
            cores.contains(&core).then(|| Self { user: ticks(&[0, 1, 7]), system: ticks(&[2]) })
        };
        text.lines()
            .filter_map(of_line)
            .fold(Self::default(), |all, one| Self { user: all.user + one.user, system: all.system + one.system })
    }
}

/// The flag of a thread of the kernel (`PF_KTHREAD`), and where the flags stand in a line of `/proc/PID/stat`, from the state on.
const KERNEL_THREAD: u64 = 0x0020_0000;
const FLAGS: usize = 6;

/// Nanoseconds for which all threads of the kernel have run; `None` where none can be seen.
fn kernel_threads(root: &Path) -> Option<u64> {
    // What a process is does not change, and it costs as much to find out as what it used.
    static KNOWN: Mutex<BTreeMap<u32, bool>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = root.join("proc");
    let mut used = None;
    for entry in std::fs::read_dir(&folder).ok()?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let is_kernel = *known.entry(pid).or_insert_with(|| is_kernel_thread(&folder, pid));
        if is_kernel {
            let ran = std::fs::read_to_string(folder.join(format!("{pid}/schedstat")))
                .ok()
                .and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
            used = Some(used.unwrap_or(0) + ran?);
        }
    }
    used
}

fn is_kernel_thread(folder: &Path, pid: u32) -> bool {
    let stat = std::fs::read_to_string(folder.join(format!("{pid}/stat"))).unwrap_or_default();
    let flags = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(FLAGS)?.parse::<u64>().ok());
    flags.is_some_and(|flags| flags & KERNEL_THREAD != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_stolen_time_of_the_usable_cores_count() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("proc")).unwrap();
        let stat = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 100 20 999 5000 7 8 9 3 40 50\ncpu1 7 0 1 9\ncpu12 50 0 0 0 0 0 0 1\nintr 1 2\n";
        std::fs::write(root.path().join("proc/stat"), stat).unwrap();
        let of = |cores: &[usize]| {
            let Busy { user, system } = Busy::read(root.path(), cores);
            (user, system)
        };
        assert_eq!(
            [of(&[0]), of(&[1]), of(&[0, 12]), of(&[]), of(&[2])],
            [(123, 999), (7, 1), (174, 999), (0, 0), (0, 0)]
        );
        assert_eq!(Busy::read(Path::new("/nowhere"), &[0]), Busy::default());
    }

    #[test]
    fn counters_that_go_back_are_nobodys_work() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("proc")).unwrap();
        let write = |ticks: u64| {
            let lines: String = usable_cores().iter().map(|core| format!("cpu{core} {ticks} 0 0 0\n")).collect();
            std::fs::write(root.path().join("proc/stat"), lines).unwrap();
        };
        write(5000);
        let clock = OthersClock::below(root.path());
        write(10);
        assert!(clock.read().seconds <= 0.0, "{:?}", clock.read());
        write(5100);
        let found = clock.read().seconds;
        let all = usable_cores().len() as f64;
        assert!(found > 0.8 * all && found <= all, "{found} of {all}");
    }

    #[test]
    fn threads_of_the_kernel_are_told_by_their_flag_and_are_nobodys() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("proc");
        let pids = [
            (4_100_001, 2_129_984, "70 1 2\n"),
            (4_100_002, 4_194_304, "900 1 2\n"),
            (4_100_003, 69_238_880, "5 0 0\n"),
        ];
        std::fs::create_dir(&folder).unwrap();
        assert_eq!(kernel_threads(root.path()), None);
        for (pid, flags, ran) in pids {
            let own = folder.join(pid.to_string());
            std::fs::create_dir(&own).unwrap();
            std::fs::write(own.join("stat"), format!("{pid} (a) b) S 2 0 0 0 -1 {flags} 0 0\n")).unwrap();
            std::fs::write(own.join("schedstat"), ran).unwrap();
        }
        assert_eq!(kernel_threads(root.path()), Some(75));
        let counters = |system, kernel, own| Counters {
            busy: Busy { user: 100, system },
            own: Usage { user: 0, system: own, ..Usage::default() },
            kernel,
            granted: 1.0,
            throttled: 0,
        };
        let ticks = rustix::param::clock_ticks_per_second();
        // A second of kernel work, of which half was its own threads' and a quarter ours.
        let (then, now) = (counters(0, Some(0), 0), counters(ticks, Some(500_000_000), 250_000_000));
        assert!((now.since(&then) - 0.25).abs() < 1e-9);
        assert_eq!(counters(ticks, None, 0).since(&then), 0.0, "a container sees no threads of the kernel");
    }

    #[test]
    fn cores_beyond_a_quota_are_spare_and_held_back_periods_are_told() {
        let root = tempfile::tempdir().unwrap();
        let group = root.path().join("sys/fs/cgroup");
        std::fs::create_dir_all(&group).unwrap();
        std::fs::create_dir_all(root.path().join("proc/self")).unwrap();
        let mounts = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        std::fs::write(root.path().join("proc/self/mountinfo"), mounts).unwrap();
        std::fs::write(root.path().join("proc/self/cgroup"), "0::/\n").unwrap();
        std::fs::write(group.join("cpu.max"), "50000 100000\n").unwrap();
        std::fs::write(group.join("cpu.stat"), "nr_throttled 3\n").unwrap();
        let clock = OthersClock::below(root.path());
        std::fs::write(group.join("cpu.stat"), "nr_throttled 5\n").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        let found = clock.read();
        let spare = usable_cores().len() as f64 - 0.5;
        assert!(found.seconds <= -0.02 * spare + 1e-3 && found.throttled == 2, "{found:?}");
    }
}
