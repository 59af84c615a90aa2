//! One run: what becomes of it, and what can be asked of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Response;
use axum::{Extension, Json};
use bytes::Bytes;
use http::{StatusCode, Uri};
use serde::de::DeserializeOwned;
use weft_function_engine::port::TraceContext;
use weft_types::image::Bounds;
use weft_workflow::event::Trigger;
use weft_workflow::record::RunRecord;
use weft_workflow::{NodeIndex, Place, Plan};
use weft_workflow_engine::{Answer, Error, Rerun, RunDetail, Selection};

use super::path::InRun;
use crate::api::Context;
use crate::body::{Bound, Whole, collect};
use crate::call;
use crate::headers::User;
use crate::problem::{Kind, Problem};
use crate::query::{NoQuery, Query};
use crate::wire;
use crate::wire::run_view::{name, shown};

mod arguments;
pub(super) mod compare;
pub(super) mod control;
pub(super) mod events;
pub(super) mod node;
pub(super) mod values;

/// The longest wait for a run's end.
const MOST_WAIT: Duration = Duration::from_secs(300);
/// Nested runs that are told of with a node.
const MOST_NESTED: usize = 100;
/// Items that failed that are told of each node of a run; all that are kept where one node is asked for.
const FEW_FAILURES: usize = 3;
/// The largest body of a request about a run, in bytes.
const MOST_BODY: u64 = 16 << 20;

/// Show a run
///
/// With `wait`, answers when the run has ended, or after that time as it then stands.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/runs/{run}",
    operation_id = "show-run",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id"),
        ("wait" = Option<String>, Query, description = "How long to wait for its end, as `30s`; at most 5 minutes"),
    ),
    responses(
        (status = 200, description = "The run as it stands", body = wire::Run),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(
    State(context): State<Arc<Context>>,
    InRun { project, run }: InRun,
    uri: Uri,
) -> Result<Json<wire::Run>, Problem> {
    let workflows = context.workflows()?;
    let query = Query::parse(&uri, &["wait"])?;
    if let Some(wait) = query.duration("wait")? {
        match workflows.runs.handle(&project, run).await {
            Ok(handle) => drop(handle.wait(wait.min(MOST_WAIT)).await?),
            // Its workflow was deleted, which waits for the end of its runs.
            Err(Error::NoPlan(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut told = view(&workflows.runs.detail(&project, run).await?);
    if let Some(webhooks) = &context.webhooks {
        told.webhook = webhooks.of(&project, run).await?.map(wire::Webhook::from);
    }
    Ok(Json(told))
}

/// A run as the API shows it, but for its webhook.
pub(crate) fn view(detail: &RunDetail) -> wire::Run {
    let RunDetail {
        record,
        plan,
        nodes,
        progress,
        awaiting,
        around,
        nested,
    } = detail;
    let plan = plan.as_deref();
    let mut runs = nested_by_node(nested);
    let mut sets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in nodes {
        sets.entry(name(&node.status))
            .or_default()
            .push(node.name.to_string());
    }
    let ty = plan.and_then(|plan| plan.signature.result.as_ref());
    let told = nodes.iter().zip(plan.into_iter().cycle());
    wire::Run {
        summary: wire::RunSummary::new(record, plan, around.as_deref(), awaiting),
        progress: *progress,
        result: record
            .result
            .as_ref()
            .zip(ty)
            .map(|(stored, ty)| shown(stored, ty)),
        sets,
        webhook: None,
        node_states: told
            .map(|(node, plan)| {
                let nested = runs.remove(&node.node).unwrap_or_default();
                wire::Node::new(node, plan, nested, FEW_FAILURES)
            })
            .collect(),
    }
}

/// Of each node, the first of the runs that are nested in it.
pub(super) fn nested_by_node(nested: &[RunRecord]) -> HashMap<NodeIndex, Vec<wire::NestedRun>> {
    let mut runs: HashMap<NodeIndex, Vec<(Place, &RunRecord)>> = HashMap::new();
    for record in nested {
        if let Trigger::Parent { place, .. } = record.trigger {
            runs.entry(place.node).or_default().push((place, record));
        }
    }
    let told = runs.into_iter().map(|(node, mut runs)| {
        runs.sort_by_key(|(place, record)| (place.item, record.created_at));
        runs.truncate(MOST_NESTED);
        let told = runs.into_iter().map(|(place, record)| wire::NestedRun {
            run: record.run.to_string(),
            item: place.item,
            status: name(&record.status),
        });
        (node, told.collect())
    });
    told.collect()
}

/// Delete a run
///
/// Removes the record of a run that has ended.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project}/runs/{run}",
    operation_id = "delete-run",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id"),
    ),
    responses(
        (status = 204, description = "Its record is gone"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete(
    State(context): State<Arc<Context>>,
    InRun { project, run }: InRun,
    NoQuery: NoQuery,
) -> Result<StatusCode, Problem> {
    match context.workflows()?.runs.delete(&project, run).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(super::runs::no_run(run)),
    }
}

/// Run again
///
/// A new run of the same version, linked to this one: what failed (`what: failed`, the default), all of it (`what: whole`), some
/// nodes and all that need them (`from`), or only some nodes (`only`). Results of the others are reused, unless they would be called with
/// something else: `arguments` replaces all arguments, `change` single ones. With an `Idempotency-Key`, a
/// repetition of the request answers the same run.
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/runs/{run}/rerun",
    operation_id = "rerun",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id, which has ended"),
        ("idempotency-key" = Option<String>, Header, description = "Chosen by the caller, the same for repetitions; kept for 24 h"),
        ("weft-user" = Option<String>, Header, description = "Who asks"),
    ),
    request_body(content = Option<wire::Rerun>, content_type = "application/json"),
    responses(
        (status = 202, description = "The new run was accepted", body = wire::Started),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn rerun(
    State(context): State<Arc<Context>>,
    Extension(trace): Extension<TraceContext>,
    InRun { project, run }: InRun,
    User(submitter): User,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let body = body(&context, request).await?;
    let asked: wire::Rerun = read_json(&body)?;
    names_something(&body)?;
    let key = call::key_of(&headers, || {
        [b"rerun", run.0.as_bytes().as_slice(), &body].concat()
    })?;
    let workflows = context.workflows()?;
    let handle = workflows.runs.handle(&project, run).await?;
    let plan = handle.plan();
    let node = |name: &String| plan.find(name).ok_or_else(|| no_node(run, name, plan));
    let selection = selection(&asked, node)?;
    let arguments = arguments::replaced(&context, (&project, run), &plan.signature, &asked).await?;
    let again = Rerun {
        project,
        of: run,
        selection,
        arguments,
        submitter,
        trace: (trace.trace_id, trace.span_id),
        key,
        answer: Answer::Id,
    };
    let handle = workflows.runs.rerun(again).await?;
    Ok(call::started(&handle).map(axum::body::Body::new))
}

/// Refuses an empty list of nodes: that it selects nothing is not what it would be taken for.
fn names_something(body: &[u8]) -> Result<(), Problem> {
    let members: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    for member in ["from", "only"] {
        if members[member].as_array().is_some_and(Vec::is_empty) {
            let detail = format!("`{member}` is empty: name the nodes to be executed again, or leave it out");
            return Err(Problem::new(Kind::InvalidRequest, detail).with("member", member));
        }
    }
    Ok(())
}

fn selection(
    asked: &wire::Rerun,
    node: impl Fn(&String) -> Result<NodeIndex, Problem>,
) -> Result<Selection, Problem> {
    let nodes = |names: &[String]| names.iter().map(&node).collect::<Result<Vec<_>, _>>();
    match (asked.what.as_deref(), &*asked.from, &*asked.only) {
        (None | Some("failed"), [], []) => Ok(Selection::Failed),
        (Some("whole"), [], []) => Ok(Selection::Whole),
        (None, from, []) => Ok(Selection::From(nodes(from)?)),
        (None, [], only) => Ok(Selection::Only(nodes(only)?)),
        _ => Err(Problem::new(
            Kind::InvalidRequest,
            "say one of `what` (`failed` or `whole`), `from` (names of nodes) and `only` (names of nodes)",
        )),
    }
}

pub(super) fn no_node(run: weft_types::RunId, node: &str, plan: &Plan) -> Problem {
    Error::no_node(run, node, plan).into()
}

fn bounds(context: &Context) -> Bounds {
    Bounds {
        bytes: MOST_BODY as usize,
        elements: context.engine.config().elements,
    }
}

/// Reads a body that is JSON, or empty.
pub(super) async fn body(context: &Context, request: Request) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    let bound = Bound {
        bytes: MOST_BODY,
        idle: context.options.body_idle,
        too_large: Kind::ArgumentsTooLarge,
    };
    let body = collect(body, Whole::new(None), bound).await?;
    call::expect_json(&parts.headers, body.is_empty())?;
    Ok(body)
}

/// Reads a JSON body.
pub(super) async fn read_required<T: DeserializeOwned>(
    context: &Context,
    request: Request,
) -> Result<T, Problem> {
    let text = body(context, request).await?;
    let text = if text.is_empty() { b"{}" } else { &*text };
    parse(text)
}

/// Expects nothing in the body.
async fn no_body(context: &Context, request: Request) -> Result<(), Problem> {
    let wire::Nothing {} = read(context, request).await?;
    Ok(())
}

/// Reads a JSON body; an empty one is the default.
pub(super) async fn read<T: DeserializeOwned + Default>(
    context: &Context,
    request: Request,
) -> Result<T, Problem> {
    read_json(&body(context, request).await?)
}

fn read_json<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Problem> {
    if body.is_empty() {
        return Ok(T::default());
    }
    parse(body)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        Problem::new(
            Kind::InvalidRequest,
            format!("the body is not as described: {error}"),
        )
    })
}
