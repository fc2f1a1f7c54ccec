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
    assert!(
        ended.stdout.contains("ThreadPoolExecutor × 2") && ended.stdout.contains("ProcessPoolExecutor × 2"),
        "{}",
        ended.stdout
    );
    let results = place.results("try-work-doubles");
    assert!(results.trials.iter().all(|trial| trial.outcome == Outcome::Ok));
    place.run(&arguments).expect(2);
    place.run(&["mine.yaml", "--allow-commands", "--quick", "--rounds", "1", "--output", "again"]).expect(0);

    let coroutine = [&["try", "work:waits"], &options[..]].concat();
    let ended = place.run(&coroutine).expect(0);
    assert!(ended.stdout.contains("async"), "{}", ended.stdout);

    for (call, why) in [
        ("work:raises", "ValueError: not this one"),
        ("work:nothing", "work:nothing: work has no nothing"),
        ("work:double", "work has no double; there is doubles"),
        ("work.py:wait", "there is waits"),
        ("work", "write `work:doubles`; work has doubles, waits, raises"),
        ("elsewhere:f", "No module named 'elsewhere'"),
        ("elsewhere", "is not `module:function`"),
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

/// Functions as people have them, of the kinds of tests/cases: what comes of each is in the test.
const KINDS: &str = "import asyncio, functools, random, time
async def slow(item):
    await asyncio.sleep(0.002)
    return item
@functools.wraps(slow)
def wrapped(item):
    return slow(item)
def hidden(item):
    return slow(item)
class Client:
    async def __call__(self, item):
        return await slow(item)
client = Client()
class Image:
    @staticmethod
    def make(item):
        return item + 1
def rows(item):
    yield from range(item, item + 3)
def words(item):
    return {'a', 'b', str(item)}
def nan(item):
    return [float('nan'), item]
def stamped(item):
    return {'item': item, 'at': time.perf_counter_ns()}
def locked(item):
    import threading
    return threading.Lock()
short = lambda item: time.sleep(0.005) or item
class Plain:
    def __init__(self, item):
        self.item = item
def plain(item):
    return Plain(item)
def numbers(item):
    return list(range(20000))
items = [3, 4, 5]
";

#[test]
fn functions_of_every_kind_are_called_as_their_callers_do() {
    if !std::process::Command::new("python3").arg("-V").output().is_ok_and(|output| output.status.success()) {
        return skipped("no python3 on PATH");
    }
    let place = Place::new();
    place.write("work.py", KINDS);
    let kinds = ["slow", "wrapped", "hidden", "client", "Image.make", "rows", "words", "nan", "plain", "numbers"];
    let tasks: Vec<String> =
        kinds.iter().map(|name| format!("  - {{kind: python, call: 'work:{name}', items: 4}}\n")).collect();
    let models = "models: [serial, threads, processes, ProcessPoolExecutor, async]\nworkers: 2\n";
    place.scenario("kinds", &format!("runtime: python\ntasks:\n{}{models}", tasks.concat()));
    let ended = place.run_scenario("kinds", &["--allow-commands", "--quick", "--rounds", "1"]).expect(0);
    let results = place.results("kinds");
    let right = results.trials.iter().all(|trial| trial.outcome == Outcome::Ok);
    assert!(right && results.configurations.len() == 5 * kinds.len(), "{}", ended.stdout);
    let ended = place.run(&["try", "work:hidden", "--rounds", "1", "--output", "o", "--workers", "2"]).expect(0);
    assert!(ended.stdout.contains("async") && ended.stderr.contains("a coroutine function"), "{}", ended.stderr);
    let refused = place.run(&["try", "work:stamped"]).expect(2);
    assert!(
        refused.stderr.contains("different results, at ['at'] ") && refused.stderr.contains("--unchecked"),
        "{}",
        refused.stderr
    );
    for (name, why) in [("locked", "what cannot be pickled cannot cross"), ("short", "define it with `def`")] {
        let call = format!("work:{name}");
        let ended = place.run(&["try", &call, "--rounds", "1", "--output", "o", "--workers", "2"]).expect(0);
        assert!(
            ended.stderr.contains(why) && !ended.stdout.contains("Process"),
            "{name}: {}{}",
            ended.stderr,
            ended.stdout
        );
    }
    let from = "tasks: [{kind: python, call: 'work:slow', items_from: 'work:items', items: 4}]\n";
    place.scenario("from", &format!("runtime: python\n{from}models: [serial]\n"));
    place.run_scenario("from", &["--allow-commands", "--quick", "--rounds", "1"]).expect(0);
    let refused = place.run(&["try", "work:numbers", "--items-expr", "range(0)"]).expect(2);
    assert!(refused.stderr.contains("the items: range(0) gave none"), "{}", refused.stderr);
}

#[test]
fn the_lines_to_write_run_and_give_what_the_function_gives() {
    if !std::process::Command::new("python3").arg("-V").output().is_ok_and(|output| output.status.success()) {
        return skipped("no python3 on PATH");
    }
    let place = Place::new();
    place.write("work.py", "import time\ndef waits(item):\n    time.sleep(0.01)\n    return item * 2\n");
    let arguments =
        ["try", "work:waits", "--rounds", "7", "--output", "o", "--workers", "2", "--items-expr", "range(8)"];
    let ended = place.run(&arguments).expect(0);
    let report = std::fs::read_to_string(place.path("o/try-work-waits/report.md")).unwrap();
    let (_, rest) = report.split_once("```python\n").unwrap_or_else(|| panic!("{report}"));
    let (code, _) = rest.split_once("```").unwrap();
    assert!(code.contains("from work import waits") && code.contains("items = list(range(8))"), "{code}");
    let first = code.lines().find(|line| line.contains("max_workers=2")).unwrap_or_else(|| panic!("{code}"));
    assert!(ended.stdout.contains(first.trim()), "{}", ended.stdout);
    place.write("answer.py", format!("{code}\nif __name__ == '__main__':\n    print(results)\n"));
    let output = std::process::Command::new("python3").arg("answer.py").current_dir(place.path("")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "[0, 2, 4, 6, 8, 10, 12, 14]\n", "{code}");
}

#[test]
fn a_result_that_differs_between_trials_is_a_mismatch_and_said() {
    if !std::process::Command::new("python3").arg("-V").output().is_ok_and(|output| output.status.success()) {
        return skipped("no python3 on PATH");
    }
    let place = Place::new();
    // Every program has another number, and within one all calls agree.
    place.write("work.py", "import os\nme = os.getpid()\ndef f(item):\n    return [item, me]\n");
    place.scenario("differs", "runtime: python\ntasks: [{kind: python, call: 'work:f', items: 4}]\nmodels: [serial]\n");
    let ended = place.run_scenario("differs", &["--allow-commands", "--rounds", "1"]).expect(3);
    assert!(ended.stdout.contains("result mismatch"), "{}", ended.stdout);
    let same =
        "runtime: python\ntasks: [{kind: python, call: 'work:f', items: 4, same_results: false}]\nmodels: [serial]\n";
    place.scenario("same", same);
    place.run_scenario("same", &["--allow-commands", "--rounds", "1"]).expect(0);
    let missing = "runtime: python\ntasks: [{kind: python, call: 'work:f', data: none.jsonl}]\nmodels: [serial]\n";
    place.scenario("missing", missing);
    let refused = place.run(&["check", "missing.yaml"]).expect(2);
    assert!(refused.stderr.contains("there is no file none.jsonl in "), "{}", refused.stderr);
}

#[test]
fn functions_that_are_not_there_are_found_before_anything_runs() {
    if !std::process::Command::new("python3").arg("-V").output().is_ok_and(|output| output.status.success()) {
        return skipped("no python3 on PATH");
    }
    let place = Place::new();
    place.write("work.py", "def shrink(item):\n    return item\n");
    let of = |call: &str| {
        format!("runtime: python\ntasks: [{{kind: python, call: '{call}', items: 4}}]\nmodels: [serial]\n")
    };
    for (name, call, why) in [
        ("near", "work:shrnk", "`call: work:shrnk`: work has no shrnk; there is shrink (CPython "),
        ("far", "elsewhere:f", "importing elsewhere raised ModuleNotFoundError"),
    ] {
        place.scenario(name, &of(call));
        let file = format!("{name}.yaml");
        let refused = place.run(&["check", "--allow-commands", &file]).expect(2);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
        let refused = place.run(&["--allow-commands", &file, "--output", "o"]).expect(2);
        assert!(refused.stderr.contains(why) && !place.path("o").exists(), "{}", refused.stderr);
        // Without the permission nothing of it is run.
        place.run(&["check", &file]).expect(0);
    }
    place.scenario("file", &of("work.py:shrink"));
    let refused = place.run(&["check", "file.yaml"]).expect(2);
    assert!(refused.stderr.contains("write `work:shrink`"), "{}", refused.stderr);
}
