//! Everything that was written down of one run.

use std::sync::Arc;

use weft_types::{ProjectName, RunId};
use weft_workflow::evaluate::Root;
use weft_workflow::event::{Accepted, Stored};
use weft_workflow::record::{NodeRecord, RunRecord, node_records};
use weft_workflow::{Event, NodeIndex, Plan, Stamped};

use crate::Error;
use crate::engine::Inner;
use crate::history::damaged;

/// A run as far as it is committed, with all its values.
pub(crate) struct Told {
    pub(crate) record: RunRecord,
    pub(crate) plan: Arc<Plan>,
    pub(crate) accepted: Box<Accepted>,
    pub(crate) nodes: Vec<NodeRecord>,
}

impl Told {
    /// What a node reads, as it was written down.
    pub(crate) fn find(&self, root: Root) -> Option<&Stored> {
        match root {
            Root::Input => Some(&self.accepted.arguments),
            Root::Globals => self.accepted.globals.as_ref(),
            Root::Node(NodeIndex(node)) => self.nodes.get(node as usize)?.output.as_ref(),
            Root::List | Root::Blob(_) => None,
        }
    }
}

impl Inner {
    /// Reads all of a run. Takes time and memory proportional to what happened in it.
    pub(crate) async fn told(&self, project: &ProjectName, run: RunId) -> Result<Told, Error> {
        let record = self.record(project, run).await?;
        let plan = self.plan_of(&record)?;
        let events = self.all_events(run).await?;
        let nodes = node_records(&plan, &events).map_err(|illegal| damaged(run, &illegal))?;
        let accepted = first(events).ok_or_else(|| damaged(run, &"it does not begin"))?;
        Ok(Told {
            record,
            plan,
            accepted,
            nodes,
        })
    }
}

fn first(events: Vec<Stamped>) -> Option<Box<Accepted>> {
    let Event::Accepted(accepted) = events.into_iter().next()?.event else {
        return None;
    };
    Some(accepted)
}
