//! Removing blobs that nothing refers to.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::blobs::BlobError;

use super::find::age;
use super::layout::Entry;
use super::{Inner, LocalBlobs};
use crate::Collected;
use crate::dispatch::off_thread;
use crate::temporary::{names, remove};

/// What is in one directory.
#[derive(Default)]
struct Shard {
    bytes: HashSet<Digest>,
    owners: Vec<(Digest, ProjectName)>,
}

impl LocalBlobs {
    /// Removes blobs that are not in `reachable`, and whose last storing or asking for is at least `older_than` ago (though never less
    /// than [`Options::min_grace`](crate::Options::min_grace)), and owners that own nothing.
    ///
    /// `reachable` must hold every blob that was referred to when it was begun to be made. Those that come to be referred to later were
    /// stored or asked for later, too, and so are young. Whoever is reading a removed blob reads on.
    ///
    /// Meant to run now and then, in the background: it looks at every name, and takes about a second for 100,000. An age is a
    /// difference of wall times: a clock that was wrong by more than the grace may cost what was stored meanwhile.
    pub async fn collect(
        &self,
        reachable: HashSet<Digest>,
        older_than: Duration,
    ) -> Result<Collected, BlobError> {
        let inner = self.0.clone();
        let grace = older_than.max(inner.options.min_grace);
        // Not one of the bounded jobs: it is long, and there is one at a time.
        off_thread(move || inner.collect(&reachable, grace)).await
    }
}

impl Inner {
    fn collect(&self, reachable: &HashSet<Digest>, grace: Duration) -> Result<Collected, BlobError> {
        let mut collected = Collected::default();
        for directory in self.layout.shards() {
            self.disk.check()?;
            let shard = Shard::list(&directory)?;
            for &digest in shard.bytes.difference(reachable) {
                if let Some(bytes) = self.collect_one(&shard, digest, grace)? {
                    collected.blobs += 1;
                    collected.bytes += bytes;
                }
            }
            self.collect_stray_owners(&shard)?;
        }
        Ok(collected)
    }

    /// Removes a blob unless it is young; answers how many bytes it had.
    ///
    /// The owners go first: bytes without them are nobody's, while owners without bytes would own what is stored there next. Nothing
    /// is synced, as a blob that a cut of power brings back does no harm.
    fn collect_one(&self, shard: &Shard, digest: Digest, grace: Duration) -> Result<Option<u64>, BlobError> {
        let path = self.layout.bytes(digest);
        let _alone = self.naming.write().unwrap_or_else(PoisonError::into_inner);
        // Whoever got it since the directory was listed has made it young.
        let Some(metadata) = fs::metadata(&path).ok().filter(|metadata| age(metadata) >= grace) else {
            return Ok(None);
        };
        for (_, project) in shard.owners.iter().filter(|(owned, _)| *owned == digest) {
            self.remove_owner(digest, project)?;
        }
        self.verified.forget(&digest);
        Ok(remove(&path)?.then_some(metadata.len()))
    }

    fn collect_stray_owners(&self, shard: &Shard) -> Result<(), BlobError> {
        let stray = |digest: &Digest| !shard.bytes.contains(digest);
        for (digest, project) in shard.owners.iter().filter(|(digest, _)| stray(digest)) {
            let _alone = self.naming.write().unwrap_or_else(PoisonError::into_inner);
            // Names are given together, so that bytes which are not there now are not about to be.
            if !self.layout.bytes(*digest).exists() {
                self.remove_owner(*digest, project)?;
            }
        }
        Ok(())
    }

    fn remove_owner(&self, digest: Digest, project: &ProjectName) -> Result<(), BlobError> {
        self.owners.forget(&(project.clone(), digest));
        remove(&self.layout.owner(digest, project)).map(drop)
    }
}

impl Shard {
    fn list(directory: &Path) -> Result<Self, BlobError> {
        let mut shard = Self::default();
        for name in names(directory)? {
            match Entry::parse(&name) {
                Some(Entry::Bytes(digest)) => drop(shard.bytes.insert(digest)),
                Some(Entry::Owner(digest, project)) => shard.owners.push((digest, project)),
                None => {}
            }
        }
        Ok(shard)
    }
}
