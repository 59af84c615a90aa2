//! What is outstanding at a place: given, and not answered.

use super::cell::Phase;
use super::items::ItemPhase;
use super::turn::{Turn, Verdict};
use crate::event::Place;
use crate::plan::NodeIndex;

/// An outstanding action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outstanding {
    /// An attempt of a node.
    Attempt,
    /// A node's sleep, or its wait for an outside event.
    Suspension,
    /// Putting a node's list together.
    Gather,
    /// Evaluating the value that stands in for a node.
    Catch,
    /// An attempt of this item.
    Item(u32),
}

impl Turn<'_> {
    /// What is outstanding at a place, if that is the attempt of this number.
    pub(super) fn outstanding(&self, place: Place, attempt: u32) -> Result<Outstanding, String> {
        let cell = self.state.nodes.get(place.node.0 as usize);
        let cell = cell.ok_or("the plan has no such node")?;
        let (outstanding, latest) = match place.item {
            None => (of_node(cell.phase)?, cell.attempt),
            Some(item) => {
                let items = cell.items.as_ref().ok_or("the node has no items")?;
                let (phase, latest) = items.get(item).ok_or("the node has no such item")?;
                (of_item(item, phase)?, latest)
            }
        };
        if attempt == latest {
            Ok(outstanding)
        } else {
            Err(format!("attempt {latest} is under way, not {attempt}"))
        }
    }

    /// Whether an attempt of the node itself is under way that has begun neither to wait nor to go over its items.
    pub(super) fn may_begin(&self, node: NodeIndex) -> Verdict {
        let cell = self.state.nodes.get(node.0 as usize);
        let cell = cell.ok_or("the plan has no such node")?;
        match of_node(cell.phase)? {
            Outstanding::Attempt => Ok(()),
            Outstanding::Suspension => Err("it waits already".into()),
            Outstanding::Gather | Outstanding::Item(_) => Err("its items are over".into()),
            Outstanding::Catch => Err("it failed".into()),
        }
    }
}

fn of_node(phase: Phase) -> Result<Outstanding, &'static str> {
    match phase {
        Phase::Told | Phase::Started | Phase::RetryTold => Ok(Outstanding::Attempt),
        Phase::Suspended => Ok(Outstanding::Suspension),
        Phase::Gathering => Ok(Outstanding::Gather),
        Phase::Catching => Ok(Outstanding::Catch),
        Phase::Waiting | Phase::Held | Phase::RetryHeld => Err("it was not dispatched"),
        Phase::Expanded => Err("its items are under way"),
        Phase::Falling => Err("it failed, and its fallback is under way"),
        Phase::Closed(..) => Err("the node is over"),
    }
}

fn of_item(item: u32, phase: ItemPhase) -> Result<Outstanding, &'static str> {
    match phase {
        ItemPhase::Told | ItemPhase::Started | ItemPhase::RetryTold => Ok(Outstanding::Item(item)),
        ItemPhase::Waiting | ItemPhase::RetryHeld => Err("it was not dispatched"),
        ItemPhase::Closed(_) => Err("the item is over"),
    }
}
