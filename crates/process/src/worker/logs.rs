//! What guests print, on its way to the server.

use std::sync::Arc;

use uuid::Uuid;
use weft_function_engine::port::{LogSink, Stream};
use weft_isolation::protocol::LogStream;

use super::call::OpenCall;

/// The lines of one call.
pub(super) struct Lines(pub(super) Arc<OpenCall>);

impl LogSink for Lines {
    fn line(&self, _: Uuid, stream: Stream, line: &str) {
        let stream = match stream {
            Stream::Stdout => LogStream::Stdout,
            Stream::Stderr => LogStream::Stderr,
        };
        self.0.line(stream, line.as_bytes());
    }
}
