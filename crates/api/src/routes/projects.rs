//! Projects.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use http::{StatusCode, Uri};
use jiff::Timestamp;
use weft_access::{Role, UserName};
use weft_function_engine::Error;
use weft_types::ProjectName;

use super::cursor;
use super::functions::{DEFAULT_LIMIT, MAX_LIMIT};
use super::path::InProject;
use super::run::read;
use crate::access::Caller;
use crate::api::Context;
use crate::problem::Problem;
use crate::query::{NoQuery, Query};
use crate::wire;

/// List projects
///
/// Those that the token may know of.
#[utoipa::path(
    get,
    path = "/v1/projects",
    operation_id = "list-projects",
    tag = "projects",
    params(
        ("limit" = Option<u32>, Query, description = "Most items, 1 to 1,000; 100 if not given", minimum = 1, maximum = 1000),
        ("after" = Option<String>, Query, description = "`next` of the answer before"),
    ),
    responses(
        (status = 200, description = "Projects in order of their names", body = wire::Page<wire::Project>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
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
    let mut behind = names
        .filter(|name| caller.knows(name))
        .filter(|name| after.as_ref().is_none_or(|after| name > after));
    let items: Vec<_> = behind.by_ref().take(limit).collect();
    let next = items
        .last()
        .filter(|_| behind.next().is_some())
        .map(cursor::of_project);
    Ok(Json(wire::Page {
        items: items.iter().map(shown).collect(),
        next,
    }))
}

/// Show a project
#[utoipa::path(
    get,
    path = "/v1/projects/{project}",
    operation_id = "show-project",
    tag = "projects",
    params(("project" = String, Path, description = "The project")),
    responses(
        (status = 200, description = "The project", body = wire::Project),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    _: NoQuery,
) -> Result<Json<wire::Project>, Problem> {
    context.check_project(&project)?;
    Ok(Json(shown(&project)))
}

/// Create a project
///
/// One that exists is left as it is. Its owner is the one that is named, else who asks, where they are known.
#[utoipa::path(
    put,
    path = "/v1/projects/{project}",
    operation_id = "create-project",
    tag = "projects",
    params(("project" = String, Path, description = "The project")),
    request_body(content = Option<wire::NewProject>, content_type = "application/json"),
    responses(
        (status = 201, description = "It was created", body = wire::Project),
        (status = 200, description = "It was there already", body = wire::Project),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    caller: Caller,
    _: NoQuery,
    request: Request,
) -> Result<(StatusCode, Json<wire::Project>), Problem> {
    let wire::NewProject { owner } = read(&context, request).await?;
    let named = owner.as_deref().map(str::parse::<UserName>).transpose()?;
    let caller = caller.user().map(str::parse::<UserName>).transpose()?;
    let (status, owner) = match context.engine.projects().contains(&project) {
        // It may have been left without an owner, where its creation was broken off.
        true => (StatusCode::OK, named),
        false => {
            context.engine.create_project(&project).await?;
            (StatusCode::CREATED, named.or(caller))
        }
    };
    if let (Some(owner), Some(access)) = (owner, &context.access)
        && access.members(&project).await.is_empty()
    {
        let now = Timestamp::now();
        let set = access.set_member(project.clone(), owner, Role::Owner, now);
        set.await?;
    }
    Ok((status, Json(shown(&project))))
}

/// Delete a project
///
/// One that has no functions. Its tokens are taken no longer. Its name is not given again, as its runs and blobs may still be kept.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project}",
    operation_id = "delete-project",
    tag = "projects",
    params(("project" = String, Path, description = "The project")),
    responses(
        (status = 204, description = "It is gone"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    let deleted = context.engine.delete_project(&project).await;
    // One that is gone may have left what was its own, where its deletion was broken off.
    if let Ok(()) | Err(Error::NoProject(_)) = deleted {
        forget(&context, project).await?;
    }
    Ok(deleted.map(|()| StatusCode::NO_CONTENT)?)
}

/// Forgets the members, tokens, secrets and quotas of a project.
async fn forget(context: &Context, project: ProjectName) -> Result<(), Problem> {
    if let Some(access) = &context.access {
        access.forget_project(project.clone(), Timestamp::now()).await?;
    }
    if let Some(secrets) = &context.secrets {
        secrets.forget_project(project.clone()).await?;
    }
    if let Some(quotas) = &context.quotas {
        quotas.set(project, weft_quotas::Limits::default()).await?;
    }
    Ok(())
}

fn shown(project: &ProjectName) -> wire::Project {
    wire::Project {
        name: project.to_string(),
    }
}
