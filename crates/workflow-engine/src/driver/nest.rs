//! Beginning nested runs: they are driven in the same task as the run that they belong to.

use std::sync::Arc;

use weft_types::ty::Shape;
use weft_types::{ProjectName, RunId, Value};
use weft_workflow::event::{ErrorCode, NodeError, Usage};
use weft_workflow::plan::{Call, Kind};
use weft_workflow::{Event, Place, Plan};

use super::event::{begin_run, failure};
use super::job::{Done, Errand, Job, Prevented, Task, Then};
use super::nested::{Nesting, is_durable};
use super::slot::{Parent, Slot, Standing};
use super::slots::Key;
use super::{Driver, Lost};
use crate::alarm::Broken;
use crate::engine::Inner;
use crate::open_run::Outcome;
use crate::port::calls::{CallError, NodeReply};
use crate::port::journal::Position;

/// What comes before a nested run.
#[derive(Default)]
struct Before {
    /// A run of this id may have been open before a crash, and have ended since.
    look_up: Option<(ProjectName, RunId)>,
    /// It has effects and is not journalled.
    commit: Option<Position>,
}

/// The journal has no room.
struct Stalled;

impl Driver {
    /// Begins the nested run of an attempt.
    pub(super) fn nest(&mut self, key: Key, place: Place, attempt: u32, arguments: Value) {
        let errand = self.errand(key, Task::Attempt(place, attempt));
        match self.find_plan(key, place) {
            Ok(plan) => self.nest_plan(errand, plan, arguments),
            Err(error) => self.fail_task(errand, error),
        }
    }

    fn nest_plan(&mut self, errand: Errand, plan: Arc<Plan>, arguments: Value) {
        if let Value::Direct(image) = &arguments
            && self.inner.is_large(image)
        {
            return self.yield_value(errand, image.clone(), &plan.signature.params, Then::Nest);
        }
        let before = match self.before_nested(&errand, &plan) {
            Ok(before) => before,
            // The journal has no room: the attempt begins once it has.
            Err(Stalled) => return self.continue_with(errand, Vec::new()),
        };
        if before.commit.is_none() && before.look_up.is_none() {
            return self.begin_nested(errand, plan, arguments);
        }
        let prepare = before.prepare(Arc::clone(&self.inner), plan);
        let work = async move { Done::Prepared(prepare.await, arguments) };
        self.start_job(Job::before(errand, work));
    }

    /// What has to be awaited before a nested run begins.
    fn before_nested(&mut self, errand: &Errand, plan: &Plan) -> Result<Before, Stalled> {
        let (Some(slot), Task::Attempt(place, attempt)) = (self.slots.get_mut(errand.key), errand.task)
        else {
            return Ok(Before::default());
        };
        if is_durable(plan) {
            let may_have_ended = slot.lookups.remove(&place);
            return Ok(Before {
                look_up: may_have_ended.then(|| (slot.open.project.clone(), slot.nested_at(place, attempt))),
                commit: None,
            });
        }
        // A run that is not journalled is a single step of the run around it.
        if !slot.open.durable || plan.effect_free {
            return Ok(Before::default());
        }
        self.tell(errand.key, Event::NodeStarted { place, attempt });
        if !self.pass_on() {
            return Err(Stalled);
        }
        Ok(Before {
            look_up: None,
            commit: self.uncommitted(),
        })
    }

    /// The nested run may begin, or has ended before.
    pub(super) fn take_prepared(
        &mut self,
        errand: Errand,
        prepared: Result<Option<Arc<Outcome>>, Prevented>,
        arguments: Value,
    ) {
        let Task::Attempt(place, attempt) = errand.task else {
            return;
        };
        let parent = Parent {
            key: errand.key,
            place,
            attempt,
            since: errand.since,
        };
        match prepared {
            Ok(Some(outcome)) => self.child_ended(parent, &outcome),
            Ok(None) => match self.find_plan(errand.key, place) {
                Ok(plan) => self.begin_nested(errand, plan, arguments),
                Err(error) => self.fail_task(errand, error),
            },
            Err(Prevented::Failed(error)) => self.fail_task(errand, error),
            Err(Prevented::Broken(Broken(why))) => {
                self.leaving.lost.get_or_insert(Lost::Broken(why));
            }
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
        let workflows = &self.inner.ports.workflows;
        let plan = workflows.plan(&slot.open.project, &call.function, Some(call.version));
        let (_, plan) = plan.map_err(|error| failure(ErrorCode::Unavailable, error.to_string()))?;
        if !slot.open.durable && is_durable(&plan) {
            let message = format!(
                "`{}` is durable, and an express run cannot have a durable one within it",
                call.function
            );
            return Err(failure(ErrorCode::Run, message));
        }
        Ok(plan)
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
        self.inner.registry.insert(Arc::clone(&nested.open));
        self.slots.insert(nested);
        self.stand(errand.key, place, Standing::Nested(key));
        self.watch_deadline(key);
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

impl Before {
    /// Waits for the commit, then finds out whether the run has ended before a crash.
    async fn prepare(self, inner: Arc<Inner>, plan: Arc<Plan>) -> Result<Option<Arc<Outcome>>, Prevented> {
        if let Some(position) = self.commit {
            inner.committed(position).await.map_err(Prevented::Broken)?;
        }
        let Some((project, run)) = self.look_up else {
            return Ok(None);
        };
        let found = inner.find_ended(&project, run, &plan).await;
        found.map_err(|error| match error {
            // Whether it ended may be known after the next start.
            crate::Error::Broken(why) => Prevented::Broken(Broken(why)),
            error => Prevented::Failed(failure(ErrorCode::Platform, error.to_string())),
        })
    }
}

fn reply(result: Option<weft_types::image::Image>, usage: Usage) -> Done {
    Done::Called(Ok(NodeReply {
        result,
        cpu_time: std::time::Duration::from_micros(usage.cpu_us),
    }))
}
