//! The length of a list is known.

use super::Action;
use super::cell::Phase;
use super::items::Items;
use super::turn::{Turn, Verdict};
use crate::event::Place;
use crate::plan::NodeIndex;

/// The most items that a node may go over. Each takes 4 bytes of the state, and about 50 of who drives the run, as soon as their
/// number is known: 60 MiB in all at most.
pub const MAX_ITEMS: u32 = 1 << 20;

impl Turn<'_> {
    /// The first items are given, of those that are not over already.
    pub(super) fn expanded(&mut self, node: NodeIndex, items: u32) -> Verdict {
        self.may_begin(node)?;
        if self.state.ending.is_some() {
            return Err("the run is ending".into());
        }
        if self.plan.node(node).for_each.is_none() {
            return Err("the node goes over no list".into());
        }
        if items > MAX_ITEMS {
            return Err(format!("a node goes over {MAX_ITEMS} items at most"));
        }
        let reused = self.state.reused.remove(&node).unwrap_or_default();
        let cell = self.state.cell_mut(node);
        cell.phase = Phase::Expanded;
        cell.items = Some(Box::new(Items::reusing(items, &reused)));
        self.state.dues.remove(&Place::of(node));
        self.go_on(node);
        Ok(())
    }

    /// Gives more items, or closes the books where none is left.
    pub(super) fn go_on(&mut self, node: NodeIndex) {
        let items = &self.state.cell(node).items;
        if !items.as_ref().is_some_and(|items| items.is_over()) {
            self.give_items(node);
        } else if let Some((place, error)) = self.state.errors.remove(&node) {
            self.fail(node, place, error);
        } else if self.state.ending.is_some() {
            self.close_stopped(node);
        } else {
            self.state.cell_mut(node).phase = Phase::Gathering;
            self.actions.push(Action::Gather(node));
        }
    }
}
