//! `database`: reads rows of an SQLite file, one by one or added up by SQLite itself.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{Bound, Context, Effort, Job, Place, Setting, SettingKind, Settings, Task, TaskError, numbered};
use crate::name::show_count;

/// Items read so many different parts of the table.
const BLOCKS: u64 = 64;
/// How long a connection waits for another that writes.
const BUSY: Duration = Duration::from_secs(5);

pub(super) struct Database;

impl Task for Database {
    fn name(&self) -> &'static str {
        "database"
    }
    fn about(&self) -> &'static str {
        "reads rows of an SQLite file, one by one or added up by SQLite itself"
    }
    fn bound(&self) -> Bound {
        Bound::Computing
    }
    fn settings(&self) -> &'static [Setting] {
        &[
            Setting {
                name: "rows",
                about: "rows that an item reads",
                kind: SettingKind::Count { min: 1, max: 1_000_000 },
                default: "500",
            },
            Setting {
                name: "access",
                about: "`rows` steps from row to row, each step a call of SQLite; `sum` lets one call add all of them up",
                kind: SettingKind::Word(&["rows", "sum"]),
                default: "rows",
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
        Some(Effort::computing(settings.whole("rows") as f64 * 2e-7))
    }
    fn describe(&self, settings: &Settings) -> String {
        let rows = show_count(settings.whole("rows"));
        match settings.word("access") {
            "sum" => format!("sums of {rows} rows of an SQLite file, in one call each"),
            _ => format!("{rows} rows of an SQLite file, one by one"),
        }
    }
    fn prepare(&self, settings: &Settings, place: &Place) -> Result<Box<dyn Job>, TaskError> {
        let path = place.folder.join("database.sqlite");
        let job = DatabaseJob {
            seed: place.seed,
            rows: settings.whole("rows"),
            sums: settings.word("access") == "sum",
            path,
        };
        // The first process that prepares the job makes the file, before any other is started.
        if !job.path.exists() && place.folder.is_dir() {
            job.create().map_err(|error| refused(&error))?;
        }
        Ok(Box::new(job))
    }
}

struct DatabaseJob {
    seed: u64,
    rows: u64,
    sums: bool,
    path: PathBuf,
}

fn refused(error: &rusqlite::Error) -> TaskError {
    TaskError::Settings(format!("SQLite: {error}"))
}

thread_local! {
    /// The connection of this thread, and the file that it is for.
    static CONNECTION: RefCell<Option<(PathBuf, Connection)>> = const { RefCell::new(None) };
}

impl DatabaseJob {
    /// The number in a row: small, so that no sum overflows.
    fn number(&self, block: u64, row: u64) -> u64 {
        numbered::mix(self.seed, block * self.rows + row) >> 40
    }

    fn create(&self) -> rusqlite::Result<()> {
        let mut database = Connection::open(&self.path)?;
        database.pragma_update(None, "journal_mode", "WAL")?;
        database.pragma_update(None, "synchronous", "OFF")?;
        let all = database.transaction()?;
        all.execute(
            "CREATE TABLE numbers (block INTEGER, row INTEGER, number INTEGER, PRIMARY KEY (block, row)) WITHOUT ROWID",
            [],
        )?;
        {
            let mut insert = all.prepare("INSERT INTO numbers VALUES (?, ?, ?)")?;
            for block in 0..BLOCKS {
                for row in 0..self.rows {
                    insert.execute([block as i64, row as i64, self.number(block, row) as i64])?;
                }
            }
        }
        all.commit()?;
        // All of it goes into the file itself, so that readers need no log.
        database.pragma_update(None, "wal_checkpoint", "TRUNCATE")?;
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

/// Opens a file that is only read.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let database =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    database.busy_timeout(BUSY)?;
    Ok(database)
}

impl Job for DatabaseJob {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item % BLOCKS, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let block = numbered::read(request)?;
        let sum = CONNECTION.with_borrow_mut(|kept| {
            if kept.as_ref().is_none_or(|(path, _)| *path != self.path) {
                *kept = Some((self.path.clone(), context.blocking(|| open(&self.path))?));
            }
            match kept {
                Some((_, database)) => self.read(database, block, context),
                None => Ok(0),
            }
        });
        reply.extend_from_slice(&sum.map_err(|error| refused(&error))?.to_le_bytes());
        Ok(())
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        let block = numbered::read(request)?;
        let sum: u64 = (0..self.rows).map(|row| self.number(block, row)).sum();
        reply.extend_from_slice(&sum.to_le_bytes());
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (8, 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_reading_find_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        for sums in [false, true] {
            let job = DatabaseJob { seed: 3, rows: 20, sums, path: folder.path().join("database.sqlite") };
            if !sums {
                job.create().unwrap();
            }
            for item in [0, 5, 70] {
                let (mut request, mut reply, mut right) = (Vec::new(), Vec::new(), Vec::new());
                let mut context = Context::native();
                job.request(item, &mut request);
                job.run(&request, &mut reply, &mut context).unwrap();
                job.expected(&request, &mut right, &mut context).unwrap();
                assert_eq!(reply, right);
            }
        }
    }
}
