//! What can be called, with which types.

use serde::{Deserialize, Serialize};

use crate::Type;

/// The parameters and the result of a callable.
///
/// The parameters are one record type: a call's arguments are one [`Image`](crate::image::Image) of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// A record whose fields are the parameters, in order.
    pub params: Type,
    /// What a call answers; a `result<T, E>` here makes `E` a typed error of the call.
    pub result: Option<Type>,
}

/// One callable of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// The function's own name, such as `quote`.
    pub name: String,
    /// The interface it is exported from, such as `weft:pricing/api@0.1.0`; none at the root of the component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Its types, or why it cannot be called.
    pub callable: Callable,
}

/// Whether an export can be called through the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Callable {
    /// Yes, with these types.
    Yes(Signature),
    /// No: a type in it is not a value.
    No {
        /// Path to the type, such as `params.input.body`.
        path: String,
        /// What was found there, in words: ``"`own<descriptor>`"``, `"an async function"`.
        found: String,
    },
}

impl Export {
    /// `interface#name`, or `name` at the root: the unambiguous name of the export.
    #[must_use]
    pub fn full_name(&self) -> String {
        match &self.interface {
            Some(interface) => format!("{interface}#{}", self.name),
            None => self.name.clone(),
        }
    }

    /// The types, where it can be called.
    #[must_use]
    pub fn signature(&self) -> Option<&Signature> {
        match &self.callable {
            Callable::Yes(signature) => Some(signature),
            Callable::No { .. } => None,
        }
    }

    /// Why it cannot be called, as part of a sentence; none where it can.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match &self.callable {
            Callable::Yes(_) => None,
            Callable::No { path, found } if path.is_empty() => Some(format!("it is {found}")),
            Callable::No { path, found } => Some(format!("`{path}` is no value, it is {found}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_called_has_a_reason() {
        for (path, found, reason) in [
            (
                "params.b",
                "`own<blob>`",
                "`params.b` is no value, it is `own<blob>`",
            ),
            (
                "result",
                "a `map`, which is not supported yet",
                "`result` is no value, it is a `map`, which is not supported yet",
            ),
            ("", "an async function", "it is an async function"),
        ] {
            let export = Export {
                name: "f".to_owned(),
                interface: None,
                callable: Callable::No {
                    path: path.to_owned(),
                    found: found.to_owned(),
                },
            };
            assert_eq!(export.reason().as_deref(), Some(reason));
        }
    }
}
