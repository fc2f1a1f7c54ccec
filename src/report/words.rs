//! Numbers and warnings that several outputs show in the same words.

use std::collections::BTreeMap;

use crate::results::{Answer, ConfigurationEstimate, Flag, Kind, Machine, Results, Word, Workload};
use crate::text::{plural, show_bytes};
use crate::verdict::{is_planned, noise_warning, seconds_interval, speedup_interval};

/// Seconds from which on a share of busy cores means anything.
const SHORTEST_BUSY: f64 = 1e-3;

/// Stands where there is no number.
pub(super) const NONE: &str = "–";

/// The time that a workload compares: of a trial, or of an item.
pub(super) fn time(workload: &Workload, estimate: &ConfigurationEstimate) -> String {
    let time = if workload.per_item { estimate.per_item } else { estimate.time };
    time.map_or(NONE.into(), |time| seconds_interval(&time))
}

/// The median that [`time`] shows, in seconds.
pub(super) fn time_median(workload: &Workload, estimate: &ConfigurationEstimate) -> Option<f64> {
    let time = if workload.per_item { estimate.per_item } else { estimate.time };
    time.map(|time| time.median)
}

/// What [`time`] shows.
pub(super) fn time_head(workload: &Workload) -> &'static str {
    match (workload.rate, workload.per_item) {
        (Some(_), _) => "p95 latency",
        (None, true) => "time per item",
        (None, false) => "time",
    }
}

/// What [`speedup`] shows: how many times sooner replies come, where items come at a set rate.
pub(super) fn speedup_head(workload: &Workload) -> &'static str {
    if workload.rate.is_some() { "lower latency" } else { "speedup" }
}

/// `1.94× (1.90–1.97)`; the reference shows `1×`.
pub(super) fn speedup(workload: &Workload, estimate: &ConfigurationEstimate) -> String {
    match estimate.speedup {
        Some(_) if estimate.configuration == workload.reference => "1×".into(),
        Some(speedup) => speedup_interval(&speedup),
        None => NONE.into(),
    }
}

/// Cores kept busy over all phases: CPU time over wall time. Nothing where all phases together are so short that reading
/// the clocks is a part of it.
pub(super) fn cores(estimate: &ConfigurationEstimate) -> Option<f64> {
    let long = estimate.phases.is_some_and(|phases| phases.iter().sum::<f64>() >= SHORTEST_BUSY);
    estimate.resources.filter(|_| long).map(|resources| resources.busy)
}

/// Bytes that may be a fraction or negative.
pub(super) fn bytes(bytes: f64) -> String {
    let size = show_bytes(bytes.abs().round() as u64);
    if bytes <= -0.5 { format!("−{size}") } else { size }
}

/// Everything noteworthy about a configuration's trials.
pub(super) fn notes(estimate: &ConfigurationEstimate) -> Vec<String> {
    let mut notes = Vec::new();
    if !estimate.note.is_empty() {
        notes.push(estimate.note.clone());
    }
    if estimate.too_short > 0 {
        notes.push(format!("{} of {} trials under 10 ms, too short", estimate.too_short, estimate.trials));
    }
    if estimate.bimodal {
        notes.push("bimodal".into());
    }
    notes
}

/// A verdict's word, between the names of two configurations.
pub(super) fn word(word: Word) -> &'static str {
    match word {
        Word::Faster => "faster than",
        Word::Slower => "slower than",
        Word::Equivalent => "equivalent to",
        Word::NoSignificantDifference => "not significantly different from",
    }
}

/// An answer's words.
pub(super) fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Met => "met",
        Answer::NotMet => "not met",
        Answer::Inconclusive => "inconclusive",
    }
}

/// Whether every trial that went wrong did so as the scenario would have it.
pub(super) fn all_planned(results: &Results) -> bool {
    results.trials.iter().all(|trial| is_planned(results, trial))
}

/// How many trials ended how, over every kind.
pub(super) fn outcomes(results: &Results) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for trial in &results.trials {
        *counts.entry(trial.outcome.words()).or_default() += 1;
    }
    counts
}

/// The lines that say that a machine was not quiet, and that a run was quick, partial or narrowed.
pub(super) fn reservations(results: &Results) -> Vec<String> {
    let run = &results.run;
    let mut lines: Vec<String> = noise_warning(results).into_iter().collect();
    if run.quick {
        lines.push(format!("quick: small sizes, {}, no pick", plural(u64::from(run.rounds), "round")));
    }
    if !run.complete {
        let timed = results.trials.iter().filter(|trial| trial.kind == Kind::Timed);
        let rounds = timed.map(|trial| trial.round + 1).max().unwrap_or(0);
        let of = if run.budget.is_some() { String::new() } else { format!(" of {}", run.rounds) };
        lines.push(format!("partial: the run was broken off in round {rounds}{of}"));
    }
    if run.resumed > 0 {
        let times = if run.resumed == 1 { "once".into() } else { format!("{} times", run.resumed) };
        lines.push(format!("continued {times} after it was broken off: the round in which it was spans the gap"));
    }
    if let Some(only) = &run.filter {
        lines.push(format!("narrowed: only {only}"));
    }
    lines
}

/// What may have moved the numbers of a scenario: its own trials, and the machine.
pub(super) fn warnings(results: &Results) -> Vec<String> {
    let mut lines: Vec<String> = noise_warning(results).into_iter().collect();
    lines.extend(of_trials(results));
    lines.extend(of_machine(&results.machine));
    lines
}

/// What may have moved the numbers, seen in the scenario's own ways and trials.
pub(super) fn of_trials(results: &Results) -> Vec<String> {
    let mut lines = Vec::new();
    let trials = &results.trials;
    let cores = plural(u64::from(results.machine.cores), "core");
    let crowded: Vec<&str> = results
        .configurations
        .iter()
        .filter(|configuration| configuration.oversubscribed)
        .map(|configuration| configuration.label.as_str())
        .collect();
    if !crowded.is_empty() {
        let which = if crowded.len() <= 3 { format!(": {}", crowded.join("; ")) } else { String::new() };
        let configurations = plural(crowded.len() as u64, "configuration");
        lines.push(format!("{configurations} with more workers and dispatchers than the {cores}{which}"));
    }
    let flagged = |flag: Flag| trials.iter().filter(|trial| trial.flags.contains(&flag)).count();
    let told = [
        (Flag::Leaked, "left a process behind, which was swept"),
        (Flag::CpuMismatch, "disagree with the kernel's own count of their CPU time"),
    ];
    for (flag, what) in told {
        if flagged(flag) > 0 {
            lines.push(format!("{} of {} trials {what}", flagged(flag), trials.len()));
        }
    }
    lines
}

/// What about the machine and the program may have moved the numbers, whatever was run.
pub(super) fn of_machine(machine: &Machine) -> Vec<String> {
    let mut lines = Vec::new();
    let cores = plural(u64::from(machine.cores), "core");
    if machine.profile.as_deref() == Some("debug") {
        lines.push("this is a debug build: it is many times slower than what `cargo build --release` gives".into());
    }
    if machine.cores > 0 && machine.load > 0.5 * f64::from(machine.cores) {
        lines.push(format!("the load was {:.1} on {cores} at the start", machine.load));
    }
    if let Some(quota) = machine.quota {
        lines.push(format!("the control group grants {quota:.1} of {cores}"));
    }
    if machine.cores < machine.cores_online {
        lines.push(format!("{cores} of {} may be used", machine.cores_online));
    }
    if let Some(governor) = machine.governor.as_deref().filter(|governor| *governor != "performance") {
        lines.push(format!("the frequency governor is {governor}: clocks follow the load"));
    }
    if let Some(pressure) = machine.memory_pressure.filter(|pressure| *pressure >= PRESSED) {
        lines.push(format!("memory was short: processes waited for it {:.0}% of the time", pressure * 100.0));
    }
    lines
}

/// From this share of waiting for memory on, it is warned about.
const PRESSED: f64 = 0.01;

/// The lines of a process's stderr that tell most: where it panicked and what it said there, else the last that is no note.
pub(super) fn last_words(stderr: &str) -> String {
    let mut lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    if let Some(place) = lines.by_ref().find(|line| line.contains("panicked at")) {
        return [Some(place), lines.next()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    }
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let telling = lines.iter().rev().find(|line| !line.trim_start().starts_with("note: "));
    telling.or(lines.last()).map_or(String::new(), |line| (*line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::fixture::Made;

    #[test]
    fn warnings_name_what_may_have_moved_the_numbers() {
        let mut results = Made::new(15).serial(1.0).configuration("threads × 4", 0.5).finish();
        assert!(warnings(&results).is_empty());
        results.configurations[1].oversubscribed = true;
        results.trials[3].flags.push(Flag::Leaked);
        results.derived.noise = crate::results::Noise { units: 15, noisy: 4, others: 0.8, ..Default::default() };
        results.machine.load = 1.7;
        results.machine.quota = Some(1.5);
        results.machine.cores_online = 8;
        results.machine.profile = Some("debug".into());
        results.machine.governor = Some("powersave".into());
        results.machine.memory_pressure = Some(0.25);
        let lines = warnings(&results).join("\n");
        for part in [
            "1 configuration with more",
            "2 cores: threads × 4",
            "not quiet: this machine had less than its 2 cores, since others took about 0.8",
            "in 4 of 15 units",
            "1 of 30 trials left a process behind",
            "load was 1.7",
            "grants 1.5",
            "2 cores of 8 may be used",
            "a debug build",
            "governor is powersave",
            "waited for it 25%",
        ] {
            assert!(lines.contains(part), "{part} in {lines}");
        }
    }

    #[test]
    fn the_last_words_are_those_of_a_panic() {
        let panic = "\nthread 'main' (7) panicked at src/a.rs:1:2:\nitem 5 was asked to panic\nstack backtrace:\n   0: x\n\
                     note: Some details are omitted, run with `RUST_BACKTRACE=full`\n";
        assert_eq!(last_words(panic), "thread 'main' (7) panicked at src/a.rs:1:2: item 5 was asked to panic");
        assert_eq!(last_words("first\nwhy\n\nnote: see there\n"), "why");
        assert_eq!((last_words("note: alone"), last_words("")), ("note: alone".into(), String::new()));
    }
}
