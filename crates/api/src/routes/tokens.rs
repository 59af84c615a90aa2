//! Tokens, and who one is by one's own.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use weft_access::{Access, Grant, Scope, UserName};
use weft_types::ProjectName;

use super::path::{InProject, NamedProjectToken, NamedToken};
use super::run::read_required;
use crate::access::Caller;
use crate::api::Context;
use crate::headers::User;
use crate::problem::Problem;
use crate::query::NoQuery;
use crate::wire;

/// How long tokens are taken where nothing is said.
const LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Tell who asks
#[utoipa::path(
    get,
    path = "/v1/self",
    operation_id = "show-self",
    tag = "access",
    responses(
        (status = 200, description = "Who the server takes the sender of the token for", body = wire::Myself),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn myself(caller: Caller, _: NoQuery) -> Json<wire::Myself> {
    let (admin, project, role) = match caller.grant() {
        None | Some(Grant::Admin) => (true, None, None),
        Some(Grant::Project { project, role }) => (false, Some(project.to_string()), Some((*role).into())),
    };
    Json(wire::Myself {
        user: caller.user().map(str::to_owned),
        token: caller.token().map(|id| id.to_string()),
        admin,
        project,
        role,
    })
}

/// List tokens
///
/// All there are, in the order in which they were made. What opens them is not kept, so it is not shown.
#[utoipa::path(
    get,
    path = "/v1/tokens",
    operation_id = "list-tokens",
    tag = "access",
    responses(
        (status = 200, description = "The tokens", body = wire::Page<wire::Token>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    _: NoQuery,
) -> Result<Json<wire::Page<wire::Token>>, Problem> {
    Ok(Json(page(context.access()?, None).await))
}

/// Create a token of the platform
///
/// It may do everything. The first token of all must be one: from then on whoever has none is asked for one.
#[utoipa::path(
    post,
    path = "/v1/tokens",
    operation_id = "create-token",
    tag = "access",
    params(("weft-user" = Option<String>, Header, description = "Who asks, where no token says so")),
    request_body(content = wire::NewAdminToken, content_type = "application/json"),
    responses(
        (status = 201, description = "The token, and what opens it", body = wire::CreatedToken),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(
    State(context): State<Arc<Context>>,
    User(by): User,
    _: NoQuery,
    request: Request,
) -> Result<(StatusCode, Json<wire::CreatedToken>), Problem> {
    let asked: wire::NewAdminToken = read_required(&context, request).await?;
    let new = weft_access::NewToken {
        holder: holder(asked.user.as_deref(), &by)?,
        scope: Scope::Platform,
        note: asked.note,
        lifetime: lifetime(asked.lifetime_seconds),
        created_by: by,
    };
    created(context.access()?, new).await
}

/// Revoke a token
///
/// It is taken no longer, from the next request on.
#[utoipa::path(
    delete,
    path = "/v1/tokens/{token}",
    operation_id = "revoke-token",
    tag = "access",
    params(("token" = String, Path, description = "The token's id")),
    responses(
        (status = 204, description = "It is revoked"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn revoke(
    State(context): State<Arc<Context>>,
    NamedToken(token): NamedToken,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    context.access()?.revoke(token, None, Timestamp::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List a project's tokens
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/tokens",
    operation_id = "list-project-tokens",
    tag = "access",
    params(("project" = String, Path, description = "The project")),
    responses(
        (status = 200, description = "The tokens, in the order in which they were made", body = wire::Page<wire::Token>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_of_project(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    _: NoQuery,
) -> Result<Json<wire::Page<wire::Token>>, Problem> {
    context.check_project(&project)?;
    Ok(Json(page(context.access()?, Some(&project)).await))
}

/// Create a token of a project
///
/// It acts for a member of the project, and may do what its role allows, though never more than that member.
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/tokens",
    operation_id = "create-project-token",
    tag = "access",
    params(
        ("project" = String, Path, description = "The project"),
        ("weft-user" = Option<String>, Header, description = "Who asks, where no token says so"),
    ),
    request_body(content = wire::NewToken, content_type = "application/json"),
    responses(
        (status = 201, description = "The token, and what opens it", body = wire::CreatedToken),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create_of_project(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    User(by): User,
    _: NoQuery,
    request: Request,
) -> Result<(StatusCode, Json<wire::CreatedToken>), Problem> {
    let asked: wire::NewToken = read_required(&context, request).await?;
    context.check_project(&project)?;
    let new = weft_access::NewToken {
        holder: holder(asked.user.as_deref(), &by)?,
        scope: Scope::Project {
            project,
            role: asked.role.into(),
        },
        note: asked.note,
        lifetime: lifetime(asked.lifetime_seconds),
        created_by: by,
    };
    created(context.access()?, new).await
}

/// Revoke a project's token
#[utoipa::path(
    delete,
    path = "/v1/projects/{project}/tokens/{token}",
    operation_id = "revoke-project-token",
    tag = "access",
    params(
        ("project" = String, Path, description = "The project"),
        ("token" = String, Path, description = "The token's id"),
    ),
    responses(
        (status = 204, description = "It is revoked"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn revoke_of_project(
    State(context): State<Arc<Context>>,
    NamedProjectToken { project, token }: NamedProjectToken,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    context.check_project(&project)?;
    let access = context.access()?;
    access.revoke(token, Some(project), Timestamp::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn page(access: &Access, within: Option<&ProjectName>) -> wire::Page<wire::Token> {
    let now = Timestamp::now();
    let tokens = access.tokens(within).await;
    wire::Page {
        items: tokens.iter().map(|token| wire::Token::new(token, now)).collect(),
        // There are at most 10,000 tokens.
        next: None,
    }
}

async fn created(
    access: &Arc<Access>,
    new: weft_access::NewToken,
) -> Result<(StatusCode, Json<wire::CreatedToken>), Problem> {
    let now = Timestamp::now();
    let (token, secret) = access.create(new, now).await?;
    let created = wire::CreatedToken {
        secret: secret.text(),
        token: wire::Token::new(&token, now),
    };
    Ok((StatusCode::CREATED, Json(created)))
}

fn holder(named: Option<&str>, by: &str) -> Result<UserName, Problem> {
    Ok(named.unwrap_or(by).parse::<UserName>()?)
}

fn lifetime(seconds: Option<u32>) -> Option<SignedDuration> {
    match seconds {
        None => Some(LIFETIME),
        Some(0) => None,
        Some(seconds) => Some(SignedDuration::from_secs(seconds.into())),
    }
}
