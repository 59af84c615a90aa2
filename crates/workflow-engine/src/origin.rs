//! Where the failure of a run comes from, through the runs that are nested in it.

use std::sync::Arc;

use weft_types::{NodeKey, ProjectName, RunId, RunStatus};
use weft_workflow::event::{ErrorCode, NodeError};
use weft_workflow::plan::Kind;
use weft_workflow::record::RunRecord;
use weft_workflow::{Place, Plan};

use crate::driver::run_of;
use crate::engine::Engine;
use crate::open_run::Outcome;

/// A failure, and the way to it.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The innermost run that failed.
    pub run: RunId,
    /// The nodes that failed from the outermost run on, each with the plan that it is of; at least one.
    pub way: Vec<(Arc<Plan>, Place)>,
    /// Why the last of them did.
    pub error: NodeError,
}

impl Engine {
    /// Where the failure of a run comes from; none where it is that of no node. It is followed as far as there are records of the nested
    /// runs that can be read: there may be none of express runs.
    pub async fn origin(&self, project: &ProjectName, outcome: &Outcome, plan: &Arc<Plan>) -> Option<Origin> {
        let (place, error) = outcome.failure.as_ref()?;
        let mut origin = Origin {
            run: outcome.run,
            way: vec![(Arc::clone(plan), (*place)?)],
            error: error.clone(),
        };
        while origin.error.code == ErrorCode::Run
            && let Some(inner) = self.failed_at(project, &origin).await
            && let Some((Some(place), error)) = inner.failure.clone()
            && let Ok(plan) = self.0.plan_of(&inner)
        {
            origin.run = inner.run;
            origin.way.push((plan, place));
            origin.error = error;
        }
        Some(origin)
    }

    /// The run that failed last at the end of the way.
    async fn failed_at(&self, project: &ProjectName, origin: &Origin) -> Option<RunRecord> {
        let (plan, place) = origin.way.last()?;
        let node = plan.node(place.node);
        if !matches!(&node.kind, Kind::Call(call) if call.workflow) {
            return None;
        }
        let key = NodeKey::new(origin.run, &node.name, place.item);
        for attempt in (1..=node.retry.attempts).rev() {
            let run = run_of(origin.run, &key, attempt);
            if let Ok(record) = self.0.record(project, run).await {
                return (record.status == RunStatus::Failed).then_some(record);
            }
        }
        None
    }
}
