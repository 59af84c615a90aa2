//! Making ready what will be called next.

use weft_workflow::NodeIndex;
use weft_workflow::plan::Kind;

use super::Driver;
use super::slots::Key;

impl Driver {
    /// While a node executes, has places made ready for the functions that its successors call.
    pub(super) fn warm_ahead(&mut self, key: Key, node: NodeIndex) {
        let most = self.inner.config.warm_ahead;
        let Some(slot) = self.slots.get_mut(key) else {
            return;
        };
        let plan = std::sync::Arc::clone(slot.plan());
        for successor in plan.node(node).successors.iter().take(most) {
            let node = plan.node(*successor);
            if let Kind::Call(call) = &node.kind
                && !call.workflow
                && slot.warmed.insert(*successor)
                && let Ok(callee) = self.inner.ports.calls.callee(&slot.wanted(node, call))
            {
                callee.warm();
            }
        }
    }
}
