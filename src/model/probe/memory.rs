//! What the processes of a run occupy, as `/proc/PID/smaps_rollup` says it.

use crate::model::spec::JobSpec;
use crate::record::{Memory, MemoryUse};

/// The processes of a run beside the host, by their numbers.
#[derive(Default)]
pub struct Others {
    pub workers: Vec<u32>,
    /// The manager, and a process that makes workers.
    pub helpers: Vec<u32>,
}

/// Reads the memory of a memory run's processes twice. In other runs it does nothing.
#[derive(Default)]
pub struct MemorySampler {
    before: Option<Memory>,
}

impl MemorySampler {
    /// Reads before the work.
    pub fn before(brief: &JobSpec, others: &Others) -> Self {
        Self { before: brief.weighs().then(|| read(others)).flatten().map(|(all, _)| all) }
    }

    /// Reads after the work; `None` also where anything could not be read.
    pub fn after(self, others: &Others) -> Option<MemoryUse> {
        let before = self.before?;
        let (after, workers) = read(others)?;
        Some(MemoryUse { before, after, workers })
    }
}

/// The memory of this process and all others together, and that of each worker process.
fn read(others: &Others) -> Option<(Memory, Vec<Memory>)> {
    let of = |pid: u32| of_process(&pid.to_string());
    let workers: Vec<Memory> = others.workers.iter().copied().map(of).collect::<Option<_>>()?;
    let helpers: Vec<Memory> = others.helpers.iter().copied().map(of).collect::<Option<_>>()?;
    let all = workers.iter().chain(&helpers).copied().fold(of_process("self")?, Memory::plus);
    Some((all, workers))
}

/// The memory of these processes together, and of each of the first `workers` of them; `None` where any is gone.
#[must_use]
pub fn weigh(pids: &[u32], workers: usize) -> Option<(Memory, Vec<Memory>)> {
    let each: Vec<Memory> = pids.iter().map(|pid| of_process(&pid.to_string())).collect::<Option<_>>()?;
    let all = each.iter().copied().fold(Memory::default(), Memory::plus);
    Some((all, each.into_iter().take(workers).collect()))
}

fn of_process(process: &str) -> Option<Memory> {
    parse(&std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?)
}

fn parse(text: &str) -> Option<Memory> {
    let field = |name: &str| {
        let line = text.lines().find(|line| line.split_once(':').is_some_and(|(found, _)| found == name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    // Kernels without huge pages have no line on them.
    let private = field("Private_Clean")? + field("Private_Dirty")? + field("Private_Hugetlb").unwrap_or(0);
    Some(Memory { pss: field("Pss")?, private, rss: field("Rss")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_that_count_are_summed_in_bytes() {
        let text = "5594-7ffe ---p 00000000 00:00 0   [rollup]\nRss:    1776 kB\nPss:     264 kB\nPss_Dirty:  88 kB\n\
                    Shared_Clean: 1600 kB\nPrivate_Clean: 80 kB\nPrivate_Dirty: 96 kB\nPrivate_Hugetlb: 2048 kB\n";
        let kib = 1024;
        let expected = Memory { pss: 264 * kib, private: (80 + 96 + 2048) * kib, rss: 1776 * kib };
        assert_eq!(parse(text), Some(expected));
        assert_eq!(parse(&text.replace("Pss:", "Pas:")), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn a_process_that_is_gone_leaves_the_sum_unknown() {
        let gone = Others { workers: vec![u32::MAX], helpers: vec![] };
        assert_eq!(read(&gone), None);
        let (all, workers) = read(&Others { workers: vec![std::process::id()], helpers: vec![] }).unwrap();
        // The same process twice.
        assert!(all.rss > workers[0].rss && workers[0].pss > 0);
    }
}
