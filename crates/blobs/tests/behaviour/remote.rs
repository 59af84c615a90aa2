//! The store over an object store in memory.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt;
use tempfile::TempDir;
use weft_blobs::object_store::path::Path;
use weft_blobs::object_store::{ObjectStore, ObjectStoreExt};
use weft_blobs::{Collected, ObjectBlobs, Options};
use weft_types::Digest;
use weft_workflow_engine::port::blob_store::BlobStore;

use crate::local::files;
use crate::objects::Objects;
use crate::{Backend, Damage};

pub(crate) struct Remote {
    objects: Arc<Objects>,
    cache: TempDir,
    options: Options,
    blobs: ObjectBlobs,
}

impl Remote {
    async fn open(objects: Arc<Objects>, options: Options) -> Self {
        let cache = tempfile::tempdir().unwrap();
        let blobs = ObjectBlobs::open(Arc::clone(&objects) as _, cache.path(), options.clone())
            .await
            .unwrap();
        Self {
            objects,
            cache,
            options,
            blobs,
        }
    }
}

impl Backend for Remote {
    async fn with(options: Options) -> Self {
        Self::open(Arc::default(), options).await
    }

    async fn reopen(self) -> Self {
        Self::open(self.objects, self.options).await
    }

    fn store(&self) -> &dyn BlobStore {
        &self.blobs
    }

    async fn collect_since(&self, begun: SystemTime) -> Collected {
        self.blobs.collect(begun).await.unwrap()
    }

    fn age(&self, by: Duration) {
        self.objects.age(by);
    }

    async fn damage(&self, digest: Digest, how: Damage) {
        let key = Path::from(format!("data/{}", digest.hex()));
        let found = self.objects.get(&key).await.unwrap();
        let mut content = found.bytes().await.unwrap().to_vec();
        how.apply(&mut content);
        self.objects.put(&key, content.into()).await.unwrap();
    }

    async fn stored(&self) -> usize {
        let listing = self.objects.list(Some(&Path::from("data")));
        listing.try_collect::<Vec<_>>().await.unwrap().len()
    }

    /// Copies have hashes for names.
    fn unfinished(&self) -> usize {
        let files = files(&self.cache.path().join("copies"));
        let names = files.iter().filter_map(|path| path.file_name()?.to_str());
        names.filter(|name| name.len() != 64).count()
    }
}
