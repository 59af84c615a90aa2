//! Blobs in an object store, with a local cache.
//!
//! ```text
//! data/<hex>                 the bytes, named by their hash
//! owners/<hex>/<project>     an owner: the project sees that blob. It holds the blob's length
//! ```
//!
//! The bytes are stored before the owner, so that an owner always has bytes. What is read is fetched into the cache first, compared
//! with its hash on the way, and read and mapped from there.
//!
//! The store must do what S3 does: an object that was stored is durable, and whole or not there at all. A process that is killed while
//! it stores a large blob leaves parts, which the store's own life-cycle rule is to remove.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use object_store::ObjectStore;
use tokio::sync::RwLock;
use tokio::time::Instant;
use weft_types::value::BlobAddress;
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::blob_store::{BlobStore, Busy, Reading, Receiving};
use weft_workflow_engine::port::blobs::{BlobError, Blobs};

use crate::known::Known;
use crate::mapped::Maps;
use crate::opening;
use crate::pieces::Pieces;
use crate::turns::Turns;
use crate::upload::Upload;
use crate::{OpenError, Options};

mod cache;
mod collect;
mod fetch;
mod keep;
mod keys;
mod owners;
mod transfer;

use cache::Cache;

/// Locks for naming, by the first byte of a hash.
const STRIPES: usize = 256;

/// Blobs in an object store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ObjectBlobs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<dyn ObjectStore>,
    cache: Arc<Cache>,
    options: Options,
    turns: Turns,
    maps: Maps,
    owners: Known<(ProjectName, Digest), Owned>,
    /// Shared by those who store, held alone by a collection.
    naming: [RwLock<()>; STRIPES],
}

/// What is known of an owner.
#[derive(Clone, Copy, Debug)]
struct Owned {
    length: u64,
    /// When this process last told the store of it.
    at: Option<Instant>,
}

impl ObjectBlobs {
    /// Keeps blobs in `store`, and copies of what is read in the directory `cache`, which is emptied first.
    ///
    /// # Errors
    /// Where another server has the directory, or it cannot be used.
    pub async fn open(
        store: Arc<dyn ObjectStore>,
        cache: impl Into<PathBuf>,
        options: Options,
    ) -> Result<Self, OpenError> {
        let limit = options.cache_bytes;
        let cache = opening::open(cache.into(), move |directory| Cache::take(directory, limit)).await?;
        Ok(Self(Arc::new(Inner {
            store,
            cache: Arc::new(cache),
            turns: Turns::new(&options),
            maps: Maps::new(options.maps),
            owners: Known::new(options.remembered),
            naming: std::array::from_fn(|_| RwLock::default()),
            options,
        })))
    }
}

impl Inner {
    fn naming(&self, digest: Digest) -> &RwLock<()> {
        // A byte is less than 256.
        &self.naming[usize::from(digest.as_bytes()[0])]
    }
}

impl Blobs for ObjectBlobs {
    fn put<'a>(&'a self, project: &'a ProjectName, bytes: Bytes) -> Boxed<'a, Result<Digest, BlobError>> {
        Box::pin(self.0.put(project, bytes))
    }

    fn get<'a>(
        &'a self,
        project: &'a ProjectName,
        address: &'a BlobAddress,
    ) -> Boxed<'a, Result<Bytes, BlobError>> {
        Box::pin(self.0.get(project, address.digest))
    }

    fn keep(&self, named: Vec<(ProjectName, Digest)>) -> Boxed<'_, Result<(), BlobError>> {
        Box::pin(async move { self.0.keep_owners(&named).await })
    }
}

impl BlobStore for ObjectBlobs {
    fn max_bytes(&self) -> u64 {
        self.0.options.max_bytes
    }

    fn receive(&self, project: &ProjectName) -> Result<Box<dyn Receiving>, Busy> {
        let turn = self.0.turns.upload()?;
        let upload = Upload::new(Arc::clone(&self.0), project.clone(), self.max_bytes(), turn);
        Ok(Box::new(upload))
    }

    fn length<'a>(&'a self, project: &'a ProjectName, digest: Digest) -> Boxed<'a, Result<u64, BlobError>> {
        Box::pin(self.0.renew(project, digest))
    }

    fn read(
        &self,
        project: &ProjectName,
        digest: Digest,
        range: Range<u64>,
    ) -> Result<Box<dyn Reading>, Busy> {
        let turn = self.0.turns.download()?;
        let (inner, project) = (Arc::clone(&self.0), project.clone());
        let opening = async move { inner.find(&project, digest).await };
        Ok(Box::new(Pieces::new(Box::pin(opening), range, turn)))
    }

    fn grant<'a>(
        &'a self,
        from: &'a ProjectName,
        to: &'a ProjectName,
        digest: Digest,
    ) -> Boxed<'a, Result<(), BlobError>> {
        Box::pin(self.0.grant(from, to, digest))
    }
}
