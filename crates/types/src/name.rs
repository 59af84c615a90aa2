//! Names of projects and functions.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest name, in bytes.
pub const MAX_NAME: usize = 63;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("a name may not be empty")]
    Empty,
    /// More than [`MAX_NAME`] bytes were given.
    #[error("a name may have at most {MAX_NAME} characters, this one has {0}")]
    TooLong(usize),
    /// A character outside `a-z`, `0-9` and `-`, or one of the last two at the start, or `-` at the end.
    #[error(
        "`{name}` is not a name: `{found}` at position {position} is not allowed; names are lower-case letters, digits and \
         hyphens, start with a letter and do not end with a hyphen"
    )]
    Character {
        /// The text, escaped.
        name: String,
        /// The offending character, escaped.
        found: String,
        /// Its position in characters, from 1.
        position: usize,
    },
}

/// Checks the one rule of names: `[a-z]([a-z0-9-]*[a-z0-9])?`, at most [`MAX_NAME`] bytes.
fn check(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > MAX_NAME {
        return Err(NameError::TooLong(text.chars().count()));
    }
    let last = text.chars().count() - 1;
    let wrong = text.chars().enumerate().find(|&(i, c)| match c {
        'a'..='z' => false,
        '0'..='9' => i == 0,
        '-' => i == 0 || i == last,
        _ => true,
    });
    match wrong {
        None => Ok(()),
        Some((i, c)) => Err(NameError::Character {
            name: text.escape_debug().to_string(),
            found: c.escape_debug().to_string(),
            position: i + 1,
        }),
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                check(text).map(|()| Self(text.into()))
            }
        }

        // Lets a map keyed by names be asked with a borrowed text, so that a look-up allocates nothing.
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

name! {
    /// The name of a project: the namespace every other name lives in.
    ProjectName
}
name! {
    /// The name of a function, of either kind, unique within its project.
    FunctionName
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test_name(text: &str, valid: bool) {
        assert_eq!(text.parse::<FunctionName>().is_ok(), valid, "{text:?}");
    }

    #[test]
    fn names_follow_one_rule() {
        for text in ["a", "pricing", "image-resize", "a1-b2", &"x".repeat(MAX_NAME)] {
            test_name(text, true);
        }
        for text in [
            "",
            "A",
            "1a",
            "-a",
            "a-",
            "a_b",
            "a/b",
            "..",
            "é",
            "a b",
            "a\0",
            &"x".repeat(MAX_NAME + 1),
        ] {
            test_name(text, false);
        }
    }
}
