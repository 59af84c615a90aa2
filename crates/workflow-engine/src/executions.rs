//! Which attempts of a run are over, as far as that is committed.

use std::sync::Arc;

use weft_types::{ProjectName, RunId};
use weft_workflow::state::{RunState, decide};
use weft_workflow::{Place, Plan};

use crate::Error;
use crate::engine::Engine;
use crate::history::{Frames, damaged};

/// Tells of what was printed whether it will be printed once more after a crash: an attempt whose end is committed is not made again.
pub struct Executions {
    engine: Engine,
    project: ProjectName,
    run: RunId,
    frames: Frames,
    /// None once the run has ended: nothing of it is made again.
    open: Option<(Arc<Plan>, RunState)>,
}

impl Engine {
    /// The attempts of a run, as far as they are committed by now.
    ///
    /// # Errors
    /// Where there is no such run, or the records fail.
    pub async fn executions(&self, project: &ProjectName, run: RunId) -> Result<Executions, Error> {
        let open = self.0.registry.of_project(project, run);
        let open = match open {
            Some(open) => Some(Arc::clone(&open.plan)),
            None => {
                let record = self.0.record(project, run).await?;
                match record.status.is_closed() {
                    true => None,
                    // Open, and nobody drives it: its plan is looked up.
                    false => Some(self.0.plan_of(&record)?),
                }
            }
        };
        let mut executions = Executions {
            engine: self.clone(),
            project: project.clone(),
            run,
            frames: Frames::new(run),
            open: open.map(|plan| {
                let state = RunState::new(&plan);
                (plan, state)
            }),
        };
        executions.catch_up().await?;
        Ok(executions)
    }
}

impl Executions {
    /// The run.
    #[must_use]
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Its namespace.
    #[must_use]
    pub fn project(&self) -> &ProjectName {
        &self.project
    }

    /// Whether the run has ended, and that is committed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.open.is_none()
    }

    /// Whether an attempt is over, and that is committed.
    #[must_use]
    pub fn is_committed(&self, node: &str, item: Option<u32>, attempt: u32) -> bool {
        let Some((plan, state)) = &self.open else {
            return true;
        };
        let node = plan.find(node);
        node.is_some_and(|node| state.is_attempt_over(Place { node, item }, attempt))
    }

    /// Takes note of what was committed since.
    ///
    /// # Errors
    /// Where the records fail.
    pub async fn catch_up(&mut self) -> Result<(), Error> {
        let inner = &self.engine.0;
        inner.settled_for(self.run).await;
        while let Some((plan, state)) = &mut self.open {
            let events = self.frames.read(inner).await?;
            if events.is_empty() {
                break;
            }
            for (_, event) in &events {
                let taken = decide(plan, state, event.at, &event.event, &mut Vec::new());
                taken.map_err(|illegal| damaged(self.run, &illegal))?;
            }
            if state.status().is_closed() {
                self.open = None;
            }
        }
        self.look_for_end().await
    }

    /// Of a run that is not journalled nothing is known before its record is there.
    async fn look_for_end(&mut self) -> Result<(), Error> {
        if self.open.is_some() {
            let record = self.engine.0.ports.records.run(&self.project, self.run).await?;
            if record.is_some_and(|record| record.status.is_closed()) {
                self.open = None;
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Executions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executions")
            .field("run", &self.run)
            .field("over", &self.is_over())
            .finish_non_exhaustive()
    }
}
