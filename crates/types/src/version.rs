//! Versions of functions: immutable, numbered from 1.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::moves::Moves;
use crate::{Digest, Durability, Export, FunctionName, ProjectName, Settings, Signature};

/// The number of a version within its function, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionNumber(pub u32);

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a function is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Code: a WebAssembly component.
    Component,
    /// A graph of calls.
    Workflow,
}

/// What was uploaded, which decides how it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flavor {
    /// A component with typed exports.
    Exports,
    /// A component exporting `wasi:http/incoming-handler`.
    Http,
    /// A core WASI command: one export `run` from standard input to standard output.
    Command,
    /// A workflow: one export `run`.
    Workflow,
}

/// A capability that the code imports, whether or not it is granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Outbound HTTP.
    Http,
    /// The project's key-value stores.
    Keyvalue,
    /// An interface that another function of the project exports.
    Call {
        /// The imported interface, such as `weft:pricing/api@0.1.0`.
        interface: String,
        /// Its functions as the importer sees them.
        functions: Vec<ImportedFunction>,
    },
}

/// A function of an imported interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedFunction {
    /// Its name within the interface.
    pub name: String,
    /// Its types.
    pub signature: Signature,
}

/// What inspection read from the code itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Inspection {
    /// How it is called.
    pub flavor: Flavor,
    /// Callables, in the component's order.
    pub exports: Vec<Export>,
    /// Imported interfaces by full name, in the component's order.
    pub imports: Vec<String>,
    /// What it asks to do outside itself.
    pub capabilities: Vec<Capability>,
    /// Its world as WIT text.
    pub wit: String,
}

/// A workflow as its author wrote it, and what its calls were found to mean when it was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WorkflowSource {
    /// The definition's text, YAML or JSON.
    pub definition: String,
    /// The version that was taken for each function that the definition calls without naming one.
    pub pins: BTreeMap<FunctionName, VersionNumber>,
    /// Every version that it calls, in order.
    pub calls: Vec<Pin>,
    /// Whether its runs are journalled.
    pub durability: Durability,
    /// Whether a node of it awaits what somebody must bring: asking for that is an effect.
    #[serde(default)]
    pub awaits: bool,
}

/// A version that a workflow calls.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pin {
    /// The function, of the same project.
    pub function: FunctionName,
    /// Its version.
    pub version: VersionNumber,
}

/// As `pricing@3`.
impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.function, self.version)
    }
}

/// One version of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct VersionRecord {
    /// The namespace.
    pub project: ProjectName,
    /// The function.
    pub function: FunctionName,
    /// Its number.
    pub version: VersionNumber,
    /// Component or workflow.
    pub kind: Kind,
    /// Hash of the uploaded bytes: code, or a definition.
    pub digest: Digest,
    /// Length of the uploaded bytes.
    pub size: u64,
    /// What inspection found.
    pub inspection: Inspection,
    /// What a workflow is made of; none for a component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Arc<WorkflowSource>>,
    /// The terms it runs under.
    pub settings: Settings,
    /// Whether it can be executed again after a crash without anyone being able to tell: it was granted nothing
    /// effectful, and each function it may call is effect-free. The engine tells it as it is now; stored is what it was
    /// when the version was made, before other versions of those functions became active.
    pub effect_free: bool,
    /// Who uploaded it.
    pub creator: String,
    /// When.
    pub created_at: Timestamp,
}

/// A function: a name, its versions and which of them answers calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FunctionRecord {
    /// The namespace.
    pub project: ProjectName,
    /// The name.
    pub function: FunctionName,
    /// The version that answers calls that name none; none until one is activated.
    pub active: Option<VersionNumber>,
    /// Who created the function.
    pub creator: String,
    /// When the first version was stored.
    pub created_at: Timestamp,
    /// When a version was last stored or activated.
    pub updated_at: Timestamp,
    /// How it moves between versions and pools.
    #[serde(default)]
    pub moves: Arc<Moves>,
    /// The largest number of a version that there was when one was last deleted, or the function that had the name before: numbers
    /// are not given again.
    #[serde(default)]
    pub numbered: u32,
}
