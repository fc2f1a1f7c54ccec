//! What trials say about CPU time, memory, switches, faults and the workers' time, against truths found by other means.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use runner::results::{Kind, Memory, MemoryUse, Phase, Spent};
use serde_json::{Value, json};

use crate::support::{HANG, Place, children, probes, skipped, until};

const MS: u64 = 1_000_000;
const MIB: u64 = 1 << 20;

/// Every model and every kind of dispatch, with a method that has a server and one that has none.
const EVERY_WAY: &str = "
models:
  - serial
  - threads
  - rayon
  - {kind: processes, ipc: [pipe, manager]}
  - {kind: processes, ipc: shared_memory, dispatch: claim}
";

fn cpu(phase: &Phase) -> u64 {
    phase.usage.cpu()
}

// ---- CPU time and faults of each phase.

#[test]
fn cpu_time_of_each_phase_is_what_was_burned_in_it() {
    let place = Place::with_probes();
    let models = "models: [serial, threads, rayon, {kind: processes, ipc: pipe}, \
                  {kind: processes, ipc: shared_memory, dispatch: claim}]\n";
    place.scenario(
        "u",
        &format!("tasks: [{{kind: probe_burn, cpu: 10 ms, items: 40}}]\n{models}workers: 2\nchunk: 10\nwait: sleep\n"),
    );
    place.run_scenario("u", &["--quick", "--rounds", "1"]).expect(0);
    let results = place.results("u");
    assert_eq!(results.trials.len(), 5);
    for trial in &results.trials {
        let configuration = &results.configurations[trial.configuration];
        // A warm-up is a chunk in every worker; serial has no chunks.
        let warm = if configuration.config.model.word() == "serial" { 10 } else { 2 * 100 } * MS;
        let [start, work, join] = trial.phases.each_ref().map(cpu);
        let label = &configuration.label;
        // Items burn by the kernel's own count. How much a machine needs for the rest is its own, so that the upper bounds
        // only tell the phases apart: none of them may hold what was burned in another.
        assert!((400 * MS * 98 / 100..600 * MS).contains(&work), "{label}: {work} in work");
        assert!((warm * 98 / 100..warm + 400 * MS).contains(&start), "{label}: {start} in start");
        assert!(join < 400 * MS, "{label}: {join} in join");
        assert!(!trial.flags.contains(&runner::results::Flag::CpuMismatch), "{label}");
    }
}

#[test]
fn faults_are_counted_in_the_phase_and_the_process_where_they_happen() {
    let place = Place::with_probes();
    let models = "models: [serial, threads, rayon, {kind: processes, ipc: pipe}]\nworkers: 2\n";
    place.scenario("u", &format!("tasks: [{{kind: probe_hold, size: 40 MiB, items: 3}}]\n{models}"));
    place.run_scenario("u", &["--quick", "--rounds", "1"]).expect(0);
    let results = place.results("u");
    let huge = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").unwrap_or_default();
    // Where the kernel gives huge pages unasked, a fault brings one of them or one of the small ones.
    let fewest = 40 * MIB / if huge.contains("[always]") { 2 * MIB } else { 4096 };
    for trial in &results.trials {
        let configuration = &results.configurations[trial.configuration];
        let [start, work, join] = trial.phases.map(|phase| phase.usage.minor_faults);
        // Every worker warms up with one item.
        let least = [u64::from(configuration.config.workers.unwrap_or(1)) * fewest, 3 * fewest];
        assert!(start >= least[0] && work >= least[1], "{}: {start} and {work}", configuration.label);
        let most = 3 * 40 * MIB / 4096 * 105 / 100 + 2000;
        assert!(work <= most && join <= most, "{}: {work}, then {join}", configuration.label);
        assert!(trial.phases.iter().all(|phase| phase.usage.major_faults <= phase.usage.minor_faults));
    }
}

// ---- Where the workers' time went.

fn all(spent: &Spent) -> u64 {
    spent.whole()
}

#[test]
fn every_way_accounts_for_its_time_to_the_nanosecond_and_for_its_memory() {
    let tasks = "tasks:\n  - {kind: empty, items: 200}\n  - {kind: probe_tree, items: 3}\n";
    let place = Place::with_probes();
    place.scenario("u", &format!("{tasks}{EVERY_WAY}measure: [work, end_to_end]\nworkers: 3\nchunk: 2\n"));
    place.run_scenario("u", &["--rounds", "1"]).expect(0);
    let results = place.results("u");
    // Serial, threads, rayon, two methods and the table, which a tree of items has not; by two measures.
    assert_eq!(results.configurations.len(), 2 * (6 + 5));
    let mut seen = BTreeMap::new();
    for trial in &results.trials {
        let (configuration, label) =
            (&results.configurations[trial.configuration], &results.configurations[trial.configuration].label);
        assert_eq!(trial.details.spent.is_some(), trial.kind == Kind::Profiling, "{label}");
        assert_eq!(trial.details.memory.is_some(), trial.kind == Kind::Memory, "{label}");
        if let Some(spent) = &trial.details.spent {
            let workers = u64::from(configuration.config.workers.unwrap_or(1));
            assert_eq!(all(spent), workers * trial.phases[1].wall, "{label}: {spent:?}");
            assert!(spent.service > 0 && spent.lock == 0, "{label}: {spent:?}");
        }
        if let Some(memory) = &trial.details.memory {
            let separate = if configuration.config.model.word() == "processes" { 3 } else { 0 };
            assert_eq!(memory.workers.len(), separate, "{label}");
            let sizes = memory.workers.iter().chain([&memory.before, &memory.after]);
            assert!(sizes.clone().all(|size| size.rss >= size.pss && size.pss > 0), "{label}: {memory:?}");
        }
        *seen.entry((trial.configuration, trial.kind as u8)).or_insert(0) += 1;
    }
    let expected = (0..results.configurations.len()).flat_map(|configuration| {
        [(Kind::Timed, 1), (Kind::Profiling, 2), (Kind::Memory, 1)]
            .map(|(kind, count)| ((configuration, kind as u8), count))
    });
    assert_eq!(seen, expected.collect());
    // Per-item times and estimates come from other trials.
    assert!(results.latencies.len() == results.configurations.len() && results.latencies.iter().all(|l| l.trials == 2));
    assert!((0..results.configurations.len()).all(|configuration| results.timed(configuration).count() == 1));
}

/// What programs use that a scenario starts counts in the phase of work, whoever started them.
#[test]
fn programs_count_for_those_who_run_them() {
    let place = Place::new();
    let count = "i=0; while [ $i -lt 5000 ]; do i=$((i+1)); done";
    let task = format!("tasks: [{{kind: command, argv: [sh, -c, \"{count}\"], items: 8}}]\n");
    let ways = "models: [serial, threads, rayon, {kind: processes, ipc: [pipe, shared_memory]}]\nworkers: 2\n";
    place.scenario("c", &format!("{task}{ways}"));
    place.run_scenario("c", &["--quick", "--rounds", "1", "--allow-commands"]).expect(0);
    let results = place.results("c");
    let used = |configuration: usize| cpu(&results.timed(configuration).next().unwrap().phases[1]) as f64;
    let serial = used(0);
    for configuration in &results.configurations {
        let ratio = used(configuration.id) / serial;
        // The same programs take about the same; without them it would be some thousandths.
        assert!((0.1..10.0).contains(&ratio), "{}: {ratio}", configuration.label);
    }
    assert!(serial > 1e6, "{serial} ns");
}

/// Where the workers' time of one profiling host went, all of it, and what it clocked within items.
#[track_caller]
fn spent(task: &str, settings: &Value, items: u64, model: &Value) -> (Spent, u64, u64) {
    let (reply, _) = Lone::start(&[], &spec(task, settings, items, model, "profiling")).end();
    let spent: Spent = serde_json::from_value(reply["details"]["spent"].clone()).unwrap();
    let phases: [Phase; 3] = serde_json::from_value(reply["phases"].clone()).unwrap();
    let total = all(&spent);
    assert_eq!(total, model["workers"].as_u64().unwrap() * phases[1].wall);
    let clocked: Vec<(u64, u64)> = serde_json::from_value(reply["times"][0].clone()).unwrap();
    (spent, total, clocked.into_iter().map(|(took, count)| took * count).sum())
}

/// Checks for every way that items took so many nanoseconds in all, that workers waited about so long for them, and no
/// longer than the phase lasted.
#[track_caller]
fn workers_wait(task: &str, settings: &Value, count: u64, ways: &[Value], items: u64, waited: u64) {
    std::thread::scope(|scope| {
        for model in ways {
            scope.spawn(move || {
                // When a worker gets a core is the machine's to say, and one that starts late waits for less. So only one
                // run of several has to show the whole wait; what follows from the items has to hold in all.
                until("a run in which workers waited as long as they had to", HANG, || {
                    let (spent, total, clocked) = spent(task, settings, count, model);
                    let context = format!("{model}: {spent:?} of {total}, {clocked} within items");
                    assert!(spent.service + spent.preempted >= items, "{context}");
                    // What an item takes is kept in steps of less than a hundredth.
                    assert!(spent.service <= clocked + clocked / 100, "{context}");
                    assert!(spent.waiting > 0 && spent.waiting <= total - items, "{context}");
                    (spent.waiting + spent.preempted >= waited * 8 / 10).then_some(())
                });
            });
        }
    });
}

fn ways(workers: u64) -> Vec<Value> {
    let methods = ["pipe", "shared_memory", "manager"].map(|method| processes(method, workers));
    [&[threads("threads", workers), threads("rayon", workers)], &methods[..]].concat()
}

#[test]
fn a_worker_without_an_item_waits() {
    // Three items of 100 ms on two workers: one of them waits for the third item's end.
    let ways_of = |workers| [ways(workers), vec![table(workers)]].concat();
    workers_wait("sleep", &json!({"delay": 100 * MS}), 3, &ways_of(2), 300 * MS, 100 * MS);
    // One item on three workers: two of them wait all the time.
    workers_wait("sleep", &json!({"delay": 50 * MS}), 1, &ways_of(3), 50 * MS, 100 * MS);
}

#[test]
fn waiting_for_an_item_that_another_yields_counts_as_waiting() {
    // The first item takes 60 ms and yields two, on which both workers then work: one of them had to wait.
    let tree = json!({"fan_out": 2, "depth": 1, "delay": 60 * MS});
    workers_wait("probe_tree", &tree, 1, &ways(2), 180 * MS, 60 * MS);
}

#[test]
fn workers_that_share_a_core_are_without_one_most_of_the_time() {
    if std::fs::read_to_string("/proc/thread-self/schedstat").is_err() {
        skipped("this kernel does not count how long a thread waits for a core");
        return;
    }
    for mut model in [threads("threads", 4), threads("rayon", 4), processes("pipe", 4), table(4)] {
        model["affinity"] = "same".into();
        let (spent, total, _) = spent("probe_burn", &json!({"cpu": 10 * MS}), 16, &model);
        let context = format!("{model}: {spent:?} of {total}");
        assert!(spent.service + spent.preempted >= 160 * MS, "{context}");
        // On one core one of four has it at a time, whatever else the machine does, and while one has it the others with
        // an item are without. The two clocks may be some way apart.
        assert!(spent.service <= total / 4 + total / 20, "{context}");
        assert!(spent.preempted > spent.service, "{context}");
    }
}

// ---- One host by itself, so that its processes can be looked at.

/// A host that runs one trial, behind the words of a command. Its program is a copy, so that no other process shares
/// pages with its own.
struct Lone {
    child: Child,
    /// A host ends with its standard input.
    _stdin: std::process::ChildStdin,
    _place: Place,
}

fn spec(task: &str, settings: &Value, items: u64, model: &Value, purpose: &str) -> Value {
    let mut config = json!({"runtime": "native", "model": "serial", "measure": "work"});
    config.as_object_mut().unwrap().extend(model.as_object().unwrap().clone());
    json!({
        "brief": {"task": task, "settings": settings, "seed": 1, "items": items, "folder": "", "config": config,
                  "purpose": purpose},
        "role": "trial", "timeout": {"secs": 30, "nanos": 0},
    })
}

fn threads(model: &str, workers: u64) -> Value {
    json!({"model": model, "workers": workers, "chunk": 1, "affinity": "free"})
}

fn processes(method: &str, workers: u64) -> Value {
    json!({"model": "processes", "workers": workers, "ipc": method, "dispatch": "stream", "chunk": 1, "in_flight": 1,
        "wait": "sleep", "affinity": "free"})
}

fn table(workers: u64) -> Value {
    json!({"model": "processes", "workers": workers, "ipc": "shared_memory", "dispatch": "claim", "chunk": 1,
        "affinity": "free"})
}

impl Lone {
    fn start(before: &[&str], spec: &Value) -> Self {
        let place = Place::new();
        let program = place.path("runner");
        // By another process: one that tests start meanwhile would inherit the open file and keep the copy busy.
        assert!(Command::new("cp").arg(probes()).arg(&program).status().unwrap().success());
        let words = [before, &[program.to_str().unwrap(), "__host"]].concat();
        let mut spec = spec.clone();
        spec["brief"]["folder"] = place.temporary().join("trial").to_str().unwrap().into();
        let name = place.temporary().parent().unwrap().file_name().unwrap().to_owned();
        spec["prefix"] = format!("/runner-test-{}-{}", std::process::id(), name.to_str().unwrap()).into();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).process_group(0).env("LC_ALL", "C");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        writeln!(stdin, "{spec}").unwrap();
        Self { child, _stdin: stdin, _place: place }
    }

    /// What the host wrote at its end, and its standard error.
    #[track_caller]
    fn end(mut self) -> (Value, String) {
        let (mut line, mut errors) = (String::new(), String::new());
        BufReader::new(self.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert!(self.child.wait().unwrap().success(), "{errors}");
        let reply: Value = serde_json::from_str(&line).unwrap();
        assert!(reply["trouble"].is_null(), "{reply}");
        (reply, errors)
    }
}

/// Memory of processes by a loop of the shell: of each, as the kernel counts it.
fn shell_loop(pids: &[u32]) -> Vec<Memory> {
    let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
    let text = format!(
        "for p in {}; do awk '/^Pss:/ {{ s += $2 }} /^Private_/ {{ p += $2 }} /^Rss:/ {{ r += $2 }} \
         END {{ print s * 1024, p * 1024, r * 1024 }}' /proc/$p/smaps_rollup; done",
        pids.join(" ")
    );
    let output = Command::new("sh").args(["-c", &text]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers = |line: &str| {
        let numbers: Vec<u64> = line.split(' ').map(|word| word.parse().unwrap()).collect();
        Memory::from([numbers[0], numbers[1], numbers[2]])
    };
    text.lines().map(numbers).collect()
}

fn sum(parts: &[Memory]) -> [u64; 3] {
    let parts = parts.iter().map(|part| <[u64; 3]>::from(*part));
    parts.fold([0; 3], |sum, part| std::array::from_fn(|i| sum[i] + part[i]))
}

#[track_caller]
fn assert_near(what: &str, ours: Memory, truth: [u64; 3]) {
    for (ours, truth) in <[u64; 3]>::from(ours).into_iter().zip(truth) {
        assert!(ours.abs_diff(truth) * 20 <= truth, "{what}: {ours} against {truth}");
    }
}

/// A trial whose workers hold 64 MiB each, looked at by the shell while they do.
#[track_caller]
fn memory_agrees(model: &Value, held: u64, started: usize) {
    let settings = json!({"size": 64 * MIB, "delay": 500 * MS});
    let mut host = Lone::start(&[], &spec("probe_hold", &settings, 2, model, "memory"));
    let pid = host.child.id();
    // Workers touch their memory in the warm-up, and once more in the work: the most that is seen is what they hold.
    let (mut count, mut truth) = (0, Vec::new());
    until("the end of the host", HANG, || {
        let workers = children(pid, "__worker");
        let seen = shell_loop(&[&[pid], &workers[..], &children(pid, "__manager")].concat());
        if seen.len() == started && (truth.is_empty() || sum(&seen)[1] > sum(&truth)[1]) {
            (count, truth) = (workers.len(), seen);
        }
        host.child.try_wait().unwrap()
    });
    assert!(sum(&truth)[1] >= held * 64 * MIB, "{model}: {truth:?}");
    let (reply, _) = host.end();
    let memory: MemoryUse = serde_json::from_value(reply["details"]["memory"].clone()).unwrap();
    let name = model.to_string();
    assert_near(&name, memory.before, sum(&truth));
    assert_near(&name, memory.after, sum(&truth));
    assert!(memory.after.private <= memory.after.pss && memory.after.pss <= memory.after.rss);
    assert_eq!(memory.workers.len(), count);
    // Workers are told by number, and found in no order; all hold about the same.
    let largest = truth[1..=count].iter().max_by_key(|worker| worker.rss);
    memory.workers.iter().zip(largest).for_each(|(ours, truth)| assert_near(&name, *ours, sum(&[*truth])));
}

#[test]
fn memory_is_what_a_shell_loop_over_the_processes_sees() {
    if std::fs::read_to_string("/proc/self/smaps_rollup").is_err() {
        skipped("this kernel has no smaps_rollup");
        return;
    }
    std::thread::scope(|scope| {
        let cases = [
            (json!({"model": "serial"}), 1, 1),
            (threads("threads", 2), 2, 1),
            (threads("rayon", 2), 2, 1),
            (processes("pipe", 2), 2, 3),
            (processes("manager", 2), 2, 4),
        ];
        for (model, held, started) in cases {
            scope.spawn(move || memory_agrees(&model, held, started));
        }
    });
}

// ---- Against GNU time, which sees the whole tree of a host.

/// The number on a line of `time -v`.
#[track_caller]
fn told(report: &str, what: &str) -> u64 {
    let line = report.lines().find(|line| line.trim_start().starts_with(what));
    line.unwrap_or_else(|| panic!("no {what} in {report}")).rsplit_once(' ').unwrap().1.parse().unwrap()
}

/// What GNU time and the phases say of switches and faults in one host: both are counted by the kernel over whole
/// processes, and the phases leave out how the host starts and ends.
#[track_caller]
fn counts_agree(spec: &Value) -> [u64; 3] {
    let (reply, report) = Lone::start(&["/usr/bin/time", "-v"], spec).end();
    let phases: [Phase; 3] = serde_json::from_value(reply["phases"].clone()).unwrap();
    let sum = |of: fn(&Phase) -> u64| phases.iter().map(of).sum::<u64>();
    let ours = [sum(|p| p.usage.voluntary), sum(|p| p.usage.involuntary), sum(|p| p.usage.minor_faults)];
    let lines =
        ["Voluntary context switches:", "Involuntary context switches:", "Minor (reclaiming a frame) page faults:"];
    // A process makes some thousand faults until it has loaded a debug build; a switch happens here and there.
    for ((ours, what), outside) in ours.into_iter().zip(lines).zip([100, 100, 8000]) {
        let truth = told(&report, what);
        assert!(ours <= truth && truth - ours <= truth / 20 + outside, "{what} {truth}, and we say {ours}");
    }
    ours
}

#[test]
fn switches_and_faults_are_those_that_gnu_time_sees() {
    if !std::path::Path::new("/usr/bin/time").exists() {
        skipped("GNU time is not installed");
        return;
    }
    let waiting = spec("sleep", &json!({"delay": 500_000}), 600, &processes("pipe", 2), "timed");
    assert!(counts_agree(&waiting)[0] >= 600);
    let mut crowded = processes("pipe", 4);
    crowded["affinity"] = "same".into();
    let crowded = spec("probe_burn", &json!({"cpu": 20 * MS}), 40, &crowded, "timed");
    // How often, is the scheduler's to say.
    assert!(counts_agree(&crowded)[1] > 0);
    let touching =
        spec("probe_hold", &json!({"size": 64 * MIB, "delay": 0}), 4, &processes("shared_memory", 2), "timed");
    counts_agree(&touching);
}
