//! `runner try` and commands: what a user names is run under every way, and what cannot be run is said.

use super::support::{Place, skipped};
use runner::internal::setting::Outcome;

const WORK: &str = "import asyncio, time
def doubles(item):
    time.sleep(0.005)
    return item['n'] * 2
async def waits(item):
    await asyncio.sleep(0.005)
    return item
def raises(item):
    raise ValueError('not this one')
";

#[test]
fn a_function_gets_a_verdict_and_a_scenario_that_runs_again() {
    if !std::process::Command::new("python3").arg("-V").output().is_ok_and(|output| output.status.success()) {
        return skipped("no python3 on PATH");
    }
    let place = Place::new();
    place.write("work.py", WORK);
    place.write("items.jsonl", "{\"n\": 1}\n{\"n\": 2}\n");
    let options = ["--rounds", "1", "--output", "o", "--workers", "2"];
    let arguments = [&["try", "work:doubles", "--items", "items.jsonl", "--save", "mine.yaml"], &options[..]].concat();
    let ended = place.run(&arguments).expect(0);
    assert!(ended.stdout.contains("threads × 2") && ended.stdout.contains("processes × 2"), "{}", ended.stdout);
    let results = place.results("try-doubles");
    assert!(results.trials.iter().all(|trial| trial.outcome == Outcome::Ok));
    place.run(&arguments).expect(2);
    place.run(&["mine.yaml", "--allow-commands", "--quick", "--rounds", "1", "--output", "again"]).expect(0);

    let coroutine = [&["try", "work:waits"], &options[..]].concat();
    let ended = place.run(&coroutine).expect(0);
    assert!(ended.stdout.contains("async"), "{}", ended.stdout);

    for (call, why) in [
        ("work:raises", "ValueError: not this one"),
        ("work:nothing", "no attribute 'nothing'"),
        ("elsewhere:f", "No module named 'elsewhere'"),
        ("work", "is not `module:function`"),
    ] {
        let refused = place.run(&["try", call]).expect(2);
        assert!(refused.stderr.contains(why), "{call}: {}", refused.stderr);
    }
}

#[test]
fn a_command_is_tried_and_runs_from_a_scenario_where_that_is_allowed() {
    let place = Place::new();
    place.write("words", "one\ntwo two\n$(three)\n");
    let arguments = [
        "try",
        "--items",
        "words",
        "--save",
        "mine.yaml",
        "--rounds",
        "1",
        "--output",
        "o",
        "--workers",
        "2",
        "--",
        "printf",
        "<%s>",
        "{item}",
    ];
    let ended = place.run(&arguments).expect(0);
    assert!(ended.stdout.contains("threads × 2"), "{}", ended.stdout);
    let results = place.results("try-printf");
    assert!(results.trials.iter().all(|trial| trial.outcome == Outcome::Ok && trial.done > 0));
    let refused = place.run(&["mine.yaml", "--quick", "--output", "again"]).expect(5);
    assert!(refused.stderr.contains("needs --allow-commands"), "{}", refused.stderr);
    place.run(&["mine.yaml", "--allow-commands", "--quick", "--rounds", "1", "--output", "again"]).expect(0);

    let refused = place.run(&["try", "--", "false"]).expect(2);
    assert!(refused.stderr.contains("exit code 1"), "{}", refused.stderr);
    let refused = place.run(&["try", "--", "/nowhere/program"]).expect(2);
    assert!(refused.stderr.contains("cannot be started"), "{}", refused.stderr);
    place.scenario("none", "tasks: [command]\nmodels: [serial]\n");
    let refused = place.run(&["--allow-commands", "none.yaml"]).expect(2);
    assert!(refused.stderr.contains("needs `argv`"), "{}", refused.stderr);
}

#[test]
fn a_command_that_fails_in_the_middle_is_an_outcome() {
    let place = Place::new();
    let text = "tasks: [{kind: command, argv: [sh, -c, 'test {item} -lt 5'], items: 8}]\nmodels: [serial, threads]\nworkers: 2\n";
    place.scenario("fails", text);
    let ended = place.run_scenario("fails", &["--allow-commands", "--quick", "--rounds", "1"]).expect(3);
    assert!(ended.stdout.contains("sh ended with exit code 1 for item 5"), "{}", ended.stdout);
}
