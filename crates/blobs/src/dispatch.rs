//! Work on threads that may block, and what its errors are called.

use std::error::Error;
use std::io::{self, ErrorKind};

use weft_workflow_engine::port::blobs::BlobError;

/// Runs file work on a thread that may block. It is finished even when nobody waits for it any more.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(failed("file work", &error)),
    }
}

/// The port's error for a failed file operation.
pub(crate) fn failure(doing: &str, error: &io::Error) -> BlobError {
    if is_full(error) {
        BlobError::Full
    } else {
        failed(doing, error)
    }
}

/// The port's error for anything else that failed.
pub(crate) fn failed(doing: &str, error: &dyn Error) -> BlobError {
    BlobError::Store(format!("{doing} failed: {error}"))
}

pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}
