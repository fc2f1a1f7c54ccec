//! `rounds: auto`: a run ends when it is answered, or when its budget is spent, and says which.

use runner::results::{Ended, JOURNAL};

use super::support::{self, HANG, Place, signal, until};

/// Five configurations of one workload.
const FIVE: &str = "tasks: [{kind: empty, items: 10}]\nmodels: [serial, threads]\nworkers: 1-4\n";

/// Four sleeps of 10 ms: two threads take half as long as one.
const SLEEPS: &str = "tasks: [{kind: sleep, delay: 10 ms, items: 4}]\nmodels: [serial, threads]\nworkers: 2\n";

#[test]
fn a_plan_says_from_when_to_when_it_takes() {
    let place = Place::new();
    place.scenario("p", FIVE);
    let plan = place.run(&["plan", "p.yaml"]).expect(0).stdout;
    let about = plan.lines().find(|line| line.contains("about ")).unwrap_or_else(|| panic!("{plan}"));
    assert!(about.contains(" to ") && about.contains(" s"), "{about}");
    // Ten seconds at least, and the budget at most, with what comes around it.
    let json = place.run(&["plan", "p.yaml", "--json"]).expect(0).json();
    let cost = &json["plans"][0];
    let longer = place.run(&["plan", "p.yaml", "--budget", "60s", "--json"]).expect(0).json();
    assert_ne!(cost, &longer["plans"][0]);
    // A number of rounds takes what it takes.
    let fixed = place.run(&["plan", "p.yaml", "--rounds", "9"]).expect(0).stdout;
    let about = fixed.lines().find(|line| line.contains("about ")).unwrap_or_else(|| panic!("{fixed}"));
    assert!(!about.contains(" to "), "{about}");
    let quick = place.run(&["plan", "p.yaml", "--quick"]).expect(0).stdout;
    assert!(quick.contains("no pick"), "{quick}");
}

#[test]
fn a_run_ends_with_a_pick_and_its_price_and_its_looks_are_kept() {
    let place = Place::new();
    place.scenario("s", &format!("{SLEEPS}budget: 25 s\n"));
    let running = place.program(&["s.yaml", "--output", "o"]).spawn().unwrap();
    let journal = place.report("s").join(JOURNAL);
    // The first line of looks comes with the first round.
    until("a look in the journal", HANG, || {
        let text = std::fs::read_to_string(&journal).unwrap_or_default();
        text.lines().any(|line| line.starts_with("{\"looks\":[0,{\"planned\":[8,11,15,")).then_some(())
    });
    let ended = support::Ended::of(running, HANG).expect(0);
    let results = place.results("s");
    let looks = &results.workloads[0].looks;
    assert!(results.run.complete && results.run.budget == Some(25.0), "{:?}", results.run);
    assert!(looks.completed >= 1 && looks.ended.is_some(), "{looks:?}");
    assert_eq!(looks.units[0].1 % 2, 1, "{looks:?}");
    let timed = results.timed(0).map(|trial| trial.round + 1).max().unwrap();
    assert!(timed >= looks.rounds_of(looks.counted()), "{looks:?}");
    // Ten seconds lie between the first and the last that counts.
    assert!(runner::internal::verdict::span(&results, 0).as_secs() >= 10, "{looks:?}");
    // How far apart the two are is the machine's to say; that the run ended by what it says, and nothing else, is ours.
    let verdict = &results.derived.workloads[0];
    let pick = &verdict.picks[0];
    assert_eq!(pick.slower.len() + pick.as_good.len() + pick.too_close.len(), 1, "{pick:?}");
    let within = pick.price.is_some_and(|price| price <= results.run.margin);
    assert!(within || looks.ended != Some(Ended::Answered), "{looks:?}, {pick:?}");
    let label = &results.configurations[pick.configuration].label;
    assert!(verdict.sentence.contains(&format!("Use {label}")), "{}", verdict.sentence);
    assert!(ended.stdout.contains(&format!("Use {label}")), "{}", ended.stdout);
}

#[test]
fn a_budget_that_ends_before_anything_can_be_said_says_so() {
    let place = Place::new();
    place.scenario("b", SLEEPS);
    let ended = place.run_scenario("b", &["--budget", "1s"]).expect(0);
    let results = place.results("b");
    let verdict = &results.derived.workloads[0];
    assert!(verdict.picks.is_empty() && verdict.winners.is_empty(), "{verdict:?}");
    let why = verdict.suppressed.as_ref().unwrap();
    assert!(why.contains("--budget") && why.contains("within 10 s"), "{why}");
    assert!(verdict.sentence.starts_with("No pick: ") && verdict.sentence.contains("Lowest median: "), "{verdict:?}");
    assert!(ended.stdout.contains("No pick"), "{}", ended.stdout);
}

#[test]
fn a_longer_budget_goes_on_with_what_a_shorter_one_left() {
    let place = Place::new();
    place.scenario("l", SLEEPS);
    let running = place.program(&["l.yaml", "--output", "o", "--budget", "25s"]).spawn().unwrap();
    let journal = place.report("l").join(JOURNAL);
    let trials = || {
        let text = std::fs::read_to_string(&journal).unwrap_or_default();
        text.lines().filter(|line| line.starts_with("{\"finished\"")).count()
    };
    until("trials in the journal", HANG, || (trials() >= 20).then_some(()));
    signal(running.id(), rustix::process::Signal::INT);
    support::Ended::of(running, HANG).expect(130);
    let before = place.results("l").trials;
    place.run_scenario("l", &["--budget", "26s", "--resume"]).expect(0);
    let results = place.results("l");
    assert_eq!(results.trials[..before.len()], before);
    assert!(results.run.complete && !results.derived.workloads[0].picks.is_empty(), "{:?}", results.derived.workloads);
}

#[test]
fn rounds_and_budget_are_read_as_they_are_meant() {
    let place = Place::new();
    for (rest, words) in [
        ("rounds: many\n", "`auto`"),
        ("rounds: 0\n", "`auto`"),
        ("budget: 0 s\n", "`budget` cannot be `0 s`"),
        ("budget: soon\n", "budget"),
    ] {
        place.scenario("r", &format!("{SLEEPS}{rest}"));
        let ended = place.run(&["check", "r.yaml"]).expect(2);
        assert!(
            ended.stderr.contains(words) || ended.stdout.contains(words),
            "{rest}: {}{}",
            ended.stdout,
            ended.stderr
        );
    }
    for rest in ["rounds: auto\nbudget: 90 s\n", "rounds: 30\n", "budget: 2 min\n"] {
        place.scenario("r", &format!("{SLEEPS}{rest}"));
        place.run(&["check", "r.yaml"]).expect(0);
    }
}
