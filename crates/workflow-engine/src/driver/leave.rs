//! Runs that ended, or that are left as they are, and who is told when.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::{Driver, Slot};
use crate::Error;
use crate::alarm::Broken;
use crate::express::Kept;
use crate::mailbox::Refusal;
use crate::open_run::{Ended, Lost, OpenRun, Outcome};
use crate::port::Boxed;
use crate::port::journal::Position;

/// What of a tree is over.
#[derive(Default)]
pub(super) struct Leaving {
    /// Why the driver leaves its runs as they are, if it does.
    pub(super) lost: Option<Lost>,
    /// The outermost run, once it ended.
    root: Option<Departed>,
    /// Nested runs whose end the journal has not got.
    unpassed: Vec<Departed>,
    /// Nested runs whose end the journal has, but maybe not the disk.
    uncommitted: VecDeque<(Position, Departed)>,
    commit: Option<Boxed<'static, Result<(), Broken>>>,
}

/// A run that ended.
struct Departed {
    open: Arc<OpenRun>,
    outcome: Arc<Outcome>,
    /// What is known of one that is not journalled.
    kept: Option<Arc<Kept>>,
}

impl Leaving {
    /// Whether the outermost run ended.
    pub(super) fn is_over(&self) -> bool {
        self.root.is_some()
    }
}

impl Driver {
    /// Notes that a run ended.
    pub(super) fn leave_with(&mut self, slot: &mut Slot, outcome: &Arc<Outcome>) {
        let kept = slot.kept.take();
        if let Some(key) = kept.as_ref().and_then(|kept| kept.take_key()) {
            self.inner.keys.ended(&key, outcome);
        }
        let departed = Departed {
            open: Arc::clone(&slot.open),
            outcome: Arc::clone(outcome),
            kept,
        };
        match slot.parent {
            None => self.leaving.root = Some(departed),
            Some(_) => self.leaving.unpassed.push(departed),
        }
    }

    /// The journal has everything up to `position`: who waits for a nested run is told to wait for that.
    pub(super) fn told_journal(&mut self, position: Option<Position>) {
        for departed in self.leaving.unpassed.drain(..) {
            departed.open.end(Ok(Ended {
                outcome: Arc::clone(&departed.outcome),
                position,
            }));
            let position = position.unwrap_or_default();
            self.leaving.uncommitted.push_back((position, departed));
        }
        self.forget_committed();
    }

    fn forget_committed(&mut self) {
        while let Some((position, _)) = self.leaving.uncommitted.front()
            && self.inner.is_committed(*position)
            && let Some((_, departed)) = self.leaving.uncommitted.pop_front()
        {
            self.forget(departed);
        }
    }

    /// Nested runs that ended stay open until their end is committed. The journal sees to that by itself: it is looked at
    /// later, as the run around them may wait for days.
    pub(super) fn look_at_ended(&mut self) {
        if !self.leaving.uncommitted.is_empty() {
            self.look_at_ended_in(self.inner.config.retry_after);
        }
    }

    /// Everything that is to be known of a run is on the disk, or never will be.
    fn forget(&self, departed: Departed) {
        if let Some(kept) = departed.kept {
            self.inner.keep_ended(&kept);
        }
        self.inner.close(&departed.open);
    }

    /// The outermost run ended: tells everybody once that is committed.
    pub(super) fn close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // What the journal had no room for is told to nobody.
        if !self.outbox.is_empty() {
            return self.wait(cx);
        }
        let position = self.end_position();
        if let Some(position) = position {
            let inner = &self.inner;
            let commit = self
                .leaving
                .commit
                .get_or_insert_with(|| inner.committed(position));
            match std::task::ready!(commit.as_mut().poll(cx)) {
                Ok(()) => {}
                Err(Broken(why)) => self.leaving.lost = Some(Lost::Broken(why)),
            }
        }
        if self.leaving.lost.is_none() {
            self.say_farewell(position);
        }
        Poll::Ready(())
    }

    /// What is to be committed before anybody is told of the end; none where nothing is journalled.
    fn end_position(&self) -> Option<Position> {
        let durable = self.leaving.root.as_ref().is_some_and(|root| root.open.durable);
        self.position.filter(|_| durable)
    }

    fn say_farewell(&mut self, position: Option<Position>) {
        while let Some((_, departed)) = self.leaving.uncommitted.pop_front() {
            self.forget(departed);
        }
        if let Some(root) = self.leaving.root.take() {
            let outcome = Arc::clone(&root.outcome);
            let open = Arc::clone(&root.open);
            self.forget(root);
            open.end(Ok(Ended { outcome, position }));
        }
    }

    /// Whatever has not ended by now is left as it is; who waits for it is told.
    pub(super) fn abandon(&mut self) {
        let lost = self.leaving.lost.take().unwrap_or(Lost::Abandoned);
        if lost == Lost::Stopped && self.outbox.is_empty() && self.leaving.is_over() {
            // It ended, and the journal has that: who waits for it finds out by itself whether the disk has it, too.
            self.say_farewell(self.end_position());
        }
        let unpassed = self.leaving.unpassed.drain(..);
        let uncommitted = self.leaving.uncommitted.drain(..).map(|(_, departed)| departed);
        let departed = self
            .leaving
            .root
            .take()
            .into_iter()
            .chain(unpassed)
            .chain(uncommitted);
        let mut left: Vec<_> = departed.map(|departed| departed.open).collect();
        for (_, slot) in self.slots.iter() {
            left.push(Arc::clone(&slot.open));
        }
        for open in left {
            self.inner.close(&open);
            open.end(Err(lost.clone()));
        }
        self.refuse_letters(&lost);
        self.uncount();
    }

    fn refuse_letters(&mut self, lost: &Lost) {
        let unread = self.mailbox.close().into_iter().map(|letter| letter.answer);
        for answer in unread.chain(self.answers.drain(..)) {
            let refusal = match lost {
                Lost::Broken(why) => Refusal::Error(Error::Broken(why.clone())),
                Lost::Stopped | Lost::Abandoned => Refusal::Gone,
            };
            // Whoever asked may have gone.
            drop(answer.send(Err(refusal)));
        }
    }

    /// Takes the runs that are left as they are out of the counters.
    fn uncount(&mut self) {
        for key in self.slots.keys() {
            if let Some(slot) = self.slots.get_mut(key) {
                slot.uncount_status();
            }
        }
    }
}
