//! An upload under way.

use std::fs::File;
use std::io::{self, Write};
use std::mem;
use std::path::PathBuf;

use bytes::Bytes;
use weft_function_engine::port::{Boxed, Receiving, StorageError, Stored};
use weft_types::Digest;

use crate::disk::failure;

/// Bytes gathered before they are hashed and written on another thread: a small upload goes there once.
const GATHER: usize = 256 * 1024;

/// Chunks gathered at most: tiny ones each keep a whole buffer of the connection alive.
const GATHER_CHUNKS: usize = 256;

const DOING: &str = "writing an upload";

/// Gathers chunks and writes them to a temporary file.
#[derive(Debug)]
pub(super) struct Upload {
    limit: u64,
    received: u64,
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
    /// None while the other thread has it, which stays so where a write was cancelled or failed.
    partial: Option<Partial>,
}

/// The file as far as it is written. Removed when this is dropped, on whichever thread that happens.
#[derive(Debug)]
struct Partial {
    path: PathBuf,
    file: Option<File>,
    hasher: Box<blake3::Hasher>,
}

impl Upload {
    pub(super) fn new(path: PathBuf, limit: u64) -> Self {
        let partial = Partial {
            path,
            file: None,
            hasher: Box::default(),
        };
        Self {
            limit,
            received: 0,
            gathered: Vec::new(),
            gathered_bytes: 0,
            partial: Some(partial),
        }
    }

    fn take_partial(&mut self) -> Result<Partial, StorageError> {
        self.partial
            .take()
            .ok_or_else(|| failure(DOING, io::Error::other("an earlier write of it did not finish")))
    }

    async fn flush(&mut self) -> Result<(), StorageError> {
        let mut partial = self.take_partial()?;
        let chunks = mem::take(&mut self.gathered);
        self.gathered_bytes = 0;
        let written = off_thread(move || partial.append(&chunks).map(|()| partial)).await?;
        self.partial = Some(written);
        Ok(())
    }
}

impl Receiving for Upload {
    fn write(&mut self, chunk: Bytes) -> Boxed<'_, Result<(), StorageError>> {
        Box::pin(async move {
            self.received = self.received.saturating_add(chunk.len() as u64);
            if self.received > self.limit {
                return Err(StorageError::TooLarge { limit: self.limit });
            }
            self.gathered_bytes += chunk.len();
            self.gathered.push(chunk);
            if self.gathered_bytes < GATHER && self.gathered.len() < GATHER_CHUNKS {
                return Ok(());
            }
            self.flush().await
        })
    }

    fn finish(mut self: Box<Self>) -> Boxed<'static, Result<Stored, StorageError>> {
        Box::pin(async move {
            let mut partial = self.take_partial()?;
            let chunks = mem::take(&mut self.gathered);
            let size = self.received;
            off_thread(move || partial.append(&chunks).map(|()| partial.finish(size))).await
        })
    }
}

impl Partial {
    /// Hashes and writes; also an empty upload gets a file.
    fn append(&mut self, chunks: &[Bytes]) -> Result<(), StorageError> {
        let io = |error| failure(DOING, error);
        let file = match &mut self.file {
            Some(file) => file,
            empty => empty.insert(File::create_new(&self.path).map_err(io)?),
        };
        for chunk in chunks {
            self.hasher.update(chunk);
            file.write_all(chunk).map_err(io)?;
        }
        Ok(())
    }

    /// Hands the file over.
    fn finish(mut self, size: u64) -> Stored {
        let digest = Digest::from_bytes(*self.hasher.finalize().as_bytes());
        self.file = None;
        Stored {
            path: mem::take(&mut self.path),
            digest,
            size,
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.file.is_some() {
            // What cannot be removed now is when the store is opened again.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Runs file work on a thread that may block. It is finished even when nobody waits for it any more.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(failure("file work", io::Error::other(error))),
    }
}
