//! Tokens, members, sealed secrets and quotas, in `weft.db` beside the projects that they are of.
//!
//! One connection writes, a transaction per change. A change that has begun is made to its end, whoever waits for it.

use std::sync::Arc;

use sqlx::sqlite::{SqliteConnection, SqlitePool};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use weft_access::{AccessStore, Boxed, Change, Model, StoreError};

use crate::error::Error;
use crate::sqlite::Writer;

mod audit;
mod quotas;
mod read;
mod secrets;
mod write;

/// The tokens and members of one open store.
#[derive(Debug)]
pub struct SqliteAccess {
    /// None once it was closed.
    writer: Arc<Mutex<Option<Writer>>>,
    readers: SqlitePool,
    background: Handle,
}

impl SqliteAccess {
    /// Writes on the current tokio runtime.
    pub(crate) fn start(writer: Writer, readers: SqlitePool) -> Self {
        Self {
            writer: Arc::new(Mutex::new(Some(writer))),
            readers,
            background: Handle::current(),
        }
    }

    /// Closes every connection; what was asked before is done first.
    pub(crate) async fn close(&self) {
        if let Some(writer) = self.writer.lock().await.take() {
            writer.close().await;
        }
        self.readers.close().await;
    }
}

impl AccessStore for SqliteAccess {
    fn load(&self) -> Boxed<'_, Result<Model, StoreError>> {
        Box::pin(async { Ok(read::model(&self.readers).await?) })
    }

    fn apply<'a>(&'a self, change: &'a Change) -> Boxed<'a, Result<(), StoreError>> {
        let applied = self.write(change.clone());
        Box::pin(async { Ok(applied.await?) })
    }
}

/// What one transaction changes.
trait Edit: Send + Sync + 'static {
    fn make(&self, connection: &mut SqliteConnection) -> impl Future<Output = Result<(), Error>> + Send;
}

impl Edit for Change {
    async fn make(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        write::change(connection, self).await
    }
}

impl SqliteAccess {
    /// Begins a change at once; it goes on to its end, whoever waits for the answer.
    fn write<E: Edit>(&self, edit: E) -> impl Future<Output = Result<(), Error>> + Send + use<E> {
        let writer = Arc::clone(&self.writer);
        let written = self.background.spawn(async move {
            let mut writer = writer.lock().await;
            let writer = writer.as_mut().ok_or(Error::Closed)?;
            if let Err(error) = edit.make(writer.begin().await?).await {
                return Err(writer.abandon(error).await);
            }
            writer.commit(0).await?;
            writer.checkpoint().await;
            Ok(())
        });
        async {
            written
                .await
                .unwrap_or_else(|error| Err(Error::Sql(error.to_string())))
        }
    }
}
