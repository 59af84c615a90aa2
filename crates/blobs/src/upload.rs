//! Blobs on their way in.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::blob_store::{Receiving, Stored};
use weft_workflow_engine::port::blobs::BlobError;

use crate::dispatch::off_thread;
use crate::temporary::Temporary;
use crate::turns::Turn;

/// Bytes gathered before they are hashed and written on another thread: a small blob goes there once.
const GATHER: usize = 256 << 10;

/// Chunks gathered at most: tiny ones each keep a whole buffer of the connection alive.
const GATHER_CHUNKS: usize = 256;

/// Where blobs that were received go.
pub(crate) trait Destination: Send + Sync + 'static {
    /// A file to write into. Blocks.
    fn temporary(&self) -> Result<Temporary, BlobError>;

    /// Keeps what was written for a project, durably.
    fn keep(self: Arc<Self>, project: ProjectName, written: Written)
    -> Boxed<'static, Result<(), BlobError>>;
}

/// A whole blob in a file that has no name yet.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) temporary: Temporary,
    pub(crate) digest: Digest,
    pub(crate) length: u64,
}

/// Gathers chunks and writes them to a temporary file.
pub(crate) struct Upload<D> {
    destination: Arc<D>,
    project: ProjectName,
    limit: u64,
    received: u64,
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
    /// None before the first bytes are written.
    partial: Option<Partial>,
    /// A write was given up or failed, and the file with it.
    failed: bool,
    _turn: Turn,
}

/// A file as far as it is written.
struct Partial {
    temporary: Temporary,
    hasher: Box<blake3::Hasher>,
}

impl<D: Destination> Upload<D> {
    pub(crate) fn new(destination: Arc<D>, project: ProjectName, limit: u64, turn: Turn) -> Self {
        Self {
            destination,
            project,
            limit,
            received: 0,
            gathered: Vec::new(),
            gathered_bytes: 0,
            partial: None,
            failed: false,
            _turn: turn,
        }
    }

    /// Writes what was gathered. Given up midway, it leaves the upload without a file for good.
    async fn flush(&mut self) -> Result<Partial, BlobError> {
        if mem::replace(&mut self.failed, true) {
            return Err(BlobError::Store(
                "an earlier write of it did not finish".to_owned(),
            ));
        }
        let (destination, partial) = (Arc::clone(&self.destination), self.partial.take());
        let chunks = mem::take(&mut self.gathered);
        self.gathered_bytes = 0;
        let written = off_thread(move || {
            let mut partial = match partial {
                Some(partial) => partial,
                None => Partial::new(destination.temporary()?),
            };
            partial.append(&chunks).map(|()| partial)
        });
        let partial = written.await?;
        self.failed = false;
        Ok(partial)
    }
}

impl<D: Destination> Receiving for Upload<D> {
    fn write(&mut self, chunk: Bytes) -> Boxed<'_, Result<(), BlobError>> {
        Box::pin(async move {
            self.received = self.received.saturating_add(chunk.len() as u64);
            if self.received > self.limit {
                self.failed = true;
                return Err(BlobError::TooLarge(self.limit));
            }
            self.gathered_bytes += chunk.len();
            self.gathered.push(chunk);
            if self.gathered_bytes >= GATHER || self.gathered.len() >= GATHER_CHUNKS {
                let partial = self.flush().await?;
                self.partial = Some(partial);
            }
            Ok(())
        })
    }

    fn finish(mut self: Box<Self>) -> Boxed<'static, Result<Stored, BlobError>> {
        Box::pin(async move {
            let written = self.flush().await?.finish(self.received);
            let stored = Stored {
                digest: written.digest,
                length: written.length,
            };
            Arc::clone(&self.destination)
                .keep(self.project.clone(), written)
                .await?;
            Ok(stored)
        })
    }
}

impl Partial {
    fn new(temporary: Temporary) -> Self {
        Self {
            temporary,
            hasher: Box::default(),
        }
    }

    fn append(&mut self, chunks: &[Bytes]) -> Result<(), BlobError> {
        for chunk in chunks {
            self.hasher.update(chunk);
            self.temporary.write(chunk)?;
        }
        Ok(())
    }

    fn finish(self, length: u64) -> Written {
        Written {
            digest: Digest::from_bytes(*self.hasher.finalize().as_bytes()),
            temporary: self.temporary,
            length,
        }
    }
}
