//! Calling a function.

use std::sync::Arc;

use weft_types::image::{Attached, Image};
use weft_types::{Digest, NodeKey};
use weft_workflow::event::{ErrorCode, Usage};
use weft_workflow::plan::{Call, Kind, Node};
use weft_workflow::{Event, Place};

use super::Driver;
use super::event::failure;
use super::job::{Errand, Job, Task};
use super::ready::Work;
use super::slot::Slot;
use super::slots::Key;
use crate::engine::Inner;
use crate::metrics::count;
use crate::port::calls::{Callee, NodeCall, Wanted};

/// The arguments of a call.
pub(super) struct Arguments {
    /// An image of the parameters' record.
    pub(super) image: Image,
    /// What is not in the image.
    pub(super) attached: Attached,
}

/// An attempt at calling a function.
struct Target<'a> {
    node: &'a Node,
    call: &'a Call,
    place: Place,
    attempt: u32,
}

impl Driver {
    /// Calls the function of a node. Whether the call goes on: then it has the place among the calls.
    pub(super) fn call(&mut self, key: Key, place: Place, attempt: u32, arguments: Arguments) -> bool {
        let Some(slot) = self.slots.get(key) else {
            return false;
        };
        let plan = Arc::clone(slot.plan());
        let node = plan.node(place.node);
        let Kind::Call(call) = &node.kind else {
            return false;
        };
        let target = Target {
            node,
            call,
            place,
            attempt,
        };
        match self.inner.ports.calls.callee(&slot.wanted(node, call)) {
            Ok(callee) => self.call_target(key, &target, callee, arguments),
            Err(message) => {
                let error = failure(ErrorCode::Unavailable, message);
                self.fail(key, place, attempt, Usage::default(), error);
                false
            }
        }
    }

    fn call_target(
        &mut self,
        key: Key,
        target: &Target<'_>,
        callee: Arc<dyn Callee>,
        arguments: Arguments,
    ) -> bool {
        let Some(slot) = self.slots.get(key) else {
            return false;
        };
        let mut errand = self.errand(key, Task::Attempt(target.place, target.attempt));
        errand.placed = true;
        // What was granted to a version never changes; what the functions that it calls may do does.
        errand.effects = !(target.node.effect_free && callee.effect_free());
        if target.node.cache.is_some() && !errand.effects {
            let digests = slot.digests(target.node, &arguments.attached);
            let cached = cache_key(target.call, callee.identity(), &arguments.image, &digests);
            if self.reuse(key, target, cached) {
                return false;
            }
            errand.cache = Some(cached);
        }
        if errand.effects {
            self.call_with_effects(errand, target, callee, arguments)
        } else {
            self.call_without_effects(errand, target, callee, arguments)
        }
    }

    /// Answers an attempt with an earlier result. Whether there was one.
    fn reuse(&mut self, key: Key, target: &Target<'_>, cached: Digest) -> bool {
        let now = self.inner.ports.clock.now();
        let Some(output) = self.inner.results.get(cached, now) else {
            count(&self.inner.totals.cache_misses);
            return false;
        };
        count(&self.inner.totals.cache_hits);
        self.succeed(key, target.place, target.attempt, Usage::default(), output);
        true
    }

    fn call_without_effects(
        &mut self,
        errand: Errand,
        target: &Target<'_>,
        callee: Arc<dyn Callee>,
        arguments: Arguments,
    ) -> bool {
        let Some(slot) = self.slots.get(errand.key) else {
            return false;
        };
        let durable = slot.open.durable;
        let call = slot.node_call(&errand, target, arguments, &self.inner);
        let goes_on = self.start_job(Job::calling(errand, callee, call));
        if goes_on && durable && target.place.item.is_none() {
            // Only now that it takes its time: short ones are not worth an event.
            self.tell_started(errand.key, target);
        }
        if goes_on {
            self.warm_ahead(errand.key, target.place.node);
        }
        goes_on
    }

    /// Everything so far is committed before the call begins.
    fn call_with_effects(
        &mut self,
        errand: Errand,
        target: &Target<'_>,
        callee: Arc<dyn Callee>,
        arguments: Arguments,
    ) -> bool {
        let durable = self.slots.get(errand.key).is_some_and(|slot| slot.open.durable);
        if durable {
            self.tell_started(errand.key, target);
        }
        if !self.pass_on() {
            self.put_back(errand.key, target);
            return false;
        }
        let Some(slot) = self.slots.get(errand.key) else {
            return false;
        };
        let call = slot.node_call(&errand, target, arguments, &self.inner);
        // A run that is not journalled waits as well: what led to the run around it may not be committed.
        // A further attempt waits until its beginning is, too: see `durability`.
        let position = match durable && target.attempt > 1 {
            true => self
                .position
                .filter(|position| !self.inner.is_committed(*position)),
            false => self.uncommitted(),
        };
        let job = match position {
            Some(position) => Job::committing(errand, self.inner.committed(position), callee, call),
            None => Job::calling(errand, callee, call),
        };
        self.warm_ahead(errand.key, target.place.node);
        self.start_job(job)
    }

    fn tell_started(&mut self, key: Key, target: &Target<'_>) {
        let (place, attempt) = (target.place, target.attempt);
        self.tell(key, Event::NodeStarted { place, attempt });
    }

    /// The journal has no room: the attempt begins once it has.
    fn put_back(&mut self, key: Key, target: &Target<'_>) {
        if let Some(slot) = self.slots.get(key) {
            let priority = slot.priority(target.place.node);
            let work = Work {
                key,
                place: target.place,
                attempt: target.attempt,
                lent: Vec::new(),
            };
            self.ready.push_front(priority, work);
        }
    }
}

impl Slot {
    pub(super) fn wanted<'a>(&'a self, node: &'a Node, call: &'a Call) -> Wanted<'a> {
        Wanted {
            project: &self.open.project,
            function: &call.function,
            version: call.version,
            profile: node.profile.as_deref(),
            group: node.group.as_deref().or(self.terms.group.as_deref()),
        }
    }

    fn node_call(
        &self,
        errand: &Errand,
        target: &Target<'_>,
        arguments: Arguments,
        inner: &Inner,
    ) -> NodeCall {
        let key = self.node_key(target.place);
        // A result that others may get must not depend on who asked first, or when.
        let (seed, time) = match errand.cache {
            Some(cached) => (inner.seed_of_cached(&cached), inner.opened_at),
            None => (self.seed(&key, target.attempt), errand.since),
        };
        NodeCall {
            export: target.call.export,
            arguments: arguments.image,
            attached: arguments.attached,
            seed,
            time,
            timeout: target.node.timeout,
            limits: target.node.limits.clone(),
            run: self.open.run,
            node: Arc::clone(&target.node.name),
            item: target.place.item,
            key,
            attempt: target.attempt,
            trace: self.terms.trace,
            depth: self.terms.depth,
        }
    }

    /// A seed for one attempt, which tells nothing of the run's.
    pub(super) fn seed(&self, key: &NodeKey, attempt: u32) -> [u8; 32] {
        let mut what = [0; 20];
        what[..16].copy_from_slice(key.as_bytes());
        what[16..].copy_from_slice(&attempt.to_le_bytes());
        *blake3::keyed_hash(&self.terms.seed, &what).as_bytes()
    }
}

/// What a result without effects depends on: of what is attached, where and which bytes.
fn cache_key(call: &Call, callee: Digest, arguments: &Image, attached: &[(usize, Digest)]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(callee.as_bytes());
    hasher.update(&(call.export as u64).to_le_bytes());
    hasher.update(arguments.as_bytes());
    for (parameter, digest) in attached {
        hasher.update(&(*parameter as u64).to_le_bytes());
        hasher.update(digest.as_bytes());
    }
    Digest::from_bytes(*hasher.finalize().as_bytes())
}
