//! From an upload or a change of settings to a version, and to the version that answers calls.

use std::sync::Arc;

use weft_types::{FunctionName, ProjectName, Settings, VersionNumber, VersionRecord};

use crate::port::Stored;

mod activate;
mod commit;
mod compile;
mod delete;
mod gone;
mod prune;
mod room;
mod settings;
pub(crate) mod wiring;
mod workflow;

pub(crate) use commit::now;
pub(crate) use compile::Compiling;
pub(crate) use gone::Gone;
pub use prune::Needed;
pub use settings::parse_settings;
pub use workflow::{RUN, SaveWorkflow};

/// A version about to be made.
#[derive(Debug)]
pub struct Deploy {
    /// The namespace, which must exist.
    pub project: ProjectName,
    /// The function, created with its first version.
    pub function: FunctionName,
    /// What was uploaded; none keeps the code of the latest version.
    pub code: Option<Stored>,
    /// The terms it shall run under.
    pub settings: SettingsChange,
    /// Whether it shall answer calls from now on.
    pub activate: bool,
    /// Who uploads.
    pub creator: String,
}

/// How the settings of a version come from those of the latest, or from the defaults where there is none.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one per deploy")]
pub enum SettingsChange {
    /// As they are.
    Keep,
    /// These instead.
    Replace(Settings),
    /// With an RFC 7396 merge patch applied to their JSON form.
    Merge(serde_json::Value),
}

/// What [`Engine::deploy`](crate::Engine::deploy) did.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The version that holds this code and these settings.
    pub version: Arc<VersionRecord>,
    /// Whether it was there before.
    pub existed: bool,
    /// Whether it answers calls now.
    pub activated: bool,
    /// The version that answered calls before, where this one does instead.
    pub replaced: Option<VersionNumber>,
    /// What it imports and was not granted, each with how to give it. Such a version is stored but not activated.
    pub missing: Vec<String>,
}
