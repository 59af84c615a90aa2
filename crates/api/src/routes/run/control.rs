//! What can be asked of an open run: to end, to hold, to go on, to take an event.

use std::sync::Arc;

use axum::extract::{Request, State};
use http::StatusCode;
use weft_types::{Value, json};
use weft_workflow::plan;

use super::{body, bounds, no_body, no_node, read};
use crate::api::Context;
use crate::call::blobs;
use crate::headers::User;
use crate::problem::{Kind, Problem};
use crate::query::NoQuery;
use crate::routes::path::{InNode, InRun};
use crate::wire;

/// Cancel a run
///
/// What executes is stopped, and nested runs are cancelled with it. Durable before it is answered.
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/runs/{run}/cancel",
    operation_id = "cancel-run",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id"),
        ("weft-user" = Option<String>, Header, description = "Who asks"),
    ),
    request_body(content = Option<wire::Cancel>, content_type = "application/json"),
    responses(
        (status = 202, description = "It will end, or has"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::routes) async fn cancel(
    State(context): State<Arc<Context>>,
    InRun { project, run }: InRun,
    User(by): User,
    NoQuery: NoQuery,
    request: Request,
) -> Result<StatusCode, Problem> {
    let wire::Cancel { reason } = read(&context, request).await?;
    let runs = &context.workflows()?.runs;
    runs.cancel(&project, run, &by, &reason).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Pause a run
///
/// What executes ends, nothing new starts until it is resumed; nested runs are paused with it.
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/runs/{run}/pause",
    operation_id = "pause-run",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id"),
        ("weft-user" = Option<String>, Header, description = "Who asks"),
    ),
    responses(
        (status = 204, description = "It is paused"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::routes) async fn pause(
    State(context): State<Arc<Context>>,
    InRun { project, run }: InRun,
    User(by): User,
    NoQuery: NoQuery,
    request: Request,
) -> Result<StatusCode, Problem> {
    no_body(&context, request).await?;
    context.workflows()?.runs.pause(&project, run, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Resume a run
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/runs/{run}/resume",
    operation_id = "resume-run",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id"),
        ("weft-user" = Option<String>, Header, description = "Who asks"),
    ),
    responses(
        (status = 204, description = "It goes on"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::routes) async fn resume(
    State(context): State<Arc<Context>>,
    InRun { project, run }: InRun,
    User(by): User,
    NoQuery: NoQuery,
    request: Request,
) -> Result<StatusCode, Problem> {
    no_body(&context, request).await?;
    context.workflows()?.runs.resume(&project, run, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Bring an event that a node awaits
///
/// The body is the value that the node outputs, or `{"$blob": "<digest>"}` in its place; nothing where it outputs none. Durable before it is answered.
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/runs/{run}/nodes/{node}/complete",
    operation_id = "complete-node",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id"),
        ("node" = String, Path, description = "The node, of kind `wait`; one of a nested run by the way to it: `pages[3].approval`"),
        ("weft-user" = Option<String>, Header, description = "Who brings it"),
    ),
    request_body(content = Option<serde_json::Value>, content_type = "application/json"),
    responses(
        (status = 204, description = "The node has its output"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::routes) async fn complete(
    State(context): State<Arc<Context>>,
    InNode { project, run, node }: InNode,
    User(by): User,
    NoQuery: NoQuery,
    request: Request,
) -> Result<StatusCode, Problem> {
    let workflows = context.workflows()?;
    let (run, node) = workflows.runs.find_node(&project, run, &node).await?;
    let handle = workflows.runs.handle(&project, run).await?;
    let plan = handle.plan();
    let index = plan.find(&node).ok_or_else(|| no_node(run, &node, plan))?;
    let awaited = plan.node(index);
    if !matches!(awaited.kind, plan::Kind::Wait { .. }) {
        let detail = format!("node `{node}` of run {run} awaits no event: it is no `wait`");
        return Err(Problem::new(Kind::RunState, detail));
    }
    let body = body(&context, request).await?;
    let value = match &awaited.output {
        Some(ty) => {
            let value = match body.trim_ascii() {
                b"" => Err(invalid(format!("the body is empty, and `{node}` awaits a value"))),
                _ => blobs::value(&context, &project, ty, &body, bounds(&context)).await,
            };
            let image = value.map_err(|problem| problem.with("expected", ty.to_string()))?;
            Some(Value::Direct(image))
        }
        None if matches!(body.trim_ascii(), b"" | b"null") => None,
        None => return Err(takes_nothing(&node)),
    };
    workflows.runs.complete(&project, run, &node, value, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A value for an event that has none.
fn takes_nothing(node: &str) -> Problem {
    invalid(format!(
        "the event that `{node}` awaits has no value: expected `null` or no body"
    ))
}

fn invalid(message: String) -> Problem {
    weft_function_engine::Error::InvalidArguments(json::Error {
        pointer: String::new(),
        message,
        kind: json::ErrorKind::Type,
    })
    .into()
}
