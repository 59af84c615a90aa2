//! Pools and their instances.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_function_engine as engine;
use weft_function_engine::port;

/// The instances of one version under one profile, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PoolSummary {
    /// Its name for as long as the server lives: `project.function.version.profile.number`.
    #[schema(example = "default.pricing.3.process.7")]
    pub id: String,
    /// The project.
    pub project: String,
    /// The function.
    pub function: String,
    /// The version.
    pub version: u32,
    /// Whether that version answers calls that name none.
    pub active: bool,
    /// While a rollout is under way: how many of a hundred calls that name no version that version answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// The profile.
    pub profile: String,
    /// What separates its instances from the host.
    pub level: Level,
    /// Whether it serves new calls.
    pub state: PoolState,
    /// How long it has been there, in milliseconds.
    pub age_ms: u64,
    /// How many instances do what.
    pub instances: InstanceCounts,
    /// The most instances there may be.
    pub most_instances: u32,
    /// Instances started so far.
    pub started: u64,
    /// Calls that are served.
    pub in_flight: u32,
    /// The most of those at once.
    pub concurrency: u32,
    /// Calls that wait.
    pub waiting: u32,
    /// The most of those at once; further ones are refused.
    pub queue_length: u32,
    /// How long the first of those has waited, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_wait_ms: Option<u64>,
    /// What changed the number of instances last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_change: Option<PoolChange>,
    /// Why starts are held back, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash_loop: Option<CrashLoop>,
}

/// A pool with its instances, and what was decided of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Pool {
    /// What lists tell of it.
    #[serde(flatten)]
    pub summary: PoolSummary,
    /// The instances that are there, in the order of their starts, at most 1,000. Of sandboxes only those that are idle: the
    /// others live as long as their calls.
    pub members: Vec<PoolInstance>,
    /// How many more there are.
    pub members_omitted: usize,
    /// What changed the number of instances lately, the newest first; at most 32. Empty for sandboxes, which start when they are
    /// called.
    pub changes: Vec<PoolChange>,
    /// The last decision on the number of instances, whether or not it changed anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<PoolDecision>,
    /// Instances that ended and should not have.
    pub losses: Losses,
}

/// A pool that was drained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PoolDrained {
    /// The pool that serves its last calls.
    pub pool: String,
    /// The pool that serves from now on; absent where another did before already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
}

/// What separates instances from each other and from the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// A store of its own within the server's process.
    Sandbox,
    /// A hardened process.
    Process,
    /// A container.
    Container,
}

/// Whether a pool serves new calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PoolState {
    /// It does.
    Serving,
    /// It serves those that it has, and ends with them: another pool serves, or nobody has called for long.
    Draining,
}

/// How many instances do what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct InstanceCounts {
    /// They cannot be called yet.
    pub starting: u32,
    /// They serve no call.
    pub idle: u32,
    /// They serve calls.
    pub busy: u32,
    /// They take no more calls, and end with those that they serve.
    pub draining: u32,
    /// They are wanted, and not started as others crashed.
    pub backing_off: u32,
}

/// What an instance does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceState {
    /// It cannot be called yet.
    Starting,
    /// It serves no call.
    Idle,
    /// It serves calls.
    Busy,
    /// It takes no more calls, and ends with those that it serves.
    Draining,
    /// It was not started, as others crashed.
    BackingOff,
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PoolInstance {
    /// Counts the instances that the pool started, from 1; absent for sandboxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// What it does.
    pub state: InstanceState,
    /// How long ago its start began, in milliseconds; absent for sandboxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// For how long a sandbox has been idle, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u64>,
    /// Calls that it serves now.
    pub in_flight: u32,
    /// Calls that it served.
    pub served: u32,
    /// Memory that it uses, in bytes; absent for sandboxes, as they share that of the server, and for what starts or ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// The most memory that it used so far, in bytes; also absent where the kernel does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// Processor time that it used so far, in milliseconds; absent like `memory-bytes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_time_ms: Option<u64>,
}

/// A change of the number of instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PoolChange {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How many there were afterwards.
    pub instances: u32,
    /// How many were started.
    pub started: u32,
    /// How many ended.
    pub ended: u32,
    /// Why.
    #[schema(example = "a surge: 200 calls at once over 6 s met 4 instances")]
    pub reason: String,
}

/// A decision on the number of instances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PoolDecision {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How many there should be.
    pub desired: u32,
    /// Why.
    pub reason: String,
}

/// Instances that ended and should not have, since the pool is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Losses {
    /// Their memory ran out.
    pub memory: u64,
    /// They crashed, or were killed by somebody else.
    pub crash: u64,
    /// They did not end a call in time.
    pub hang: u64,
    /// They broke the rules of talking to the server.
    pub protocol: u64,
    /// They were not ready in time.
    pub start: u64,
}

/// Instances that crash before they serve any call: starts wait ever longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CrashLoop {
    /// How many in a row.
    pub crashes: u32,
    /// What the last one died of.
    pub reason: String,
    /// How long until the next one is tried, in milliseconds; 0 while one may be.
    pub next_start_ms: u64,
}

/// Most instances that are told of a pool.
const MEMBERS: usize = 1_000;

impl PoolSummary {
    /// What lists tell of a pool that was looked at `now`.
    pub(crate) fn new(view: &engine::PoolView, now: Timestamp) -> Self {
        let id = &view.id;
        Self {
            id: id.to_string(),
            project: id.project.to_string(),
            function: id.function.to_string(),
            version: id.version.0,
            active: view.active,
            percent: view.share,
            profile: id.profile.to_string(),
            level: view.level.into(),
            state: if view.draining {
                PoolState::Draining
            } else {
                PoolState::Serving
            },
            age_ms: millis(view.age),
            instances: view.counts.into(),
            most_instances: view.most,
            started: view.started,
            in_flight: view.in_flight,
            concurrency: view.concurrency,
            waiting: view.waiting,
            queue_length: view.queue,
            oldest_wait_ms: view.oldest_wait.map(millis),
            last_change: view.changes.first().map(|change| PoolChange::new(change, now)),
            crash_loop: view.crash_loop.as_ref().map(CrashLoop::from),
        }
    }
}

impl Pool {
    /// All there is to tell of a pool that was looked at `now`.
    pub(crate) fn new(view: &engine::PoolView, now: Timestamp) -> Self {
        let members = view.instances.iter().take(MEMBERS).map(PoolInstance::from);
        Self {
            summary: PoolSummary::new(view, now),
            members: members.collect(),
            members_omitted: view.instances.len().saturating_sub(MEMBERS),
            changes: view
                .changes
                .iter()
                .map(|change| PoolChange::new(change, now))
                .collect(),
            decision: view.decided.as_ref().map(|decided| PoolDecision {
                at: before(now, decided.ago),
                desired: decided.desired,
                reason: decided.reason.clone(),
            }),
            losses: view.losses.into(),
        }
    }
}

impl PoolChange {
    fn new(change: &port::Change, now: Timestamp) -> Self {
        Self {
            at: before(now, change.ago),
            instances: change.instances,
            started: change.started,
            ended: change.ended,
            reason: change.reason.clone(),
        }
    }
}

impl From<&engine::InstanceView> for PoolInstance {
    fn from(view: &engine::InstanceView) -> Self {
        Self {
            number: view.number,
            state: view.state.into(),
            age_ms: view.age.map(millis),
            idle_ms: view.idle.map(millis),
            in_flight: view.in_flight,
            served: view.served,
            memory_bytes: view.usage.map(|usage| usage.memory),
            peak_memory_bytes: view.usage.and_then(|usage| usage.peak_memory),
            cpu_time_ms: view.usage.map(|usage| millis(usage.cpu_time)),
        }
    }
}

impl From<engine::Level> for Level {
    fn from(level: engine::Level) -> Self {
        match level {
            engine::Level::Sandbox => Self::Sandbox,
            engine::Level::Process => Self::Process,
            engine::Level::Container => Self::Container,
        }
    }
}

impl From<engine::InstanceCounts> for InstanceCounts {
    fn from(counts: engine::InstanceCounts) -> Self {
        let engine::InstanceCounts {
            starting,
            idle,
            busy,
            draining,
            backing_off,
        } = counts;
        Self {
            starting,
            idle,
            busy,
            draining,
            backing_off,
        }
    }
}

impl From<port::InstanceState> for InstanceState {
    fn from(state: port::InstanceState) -> Self {
        match state {
            port::InstanceState::Starting => Self::Starting,
            port::InstanceState::Idle => Self::Idle,
            port::InstanceState::Busy => Self::Busy,
            port::InstanceState::Draining => Self::Draining,
            port::InstanceState::BackingOff => Self::BackingOff,
        }
    }
}

impl From<port::Losses> for Losses {
    fn from(losses: port::Losses) -> Self {
        let port::Losses {
            memory,
            crash,
            hang,
            protocol,
            start,
        } = losses;
        Self {
            memory,
            crash,
            hang,
            protocol,
            start,
        }
    }
}

impl From<&port::CrashLoop> for CrashLoop {
    fn from(crashes: &port::CrashLoop) -> Self {
        Self {
            crashes: crashes.crashes,
            reason: crashes.cause.clone(),
            next_start_ms: millis(crashes.next),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// So long before `now`, to the millisecond.
fn before(now: Timestamp, ago: Duration) -> Timestamp {
    let ago = SignedDuration::try_from(ago).unwrap_or(SignedDuration::MAX);
    let at = now.checked_sub(ago).unwrap_or(Timestamp::MIN);
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
