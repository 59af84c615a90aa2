//! Beginning an attempt.

use std::sync::Arc;

use weft_types::Value;
use weft_workflow::evaluate::Items;
use weft_workflow::event::{Usage, after};
use weft_workflow::{Event, Place};

use super::Driver;
use super::call::Arguments;
use super::job::{Done, Errand, Job, Task};
use super::lend::{self, Loan};
use super::look::Begin;
use super::ready::{Callee, Lent, Work};
use super::slot::Standing;

impl Driver {
    /// Begins an attempt. One that calls a function has its place among the calls, which is given back unless a call is under
    /// way afterwards.
    pub(super) fn begin(&mut self, work: Work) {
        let Some(slot) = self.slots.get_mut(work.key) else {
            return;
        };
        let calls = slot.callee_at(work.place) == Callee::Function;
        if !slot.interrupted.is_empty() && self.may_have_nested(work.key, work.place) {
            return self.look_for_end(work.key, work.place, false);
        }
        if !self.begin_in_place(work) && calls {
            self.calls.give_back();
        }
    }

    /// Whether a call is under way that has the place.
    fn begin_in_place(&mut self, mut work: Work) -> bool {
        let inner = Arc::clone(&self.inner);
        let Some(slot) = self.slots.get_mut(work.key) else {
            return false;
        };
        if let Err(loans) = slot.lend_to_attempt(work.place, &mut work.lent, &inner) {
            self.load_for_attempt(work, loans);
            return false;
        }
        match slot.look(work.place, &work.lent, &inner) {
            Begin::Call(arguments, _) if slot.callee_at(work.place) == Callee::Workflow => {
                self.nest(work.key, work.place, work.attempt, arguments);
                false
            }
            Begin::Call(Value::Direct(image), attached) => {
                let arguments = Arguments { image, attached };
                self.call(work.key, work.place, work.attempt, arguments)
            }
            // Arguments of functions are put together in memory.
            Begin::Call(Value::Address(_), _) => false,
            other => {
                self.begin_without_call(&work, other);
                false
            }
        }
    }

    fn begin_without_call(&mut self, work: &Work, begin: Begin) {
        let (key, node) = (work.key, work.place.node);
        let event = match begin {
            Begin::Skip => {
                self.end_nesting(key, work.place);
                Event::NodeSkipped { node }
            }
            Begin::Expand(Items { count, list }) => {
                let most = self.inner.config.values.bytes;
                if let Some(slot) = self.slots.get_mut(key) {
                    slot.expand(node, count, list, most);
                }
                Event::Expanded { node, items: count }
            }
            Begin::Suspend(duration) => {
                let now = self.inner.ports.clock.now();
                Event::Suspended {
                    node,
                    due: duration.map(|duration| after(now, duration)),
                }
            }
            Begin::Fail(error) => {
                self.fail(key, work.place, work.attempt, Usage::default(), error);
                return;
            }
            Begin::Call(..) => return,
        };
        self.tell(key, event);
    }

    /// Loads values, and begins the attempt afterwards.
    fn load_for_attempt(&mut self, work: Work, loans: Vec<Loan>) {
        let task = Task::Attempt(work.place, work.attempt);
        let errand = self.errand(work.key, task);
        self.load(errand, loans, work.lent);
    }

    /// Loads values for a task.
    pub(super) fn load(&mut self, errand: Errand, loans: Vec<Loan>, lent: Lent) {
        let Some(slot) = self.slots.get(errand.key) else {
            return;
        };
        let load = lend::load(Arc::clone(&self.inner), slot.open.project.clone(), loans, lent);
        self.start_job(Job::before(errand, async { Done::Loaded(load.await) }));
    }

    /// What a job for a task is known by, from now on.
    pub(super) fn errand(&self, key: super::Key, task: Task) -> Errand {
        Errand {
            key,
            task,
            since: self.inner.ports.clock.now(),
            effects: false,
            placed: false,
            cache: None,
        }
    }

    /// Polls a job for the first time. Whether it goes on.
    pub(super) fn start_job(&mut self, job: Job) -> bool {
        let errand = job.errand;
        match self.jobs.start(job) {
            Ok(finished) => {
                self.absorb(finished);
                false
            }
            Err(id) => {
                if let Some(place) = errand.task.place() {
                    self.stand(errand.key, place, Standing::Job(id));
                }
                true
            }
        }
    }
}

impl Task {
    /// Where it stands while it is under way; none for the end of a run.
    pub(super) fn place(self) -> Option<Place> {
        match self {
            Self::Attempt(place, _) => Some(place),
            Self::Gather(node) | Self::Catch(node) => Some(Place::of(node)),
            Self::Finish(_) => None,
        }
    }
}
