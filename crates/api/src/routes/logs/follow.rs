//! Following a log: lines as they are printed.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, stream};
use http::{HeaderValue, header};
use weft_function_engine::{FunctionLogs, LogPage};
use weft_types::{FunctionName, ProjectName};

use super::{EVENT_STREAM, cursor, sse};
use crate::api::Context;
use crate::shutdown::Draining;
use crate::wire;

/// How often a quiet stream says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Lines sent at once.
const PIECE: usize = 256;

/// Somebody who follows a log. Holds no lines: who reads slowly loses the oldest ones and is told so.
pub(super) struct Follower {
    context: Arc<Context>,
    project: ProjectName,
    function: FunctionName,
    logs: Arc<FunctionLogs>,
    filter: Option<String>,
    cursor: u64,
    /// Whether lines before the cursor were seen, so that one who begins at the start does not hear of what was lost
    /// before.
    resumed: bool,
    draining: Draining,
}

impl Follower {
    /// Follows from `after`, or from the oldest line kept.
    pub(super) fn new(
        context: Arc<Context>,
        project: ProjectName,
        function: FunctionName,
        logs: Arc<FunctionLogs>,
        after: Option<u64>,
        filter: Option<String>,
    ) -> Self {
        let draining = context.draining.clone();
        Self {
            context,
            project,
            function,
            logs,
            filter,
            cursor: after.unwrap_or(0),
            resumed: after.is_some(),
            draining,
        }
    }

    /// The next piece of the stream; none where it ends: with the server, or with the function.
    async fn next(&mut self) -> Option<String> {
        loop {
            let page = self.logs.read(self.cursor, PIECE, self.filter.as_deref());
            let text = self.write(&page);
            let behind = page.next > self.cursor;
            self.cursor = page.next;
            self.resumed = true;
            if !text.is_empty() {
                return Some(text);
            }
            if behind {
                continue;
            }
            tokio::select! {
                () = self.logs.changed(self.cursor) => {}
                () = self.draining.begun() => return None,
                () = tokio::time::sleep(HEARTBEAT) => return self.heartbeat(),
            }
        }
    }

    fn write(&self, page: &LogPage) -> String {
        let mut text = String::new();
        if page.lost > 0 && self.resumed {
            sse::event(&mut text, "lost", None, &json(&wire::Lost { lost: page.lost }));
        }
        for line in &page.lines {
            let id = cursor::of_number(line.seq + 1);
            sse::event(&mut text, "line", Some(&id), &json(&wire::LogLine::from(line)));
        }
        text
    }

    /// Says that the stream lives, unless the function is gone or is another one of the same name.
    fn heartbeat(&self) -> Option<String> {
        let current = self.context.engine.logs(&self.project, &self.function).ok()?;
        Arc::ptr_eq(&current, &self.logs).then(|| {
            let mut text = String::new();
            sse::comment(&mut text, "still here");
            text
        })
    }
}

/// The stream as a response.
pub(super) fn response(follower: Follower) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Body::from_stream(pieces(follower))).into_response()
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
    stream::StreamExt::chain(first, rest)
}

fn json<T: serde::Serialize>(value: &T) -> String {
    // Wire types have text keys only, so they always serialize.
    serde_json::to_string(value).unwrap_or_default()
}
