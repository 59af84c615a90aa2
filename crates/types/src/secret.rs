//! Secrets: what they are called, and their texts, which nothing prints.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

mod placeholder;

pub use placeholder::{Malformed, fill};

/// What a secret is called: 1 to 63 letters, digits, `_` and `-`, such as `API_KEY`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretName(Arc<str>);

/// A text that is no secret's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no secret's name, which has 1 to {max} letters, digits, `_` and `-`", max = SecretName::MAX)]
pub struct SecretNameError(String);

impl SecretName {
    /// The longest name, in bytes.
    pub const MAX: usize = 63;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SecretName {
    type Err = SecretNameError;

    fn from_str(text: &str) -> Result<Self, SecretNameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if (1..=Self::MAX).contains(&text.len()) && text.bytes().all(allowed) {
            return Ok(Self(text.into()));
        }
        let shown = text.chars().take(80).flat_map(char::escape_debug);
        Err(SecretNameError(shown.collect()))
    }
}

// Lets a map keyed by names be asked with a borrowed text.
impl std::borrow::Borrow<str> for SecretName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for SecretName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SecretName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The text of a secret. It is neither displayed nor serialized, and debugging output leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Box<str>);

/// A text that cannot be kept as a secret. It does not say which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a secret has 1 to {max} visible ASCII characters, and spaces between them: what a header field can hold",
    max = SecretText::MAX
)]
pub struct SecretTextError;

impl SecretText {
    /// The longest text, in bytes.
    pub const MAX: usize = 8 << 10;

    /// Takes a text that a header field can hold.
    ///
    /// # Errors
    /// Where it cannot.
    pub fn new(text: String) -> Result<Self, SecretTextError> {
        let visible = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let fits = (1..=Self::MAX).contains(&text.len()) && text.trim() == text;
        match visible && fits {
            true => Ok(Self(text.into())),
            false => Err(SecretTextError),
        }
    }

    /// The text itself: for what encrypts it, and for the header that it is sent in.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_one_rule() {
        for (text, valid) in [
            ("API_KEY", true),
            ("api-key-2", true),
            ("7", true),
            ("", false),
            ("a b", false),
            ("a}", false),
            ("ä", false),
        ] {
            assert_eq!(text.parse::<SecretName>().is_ok(), valid, "{text}");
        }
        assert!("x".repeat(SecretName::MAX).parse::<SecretName>().is_ok());
        assert!("x".repeat(SecretName::MAX + 1).parse::<SecretName>().is_err());
    }

    #[test]
    fn texts_are_what_a_header_holds_and_are_not_printed() {
        for (text, valid) in [
            ("hunter2", true),
            ("Basic dXNlcjpwYXNz", true),
            ("", false),
            (" a", false),
            ("a\n", false),
            ("a\r\nx: y", false),
            ("\u{e4}", false),
        ] {
            assert_eq!(SecretText::new(text.to_owned()).is_ok(), valid, "{text:?}");
        }
        assert!(SecretText::new("x".repeat(SecretText::MAX + 1)).is_err());
        let secret = SecretText::new("hunter2".to_owned()).unwrap();
        assert!(!format!("{secret:?}").contains("hunter2"));
    }
}
