//! Projects.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;

use super::path::InProject;
use crate::api::Context;
use crate::problem::Problem;
use crate::wire;

/// List projects
#[utoipa::path(
    get,
    path = "/v1/projects",
    operation_id = "list-projects",
    tag = "projects",
    responses(
        (status = 200, description = "Every project", body = wire::Page<wire::Project>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(State(context): State<Arc<Context>>) -> Json<wire::Page<wire::Project>> {
    let names = context.engine.projects().into_iter();
    let items = names
        .map(|name| wire::Project {
            name: name.to_string(),
        })
        .collect();
    Json(wire::Page { items, next: None })
}

/// Create a project
///
/// One that exists is left as it is.
#[utoipa::path(
    put,
    path = "/v1/projects/{project}",
    operation_id = "create-project",
    tag = "projects",
    params(("project" = String, Path, description = "The project")),
    responses(
        (status = 201, description = "It was created", body = wire::Project),
        (status = 200, description = "It was there already", body = wire::Project),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
) -> Result<(StatusCode, Json<wire::Project>), Problem> {
    let existed = context.engine.projects().contains(&project);
    context.engine.create_project(&project).await?;
    let status = if existed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok((
        status,
        Json(wire::Project {
            name: project.to_string(),
        }),
    ))
}
