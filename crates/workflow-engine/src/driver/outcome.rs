//! How an attempt ended.

use weft_types::image::Image;
use weft_types::ty::Shape;
use weft_types::{Type, Value, json};
use weft_workflow::event::{ErrorCode, NodeError, Stored, Usage};
use weft_workflow::plan::Node;
use weft_workflow::{Event, Place};

use super::Driver;
use super::job::{Errand, Task};
use super::ready::Callee;
use super::slot::Slot;
use super::slots::Key;

/// Longest part of a function's own error that is told in words, in bytes.
const TOLD: usize = 1 << 10;

impl Driver {
    /// A task cannot be done.
    pub(super) fn fail_task(&mut self, errand: Errand, error: NodeError) {
        match errand.task {
            Task::Attempt(place, attempt) => {
                let usage = self.usage(&errand, 0);
                self.fail(errand.key, place, attempt, usage, error);
            }
            Task::Gather(node) | Task::Catch(node) => {
                let attempt = self.attempt(errand.key, Place::of(node));
                self.fail(errand.key, Place::of(node), attempt, Usage::default(), error);
            }
            Task::Finish(_) => self.finish_without_result(errand.key, error),
        }
    }

    /// An attempt ended well, and its output may serve others.
    pub(super) fn succeed_cached(
        &mut self,
        errand: Errand,
        place: Place,
        attempt: u32,
        usage: Usage,
        output: Option<Value>,
    ) {
        if let Some(key) = errand.cache
            && let Some(slot) = self.slots.get(errand.key)
            && let Some(lifetime) = slot.plan().node(place.node).cache
        {
            let now = self.inner.ports.clock.now();
            let result = (slot.open.project.clone(), output.clone());
            self.inner.results.insert(key, result, now, lifetime);
        }
        self.succeed(errand.key, place, attempt, usage, output);
    }

    /// An attempt ended well.
    pub(super) fn succeed(
        &mut self,
        key: Key,
        place: Place,
        attempt: u32,
        usage: Usage,
        output: Option<Value>,
    ) {
        let stored = output.as_ref().map(Stored::from);
        self.end_nesting(key, place);
        if let Some(slot) = self.slots.get_mut(key) {
            slot.set_output(place, output);
        }
        self.tell(
            key,
            Event::NodeSucceeded {
                place,
                attempt,
                usage,
                output: stored,
            },
        );
    }

    /// An attempt failed.
    pub(super) fn fail(&mut self, key: Key, place: Place, attempt: u32, usage: Usage, mut error: NodeError) {
        self.end_nesting(key, place);
        if let Some(slot) = self.slots.get_mut(key) {
            if slot.is_another_run(place, error.code) {
                error.code = ErrorCode::OutcomeUnknown;
            }
            slot.set_failure(place, &error);
        }
        self.tell(
            key,
            Event::NodeFailed {
                place,
                attempt,
                usage,
                error,
            },
        );
    }

    /// The number of the latest attempt at a place.
    pub(super) fn attempt(&self, key: Key, place: Place) -> u32 {
        self.slots.get(key).map_or(1, |slot| slot.attempt(place))
    }

    /// What an attempt cost, up to now.
    pub(super) fn usage(&self, errand: &Errand, cpu_us: u64) -> Usage {
        let wall = errand.since.duration_until(self.inner.ports.clock.now());
        Usage {
            // A clock that was set back counts as none.
            wall_us: u64::try_from(wall.as_micros()).unwrap_or(0),
            cpu_us,
        }
    }
}

impl Slot {
    /// Whether an attempt that failed so would be made again by itself as another nested run, although its own may have had effects
    /// before a crash.
    fn is_another_run(&self, place: Place, code: ErrorCode) -> bool {
        is_loss(code)
            && code != ErrorCode::Cancelled
            && self.is_interrupted(place)
            && self.callee_at(place) == Callee::Workflow
            && !self.plan().node(place.node).effect_free
    }
}

/// The type of what an attempt at a node, or at an item of it, has as its output.
pub(crate) fn ok_type(node: &Node) -> Option<&Type> {
    let ty = node.reply_type()?;
    match ty.shape() {
        Shape::Result(either) => either.ok.as_deref(),
        _ => Some(ty),
    }
}

/// Whether a call that ended so may have done anything, or nothing.
pub(super) fn is_loss(code: ErrorCode) -> bool {
    match code {
        ErrorCode::Platform | ErrorCode::Cancelled | ErrorCode::Unavailable => true,
        ErrorCode::FunctionError
        | ErrorCode::Trap
        | ErrorCode::Limit
        | ErrorCode::Timeout
        | ErrorCode::OutcomeUnknown
        | ErrorCode::Evaluation
        | ErrorCode::Run
        | ErrorCode::WaitTimeout => false,
    }
}

/// A function's own error in words.
pub(super) fn own_error(value: Option<&Image>, ty: Option<&Type>) -> String {
    let (Some(image), Some(ty)) = (value, ty) else {
        return "the function answered an error".to_owned();
    };
    if image.as_bytes().len() > TOLD {
        return "the function answered an error, which is long".to_owned();
    }
    let mut text = Vec::new();
    json::print(ty, image, &mut text);
    let text = String::from_utf8_lossy(&text);
    let end = text.floor_char_boundary(TOLD);
    format!("the function answered an error: {}", &text[..end])
}
