//! The secrets of projects: set, listed by name, deleted; never read.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use http::StatusCode;
use jiff::Timestamp;
use weft_types::SecretText;

use super::path::{InProject, InSecret};
use super::run::body;
use crate::api::Context;
use crate::problem::{Kind, Problem};
use crate::query::NoQuery;
use crate::wire;

/// List the secrets of a project
///
/// By their names. Nothing shows their texts.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/secrets",
    operation_id = "list-secrets",
    tag = "access",
    params(("project" = String, Path, description = "The project")),
    responses(
        (status = 200, description = "Its secrets, in order of their names", body = wire::Page<wire::Secret>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    _: NoQuery,
) -> Result<Json<wire::Page<wire::Secret>>, Problem> {
    context.check_project(&project)?;
    let secrets = context.secrets()?.list(&project);
    Ok(Json(wire::Page {
        items: secrets.iter().map(wire::Secret::from).collect(),
        // There are at most 256 secrets.
        next: None,
    }))
}

/// Set a secret
///
/// It is kept encrypted and cannot be read. Functions that are granted it name it in headers that they send, as
/// `{{secret:NAME}}`; a new text is in force with the next request.
#[utoipa::path(
    put,
    path = "/v1/projects/{project}/secrets/{secret}",
    operation_id = "set-secret",
    tag = "access",
    params(
        ("project" = String, Path, description = "The project"),
        ("secret" = String, Path, description = "What it is called: 1 to 63 letters, digits, `_` and `-`"),
    ),
    request_body(content = wire::NewSecret, content_type = "application/json"),
    responses(
        (status = 201, description = "It is set", body = wire::Secret),
        (status = 200, description = "It was set, and has this text now", body = wire::Secret),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn set(
    State(context): State<Arc<Context>>,
    InSecret { project, secret }: InSecret,
    _: NoQuery,
    request: Request,
) -> Result<(StatusCode, Json<wire::Secret>), Problem> {
    let body = body(&context, request).await?;
    let text = text(&body)?;
    context.check_project(&project)?;
    let vault = context.secrets()?;
    let (set, is_new) = vault.set(project, secret, text, Timestamp::now()).await?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(wire::Secret::from(&set))))
}

/// Delete a secret
///
/// Requests of functions that name it are refused from the next one on.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project}/secrets/{secret}",
    operation_id = "delete-secret",
    tag = "access",
    params(
        ("project" = String, Path, description = "The project"),
        ("secret" = String, Path, description = "What it is called"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(
    State(context): State<Arc<Context>>,
    InSecret { project, secret }: InSecret,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    context.check_project(&project)?;
    context.secrets()?.delete(project, secret).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads the body. What is wrong with it is told without a part of it, as that may be the secret.
fn text(body: &[u8]) -> Result<SecretText, Problem> {
    let invalid = |detail: String| Problem::new(Kind::InvalidRequest, detail);
    let read = serde_json::from_slice::<wire::NewSecret>(body);
    let wire::NewSecret { value } =
        read.map_err(|_| invalid("the body is not as described: it is `{\"value\": \"…\"}`".to_owned()))?;
    SecretText::new(value).map_err(|error| invalid(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_secret_is_told_without_it() {
        for body in [
            "\"hunter2\"",
            "hunter2",
            "{\"hunter2\": 1}",
            "{\"value\": 123123}",
            "{\"value\": \"hunter2\\n\"}",
            "{\"value\": \"hunter2\", \"hunter2\": 1}",
            "",
        ] {
            let problem = text(body.as_bytes()).unwrap_err();
            let told = format!("{problem:?}");
            assert!(!told.contains("hunter2") && !told.contains("123123"), "{told}");
        }
        assert_eq!(text(b"{\"value\": \"hunter2\"}").unwrap().reveal(), "hunter2");
    }
}
