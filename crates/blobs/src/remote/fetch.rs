//! Getting blobs into the cache.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use object_store::{Error, GetResult, ObjectStoreExt};
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::blobs::BlobError;

use super::{Inner, keys};
use crate::dispatch::{failed, failure, off_thread};
use crate::pieces::Opened;
use crate::temporary::Temporary;

/// Bytes gathered before they are hashed and written on another thread.
const GATHER: usize = 1 << 20;

/// A blob as far as it has arrived.
struct Arriving {
    temporary: Temporary,
    hasher: Box<blake3::Hasher>,
    length: u64,
}

impl Inner {
    pub(super) async fn get(&self, project: &ProjectName, digest: Digest) -> Result<Bytes, BlobError> {
        let (file, length) = self.find(project, digest).await?;
        let maps = self.maps.clone();
        off_thread(move || maps.content(&file, length)).await
    }

    /// A local and verified copy of a blob that the project sees.
    pub(super) async fn find(&self, project: &ProjectName, digest: Digest) -> Result<Opened, BlobError> {
        let length = self.check_owner(project, digest).await?;
        let _turn = self.turns.job().await;
        if let Some(file) = self.cache.get(digest, length)? {
            return Ok((file, length));
        }
        match self.store.get(&keys::bytes(digest)).await {
            Ok(found) => self.fetch(found, project, digest, length).await,
            Err(Error::NotFound { .. }) => {
                self.owners.forget(&(project.clone(), digest));
                Err(BlobError::Missing(digest))
            }
            Err(error) => Err(failed("fetching an object", &error)),
        }
    }

    async fn fetch(
        &self,
        found: GetResult,
        project: &ProjectName,
        digest: Digest,
        length: u64,
    ) -> Result<Opened, BlobError> {
        let arrived = if found.meta.size == length {
            self.receive_all(found, length).await?.finish(digest)
        } else {
            None
        };
        let Some(temporary) = arrived else {
            tracing::error!(%digest, "a blob is damaged; storing it again mends it");
            // Or storing it again would be taken for done.
            self.owners.forget(&(project.clone(), digest));
            return Err(BlobError::Damaged(digest));
        };
        let file = temporary.file().try_clone();
        let file = file.map_err(|error| failure("caching a blob", &error))?;
        self.cache_copy(temporary, digest, length).await?;
        Ok((file, length))
    }

    /// Takes a whole blob into the cache.
    pub(super) async fn cache_copy(
        &self,
        mut temporary: Temporary,
        digest: Digest,
        length: u64,
    ) -> Result<(), BlobError> {
        let cache = Arc::clone(&self.cache);
        off_thread(move || cache.add(&mut temporary, digest, length)).await
    }

    async fn receive_all(&self, found: GetResult, length: u64) -> Result<Arriving, BlobError> {
        let mut arriving = Arriving::new(self.cache.temporary()?);
        let (mut gathered, mut gathered_bytes) = (Vec::new(), 0);
        let mut parts = found.into_stream();
        while let Some(part) = parts.next().await {
            let part = part.map_err(|error| failed("fetching an object", &error))?;
            gathered_bytes += part.len();
            gathered.push(part);
            if gathered_bytes >= GATHER {
                arriving = arriving.append(std::mem::take(&mut gathered)).await?;
                gathered_bytes = 0;
            }
            if arriving.length > length {
                break;
            }
        }
        arriving.append(gathered).await
    }
}

impl Arriving {
    fn new(temporary: Temporary) -> Self {
        Self {
            temporary,
            hasher: Box::default(),
            length: 0,
        }
    }

    async fn append(mut self, parts: Vec<Bytes>) -> Result<Self, BlobError> {
        off_thread(move || {
            for part in parts {
                self.hasher.update(&part);
                self.temporary.write(&part)?;
                self.length += part.len() as u64;
            }
            Ok(self)
        })
        .await
    }

    /// The file, where it is what the hash says.
    fn finish(self, digest: Digest) -> Option<Temporary> {
        let whole = self.hasher.finalize().as_bytes() == digest.as_bytes();
        whole.then_some(self.temporary)
    }
}
