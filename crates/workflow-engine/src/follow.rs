//! What follows from an event for nodes to which nothing happened themselves: it is not written down, as it can be told from the plan.

use std::sync::Arc;

use weft_types::NodeStatus;
use weft_workflow::state::{Reason, RunState, decide_telling};
use weft_workflow::{Event, NodeIndex, Plan, Stamped};

/// A node that is over because of an event that was another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follows {
    /// The node.
    pub node: NodeIndex,
    /// How it ended.
    pub status: NodeStatus,
    /// Why; none where the event was of one of its items.
    pub reason: Option<Reason>,
}

/// What an event says beside itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// Nodes that are over because of it, in the order in which they are.
    pub(crate) follows: Vec<Follows>,
    /// How what it tells of ended, where that was stopped.
    pub(crate) stopped: Option<NodeStatus>,
}

/// A run being followed, event by event from the first.
pub(crate) struct Following {
    plan: Arc<Plan>,
    /// None once an event could not be: what follows from later ones is not known then.
    state: Option<RunState>,
}

impl Following {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        Self {
            state: Some(RunState::new(&plan)),
            plan,
        }
    }

    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Takes the next event.
    pub(crate) fn take(&mut self, stamped: &Stamped) -> Told {
        let Some(state) = &mut self.state else {
            return Told::default();
        };
        let Stamped { at, event } = stamped;
        let stopped = state.stopped_by(event);
        let Ok(closed) = decide_telling(&self.plan, state, *at, event, &mut Vec::new()) else {
            self.state = None;
            return Told::default();
        };
        let others = closed.into_iter().filter(|node| Some(*node) != own_node(event));
        let follows = others.filter_map(|node| {
            let (status, reason) = (state.node(node).status, state.node(node).reason);
            let is_told = reason.is_some() || Some(node) == node_of_item(event);
            is_told.then_some(Follows { node, status, reason })
        });
        let follows = follows.collect();
        // A node that failed before its fallback was stopped did fail.
        let stopped =
            stopped.filter(|status| own_node(event).is_none_or(|node| state.node(node).status == *status));
        Told { follows, stopped }
    }
}

/// The node of which an event tells what became of an item.
fn node_of_item(event: &Event) -> Option<NodeIndex> {
    match event {
        Event::NodeSucceeded { place, .. } | Event::NodeFailed { place, .. } => {
            place.item.map(|_| place.node)
        }
        _ => None,
    }
}

/// The node that an event is about as a whole.
fn own_node(event: &Event) -> Option<NodeIndex> {
    match event {
        Event::NodeStarted { place, .. }
        | Event::NodeSucceeded { place, .. }
        | Event::NodeFailed { place, .. } => place.item.is_none().then_some(place.node),
        Event::Expanded { node, .. }
        | Event::Suspended { node, .. }
        | Event::NodeSkipped { node }
        | Event::Completed { node, .. } => Some(*node),
        Event::Accepted(_)
        | Event::Started
        | Event::Paused { .. }
        | Event::Resumed { .. }
        | Event::CancelRequested { .. }
        | Event::DeadlinePassed
        | Event::Finished(_)
        | Event::ItemReused { .. } => None,
    }
}
