//! The terms a version runs under. They belong to the version: changing them makes a new one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{FunctionName, SecretName};

mod host;
mod needs;
mod promotion;
mod validate;
mod visibility;

pub use host::{HostError, HostPattern};
pub use needs::{NeededLevel, Needs};
pub use promotion::Promotion;
pub use validate::SettingsError;
pub use visibility::Visibility;

/// Everything about a version that is not its code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// One line for people, at most 1,024 bytes, no control characters.
    pub description: String,
    /// Free key-value pairs for filtering; at most 64, keys as names, values at most 256 bytes.
    pub labels: BTreeMap<String, String>,
    /// The pool profile, a file in `runtime-pools/`; none means `sandbox`, or what `needs` leads to.
    pub profile: Option<String>,
    /// What is needed of a profile, instead of naming one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<Needs>,
    /// Who may know of the function and call it, as long as this version is the active one.
    #[serde(skip_serializing_if = "Visibility::is_private")]
    pub visibility: Visibility,
    /// Where it goes while it traps; none for nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Promotion>,
    /// How many versions the function keeps, from 1; none leaves it to the server. Older ones that nothing refers to are deleted when a
    /// new one comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_versions: Option<u32>,
    /// Bounds on each call.
    pub limits: Limits,
    /// What the version may do outside itself; default nothing.
    pub grants: Grants,
    /// Environment variables the guest sees; at most 64, names at most 256 bytes without `=`, values at most 4 KiB.
    pub env: BTreeMap<String, String>,
}

/// Bounds on one call, none of them 0. Each has a platform-wide default and maximum (see `docs/configuration.md`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Wall time of a call, waiting in the queue included, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Time a call may execute, in milliseconds.
    pub cpu_time_ms: Option<u64>,
    /// Memory summed over all linear memories and tables of an instance, in bytes; at least 64 KiB.
    pub memory_bytes: Option<u64>,
    /// Size of a call's arguments, in bytes.
    pub input_bytes: Option<u64>,
    /// Size of a call's result, in bytes.
    pub output_bytes: Option<u64>,
    /// Calls at once over the whole pool.
    pub concurrency: Option<u32>,
    /// How many calls one instance serves before it is replaced; none leaves it to the profile.
    pub reuse: Option<u32>,
}

/// The capabilities of a version. One that has none is *effect-free*: it can be executed again unnoticed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Grants {
    /// Hosts that outbound HTTP may reach, as [`HostPattern`]s: `api.example.com`, `*.example.com`, `localhost:8080`, `*`.
    /// At most 256, as of stores and functions.
    pub http: BTreeSet<String>,
    /// Whether those hosts may resolve to loopback, link-local and private addresses.
    pub private_network: bool,
    /// Key-value stores of the project by name; `default` is the one always there.
    pub keyvalue: BTreeSet<String>,
    /// Functions of the project it may call.
    pub call: BTreeSet<FunctionName>,
    /// Secrets of the project that its outbound headers may name, each with the hosts that it may be sent to, as
    /// [`HostPattern`]s; at most 64 secrets with 1 to 16 hosts each.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<SecretName, BTreeSet<String>>,
    /// Asserts that calls leave nothing behind in a reused instance, so that reuse keeps the effect-free class.
    pub stateless: bool,
}

impl Grants {
    /// Whether nothing effectful is granted. Calls to other functions count as effectful here; the engine, which
    /// knows the callees, decides [`VersionRecord::effect_free`](crate::VersionRecord::effect_free).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.http.is_empty() && self.keyvalue.is_empty() && self.call.is_empty()
    }
}
