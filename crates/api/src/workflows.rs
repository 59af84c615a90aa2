//! What the API needs of workflows.

use std::sync::Arc;

use weft_workflow::Plan;
use weft_workflow::record::RunRecord;
use weft_workflow_engine::Engine;
use weft_workflow_engine::port::workflows::Workflows as _;
use weft_workflows::{Definitions, Plans};

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
