//! The events of a run as they happen.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, Uri, header};
use weft_workflow::Stamped;
use weft_workflow_engine::Events;

use super::super::logs::sse;
use super::super::path::InRun;
use crate::api::Context;
use crate::problem::Problem;
use crate::query::{Query, invalid};
use crate::shutdown::Draining;
use crate::wire;

const EVENT_STREAM: &str = "text/event-stream";
/// How often a quiet stream says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Follow a run
///
/// Its events as server-sent events, those that happened and those to come, until its last. Only what is committed is told. A
/// stream that broke off goes on behind `Last-Event-ID`. Behind an event come the nodes that are over because of it, with its number and a
/// `reason`.
#[utoipa::path(
    get,
    path = "/v1/projects/{project}/runs/{run}/events",
    operation_id = "run-events",
    tag = "runs",
    params(
        ("project" = String, Path, description = "The project"),
        ("run" = String, Path, description = "The run's id"),
        ("from" = Option<u32>, Query, description = "The number of the first event; 0 if not given"),
        ("last-event-id" = Option<u32>, Header, description = "The number of the last event that was seen"),
    ),
    responses(
        (status = 200, description = "Events, the data of each a `RunEvent` as JSON", body = wire::StreamEvent, content_type = "text/event-stream"),
        (status = "default", description = "An error", body = wire::Problem, content_type = "application/problem+json"),
    ),
)]
pub(in super::super) async fn events(
    State(context): State<Arc<Context>>,
    InRun { project, run }: InRun,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let workflows = context.workflows()?;
    let query = Query::parse(&uri, &["from"])?;
    let from = match query.value::<u32>("from", "an event's number")? {
        Some(from) => from,
        None => behind(&headers)?,
    };
    let events = workflows.runs.events(&project, run, from).await?;
    let follower = Follower {
        events,
        draining: context.draining.clone(),
        over: false,
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(pieces(follower))).into_response())
}

/// The number behind the last event that was seen.
fn behind(headers: &HeaderMap) -> Result<u32, Problem> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(0);
    };
    let last = value.to_str().ok().and_then(|text| text.parse::<u32>().ok());
    last.and_then(|last| last.checked_add(1))
        .ok_or_else(|| invalid("last-event-id", "must be the number of an event"))
}

/// Somebody who follows a run.
struct Follower {
    events: Events,
    draining: Draining,
    over: bool,
}

impl Follower {
    /// The next piece of the stream; none where it ends: with the run, or with the server.
    async fn next(&mut self) -> Option<String> {
        if self.over {
            return None;
        }
        let mut text = String::new();
        tokio::select! {
            next = self.events.next() => match next {
                Ok(Some((number, stamped))) => {
                    self.tell(&mut text, number, &stamped);
                }
                Ok(None) => return None,
                Err(error) => {
                    self.over = true;
                    let problem = serde_json::to_string(&Problem::from(error)).unwrap_or_default();
                    sse::event(&mut text, "problem", None, &problem);
                }
            },
            () = self.draining.begun() => return None,
            () = tokio::time::sleep(HEARTBEAT) => sse::comment(&mut text, "still here"),
        }
        Some(text)
    }
}

impl Follower {
    /// An event, then the nodes that are over because of it. The last of these has the number, so that whoever did not get as far gets all of
    /// them again.
    fn tell(&self, text: &mut String, number: u32, stamped: &Stamped) {
        let plan = self.events.plan();
        let mut told = vec![wire::RunEvent::new(number, stamped, self.events.stopped(), plan)];
        let follows = self.events.follows().iter();
        told.extend(follows.map(|follows| wire::RunEvent::following(number, stamped.at, follows, plan)));
        let id = number.to_string();
        let last = told.len() - 1;
        for (at, event) in told.iter().enumerate() {
            // Wire types have text keys only, so they always serialize.
            let json = serde_json::to_string(event).unwrap_or_default();
            sse::event(text, &event.kind, Some(&*id).filter(|_| at == last), &json);
        }
    }
}

fn pieces(follower: Follower) -> impl Stream<Item = Result<Bytes, Infallible>> {
    // The first piece comes at once, so that the client sees the response's head.
    let mut opening = String::new();
    sse::comment(&mut opening, "following");
    let first = stream::once(std::future::ready(Ok(Bytes::from(opening))));
    let rest = stream::unfold(follower, async |mut follower| {
        let piece = follower.next().await?;
        Some((Ok(Bytes::from(piece)), follower))
    });
    first.chain(rest)
}
