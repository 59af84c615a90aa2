//! A node's own condition was false.

use weft_types::NodeStatus;

use super::turn::{Turn, Verdict};
use super::view::Reason;
use crate::plan::NodeIndex;

impl Turn<'_> {
    /// Legal while the run is being stopped, too: it is the outcome then.
    pub(super) fn skipped(&mut self, node: NodeIndex) -> Verdict {
        self.may_begin(node)?;
        if self.plan.node(node).when.is_none() {
            return Err("the node has no condition".into());
        }
        self.close(node, NodeStatus::Skipped, Some(Reason::Condition));
        Ok(())
    }
}
