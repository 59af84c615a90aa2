//! Which blobs runs refer to.

use weft_types::{Digest, ProjectName};

use crate::Error;
use crate::engine::{Engine, Inner};
use crate::port::blobs::BlobError;

/// Blobs that are kept at a time.
const BATCH: usize = 1024;

impl Engine {
    /// Has every blob kept that is referred to: by results that may be reused or asked for again, by what open runs did in this process, and by
    /// everything that is in the records. So nothing of that is collected for as long as the store keeps what was named.
    ///
    /// In this order nothing that goes from one of them to the next is passed over; what a run refers to first was stored, or kept, at
    /// that moment.
    ///
    /// # Errors
    /// Where that cannot be found out, or not now: then nothing may be collected.
    pub async fn keep_referred(&self) -> Result<(), Error> {
        let inner = &self.0;
        inner.keep_batches(inner.results.blobs()).await?;
        inner.keep_batches(inner.keys.blobs()).await?;
        for open in inner.registry.all() {
            let held = open.held().into_iter();
            let held = held.map(|digest| (open.project.clone(), digest)).collect();
            inner.keep_batches(held).await?;
        }
        if !inner.settled().await {
            return Err(Error::Platform(
                "the records are behind the journal: which blobs are referred to is not known".to_owned(),
            ));
        }
        inner.keep_recorded().await
    }
}

impl Inner {
    async fn keep_recorded(&self) -> Result<(), Error> {
        let mut after = None;
        loop {
            let referred = self.ports.records.blobs(after, BATCH).await?;
            let Some(last) = referred.last() else {
                return Ok(());
            };
            after = Some((last.row, last.digest));
            let named = referred.into_iter();
            let named = named
                .map(|referred| (referred.project, referred.digest))
                .collect();
            self.ports.blobs.keep(named).await?;
        }
    }

    async fn keep_batches(&self, named: Vec<(ProjectName, Digest)>) -> Result<(), BlobError> {
        for batch in named.chunks(BATCH) {
            self.ports.blobs.keep(batch.to_vec()).await?;
        }
        Ok(())
    }
}
