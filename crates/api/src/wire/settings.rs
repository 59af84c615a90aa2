//! Settings of versions.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_types::settings::NeededLevel;

use super::Level;

/// Everything about a version that is not its code. What is left out has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Settings {
    /// One line for people, at most 1,024 bytes.
    pub description: String,
    /// Free pairs for filtering; at most 64, keys as names, values at most 256 bytes.
    pub labels: BTreeMap<String, String>,
    /// The pool profile; none means `sandbox`, or what `needs` leads to.
    pub profile: Option<String>,
    /// What is needed of a profile, instead of naming one: the cheapest that will do is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<Needs>,
    /// Who may know of the function and call it, as long as this version is the active one.
    #[serde(skip_serializing_if = "Visibility::is_private")]
    pub visibility: Visibility,
    /// Where it goes while it traps; absent for nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Promotion>,
    /// How many versions the function keeps, from 1; absent leaves it to the server. Older ones that nothing refers to are deleted when a
    /// new one comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_versions: Option<u32>,
    /// Bounds on each call; none of one leaves it to the platform's default.
    pub limits: Limits,
    /// What the version may do outside itself; default nothing.
    pub grants: Grants,
    /// Environment variables the guest sees; at most 64, values at most 4 KiB.
    pub env: BTreeMap<String, String>,
}

/// Who may know of a function and call it. Where the server asks nobody who they are, it makes no difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// The members of its project.
    #[default]
    Private,
    /// The members of every project.
    Public,
    /// Everybody, with or without a token; of a workflow as `public`.
    Anonymous,
}

impl Visibility {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_private(&self) -> bool {
        *self == Self::Private
    }
}

impl From<weft_types::settings::Visibility> for Visibility {
    fn from(visibility: weft_types::settings::Visibility) -> Self {
        use weft_types::settings::Visibility as Known;

        match visibility {
            Known::Private => Self::Private,
            Known::Public => Self::Public,
            Known::Anonymous => Self::Anonymous,
        }
    }
}

/// What a version needs of its pool profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Needs {
    /// The least that separates its instances.
    pub level: Option<Level>,
    /// Memory that an instance must be allowed, in bytes.
    pub memory_bytes: Option<u64>,
    /// Labels that the profile must carry; at most 16.
    pub labels: BTreeSet<String>,
}

/// Moves a version to a stronger profile after it trapped or ran out of memory too often, and back after it was quiet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Promotion {
    /// The profile that it moves to.
    pub profile: Option<String>,
    /// The level that it moves to, instead of naming a profile; the next one above its own where neither is given.
    pub level: Option<Level>,
    /// After so many traps, 1 to 1,000; default 3. Running out of memory or stack, and losing the process, count as such.
    pub after: u32,
    /// Within so many milliseconds, 1 to 86,400,000; default 60,000.
    pub window_ms: u64,
    /// Back when there was none for so many milliseconds, 1 to 2,592,000,000; default 600,000.
    pub quiet_ms: u64,
}

/// Bounds on one call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Limits {
    /// Wall time of a call, waiting in the queue included, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Time a call may execute, in milliseconds.
    pub cpu_time_ms: Option<u64>,
    /// Memory of an instance, in bytes.
    pub memory_bytes: Option<u64>,
    /// Size of a call's arguments, in bytes.
    pub input_bytes: Option<u64>,
    /// Size of a call's result, in bytes.
    pub output_bytes: Option<u64>,
    /// Calls at once over the whole pool.
    pub concurrency: Option<u32>,
    /// How many calls one instance serves before it is replaced.
    pub reuse: Option<u32>,
}

/// The capabilities of a version. One that has none is effect-free.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Grants {
    /// Hosts that outbound HTTP may reach: `api.example.com`, `*.example.com`, `localhost:8080`, `*`.
    pub http: BTreeSet<String>,
    /// Whether those hosts may resolve to loopback, link-local and private addresses.
    pub private_network: bool,
    /// Key-value stores of the project; `default` is always there.
    pub keyvalue: BTreeSet<String>,
    /// Functions of the project it may call.
    pub call: BTreeSet<String>,
    /// Secrets of the project that its outbound headers may name as `{{secret:NAME}}`, each with the hosts that it may be sent to.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, BTreeSet<String>>,
    /// Asserts that calls leave nothing behind in a reused instance, so that reuse keeps the effect-free class.
    pub stateless: bool,
}

impl From<&weft_types::Settings> for Settings {
    fn from(settings: &weft_types::Settings) -> Self {
        Self {
            description: settings.description.clone(),
            labels: settings.labels.clone(),
            profile: settings.profile.clone(),
            needs: settings.needs.as_ref().map(Needs::from),
            visibility: settings.visibility.into(),
            promotion: settings.promotion.as_ref().map(Promotion::from),
            keep_versions: settings.keep_versions,
            limits: Limits::from(&settings.limits),
            grants: Grants::from(&settings.grants),
            env: settings.env.clone(),
        }
    }
}

impl From<&weft_types::settings::Needs> for Needs {
    fn from(needs: &weft_types::settings::Needs) -> Self {
        Self {
            level: needs.level.map(level),
            memory_bytes: needs.memory_bytes,
            labels: needs.labels.clone(),
        }
    }
}

fn level(level: NeededLevel) -> Level {
    match level {
        NeededLevel::Sandbox => Level::Sandbox,
        NeededLevel::Process => Level::Process,
        NeededLevel::Container => Level::Container,
    }
}

impl Default for Promotion {
    fn default() -> Self {
        Self::from(&weft_types::settings::Promotion::default())
    }
}

impl From<&weft_types::settings::Promotion> for Promotion {
    fn from(promotion: &weft_types::settings::Promotion) -> Self {
        let weft_types::settings::Promotion {
            profile,
            level: to,
            after,
            window_ms,
            quiet_ms,
        } = promotion;
        Self {
            profile: profile.clone(),
            level: to.map(level),
            after: *after,
            window_ms: *window_ms,
            quiet_ms: *quiet_ms,
        }
    }
}

impl From<&weft_types::Limits> for Limits {
    fn from(limits: &weft_types::Limits) -> Self {
        let &weft_types::Limits {
            timeout_ms,
            cpu_time_ms,
            memory_bytes,
            input_bytes,
            output_bytes,
            concurrency,
            reuse,
        } = limits;
        Self {
            timeout_ms,
            cpu_time_ms,
            memory_bytes,
            input_bytes,
            output_bytes,
            concurrency,
            reuse,
        }
    }
}

impl From<&weft_types::Grants> for Grants {
    fn from(grants: &weft_types::Grants) -> Self {
        Self {
            http: grants.http.clone(),
            private_network: grants.private_network,
            keyvalue: grants.keyvalue.clone(),
            call: grants.call.iter().map(ToString::to_string).collect(),
            secrets: grants
                .secrets
                .iter()
                .map(|(name, hosts)| (name.to_string(), hosts.clone()))
                .collect(),
            stateless: grants.stateless,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read is what is written: the engine reads settings by the domain's names.
    #[test]
    fn settings_are_spoken_as_they_are_read() {
        let json = serde_json::json!({
            "description": "prices orders",
            "labels": {"team": "shop"},
            "profile": "sandbox",
            "needs": {"level": "process", "memory-bytes": 8, "labels": ["gpu"]},
            "promotion": {
                "profile": "container", "level": null, "after": 2, "window-ms": 3, "quiet-ms": 4,
            },
            "limits": {
                "timeout-ms": 1, "cpu-time-ms": 2, "memory-bytes": 3, "input-bytes": 4, "output-bytes": 5,
                "concurrency": 6, "reuse": 7,
            },
            "grants": {
                "http": ["*.example.com"], "private-network": true, "keyvalue": ["default"], "call": ["tax"],
                "secrets": {"API_KEY": ["*.example.com"]}, "stateless": true,
            },
            "env": {"MODE": "fast"},
        });
        let domain: weft_types::Settings = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(Settings::from(&domain)).unwrap(), json);
    }
}
