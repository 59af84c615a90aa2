//! What follows from the end of a job.

use std::sync::Arc;

use weft_types::image::Image;
use weft_types::{Type, Value};
use weft_workflow::Place;
use weft_workflow::event::{ErrorCode, NodeError, Stored, Usage};

use super::event::failure;
use super::job::{Done, Errand, Finished, Job, Task, Then};
use super::outcome::{is_loss, ok_type, own_error};
use super::ready::Work;
use super::{Driver, Lost};
use crate::alarm::Broken;
use crate::jobs::JobId;
use crate::port::blobs::BlobError;
use crate::port::calls::{CallError, NodeReply};
use crate::values::{Large, NotKept};

impl Driver {
    /// A job ended that had been under way.
    pub(super) fn settle(&mut self, id: JobId, finished: Finished) {
        let errand = finished.errand;
        if let Some(place) = errand.task.place() {
            let standing = self.unstand(errand.key, place);
            debug_assert_eq!(standing, Some(super::Standing::Job(id)));
        }
        if errand.placed {
            self.calls.give_back();
        }
        self.absorb(finished);
    }

    /// A job ended: at its first poll, or later.
    pub(super) fn absorb(&mut self, finished: Finished) {
        if self.inner.drivers.is_stopping() {
            // It may have failed merely as what it called was told to stop first.
            self.leaving.lost.get_or_insert(Lost::Stopped);
            return;
        }
        let Finished { mut errand, done } = finished;
        errand.placed = false;
        match done {
            Done::Loaded(Ok(lent)) => self.continue_with(errand, lent),
            Done::Loaded(Err(error)) => self.fail_task(errand, error),
            Done::Called(Ok(reply)) => self.take_reply(errand, reply),
            Done::Called(Err(error)) => self.take_failure(errand, error),
            Done::Kept(Ok(value), then) => self.take_kept(errand, value, then),
            Done::Kept(Err(NotKept::Blob(error)), then) => self.take_not_kept(errand, &error, &then),
            Done::Prepared(arguments) => self.take_prepared(errand, arguments),
            Done::LookedUp(end, stops) => self.take_end(errand, end, stops),
            Done::Broken(Broken(why)) | Done::Kept(Err(NotKept::Broken(Broken(why))), _) => {
                self.leaving.lost.get_or_insert(Lost::Broken(why));
            }
        }
    }

    /// Goes on with a task that had to wait for something.
    pub(super) fn continue_with(&mut self, errand: Errand, lent: super::ready::Lent) {
        match errand.task {
            Task::Attempt(place, attempt) => {
                let Some(slot) = self.slots.get(errand.key) else {
                    return;
                };
                let priority = slot.priority(place.node);
                let work = Work {
                    key: errand.key,
                    place,
                    attempt,
                    lent,
                };
                self.ready.push_front(priority, work);
            }
            Task::Gather(node) => self.gather(errand.key, node, lent),
            Task::Catch(node) => self.catch(errand.key, node, lent),
            Task::Finish(status) => self.finish(errand.key, status, lent),
        }
    }

    fn take_reply(&mut self, errand: Errand, reply: NodeReply) {
        let cpu_us = u64::try_from(reply.cpu_time.as_micros()).unwrap_or(u64::MAX);
        let usage = self.usage(&errand, cpu_us);
        self.take_result(errand, usage, reply.result);
    }

    /// Takes an answer apart: an output, or the function's own error.
    pub(super) fn take_result(&mut self, errand: Errand, usage: Usage, result: Option<Image>) {
        let (Some(slot), Task::Attempt(place, attempt)) = (self.slots.get(errand.key), errand.task) else {
            return;
        };
        let plan = Arc::clone(slot.plan());
        let node = plan.node(place.node);
        match plan.split(place.node, result) {
            Ok(output) => match output.zip(ok_type(node)) {
                Some((image, ty)) => self.yield_value(errand, image, ty, Then::Succeed(usage)),
                None => self.succeed_cached(errand, place, attempt, usage, None),
            },
            Err(value) => {
                let message = own_error(value.as_ref(), node.error_type());
                let code = ErrorCode::FunctionError;
                match value.zip(node.error_type()) {
                    Some((image, ty)) => {
                        self.yield_value(errand, image, ty, Then::Fail(usage, code, message));
                    }
                    None => self.fail(errand.key, place, attempt, usage, failure(code, message)),
                }
            }
        }
    }

    /// Goes on with a value that was put together: at once, or once it is stored.
    pub(super) fn yield_value(&mut self, errand: Errand, image: Image, ty: &Type, then: Then) {
        if !self.inner.is_large(&image) {
            self.take_kept(errand, Value::Direct(image), then);
            return;
        }
        let Some(slot) = self.slots.get(errand.key) else {
            return;
        };
        let run = (slot.open.project.clone(), slot.open.run);
        let keep = Arc::clone(&self.inner).keep(run, Large::new(image, ty));
        let before_call = matches!(then, Then::Nest);
        let work = async move { Done::Kept(keep.await, then) };
        let job = match before_call {
            true => Job::before(errand, work),
            false => Job::after(errand, work),
        };
        self.start_job(job);
    }

    fn take_kept(&mut self, errand: Errand, value: Value, then: Then) {
        match (then, errand.task) {
            (Then::Succeed(usage), Task::Attempt(place, attempt)) => {
                self.succeed_cached(errand, place, attempt, usage, Some(value));
            }
            (Then::Succeed(_), Task::Gather(node) | Task::Catch(node)) => {
                let attempt = self.attempt(errand.key, Place::of(node));
                self.succeed(
                    errand.key,
                    Place::of(node),
                    attempt,
                    Usage::default(),
                    Some(value),
                );
            }
            (Then::Succeed(_), Task::Finish(_)) => self.finish_with(errand.key, Some(value)),
            (Then::Fail(usage, code, message), Task::Attempt(place, attempt)) => {
                let error = NodeError {
                    code,
                    message,
                    value: Some(Stored::from(&value)),
                };
                self.fail(errand.key, place, attempt, usage, error);
            }
            (Then::Nest, Task::Attempt(place, attempt)) => {
                self.nest(errand.key, place, attempt, value);
            }
            // Only attempts fail with a value of their own, or call.
            (Then::Fail(..) | Then::Nest, Task::Gather(_) | Task::Catch(_) | Task::Finish(_)) => {}
        }
    }

    fn take_not_kept(&mut self, errand: Errand, error: &BlobError, then: &Then) {
        let message = format!("the value could not be kept: {error}");
        let called = !matches!(then, Then::Nest);
        let code = match error {
            _ if errand.effects && called => ErrorCode::OutcomeUnknown,
            BlobError::TooLarge(_) | BlobError::Quota(_) => ErrorCode::Limit,
            BlobError::Missing(_) | BlobError::Damaged(_) | BlobError::Full | BlobError::Store(_) => {
                ErrorCode::Platform
            }
        };
        self.fail_task(errand, failure(code, message));
    }

    fn take_failure(&mut self, errand: Errand, error: CallError) {
        let Task::Attempt(place, attempt) = errand.task else {
            return;
        };
        let cpu_us = u64::try_from(error.cpu_time.as_micros()).unwrap_or(u64::MAX);
        let usage = self.usage(&errand, cpu_us);
        let unknown = errand.effects && error.begun && is_loss(error.code);
        let code = if unknown {
            ErrorCode::OutcomeUnknown
        } else {
            error.code
        };
        self.fail(errand.key, place, attempt, usage, failure(code, error.message));
    }
}
