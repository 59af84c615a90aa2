//! A whole log as a text file.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, header};
use weft_function_engine::{Log, LogCursor, LogFilter};

use super::marks::Marks;
use crate::headers;
use crate::wire;

/// Lines read at once.
const PIECE: usize = 1000;

struct Download {
    log: Arc<Log>,
    next: LogCursor,
    /// What is printed while the download runs is not part of it, or it might never end.
    end: LogCursor,
    filter: LogFilter,
    marks: Marks,
}

/// Everything from a cursor on, piece by piece.
pub(super) fn response(
    log: Arc<Log>,
    from: LogCursor,
    filter: LogFilter,
    marks: Marks,
    file: &str,
) -> Response {
    let download = Download {
        next: from,
        end: log.end(),
        log,
        filter,
        marks,
    };
    let pieces = stream::unfold(download, async |mut download| {
        let piece = download.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(piece)), download))
    });
    attachment(file, Body::from_stream(pieces))
}

/// No line at all.
pub(super) fn empty(file: &str) -> Response {
    attachment(file, Body::empty())
}

impl Download {
    async fn next(&mut self) -> Option<String> {
        if self.next.log == self.end.log && self.next.seq >= self.end.seq {
            return None;
        }
        let page = self.log.read(self.next, PIECE, &self.filter);
        self.next = page.next;
        let lines = page.lines.iter().filter(|line| line.seq < self.end.seq);
        let lines: Vec<_> = lines.cloned().collect();
        match self.marks.lines(&lines).await {
            Ok(lines) => Some(lines.iter().map(as_text).collect()),
            // The head has been sent: all that can be said is that this is not the end.
            Err(problem) => Some(format!("the rest cannot be read: {}\n", problem.detail())),
        }
    }
}

fn attachment(file: &str, body: Body) -> Response {
    let disposition = format!("attachment; filename=\"{file}\"");
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
    (headers, body).into_response()
}

/// Time, invocation, the attempt of a node if there is one, stream and text. A `~` stands behind an attempt that is not committed.
fn as_text(line: &wire::LogLine) -> String {
    let stream = match line.stream {
        wire::Stream::Stdout => "stdout",
        wire::Stream::Stderr => "stderr",
    };
    let step = line.step.as_ref().map_or_else(String::new, |step| {
        let item = step.item.map_or_else(String::new, |item| format!("[{item}]"));
        let mark = if step.committed == Some(false) { "~" } else { "" };
        format!("{}{item}#{}{mark} ", step.node, step.attempt)
    });
    format!("{} {} {step}{stream} {}\n", line.time, line.invocation, line.text)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_line_is_told_with_its_attempt() {
        let mut line = wire::LogLine {
            seq: 0,
            time: "2026-01-31T12:00:00Z".parse().unwrap(),
            invocation: Uuid::nil(),
            step: None,
            stream: wire::Stream::Stderr,
            text: "hello".to_owned(),
        };
        let head = "2026-01-31T12:00:00Z 00000000-0000-0000-0000-000000000000";
        assert_eq!(as_text(&line), format!("{head} stderr hello\n"));
        line.step = Some(wire::LogStep {
            run: "r".to_owned(),
            node: "labels".to_owned(),
            item: Some(3),
            attempt: 2,
            committed: Some(false),
        });
        assert_eq!(as_text(&line), format!("{head} labels[3]#2~ stderr hello\n"));
    }
}
