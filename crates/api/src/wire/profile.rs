//! Pool profiles.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_function_engine as engine;
use weft_function_engine::port;

use super::Level;

/// A pool profile in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ProfileSummary {
    /// Its name.
    #[schema(example = "process")]
    pub name: String,
    /// Where it is from.
    pub origin: ProfileOrigin,
    /// What separates instances.
    pub level: Level,
    /// What it is labelled with: versions and runs ask for pools by labels.
    pub labels: BTreeSet<String>,
    /// Memory that an instance may have at most, in bytes; absent where only the platform bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Calls at once over a whole pool.
    pub concurrency: u32,
    /// Why what is written in its file is not in force, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The active versions that use it, as `project/function@version`.
    pub used_by: Vec<String>,
}

/// A pool profile: what is in force of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Profile {
    /// What lists tell of it.
    #[serde(flatten)]
    pub summary: ProfileSummary,
    /// Processor time that an instance may use of each second, in thousandths of a core; absent where it is not bounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_millis: Option<u64>,
    /// How long a call may take at most, in milliseconds; absent where only the version's settings bound it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Processes and threads that an instance may have; absent where only the platform bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pids: Option<u64>,
    /// Files that an instance may have open at once; absent where only the platform bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_files: Option<u64>,
    /// Calls that an instance serves before it is replaced.
    pub reuse: u32,
    /// Calls that an instance serves at once.
    pub slots: u32,
    /// Idle instances that are kept ready.
    pub warm: u32,
    /// How long others may be idle, in milliseconds.
    pub idle_ms: u64,
    /// The calls that wait for a place.
    pub queue: ProfileQueue,
    /// How many instances there are. At the level of sandboxes it follows from the other members.
    pub scaling: ProfileScaling,
    /// Its text, TOML, as `PUT` takes it.
    pub text: String,
}

/// Where a profile is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileOrigin {
    /// It came with the server, and cannot be deleted.
    BuiltIn,
    /// It is a file.
    File,
    /// It is a file that takes the place of one that came with the server; deleting it brings that one back.
    Override,
}

/// The calls that wait for a place in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ProfileQueue {
    /// How many may wait.
    pub length: u32,
    /// How long each waits at most, in milliseconds.
    pub wait_ms: u64,
}

/// How many instances a pool has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ProfileScaling {
    /// Instances there always are.
    pub min: u32,
    /// The most instances.
    pub max: u32,
    /// Instances a new pool starts with.
    pub initial: u32,
    /// Whether a call that finds no free slot starts an instance at once.
    pub on_demand: bool,
    /// How much of the slots should be busy, in percent.
    pub target_percent: u32,
    /// Milliseconds over which load is averaged.
    pub stable_ms: u64,
    /// Milliseconds over which a surge is averaged.
    pub panic_ms: u64,
    /// A surge is this much of what the instances should carry, in percent.
    pub panic_percent: u32,
    /// One decision makes of `n` instances at most this many times `n`.
    pub up_factor: u32,
    /// One decision leaves of `n` instances at least `n` divided by this.
    pub down_factor: u32,
    /// Milliseconds between decisions.
    pub interval_ms: u64,
    /// A pool without any call for so many milliseconds goes down to `min`.
    pub grace_ms: u64,
    /// How long the start after the second crash in a row waits, in milliseconds.
    pub restart_ms: u64,
    /// The longest such wait, in milliseconds.
    pub restart_most_ms: u64,
}

/// What a change of profiles led to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ProfileChanges {
    /// Profiles that were added or changed.
    pub changed: Vec<String>,
    /// Profiles that are gone.
    pub removed: Vec<String>,
    /// Those that stay as they were, each with the reason.
    pub refused: BTreeMap<String, String>,
    /// Pools that were replaced by new ones; the old ones serve their last calls.
    pub replaced_pools: usize,
}

impl From<&engine::ProfileView> for ProfileSummary {
    fn from(view: &engine::ProfileView) -> Self {
        Self {
            name: view.name.clone(),
            origin: match view.origin {
                port::Origin::BuiltIn => ProfileOrigin::BuiltIn,
                port::Origin::File => ProfileOrigin::File,
                port::Origin::Override => ProfileOrigin::Override,
            },
            level: view.profile.level.into(),
            labels: view.profile.labels.clone(),
            memory_bytes: view.profile.memory_bytes,
            concurrency: view.profile.concurrency,
            refused: view.refused.clone(),
            used_by: view.used_by.clone(),
        }
    }
}

impl From<&engine::ProfileView> for Profile {
    fn from(view: &engine::ProfileView) -> Self {
        let profile = &view.profile;
        Self {
            summary: ProfileSummary::from(view),
            cpu_millis: profile.cpu_millis,
            timeout_ms: profile.timeout_ms,
            pids: profile.pids,
            open_files: profile.open_files,
            reuse: profile.reuse,
            slots: profile.slots,
            warm: profile.warm,
            idle_ms: profile.idle_ms,
            queue: ProfileQueue {
                length: profile.queue.length,
                wait_ms: profile.queue.wait_ms,
            },
            scaling: ProfileScaling::from(&profile.scaling),
            text: view.text.clone(),
        }
    }
}

impl From<&engine::Scaling> for ProfileScaling {
    fn from(scaling: &engine::Scaling) -> Self {
        let &engine::Scaling {
            min,
            max,
            initial,
            on_demand,
            target_percent,
            stable_ms,
            panic_ms,
            panic_percent,
            up_factor,
            down_factor,
            interval_ms,
            grace_ms,
            restart_ms,
            restart_most_ms,
        } = scaling;
        Self {
            min,
            max,
            initial,
            on_demand,
            target_percent,
            stable_ms,
            panic_ms,
            panic_percent,
            up_factor,
            down_factor,
            interval_ms,
            grace_ms,
            restart_ms,
            restart_most_ms,
        }
    }
}

impl From<engine::ProfileChanges> for ProfileChanges {
    fn from(changes: engine::ProfileChanges) -> Self {
        let engine::ProfileChanges {
            changed,
            removed,
            refused,
            replaced,
        } = changes;
        Self {
            changed,
            removed,
            refused,
            replaced_pools: replaced,
        }
    }
}
