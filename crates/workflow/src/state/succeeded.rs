//! An attempt ended well.

use weft_types::NodeStatus;

use super::outstanding::Outstanding;
use super::turn::{Turn, Verdict};
use super::view::Reason;
use crate::event::Place;

impl Turn<'_> {
    /// Legal while the run or the node is being stopped, too: the result came before the stop did.
    pub(super) fn succeeded(&mut self, place: Place, attempt: u32) -> Verdict {
        match self.outstanding(place, attempt)? {
            Outstanding::Attempt if self.plan.node(place.node).for_each.is_some() => {
                return Err("its list was not expanded".into());
            }
            Outstanding::Attempt | Outstanding::Suspension | Outstanding::Gather => {
                self.close(place.node, NodeStatus::Succeeded, None);
            }
            Outstanding::Catch => self.close(place.node, NodeStatus::Succeeded, Some(Reason::Caught)),
            Outstanding::Item(item) => self.close_item(place, item, NodeStatus::Succeeded),
        }
        Ok(())
    }

    /// An item is over, and may make place for another.
    pub(super) fn close_item(&mut self, place: Place, item: u32, status: NodeStatus) {
        self.state.dues.remove(&place);
        if let Some(items) = &mut self.state.cell_mut(place.node).items {
            items.close(item, status);
        }
        self.go_on(place.node);
    }
}
