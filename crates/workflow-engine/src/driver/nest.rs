//! Beginning nested runs: they are driven in the same task as the run that they belong to.

use std::sync::Arc;

use weft_types::Value;
use weft_types::ty::Shape;
use weft_workflow::event::{ErrorCode, NodeError, Usage};
use weft_workflow::plan::{Call, Kind};
use weft_workflow::{Event, Place, Plan};

use super::Driver;
use super::event::{begin_run, failure};
use super::job::{Done, Errand, Job, Task, Then};
use super::nested::{Nesting, is_durable};
use super::slot::{Parent, Slot, Standing};
use super::slots::Key;
use crate::open_run::Outcome;
use crate::port::calls::{CallError, NodeReply};
use crate::port::journal::Position;

/// The journal has no room.
struct Stalled;

impl Driver {
    /// Begins the nested run of an attempt.
    pub(super) fn nest(&mut self, key: Key, place: Place, attempt: u32, arguments: Value) {
        let errand = self.errand_to_nest(key, place, attempt);
        match self.find_plan(key, place) {
            Ok(plan) => self.nest_plan(errand, plan, arguments),
            Err(error) => self.fail_task(errand, error),
        }
    }

    /// What an attempt is known by that nests.
    pub(super) fn errand_to_nest(&self, key: Key, place: Place, attempt: u32) -> Errand {
        let slot = self.slots.get(key);
        Errand {
            effects: slot.is_some_and(|slot| !slot.plan().node(place.node).effect_free),
            ..self.errand(key, Task::Attempt(place, attempt))
        }
    }

    fn nest_plan(&mut self, errand: Errand, plan: Arc<Plan>, arguments: Value) {
        if let Value::Direct(image) = &arguments
            && self.inner.is_large(image)
        {
            return self.yield_value(errand, image.clone(), &plan.signature.params, Then::Nest);
        }
        match self.before_nested(&errand, &plan) {
            Ok(None) => self.begin_nested(errand, plan, arguments),
            Ok(Some(position)) => {
                let committed = self.inner.committed(position);
                let prepare = async move {
                    match committed.await {
                        Ok(()) => Done::Prepared(arguments),
                        Err(broken) => Done::Broken(broken),
                    }
                };
                self.start_job(Job::before(errand, prepare));
            }
            // The journal has no room: the attempt begins once it has.
            Err(Stalled) => self.continue_with(errand, Vec::new()),
        }
    }

    /// What has to be committed before a nested run begins. One that is not journalled is a single step of the run around it.
    fn before_nested(&mut self, errand: &Errand, plan: &Plan) -> Result<Option<Position>, Stalled> {
        let (Some(slot), Task::Attempt(place, attempt)) = (self.slots.get(errand.key), errand.task) else {
            return Ok(None);
        };
        if is_durable(plan) || !slot.open.durable || plan.effect_free {
            return Ok(None);
        }
        self.tell(errand.key, Event::NodeStarted { place, attempt });
        match self.pass_on() {
            true => Ok(self.uncommitted()),
            false => Err(Stalled),
        }
    }

    /// What led to the nested run is committed.
    pub(super) fn take_prepared(&mut self, errand: Errand, arguments: Value) {
        let Task::Attempt(place, _) = errand.task else {
            return;
        };
        match self.find_plan(errand.key, place) {
            Ok(plan) => self.begin_nested(errand, plan, arguments),
            Err(error) => self.fail_task(errand, error),
        }
    }

    fn find_plan(&self, key: Key, place: Place) -> Result<Arc<Plan>, NodeError> {
        let Some(slot) = self.slots.get(key) else {
            return Err(failure(ErrorCode::Platform, "the run is over"));
        };
        let node = slot.plan().node(place.node);
        let Kind::Call(call) = &node.kind else {
            return Err(failure(ErrorCode::Platform, "the node calls nothing"));
        };
        self.check_room(slot, call)?;
        let plan = self.plan_of_call(slot, call)?;
        if !slot.open.durable && is_durable(&plan) {
            let message = format!(
                "`{}` is durable, and an express run cannot have a durable one within it",
                call.function
            );
            return Err(failure(ErrorCode::Run, message));
        }
        Ok(plan)
    }

    pub(super) fn plan_of_call(&self, slot: &Slot, call: &Call) -> Result<Arc<Plan>, NodeError> {
        let workflows = &self.inner.ports.workflows;
        let plan = workflows.plan(&slot.open.project, &call.function, Some(call.version));
        let plan = plan.map(|(_, plan)| plan);
        plan.map_err(|error| failure(ErrorCode::Unavailable, error.to_string()))
    }

    fn check_room(&self, slot: &Slot, call: &Call) -> Result<(), NodeError> {
        let config = &self.inner.config;
        if slot.terms.depth >= config.depth {
            let message = format!(
                "`{}` cannot run here: runs nest at most {} deep",
                call.function, config.depth
            );
            return Err(failure(ErrorCode::Run, message));
        }
        if self.inner.registry.len() >= config.open_runs {
            return Err(failure(ErrorCode::Unavailable, "too many runs are open"));
        }
        Ok(())
    }

    fn begin_nested(&mut self, errand: Errand, plan: Arc<Plan>, arguments: Value) {
        let (Some(slot), Task::Attempt(place, attempt)) = (self.slots.get(errand.key), errand.task) else {
            return;
        };
        let parent = Parent {
            key: errand.key,
            place,
            attempt,
            since: errand.since,
        };
        let key = self.slots.next_key();
        let nesting = Nesting {
            parent,
            plan,
            arguments,
        };
        let (mut nested, accepted) = slot.nested(key, nesting, &self.inner);
        if let Err(refused) = begin_run(&mut nested, accepted, &mut self.outbox) {
            return self.fail_task(errand, failure(ErrorCode::Platform, refused.to_string()));
        }
        nested.flow.begins(nested.plan());
        self.inner.registry.insert(Arc::clone(&nested.open));
        self.slots.insert(nested);
        self.stand(errand.key, place, Standing::Nested(key));
        self.watch_deadline(key);
        // What was under way when that was paused has come to its end only now.
        if self.slots.get(errand.key).is_some_and(Slot::is_paused) {
            self.pause_one(key, "the run around it");
        }
        if let Some(slot) = self.slots.get_mut(errand.key) {
            slot.interrupted.remove(&place);
        }
        self.admit_nested(key);
    }

    /// A nested run succeeded: its result is the answer of the node.
    pub(super) fn take_nested_result(&mut self, errand: Errand, outcome: &Outcome) {
        let (Some(slot), Task::Attempt(place, attempt)) = (self.slots.get(errand.key), errand.task) else {
            return;
        };
        let usage = Usage {
            cpu_us: outcome.usage.cpu_us,
            ..self.usage(&errand, 0)
        };
        let plan = Arc::clone(slot.plan());
        let ty = plan.node(place.node).reply_type();
        match (&outcome.result, ty.map(weft_types::Type::shape)) {
            (Some(Value::Direct(image)), Some(Shape::Result(_))) => {
                self.take_result(errand, usage, Some(image.clone()));
            }
            (Some(Value::Address(address)), Some(Shape::Result(_))) => {
                let (inner, project) = (Arc::clone(&self.inner), slot.open.project.clone());
                let (address, plan) = (address.clone(), Arc::clone(&plan));
                let load = async move {
                    let Some(ty) = plan.node(place.node).reply_type() else {
                        return reply(None, usage);
                    };
                    match inner.load(&project, &address, ty).await {
                        Ok(image) => reply(Some(image), usage),
                        Err(unavailable) => Done::Called(Err(CallError {
                            code: ErrorCode::Evaluation,
                            message: unavailable.to_string(),
                            begun: true,
                            cpu_time: std::time::Duration::from_micros(usage.cpu_us),
                        })),
                    }
                };
                self.start_job(Job::after(errand, load));
            }
            (result, _) => self.succeed(errand.key, place, attempt, usage, result.clone()),
        }
    }
}

fn reply(result: Option<weft_types::image::Image>, usage: Usage) -> Done {
    Done::Called(Ok(NodeReply {
        result,
        cpu_time: std::time::Duration::from_micros(usage.cpu_us),
    }))
}
