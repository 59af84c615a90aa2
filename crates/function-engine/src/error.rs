//! What can go wrong, one variant per cause that a caller may want to tell apart.

use std::time::Duration;

use uuid::Uuid;
use weft_quotas::Exceeded;
use weft_types::name::NameError;
use weft_types::version::Pin;
use weft_types::{FunctionName, Kind, VersionNumber, json};

use crate::Needed;
use crate::port::{Failure, LoadError, Loss, PrepareError, RegistryError, StorageError};

/// Why the engine did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such project.
    #[error("there is no project `{0}`")]
    NoProject(String),
    /// The project was deleted, and its name is not given again.
    #[error("there was a project `{0}`, which was deleted, and its name is not given again")]
    ProjectGone(String),
    /// The project cannot be deleted.
    #[error("project `{project}` cannot be deleted: {reason}")]
    ProjectInUse {
        /// The project, which exists.
        project: String,
        /// Why not, and what would help.
        reason: &'static str,
    },
    /// No such function.
    #[error("there is no function `{function}` in project `{project}`")]
    NoFunction {
        /// The project, which exists.
        project: String,
        /// The name asked for.
        function: String,
    },
    /// No such version.
    #[error("function `{function}` has no version {version}; its latest is {latest}")]
    NoVersion {
        /// The function, which exists.
        function: FunctionName,
        /// The number asked for.
        version: VersionNumber,
        /// The highest there is.
        latest: VersionNumber,
    },
    /// No such pool.
    #[error("there is no pool `{0}`: it ended, or the server was started anew")]
    NoPool(String),
    /// The function has no version that answers calls.
    #[error("function `{function}` has no active version{}", hint(.missing))]
    NoActiveVersion {
        /// The function.
        function: FunctionName,
        /// What its latest version was not granted, each with how to give it; empty where it was never activated.
        missing: Vec<String>,
    },
    /// No such export.
    #[error("there is no export `{export}`; there are: {}", list(.candidates))]
    NoExport {
        /// The name asked for.
        export: String,
        /// The names there are.
        candidates: Vec<String>,
    },
    /// More than one export fits.
    #[error("{}; name one of: {}", ambiguous(.export.as_deref()), list(.candidates))]
    AmbiguousExport {
        /// The name asked for, if one was.
        export: Option<String>,
        /// The full names that fit.
        candidates: Vec<String>,
    },
    /// The export, or the whole function, is not called this way.
    #[error("`{export}` cannot be called: {reason}")]
    NotCallable {
        /// The export or function.
        export: String,
        /// Why, and what would work.
        reason: String,
    },
    /// A text that is no name.
    #[error(transparent)]
    InvalidName(#[from] NameError),
    /// Arguments that are not values of the parameters' types.
    #[error("invalid arguments: {0}")]
    InvalidArguments(json::Error),
    /// Arguments longer than the version accepts.
    #[error("the arguments are larger than the limit of {limit} bytes")]
    ArgumentsTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Raw bytes for an export that does not take exactly one `list<u8>`.
    #[error(
        "`{export}` takes no raw bytes: its parameters are `{params}`, and only a single `list<u8>` can be sent raw"
    )]
    RawArguments {
        /// The export.
        export: String,
        /// The type of its parameters.
        params: String,
    },
    /// An option of the call that does not fit the version.
    #[error("`{option}` {message}")]
    InvalidOption {
        /// Which option: `seed`, `time` or `timeout`.
        option: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// Settings that cannot be.
    #[error("invalid settings at {}: {message}", weft_types::pointer::Told(pointer))]
    InvalidSettings {
        /// JSON pointer to the place.
        pointer: String,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A profile that is not among the loaded ones.
    #[error("there is no pool profile `{profile}`; there are: {}", list(.known))]
    UnknownProfile {
        /// The name asked for.
        profile: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// No profile of this name.
    #[error("there is no pool profile `{profile}`; there are: {}", list(.known))]
    NoProfile {
        /// The name asked for.
        profile: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A text that is no profile.
    #[error("{profile}.toml:{line}:{column}: {message}")]
    InvalidProfile {
        /// The profile.
        profile: String,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong and what would be right.
        message: String,
    },
    /// Active versions would be left without a pool.
    #[error("active versions use it, and no other profile will do for them: {}", .by.join(", "))]
    ProfileInUse {
        /// Those versions, as `project/function@version`.
        by: Vec<String>,
    },
    /// A profile that came with the server.
    #[error("the pool profile `{0}` came with the server and cannot be deleted; another can take its place")]
    BuiltInProfile(String),
    /// As many profiles as there may be.
    #[error("there are {0} pool profiles, and no more may be")]
    TooManyProfiles(usize),
    /// Profiles that nobody writes down.
    #[error("this server keeps its pool profiles as they are")]
    ProfilesFixed,
    /// No profile has what settings need.
    #[error("{0}")]
    UnmetNeeds(String),
    /// A pool that could not be replaced and serves on.
    #[error("the pool is as it was, as a new one could not serve: {0}")]
    PoolUnchanged(String),
    /// No rollout of the function is under way.
    #[error("no rollout of `{0}` is under way")]
    NoRollout(FunctionName),
    /// Another rollout of the function is under way.
    #[error("a rollout of version {version} of `{function}` is under way: promote or cancel that first")]
    RolloutUnderWay {
        /// The function.
        function: FunctionName,
        /// The version that takes over.
        version: VersionNumber,
    },
    /// A version that cannot take over step by step.
    #[error("version {version} of `{function}` cannot take over step by step: {reason}")]
    CannotRollOut {
        /// The function.
        function: FunctionName,
        /// The version.
        version: VersionNumber,
        /// Why, and what would be right.
        reason: String,
    },
    /// A profile whose isolation level this server does not offer.
    #[error("profile `{profile}` needs the level `{level}`, which is not available here: {reason}")]
    LevelUnavailable {
        /// The profile.
        profile: String,
        /// Its level.
        level: String,
        /// Why.
        reason: String,
    },
    /// Only settings were given and there is no version to take the code from.
    #[error("function `{0}` has no version yet, so its first needs code")]
    NoCode(FunctionName),
    /// A workflow was uploaded where a component is, or the other way round.
    #[error(
        "`{function}` is a {}, and a {} was sent: save that under another name, or delete `{function}` first",
        kind(*.is), other_kind(*.is)
    )]
    OtherKind {
        /// The function.
        function: FunctionName,
        /// What it is.
        is: Kind,
    },
    /// Only a workflow can be asked this.
    #[error("`{0}` is a component, not a workflow: it calls no versions that could be pinned anew")]
    NotAWorkflow(FunctionName),
    /// A version that a workflow calls was deleted while the workflow was saved.
    #[error("version {} of `{}`, which the workflow calls, was deleted meanwhile", .0.version, .0.function)]
    PinGone(Pin),
    /// The upload is not code that can run here.
    #[error("{0}")]
    InvalidCode(String),
    /// The upload is too large.
    #[error("the upload is larger than the limit of {limit} bytes")]
    UploadTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Compiling took too long.
    #[error("compiling took longer than the limit of {} s", .0.as_secs_f32())]
    CompileTimeout(Duration),
    /// As many compiles wait as may.
    #[error("{0} compiles already wait for a compiler")]
    CompilersBusy(usize),
    /// Compiling failed.
    #[error("{0}")]
    CompileFailed(String),
    /// The disk is full; nothing was stored.
    #[error("the disk is full: nothing was stored")]
    StorageFull,
    /// A store failed; nothing was acknowledged.
    #[error("{0}")]
    StorageFailed(String),
    /// The version was not granted what its code imports.
    #[error("version {version} of `{function}` was not granted what it imports: {}", .missing.join("; "))]
    MissingGrant {
        /// The function.
        function: FunctionName,
        /// The version.
        version: VersionNumber,
        /// Each missing grant and how to give it.
        missing: Vec<String>,
    },
    /// The project has used up what it may.
    #[error(transparent)]
    Quota(#[from] Exceeded),
    /// A version cannot be deleted.
    #[error("version {version} of `{function}` cannot be deleted: {because}")]
    VersionInUse {
        /// The function.
        function: FunctionName,
        /// The version.
        version: VersionNumber,
        /// Why not.
        because: Needed,
    },
    /// Versions of others call the one to be deleted, or are granted to.
    #[error(
        "`{function}` cannot be deleted while these versions call it or are granted to: {}; delete those, or their functions, first",
        pins(.by)
    )]
    StillReferenced {
        /// The function.
        function: FunctionName,
        /// Active versions that may call it, and versions of workflows that do.
        by: Vec<Pin>,
    },
    /// Runs of the one to be deleted are open.
    #[error("`{0}` cannot be deleted while runs of it are open; wait for them or cancel them")]
    OpenRuns(FunctionName),
    /// The call did not answer.
    #[error("{failure}")]
    Failed {
        /// Identifies the call in the logs.
        invocation: Uuid,
        /// What happened.
        failure: Box<Failure>,
        /// How long the guest executed; 0 where that is not known.
        cpu_time: Duration,
    },
    /// The call has effects and its process was lost under it: whether they happened is not known.
    #[error("{loss}; whether the call had its effects is not known")]
    OutcomeUnknown {
        /// Identifies the call in the logs.
        invocation: Uuid,
        /// How the process was lost.
        loss: Loss,
    },
    /// All places are taken and the queue is full.
    #[error("all places of the function are taken and {queued} calls already wait")]
    Overloaded {
        /// How many wait.
        queued: u32,
        /// When to try again.
        retry_after: Duration,
    },
    /// No place became free, or the code was not ready, in time.
    #[error("no place of the function became ready within {} ms", .waited.as_millis())]
    QueueTimeout {
        /// How long the call waited.
        waited: Duration,
        /// When to try again.
        retry_after: Duration,
    },
    /// The server is shutting down.
    #[error("the server is shutting down and takes no new calls")]
    Draining,
    /// The platform is at fault.
    #[error("the platform failed: {0}")]
    Platform(String),
}

impl Error {
    pub(crate) fn no_function(project: impl Into<String>, function: impl Into<String>) -> Self {
        Self::NoFunction {
            project: project.into(),
            function: function.into(),
        }
    }

    /// The same for a caller who gave the call so long: what was left of that when it began to execute is nobody's setting.
    pub(crate) fn with_timeout(self, timeout: Duration) -> Self {
        match self {
            Self::Failed {
                invocation,
                failure,
                cpu_time,
            } if matches!(*failure, Failure::TimedOut(_)) => Self::Failed {
                invocation,
                failure: Box::new(Failure::TimedOut(timeout)),
                cpu_time,
            },
            other => other,
        }
    }

    pub(crate) fn settings(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::InvalidSettings {
            pointer: pointer.into(),
            message: message.into(),
        }
    }
}

impl From<RegistryError> for Error {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::ProjectGone(project) => Self::ProjectGone(project.to_string()),
            RegistryError::ProjectInUse(project) => Self::ProjectInUse {
                project: project.to_string(),
                reason: "it has functions; delete them first",
            },
            RegistryError::NoProject(project) => Self::NoProject(project.to_string()),
            RegistryError::NoFunction(project, function) => {
                Self::no_function(project.as_str(), function.as_str())
            }
            RegistryError::Full => Self::StorageFull,
            // The catalog checked the number, so a registry that does not know it disagrees with the catalog.
            error @ (RegistryError::NoVersion(..) | RegistryError::Store(_)) => {
                Self::StorageFailed(error.to_string())
            }
        }
    }
}

impl From<StorageError> for Error {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::TooLarge { limit } => Self::UploadTooLarge { limit },
            StorageError::Full => Self::StorageFull,
            StorageError::Quota(exceeded) => Self::Quota(exceeded),
            error @ StorageError::QuotaTold(_) => Self::StorageFailed(error.to_string()),
            error @ StorageError::Io { .. } => Self::StorageFailed(error.to_string()),
        }
    }
}

impl From<PrepareError> for Error {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Refused(reason) => Self::InvalidCode(reason),
            PrepareError::TimedOut(limit) => Self::CompileTimeout(limit),
            PrepareError::Busy(waiting) => Self::CompilersBusy(waiting),
            error @ (PrepareError::OutOfMemory(_) | PrepareError::Died(_)) => {
                Self::CompileFailed(error.to_string())
            }
            PrepareError::Storage(error) => error.into(),
        }
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::NotIntact(what) => Self::Platform(format!("compiled code is not intact: {what}")),
            LoadError::Unsatisfied(what) => Self::InvalidCode(what),
        }
    }
}

impl From<json::Error> for Error {
    fn from(error: json::Error) -> Self {
        Self::InvalidArguments(error)
    }
}

fn list(items: &[String]) -> String {
    match items {
        [] => "none".to_owned(),
        items => format!("`{}`", items.join("`, `")),
    }
}

fn pins(items: &[Pin]) -> String {
    list(&items.iter().map(Pin::to_string).collect::<Vec<_>>())
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Component => "component",
        Kind::Workflow => "workflow",
    }
}

fn other_kind(other: Kind) -> &'static str {
    kind(match other {
        Kind::Component => Kind::Workflow,
        Kind::Workflow => Kind::Component,
    })
}

fn hint(missing: &[String]) -> String {
    match missing {
        [] => ": activate one".to_owned(),
        missing => format!(
            ": the latest was not granted what it imports: {}",
            missing.join("; ")
        ),
    }
}

fn ambiguous(export: Option<&str>) -> String {
    match export {
        Some(export) => format!("the name `{export}` fits more than one export"),
        None => "the function has more than one export".to_owned(),
    }
}
