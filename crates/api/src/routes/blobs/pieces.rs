//! A blob as a body.

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use weft_workflow_engine::port::blob_store::Reading;
use weft_workflow_engine::port::blobs::BlobError;

/// The blob, read as the client takes it. Its first piece is read before: what is missing or damaged is told, not broken off.
pub(super) async fn stream(mut reading: Box<dyn Reading>) -> Result<Body, BlobError> {
    let first = reading.next().await?;
    let rest = stream::try_unfold(reading, next);
    Ok(Body::from_stream(stream::iter(first.map(Ok)).chain(rest)))
}

async fn next(mut reading: Box<dyn Reading>) -> Result<Option<(Bytes, Box<dyn Reading>)>, BlobError> {
    let piece = reading.next().await?;
    Ok(piece.map(|piece| (piece, reading)))
}
