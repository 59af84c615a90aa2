//! The body of a response whose guest may still be writing it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::PoisonError;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;
use tokio::task::coop::unconstrained;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use weft_function_engine::port::{BodyError, Failure};

use super::Ended;
use crate::execution::Execution;
use crate::memory::Place;

/// The body of a response. Its last frame leaves when the guest has ended, so that whoever has read all of it has also
/// learnt how the call ended. Dropping it stops the guest.
pub(super) struct GuestBody {
    /// Frames that were read ahead.
    frames: VecDeque<Frame<Bytes>>,
    /// The rest, unless all was read.
    rest: Option<HyperOutgoingBody>,
    guest: Option<Running>,
    /// Bytes to come, where the head promises a length.
    left: Option<u64>,
}

/// A guest that goes on after the head of its response.
///
/// It is a task of its own because its limits hold also while nobody reads the body.
pub(super) struct Running {
    task: JoinHandle<Result<(), Failure>>,
}

impl Running {
    /// Goes on in the runtime that serves the call. A store that can be used again goes to its place.
    pub(super) fn spawn(execution: Execution<Ended>, timeout: Duration, place: Option<Place>) -> Self {
        let task = tokio::spawn(async move {
            let live = super::end(execution.await, timeout)?;
            if let Some((place, live)) = place.zip(live) {
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(live);
            }
            Ok(())
        });
        Self { task }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let ended = ready!(Pin::new(&mut self.task).poll(cx));
        Poll::Ready(ended.unwrap_or_else(|error| Err(Failure::Platform(error.to_string()))))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl GuestBody {
    pub(super) fn new(
        frames: VecDeque<Frame<Bytes>>,
        rest: Option<HyperOutgoingBody>,
        guest: Option<Running>,
        left: Option<u64>,
    ) -> Self {
        Self {
            frames,
            rest,
            guest,
            left,
        }
    }

    /// The next frame that the guest has written. Never pending once the guest has ended: what there is by then is all, also
    /// where it left its body open in a store that is kept.
    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        let frame = match (Pin::new(&mut *rest).poll_frame(cx), &self.guest) {
            (Poll::Ready(frame), _) => frame,
            (Poll::Pending, Some(_)) => return Poll::Pending,
            (Poll::Pending, None) => frame_now(rest, cx),
        };
        if frame.is_none() {
            self.rest = None;
        }
        Poll::Ready(frame.map(|frame| frame.map_err(|error| format!("{error:?}").into())))
    }

    /// Waits for the guest to end.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let Some(guest) = &mut self.guest else {
            return Poll::Ready(Ok(()));
        };
        let ended = ready!(guest.poll_end(cx));
        self.guest = None;
        Poll::Ready(ended)
    }

    fn is_last(&self, frame: Option<&Frame<Bytes>>) -> bool {
        match frame {
            Some(frame) => {
                let completes = |data: &Bytes| self.left.is_some_and(|left| data.len() as u64 >= left);
                frame.data_ref().is_some_and(completes)
            }
            None => true,
        }
    }

    fn fail(&mut self, failure: Failure) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.frames.clear();
        self.rest = None;
        Poll::Ready(Some(Err(failure.into())))
    }
}

impl Body for GuestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let frame = loop {
            match this.poll_written(cx) {
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(Some(Ok(frame))) => break Some(frame),
                Poll::Ready(None) => break None,
                // What it wrote last may be there only once it has ended.
                Poll::Pending => {
                    if let Err(failure) = ready!(this.poll_end(cx)) {
                        return this.fail(failure);
                    }
                }
            }
        };
        if this.is_last(frame.as_ref()) {
            match this.poll_end(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(failure)) => return this.fail(failure),
                Poll::Pending => {
                    // Before those that were read ahead of it: trailers come last.
                    if let Some(frame) = frame {
                        this.frames.push_front(frame);
                    }
                    return Poll::Pending;
                }
            }
        }
        if let (Some(left), Some(data)) = (&mut this.left, frame.as_ref().and_then(Frame::data_ref)) {
            *left = left.saturating_sub(data.len() as u64);
        }
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.guest.is_none() && self.rest.is_none() && self.frames.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if self.guest.is_none() && self.rest.is_none() {
            let ready = self
                .frames
                .iter()
                .filter_map(Frame::data_ref)
                .map(|data| data.len() as u64);
            return SizeHint::with_exact(ready.sum());
        }
        self.left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// The frame that is there, also where the task has used up its turn: that must not look as if there was none.
fn frame_now(
    body: &mut HyperOutgoingBody,
    cx: &mut Context<'_>,
) -> Option<Result<Frame<Bytes>, wasmtime_wasi_http::Error>> {
    let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx));
    match pin!(unconstrained(frame)).poll(cx) {
        Poll::Ready(frame) => frame,
        Poll::Pending => None,
    }
}
