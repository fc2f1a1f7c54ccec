//! Rows that items insert: how, how they are read back, and what the file must hold at the end.

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::connection::Access;
use super::{Context, Job, TaskError, numbered};

/// The rows of all items, and those of items that only warm their workers up. A row has its place from its item, so that
/// both what is inserted and what is read back is found by a walk down one tree.
pub(super) const TABLES: &str = "
    CREATE TABLE inserted (item INTEGER, row INTEGER, number INTEGER, PRIMARY KEY (item, row)) WITHOUT ROWID;
    CREATE TABLE warm_up (item INTEGER, row INTEGER, number INTEGER, PRIMARY KEY (item, row)) WITHOUT ROWID;";
/// Numbers have so many bits: small, so that no sum overflows.
const MASK: u64 = (1 << 24) - 1;
/// From the number of a row to that of the next: odd, so that numbers repeat late.
const STEP: u64 = 0x9e_3779;

/// An item inserts its rows and reads back how many there are and their sum.
pub(super) struct Inserting {
    pub(super) seed: u64,
    pub(super) items: u64,
    pub(super) rows: u64,
    /// Whether all rows of an item are in one transaction; else each is in one of its own.
    pub(super) together: bool,
    pub(super) access: Access,
}

impl Inserting {
    /// The numbers of an item's rows: cheap in any language, so that it is the inserting that takes time.
    fn numbers(&self, item: u64) -> impl Iterator<Item = u64> + use<> {
        let first = numbered::mix(self.seed, item) & MASK;
        (0..self.rows).map(move |row| (first + row * STEP) & MASK)
    }

    fn sum(&self, item: u64) -> u64 {
        self.numbers(item).sum()
    }

    /// Inserts all rows. Every call of SQLite is a blocking section, as every one of Python's sqlite3 is.
    fn insert(&self, database: &Connection, item: u64, context: &mut Context<'_>) -> Result<(), TaskError> {
        let refused = |error: rusqlite::Error| self.access.refused(&error);
        // The lock is taken at once: a transaction that begins by reading may find that it cannot write any more.
        let begin = || Transaction::new_unchecked(database, TransactionBehavior::Immediate);
        let transaction = if self.together { Some(context.blocking(begin).map_err(refused)?) } else { None };
        // An item that is run again, since its worker died, finds rows of its own.
        let text = if context.warming {
            "INSERT OR REPLACE INTO warm_up VALUES (?, ?, ?)"
        } else {
            "INSERT OR REPLACE INTO inserted VALUES (?, ?, ?)"
        };
        let mut statement = context.blocking(|| database.prepare_cached(text)).map_err(refused)?;
        for (row, number) in (0..).zip(self.numbers(item)) {
            let values = [item as i64, row, number as i64];
            context.blocking(|| statement.execute(values)).map_err(refused)?;
            context.check_point();
        }
        match transaction {
            Some(transaction) => context.blocking(|| transaction.commit()).map_err(refused),
            None => Ok(()),
        }
    }

    /// How many rows the file has of an item, and their sum.
    fn read_back(&self, database: &Connection, item: u64, context: &mut Context<'_>) -> Result<(u64, u64), TaskError> {
        let refused = |error: rusqlite::Error| self.access.refused(&error);
        let text = if context.warming {
            "SELECT count(*), sum(number) FROM warm_up WHERE item = ?"
        } else {
            "SELECT count(*), sum(number) FROM inserted WHERE item = ?"
        };
        let mut statement = context.blocking(|| database.prepare_cached(text)).map_err(refused)?;
        let mut found = statement.query([item as i64]).map_err(refused)?;
        let mut held = (0, 0);
        while let Some(row) = context.blocking(|| found.next()).map_err(refused)? {
            let number = |at| row.get::<_, Option<i64>>(at).map(|number| number.unwrap_or_default() as u64);
            held = (number(0).map_err(refused)?, number(1).map_err(refused)?);
        }
        Ok(held)
    }
}

impl Job for Inserting {
    fn request(&self, item: u64, request: &mut Vec<u8>) {
        numbered::write(item, request);
    }

    fn run(&self, request: &[u8], reply: &mut Vec<u8>, context: &mut Context<'_>) -> Result<(), TaskError> {
        let item = numbered::read(request)?;
        let (count, sum) = self.access.connected(context, |database, context| {
            self.insert(database, item, context)?;
            self.read_back(database, item, context)
        })?;
        numbered::write(count, reply);
        numbered::write(sum, reply);
        Ok(())
    }

    fn expected(&self, request: &[u8], reply: &mut Vec<u8>, _: &mut Context<'_>) -> Result<(), TaskError> {
        let item = numbered::read(request)?;
        numbered::write(self.rows, reply);
        numbered::write(self.sum(item), reply);
        Ok(())
    }

    fn sizes(&self) -> (usize, usize) {
        (8, 16)
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    /// The file holds the rows of all items and no others. Its primary key sees to it that none is there twice.
    fn review(&self) -> Result<(), TaskError> {
        let refused = |error: rusqlite::Error| self.access.refused(&error);
        let database =
            Connection::open_with_flags(&self.access.path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(refused)?;
        let wrong = |what: String| Err(TaskError::Settings(format!("the database {what}")));
        let text = "SELECT item, count(*), min(row), max(row), sum(number) FROM inserted GROUP BY item ORDER BY item";
        let mut statement = database.prepare(text).map_err(refused)?;
        let mut found = statement.query([]).map_err(refused)?;
        let mut next = 0;
        while let Some(row) = found.next().map_err(refused)? {
            let mut numbers = [0; 5];
            for (at, number) in numbers.iter_mut().enumerate() {
                *number = row.get::<_, i64>(at).map_err(refused)? as u64;
            }
            let [item, count, first, last, sum] = numbers;
            if item >= self.items {
                return wrong(format!("holds rows of item {item}, which does not exist"));
            }
            if item != next {
                break;
            }
            if count != self.rows {
                return wrong(format!("holds {count} rows of item {item}, which inserted {}", self.rows));
            }
            if (first, last, sum) != (0, self.rows - 1, self.sum(item)) {
                return wrong(format!("holds other rows than item {item} inserted"));
            }
            next += 1;
        }
        if next < self.items { wrong(format!("holds no row of item {next}")) } else { Ok(()) }
    }
}
