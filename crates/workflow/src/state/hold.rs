//! Holding new work back, and giving it.

use super::Action;
use super::cell::Phase;
use super::items::ItemPhase;
use super::run::Stage;
use super::turn::{Turn, Verdict};
use crate::event::Place;
use crate::plan::NodeIndex;

impl Turn<'_> {
    /// Somebody asked for a pause: of a run that waits to be admitted, too.
    pub(super) fn paused(&mut self) -> Verdict {
        if self.state.ending().is_some() {
            return Err("the run is ending".into());
        }
        if self.state.paused {
            return Err("the run is paused".into());
        }
        self.state.paused = true;
        Ok(())
    }

    /// Somebody asked to go on.
    pub(super) fn resumed(&mut self) -> Verdict {
        if !self.state.paused {
            return Err("the run is not paused".into());
        }
        self.state.paused = false;
        if self.state.stage == Stage::Started {
            self.release();
        }
        Ok(())
    }

    /// Gives everything that was held back.
    pub(super) fn release(&mut self) {
        for at in 0..self.state.nodes.len() {
            let node = NodeIndex(at as u32);
            match self.state.cell(node).phase {
                Phase::Held => self.ready.push(node),
                Phase::RetryHeld => self.give_retry(Place::of(node)),
                Phase::Expanded => {
                    self.release_items(node);
                    self.give_items(node);
                }
                Phase::Waiting
                | Phase::Told
                | Phase::Started
                | Phase::Suspended
                | Phase::RetryTold
                | Phase::Gathering
                | Phase::Catching
                | Phase::Falling
                | Phase::Closed(..) => {}
            }
        }
    }

    /// Gives a node that became ready, unless it is over by now or new work is held back.
    pub(super) fn give(&mut self, node: NodeIndex) {
        if self.state.admits() && self.state.cell(node).phase == Phase::Held {
            let cell = self.state.cell_mut(node);
            cell.phase = Phase::Told;
            cell.attempt = 1;
            self.actions.push(Action::Dispatch(node));
        }
    }

    /// Gives as many new items as the node's concurrency allows.
    pub(super) fn give_items(&mut self, node: NodeIndex) {
        if !self.state.admits() {
            return;
        }
        let for_each = self.plan.node(node).for_each.as_ref();
        let concurrency = for_each.map_or(1, |for_each| for_each.concurrency.max(1));
        let Some(items) = &mut self.state.nodes[node.0 as usize].items else {
            return;
        };
        while let Some(item) = items.begin(concurrency) {
            self.actions.push(Action::DispatchItem(node, item));
        }
    }

    /// Gives a retry that was held back, or is new.
    pub(super) fn give_retry(&mut self, place: Place) {
        let Some(due) = self.state.dues.get(&place).copied() else {
            return;
        };
        let cell = self.state.cell_mut(place.node);
        let attempt = match (place.item, &mut cell.items) {
            (Some(item), Some(items)) => {
                let attempt = items.get(item).map_or(1, |(_, attempt)| attempt);
                items.set(item, ItemPhase::RetryTold, attempt);
                attempt
            }
            (_, _) => {
                cell.phase = Phase::RetryTold;
                cell.attempt
            }
        };
        self.actions.push(Action::Retry { place, attempt, due });
    }

    fn release_items(&mut self, node: NodeIndex) {
        let Some(items) = &self.state.cell(node).items else {
            return;
        };
        let held = items
            .active()
            .filter(|(_, phase, _)| *phase == ItemPhase::RetryHeld);
        let held: Vec<u32> = held.map(|(item, _, _)| item).collect();
        for item in held {
            self.give_retry(Place::item(node, item));
        }
    }
}
