//! Where functions and their versions are kept.

use std::sync::Arc;

use jiff::Timestamp;
use weft_types::moves::Moves;
use weft_types::version::{FunctionRecord, Inspection, WorkflowSource};
use weft_types::{Digest, FunctionName, Kind, ProjectName, Settings, VersionNumber, VersionRecord};

use super::Boxed;

/// Functions, each with its versions in ascending order.
pub type Functions = Vec<(FunctionRecord, Vec<VersionRecord>)>;

/// Functions and versions, durable. Once a call of this port has returned `Ok`, its effect survives a crash of the
/// process and of the machine.
pub trait Registry: Send + Sync + 'static {
    /// Every project name; `default` is always among them.
    fn projects(&self) -> Boxed<'_, Result<Vec<ProjectName>, RegistryError>>;

    /// Creates a project; one that exists is left as it is. The name of one that was deleted is not given again.
    fn create_project<'a>(&'a self, project: &'a ProjectName) -> Boxed<'a, Result<(), RegistryError>>;

    /// Deletes a project that has no functions.
    fn delete_project<'a>(&'a self, project: &'a ProjectName) -> Boxed<'a, Result<(), RegistryError>>;

    /// Every function with all its versions in ascending order.
    fn load(&self) -> Boxed<'_, Result<Functions, RegistryError>>;

    /// The largest number that a version has had, of a function or of those that had its name before they were deleted; 0 where there was
    /// none. Where very many were deleted in the project it may be larger, never smaller.
    fn last_number<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
    ) -> Boxed<'a, Result<u32, RegistryError>>;

    /// Stores a version under the number behind [the last](Self::last_number), creating the function with its first one, and activates it if asked.
    ///
    /// Where a version of the function has the same code (or definition and pins) and settings, that one is answered (and activated if asked)
    /// and nothing is stored.
    fn add_version(&self, new: NewVersion) -> Boxed<'_, Result<Added, RegistryError>>;

    /// Makes a version the one that answers calls and writes down how it came to that: both or neither.
    fn activate<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
        version: VersionNumber,
        moves: Arc<Moves>,
        at: Timestamp,
    ) -> Boxed<'a, Result<FunctionRecord, RegistryError>>;

    /// Writes down how a function moves.
    fn note_moves<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
        moves: Arc<Moves>,
    ) -> Boxed<'a, Result<FunctionRecord, RegistryError>>;

    /// Removes versions of a function, none of which is active: all or none. Their numbers are not given again. The artifacts stay until
    /// removed.
    fn delete_versions<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
        versions: &'a [VersionNumber],
    ) -> Boxed<'a, Result<(), RegistryError>>;

    /// Removes a function with all its versions, whose numbers are not given again under its name. The artifacts stay until removed.
    fn delete<'a>(
        &'a self,
        project: &'a ProjectName,
        function: &'a FunctionName,
    ) -> Boxed<'a, Result<(), RegistryError>>;
}

/// A version about to be stored: a [`VersionRecord`] without its number.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// The namespace.
    pub project: ProjectName,
    /// The function.
    pub function: FunctionName,
    /// Component or workflow.
    pub kind: Kind,
    /// Hash of the uploaded bytes: code, or a definition.
    pub digest: Digest,
    /// Length of the uploaded bytes.
    pub size: u64,
    /// What inspection found.
    pub inspection: Inspection,
    /// What a workflow is made of; none for a component.
    pub workflow: Option<Arc<WorkflowSource>>,
    /// The terms it runs under.
    pub settings: Settings,
    /// Whether it was granted nothing effectful.
    pub effect_free: bool,
    /// Who uploaded it.
    pub creator: String,
    /// When.
    pub created_at: Timestamp,
    /// That it shall answer calls from now on, and what is written down of how it came to that.
    pub activate: Option<Arc<Moves>>,
}

/// What [`Registry::add_version`] did.
#[derive(Clone, Debug)]
pub struct Added {
    /// The function as it is now.
    pub function: FunctionRecord,
    /// The version that holds this code and these settings.
    pub version: VersionRecord,
    /// Whether it was there before.
    pub existed: bool,
}

/// Why the registry did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// No such project.
    #[error("there is no project `{0}`")]
    NoProject(ProjectName),
    /// The project was deleted, and its name is not given again.
    #[error("there was a project `{0}`, which was deleted, and its name is not given again")]
    ProjectGone(ProjectName),
    /// The project has functions.
    #[error("project `{0}` has functions: delete them first")]
    ProjectInUse(ProjectName),
    /// No such function.
    #[error("there is no function `{1}` in project `{0}`")]
    NoFunction(ProjectName, FunctionName),
    /// No such version.
    #[error("function `{1}` in project `{0}` has no version {2}")]
    NoVersion(ProjectName, FunctionName, VersionNumber),
    /// The disk is full: nothing was changed.
    #[error("the disk is full")]
    Full,
    /// The store failed. Nothing was acknowledged.
    #[error("the registry's store failed: {0}")]
    Store(String),
}
