//! Making a version of code and settings, one after another.

use std::sync::Arc;

use jiff::Timestamp;
use weft_pool::Level;
use weft_types::version::{Inspection, Kind, WorkflowSource};
use weft_types::{Digest, FunctionName, ProjectName, Settings, VersionNumber, VersionRecord};

use super::compile::Prepared;
use super::room::Room;
use super::settings::{changed, check, check_of_workflow};
use super::wiring::{effect_free, wire};
use super::workflow::check_kind;
use super::{Deploy, Deployment, SettingsChange};
use crate::catalog::{Function, Writing};
use crate::deployed::{CodeOf, Deployed, Placed};
use crate::engine::Inner;
use crate::moves::activated;
use crate::port::{Added, NewVersion, RegistryError};
use crate::{Engine, Error, Log};

/// The code of a version about to be made.
struct Code {
    digest: Digest,
    size: u64,
    inspection: Inspection,
    kind: Kind,
    workflow: Option<Arc<WorkflowSource>>,
    /// Decided already for a workflow; it follows from the settings for a component.
    effect_free: Option<bool>,
}

/// A version ready to be stored.
pub(super) struct Proposal {
    pub(super) new: NewVersion,
    /// Whether there is such a version already.
    pub(super) existed: bool,
    missing: Vec<String>,
    /// What it will be if the registry numbers it as expected.
    deployed: Arc<Deployed>,
    logs: Arc<Log>,
    pub(super) before: Option<Arc<Function>>,
}

impl Engine {
    /// Makes a version of uploaded code, changed settings or both, and has it answer calls unless something is missing. Once
    /// begun it goes on to its end, whether or not the future is dropped.
    ///
    /// # Errors
    /// Where code or settings are refused, compiling takes too much, or a store fails; nothing has changed then.
    pub async fn deploy(&self, deploy: Deploy) -> Result<Deployment, Error> {
        if self.0.is_draining() {
            return Err(Error::Draining);
        }
        let inner = Arc::clone(&self.0);
        self.0
            .in_background(async move { inner.deploy(deploy).await })
            .await
    }
}

impl Inner {
    async fn deploy(self: &Arc<Self>, mut deploy: Deploy) -> Result<Deployment, Error> {
        self.check_early(&deploy)?;
        let prepared = match deploy.code.take() {
            Some(stored) => Some(self.prepare(&stored).await?),
            None => None,
        };
        // What was uploaded is not kept for a version that there will not be.
        let uploaded: Vec<_> = prepared.iter().map(|prepared| prepared.digest).collect();
        let proposed = self.proposed(&deploy, prepared.as_ref()).await;
        let (writing, proposal, room) = proposed.inspect_err(|_| self.collect_later(uploaded.clone()))?;
        let added = self.ports.registry.add_version(proposal.new.clone()).await;
        let added = added.inspect_err(|error| {
            // Of another error it is not known whether the version is there.
            if !matches!(error, RegistryError::Store(_)) {
                self.collect_later(uploaded);
            }
        })?;
        room.keep();
        Ok(self.publish_and_prune(writing, proposal, added).await)
    }

    /// A version that may be stored, with the right to write it and the room for it.
    async fn proposed(
        self: &Arc<Self>,
        deploy: &Deploy,
        prepared: Option<&Prepared>,
    ) -> Result<(Writing<'_>, Proposal, Room), Error> {
        self.prepare_for_level(deploy, prepared).await?;
        let next = self.next_number(&deploy.project, &deploy.function).await?;
        let ahead = self.propose(deploy, prepared, next)?;
        drop(self.take_room(&ahead)?);
        // Ahead, so that nobody waits for the right to write while an instance starts.
        self.prove(&ahead).await?;

        let writing = self.catalog.write().await;
        let next = self.next_number(&deploy.project, &deploy.function).await?;
        let proposal = self.propose(deploy, prepared, next)?;
        let room = self.take_room(&proposal)?;
        if proposal.is_like(&ahead) {
            return Ok((writing, ahead, room));
        }
        self.prove(&proposal).await?;
        Ok((writing, proposal, room))
    }

    /// Proves that a version can be called before anyone relies on it, and has instances ready for the calls it takes over.
    async fn prove(self: &Arc<Self>, proposal: &Proposal) -> Result<(), Error> {
        if proposal.new.activate.is_some() && proposal.new.kind == Kind::Component {
            self.loaded(&proposal.deployed).await?;
            self.take_over(&proposal.deployed, proposal.before.as_deref())
                .await;
        }
        Ok(())
    }

    /// Shows what the registry stored to everyone, and deletes what the function does not keep.
    pub(super) async fn publish_and_prune(
        self: &Arc<Self>,
        writing: Writing<'_>,
        proposal: Proposal,
        added: Added,
    ) -> Deployment {
        let (project, function) = (proposal.new.project.clone(), proposal.new.function.clone());
        let deployment = self.publish(&writing, proposal, added);
        let gone = self.prune(&writing, &project, &function).await;
        drop(writing);
        self.collect_later(gone);
        deployment
    }

    /// Makes sure that the code has a form for the level at which the version will execute, so that the right to write is not held
    /// while one is compiled. The level is that of the settings as they would be now, as others may have changed them since they were
    /// checked; they are checked once more by whoever has the right.
    async fn prepare_for_level(&self, deploy: &Deploy, prepared: Option<&Prepared>) -> Result<(), Error> {
        let (latest, level) = {
            let snapshot = self.catalog.read();
            let project = snapshot.project(deploy.project.as_str())?;
            let known = project.functions.get(&deploy.function);
            let latest = known.map(|function| Arc::clone(function.latest().record()));
            let base = latest.as_ref().map(|record| record.settings.clone());
            let settings = changed(base.unwrap_or_default(), deploy.settings.clone())?;
            let placed = Placed::new(&settings, &self.profiles.load(), &self.config);
            (
                latest,
                placed.map_or_else(|_| Level::default(), |placed| placed.level()),
            )
        };
        let code = match (prepared, latest.as_deref()) {
            (Some(prepared), _) => CodeOf {
                function: &deploy.function,
                digest: prepared.digest,
                size: prepared.size,
            },
            (None, Some(latest)) if latest.kind == Kind::Component => latest.into(),
            (None, _) => return Ok(()),
        };
        self.compiled_for(code, level).await.map(drop)
    }

    /// Refuses what can be refused before the long work of compiling.
    fn check_early(&self, deploy: &Deploy) -> Result<(), Error> {
        let snapshot = self.catalog.read();
        let project = snapshot.project(deploy.project.as_str())?;
        if deploy.code.is_some() {
            check_kind(project, &deploy.function, Kind::Component)?;
            self.check_room_for_function(&deploy.project, project, &deploy.function)?;
        }
        let latest = project
            .functions
            .get(&deploy.function)
            .map(|function| function.latest().record());
        if latest.is_none() && deploy.code.is_none() {
            return Err(Error::NoCode(deploy.function.clone()));
        }
        self.settings(latest.map(|record| &**record), deploy.settings.clone())
            .map(drop)
    }

    /// The number of the next version of a function. None is given again, also where another function had the name before.
    pub(super) async fn next_number(
        &self,
        project: &ProjectName,
        name: &FunctionName,
    ) -> Result<VersionNumber, Error> {
        let known = {
            let snapshot = self.catalog.read();
            let function = snapshot.project(project.as_str())?.functions.get(name);
            function.map(|function| function.next())
        };
        match known {
            Some(next) => Ok(next),
            None => Ok(VersionNumber(
                self.ports.registry.last_number(project, name).await? + 1,
            )),
        }
    }

    /// Works out the version. Only under the right to write nothing that it builds on changes meanwhile.
    fn propose(
        &self,
        deploy: &Deploy,
        prepared: Option<&Prepared>,
        next: VersionNumber,
    ) -> Result<Proposal, Error> {
        let snapshot = self.catalog.read();
        let project = snapshot.project(deploy.project.as_str())?;
        if prepared.is_some() {
            check_kind(project, &deploy.function, Kind::Component)?;
        }
        let before = project.functions.get(&deploy.function).cloned();
        let latest = before
            .as_ref()
            .map(|function| Arc::clone(function.latest().record()));
        let code = Code::new(deploy, prepared, latest.as_deref())?;
        let settings = self.settings(latest.as_deref(), deploy.settings.clone())?;
        let missing = wire(&code.inspection, &settings.grants, project).missing;
        let placed = Placed::new(&settings, &self.profiles.load(), &self.config);
        let reuse = placed.map_or(1, |placed| placed.reuse);
        let new = NewVersion {
            project: deploy.project.clone(),
            function: deploy.function.clone(),
            kind: code.kind,
            digest: code.digest,
            size: code.size,
            inspection: code.inspection,
            workflow: code.workflow,
            effect_free: code
                .effect_free
                .unwrap_or_else(|| effect_free(&settings, reuse, project)),
            settings,
            creator: deploy.creator.clone(),
            created_at: now(),
            activate: None,
        };
        let activate = deploy.activate && missing.is_empty();
        Ok(self.proposal((new, activate, next), missing, before))
    }

    /// A version with the logs and the place it will have, numbered `next` unless it is there already.
    pub(super) fn proposal(
        &self,
        (mut new, activate, next): (NewVersion, bool, VersionNumber),
        missing: Vec<String>,
        before: Option<Arc<Function>>,
    ) -> Proposal {
        let logs = before.as_ref().map_or_else(
            || Log::new(self.config.logs, &self.log_room),
            |f| Arc::clone(&f.logs),
        );
        let known = before.as_ref().and_then(|function| same(function, &new));
        let existed = known.is_some();
        let deployed = match known {
            Some(deployed) => Arc::clone(deployed),
            None => self.deployed(record(&new, next), &logs),
        };
        new.activate = activate.then(|| activated(before.as_deref(), &deployed, "it was deployed"));
        Proposal {
            new,
            existed,
            missing,
            deployed,
            logs,
            before,
        }
    }

    /// The settings that a change makes of those of the latest version, where they are allowed: asked early, to refuse what it can before
    /// code is compiled, and once more under the right to write, as the version and the profiles may be others by then.
    pub(super) fn settings(
        &self,
        latest: Option<&VersionRecord>,
        change: SettingsChange,
    ) -> Result<Settings, Error> {
        let base = latest.map(|record| record.settings.clone()).unwrap_or_default();
        let settings = changed(base, change)?;
        if latest.is_some_and(|record| record.kind == Kind::Workflow) {
            check_of_workflow(&settings)?;
        }
        check(self, &settings)?;
        Ok(settings)
    }

    /// Shows what the registry stored to everyone.
    fn publish(&self, writing: &Writing<'_>, proposal: Proposal, added: Added) -> Deployment {
        let Proposal {
            new,
            existed: _,
            missing,
            deployed,
            logs,
            before,
        } = proposal;
        let known = before
            .as_ref()
            .and_then(|function| function.version(Some(added.version.version)).ok());
        let deployed = match known {
            Some(known) => Arc::clone(known),
            None if **deployed.record() == added.version => deployed,
            None => self.deployed(added.version, &logs),
        };
        let number = deployed.record().version;
        let function = match &before {
            Some(before) => Some(before.with(added.function, &deployed)),
            None => Function::new(added.function, vec![Arc::clone(&deployed)], logs),
        };
        let answering = |function: &Function| Some(function.active.as_ref()?.record().version);
        let active = function.as_ref().and_then(answering);
        let answered = before.as_deref().and_then(answering);
        if let Some(function) = function {
            self.publish_moved(writing, before.as_deref(), function);
        }
        let activated = active == Some(number);
        tracing::info!(project = %new.project, function = %new.function, version = %number, activated, "deployed");
        Deployment {
            version: self.current(&deployed),
            existed: added.existed,
            activated,
            replaced: answered.filter(|&before| activated && before != number),
            missing,
        }
    }
}

impl Proposal {
    /// Whether it comes to the same, whenever either was made.
    fn is_like(&self, other: &Self) -> bool {
        let before = |proposal: &Self| proposal.before.as_ref().map(Arc::as_ptr);
        before(self) == before(other)
            && self.new.digest == other.new.digest
            && self.new.settings == other.new.settings
            && self.new.effect_free == other.new.effect_free
            && self.new.activate.is_some() == other.new.activate.is_some()
            && self.missing == other.missing
            && self.deployed.record().version == other.deployed.record().version
            && **self.deployed.place() == **other.deployed.place()
    }
}

impl Code {
    fn new(
        deploy: &Deploy,
        prepared: Option<&Prepared>,
        latest: Option<&VersionRecord>,
    ) -> Result<Self, Error> {
        match (prepared, latest) {
            (Some(code), _) => Ok(Self {
                digest: code.digest,
                size: code.size,
                inspection: code.inspection.clone(),
                kind: Kind::Component,
                workflow: None,
                effect_free: None,
            }),
            (None, Some(latest)) => Ok(Self {
                digest: latest.digest,
                size: latest.size,
                inspection: latest.inspection.clone(),
                kind: latest.kind,
                workflow: latest.workflow.clone(),
                effect_free: latest.workflow.as_ref().map(|_| latest.effect_free),
            }),
            (None, None) => Err(Error::NoCode(deploy.function.clone())),
        }
    }
}

/// A version of the function with this code and these settings.
fn same<'a>(function: &'a Function, new: &NewVersion) -> Option<&'a Arc<Deployed>> {
    function.versions().iter().find(|deployed| {
        let record = deployed.record();
        record.digest == new.digest && record.settings == new.settings && record.workflow == new.workflow
    })
}

fn record(new: &NewVersion, version: VersionNumber) -> VersionRecord {
    VersionRecord {
        project: new.project.clone(),
        function: new.function.clone(),
        version,
        kind: new.kind,
        digest: new.digest,
        size: new.size,
        inspection: new.inspection.clone(),
        workflow: new.workflow.clone(),
        settings: new.settings.clone(),
        effect_free: new.effect_free,
        creator: new.creator.clone(),
        created_at: new.created_at,
    }
}

/// As precise as every store keeps it.
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}
