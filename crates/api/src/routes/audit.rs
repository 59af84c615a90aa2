//! What was changed, by whom, when and from where.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use weft_types::ProjectName;

use super::cursor;
use super::functions::{DEFAULT_LIMIT, MAX_LIMIT};
use super::path::InProject;
use crate::api::Context;
use crate::problem::{Kind, Problem};
use crate::query::Query;
use crate::wire;

/// List changes
///
/// What was changed on the server, latest first: by whom, with which token, from where.
#[utoipa::path(
    get,
    path = "/v1/audit",
    operation_id = "list-changes",
    tag = "access",
    params(
        ("limit" = Option<u32>, Query, description = "Most items, 1 to 1,000; 100 if not given", minimum = 1, maximum = 1000),
        ("after" = Option<String>, Query, description = "`next` of the answer before"),
    ),
    responses(
        (status = 200, description = "The changes", body = wire::Page<wire::Change>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    uri: Uri,
) -> Result<Json<wire::Page<wire::Change>>, Problem> {
    page(&context, None, &uri).await
}

/// List changes in a project
///
/// What was changed in it, latest first.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/audit",
    operation_id = "list-project-changes",
    tag = "access",
    params(
        ("project" = String, Path, description = "The project"),
        ("limit" = Option<u32>, Query, description = "Most items, 1 to 1,000; 100 if not given", minimum = 1, maximum = 1000),
        ("after" = Option<String>, Query, description = "`next` of the answer before"),
    ),
    responses(
        (status = 200, description = "The changes", body = wire::Page<wire::Change>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_of_project(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    uri: Uri,
) -> Result<Json<wire::Page<wire::Change>>, Problem> {
    context.check_project(&project)?;
    page(&context, Some(&project), &uri).await
}

async fn page(
    context: &Context,
    project: Option<&ProjectName>,
    uri: &Uri,
) -> Result<Json<wire::Page<wire::Change>>, Problem> {
    let query = Query::parse(uri, &["limit", "after"])?;
    let limit = query.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let before = query.text("after")?.map(cursor::parse::<u64>).transpose()?;
    let none = || Problem::new(Kind::NotFound, "this server writes no changes down");
    let audit = context.audit.as_ref().ok_or_else(none)?;
    let mut found = audit.list(project, before, limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more);
    Ok(Json(wire::Page {
        next: next.map(|last| cursor::of_change(last.number)),
        items: found.iter().map(wire::Change::from).collect(),
    }))
}
