//! Projects.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::{StatusCode, Uri};
use weft_types::ProjectName;

use super::cursor;
use super::functions::{DEFAULT_LIMIT, MAX_LIMIT};
use super::path::InProject;
use crate::api::Context;
use crate::problem::Problem;
use crate::query::{NoQuery, Query};
use crate::wire;

/// List projects
#[utoipa::path(
    get,
    path = "/v1/projects",
    operation_id = "list-projects",
    tag = "projects",
    params(
        ("limit" = Option<u32>, Query, description = "Most items, 1 to 1,000; 100 if not given"),
        ("after" = Option<String>, Query, description = "`next` of the answer before"),
    ),
    responses(
        (status = 200, description = "Projects in order of their names", body = wire::Page<wire::Project>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    uri: Uri,
) -> Result<Json<wire::Page<wire::Project>>, Problem> {
    let query = Query::parse(&uri, &["limit", "after"])?;
    let limit = query.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let after = query
        .text("after")?
        .map(cursor::parse::<ProjectName>)
        .transpose()?;
    // In order of their names already.
    let names = context.engine.projects().into_iter();
    let mut behind = names.filter(|name| after.as_ref().is_none_or(|after| name > after));
    let items: Vec<_> = behind.by_ref().take(limit).collect();
    let next = items
        .last()
        .filter(|_| behind.next().is_some())
        .map(cursor::of_project);
    let items = items.iter().map(|name| wire::Project {
        name: name.to_string(),
    });
    Ok(Json(wire::Page {
        items: items.collect(),
        next,
    }))
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
    _: NoQuery,
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
