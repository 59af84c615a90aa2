//! Blobs in a directory.
//!
//! ```text
//! blobs.lock                    held by the server that has the directory
//! data/<xx>/<hex>               the bytes, named by their hash and spread by its first two digits
//! data/<xx>/<hex>.<project>     an owner: the project sees that blob. It holds the blob's length
//! tmp/                          whatever is not finished; emptied when the directory is opened
//! ```
//!
//! Bytes and owner are each written aside and synced, get their names in the place of what has them, and are acknowledged when the
//! directory of both is synced: three syncs for a blob. An owner in a directory of its project would need a fourth, and an index of
//! all owners in one file would grow in memory with the blobs. The owner's content tells one that was written from a name whose file
//! was not; without an owner the bytes are nobody's, and are collected.
//!
//! A crash at any point leaves temporary files, bytes without owners, or owners without bytes, none of which anybody was promised.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use bytes::Bytes;
use weft_quotas::Accounts;
use weft_types::value::BlobAddress;
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::blob_store::{BlobStore, Busy, Reading, Receiving};
use weft_workflow_engine::port::blobs::{BlobError, Blobs};

use crate::disk::Disk;
use crate::dispatch::off_thread;
use crate::known::Known;
use crate::mapped::Maps;
use crate::opening::{self, DirectoryLock};
use crate::pieces::Pieces;
use crate::turns::Turns;
use crate::upload::Upload;
use crate::{OpenError, Options};

mod collect;
mod copying;
mod counting;
mod find;
mod keep;
mod layout;

pub use copying::{Held, Kept};
use counting::Counting;
use layout::Layout;

/// Blobs in a directory of this machine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LocalBlobs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    layout: Layout,
    disk: Disk,
    options: Options,
    turns: Turns,
    maps: Maps,
    /// Blobs whose bytes are known to be those that were stored.
    verified: Known<Digest, ()>,
    /// Owners that are known to be durable, with the blob's length.
    owners: Known<(ProjectName, Digest), u64>,
    /// Shared by those who name and refresh, held alone by a collection, one blob at a time.
    naming: RwLock<()>,
    counting: Counting,
    /// Held by a collection while it removes, or by whoever wants nothing to be removed.
    collecting: Arc<tokio::sync::Mutex<()>>,
    _lock: DirectoryLock,
}

impl LocalBlobs {
    /// Opens the blobs in `directory`, creating what is missing and removing what an earlier process did not finish.
    ///
    /// # Errors
    /// Where another server has the directory, or it cannot be used.
    pub async fn open(directory: impl Into<PathBuf>, options: Options) -> Result<Self, OpenError> {
        Self::open_for(directory, options, Accounts::default()).await
    }

    /// Likewise, and counts in these accounts what projects have stored: what is there already on a thread of its own, as it is listed.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_for(
        directory: impl Into<PathBuf>,
        options: Options,
        accounts: Accounts,
    ) -> Result<Self, OpenError> {
        let counting = Counting::new(accounts);
        let inner = opening::open(directory.into(), |root| Inner::take(root, options, counting)).await?;
        let inner = Arc::new(inner);
        let (count, blobs) = (inner.counting.begin(), Arc::downgrade(&inner));
        tokio::task::spawn_blocking(move || count.run(&blobs));
        Ok(Self(inner))
    }

    /// Waits until what was there is counted.
    ///
    /// # Errors
    /// Where the work of threads has ended.
    pub async fn counted(&self) -> Result<(), BlobError> {
        let end = self.0.counting.end();
        let waited = move || {
            end.wait();
            Ok(())
        };
        off_thread(waited).await
    }

    /// Runs file work on a thread that may block, so many at once.
    async fn job<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, BlobError> + Send + 'static,
    ) -> Result<T, BlobError> {
        let _turn = self.0.turns.job().await;
        let inner = Arc::clone(&self.0);
        off_thread(move || work(&inner)).await
    }
}

impl Inner {
    /// None where another process has the directory.
    fn take(root: PathBuf, options: Options, counting: Counting) -> Result<Option<Self>, BlobError> {
        let disk = Disk::default();
        disk.create_dir(&root)?;
        let Some(lock) = opening::lock(&root)? else {
            return Ok(None);
        };
        let layout = Layout::new(root);
        layout.create(&disk)?;
        layout.empty_temporary()?;
        Ok(Some(Self {
            layout,
            disk,
            turns: Turns::new(&options),
            maps: Maps::new(options.maps),
            verified: Known::new(options.remembered),
            owners: Known::new(options.remembered),
            naming: RwLock::default(),
            counting,
            collecting: Arc::default(),
            _lock: lock,
            options,
        }))
    }
}

impl Blobs for LocalBlobs {
    fn put<'a>(&'a self, project: &'a ProjectName, bytes: Bytes) -> Boxed<'a, Result<Digest, BlobError>> {
        let project = project.clone();
        Box::pin(self.job(move |inner| inner.put(&project, &bytes)))
    }

    fn get<'a>(
        &'a self,
        project: &'a ProjectName,
        address: &'a BlobAddress,
    ) -> Boxed<'a, Result<Bytes, BlobError>> {
        let digest = address.digest;
        if self.0.is_known(project, digest) {
            // Opening and mapping it takes less than handing that to another thread.
            return Box::pin(std::future::ready(self.0.get(project, digest)));
        }
        let project = project.clone();
        Box::pin(self.job(move |inner| inner.get(&project, digest)))
    }

    fn keep(&self, named: Vec<(ProjectName, Digest)>) -> Boxed<'_, Result<(), BlobError>> {
        Box::pin(self.job(move |inner| inner.keep_owners(&named)))
    }
}

impl BlobStore for LocalBlobs {
    fn max_bytes(&self) -> u64 {
        self.0.options.max_bytes
    }

    fn receive(&self, project: &ProjectName) -> Result<Box<dyn Receiving>, Busy> {
        let turn = self.0.turns.upload()?;
        let upload = Upload::new(Arc::clone(&self.0), project.clone(), self.max_bytes(), turn);
        Ok(Box::new(upload))
    }

    fn length<'a>(&'a self, project: &'a ProjectName, digest: Digest) -> Boxed<'a, Result<u64, BlobError>> {
        if let Some(length) = self.0.length_if_young(project, digest) {
            return Box::pin(std::future::ready(Ok(length)));
        }
        let project = project.clone();
        Box::pin(self.job(move |inner| inner.renew(&project, digest)))
    }

    fn read(
        &self,
        project: &ProjectName,
        digest: Digest,
        range: Range<u64>,
    ) -> Result<Box<dyn Reading>, Busy> {
        let turn = self.0.turns.download()?;
        let (blobs, project) = (self.clone(), project.clone());
        let opening = async move { blobs.job(move |inner| inner.find(&project, digest)).await };
        Ok(Box::new(Pieces::new(Box::pin(opening), range, turn)))
    }

    fn grant<'a>(
        &'a self,
        from: &'a ProjectName,
        to: &'a ProjectName,
        digest: Digest,
    ) -> Boxed<'a, Result<(), BlobError>> {
        let (from, to) = (from.clone(), to.clone());
        Box::pin(self.job(move |inner| inner.grant(&from, &to, digest)))
    }
}
