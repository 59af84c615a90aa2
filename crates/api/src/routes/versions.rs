//! Versions: lists, details, activation.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use http::{StatusCode, Uri};

use super::cursor;
use super::functions::{DEFAULT_LIMIT, MAX_LIMIT};
use super::path::{InFunction, InVersion};
use super::run::read;
use crate::api::Context;
use crate::problem::Problem;
use crate::query::{NoQuery, Query};
use crate::wire;

/// List versions
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}/versions",
    operation_id = "list-versions",
    tag = "versions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
        ("limit" = Option<u32>, Query, description = "Most items, 1 to 1,000; 100 if not given", minimum = 1, maximum = 1000),
        ("after" = Option<String>, Query, description = "`next` of the answer before"),
    ),
    responses(
        (status = 200, description = "Versions, newest first", body = wire::Page<wire::VersionSummary>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    uri: Uri,
) -> Result<Json<wire::Page<wire::VersionSummary>>, Problem> {
    let query = Query::parse(&uri, &["limit", "after"])?;
    let limit = query.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let before = query
        .text("after")?
        .map(cursor::parse::<u32>)
        .transpose()?
        .unwrap_or(u32::MAX);
    let view = context.engine.function(&project, &function)?;
    let versions = context.engine.versions(&project, &function)?;
    let mut older = versions.iter().rev().filter(|record| record.version.0 < before);
    let items: Vec<_> = older
        .by_ref()
        .take(limit)
        .map(|record| wire::VersionSummary::new(record, view.record.active))
        .collect();
    let last = items.last().filter(|_| older.next().is_some());
    let next = last.map(|last| cursor::of_version(last.version));
    Ok(Json(wire::Page { items, next }))
}

/// Show a version
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}/versions/{version}",
    operation_id = "show-version",
    tag = "versions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
        ("version" = u32, Path, description = "The version's number"),
    ),
    responses(
        (status = 200, description = "The version", body = wire::Version),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    State(context): State<Arc<Context>>,
    InVersion {
        project,
        function,
        version,
    }: InVersion,
    _: NoQuery,
) -> Result<Json<wire::Version>, Problem> {
    let record = context.engine.version(&project, &function, Some(version))?;
    Ok(Json(wire::Version::new(&record, &context.engine)))
}

/// Delete a version
///
/// Its number is not given again, and its code goes once no version is made of it. Refused while it is active or about to take over, while a
/// version of a workflow calls it, while runs of it are open, and where the function has no other. Runs of it that are kept stay in lists,
/// but what their nodes and results were is no longer told.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project}/functions/{function}/versions/{version}",
    operation_id = "delete-version",
    tag = "versions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
        ("version" = u32, Path, description = "The version's number"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(
    State(context): State<Arc<Context>>,
    InVersion {
        project,
        function,
        version,
    }: InVersion,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    context
        .engine
        .delete_version(&project, &function, version)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Activate a version
///
/// Calls that name no version are answered by it from now on; none fails meanwhile. Instances of it are started before.
///
/// With a `rollout` in the body it takes over step by step: it answers so many of a hundred calls in each stage, goes on by itself,
/// and back where it fails more often than the version before.
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/functions/{function}/versions/{version}/activate",
    operation_id = "activate",
    tag = "versions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
        ("version" = u32, Path, description = "The version's number"),
    ),
    request_body(content = Option<wire::Activate>, content_type = "application/json"),
    responses(
        (status = 200, description = "The function as it is now", body = wire::Function),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn activate(
    State(context): State<Arc<Context>>,
    InVersion {
        project,
        function,
        version,
    }: InVersion,
    _: NoQuery,
    request: Request,
) -> Result<Json<wire::Function>, Problem> {
    let wire::Activate { rollout } = read(&context, request).await?;
    let engine = &context.engine;
    let view = match rollout {
        None => engine.activate(&project, &function, version).await?,
        Some(policy) => {
            engine
                .roll_out(&project, &function, version, policy.into())
                .await?
        }
    };
    Ok(Json(wire::Function::new(&view, &context.engine)))
}
