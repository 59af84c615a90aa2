//! Tokens and members of a data directory that no server has: how the first token is made.

use std::path::Path;
use std::sync::Arc;

use super::{OpenError, REGISTRY_SCHEMA, blocking, database, take};
use crate::access::SqliteAccess;
use crate::disk::Disk;
use crate::health::Health;
use crate::lock::DirectoryLock;
use crate::options::Options;
use crate::sqlite::Synced;

/// Tokens and members of a data directory, and the directory itself, held.
#[derive(Debug)]
pub struct OfflineAccess {
    access: Arc<SqliteAccess>,
    _lock: DirectoryLock,
}

impl OfflineAccess {
    /// Takes the directory, creating what is missing.
    ///
    /// # Errors
    /// Where a server has it, or it cannot be used.
    pub async fn open(directory: impl AsRef<Path>) -> Result<Self, OpenError> {
        let directory = directory.as_ref().to_owned();
        let (health, options) = (Arc::new(Health::default()), Options::default());
        let disk = Disk::new(health.clone());
        let lock = blocking(&directory, {
            let directory = directory.clone();
            move || take(&directory, &disk)
        })
        .await?;
        let path = directory.join("weft.db");
        let (registry, writer) =
            database(&path, &REGISTRY_SCHEMA, Synced::AtCommits, &health, &options).await?;
        Ok(Self {
            access: Arc::new(SqliteAccess::start(writer, registry.readers(1))),
            _lock: lock,
        })
    }

    /// Tokens and members.
    #[must_use]
    pub fn access(&self) -> Arc<SqliteAccess> {
        self.access.clone()
    }

    /// Closes the database and lets go of the directory.
    pub async fn close(self) {
        self.access.close().await;
    }
}
