//! Storing blobs, and who sees them.

use std::sync::{Arc, PoisonError, RwLockReadGuard};

use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::blobs::BlobError;

use super::Inner;
use super::counting::Asked;
use crate::dispatch::off_thread;
use crate::temporary::Temporary;
use crate::upload::{Destination, Written};

impl Inner {
    pub(super) fn put(&self, project: &ProjectName, bytes: &[u8]) -> Result<Digest, BlobError> {
        let length = bytes.len() as u64;
        if length > self.options.max_bytes {
            return Err(BlobError::TooLarge(self.options.max_bytes));
        }
        self.disk.check()?;
        let digest = Digest::of(bytes);
        if self.has(project, digest)? {
            return Ok(digest);
        }
        let mut temporary = Temporary::create(self.layout.tmp(), "blob")?;
        temporary.write(bytes)?;
        self.keep_written(
            project,
            Written {
                temporary,
                digest,
                length,
            },
            Asked::ByRun,
        )?;
        Ok(digest)
    }

    /// Whether this very project has stored it and nothing speaks against its being whole: then there is nothing to do.
    fn has(&self, project: &ProjectName, digest: Digest) -> Result<bool, BlobError> {
        if self.verified.get(&digest).is_none() {
            return Ok(false);
        }
        match self.renew(project, digest) {
            Ok(_) => Ok(true),
            Err(BlobError::Missing(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn keep_written(
        &self,
        project: &ProjectName,
        mut written: Written,
        asked: Asked,
    ) -> Result<(), BlobError> {
        const DOING: &str = "writing a blob";
        self.disk.check()?;
        self.await_count(project, asked);
        let Written { digest, length, .. } = written;
        self.disk.sync_file(written.temporary.file(), DOING)?;
        let mut owner = self.written_owner(length)?;
        {
            let _naming = self.naming();
            let room = self.room_for(project, (digest, length), asked)?;
            written.temporary.rename(&self.layout.bytes(digest))?;
            owner.rename(&self.layout.owner(digest, project))?;
            room.keep();
        }
        self.disk.sync_dir(&self.layout.shard(digest), "naming a blob")?;
        self.verified.insert(digest, ());
        self.owners.insert((project.clone(), digest), length);
        Ok(())
    }

    pub(super) fn grant(
        &self,
        from: &ProjectName,
        to: &ProjectName,
        digest: Digest,
    ) -> Result<(), BlobError> {
        self.disk.check()?;
        let length = self.renew(from, digest)?;
        let mut owner = self.written_owner(length)?;
        self.await_count(to, Asked::FromOutside);
        {
            let _naming = self.naming();
            // Whoever grants must not bring an owner back that was collected meanwhile.
            self.check_owner(from, digest)?;
            let room = self.room_for(to, (digest, length), Asked::FromOutside)?;
            owner.rename(&self.layout.owner(digest, to))?;
            room.keep();
        }
        self.disk
            .sync_dir(&self.layout.shard(digest), "granting a blob")?;
        self.owners.insert((to.clone(), digest), length);
        Ok(())
    }

    /// An owner of a blob of this length, but for its name.
    fn written_owner(&self, length: u64) -> Result<Temporary, BlobError> {
        let mut owner = Temporary::create(self.layout.tmp(), "owner")?;
        owner.write(length.to_string().as_bytes())?;
        self.disk.sync_file(owner.file(), "writing an owner")?;
        Ok(owner)
    }

    /// Held while names are given and looked at together, so that a collection comes before or after.
    pub(super) fn naming(&self) -> RwLockReadGuard<'_, ()> {
        self.naming.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Destination for Inner {
    fn temporary(&self) -> Result<Temporary, BlobError> {
        self.disk.check()?;
        Temporary::create(self.layout.tmp(), "blob")
    }

    fn keep(
        self: Arc<Self>,
        project: ProjectName,
        written: Written,
    ) -> Boxed<'static, Result<(), BlobError>> {
        Box::pin(off_thread(move || {
            self.keep_written(&project, written, Asked::FromOutside)
        }))
    }
}
