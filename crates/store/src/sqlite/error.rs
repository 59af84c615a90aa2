//! What a failed statement means.

use std::io;

use weft_function_engine::port::{RegistryError, StorageError};
use weft_workflow_engine::port::journal::JournalError;
use weft_workflow_engine::port::records::RecordsError;

use crate::health::Broken;

/// Why a database did not do what was asked. Nothing was acknowledged.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The disk is full; the transaction was rolled back.
    #[error("the disk is full")]
    Full,
    /// A sync failed; whether the transaction is on the disk is unknown.
    #[error("a sync failed: {0}")]
    Unsynced(String),
    /// An earlier sync failed.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// Another process holds the database for longer than a connection waits; the transaction was rolled back.
    #[error("the database is in use by another process: {0}")]
    Busy(String),
    /// A row that this program did not write so, or a file that SQLite finds damaged.
    #[error("{0}")]
    Corrupt(String),
    /// A row of that key is there already.
    #[error("{0}")]
    Exists(String),
    /// The database was opened anew while this connection had it.
    #[error("the store was opened by another server")]
    Superseded,
    /// Anything else.
    #[error("{0}")]
    Sql(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// The result codes of SQLite that are told apart (`sqlite3.h`).
mod code {
    pub(super) const BUSY: i32 = 5;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const NOT_A_DATABASE: i32 = 26;
    pub(super) const IOERR_FSYNC: i32 = 10 | (4 << 8);
    pub(super) const IOERR_DIR_FSYNC: i32 = 10 | (5 << 8);
    /// The shared index beside the log could not be grown.
    pub(super) const IOERR_SHMSIZE: i32 = 10 | (19 << 8);
    pub(super) const CONSTRAINT_PRIMARYKEY: i32 = 19 | (6 << 8);
    pub(super) const CONSTRAINT_UNIQUE: i32 = 19 | (8 << 8);
    /// The part of a code that others refine.
    pub(super) const PRIMARY: i32 = 0xff;
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let found = match &error {
            sqlx::Error::Database(cause) => cause.code().and_then(|text| text.parse().ok()),
            _ => None,
        };
        match found {
            Some(code::FULL | code::IOERR_SHMSIZE) => Self::Full,
            Some(code::IOERR_FSYNC | code::IOERR_DIR_FSYNC) => Self::Unsynced(error.to_string()),
            Some(code::CONSTRAINT_PRIMARYKEY | code::CONSTRAINT_UNIQUE) => Self::Exists(error.to_string()),
            found => match found.map(|found: i32| found & code::PRIMARY) {
                Some(code::BUSY) => Self::Busy(error.to_string()),
                Some(code::CORRUPT | code::NOT_A_DATABASE) => Self::Corrupt(error.to_string()),
                _ => Self::Sql(error.to_string()),
            },
        }
    }
}

impl From<Error> for RegistryError {
    fn from(error: Error) -> Self {
        match error {
            Error::Full => Self::Full,
            other => Self::Store(other.to_string()),
        }
    }
}

impl From<Error> for StorageError {
    fn from(error: Error) -> Self {
        match error {
            Error::Full => Self::Full,
            other => Self::Io {
                doing: "using the key-value store",
                source: io::Error::other(other.to_string()),
            },
        }
    }
}

impl From<Error> for JournalError {
    fn from(error: Error) -> Self {
        match error {
            Error::Full => Self::DiskFull,
            Error::Corrupt(told) => Self::Damaged(told),
            other => Self::Broken(other.to_string()),
        }
    }
}

impl From<Error> for RecordsError {
    fn from(error: Error) -> Self {
        match error {
            Error::Corrupt(told) => Self::Damaged(told),
            other => Self::Store(other.to_string()),
        }
    }
}
