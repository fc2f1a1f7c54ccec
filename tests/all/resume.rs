//! `--resume`: a run that was interrupted or killed goes on and has every trial once, in the planned order.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use runner::internal::engine::{self, Run, continued};
use runner::internal::plan::{Filter, Options, Plan, plan};
use runner::internal::scenario::{Source, load};
use runner::internal::setting::Model;
use runner::results::{Ended as RunEnd, Finished, JOURNAL, Journal, Machine, Results, Trial};
use runner::task::Tasks;
use rustix::process::Signal;

use crate::ladder::{Table, Told, right, traced};
use crate::support::{Ended, HANG, Place, processes, shared_segments, signal, until};

/// Short trials under every kind of host, in the shape of `axes`.
const WAYS: &str = "tasks: [{kind: sleep, delay: 1 ms, items: 6}]\nmodels: [serial, threads, {kind: processes, ipc: [pipe, shared_memory]}]\nworkers: 2\n";

/// The plan of a run again, from nothing but its results file.
fn planned_again(results: &Results) -> Plan {
    let source = Source { name: "again.yaml".into(), bytes: results.scenario.text.clone().into_bytes() };
    let tasks = Tasks::builtin();
    let scenarios = load(&[source], &tasks).unwrap_or_else(|problems| panic!("{problems}"));
    let options = Options {
        quick: results.run.quick,
        rounds: results.run.budget.is_none().then_some(results.run.rounds),
        budget: results.run.budget.map(Duration::from_secs_f64),
        seed: Some(results.run.seed),
        filter: results.run.filter.as_deref().map(|only| Filter::parse(&[only.to_owned()]).unwrap()),
        ..Options::new(results.machine.cores)
    };
    plan(&scenarios[0], &tasks, &options).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A run that continues one that left all of these trials, on a host that nobody may ask.
fn continued_from_its_own_trials(results: &Results) -> Results {
    let plan = planned_again(results);
    let place = Place::new();
    let blank = engine::blank(&plan, results.machine.clone(), results.run.started.clone());
    let mut journal = Journal::open(&place.temporary()).unwrap();
    journal.start(&engine::head(&blank, "a build".into(), None)).unwrap();
    let items: Vec<u64> = results.configurations.iter().map(|configuration| configuration.items).collect();
    journal.items(&items).unwrap();
    for trial in &results.trials {
        journal.add(&Finished { trial: trial.clone(), clocks: None, timeline: None }).unwrap();
    }
    let left = journal.left().unwrap().unwrap();
    let continued = Some(continued(&plan, &blank, left).unwrap());
    let mut host = Table::new(|spec| panic!("{spec:?} comes after all that was run"));
    let (clock, mut told) = (host.clock(), Told::default());
    let (journal, progress) = (&mut journal, &mut told);
    let run = Run { plan: &plan, host: &mut host, journal, progress, counts: None, continued, clock: &clock };
    engine::run(run, blank).unwrap()
}

/// The run is whole, and has exactly the trials that its results file plans, in that order, with the looks that they lead to.
#[track_caller]
fn assert_as_planned(results: &Results) {
    assert!(results.run.complete);
    let again = continued_from_its_own_trials(results);
    assert!(again.run.complete && again.trials == results.trials);
    assert_eq!(again.workloads, results.workloads);
    assert!(results.trials.iter().enumerate().all(|(at, trial)| trial.order as usize == at));
    assert!(results.trials.iter().all(Trial::ok));
    for latency in &results.latencies {
        assert_eq!(
            (latency.trials, latency.service.count),
            (2, 12),
            "{}",
            results.configurations[latency.configuration].label
        );
    }
}

fn journal(place: &Place, name: &str) -> PathBuf {
    place.report(name).join(JOURNAL)
}

fn trials_in(place: &Place, name: &str) -> usize {
    let text = std::fs::read_to_string(journal(place, name)).unwrap_or_default();
    text.lines().filter(|line| line.starts_with("{\"finished\"") && line.ends_with('}')).count()
}

/// Ends a program as a power cut would, and waits until none of its processes runs any more. A host that was just making a
/// segment may leave it to the next run to sweep. Gives the program's pid.
fn kill(place: &Place, mut child: Child) -> u32 {
    child.kill().unwrap();
    child.wait().unwrap();
    let own = place.path("").to_string_lossy().into_owned();
    until("the end of all that the killed run had started", HANG, || {
        let of_run = |pid: u32| {
            let all = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            String::from_utf8_lossy(&all).contains(&own)
        };
        (!processes().iter().any(|seen| seen.state != 'Z' && of_run(seen.pid))).then_some(())
    });
    child.id()
}

/// Starts a run and kills it when so many trials are done.
fn broken_off(place: &Place, name: &str, arguments: &[&str], trials: usize) {
    let file = format!("{name}.yaml");
    let child = place.program(&[&[file.as_str(), "--output", "o"], arguments].concat()).spawn().unwrap();
    until("trials in the journal", HANG, || (trials_in(place, name) >= trials).then_some(()));
    kill(place, child);
}

// ---- Every trial once.

/// Kills runs at random moments, goes on with them, and looks at what they have.
fn killed_at(moments: usize, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    for moment in 0..moments {
        let place = Place::new();
        place.scenario("k", WAYS);
        let mut child = Some(place.program(&["k.yaml", "--output", "o", "--rounds", "2"]).spawn().unwrap());
        let mut killed = Vec::new();
        // Some runs are killed again while they go on.
        while let Some(running) = child.take() {
            std::thread::sleep(Duration::from_millis(random.u64(20..700)));
            let done = trials_in(&place, "k");
            killed.push(kill(&place, running));
            assert!(trials_in(&place, "k") >= done || place.report("k").join("results.json").exists());
            if random.bool() && killed.len() < 3 && journal(&place, "k").exists() {
                child = Some(place.program(&["k.yaml", "--output", "o", "--rounds", "2", "--resume"]).spawn().unwrap());
            }
        }
        let there = journal(&place, "k").exists() && std::fs::metadata(journal(&place, "k")).unwrap().len() > 0;
        let resume: &[&str] = if there { &["--rounds", "2", "--resume"] } else { &["--rounds", "2"] };
        let ended = place.run_scenario("k", resume).expect(0);
        assert_as_planned(&place.results("k"));
        // Of four ways: two rounds, two profiling trials and one of memory.
        assert_eq!(place.results("k").trials.len(), 4 * (2 + 2 + 1), "moment {moment}");
        assert!(!journal(&place, "k").exists());
        place.assert_no_leftovers(ended.pid);
        let left: Vec<String> = killed.into_iter().flat_map(shared_segments).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn killed_at_random_moments_and_resumed_a_run_has_every_trial_once() {
    killed_at(8, 3);
}

#[test]
#[ignore = "takes half a minute: cargo test --test all killed_at_twenty -- --ignored"]
fn killed_at_twenty_random_moments_and_resumed_a_run_has_every_trial_once() {
    killed_at(20, 4);
}

#[test]
fn interrupted_by_ctrl_c_a_run_goes_on() {
    let place = Place::new();
    place.scenario("c", WAYS);
    let child = place.program(&["c.yaml", "--output", "o", "--rounds", "8"]).spawn().unwrap();
    until("trials in the journal", HANG, || (trials_in(&place, "c") >= 3).then_some(()));
    signal(child.id(), Signal::INT);
    let ended = Ended::of(child, HANG).expect(130);
    assert!(ended.stderr.contains("--resume"), "{}", ended.stderr);
    let partial = place.results("c");
    assert!(!partial.run.complete && trials_in(&place, "c") == partial.trials.len());
    let ended = place.run_scenario("c", &["--rounds", "8", "--resume"]).expect(0);
    assert!(ended.stderr.contains(&format!("goes on after {} trials", partial.trials.len())), "{}", ended.stderr);
    let results = place.results("c");
    assert_as_planned(&results);
    assert_eq!(results.trials[..partial.trials.len()], partial.trials);
    assert_eq!((results.run.resumed, &results.run.started), (1, &partial.run.started));
    assert!(place.report_text("c").contains("continued once"), "{}", place.report_text("c"));
    place.assert_no_leftovers(ended.pid);
}

/// Two workloads whose rounds are not fixed.
const UNTIL_ANSWERED: &str =
    "tasks: [{kind: primes, items: 100}, {kind: hash, items: 100}]\nmodels: [serial, threads]\nworkers: 2\n";

/// Runs or continues the plan of [`UNTIL_ANSWERED`] in a folder, on a host that takes as long for a trial every time: about 0.1 s,
/// one way twice as long as the other. Gives the results, the journal, and how often a number of items was being chosen.
fn until_answered(folder: &Path, text: &str) -> (Results, Vec<u8>, usize) {
    let plan = traced(text);
    let blank = engine::blank(&plan, Machine::default(), "2026-01-01 00:00".into());
    let head = engine::head(&blank, "a build".into(), None);
    let mut journal = Journal::open(folder).unwrap();
    let left = journal.left().unwrap();
    let continued = left.clone().map(|left| continued(&plan, &blank, left).unwrap());
    match &left {
        Some(left) => journal.resume(left).unwrap(),
        None => journal.start(&head).unwrap(),
    }
    let mut host = Table::new(|spec| {
        let noise = 1.0 + 0.002 * (f64::from(spec.brief.round) * 2.4).sin();
        let seconds = if spec.brief.config.model == Model::Serial { 0.1 } else { 0.05 };
        Ok(right(spec, (seconds * noise * 1e9) as u64 / spec.brief.items))
    });
    let (clock, mut told) = (host.clock(), Told::default());
    let (journal, progress) = (&mut journal, &mut told);
    let run = Run { plan: &plan, host: &mut host, journal, progress, counts: None, continued, clock: &clock };
    let results = engine::run(run, blank).unwrap();
    (results, std::fs::read(folder.join(JOURNAL)).unwrap(), told.calibrating)
}

fn ends_of_lines(bytes: &[u8]) -> Vec<usize> {
    (0..bytes.len()).filter(|at| bytes[*at] == b'\n').map(|at| at + 1).collect()
}

#[test]
fn wherever_the_journal_ends_the_results_are_those_of_a_whole_run() {
    let text = "tasks: [primes, {kind: hash, items: 100}]\nmodels: [serial, threads]\nworkers: 2\n";
    let place = Place::new();
    let (whole, bytes, calibrated) = until_answered(&place.temporary(), text);
    assert!(calibrated > 0 && whole.latencies.len() == 4 && whole.timelines.len() == 4);
    assert!(
        whole.workloads.iter().all(|workload| workload.looks.ended == Some(RunEnd::Answered)),
        "{:?}",
        whole.workloads
    );
    let ends = ends_of_lines(&bytes);
    let looks = String::from_utf8_lossy(&bytes).lines().filter(|line| line.starts_with("{\"looks\"")).count();
    // Of each of the two, that units were set and that a look was over.
    assert!(looks >= 4, "{looks}");
    assert_eq!(ends.len(), 2 + looks + whole.trials.len());
    for (line, end) in ends.iter().enumerate() {
        // At the end of a line, and torn within the next one.
        for cut in [*end, (end + 7).min(bytes.len())] {
            let place = Place::new();
            std::fs::write(place.temporary().join(JOURNAL), &bytes[..cut]).unwrap();
            let (mut again, after, calibrated) = until_answered(&place.temporary(), text);
            assert_eq!(calibrated > 0, line < 1, "sizes are chosen once");
            assert_eq!(std::mem::take(&mut again.run.resumed), 1);
            assert!(again.trials == whole.trials && again.workloads == whole.workloads, "cut at {cut}");
            assert!(again == whole, "cut at {cut}");
            assert_eq!(after[..*end], bytes[..*end]);
        }
    }
}

#[test]
fn a_run_that_was_broken_off_twice_goes_on_wherever_it_was() {
    let place = Place::new();
    let (whole, bytes, _) = until_answered(&place.temporary(), UNTIL_ANSWERED);
    for end in ends_of_lines(&bytes) {
        let place = Place::new();
        std::fs::write(place.temporary().join(JOURNAL), &bytes[..end]).unwrap();
        let (_, after, _) = until_answered(&place.temporary(), UNTIL_ANSWERED);
        // All of it was written, but the results were not.
        std::fs::write(place.temporary().join(JOURNAL), &after).unwrap();
        let (mut again, ..) = until_answered(&place.temporary(), UNTIL_ANSWERED);
        assert_eq!(std::mem::take(&mut again.run.resumed), 2);
        assert!(again.trials == whole.trials && again.workloads == whole.workloads, "cut at {end}");
        assert!(again == whole, "cut at {end}");
    }
}

#[test]
fn looks_that_the_trials_do_not_lead_to_are_refused() {
    let place = Place::new();
    let (_, bytes, _) = until_answered(&place.temporary(), UNTIL_ANSWERED);
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let at: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with("{\"looks\"")).collect();
    let plan = traced(UNTIL_ANSWERED);
    let blank = engine::blank(&plan, Machine::default(), "2026-01-01 00:00".into());
    let read = |lines: &[String]| {
        let place = Place::new();
        std::fs::write(place.temporary().join(JOURNAL), lines.concat()).unwrap();
        let left = Journal::open(&place.temporary()).unwrap().left().unwrap().unwrap();
        continued(&plan, &blank, left).map(|_| ())
    };
    let whole: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(read(&whole), Ok(()));
    let changed = |at: usize, from: &str, to: &str| {
        let mut lines = whole.clone();
        assert!(lines[at].contains(from), "{from} in {}", lines[at]);
        lines[at] = lines[at].replacen(from, to, 1);
        lines
    };
    let last = *at.last().unwrap();
    let mut moved = whole.clone();
    moved.swap(last, last - 1);
    let mut dropped = whole.clone();
    dropped.remove(at[0]);
    for (lines, what) in [
        (changed(at[0], "\"planned\":[8,", "\"planned\":[7,"), "another first look"),
        (changed(at[0], "\"units\":[[0,", "\"units\":[[0,1"), "larger units"),
        (changed(last, "\"answered\"", "\"budget\""), "another end"),
        (changed(last, "{\"looks\":[1,", "{\"looks\":[0,"), "another workload"),
        (moved, "a look before its last trial"),
        (dropped, "a look that is missing before others"),
    ] {
        assert_eq!(read(&lines), Err("its looks are not those that its trials lead to".into()), "{what}");
    }
    // A trial after the end.
    let mut more = whole.clone();
    let trial = lines.iter().rposition(|line| line.starts_with("{\"finished\"")).unwrap();
    let order = |n: usize| format!("\"order\":{n}");
    let count = lines.iter().filter(|line| line.starts_with("{\"finished\"")).count();
    more.push(whole[trial].replacen(&order(count - 1), &order(count), 1));
    assert_eq!(read(&more), Err(format!("trial {count} comes after the last that is planned")));
}

// ---- Refusals, by name.

#[test]
fn another_scenario_version_or_machine_is_refused_by_name() {
    let place = Place::new();
    let file = place.scenario("r", WAYS);
    broken_off(&place, "r", &["--rounds", "9"], 2);
    let left = std::fs::read_to_string(journal(&place, "r")).unwrap();
    let (head, rest) = left.split_once('\n').unwrap();
    let mut value: serde_json::Value = serde_json::from_str(head).unwrap();
    let mut with = |path: &str, new: serde_json::Value| {
        let old = std::mem::replace(value.pointer_mut(path).unwrap(), new);
        let text = format!("{value}\n{rest}");
        *value.pointer_mut(path).unwrap() = old;
        text
    };
    let cases = [
        (with("/head/hash", "0123456789abcdef".into()), "another scenario text (0123456789ab, now "),
        (with("/head/tool", "0.0.1".into()), "another version of runner (0.0.1, now "),
        (with("/head/build", "1 bytes of 0.0".into()), "another build of runner (1 bytes of 0.0, now "),
        (with("/head/machine/kernel", "Plan 9".into()), "another machine: kernel (Plan 9, now "),
        (with("/head/machine/cpu", "An abacus".into()), "another machine: CPU (An abacus, now "),
        (with("/head/configurations", "0".into()), "another plan of the same scenario"),
    ];
    for (text, words) in &cases {
        std::fs::write(journal(&place, "r"), text).unwrap();
        let ended = place.run_scenario("r", &["--rounds", "9", "--resume"]).expect(2);
        let (path, way_out) = ("o/r/journal.ndjson was left by a run of", "run without --resume to start afresh");
        for part in [path, words, way_out] {
            assert!(ended.stderr.contains(part), "{part} in {}", ended.stderr);
        }
        assert_eq!(&std::fs::read_to_string(journal(&place, "r")).unwrap(), text, "it is left as it is");
    }
    std::fs::write(journal(&place, "r"), &left).unwrap();
    for (arguments, words) in [
        (&["--rounds", "9", "--seed", "4"][..], "another seed"),
        (&["--rounds", "8"], "another number of rounds (9, now 8)"),
        (&["--rounds", "9", "--filter", "model=serial"], "another --filter (none, now model=serial)"),
    ] {
        let ended = place.run_scenario("r", &[arguments, &["--resume"]].concat()).expect(2);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("items: 6", "items: 7")).unwrap();
    let ended = place.run_scenario("r", &["--rounds", "9", "--resume"]).expect(2);
    assert!(ended.stderr.contains("another scenario text"), "{}", ended.stderr);
}

#[test]
fn a_damaged_journal_is_named_and_left_alone() {
    let place = Place::new();
    place.scenario("d", WAYS);
    broken_off(&place, "d", &["--rounds", "9"], 3);
    let left = std::fs::read_to_string(journal(&place, "d")).unwrap();
    let lines: Vec<&str> = left.lines().collect();
    let other = lines[2].replace("\"round\":0", "\"round\":5");
    let cases = [
        (left.replacen("\"measured\"", "\"meas", 1), "line 3"),
        ([&lines[..2], &lines[3..], &[""]].concat().join("\n"), "out of order"),
        ([&lines[..2], &[other.as_str()], &lines[3..], &[""]].concat().join("\n"), "trial 0 is not the one"),
        ([&lines[..1], &lines[2..], &[""]].concat().join("\n"), "trials without item counts"),
        ("noise\n".to_owned(), "line 1"),
    ];
    for (text, words) in cases {
        std::fs::write(journal(&place, "d"), &text).unwrap();
        let ended = place.run_scenario("d", &["--rounds", "9", "--resume"]).expect(3);
        assert!(ended.stderr.contains("o/d/journal.ndjson") && ended.stderr.contains(words), "{}", ended.stderr);
        assert_eq!(std::fs::read_to_string(journal(&place, "d")).unwrap(), text);
    }
    // Without --resume, it is nothing that anyone needs.
    place.run_scenario("d", &["--quick", "--rounds", "1"]).expect(0);
}

#[test]
fn nothing_to_resume_is_said() {
    let place = Place::new();
    place.scenario("n", WAYS);
    let ended = place.run_scenario("n", &["--quick", "--resume"]).expect(2);
    assert!(
        ended.stderr.contains("nothing to resume") && ended.stderr.contains("without --resume"),
        "{}",
        ended.stderr
    );
    assert_eq!(std::fs::read_dir(place.report("n")).unwrap().count(), 0);
    place.run_scenario("n", &["--quick"]).expect(0);
    let before = std::fs::read(place.report("n").join("results.json")).unwrap();
    place.run_scenario("n", &["--quick", "--resume"]).expect(2);
    assert!(before == std::fs::read(place.report("n").join("results.json")).unwrap());
}

#[test]
fn a_run_afresh_says_what_it_drops() {
    let place = Place::new();
    place.scenario("a", WAYS);
    broken_off(&place, "a", &["--quick", "--rounds", "9"], 2);
    let done = trials_in(&place, "a");
    let ended = place.run_scenario("a", &["--quick", "--rounds", "9"]).expect(0);
    let words =
        format!("a: starts afresh; --resume would have continued the run that was broken off after {done} trials");
    assert!(ended.stderr.contains(&words), "{}", ended.stderr);
    assert_eq!(place.results("a").run.resumed, 0);
    // Another run could not have gone on with it, and says nothing.
    broken_off(&place, "a", &["--quick", "--rounds", "9"], 2);
    let ended = place.run_scenario("a", &["--quick", "--rounds", "2"]).expect(0);
    assert!(!ended.stderr.contains("--resume"), "{}", ended.stderr);
}

#[test]
fn of_several_scenarios_the_whole_ones_are_left_as_they_are() {
    let place = Place::new();
    let files: Vec<String> = ["one", "two", "three"].iter().map(|name| format!("{name}.yaml")).collect();
    for name in ["one", "two", "three"] {
        place.scenario(name, WAYS);
    }
    let all = [&files[0], &files[1], &files[2], "--output", "o", "--quick", "--rounds", "3"];
    let child = place.program(&all).spawn().unwrap();
    until("trials of the second scenario", HANG, || (trials_in(&place, "two") >= 1).then_some(()));
    signal(child.id(), Signal::INT);
    Ended::of(child, HANG).expect(130);
    let first = std::fs::read(place.report("one").join("results.json")).unwrap();
    let ended = place.run(&[&all[..], &["--resume"]].concat()).expect(0);
    assert!(first == std::fs::read(place.report("one").join("results.json")).unwrap());
    let words = ["one: complete already", "two: goes on after", "three: nothing to resume, runs from the start"];
    for words in words {
        assert!(ended.stderr.contains(words), "{words} in {}", ended.stderr);
    }
    for name in ["one", "two", "three"] {
        assert_as_planned(&place.results(name));
    }
}

// ---- Order and seeds follow from the results file.

#[test]
fn the_order_of_a_run_follows_from_its_results_file() {
    let place = Place::new();
    let workloads = WAYS.replace("items: 6}]", "items: 6}, {kind: empty, items: 6}]");
    place.scenario("o", &workloads);
    for arguments in [
        &["--rounds", "8"][..],
        &["--rounds", "8", "--seed", "77"],
        &["--quick", "--filter", "model=threads,processes"],
    ] {
        place.run_scenario("o", arguments).expect(0);
        assert_as_planned(&place.results("o"));
    }
}
