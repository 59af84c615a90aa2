//! The body of a response on its way to the guest.

use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep};
use wasmtime_wasi_http::Error;

use super::kept::Loan;

/// Passes a body on, fails where its next piece is late, and holds the exchange's place until it is dropped. Then the connection
/// is given back if all of the body has arrived, and closed otherwise.
pub(super) struct ResponseBody {
    incoming: Incoming,
    /// Whether there is nothing more to come.
    ended: bool,
    /// None once the body has failed.
    loan: Option<Loan>,
    patience: Duration,
    /// Set while a piece is waited for.
    late: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl ResponseBody {
    /// Allows `patience` between two pieces.
    pub(super) fn new(
        incoming: Incoming,
        patience: Duration,
        place: OwnedSemaphorePermit,
        loan: Loan,
    ) -> Self {
        Self {
            incoming,
            ended: false,
            loan: Some(loan),
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
        self.loan = None;
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn note(&mut self, frame: Option<&hyper::Result<Frame<Bytes>>>) {
        match frame {
            None => self.ended = true,
            Some(Ok(frame)) => self.ended = frame.is_trailers(),
            Some(Err(_)) => self.loan = None,
        }
    }

    /// Whether all of the body has arrived, also if the last piece of it was not read.
    fn has_arrived(&mut self) -> bool {
        if !self.ended && !self.incoming.is_end_stream() {
            let unread = Pin::new(&mut self.incoming).poll_frame(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(frame) = unread {
                self.note(frame.as_ref());
            }
        }
        self.ended || self.incoming.is_end_stream()
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        if self.has_arrived()
            && let Some(loan) = self.loan.take()
        {
            loan.give_back();
        }
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
                self.note(frame.as_ref());
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
