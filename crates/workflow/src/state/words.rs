//! Events in words, for errors.

use crate::event::{Event, Place};
use crate::plan::{NodeIndex, Plan};

/// An event as the subject of a sentence.
pub(super) fn event(plan: &Plan, event: &Event) -> String {
    match event {
        Event::Accepted(_) => "the acceptance of the run".into(),
        Event::Started => "the start of the run".into(),
        Event::NodeStarted { place, attempt } => attempt_of(plan, "the start", *attempt, *place),
        Event::Expanded { node, items } => format!("the expansion of {} to {items} items", name(plan, *node)),
        Event::Suspended { node, .. } => format!("the suspension of {}", name(plan, *node)),
        Event::NodeSucceeded { place, attempt, .. } => attempt_of(plan, "the success", *attempt, *place),
        Event::NodeFailed { place, attempt, .. } => attempt_of(plan, "the failure", *attempt, *place),
        Event::NodeSkipped { node } => format!("the skipping of {}", name(plan, *node)),
        Event::Completed { node, .. } => format!("the completion of {}", name(plan, *node)),
        Event::Paused { .. } => "a pause of the run".into(),
        Event::Resumed { .. } => "a resumption of the run".into(),
        Event::CancelRequested { .. } => "a cancellation of the run".into(),
        Event::DeadlinePassed => "the deadline of the run".into(),
        Event::Finished(_) => "the end of the run".into(),
        Event::ItemReused { node, item, .. } => {
            format!("the reuse of item {item} of {}", name(plan, *node))
        }
    }
}

fn attempt_of(plan: &Plan, what: &str, attempt: u32, place: Place) -> String {
    let node = name(plan, place.node);
    match place.item {
        None => format!("{what} of attempt {attempt} of {node}"),
        Some(item) => format!("{what} of attempt {attempt} of item {item} of {node}"),
    }
}

fn name(plan: &Plan, node: NodeIndex) -> String {
    match plan.nodes.get(node.0 as usize) {
        Some(node) => format!("`{}`", node.name),
        None => format!("node {}", node.0),
    }
}
