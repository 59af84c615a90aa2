//! Values of a run, whole: what it answered, and what its nodes were called with and answered.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::Uri;
use http::request::Parts;
use weft_types::image::Image;
use weft_types::{Type, json};
use weft_workflow_engine::{Error, Waited};

use super::{MOST_WAIT, no_node};
use crate::api::Context;
use crate::call::{self, Accepted};
use crate::problem::{Kind, Problem};
use crate::query::Query;
use crate::routes::path::{InNode, InRun};
use crate::wire;
use crate::wire::run_view::input_type;

/// Show a run's result
///
/// The result alone, however large, as a call of the workflow answers it: JSON, its members in the order of the type, or raw bytes for a `list<u8>` where
/// `Accept` asks for them. A run that has no result as it failed is answered as the call would have been.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/runs/{run}/result",
    operation_id = "run-result",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id"),
        ("wait" = Option<String>, Query, description = "How long to wait for its end, as `30s`; at most 5 minutes"),
    ),
    responses(
        (status = 200, description = "The result", content((serde_json::Value = "application/json"), (wire::Bytes = "application/octet-stream"))),
        (status = 204, description = "It has none"),
        (status = "default", description = "An error, among them that it has not ended", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::routes) async fn result(
    State(context): State<Arc<Context>>,
    InRun { project, run }: InRun,
    parts: Parts,
) -> Result<Response, Problem> {
    let query = Query::parse(&parts.uri, &["wait"])?;
    let wait = query.duration("wait")?.unwrap_or(Duration::ZERO);
    let accepted = Accepted::of(&parts.headers)?;
    let workflows = context.workflows()?;
    let handle = workflows.runs.handle(&project, run).await?;
    match handle.wait(wait.min(MOST_WAIT)).await? {
        Waited::Open => Err(Error::StillOpen(run).into()),
        Waited::Ended(outcome) => {
            let response = call::answer_run(workflows, &handle, &outcome, handle.plan(), accepted).await?;
            Ok(response.map(axum::body::Body::new))
        }
    }
}

/// Show a node's output
///
/// The output alone, however large: JSON, its members in the order of the type, or raw bytes for a `list<u8>` where `Accept` asks for
/// them.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/runs/{run}/nodes/{node}/output",
    operation_id = "node-output",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id"),
        ("node" = String, Path, description = "The node"),
    ),
    responses(
        (status = 200, description = "The output", content((serde_json::Value = "application/json"), (wire::Bytes = "application/octet-stream"))),
        (status = 204, description = "It has none, or not yet"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::routes) async fn output(
    State(context): State<Arc<Context>>,
    InNode { project, run, node }: InNode,
    parts: Parts,
) -> Result<Response, Problem> {
    Query::parse(&parts.uri, &[])?;
    let accepted = Accepted::of(&parts.headers)?;
    let runs = &context.workflows()?.runs;
    let output = runs.output(&project, run, &node).await?;
    told(output, accepted)
}

/// Show a node's input
///
/// What it was, or would be, called with, however large: the arguments by name as JSON, or the milliseconds of a sleep.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/runs/{run}/nodes/{node}/input",
    operation_id = "node-input",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id"),
        ("node" = String, Path, description = "The node"),
        ("item" = Option<u32>, Query, description = "Which item's input, from 0, where the node goes over a list"),
    ),
    responses(
        (status = 200, description = "The input", body = serde_json::Value),
        (status = 204, description = "It takes nothing, or that is not known (yet)"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::routes) async fn input(
    State(context): State<Arc<Context>>,
    InNode { project, run, node }: InNode,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = Query::parse(&uri, &["item"])?;
    let item = query.value::<u32>("item", "the number of an item, from 0")?;
    let runs = &context.workflows()?.runs;
    let plan = Arc::clone(runs.handle(&project, run).await?.plan());
    let index = plan.find(&node).ok_or_else(|| no_node(run, &node, &plan))?;
    let input = runs.arguments(&project, run, &node, item).await?;
    told(input.zip(input_type(&plan, index)), Accepted::Json)
}

fn told(value: Option<(Image, Type)>, accepted: Accepted) -> Result<Response, Problem> {
    let Some((image, ty)) = value else {
        return Ok(call::nothing().map(axum::body::Body::new));
    };
    let raw = match accepted {
        Accepted::Json => None,
        Accepted::Octets | Accepted::OctetsOrJson => image.raw(&ty),
    };
    let response = match raw {
        Some(bytes) => call::octets(bytes),
        None if accepted == Accepted::Octets => {
            let detail = format!("the value is a `{ty}`: only a `list<u8>` is answered as bytes");
            return Err(Problem::new(Kind::NotAcceptable, detail));
        }
        None => {
            let mut text = Vec::with_capacity(image.as_bytes().len());
            json::print(&ty, &image, &mut text);
            call::json_text(text)
        }
    };
    Ok(response.map(axum::body::Body::new))
}
