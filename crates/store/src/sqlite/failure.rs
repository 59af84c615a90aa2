//! What SQLite's result codes mean.

use sqlx::error::DatabaseError;

use crate::error::Error;

/// The codes that are told apart (`sqlite3.h`).
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

/// What a failed statement means.
pub(crate) fn failure(cause: &dyn DatabaseError) -> Error {
    let told = cause.to_string();
    let found: Option<i32> = cause.code().and_then(|text| text.parse().ok());
    match found {
        Some(code::FULL | code::IOERR_SHMSIZE) => Error::Full,
        Some(code::IOERR_FSYNC | code::IOERR_DIR_FSYNC) => Error::Unsynced(told),
        Some(code::CONSTRAINT_PRIMARYKEY | code::CONSTRAINT_UNIQUE) => Error::Exists(told),
        found => match found.map(|found| found & code::PRIMARY) {
            Some(code::BUSY) => Error::Busy(told),
            Some(code::CORRUPT | code::NOT_A_DATABASE) => Error::Corrupt(told),
            _ => Error::Sql(told),
        },
    }
}
