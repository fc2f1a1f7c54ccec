//! What the dictionary adds of its own: parts of scenarios that show a word, words that belong together, and terms of reports.

use crate::setting::{EnumWords as _, Key, Metric, Model, Setting, SettingKind, Unit};

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
    ("rounds", "rounds: 30"),
    ("budget", "budget: 60 s"),
    ("timeout", "timeout: 10 s"),
    ("margin", "margin: 5%"),
    ("seed", "seed: 42"),
    (
        "expect",
        "expect:\n  - compare: {model: threads, workers: 2}\n    to: {model: serial}\n    at_least: 1.5\nworkers: 2",
    ),
    ("charts", "charts:\n  - speedup\n  - kind: time\n    where: {workers: 2}\nworkers: [1, 2]"),
    ("pipeline", STAGES),
    ("pipeline.task", STAGES),
    (
        "variants",
        "runtime: python\nvariants:\n  - {name: old, python: python3.11}\n  - {name: new, python: python3.13}",
    ),
    (
        "variants.name",
        "variants:\n  - {name: small, environment: {LEVEL: 1}}\n  - {name: large, environment: {LEVEL: 9}}",
    ),
    ("variants.environment", "variants:\n  - {name: plain}\n  - {name: set, environment: {LEVEL: 9}}"),
    ("variants.call", "tasks: [python]\nruntime: python\nvariants:\n  - {call: 'work:old'}\n  - {call: 'work:new'}"),
    (
        "variants.path",
        "tasks: [{kind: python, call: 'work:f'}]\nruntime: python\nvariants:\n  - {path: .}\n  - {name: other, path: .}",
    ),
    (
        "variants.argv",
        "tasks: [command]\nvariants:\n  - {argv: [gzip, -kc, '{item}']}\n  - {argv: [pigz, -kc, '{item}']}",
    ),
    ("variants.revision", "variants:\n  - {name: here}\n  - {revision: main, build: [make]}"),
    ("variants.build", "variants:\n  - {name: here}\n  - {revision: main, build: [make]}"),
    ("variants.python", "runtime: python\nvariants:\n  - {python: python3.11}\n  - {python: python3.13}"),
    ("tasks.kind", "tasks:\n  - kind: primes"),
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
    ("fault.kind", "fault: {kind: kill}"),
    ("fault.item", "fault: {kind: kill, item: 9}"),
    ("charts.kind", "charts:\n  - kind: time"),
    ("charts.x", "charts:\n  - kind: time\n    x: model"),
    ("charts.group", "charts:\n  - kind: time\n    group: workers\nworkers: [1, 2]"),
    ("charts.where", "charts:\n  - kind: time\n    where: {model: threads}"),
    ("charts.title", "charts:\n  - kind: time\n    title: Threads win where work waits"),
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
    ("echo.payload_kind", "    payload_kind: [bytes, ndarray]\nruntime: python"),
    ("command.exit_status", "    argv: [diff, -q, a, b]\n    exit_status: [0, 1]"),
    ("command.setup", "    argv: [make, \"target{item}\"]\n    setup: [make, configure]"),
    ("command.prepare", "    argv: [make, \"target{item}\"]\n    prepare: [make, clean]"),
    ("command.cleanup", "    argv: [make, \"target{item}\"]\n    cleanup: [make, distclean]"),
    ("command.data", "    argv: [gzip, -kc, \"{item}\"]\n    data: files.txt"),
];

/// Words that belong together.
pub(super) const RELATED: &[&[&str]] = &[
    &["ipc", "dispatch", "chunk", "in_flight", "wait", "affinity"],
    &["models", "workers", "runtime"],
    &["runtime", "python", "switch_interval", "gil_hold"],
    &["start", "parent_memory", "parent_use"],
    &["fault", "on_crash", "is", "crash"],
    &["rate", "in_flight", "latency", "latency_p95"],
    &["expect", "compare", "to", "metric", "at_least", "at_most", "is"],
    &["charts", "x", "group", "where"],
    &["rounds", "budget", "timeout", "margin", "seed", "items", "round"],
    &["pick", "price", "margin", "look", "unit", "budget"],
    &["configuration", "workload", "round", "trial", "parameter"],
    &["faster", "slower", "equivalent", "no significant difference", "margin"],
];

/// Terms of reports and of the documentation.
pub(super) const TERMS: &[(&str, &str)] = &[
    ("parameter", "A key with a list of alternatives. Every combination that makes sense becomes a configuration."),
    ("configuration", "One point of the matrix: a model with all its settings. It runs once in every round."),
    (
        "workload",
        "Configurations that do the same items under the same conditions (runtime, measure, rate, fault), and so are compared.",
    ),
    (
        "round",
        "One run of every configuration of a workload, next to each other, in a random order. Ratios are taken within a round.",
    ),
    ("trial", "One run of one configuration, in a host process of its own."),
    ("reference", "The configuration that the speedups of a workload refer to: the serial one, where there is one."),
    ("item", "The smallest piece of work: one request, one result."),
    (
        "faster",
        "A verdict: the whole interval of the ratio lies above one. The chance of a false one is held for the whole workload.",
    ),
    ("slower", "A verdict: the whole interval of the ratio lies below one."),
    ("equivalent", "A verdict: the whole interval of the ratio lies within the margin."),
    ("no significant difference", "A verdict on a pair: neither a difference nor an equivalence is shown."),
    (
        "pick",
        "The configuration to use: the simplest whose price lies within the margin, else the one with the lowest price; without one below 25%, the one with the lowest median.",
    ),
    (
        "price",
        "How much slower than the best configuration the pick may be, at 95% confidence; in whole per cent, rounded up.",
    ),
    (
        "look",
        "A moment, fixed beforehand as a number of units, at which a run may end, since its question is answered.",
    ),
    (
        "unit",
        "What looks and intervals count: the median over an odd number of consecutive rounds that take half a second together.",
    ),
    (
        "inconclusive",
        "Of an expectation: neither met nor not met, since its interval reaches to both sides of the bound.",
    ),
    (
        "interval",
        "The range in which the true value lies, at the level that is printed with it; from order statistics.",
    ),
    (
        "A/A check",
        "A configuration runs twice in some rounds and is compared with itself. Where it differs, the pick has a warning.",
    ),
    ("noisy", "Of a trial: other programs used a large share of the machine's CPU time meanwhile."),
    ("bottleneck", "The busiest stage of a pipeline: no more items leave the chain than it lets through."),
    ("blocked", "Of a stage: its workers had nothing to do, since the queue after it was full."),
    ("starved", "Of a stage: its workers had nothing to do, since the queue before it was empty."),
    ("completed", "Items whose right result arrived, in a trial."),
    ("lost", "Items whose result never arrived, since something failed: with those that are completed, all of them."),
    ("survived", "Trials with a fault in which the program itself was still there at the end."),
    (
        "iterations",
        "Items that come in iterations, as those of `train` and of `numeric` with `of: stencil`: every part of an iteration gets \
         what came of the one before, so that all wait for the slowest.",
    ),
    ("consumer", "Whoever takes the results of all workers, one after the other, as the one writer of a `log` does."),
    ("busy", "How many cores were in use on average: CPU time over wall time."),
    ("oversubscribed", "A configuration with more processes or threads than there are cores."),
    ("service time", "What one item takes, from being received to being replied to; from profiling trials."),
    ("response time", "What one item takes, from being handed over to its result; from profiling trials."),
    ("latency", "What one item takes from its arrival, at a set rate, to its result: queueing included."),
    (
        "saturation point",
        "The rate from which arrivals exceed what a configuration can answer, so that latencies grow with the length of the run.",
    ),
    ("break-even", "The value of a number, such as workers or payload, from which one configuration beats another."),
    ("profiling trials", "Trials with clocks around every item, whose own times do not count."),
    ("GIL", "CPython's global interpreter lock: one thread of a process executes Python code at a time."),
    ("open loop", "Items arrive at a set rate, whether workers keep up or not. Without a rate the loop is closed."),
];

fn find(list: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    list.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A part of a scenario that shows a key which is no setting of configurations.
pub(super) fn of_key(name: &str) -> Option<String> {
    find(KEYS, name).map(str::to_owned)
}

/// A part of a scenario that shows a word of a setting: the setting's own example, with this word alone.
fn in_context(key: &str, word: &str) -> String {
    let line = format!("{key}: {word}");
    let Some(row) = Key::of_name(key).map(Key::row) else { return line };
    let lines = row.example.lines().map(|own| if own.starts_with(&format!("{key}:")) { line.as_str() } else { own });
    lines.collect::<Vec<_>>().join("\n")
}

/// A part of a scenario that shows a word of a key.
pub(super) fn of_word(key: &str, word: &str) -> String {
    match (key, word) {
        ("models", "serial") => "models: [serial, threads]".into(),
        ("models", word) if Model::of_word(word).is_some_and(|model| model.is_pool() || model.has_interpreters()) => {
            format!("runtime: python\nmodels: [serial, {word}]")
        }
        ("models", "pipeline") => STAGES.into(),
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
        _ => in_context(key, word),
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
