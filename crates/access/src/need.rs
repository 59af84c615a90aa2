//! What routes need of those who use them.

use std::fmt;

use crate::Role;

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// Nothing: it tells nothing that anybody may not know.
    Anyone,
    /// A token, whichever.
    Token,
    /// This role in the project that the path names.
    Project(Role),
    /// This role in the project that the path names; or, where the function is public, this role in any project; or nothing,
    /// where the function may be called without a token.
    Function(Role),
    /// A token of the platform.
    Platform,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("nothing"),
            Self::Token => f.write_str("a token"),
            Self::Project(role) | Self::Function(role) => write!(f, "the role `{role}`"),
            Self::Platform => f.write_str("a token of the platform (`admin`)"),
        }
    }
}
