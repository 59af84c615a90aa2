//! A node sleeps, or awaits an outside event.

use jiff::Timestamp;

use super::Action;
use super::cell::Phase;
use super::turn::{Turn, Verdict};
use crate::event::{Place, micros};
use crate::plan::{Kind, NodeIndex};

impl Turn<'_> {
    /// Timers run on while the run is paused.
    pub(super) fn suspended(&mut self, node: NodeIndex, due: Option<Timestamp>) -> Verdict {
        self.may_begin(node)?;
        if self.state.ending.is_some() {
            return Err("the run is ending".into());
        }
        match (&self.plan.node(node).kind, due) {
            (Kind::Sleep { .. }, Some(_)) | (Kind::Wait { .. }, _) => {}
            (Kind::Sleep { .. }, None) => return Err("a sleep ends at some time".into()),
            (Kind::Call(_), _) => return Err("the node neither sleeps nor waits".into()),
        }
        let due = due.map(micros);
        self.state.cell_mut(node).phase = Phase::Suspended;
        match due {
            Some(due) => self.state.dues.insert(Place::of(node), due),
            None => self.state.dues.remove(&Place::of(node)),
        };
        self.actions.push(Action::Await { node, due });
        Ok(())
    }

    /// Somebody brought what a node awaits: its success follows.
    pub(super) fn completed(&self, node: NodeIndex) -> Verdict {
        let awaits = |node: NodeIndex| matches!(self.plan.node(node).kind, Kind::Wait { .. });
        match self.state.is_suspended(node) && awaits(node) {
            true => Ok(()),
            false => Err("it awaits nothing".into()),
        }
    }
}
