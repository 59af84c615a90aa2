//! What guests print: lines to the log, or for commands the result.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use uuid::Uuid;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError};
use weft_function_engine::port::{CallContext, LogSink, Stream};
use weft_types::Type;
use weft_types::image::{Image, RawBuilder};

use crate::stop::Stop;

/// Longest line in bytes; what is beyond is cut.
const MAX_LINE: usize = 8 << 10;
/// Shows where a line was cut.
const CUT: &str = "…";
/// Most bytes a guest hands over at once.
const MAX_WRITE: usize = 64 << 10;

/// Where a guest prints to.
pub(crate) trait Sink: Send + 'static {
    /// Takes all of `bytes`.
    ///
    /// # Errors
    /// Why the guest is stopped instead.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Stop>;
}

/// A sink shared by all handles that a guest has to one output.
pub(crate) struct Output<S>(Arc<Mutex<S>>);

impl<S: Sink> Output<S> {
    pub(crate) fn new(sink: S) -> Self {
        Self(Arc::new(Mutex::new(sink)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, S> {
        // Sinks do not panic half-way; if one did, what it holds is still text.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Clone for Output<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Splits output into lines for the log.
pub(crate) struct Lines {
    invocation: Uuid,
    sink: Arc<dyn LogSink>,
    stream: Stream,
    /// The beginning of a line whose end was not printed yet.
    partial: Vec<u8>,
    /// Whether the rest of the current line is dropped.
    cut: bool,
}

impl Lines {
    pub(crate) fn new(context: &CallContext, stream: Stream) -> Self {
        Self {
            invocation: context.invocation,
            sink: context.logs.clone(),
            stream,
            partial: Vec::new(),
            cut: false,
        }
    }

    /// Lines from now on belong to another call.
    pub(crate) fn begin(&mut self, context: &CallContext) {
        self.invocation = context.invocation;
        self.sink = context.logs.clone();
    }

    /// Emits a last line without an end.
    pub(crate) fn finish(&mut self) {
        if !self.partial.is_empty() || self.cut {
            self.emit(&[]);
        }
    }

    /// Emits the line that ends with `rest`.
    fn emit(&mut self, rest: &[u8]) {
        if self.partial.is_empty() && !self.cut && rest.len() <= MAX_LINE {
            let line = rest.strip_suffix(b"\r").unwrap_or(rest);
            self.sink
                .line(self.invocation, self.stream, &String::from_utf8_lossy(line));
            return;
        }
        self.extend(rest);
        let mut text = String::from_utf8_lossy(&self.partial).into_owned();
        if self.cut {
            text.push_str(CUT);
        } else if text.ends_with('\r') {
            text.pop();
        }
        self.sink.line(self.invocation, self.stream, &text);
        self.partial.clear();
        self.cut = false;
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = MAX_LINE - self.partial.len();
        self.cut |= bytes.len() > room;
        self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

impl Sink for Lines {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.emit(&rest[..end]);
            rest = &rest[end + 1..];
        }
        self.extend(rest);
        Ok(())
    }
}

/// Keeps output as a result of bounded size.
pub(crate) struct Capture {
    /// None once it was finished.
    image: Option<RawBuilder>,
    /// In bytes.
    limit: u64,
}

impl Capture {
    /// None where a result of type `ty` is not plain bytes.
    pub(crate) fn new(ty: &Type, limit: u64) -> Option<Self> {
        let image = RawBuilder::new(ty, 0)?;
        Some(Self {
            image: Some(image),
            limit,
        })
    }

    /// The result.
    pub(crate) fn finish(&mut self) -> Option<Image> {
        self.image.take()?.finish()
    }
}

impl Sink for Capture {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        if let Some(image) = &mut self.image {
            if (image.len() + bytes.len()) as u64 > self.limit {
                return Err(Stop::Output(self.limit));
            }
            image.extend(bytes);
        }
        Ok(())
    }
}

impl<S: Sink> IsTerminal for Output<S> {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl<S: Sink> StdoutStream for Output<S> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl<S: Sink> OutputStream for Output<S> {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        self.lock()
            .write(&bytes)
            .map_err(|stop| StreamError::Trap(stop.into()))
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(MAX_WRITE)
    }
}

#[async_trait]
impl<S: Sink> Pollable for Output<S> {
    async fn ready(&mut self) {}
}

impl<S: Sink> AsyncWrite for Output<S> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(
            self.lock()
                .write(bytes)
                .map(|()| bytes.len())
                .map_err(io::Error::other),
        )
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
