//! `database`: rows of an SQLite file in WAL mode, read one by one or added up by SQLite itself, or inserted with and without
//! transactions.

mod connection;
mod insert;

use std::time::Duration;

use rusqlite::Connection;

use self::connection::Access;
use self::insert::Inserting;
use super::{Context, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, numbered};
use crate::text::show_count;

/// Items read so many different parts of the table: few, since every trial makes all of them anew.
const BLOCKS: u64 = 8;

pub(super) struct Database;

impl Task for Database {
    fn name(&self) -> &'static str {
        "database"
    }
    fn about(&self) -> &'static str {
        "reads rows of an SQLite file, one by one or added up by SQLite itself, or inserts them, with and without transactions"
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "rows",
                about: "rows that an item reads or inserts",
                kind: SettingKind::Count { min: 1, max: 1_000_000 },
                default: "500",
            },
            Setting {
                name: "access",
                about: "`rows` reads row by row, each a call of SQLite; `sum` lets one call add all of them up; \
                        `insert_autocommit` inserts rows that SQLite commits one by one, `insert_transaction` all rows of an \
                        item in one transaction. Then an item reads back what the file has of it",
                kind: SettingKind::Word(&["rows", "sum", "insert_autocommit", "insert_transaction"]),
                default: "rows",
            },
            Setting {
                name: "synchronous",
                about: "what makes inserted rows durable, as SQLite's pragma of that name: `full` every commit, `normal` \
                        only now and then when the log is moved into the file, `off` nothing",
                kind: SettingKind::Word(&["off", "normal", "full"]),
                default: "normal",
            },
            Setting {
                name: "busy_timeout",
                about: "how long a connection waits while another writes, in whole milliseconds; an item that would have to \
                        wait longer fails",
                kind: SettingKind::Duration { min: 0, max: 600_000_000_000 },
                default: "5 s",
            },
        ]
    }
    fn needs_folder(&self) -> bool {
        true
    }
    fn in_python(&self) -> bool {
        true
    }
    fn effort(&self, settings: &Settings) -> Option<Effort> {
        let rows = settings.whole("rows") as f64;
        let commits = match settings.word("access") {
            "insert_autocommit" => rows,
            "insert_transaction" => 1.0,
            _ => return Some(Effort::computing(rows * 2e-7)),
        };
        let waiting = if settings.word("synchronous") == "full" { commits * 1e-3 } else { 0.0 };
        Some(Effort { computing: rows * 1e-6 + commits * 1.5e-5, waiting, held: None })
    }
    fn describe(&self, settings: &Settings) -> String {
        let rows = show_count(settings.whole("rows"));
        let durable = match settings.word("synchronous") {
            "full" => ", durable at once",
            "off" => ", never made durable",
            _ => "",
        };
        match settings.word("access") {
            "sum" => format!("sums of {rows} rows of an SQLite file, in one call each"),
            "insert_autocommit" => format!("{rows} rows inserted into an SQLite file, committed one by one{durable}"),
            "insert_transaction" => format!("{rows} rows inserted into an SQLite file, in one transaction{durable}"),
            _ => format!("{rows} rows of an SQLite file, one by one"),
        }
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let word = settings.word("access");
        let writes = word.starts_with("insert");
        let access = Access {
            path: place.folder.join("database.sqlite"),
            writes,
            synchronous: settings.word("synchronous").to_owned(),
            busy: whole_milliseconds(settings.duration("busy_timeout")),
        };
        let (seed, items, rows) = (place.seed, place.items, settings.whole("rows"));
        // The first process that prepares the job makes the file, before any other is started.
        let missing = !access.path.exists() && place.folder.is_dir();
        if writes {
            if missing {
                create(&access, |all| all.execute_batch(insert::TABLES))?;
            }
            return Ok(Box::new(Inserting { seed, items, rows, together: word == "insert_transaction", access }));
        }
        let job = Reading { seed, rows, sums: word == "sum", access };
        if missing {
            create(&job.access, |all| job.fill(all))?;
        }
        Ok(Box::new(job))
    }
}

/// SQLite and Python know no shorter times than a millisecond; what is more than none stays more than none.
fn whole_milliseconds(time: Duration) -> Duration {
    Duration::from_millis(time.as_nanos().div_ceil(1_000_000) as u64)
}

/// Makes the file, with what `fill` puts into it.
fn create(access: &Access, fill: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<(), TaskError> {
    match filled(access, fill).map_err(|error| access.refused(&error))?.as_str() {
        "wal" => Ok(()),
        // SQLite does not refuse it by itself.
        other => Err(TaskError::Settings(format!(
            "SQLite keeps no write-ahead log for {}, its journal mode is `{other}`: name a folder of a local disk by \
             TMPDIR",
            access.path.display()
        ))),
    }
}

/// Makes the file; its journal mode.
fn filled(access: &Access, fill: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> rusqlite::Result<String> {
    let mut database = Connection::open(&access.path)?;
    // Nothing needs to be taken back yet, and what is written goes into the file itself: a trial begins with an empty log.
    database.pragma_update(None, "journal_mode", "OFF")?;
    database.pragma_update(None, "synchronous", "OFF")?;
    let all = database.transaction()?;
    fill(&all)?;
    all.commit()?;
    database.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
}

/// An item reads one of many blocks of rows.
struct Reading {
    seed: u64,
    rows: u64,
    sums: bool,
    access: Access,
}

impl Reading {
    /// The number in a row: small, so that no sum overflows.
    fn number(&self, block: u64, row: u64) -> u64 {
        numbered::mix(self.seed, block * self.rows + row) >> 40
    }

    fn fill(&self, database: &Connection) -> rusqlite::Result<()> {
        database.execute(
            "CREATE TABLE numbers (block INTEGER, row INTEGER, number INTEGER, PRIMARY KEY (block, row)) WITHOUT ROWID",
            [],
        )?;
        let mut insert = database.prepare("INSERT INTO numbers VALUES (?, ?, ?)")?;
        for block in 0..BLOCKS {
            for row in 0..self.rows {
                insert.execute([block as i64, row as i64, self.number(block, row) as i64])?;
            }
        }
        Ok(())
    }

    /// Reads a block; every call of SQLite is a blocking section, as every one of Python's sqlite3 is.
    fn read(&self, database: &Connection, block: u64, context: &mut Context<'_>) -> rusqlite::Result<u64> {
        let query = if self.sums {
            "SELECT sum(number) FROM numbers WHERE block = ?"
        } else {
            "SELECT number FROM numbers WHERE block = ?"
        };
        let mut statement = context.blocking(|| database.prepare_cached(query))?;
        let mut rows = statement.query([block as i64])?;
        let mut sum = 0;
        while let Some(row) = context.blocking(|| rows.next())? {
            sum += row.get::<_, i64>(0)? as u64;
            context.check_point();
        }
        Ok(sum)
    }
}

impl Job for Reading {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item % BLOCKS, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let block = numbered::read(request)?;
        let sum = self.access.connected(context, |database, context| {
            self.read(database, block, context).map_err(|error| self.access.refused(&error))
        })?;
        numbered::write(sum, reply);
        Ok(())
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        let block = numbered::read(request)?;
        numbered::write((0..self.rows).map(|row| self.number(block, row)).sum(), reply);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
