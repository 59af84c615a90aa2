//! The run exists.

use weft_types::NodeStatus;

use super::run::Stage;
use super::turn::{Turn, Verdict};
use super::view::Reason;
use crate::event::{Accepted, Given, micros};
use crate::plan::NodeIndex;

impl Turn<'_> {
    /// Nodes with a given output are over before anything starts, and so are those that are left out.
    pub(super) fn accepted(&mut self, accepted: &Accepted) -> Verdict {
        self.may_accept(accepted)?;
        self.state.stage = Stage::Accepted;
        self.state.run = accepted.run;
        self.state.deadline = accepted.deadline.map(micros);
        for Given {
            node,
            origin,
            skipped,
            ..
        } in &accepted.given
        {
            let status = if *skipped {
                NodeStatus::Skipped
            } else {
                NodeStatus::Succeeded
            };
            self.close(*node, status, Some(Reason::Given(*origin)));
        }
        for node in &accepted.left_out {
            self.close(*node, NodeStatus::Skipped, Some(Reason::LeftOut));
        }
        self.make_entries_ready();
        Ok(())
    }

    fn may_accept(&self, accepted: &Accepted) -> Verdict {
        if accepted.plan != self.plan.digest {
            return Err(format!(
                "it names plan {}, this is {}",
                accepted.plan, self.plan.digest
            ));
        }
        let nodes = self.plan.nodes.len();
        if accepted.nodes as usize != nodes {
            return Err(format!(
                "it counts {} nodes, the plan has {nodes}",
                accepted.nodes
            ));
        }
        let mut seen = vec![false; nodes];
        let given = accepted.given.iter().map(|given| given.node);
        for node in given.chain(accepted.left_out.iter().copied()) {
            match seen.get_mut(node.0 as usize) {
                None => return Err(format!("the plan has no node {}", node.0)),
                Some(true) => {
                    return Err(format!("`{}` is given twice", self.plan.node(node).name));
                }
                Some(seen) => *seen = true,
            }
        }
        Ok(())
    }

    /// They are held back until the run is admitted.
    fn make_entries_ready(&mut self) {
        for at in 0..self.plan.nodes.len() {
            let node = NodeIndex(at as u32);
            if self.state.cell(node).missing == 0 {
                self.needs_are_over(node);
            }
        }
    }
}
