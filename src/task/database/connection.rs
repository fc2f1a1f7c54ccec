//! The connection that every thread has of its own, and what is said where SQLite refuses something.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Context, TaskError};
use crate::text::show_seconds;

/// How a file is opened: what differs needs another connection.
#[derive(Clone, PartialEq)]
pub(super) struct Access {
    pub(super) path: PathBuf,
    pub(super) writes: bool,
    /// The word of `PRAGMA synchronous`.
    pub(super) synchronous: String,
    /// How long a call waits for a lock that another connection holds.
    pub(super) busy: Duration,
}

thread_local! {
    /// The connection of this thread, and what it is for.
    static CONNECTION: RefCell<Option<(Access, Connection)>> = const { RefCell::new(None) };
}

impl Access {
    /// Calls `work` with this thread's connection, which is opened by the first call. A connection is never handed to
    /// another thread, so that SQLite needs no lock of its own around each call.
    pub(super) fn connected<T>(
        &self,
        context: &mut Context<'_>,
        work: impl FnOnce(&Connection, &mut Context<'_>) -> Result<T, TaskError>,
    ) -> Result<T, TaskError> {
        CONNECTION.with_borrow_mut(|kept| {
            let usable = kept.take().filter(|(access, _)| access == self);
            let (_, database) = match usable {
                Some(usable) => kept.insert(usable),
                None => {
                    let opened = context.blocking(|| self.open()).map_err(|error| self.refused(&error))?;
                    kept.insert((self.clone(), opened))
                }
            };
            work(database, context)
        })
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let how = if self.writes { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        let database = Connection::open_with_flags(&self.path, how | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        database.busy_timeout(self.busy)?;
        if self.writes {
            database.pragma_update(None, "synchronous", &self.synchronous)?;
        }
        Ok(database)
    }

    /// What to say of an error. Where it gave up waiting for others, that takes more than SQLite's own words: how long it
    /// waited, and what can be done about it. Equal in all trials, so that it is told once.
    pub(super) fn refused(&self, error: &rusqlite::Error) -> TaskError {
        if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) {
            return TaskError::Settings(format!("SQLite: {error}"));
        }
        TaskError::Settings(format!(
            "SQLite: database is locked: another connection was writing, and this one gave up (`busy_timeout: {}`); a longer \
             `busy_timeout`, shorter transactions or fewer workers avoid it",
            show_seconds(self.busy.as_secs_f64())
        ))
    }
}
