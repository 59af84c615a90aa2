//! The end of a run.

use std::sync::Arc;

use weft_types::{RunStatus, Value};
use weft_workflow::event::{ErrorCode, Finished, NodeError, Stored, Usage};
use weft_workflow::{Event, Place};

use super::Driver;
use super::event::{failure, has_result};
use super::job::{Task, Then};
use super::look::not_evaluated;
use super::ready::Lent;
use super::slot::{Parent, Slot};
use super::slots::Key;
use crate::open_run::Outcome;

impl Driver {
    /// Nothing is left to do: puts the result together.
    pub(super) fn finish(&mut self, key: Key, status: RunStatus, mut lent: Lent) {
        let inner = Arc::clone(&self.inner);
        let Some(slot) = self.slots.get(key) else {
            return;
        };
        let plan = Arc::clone(slot.plan());
        let Some(source) = plan.result.as_ref().filter(|_| has_result(status)) else {
            return self.end(key, status, None, None);
        };
        if let Some(whole) = slot.whole(source) {
            let whole = whole.clone();
            return self.finish_with(key, Some(whole));
        }
        let errand = self.errand(key, Task::Finish(status));
        if let Err(loans) = slot.lend(source.reads(), &mut lent, &inner.residents) {
            return self.load(errand, loans, lent);
        }
        // No node's: the result belongs to the run.
        let nowhere = Place::of(weft_workflow::NodeIndex(u32::MAX));
        let answer = plan.answer(&slot.lender(nowhere, &lent, &inner.nothing), inner.config.values);
        match answer {
            Ok(Some(image)) => self.yield_value(errand, image, source.ty(), Then::Succeed(Usage::default())),
            Ok(None) => self.finish_with(key, None),
            // What was left out was left out on purpose: so is what would be made of it.
            Err(_) if slot.state.leaves_out() => self.finish_with(key, None),
            Err(error) => self.finish_without_result(key, not_evaluated(&error)),
        }
    }

    /// The run succeeded.
    pub(super) fn finish_with(&mut self, key: Key, result: Option<Value>) {
        self.end(key, RunStatus::Succeeded, result, None);
    }

    /// The run failed after all: its result cannot be put together.
    pub(super) fn finish_without_result(&mut self, key: Key, error: NodeError) {
        self.end(key, RunStatus::Failed, None, Some((None, error)));
    }

    fn end(
        &mut self,
        key: Key,
        status: RunStatus,
        result: Option<Value>,
        failure: Option<(Option<Place>, NodeError)>,
    ) {
        let Some(slot) = self.slots.get(key) else {
            return;
        };
        let finished = Finished {
            status,
            result: result.as_ref().map(Stored::from),
            failure: failure.or_else(|| slot.state.failure().cloned()),
            counts: slot.state.counts(),
        };
        let reason = finished.failure.clone();
        self.tell(key, Event::Finished(Box::new(finished)));
        if self.leaving.lost.is_none()
            && let Some(slot) = self.slots.remove(key)
        {
            self.depart(*slot, result, reason);
        }
    }

    /// A run has ended: whoever waits for it is told, a parent at once, others when it is committed.
    fn depart(&mut self, mut slot: Slot, result: Option<Value>, failure: Option<(Option<Place>, NodeError)>) {
        let now = self.inner.ports.clock.now();
        let outcome = Arc::new(Outcome {
            run: slot.open.run,
            version: slot.open.version,
            status: slot.state.status(),
            result,
            failure,
            counts: slot.state.counts(),
            usage: slot.usage,
            created_at: slot.created_at,
            started_at: slot.started_at,
            finished_at: now,
        });
        let took = std::time::Duration::try_from(slot.created_at.duration_until(now)).unwrap_or_default();
        slot.flow.series.ended(slot.attempts, took);
        self.leave_with(&mut slot, &outcome);
        if let Some(parent) = slot.parent {
            self.child_ended(parent, &outcome, slot.unknown);
        } else {
            self.admission.release();
        }
    }

    /// The run at a place of its parent ended: so did the attempt there. It may have had effects that are `unknown`.
    pub(super) fn child_ended(&mut self, parent: Parent, outcome: &Outcome, unknown: bool) {
        let Parent {
            key,
            place,
            attempt,
            since,
        } = parent;
        self.unstand(key, place);
        let mut errand = self.errand_to_nest(key, place, attempt);
        errand.since = since;
        match nested_failure(outcome, unknown) {
            None => self.take_nested_result(errand, outcome),
            Some(error) => {
                let usage = self.usage(&errand, outcome.usage.cpu_us);
                self.fail(key, place, attempt, usage, error);
            }
        }
    }
}

/// What the end of a nested run means for the node that it was; none where it is well.
fn nested_failure(outcome: &Outcome, unknown: bool) -> Option<NodeError> {
    let code = match outcome.status {
        RunStatus::Succeeded => return None,
        RunStatus::Cancelled if unknown => ErrorCode::OutcomeUnknown,
        RunStatus::Cancelled => ErrorCode::Cancelled,
        RunStatus::TimedOut => ErrorCode::Timeout,
        RunStatus::Failed | RunStatus::Waiting | RunStatus::Running | RunStatus::Paused => ErrorCode::Run,
    };
    let (run, ended) = (outcome.run, ended(outcome.status));
    let why = outcome.failure.as_ref().map_or("", |(_, error)| &error.message);
    let message = match code {
        ErrorCode::OutcomeUnknown => {
            format!("run {run} {ended} while it executed: whether its effects happened is not known")
        }
        _ => format!("run {run} {ended}: {why}"),
    };
    Some(failure(code, message))
}

fn ended(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Cancelled => "was cancelled",
        RunStatus::TimedOut => "timed out",
        RunStatus::Succeeded
        | RunStatus::Failed
        | RunStatus::Waiting
        | RunStatus::Running
        | RunStatus::Paused => "failed",
    }
}
