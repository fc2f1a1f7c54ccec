use std::path::Path;

use super::*;
use crate::setting::Value;

fn job(folder: &Path, access: &str, rows: u64, items: u64, busy: Duration) -> Box<dyn Job> {
    let mut settings = Settings::default();
    settings.put("rows", Value::Whole(rows));
    settings.put("access", Value::Word(access.into()));
    settings.put("synchronous", Value::Word("normal".into()));
    settings.put("busy_timeout", Value::Whole(busy.as_nanos() as u64));
    Database.prepare(&settings, &Place { seed: 3, items, folder: folder.to_owned(), server: None }).unwrap()
}

const PATIENT: Duration = Duration::from_secs(60);
const INSERTS: [&str; 2] = ["insert_autocommit", "insert_transaction"];

fn run(job: &dyn Job, item: u64, warming: bool) -> Result<(), TaskError> {
    let (mut request, mut reply, mut right) = (Vec::new(), Vec::new(), Vec::new());
    let mut context = Context::native();
    context.warming = warming;
    job.request(item, &mut request);
    job.run(&request, &mut reply, &mut context)?;
    job.expected(&request, &mut right, &mut context)?;
    assert_eq!(reply, right);
    assert!(reply.len() <= job.sizes().1);
    Ok(())
}

/// A connection of somebody else.
fn other(folder: &Path) -> Connection {
    Connection::open(folder.join("database.sqlite")).unwrap()
}

fn count(folder: &Path, table: &str) -> u64 {
    let text = format!("SELECT count(*) FROM {table}");
    other(folder).query_row(&text, [], |row| row.get::<_, i64>(0)).unwrap() as u64
}

#[test]
fn both_ways_of_reading_find_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    for access in ["rows", "sum"] {
        let job = job(folder.path(), access, 20, 71, PATIENT);
        [0, 5, 70].iter().for_each(|item| run(job.as_ref(), *item, false).unwrap());
        job.review().unwrap();
    }
}

#[test]
fn rows_of_many_threads_are_in_the_file_once_however_they_are_inserted() {
    for access in INSERTS {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path(), access, 30, 40, PATIENT);
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let job = job.as_ref();
                scope.spawn(move || {
                    // All of them warm up with the same item, and item 4 is run by two of them.
                    run(job, 0, true).unwrap();
                    (0..10).for_each(|turn| run(job, turn * 4 + worker, false).unwrap());
                    run(job, worker % 2 + 4, false).unwrap();
                });
            }
        });
        job.review().unwrap();
        assert_eq!((count(folder.path(), "inserted"), count(folder.path(), "warm_up")), (40 * 30, 30), "{access}");
    }
}

#[test]
fn a_file_that_stays_locked_is_told_with_how_long_and_what_to_change() {
    for access in INSERTS {
        for (busy, said) in [(0, "`busy_timeout: 0 s`"), (40, "`busy_timeout: 40 ms`")] {
            let folder = tempfile::tempdir().unwrap();
            let job = job(folder.path(), access, 5, 1, Duration::from_millis(busy));
            let other = other(folder.path());
            other.execute_batch("BEGIN IMMEDIATE").unwrap();
            let told = run(job.as_ref(), 0, false).unwrap_err().to_string();
            assert!(told.starts_with("SQLite: database is locked: another connection was writing"), "{told}");
            assert!(told.contains(said) && told.ends_with("fewer workers avoid it"), "{told}");
            // Nothing is left of it, and the connection can be used again.
            other.execute_batch("COMMIT").unwrap();
            run(job.as_ref(), 0, false).unwrap();
            job.review().unwrap();
        }
    }
}

#[test]
fn who_waits_long_enough_writes() {
    for access in INSERTS {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path(), access, 5, 1, PATIENT);
        let other = other(folder.path());
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| run(job.as_ref(), 0, false).unwrap());
            std::thread::sleep(Duration::from_millis(50));
            assert!(!worker.is_finished());
            other.execute_batch("COMMIT").unwrap();
        });
        job.review().unwrap();
    }
}

#[test]
fn a_file_that_does_not_hold_the_rows_of_all_items_is_told() {
    for (change, says) in [
        ("DELETE FROM inserted WHERE item = 1", "the database holds no row of item 1"),
        ("DELETE FROM inserted WHERE item = 2", "the database holds no row of item 2"),
        ("DELETE FROM inserted WHERE item = 1 AND row = 3", "the database holds 4 rows of item 1, which inserted 5"),
        ("UPDATE inserted SET number = number + 1 WHERE item = 1 AND row = 3", "other rows than item 1 inserted"),
        ("UPDATE inserted SET row = 9 WHERE item = 1 AND row = 3", "other rows than item 1 inserted"),
        ("INSERT INTO inserted VALUES (3, 0, 0)", "the database holds rows of item 3, which does not exist"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path(), "insert_transaction", 5, 3, PATIENT);
        (0..3).for_each(|item| run(job.as_ref(), item, false).unwrap());
        job.review().unwrap();
        other(folder.path()).execute(change, []).unwrap();
        let told = job.review().unwrap_err().to_string();
        assert!(told.ends_with(says), "{change}: {told}");
    }
}

#[test]
fn a_failed_transaction_leaves_nothing_and_a_failed_autocommit_what_came_before() {
    for (access, left) in [("insert_autocommit", 3), ("insert_transaction", 0)] {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path(), access, 5, 1, PATIENT);
        let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON inserted WHEN NEW.row = 3
                      BEGIN SELECT RAISE(ABORT, 'no fourth row'); END";
        other(folder.path()).execute_batch(refuse).unwrap();
        assert_eq!(run(job.as_ref(), 0, false).unwrap_err().to_string(), "SQLite: no fourth row");
        assert_eq!(count(folder.path(), "inserted"), left, "{access}");
        // The thread's connection is out of its transaction, and goes on.
        other(folder.path()).execute_batch("DROP TRIGGER refuse").unwrap();
        run(job.as_ref(), 0, false).unwrap();
        assert_eq!(count(folder.path(), "inserted"), 5, "{access}");
    }
}

#[test]
fn times_below_a_millisecond_are_not_none() {
    let whole = |nanos| whole_milliseconds(Duration::from_nanos(nanos)).as_millis();
    assert_eq!([0, 1, 1_000_000, 1_000_001].map(whole), [0, 1, 1, 2]);
}

#[test]
fn a_folder_that_is_gone_is_told() {
    let told = run(job(Path::new("/nowhere"), "rows", 5, 1, PATIENT).as_ref(), 0, false).unwrap_err().to_string();
    assert!(told.starts_with("SQLite: unable to open database file"), "{told}");
}

#[test]
fn where_there_can_be_no_write_ahead_log_it_is_told() {
    let access = Access { path: ":memory:".into(), writes: true, synchronous: "normal".into(), busy: PATIENT };
    let told = create(&access, |all| all.execute_batch(insert::TABLES)).unwrap_err().to_string();
    assert!(told.starts_with("SQLite keeps no write-ahead log for :memory:, its journal mode is `off`"), "{told}");
}
