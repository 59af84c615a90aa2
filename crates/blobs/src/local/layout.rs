//! Where each file lies.

use std::path::{Path, PathBuf};

use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::blobs::BlobError;

use crate::disk::Disk;
use crate::temporary;

/// How many directories the bytes are spread over. Millions of names in one make each change of it slow.
const SHARDS: u16 = 256;

/// The directories of a local store.
#[derive(Debug)]
pub(super) struct Layout {
    root: PathBuf,
    data: PathBuf,
    tmp: PathBuf,
}

/// What a name below `data/` stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Bytes(Digest),
    Owner(Digest, ProjectName),
}

impl Layout {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            data: root.join("data"),
            tmp: root.join("tmp"),
            root,
        }
    }

    /// Makes the directories, durably, whichever process has made them.
    pub(super) fn create(&self, disk: &Disk) -> Result<(), BlobError> {
        for path in [&self.data, &self.tmp] {
            disk.create_unsynced_dir(path)?;
        }
        disk.sync_dir(&self.root, "creating directories")?;
        for shard in self.shards() {
            disk.create_unsynced_dir(&shard)?;
        }
        disk.sync_dir(&self.data, "creating directories")
    }

    /// Removes what an earlier process did not finish.
    pub(super) fn empty_temporary(&self) -> Result<(), BlobError> {
        temporary::empty(&self.tmp)
    }

    pub(super) fn tmp(&self) -> &Path {
        &self.tmp
    }

    /// Every directory of bytes and owners.
    pub(super) fn shards(&self) -> impl Iterator<Item = PathBuf> {
        (0..SHARDS).map(|shard| self.data.join(format!("{shard:02x}")))
    }

    /// The directory of a blob and its owners.
    pub(super) fn shard(&self, digest: Digest) -> PathBuf {
        self.data.join(&digest.hex()[..2])
    }

    pub(super) fn bytes(&self, digest: Digest) -> PathBuf {
        self.shard(digest).join(digest.hex())
    }

    pub(super) fn owner(&self, digest: Digest, project: &ProjectName) -> PathBuf {
        self.shard(digest).join(format!("{}.{project}", digest.hex()))
    }
}

impl Entry {
    /// None for a name that is not ours.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let digest = |hex: &str| format!("blake3:{hex}").parse().ok();
        match name.split_once('.') {
            None => digest(name).map(Self::Bytes),
            Some((hex, project)) => Some(Self::Owner(digest(hex)?, project.parse().ok()?)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_stand_for() {
        let layout = Layout::new(PathBuf::from("/blobs"));
        let digest = Digest::of(b"a blob");
        let project: ProjectName = "shop-2".parse().unwrap();
        let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            Entry::parse(&name(layout.bytes(digest))),
            Some(Entry::Bytes(digest))
        );
        assert_eq!(
            Entry::parse(&name(layout.owner(digest, &project))),
            Some(Entry::Owner(digest, project))
        );
        for other in ["", "lost+found", "ab", &format!("{}.", digest.hex()), ".shop"] {
            assert_eq!(Entry::parse(other), None, "{other}");
        }
    }

    #[test]
    fn every_blob_has_its_place_in_one_of_the_shards() {
        let layout = Layout::new(PathBuf::from("/blobs"));
        let shards: Vec<_> = layout.shards().collect();
        for blob in 0..1000_u32 {
            assert!(shards.contains(&layout.shard(Digest::of(&blob.to_le_bytes()))));
        }
    }
}
