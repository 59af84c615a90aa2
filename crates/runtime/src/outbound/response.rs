//! The body of a response on its way to the guest.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep};
use wasmtime_wasi_http::Error;

/// Passes a body on, fails where its next piece is late, and holds the exchange's place until it is dropped.
pub(super) struct ResponseBody {
    incoming: Incoming,
    patience: Duration,
    /// Set while a piece is waited for.
    late: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl ResponseBody {
    /// Allows `patience` between two pieces.
    pub(super) fn new(incoming: Incoming, patience: Duration, place: OwnedSemaphorePermit) -> Self {
        Self {
            incoming,
            patience,
            late: None,
            _place: place,
        }
    }

    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let patience = self.patience;
        let late = self.late.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(late.as_mut().poll(cx));
        late.as_mut().reset(Instant::now() + patience);
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Ready(frame) => {
                self.late = None;
                Poll::Ready(frame.map(|frame| frame.map_err(Error::from)))
            }
            Poll::Pending => self.poll_late(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
