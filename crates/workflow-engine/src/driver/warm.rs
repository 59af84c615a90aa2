//! Making ready what will be called next.

use std::sync::Arc;

use weft_workflow::NodeIndex;
use weft_workflow::plan::{Kind, Node, Plan};

use super::Driver;
use super::slots::Key;

impl Driver {
    /// While a node executes, has places made ready for the functions that its successors call, within the budget for that.
    pub(super) fn warm_ahead(&mut self, key: Key, node: NodeIndex) {
        let most = self.inner.config.warm_ahead;
        let Some(slot) = self.slots.get_mut(key) else {
            return;
        };
        let plan = Arc::clone(slot.plan());
        for successor in likely_first(&plan, node).take(most) {
            let node = plan.node(successor);
            if let Kind::Call(call) = &node.kind
                && !call.workflow
                && slot.warmed.insert(successor)
                && let Ok(callee) = self.inner.ports.calls.callee(&slot.wanted(node, call))
            {
                callee.warm();
            }
        }
    }
}

/// What a node leads to: first what follows for certain where nothing fails, then what may be skipped.
fn likely_first(plan: &Plan, node: NodeIndex) -> impl Iterator<Item = NodeIndex> {
    let successors = &plan.node(node).successors;
    let part = |skippable: bool| {
        let some = successors.iter().copied();
        some.filter(move |successor| may_be_skipped(plan.node(*successor)) == skippable)
    };
    part(false).chain(part(true))
}

fn may_be_skipped(node: &Node) -> bool {
    node.when.is_some() || node.catches.is_some()
}
