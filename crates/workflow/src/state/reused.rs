//! An item was executed by the run that this one repeats.

use super::MAX_ITEMS;
use super::cell::Phase;
use super::run::Stage;
use super::turn::{Turn, Verdict};
use crate::plan::NodeIndex;

impl Turn<'_> {
    /// It is over as soon as the list is known, if that has such an item.
    pub(super) fn item_reused(&mut self, node: NodeIndex, item: u32) -> Verdict {
        if self.state.stage != Stage::Accepted {
            return Err("the run has started".into());
        }
        match self.plan.nodes.get(node.0 as usize) {
            None => return Err("there is no such node".into()),
            Some(node) if node.for_each.is_none() => return Err("the node goes over no list".into()),
            Some(_) if item >= MAX_ITEMS => {
                return Err(format!("a node goes over {MAX_ITEMS} items at most"));
            }
            Some(_) => {}
        }
        if let Phase::Closed(..) = self.state.cell(node).phase {
            return Err("the node is over".into());
        }
        let reused = self.state.reused.entry(node).or_default();
        if reused.last().is_some_and(|last| *last >= item) {
            return Err("items are reused in their order".into());
        }
        reused.push(item);
        Ok(())
    }
}
