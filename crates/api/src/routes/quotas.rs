//! Quotas of projects: shown to their members, set by the platform.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use weft_types::ProjectName;

use super::path::InProject;
use super::run::read_required;
use crate::api::Context;
use crate::problem::Problem;
use crate::query::NoQuery;
use crate::wire;

/// Show the quotas of a project
///
/// What it may have of each, and what it has.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/quotas",
    operation_id = "show-quotas",
    tag = "projects",
    params(("project" = String, Path, description = "The project")),
    responses(
        (status = 200, description = "Its quotas", body = wire::Quotas),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    _: NoQuery,
) -> Result<Json<wire::Quotas>, Problem> {
    shown(&context, &project).await.map(Json)
}

/// Set the quotas of a project
///
/// All of them at once, in force at once: what is left out is the server's default. What the project has beyond a limit it keeps, and
/// gets no more of.
#[utoipa::path(
    put,
    path = "/v1/projects/{project}/quotas",
    operation_id = "set-quotas",
    tag = "projects",
    params(("project" = String, Path, description = "The project")),
    request_body(content = wire::NewQuotas, content_type = "application/json"),
    responses(
        (status = 200, description = "Its quotas as they are now", body = wire::Quotas),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn set(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    _: NoQuery,
    request: Request,
) -> Result<Json<wire::Quotas>, Problem> {
    let limits: wire::NewQuotas = read_required(&context, request).await?;
    context.check_project(&project)?;
    context.quotas()?.set(project.clone(), limits.into()).await?;
    shown(&context, &project).await.map(Json)
}

async fn shown(context: &Context, project: &ProjectName) -> Result<wire::Quotas, Problem> {
    let quotas = context.quotas()?;
    let count = context.engine.count(project)?;
    let own = quotas.own(project).await;
    Ok(wire::Quotas::new(&quotas.accounts().of(project), &own, count))
}
