//! What helps to begin: words explained, scenarios to start from, completions and manual pages.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Ended, HANG, PROGRAM, Place, example, skipped};

#[test]
fn words_are_explained_and_near_ones_offered() {
    let place = Place::new();
    // Lines are folded at the width of a log.
    let explained = |word: &str| {
        let text = place.run(&["explain", word]).expect(0).stdout;
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let download = explained("download");
    for part in ["a task", "delay", "(default 10 ms)", "kind: download", "bandwidth"] {
        assert!(download.contains(part), "{part}: {download}");
    }
    let setting = explained("download.delay");
    assert!(setting.contains("Default: 10 ms") && setting.contains("from 0 s to 10 s"), "{setting}");
    let memory = place.run(&["explain", "memory"]).expect(0).stdout;
    for what in ["a chart", "a metric", "a fault"] {
        assert!(memory.contains(&format!("memory – {what}")), "{memory}");
    }
    for (word, part) in [
        ("ipc", "shared_memory"),
        ("stage2_ipc", "shared_memory"),
        ("bottleneck", "a term"),
        ("no significant difference", "a term"),
        ("latency_p95", "rate:"),
        ("A/A check", "twice"),
    ] {
        let text = place.run(&["explain", word]).expect(0).stdout;
        assert!(text.contains(part), "{word}: {text}");
    }
    let unknown = place.run(&["explain", "thread"]).expect(2);
    assert!(unknown.stderr.contains("did you mean `threads`?") && unknown.stdout.is_empty(), "{}", unknown.stderr);
    let all = place.run(&["explain"]).expect(0).stdout;
    let all = all.split_whitespace().collect::<Vec<_>>().join(" ");
    let json = place.run(&["explain", "--json"]).expect(0).json();
    for entry in json["entries"].as_array().unwrap() {
        assert!(all.contains(entry["word"].as_str().unwrap()), "{entry}");
    }
}

#[test]
fn the_committed_reference_is_the_generated_one() {
    let generated = Place::new().run(&["explain", "--markdown"]).expect(0).stdout;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/scenario-language.md");
    let how = "run: runner explain --markdown > docs/reference/scenario-language.md";
    assert!(std::fs::read_to_string(file).unwrap() == generated, "{how}");
    // Which model runs is the keys `models` and `model` of entries.
    for row in runner::internal::setting::ALL.iter().filter(|row| row.key != runner::internal::setting::Key::Model) {
        assert!(generated.contains(&format!("\n| `{}` | ", row.setting.name)), "{}", row.setting.name);
    }
}

#[test]
fn lines_are_as_wide_as_columns_says() {
    let place = Place::new();
    let folded = |arguments: &[&str], columns: &str| {
        let mut program = place.program(arguments);
        program.env("COLUMNS", columns);
        Ended::of(program.spawn().unwrap(), HANG)
    };
    let widest = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap();
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    place.scenario("a", "tasks: [primes]\nmodels: [serial, threads, processes]\nipc: [pipe, shared_memory]\n");
    place.scenario("bad", "tasks: [primes]\nmodels: [serial]\nworkrs: 2\nrounds: 100000\nfault: what\n");
    for arguments in [vec!["list"], vec!["plan", "a.yaml"], vec!["explain", "ipc"]] {
        let (narrow, piped) = (folded(&arguments, "60").expect(0).stdout, place.run(&arguments).expect(0).stdout);
        assert!(widest(&narrow) <= 60 && widest(&piped) > widest(&narrow), "{narrow}\n{piped}");
        assert_eq!(one_line(&narrow), one_line(&piped));
    }
    let check = folded(&["check", "bad.yaml"], "44").expect(2).stderr;
    let ways_out: Vec<&str> = check.lines().filter(|line| line.contains("help: ")).collect();
    assert!(!ways_out.is_empty() && ways_out.iter().all(|line| line.chars().count() <= 44), "{check}");
    assert!(widest(&place.run(&["explain"]).expect(0).stdout) <= 80, "a pipe is as wide as a log");
}

#[test]
fn every_example_can_be_planned() {
    let place = Place::new();
    let json = place.run(&["explain", "--json"]).expect(0).json();
    // What examples name is there.
    std::fs::create_dir(place.path("src")).unwrap();
    ["items.jsonl", "files.txt"].iter().for_each(|name| drop(place.write(name, "1\n2\n")));
    let mut files = vec!["plan".to_owned(), "--allow-commands".to_owned()];
    for (number, entry) in json["entries"].as_array().unwrap().iter().enumerate() {
        let Some(example) = entry["example"].as_str() else { continue };
        let mut text = String::new();
        let name = format!("example-{number}");
        let own = format!("name: {name}");
        for line in ["version: 1", &own, "tasks: [primes]", "models: [serial, threads, processes]"] {
            let key = line.split(' ').next().unwrap();
            // The name is ours, so that all of them can stand side by side.
            let given = |key: &str| example.lines().any(|line| line.starts_with(key));
            let staged = given("pipeline:") && ["tasks:", "models:"].contains(&key);
            if key == "name:" || !given(key) && !staged {
                text += &format!("{line}\n");
            }
        }
        let shown = example.lines().filter(|line| !line.starts_with("name:"));
        text += &shown.collect::<Vec<_>>().join("\n");
        place.write(&format!("{name}.yaml"), format!("# {}\n{text}\n", entry["name"]));
        files.push(format!("{name}.yaml"));
    }
    let arguments: Vec<&str> = files.iter().map(String::as_str).collect();
    place.run(&arguments).expect(0);
}

#[test]
fn use_cases_become_scenarios_that_plan_and_files_are_kept() {
    let place = Place::new();
    let refused = place.run(&["init"]).expect(2);
    let words: Vec<&str> = refused.stderr.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(words.len() >= 15 && words.contains(&"cpu-bound"), "{}", refused.stderr);
    let mut files = vec!["plan".to_owned(), "--allow-commands".to_owned()];
    for word in words {
        let name = format!("my-{word}");
        let ended = place.run(&["init", word, "--name", &name]).expect(0);
        let file = format!("{name}.yaml");
        for command in ["runner plan ", "runner "] {
            assert!(ended.stderr.contains(command) && ended.stderr.contains(&file), "{}", ended.stderr);
        }
        files.push(file);
    }
    let arguments: Vec<&str> = files.iter().map(String::as_str).collect();
    let planned = place.run(&arguments).expect(0);
    assert!(planned.stdout.contains("my-service-rate –"), "{}", planned.stdout);
    let json = place.run(&[&arguments[..], &["--json"]].concat()).expect(0).json();
    for plan in json["plans"].as_array().unwrap() {
        // With the CPython that is found, if there is one.
        let seconds = &plan["cost"]["seconds"];
        let least = seconds.as_f64().or_else(|| seconds[0].as_f64()).or_else(|| seconds["least"].as_f64());
        assert!(least.unwrap_or_else(|| panic!("{}", plan["cost"])) < 25.0, "{} takes {seconds} s", plan["name"]);
    }

    place.write("my-ipc.yaml", "mine");
    let kept = place.run(&["init", "ipc", "--output", "my-ipc.yaml"]).expect(2);
    assert!(kept.stderr.contains("this file exists"), "{}", kept.stderr);
    assert_eq!(std::fs::read_to_string(place.path("my-ipc.yaml")).unwrap(), "mine");
    place.run(&["init", "ipc", "--output", "my-ipc.yaml", "--force"]).expect(0);
    let printed = place.run(&["init", "ipc", "--output", "-"]).expect(0);
    assert_eq!(std::fs::read_to_string(place.path("my-ipc.yaml")).unwrap(), printed.stdout);
    let unknown = place.run(&["init", "cpu-bond"]).expect(2);
    assert!(unknown.stderr.contains("cpu-bound"), "{}", unknown.stderr);
    place.run(&["init", "ipc", "--name", "Not A Slug"]).expect(2);
}

#[test]
fn a_terminal_is_asked() {
    if Command::new("script").arg("--version").output().is_err() {
        return skipped("there is no `script`, which makes a terminal");
    }
    let place = Place::new();
    let line = format!("'{PROGRAM}' init --name asked");
    let mut running = place.command("script", &["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = running.stdin.take().unwrap();
    input.write_all(b"99\n2\n").unwrap();
    let ended = Ended::of(running, HANG);
    drop(input);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("service-rate"), "{}", ended.stdout);
    let text = std::fs::read_to_string(place.path("asked.yaml")).unwrap();
    assert!(text.contains("kind: sleep") && text.contains("name: asked"), "{text}");
}

/// What bash offers for the last of these words, by the completions that the program prints.
fn completed(place: &Place, words: &[&str]) -> Vec<String> {
    let list: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
    let text = format!(
        "set -u; source ./runner.bash; complete -p runner >/dev/null || exit 9\nCOMP_WORDS=({}); COMP_CWORD={}; COMP_LINE='{}'; \
         COMP_POINT=${{#COMP_LINE}}\n_runner runner '{last}' '{before}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
        list.join(" "),
        words.len() - 1,
        words.join(" "),
    );
    let output = Command::new("bash").args(["--norc", "-c", &text]).current_dir(place.path("")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_real_bash_completes_commands_and_values() {
    let place = Place::new();
    if Command::new("bash").arg("--version").output().is_err() {
        return skipped("there is no bash");
    }
    place.write("runner.bash", place.run(&["completions", "bash"]).expect(0).stdout);
    assert_eq!(completed(&place, &["runner", "re"]), ["render", "report"]);
    assert_eq!(completed(&place, &["runner", "init", "c"]), ["cpu-bound", "crawl", "crash-safety"]);
    assert_eq!(completed(&place, &["runner", "export", "--format", "n"]), ["ndjson"]);
    assert!(completed(&place, &["runner", "plan", "--all"]).contains(&"--allow-commands".to_owned()));
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let text = place.run(&["completions", shell]).expect(0).stdout;
        assert!(text.contains("explain"), "{shell}");
    }
    place.run(&["completions", "cobol"]).expect(2);
}

#[test]
fn manual_pages_hold_every_command() {
    let place = Place::new();
    let page = place.run(&["man"]).expect(0).stdout;
    let help = place.run(&["--help"]).expect(0).stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<&str> =
        listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() >= 15, "{commands:?}");
    place.run(&["man", "--output", "pages"]).expect(0);
    for command in commands {
        if command == "help" {
            continue;
        }
        // In the language of pages, a hyphen is written with a backslash.
        assert!(page.contains(&format!("runner\\-{command}(1)")), "{command}: {page}");
        let text = std::fs::read_to_string(place.path(&format!("pages/runner-{command}.1"))).unwrap();
        assert!(text.contains(&format!("runner\\-{command}")) || text.contains(command), "{text}");
    }
    assert!(std::fs::read_to_string(place.path("pages/runner.1")).unwrap() == page);
}

#[test]
fn the_shipped_command_is_skipped_unless_allowed() {
    let place = Place::new();
    let text = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/own-command.yaml")).unwrap();
    place.write("own-command.yaml", text);
    let skipped_run = place.run_scenario("own-command", &["--quick"]).expect(5);
    assert!(skipped_run.stderr.contains("needs --allow-commands"), "{}", skipped_run.stderr);
    assert!(!place.report("own-command").exists());
    if Command::new("gzip").arg("--version").output().is_err() {
        return skipped("there is no gzip");
    }
    let ended = place.run_scenario("own-command", &["--quick", "--allow-commands"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    let results = place.results("own-command");
    assert!(results.trials.iter().all(|trial| trial.outcome.words() == "ok" && trial.done > 0));
}

#[test]
fn a_task_of_ones_own_gets_the_whole_command_line() {
    let program = example("own_task");
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/own_task.rs")).unwrap();
    let code = source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count();
    assert!(code <= 41, "{code} lines");
    let place = Place::new();
    let run = |arguments: &[&str]| Ended::of(place.command(&program, arguments).spawn().unwrap(), HANG);
    let explained = run(&["explain", "vowels"]).expect(0).stdout;
    assert!(explained.contains("letters") && explained.contains("kind: vowels"), "{explained}");
    assert!(run(&["list"]).expect(0).stdout.contains("counts the vowels"));
    assert!(run(&["schema"]).expect(0).stdout.contains("vowels"));
    let ways = "models: [serial, threads, {kind: processes, ipc: [pipe, shared_memory], dispatch: [stream, claim]}]\n";
    let text = format!("tasks:\n  - kind: vowels\n    letters: 5000\n    items: 200\n{ways}workers: [1, 2]\n");
    place.scenario("vowels", &format!("{text}rate: 2000\n"));
    let planned = run(&["plan", "vowels.yaml"]).expect(0).stdout;
    assert!(planned.contains("vowels, letters 5000") && planned.contains("nothing arrives"), "{planned}");
    place.charted_scenario("vowels", "time", &text);
    let ended = run(&["vowels.yaml", "--quick", "--output", "o"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    let results = place.results("vowels");
    // Serial, two counts of threads, and of processes two over a pipe, two over rings and two over a table.
    assert_eq!(results.configurations.len(), 9);
    assert!(results.trials.iter().all(|trial| trial.outcome.words() == "ok" && trial.done == 200));
    assert!(place.report("vowels").join("time.svg").exists());
    // Who does not know the task says so, and where.
    let unknown = place.run(&["check", "vowels.yaml"]).expect(2);
    assert!(unknown.stderr.contains("unknown task `vowels`"), "{}", unknown.stderr);
}
