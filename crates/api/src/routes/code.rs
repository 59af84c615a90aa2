//! A version's code and its world.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Uri, header};
use weft_types::Kind as FunctionKind;

use super::file;
use super::path::InFunction;
use crate::api::Context;
use crate::headers;
use crate::problem::{Kind, Problem};
use crate::query::Query;

/// Show the world in WIT
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}/wit",
    operation_id = "show-wit",
    tag = "functions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
        ("version" = Option<u32>, Query, description = "Which version; else the active one, else the newest"),
    ),
    responses(
        (status = 200, description = "What the code imports and exports", body = String, content_type = "text/plain"),
        (status = "default", description = "An error", body = crate::wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn wit(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    uri: Uri,
) -> Result<Response, Problem> {
    let version = Query::parse(&uri, &["version"])?.version()?;
    let record = context.engine.version(&project, &function, version)?;
    let text = (
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        )],
        record.inspection.wit.clone(),
    );
    Ok(text.into_response())
}

/// Download the code
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}/wasm",
    operation_id = "download-code",
    tag = "functions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
        ("version" = Option<u32>, Query, description = "Which version; else the active one, else the newest"),
    ),
    responses(
        (status = 200, description = "The bytes that were uploaded", body = crate::wire::Bytes, content_type = "application/wasm"),
        (status = "default", description = "An error", body = crate::wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn wasm(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    uri: Uri,
) -> Result<Response, Problem> {
    let version = Query::parse(&uri, &["version"])?.version()?;
    let record = context.engine.version(&project, &function, version)?;
    if record.kind == FunctionKind::Workflow {
        let detail = format!(
            "`{function}` is a workflow, which has no code: `/v1/projects/{project}/functions/{function}/definition` is what was saved"
        );
        return Err(Problem::new(Kind::OtherKind, detail));
    }
    let path = context
        .engine
        .code_path(&project, &function, Some(record.version))
        .await?;
    let name = format!("attachment; filename=\"{function}-{}.wasm\"", record.version);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/wasm")),
        (header::CONTENT_LENGTH, HeaderValue::from(record.size)),
        (header::CONTENT_DISPOSITION, headers::ascii(name.as_bytes())),
        (
            header::ETAG,
            headers::ascii(format!("\"{}\"", record.digest).as_bytes()),
        ),
    ];
    Ok((headers, file::stream(&path).await?).into_response())
}
