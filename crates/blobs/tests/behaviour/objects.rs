//! An object store in memory whose objects can be made older.

use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use weft_blobs::object_store::memory::InMemory;
use weft_blobs::object_store::path::Path;
use weft_blobs::object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

#[derive(Debug, Default)]
pub(crate) struct Objects {
    objects: InMemory,
    /// By how much objects that were last stored before some time are older.
    older: Mutex<Vec<(SystemTime, Duration)>>,
}

impl Objects {
    pub(crate) fn age(&self, by: Duration) {
        self.older.lock().unwrap().push((SystemTime::now(), by));
    }

    fn aged(&self, mut meta: ObjectMeta) -> ObjectMeta {
        let stored = SystemTime::from(meta.last_modified);
        let older = self.older.lock().unwrap();
        let by: Duration = older
            .iter()
            .filter(|(at, _)| stored <= *at)
            .map(|(_, by)| *by)
            .sum();
        meta.last_modified = (stored - by).into();
        meta
    }
}

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.objects, f)
    }
}

#[async_trait]
impl ObjectStore for Objects {
    async fn put_opts(&self, key: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.objects.put_opts(key, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        key: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.objects.put_multipart_opts(key, options).await
    }

    async fn get_opts(&self, key: &Path, options: GetOptions) -> Result<GetResult> {
        let mut found = self.objects.get_opts(key, options).await?;
        found.meta = self.aged(found.meta);
        Ok(found)
    }

    fn delete_stream(&self, keys: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.objects.delete_stream(keys)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let older = Self {
            objects: InMemory::new(),
            older: Mutex::new(self.older.lock().unwrap().clone()),
        };
        let listing = self.objects.list(prefix);
        listing
            .map(move |found| found.map(|meta| older.aged(meta)))
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.objects.copy_opts(from, to, options).await
    }
}
