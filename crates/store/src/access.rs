//! Tokens, members, sealed secrets and quotas, in `weft.db` beside the projects that they are of.
//!
//! One connection writes, a transaction per change. A change that has begun is made to its end, whoever waits for it.

use std::sync::Arc;

use sqlx::sqlite::SqlitePool;
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
        let (writer, change) = (Arc::clone(&self.writer), change.clone());
        let applied = self.background.spawn(async move {
            match &mut *writer.lock().await {
                Some(writer) => apply(writer, &change).await,
                None => Err(Error::Closed),
            }
        });
        Box::pin(async move {
            let applied = applied.await;
            let applied = applied.map_err(|error| StoreError::Failed(error.to_string()))?;
            Ok(applied?)
        })
    }
}

async fn apply(writer: &mut Writer, change: &Change) -> Result<(), Error> {
    if let Err(error) = write::change(writer.begin().await?, change).await {
        return Err(writer.abandon(error).await);
    }
    writer.commit(0).await?;
    writer.checkpoint().await;
    Ok(())
}
