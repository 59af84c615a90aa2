//! Blobs on their way out.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use weft_workflow_engine::port::Boxed;
use weft_workflow_engine::port::blob_store::Reading;
use weft_workflow_engine::port::blobs::BlobError;

use crate::dispatch::off_thread;
use crate::mapped::read;
use crate::turns::Turn;

/// Bytes read at once.
const PIECE: u64 = 256 << 10;

/// A verified file of a blob, and its length.
pub(crate) type Opened = (File, u64);

/// Reads a part of a file piece by piece, rather than from a mapping: the threads that serve connections must not wait for a disk, and
/// a disk that fails midway ends a response instead of the process.
pub(crate) struct Pieces {
    /// Until the first piece is asked for.
    opening: Option<Boxed<'static, Result<Opened, BlobError>>>,
    file: Option<Arc<File>>,
    left: Range<u64>,
    _turn: Turn,
}

impl Pieces {
    pub(crate) fn new(
        opening: Boxed<'static, Result<Opened, BlobError>>,
        range: Range<u64>,
        turn: Turn,
    ) -> Self {
        Self {
            opening: Some(opening),
            file: None,
            left: range,
            _turn: turn,
        }
    }

    /// The file, opened when it is first needed.
    async fn file(&mut self) -> Result<Arc<File>, BlobError> {
        if let Some(opening) = self.opening.take() {
            let (file, length) = opening.await?;
            self.left.end = self.left.end.min(length);
            self.file = Some(Arc::new(file));
        }
        let closed = || BlobError::Store("it was read on after an error".to_owned());
        self.file.clone().ok_or_else(closed)
    }
}

impl Reading for Pieces {
    fn next(&mut self) -> Boxed<'_, Result<Option<Bytes>, BlobError>> {
        Box::pin(async move {
            let file = self.file().await?;
            if self.left.is_empty() {
                return Ok(None);
            }
            let start = self.left.start;
            let length = PIECE.min(self.left.end - start);
            let piece = off_thread(move || read(&file, start, length)).await?;
            self.left.start += length;
            Ok(Some(piece))
        })
    }
}
