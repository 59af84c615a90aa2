//! What the machine has of what functions are isolated by.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_function_engine::port::Standing;

/// The machine that the server runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Host {
    /// The isolation levels that profiles can ask for.
    pub levels: Levels,
}

/// How far each isolation level can be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Levels {
    /// Instances in the server's own process.
    pub sandbox: LevelStanding,
    /// Hardened processes.
    pub process: LevelStanding,
    /// Containers.
    pub container: LevelStanding,
}

/// How far an isolation level can be had, from really trying it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LevelStanding {
    /// Whether it can be had.
    pub state: LevelState,
    /// What is not enforced, or why it cannot be had, and what to do about it; empty where it works.
    pub reasons: Vec<String>,
}

/// Whether an isolation level can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LevelState {
    /// All of it is enforced.
    Works,
    /// It can be had, but not all of it is enforced.
    Degraded,
    /// It cannot be had: versions that ask for it are refused.
    Unavailable,
}

impl From<Standing> for LevelStanding {
    fn from(standing: Standing) -> Self {
        let (state, reasons) = match standing {
            Standing::Works => (LevelState::Works, Vec::new()),
            Standing::Degraded(reasons) => (LevelState::Degraded, reasons),
            Standing::Unavailable(reason) => (LevelState::Unavailable, vec![reason]),
        };
        Self { state, reasons }
    }
}
