//! Having another version answer calls.

use std::sync::Arc;

use weft_types::{FunctionName, ProjectName, VersionNumber};

use super::commit::now;
use super::wiring::wire;
use super::workflow::check_pins;
use crate::catalog::Function;
use crate::deployed::Deployed;
use crate::engine::Inner;
use crate::moves::activated;
use crate::{Engine, Error, FunctionView};

impl Engine {
    /// Has a version answer calls from now on. Calls under way end in the version they began in; none fails.
    ///
    /// # Errors
    /// Where there is no such version, it was not granted what it imports, it is of a workflow that calls what is gone, it cannot be
    /// loaded, or the registry fails.
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

        let before = Arc::clone(
            self.catalog
                .read()
                .function(project.as_str(), function.as_str())?,
        );
        self.take_over(&deployed, Some(&before)).await;

        let writing = self.catalog.write().await;
        let deployed = self.resolve(project.as_str(), function.as_str(), Some(version))?;
        self.check_granted(&deployed)?;
        let before = Arc::clone(
            self.catalog
                .read()
                .function(project.as_str(), function.as_str())?,
        );
        let moves = activated(Some(&before), &deployed, "it was activated");
        let registry = &self.ports.registry;
        let record = registry
            .activate(project, function, version, moves, now())
            .await?;
        let after = before.with(record, &deployed);
        let view = self.catalog.read().project(project.as_str())?.view(&after);
        self.publish_moved(&writing, Some(&before), after);
        tracing::info!(%project, %function, %version, "activated");
        Ok(view)
    }

    /// Has instances of a version ready before it takes over the calls of another. Where none starts, its calls say why.
    pub(super) async fn take_over(self: &Arc<Self>, deployed: &Arc<Deployed>, before: Option<&Function>) {
        let active = before.and_then(|before| before.active.as_ref());
        let Some(active) = active.filter(|active| active.if_loaded().is_some()) else {
            return;
        };
        if deployed.record().workflow.is_none()
            && let Err(error) = self.make_ready(deployed, Some((active, 100))).await
        {
            tracing::warn!(version = ?deployed, %error, "no instance is ready before calls come");
        }
    }

    pub(crate) fn check_granted(&self, deployed: &Deployed) -> Result<(), Error> {
        let record = deployed.record();
        let snapshot = self.catalog.read();
        let project = snapshot.project(record.project.as_str())?;
        if let Some(source) = &record.workflow {
            check_pins(project, source)?;
        }
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
