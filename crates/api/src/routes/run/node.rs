//! One node of a run: what it was called with, and what came of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use weft_workflow::plan::{Call, Kind};
use weft_workflow::record::MAX_ATTEMPTS;
use weft_workflow_engine::Error;
use weft_workflow_engine::port::blobs::BlobError;
use weft_workflow_engine::port::workflows::NoPlan;

use super::{nested_by_node, no_node};
use crate::api::Context;
use crate::problem::Problem;
use crate::query::Query;
use crate::routes::path::InNode;
use crate::wire;
use crate::wire::run_view::{input_type, shown_image};

/// Show a node of a run
///
/// What it was called with, what became of it and its output. What it was called with is not stored: it is put together once more from
/// what is.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/runs/{run}/nodes/{node}",
    operation_id = "show-node",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id"),
        ("node" = String, Path, description = "The node"),
        ("item" = Option<u32>, Query, description = "Which item's input, from 0, where the node goes over a list"),
    ),
    responses(
        (status = 200, description = "The node as it stands", body = wire::NodeDetail),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::routes) async fn show(
    State(context): State<Arc<Context>>,
    InNode { project, run, node }: InNode,
    uri: Uri,
) -> Result<Json<wire::NodeDetail>, Problem> {
    let query = Query::parse(&uri, &["item"])?;
    let item = query.value::<u32>("item", "the number of an item, from 0")?;
    let runs = &context.workflows()?.runs;
    let detail = runs.detail(&project, run).await?;
    let workflow = detail.record.workflow;
    let plan = detail.plan.ok_or(Error::NoPlan(NoPlan::NoWorkflow(workflow)))?;
    let index = plan.find(&node).ok_or_else(|| no_node(run, &node, &plan))?;
    let record = detail.nodes.get(index.0 as usize);
    let record = record.ok_or_else(|| no_node(run, &node, &plan))?;
    let nested = nested_by_node(&detail.nested).remove(&index).unwrap_or_default();
    let input = match runs.arguments(&project, run, &node, item).await {
        Ok(input) => input,
        // A value of a closed run may have been collected.
        Err(Error::Blob(BlobError::Missing(_))) => None,
        Err(error) => return Err(error.into()),
    };
    let (kind, callee) = match &plan.node(index).kind {
        Kind::Call(call) => ("call", Some(called(call))),
        Kind::Sleep { .. } => ("sleep", None),
        Kind::Wait { .. } => ("wait", None),
    };
    let ty = input_type(&plan, index);
    Ok(Json(wire::NodeDetail {
        node: wire::Node::new(record, &plan, nested, MAX_ATTEMPTS),
        kind: kind.to_owned(),
        callee,
        input: input.zip(ty).map(|(input, ty)| shown_image(&input, &ty)),
    }))
}

fn called(call: &Call) -> String {
    format!("{}#{}@{}", call.function, call.export_name, call.version)
}
