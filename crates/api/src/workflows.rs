//! What the API needs of workflows.

use std::sync::Arc;

use bytes::Bytes;
use weft_types::{ProjectName, RunId};
use weft_workflow::Plan;
use weft_workflow::record::RunRecord;
use weft_workflow_engine::port::workflows::Workflows as _;
use weft_workflow_engine::{Engine, Error};
use weft_workflows::{Definitions, Plans};

use crate::routes;

/// Runs, definitions and plans.
#[derive(Clone, Debug)]
pub struct Workflows {
    /// Drives runs.
    pub runs: Engine,
    /// Checks and saves definitions.
    pub definitions: Definitions,
    /// Plans of saved versions.
    pub plans: Arc<Plans>,
}

impl Workflows {
    /// A run as `GET …/runs/{run}` answers it, as JSON.
    ///
    /// # Errors
    /// Where there is no such run, or the records fail.
    pub async fn shown(&self, project: &ProjectName, run: RunId) -> Result<Bytes, Error> {
        let detail = self.runs.detail(project, run).await?;
        // Wire types have text keys only, so they always serialize.
        let text = serde_json::to_vec(&routes::run_view(&detail)).unwrap_or_default();
        Ok(Bytes::from(text))
    }

    /// The plan that a run has executed, as long as its workflow is there.
    pub(crate) fn plan_of(&self, record: &RunRecord) -> Option<Arc<Plan>> {
        let plan = self
            .plans
            .plan(&record.project, &record.workflow, Some(record.version));
        plan.ok()
            .map(|(_, plan)| plan)
            .filter(|plan| plan.digest == record.plan)
    }
}
