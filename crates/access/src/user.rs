//! The names of users.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Who holds tokens and is a member of projects: 1 to 128 visible ASCII characters, such as `ada` or `ada@example.com`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserName(Arc<str>);

/// A text that is no user's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no user's name: 1 to {max} visible ASCII characters without spaces are", max = UserName::MAX)]
pub struct UserNameError(String);

impl UserName {
    /// The longest name, in bytes.
    pub const MAX: usize = 128;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = UserNameError;

    fn from_str(text: &str) -> Result<Self, UserNameError> {
        let fits = (1..=Self::MAX).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text.into()));
        }
        Err(UserNameError(
            text.chars().take(80).flat_map(char::escape_debug).collect(),
        ))
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_visible() {
        for (text, valid) in [
            ("ada", true),
            ("ada@example.com", true),
            ("", false),
            ("Ada L", false),
            ("\u{e4}", false),
            ("a\n", false),
        ] {
            assert_eq!(text.parse::<UserName>().is_ok(), valid, "{text}");
        }
        assert!("x".repeat(UserName::MAX).parse::<UserName>().is_ok());
        assert!("x".repeat(UserName::MAX + 1).parse::<UserName>().is_err());
    }
}
