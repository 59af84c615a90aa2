//! What a driver does when there is nothing left to do at once.

use std::task::{Context, Poll};

use super::Driver;
use crate::Error;
use crate::mailbox::Refusal;
use crate::open_run::Lost;
use crate::port::journal::{Hold, JournalError, Position};

impl Driver {
    /// Passes on what has happened, gives up what is not needed, and waits to be woken. Ready once the driver is done.
    pub(super) fn rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.pass_on();
        if self.leaving.lost.is_some() {
            return Poll::Ready(());
        }
        self.calls.rest(!self.ready.is_empty());
        if self.leaving.is_over() {
            return self.close(cx);
        }
        self.park();
        self.look_at_ended();
        if self.inner.held().is_some() && !self.is_stalled() && !self.ready.is_empty() {
            self.try_store_in(self.inner.config.retry_after);
        }
        self.wait(cx)
    }

    /// Lets others have the core, with more to do. Ready once the driver is done.
    pub(super) fn rest_a_little(&mut self) -> Poll<()> {
        if self.outbox.len() >= self.inner.config.outbox_bytes || self.leaving.lost.is_some() {
            self.pass_on();
        }
        match self.leaving.lost {
            Some(_) => Poll::Ready(()),
            None => Poll::Pending,
        }
    }

    /// Waits for a job, an order, a place or a time.
    pub(super) fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let due = self.timers.poll(&*self.inner.ports.clock, cx);
        if self.pauses.poll(cx).is_ready() || due.is_ready() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Hands everything that happened so far to the journal. False where it has no room: it is tried again by itself.
    pub(super) fn pass_on(&mut self) -> bool {
        if self.is_stalled() && !self.outbox.is_empty() {
            return false;
        }
        let (position, reason) = (&mut self.position, &mut self.reason);
        let passed = match self.outbox.is_empty() {
            true => Ok(()),
            false => self.outbox.pass(&*self.inner.ports.journal, |passed| {
                *position = Some(passed.position);
                if passed.matters {
                    *reason = Some(passed.position);
                }
            }),
        };
        match passed {
            Ok(()) => {
                self.told_journal(self.position);
                self.answer_orders();
                true
            }
            Err(error) => {
                self.not_passed(error);
                false
            }
        }
    }

    /// What has to be committed before something with effects starts: the last event that it may follow from. None where that
    /// is committed.
    pub(super) fn uncommitted(&self) -> Option<Position> {
        self.reason.filter(|position| !self.inner.is_committed(*position))
    }

    /// The journal has the acceptance of the outermost run already.
    pub(crate) fn accepted_at(&mut self, position: Position) {
        (self.position, self.reason) = (Some(position), Some(position));
    }

    fn not_passed(&mut self, error: JournalError) {
        match error {
            JournalError::Full => self.try_store_in(self.inner.config.journal_pause),
            JournalError::Held(why) => {
                self.inner.hold(why, self.position.unwrap_or_default());
                self.try_store_in(self.inner.config.retry_after);
                self.refuse_orders(why);
            }
            JournalError::Broken(why) | JournalError::Damaged(why) => {
                self.inner.alarm.store_broke(why.clone());
                self.leaving.lost.get_or_insert(Lost::Broken(why));
            }
        }
    }

    /// Nobody waits for a disk to be emptied: what was asked for is kept, and happens once it can be written.
    fn refuse_orders(&mut self, why: Hold) {
        let retry_after = self.inner.config.retry_after;
        for answer in self.answers.drain(..) {
            drop(answer.send(Err(Refusal::Error(Error::OnHold { why, retry_after }))));
        }
    }

    fn answer_orders(&mut self) {
        let position = self.position.unwrap_or_default();
        for answer in self.answers.drain(..) {
            // Whoever asked may have gone.
            drop(answer.send(Ok(position)));
        }
    }
}
