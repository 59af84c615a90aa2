//! What the blob store's errors are called here: the one place that decides.

use weft_workflow_engine::port::blob_store::Busy;
use weft_workflow_engine::port::blobs::BlobError;

use super::engine::fault;
use super::{Kind, Problem};

/// How long to stay away from a server that transfers too many blobs, in seconds.
const RETRY_AFTER_BUSY: u32 = 1;

impl From<BlobError> for Problem {
    // One arm a variant and no catch-all, so that a new error asks for its place.
    fn from(error: BlobError) -> Self {
        let detail = error.to_string();
        match error {
            BlobError::Missing(_) => Problem::new(Kind::NotFoundBlob, detail),
            BlobError::Damaged(_) => Problem::new(Kind::BlobDamaged, detail),
            BlobError::TooLarge(limit) => Problem::new(Kind::BlobTooLarge, detail).with("limit", limit),
            BlobError::Quota(exceeded) => exceeded.into(),
            BlobError::Full => Problem::new(Kind::StorageFull, detail),
            BlobError::Store(_) => fault(Kind::StorageFailed, &detail),
        }
    }
}

impl From<Busy> for Problem {
    fn from(busy: Busy) -> Self {
        Problem::new(Kind::TooManyTransfers, busy.to_string()).retry_after(RETRY_AFTER_BUSY)
    }
}
