//! Running a plan again with what is left of an earlier run.

use weft_types::{NodeStatus, RunStatus};

use super::run::RunState;
use super::view::Reason;
use crate::event::Origin;
use crate::plan::{Catch, NodeIndex, Plan};

/// Which nodes are to be executed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All.
    Whole,
    /// Those that have no result: that failed, were cancelled or timed out, or failed because another did.
    Failed,
    /// These, and all that need them, maybe through others.
    From(Vec<NodeIndex>),
    /// Only these.
    Only(Vec<NodeIndex>),
}

/// What becomes of the nodes that are not to be executed again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rerun {
    /// Those with a result, ascending.
    pub reused: Vec<Reused>,
    /// Those without, ascending.
    pub left_out: Vec<NodeIndex>,
    /// Nodes that are executed again and go over the same list as before, unless other arguments make it another, ascending: of their
    /// items, those that succeeded need not be executed again.
    pub in_part: Vec<NodeIndex>,
}

/// A node whose result is reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reused {
    /// The node.
    pub node: NodeIndex,
    /// The node whose recorded output it is: another one where a fallback took its place. None where it was skipped.
    pub output_of: Option<NodeIndex>,
    /// Whether the result was its own, or given in its place: then it is again.
    pub origin: Origin,
}

/// Why a run cannot be repeated so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RerunError {
    /// The run is still open.
    #[error("the run has not ended: only what has ended can be run again")]
    Open,
    /// Not all of the run's events were kept: nobody can tell which of its nodes have results.
    #[error("not all of what the run did was kept, so nothing of it can be reused: run it again as a whole")]
    Cut,
    /// Nothing is selected.
    #[error("no node is selected")]
    NothingSelected,
    /// Nothing of the run failed.
    #[error(
        "the run succeeded, so it has no failed nodes to run again: choose the whole run, or nodes of it"
    )]
    NothingFailed,
    /// There is no such node.
    #[error("the plan has no node {0}")]
    NoNode(u32),
    /// A selected node has an output that was given with the run.
    #[error(
        "node `{0}` was not executed: its output was given with the run, and is again in a run that repeats it"
    )]
    Stubbed(String),
    /// A node that is not selected would not be called with what it was.
    #[error(
        "with these arguments node `{0}` would be called with something else, or not at all, so its result cannot be reused: \
         select it as well, or run from it on"
    )]
    Changed(String),
    /// A selected node needs a value that will not be there.
    #[error("node `{node}` needs the value of `{needs}`, which has no result: select `{needs}` as well")]
    Missing {
        /// The selected node.
        node: String,
        /// The one that it needs.
        needs: String,
    },
}

/// What is given, and what is left out, when a run that has ended is repeated with the same plan.
///
/// A node and its fallback belong together: where one is executed again, so is the other, unless the node ended well by itself.
/// Outputs that were given in place of nodes stay as they are.
///
/// `changed` are nodes that would not be called with what they were, as the arguments are others. They are executed again, and so are
/// those that need their values: what is reused was always made of what the new run has, too.
///
/// A node that was selected by its name, or as part of the whole, is executed again with all of its items.
///
/// # Errors
/// Where the run is open, or the selection names nothing, unknown or given nodes, nodes whose needs will not be there, or only some of
/// those that changed.
pub fn rerun(
    plan: &Plan,
    state: &RunState,
    selection: &Selection,
    changed: &[NodeIndex],
) -> Result<Rerun, RerunError> {
    if !state.status().is_closed() {
        return Err(RerunError::Open);
    }
    selected_of(plan, state, selection, changed)
}

/// What is given when a run that has ended is repeated as a whole. Its acceptance tells: of what came later not all need be in the state.
///
/// # Errors
/// As [`rerun`].
pub fn rerun_whole(plan: &Plan, state: &RunState) -> Result<Rerun, RerunError> {
    selected_of(plan, state, &Selection::Whole, &[])
}

fn selected_of(
    plan: &Plan,
    state: &RunState,
    selection: &Selection,
    changed: &[NodeIndex],
) -> Result<Rerun, RerunError> {
    let mut selected = Selected::new(plan, state, selection)?;
    selected.changed(changed, selection)?;
    let mut rerun = Rerun::default();
    for (node, _) in plan.iter() {
        if selected.contains(node) {
            if selected.goes_over_the_same(node) {
                rerun.in_part.push(node);
            }
            continue;
        }
        match state.reusable(plan, node) {
            Some(reused) => rerun.reused.push(reused),
            None => rerun.left_out.push(node),
        }
    }
    all_needs_are_there(plan, &selected, &rerun)?;
    Ok(rerun)
}

impl RunState {
    fn reusable(&self, plan: &Plan, node: NodeIndex) -> Option<Reused> {
        let view = self.node(node);
        match (view.status, view.reason) {
            (NodeStatus::Skipped, Some(Reason::LeftOut)) => None,
            (NodeStatus::Succeeded | NodeStatus::Skipped, reason) => Some(Reused {
                node,
                output_of: self.output_of(plan, node),
                origin: match reason {
                    Some(Reason::Given(origin)) => origin,
                    _ => Origin::Reused,
                },
            }),
            (
                NodeStatus::Waiting
                | NodeStatus::Ready
                | NodeStatus::Running
                | NodeStatus::Retrying
                | NodeStatus::Failed
                | NodeStatus::Cancelled
                | NodeStatus::TimedOut,
                _,
            ) => None,
        }
    }
}

fn all_needs_are_there(plan: &Plan, selected: &Selected<'_>, rerun: &Rerun) -> Result<(), RerunError> {
    for (index, node) in plan.iter().filter(|(index, _)| selected.contains(*index)) {
        let is_missing = |need: NodeIndex| rerun.left_out.binary_search(&need).is_ok();
        let mut needs = node.needs.iter();
        if let Some(need) = needs.find(|need| need.value && is_missing(need.node)) {
            return Err(RerunError::Missing {
                node: plan.node(index).name.to_string(),
                needs: plan.node(need.node).name.to_string(),
            });
        }
    }
    Ok(())
}

/// The nodes that are to be executed again.
struct Selected<'a> {
    plan: &'a Plan,
    state: &'a RunState,
    nodes: Vec<bool>,
    /// Those of them of which nothing is reused, as they were asked for.
    wholly: Vec<bool>,
    /// Those whose company was not looked at.
    fresh: Vec<NodeIndex>,
}

impl<'a> Selected<'a> {
    fn new(plan: &'a Plan, state: &'a RunState, selection: &Selection) -> Result<Self, RerunError> {
        let mut selected = Self {
            plan,
            state,
            nodes: vec![false; plan.nodes.len()],
            wholly: vec![false; plan.nodes.len()],
            fresh: Vec::new(),
        };
        match selection {
            Selection::Whole => plan.iter().for_each(|(node, _)| selected.add(node)),
            Selection::Failed => {
                selected.failed()?;
                return Ok(selected);
            }
            Selection::From(nodes) => selected.these(nodes, true)?,
            Selection::Only(nodes) => selected.these(nodes, false)?,
        }
        selected.wholly.clone_from(&selected.nodes);
        Ok(selected)
    }

    /// Whether a node goes over a list, and none of the nodes that this and its arguments are made of is executed again.
    fn goes_over_the_same(&self, index: NodeIndex) -> bool {
        let node = self.plan.node(index);
        let mut needs = node.needs.iter();
        node.for_each.is_some()
            && !self.wholly[index.0 as usize]
            && needs.all(|need| !need.value || !self.contains(need.node))
    }

    fn contains(&self, node: NodeIndex) -> bool {
        self.nodes[node.0 as usize]
    }

    fn failed(&mut self) -> Result<(), RerunError> {
        if self.state.status() == RunStatus::Succeeded {
            return Err(RerunError::NothingFailed);
        }
        for status in [NodeStatus::Failed, NodeStatus::Cancelled, NodeStatus::TimedOut] {
            let state = self.state;
            state.nodes_in(status).for_each(|node| self.add(node));
        }
        self.complete(false);
        Ok(())
    }

    fn these(&mut self, nodes: &[NodeIndex], onward: bool) -> Result<(), RerunError> {
        if nodes.is_empty() {
            return Err(RerunError::NothingSelected);
        }
        for &node in nodes {
            if node.0 as usize >= self.nodes.len() {
                return Err(RerunError::NoNode(node.0));
            }
            if self.is_stubbed(node) {
                return Err(RerunError::Stubbed(self.plan.node(node).name.to_string()));
            }
            self.add(node);
        }
        self.complete(onward);
        Ok(())
    }

    /// Adds nodes whose results cannot be reused, and those that need their values.
    fn changed(&mut self, changed: &[NodeIndex], selection: &Selection) -> Result<(), RerunError> {
        self.fresh.clear();
        for &node in changed {
            self.change(node, selection)?;
        }
        while let Some(index) = self.fresh.pop() {
            let plan = self.plan;
            for &node in &plan.node(index).successors {
                let mut needs = plan.node(node).needs.iter();
                if needs.any(|need| need.value && need.node == index) {
                    self.change(node, selection)?;
                }
            }
        }
        Ok(())
    }

    fn change(&mut self, node: NodeIndex, selection: &Selection) -> Result<(), RerunError> {
        let is_reused = self.state.reusable(self.plan, node).is_some();
        if self.contains(node) || self.is_stubbed(node) || !is_reused {
            return Ok(());
        }
        if let Selection::Only(_) = selection {
            return Err(RerunError::Changed(self.plan.node(node).name.to_string()));
        }
        self.add(node);
        if let Some(Catch::Node(fallback)) = self.plan.node(node).catch {
            self.add(fallback);
        }
        Ok(())
    }

    fn is_stubbed(&self, node: NodeIndex) -> bool {
        self.state.node(node).reason == Some(Reason::Given(Origin::Stub))
    }

    /// Adds what has to be executed with those that were added.
    fn complete(&mut self, onward: bool) {
        while let Some(index) = self.fresh.pop() {
            let node = self.plan.node(index);
            if let Some(Catch::Node(fallback)) = node.catch {
                self.add(fallback);
            }
            if let Some(caught) = node.catches
                && !self.is_settled(caught)
            {
                self.add(caught);
            }
            if onward {
                node.successors.iter().for_each(|&node| self.add(node));
            }
        }
    }

    /// Whether a node ended well without its fallback.
    fn is_settled(&self, node: NodeIndex) -> bool {
        let output = self.state.output_of(self.plan, node);
        output == Some(node) || self.state.node(node).status == NodeStatus::Skipped
    }

    fn add(&mut self, node: NodeIndex) {
        if self.is_stubbed(node) {
            return;
        }
        let is_selected = &mut self.nodes[node.0 as usize];
        if !*is_selected {
            *is_selected = true;
            self.fresh.push(node);
        }
    }
}
