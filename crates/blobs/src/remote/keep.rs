//! Storing blobs.

use std::sync::Arc;

use bytes::Bytes;
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::blobs::BlobError;

use super::transfer::Content;
use super::{Inner, keys};
use crate::dispatch::{failure, off_thread};
use crate::temporary::Temporary;
use crate::upload::{Destination, Written};

impl Inner {
    pub(super) async fn put(&self, project: &ProjectName, bytes: Bytes) -> Result<Digest, BlobError> {
        let length = bytes.len() as u64;
        if length > self.options.max_bytes {
            return Err(BlobError::TooLarge(self.options.max_bytes));
        }
        let _turn = self.turns.job().await;
        let hashed = bytes.clone();
        let digest = off_thread(move || Ok(Digest::of(&hashed))).await?;
        // Only what this very project has stored is not stored again.
        if self.young(project, digest).is_none() {
            self.keep_content(project, digest, length, Content::Bytes(bytes))
                .await?;
        }
        Ok(digest)
    }

    async fn keep_content(
        &self,
        project: &ProjectName,
        digest: Digest,
        length: u64,
        content: Content,
    ) -> Result<(), BlobError> {
        let _naming = self.naming(digest).read().await;
        self.store_object(&keys::bytes(digest), content).await?;
        self.store_owner(project, digest, length).await
    }

    async fn keep_written(&self, project: &ProjectName, written: Written) -> Result<(), BlobError> {
        let Written { digest, length, .. } = written;
        let file = written.temporary.file().try_clone();
        let file = file.map_err(|error| failure("reading a blob", &error))?;
        let content = Content::File(Arc::new(file), length);
        self.keep_content(project, digest, length, content).await?;
        self.cache_copy(written.temporary, digest, length).await
    }
}

impl Destination for Inner {
    fn temporary(&self) -> Result<Temporary, BlobError> {
        self.cache.temporary()
    }

    fn keep(
        self: Arc<Self>,
        project: ProjectName,
        written: Written,
    ) -> Boxed<'static, Result<(), BlobError>> {
        Box::pin(async move { self.keep_written(&project, written).await })
    }
}
