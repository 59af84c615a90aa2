//! What is to be done about a run that was just folded.

use super::Action;
use super::cell::{Cell, Phase};
use super::items::Items;
use super::run::{RunState, Stage};
use crate::event::Place;
use crate::plan::{NodeIndex, Plan};

/// Every outstanding action: given by the events so far and not answered. In the order of nodes and items.
///
/// Takes time proportional to the nodes, and to the items that were ever dispatched.
#[must_use]
pub fn resume(plan: &Plan, state: &RunState) -> Vec<Action> {
    debug_assert_eq!(plan.nodes.len(), state.nodes.len(), "the plan of the run");
    match state.stage {
        Stage::New | Stage::Closed(_) => Vec::new(),
        Stage::Decided(status) => vec![Action::Finish(status)],
        Stage::Accepted | Stage::Started => outstanding(state),
    }
}

fn outstanding(state: &RunState) -> Vec<Action> {
    let mut actions = Vec::new();
    for (at, cell) in state.nodes.iter().enumerate() {
        let node = NodeIndex(at as u32);
        if state.ending.is_some() && cell.phase.is_outstanding() {
            actions.push(Action::Stop(Place::of(node)));
        } else {
            actions.extend(of_node(state, node, cell));
        }
        if let (Phase::Expanded, Some(items)) = (cell.phase, &cell.items) {
            of_items(state, node, items, &mut actions);
        }
    }
    actions
}

fn of_node(state: &RunState, node: NodeIndex, cell: &Cell) -> Option<Action> {
    let place = Place::of(node);
    match cell.phase {
        Phase::Told | Phase::Started | Phase::RetryTold => {
            Some(attempt(state, place, cell.attempt, Action::Dispatch(node)))
        }
        Phase::Suspended => Some(Action::Await {
            node,
            due: state.dues.get(&place).copied(),
        }),
        Phase::Gathering => Some(Action::Gather(node)),
        Phase::Catching => Some(Action::Catch(node)),
        Phase::Waiting
        | Phase::Held
        | Phase::RetryHeld
        | Phase::Expanded
        | Phase::Falling
        | Phase::Closed(..) => None,
    }
}

fn of_items(state: &RunState, node: NodeIndex, items: &Items, actions: &mut Vec<Action>) {
    let active = items.active().filter(|(_, phase, _)| phase.is_outstanding());
    actions.extend(active.map(|(item, _, number)| {
        let place = Place::item(node, item);
        if items.ending {
            Action::Stop(place)
        } else {
            attempt(state, place, number, Action::DispatchItem(node, item))
        }
    }));
}

/// A first attempt was dispatched; a further one has a time that it is due at.
fn attempt(state: &RunState, place: Place, attempt: u32, first: Action) -> Action {
    match state.dues.get(&place) {
        Some(&due) => Action::Retry { place, attempt, due },
        None => first,
    }
}
