//! Bytes on their way to the store.

use std::fs::File;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStoreExt, WriteMultipart};
use weft_workflow_engine::port::blobs::BlobError;

use super::Inner;
use crate::dispatch::{failed, off_thread};
use crate::mapped::read;

/// Bytes of one part. Stores take at least 5 MiB, and at most 10,000 parts.
pub(super) const PART: usize = 16 << 20;

/// Parts of one blob under way at once.
const PARTS_AT_ONCE: usize = 4;

const DOING: &str = "storing an object";

/// What is stored: in memory, or in a file.
pub(super) enum Content {
    Bytes(Bytes),
    File(Arc<File>, u64),
}

impl Content {
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, length) => *length,
        }
    }

    async fn part(&self, offset: u64) -> Result<Bytes, BlobError> {
        let length = (PART as u64).min(self.length() - offset);
        match self {
            Self::Bytes(bytes) => {
                // What lies within bytes in memory fits in a usize.
                let from = offset as usize;
                Ok(bytes.slice(from..from + length as usize))
            }
            Self::File(file, _) => {
                let file = Arc::clone(file);
                off_thread(move || read(&file, offset, length)).await
            }
        }
    }
}

impl Inner {
    /// Stores an object in one piece, or, where it is large, in parts.
    pub(super) async fn store_object(&self, key: &Path, content: Content) -> Result<(), BlobError> {
        if content.length() > PART as u64 {
            return self.store_parts(key, &content).await;
        }
        let bytes = content.part(0).await?;
        let stored = self.store.put(key, bytes.into()).await;
        stored.map(drop).map_err(|error| failed(DOING, &error))
    }

    async fn store_parts(&self, key: &Path, content: &Content) -> Result<(), BlobError> {
        let begun = self.store.put_multipart(key).await;
        let upload = begun.map_err(|error| failed(DOING, &error))?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PART);
        match write(&mut writer, content).await {
            // Gives the parts up by itself where that fails.
            Ok(()) => writer
                .finish()
                .await
                .map(drop)
                .map_err(|error| failed(DOING, &error)),
            Err(error) => {
                if let Err(left) = writer.abort().await {
                    tracing::warn!(error = %left, "parts of an object could not be removed");
                }
                Err(error)
            }
        }
    }
}

async fn write(writer: &mut WriteMultipart, content: &Content) -> Result<(), BlobError> {
    let mut offset = 0;
    while offset < content.length() {
        let part = content.part(offset).await?;
        offset += part.len() as u64;
        let room = writer.wait_for_capacity(PARTS_AT_ONCE).await;
        room.map_err(|error| failed(DOING, &error))?;
        writer.put(part);
    }
    Ok(())
}
