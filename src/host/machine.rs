//! Facts about the machine, for the results. No names of hosts, no paths.

use std::path::Path;

use super::cgroup::Granted;
use crate::model::usable_cores;
use crate::results::Machine;

fn first_line(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(Path::new(path)).ok()?;
    text.lines().next().map(|line| line.trim().to_owned())
}

/// The machine that this process runs on. What cannot be read stays unknown.
#[must_use]
pub fn machine() -> Machine {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    let kernel = rustix::system::uname();
    let load = first_line("/proc/loadavg").and_then(|line| line.split(' ').next()?.parse().ok());
    let granted = Granted::now();
    Machine {
        cpu: field("model name").or_else(|| field("CPU part")).unwrap_or_else(|| "unknown".into()),
        arch: std::env::consts::ARCH.to_owned(),
        cores: within(usable_cores().len(), granted.cores),
        cores_online: cpuinfo.lines().filter(|line| line.starts_with("processor")).count() as u32,
        quota: granted.cores,
        kernel: format!("{} {}", kernel.sysname().to_string_lossy(), kernel.release().to_string_lossy()),
        governor: first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        memory: memory(),
        load: load.unwrap_or(0.0),
        virtual_machine: field("flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
        cpuset: Some(ranges(&usable_cores())),
        smt: first_line("/sys/devices/system/cpu/smt/active").and_then(|text| switch(&text)),
        turbo: turbo(),
        huge_pages: first_line("/sys/kernel/mm/transparent_hugepage/enabled").and_then(|text| chosen(&text)),
        aslr: first_line("/proc/sys/kernel/randomize_va_space").and_then(|text| text.parse().ok()),
        memory_free: free_memory(),
        memory_limit: granted.memory,
        memory_pressure: first_line("/proc/pressure/memory").and_then(|line| pressure(&line)),
        profile: Some(if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned()),
    }
}

/// Numbers as the kernel lists them: `0-3,8`.
fn ranges(numbers: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let shown = |(first, last): &(usize, usize)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    runs.iter().map(shown).collect::<Vec<_>>().join(",")
}

fn switch(text: &str) -> Option<bool> {
    match text {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// Whether cores may exceed their nominal frequency: said by acpi-cpufreq and amd-pstate, and the other way round by
/// intel_pstate.
fn turbo() -> Option<bool> {
    let boost = first_line("/sys/devices/system/cpu/cpufreq/boost").and_then(|text| switch(&text));
    boost.or_else(|| {
        let off = first_line("/sys/devices/system/cpu/intel_pstate/no_turbo").and_then(|text| switch(&text));
        off.map(|off| !off)
    })
}

/// The word in brackets: `always [madvise] never`.
fn chosen(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('[')?;
    rest.split_once(']').map(|(word, _)| word.to_owned())
}

/// The share of ten seconds from a line such as `some avg10=1.25 avg60=0.00 avg300=0.00 total=5`.
fn pressure(line: &str) -> Option<f64> {
    let percent = line.split(' ').find_map(|part| part.strip_prefix("avg10="))?;
    percent.parse::<f64>().ok().map(|percent| percent / 100.0).filter(|share| (0.0..=1.0).contains(share))
}

fn memory() -> u64 {
    let info = rustix::system::sysinfo();
    info.totalram as u64 * u64::from(info.mem_unit)
}

/// How many cores this process is granted: as many as it may run on, and no more than its quota, rounded up.
#[must_use]
pub fn granted_cores() -> u32 {
    within(usable_cores().len(), Granted::now().cores)
}

/// How many physical cores are among those that this process may run on: threads of one core are siblings.
#[must_use]
pub fn physical_cores() -> u32 {
    physical(Path::new("/sys/devices/system/cpu"), &usable_cores())
}

fn physical(folder: &Path, usable: &[usize]) -> u32 {
    let siblings = |core: &usize| {
        let path = folder.join(format!("cpu{core}/topology/thread_siblings_list"));
        std::fs::read_to_string(path).map_or_else(|_| core.to_string(), |text| text.trim().to_owned())
    };
    usable.iter().map(siblings).collect::<std::collections::BTreeSet<_>>().len().max(1) as u32
}

fn within(usable: usize, quota: Option<f64>) -> u32 {
    let usable = usable.max(1) as u32;
    // A quota of 2.0000001, as divisions give them, is two cores.
    quota.map_or(usable, |quota| usable.min((quota - 1e-6).ceil().max(1.0) as u32))
}

/// Memory in bytes that can be had without swapping and that this process is granted, where it is known.
#[must_use]
pub fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string(Path::new("/proc/meminfo")).ok()?;
    let line = text.lines().find(|line| line.starts_with("MemAvailable:"))?;
    let free = line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024;
    Some(Granted::now().memory_free.map_or(free, |granted| granted.min(free)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_understood() {
        assert_eq!([ranges(&[0, 1, 2, 3, 8]), ranges(&[5]), ranges(&[])], ["0-3,8", "5", ""]);
        assert_eq!(chosen("always [madvise] never").as_deref(), Some("madvise"));
        assert_eq!((switch("1"), switch("0"), switch("on")), (Some(true), Some(false), None));
        assert_eq!(pressure("some avg10=1.25 avg60=0.00 avg300=0.00 total=5"), Some(0.0125));
        assert_eq!((chosen("none"), pressure("some avg10=x"), pressure("")), (None, None, None));
    }

    #[test]
    fn a_quota_grants_whole_cores_and_one_at_least() {
        let of = |quota| within(4, Some(quota));
        assert_eq!([of(0.2), of(1.0), of(1.000_000_1), of(1.5), of(2.0), of(64.0)], [1, 1, 1, 2, 2, 4]);
        assert_eq!([within(4, None), within(0, None), within(1, Some(3.0))], [4, 1, 1]);
    }

    #[test]
    fn threads_of_one_core_are_one_physical_core() {
        let folder = tempfile::tempdir().unwrap();
        for (core, siblings) in [(0, "0,2"), (1, "1,3"), (2, "0,2"), (3, "1,3")] {
            let path = folder.path().join(format!("cpu{core}/topology"));
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join("thread_siblings_list"), format!("{siblings}\n")).unwrap();
        }
        let of = |usable: &[usize]| physical(folder.path(), usable);
        assert_eq!([of(&[0, 1, 2, 3]), of(&[0, 2]), of(&[1]), of(&[8, 9]), of(&[])], [2, 1, 1, 2, 1]);
    }

    #[test]
    fn this_machine_has_facts() {
        let machine = machine();
        assert!(machine.cores >= 1 && machine.memory > 0 && machine.cpuset.is_some_and(|cores| !cores.is_empty()));
        assert_eq!(machine.profile.as_deref(), Some(if cfg!(debug_assertions) { "debug" } else { "release" }));
    }
}
