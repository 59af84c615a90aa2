//! All that the server keeps, as one archive.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use crate::api::Context;
use crate::problem::Problem;
use crate::query::NoQuery;
use crate::wire;

/// Back the server up
///
/// An archive of all that the server keeps, but for the keys of secrets, while it serves: `weft restore` makes a data directory of
/// it. The head is answered once the databases were copied, which takes as long as they are large; the rest is read as the client
/// takes it. An archive without its end is refused when it is restored.
#[utoipa::path(
    post,
    path = "/v1/backup",
    operation_id = "back-up",
    tag = "server",
    responses(
        (status = 200, description = "The archive, a tar file", body = wire::Bytes, content_type = "application/x-tar"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn make(State(context): State<Arc<Context>>, _: NoQuery) -> Result<Response, Problem> {
    let pieces = context.backups()?.begin().await?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-tar"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"weft.tar\""),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}
