//! Removing what nobody named for a long time.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;

use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::blobs::BlobError;

use super::layout::Entry;
use super::{Inner, LocalBlobs};
use crate::Collected;
use crate::dispatch::off_thread;
use crate::temporary::{names, remove};

/// What is in one directory.
#[derive(Default)]
pub(super) struct Shard {
    bytes: HashSet<Digest>,
    pub(super) owners: Vec<(Digest, ProjectName)>,
}

impl LocalBlobs {
    /// Ends the ownership of blobs that were neither stored, asked for nor [kept](weft_workflow_engine::port::blobs::Blobs::keep) for [`Options::keep_for`] before `begun`,
    /// and removes what is nobody's any longer.
    ///
    /// Whoever calls this has taken `begun` first and then kept all that is referred to. Whatever comes to be referred to meanwhile was
    /// stored or asked for meanwhile, too, and so is young. Whoever is reading a removed blob reads on.
    ///
    /// While blobs are [held](Self::hold) it removes nothing.
    ///
    /// Meant to run now and then, in the background: it looks at every name, and takes about a second for 100,000. An age is a
    /// difference of wall times: a clock that was wrong by more than `keep_for` may cost what was stored meanwhile.
    ///
    /// # Errors
    /// Where the directory cannot be read or written; what was removed until then stays so.
    ///
    /// [`Options::keep_for`]: crate::Options::keep_for
    pub async fn collect(&self, begun: SystemTime) -> Result<Collected, BlobError> {
        let inner = self.0.clone();
        let Ok(alone) = Arc::clone(&inner.collecting).try_lock_owned() else {
            return Ok(Collected::default());
        };
        // Not one of the bounded jobs: it is long, and there is one at a time.
        off_thread(move || {
            let _alone = alone;
            inner.collect(inner.options.oldest(begun))
        })
        .await
    }
}

impl Inner {
    /// Lets projects go on to see blobs.
    pub(super) fn keep_owners(&self, named: &[(ProjectName, Digest)]) -> Result<(), BlobError> {
        let mut named = named.iter();
        named.try_for_each(|(project, digest)| self.keep_owner(project, *digest))
    }

    fn keep_owner(&self, project: &ProjectName, digest: Digest) -> Result<(), BlobError> {
        let _naming = self.naming();
        match self.make_young(project, digest) {
            Ok(_) | Err(BlobError::Missing(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn collect(&self, oldest: SystemTime) -> Result<Collected, BlobError> {
        let mut collected = Collected::default();
        for directory in self.layout.shards() {
            self.disk.check()?;
            let mut shard = Shard::list(&directory)?;
            for owner in std::mem::take(&mut shard.owners) {
                if !self.collect_owner(&owner, oldest)? {
                    shard.owners.push(owner);
                }
            }
            if shard.has_strays() {
                self.collect_strays(&directory, &mut collected)?;
            }
        }
        Ok(collected)
    }

    /// Removes an owner unless it is young. Nothing is synced, as what a cut of power brings back does no harm.
    fn collect_owner(
        &self,
        (digest, project): &(Digest, ProjectName),
        oldest: SystemTime,
    ) -> Result<bool, BlobError> {
        let path = self.layout.owner(*digest, project);
        if !is_older(&path, oldest) {
            return Ok(false);
        }
        let _alone = self.naming.write().unwrap_or_else(PoisonError::into_inner);
        // Whoever asked for it since has made it young.
        if !is_older(&path, oldest) {
            return Ok(false);
        }
        self.remove_owner(*digest, project)?;
        Ok(true)
    }

    /// Removes bytes without owners, which are nobody's, and owners without bytes, which would own what is stored there next.
    fn collect_strays(&self, directory: &Path, collected: &mut Collected) -> Result<(), BlobError> {
        let _alone = self.naming.write().unwrap_or_else(PoisonError::into_inner);
        // Listed anew: names are given together, so that nothing of what is there now is only half given.
        let shard = Shard::list(directory)?;
        let owned = shard.owned();
        for &digest in shard.bytes.difference(&owned) {
            let path = self.layout.bytes(digest);
            let bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
            self.verified.forget(&digest);
            if remove(&path)? {
                collected.blobs += 1;
                collected.bytes += bytes;
            }
        }
        for (digest, project) in &shard.owners {
            if !shard.bytes.contains(digest) {
                self.remove_owner(*digest, project)?;
            }
        }
        Ok(())
    }

    fn remove_owner(&self, digest: Digest, project: &ProjectName) -> Result<(), BlobError> {
        self.owners.forget(&(project.clone(), digest));
        self.uncount(project, digest)?;
        remove(&self.layout.owner(digest, project)).map(drop)
    }
}

impl Shard {
    pub(super) fn list(directory: &Path) -> Result<Self, BlobError> {
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

    fn owned(&self) -> HashSet<Digest> {
        self.owners.iter().map(|(digest, _)| *digest).collect()
    }

    fn has_strays(&self) -> bool {
        self.owned() != self.bytes
    }
}

/// Whether a file is there, and was modified before `oldest`.
fn is_older(path: &Path, oldest: SystemTime) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified < oldest)
}
