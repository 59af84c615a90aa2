//! Runs of workflows: starting and listing them.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use axum::{Extension, Json};
use http::Uri;
use jiff::Timestamp;
use weft_function_engine::port::TraceContext;
use weft_types::image::Bounds;
use weft_types::{FunctionName, Priority, ProjectName, RunId, RunStatus};
use weft_workflow::Plan;
use weft_workflow::event::Trigger;
use weft_workflow::record::RunRecord;
use weft_workflow_engine::port::records::RunFilter;
use weft_workflow_engine::port::workflows::Workflows as _;
use weft_workflow_engine::{Answer, Error};

use super::cursor;
use super::functions::{DEFAULT_LIMIT, MAX_LIMIT};
use super::path::{InFunction, InProject};
use crate::api::Context;
use crate::body::{Bound, Whole, collect};
use crate::call;
use crate::problem::{Kind, Problem};
use crate::query::{Query, invalid};
use crate::wire;
use crate::workflows::Workflows;

mod asked;
mod stands_for;

use asked::Asked;
use stands_for::Terms;

/// What the query of a start may have.
const START: &[&str] = &["version", "priority", "timeout", "group", "label", "webhook"];
/// What the query of a list may have.
const LIST: &[&str] = &[
    "workflow",
    "version",
    "status",
    "since",
    "until",
    "label",
    "submitter",
    "parent",
    "nested",
    "awaiting",
    "limit",
    "after",
];

/// Start a run
///
/// Answers 202 with the run's address as soon as its acceptance is durable. With an `Idempotency-Key`, a repetition of the
/// request answers the same run. With `application/vnd.weft.start+json`, the body has global parameters and outputs in place of nodes
/// beside the arguments.
#[utoipa::path(
    post,
    path = "/v1/projects/{project}/functions/{function}/runs",
    operation_id = "start-run",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The workflow"),
        ("version" = Option<u32>, Query, description = "Which version; else the active one"),
        ("priority" = Option<String>, Query, description = "`highest`, `high`, `medium`, `low` or `lowest`; else the workflow's"),
        ("timeout" = Option<String>, Query, description = "How long the run may take, as `5s`, `2m`"),
        ("group" = Option<String>, Query, description = "The label that pools must carry to execute nodes of the run; `default` for any"),
        ("label" = Option<Vec<String>>, Query, description = "`name:value`, may be repeated"),
        ("webhook" = Option<String>, Query, description = "Where the run is posted to once it has ended, as `GET …/runs/{run}` shows it: an address the server allows"),
        ("idempotency-key" = Option<String>, Header, description = "Chosen by the caller, the same for repetitions; kept for 24 h"),
        ("weft-user" = Option<String>, Header, description = "Who starts it"),
    ),
    request_body(
        description = "The arguments",
        content((serde_json::Value = "application/json"), (wire::Start = "application/vnd.weft.start+json"), (wire::Bytes = "application/octet-stream")),
    ),
    responses(
        (status = 202, description = "The run was accepted", body = wire::Started),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn start(
    State(context): State<Arc<Context>>,
    Extension(trace): Extension<TraceContext>,
    InFunction { project, function }: InFunction,
    request: Request,
) -> Result<Response, Problem> {
    let workflows = context.workflows()?;
    let (mut parts, body) = request.into_parts();
    let query = Query::parse(&parts.uri, START)?;
    let version = query.version()?;
    context.check_workflow(&project, &function, version)?;
    let bound = Bound {
        bytes: context
            .engine
            .callee(project.as_str(), function.as_str(), version)?
            .input_limit(),
        idle: context.options.body_idle,
        too_large: Kind::ArgumentsTooLarge,
    };
    let bounds = Bounds {
        bytes: usize::try_from(bound.bytes).unwrap_or(usize::MAX),
        elements: context.engine.config().elements,
    };
    let mut body = collect(body, Whole::new(None), bound).await?;
    let asked = Asked::take(&mut parts.headers, &mut body)?;
    let named = (&project, &function);
    let mut start = call::start_of(&context, workflows, &parts.headers, named, version, body, trace).await?;
    if let Some(asked) = asked {
        let found = workflows.plans.plan(&project, &function, start.version);
        let (_, plan) = found.map_err(Error::from)?;
        asked.apply(&context, &mut start, &plan, bounds).await?;
    }
    start.answer = Answer::Id;
    start.priority = priority(&query)?;
    start.timeout = query.duration("timeout")?;
    start.group = group(&context, &query)?;
    for label in query.all("label") {
        let (name, value) = label.split_once(':').unwrap_or((label, ""));
        start.labels.insert(name.to_owned(), value.to_owned());
    }
    let url = query.text("webhook")?;
    if let Some(key) = &mut start.key {
        let terms = Terms {
            priority: start.priority,
            timeout: start.timeout,
            group: start.group.as_deref(),
            labels: Some(&start.labels).filter(|labels| !labels.is_empty()),
            webhook: url,
        };
        key.request = terms.with(key.request);
    }
    let webhook = match url {
        Some(url) => Some(context.webhooks()?.reserve(url)?),
        None => None,
    };
    let handle = workflows.runs.start(start).await?;
    if let Some(reserved) = webhook {
        // Written down before the run is told of: who was told can rely on it.
        let delivered = context.webhooks()?.deliver(&project, handle.id(), reserved).await;
        delivered.map_err(|error| Problem::from(error).with("run", handle.id().to_string()))?;
    }
    Ok(call::started(&handle).map(axum::body::Body::new))
}

fn group(context: &Context, query: &Query) -> Result<Option<String>, Problem> {
    let text = query.text("group")?;
    let checked = weft_workflows::groups::check(&context.engine, text);
    checked.map_err(|why| {
        invalid(
            "group",
            &format!("cannot be met: {why}; the group `default` is any pool"),
        )
    })?;
    Ok(text.map(str::to_owned))
}

fn priority(query: &Query) -> Result<Option<Priority>, Problem> {
    let Some(text) = query.text("priority")? else {
        return Ok(None);
    };
    named(text).map(Some).ok_or_else(|| {
        invalid(
            "priority",
            "must be `highest`, `high`, `medium`, `low` or `lowest`",
        )
    })
}

/// The value that serde knows by a name.
fn named<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

/// List runs
///
/// The newest first. Nested runs are left out unless `nested`, `awaiting` or `parent` asks for them; those of one parent are in no order from part to
/// part, and the newest first within one.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/runs",
    operation_id = "list-runs",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("workflow" = Option<String>, Query, description = "Of this workflow"),
        ("version" = Option<u32>, Query, description = "And this version of it"),
        ("status" = Option<Vec<String>>, Query, description = "In this state; may be repeated"),
        ("since" = Option<String>, Query, description = "Accepted at or after this time (RFC 3339), or as long ago at most, such as `2h`"),
        ("until" = Option<String>, Query, description = "Accepted before this time, or longer ago"),
        ("label" = Option<String>, Query, description = "With this label: `name` or `name:value`"),
        ("submitter" = Option<String>, Query, description = "Started by this caller"),
        ("parent" = Option<String>, Query, description = "Nested in this run"),
        ("nested" = Option<bool>, Query, description = "Nested ones too"),
        ("awaiting" = Option<bool>, Query, description = "Only those of which a node awaits what somebody must bring, nested ones too unless `nested=false`"),
        ("limit" = Option<u32>, Query, description = "Most items, 1 to 1,000; 100 if not given", minimum = 1, maximum = 1000),
        ("after" = Option<String>, Query, description = "`next` of the answer before"),
    ),
    responses(
        (status = 200, description = "Runs, newest first", body = wire::Page<wire::RunSummary>),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    InProject(project): InProject,
    uri: Uri,
) -> Result<Json<wire::Page<wire::RunSummary>>, Problem> {
    let workflows = context.workflows()?;
    let query = Query::parse(&uri, LIST)?;
    let limit = query.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let before = query.text("after")?.map(cursor::parse::<RunId>).transpose()?;
    let awaiting = query.flag("awaiting", false)?;
    let filter = filter(&query, awaiting)?;
    context.engine.check_project(&project)?;
    let runs = &workflows.runs;
    let (mut records, next) = match awaiting {
        true => {
            let page = runs.list_awaiting(&project, &filter, before, limit).await?;
            (page.records, page.next)
        }
        false => {
            let mut records = runs.list(&project, &filter, before, limit + 1).await?;
            let more = records.len() > limit;
            records.truncate(limit);
            let next = records.last().filter(|_| more).map(|last| last.run);
            (records, next)
        }
    };
    if filter.parent.is_some() {
        // The number of a nested run tells when the one around it was accepted.
        records.sort_by_key(|record| std::cmp::Reverse(record.created_at));
    }
    let items = summaries(workflows, &project, &records).await?;
    Ok(Json(wire::Page {
        items,
        next: next.map(cursor::of_run),
    }))
}

async fn summaries(
    workflows: &Workflows,
    project: &ProjectName,
    records: &[RunRecord],
) -> Result<Vec<wire::RunSummary>, Problem> {
    let mut around: HashMap<RunId, Option<Arc<Plan>>> = HashMap::new();
    let mut items = Vec::with_capacity(records.len());
    for record in records {
        let plan = workflows.plan_of(record);
        let parent = match record.trigger {
            Trigger::Parent { run, .. } => match around.get(&run) {
                Some(plan) => plan.clone(),
                None => {
                    let plan = workflows.runs.plan_of_run(project, run).await;
                    around.entry(run).or_insert(plan).clone()
                }
            },
            Trigger::Direct | Trigger::Schedule | Trigger::Backfill | Trigger::Rerun { .. } => None,
        };
        let awaiting = match record.status.is_closed() {
            true => Vec::new(),
            false => workflows.runs.awaiting(project, record.run).await?,
        };
        items.push(wire::RunSummary::new(
            record,
            plan.as_deref(),
            parent.as_deref(),
            &awaiting,
        ));
    }
    Ok(items)
}

fn filter(query: &Query, awaiting: bool) -> Result<RunFilter, Problem> {
    let status: Result<Vec<RunStatus>, Problem> = query
        .all("status")
        .flat_map(|text| text.split(','))
        .map(|text| {
            named(text).ok_or_else(|| {
                invalid(
                    "status",
                    "must be `waiting`, `running`, `paused`, `succeeded`, `failed`, `cancelled` or `timed-out`",
                )
            })
        })
        .collect();
    let label = query.text("label")?.map(|text| match text.split_once(':') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (text.to_owned(), None),
    });
    let now = Timestamp::now();
    Ok(RunFilter {
        workflow: query.value::<FunctionName>("workflow", "a workflow's name")?,
        version: query.version()?,
        status: status?,
        since: query.moment("since", now)?,
        until: query.moment("until", now)?,
        label,
        submitter: query.text("submitter")?.map(str::to_owned),
        parent: query.value::<RunId>("parent", "a run's id")?,
        nested: query.flag("nested", awaiting)?,
    })
}

/// A run that does not exist, told as the engine tells it.
pub(super) fn no_run(run: RunId) -> Problem {
    Error::NoRun(run).into()
}
