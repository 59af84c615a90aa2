//! Key-value stores of projects, which guests reach through `wasi:keyvalue` when granted.

use bytes::Bytes;
use weft_types::ProjectName;

use super::{Boxed, StorageError};

/// The bounds of one entry.
pub const MAX_KEY: usize = 1024;
/// Largest value in bytes.
pub const MAX_VALUE: usize = 1 << 20;

/// Named key-value stores per project, durable: a write that has returned survives a crash of the machine.
pub trait KeyValue: Send + Sync + 'static {
    /// The value of a key.
    fn get<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
    ) -> Boxed<'a, Result<Option<Bytes>, StorageError>>;

    /// Sets a key; at most [`MAX_KEY`] and [`MAX_VALUE`] bytes, checked by the caller.
    fn set<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
        value: Bytes,
    ) -> Boxed<'a, Result<(), StorageError>>;

    /// Removes a key; one that is not there is fine.
    fn delete<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
    ) -> Boxed<'a, Result<(), StorageError>>;

    /// Up to `limit` keys greater than `after`, ascending.
    fn keys<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> Boxed<'a, Result<Vec<String>, StorageError>>;

    /// Adds to a number kept as decimal text, 0 where the key is absent, and answers the sum; none where the value is not
    /// such a number. Atomic among all calls.
    fn increment<'a>(
        &'a self,
        project: &'a ProjectName,
        store: &'a str,
        key: &'a str,
        delta: i64,
    ) -> Boxed<'a, Result<Option<i64>, StorageError>>;
}
