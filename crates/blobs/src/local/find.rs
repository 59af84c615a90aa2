//! Looking blobs up: who sees them, whether they are whole.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::blobs::BlobError;

use super::Inner;
use crate::dispatch::failure;
use crate::pieces::Opened;

/// Bytes of the longest owner: the digits of a length.
const MAX_OWNER: u64 = 20;

impl Inner {
    pub(super) fn get(&self, project: &ProjectName, digest: Digest) -> Result<Bytes, BlobError> {
        let (file, length) = self.find(project, digest)?;
        self.maps.content(&file, length)
    }

    /// The verified file of a blob that the project sees.
    pub(super) fn find(&self, project: &ProjectName, digest: Digest) -> Result<Opened, BlobError> {
        let length = self.check_owner(project, digest)?;
        let file = match File::open(self.layout.bytes(digest)) {
            Ok(file) => file,
            Err(error) => return Err(self.unopened(project, digest, &error)),
        };
        self.verify(&file, digest, length)?;
        Ok((file, length))
    }

    /// The length of a blob that the project sees.
    pub(super) fn check_owner(&self, project: &ProjectName, digest: Digest) -> Result<u64, BlobError> {
        match self.owners.get(&(project.clone(), digest)) {
            Some(length) => Ok(length),
            None => self
                .read_owner(project, digest)?
                .ok_or(BlobError::Missing(digest)),
        }
    }

    /// What an owner says, where there is one and it is whole.
    pub(super) fn read_owner(&self, project: &ProjectName, digest: Digest) -> Result<Option<u64>, BlobError> {
        let file = match File::open(self.layout.owner(digest, project)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failure("opening an owner", &error)),
        };
        let mut text = String::new();
        match file.take(MAX_OWNER + 1).read_to_string(&mut text) {
            Ok(_) => Ok(text.parse().ok()),
            Err(error) if error.kind() == ErrorKind::InvalidData => Ok(None),
            Err(error) => Err(failure("reading an owner", &error)),
        }
    }

    /// Compares a file with the hash it goes by, unless that was done in this process before.
    ///
    /// It is read rather than mapped here, so that a disk which cannot be read is an error instead of the process's end.
    fn verify(&self, file: &File, digest: Digest, length: u64) -> Result<(), BlobError> {
        let reading = |error: io::Error| failure("reading a blob", &error);
        // Looked at each time: what is mapped must not be shorter than it is taken for.
        let whole = file.metadata().map_err(reading)?.len() == length;
        if whole && self.verified.get(&digest).is_some() {
            return Ok(());
        }
        let mut hasher = blake3::Hasher::new();
        if whole {
            hasher.update_reader(file).map_err(reading)?;
        }
        if whole && hasher.finalize().as_bytes() == digest.as_bytes() {
            self.verified.insert(digest, ());
            return Ok(());
        }
        self.verified.forget(&digest);
        tracing::error!(%digest, "a blob is damaged; storing it again mends it");
        Err(BlobError::Damaged(digest))
    }

    /// Whether the project is known to see a blob, and the blob to be whole.
    pub(super) fn is_known(&self, project: &ProjectName, digest: Digest) -> bool {
        self.verified.get(&digest).is_some() && self.owners.get(&(project.clone(), digest)).is_some()
    }

    /// What [`renew`](Self::renew) answers, where that is known, nothing has to be written and nobody is in the way: nothing that takes long.
    pub(super) fn length_if_young(&self, project: &ProjectName, digest: Digest) -> Option<u64> {
        let length = self.owners.get(&(project.clone(), digest))?;
        let _naming = self.naming.try_read().ok()?;
        fs::metadata(self.layout.bytes(digest)).ok()?;
        let owner = fs::metadata(self.layout.owner(digest, project)).ok()?;
        (age(&owner) < self.options.stale()).then_some(length)
    }

    /// The length of a blob that the project sees, which from now on counts as new, and durably so: whoever asks is about to refer
    /// to it.
    ///
    /// Its age is changed only where that is worth a sync: where it is not, it is less than half of that at which blobs are collected.
    pub(super) fn renew(&self, project: &ProjectName, digest: Digest) -> Result<u64, BlobError> {
        let (length, renewed) = {
            let _naming = self.naming();
            let length = self.check_owner(project, digest)?;
            (length, self.make_young(project, digest)?)
        };
        if let Some(file) = renewed {
            self.disk.check()?;
            self.disk.sync_file(&file, "renewing a blob")?;
        }
        let key = (project.clone(), digest);
        if self.owners.get(&key).is_none() {
            // It may be the work of a process that was killed between naming and syncing.
            self.disk.check()?;
            self.disk.sync_dir(&self.layout.shard(digest), "finding a blob")?;
            self.owners.insert(key, length);
        }
        Ok(length)
    }

    /// Answers the owner's file where its age was changed.
    ///
    /// An owner has an age of its own: were it that of the bytes, a project could tell from how long it sees a blob whether others
    /// use it.
    pub(super) fn make_young(
        &self,
        project: &ProjectName,
        digest: Digest,
    ) -> Result<Option<File>, BlobError> {
        let unopened = |error: io::Error| self.unopened(project, digest, &error);
        fs::metadata(self.layout.bytes(digest)).map_err(unopened)?;
        let path = self.layout.owner(digest, project);
        if age(&fs::metadata(&path).map_err(unopened)?) < self.options.stale() {
            return Ok(None);
        }
        let file = File::open(&path).map_err(unopened)?;
        file.set_modified(SystemTime::now())
            .map_err(|error| failure("renewing a blob", &error))?;
        Ok(Some(file))
    }

    /// Why a blob that has an owner could not be opened.
    fn unopened(&self, project: &ProjectName, digest: Digest, error: &io::Error) -> BlobError {
        if error.kind() == ErrorKind::NotFound {
            self.owners.forget(&(project.clone(), digest));
            return BlobError::Missing(digest);
        }
        failure("opening a blob", error)
    }
}

/// How long ago a file was modified. One of the future is new.
fn age(metadata: &fs::Metadata) -> Duration {
    let modified = metadata.modified().unwrap_or_else(|_| SystemTime::now());
    modified.elapsed().unwrap_or_default()
}
