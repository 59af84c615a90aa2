//! Calls that the short way left to the router, and their description.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;
use weft_function_engine::port::TraceContext;

use super::path::InFunction;
use crate::access::Caller;
use crate::api::Context;
use crate::call;
use crate::problem::Problem;
use crate::wire;

/// Call a function
///
/// The body is a JSON object by parameter name or an array by position, or nothing where there are no parameters; or, as
/// `application/octet-stream`, the one parameter of type `list<u8>`. The answer is the result as JSON (the `ok` of a
/// `result`), or its bytes where `Accept` names `application/octet-stream`; 204 where there is no value.
/// `/schema` and `/openapi.json` of the function say what it takes.
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/functions/{function}/invoke",
    operation_id = "invoke",
    tag = "calls",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
        ("export" = Option<String>, Query, description = "Which export, where there are several: `name` or `interface#name`"),
        ("version" = Option<u32>, Query, description = "Which version; else the active one"),
        ("timeout" = Option<String>, Query, description = "How long to wait at most, as `500ms`, `5s`, `1m`; the version's own limit stays"),
        ("inline-bytes" = Option<u64>, Query, description = "A result of more bytes is kept as a blob, and its address answered instead: `{\"$blob\": \"<digest>\"}`"),
        ("traceparent" = Option<String>, Header, description = "The caller's trace (W3C)"),
        ("idempotency-key" = Option<String>, Header, description = "Of workflows only: chosen by the caller, the same for repetitions; kept for 24 h. Other functions refuse it"),
        ("weft-seed" = Option<String>, Header, description = "The seed of an earlier answer, to repeat that call"),
        ("weft-time" = Option<String>, Header, description = "The time of an earlier answer, to repeat that call"),
    ),
    request_body(
        description = "The arguments",
        content((serde_json::Value = "application/json"), (crate::wire::Bytes = "application/octet-stream")),
    ),
    responses(
        (
            status = 200,
            description = "The result",
            content((serde_json::Value = "application/json"), (crate::wire::Bytes = "application/octet-stream")),
            headers(
                ("weft-invocation" = String, description = "Identifies the call in logs"),
                ("weft-version" = u32, description = "The version that answered"),
                ("weft-seed" = String, description = "Seed of an effect-free call's randomness"),
                ("weft-time" = String, description = "Start of an effect-free call's clock"),
                ("server-timing" = String, description = "Milliseconds spent in the queue, starting and executing"),
                ("traceparent" = String, description = "The trace of the call (W3C)"),
            ),
        ),
        (status = 204, description = "The function has no result, or one without a value"),
        (status = 422, description = "The function's own error, in the member `error`", body = wire::Problem, content_type = "application/problem+json"),
        (status = "default", description = "Any other error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn invoke(
    State(context): State<Arc<Context>>,
    Extension(trace): Extension<TraceContext>,
    InFunction { project, function }: InFunction,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let named = (project.as_str(), function.as_str());
    let called = call::call(&context, &caller, named, &parts, body, trace).await?;
    Ok(called.map(axum::body::Body::new))
}
