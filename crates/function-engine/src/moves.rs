//! Moves: a version that takes over from another, and one that executes elsewhere for a while. Calls go on meanwhile, and none fails.

use std::sync::Arc;

use weft_types::moves::{Moves, Policy};
use weft_types::{FunctionName, ProjectName, VersionNumber};

use crate::{Engine, Error, FunctionView, RolloutView};

mod change;
mod promote;
mod record;
mod roll_out;
mod watch;

pub(crate) use change::Step;
pub(crate) use record::activated;
pub(crate) use watch::run as watch;

impl Engine {
    /// Has a version take over from the active one step by step, after instances of it were started. It goes on by itself, and back
    /// where the version fails more often than the one before.
    ///
    /// # Errors
    /// Where there is no such version or none is active, it was not granted what it imports, is a workflow, cannot take the place of
    /// the active one, no instance of it starts, another rollout is under way, the policy is not valid, or the registry fails.
    pub async fn roll_out(
        &self,
        project: &ProjectName,
        function: &FunctionName,
        version: VersionNumber,
        policy: Policy,
    ) -> Result<FunctionView, Error> {
        let inner = Arc::clone(&self.0);
        let (project, function) = (project.clone(), function.clone());
        self.0
            .in_background(async move { inner.roll_out(&project, &function, version, policy).await })
            .await
    }

    /// The rollout of a function that is under way.
    ///
    /// # Errors
    /// Where there is no such function, or none is.
    pub fn rollout(&self, project: &ProjectName, function: &FunctionName) -> Result<RolloutView, Error> {
        let snapshot = self.0.catalog.read();
        let found = snapshot.function(project.as_str(), function.as_str())?;
        found.rollout().ok_or_else(|| Error::NoRollout(function.clone()))
    }

    /// Ends a rollout: the new version answers all calls.
    ///
    /// # Errors
    /// Where there is no such function, no rollout is under way, or the registry fails.
    pub async fn finish_rollout(
        &self,
        project: &ProjectName,
        function: &FunctionName,
    ) -> Result<FunctionView, Error> {
        self.end_rollout(project, function, true).await
    }

    /// Ends a rollout: the version before answers all calls again.
    ///
    /// # Errors
    /// Where there is no such function, no rollout is under way, or the registry fails.
    pub async fn cancel_rollout(
        &self,
        project: &ProjectName,
        function: &FunctionName,
    ) -> Result<FunctionView, Error> {
        self.end_rollout(project, function, false).await
    }

    async fn end_rollout(
        &self,
        project: &ProjectName,
        function: &FunctionName,
        finish: bool,
    ) -> Result<FunctionView, Error> {
        let inner = Arc::clone(&self.0);
        let (project, function) = (project.clone(), function.clone());
        self.0
            .in_background(async move { inner.end_rollout(&project, &function, finish).await })
            .await
    }

    /// What is kept of the moves of a function.
    ///
    /// # Errors
    /// Where there is no such function.
    pub fn moves(&self, project: &ProjectName, function: &FunctionName) -> Result<Arc<Moves>, Error> {
        let snapshot = self.0.catalog.read();
        let found = snapshot.function(project.as_str(), function.as_str())?;
        Ok(Arc::clone(&found.record.moves))
    }
}
