//! Pauses before another try: whatever the time of day is set to meanwhile.

use std::task::{Context, Poll};
use std::time::Duration;

use super::Driver;
use crate::port::Boxed;

/// What a driver waits for a little, each once at a time.
#[derive(Default)]
pub(super) struct Pauses {
    /// Before the journal, or the disk, is tried again: nothing new starts until then.
    store: Pause,
    /// Before it is looked whether the ends of nested runs are committed.
    ended: Pause,
}

#[derive(Default)]
struct Pause(Option<Boxed<'static, ()>>);

impl Driver {
    /// Whether the journal had no room a moment ago.
    pub(super) fn is_stalled(&self) -> bool {
        self.pauses.store.is_on()
    }

    /// Tries the store again after a pause.
    pub(super) fn try_store_in(&mut self, pause: Duration) {
        self.pauses.store = Pause(Some(self.inner.ports.clock.pause(pause)));
    }

    /// Looks after a pause whether the ends of nested runs are committed, unless that is to happen already.
    pub(super) fn look_at_ended_in(&mut self, pause: Duration) {
        if !self.pauses.ended.is_on() {
            self.pauses.ended = Pause(Some(self.inner.ports.clock.pause(pause)));
        }
    }
}

impl Pauses {
    /// Ready where one is over: there is something to try again. Else the driver is woken then.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match (self.store.poll(cx), self.ended.poll(cx)) {
            (Poll::Pending, Poll::Pending) => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }
}

impl Pause {
    fn is_on(&self) -> bool {
        self.0.is_some()
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let over = self
            .0
            .as_mut()
            .map_or(Poll::Pending, |pause| pause.as_mut().poll(cx));
        if over.is_ready() {
            self.0 = None;
        }
        over
    }
}
