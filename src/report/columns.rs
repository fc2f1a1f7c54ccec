//! The columns of exported samples: one list, from which the help, CSV and NDJSON are made.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::results::{
    Configuration, Life, Memory, MemoryUse, Phase, Results, Seen, Spent, StageTimes, Trial, Workload,
};
use crate::setting::{self, ALL, ConfigSetting, Key, Outcome, SettingKind};

/// A trial with what it belongs to.
pub(super) struct Sample<'a> {
    pub results: &'a Results,
    pub workload: &'a Workload,
    pub configuration: &'a Configuration,
    pub trial: &'a Trial,
}

impl<'a> Sample<'a> {
    /// The trial with its configuration and workload, where the results have them.
    pub fn of(results: &'a Results, trial: &'a Trial) -> Option<Self> {
        let configuration = results.configurations.get(trial.configuration)?;
        Some(Self { results, workload: results.workloads.get(configuration.workload)?, configuration, trial })
    }
}

/// One column: its name, what it holds, and how a sample gives it.
pub(super) struct Column {
    pub name: Cow<'static, str>,
    pub about: &'static str,
    pub of: Box<dyn Fn(&Sample<'_>) -> Value + Send + Sync>,
}

fn column(name: &'static str, about: &'static str, of: fn(&Sample<'_>) -> Value) -> Column {
    Column { name: name.into(), about, of: Box::new(of) }
}

/// The column of a setting of configurations: durations in seconds, sizes in bytes, and the name says so.
fn column_of(row: &'static ConfigSetting) -> Column {
    let (name, key) = (row.setting.name, row.key);
    let (name, is_duration) = match row.setting.kind {
        SettingKind::Duration { .. } => (format!("{name}_seconds").into(), true),
        SettingKind::Bytes { .. } => (format!("{name}_bytes").into(), false),
        _ => (name.into(), false),
    };
    let of = move |sample: &Sample<'_>| match sample.configuration.config.get(key) {
        Some(setting::Value::Whole(nanos)) if is_duration => json!(seconds(nanos)),
        value => json!(value),
    };
    Column { name, about: row.setting.about, of: Box::new(of) }
}

/// The columns of one phase.
macro_rules! phase {
    ($name:literal, $index:literal) => {
        [
            column(concat!($name, "_seconds"), concat!("wall time of the phase `", $name, "`"), |s| {
                phase(s, $index, |p| json!(seconds(p.wall)))
            }),
            column(concat!($name, "_user_seconds"), "its CPU time in user mode, over all processes", |s| {
                phase(s, $index, |p| json!(seconds(p.usage.user)))
            }),
            column(concat!($name, "_system_seconds"), "its CPU time in the kernel", |s| {
                phase(s, $index, |p| json!(seconds(p.usage.system)))
            }),
            column(concat!($name, "_voluntary_switches"), "its voluntary context switches", |s| {
                phase(s, $index, |p| json!(p.usage.voluntary))
            }),
            column(concat!($name, "_involuntary_switches"), "its involuntary context switches", |s| {
                phase(s, $index, |p| json!(p.usage.involuntary))
            }),
            column(concat!($name, "_minor_faults"), "its page faults without I/O", |s| {
                phase(s, $index, |p| json!(p.usage.minor_faults))
            }),
            column(concat!($name, "_major_faults"), "its page faults with I/O", |s| {
                phase(s, $index, |p| json!(p.usage.major_faults))
            }),
        ]
    };
}

/// Every column, in order. Those of the tasks' own settings are put after `task`.
pub(super) static COLUMNS: std::sync::LazyLock<Vec<Column>> = std::sync::LazyLock::new(|| {
    let mut all: Vec<Column> = Vec::new();
    all.extend(configuration());
    all.extend(trial());
    all.extend(phase!("start", 0));
    all.extend(phase!("work", 1));
    all.extend(phase!("join", 2));
    all.extend(items());
    all.extend(spent());
    all.extend(memory());
    all.extend(happened());
    all.extend(stages());
    all
});

fn configuration() -> Vec<Column> {
    let before = [
        column("scenario", "name of the scenario", |s| json!(s.results.scenario.name)),
        column("workload", "which configurations are compared with each other", |s| json!(s.workload.label)),
        column("task", "the task; each of its settings is a column after it: setting_NAME", |s| json!(s.workload.task)),
        column("payload_bytes", "payload of a request, where the task has it", |s| json!(s.workload.payload)),
        column("interpreter", "which CPython, where the runtime is Python", |s| {
            json!(s.results.interpreter_of(s.configuration).map(|interpreter| &interpreter.label))
        }),
        column("configuration", "the configuration as tables show it", |s| json!(s.configuration.label)),
        column("reference", "whether speedups refer to this configuration", |s| {
            json!(s.workload.reference == s.configuration.id)
        }),
    ];
    // The number of items is one of its own, which a calibration may have chosen.
    let settings = ALL.iter().filter(|row| row.key != Key::Items).map(column_of);
    let after = [
        column("baseline", "whether it is that of `--baseline`", |s| json!(s.configuration.is_of_baseline())),
        column("items", "items of a trial, before any yields further ones", |s| json!(s.configuration.items)),
        column("oversubscribed", "whether workers and dispatcher exceed the cores", |s| {
            json!(s.configuration.oversubscribed)
        }),
        column("tool", "version of the program that ran it", |s| json!(s.results.tool)),
    ];
    before.into_iter().chain(settings).chain(after).collect()
}

fn trial() -> [Column; 10] {
    [
        column("round", "the round, from 0; ratios are taken inside one", |s| json!(s.trial.round)),
        column("order", "place in the whole run, from 0", |s| json!(s.trial.order)),
        column("kind", "timed, instrumented or memory; only times of `timed` count", |s| json!(s.trial.kind)),
        column("duplicate", "whether it is the second run of the A/A check, which enters no estimate", |s| {
            json!(s.trial.duplicate)
        }),
        column("outcome", "ok, timed_out, worker_died, host_died, wrong_reply, protocol_error or failed", outcome),
        column("cause", "of what a worker or host died", |s| match &s.trial.outcome {
            Outcome::WorkerDied { cause } | Outcome::HostDied { cause } => json!(cause),
            _ => Value::Null,
        }),
        column("seconds", "time of the measure; empty unless the outcome is ok", |s| json!(measured(s))),
        column("seconds_per_item", "the same over the items that were done", |s| {
            json!(measured(s).map(|seconds| seconds / s.trial.done.max(1) as f64))
        }),
        column("others", "seconds of granted CPU time that others took", |s| json!(s.trial.others)),
        column("flags", "too_short, leaked, cpu_mismatch", |s| json!(s.trial.flags)),
    ]
}

fn items() -> [Column; 7] {
    [
        column("done", "items whose result arrived", |s| json!(s.trial.done)),
        column("lost", "items whose result never arrived", |s| json!(s.trial.lost)),
        column("retried", "items that were retried", |s| json!(s.trial.details.retried)),
        column("duplicated", "duplicate results for an item already done", |s| json!(s.trial.details.duplicated)),
        column("digest", "sum of the items' checksums, hexadecimal", |s| json!(s.trial.digest)),
        column("first_item_seconds", "the first item on a cold worker; 0 where there was no warm-up", |s| {
            json!(seconds(s.trial.first_item))
        }),
        column("warm_up_seconds", "the slowest worker's warm-up, which is part of start", |s| {
            json!(seconds(s.trial.details.warm_up))
        }),
    ]
}

fn spent() -> [Column; 6] {
    [
        column("spent_service_seconds", "profiling trials: workers' time within items", |s| spent_of(s, |p| p.service)),
        column("spent_dispatch_seconds", "around items: claims, messages, copies", |s| spent_of(s, |p| p.dispatch)),
        column("spent_waiting_seconds", "idle", |s| spent_of(s, |p| p.waiting)),
        column("spent_lock_seconds", "waiting for the GIL", |s| spent_of(s, |p| p.lock)),
        column("spent_blocked_seconds", "within items, neither running nor waiting for a core, in CPython", |s| {
            spent_of(s, |p| p.blocked)
        }),
        column("spent_preempted_seconds", "within items and between them, ready to run but without a core", |s| {
            spent_of(s, |p| p.preempted)
        }),
    ]
}

fn memory() -> [Column; 9] {
    [
        column("memory_before_pss_bytes", "memory trials: all processes before the work, shared pages once", |s| {
            bytes(s, |m| json!(m.before.pss))
        }),
        column("memory_before_private_bytes", "of that, pages that one process alone has", |s| {
            bytes(s, |m| json!(m.before.private))
        }),
        column("memory_before_rss_bytes", "the same with shared pages counted in every process", |s| {
            bytes(s, |m| json!(m.before.rss))
        }),
        column("memory_after_pss_bytes", "all processes after the last reply", |s| bytes(s, |m| json!(m.after.pss))),
        column("memory_after_private_bytes", "of that, private", |s| bytes(s, |m| json!(m.after.private))),
        column("memory_after_rss_bytes", "summed RSS", |s| bytes(s, |m| json!(m.after.rss))),
        column("memory_workers_pss_bytes", "each worker process after the last reply", |s| {
            bytes(s, |m| each(m, |worker| worker.pss))
        }),
        column("memory_workers_private_bytes", "of that, private", |s| bytes(s, |m| each(m, |worker| worker.private))),
        column("memory_workers_rss_bytes", "RSS of each", |s| bytes(s, |m| each(m, |worker| worker.rss))),
    ]
}

fn happened() -> [Column; 13] {
    [
        column("recovered_seconds", "from a worker's death to the first result of its replacement", |s| {
            json!((s.trial.details.recovered > 0).then(|| seconds(s.trial.details.recovered)))
        }),
        column("lock_waits", "acquisitions of the GIL that found it held", |s| {
            json!(s.trial.details.lock.map(|l| l.waits))
        }),
        column("lock_waited_seconds", "how long they waited", |s| {
            json!(s.trial.details.lock.map(|l| seconds(l.waited)))
        }),
        column("lock_hand_overs", "times that the GIL went from thread to thread", |s| {
            json!(s.trial.details.lock.map(|l| l.hand_overs))
        }),
        column("lock_forced", "those that a request forced", |s| json!(s.trial.details.lock.map(|l| l.forced))),
        column("life_workers", "workers that lived, from 0; a replacement has the number of the dead one", |s| {
            lives(s, |life| json!(life.worker))
        }),
        column("life_start_seconds", "when each was asked for, since the start of the trial", |s| {
            lives(s, |life| json!(seconds(life.start)))
        }),
        column("life_ready_seconds", "when it was ready", |s| lives(s, |life| json!(seconds(life.ready)))),
        column("life_end_seconds", "when it had ended", |s| lives(s, |life| json!(seconds(life.end)))),
        column("life_died", "whether it died", |s| lives(s, |life| json!(life.died))),
        column("seen_by", "who saw the global of the task globals: main, or the number of a worker", |s| {
            seen(s, |seen| seen.worker.map_or(json!("main"), |worker| json!(worker.to_string())))
        }),
        column("seen_before", "what each found first", |s| seen(s, |seen| json!(seen.before))),
        column("seen_after", "what each found last", |s| seen(s, |seen| json!(seen.after))),
    ]
}

fn stages() -> [Column; 5] {
    [
        column("stage_workers", "how many workers each stage has", |s| {
            json!(s.configuration.config.stages.iter().map(|stage| stage.workers).collect::<Vec<_>>())
        }),
        column("stage_busy_seconds", "what the workers of each stage spent within items", |s| {
            staged(s, |times| json!(seconds(times.busy)))
        }),
        column("stage_blocked_seconds", "with nothing to do, since the queue after it was full", |s| {
            staged(s, |times| json!(seconds(times.blocked)))
        }),
        column("stage_starved_seconds", "the same, since the queue before it was empty", |s| {
            staged(s, |times| json!(seconds(times.starved)))
        }),
        column("stage_most_waiting", "the most items that ever waited before it", |s| {
            staged(s, |times| json!(times.most))
        }),
    ]
}

fn staged(sample: &Sample<'_>, of: fn(&StageTimes) -> Value) -> Value {
    json!(sample.trial.details.stages.iter().map(of).collect::<Vec<_>>())
}

fn lives(sample: &Sample<'_>, of: fn(&Life) -> Value) -> Value {
    json!(sample.trial.details.lives.iter().map(of).collect::<Vec<_>>())
}

fn seen(sample: &Sample<'_>, of: fn(&Seen) -> Value) -> Value {
    json!(sample.trial.details.seen.iter().map(of).collect::<Vec<_>>())
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

/// The measured seconds of a right trial.
fn measured(sample: &Sample<'_>) -> Option<f64> {
    sample.trial.seconds().filter(|seconds| seconds.is_finite())
}

/// The outcome's word. Its details may name files, so they stay in the results file.
fn outcome(sample: &Sample<'_>) -> Value {
    let whole = json!(sample.trial.outcome);
    whole.get("is").cloned().unwrap_or_default()
}

fn phase(sample: &Sample<'_>, index: usize, of: fn(&Phase) -> Value) -> Value {
    sample.trial.phases.get(index).map(of).unwrap_or_default()
}

fn spent_of(sample: &Sample<'_>, of: fn(&Spent) -> u64) -> Value {
    json!(sample.trial.details.spent.as_ref().map(|spent| seconds(of(spent))))
}

fn bytes(sample: &Sample<'_>, of: fn(&MemoryUse) -> Value) -> Value {
    sample.trial.details.memory.as_ref().map(of).unwrap_or_default()
}

fn each(memory: &MemoryUse, of: fn(&Memory) -> u64) -> Value {
    json!(memory.workers.iter().map(of).collect::<Vec<_>>())
}

/// Every column with what it holds, a line each, for the help.
#[must_use]
pub fn columns_help() -> String {
    let wide = COLUMNS.iter().map(|column| column.name.len()).max().unwrap_or(0);
    let lines: Vec<String> =
        COLUMNS.iter().map(|column| format!("  {:wide$}  {}", column.name, column.about)).collect();
    lines.join("\n")
}
