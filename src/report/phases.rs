//! Tables of the report about what a configuration took: phases, CPU, switches, faults, memory, and times per item.

use super::markdown_table::table;
use super::sorted::{Sorted, marked};
use super::words::{NONE, bytes, cores};
use crate::results::{ConfigurationEstimate, Latency, Quantiles, Results, Workload};
use crate::text::escape::markdown as escape;
use crate::text::{show_count, show_seconds, three_digits};

/// From so many rows on, a table of details is folded.
const FOLDED_FROM: usize = 7;

/// The estimates of a workload's configurations with their labels, in order.
fn rows<'a>(results: &'a Results, workload: &'a Workload) -> impl Iterator<Item = (String, &'a ConfigurationEstimate)> {
    workload.configurations.iter().filter_map(|id| {
        let estimate = results.derived.estimates.get(*id)?;
        Some((escape(&results.configurations.get(*id)?.label), estimate))
    })
}

/// Phases, CPU and switches of a workload's configurations.
pub(super) fn phases(results: &Results, workload: &Workload) -> String {
    let rows: Vec<Vec<String>> = rows(results, workload)
        .filter_map(|(label, estimate)| {
            let [start, work, join] = estimate.phases?;
            let each = |value, show: fn(f64) -> String| Sorted::maybe(value, show, NONE).markdown();
            let used = estimate.resources;
            Some(vec![
                label,
                each(Some(start), show_seconds),
                each(Some(work), show_seconds),
                each(Some(join), show_seconds),
                each(estimate.cpu, show_seconds),
                each(cores(estimate), |cores| format!("{cores:.2}")),
                each(estimate.throughput.map(|rate| rate.median), three_digits),
                each(used.map(|used| used.cpu_per_item), show_seconds),
                each(used.map(|used| used.switches_per_item), three_digits),
                each(used.map(|used| used.faults_per_item), three_digits),
            ])
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let head = [
        "config",
        "start",
        "work",
        "join",
        "CPU time",
        "cores busy",
        "items per second",
        "CPU per item",
        "switches per item",
        "page faults per item",
    ];
    format!(
        "### Phases and CPU\n\nMedians of the successful trials, over all processes; per item means in the work phase.\n\n{}\n{}",
        table(&head, &rows),
        by_phase(results, workload)
    )
}

/// CPU time, switches and faults of each phase.
fn by_phase(results: &Results, workload: &Workload) -> String {
    let phase = |label: &str, estimate: &ConfigurationEstimate, index: usize, name: &str| {
        let used = estimate.resources?;
        let mut row = vec![label.to_owned(), name.to_owned()];
        row.extend([used.user, used.system].map(|of| Sorted::number(of[index], show_seconds).markdown()));
        let counts = [used.voluntary, used.involuntary, used.minor_faults, used.major_faults];
        row.extend(counts.map(|of| Sorted::number(of[index], three_digits).markdown()));
        Some(row)
    };
    let named = [(0, "start"), (1, "work"), (2, "join")];
    let rows: Vec<Vec<String>> = rows(results, workload)
        .flat_map(|(label, estimate)| named.map(|(index, name)| phase(&label, estimate, index, name)))
        .flatten()
        .collect();
    let head = [
        "config",
        "phase",
        "user",
        "system",
        "switches, voluntary",
        "switches, involuntary",
        "page faults",
        "page faults with I/O",
    ];
    folded("CPU time, switches and page faults by phase", &head, &rows)
}

/// A table that is folded where it is long; nothing without rows.
fn folded(title: &str, head: &[&str], rows: &[Vec<String>]) -> String {
    match rows.len() {
        0 => String::new(),
        few if few < FOLDED_FROM => format!("{title}:\n\n{}", table(head, rows)),
        _ => format!("<details><summary>{title}</summary>\n\n{}\n</details>\n", table(head, rows)),
    }
}

/// What the processes of a workload's configurations occupied, from the memory trials.
pub(super) fn memory(results: &Results, workload: &Workload) -> String {
    let rows: Vec<Vec<String>> = rows(results, workload)
        .filter_map(|(label, estimate)| {
            let memory = estimate.memory?;
            let mut row = vec![label];
            row.extend(
                [memory.private, memory.shared, memory.pss, memory.rss].map(|of| Sorted::number(of, bytes).markdown()),
            );
            row.push(Sorted::maybe(memory.per_worker, bytes, NONE).markdown());
            row.extend([Sorted::number(memory.growth, bytes), Sorted::from(memory.trials)].map(|of| of.markdown()));
            Some(row)
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let head = ["config", "private", "shared", "together", "summed RSS", "per worker", "growth", "trials"];
    format!(
        "### Memory\n\nOf all processes of a trial after the last reply, from separate trials. Shared pages count once in \
         `together` (PSS) and in every process in `summed RSS`; `growth` is what the work added to what warm workers had. Buffers in the kernel, such \
         as those of pipes, are not in it.\n\n{}",
        table(&head, &rows)
    )
}

/// Service time and response of a workload's configurations, from the profiling trials.
pub(super) fn items(results: &Results, workload: &Workload) -> String {
    let known: Vec<&Latency> = workload
        .configurations
        .iter()
        .filter_map(|id| results.latencies.iter().find(|l| l.configuration == *id))
        .collect();
    if known.is_empty() {
        return String::new();
    }
    let row = |latency: &&Latency| {
        let [service, response] = [quantiles(&latency.service), quantiles(&latency.response)];
        let mut row = vec![
            escape(&results.configurations[latency.configuration].label),
            marked(&show_count(latency.service.count), Some(latency.service.count as f64)),
        ];
        row.extend(service.into_iter().chain(response));
        row
    };
    let head = ["config", "items", "service p50", "p95", "p99", "max", "response p50", "p95", "p99", "max"];
    let rows: Vec<Vec<String>> = known.iter().map(row).collect();
    format!(
        "### Times per item\n\nFrom separate profiling trials. Service time: received until replied. Response time: \
         dispatched until replied. A percentile is shown only with at least ten items above it.\n\n{}",
        table(&head, &rows)
    )
}

fn quantiles(of: &Quantiles) -> [String; 4] {
    let show = |nanos: Option<u64>| Sorted::maybe(nanos.map(|nanos| nanos as f64 / 1e9), show_seconds, NONE).markdown();
    [show(Some(of.p50)), show(of.p95), show(of.p99), show(Some(of.max))]
}
