//! The embedded backend.

use std::sync::Arc;

use weft_function_engine::port::{Artifacts, KeyValue, Registry};
use weft_store::{Options, Store};

use crate::{Backend, every_behaviour, suite};

struct Embedded {
    directory: tempfile::TempDir,
    store: Store,
}

impl Backend for Embedded {
    async fn fresh() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path().join("data"), Options::default())
            .await
            .unwrap();
        Self { directory, store }
    }

    async fn reopen(self) -> Self {
        let Self { directory, store } = self;
        store.close().await;
        let store = Store::open(directory.path().join("data"), Options::default())
            .await
            .unwrap();
        Self { directory, store }
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
}

every_behaviour!(Embedded);
