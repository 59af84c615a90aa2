//! Who may see a function.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Who may know of a function and call it. Where a server asks nobody who they are, it makes no difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// The members of its project.
    #[default]
    Private,
    /// The members of every project.
    Public,
    /// Everybody, with or without a token. Of a workflow it means what `public` does: its runs are for those who are known.
    Anonymous,
}

/// A text that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not who may see a function; it is `private`, `public` or `anonymous`")]
pub struct VisibilityError(String);

impl Visibility {
    /// Whether only members of its project see it.
    #[must_use]
    pub fn is_private(&self) -> bool {
        *self == Self::Private
    }
}

impl FromStr for Visibility {
    type Err = VisibilityError;

    fn from_str(text: &str) -> Result<Self, VisibilityError> {
        match text {
            "private" => Ok(Self::Private),
            "public" => Ok(Self::Public),
            "anonymous" => Ok(Self::Anonymous),
            other => Err(VisibilityError(
                other.chars().take(80).flat_map(char::escape_debug).collect(),
            )),
        }
    }
}
