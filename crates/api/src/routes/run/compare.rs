//! Two runs beside each other.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use weft_types::RunId;

use crate::api::Context;
use crate::problem::Problem;
use crate::query::{Query, invalid};
use crate::routes::path::InRun;
use crate::wire;

/// Compare two runs
///
/// Of one workflow or of two, ended or not, as far as they are committed: node by node what became of them, and whether they were called
/// with the same and output the same. Takes time proportional to what happened in both.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/runs/{run}/compare",
    operation_id = "compare-runs",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The one run's id"),
        ("with" = String, Query, description = "The other run's id"),
    ),
    responses(
        (status = 200, description = "What they have in common and where they part", body = wire::Comparison),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::routes) async fn compare(
    State(context): State<Arc<Context>>,
    InRun { project, run }: InRun,
    uri: Uri,
) -> Result<Json<wire::Comparison>, Problem> {
    let query = Query::parse(&uri, &["with"])?;
    let other = query.value::<RunId>("with", "a run's id")?;
    let other = other.ok_or_else(|| invalid("with", "is missing: say which run to compare with"))?;
    let runs = &context.workflows()?.runs;
    let compared = runs.compare(&project, run, other).await?;
    Ok(Json(wire::Comparison::from(&compared)))
}
