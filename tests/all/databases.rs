//! Rows inserted into an SQLite file under every way: each once, whatever becomes of who inserts them; and a file that stays
//! locked.

use std::path::{Path, PathBuf};

use runner::results::Trial;
use rusqlite::Connection;
use rustix::process::Signal;

use crate::support::{Ended, HANG, Place, assert_all_done, children, signal, until};

const EVERY_WAY: &str = "
workers: 3
models:
  - serial
  - threads
  - rayon
  - {kind: processes, ipc: [queue, pipe, shared_memory, manager]}
  - {kind: processes, ipc: pipe, start: fork, chunk: 5}
  - {kind: processes, ipc: shared_memory, dispatch: claim}
  - {kind: threads, runtime: gil_emulation}
  - {kind: processes, runtime: gil_emulation}
";

#[test]
fn rows_are_in_the_file_once_under_every_way() {
    let place = Place::new();
    let tasks = "tasks:
  - {kind: database, access: [insert_autocommit, insert_transaction], synchronous: [off, normal], rows: 20, items: 100,
     busy_timeout: 1 min}
  - {kind: database, access: [insert_autocommit, insert_transaction], synchronous: full, rows: 3, items: 20,
     busy_timeout: 1 min}
";
    place.scenario("rows", &format!("{tasks}{EVERY_WAY}"));
    let ended = place.run_scenario("rows", &["--quick", "--rounds", "1"]).expect(0);
    place.assert_no_leftovers(ended.pid);
    let results = place.results("rows");
    // What the file holds is looked at after each trial.
    assert_all_done(&results);
    assert_eq!(results.configurations.len(), 6 * 11);
}

/// Long transactions of several workers meet, since each works in one nearly all the time.
#[test]
fn a_file_that_stays_locked_ends_the_trial_with_words() {
    let place = Place::new();
    let task =
        "tasks: [{kind: database, access: insert_transaction, rows: 20000, busy_timeout: [0 s, 2 ms], items: 24}]";
    let ways = "workers: 3\nmodels: [threads, {kind: processes, ipc: [pipe, shared_memory]}]\n";
    place.scenario("busy", &format!("{task}\n{ways}"));
    let ended = place.run_scenario("busy", &["--quick", "--rounds", "1"]).expect(3);
    place.assert_no_leftovers(ended.pid);
    let results = place.results("busy");
    assert_eq!(results.trials.len(), 6);
    for trial in &results.trials {
        let (configuration, words) = (&results.configurations[trial.configuration], trial.outcome.words());
        let limit = if results.workloads[configuration.workload].label.contains("2 ms") { "2 ms" } else { "0 s" };
        let begins = "failed: SQLite: database is locked: another connection was writing, and this one gave up (";
        assert!(words.starts_with(begins), "{}: {words}", configuration.label);
        assert!(words.contains(&format!("(`busy_timeout: {limit}`); a longer `busy_timeout`")), "{words}");
        assert!(ended.stdout.contains("database is locked"), "{}", ended.stdout);
    }
}

/// The file of the only trial that runs, once a worker has written that many bytes of its log.
fn file_with_log(place: &Place, bytes: u64) -> PathBuf {
    until("a database that grows", HANG, || {
        let files = walk(&place.temporary());
        let log = files.iter().find(|file| file.ends_with("database.sqlite-wal"))?;
        (log.metadata().ok()?.len() > bytes).then(|| log.with_file_name("database.sqlite"))
    })
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

/// Kills the only worker while it inserts three items of so many rows, has `meanwhile` look at the file, and gives how the
/// trial ended.
fn killed_while_it_inserts(access: &str, rows: i64, code: i32, meanwhile: impl Fn(&Connection)) -> Trial {
    let place = Place::new();
    let task = format!("tasks: [{{kind: database, access: {access}, rows: {rows}, items: 3, busy_timeout: 1 min}}]");
    // Nothing warms up, so that all that is written is written by items that count.
    let ways = "measure: end_to_end\nworkers: 1\nmodels: [{kind: processes, ipc: pipe, on_crash: restart}]";
    place.scenario("killed", &format!("{task}\n{ways}\ntimeout: 50 s\n"));
    let running = place.program(&["killed.yaml", "--output", "o", "--quick", "--rounds", "1"]).spawn().unwrap();
    let file = file_with_log(&place, 1 << 20);
    let host = children(running.id(), "__host")[0];
    signal(children(host, "__worker")[0], Signal::KILL);
    let other = Connection::open(&file).unwrap();
    other.busy_timeout(HANG).unwrap();
    meanwhile(&other);
    drop(other);
    let ended = Ended::of(running, HANG).expect(code);
    place.assert_no_leftovers(ended.pid);
    place.results("killed").trials.remove(0)
}

/// Far more rows than SQLite keeps in memory, so that a transaction is seen to write before it ends; and fewer, each in a
/// transaction of its own.
const LONG: [(&str, i64); 2] = [("insert_transaction", 300_000), ("insert_autocommit", 20_000)];

#[test]
fn a_worker_that_is_killed_while_it_inserts_leaves_no_part_of_a_transaction() {
    for (access, rows) in LONG {
        let trial = killed_while_it_inserts(access, rows, 0, |file| {
            let seen = file.query_row("SELECT count(*) FROM inserted", [], |row| row.get::<_, i64>(0)).unwrap();
            // Who looks sees whole transactions only, while another worker already writes again.
            assert_eq!(seen % if access == "insert_transaction" { rows } else { 1 }, 0, "{seen} rows");
        });
        assert!(trial.ok() && trial.done == 3 && trial.details.retried >= 1, "{access}: {trial:?}");
    }
}

#[test]
fn what_the_file_holds_is_looked_at_after_items_were_run_again() {
    for (access, rows) in LONG {
        let trial = killed_while_it_inserts(access, rows, 3, |file| {
            file.execute("INSERT INTO inserted VALUES (99, 0, 0)", []).unwrap();
        });
        let words = trial.outcome.words();
        assert_eq!(words, "failed: the database holds rows of item 99, which does not exist", "{access}");
        assert!(trial.details.retried >= 1, "{access}: {trial:?}");
    }
}

#[test]
fn items_that_are_lost_or_tried_again_leave_each_row_once() {
    let place = Place::new();
    let task = "tasks: [{kind: database, access: [insert_autocommit, insert_transaction], rows: 20, items: 60}]";
    let ways = "workers: 2\nfault: {kind: kill, item: 30}\nmodels: [{kind: processes, ipc: [pipe, shared_memory], on_crash: \
                [stop, restart, skip]}]";
    place.scenario("faults", &format!("{task}\n{ways}\n"));
    place.run_scenario("faults", &["--quick", "--rounds", "1"]).expect(0);
    place.assert_nothing_runs();
    let results = place.results("faults");
    assert_eq!(results.trials.len(), 2 * 2 * 3);
    for trial in &results.trials {
        let configuration = &results.configurations[trial.configuration];
        assert_eq!(trial.outcome.words(), "worker died: signal 9 (SIGKILL)", "{}: {trial:?}", configuration.label);
        assert_eq!(trial.done + trial.lost, 60, "{}: {trial:?}", configuration.label);
    }
}
