//! Functions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_function_engine::{Engine, FunctionView};

use super::{Flavor, Promoted, Rollout, Version};

/// A function in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct FunctionSummary {
    /// The project.
    pub project: String,
    /// The name.
    pub function: String,
    /// What it is made of.
    pub kind: Kind,
    /// How it is called.
    pub flavor: Flavor,
    /// The version that answers calls that name none.
    pub active: Option<u32>,
    /// The newest version.
    pub latest: u32,
    /// One line for people, of the version that answers calls, else of the newest.
    pub description: String,
    /// Labels, of the same version.
    pub labels: BTreeMap<String, String>,
    /// Who created it.
    pub creator: String,
    /// When its first version was stored.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When a version was last stored or activated.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Function {
    /// What lists say about it.
    #[serde(flatten)]
    pub summary: FunctionSummary,
    /// The version that answers calls that name none; else the newest.
    pub version: Version,
    /// What the newest version imports and was not granted, each with how to grant it.
    pub missing: Vec<String>,
    /// The version that is about to take the place of the active one, while a rollout is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// Where the active version executes instead of where its settings say, while it is promoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted: Option<Promoted>,
}

/// What a function is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Code.
    Component,
    /// A graph of calls.
    Workflow,
}

impl From<&FunctionView> for FunctionSummary {
    fn from(view: &FunctionView) -> Self {
        let record = &view.record;
        let shown = view.active.as_deref().unwrap_or(&view.latest);
        Self {
            project: record.project.to_string(),
            function: record.function.to_string(),
            kind: shown.kind.into(),
            flavor: shown.inspection.flavor.into(),
            active: record.active.map(|version| version.0),
            latest: view.latest.version.0,
            description: shown.settings.description.clone(),
            labels: shown.settings.labels.clone(),
            creator: record.creator.clone(),
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}

impl Function {
    pub(crate) fn new(view: &FunctionView, engine: &Engine) -> Self {
        let shown = view.active.as_deref().unwrap_or(&view.latest);
        Self {
            summary: view.into(),
            version: Version::new(shown, engine),
            missing: view.missing.clone(),
            rollout: view.rollout.as_ref().map(Rollout::from),
            promoted: view.record.moves.promoted.as_ref().map(Promoted::from),
        }
    }
}

impl From<weft_types::Kind> for Kind {
    fn from(kind: weft_types::Kind) -> Self {
        match kind {
            weft_types::Kind::Component => Self::Component,
            weft_types::Kind::Workflow => Self::Workflow,
        }
    }
}

impl From<Kind> for weft_types::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Component => Self::Component,
            Kind::Workflow => Self::Workflow,
        }
    }
}
