//! Deleting a function.

use std::collections::BTreeSet;
use std::sync::Arc;

use weft_types::version::Pin;
use weft_types::{FunctionName, ProjectName};

use super::prune::pins_of;
use crate::catalog::{Function, Project};
use crate::engine::Inner;
use crate::{Engine, Error};

impl Engine {
    /// Deletes a function with all its versions. Calls under way end undisturbed. Waits while versions are
    /// [held](Self::hold_versions).
    ///
    /// # Errors
    /// Where there is no such function, active versions of others are granted to call it, versions of workflows call it, open runs
    /// need it, or the registry fails.
    pub async fn delete(&self, project: &ProjectName, function: &FunctionName) -> Result<(), Error> {
        let inner = Arc::clone(&self.0);
        let (project, function) = (project.clone(), function.clone());
        self.0
            .in_background(async move { inner.delete(&project, &function).await })
            .await
    }
}

impl Inner {
    async fn delete(self: &Arc<Self>, project: &ProjectName, name: &FunctionName) -> Result<(), Error> {
        let _may = self.holds.may_delete().await;
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
        self.check_no_open_run(project, name)?;
        // No run begins from here on that needs it; one that began meanwhile is seen by looking once more.
        writing.remove(project, name);
        let deleted = match self.check_no_open_run(project, name) {
            Ok(()) => self
                .ports
                .registry
                .delete(project, name)
                .await
                .map_err(Error::from),
            refused => refused,
        };
        if let Err(error) = deleted {
            writing.put(Function::clone(&function));
            return Err(error);
        }
        self.metrics.functions.remove(project, name);
        if let Some(workflows) = self.workflows.get() {
            workflows.deleted(project, name);
        }
        function
            .versions()
            .iter()
            .for_each(|deployed| self.let_go_of(deployed));
        let code = function.versions().iter().map(|deployed| deployed.record());
        let code = self.free_code(project, code.map(|record| (record.digest, record.size)));
        // Whoever still has a version keeps its code.
        drop((writing, function));
        self.collect(code).await;
        tracing::info!(%project, function = %name, "deleted");
        Ok(())
    }
}

impl Inner {
    /// Refuses where runs of a workflow are open. What they come to call is called by a version that stays as long as they are.
    fn check_no_open_run(&self, project: &ProjectName, name: &FunctionName) -> Result<(), Error> {
        let open = self.workflows.get().is_some_and(|workflows| {
            workflows
                .open_versions(project)
                .iter()
                .any(|(function, _)| function == name)
        });
        if open {
            return Err(Error::OpenRuns(name.clone()));
        }
        Ok(())
    }
}

/// The versions of other functions that are granted to call `callee` and are active or about to be, and those of workflows that
/// call it, active or not: whoever has one of those called would find nothing there, or another function of that name.
fn callers(project: &Project, callee: &FunctionName) -> Vec<Pin> {
    let others = project.functions.iter().filter(|(name, _)| *name != callee);
    let granted = others.flat_map(|(_, function)| {
        let candidate = function.rolling.as_ref().map(|rolling| &rolling.candidate);
        let called = function.active.iter().chain(candidate);
        called.filter(|deployed| deployed.record().settings.grants.call.contains(callee))
    });
    let granted = granted.map(|deployed| Pin {
        function: deployed.record().function.clone(),
        version: deployed.record().version,
    });
    let pinning = pins_of(project, callee).into_iter().map(|(by, _)| by);
    let callers: BTreeSet<_> = granted
        .chain(pinning.filter(|by| by.function != *callee))
        .collect();
    callers.into_iter().collect()
}
