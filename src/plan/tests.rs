//! Tests of the whole way from text to plan.

use super::expect::{Facts, matching};
use super::*;
use crate::runtime::NamedPython;
use crate::scenario::{Source, load};
use crate::setting::{Config, Dispatch, Method, Model, Part, SettingKind, Wait, pairs};

const HEAD: &str = "version: 1\nname: test\n";

fn scenario(text: &str) -> Scenario {
    let source = Source { name: "test.yaml".into(), bytes: format!("{HEAD}{text}").into_bytes() };
    match load(&[source], &Tasks::builtin()) {
        Ok(mut scenarios) => scenarios.remove(0),
        Err(problems) => panic!("{problems}"),
    }
}

fn planned_with(text: &str, options: &Options) -> Plan {
    plan(&scenario(text), &Tasks::builtin(), options).unwrap_or_else(|problems| panic!("{problems}"))
}

fn planned(text: &str) -> Plan {
    planned_with(text, &Options::new(2))
}

fn refused(text: &str) -> String {
    plan(&scenario(text), &Tasks::builtin(), &Options::new(2)).unwrap_err().render(false)
}

fn labels(plan: &Plan) -> Vec<&str> {
    plan.configurations.iter().map(|configuration| configuration.label.as_str()).collect()
}

fn shipped() -> Vec<Source> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let name = |file: &std::path::Path| format!("scenarios/{}", file.file_name().unwrap().to_string_lossy());
    files.iter().map(|file| Source { name: name(file), bytes: std::fs::read(file).unwrap() }).collect()
}

fn filtered(text: &str) -> Filter {
    Filter::parse(&[text.to_owned()]).unwrap()
}

fn cpython() -> Interpreter {
    Interpreter {
        path: "python3".into(),
        version: "3.11.2".into(),
        free_threaded: false,
        gil: true,
        jit: false,
        default_start: "fork".into(),
        start_methods: ["fork", "spawn", "forkserver"].map(str::to_owned).to_vec(),
        interpreters: false,
        interpreter_pool: false,
        numpy: false,
    }
}

impl cost::Cost {
    /// All trials, as few and as many as it may take.
    fn trials(&self) -> (u64, u64) {
        let apart = self.profiling + self.memory;
        (self.timed.0 + apart, self.timed.1 + apart)
    }
}

#[test]
fn two_programs_of_one_version_are_told_apart() {
    let at = |path: &str| Ok(Interpreter { path: path.into(), ..cpython() });
    let pythons = [("a", at("/x/python3")), ("b", at("/y/python3.11")), ("c", at("/z/python3.11"))];
    let pythons = pythons.map(|(name, found)| (NamedPython::from(name), found)).into();
    let options = Options { pythons, ..Options::new(2) };
    let plan = planned_with("tasks: [empty]\nmodels: [serial]\nruntime: python\npython: [a, b, c]\n", &options);
    let labels: Vec<&str> = plan.workloads.iter().map(|workload| workload.label.as_str()).collect();
    let expected =
        ["(python3)", "(python3.11, 1)", "(python3.11, 2)"].map(|end| format!("empty, CPython 3.11.2 {end}"));
    assert_eq!(labels, expected);
}

#[test]
fn variants_are_configurations_of_one_workload_and_each_has_its_interpreter() {
    let newer = Interpreter {
        path: "/x/python3.14".into(),
        version: "3.14.0".into(),
        default_start: "forkserver".into(),
        ..cpython()
    };
    let old = NamedPython::from("python3");
    let set = NamedPython::of("python3", &[("LEVEL".to_owned(), "2".to_owned())].into());
    let missing = (NamedPython::from("python3.9"), Err("no python3.9 on PATH".to_owned()));
    let pythons =
        [(old, Ok(cpython())), (set, Ok(cpython())), (NamedPython::from("new"), Ok(newer.clone())), missing].into();
    let options = Options { pythons, ..Options::new(2) };
    let text = "tasks: [hash]\nmodels: [serial, processes]\nworkers: 2\nruntime: python\nvariants:\n  - {name: old}\n  \
                - {name: set, environment: {LEVEL: 2}}\n  - {python: new}\n  - {python: python3.9}\n";
    let plan = planned_with(text, &options);
    assert_eq!(plan.workloads.len(), 1);
    let labels: Vec<&str> = plan.configurations.iter().map(|one| one.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "serial, old",
            "serial, set",
            "serial, new",
            "processes × 2, old, pipe, fork",
            "processes × 2, set, pipe, fork",
            "processes × 2, new, pipe, forkserver",
        ]
    );
    assert_eq!(plan.workloads[0].reference, 0);
    let interpreters: Vec<Option<&Interpreter>> =
        plan.variants.iter().map(|variant| variant.interpreter.as_ref()).collect();
    assert_eq!(interpreters[2], Some(&newer));
    let skipped = plan.skipped.iter().find(|skipped| skipped.what == "hash × python, python3.9").unwrap();
    assert_eq!(skipped.why, "no python3.9 on PATH");
    // All of them stand in one order, whatever interpreter they have.
    let first: std::collections::BTreeSet<usize> =
        (0..24).map(|round| round_order(&plan, 0, round)[0].configuration).collect();
    assert_eq!(first.len(), 6);
}

#[test]
fn a_lock_that_cannot_be_off_is_skipped_with_the_reason() {
    let threaded = Interpreter { path: "t".into(), free_threaded: true, gil: false, ..cpython() };
    let pythons = [(NamedPython::from("python3"), Ok(cpython())), (NamedPython::from("t"), Ok(threaded))].into();
    let options = Options { pythons, ..Options::new(2) };
    let text = "tasks: [hash]\nmodels: [threads]\nworkers: 2\nruntime: python\ngil: [enabled, disabled]\n";
    let plain = planned_with(text, &options);
    assert_eq!(plain.configurations.len(), 1);
    assert!(plain.skipped[0].why.contains("cannot run without its GIL"), "{:?}", plain.skipped);
    let both = planned_with(&format!("{text}python: t\n"), &options);
    let labels: Vec<&str> = both.configurations.iter().map(|one| one.label.as_str()).collect();
    assert_eq!(labels, ["threads × 2, GIL enabled", "threads × 2, GIL disabled"]);
}

#[test]
fn one_of_two_variants_becomes_the_baseline_of_the_other() {
    let text = "tasks: [hash]\nmodels: [serial, threads]\nworkers: 2\nvariants:\n  - {name: a}\n  \
                - {name: b, environment: {LEVEL: 2}}\n";
    let plan = planned(text);
    let held = with_baseline(&plan, "a").unwrap();
    let partners: Vec<Option<usize>> = held.configurations.iter().map(|one| one.partner).collect();
    assert_eq!(partners, [Some(1), None, Some(3), None]);
    assert_eq!(held.workloads[0].reference, 1, "speedups refer to what is compared");
    let three = planned(&format!("{text}  - {{name: c, environment: {{LEVEL: 3}}}}\n"));
    assert!(with_baseline(&three, "a").unwrap_err().contains("--filter variant=a,OTHER"));
}

#[test]
fn without_a_python_the_shipped_scenarios_are_planned_all_the_same() {
    let tasks = Tasks::builtin();
    for scenario in load(&shipped(), &tasks).unwrap_or_else(|problems| panic!("{problems}")) {
        let pythons = [(NamedPython::from("python3"), Err("no python3 on PATH".to_owned()))].into();
        let options = Options { pythons, ..Options::new(2) };
        let plan = plan(&scenario, &tasks, &options).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(plan.workloads.iter().all(|workload| workload.interpreter.is_none()));
        let why = |skipped: &Skipped| ["no python3 on PATH", "no interpreter was"].map(|why| skipped.why.contains(why));
        let said = plan.skipped.iter().any(|skipped| why(skipped).contains(&true));
        let asks = scenario.text.content.contains("python]") || scenario.text.content.contains("runtime: python");
        assert_eq!(said, asks, "{}: {:?}", plan.name, plan.skipped);
    }
}

#[test]
fn every_shipped_scenario_is_planned_and_all_fit_the_time() {
    let tasks = Tasks::builtin();
    let scenarios = load(&shipped(), &tasks).unwrap_or_else(|problems| panic!("{problems}"));
    let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    let known = "convoy cpu-bound crash-safety database dispatch download-manager files free-threading gil-releasing gil image-batch \
                 io-bound ipc-round-trip ipc-throughput isolation lifetimes logging memory mixed numeric own-command \
                 pipeline python-ipc python-service-rate python-versions python-work service-rate start-methods training web-crawler";
    assert_eq!(names.join(" "), known);
    // Those of Rust alone; and all of them where there is a CPython, whose trials take many times as long.
    for (quick, with_python, limit) in
        [(false, false, 600.0), (true, false, 100.0), (false, true, 900.0), (true, true, 220.0)]
    {
        let found = if with_python { Ok(cpython()) } else { Err("there is none".to_owned()) };
        let pythons = [(NamedPython::from("python3"), found)].into();
        let options = Options { quick, pythons, ..Options::new(2) };
        let mut seconds = (0.0, 0.0);
        for scenario in &scenarios {
            let plan = plan(scenario, &tasks, &options).unwrap_or_else(|problems| panic!("{problems}"));
            let cost = estimate(&plan, &tasks);
            println!(
                "{} quick {quick}: {} configurations, {:?} trials, {:.0} to {:.0} s",
                plan.name,
                plan.configurations.len(),
                cost.trials(),
                cost.seconds.0,
                cost.seconds.1
            );
            println!("   {:?}", labels(&plan));
            assert!(cost.seconds.0 <= cost.seconds.1 && cost.trials().0 <= cost.trials().1, "{}: {cost:?}", plan.name);
            seconds = (seconds.0 + cost.seconds.0, seconds.1 + cost.seconds.1);
            // Of work of CPython alone nothing can be expected where there is none, which is said; a scenario of nothing else
            // has nothing left.
            let dropped = plan.skipped.iter().filter(|skipped| skipped.what.starts_with("expectation: ")).count();
            let wanted = if !with_python && plan.workloads.is_empty() { 0 } else { scenario.expect.len() };
            assert_eq!(plan.expectations.len() + dropped, wanted, "{}: {:?}", plan.name, plan.skipped);
            assert!(dropped == 0 || !with_python, "{}: {:?}", plan.name, plan.skipped);
        }
        println!("{:.0} to {:.0} s", seconds.0, seconds.1);
        assert!(seconds.0 < limit, "{seconds:?} s");
    }
}

#[test]
fn the_matrix_is_grouped_nested_and_labelled() {
    let plan = planned(
        "tasks:\n  - {kind: echo, payload: [64 B, 4 KiB]}\n  - primes\nmodels: [serial, threads, processes]\nworkers: [1, 2]\nipc: [pipe, queue]\nmeasure: [work, end_to_end]\n",
    );
    let workloads: Vec<&str> = plan.workloads.iter().map(|workload| workload.label.as_str()).collect();
    let expected = [
        "echo, payload 64 B, work",
        "echo, payload 64 B, end to end",
        "echo, payload 4 KiB, work",
        "echo, payload 4 KiB, end to end",
        "primes, work",
        "primes, end to end",
    ];
    assert_eq!(workloads, expected);
    let first: Vec<&str> =
        plan.workloads[0].configurations.iter().map(|id| plan.configurations[*id].label.as_str()).collect();
    let expected = [
        "serial",
        "threads × 1",
        "threads × 2",
        "processes × 1, pipe",
        "processes × 2, pipe",
        "processes × 1, queue (ipc-channel)",
        "processes × 2, queue (ipc-channel)",
    ];
    assert_eq!(first, expected);
    assert_eq!((plan.workloads[2].payload, plan.workloads[4].payload), (Some(4096), None));
    assert!(plan.configurations.iter().enumerate().all(|(i, configuration)| configuration.id == i
        && plan.workloads[configuration.workload].configurations.contains(&i)));
    let axes: Vec<&str> = plan.parameters.iter().map(|axis| axis.key.as_str()).collect();
    assert_eq!(axes, ["task", "payload", "model", "measure", "workers", "ipc"]);
}

#[test]
fn labels_are_unique_and_name_what_varies() {
    let plan = planned(
        "tasks: [empty]\nmodels: [serial, threads, processes]\nworkers: 2\nipc: shared_memory\nchunk: [1, 64]\ndispatch: [stream, claim]\nwait: [sleep, spin]\nin_flight: [1, 2]\naffinity: [free, same]\n",
    );
    for label in [
        "threads × 2, chunk 64, same core",
        "processes × 2, shared memory, stream, chunk 1, 2 in flight, spin, any core",
        "processes × 2, shared memory, claim, chunk 1, same core",
    ] {
        assert!(labels(&plan).contains(&label), "{label} is not in {:?}", labels(&plan));
    }
    let mut sorted = labels(&plan);
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), plan.configurations.len());
    let what: Vec<&str> = plan.collapsed.iter().map(|collapsed| collapsed.what.as_str()).collect();
    assert!(what.contains(&"`in_flight` under `claim`") && what.contains(&"`wait` under `claim`"), "{what:?}");
    assert!(what.iter().any(|what| what.ends_with("for `serial`")), "{what:?}");
    let table =
        plan.configurations.iter().filter(|configuration| configuration.config.dispatch == Some(Dispatch::Claim));
    assert!(
        table.clone().count() == 4
            && table
                .clone()
                .all(|configuration| configuration.config.wait.is_none() && configuration.config.in_flight.is_none())
    );
}

#[test]
fn impossible_combinations_are_skipped_with_a_reason() {
    let plan = planned(
        "tasks: [empty, crawl]\nmodels: [processes]\nworkers: 2\nipc: [pipe, shared_memory]\ndispatch: [stream, claim]\n",
    );
    let skipped: Vec<&str> = plan.skipped.iter().map(|skipped| skipped.what.as_str()).collect();
    assert_eq!(skipped, ["processes × claim × pipe", "crawl × processes × claim"]);
    assert!(plan.skipped.iter().all(|skipped| !skipped.why.is_empty()));
    assert_eq!(plan.configurations.len(), 5);
    // A table without a word on the method lies in shared memory.
    let plan = planned("tasks: [empty]\nmodels: [processes]\nworkers: 1\ndispatch: claim\n");
    assert_eq!(plan.configurations[0].config.ipc, Some(Method::SharedMemory));
    let rendered = refused("tasks: [empty]\nmodels: [processes]\nipc: pipe\ndispatch: claim\n");
    assert!(
        rendered.contains("no configuration is left to run")
            && rendered.contains("a table of items lies in shared memory"),
        "{rendered}"
    );
}

#[test]
fn defaults_are_those_of_the_language() {
    let plan = planned("tasks: [primes]\nmodels: [processes]\n");
    let config = &plan.configurations[0].config;
    assert_eq!((config.workers, config.ipc, config.dispatch), (Some(2), Some(Method::Pipe), Some(Dispatch::Stream)));
    assert_eq!((config.chunk, config.in_flight, config.measure), (Some(1), Some(2), Measure::Work));
    assert_eq!(
        (plan.rounds, plan.profiling, plan.memory, plan.timeout, plan.margin),
        (None, 2, 1, Duration::from_secs(30), 0.05)
    );
    assert_eq!(plan.budget, Duration::from_secs(20));
    assert!(plan.seed <= u64::from(u32::MAX) && plan.seed == planned("tasks: [primes]\nmodels: [processes]\n").seed);
    let text = "tasks: [primes]\nmodels: [processes]\nworkers: 2\n";
    let wait = |cores| planned_with(text, &Options::new(cores)).configurations[0].config.wait;
    assert_eq!((wait(2), wait(3)), (Some(Wait::Sleep), Some(Wait::Spin)));
    assert!(
        planned(text).configurations[0].oversubscribed
            && !planned_with(text, &Options::new(3)).configurations[0].oversubscribed
    );
}

#[test]
fn equal_worker_counts_merge() {
    let plan = planned("tasks: [primes]\nmodels: [threads, threads]\nworkers: [1-3, cores, 2*cores]\n");
    let workers: Vec<Option<u32>> =
        plan.configurations.iter().map(|configuration| configuration.config.workers).collect();
    assert_eq!(workers, [Some(1), Some(2), Some(3), Some(4)]);
    assert!(plan.collapsed.iter().any(|collapsed| collapsed.what == "equal worker counts"));
    assert!(plan.collapsed.iter().any(|collapsed| collapsed.what == "equal configurations of threads"));
    let expect = "expect: {compare: {model: rayon}, at_least: 1}\n";
    let many = scenario(&format!("tasks: [primes]\nmodels: [threads]\nworkers: 500*cores\n{expect}"));
    let rendered = plan_on(&many, 4).unwrap_err().render(false);
    assert!(
        rendered.contains("2000 workers on this machine of 4 cores") && rendered.contains("test.yaml:5:1"),
        "{rendered}"
    );
    assert!(rendered.contains("no configuration has `model` rayon"), "{rendered}");
}

fn plan_on(scenario: &Scenario, cores: u32) -> Result<Plan, Diagnostics> {
    plan(scenario, &Tasks::builtin(), &Options::new(cores))
}

#[test]
fn the_reference_and_the_configuration_with_most_workers_are_checked() {
    let checked = |plan: &Plan| {
        plan.configurations
            .iter()
            .filter(|configuration| configuration.checked)
            .map(|configuration| configuration.label.clone())
            .collect::<Vec<_>>()
    };
    let text = "tasks: [primes]\nmodels: [threads, serial]\nworkers: [1, 4]\n";
    let plan = planned(text);
    assert_eq!(plan.configurations[plan.workloads[0].reference].config.model, Model::Serial);
    assert_eq!(checked(&plan), ["threads × 4", "serial"]);
    let no_serial = planned("tasks: [primes]\nmodels: [threads, rayon]\nworkers: [2, 1]\n");
    assert_eq!(no_serial.configurations[no_serial.workloads[0].reference].label, "threads × 1");
    for options in [Options { quick: true, ..Options::new(2) }, Options { rounds: Some(7), ..Options::new(2) }] {
        assert!(checked(&planned_with(text, &options)).is_empty());
    }
    let quick = planned_with(text, &Options { quick: true, ..Options::new(2) });
    assert_eq!((quick.rounds, quick.profiling, quick.memory, quick.quick), (Some(3), 0, 0, true));
}

#[test]
fn every_round_runs_everything_once_in_an_order_of_its_own() {
    let plan = planned("tasks: [primes]\nmodels: [serial, threads]\nworkers: [1, 2, 4]\n");
    let everything = |mut order: Vec<Entry>| {
        order.sort_by_key(|entry| (entry.configuration, entry.duplicate));
        order
    };
    let orders: Vec<Vec<Entry>> = (0..15).map(|round| round_order(&plan, 0, round)).collect();
    assert!(orders.iter().all(|order| everything(order.clone()) == everything(orders[0].clone())));
    assert_eq!(orders[0].len(), 6);
    assert!(orders.windows(2).any(|pair| pair[0] != pair[1]));
    assert_eq!(orders[3], round_order(&plan.clone(), 0, 3));
    let other = Plan { seed: plan.seed + 1, ..plan.clone() };
    assert!((0..15).any(|round| round_order(&other, 0, round) != orders[round as usize]));
    // Over the six rounds of a design, everything follows everything else exactly once.
    let mut follows: Vec<(Entry, Entry)> =
        orders[..6].iter().flat_map(|order| order.windows(2).map(|pair| (pair[0], pair[1]))).collect();
    follows.sort_by_key(|(a, b)| (a.configuration, a.duplicate, b.configuration, b.duplicate));
    follows.dedup();
    assert_eq!(follows.len(), 30);
}

#[test]
fn a_filter_narrows_and_names_what_matches_nothing() {
    let text = "tasks:\n  - {kind: echo, payload: [64 B, 4 KiB]}\nmodels: [serial, threads, processes]\nworkers: [1, 2]\n\
        expect:\n  - {compare: {model: threads, workers: 2}, to: {model: serial}, at_least: 1.5}\n";
    let with = |filter: &str| {
        plan(&scenario(text), &Tasks::builtin(), &Options { filter: Some(filtered(filter)), ..Options::new(2) })
    };
    let plan = with("model=threads,serial,payload=4 KiB").unwrap();
    assert_eq!(labels(&plan), ["serial", "threads × 1", "threads × 2"]);
    assert_eq!(
        (plan.workloads.len(), plan.workloads[0].id, plan.filter.as_deref()),
        (1, 0, Some("model=threads,serial,payload=4 KiB"))
    );
    assert_eq!(plan.expectations[0].pairs, [(2, Some(0))]);
    let without = with("model=threads,workers=2").unwrap();
    assert!(
        without.expectations.is_empty() && without.skipped[0].what.starts_with("speedup of threads × 2 over serial")
    );
    let said = |only: &str| with(only).unwrap_err().render(false);
    assert!(said("modle=threads").contains("did you mean `model`?"));
    assert!(said("model=thread").contains("did you mean `threads`?"));
    assert!(
        said("workers=3").contains("no configuration has `workers` 3")
            && said("workers=3").contains("have `1` and `2`")
    );
    assert!(said("ipc=queue").contains("no configuration has `ipc` queue"));
    assert!(said("model=serial,workers=2").contains("no configuration has all of these values"));
    assert!(said("payload=many").contains("`payload` cannot be `many`"));
}

#[test]
fn expectations_are_paired_on_what_the_reference_leaves_open() {
    let base = "tasks:\n  - {kind: echo, payload: [64 B, 4 KiB]}\nmodels: [serial, processes]\nworkers: [1, 2]\nipc: [pipe, queue]\n";
    let resolved = |expect: &str| {
        let plan = planned(&format!("{base}expect:\n  - {expect}\n"));
        let name = |id: usize| format!("{} {}", plan.configurations[id].workload, plan.configurations[id].label);
        let expectation = plan.expectations[0].clone();
        let pairs: Vec<String> =
            expectation.pairs.iter().map(|(a, b)| format!("{} / {}", name(*a), b.map_or("-".into(), name))).collect();
        (expectation.text, pairs)
    };
    let (text, pairs) =
        resolved("{compare: {model: processes, workers: 2, ipc: pipe}, to: {model: serial}, at_least: 1.5}");
    assert_eq!(text, "speedup of processes × 2, pipe over serial is at least 1.5");
    assert_eq!(pairs, ["0 processes × 2, pipe / 0 serial", "1 processes × 2, pipe / 1 serial"]);
    let (_, pairs) = resolved("{compare: {ipc: queue, payload: 4 KiB}, to: {ipc: pipe}, at_most: 1}");
    assert_eq!(
        pairs,
        [
            "1 processes × 1, queue (ipc-channel) / 1 processes × 1, pipe",
            "1 processes × 2, queue (ipc-channel) / 1 processes × 2, pipe"
        ]
    );
    let (text, pairs) = resolved("{compare: {ipc: pipe, workers: 1}, metric: time, at_most: 1 s}");
    assert_eq!((text.as_str(), pairs.len()), ("time of workers 1, pipe is at most 1 s", 2));
    let (_, pairs) = resolved("{compare: {workers: 2}, at_least: 1}");
    assert_eq!(pairs.len(), 4);
    let (text, pairs) = resolved("{compare: {ipc: queue}, to: {ipc: pipe}, metric: memory, at_most: 1.2}");
    assert_eq!((text.as_str(), pairs.len()), ("memory of queue relative to pipe is at most 1.2", 4));
    let (text, pairs) = resolved("{compare: {model: serial}, metric: outcome}");
    assert_eq!(text, "outcome of serial is `ok` in at least 100% of the trials");
    assert_eq!(pairs, ["0 serial / -", "1 serial / -"]);
    let (text, _) = resolved("{compare: {model: serial}, metric: memory, at_most: 64 MiB}");
    assert_eq!(text, "memory of serial is at most 64 MiB");
}

#[test]
fn expectations_of_other_trials_get_enough_of_them_for_an_interval() {
    let plan = |metric: &str| {
        let expect = format!("expect: {{compare: {{model: serial}}, metric: {metric}, at_most: 1}}\n");
        let plan = planned(&format!("tasks: [primes]\nmodels: [serial]\n{expect}"));
        (plan.profiling, plan.memory)
    };
    assert_eq!([plan("time"), plan("service_p95"), plan("memory")], [(2, 1), (7, 1), (2, 7)]);
}

#[test]
fn selectors_that_match_nothing_are_located() {
    let base = "tasks: [primes]\nmodels: [serial, threads]\nworkers: [1, 2]\nexpect:\n  - ";
    let said = |expect: &str| refused(&format!("{base}{expect}\n"));
    let workers = said("{compare: {model: threads, workers: 4}, to: {model: serial}, at_least: 1}");
    assert!(
        workers.contains("no configuration has `workers` 4")
            && workers.contains("test.yaml:7:32")
            && workers.contains("have `1` and `2`"),
        "{workers}"
    );
    let together = said("{compare: {model: serial, workers: 2}, at_least: 1}");
    assert!(
        together.contains("no configuration has all of these values") && together.contains("test.yaml:7:6"),
        "{together}"
    );
    let alone = said("{compare: {model: serial}, to: {model: serial}, at_least: 1}");
    assert!(alone.contains("paired with itself") && alone.contains("test.yaml:7:32"), "{alone}");
    let unpaired = said("{compare: {model: threads}, to: {model: threads, workers: 2, chunk: 9}, at_least: 1}");
    assert!(unpaired.contains("no configuration has `chunk` 9"), "{unpaired}");
}

#[test]
fn charts_are_those_that_fit() {
    let charts = |text: &str| planned(text).charts.iter().map(|chart| chart.kind).collect::<Vec<_>>();
    assert_eq!(
        charts("tasks: [primes]\nmodels: [serial, threads]\nworkers: [1, 2]\n"),
        [ChartKind::Speedup, ChartKind::Time, ChartKind::Breakdown]
    );
    let two = "tasks: [primes]\nmodels: [serial, threads]\nworkers: 2\n";
    assert_eq!(charts(two), [ChartKind::Time, ChartKind::Breakdown]);
    assert_eq!(charts("tasks: [primes]\nmodels: [threads]\nworkers: 2\n"), []);
    let ipc = "tasks: [{kind: echo, payload: [1 B, 2 B]}]\nmodels: [processes]\nworkers: 1\nipc: [pipe, queue]\n";
    assert_eq!(charts(ipc), [ChartKind::Time, ChartKind::Ipc]);
    assert_eq!(charts(&format!("{ipc}charts: [ipc]\n")), [ChartKind::Ipc]);
}

#[test]
fn charts_find_their_configurations_and_say_what_they_ask_for_in_vain() {
    let two = "tasks: [primes]\nmodels: [serial, threads, processes]\nworkers: [1, 2]\nipc: [pipe, queue]\n";
    let chart = "charts: [{kind: time, x: model, group: ipc, where: {workers: 2}, title: Who}, time]\n";
    let plan = planned(&format!("{two}{chart}"));
    let shaped = &plan.charts[0];
    assert_eq!((shaped.chosen.as_str(), shaped.title.as_deref()), ("workers 2", Some("Who")));
    let configurations = shaped.configurations.clone().unwrap();
    assert!(
        configurations.iter().all(|id| plan.configurations[*id].config.workers == Some(2)) && configurations.len() == 3,
        "{configurations:?}"
    );
    assert_eq!(plan.charts[1], Chart::of(ChartKind::Time));
    let said = |charts: &str| refused(&format!("{two}charts: [{charts}]\n"));
    let none = said("{kind: time, where: {workers: 7}}");
    assert!(
        none.contains("no configuration has `workers` 7")
            && none.contains("the configurations of this scenario have `1` and `2`"),
        "{none}"
    );
    assert!(none.contains("test.yaml:7:31"), "{none}");
    let lacking = said("{kind: time, x: ipc, where: {model: threads}}");
    assert!(
        lacking.contains("no configuration of this chart has `ipc`") && lacking.contains("test.yaml:7:26"),
        "{lacking}"
    );
    // Two builds draw the chart of two builds alone, of all configurations that it asks for in both.
    let builds = doubled(
        &planned(&format!("{two}charts: [time, {{kind: compare, where: {{workers: 2}}}}]\n")),
        Variant::default(),
    );
    assert_eq!(builds.charts.len(), 1);
    let twice: Vec<usize> = configurations.iter().flat_map(|id| [2 * id, 2 * id + 1]).collect();
    assert_eq!(builds.charts[0].configurations.as_ref(), Some(&twice));
    assert_eq!(doubled(&planned(two), Variant::default()).charts, [Chart::of(ChartKind::Compare)]);
}

#[test]
fn payloads_that_do_not_fit_into_memory_are_skipped() {
    let text = "tasks: [{kind: echo, payload: 1 GiB}]\nmodels: [serial, processes]\nworkers: 8\n";
    let plan = planned_with(text, &Options { memory: Some(1 << 30), ..Options::new(2) });
    assert_eq!(labels(&plan), ["serial"]);
    assert_eq!(plan.skipped[0].what, "1 GiB in flight to 8 workers");
    let text = "pipeline:\n  - {task: echo, payload: 1 MiB}\n  - {task: hash, model: processes}\nqueue: [8, 10000]\n";
    let plan = planned_with(text, &Options { memory: Some(1 << 30), ..Options::new(2) });
    assert_eq!(plan.configurations.len(), 2);
    assert_eq!(plan.skipped[0].what, "a pipeline with a queue of 10,000 items");
    assert!(plan.skipped[0].why.contains("GiB can be under way at once"), "{}", plan.skipped[0].why);
    // What a stage would make up itself does not count where it takes what came.
    let text = "pipeline:\n  - {task: echo, payload: 64 B}\n  - {task: hash}\nqueue: 1000000\n";
    assert_eq!(planned_with(text, &Options { memory: Some(1 << 30), ..Options::new(2) }).configurations.len(), 2);
}

#[test]
fn the_cost_counts_every_trial() {
    let text = "tasks: [primes]\nmodels: [serial, threads]\nworkers: [1, 2]\n";
    let cost = estimate(&planned(&format!("{text}rounds: 15\n")), &Tasks::builtin());
    assert_eq!((cost.timed, cost.profiling, cost.memory, cost.trials()), ((75, 75), 6, 3, (84, 84)));
    assert_eq!(cost.seconds.0, cost.seconds.1);
    let quick = estimate(&planned_with(text, &Options { quick: true, ..Options::new(2) }), &Tasks::builtin());
    assert_eq!(quick.trials(), (9, 9));
    assert!(quick.seconds < cost.seconds);
    // Without a number of rounds: ten seconds of rounds at least, the budget at most.
    let auto = |budget| estimate(&planned_with(text, &Options { budget, ..Options::new(2) }), &Tasks::builtin());
    let open = auto(None);
    assert!(open.timed.0 < open.timed.1 && open.seconds.0 >= 10.0 && open.seconds.1 >= 20.0, "{open:?}");
    let minute = auto(Some(Duration::from_secs(60)));
    assert_eq!((minute.timed.0, minute.seconds.0), (open.timed.0, open.seconds.0));
    assert!(minute.seconds.1 - open.seconds.1 > 35.0, "{minute:?}");
    // A quick run has no more rounds than the scenario asks for, and what goes wrong on purpose is only timed.
    let text = format!("{text}rounds: 1\nfault: {{kind: kill}}\n");
    let faulty = estimate(&planned_with(&text, &Options { quick: true, ..Options::new(2) }), &Tasks::builtin());
    assert_eq!((faulty.timed, faulty.trials()), ((3, 3), (3, 3)));
    assert_eq!(estimate(&planned(&text), &Tasks::builtin()).trials(), (3, 3));
}

#[test]
fn the_cost_knows_what_items_take() {
    let seconds = |text: &str| {
        let pythons = [(NamedPython::from("python3"), Ok(cpython()))].into();
        let options = Options { pythons, rounds: Some(15), ..Options::new(2) };
        estimate(&planned_with(text, &options), &Tasks::builtin()).seconds.0
    };
    let trials = |text: &str| {
        let options = Options { rounds: Some(15), ..Options::new(2) };
        estimate(&planned_with(text, &options), &Tasks::builtin()).trials().0 as f64
    };
    // 20 items of 45 ms are nearly a second of a core, in each of 38 trials, on one core or on two, and once for the replies.
    let hash = "tasks: [{kind: hash, size: 64 MiB, items: 20}]\nmodels: [serial, threads]\nworkers: 2\n";
    let (found, count) = (seconds(hash), trials(hash));
    assert!((0.45 * count..1.5 * count).contains(&found), "{found} s for {count} trials");
    // Twice the items take nearly twice as long, and waits take what they say.
    assert!(seconds(&hash.replace("20", "40")) > 1.7 * found);
    let sleep = "tasks: [{kind: sleep, delay: 10 ms, items: 100}]\nmodels: [serial]\n";
    let (found, count) = (seconds(sleep), trials(sleep));
    assert!((count..1.2 * count).contains(&found), "{found} s for {count} trials");
    // CPython computes many times slower, where items are fixed.
    let primes = "tasks: [{kind: primes, limit: 500000, items: 64}]\nmodels: [serial]\n";
    let (rust, python) = (seconds(primes), seconds(&format!("{primes}runtime: python\n")));
    assert!(python > 10.0 * rust, "{python} s and {rust} s");
}

#[test]
fn the_cost_knows_what_the_lock_of_cpython_does_to_threads() {
    let seconds = |task: &str, model: &str| {
        let pythons = [(NamedPython::from("python3"), Ok(cpython()))].into();
        let text = format!("tasks: [{{{task}}}]\nmodels: [{model}]\nruntime: python\nrounds: 15\n");
        estimate(&planned_with(&text, &Options { pythons, ..Options::new(2) }), &Tasks::builtin()).seconds.0
    };
    for (task, scales) in [
        ("kind: compress, size: 1 MiB, items: 300", true),
        ("kind: sort, count: 100000, items: 300", false),
        ("kind: json, records: 10000, items: 300", false),
        ("kind: numeric, of: pi, points: 100000, items: 300", false),
        ("kind: numeric, side: 1000, items: 300", false),
    ] {
        let models = ["serial", "{kind: threads, workers: 2}", "{kind: processes, workers: 2}"];
        let [serial, threads, processes] = models.map(|model| seconds(task, model));
        assert_eq!(threads < 0.8 * serial, scales, "{task}: {threads} s and {serial} s");
        assert!(processes < 0.8 * serial, "{task}: {processes} s and {serial} s");
    }
}
const STAGES: &str = "pipeline:\n  - {task: hash, size: 64 KiB, workers: [1, 2]}\n  \
                      - {task: primes, limit: 2000, model: [threads, processes], workers: 2, ipc: [pipe, queue]}\n  \
                      - {task: sleep, delay: 1 ms, model: serial}\nitems: 40\n";

#[test]
fn a_pipeline_is_one_workload_of_every_way_and_one_thread() {
    let plan = planned(&format!("{STAGES}queue: [4, 64]\n"));
    assert_eq!((plan.workloads.len(), plan.configurations.len()), (1, 1 + 2 * 3 * 2));
    let workload = &plan.workloads[0];
    assert_eq!(
        (workload.label.as_str(), plan.configurations[workload.reference].label.as_str()),
        ("pipeline", "serial")
    );
    assert!(labels(&plan).contains(&"hash × 2 | primes × 2, pipe | sleep × 1, queue 64"), "{:?}", labels(&plan));
    assert!(labels(&plan).contains(&"hash × 1 | primes × 2 | sleep × 1, queue 4"), "{:?}", labels(&plan));
    let unique: std::collections::BTreeSet<&str> = labels(&plan).into_iter().collect();
    assert_eq!(unique.len(), plan.configurations.len());
    assert!(workload.describe.contains(" → "), "{}", workload.describe);
    let axes: Vec<&str> = plan.parameters.iter().map(|axis| axis.key.as_str()).collect();
    for key in ["model", "queue", "stage1_workers", "stage2_model", "stage2_ipc"] {
        assert!(axes.contains(&key), "{axes:?}");
    }
}

#[test]
fn work_of_a_stage_makes_workloads_and_its_ways_configurations() {
    let plan = planned("pipeline: [{task: primes, limit: [2000, 4000]}, {task: sleep}]\nitems: [10, 20]\n");
    let labels: Vec<&str> = plan.workloads.iter().map(|workload| workload.label.as_str()).collect();
    assert_eq!((labels.len(), labels[0]), (4, "pipeline, stage 1 limit 2000, 10 items"), "{labels:?}");
}

#[test]
fn selectors_reach_into_stages() {
    let expect =
        |selector: &str| format!("{STAGES}queue: [4, 64]\nexpect:\n  - {{compare: {selector}, at_least: 1}}\n");
    let pairs = |selector: &str| planned(&expect(selector)).expectations[0].pairs.len();
    assert_eq!(pairs("{queue: 4}"), 6);
    assert_eq!(pairs("{stage1_workers: 2, stage2_ipc: queue}"), 2);
    assert_eq!(pairs("{stage2_model: threads, queue: [4, 64]}"), 4);
    assert_eq!(pairs("{stage3_delay: 1 ms}"), 12);
    let text = refused(&expect("{stage1_workers: 9}"));
    assert!(text.contains("no configuration has `stage1_workers` 9"), "{text}");
    let only = |text: &str| planned_with(STAGES, &Options { filter: Some(filtered(text)), ..Options::new(2) });
    assert_eq!(only("stage1_workers=2,stage2_ipc=pipe,queue").configurations.len(), 2);
    assert_eq!(only("model=serial").configurations.len(), 1);
}

#[test]
fn items_that_hang_together_are_no_stage() {
    let text = refused("pipeline: [{task: train}, {task: sleep}]\n");
    assert!(text.contains("the items of `train` depend on each other") && text.contains("test.yaml:3:13"), "{text}");
}

#[test]
fn without_the_one_thread_a_pipeline_refers_to_one_worker_for_each_stage() {
    let text = "pipeline: [{task: hash, workers: [2, 1]}, {task: sleep, workers: [4, 1]}]\n";
    let filter = filtered("model=pipeline");
    let plan = planned_with(text, &Options { filter: Some(filter), ..Options::new(2) });
    assert_eq!(plan.configurations[plan.workloads[0].reference].label, "hash × 1 | sleep × 1");
    assert!(
        plan.configurations
            .iter()
            .any(|configuration| configuration.checked && configuration.label == "hash × 2 | sleep × 4")
    );
}

#[test]
fn a_stage_that_needs_a_permission_is_skipped_without_it() {
    let text = "pipeline: [{task: command, argv: [true]}, {task: sleep}]\n";
    let plan = planned(text);
    assert!(plan.configurations.is_empty() && plan.skipped[0].why.contains("--allow-commands"), "{:?}", plan.skipped);
    assert_eq!(planned_with(text, &Options { allow_commands: true, ..Options::new(2) }).configurations.len(), 2);
}

#[test]
fn all_stages_together_have_no_more_workers_than_a_configuration_may() {
    let plan = planned("pipeline: [{task: hash, workers: [1, 600]}, {task: sleep, workers: 600}]\n");
    assert_eq!(labels(&plan), ["serial", "hash × 1 | sleep × 600"]);
    assert_eq!(plan.skipped[0].what, "pipelines of 1200 workers");
}

#[test]
fn each_setting_alone_is_filtered_by_and_labelled() {
    for (row, one, other) in pairs::all() {
        let name = row.setting.name;
        let facts: Facts = [&one, &other].into_iter().map(Config::facts).collect();
        let value = one.fact(row.key).unwrap();
        let written = match row.setting.kind {
            SettingKind::Duration { .. } => format!("{} ns", value.plain()),
            _ => value.plain(),
        };
        let terms = filtered(&format!("{name}={written}")).terms_of(&Tasks::builtin()).unwrap();
        assert_eq!(matching(&terms, &facts, Options::new(2).core_counts()), [0], "{name}={written}");
        if row.part == Part::Configuration {
            let mut plan = planned("tasks: [primes]\nmodels: [threads]\nworkers: [1, 2]\n");
            (plan.configurations[0].config, plan.configurations[1].config) = (one, other);
            label::label_configurations(&plan.workloads[0].clone(), &mut plan.configurations);
            assert_ne!(plan.configurations[0].label, plan.configurations[1].label, "{name}");
            assert!(!plan.configurations[1].label.ends_with("(2)"), "{name}: {}", plan.configurations[1].label);
        }
    }
}

#[test]
fn physical_cores_are_one_thread_of_each() {
    let text = "tasks: [primes]\nmodels: [serial, threads]\nworkers: [physical, cores, 2*physical]\n\
                expect: {compare: {workers: physical}, metric: speedup, at_least: 0.1}\n";
    let workers = |physical: u32| -> Vec<u32> {
        let plan = planned_with(text, &Options { physical, ..Options::new(8) });
        assert_eq!(plan.expectations[0].pairs.len(), 1);
        plan.configurations.iter().filter_map(|configuration| configuration.config.workers).collect()
    };
    // Fewer cores than physical ones are granted where there is a quota.
    assert_eq!([workers(4), workers(8), workers(99)], [vec![4, 8], vec![8, 16], vec![8, 16]]);
}
