//! Deleting versions: one that is named, or those that a function does not keep.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use weft_quotas::Part;
use weft_types::version::Pin;
use weft_types::{Digest, FunctionName, ProjectName, VersionNumber};

use crate::catalog::{Function, Project, Writing};
use crate::deployed::Deployed;
use crate::engine::Inner;
use crate::hold::May;
use crate::{Engine, Error};

#[cfg(test)]
mod tests;

/// The versions of workflows of a project of which runs are open.
type Open = BTreeSet<(FunctionName, VersionNumber)>;

/// What a version is needed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needed {
    /// It answers calls.
    Active,
    /// It is about to take over.
    RollingOut,
    /// The function has no other.
    OnlyOne,
    /// These versions of workflows call it.
    Pinned(Vec<Pin>),
    /// Runs of it are open.
    OpenRuns,
}

impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => f.write_str("it is active; activate another version first"),
            Self::RollingOut => f.write_str("it is about to take over; promote or cancel the rollout first"),
            Self::OnlyOne => f.write_str("it is the only one; delete the function instead"),
            Self::Pinned(by) => {
                f.write_str("these versions of workflows call it: ")?;
                for (place, pin) in by.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}`{pin}`")?;
                }
                f.write_str("; delete those first")
            }
            Self::OpenRuns => f.write_str("runs of it are open; wait for them or cancel them"),
        }
    }
}

/// What is known of the versions of a function when some are to go.
struct Known<'a> {
    function: &'a FunctionName,
    /// Ascending.
    versions: &'a [VersionNumber],
    active: Option<VersionNumber>,
    candidate: Option<VersionNumber>,
    /// Versions of the project's workflows, each with a version of this function that it calls.
    pinned: &'a [(Pin, VersionNumber)],
    open: &'a Open,
}

/// What a version is needed for; none where it can go.
fn needed(known: &Known<'_>, version: VersionNumber) -> Option<Needed> {
    if known.active == Some(version) {
        return Some(Needed::Active);
    }
    if known.candidate == Some(version) {
        return Some(Needed::RollingOut);
    }
    if known.versions == [version] {
        return Some(Needed::OnlyOne);
    }
    let by = known.pinned.iter().filter(|(_, pinned)| *pinned == version);
    let by: Vec<_> = by.map(|(pin, _)| pin.clone()).collect();
    if !by.is_empty() {
        return Some(Needed::Pinned(by));
    }
    let open = known.open.contains(&(known.function.clone(), version));
    open.then_some(Needed::OpenRuns)
}

/// The versions older than the newest `keep` that nothing needs.
fn surplus(known: &Known<'_>, keep: u32) -> Vec<VersionNumber> {
    let kept = usize::try_from(keep).unwrap_or(usize::MAX);
    let older = known.versions.len().saturating_sub(kept.max(1));
    let older = known.versions.iter().take(older).copied();
    older
        .filter(|version| needed(known, *version).is_none())
        .collect()
}

impl Engine {
    /// Deletes a version, whose number is not given again. Calls of it that are under way end undisturbed. Waits while versions are
    /// [held](Self::hold_versions).
    ///
    /// # Errors
    /// Where there is no such version, it is needed, or the registry fails.
    pub async fn delete_version(
        &self,
        project: &ProjectName,
        function: &FunctionName,
        version: VersionNumber,
    ) -> Result<(), Error> {
        let inner = Arc::clone(&self.0);
        let (project, function) = (project.clone(), function.clone());
        let delete = async move { inner.delete_version(&project, &function, version).await };
        self.0.in_background(delete).await
    }
}

impl Inner {
    async fn delete_version(
        self: &Arc<Self>,
        project: &ProjectName,
        name: &FunctionName,
        version: VersionNumber,
    ) -> Result<(), Error> {
        let _may = self.holds.may_delete().await;
        let writing = self.catalog.write().await;
        let function = self.function_of(project, name)?;
        function.version(Some(version))?;
        let in_use = |because| Error::VersionInUse {
            function: name.clone(),
            version,
            because,
        };
        if let Some(because) = self.needed(&function, version)? {
            return Err(in_use(because));
        }
        let gone = self.drop_versions(&writing, &function, vec![version]).await?;
        drop(writing);
        if gone.versions.is_empty() {
            return Err(in_use(Needed::OpenRuns));
        }
        // Whoever still has the version keeps its code.
        drop(function);
        self.collect(gone.code).await;
        Ok(())
    }

    /// Deletes what a function does not keep, if it keeps not all. What cannot be deleted now is when the next version comes.
    pub(super) async fn prune(
        &self,
        writing: &Writing<'_>,
        project: &ProjectName,
        name: &FunctionName,
    ) -> Vec<Digest> {
        let Some(_may) = self.holds.may_delete_now() else {
            return Vec::new();
        };
        match self.try_prune(writing, project, name).await {
            Ok(code) => code,
            Err(error) => {
                tracing::warn!(%project, function = %name, %error, "old versions could not be deleted");
                Vec::new()
            }
        }
    }

    async fn try_prune(
        &self,
        writing: &Writing<'_>,
        project: &ProjectName,
        name: &FunctionName,
    ) -> Result<Vec<Digest>, Error> {
        let function = self.function_of(project, name)?;
        let keep = function.latest().record().settings.keep_versions;
        let keep = keep.unwrap_or(self.config.keep_versions);
        if keep == 0 || function.versions().len() <= usize::try_from(keep).unwrap_or(usize::MAX) {
            return Ok(Vec::new());
        }
        let surplus = self.look_at(&function, |known| surplus(known, keep))?;
        Ok(self.drop_versions(writing, &function, surplus).await?.code)
    }

    /// Whether there is a version older than the newest so many that nothing needs.
    pub(super) fn has_surplus(&self, function: &Function, keep: u32) -> Result<bool, Error> {
        self.look_at(function, |known| !surplus(known, keep).is_empty())
    }

    fn function_of(&self, project: &ProjectName, name: &FunctionName) -> Result<Arc<Function>, Error> {
        let snapshot = self.catalog.read();
        Ok(Arc::clone(snapshot.function(project.as_str(), name.as_str())?))
    }

    fn needed(&self, function: &Function, version: VersionNumber) -> Result<Option<Needed>, Error> {
        self.look_at(function, |known| needed(known, version))
    }

    fn look_at<T>(&self, function: &Function, decide: impl FnOnce(&Known<'_>) -> T) -> Result<T, Error> {
        let record = &function.record;
        let open = self.workflows.get();
        let open = open.map_or_else(Open::new, |workflows| workflows.open_versions(&record.project));
        let snapshot = self.catalog.read();
        let project = snapshot.project(record.project.as_str())?;
        let versions: Vec<_> = function
            .versions()
            .iter()
            .map(|deployed| deployed.record().version)
            .collect();
        let known = Known {
            function: &record.function,
            versions: &versions,
            active: record.active,
            candidate: record.moves.rollout.as_ref().map(|rollout| rollout.version),
            pinned: &pins_of(project, &record.function),
            open: &open,
        };
        Ok(decide(&known))
    }

    /// Deletes versions that were found not to be needed, but for those that a run needs that began meanwhile.
    async fn drop_versions(
        &self,
        writing: &Writing<'_>,
        function: &Function,
        mut versions: Vec<VersionNumber>,
    ) -> Result<Dropped, Error> {
        // No run begins from here on that needs one; one that began meanwhile is seen by looking once more.
        writing.put(function.without(&versions));
        let open = self.workflows.get();
        let open = open.map_or_else(Open::new, |workflows| {
            workflows.open_versions(&function.record.project)
        });
        versions.retain(|version| !open.contains(&(function.record.function.clone(), *version)));
        if versions.is_empty() {
            writing.put(function.clone());
            return Ok(Dropped::default());
        }
        let left = function.without(&versions);
        let (project, name) = (&function.record.project, &function.record.function);
        let deleted = self
            .ports
            .registry
            .delete_versions(project, name, &versions)
            .await;
        if let Err(error) = deleted {
            writing.put(function.clone());
            return Err(error.into());
        }
        writing.put(left);
        let gone = versions.iter();
        let gone: Vec<_> = gone
            .filter_map(|version| function.version(Some(*version)).ok())
            .collect();
        gone.iter().for_each(|deployed| self.let_go_of(deployed));
        let code = gone
            .iter()
            .map(|deployed| (deployed.record().digest, deployed.record().size));
        let code = self.free_code(project, code);
        tracing::info!(%project, function = %name, ?versions, "versions are deleted");
        Ok(Dropped { versions, code })
    }

    /// Gives back the room of code that no version of a project is made of any longer. Answers which code it was.
    pub(super) fn free_code(
        &self,
        project: &ProjectName,
        gone: impl Iterator<Item = (Digest, u64)>,
    ) -> Vec<Digest> {
        let snapshot = self.catalog.read();
        let left = snapshot.project(project.as_str()).ok();
        let account = self.config.accounts.of(project);
        let mut freed = Vec::new();
        for (digest, size) in gone {
            let is_left = left.is_some_and(|left| left.has_code(digest));
            if !is_left && !freed.contains(&digest) {
                account.free(Part::Code, size);
                freed.push(digest);
            }
        }
        freed
    }

    /// Nothing leads to a version any longer. Calls that had chosen it before may load it yet: its code stays until none is left.
    pub(super) fn let_go_of(&self, deployed: &Arc<Deployed>) {
        for deployed in deployed.others().iter().chain([deployed]) {
            self.gone.add(deployed);
            deployed.leave();
        }
    }

    /// Has code removed that calls of versions that are gone needed until now.
    pub(crate) fn collect_unused(self: &Arc<Self>) {
        self.collect_later(self.gone.take_unused());
    }

    /// Removes the files of code that no version of any project is made of, or has that done once code is not held any longer. Not
    /// under the right to write: an upload of the same code holds what is waited for here until its version is stored.
    pub(super) async fn collect(self: &Arc<Self>, code: Vec<Digest>) {
        match self.holds.may_remove_now() {
            Some(may) => self.remove_code(code, may).await,
            None => self.collect_later(code),
        }
    }

    /// The same, while the caller goes on: it may hold what is waited for.
    pub(super) fn collect_later(self: &Arc<Self>, code: Vec<Digest>) {
        if !code.is_empty() {
            let inner = Arc::clone(self);
            self.background.spawn(async move {
                let may = inner.holds.may_remove().await;
                inner.remove_code(code, may).await;
            });
        }
    }

    async fn remove_code(&self, code: Vec<Digest>, _may: May) {
        for digest in code {
            let _no_upload = self.compiling.lock(digest).await;
            let _no_recompile = self.recompiling.lock(digest).await;
            if self.catalog.read().version_of(digest).is_some() || self.gone.has(digest) {
                continue;
            }
            if let Err(error) = self.ports.artifacts.remove(digest).await {
                tracing::warn!(%digest, %error, "code that belongs to no version is left until the next start");
            }
        }
    }
}

/// What went.
#[derive(Default)]
struct Dropped {
    versions: Vec<VersionNumber>,
    /// Code that the project has no longer.
    code: Vec<Digest>,
}

/// The versions of a project's workflows that call a function, each with the version that it calls.
pub(super) fn pins_of(project: &Project, function: &FunctionName) -> Vec<(Pin, VersionNumber)> {
    let mut pins = Vec::new();
    let versions = project
        .functions
        .values()
        .flat_map(|function| function.versions());
    for deployed in versions {
        let record = deployed.record();
        let calls = record.workflow.iter().flat_map(|workflow| &workflow.calls);
        for pin in calls.filter(|pin| pin.function == *function) {
            let by = Pin {
                function: record.function.clone(),
                version: record.version,
            };
            pins.push((by, pin.version));
        }
    }
    pins
}
