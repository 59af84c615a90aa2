//! Logs: a part, everything, or as they come.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use weft_function_engine::{FunctionLogs, LogLine};

use super::cursor;
use super::functions::{DEFAULT_LIMIT, MAX_LIMIT};
use super::path::InFunction;
use crate::api::Context;
use crate::headers;
use crate::problem::Problem;
use crate::query::Query;
use crate::wire;

mod follow;
pub(super) mod sse;

use follow::Follower;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const EVENT_STREAM: &str = "text/event-stream";
/// Lines read at once for a download.
const PIECE: usize = 1000;

/// Read logs
///
/// What the function printed to standard output and error, as far as it is kept. With `Accept: text/event-stream` lines
/// follow as they are printed: events `line`, and `lost` where lines were dropped before they could be sent; the id of an
/// event, sent back as `Last-Event-ID`, goes on behind it. With `?download` everything as plain text.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/functions/{function}/logs",
    operation_id = "read-logs",
    tag = "logs",
    params(
        ("project" = String, Path, description = "The project"),
        ("function" = String, Path, description = "The function"),
        ("limit" = Option<u32>, Query, description = "Most lines, 1 to 1,000; 100 if not given"),
        ("after" = Option<String>, Query, description = "`next` of the answer before, or `end` for what is printed from now on"),
        ("contains" = Option<String>, Query, description = "Only lines that contain this text"),
        ("download" = Option<bool>, Query, description = "Everything, as a text file"),
        ("last-event-id" = Option<String>, Header, description = "Where following goes on"),
    ),
    responses(
        (status = 200, description = "Lines", content((wire::Logs = "application/json"), (String = "text/event-stream"), (String = "text/plain"))),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn logs(
    State(context): State<Arc<Context>>,
    InFunction { project, function }: InFunction,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::parse(&uri, &["limit", "after", "contains", "download"])?;
    let limit = query.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let logs = context.engine.logs(&project, &function)?;
    let after = after(&query, &headers, &logs)?;
    let filter = query.text("contains")?;
    if query.flag("download", false)? {
        let name = format!("attachment; filename=\"{function}.log\"");
        return Ok(download(
            logs,
            after.unwrap_or(0),
            filter.map(str::to_owned),
            &name,
        ));
    }
    if wants_events(&headers) {
        let filter = filter.map(str::to_owned);
        return Ok(follow::response(Follower::new(
            context, project, function, logs, after, filter,
        )));
    }
    let page = logs.read(after.unwrap_or(0), limit, filter);
    let body = wire::Logs {
        items: page.lines.iter().map(wire::LogLine::from).collect(),
        next: cursor::of_number(page.next),
        lost: page.lost,
    };
    Ok(Json(body).into_response())
}

fn after(query: &Query, headers: &HeaderMap, logs: &FunctionLogs) -> Result<Option<u64>, Problem> {
    let resumed = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    match resumed.or(query.text("after")?) {
        None => Ok(None),
        Some("end") => Ok(Some(logs.end())),
        Some(cursor) => cursor::parse(cursor).map(Some),
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

fn download(logs: Arc<FunctionLogs>, from: u64, filter: Option<String>, disposition: &str) -> Response {
    // What is printed while the download runs is not part of it, or it might never end.
    let end = logs.end();
    let pieces = stream::unfold(from, move |cursor| {
        let piece = (cursor < end).then(|| {
            let page = logs.read(cursor, PIECE, filter.as_deref());
            let lines = page.lines.iter().filter(|line| line.seq < end);
            let text: String = lines.map(as_text).collect();
            (
                Ok::<_, std::convert::Infallible>(Bytes::from(text)),
                page.next.max(cursor + 1),
            )
        });
        std::future::ready(piece)
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            headers::ascii(disposition.as_bytes()),
        ),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

fn as_text(line: &LogLine) -> String {
    let stream = match wire::Stream::from(line.stream) {
        wire::Stream::Stdout => "stdout",
        wire::Stream::Stderr => "stderr",
    };
    format!("{} {} {stream} {}\n", line.time, line.invocation, line.text)
}
