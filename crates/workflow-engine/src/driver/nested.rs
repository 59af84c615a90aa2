//! What a nested run is made of.

use std::sync::Arc;

use jiff::Timestamp;
use weft_types::{NodeKey, RunId, Value};
use weft_workflow::event::{Accepted, Stored, Trigger, after};
use weft_workflow::plan::Kind;
use weft_workflow::{Place, Plan};

use super::slot::{NewSlot, Parent, Slot, Terms};
use super::slots::Key;
use crate::engine::Inner;
use crate::express::Kept;
use crate::open_run::{OpenRun, Opening};

/// What is needed to begin a nested run.
pub(super) struct Nesting {
    pub(super) parent: Parent,
    pub(super) plan: Arc<Plan>,
    pub(super) arguments: Value,
}

/// The id of a run that an attempt nests, or a function on its behalf starts. It follows from that of its parent and the place, so that after a crash the run is found again; and
/// the time in it is that of its parent, so that both are listed together.
pub(crate) fn run_of(parent: RunId, key: &NodeKey, attempt: u32) -> RunId {
    // No time is out of range.
    let time = Timestamp::from_millisecond(millisecond(parent)).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut hasher = blake3::Hasher::new();
    hasher.update(key.as_bytes()).update(&attempt.to_le_bytes());
    let mut random = [0; 10];
    random.copy_from_slice(&hasher.finalize().as_bytes()[..10]);
    RunId::at(time, random)
}

/// The time in a run's id.
pub(crate) fn millisecond(run: RunId) -> i64 {
    // The first 48 bits of a UUIDv7.
    (run.0.as_u128() >> 80) as i64
}

pub(crate) fn is_durable(plan: &Plan) -> bool {
    match plan.durability {
        weft_types::Durability::Durable => true,
        weft_types::Durability::Express => false,
    }
}

impl Slot {
    /// The id of the run that an attempt at a place nests.
    pub(super) fn nested_at(&self, place: Place, attempt: u32) -> RunId {
        run_of(self.open.run, &self.node_key(place), attempt)
    }

    /// The run that is nested at a place.
    pub(super) fn nested(&self, key: Key, nesting: Nesting, inner: &Inner) -> (Box<Self>, Box<Accepted>) {
        let Nesting {
            parent,
            plan,
            arguments,
        } = nesting;
        let accepted = self.accept_nested(parent, &plan, &arguments, inner);
        let durable = is_durable(&plan);
        // Within a journalled run it waits for the commit of what led to it.
        let told = !durable && self.open.kept.is_some();
        let open = OpenRun::new(Opening {
            run: accepted.run,
            project: accepted.project.clone(),
            workflow: accepted.workflow.clone(),
            version: accepted.version,
            durable,
            kept: told.then(|| Kept::new(inner.config.express_bytes)),
            plan,
            key,
            mailbox: Arc::clone(&self.open.mailbox),
            counted: None,
        });
        let slot = Slot::new(NewSlot {
            flow: inner.flow(&open.project, &open.workflow),
            open,
            terms: Terms::of(&accepted),
            created_at: inner.ports.clock.now(),
            arguments,
            globals: None,
            parent: Some(parent),
            express_bytes: inner.config.express_bytes,
        });
        (slot, accepted)
    }

    fn accept_nested(&self, parent: Parent, plan: &Plan, arguments: &Value, inner: &Inner) -> Box<Accepted> {
        let own = &self.terms;
        let node = self.plan().node(parent.place.node);
        let node_key = self.node_key(parent.place);
        // A node that nests calls a version: `find_plan` has found its plan by that.
        let (workflow, version) = match &node.kind {
            Kind::Call(call) => (call.function.clone(), call.version),
            Kind::Sleep { .. } | Kind::Wait { .. } => (self.open.workflow.clone(), self.open.version),
        };
        let mut span = [0; 8];
        span.copy_from_slice(&node_key.as_bytes()[..8]);
        Box::new(Accepted {
            run: run_of(self.open.run, &node_key, parent.attempt),
            project: self.open.project.clone(),
            workflow,
            version,
            plan: plan.digest,
            // A plan has far fewer than 2^32 nodes: their indices are `u32`.
            nodes: plan.nodes.len() as u32,
            arguments: Stored::from(arguments),
            globals: None,
            seed: self.seed(&node_key, parent.attempt),
            submitter: own.submitter.clone(),
            trigger: Trigger::Parent {
                run: self.open.run,
                place: parent.place,
                root: own.root,
            },
            scheduled_at: None,
            priority: self.priority(parent.place.node),
            deadline: self.nested_deadline(parent, plan, inner),
            group: own.group.clone(),
            labels: Default::default(),
            extras: String::new(),
            host: inner.config.host.clone(),
            trace: (own.trace.0, span),
            depth: own.depth + 1,
            given: Vec::new(),
            left_out: Vec::new(),
        })
    }

    /// The earliest of what bounds a nested run.
    fn nested_deadline(&self, parent: Parent, plan: &Plan, inner: &Inner) -> Option<Timestamp> {
        let of_node = self.plan().node(parent.place.node).timeout;
        let timeouts = [of_node, plan.defaults.timeout];
        let own = timeouts.into_iter().flatten().min();
        let own = own.map(|timeout| after(inner.ports.clock.now(), timeout));
        [own, self.terms.deadline].into_iter().flatten().min()
    }
}
