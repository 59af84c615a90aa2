//! Taking an event into a run.

use jiff::Timestamp;
use weft_types::{RunStatus, Value};
use weft_workflow::event::{Accepted, ErrorCode, NodeError, Stored};
use weft_workflow::frame::TooLarge;
use weft_workflow::state::{Action, Illegal, decide};
use weft_workflow::{Event, NodeIndex, Stamped};

use super::slot::Slot;
use super::slots::Key;
use super::{Driver, Lost, Outbox};

/// An event that was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Illegal(#[from] Illegal),
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

/// An item that was executed by the run that this one repeats, and its output.
pub(crate) struct ReusedItem {
    pub(crate) place: (NodeIndex, u32),
    pub(crate) output: Option<Value>,
}

/// Takes the event that accepts a run: always its first.
pub(crate) fn begin_run(
    slot: &mut Slot,
    accepted: Box<Accepted>,
    outbox: &mut Outbox,
) -> Result<(), Refused> {
    // Whatever is ready waits for the run to be admitted, so nothing is to be done yet.
    let mut actions = Vec::new();
    let event = Event::Accepted(accepted);
    take(slot, outbox, slot.created_at, event, &mut actions)?;
    debug_assert!(actions.is_empty(), "{actions:?}");
    Ok(())
}

/// Takes the events that tell which items are reused: right behind that.
pub(crate) fn reuse_items(
    slot: &mut Slot,
    reused: Vec<ReusedItem>,
    outbox: &mut Outbox,
) -> Result<(), Refused> {
    for ReusedItem { place, output } in reused {
        let (node, item) = place;
        let event = Event::ItemReused {
            node,
            item,
            output: output.as_ref().map(Stored::from),
        };
        take(slot, outbox, slot.created_at, event, &mut Vec::new())?;
        slot.reuse_item(node, item, output);
    }
    Ok(())
}

/// Takes an event into a run and has it written down.
fn take(
    slot: &mut Slot,
    outbox: &mut Outbox,
    at: Timestamp,
    event: Event,
    actions: &mut Vec<Action>,
) -> Result<(), Refused> {
    decide(&slot.open.plan, &mut slot.state, at, &event, actions)?;
    let stamped = Stamped { at, event };
    slot.count_event(&stamped);
    slot.open.hold(stamped.event.blobs());
    match &slot.kept {
        None => outbox.write(&slot.open, &mut slot.frames, &stamped)?,
        Some(kept) => {
            kept.write(&mut slot.frames, &stamped)?;
            slot.open.tell_changed();
        }
    }
    slot.count_status();
    Ok(())
}

impl Driver {
    /// Something happened to a run, now.
    fn happen(&mut self, key: Key, event: Event) -> Result<(), Refused> {
        let Some(slot) = self.slots.get_mut(key) else {
            return Ok(());
        };
        let at = self.inner.ports.clock.now();
        take(slot, &mut self.outbox, at, event, &mut self.decided)?;
        let follows = self.decided.drain(..).map(|action| (key, action));
        self.actions.extend(follows);
        Ok(())
    }

    /// Something happened that cannot be refused: were it, state and engine would have come apart, and going on would only make
    /// that worse.
    pub(super) fn tell(&mut self, key: Key, event: Event) {
        if let Err(refused) = self.happen(key, event) {
            tracing::error!(%refused, "a run is abandoned: its driver and its state disagree");
            self.leaving.lost.get_or_insert(Lost::Abandoned);
        }
    }
}

impl Slot {
    /// Counts what an event adds to the sums of the run.
    pub(super) fn count_event(&mut self, stamped: &Stamped) {
        match &stamped.event {
            Event::Started => self.started_at = Some(stamped.at),
            Event::NodeSucceeded { attempt, usage, .. } | Event::NodeFailed { attempt, usage, .. } => {
                self.usage.wall_us = self.usage.wall_us.saturating_add(usage.wall_us);
                self.usage.cpu_us = self.usage.cpu_us.saturating_add(usage.cpu_us);
                self.attempts.made += 1;
                self.attempts.again += u64::from(*attempt > 1);
                self.attempts.failed += u64::from(matches!(stamped.event, Event::NodeFailed { .. }));
            }
            Event::Accepted(_)
            | Event::NodeStarted { .. }
            | Event::Expanded { .. }
            | Event::Suspended { .. }
            | Event::NodeSkipped { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::CancelRequested { .. }
            | Event::DeadlinePassed
            | Event::Completed { .. }
            | Event::Finished(_)
            | Event::ItemReused { .. } => {}
        }
    }

    /// Tells the counters where the run stands now.
    pub(super) fn count_status(&mut self) {
        let status = self.state.status();
        if self.counted != Some(status) {
            self.uncount_status();
            self.flow.series.entered(status);
            self.counted = Some(status);
        }
    }

    /// Takes an open run out of the counters.
    pub(crate) fn uncount_status(&mut self) {
        if let Some(status) = self.counted.take()
            && !status.is_closed()
        {
            self.flow.series.left(status);
        }
    }
}

/// A failure that is told with words alone.
pub(super) fn failure(code: ErrorCode, message: impl Into<String>) -> NodeError {
    NodeError {
        code,
        message: message.into(),
        value: None,
    }
}

/// Whether a run that ended so has a result.
pub(super) fn has_result(status: RunStatus) -> bool {
    match status {
        RunStatus::Succeeded => true,
        RunStatus::Failed
        | RunStatus::Cancelled
        | RunStatus::TimedOut
        | RunStatus::Waiting
        | RunStatus::Running
        | RunStatus::Paused => false,
    }
}
