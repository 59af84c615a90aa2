//! Versions and what they export.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_function_engine as engine;
use weft_types::{VersionRecord, version};

use super::{Kind, Level, Limits, Mistake, Settings};

/// A version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Version {
    /// The project.
    pub project: String,
    /// The function.
    pub function: String,
    /// The version's number, from 1.
    pub version: u32,
    /// What it is made of.
    pub kind: Kind,
    /// How it is called.
    pub flavor: Flavor,
    /// Where HTTP requests reach its function, on the listener for functions; absent where it answers none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "/default/hello-http/")]
    pub path: Option<String>,
    /// The hash of its code.
    #[schema(example = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262")]
    pub digest: String,
    /// Length of its code in bytes.
    pub size: u64,
    /// What can be called.
    pub exports: Vec<Export>,
    /// Interfaces the code imports.
    pub imports: Vec<String>,
    /// What the code asks to do outside itself.
    pub capabilities: Vec<Capability>,
    /// Whether nobody could tell if it were executed once more.
    pub effect_free: bool,
    /// The terms it runs under.
    pub settings: Settings,
    /// Where it executes, as pool profiles are now; absent for workflows, and where no profile will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    /// Who uploaded it.
    pub creator: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Where a version executes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Placement {
    /// The profile of its pool.
    pub profile: String,
    /// What separates its instances.
    pub level: Level,
    /// Why there.
    #[schema(
        example = "needs at least the level `process`: `process`, at the level `process`, is the only profile that will do"
    )]
    pub why: String,
    /// What bounds its calls there: what its settings ask for, as far as the profile and the server let it, else their defaults.
    pub limits: Limits,
}

/// A version in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct VersionSummary {
    /// Its number.
    pub version: u32,
    /// Whether it answers calls that name none.
    pub active: bool,
    /// How it is called.
    pub flavor: Flavor,
    /// The hash of its code.
    pub digest: String,
    /// Length of its code in bytes.
    pub size: u64,
    /// Whether nobody could tell if it were executed once more.
    pub effect_free: bool,
    /// One line for people.
    pub description: String,
    /// Who uploaded it.
    pub creator: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What an upload or a change of settings led to: the version, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Deployment {
    /// The version that has this code and these settings.
    #[serde(flatten)]
    pub version: Version,
    /// Whether it was there before.
    pub existed: bool,
    /// Whether it answers calls now.
    pub activated: bool,
    /// The version that answered calls before, where this one does instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<u32>,
    /// What it imports and was not granted, each with how to grant it.
    pub missing: Vec<String>,
    /// Of a workflow: what may not be meant, such as pool profiles and groups that its definition names and there are not now, so that
    /// nodes would fail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Mistake>,
}

/// How code is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Flavor {
    /// By its typed exports.
    Exports,
    /// By HTTP requests.
    Http,
    /// As a command: bytes in, bytes out.
    Command,
    /// As a workflow, which runs.
    Workflow,
}

/// Something effectful that the code imports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Capability {
    /// Outbound HTTP.
    Http,
    /// The project's key-value stores.
    Keyvalue,
    /// A call of another function's interface.
    Call {
        /// The interface.
        interface: String,
    },
}

/// Something that can be called, or would be if its types were values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Export {
    /// Its name in full, as `?export=` takes it: `interface#name`, or the name alone.
    pub export: String,
    /// Its own name, which `?export=` takes too where no other export has it.
    pub name: String,
    /// The interface it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Whether it can be called.
    pub callable: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its parameters, in order.
    pub params: Vec<Parameter>,
    /// The type of its result, in WIT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "result<f64, string>")]
    pub result: Option<String>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type, in WIT.
    #[serde(rename = "type")]
    #[schema(example = "list<string>")]
    pub ty: String,
}

impl From<&VersionRecord> for Version {
    fn from(record: &VersionRecord) -> Self {
        let inspection = &record.inspection;
        Self {
            project: record.project.to_string(),
            function: record.function.to_string(),
            version: record.version.0,
            kind: record.kind.into(),
            flavor: inspection.flavor.into(),
            path: (inspection.flavor == version::Flavor::Http)
                .then(|| format!("/{}/{}/", record.project, record.function)),
            digest: record.digest.to_string(),
            size: record.size,
            exports: inspection.exports.iter().map(Export::from).collect(),
            imports: inspection.imports.clone(),
            capabilities: inspection.capabilities.iter().map(Capability::from).collect(),
            effect_free: record.effect_free,
            settings: Settings::from(&record.settings),
            placement: None,
            creator: record.creator.clone(),
            created_at: record.created_at,
        }
    }
}

impl Version {
    /// All there is to tell of a version.
    pub(crate) fn new(record: &VersionRecord, engine: &engine::Engine) -> Self {
        Self::from(record).placed(record, engine)
    }

    /// Adds where it executes.
    pub(crate) fn placed(self, record: &VersionRecord, engine: &engine::Engine) -> Self {
        let placement = engine.placement(record).ok().flatten();
        Self {
            placement: placement.map(|placement| Placement {
                profile: placement.profile,
                level: placement.level.into(),
                why: placement.why,
                limits: Limits::from(&placement.limits),
            }),
            ..self
        }
    }
}

impl VersionSummary {
    /// Sums a version up; `active` is the number of the one that answers calls.
    pub(crate) fn new(record: &VersionRecord, active: Option<weft_types::VersionNumber>) -> Self {
        Self {
            version: record.version.0,
            active: active == Some(record.version),
            flavor: record.inspection.flavor.into(),
            digest: record.digest.to_string(),
            size: record.size,
            effect_free: record.effect_free,
            description: record.settings.description.clone(),
            creator: record.creator.clone(),
            created_at: record.created_at,
        }
    }
}

impl Deployment {
    pub(crate) fn new(deployment: &engine::Deployment, engine: &engine::Engine) -> Self {
        Self {
            version: Version::new(&deployment.version, engine),
            existed: deployment.existed,
            activated: deployment.activated,
            replaced: deployment.replaced.map(|version| version.0),
            missing: deployment.missing.clone(),
            warnings: Vec::new(),
        }
    }
}

impl From<version::Flavor> for Flavor {
    fn from(flavor: version::Flavor) -> Self {
        match flavor {
            version::Flavor::Exports => Self::Exports,
            version::Flavor::Http => Self::Http,
            version::Flavor::Command => Self::Command,
            version::Flavor::Workflow => Self::Workflow,
        }
    }
}

impl From<&version::Capability> for Capability {
    fn from(capability: &version::Capability) -> Self {
        match capability {
            version::Capability::Http => Self::Http,
            version::Capability::Keyvalue => Self::Keyvalue,
            version::Capability::Call { interface, .. } => Self::Call {
                interface: interface.clone(),
            },
        }
    }
}

impl From<&weft_types::Export> for Export {
    fn from(export: &weft_types::Export) -> Self {
        let signature = export.signature();
        let fields = signature
            .and_then(|signature| signature.params.fields())
            .unwrap_or_default();
        Self {
            export: export.full_name(),
            name: export.name.clone(),
            interface: export.interface.clone(),
            callable: signature.is_some(),
            reason: export.reason(),
            params: fields.iter().map(Parameter::from).collect(),
            result: signature
                .and_then(|signature| signature.result.as_ref())
                .map(ToString::to_string),
        }
    }
}

impl From<&weft_types::ty::Field> for Parameter {
    fn from(field: &weft_types::ty::Field) -> Self {
        Self {
            name: field.name.to_string(),
            ty: field.ty.to_string(),
        }
    }
}
