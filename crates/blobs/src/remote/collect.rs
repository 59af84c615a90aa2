//! Removing what nobody named for a long time.

use std::time::SystemTime;

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStoreExt};
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::blobs::BlobError;

use super::{Inner, ObjectBlobs, keys};
use crate::Collected;
use crate::dispatch::failed;

const DOING: &str = "collecting objects";

impl ObjectBlobs {
    /// Ends the ownership of blobs that were neither stored, asked for nor [kept](weft_workflow_engine::port::blobs::Blobs::keep) for [`Options::keep_for`] before `begun`,
    /// and removes what is nobody's any longer. It asks the store once for each blob.
    ///
    /// Whoever calls this has taken `begun` first and then kept all that is referred to. Blobs whose hash begins like that of one
    /// being stored at the moment are left for the next time.
    ///
    /// Object stores remove without conditions. So of the servers that share a store only one may collect, and only what none of the
    /// others may be storing again at that very moment: with days to keep for, that takes an old, forgotten blob that comes back within
    /// the milliseconds between the last look at it and its removal. The store's clock must not be off by more than a small part of
    /// `keep_for`.
    ///
    /// # Errors
    /// Where the store fails; what was removed until then stays so.
    ///
    /// [`Options::keep_for`]: crate::Options::keep_for
    pub async fn collect(&self, begun: SystemTime) -> Result<Collected, BlobError> {
        let oldest = self.0.options.oldest(begun);
        let mut collected = Collected::default();
        let mut listing = self.0.store.list(Some(&keys::all_bytes()));
        while let Some(found) = listing.try_next().await.map_err(|error| failed(DOING, &error))? {
            if let Some(digest) = keys::digest(&found.location)
                && self.0.collect_one(digest, &found, oldest).await?
            {
                collected.blobs += 1;
                collected.bytes += found.size;
            }
        }
        Ok(collected)
    }
}

impl Inner {
    /// Lets projects go on to see blobs.
    pub(super) async fn keep_owners(&self, named: &[(ProjectName, Digest)]) -> Result<(), BlobError> {
        for (project, digest) in named {
            match self.renew(project, *digest).await {
                Ok(_) | Err(BlobError::Missing(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes the owners of a blob that are old, and the blob once none is left. The owners go first: an owner always has bytes.
    async fn collect_one(
        &self,
        digest: Digest,
        found: &ObjectMeta,
        oldest: SystemTime,
    ) -> Result<bool, BlobError> {
        let Ok(_alone) = self.naming(digest).try_write() else {
            return Ok(false);
        };
        let owners = self.store.list(Some(&keys::owners(digest)));
        let owners: Vec<_> = owners
            .try_collect()
            .await
            .map_err(|error| failed(DOING, &error))?;
        let (old, young): (Vec<_>, Vec<_>) = owners.iter().partition(|owner| is_older(owner, oldest));
        for owner in old {
            if let Some(project) = keys::project(&owner.location) {
                self.owners.forget(&(project, digest));
            }
            self.delete(&owner.location).await?;
        }
        // Another process that stores it has not named its owner yet.
        if !young.is_empty() || !is_older(found, oldest) {
            return Ok(false);
        }
        self.delete(&found.location).await?;
        Ok(true)
    }

    async fn delete(&self, key: &Path) -> Result<(), BlobError> {
        match self.store.delete(key).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(DOING, &error)),
        }
    }
}

fn is_older(meta: &ObjectMeta, oldest: SystemTime) -> bool {
    SystemTime::from(meta.last_modified) < oldest
}
