//! Blobs in a map.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use weft_types::value::BlobAddress;
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::blobs::{BlobError, Blobs};

#[derive(Default)]
pub(crate) struct FakeBlobs {
    by_project: Mutex<HashMap<(ProjectName, Digest), Bytes>>,
    /// How often each was read.
    reads: Mutex<Vec<Digest>>,
    /// Those that were kept since they were last forgotten about.
    kept: Mutex<HashSet<(ProjectName, Digest)>>,
    pub(crate) full: AtomicBool,
    /// How often something was to be stored.
    puts: AtomicUsize,
    /// From which of these on the store fails; 0 for none.
    pub(crate) broken_from: AtomicUsize,
}

impl FakeBlobs {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn stored(&self) -> usize {
        self.by_project.lock().unwrap().len()
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.lock().unwrap().len()
    }

    /// Where the bytes of a blob lie.
    pub(crate) fn place(&self, digest: Digest) -> Option<*const u8> {
        let blobs = self.by_project.lock().unwrap();
        let mut found = blobs.iter().filter(|((_, stored), _)| *stored == digest);
        found.next().map(|(_, bytes)| bytes.as_ptr())
    }

    /// Removes what was not kept since this was last called. How many are left.
    pub(crate) fn collect(&self) -> usize {
        let kept = std::mem::take(&mut *self.kept.lock().unwrap());
        let mut blobs = self.by_project.lock().unwrap();
        blobs.retain(|named, _| kept.contains(named));
        blobs.len()
    }

    /// Loses everything.
    pub(crate) fn lose(&self) {
        self.by_project.lock().unwrap().clear();
    }
}

impl Blobs for FakeBlobs {
    fn put<'a>(&'a self, project: &'a ProjectName, bytes: Bytes) -> Boxed<'a, Result<Digest, BlobError>> {
        Box::pin(async move {
            // A disk takes its time.
            tokio::task::yield_now().await;
            if self.full.load(SeqCst) {
                return Err(BlobError::Full);
            }
            let (put, broken) = (self.puts.fetch_add(1, SeqCst) + 1, self.broken_from.load(SeqCst));
            if broken != 0 && put >= broken {
                return Err(BlobError::Store("it does not answer".to_owned()));
            }
            let digest = Digest::of(&bytes);
            let mut blobs = self.by_project.lock().unwrap();
            blobs.insert((project.clone(), digest), bytes);
            Ok(digest)
        })
    }

    fn get<'a>(
        &'a self,
        project: &'a ProjectName,
        address: &'a BlobAddress,
    ) -> Boxed<'a, Result<Bytes, BlobError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.reads.lock().unwrap().push(address.digest);
            let blobs = self.by_project.lock().unwrap();
            let found = blobs.get(&(project.clone(), address.digest)).cloned();
            found.ok_or(BlobError::Missing(address.digest))
        })
    }

    fn keep(&self, named: Vec<(ProjectName, Digest)>) -> Boxed<'_, Result<(), BlobError>> {
        self.kept.lock().unwrap().extend(named);
        Box::pin(async { Ok(()) })
    }
}
