//! The embedded backend.

use std::sync::Arc;

use weft_function_engine::port::{Artifacts, KeyValue, Registry};
use weft_store::{Options, Store};
use weft_workflow_engine::port::journal::Journal;
use weft_workflow_engine::port::records::Records;

use crate::{Backend, every_behaviour, suite};

struct Embedded {
    directory: tempfile::TempDir,
    store: Store,
}

/// Small, so that checkpoints and trims happen often.
fn options() -> Options {
    Options {
        checkpoint_bytes: 64 << 10,
        journal_trim_bytes: 16 << 10,
        records_feed_bytes: 64 << 10,
        records_batch_bytes: 32 << 10,
        records_open: 3,
        // What is tested is older than the tests.
        retention_age: None,
        ..Options::default()
    }
}

impl Embedded {
    async fn open(directory: tempfile::TempDir) -> Self {
        let store = Store::open(directory.path().join("data"), options())
            .await
            .unwrap();
        Self { directory, store }
    }
}

impl Backend for Embedded {
    async fn fresh() -> Self {
        Self::open(tempfile::tempdir().unwrap()).await
    }

    async fn reopen(self) -> Self {
        self.store.close().await;
        Self::open(self.directory).await
    }

    async fn crash(self) -> Self {
        drop(self.store);
        Self::open(self.directory).await
    }

    fn registry(&self) -> Arc<dyn Registry> {
        self.store.registry()
    }

    fn artifacts(&self) -> Arc<dyn Artifacts> {
        self.store.artifacts()
    }

    fn keyvalue(&self) -> Arc<dyn KeyValue> {
        self.store.keyvalue()
    }

    fn journal(&self) -> Arc<dyn Journal> {
        self.store.journal()
    }

    fn records(&self) -> Arc<dyn Records> {
        self.store.records()
    }
}

every_behaviour!(Embedded);
