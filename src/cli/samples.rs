//! What the dictionary adds of its own: parts of scenarios that show a word, words that belong together, and terms of reports.

use crate::setting::{EnumWords as _, Metric, Setting, SettingKind, Unit};

/// Stages in a chain, with every key that one takes.
const STAGES: &str = "pipeline:\n  - {task: hash, model: threads, workers: [1, 2]}\n  - task: primes\n    model: processes\n    \
                      workers: 2\n    ipc: pipe\n    in_flight: 2";

/// A part of a scenario for each key whose words do not make one.
const KEYS: &[(&str, &str)] = &[
    ("version", "version: 1"),
    ("name", "name: my-hashes"),
    ("title", "title: Hashing rounds of 256 KiB"),
    ("about", "about: Do threads hash as fast as processes?"),
    ("tasks", "tasks:\n  - primes\n  - kind: hash\n    size: 256 KiB"),
    ("models", "models:\n  - serial\n  - kind: threads\n    workers: [1, cores]"),
    ("trials", "rounds: 9"),
    ("timeout", "timeout: 10 s"),
    ("margin", "margin: 5%"),
    ("seed", "seed: 42"),
    (
        "expect",
        "expect:\n  - compare: {model: threads, workers: 2}\n    to: {model: serial}\n    at_least: 1.5\nworkers: 2",
    ),
    ("charts", "charts:\n  - speedup\n  - kind: time\n    where: {workers: 2}\nworkers: [1, 2]"),
    ("workers", "workers: [1, 2, 2*cores]"),
    ("chunk", "chunk: [1, 64]"),
    ("in_flight", "in_flight: [1, 16]"),
    ("switch_interval", "runtime: gil_emulation\nmodels: [serial, threads]\nswitch_interval: [1 ms, 5 ms]"),
    ("gil_hold", "runtime: gil_emulation\nmodels: [serial, threads]\ntasks: [sleep]\ngil_hold: [1 us, 100 us]"),
    ("python", "runtime: python\npython: python3"),
    ("parent_memory", "parent_memory: 16 MiB"),
    ("rate", "tasks:\n  - kind: sleep\n    items: 200\nrate: [100, 400]"),
    ("pipeline", STAGES),
    ("queue", "pipeline:\n  - {task: compress, size: 64 KiB}\n  - {task: hash}\nqueue: [4, 64]"),
    ("items", "pipeline:\n  - {task: compress, size: 64 KiB}\n  - {task: hash}\nitems: 400"),
    ("pipeline.task", STAGES),
    ("pipeline.model", STAGES),
    ("pipeline.workers", STAGES),
    ("pipeline.ipc", STAGES),
    ("pipeline.in_flight", STAGES),
    ("tasks.kind", "tasks:\n  - kind: primes"),
    ("tasks.items", "tasks:\n  - kind: primes\n    items: 64"),
    ("models.kind", "models:\n  - kind: threads\n    workers: 2"),
    ("expect.compare", "expect:\n  - compare: {model: threads}\n    at_least: 1.2"),
    (
        "expect.to",
        "models: [threads, processes]\nexpect:\n  - compare: {model: threads}\n    to: {model: processes}\n    at_least: 1.2",
    ),
    ("expect.metric", "expect:\n  - compare: {model: threads}\n    metric: time\n    at_most: 2 s"),
    ("expect.is", "expect:\n  - compare: {model: threads}\n    metric: outcome\n    is: ok\n    at_least: 90%"),
    ("expect.at_least", "expect:\n  - compare: {model: threads}\n    at_least: 1.5"),
    ("expect.at_most", "expect:\n  - compare: {model: threads}\n    metric: memory\n    at_most: 256 MiB"),
    ("compare.task", "tasks: [primes, sleep]\nexpect:\n  - compare: {task: sleep, model: threads}\n    at_least: 1.5"),
    (
        "compare.queue",
        "pipeline:\n  - {task: primes}\n  - {task: hash}\nqueue: [4, 64]\nexpect:\n  - compare: {queue: 64}\n    to: {queue: 4}\n    at_least: 0.9",
    ),
    ("compare.model", "expect:\n  - compare: {model: [threads, processes]}\n    at_least: 1.2"),
    ("fault", "fault: {kind: kill, item: 5}"),
    ("fault.kind", "fault: {kind: kill}"),
    ("fault.item", "fault: {kind: kill, item: 9}"),
    ("charts.kind", "charts:\n  - kind: time"),
    ("charts.x", "charts:\n  - kind: time\n    x: model"),
    ("charts.group", "charts:\n  - kind: time\n    group: workers\nworkers: [1, 2]"),
    ("charts.where", "charts:\n  - kind: time\n    where: {model: threads}"),
    ("charts.title", "charts:\n  - kind: time\n    title: Threads win where work waits"),
];

/// What words of a key need beside them, to have a meaning.
const CONTEXTS: &[(&str, &str)] = &[
    ("ipc", "models: [serial, processes]"),
    ("dispatch", "models: [serial, processes]\nipc: shared_memory"),
    ("wait", "models: [serial, processes]"),
    ("affinity", "models: [serial, processes]"),
    ("start", "models: [serial, processes]"),
    ("api", "runtime: python\nmodels: [serial, processes]"),
    ("on_crash", "models: [serial, processes]\nfault: kill"),
    ("parent_use", "models: [serial, processes]\nparent_memory: 16 MiB"),
];

/// Tasks that do not run without a setting.
const TASKS: &[(&str, &str)] =
    &[("python", "    call: work:shrink\nruntime: python"), ("command", "    argv: [gzip, -kc, \"{item}\"]")];
/// Settings whose default shows nothing, as a part of an entry of `tasks`.
const SETTINGS: &[(&str, &str)] = &[
    ("python.call", "    call: work:shrink\nruntime: python"),
    ("python.code", "    code: |\n      def run(item):\n          return item * item\nruntime: python"),
    ("python.path", "    call: work:shrink\n    path: src\nruntime: python"),
    ("python.data", "    call: work:shrink\n    data: items.jsonl\nruntime: python"),
    ("command.argv", "    argv: [gzip, -kc, \"{item}\"]"),
    ("command.environment", "    argv: [make, -s, check]\n    environment: [PATH, HOME, LANG=C]"),
    ("command.data", "    argv: [gzip, -kc, \"{item}\"]\n    data: files.txt"),
];

/// Words that belong together.
pub(super) const RELATED: &[&[&str]] = &[
    &["ipc", "dispatch", "chunk", "in_flight", "wait", "affinity"],
    &["models", "workers", "runtime"],
    &["runtime", "python", "api", "switch_interval", "gil_hold"],
    &["start", "parent_memory", "parent_use"],
    &["fault", "on_crash", "is", "crash"],
    &["rate", "in_flight", "latency", "latency_p95"],
    &["expect", "compare", "to", "metric", "at_least", "at_most", "is"],
    &["charts", "x", "group", "where"],
    &["trials", "timeout", "margin", "seed", "items", "round"],
    &["cell", "group", "round", "trial", "axis"],
    &["faster", "slower", "equivalent", "undecided", "margin"],
];

/// Terms of reports and of the documentation.
pub(super) const TERMS: &[(&str, &str)] = &[
    ("axis", "A key with a list of alternatives. Every combination that makes sense becomes a cell."),
    ("cell", "One way to do one piece of work: a model with all its settings. It runs once in every round."),
    ("group", "Cells that do the same items under the same measure and runtime, and so can be compared."),
    (
        "round",
        "One round over every cell of a group, side by side, in a random order. Ratios are taken within a round.",
    ),
    ("trial", "One run of a cell, in a host process of its own."),
    ("baseline", "The cell that speedups of a group refer to: the serial one, where there is one."),
    ("item", "The smallest piece of work: one request, one reply."),
    (
        "faster",
        "A verdict: the whole interval of the ratio lies above one, with the chance of a false one held for the group.",
    ),
    ("slower", "A verdict: the whole interval of the ratio lies below one."),
    ("equivalent", "A verdict: the whole interval of the ratio lies within the margin `margin`."),
    (
        "undecided",
        "A verdict: neither is shown. The report says what so many rounds could have shown, and how many would decide.",
    ),
    ("interval", "The range in which the true value lies, at the level that stands with it; from order statistics."),
    ("A/A check", "A cell runs twice per round and is compared with itself. Where it differs, verdicts are withheld."),
    ("bottleneck", "The busiest stage of a pipeline: no more items leave the chain than it lets through."),
    ("blocked", "Of a stage: its workers had nothing to do, since the queue after it was full."),
    ("starved", "Of a stage: its workers had nothing to do, since the queue before it was empty."),
    ("done", "Items whose right reply came, in a trial."),
    ("lost", "Items whose reply never came, since something went wrong: with those that are done, all of them."),
    ("survived", "Trials with a fault in which the program itself was still there at the end."),
    (
        "rounds",
        "Items that come in rounds, as those of `train` and of `numeric` with `of: stencil`: every part of a round is told what \
         came of the one before, so that all wait for the slowest.",
    ),
    ("consumer", "Whoever takes the replies of all workers, one after the other, as the one writer of a `log` does."),
    ("busy", "How many cores were in use on average: CPU time over wall time."),
    ("oversubscribed", "A cell with more processes or threads than there are cores."),
    ("service time", "What one item takes, from being received to being replied to; from trials of their own."),
    ("latency", "What one item takes from when it came, at a set rate, to its reply: waiting in line included."),
    (
        "knee",
        "The rate from which on a way falls behind what comes, so that latencies grow with the length of the run.",
    ),
    ("break-even", "The value of a number, such as workers or payload, from which on one way beats another."),
];

fn find(list: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    list.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A part of a scenario that shows a key.
pub(super) fn of_key(name: &str, values: &[(String, String)]) -> Option<String> {
    if let Some(text) = find(KEYS, name) {
        return Some(text.into());
    }
    let words: Vec<&str> = values.iter().take(2).map(|(word, _)| word.as_str()).collect();
    (!words.is_empty()).then(|| in_context(name, &format!("{name}: [{}]", words.join(", "))))
}

fn in_context(key: &str, line: &str) -> String {
    find(CONTEXTS, key).map_or_else(|| line.to_owned(), |context| format!("{context}\n{line}"))
}

/// A part of a scenario that shows a word of a key.
pub(super) fn of_word(key: &str, word: &str) -> String {
    match (key, word) {
        ("models", "serial") => "models: [serial, threads]".into(),
        ("models", "interpreters") => "runtime: python\nmodels: [serial, interpreters]".into(),
        ("models", "async") => "tasks: [sleep]\nmodels: [serial, async]".into(),
        ("models", _) => format!("models: [serial, {word}]"),
        ("charts", "ipc") => "tasks:\n  - kind: echo\n    payload: [64 B, 16 KiB]\nmodels: [processes]\n\
                              ipc: [pipe, shared_memory]\nworkers: 1\ncharts: ipc"
            .into(),
        ("charts", "latency") => "tasks:\n  - kind: sleep\n    items: 200\nrate: [100, 400]\ncharts: latency".into(),
        ("charts", "crash") => "models: [threads, processes]\nfault: [kill, panic]\ncharts: crash".into(),
        ("charts", _) => format!("workers: [1, 2]\ncharts: {word}"),
        ("metric", _) => metric(word),
        ("is", "ok") => ending("is: ok\n    at_least: 100%"),
        ("is", _) => ending(&format!("is: {word}\n    at_most: 0%")),
        ("fault", "exception") => "runtime: python\nfault: exception".into(),
        ("runtime", "gil_emulation") => "models: [serial, threads]\nruntime: gil_emulation".into(),
        _ => in_context(key, &format!("{key}: {word}")),
    }
}

fn ending(rest: &str) -> String {
    format!("expect:\n  - compare: {{model: threads}}\n    metric: outcome\n    {rest}")
}

fn metric(word: &str) -> String {
    let unit = Metric::of_word(word).map(|metric| metric.unit(false));
    let bound = match unit {
        Some(Unit::Seconds) => "at_most: 2 s",
        Some(Unit::Bytes) => "at_most: 256 MiB",
        Some(Unit::PerSecond) => "at_least: 90",
        Some(Unit::Share) => "is: ok\n    at_least: 100%",
        Some(Unit::Factor) | None => "at_least: 1.5",
    };
    let items = if word.ends_with("p99") { 1000 } else { 200 };
    let rate = format!("tasks:\n  - kind: sleep\n    items: {items}\nrate: 100\n");
    let context = if word.starts_with("latency") { rate } else { String::new() };
    format!("{context}expect:\n  - compare: {{model: threads}}\n    metric: {word}\n    {bound}")
}

/// A part of a scenario that shows a task.
pub(super) fn of_task(name: &str) -> String {
    find(TASKS, name)
        .map_or_else(|| format!("tasks:\n  - kind: {name}"), |rest| format!("tasks:\n  - kind: {name}\n{rest}"))
}

/// A part of a scenario that shows a setting of a task.
pub(super) fn of_setting(task: &str, setting: &Setting) -> String {
    let name = format!("{task}.{}", setting.name);
    if let Some(rest) = find(SETTINGS, &name) {
        return format!("tasks:\n  - kind: {task}\n{rest}");
    }
    // An axis says more than the default alone.
    let value = match setting.kind {
        SettingKind::Word(words) => words.iter().find(|word| **word != setting.default).copied(),
        SettingKind::Bool => Some(if setting.default == "true" { "false" } else { "true" }),
        _ => None,
    };
    let line = format!("    {}: {}", setting.name, value.unwrap_or(setting.default));
    let (own, rest) = find(TASKS, task).map_or(("", ""), |text| text.split_once('\n').unwrap_or((text, "")));
    let lines = [own, line.as_str(), rest].into_iter().filter(|line| !line.is_empty());
    format!("tasks:\n  - kind: {task}\n{}", lines.collect::<Vec<_>>().join("\n"))
}
