//! Logs: a part, everything, or as they come.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, Uri, header};
use jiff::Timestamp;
use weft_function_engine::{Log, LogCursor, LogFilter};
use weft_workflow_engine::Error;

use super::cursor;
use super::functions::{DEFAULT_LIMIT, MAX_LIMIT};
use super::path::{InFunction, InNode, InRun};
use crate::api::Context;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire;

mod download;
mod follow;
mod marks;
pub(super) mod sse;

use follow::{Follower, Source};
use marks::Marks;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const EVENT_STREAM: &str = "text/event-stream";

/// Read logs
///
/// What the function printed to standard output and error, as far as it is kept. With `Accept: text/event-stream` lines
/// follow as they are printed: events `line`, and `lost` where lines were dropped before they could be sent; the id of an
/// event, sent back as `Last-Event-ID`, goes on behind it, whatever `since` and `tail` say. With `?download` everything as plain
/// text.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}/logs",
    operation_id = "read-logs",
    tag = "logs",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
        ("limit" = Option<u32>, Query, description = "Most lines, 1 to 1,000; if not given as many as `tail`, else 100", minimum = 1, maximum = 1000),
        ("after" = Option<String>, Query, description = "`next` of the answer before, or `end` for what is printed from now on"),
        ("since" = Option<String>, Query, description = "Begin with what was printed at this time (RFC 3339) or later, or as long ago at most, such as `10m`"),
        ("tail" = Option<u32>, Query, description = "Begin with the last so many of these lines, or with the first where there are fewer"),
        ("contains" = Option<String>, Query, description = "Only lines that contain this text"),
        ("download" = Option<bool>, Query, description = "Everything, as a text file"),
        ("last-event-id" = Option<String>, Header, description = "Where following goes on"),
    ),
    responses(
        (status = 200, description = "Lines", content((wire::Logs = "application/json"), (wire::StreamEvent = "text/event-stream"), (String = "text/plain"))),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn logs(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked::read(&uri, &headers, None)?;
    let log = context.engine.logs(&project, &function)?;
    let marks = Marks::new(context.workflows.as_ref(), &project);
    let source = Source::Function(project, function.clone());
    answer(context, log, source, marks, asked, &format!("{function}.log")).await
}

/// Read a run's logs
///
/// What its nodes printed, each line with node, item and attempt, as far as it is kept; the lines of a nested run are in that
/// run's own log. `committed` is false on lines of attempts that would be made again after a crash. Otherwise as the log of a
/// function; following ends with the run.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/runs/{run}/logs",
    operation_id = "run-logs",
    tag = "logs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id"),
        ("limit" = Option<u32>, Query, description = "Most lines, 1 to 1,000; if not given as many as `tail`, else 100", minimum = 1, maximum = 1000),
        ("after" = Option<String>, Query, description = "`next` of the answer before, or `end` for what is printed from now on"),
        ("since" = Option<String>, Query, description = "Begin with what was printed at this time (RFC 3339) or later, or as long ago at most, such as `10m`"),
        ("tail" = Option<u32>, Query, description = "Begin with the last so many of these lines, or with the first where there are fewer"),
        ("contains" = Option<String>, Query, description = "Only lines that contain this text"),
        ("download" = Option<bool>, Query, description = "Everything, as a text file"),
        ("last-event-id" = Option<String>, Header, description = "Where following goes on"),
    ),
    responses(
        (status = 200, description = "Lines", content((wire::Logs = "application/json"), (wire::StreamEvent = "text/event-stream"), (String = "text/plain"))),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn of_run(
    State(context): State<Arc<Context>>,
    run: InRun,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked::read(&uri, &headers, None)?;
    run_log(context, run, asked).await
}

/// Read a node's logs
///
/// As the log of its run, but only the lines of this node and its items.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/runs/{run}/nodes/{node}/logs",
    operation_id = "node-logs",
    tag = "logs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id"),
        ("node" = String, Path, description = "The node"),
        ("limit" = Option<u32>, Query, description = "Most lines, 1 to 1,000; if not given as many as `tail`, else 100", minimum = 1, maximum = 1000),
        ("after" = Option<String>, Query, description = "`next` of the answer before, or `end` for what is printed from now on"),
        ("since" = Option<String>, Query, description = "Begin with what was printed at this time (RFC 3339) or later, or as long ago at most, such as `10m`"),
        ("tail" = Option<u32>, Query, description = "Begin with the last so many of these lines, or with the first where there are fewer"),
        ("contains" = Option<String>, Query, description = "Only lines that contain this text"),
        ("download" = Option<bool>, Query, description = "Everything, as a text file"),
        ("last-event-id" = Option<String>, Header, description = "Where following goes on"),
    ),
    responses(
        (status = 200, description = "Lines", content((wire::Logs = "application/json"), (wire::StreamEvent = "text/event-stream"), (String = "text/plain"))),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn of_node(
    State(context): State<Arc<Context>>,
    InNode { project, run, node }: InNode,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match context.workflows()?.runs.handle(&project, run).await {
        Ok(handle) if handle.plan().find(&node).is_none() => {
            return Err(super::run::no_node(run, &node, handle.plan()));
        }
        // Which nodes there were is not known once the workflow is deleted.
        Ok(_) | Err(Error::NoPlan(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let asked = Asked::read(&uri, &headers, Some(node))?;
    run_log(context, InRun { project, run }, asked).await
}

async fn run_log(
    context: Arc<Context>,
    InRun { project, run }: InRun,
    asked: Asked,
) -> Result<Response, Problem> {
    let workflows = context.workflows()?;
    let executions = workflows.runs.executions(&project, run).await?;
    let log = match asked.follows {
        true => context.engine.follow_run_log(run),
        false => match context.engine.run_log(run) {
            Some(log) => log,
            None => return Ok(nothing(&asked, &format!("{run}.log"))),
        },
    };
    let marks = Marks::of_run(workflows, executions);
    let source = Source::Run;
    answer(context, log, source, marks, asked, &format!("{run}.log")).await
}

/// What a request asks of a log.
struct Asked {
    after: After,
    since: Option<Timestamp>,
    tail: Option<usize>,
    limit: usize,
    filter: LogFilter,
    download: bool,
    follows: bool,
}

/// Where reading begins.
enum After {
    Start,
    End,
    Cursor(LogCursor),
}

impl Asked {
    fn read(uri: &Uri, headers: &HeaderMap, node: Option<String>) -> Result<Self, Problem> {
        let query = Query::parse(uri, &["limit", "after", "since", "tail", "contains", "download"])?;
        let resumed = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
        let after = match resumed.or(query.text("after")?) {
            None => After::Start,
            Some("end") => After::End,
            Some(text) => After::Cursor(cursor::parse_line(text)?),
        };
        let since = query.moment("since", Timestamp::now())?;
        let tail = query.value::<usize>("tail", "a number of lines")?;
        let default = tail.map_or(DEFAULT_LIMIT, |tail| tail.clamp(1, MAX_LIMIT));
        Ok(Self {
            after,
            // Who connects anew with the same address goes on where it was broken off.
            since: since.filter(|_| resumed.is_none()),
            tail: tail.filter(|_| resumed.is_none()),
            limit: query.limit(default, MAX_LIMIT)?,
            filter: LogFilter {
                contains: query.text("contains")?.map(str::to_owned),
                node,
            },
            download: query.flag("download", false)?,
            follows: wants_events(headers),
        })
    }

    /// Where reading begins: behind `after`, then behind what is older than `since`, then with the last `tail` of what is left.
    fn from(&self, log: &Log) -> LogCursor {
        let mut from = match self.after {
            After::Start => log.start(),
            After::End => log.end(),
            After::Cursor(cursor) => cursor,
        };
        if let Some(since) = self.since {
            from = log.since(from, since);
        }
        match self.tail {
            Some(tail) => log.last(from, tail, &self.filter),
            None => from,
        }
    }
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accept
        .split(',')
        .any(|range| range.split(';').next().unwrap_or_default().trim() == EVENT_STREAM)
}

async fn answer(
    context: Arc<Context>,
    log: Arc<Log>,
    source: Source,
    mut marks: Marks,
    asked: Asked,
    file: &str,
) -> Result<Response, Problem> {
    let from = asked.from(&log);
    if asked.download {
        return Ok(download::response(log, from, asked.filter, marks, file));
    }
    if asked.follows {
        let resumed = !matches!(asked.after, After::Start);
        let follower = Follower::new(context, log, source, marks, asked.filter, (from, resumed));
        return Ok(follow::response(follower));
    }
    let page = log.read(from, asked.limit, &asked.filter);
    Ok(Json(wire::Logs {
        items: marks.lines(&page.lines).await?,
        next: cursor::of_line(page.next),
        lost: page.lost,
    })
    .into_response())
}

/// The log of a run of which nothing was printed, or is kept.
fn nothing(asked: &Asked, file: &str) -> Response {
    if asked.download {
        return download::empty(file);
    }
    let next = match asked.after {
        After::Start | After::End => LogCursor { log: 0, seq: 0 },
        After::Cursor(cursor) => cursor,
    };
    Json(wire::Logs {
        items: Vec::new(),
        next: cursor::of_line(next),
        lost: 0,
    })
    .into_response()
}
