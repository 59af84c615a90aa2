//! The end of runs, as the engine and the API tell of it.

use bytes::Bytes;
use weft_function_engine::Engine;
use weft_types::{ProjectName, RunId};
use weft_webhooks::port::{Boxed, Runs, Untold};
use weft_workflow_engine::Error;

/// Tells of the end of runs.
pub(super) struct Ends {
    pub(super) functions: Engine,
    pub(super) workflows: weft_api::Workflows,
}

impl Runs for Ends {
    fn ended<'a>(&'a self, project: &'a ProjectName, run: RunId) -> Boxed<'a, Result<(), Untold>> {
        Box::pin(async move {
            match self.workflows.runs.handle(project, run).await {
                Ok(handle) => handle.ended().await.map(drop).map_err(untold),
                // Its workflow was deleted, which waits for the end of its runs.
                Err(Error::NoPlan(_)) => Ok(()),
                Err(error) => Err(untold(error)),
            }
        })
    }

    fn shown<'a>(&'a self, project: &'a ProjectName, run: RunId) -> Boxed<'a, Result<Bytes, Untold>> {
        Box::pin(async move { self.workflows.shown(project, run).await.map_err(untold) })
    }

    fn projects(&self) -> Vec<ProjectName> {
        self.functions.projects()
    }
}

fn untold(error: Error) -> Untold {
    match error {
        Error::NoRun(_) => Untold::Gone,
        other => Untold::Unknown(other.to_string()),
    }
}
