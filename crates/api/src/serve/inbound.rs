//! The body of a request, watched: a connection must know whether its client still has some of it to send.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// What is left of a body within this many bytes, hyper reads and forgets before the next request.
const FORGOTTEN: u64 = 8 << 10;

/// Whether part of the last request's body was not read; one per connection.
#[derive(Clone, Default)]
pub(super) struct Unread(Arc<Flags>);

#[derive(Default)]
struct Flags {
    unread: AtomicBool,
    /// Nobody will read it, and it is, or may be, longer than [`FORGOTTEN`].
    abandoned: AtomicBool,
}

impl Unread {
    pub(super) fn get(&self) -> bool {
        self.0.unread.load(Relaxed)
    }

    /// Whether so much was left unread that no other request can follow on the connection.
    pub(super) fn ends_connection(&self) -> bool {
        self.0.abandoned.load(Relaxed)
    }

    fn begin(&self, body: &Incoming) {
        self.0.abandoned.store(false, Relaxed);
        self.set(!body.is_end_stream());
    }

    fn set(&self, unread: bool) {
        self.0.unread.store(unread, Relaxed);
    }
}

/// The body of a request that arrived on a connection.
pub struct Inbound {
    body: Incoming,
    unread: Unread,
}

impl Inbound {
    pub(super) fn new(body: Incoming, unread: Unread) -> Self {
        unread.begin(&body);
        Self { body, unread }
    }
}

impl Body for Inbound {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.unread.set(false);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Inbound {
    fn drop(&mut self) {
        let long = self
            .body
            .size_hint()
            .upper()
            .is_none_or(|length| length > FORGOTTEN);
        if long && self.unread.get() {
            self.unread.0.abandoned.store(true, Relaxed);
        }
    }
}
