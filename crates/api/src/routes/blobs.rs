//! Blobs: values by address.
//!
//! They are user content on the API's origin, so they leave as attachments of a type that no browser renders or guesses.

use std::pin::pin;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body::Body as _;
use weft_types::{Digest, ProjectName};
use weft_workflow_engine::port::blob_store::Stored;
use weft_workflow_engine::port::blobs::BlobError;

use super::path::{InBlob, InProject};
use crate::api::Context;
use crate::body::next_part;
use crate::headers;
use crate::problem::Problem;
use crate::query::NoQuery;
use crate::wire;

mod pieces;
mod range;
mod validator;

use range::Wanted;

type Created = (StatusCode, [(HeaderName, HeaderValue); 1], Json<wire::Blob>);

/// Store a blob
///
/// Keeps the body, whatever its type, under the hash of its bytes. Storing the same again is fine, and answered the same.
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/blobs",
    operation_id = "store-blob",
    tag = "blobs",
    params(("project" = String, Path, description = "The project")),
    request_body(content = wire::Bytes, content_type = "application/octet-stream", description = "Any bytes, of any type"),
    responses(
        (status = 201, description = "It is stored", body = wire::Blob),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn store(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    _: NoQuery,
    request: Request,
) -> Result<Created, Problem> {
    context.engine.check_project(&project)?;
    let stored = receive(&context, &project, request.into_body()).await?;
    let location = format!("/v1/projects/{project}/blobs/{}", stored.digest);
    let location = [(header::LOCATION, headers::ascii(location.as_bytes()))];
    Ok((StatusCode::CREATED, location, Json(stored.into())))
}

async fn receive(context: &Context, project: &ProjectName, body: Body) -> Result<Stored, Problem> {
    let blobs = context.blobs()?;
    let limit = blobs.max_bytes();
    if body.size_hint().lower() > limit {
        return Err(BlobError::TooLarge(limit).into());
    }
    let mut receiving = blobs.receive(project)?;
    let mut body = pin!(body);
    while let Some(part) = next_part(body.as_mut(), context.options.body_idle).await? {
        receiving.write(part).await?;
    }
    Ok(receiving.finish().await?)
}

/// Download a blob
///
/// A blob, or with `Range` one part of it. Only what the project stored is there.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/blobs/{digest}",
    operation_id = "download-blob",
    tag = "blobs",
    params(
        ("project" = String, Path, description = "The project"),
        ("digest" = String, Path, description = "The blob's digest: `blake3:` and 64 hexadecimal digits"),
        ("range" = Option<String>, Header, description = "Which bytes, as `bytes=0-99`, `bytes=100-` or `bytes=-100`"),
        ("if-range" = Option<String>, Header, description = "An entity tag: with another one, the whole blob is answered"),
        ("if-none-match" = Option<String>, Header, description = "Entity tags: with one of them, there is nothing to answer"),
    ),
    responses(
        (status = 200, description = "The bytes", body = wire::Bytes, content_type = "application/octet-stream"),
        (status = 206, description = "The part asked for", body = wire::Bytes, content_type = "application/octet-stream"),
        (status = 304, description = "The client has it"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    State(context): State<Arc<Context>>,
    InBlob { project, digest }: InBlob,
    _: NoQuery,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let blobs = context.blobs()?;
    context.engine.check_project(&project)?;
    let length = blobs.length(&project, digest).await?;
    if validator::client_has(&request, digest) {
        return Ok(unchanged(digest));
    }
    let wanted = if validator::range_applies(&request, digest) {
        Wanted::of(&request, length)
    } else {
        Wanted::Whole
    };
    let (status, bytes) = match wanted {
        Wanted::Whole => (StatusCode::OK, 0..length),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Wanted::Beyond => return Err(range::beyond(length)),
    };
    let mut answer = head_of(digest, bytes.end - bytes.start);
    if status == StatusCode::PARTIAL_CONTENT {
        answer.insert(header::CONTENT_RANGE, range::content_range(&bytes, length));
    }
    let reading = blobs.read(&project, digest, bytes)?;
    Ok((status, answer, pieces::stream(reading).await?).into_response())
}

/// Look a blob up
///
/// Says that the blob is there and how long it is. `Range` says nothing here.
#[utoipa::path(
    head,
    path = "/v1/projects/{project}/blobs/{digest}",
    operation_id = "look-blob-up",
    tag = "blobs",
    params(
        ("project" = String, Path, description = "The project"),
        ("digest" = String, Path, description = "The blob's digest: `blake3:` and 64 hexadecimal digits"),
        ("if-none-match" = Option<String>, Header, description = "Entity tags: with one of them, there is nothing to answer"),
    ),
    responses(
        (status = 200, description = "It is there"),
        (status = 304, description = "The client has it"),
        (status = "default", description = "An error"),
    ),
)]
pub(super) async fn head(
    State(context): State<Arc<Context>>,
    InBlob { project, digest }: InBlob,
    _: NoQuery,
    request: HeaderMap,
) -> Result<Response, Problem> {
    context.engine.check_project(&project)?;
    let length = context.blobs()?.length(&project, digest).await?;
    if validator::client_has(&request, digest) {
        return Ok(unchanged(digest));
    }
    Ok((StatusCode::OK, head_of(digest, length)).into_response())
}

/// The head of an answer with this many bytes.
fn head_of(digest: Digest, length: u64) -> HeaderMap {
    let disposition = format!("attachment; filename=\"{}\"", digest.hex());
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, headers::OCTETS),
        (header::CONTENT_LENGTH, HeaderValue::from(length)),
        (
            header::CONTENT_DISPOSITION,
            headers::ascii(disposition.as_bytes()),
        ),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::ETAG, validator::entity_tag(digest)),
        (header::CACHE_CONTROL, CACHED),
    ])
}

/// It never changes, though whether the client may have it can: it is asked again each time.
const CACHED: HeaderValue = HeaderValue::from_static("private, no-cache");

fn unchanged(digest: Digest) -> Response {
    let headers = [
        (header::ETAG, validator::entity_tag(digest)),
        (header::CACHE_CONTROL, CACHED),
    ];
    (StatusCode::NOT_MODIFIED, headers).into_response()
}
