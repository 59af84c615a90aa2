//! A response's body, and what it keeps of the engine until it has ended.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use tokio::task::JoinHandle;
use weft_pool::Lease;

use crate::deployed::Instances;
use crate::drain::Call;
use crate::invoke::Measured;
use crate::metrics::ErrorKind;
use crate::port::{Body, BodyError, Failure};

/// How long a client may take, after the call should have ended, to take what is left of its response.
const TAKE: Duration = Duration::from_secs(5);

/// A response's body, which holds its instance until it has ended, is dropped, or was not taken in time.
pub(super) struct Held {
    state: Arc<Mutex<State>>,
    timeout: Duration,
    deadline: Instant,
    /// Lets go of what is held in time, also where nobody asks for more. Begun once there is something left to take.
    watch: Option<JoinHandle<()>>,
}

/// What is held.
pub(super) struct Holding {
    // Dropped in this order: the body stops the guest before its instance is given back.
    pub(super) body: Body,
    pub(super) _lease: Lease<Instances>,
    pub(super) measured: Measured,
    pub(super) _under_way: Call,
}

enum State {
    Holding(Box<Holding>),
    /// The body has ended.
    Ended,
    /// It was not taken in time.
    Late,
}

impl Held {
    /// The body of a call that must have ended by `deadline`, `timeout` after its begin.
    pub(super) fn new(holding: Holding, timeout: Duration, deadline: Instant) -> Self {
        Self {
            state: Arc::new(Mutex::new(State::Holding(Box::new(holding)))),
            timeout,
            deadline,
            watch: None,
        }
    }

    fn watch(&mut self) {
        if self.watch.is_some() {
            return;
        }
        let (state, until) = (Arc::clone(&self.state), self.deadline + TAKE);
        let late = Failure::TimedOut(self.timeout);
        self.watch = Some(tokio::spawn(async move {
            tokio::time::sleep_until(until.into()).await;
            let held = std::mem::replace(&mut *lock(&state), State::Late);
            if let State::Holding(mut holding) = held {
                holding.measured.end(Some(ErrorKind::from(&late)));
            }
        }));
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // A body that panicked is dropped with the response.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// The body came to its end: lets go of it, then of the instance.
    fn end(&mut self, error: Option<ErrorKind>) {
        if let Self::Holding(mut holding) = std::mem::replace(self, Self::Ended) {
            holding.measured.end(error);
        }
    }
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut state = lock(&self.state);
        let holding = match &mut *state {
            State::Holding(holding) => holding,
            State::Ended => return Poll::Ready(None),
            State::Late => return Poll::Ready(Some(Err(Failure::TimedOut(self.timeout).into()))),
        };
        let polled = Pin::new(&mut holding.body).poll_frame(context);
        let more = match &polled {
            Poll::Ready(None) => {
                state.end(None);
                false
            }
            Poll::Ready(Some(Err(error))) => {
                let kind = error.downcast_ref::<Failure>();
                state.end(Some(kind.map_or(ErrorKind::Platform, ErrorKind::from)));
                false
            }
            Poll::Ready(Some(Ok(_))) => !holding.body.is_end_stream(),
            Poll::Pending => true,
        };
        drop(state);
        if more {
            self.watch();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &*lock(&self.state) {
            State::Holding(holding) => holding.body.is_end_stream(),
            State::Ended => true,
            State::Late => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &*lock(&self.state) {
            State::Holding(holding) => holding.body.size_hint(),
            State::Ended => SizeHint::with_exact(0),
            State::Late => SizeHint::new(),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.abort();
        }
        // Nobody needs to ask a body for more when it says that it has ended.
        if self.is_end_stream() {
            lock(&self.state).end(None);
        }
        // The watch holds it as well, for a moment longer.
        *lock(&self.state) = State::Ended;
    }
}
