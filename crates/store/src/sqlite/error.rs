//! What a failed statement means.

use std::io;

use weft_function_engine::port::{RegistryError, StorageError};

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
    /// A row that this program did not write so.
    #[error("{0}")]
    Corrupt(String),
    /// Anything else.
    #[error("{0}")]
    Sql(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// The result codes of SQLite that are told apart (`sqlite3.h`).
mod code {
    pub(super) const FULL: i32 = 13;
    pub(super) const IOERR_FSYNC: i32 = 10 | (4 << 8);
    pub(super) const IOERR_DIR_FSYNC: i32 = 10 | (5 << 8);
    /// The shared index beside the log could not be grown.
    pub(super) const IOERR_SHMSIZE: i32 = 10 | (19 << 8);
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
            _ => Self::Sql(error.to_string()),
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
