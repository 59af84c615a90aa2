//! Versions of workflows.

use std::sync::Arc;

use weft_types::{FunctionName, ProjectName, VersionNumber};
use weft_workflow::Plan;

/// Finds plans. Looks at memory only: a plan is made when it is first asked for, and kept within a bound.
pub trait Workflows: Send + Sync + 'static {
    /// The plan of a version; none asks for the active one. Answers the version with it.
    ///
    /// # Errors
    /// Where there is no such workflow or version, or its plan can no longer be made.
    fn plan(
        &self,
        project: &ProjectName,
        workflow: &FunctionName,
        version: Option<VersionNumber>,
    ) -> Result<(VersionNumber, Arc<Plan>), NoPlan>;
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlan {
    /// No such workflow.
    #[error("there is no workflow `{0}`")]
    NoWorkflow(FunctionName),
    /// No such version.
    #[error("workflow `{0}` has no version {1}")]
    NoVersion(FunctionName, VersionNumber),
    /// The workflow was deleted, and another has its name.
    #[error("version {1} of workflow `{0}` is another one now than was executed")]
    Other(FunctionName, VersionNumber),
    /// The stored definition cannot be planned any longer.
    #[error("workflow `{0}` cannot run: {1}")]
    Unplannable(FunctionName, String),
}
