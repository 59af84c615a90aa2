//! What the end of a node means for those that need it.

use weft_types::NodeStatus;

use super::cell::Phase;
use super::turn::Turn;
use super::view::Reason;
use crate::plan::{Catch, NodeIndex, Plan};

impl Turn<'_> {
    /// Tells those that need a node, its fallback, and what it is the fallback of, that it is over.
    pub(super) fn tell_downstream(&mut self, node: NodeIndex) {
        let plan: &Plan = self.plan;
        for &successor in &plan.node(node).successors {
            if plan.node(successor).catches != Some(node) {
                self.one_less(successor);
            }
        }
        if let Some(Catch::Node(fallback)) = plan.node(node).catch {
            self.not_needed(fallback);
        }
        if let Some(caught) = plan.node(node).catches {
            self.fallback_is_over(caught, node);
        }
    }

    /// Everything that a node needs is over. It waits on only if it is a fallback that nothing called for yet.
    ///
    /// What it becomes does not depend on the order in which the others ended: a failure counts more than a skip.
    pub(super) fn needs_are_over(&mut self, node: NodeIndex) {
        if self.state.cell(node).phase != Phase::Waiting || !self.is_called_for(node) {
            return;
        }
        if let Some(failed) = self.failed_need(node) {
            self.close(node, NodeStatus::Failed, Some(Reason::FailedUpstream(failed)));
        } else if let Some(skipped) = self.skipped_need(node) {
            let reason = Reason::SkippedUpstream(skipped);
            self.close(node, NodeStatus::Skipped, Some(reason));
        } else {
            self.state.cell_mut(node).phase = Phase::Held;
            self.ready.push(node);
        }
    }

    fn one_less(&mut self, node: NodeIndex) {
        let cell = self.state.cell_mut(node);
        cell.missing -= 1;
        if cell.missing == 0 {
            self.needs_are_over(node);
        }
    }

    fn is_called_for(&self, node: NodeIndex) -> bool {
        let caught = self.plan.node(node).catches;
        caught.is_none_or(|caught| self.state.cell(caught).phase == Phase::Falling)
    }

    /// The node that failed first on the way to this one, where one did.
    fn failed_need(&self, node: NodeIndex) -> Option<NodeIndex> {
        self.plan.node(node).needs.iter().find_map(|need| {
            match self.state.cell(need.node).phase {
                Phase::Closed(NodeStatus::Failed, Some(Reason::FailedUpstream(first))) => Some(first),
                Phase::Closed(
                    NodeStatus::Failed | NodeStatus::TimedOut | NodeStatus::Cancelled,
                    _,
                ) => Some(need.node),
                Phase::Closed(
                    NodeStatus::Succeeded
                    | NodeStatus::Skipped
                    | NodeStatus::Waiting
                    | NodeStatus::Ready
                    | NodeStatus::Running
                    | NodeStatus::Retrying,
                    _,
                )
                | Phase::Waiting
                | Phase::Held
                | Phase::Told
                | Phase::Started
                | Phase::Suspended
                | Phase::RetryHeld
                | Phase::RetryTold
                | Phase::Expanded
                | Phase::Gathering
                | Phase::Catching
                // A fallback that needs what it catches.
                | Phase::Falling => None,
            }
        })
    }

    /// The node that was skipped although this one needs its value, where one was.
    fn skipped_need(&self, node: NodeIndex) -> Option<NodeIndex> {
        let mut needs = self.plan.node(node).needs.iter();
        let skipped = needs.find(|need| {
            let status = self.state.cell(need.node).phase.status();
            need.value && status == NodeStatus::Skipped
        });
        skipped.map(|need| need.node)
    }
}
