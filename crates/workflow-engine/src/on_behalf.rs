//! Runs that functions start on behalf of nodes: whoever executes such a node again finds them again.

use std::sync::Arc;

use weft_types::{FunctionName, NodeKey, ProjectName, RunId, VersionNumber};

use crate::driver::run_of;
use crate::engine::Engine;
use crate::nested_end::NestedEnd;
use crate::{Error, RunHandle};

impl Engine {
    /// The id of the run that a call on behalf of a node starts: the same whenever that attempt at the node of run `of` is executed
    /// again. The time in it is that of `of`, so that both are listed together.
    #[must_use]
    pub fn run_on_behalf(of: RunId, call: &NodeKey, attempt: u32) -> RunId {
        run_of(of, call, attempt)
    }

    /// The run of this id, which runs this version of a workflow, if it was started before: it is open, or has ended.
    ///
    /// # Errors
    /// Where that cannot be told, or the run can neither be driven nor read.
    pub async fn started_before(
        &self,
        project: &ProjectName,
        (workflow, version): (&FunctionName, VersionNumber),
        run: RunId,
    ) -> Result<Option<RunHandle>, Error> {
        if let Some(open) = self.0.registry.of_project(project, run) {
            return Ok(Some(RunHandle::open(self.clone(), open)));
        }
        let (_, plan) = self.0.ports.workflows.plan(project, workflow, Some(version))?;
        let end = self.0.nested_end(project, run, plan.signature.result.as_ref());
        match end.await.map_err(|broken| Error::Broken(broken.0))? {
            NestedEnd::Never => Ok(None),
            NestedEnd::Ended(outcome, _) => {
                let (engine, project, plan) = (self.clone(), project.clone(), Arc::clone(&plan));
                Ok(Some(RunHandle::closed(engine, project, outcome, plan)))
            }
            NestedEnd::Unreadable(message) => Err(Error::Damaged { run, message }),
            NestedEnd::Open => Err(Error::StillOpen(run)),
        }
    }
}
