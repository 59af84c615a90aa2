//! Drives one run and those nested in it: one task, on the runtime that accepted the run.
//!
//! A driver keeps what has happened ([`slot`]), takes events into it ([`event`]), does what follows from them ([`action`]) and
//! executes what is ready ([`begin`]). Calls that end at their first poll never leave its thread; those that do not are its
//! [jobs](crate::jobs). When there is nothing left to do at once it passes its events on and [rests](rest).

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use weft_workflow::state::Action;

use crate::admission::Places;
use crate::engine::Inner;
use crate::jobs::Jobs;
use crate::mailbox::{Answer, Mailbox};
use crate::open_run::Lost;
use crate::port::journal::Position;
use crate::timers::Timers;

mod absorb;
mod action;
mod admit;
mod begin;
mod call;
mod due;
mod event;
mod finish;
mod gather;
mod item_outputs;
mod job;
mod leave;
mod lend;
mod look;
mod nest;
mod nested;
mod nested_end;
mod order;
mod outbox;
mod outcome;
mod pauses;
mod ready;
mod rest;
mod restore;
mod slot;
mod slots;
mod stop;
mod unread;
mod warm;

pub(crate) use event::{Refused, ReusedItem, begin_run, reuse_items};
pub(crate) use nested::{is_durable, millisecond, run_of};
pub(crate) use outbox::Outbox;
pub(crate) use outcome::ok_type;
pub(crate) use restore::Damaged;
pub(crate) use slot::{NewSlot, Parent, Slot, Terms};
pub(crate) use slots::{Key, Slots};

use admit::{Admission, Reserved};
use due::Due;
use job::Job;
use leave::Leaving;
use pauses::Pauses;
use ready::Ready;
use slot::Standing;

/// Drives one tree of runs to its end.
pub(crate) struct Driver {
    inner: Arc<Inner>,
    root: Key,
    slots: Slots,
    mailbox: Arc<Mailbox>,
    /// Events that the journal has not got yet.
    outbox: Outbox,
    /// What is to be done next.
    actions: VecDeque<(Key, Action)>,
    /// Where `decide` writes to.
    decided: Vec<Action>,
    ready: Ready,
    jobs: Jobs<Job>,
    timers: Timers<Due>,
    pauses: Pauses,
    calls: Places,
    admission: Admission,
    /// Orders that were obeyed, to be answered once the journal has what they led to.
    answers: Vec<Answer>,
    leaving: Leaving,
    /// That of the last event that the journal has.
    position: Option<Position>,
    /// That of the last from which anything follows.
    reason: Option<Position>,
    waker: Waker,
}

impl Driver {
    /// A driver of the tree whose outermost run is at `root`.
    pub(crate) fn new(
        inner: &Arc<Inner>,
        root: Key,
        slots: Slots,
        mailbox: Arc<Mailbox>,
        outbox: Outbox,
        reserved: Reserved,
    ) -> Self {
        inner.drivers.enter();
        let of_root = |slot: &Slot| (slot.flow.group, slot.terms.depth);
        let (group, depth) = slots.get(root).map_or((0, 0), of_root);
        Self {
            inner: Arc::clone(inner),
            root,
            slots,
            mailbox,
            outbox,
            actions: VecDeque::new(),
            decided: Vec::new(),
            ready: Ready::default(),
            jobs: Jobs::new(),
            timers: Timers::new(),
            pauses: Pauses::default(),
            calls: Places::new(inner.calls.at(depth), group),
            admission: Admission::new(reserved),
            answers: Vec::new(),
            leaving: Leaving::default(),
            position: None,
            reason: None,
            waker: Waker::noop().clone(),
        }
    }

    /// Does what can be done, up to a number of steps.
    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.jobs.begin_round(cx);
        self.take_orders();
        self.take_due();
        self.start_admitted();
        for _ in 0..self.inner.config.turn {
            if self.leaving.lost.is_some() {
                break;
            }
            if !self.step() {
                return self.rest(cx);
            }
        }
        // Others on this core come first now.
        cx.waker().wake_by_ref();
        self.rest_a_little()
    }

    /// Does one thing, if there is one that can be done at once.
    fn step(&mut self) -> bool {
        if let Some((key, action)) = self.actions.pop_front() {
            self.act(key, action);
        } else if let Some(work) = self.next_ready() {
            self.begin(work);
        } else if let Some((id, finished)) = self.jobs.next() {
            self.settle(id, finished);
        } else {
            return false;
        }
        true
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let driver = self.get_mut();
        if !driver.waker.will_wake(cx.waker()) {
            driver.waker.clone_from(cx.waker());
        }
        driver.mailbox.register(cx.waker());
        driver.turn(cx)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.abandon();
        self.inner.drivers.leave();
    }
}
