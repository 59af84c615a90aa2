//! What is wrong with a definition.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_workflow::Problem;

/// Something in a definition, with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Mistake {
    /// The line, from 1.
    pub line: u32,
    /// The character within the line, from 1.
    pub column: u32,
    /// The path in the definition.
    #[serde(default)]
    #[schema(example = "nodes.charge.profile")]
    pub path: String,
    /// A stable name for this kind of mistake.
    #[serde(default)]
    #[schema(example = "unknown-profile")]
    pub code: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl From<&Problem> for Mistake {
    fn from(problem: &Problem) -> Self {
        Self {
            line: problem.at.line,
            column: problem.at.column,
            path: problem.path.clone(),
            code: problem.code.to_owned(),
            message: problem.message.clone(),
        }
    }
}
