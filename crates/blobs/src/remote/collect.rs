//! Removing blobs that nothing refers to.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStoreExt};
use weft_types::Digest;
use weft_workflow_engine::port::blobs::BlobError;

use super::{Inner, ObjectBlobs, keys};
use crate::Collected;
use crate::dispatch::failed;

const DOING: &str = "collecting objects";

impl ObjectBlobs {
    /// Removes blobs that are not in `reachable`, and whose last storing or asking for is at least `older_than` ago (though never less
    /// than [`Options::min_grace`](crate::Options::min_grace)).
    ///
    /// `reachable` must hold every blob that was referred to when it was begun to be made. Blobs whose hash begins like that of one
    /// being stored at the moment are left for the next time.
    ///
    /// Object stores remove without conditions. So of the servers that share a store only one may collect, and only what none of the
    /// others may be storing again at that very moment: with a grace of days that takes an old, forgotten blob that comes back within
    /// the milliseconds between the last look at it and its removal.
    pub async fn collect(
        &self,
        reachable: HashSet<Digest>,
        older_than: Duration,
    ) -> Result<Collected, BlobError> {
        let grace = older_than.max(self.0.options.min_grace);
        let mut collected = Collected::default();
        let mut listing = self.0.store.list(Some(&keys::all_bytes()));
        while let Some(found) = listing.try_next().await.map_err(|error| failed(DOING, &error))? {
            let digest = keys::digest(&found.location).filter(|digest| !reachable.contains(digest));
            let Some(digest) = digest.filter(|_| is_old(&found, grace)) else {
                continue;
            };
            if self.0.collect_one(digest, grace).await? {
                collected.blobs += 1;
                collected.bytes += found.size;
            }
        }
        Ok(collected)
    }
}

impl Inner {
    /// Removes a blob unless it or one of its owners is young. The owners go first: an owner always has bytes.
    async fn collect_one(&self, digest: Digest, grace: Duration) -> Result<bool, BlobError> {
        let Ok(_alone) = self.naming(digest).try_write() else {
            return Ok(false);
        };
        let bytes = keys::bytes(digest);
        // Looked at again: the listing may be old by now.
        let meta = match self.store.head(&bytes).await {
            Ok(meta) => meta,
            Err(Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(failed(DOING, &error)),
        };
        let owners = self.store.list(Some(&keys::owners(digest)));
        let owners: Vec<_> = owners
            .try_collect()
            .await
            .map_err(|error| failed(DOING, &error))?;
        if !owners.iter().chain([&meta]).all(|meta| is_old(meta, grace)) {
            return Ok(false);
        }
        for owner in owners {
            if let Some(project) = keys::project(&owner.location) {
                self.owners.forget(&(project, digest));
            }
            self.delete(&owner.location).await?;
        }
        self.delete(&bytes).await?;
        Ok(true)
    }

    async fn delete(&self, key: &Path) -> Result<(), BlobError> {
        match self.store.delete(key).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(DOING, &error)),
        }
    }
}

/// By the clock of this machine: the store's must not be off by more than a small part of the grace.
fn is_old(meta: &ObjectMeta, grace: Duration) -> bool {
    let modified = SystemTime::from(meta.last_modified);
    modified.elapsed().unwrap_or_default() >= grace
}
