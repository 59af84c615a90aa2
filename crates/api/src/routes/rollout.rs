//! Versions that take over step by step, and what happened of moves.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};

use super::path::InFunction;
use super::run::read;
use crate::api::Context;
use crate::problem::Problem;
use crate::query::NoQuery;
use crate::wire;

/// Show the rollout that is under way
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}/rollout",
    operation_id = "show-rollout",
    tag = "versions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
    ),
    responses(
        (status = 200, description = "The rollout: which version, how far it came, and what both versions answered", body = wire::Rollout),
        (status = "default", description = "An error; 404 `no-rollout` where none is under way", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    _: NoQuery,
) -> Result<Json<wire::Rollout>, Problem> {
    let view = context.engine.rollout(&project, &function)?;
    Ok(Json(wire::Rollout::from(&view)))
}

/// Promote a rollout
///
/// It ends now: the new version answers all calls that name none. No call fails.
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/functions/{function}/rollout/promote",
    operation_id = "promote-rollout",
    tag = "versions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
    ),
    responses(
        (status = 200, description = "The function as it is now", body = wire::Function),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn promote(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    _: NoQuery,
    request: Request,
) -> Result<Json<wire::Function>, Problem> {
    let wire::Nothing {} = read(&context, request).await?;
    let view = context.engine.finish_rollout(&project, &function).await?;
    Ok(Json(wire::Function::new(&view, &context.engine)))
}

/// Cancel a rollout
///
/// It ends now: the version before answers all calls that name none. No call fails.
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/functions/{function}/rollout/cancel",
    operation_id = "cancel-rollout",
    tag = "versions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
    ),
    responses(
        (status = 200, description = "The function as it is now", body = wire::Function),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn cancel(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    _: NoQuery,
    request: Request,
) -> Result<Json<wire::Function>, Problem> {
    let wire::Nothing {} = read(&context, request).await?;
    let view = context.engine.cancel_rollout(&project, &function).await?;
    Ok(Json(wire::Function::new(&view, &context.engine)))
}

/// List moves
///
/// What became of the function's versions and pools lately: activations, rollouts, promotions, and pools that were replaced, each
/// with its time and reason. The last 64 are kept.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}/moves",
    operation_id = "list-moves",
    tag = "versions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
    ),
    responses(
        (status = 200, description = "Moves, the newest first", body = wire::Page<wire::Move>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn moves(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    _: NoQuery,
) -> Result<Json<wire::Page<wire::Move>>, Problem> {
    let moves = context.engine.moves(&project, &function)?;
    let items = moves.history.newest_first().map(wire::Move::from).collect();
    Ok(Json(wire::Page { items, next: None }))
}
