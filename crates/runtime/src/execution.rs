//! The execution of a call: polls its guest where the call is served, moves it to the heavy threads when it executes
//! long, and stops it at its deadline or when dropped.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::{Sleep, sleep_until};

use crate::code::Loaded;
use crate::epoch::Meter;
use crate::heavy::{Guest, Moved};
use crate::stop::Stop;

/// An executing call. It answers what the guest's future does, or why the guest was stopped from outside.
pub(crate) struct Execution<T: Send + 'static> {
    place: Place<T>,
    meter: Arc<Meter>,
    code: Arc<Loaded>,
    deadline: Instant,
    /// Started when the guest first waits: most never do.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the code knows by now how long this call executes.
    recorded: bool,
}

enum Place<T: Send + 'static> {
    Here(Guest<T>),
    Heavy(Moved<T>),
    Ended,
}

impl<T: Send + 'static> Execution<T> {
    /// Nothing executes before the first poll.
    pub(crate) fn new(guest: Guest<T>, meter: Arc<Meter>, code: Arc<Loaded>, deadline: Instant) -> Self {
        let mut execution = Self {
            place: Place::Here(guest),
            meter,
            code,
            deadline,
            timer: None,
            recorded: false,
        };
        if execution.code.likely_heavy() {
            execution.move_to_heavy();
        }
        execution
    }

    /// Tells the code how long this call executed, once.
    fn record(&mut self) {
        if !std::mem::replace(&mut self.recorded, true) {
            self.code.record(&self.meter);
        }
    }

    /// Where there are threads for that; else the guest stays, and is measured by its thread's clock from now on, too.
    fn move_to_heavy(&mut self) {
        let Some(heavy) = &self.code.heavy else {
            return self.meter.moved_to_heavy();
        };
        if let Place::Here(guest) = std::mem::replace(&mut self.place, Place::Ended) {
            self.place = Place::Heavy(Moved::new(guest, self.code.account, self.meter.clone(), heavy));
        }
    }

    fn poll_guest(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, Stop>> {
        if let Place::Here(guest) = &mut self.place {
            if let Poll::Ready(answer) = self.meter.measure(|| guest.as_mut().poll(cx)) {
                return Poll::Ready(Ok(answer));
            }
            if !self.meter.is_heavy() {
                return Poll::Pending;
            }
            // Known at once, not when it ends: many may come together.
            self.record();
            self.move_to_heavy();
        }
        match &mut self.place {
            Place::Heavy(moved) => moved.poll(cx),
            Place::Here(_) => Poll::Pending,
            Place::Ended => Poll::Ready(Err(Stop::Lost)),
        }
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline.into())));
        timer.as_mut().poll(cx)
    }
}

impl<T: Send + 'static> Future for Execution<T> {
    type Output = Result<T, Stop>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let answer = match this.poll_guest(cx) {
            Poll::Ready(answer) => answer,
            Poll::Pending if this.poll_deadline(cx).is_ready() => Err(Stop::Deadline),
            Poll::Pending => return Poll::Pending,
        };
        this.place = Place::Ended;
        this.record();
        Poll::Ready(answer)
    }
}
