//! What a failed statement means.

use std::io;

use sqlx::postgres::PgDatabaseError;
use weft_access::StoreError;
use weft_function_engine::port::{RegistryError, StorageError};
use weft_workflow_engine::port::journal::{Hold, JournalError};
use weft_workflow_engine::port::records::RecordsError;

use crate::health::Broken;
use crate::{postgres, sqlite};

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
    /// Another process holds what is needed for longer than a connection waits; the transaction was rolled back.
    #[error("the database is in use by another process: {0}")]
    Busy(String),
    /// The connection to the database broke; whether the transaction is on the disk is unknown.
    #[error("the connection to the database was lost: {0}")]
    Lost(String),
    /// A row that this program did not write so, or a database that finds itself damaged.
    #[error("{0}")]
    Corrupt(String),
    /// A row of that key is there already.
    #[error("{0}")]
    Exists(String),
    /// The store was opened anew while this connection had it.
    #[error("the store was opened by another server")]
    Superseded,
    /// Anything else.
    #[error("{0}")]
    Sql(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl Error {
    /// Whether the same may succeed a little later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Full | Self::Busy(_) | Self::Lost(_) | Self::Sql(_) => true,
            Self::Unsynced(_)
            | Self::Broken(_)
            | Self::Corrupt(_)
            | Self::Exists(_)
            | Self::Superseded
            | Self::Closed => false,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(cause) = &error {
            return match cause.try_downcast_ref::<PgDatabaseError>() {
                Some(cause) => postgres::failure(cause),
                None => sqlite::failure(&**cause),
            };
        }
        match error {
            // Of SQLite there is no connection that could be lost.
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => {
                Self::Lost(error.to_string())
            }
            sqlx::Error::PoolClosed => Self::Closed,
            other => Self::Sql(other.to_string()),
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

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Full => Self::Full,
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<Error> for weft_quotas::StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Full => Self::Full,
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<Error> for weft_secrets::StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Full => Self::Full,
            other => Self::Failed(other.to_string()),
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
            Error::Full => Self::Held(Hold::DiskFull),
            Error::Corrupt(told) => Self::Damaged(told),
            other => Self::Broken(other.to_string()),
        }
    }
}

impl From<Error> for RecordsError {
    fn from(error: Error) -> Self {
        match error {
            Error::Corrupt(told) => Self::Damaged(told),
            Error::Lost(_) => Self::Away,
            other => Self::Store(other.to_string()),
        }
    }
}
