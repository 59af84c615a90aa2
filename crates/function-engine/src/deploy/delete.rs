//! Deleting a function.

use std::sync::Arc;

use weft_types::{FunctionName, ProjectName};

use crate::catalog::Project;
use crate::engine::Inner;
use crate::{Engine, Error};

impl Engine {
    /// Deletes a function with all its versions. Calls under way end undisturbed.
    ///
    /// # Errors
    /// Where there is no such function, active versions of others are granted to call it, or the registry fails.
    pub async fn delete(&self, project: &ProjectName, function: &FunctionName) -> Result<(), Error> {
        let inner = Arc::clone(&self.0);
        let (project, function) = (project.clone(), function.clone());
        self.0
            .in_background(async move { inner.delete(&project, &function).await })
            .await
    }
}

impl Inner {
    async fn delete(&self, project: &ProjectName, name: &FunctionName) -> Result<(), Error> {
        let writing = self.catalog.write().await;
        let function = {
            let snapshot = self.catalog.read();
            let function = Arc::clone(snapshot.function(project.as_str(), name.as_str())?);
            let by = callers(snapshot.project(project.as_str())?, name);
            if !by.is_empty() {
                return Err(Error::StillReferenced {
                    function: name.clone(),
                    by,
                });
            }
            function
        };
        self.ports.registry.delete(project, name).await?;
        writing.remove(project, name);
        self.metrics.functions.remove(project, name);
        function.versions().iter().for_each(|deployed| deployed.unload());
        tracing::info!(%project, function = %name, "deleted");
        Ok(())
    }
}

/// The other functions whose active versions are granted to call `callee`, or are workflows that do.
fn callers(project: &Project, callee: &FunctionName) -> Vec<FunctionName> {
    let calls = |name: &FunctionName| {
        project.active(name).is_some_and(|deployed| {
            let record = deployed.record();
            let mut pins = record.workflow.iter().flat_map(|workflow| &workflow.calls);
            record.settings.grants.call.contains(callee) || pins.any(|pin| pin.function == *callee)
        })
    };
    project
        .functions
        .keys()
        .filter(|name| *name != callee && calls(name))
        .cloned()
        .collect()
}
