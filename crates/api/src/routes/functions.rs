//! Functions: lists, details, removal.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, Uri};
use weft_function_engine::Filter;
use weft_types::{FunctionName, Kind, ProjectName};
use weft_workflow_engine::port::records::RunFilter;

use super::cursor;
use super::path::{InFunction, InProject};
use crate::api::Context;
use crate::headers;
use crate::problem::Problem;
use crate::query::{NoQuery, Query, invalid};
use crate::wire;

/// Items of a list, where no limit is asked for.
pub(super) const DEFAULT_LIMIT: usize = 100;
/// Most items of a list.
pub(super) const MAX_LIMIT: usize = 1000;

/// List functions
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions",
    operation_id = "list-functions",
    tag = "functions",
    params(
        ("project" = String, Path, description = "The project"),
        ("limit" = Option<u32>, Query, description = "Most items, 1 to 1,000; 100 if not given", minimum = 1, maximum = 1000),
        ("after" = Option<String>, Query, description = "`next` of the answer before"),
        ("label" = Option<Vec<String>>, Query, description = "`key:value` that each must have; may be repeated"),
        ("kind" = Option<wire::Kind>, Query, description = "Only this kind"),
        ("creator" = Option<String>, Query, description = "Only those created by this user"),
    ),
    responses(
        (status = 200, description = "Functions in order of their names", body = wire::Page<wire::FunctionSummary>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    uri: Uri,
) -> Result<Json<wire::Page<wire::FunctionSummary>>, Problem> {
    let query = Query::parse(&uri, &["limit", "after", "label", "kind", "creator"])?;
    let limit = query.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let after = query.text("after")?.map(cursor::parse).transpose()?;
    let page = context
        .engine
        .functions(&project, &filter(&query)?, after.as_ref(), limit)?;
    Ok(Json(wire::Page {
        items: page.items.iter().map(wire::FunctionSummary::from).collect(),
        next: page.next.as_ref().map(cursor::of_name),
    }))
}

fn filter(query: &Query) -> Result<Filter, Problem> {
    let labels = query.all("label").map(|label| match label.split_once(':') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(invalid("label", "must be `key:value`")),
    });
    let kind = match query.text("kind")? {
        None => None,
        Some("component") => Some(Kind::Component),
        Some("workflow") => Some(Kind::Workflow),
        Some(_) => return Err(invalid("kind", "must be `component` or `workflow`")),
    };
    Ok(Filter {
        labels: labels.collect::<Result<_, _>>()?,
        kind,
        creator: query.text("creator")?.map(str::to_owned),
    })
}

/// Show a function
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}",
    operation_id = "show-function",
    tag = "functions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
    ),
    responses(
        (status = 200, description = "The function", body = wire::Function),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    _: NoQuery,
) -> Result<Json<wire::Function>, Problem> {
    let view = context.engine.function(&project, &function)?;
    Ok(Json(wire::Function::new(&view, &context.engine)))
}

/// Delete a function
///
/// With all its versions. Refused while other functions may call it, or open runs need it. Runs of a workflow that are kept stay in lists, but what their
/// nodes and results were is no longer told: the header `Weft-Kept-Runs` says how many these are, up to 1,000.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project}/functions/{function}",
    operation_id = "delete-function",
    tag = "functions",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
    ),
    responses(
        (status = 204, description = "It is gone", headers(("weft-kept-runs" = Option<u32>, description = "Runs of it that are kept, and lose their details"))),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    _: NoQuery,
) -> Result<Response, Problem> {
    context.engine.delete(&project, &function).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let kept = kept_runs(&context, &project, &function).await;
    if kept > 0 {
        response
            .headers_mut()
            .insert(headers::KEPT_RUNS, HeaderValue::from(kept));
    }
    Ok(response)
}

/// How many runs of a workflow are kept; 0 where that cannot be found out, as it is gone all the same.
async fn kept_runs(context: &Context, project: &ProjectName, function: &FunctionName) -> usize {
    let Ok(workflows) = context.workflows() else {
        return 0;
    };
    let filter = RunFilter {
        workflow: Some(function.clone()),
        nested: true,
        ..RunFilter::default()
    };
    let kept = workflows.runs.list(project, &filter, None, MAX_LIMIT).await;
    kept.map_or(0, |runs| runs.len())
}
