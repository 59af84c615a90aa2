//! Who sees which blob.

use object_store::{Error, ObjectStoreExt};
use tokio::time::Instant;
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::blobs::BlobError;

use super::transfer::Content;
use super::{Inner, Owned, keys};
use crate::dispatch::failed;

impl Inner {
    /// The length of a blob that the project sees.
    pub(super) async fn check_owner(&self, project: &ProjectName, digest: Digest) -> Result<u64, BlobError> {
        match self.owners.get(&(project.clone(), digest)) {
            Some(owned) => Ok(owned.length),
            None => {
                let length = self.read_owner(project, digest).await?;
                self.owners
                    .insert((project.clone(), digest), Owned { length, at: None });
                Ok(length)
            }
        }
    }

    async fn read_owner(&self, project: &ProjectName, digest: Digest) -> Result<u64, BlobError> {
        const DOING: &str = "reading an owner";
        let found = match self.store.get(&keys::owner(digest, project)).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Err(BlobError::Missing(digest)),
            Err(error) => return Err(failed(DOING, &error)),
        };
        let text = found.bytes().await.map_err(|error| failed(DOING, &error))?;
        let length = str::from_utf8(&text).ok().and_then(|text| text.parse().ok());
        length.ok_or(BlobError::Missing(digest))
    }

    /// The length of a blob that the project sees, which from now on counts as new: its owner is stored anew, unless that was done
    /// not long ago.
    pub(super) async fn renew(&self, project: &ProjectName, digest: Digest) -> Result<u64, BlobError> {
        if let Some(length) = self.young(project, digest) {
            return Ok(length);
        }
        let _naming = self.naming(digest).read().await;
        // Read again even where it is remembered: another process may have collected it.
        let length = self.read_owner(project, digest).await?;
        self.store_owner(project, digest, length).await?;
        Ok(length)
    }

    /// The length of a blob that was stored or renewed not long ago, in this process.
    pub(super) fn young(&self, project: &ProjectName, digest: Digest) -> Option<u64> {
        let owned = self.owners.get(&(project.clone(), digest))?;
        owned
            .at
            .is_some_and(|at| at.elapsed() < self.options.stale())
            .then_some(owned.length)
    }

    pub(super) async fn grant(
        &self,
        from: &ProjectName,
        to: &ProjectName,
        digest: Digest,
    ) -> Result<(), BlobError> {
        let _naming = self.naming(digest).read().await;
        let length = self.read_owner(from, digest).await?;
        self.store_owner(to, digest, length).await
    }

    /// Stores an owner of a blob that is there, or is made young by this.
    pub(super) async fn store_owner(
        &self,
        project: &ProjectName,
        digest: Digest,
        length: u64,
    ) -> Result<(), BlobError> {
        let at = Some(Instant::now());
        let text = length.to_string();
        self.store_object(&keys::owner(digest, project), Content::Bytes(text.into()))
            .await?;
        self.owners
            .insert((project.clone(), digest), Owned { length, at });
        Ok(())
    }
}
