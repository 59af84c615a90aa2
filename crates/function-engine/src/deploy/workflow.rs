//! Making a version of a workflow.

use std::sync::Arc;

use weft_types::signature::Callable;
use weft_types::version::{Flavor, Inspection, WorkflowSource};
use weft_types::{Digest, Export, FunctionName, Kind, ProjectName, Signature};

use super::commit::now;
use super::{Deployment, SettingsChange};
use crate::catalog::Project;
use crate::engine::Inner;
use crate::host::signature::in_words;
use crate::port::NewVersion;
use crate::{Engine, Error};

/// The one export of a workflow.
pub const RUN: &str = "run";

/// A workflow about to be saved. Its definition was checked, against the versions that it pins.
#[derive(Debug)]
pub struct SaveWorkflow {
    /// The namespace, which must exist.
    pub project: ProjectName,
    /// The workflow, created with its first version.
    pub function: FunctionName,
    /// Definition and pins.
    pub source: WorkflowSource,
    /// What it is called with and what it answers.
    pub signature: Signature,
    /// Whether no node has effects.
    pub effect_free: bool,
    /// The terms it shall run under.
    pub settings: SettingsChange,
    /// Whether it shall answer calls from now on.
    pub activate: bool,
    /// Who saves it.
    pub creator: String,
}

impl Engine {
    /// Saves a workflow as a version, definition and pins together. Once begun it goes on to its end.
    ///
    /// # Errors
    /// Where a pinned version is gone, the name is that of a component, settings are refused, or the registry fails; nothing has
    /// changed then.
    pub async fn save_workflow(&self, save: SaveWorkflow) -> Result<Deployment, Error> {
        if self.0.is_draining() {
            return Err(Error::Draining);
        }
        let inner = Arc::clone(&self.0);
        self.0
            .in_background(async move { inner.save_workflow(save).await })
            .await
    }
}

impl Inner {
    async fn save_workflow(self: &Arc<Self>, save: SaveWorkflow) -> Result<Deployment, Error> {
        let writing = self.catalog.write().await;
        let next = self.next_number(&save.project, &save.function).await?;
        let proposal = {
            let snapshot = self.catalog.read();
            let project = snapshot.project(save.project.as_str())?;
            check_kind(project, &save.function, Kind::Workflow)?;
            check_pins(project, &save.source)?;
            let before = project.functions.get(&save.function).cloned();
            let latest = before
                .as_ref()
                .map(|function| Arc::clone(function.latest().record()));
            let settings = self.settings(latest.as_deref(), save.settings)?;
            let definition = save.source.definition.as_bytes();
            let new = NewVersion {
                kind: Kind::Workflow,
                digest: Digest::of(definition),
                size: definition.len() as u64,
                inspection: inspection(save.signature),
                workflow: Some(Arc::new(save.source)),
                effect_free: save.effect_free,
                settings,
                project: save.project,
                function: save.function,
                creator: save.creator,
                created_at: now(),
                activate: None,
            };
            self.proposal((new, save.activate, next), Vec::new(), before)
        };
        let room = self.take_room(&proposal)?;
        let added = self.ports.registry.add_version(proposal.new.clone()).await?;
        room.keep();
        Ok(self.publish_and_prune(writing, proposal, added).await)
    }
}

/// Refuses to make a component of a workflow or the other way round: those who call it pinned what it was.
pub(super) fn check_kind(project: &Project, name: &FunctionName, kind: Kind) -> Result<(), Error> {
    match project.functions.get(name) {
        Some(function) if function.latest().record().kind != kind => Err(Error::OtherKind {
            function: name.clone(),
            is: function.latest().record().kind,
        }),
        _ => Ok(()),
    }
}

/// What a workflow pins may have gone since its check.
pub(super) fn check_pins(project: &Project, source: &WorkflowSource) -> Result<(), Error> {
    for pin in &source.calls {
        let function = project.functions.get(&pin.function);
        if function.is_none_or(|function| function.version(Some(pin.version)).is_err()) {
            return Err(Error::PinGone(pin.clone()));
        }
    }
    Ok(())
}

fn inspection(signature: Signature) -> Inspection {
    Inspection {
        flavor: Flavor::Workflow,
        wit: format!("export {RUN}: {};\n", in_words(&signature)),
        exports: vec![Export {
            name: RUN.to_owned(),
            interface: None,
            callable: Callable::Yes(signature),
        }],
        imports: Vec::new(),
        capabilities: Vec::new(),
    }
}
