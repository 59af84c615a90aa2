//! Having another version answer calls.

use std::sync::Arc;

use jiff::Timestamp;
use weft_types::{FunctionName, ProjectName, VersionNumber};

use super::commit::retire;
use super::wiring::wire;
use crate::deployed::Deployed;
use crate::engine::Inner;
use crate::{Engine, Error, FunctionView};

impl Engine {
    /// Has a version answer calls from now on. Calls under way end in the version they began in; none fails.
    ///
    /// # Errors
    /// Where there is no such version, it was not granted what it imports, cannot be loaded, or the registry fails.
    pub async fn activate(
        &self,
        project: &ProjectName,
        function: &FunctionName,
        version: VersionNumber,
    ) -> Result<FunctionView, Error> {
        let inner = Arc::clone(&self.0);
        let (project, function) = (project.clone(), function.clone());
        self.0
            .in_background(async move { inner.activate(&project, &function, version).await })
            .await
    }
}

impl Inner {
    async fn activate(
        self: &Arc<Self>,
        project: &ProjectName,
        function: &FunctionName,
        version: VersionNumber,
    ) -> Result<FunctionView, Error> {
        // Loaded ahead, perhaps compiled anew, so that the right to write is not held for long.
        let deployed = self.resolve(project.as_str(), function.as_str(), Some(version))?;
        self.check_granted(&deployed)?;
        if deployed.record().workflow.is_none() {
            self.loaded(&deployed).await?;
        }

        let writing = self.catalog.write().await;
        let deployed = self.resolve(project.as_str(), function.as_str(), Some(version))?;
        self.check_granted(&deployed)?;
        let record = self
            .ports
            .registry
            .activate(project, function, version, Timestamp::now())
            .await?;
        let snapshot = self.catalog.read();
        let before = Arc::clone(snapshot.function(project.as_str(), function.as_str())?);
        let after = before.with(record, &deployed);
        let view = snapshot.project(project.as_str())?.view(&after);
        writing.put(after);
        retire(Some(&before), Some(&deployed));
        tracing::info!(%project, %function, %version, "activated");
        Ok(view)
    }

    fn check_granted(&self, deployed: &Deployed) -> Result<(), Error> {
        let record = deployed.record();
        let snapshot = self.catalog.read();
        let project = snapshot.project(record.project.as_str())?;
        let missing = wire(&record.inspection, &record.settings.grants, project).missing;
        if missing.is_empty() {
            return Ok(());
        }
        Err(Error::MissingGrant {
            function: record.function.clone(),
            version: record.version,
            missing,
        })
    }
}
