//! Following a log: lines as they are printed.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{HeaderValue, header};
use weft_function_engine::{Log, LogCursor, LogFilter};
use weft_types::{FunctionName, ProjectName};
use weft_workflow_engine::RunHandle;

use super::marks::Marks;
use super::{EVENT_STREAM, cursor, sse};
use crate::api::Context;
use crate::problem::Problem;
use crate::shutdown::Draining;
use crate::wire;

/// How often a quiet stream says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Lines sent at once.
const PIECE: usize = 256;

/// Whose log it is.
pub(super) enum Source {
    /// A function's: the stream ends with it.
    Function(ProjectName, FunctionName),
    /// A run's: the stream ends with that.
    Run,
}

/// Somebody who follows a log. Holds no lines: who reads slowly loses the oldest ones and is told so.
pub(super) struct Follower {
    context: Arc<Context>,
    log: Arc<Log>,
    source: Source,
    marks: Marks,
    filter: LogFilter,
    cursor: LogCursor,
    /// Whether lines before the cursor were seen, so that one who begins at the start does not hear of what was lost
    /// before.
    resumed: bool,
    draining: Draining,
    /// The run, as long as it is open.
    run: Option<RunHandle>,
    /// Whether the run has ended.
    closed: bool,
    /// Whether this was the last piece.
    over: bool,
}

/// Why a follower looks again.
enum Woken {
    Grown,
    Ended,
    Quiet,
    Draining,
}

impl Follower {
    /// Follows from a cursor on; and whether that is where an earlier stream ended.
    pub(super) fn new(
        context: Arc<Context>,
        log: Arc<Log>,
        source: Source,
        marks: Marks,
        filter: LogFilter,
        (cursor, resumed): (LogCursor, bool),
    ) -> Self {
        let draining = context.draining.clone();
        Self {
            context,
            log,
            source,
            marks,
            filter,
            cursor,
            resumed,
            draining,
            run: None,
            closed: false,
            over: false,
        }
    }

    /// The next piece of the stream; none where it ends: with the server, or with the function or run.
    async fn next(&mut self) -> Option<String> {
        if self.over {
            return None;
        }
        match self.next_piece().await {
            Ok(piece) => piece,
            Err(problem) => {
                self.over = true;
                let mut text = String::new();
                sse::event(&mut text, "problem", None, &json(&problem));
                Some(text)
            }
        }
    }

    async fn next_piece(&mut self) -> Result<Option<String>, Problem> {
        loop {
            // Looked at before the lines, so that the last of them are not missed.
            let ended = self.marks.is_over().await? || self.closed;
            let page = self.log.read(self.cursor, PIECE, &self.filter);
            let text = self.write(&page).await?;
            let behind = page.next != self.cursor;
            self.cursor = page.next;
            self.resumed = true;
            if !text.is_empty() {
                return Ok(Some(text));
            }
            if behind {
                continue;
            }
            if ended {
                return Ok(None);
            }
            match self.woken().await? {
                Woken::Grown => {}
                // Everything that it wrote is there by now, whatever is kept of its events.
                Woken::Ended => self.closed = true,
                Woken::Draining => return Ok(None),
                Woken::Quiet => return Ok(self.heartbeat()),
            }
        }
    }

    /// Waits for a reason to look again.
    async fn woken(&mut self) -> Result<Woken, Problem> {
        if self.run.is_none() {
            self.run = self.handle().await?;
        }
        let ended = async {
            match &self.run {
                // How it ended is told by the records.
                Some(run) => run.ended().await.map(drop),
                None => pending().await,
            }
        };
        Ok(tokio::select! {
            () = self.log.changed(self.cursor) => Woken::Grown,
            () = self.draining.begun() => Woken::Draining,
            ended = ended => ended.map(|()| Woken::Ended)?,
            () = tokio::time::sleep(HEARTBEAT) => Woken::Quiet,
        })
    }

    async fn handle(&self) -> Result<Option<RunHandle>, Problem> {
        match self.marks.run() {
            Some(run) => {
                let runs = &self.context.workflows()?.runs;
                Ok(Some(runs.handle(self.marks.project(), run).await?))
            }
            None => Ok(None),
        }
    }

    async fn write(&mut self, page: &weft_function_engine::LogPage) -> Result<String, Problem> {
        let mut text = String::new();
        if page.lost > 0 && self.resumed {
            sse::event(&mut text, "lost", None, &json(&wire::Lost { lost: page.lost }));
        }
        if page.lines.is_empty() {
            return Ok(text);
        }
        for line in self.marks.lines(&page.lines).await? {
            let id = cursor::of_line(self.log.cursor(line.seq + 1));
            sse::event(&mut text, "line", Some(&id), &json(&line));
        }
        Ok(text)
    }

    /// Says that the stream lives, unless the function is gone or is another one of the same name.
    fn heartbeat(&self) -> Option<String> {
        if let Source::Function(project, function) = &self.source {
            let current = self.context.engine.logs(project, function).ok()?;
            if !Arc::ptr_eq(&current, &self.log) {
                return None;
            }
        }
        let mut text = String::new();
        sse::comment(&mut text, "still here");
        Some(text)
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
    first.chain(rest)
}

fn json<T: serde::Serialize>(value: &T) -> String {
    // Wire types have text keys only, so they always serialize.
    serde_json::to_string(value).unwrap_or_default()
}
