//! Code on its way from a request to the engine's store.

use std::time::Duration;

use axum::body::Body;
use axum::extract::multipart::Field;
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::BodyExt;
use weft_function_engine::Error;
use weft_function_engine::port::{Receiving, Stored};

use crate::api::Context;
use crate::body::stalled;
use crate::problem::{Kind, Problem};

/// Receives a whole body.
pub(super) async fn code(context: &Context, mut body: Body) -> Result<Stored, Problem> {
    let limit = context.engine.config().upload_bytes;
    if body.size_hint().lower() > limit {
        return Err(Error::UploadTooLarge { limit }.into());
    }
    let mut receiving = context.engine.receive().await?;
    let idle = context.options.body_idle;
    while let Some(frame) = in_time(idle, body.frame()).await? {
        let frame = frame.map_err(|error| broken(&error))?;
        // Trailers are no part of the code.
        if let Ok(chunk) = frame.into_data() {
            write(&mut *receiving, chunk).await?;
        }
    }
    finish(receiving).await
}

/// Receives a part of a form.
pub(super) async fn part(context: &Context, mut field: Field<'_>) -> Result<Stored, Problem> {
    let mut receiving = context.engine.receive().await?;
    let idle = context.options.body_idle;
    while let Some(chunk) = in_time(idle, field.chunk()).await?? {
        write(&mut *receiving, chunk).await?;
    }
    finish(receiving).await
}

/// Waits for the next part, so long as it is no longer than the client may pause.
pub(super) async fn in_time<T>(idle: Duration, next: impl Future<Output = T>) -> Result<T, Problem> {
    tokio::time::timeout(idle, next).await.map_err(|_| stalled(idle))
}

async fn write(receiving: &mut dyn Receiving, chunk: Bytes) -> Result<(), Problem> {
    receiving
        .write(chunk)
        .await
        .map_err(|error| Error::from(error).into())
}

async fn finish(receiving: Box<dyn Receiving>) -> Result<Stored, Problem> {
    receiving
        .finish()
        .await
        .map_err(|error| Error::from(error).into())
}

fn broken(error: &axum::Error) -> Problem {
    Problem::new(Kind::UploadIncomplete, format!("the upload broke off: {error}"))
}
