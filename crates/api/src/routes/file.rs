//! Files as bodies, a piece at a time.

use std::io;
use std::path::Path;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use weft_function_engine::Error;

use crate::problem::Problem;

/// Bytes read at once.
const PIECE: usize = 256 << 10;

/// The file's content, read as the client takes it.
pub(super) async fn stream(path: &Path) -> Result<Body, Problem> {
    let file = File::open(path)
        .await
        .map_err(|error| Error::StorageFailed(format!("opening stored code failed: {error}")))?;
    Ok(Body::from_stream(stream::try_unfold(file, next)))
}

async fn next(mut file: File) -> io::Result<Option<(Bytes, File)>> {
    let mut piece = BytesMut::with_capacity(PIECE);
    let read = file.read_buf(&mut piece).await?;
    Ok((read > 0).then(|| (piece.freeze(), file)))
}
