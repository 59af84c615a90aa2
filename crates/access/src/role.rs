//! What members of a project may be.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A member's role. Each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sees functions, versions, code and definitions.
    Viewer,
    /// Calls functions, starts and steers runs, reads their values and logs.
    Invoker,
    /// Uploads, changes, activates and deletes functions.
    Developer,
    /// Has members and tokens in hand, and may delete the project.
    Owner,
}

/// A text that is no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role; there are `viewer`, `invoker`, `developer` and `owner`")]
pub struct RoleError(String);

impl Role {
    /// Every role, from the least.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Invoker, Self::Developer, Self::Owner];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Invoker => "invoker",
            Self::Developer => "developer",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| RoleError(text.chars().take(80).flat_map(char::escape_debug).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
        for text in ["", "Viewer", "admin", "viewer "] {
            assert!(text.parse::<Role>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_role_is_more_than_the_one_before() {
        assert!(Role::ALL.is_sorted());
    }
}
