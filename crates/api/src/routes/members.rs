//! The members of projects.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use http::StatusCode;
use jiff::Timestamp;

use super::path::{InMember, InProject};
use super::run::read_required;
use crate::api::Context;
use crate::problem::Problem;
use crate::query::NoQuery;
use crate::wire;

/// List the members of a project
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/members",
    operation_id = "list-members",
    tag = "access",
    params(("project" = String, Path, description = "The project")),
    responses(
        (status = 200, description = "Its members, in order of their names", body = wire::Page<wire::Member>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    _: NoQuery,
) -> Result<Json<wire::Page<wire::Member>>, Problem> {
    context.check_project(&project)?;
    let members = context.access()?.members(&project).await;
    Ok(Json(wire::Page {
        items: members.iter().map(wire::Member::from).collect(),
        // There are at most 1,000 members.
        next: None,
    }))
}

/// Make somebody a member, or give a member another role
///
/// What their tokens may do follows, from the next request on. A project that has an owner keeps one.
#[utoipa::path(
    put,
    path = "/v1/projects/{project}/members/{user}",
    operation_id = "set-member",
    tag = "access",
    params(
        ("project" = String, Path, description = "The project"),
        ("user" = String, Path, description = "Who"),
    ),
    request_body(content = wire::Membership, content_type = "application/json"),
    responses(
        (status = 201, description = "They are a member", body = wire::Member),
        (status = 200, description = "They were one, and have this role now", body = wire::Member),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn set(
    State(context): State<Arc<Context>>,
    InMember { project, user }: InMember,
    _: NoQuery,
    request: Request,
) -> Result<(StatusCode, Json<wire::Member>), Problem> {
    let wire::Membership { role } = read_required(&context, request).await?;
    context.check_project(&project)?;
    let access = context.access()?;
    let (member, is_new) = access
        .set_member(project, user, role.into(), Timestamp::now())
        .await?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(wire::Member::from(&member))))
}

/// Remove a member
///
/// Their tokens are taken no longer in this project, from the next request on.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project}/members/{user}",
    operation_id = "remove-member",
    tag = "access",
    params(
        ("project" = String, Path, description = "The project"),
        ("user" = String, Path, description = "Who"),
    ),
    responses(
        (status = 204, description = "They are a member no longer"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn remove(
    State(context): State<Arc<Context>>,
    InMember { project, user }: InMember,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    context.check_project(&project)?;
    context.access()?.remove_member(project, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
