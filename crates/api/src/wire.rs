//! What is spoken: every JSON body of the API.
//!
//! Apart from the domain's types, so that those are free to change. Names are in kebab-case, as in WIT; times are
//! RFC 3339; types of values are WIT text.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

mod access;
mod blob;
mod bytes;
mod comparison;
mod difference;
mod function;
mod host;
mod json;
mod log;
mod mistake;
mod moves;
mod pool;
mod profile;
mod quota;
mod run;
pub(crate) mod run_view;
mod secret;
mod settings;
mod start;
mod stream_event;
mod version;
mod webhook;

pub use access::{
    Change, CreatedToken, Member, Membership, Myself, NewAdminToken, NewProject, NewToken, Role, Token,
    TokenState,
};
pub use blob::Blob;
pub use bytes::Bytes;
pub use comparison::{ComparedNode, ComparedRun, Comparison, ItemsDiffer, NodeSide};
pub use difference::Difference;
pub use function::{Function, FunctionSummary, Kind};
pub use host::{Host, LevelStanding, LevelState, Levels};
pub use json::Json;
pub use log::{LogLine, LogStep, Logs, Lost, Stream};
pub use mistake::Mistake;
pub use moves::{Activate, Move, MoveKind, Promoted, Rollout, RolloutCounts, RolloutPolicy};
pub use pool::{
    CrashLoop, InstanceCounts, InstanceState, Level, Losses, Pool, PoolChange, PoolDecision, PoolDrained,
    PoolInstance, PoolState, PoolSummary,
};
pub use profile::{Profile, ProfileChanges, ProfileOrigin, ProfileQueue, ProfileScaling, ProfileSummary};
pub use quota::{NewQuotas, Quota, Quotas, Stored};
pub use run::{
    Attempt, Cancel, Counts, Items, NestedRun, Node, NodeDetail, NodeError, Nothing, PinChange, Repinned,
    Rerun, Run, RunEvent, RunSummary, Started, Trigger, Usage, Validated,
};
pub use secret::{NewSecret, Secret};
pub use settings::{Grants, Limits, Needs, Promotion, Settings, Visibility};
pub use start::Start;
pub use stream_event::StreamEvent;
pub use version::{Capability, Deployment, Export, Flavor, Parameter, Placement, Version, VersionSummary};
pub use webhook::Webhook;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Page<T> {
    /// The items of this part.
    pub items: Vec<T>,
    /// Where the next part begins, for `?after=`; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Project {
    /// Its name.
    #[schema(example = "default")]
    pub name: String,
}

/// Whether the server is up, or takes requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// The server's version.
    pub version: String,
}

/// An error (RFC 9457). Kinds may add members; `/problems/{slug}` explains each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The kind: `/problems/` and its name.
    #[serde(rename = "type")]
    #[schema(example = "/problems/not-found-function")]
    pub kind: String,
    /// What the kind is about.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong here, where, and what would be right.
    pub detail: String,
    /// Members of the kind.
    #[serde(flatten)]
    pub members: serde_json::Map<String, serde_json::Value>,
}
