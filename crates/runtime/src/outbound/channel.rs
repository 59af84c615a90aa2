//! A connection that speaks HTTP, and the body of a request that goes over it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use wasmtime_wasi_http::{Error, WasiBody};

/// A request as it goes over a connection.
pub(super) type Request = http::Request<Outgoing>;

/// A connection that speaks HTTP, one exchange at a time. It is closed when this is dropped, with whatever is under way.
pub(super) struct Channel {
    sender: SendRequest<Outgoing>,
    driver: Arc<Driver>,
}

/// Why a request was not answered.
pub(super) enum Unanswered {
    /// The connection had ended before anything of it was written, so nothing can have come of it. Here it is again.
    Unsent(Box<Request>),
    /// Anything else.
    Failed(Error),
}

impl From<Unanswered> for Error {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Unsent(_) => Self::ConnectionTerminated,
            Unanswered::Failed(error) => error,
        }
    }
}

/// Ends the task that drives a connection, and so the connection, when dropped.
pub(super) struct Driver(pub(super) AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Channel {
    pub(super) fn new(sender: SendRequest<Outgoing>, driver: Driver) -> Self {
        Self {
            sender,
            driver: Arc::new(driver),
        }
    }

    /// Sends a request and answers at the response's head.
    pub(super) async fn send(&mut self, request: Request) -> Result<http::Response<Incoming>, Unanswered> {
        let sent = self.sender.try_send_request(request).await;
        sent.map_err(|mut failure| match failure.take_message() {
            Some(unsent) => Unanswered::Unsent(Box::new(unsent)),
            None => Unanswered::Failed(failure.into_error().into()),
        })
    }

    /// Whether the last exchange is over on both sides, and the connection open as far as is known.
    pub(super) fn is_ready(&self) -> bool {
        self.sender.is_ready()
    }

    /// Whether the connection has ended, as far as is known.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Keeps the connection open for as long as it is held.
    pub(super) fn hold(&self) -> Arc<Driver> {
        Arc::clone(&self.driver)
    }

    /// The task that drives it.
    pub(super) fn task(&self) -> tokio::task::Id {
        self.driver.0.id()
    }
}

/// A request's body, which tells when it is of no more use.
pub(super) struct Outgoing {
    body: WasiBody,
    _done: oneshot::Sender<Infallible>,
}

/// Ends with the request's body: it was sent, or it never will be.
pub(super) type Done = oneshot::Receiver<Infallible>;

impl Outgoing {
    pub(super) fn new(body: WasiBody) -> (Self, Done) {
        let (sender, done) = oneshot::channel();
        (Self { body, _done: sender }, done)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
