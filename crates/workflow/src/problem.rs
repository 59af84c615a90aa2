//! What is wrong with a definition, and where.

use std::fmt;

use serde::Serialize;

/// A place in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The character within the line, from 1.
    pub column: u32,
}

/// One thing that is wrong with a definition. A text is checked to its end: all its problems are told at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[error("{at}: {message}")]
pub struct Problem {
    /// Where.
    #[serde(flatten)]
    pub at: Position,
    /// A stable name for this kind of problem, such as `type-mismatch`.
    pub code: &'static str,
    /// The path in the definition, such as `nodes.charge.with.amount`.
    pub path: String,
    /// What is wrong, what was found and what would be right.
    pub message: String,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}
